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
  pi->last_refund = refunds_.add(std::move(r));
  note(c, effect_kind::refund, pi->last_refund, amount, *pi);
  made_ = pi->last_refund;
  answer_refund(c, made_);
  return outcome::made_refund;
}

void stripe::retrieve_refund(call& c, std::string_view id) {
  if (!check_known(c, retrieve_parameters, shared_.params))
    return;
  const auto number = shared_.names.read_stripe("re_", id);
  if (!number || !refunds_.find(*number))
    refuse_missing(c, "refund", id, "refund");
  else
    answer_refund(c, *number);
}

} // namespace orderhub::providers::mock
