#include "http_gateway/webhooks/webhook_door.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/webhooks/webhook_list.hpp"
#include "http_gateway/server/content_coding.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/log.hpp"
#include "journal/base/text.hpp"
#include "providers/webhooks/fields.hpp"
#include "providers/webhooks/received.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <utility>

namespace orderhub::http_gateway {

namespace {

namespace hooks = providers::webhooks;

/// An id is known for longer than its vendor sends it again.
constexpr std::int64_t known_longer_ms = 24LL * 3'600'000;

/// Headers that are stored: none of them holds a secret or a signature.
constexpr std::array<std::string_view, 8> kept_headers = {
    "content-type",      "user-agent",           "x-github-event", "x-github-delivery",
    "x-slack-retry-num", "x-slack-retry-reason", "webhook-id",     "svix-id"};

bool is_kept(std::string_view name) {
  return std::any_of(kept_headers.begin(), kept_headers.end(),
                     [&](std::string_view kept) { return equal_ignoring_case(kept, name); });
}

/// `application/json`, `application/cloudevents+json`; and forms where the vendor sends them. One
/// that names none is taken as what its vendor sends.
bool has_right_type(std::string_view vendor, const http_request& request) {
  auto type = request.header("content-type");
  type = type.substr(0, std::min(type.find(';'), type.size()));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t'))
    type.remove_suffix(1);
  if (type.empty())
    return true;
  const bool is_json =
      equal_ignoring_case(type, "application/json") ||
      (type.size() > 5 && equal_ignoring_case(type.substr(type.size() - 5), "+json"));
  const bool takes_forms = vendor == "slack" || vendor == "github" || vendor == "twilio";
  return is_json || (takes_forms && equal_ignoring_case(type, "application/x-www-form-urlencoded"));
}

std::uint16_t status_of(hooks::refusal why) {
  return why == hooks::refusal::malformed ? 400 : 401;
}

const char* sentence_of(hooks::refusal why) {
  switch (why) {
  case hooks::refusal::no_secret:
    return "No secret is configured for these webhooks; none is taken.";
  case hooks::refusal::no_signature:
    return "The delivery is not signed.";
  case hooks::refusal::malformed:
    return "The signature header is not what this vendor sends.";
  case hooks::refusal::too_old:
  case hooks::refusal::too_new:
    return "The signed time is too far from now.";
  case hooks::refusal::wrong:
  case hooks::refusal::none:
    break;
  }
  return "The signature is not that of this body.";
}

std::string example_of(const hooks::verification& why, const std::string& setting) {
  if (why.why == hooks::refusal::no_secret)
    return "set " + setting;
  return why.hint;
}

} // namespace

/// Whose delivery it says it is.
struct webhook_door::sender {
  std::string vendor;
  std::string setting;
  std::int64_t retry_window_ms = 0;
  std::string peer = {};
  std::string_view secret_member = {}; ///< Of its JSON: not kept.
  std::size_t secrets = 0;             ///< By which it may be believed.
  delivery_answer::moment came_at = std::chrono::steady_clock::now();
};

webhook_door::webhook_door(host::ingress& hub, std::string hub_id, const clock& time,
                           webhook_keys keys)
    : hub_(hub), hub_id_(std::move(hub_id)), time_(time),
      keys_(std::make_shared<const webhook_keys>(std::move(keys))) {}

void webhook_door::set_keys(webhook_keys keys) {
  auto fresh = std::make_shared<const webhook_keys>(std::move(keys));
  const std::lock_guard lock(mutex_);
  keys_ = std::move(fresh);
}

std::shared_ptr<const webhook_keys> webhook_door::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

void webhook_door::write_warnings(bool all) {
  const auto now = time_.wall_ms();
  for (auto* warnings : {&refused_, &unreadable_}) {
    if (all)
      warnings->write_rest(now);
    else
      warnings->write_due(now);
  }
}

void webhook_door::take(const webhook_route& route, http_exchange_ptr exchange) {
  auto peer = exchange->peer();
  if (exchange->request.body.size() <= large_body_bytes) {
    take_in(route.vendor, exchange, peer);
    return;
  }
  const bool is_taken =
      large_.give([this, vendor = route.vendor, exchange, peer = std::move(peer)] {
        try {
          take_in(vendor, exchange, peer);
        } catch (const std::exception& e) { // Out of memory: the vendor sends it again.
          log::error("webhook_failed", {{"vendor", vendor}, {"reason", e.what()}});
          exchange->answer(problem(500, "The hub failed while it took this in. Send it again."));
        }
      });
  if (!is_taken)
    exchange->answer(problem(503, "The hub is stopping. Send it again."));
}

void webhook_door::take_in(const std::string& vendor, const http_exchange_ptr& exchange,
                           const std::string& peer) {
  // 1. Whose is it?
  const auto known = keys();
  const auto* source = hooks::find_source(vendor);
  const auto custom = std::find_if(known->custom.begin(), known->custom.end(),
                                   [&](const auto& c) { return "custom/" + c.name == vendor; });
  const bool is_custom = custom != known->custom.end();
  if (source == nullptr && !is_custom) {
    exchange->answer(problem(404, "No webhooks are taken at this path."));
    return;
  }
  sender from{vendor, {}, is_custom ? custom->retry_window_ms : source->retry_window_ms,
              peer,   {}, 0};
  if (source != nullptr)
    from.secret_member = source->secret_member;
  metrics_.received(from.vendor, time_.wall_ms());

  // 2. Is it what such a sender sends?
  const auto& request = exchange->request;
  if (!has_plain_body(request) || !has_right_type(from.vendor, request)) {
    metrics_.unfit(from.vendor);
    auto r = problem(415, "The body is not of a type that this vendor sends, or is encoded.");
    r.add_header("accept-encoding", "identity");
    exchange->answer(std::move(r));
    return;
  }

  // 3. Is it the sender's?
  std::vector<std::pair<std::string, std::string>> headers;
  headers.reserve(request.header_count());
  for (std::size_t i = 0; i < request.header_count(); ++i)
    headers.emplace_back(request.header_at(i));
  const hooks::delivery delivery{request.body, request.target, &headers, time_.wall_ms() / 1'000};
  hooks::verification verdict;
  if (is_custom) {
    from.setting = "webhooks.custom." + custom->name + ".secret";
    from.secrets = hooks::count_believed(custom->secrets);
    verdict = hooks::verify_custom(*custom, delivery);
  } else {
    const auto of_vendor = known->vendors.find(from.vendor);
    if (of_vendor != known->vendors.end()) {
      from.setting = of_vendor->second.setting;
      from.secrets = hooks::count_believed(of_vendor->second.secrets);
      verdict = source->verify(delivery, of_vendor->second.secrets, known->public_url);
    }
  }
  if (verdict.why != hooks::refusal::none) {
    refuse(from, exchange, verdict);
    return;
  }
  metrics_.verified(from.vendor);

  // 4. What does it say?
  providers::step_ref ours;
  ours.hub = hub_id_;
  auto read =
      is_custom ? hooks::read_custom(*custom, delivery, ours) : source->read(delivery, ours);
  if (!read.problem.empty()) {
    metrics_.unreadable(from.vendor, 1);
    unreadable_.note(from.vendor, read.problem, {}, time_.wall_ms());
    exchange->answer(problem(400, read.problem));
    return;
  }
  record(from, exchange, std::move(read));
}

void webhook_door::refuse(const sender& from, const http_exchange_ptr& exchange,
                          const hooks::verification& why) {
  const auto now = time_.wall_ms();
  const auto& request = exchange->request;
  refused_delivery what{now, from.vendor, why.why, why.hint, request.body.size()};
  const auto hash = sha256_of(request.body);
  what.sha256 = hex_of({reinterpret_cast<const char*>(hash.data()), hash.size()});
  what.content_type = cut_text(request.header("content-type"), refused_delivery::type_size_max);
  what.peer = from.peer;
  for (std::size_t i = 0; i < std::min(request.header_count(), refused_delivery::names_max); ++i)
    what.headers.emplace_back(
        cut_text(request.header_at(i).first, refused_delivery::name_size_max));
  what.secrets_tried = from.secrets;
  if (why.skew_s)
    what.skew_ms = *why.skew_s * 1'000;
  metrics_.refused(std::move(what));
  refused_.note(from.vendor, name_of(why.why), example_of(why, from.setting), now);
  auto r = problem(status_of(why.why), sentence_of(why.why));
  exchange->answer(std::move(r));
}

void webhook_door::record(const sender& from, const http_exchange_ptr& exchange,
                          hooks::reading read) {
  // What is wrong with an element is its own: the others are taken.
  std::erase_if(read.elements, [&](const hooks::element& e) {
    if (e.problem.empty())
      return false;
    metrics_.unreadable(from.vendor, 1);
    unreadable_.note(from.vendor, e.problem, {}, time_.wall_ms());
    return true;
  });
  const auto events = read.elements.size();
  http_response when_durable;
  // Senders want 2xx and show nobody the rest; Slack and Twilio take a body for something to do.
  when_durable.body = std::move(read.answer);
  if (read.answer_type == "text/plain")
    when_durable.content_type = "text/plain";
  const auto answer = std::make_shared<delivery_answer>(
      exchange, from.vendor, events, std::move(when_durable), metrics_, from.came_at);
  handlers::receipt received;
  received.vendor = from.vendor;
  received.received_at = time_.wall_ms();
  const auto& request = exchange->request;
  for (std::size_t i = 0; i < request.header_count(); ++i)
    if (const auto [name, value] = request.header_at(i); is_kept(name))
      received.headers.emplace_back(name, value);
  if (events == 1) {
    received.body = request.body;
    if (!from.secret_member.empty())
      hooks::hide_member(received.body, from.secret_member);
    received.what = std::move(read.elements.front().what);
    record(std::move(received), from.retry_window_ms, answer);
    return;
  }
  for (auto& element : read.elements) {
    auto one = received;
    one.what = std::move(element.what);
    record(std::move(one), from.retry_window_ms, answer);
  }
}

void webhook_door::record(handlers::receipt received, std::int64_t retry_window_ms,
                          const std::shared_ptr<delivery_answer>& answer) {
  const auto& hub = received.what.about.hub;
  received.is_foreign = !hub.empty() && hub != hub_id_;
  host::call_request call;
  call.service = handlers::webhook_service_name;
  call.key = handlers::vendor_key(received.vendor, received.what.id);
  call.handler = "Receive";
  // By which it is known again, in the same commit in which it is stored.
  call.idempotency_key = handlers::webhook_request_key;
  call.key_kept_ms = retry_window_ms + known_longer_ms;
  call.one_way = true;
  if (received.what.kind != hooks::event_kind::awakeable) {
    call.body = received.encode();
    hub_.record(std::move(call), answer);
    return;
  }
  // Completing it twice changes nothing: so it comes first, and is never lost behind a 2xx.
  struct then_record final : host::responder {
    then_record(host::ingress& to, host::call_request c, handlers::receipt r,
                std::shared_ptr<delivery_answer> a)
        : hub(to), call(std::move(c)), received(std::move(r)), answer(std::move(a)) {}
    void accepted(std::string_view) override {}
    void finished(host::call_response reply) override {
      if (reply.status >= 500) {
        answer->finished(std::move(reply));
        return;
      }
      if (reply.status >= 400)
        received.what.code = "no such awakeable";
      call.body = received.encode();
      hub.record(std::move(call), answer);
    }
    host::ingress& hub;
    host::call_request call;
    handlers::receipt received;
    std::shared_ptr<delivery_answer> answer;
  };
  auto id = received.what.reference;
  auto data = received.what.data;
  hub_.complete_awakeable(
      std::move(id), true, std::move(data),
      std::make_shared<then_record>(hub_, std::move(call), std::move(received), answer));
}

} // namespace orderhub::http_gateway
