// Payment intents of the mock Stripe: made, confirmed, authenticated, cancelled.
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

stripe::outcome stripe::create_intent(call& c) {
  const auto& params = shared_.params;
  if (!check_known(c, create_parameters, params))
    return outcome::refused;
  constexpr auto type = "invalid_request_error"sv;

  intent pi;
  const auto amount = params.find("amount");
  if (amount == fields::npos)
    return refuse(c, 400, type, "parameter_missing", "Missing required param: amount.", "amount");
  if (!read_integer(params.value(amount), pi.amount)) {
    std::string message = "Invalid integer: ";
    message.append(params.value(amount).substr(0, 40));
    return refuse(c, 400, type, "parameter_invalid_integer", message, "amount");
  }
  const auto currency = params.get("currency");
  if (const auto refused = refusal_of_charge(pi.amount, currency))
    return refuse(c, 400, type, refused->code, refused->message, refused->param);
  std::copy(currency.begin(), currency.end(), pi.currency);

  if (!read_metadata(c, pi.metadata))
    return outcome::refused;
  pi.customer = params.get("customer");
  pi.description = params.get("description");
  pi.redirects = params.has("return_url");
  pi.automatic = is_true(params.get("automatic_payment_methods[enabled]"));

  const auto method = params.get("payment_method");
  if (!method.empty()) {
    const auto it = std::find_if(test_methods.begin(), test_methods.end(),
                                 [&](const test_method& m) { return m.name == method; });
    if (it == test_methods.end())
      return refuse_missing(c, "PaymentMethod", method, "payment_method");
    pi.method = static_cast<std::int16_t>(it - test_methods.begin());
    pi.status = intent_status::requires_confirmation;
  }

  const bool confirm = is_true(params.get("confirm"));
  const bool off_session = params.has("off_session") && !is_true(params.get("off_session"))
                               ? false
                               : params.has("off_session");
  if (params.has("off_session") && !confirm)
    return refuse(c, 400, type, {},
                  "The parameter `off_session` cannot be passed when creating a PaymentIntent "
                  "unless `confirm` is set to true.",
                  "off_session");
  if (confirm) {
    if (pi.method < 0)
      return refuse(c, 400, type, "payment_intent_unexpected_state",
                    "You cannot confirm this PaymentIntent because it's missing a payment method.");
    const bool typed =
        params.has("payment_method_types[]") || params.has("payment_method_types[0]");
    if (!typed && !pi.redirects &&
        !(pi.automatic && params.get("automatic_payment_methods[allow_redirects]") == "never"))
      return refuse(c, 400, type, {},
                    "This PaymentIntent is configured to accept payment methods enabled in your "
                    "Dashboard. Because some of these payment methods might redirect your customer "
                    "off of your page, you must provide a `return_url`.");
  }

  // Execution begins.
  if (c.mode() == fault_effect::stored_500)
    return server_error(c);
  pi.created_s = created_s(c.now);
  pi.first_status = pi.status;
  const auto number = intents_.add(std::move(pi));
  if (confirm)
    return run_confirmation(c, number, off_session,
                            is_true(params.get("error_on_requires_action")));
  made_ = number;
  answer_intent(c, number, intents_.find(number)->status);
  return outcome::made_intent;
}

stripe::outcome stripe::confirm_intent(call& c, std::string_view id) {
  const auto& params = shared_.params;
  if (!check_known(c, confirm_parameters, params))
    return outcome::refused;
  const auto number = shared_.names.read_stripe("pi_", id);
  auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi)
    return refuse_missing(c, "payment_intent", id, "intent");
  std::int16_t method = pi->method;
  if (const auto name = params.get("payment_method"); !name.empty()) {
    const auto it = std::find_if(test_methods.begin(), test_methods.end(),
                                 [&](const test_method& m) { return m.name == name; });
    if (it == test_methods.end()) {
      refuse_missing(c, "PaymentMethod", name, "payment_method");
      c.reply.status = 400;
      return outcome::refused;
    }
    method = static_cast<std::int16_t>(it - test_methods.begin());
  } else if (pi->status == intent_status::requires_payment_method) {
    method = -1; // a declined method is taken off the intent
  }
  if (c.mode() == fault_effect::stored_500)
    return server_error(c);
  if (pi->status == intent_status::succeeded || pi->status == intent_status::canceled ||
      pi->status == intent_status::processing)
    return unexpected_state(c, *number, "confirm");
  if (method < 0) {
    refuse(c, 400, "invalid_request_error", "payment_intent_unexpected_state",
           "You cannot confirm this PaymentIntent because it's missing a payment method.");
    return outcome::answered;
  }
  pi->method = method;
  pi->redirects = pi->redirects || params.has("return_url");
  return run_confirmation(c, *number, is_true(params.get("off_session")),
                          is_true(params.get("error_on_requires_action")));
}

stripe::outcome stripe::cancel_intent(call& c, std::string_view id) {
  const auto& params = shared_.params;
  if (!check_known(c, cancel_parameters, params))
    return outcome::refused;
  if (const auto reason = params.get("cancellation_reason");
      !reason.empty() &&
      std::find(cancel_reasons.begin(), cancel_reasons.end(), reason) == cancel_reasons.end())
    return refuse(c, 400, "invalid_request_error", {}, "Invalid cancellation_reason.",
                  "cancellation_reason");
  const auto number = shared_.names.read_stripe("pi_", id);
  auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi)
    return refuse_missing(c, "payment_intent", id, "intent");
  if (c.mode() == fault_effect::stored_500)
    return server_error(c);
  if (c.mode() == fault_effect::refuse || pi->status == intent_status::succeeded ||
      pi->status == intent_status::canceled || pi->status == intent_status::processing)
    return unexpected_state(c, *number, "cancel");
  pi->status = intent_status::canceled;
  pi->canceled_at_s = created_s(c.now);
  note(c, effect_kind::cancel_intent, *number, -1, *pi);
  tell_intent(*number, c.now, c.key());
  answer_intent(c, *number, pi->status);
  return outcome::answered;
}

void stripe::retrieve_intent(call& c, std::string_view id) {
  if (!check_known(c, retrieve_parameters, shared_.params))
    return;
  const auto number = shared_.names.read_stripe("pi_", id);
  const auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi)
    refuse_missing(c, "payment_intent", id, "intent");
  else
    answer_intent(c, *number, pi->status);
}

bool stripe::fail_authentication(std::string_view id, unix_ms now) {
  const auto number = shared_.names.read_stripe("pi_", id);
  auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi || pi->status != intent_status::requires_action)
    return false;
  pi->status = intent_status::requires_payment_method;
  pi->not_authenticated = true;
  tell_intent(*number, now, {});
  return true;
}

bool stripe::authenticate(std::string_view id, unix_ms now, std::uint64_t request_number) {
  const auto number = shared_.names.read_stripe("pi_", id);
  auto* pi = number ? intents_.find(*number) : nullptr;
  if (!pi || pi->status != intent_status::requires_action)
    return false;
  pi->status = intent_status::succeeded;
  shared_.params.clear();
  const mock_request none;
  http_response unused;
  const call c{none, call_id::stripe_confirm, {}, {}, now, request_number, nullptr, 0, unused};
  note(c, effect_kind::charge, *number, pi->amount, *pi);
  tell_intent(*number, now, {});
  return true;
}

} // namespace orderhub::providers::mock
