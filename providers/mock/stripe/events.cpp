// What the mock Stripe tells the hub by webhook.
#include "providers/mock/stripe/parameters.hpp"
#include "providers/mock/stripe/stripe.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace orderhub::providers::mock {

using namespace stripe_facts;

void stripe::tell(std::string_view type, std::string_view object, unix_ms at,
                  std::string_view key) {
  notice n;
  n.vendor = vendor_id::stripe;
  n.at = at;
  n.target = "/webhooks/stripe";
  n.headers = {{"Content-Type", "application/json; charset=utf-8"}};
  auto& out = n.body;
  const auto number = shared_.told.next_number();
  out.append(R"({"id":")");
  shared_.names.append_stripe(out, "evt_", number);
  out.append(R"(","object":"event","api_version":"2026-10-28.endive","created":)");
  append_number(out, at / 1'000);
  out.append(R"(,"data":{"object":)").append(object);
  out.append(R"(},"livemode":false,"pending_webhooks":1,"request":{"id":)");
  if (key.empty()) { // Happened by itself.
    out.append(R"(null,"idempotency_key":null)");
  } else {
    out.append("\"");
    shared_.names.append_stripe(out, "req_", number);
    out.append(R"(","idempotency_key":)");
    append_json(out, key);
  }
  out.append(R"(},"type":")").append(type).append("\"}");
  if (!shared_.told.is_on())
    return;
  events_.push_back({number, at / 1'000, std::string(type), out});
  if (events_.size() > events_max)
    events_.pop_front();
  shared_.told.add(std::move(n));
}

/// A charge as events show it: with what it was made for.
std::string stripe::charge_object(std::uint64_t number, const intent& pi, bool has_failed) const {
  std::string object;
  append_charge(object, number, pi);
  object.pop_back();
  if (has_failed) {
    const auto& method = test_methods[static_cast<std::size_t>(pi.failed_method)];
    const auto succeeded = object.rfind(R"("status":"succeeded")");
    object.replace(succeeded, std::string::npos, R"("status":"failed","failure_code":")");
    object.append(method.code).append("\"");
  }
  object.append(R"(,"captured":)").append(has_failed ? "false" : "true");
  object.append(R"(,"payment_intent":")");
  shared_.names.append_stripe(object, "pi_", number);
  return object.append(R"(","metadata":)").append(pi.metadata).append("}");
}

void stripe::tell_intent(std::uint64_t number, unix_ms at, std::string_view key) {
  const auto* pi = shared_.told.is_on() ? intents_.find(number) : nullptr;
  if (!pi)
    return;
  std::string object;
  append_intent(object, number, *pi, pi->status);
  switch (pi->status) {
  case intent_status::succeeded:
    tell("charge.succeeded", charge_object(number, *pi, false), at, key);
    return tell("payment_intent.succeeded", object, at, key);
  case intent_status::processing:
    return tell("payment_intent.processing", object, at, key);
  case intent_status::requires_action:
    return tell("payment_intent.requires_action", object, at, key);
  case intent_status::canceled:
    return tell("payment_intent.canceled", object, at, key);
  case intent_status::requires_payment_method:
    if (pi->failed_method >= 0)
      tell("charge.failed", charge_object(number, *pi, true), at, key);
    return tell("payment_intent.payment_failed", object, at, key);
  case intent_status::requires_confirmation:
    return tell("payment_intent.created", object, at, key);
  }
}

void stripe::tell_refund(std::string_view type, std::uint64_t number, unix_ms at,
                         std::string_view key) {
  const auto* r = shared_.told.is_on() ? refunds_.find(number) : nullptr;
  const auto* pi = r ? intents_.find(r->intent) : nullptr;
  if (!pi)
    return;
  std::string object;
  append_refund(object, number, *r, r->status);
  tell(type, object, at, key);
  if (r->status == refund_succeeded)
    tell("charge.refunded", charge_object(r->intent, *pi, false), at, key);
}

bool stripe::dispute(std::string_view id, unix_ms now) {
  const auto number = shared_.names.read_stripe("pi_", id);
  const auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi || pi->status != intent_status::succeeded)
    return false;
  std::string object = R"({"id":")";
  shared_.names.append_stripe(object, "dp_", *number);
  object.append(R"(","object":"dispute","amount":)");
  append_number(object, pi->amount);
  object.append(R"(,"charge":")");
  shared_.names.append_stripe(object, "ch_", *number);
  object.append(R"(","currency":")").append(pi->currency);
  object.append(R"(","metadata":{},"payment_intent":")").append(id);
  object.append(R"(","reason":"fraudulent","status":"needs_response"})");
  tell("charge.dispute.created", object, now, {});
  return true;
}

} // namespace orderhub::providers::mock
