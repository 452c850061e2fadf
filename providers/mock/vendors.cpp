#include "providers/mock/vendors.hpp"

#include "providers/mock/call.hpp"
#include "providers/mock/contracts/inventory.hpp"
#include "providers/mock/contracts/jobs.hpp"
#include "providers/mock/custom/custom.hpp"
#include "providers/mock/github/github.hpp"
#include "providers/mock/sendgrid/sendgrid.hpp"
#include "providers/mock/shippo/shippo.hpp"
#include "providers/mock/slack/slack.hpp"
#include "providers/mock/stripe/stripe.hpp"
#include "providers/mock/twilio/twilio.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <utility>

namespace orderhub::providers::mock {

namespace {

/// What a run of the vendors remembers; a reset makes a new one.
struct world {
  explicit world(const options& settings, std::uint64_t tag)
      : shared{settings, ids(tag), ledger(settings.ledger, settings.ledger_effects_max, ids(tag))},
        stripe_vendor(shared), shippo_vendor(shared), sendgrid_vendor(shared), slack_vendor(shared),
        twilio_vendor(shared), github_vendor(shared), inventory_vendor(shared),
        warehouse_vendor(shared, warehouse_facts), carrier_vendor(shared, carrier_facts),
        custom_vendor(shared) {}

  shared_state shared;
  stripe stripe_vendor;
  shippo shippo_vendor;
  sendgrid sendgrid_vendor;
  slack slack_vendor;
  twilio twilio_vendor;
  github github_vendor;
  inventory inventory_vendor;
  job_service warehouse_vendor;
  job_service carrier_vendor;
  custom custom_vendor;
};

struct late_task {
  mock_request request;
  call_id what = call_id::stripe_other;
  std::uint64_t request_number = 0;
};

/// Splits `/stripe/v1/refunds?limit=3`; false if no vendor has that prefix.
bool split_target(std::string_view target, vendor_id& vendor, std::string_view& path,
                  std::string_view& query) {
  const auto question = target.find('?');
  query = question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
  path = target.substr(0, question);
  for (std::size_t i = 0; i < vendor_count; ++i) {
    const auto name = vendor_names[i];
    if (path.size() > name.size() + 1 && path[0] == '/' && path.substr(1, name.size()) == name &&
        path[name.size() + 1] == '/') {
      vendor = static_cast<vendor_id>(i);
      path.remove_prefix(name.size() + 1);
      return true;
    }
  }
  return false;
}

call_id route(vendor_id vendor, std::string_view method, std::string_view path) {
  switch (vendor) {
  case vendor_id::stripe:
    return stripe::route(method, path);
  case vendor_id::shippo:
    return shippo::route(method, path);
  case vendor_id::sendgrid:
    return sendgrid::route(method, path);
  case vendor_id::slack:
    return slack::route(method, path);
  case vendor_id::twilio:
    return twilio::route(method, path);
  case vendor_id::github:
    return github::route(method, path);
  case vendor_id::inventory:
    return inventory::route(method, path);
  case vendor_id::warehouse:
    return job_service::route(warehouse_facts, method, path);
  case vendor_id::carrier:
    return job_service::route(carrier_facts, method, path);
  case vendor_id::custom:
    return custom::route(method, path);
  }
  return call_id::slack_other;
}

void status_answer(http_response& reply, vendor_id vendor, const fault& f) {
  reply.status = f.status;
  switch (vendor) {
  case vendor_id::stripe:
    reply.body = f.status == 429 ? R"({"error":{"code":"rate_limit","message":"Request rate limit )"
                                   R"(exceeded.","type":"invalid_request_error"}})"
                 : f.status >= 500
                     ? R"({"error":{"message":"An unknown error occurred.","type":"api_error"}})"
                     : R"({"error":{"message":"Refused.","type":"invalid_request_error"}})";
    break;
  case vendor_id::shippo:
    reply.body = f.status == 429 ? R"({"detail":"Request was throttled."})"
                                 : R"({"detail":"The request failed."})";
    break;
  case vendor_id::sendgrid:
    reply.body = f.status == 429
                     ? R"({"errors":[{"field":null,"message":"too many requests"}]})"
                     : R"({"errors":[{"field":null,"message":"The request failed.","help":null}]})";
    break;
  case vendor_id::slack:
    reply.body = f.status == 429 ? R"({"ok":false,"error":"ratelimited"})"
                                 : R"({"ok":false,"error":"internal_error"})";
    break;
  case vendor_id::twilio:
    reply.body = f.status == 429
                     ? R"({"code":20429,"message":"Too Many Requests","status":429})"
                     : R"({"code":20500,"message":"An internal server error has occurred"})";
    break;
  case vendor_id::github:
    reply.body = f.status == 429 || f.status == 403
                     ? R"({"message":"You have exceeded a secondary rate limit."})"
                     : R"({"message":"Server Error"})";
    break;
  case vendor_id::inventory:
  case vendor_id::warehouse:
  case vendor_id::carrier:
  case vendor_id::custom:
    reply.body = f.status == 429
                     ? R"({"error":{"code":"rate_limited","message":"Too many requests."}})"
                     : R"({"error":{"code":"unavailable","message":"The request failed."}})";
    break;
  }
  reply.headers.emplace_back("content-type", "application/json");
  if (vendor == vendor_id::slack && f.status == 429 &&
      std::none_of(f.headers.begin(), f.headers.end(),
                   [](const auto& h) { return h.first == "retry-after"; }))
    reply.headers.emplace_back("retry-after", "1");
  for (const auto& [name, value] : f.headers)
    reply.headers.emplace_back(name, value);
}

