#include "http_gateway/admin/admin_api.hpp"

#include "http_gateway/admin/admin_problem.hpp"
#include "http_gateway/admin/admin_routes.hpp"
#include "http_gateway/admin/operator_action.hpp"
#include "http_gateway/admin/session_pages.hpp"
#include "http_gateway/ingress/ingress_api.hpp"
#include "http_gateway/server/content_coding.hpp"
#include "journal/base/log.hpp"
#include "journal/base/random.hpp"
#include "journal/base/text.hpp"

#include <array>
#include <string_view>
#include <utility>
#include <variant>

namespace orderhub::http_gateway {

namespace {

http_response shown(admin_page page) {
  http_response r;
  if (!page.version.empty())
    r.add_header("etag", '"' + page.version + '"');
  r.status = page.status;
  r.content_type = page.content_type;
  r.body = std::move(page.body);
  return r;
}

http_response shown(admin_answer answer) {
  if (auto* problem = std::get_if<admin_problem>(&answer)) {
    auto r = response_of(*problem);
    if (problem->reason == admin_reason::unauthorized)
      r.add_header("www-authenticate", "Bearer");
    return r;
  }
  return shown(std::get<0>(std::move(answer)));
}

bool is_json(const http_request& request) {
  auto type = request.header("content-type");
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ')
    type.remove_suffix(1);
  return equal_ignoring_case(type, "application/json");
}

/// Whose attempt is worth a record: who wanted to change something, or has a token that is none.
bool is_attempt(const http_request& request, const admin_problem& problem) {
  return problem.reason != admin_reason::too_many_attempts &&
         ((request.method != "GET" && request.method != "HEAD") ||
          (problem.reason == admin_reason::unauthorized &&
           request.header_count("authorization") > 0));
}

/// What an action is about: an order, a vendor, an event or a bulk.
std::string target_of(const admin_call& call) {
  for (const auto* name : {"key", "vendor", "id"})
    if (const auto it = call.in_path.find(name); it != call.in_path.end())
      return it->second;
  return "hub";
}

bool is_wrong_key(const http_request& request) {
  constexpr std::size_t key_size_max = 255;
  const auto key = request.header("idempotency-key");
  return key.size() > key_size_max || !is_utf8(key) || request.header_count("idempotency-key") > 1;
}

/// What somebody wanted, and of what.
std::pair<std::string, std::string> wanted_of(const http_request& request) {
  auto call = admin_call_of(request.method, request.target);
  const auto* found = std::get_if<admin_call>(&call);
  if (found == nullptr || found->route->action.empty())
    return {std::string(login_action), "hub"};
  return {std::string(found->route->action), target_of(*found)};
}

void add_common_headers(http_response& r, const std::string& request_id) {
  r.add_header("x-orderhub-api", "1");
  r.add_header("x-request-id", request_id);
  r.add_header("cache-control", "no-store");
}

} // namespace

std::string request_id_of(const http_request& request) {
  constexpr std::size_t longest = 64;
  const auto given = request.header("x-request-id");
  const bool is_plain =
      !given.empty() && given.size() <= longest &&
      given.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                              "-_.:") == std::string_view::npos;
  if (is_plain)
    return std::string(given);
  system_random random;
  std::array<std::uint8_t, 8> bytes{};
  random.fill(bytes);
  return "req_" + hex_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

admin_api::admin_api(host::ingress& hub, admin_access_rules access, const clock& time,
                     metrics_source metrics, std::optional<shown_hub> shown)
    : hub_(hub), access_(std::move(access), time, shown ? shown->session_key : secret()),
      metrics_(std::move(metrics)), shown_(std::move(shown)) {
  if (shown_ && shown_->desk != nullptr) {
    refused_ = std::make_shared<refused_actions>(*shown_->desk, time);
    lane_ = std::make_unique<action_lane>();
  }
  if (shown_ && shown_->changes != nullptr)
    streams_ = std::make_unique<admin_streams>(sources(), *shown_->changes, shown_->streams);
}

admin_api::~admin_api() = default;

void admin_api::set_access(admin_access_rules access) {
  access_.set(std::move(access));
  if (streams_)
    streams_->end_all();
}

std::vector<std::string> admin_api::counted_handlers() {
  return {"metrics", "health", "admin"};
}

request_class admin_api::class_of(http_exchange& exchange) {
  const auto& target = exchange.request.target;
  const auto path = std::string_view(target).substr(0, target.find('?'));
  exchange.count_as(path == "/metrics"          ? 1
                    : path == "/restate/health" ? 2
                    : is_admin_target(target)   ? 3
                                                : 0);
  return request_class::admin;
}

void admin_api::handle(http_exchange_ptr exchange) {
  const auto id = request_id_of(exchange->request);
  if (!shown_ || !is_admin_target(exchange->request.target)) {
    auto r = answer_to(*exchange);
    r.add_header("x-orderhub-api", "1");
    r.add_header("x-request-id", id);
    exchange->answer(std::move(r));
    return;
  }
  serve(exchange, id, [exchange, id](http_response r) {
    add_common_headers(r, id);
    exchange->answer(std::move(r));
  });
}

http_response admin_api::refusal(std::uint16_t status, std::string_view message,
                                 std::int64_t retry_after_s, const http_request* request) {
  auto refused = problem_of(reason_of_server(status), std::string(message));
  refused.retry_after_s = retry_after_s;
  auto r = response_of(refused);
  add_common_headers(r, request_id_of(request != nullptr ? *request : http_request()));
  return r;
}

void admin_api::serve(const http_exchange_ptr& exchange, const std::string& request_id,
                      const reply& to) {
  const auto& request = exchange->request;
  const auto refuse = [&](const admin_problem& problem, const admin_caller& who) {
    if (refused_ && is_attempt(request, problem)) {
      const auto [wanted, target] = wanted_of(request);
      refused_->note(who, wanted, target, name_of(problem.reason), request_id);
    }
    to(shown(admin_answer(problem)));
  };
  std::optional<admin_caller> known;
  auto caller = access_.caller_of(request, exchange->peer(), exchange->peer_at_socket(), &known);
  if (const auto* problem = std::get_if<admin_problem>(&caller))
    return refuse(*problem, known.value_or(admin_caller{"unknown", admin_role::read, "none", {}}));
  auto& who = std::get<0>(caller);
  auto call = admin_call_of(request.method, request.target);
  if (const auto* problem = std::get_if<admin_problem>(&call))
    return to(shown(admin_answer(*problem)));
  auto& found = std::get<0>(call);
  if (const auto needed = role_needed(found); who.role < needed)
    return refuse(role_too_low(who, needed), who);
  if (found.route->streams)
    return follow(exchange, found, request_id, to);
  if (found.route->is_session && found.route->method == "GET")
    return to(shown(session_page(who)));
  if (found.route->method == "GET")
    return to(shown(found.route->answer(found, sources())));
  if (!has_plain_body(request))
    return refuse(problem_of(admin_reason::wrong_content_type,
                             "The body must be sent as it is, without Content-Encoding.",
                             "content-encoding"),
                  who);
  if (!is_json(request))
    return refuse(problem_of(admin_reason::wrong_content_type, {}, "content-type"), who);
  if (request.body.size() > action_body_max)
    return to(response_of(problem_of(admin_reason::body_too_large)));
  if (found.route->is_session)
    return turn_session(request, *found.route, who, request_id, to);
  if (found.route->answer != nullptr) { // It asks, by what belongs into no URL.
    found.body = request.body;
    return to(shown(found.route->answer(found, sources())));
  }
  if (found.route->operate == nullptr)
    return begin(exchange, std::move(found), std::move(who), request_id, to);
  operate(request, std::move(found), who, request_id, to);
}

void admin_api::follow(const http_exchange_ptr& exchange, const admin_call& call,
                       const std::string& request_id, const reply& to) {
  if (exchange->request.method == "HEAD")
    return to(http_response());
  if (streams_ == nullptr)
    return to(response_of(
        admin_problem{admin_reason::unavailable, "This hub cannot be followed.", {}, {}, {}}));
  if (const auto problem = streams_->open(exchange, call, request_id))
    to(response_of(*problem));
}

void admin_api::turn_session(const http_request& request, const admin_route& asked,
                             const admin_caller& who, const std::string& request_id,
                             const reply& to) {
  if (const auto problem = wrong_session_body(request.body))
    return to(response_of(*problem));
  const bool begins = asked.action == login_action;
  const bool had_one = who.via == "session";
  auto begun = begins ? access_.begin_session(request, who) : access_.end_session(who);
  if (const auto* problem = std::get_if<admin_problem>(&begun)) {
    if (refused_ && problem->reason != admin_reason::too_many_attempts)
      refused_->note(who, asked.action, "hub", name_of(problem->reason), request_id);
    return to(response_of(*problem));
  }
  // A login is answered while the journal takes no writes too: who looks at why has to get in. The
  // log has it then.
  const auto& session = std::get<0>(begun);
  auto answer = shown(begins ? session_page(session.who) : ended_session_page(had_one));
  answer.add_header("set-cookie", session.cookie);
  if (!begins && !had_one)
    return to(std::move(answer));
  log::info(begins ? "session_begun" : "session_ended",
            {{"who", who.name}, {"role", name_of(who.role)}, {"request_id", request_id}});
  if (refused_ == nullptr)
    return to(std::move(answer));
  refused_->accepted({who, std::string(asked.action), "hub", {}, request_id, {}, {}},
                     [to, answer = std::move(answer)](bool) { to(answer); });
}

/// What was recorded under that id, on the hub's object or one of that vendor's.
std::optional<journal::operator_payload> admin_api::recorded_as(const std::string& id,
                                                                const admin_call& call) const {
  std::vector<object_id> where{hub_operations};
  if (const auto vendor = call.in_path.find("vendor"); vendor != call.in_path.end())
    for (const auto which : {host::vendor_switch::calls, host::vendor_switch::breaker})
      where.push_back(host::object_of(which, vendor->second));
  constexpr std::int64_t known_ms = 24LL * 3'600'000;
  for (const auto& object : where)
    if (const auto state = shown_->view.object(object))
      for (const auto& o : state->operators)
        if (o.action.id == id && o.at + known_ms > shown_->view.now())
          return o.action;
  return std::nullopt;
}

/// What acts on vendors and events waits for nobody: it answers when it is durable.
void admin_api::operate(const http_request& request, admin_call call, const admin_caller& who,
                        const std::string& request_id, const reply& to) {
  const bool is_dry_run = call.value("dry_run") == "true";
  const auto refuse = [&, wanted = call.route->action,
                       target = target_of(call)](const admin_problem& problem) {
    if (refused_ && !is_dry_run)
      refused_->note(who, wanted, target, name_of(problem.reason), request_id);
    to(response_of(problem));
  };
  const auto key = request.header("idempotency-key");
  if (is_wrong_key(request))
    return refuse(problem_of(admin_reason::invalid_parameter, {}, "idempotency-key"));
  auto read = operator_action_of(std::move(call), request.body, shown_->view.now());
  if (auto* problem = std::get_if<admin_problem>(&read))
    return refuse(*problem);
  auto& action = std::get<0>(read);
  if (const auto needed = role_needed(action); who.role < needed)
    return refuse(role_too_low(who, needed));
  const auto health = shown_->view.health();
  if (refused_ == nullptr || (!health.accepting && !action.is_dry_run()))
    return to(response_of(admin_problem{admin_reason::unavailable, health.reason, {}, {}, {}}));
  action.by.who = who.name;
  action.by.via = who.via;
  action.by.role = name_of(who.role);
  action.by.request = request_id;
  action.by.on_behalf = who.on_behalf;
  const auto wanted = action.call.route->action;
  const auto target = target_of(action.call);
  action.audit_id = action_id_of(who, key, std::string(wanted) + ' ' + target);
  action.by.id = action.audit_id;
  if (const auto known = key.empty() || action.is_dry_run()
                             ? std::nullopt
                             : recorded_as(action.audit_id, action.call)) {
    if (known->reason != action.by.reason)
      return refuse(problem_of(admin_reason::idempotency_conflict, {}, "idempotency-key"));
    action.respond = [to](const operator_action&, http_response r, std::string_view) { to(r); };
    return action.accept("null");
  }
  // What turns a vendor's switch is a record of its own; of all else only the audit says who.
  const bool is_recorded = action.call.in_path.contains("vendor") && wanted != "probe";
  action.respond = [to, who, request_id, audit = refused_, wanted, target, is_recorded](
                       const operator_action& done, http_response r, std::string_view outcome) {
    if (outcome.empty() || (is_recorded && outcome == accepted_outcome))
      return to(std::move(r));
    if (outcome != accepted_outcome) {
      audit->note(who, wanted, target, outcome, request_id);
      return to(std::move(r));
    }
    audit->accepted({who, std::string(wanted), target, done.by.reason, request_id, done.audit_id,
                     done.evidence, done.about},
                    [to, r = std::move(r)](bool is_durable) {
                      if (is_durable)
                        return to(r);
                      to(response_of(problem_of(
                          admin_reason::unavailable,
                          "It was done, and the journal did not take its record: the audit does "
                          "not have it.")));
                    });
  };
  const auto does = action.call.route->operate;
  does(std::move(action), sources());
}

void admin_api::begin(const http_exchange_ptr& exchange, admin_call call, admin_caller who,
                      const std::string& request_id, const reply& to) {
  const auto& request = exchange->request;
  const auto key = request.header("idempotency-key");
  const bool is_dry_run = call.value("dry_run") == "true";
  if (is_wrong_key(request)) {
    const auto problem = problem_of(admin_reason::invalid_parameter, {}, "idempotency-key");
    if (refused_ && !is_dry_run)
      refused_->note(who, call.route->action, target_of(call), name_of(problem.reason), request_id);
    return to(response_of(problem));
  }
  const auto health = shown_->view.health();
  if (lane_ == nullptr || (!health.accepting && !is_dry_run))
    return to(response_of(admin_problem{admin_reason::unavailable, health.reason, {}, {}, {}}));
  admin_action action{std::move(call), std::move(who), request.body,     std::string(key),
                      request_id,      *shown_->desk,  lane_->stopping()};
  const bool is_taken = lane_->add([this, action = std::move(action), to] {
    auto answer = action.call.route->act(action, sources());
    if (const auto* page = std::get_if<admin_page>(&answer);
        page != nullptr && page->changed_nothing && refused_)
      refused_->note(action.who, action.call.route->action, target_of(action.call), "nothing_to_do",
                     action.request_id);
    if (const auto* problem = std::get_if<admin_problem>(&answer);
        problem != nullptr && refused_ && !action.is_dry_run())
      refused_->note(action.who, action.call.route->action, target_of(action.call),
                     name_of(problem->reason), action.request_id);
    to(shown(std::move(answer)));
  });
  if (!is_taken)
    to(response_of(admin_problem{
        admin_reason::unavailable, "Too many actions wait for their turn.", {}, {}, {}}));
}

http_response admin_api::answer_to(http_exchange& exchange) {
  const auto& request = exchange.request;
  const std::string_view target = request.target;
  const auto path = target.substr(0, target.find('?'));
  const bool health = path == "/restate/health";
  if (!health) {
    auto caller = access_.caller_of(request, exchange.peer(), exchange.peer_at_socket());
    if (auto* problem = std::get_if<admin_problem>(&caller))
      return shown(admin_answer(std::move(*problem)));
  }
  if (!health && path != "/metrics")
    return response_of(problem_of(admin_reason::no_such_path));
  if (request.method != "GET" && request.method != "HEAD")
    return response_of(
        {admin_reason::wrong_method, "This path takes GET, HEAD only.", {}, {}, "GET, HEAD"});
  if (health)
    return health_response(hub_.health());
  metrics_page page;
  if (metrics_)
    metrics_(page);
  if (refused_)
    page.one("orderhub_operator_refusals_not_recorded_total", metric_kind::counter,
             refused_->not_recorded(), "Refused attempts that were too many for the audit.");
  if (streams_)
    page.one("orderhub_stream_clients", metric_kind::gauge, streams_->now(),
             "Who follows /admin/stream.");
  page.describe_itself();
  const auto format = format_wanted(request.header("accept"));
  http_response r;
  r.content_type = content_type_of(format);
  r.body = page.text(format);
  r.add_header("vary", "accept");
  return r;
}

} // namespace orderhub::http_gateway
