#pragma once
#include "providers/mock/text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// What Stripe takes and says, as tables (docs.stripe.com/api and /testing, 2026-09), and what all
/// parts of the mock read them with.
namespace orderhub::providers::mock::stripe_facts {

using namespace std::string_view_literals;

struct test_method {
  enum class result : std::uint8_t { pays, declines, asks };
  std::string_view name;
  result outcome = result::pays;
  std::string_view code = {};
  std::string_view decline_code = {};
  std::string_view message = {};
};

/// Its charge succeeds; a refund of it begins as `pending` and succeeds some time later
/// (docs.stripe.com/testing, "Refunds").
inline constexpr auto pending_refund_method = "pm_card_pendingRefund"sv;

// docs.stripe.com/testing: payment methods that need neither customer nor card number.
inline constexpr std::array test_methods = {
    test_method{"pm_card_visa"},
    test_method{"pm_card_mastercard"},
    test_method{"pm_card_visa_debit"},
    test_method{"pm_card_amex"},
    test_method{"pm_card_discover"},
    test_method{"pm_card_createDispute"},
    test_method{pending_refund_method},
    test_method{"pm_card_chargeDeclined", test_method::result::declines, "card_declined",
                "generic_decline", "Your card was declined."},
    test_method{"pm_card_chargeDeclinedInsufficientFunds", test_method::result::declines,
                "card_declined", "insufficient_funds", "Your card has insufficient funds."},
    test_method{"pm_card_chargeDeclinedFraudulent", test_method::result::declines, "card_declined",
                "fraudulent", "Your card was declined."},
    test_method{"pm_card_chargeDeclinedLostCard", test_method::result::declines, "card_declined",
                "lost_card", "Your card was declined."},
    test_method{"pm_card_chargeDeclinedStolenCard", test_method::result::declines, "card_declined",
                "stolen_card", "Your card was declined."},
    test_method{"pm_card_chargeDeclinedExpiredCard", test_method::result::declines, "expired_card",
                "expired_card", "Your card has expired."},
    test_method{"pm_card_chargeDeclinedIncorrectCvc", test_method::result::declines,
                "incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect."},
    test_method{"pm_card_chargeDeclinedProcessingError", test_method::result::declines,
                "processing_error", "processing_error",
                "An error occurred while processing your card. Try again in a little bit."},
    test_method{"pm_card_authenticationRequired", test_method::result::asks,
                "authentication_required", "authentication_required",
                "Your card was declined. This transaction requires authentication."},
};

// Request parameters, from the vendor's API description (its request objects are closed); the ones
// in use first.
inline constexpr std::array create_parameters = {"amount"sv,
                                                 "currency"sv,
                                                 "payment_method"sv,
                                                 "confirm"sv,
                                                 "payment_method_types"sv,
                                                 "off_session"sv,
                                                 "metadata"sv,
                                                 "automatic_payment_methods"sv,
                                                 "customer"sv,
                                                 "description"sv,
                                                 "return_url"sv,
                                                 "expand"sv,
                                                 "receipt_email"sv,
                                                 "capture_method"sv,
                                                 "application_fee_amount"sv,
                                                 "confirmation_method"sv,
                                                 "error_on_requires_action"sv,
                                                 "mandate"sv,
                                                 "mandate_data"sv,
                                                 "on_behalf_of"sv,
                                                 "payment_method_data"sv,
                                                 "payment_method_options"sv,
                                                 "radar_options"sv,
                                                 "setup_future_usage"sv,
                                                 "shipping"sv,
                                                 "statement_descriptor"sv,
                                                 "statement_descriptor_suffix"sv,
                                                 "transfer_data"sv,
                                                 "transfer_group"sv,
                                                 "use_stripe_sdk"sv,
                                                 "allowed_payment_method_types"sv,
                                                 "amount_details"sv,
                                                 "confirmation_token"sv,
                                                 "customer_account"sv,
                                                 "excluded_payment_method_types"sv,
                                                 "hooks"sv,
                                                 "payment_details"sv,
                                                 "payment_method_configuration"sv};
inline constexpr std::array confirm_parameters = {"payment_method"sv,
                                                  "off_session"sv,
                                                  "return_url"sv,
                                                  "expand"sv,
                                                  "error_on_requires_action"sv,
                                                  "capture_method"sv,
                                                  "client_secret"sv,
                                                  "mandate"sv,
                                                  "mandate_data"sv,
                                                  "payment_method_data"sv,
                                                  "payment_method_options"sv,
                                                  "payment_method_types"sv,
                                                  "radar_options"sv,
                                                  "receipt_email"sv,
                                                  "setup_future_usage"sv,
                                                  "shipping"sv,
                                                  "use_stripe_sdk"sv,
                                                  "allowed_payment_method_types"sv,
                                                  "amount_details"sv,
                                                  "amount_to_confirm"sv,
                                                  "confirmation_token"sv,
                                                  "excluded_payment_method_types"sv,
                                                  "hooks"sv,
                                                  "payment_details"sv};
inline constexpr std::array cancel_parameters = {"cancellation_reason"sv, "expand"sv};
inline constexpr std::array refund_parameters = {"payment_intent"sv,
                                                 "amount"sv,
                                                 "reason"sv,
                                                 "metadata"sv,
                                                 "charge"sv,
                                                 "expand"sv,
                                                 "currency"sv,
                                                 "customer"sv,
                                                 "instructions_email"sv,
                                                 "origin"sv,
                                                 "refund_application_fee"sv,
                                                 "reverse_transfer"sv};
inline constexpr std::array retrieve_parameters = {"expand"sv, "client_secret"sv};
inline constexpr std::array list_parameters = {"created"sv,        "customer"sv, "limit"sv,
                                               "starting_after"sv, "expand"sv,   "ending_before"sv};
inline constexpr std::array list_refund_parameters = {
    "payment_intent"sv, "charge"sv, "created"sv,      "limit"sv,
    "starting_after"sv, "expand"sv, "ending_before"sv};
inline constexpr std::array list_event_parameters = {
    "created"sv, "delivery_success"sv, "ending_before"sv, "expand"sv,
    "limit"sv,   "starting_after"sv,   "type"sv,          "types"sv};
inline constexpr std::size_t event_types_max = 20;

inline constexpr std::array refund_reasons = {""sv, "duplicate"sv, "fraudulent"sv,
                                              "requested_by_customer"sv};
inline constexpr std::array refund_statuses = {"succeeded"sv, "pending"sv, "failed"sv, "canceled"sv,
                                               "requires_action"sv};
inline constexpr std::uint8_t refund_succeeded = 0, refund_pending = 1, refund_failed = 2,
                              refund_canceled = 3, refund_requires_action = 4;
inline constexpr std::array cancel_reasons = {"abandoned"sv, "duplicate"sv, "fraudulent"sv,
                                              "requested_by_customer"sv};

inline constexpr std::size_t key_size_max = 255;
inline constexpr std::size_t metadata_entries_max = 50;
inline constexpr std::size_t metadata_key_size_max = 40;
inline constexpr std::size_t metadata_value_size_max = 500;

inline std::string_view status_name(std::size_t status) {
  constexpr std::array names = {"requires_payment_method"sv,
                                "requires_confirmation"sv,
                                "requires_action"sv,
                                "succeeded"sv,
                                "canceled"sv,
                                "processing"sv};
  return names[status];
}

/// `metadata[order_id]` -> `metadata`
inline std::string_view base_name(std::string_view name) {
  return name.substr(0, name.find('['));
}

inline bool is_true(std::string_view value) {
  return value == "true" || value == "1";
}

inline void append_text_or_null(std::string& out, std::string_view text) {
  if (text.empty())
    out.append("null");
  else
    append_json(out, text);
}

/// Digits in the middle of a path: `/v1/payment_intents/{id}` -> id, empty if there is none.
inline std::string_view tail(std::string_view path, std::string_view prefix) {
  return path.size() > prefix.size() && path.substr(0, prefix.size()) == prefix
             ? path.substr(prefix.size())
             : std::string_view();
}

inline constexpr auto intents_path = "/v1/payment_intents"sv;
inline constexpr auto intent_prefix = "/v1/payment_intents/"sv;
inline constexpr auto refunds_path = "/v1/refunds"sv;
inline constexpr auto events_path = "/v1/events"sv;
inline constexpr auto balance_path = "/v1/balance"sv;
inline constexpr std::array balance_fields = {"expand"sv};
inline constexpr auto refund_prefix = "/v1/refunds/"sv;

inline bool ends_with(std::string_view text, std::string_view end) {
  return text.size() > end.size() && text.substr(text.size() - end.size()) == end;
}

} // namespace orderhub::providers::mock::stripe_facts