/// The vendor's own no to the credential, its permission, or the path.
void refused_at_the_door(http_response& reply, call_id what, const fault& f) {
  const auto vendor = call_names[static_cast<std::size_t>(what)].vendor;
  const auto answer = [&](int status, std::string_view type, std::string body) {
    reply.status = status;
    reply.headers.emplace_back("content-type", type);
    reply.body = std::move(body);
  };
  constexpr std::string_view json = "application/json";
  const int status = f.effect == fault_effect::unauthorized ? 401
                     : f.effect == fault_effect::forbidden  ? 403
                                                            : 404;
  if (what == call_id::slack_webhook) {
    answer(status == 404 ? 404 : 403, "text/plain",
           status == 401   ? "invalid_token"
           : status == 403 ? "action_prohibited"
                           : "no_service");
    return;
  }
  if (status == 404 && (vendor == vendor_id::shippo || vendor == vendor_id::slack)) {
    answer(404, "text/html", "<!doctype html><title>Not Found</title><h1>Not Found</h1>");
    return;
  }
  std::string body;
  switch (vendor) {
  case vendor_id::stripe:
    body = R"({"error":{)";
    if (!f.code.empty()) {
      body += R"("code":)";
      append_json(body, f.code);
      body += ',';
    }
    body += status == 401   ? R"("message":"Invalid API Key provided: sk_test_****mock.")"
            : status == 403 ? R"("message":"The provided key does not have the required )"
                              R"(permissions for this endpoint.")"
                            : R"("message":"Unrecognized request URL.")";
    body += R"(,"type":"invalid_request_error"}})";
    break;
  case vendor_id::shippo:
    body = status == 401 ? R"({"detail":"Invalid token"})"
                         : R"({"detail":"You do not have permission to perform this action."})";
    break;
  case vendor_id::sendgrid:
    body = status == 401   ? R"({"errors":[{"field":null,"message":"The provided authorization )"
                             R"(grant is invalid, expired, or revoked"}]})"
           : status == 403 ? R"({"errors":[{"field":null,"message":"access forbidden"}]})"
                           : R"({"errors":[{"field":null,"message":"Not Found"}]})";
    break;
  case vendor_id::slack: // HTTP 200, as all its refusals.
    body = R"({"ok":false,"error":)";
    append_json(body, !f.code.empty() ? std::string_view(f.code)
                      : status == 401 ? std::string_view("token_revoked")
                                      : std::string_view("missing_scope"));
    body += '}';
    answer(200, json, std::move(body));
    return;
  case vendor_id::twilio:
    body = status == 401   ? R"({"code":20003,"message":"Authenticate","status":401})"
           : status == 403 ? R"({"code":20403,"message":"Forbidden","status":403})"
                           : R"({"code":20404,"message":"Not found","status":404})";
    break;
  case vendor_id::github:
    body = status == 401   ? R"({"message":"Bad credentials","status":"401"})"
           : status == 403 ? R"({"message":"Resource not accessible by personal access token"})"
                           : R"({"message":"Not Found","status":"404"})";
    break;
  case vendor_id::inventory:
  case vendor_id::warehouse:
  case vendor_id::carrier:
  case vendor_id::custom:
    body = status == 401   ? R"({"error":{"code":"unauthorized","message":"Unknown token."}})"
           : status == 403 ? R"({"error":{"code":"forbidden","message":"Not allowed."}})"
                           : R"({"error":{"code":"unknown_path","message":"No such path."}})";
    break;
  }
  answer(status, json, std::move(body));
}

