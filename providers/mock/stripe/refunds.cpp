// Refunds of the mock Stripe.
#include "providers/mock/stripe/amounts.hpp"
#include "providers/mock/stripe/parameters.hpp"
#include "providers/mock/stripe/stripe.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::providers::mock {

using namespace stripe_facts;

stripe::outcome stripe::create_refund(call& c) {
  const auto& params = shared_.params;
  constexpr auto type = "invalid_request_error"sv;
  if (!check_known(c, refund_parameters, params))
    return outcome::refused;
  refund r;
  if (!read_metadata(c, r.metadata))
    return outcome::refused;
  const auto by_intent = params.get("payment_intent");
  const auto by_charge = params.get("charge");
  if (by_intent.empty() && by_charge.empty())
    return refuse(c, 400, type, "parameter_missing",
                  "One of the following params should be provided for this request: "
                  "payment_intent or charge.");
  const auto reason = params.get("reason");
  const auto known = std::find(refund_reasons.begin(), refund_reasons.end(), reason);
  if (known == refund_reasons.end())
    return refuse(c, 400, type, {},
                  "Invalid reason: must be one of duplicate, fraudulent, or requested_by_customer",
                  "reason");
  r.reason = static_cast<std::uint8_t>(known - refund_reasons.begin());
  std::int64_t amount = -1;
  if (params.has("amount") && !read_integer(params.get("amount"), amount))
    return refuse(c, 400, type, "parameter_invalid_integer", "Invalid integer", "amount");

  const auto number = by_intent.empty() ? shared_.names.read_stripe("ch_", by_charge)
                                        : shared_.names.read_stripe("pi_", by_intent);
  auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi) {
    refuse_missing(c, by_intent.empty() ? "charge" : "payment_intent",
                   by_intent.empty() ? by_charge : by_intent,
                   by_intent.empty() ? "charge" : "payment_intent");
    c.reply.status = 404;
    return outcome::refused;
  }

  if (params.has("amount"))
    if (const auto refused = refusal_of_refund(amount, pi->currency))
      return refuse(c, 400, type, refused->code, refused->message, refused->param);

  // Execution begins.
  if (c.mode() == fault_effect::stored_500)
    return server_error(c);
  if (c.mode() == fault_effect::refuse) {
    refuse(c, 400, type, c.hit->code, c.hit->text.empty() ? "The refund failed."sv : c.hit->text);
    return outcome::answered;
  }
  std::string id;
  if (pi->status != intent_status::succeeded) {
    shared_.names.append_stripe(id, "pi_", *number);
    refuse(c, 400, type, {},
           "This PaymentIntent (" + id + ") does not have a successful charge to refund.");
    return outcome::answered;
  }
  const auto left = pi->amount - pi->refunded;
  if (left == 0) {
    shared_.names.append_stripe(id, "ch_", *number);
    refuse(c, 400, type, "charge_already_refunded", "Charge " + id + " has already been refunded.");
    return outcome::answered;
  }
  if (amount < 0)
    amount = left;
  if (amount > left) {
    // No code, as reported of the real one.
    refuse(c, 400, type, {},
           "Refund amount (" + shown_amount(amount, pi->currency) +
               ") is greater than unrefunded amount on charge (" +
               shown_amount(left, pi->currency) + ")",
           "amount");
    return outcome::answered;
  }
  pi->refunded += amount;
  r.intent = *number;
  r.amount = amount;
  r.created_s = created_s(c.now);
  r.previous_of_intent = pi->last_refund;
  std::copy(std::begin(pi->currency), std::end(pi->currency), r.currency);
  const bool on_request = c.mode() == fault_effect::pending;
  const bool is_pending =
      on_request || (pi->method >= 0 && test_methods[static_cast<std::size_t>(pi->method)].name ==
                                            pending_refund_method);
  if (is_pending)
    r.status =
        on_request && c.hit->code == "requires_action" ? refund_requires_action : refund_pending;
  r.first_status = r.status;
  pi->last_refund = refunds_.add(std::move(r));
  made_ = pi->last_refund;
  if (!is_pending)
    note(c, effect_kind::refund, made_, amount, *pi);
  else if (!on_request)
    undecided_.emplace(c.now + shared_.settings.stripe_refund_ms, undecided{true, made_, true});
  else if (c.hit->outcome != queued_outcome::never)
    undecided_.emplace(c.now + c.hit->late_ms,
                       undecided{true, made_, c.hit->outcome == queued_outcome::success});
  tell_refund("refund.created", made_, c.now, c.key());
  answer_refund(c, made_, refunds_.find(made_)->status);
  return outcome::made_refund;
}

/// Only what was given back is an effect; what failed can be refunded again.
void stripe::settle_refund(std::uint64_t number, bool succeeds, unix_ms at) {
  auto* r = refunds_.find(number);
  auto* pi = r ? intents_.find(r->intent) : nullptr;
  if (!pi || (r->status != refund_pending && r->status != refund_requires_action))
    return;
  r->status = succeeds ? refund_succeeded : refund_failed;
  if (!succeeds) {
    pi->refunded -= r->amount;
    tell_refund("refund.failed", number, at, {});
    return;
  }
  shared_.params.clear();
  const mock_request none;
  http_response unused;
  const call c{none, call_id::stripe_refund, {}, {}, at, 0, nullptr, 0, unused};
  note(c, effect_kind::refund, number, r->amount, *pi);
  tell_refund("refund.updated", number, at, {});
}

void stripe::retrieve_refund(call& c, std::string_view id) {
  if (!check_known(c, retrieve_parameters, shared_.params))
    return;
  const auto number = shared_.names.read_stripe("re_", id);
  if (!number || !refunds_.find(*number))
    refuse_missing(c, "refund", id, "refund");
  else
    answer_refund(c, *number, refunds_.find(*number)->status);
}

} // namespace orderhub::providers::mock
