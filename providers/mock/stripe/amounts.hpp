#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::providers::mock::stripe_facts {

/// What Stripe answers, 400 `invalid_request_error`, before anything is done.
struct amount_refusal {
  std::string_view code; ///< Empty: none.
  std::string message;
  std::string_view param;
};

/// Of an amount to charge (docs.stripe.com/currencies; README): at least 1, a currency that Stripe
/// charges in lower case, the currency's minimum and digits, and a multiple of what it counts in.
/// The account is one that has every currency and settles each in itself.
std::optional<amount_refusal> refusal_of_charge(std::int64_t amount, std::string_view currency);

/// Of an amount to give back: at least 1, and the currency's multiple. There is no minimum.
std::optional<amount_refusal> refusal_of_refund(std::int64_t amount, std::string_view currency);

/// `$42.00`, `42.000 kwd`, as in Stripe's messages.
std::string shown_amount(std::int64_t amount, std::string_view currency);

} // namespace orderhub::providers::mock::stripe_facts