bool is_answered_by_another(fault_effect effect) {
  return effect == fault_effect::html || effect == fault_effect::empty ||
         effect == fault_effect::foreign;
}

/// The answer of what stands between, with the status that the vendor's success has or would have.
void answer_of_another(http_response& reply, fault_effect effect) {
  const int status = reply.status;
  reply = {};
  reply.status = status;
  if (effect == fault_effect::html) {
    reply.headers.emplace_back("content-type", "text/html; charset=utf-8");
    reply.body = "<!doctype html><html><head><title>Welcome</title></head>"
                 "<body><h1>Please sign in</h1></body></html>";
  } else if (effect == fault_effect::foreign) {
    reply.headers.emplace_back("content-type", "application/json");
    reply.body =
        R"({"id":"job_1","object":"job","object_id":"job_1","status":"SUCCESS","ok":true})";
  }
}

int success_status(call_id what, std::string_view method) {
  switch (call_names[static_cast<std::size_t>(what)].vendor) {
  case vendor_id::shippo:
  case vendor_id::twilio:
  case vendor_id::github:
    return method == "POST" ? 201 : 200;
  case vendor_id::sendgrid:
    return 202;
  case vendor_id::inventory:
    return what == call_id::inventory_reserve ? 201 : 200;
  case vendor_id::warehouse:
    return what == call_id::warehouse_pick_ticket ? 201 : 200;
  case vendor_id::carrier:
    return what == call_id::carrier_pickup ? 201 : 200;
  case vendor_id::custom:
  case vendor_id::stripe:
  case vendor_id::slack:
    break;
  }
  return 200;
}

/// Longer than any caller waits.
constexpr std::int64_t hang_ms = 3'600'000;

/// Bytes that no JSON parser accepts and no UTF-8 decoder reads.
constexpr std::string_view garbage_body = "\x16\xff\xfe{\"\xc0\x80 <<<mock garbage>>>";

} // namespace

struct vendors::state {
  explicit state(options given)
      : settings(std::move(given)), tags(settings.seed),
        now_world(std::make_unique<world>(settings, tags())), plan(settings.seed) {
    if (settings.faults.size() > fault_plan::rules_max)
      settings.faults.resize(fault_plan::rules_max);
    latency_ms = settings.latency_ms;
    skew_ms = settings.clock_skew_ms;
    calls_per_second = settings.calls_per_second;
    retry_after_s = settings.retry_after_s;
    auto added = plan.add(settings.faults);
    static_cast<void>(added); // cannot be too many
  }

  options settings;
  std::mt19937_64 tags; // one id tag for each life
  std::unique_ptr<world> now_world;
  fault_plan plan;
  std::array<std::int64_t, vendor_count> latency_ms{};
  std::array<std::int64_t, vendor_count> skew_ms{};
  std::array<std::int64_t, vendor_count> calls_per_second{};
  std::array<std::int64_t, vendor_count> retry_after_s{};
  struct second_count {
    unix_ms second = -1;
    std::int64_t calls = 0;
    std::uint64_t most = 0;
    std::uint64_t limited = 0;
  };
  std::array<second_count, vendor_count> seconds{};
  std::multimap<unix_ms, late_task> late; // by due time, then by arrival
  std::uint64_t request_number = 0;
  unix_ms now = 0; // latest time seen

  /// That vendor's clock.
  [[nodiscard]] unix_ms time_at(vendor_id vendor) const {
    return now + skew_ms[static_cast<std::size_t>(vendor)];
  }

  /// Counts a call; true: it is one too many in this second.
  bool exceeds_limit(vendor_id vendor) {
    const auto i = static_cast<std::size_t>(vendor);
    auto& s = seconds[i];
    if (std::exchange(s.second, time_at(vendor) / 1'000) != time_at(vendor) / 1'000)
      s.calls = 0;
    s.most = std::max(s.most, static_cast<std::uint64_t>(++s.calls));
    const bool too_many = calls_per_second[i] > 0 && s.calls > calls_per_second[i];
    s.limited += too_many ? 1 : 0;
    return too_many;
  }

  void dispatch(call& c) {
    switch (call_names[static_cast<std::size_t>(c.what)].vendor) {
    case vendor_id::stripe:
      now_world->stripe_vendor.handle(c);
      return;
    case vendor_id::shippo:
      now_world->shippo_vendor.handle(c);
      return;
    case vendor_id::sendgrid:
      now_world->sendgrid_vendor.handle(c);
      return;
    case vendor_id::slack:
      now_world->slack_vendor.handle(c);
      return;
    case vendor_id::twilio:
      now_world->twilio_vendor.handle(c);
      return;
    case vendor_id::github:
      now_world->github_vendor.handle(c);
      return;
    case vendor_id::inventory:
      now_world->inventory_vendor.handle(c);
      return;
    case vendor_id::warehouse:
      now_world->warehouse_vendor.handle(c);
      return;
    case vendor_id::carrier:
      now_world->carrier_vendor.handle(c);
      return;
    case vendor_id::custom:
      now_world->custom_vendor.handle(c);
      return;
    }
  }

  /// The same work under another key, so that nothing tells that it was done.
  void do_once_more(const call& c) {
    auto again = c.request;
    for (auto& [name, value] : again.headers)
      if (name == "idempotency-key")
        value += "-again";
    http_response unheard;
    call other{again, c.what, c.path, c.query, c.now, c.request_number, nullptr, 0, unheard};
    dispatch(other);
  }

  call late_call(const late_task& task, http_response& reply) const {
    vendor_id vendor{};
    std::string_view path;
    std::string_view query;
    split_target(task.request.target, vendor, path, query);
    return {task.request,        task.what, path, query, time_at(vendor),
            task.request_number, nullptr,   0,    reply};
  }

  void advance_to(unix_ms to) {
    while (!late.empty() && late.begin()->first <= to) {
      const auto due = late.begin()->first;
      const auto task = std::move(late.begin()->second);
      late.erase(late.begin());
      now = std::max(now, due);
      http_response unheard;
      auto c = late_call(task, unheard);
      if (call_names[static_cast<std::size_t>(task.what)].vendor == vendor_id::stripe)
        now_world->stripe_vendor.finish_late(c);
      else
        dispatch(c);
    }
    now = std::max(now, to);
    now_world->stripe_vendor.settle(time_at(vendor_id::stripe));
    now_world->shippo_vendor.settle(time_at(vendor_id::shippo));
  }

  /// Whether work will follow. Not for what would read or be refused anyway: no harm, no effect.
  bool begin_late(call& c) {
    if (call_names[static_cast<std::size_t>(c.what)].vendor == vendor_id::stripe)
      return now_world->stripe_vendor.begin_late(c);
    return c.request.method != "GET";
  }

  mock_response vendor_request(const mock_request& request, vendor_id vendor, std::string_view path,
                               std::string_view query);
  mock_response own_request(const mock_request& request, vendors& self);
  std::string ledger_json(std::size_t since, std::size_t limit) const;
};

vendors::vendors(options settings) : state_(std::make_unique<state>(std::move(settings))) {}
vendors::~vendors() = default;

mock_response vendors::state::vendor_request(const mock_request& request, vendor_id vendor,
                                             std::string_view path, std::string_view query) {
  mock_response out;
  auto& world_now = *now_world;
  const auto number = ++request_number;
  const auto what = route(vendor, request.method, path);
  ++world_now.shared.requests[static_cast<std::size_t>(what)];

  out.delay_ms = latency_ms[static_cast<std::size_t>(vendor)];
  if (exceeds_limit(vendor)) {
    fault refused;
    refused.status = 429;
    status_answer(out.response, vendor, refused);
    if (const auto wait = retry_after_s[static_cast<std::size_t>(vendor)]; wait > 0)
      out.response.headers.emplace_back("retry-after", std::to_string(wait));
    return out;
  }
  fault_decision decision;
  if (plan.size() != 0) {
    decision = plan.decide(what);
    out.delay_ms += decision.latency_ms;
  }
  const auto effect = decision.effect();
  if (is_answered_by_another(effect) && !decision.hit->work) {
    out.response.status = success_status(what, request.method);
    answer_of_another(out.response, effect);
    return out;
  }
  switch (effect) {
  case fault_effect::status:
    status_answer(out.response, vendor, *decision.hit);
    return out;
  case fault_effect::unauthorized:
  case fault_effect::forbidden:
  case fault_effect::not_found:
    refused_at_the_door(out.response, what, *decision.hit);
    return out;
  case fault_effect::drop_before:
    out.wire = wire_action::drop;
    return out;
  case fault_effect::hang:
    out.wire = wire_action::hang;
    out.delay_ms = hang_ms;
    return out;
  case fault_effect::late_work: {
    out.wire = wire_action::drop;
    call c{request, what,    path,         query,       time_at(vendor),
           number,  nullptr, out.delay_ms, out.response};
    if (late.size() < settings.late_max) {
      if (begin_late(c))
        late.emplace(now + decision.hit->late_ms, late_task{request, what, number});
    } else {
      dispatch(c);
    }
    out.response = {};
    return out;
  }
  default:
    break;
  }

  const bool inside = effect == fault_effect::refuse || effect == fault_effect::stored_500 ||
                      effect == fault_effect::stored_500_done || effect == fault_effect::queued ||
                      effect == fault_effect::processing || effect == fault_effect::pending ||
                      effect == fault_effect::untracked;
  const bool is_stripe = vendor == vendor_id::stripe;
  if (!is_stripe && effect == fault_effect::stored_500) {
    // Nobody else stores answers: a plain 500 with nothing done.
    fault plain = *decision.hit;
    plain.status = 500;
    status_answer(out.response, vendor, plain);
    return out;
  }
  call c{request,
         what,
         path,
         query,
         time_at(vendor),
         number,
         inside ? decision.hit : nullptr,
         out.delay_ms,
         out.response};
  if (effect == fault_effect::twice)
    do_once_more(c);
  dispatch(c);
  switch (effect) {
  case fault_effect::twice:
  case fault_effect::drop_after:
    out.wire = wire_action::drop;
    break;
  case fault_effect::truncate:
    out.wire = wire_action::truncate;
    break;
  case fault_effect::garbage:
    out.response.body = garbage_body;
    break;
  case fault_effect::html:
  case fault_effect::empty:
  case fault_effect::foreign:
    if (out.response.status < 300)
      answer_of_another(out.response, effect);
    break;
  case fault_effect::reset_after_answer:
    out.wire = wire_action::answer_then_reset;
    break;
  case fault_effect::hang_after:
    out.wire = wire_action::hang;
    out.delay_ms = hang_ms;
    break;
  case fault_effect::stored_500_done:
    if (!is_stripe && out.response.status < 300) {
      fault plain = *decision.hit;
      plain.status = 500;
      out.response = {};
      status_answer(out.response, vendor, plain);
    }
    break;
  default:
    break;
  }
  return out;
}

mock_response vendors::state::own_request(const mock_request& request, vendors& self) {
  mock_response out;
  auto& reply = out.response;
  const std::string_view target = request.target;
  const auto question = target.find('?');
  const auto path = target.substr(0, question);
  reply.headers.emplace_back("content-type", "application/json");
  const auto answer = [&](int status, std::string_view message) {
    reply.status = status;
    reply.body.assign(R"({"code":)");
    append_number(reply.body, status);
    reply.body.append(R"(,"message":)");
    append_json(reply.body, message);
    reply.body.push_back('}');
  };
  const bool known =
      path == "/ledger" || path == "/control" || path == "/reset" || path == "/health";
  const bool reads = path == "/ledger" || path == "/health";
  if (!known) {
    answer(
        404,
        "The mock vendors live under /stripe, /shippo, /sendgrid, /slack, /twilio, /github, "
        "/inventory, /warehouse and /carrier; besides there are GET /ledger, POST /control, POST "
        "/reset and GET /health.");
    return out;
  }
  if (request.method != (reads ? "GET" : "POST")) {
    answer(405, reads ? "Use GET." : "Use POST.");
    reply.headers.emplace_back("allow", reads ? "GET" : "POST");
    return out;
  }
  reply.status = 200;
  if (path == "/health") {
    reply.body = R"({"ok":true})";
  } else if (path == "/reset") {
    self.reset();
    reply.body = R"({"ok":true})";
  } else if (path == "/control") {
    if (auto done = self.control(request.body); !done) {
      answer(done.error().kind == error_kind::not_found ? 404 : 400, done.error().message);
    } else {
      reply.body.assign(R"({"ok":true,"faults":)");
      append_number(reply.body, static_cast<std::int64_t>(plan.size()));
      reply.body.push_back('}');
    }
  } else {
    fields query;
    std::int64_t since = 0;
    std::int64_t limit = 100'000;
    const auto text =
        question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
    bool good = query.add_form(text);
    for (std::size_t i = 0; good && i < query.size(); ++i) {
      const auto name = query.name(i);
      std::int64_t value = 0;
      good =
          (name == "since" || name == "limit") && read_integer(query.value(i), value) && value >= 0;
      (name == "since" ? since : limit) = value;
    }
    if (!good)
      answer(400, "The ledger takes 'since' and 'limit', integers that are not negative.");
    else
      reply.body =
          ledger_json(static_cast<std::size_t>(since),
                      static_cast<std::size_t>(std::clamp<std::int64_t>(limit, 0, 1'000'000)));
  }
  return out;
}

mock_response vendors::handle(const mock_request& request, unix_ms now) {
  state_->advance_to(now);
  vendor_id vendor{};
  std::string_view path;
  std::string_view query;
  const bool is_vendors = split_target(request.target, vendor, path, query);
  mock_response out = is_vendors ? state_->vendor_request(request, vendor, path, query)
                                 : state_->own_request(request, *this);
  if (!out.response.header("date")) { // A fault may have set its own.
    std::string date;
    append_http_date(date, is_vendors ? state_->time_at(vendor) : state_->now);
    out.response.headers.emplace_back("date", std::move(date));
  }
  return out;
}

void vendors::advance(unix_ms now) {
  state_->advance_to(now);
}

std::optional<unix_ms> vendors::next_late_work() const {
  if (state_->late.empty())
    return std::nullopt;
  return state_->late.begin()->first;
}

const ledger& vendors::effects() const {
  return state_->now_world->shared.effects;
}

std::uint64_t vendors::requests(call_id call) const {
  return state_->now_world->shared.requests[static_cast<std::size_t>(call)];
}

std::uint64_t vendors::replays(call_id call) const {
  return state_->now_world->shared.replays[static_cast<std::size_t>(call)];
}

std::size_t vendors::late_pending() const {
  return state_->late.size();
}

std::uint64_t vendors::limited(vendor_id vendor) const {
  return state_->seconds[static_cast<std::size_t>(vendor)].limited;
}

std::string vendors::ledger_json(std::size_t since, std::size_t limit) const {
  return state_->ledger_json(since, limit);
}

std::string vendors::state::ledger_json(std::size_t since, std::size_t limit) const {
  const auto& shared = now_world->shared;
  const auto& effects = shared.effects;
  std::string out;
  const auto first = std::min(since, effects.size());
  const auto end = first + std::min(limit, effects.size() - first);
  out.reserve(1'024 + (end - first) * 224);
  out.append(R"({"effects":[)");
  for (auto i = first; i < end; ++i) {
    if (i != first)
      out.push_back(',');
    effects.append_effect(out, i);
  }
  const auto number = [&](std::string_view name, std::uint64_t value) {
    out.append(",\"").append(name).append("\":");
    append_number(out, static_cast<std::int64_t>(value));
  };
  const auto counters = [&](std::string_view name, std::size_t count, const auto& name_of_index,
                            const auto& value_of_index) {
    out.append(",\"").append(name).append("\":{");
    bool any = false;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t value = value_of_index(i);
      if (value == 0)
        continue;
      if (std::exchange(any, true))
        out.push_back(',');
      out.append("\"").append(name_of_index(i)).append("\":");
      append_number(out, static_cast<std::int64_t>(value));
    }
    out.push_back('}');
  };
  const auto kind_name = [](std::size_t i) {
    return std::string(name_of(static_cast<effect_kind>(i)));
  };
  const auto call_text = [](std::size_t i) {
    const auto& name = call_names[i];
    return std::string(vendor_names[static_cast<std::size_t>(name.vendor)])
        .append(".")
        .append(name.operation);
  };
  out.push_back(']');
  number("since", first);
  if (end < effects.size())
    number("next", end);
  else
    out.append(R"(,"next":null)");
  number("total", effects.size());
  number("dropped", effects.dropped());
  counters("totals", effect_kind_count, kind_name,
           [&](std::size_t i) { return effects.total(static_cast<effect_kind>(i)); });
  if (effects.mode() == ledger_mode::counts) {
    out.append(R"(,"orders":{)");
    bool any = false;
    for (const auto& [order, counts] : effects.counts_by_order()) {
      if (std::exchange(any, true))
        out.push_back(',');
      append_json(out, order);
      out.append(":{");
      bool any_kind = false;
      for (std::size_t i = 0; i < effect_kind_count; ++i) {
        if (counts[i] == 0)
          continue;
        if (std::exchange(any_kind, true))
          out.push_back(',');
        append_json(out, kind_name(i));
        out.push_back(':');
        append_number(out, counts[i]);
      }
      out.push_back('}');
    }
    out.push_back('}');
  }
  counters("requests", call_count, call_text, [&](std::size_t i) { return shared.requests[i]; });
  counters("idempotent_replays", call_count, call_text,
           [&](std::size_t i) { return shared.replays[i]; });
  counters(
      "faults", fault_effect_count,
      [](std::size_t i) { return std::string(name_of(static_cast<fault_effect>(i))); },
      [&](std::size_t i) { return plan.hits(static_cast<fault_effect>(i)); });
  const auto vendor_text = [](std::size_t i) { return std::string(vendor_names[i]); };
  counters("limited", vendor_count, vendor_text, [&](std::size_t i) { return seconds[i].limited; });
  counters("most_in_a_second", vendor_count, vendor_text,
           [&](std::size_t i) { return seconds[i].most; });
  number("late_pending", late.size());
  out.push_back('}');
  return out;
}

result<void> vendors::control(std::string_view json) {
  auto read = parse_control(json);
  if (!read)
    return read.failure();
  auto& s = *state_;
  const auto room = fault_plan::rules_max - (read->clear ? 0 : s.plan.size());
  if (read->faults.size() > room)
    return fail({error_kind::full, "mock.control", "at most 1000 faults can be set"});
  if (read->authenticate &&
      !s.now_world->stripe_vendor.authenticate(*read->authenticate, s.time_at(vendor_id::stripe),
                                               s.request_number))
    return fail({error_kind::not_found, "mock.control",
                 "'authenticate' names no PaymentIntent in requires_action"});
  if (read->fail_authentication && !s.now_world->stripe_vendor.fail_authentication(
                                       *read->fail_authentication, s.time_at(vendor_id::stripe)))
    return fail({error_kind::not_found, "mock.control",
                 "'fail_authentication' names no PaymentIntent in requires_action"});
  if (read->refund && !s.now_world->stripe_vendor.refund_by_hand(
                          *read->refund, s.time_at(vendor_id::stripe), s.request_number))
    return fail({error_kind::not_found, "mock.control",
                 "'refund' names no paid PaymentIntent, or more than is left of it"});
  if (read->dispute &&
      !s.now_world->stripe_vendor.dispute(*read->dispute, s.time_at(vendor_id::stripe)))
    return fail({error_kind::not_found, "mock.control", "'dispute' names no paid PaymentIntent"});
  auto& slack_vendor = s.now_world->slack_vendor;
  for (const auto& [name, archived] :
       {std::pair(&read->archive, true), std::pair(&read->unarchive, false)})
    if (*name && !slack_vendor.set_archived(**name, archived))
      return fail({error_kind::not_found, "mock.control", "there can be no such channel"});
  auto& stock = s.now_world->inventory_vendor;
  if (read->expire &&
      !stock.expire(*read->expire, s.time_at(vendor_id::inventory), s.request_number))
    return fail(
        {error_kind::not_found, "mock.control", "'expire' names no order that holds stock"});
  if (read->fail_pick_ticket && !s.now_world->warehouse_vendor.fail(*read->fail_pick_ticket))
    return fail({error_kind::not_found, "mock.control",
                 "'fail_pick_ticket' names no order with an open ticket"});
  if (read->fail_pickup && !s.now_world->carrier_vendor.fail(*read->fail_pickup))
    return fail({error_kind::not_found, "mock.control",
                 "'fail_pickup' names no order with an open pickup"});
  for (const auto& [product, pieces] : read->stock)
    stock.set_stock(product, pieces);
  if (read->expire_tokens)
    s.now_world->custom_vendor.expire_tokens();
  if (read->clear)
    s.plan.clear();
  auto& lists = s.now_world->shared.lists;
  for (std::size_t i = 0; i < vendor_count; ++i) {
    s.latency_ms[i] = read->latency_ms[i].value_or(s.latency_ms[i]);
    s.skew_ms[i] = read->clock_skew_ms[i].value_or(s.skew_ms[i]);
    s.calls_per_second[i] = read->calls_per_second[i].value_or(s.calls_per_second[i]);
    s.retry_after_s[i] = read->retry_after_s[i].value_or(s.retry_after_s[i]);
    lists[i].page_size_max = read->page_size_max[i].value_or(lists[i].page_size_max);
    lists[i].oldest_first = read->oldest_first[i].value_or(lists[i].oldest_first);
    lists[i].ignores_filter = read->ignores_filter[i].value_or(lists[i].ignores_filter);
  }
  return s.plan.add(std::move(read->faults));
}

std::vector<notice> vendors::take_notices() {
  return state_->now_world->shared.told.take();
}

void vendors::reset() {
  auto& s = *state_;
  s.late.clear();
  s.now_world = std::make_unique<world>(s.settings, s.tags());
  s.plan = fault_plan(s.settings.seed);
  s.latency_ms = s.settings.latency_ms;
  s.skew_ms = s.settings.clock_skew_ms;
  s.calls_per_second = s.settings.calls_per_second;
  s.retry_after_s = s.settings.retry_after_s;
  s.seconds = {};
  auto added = s.plan.add(s.settings.faults);
  static_cast<void>(added); // cannot be too many
  s.request_number = 0;
}

} // namespace orderhub::providers::mock
