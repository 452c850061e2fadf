#include "providers/mock/stripe/amounts.hpp"

#include "providers/tables/currencies.hpp"

namespace orderhub::providers::mock::stripe_facts {

namespace {

using namespace std::string_view_literals;

std::optional<amount_refusal> refusal_of_multiple(std::int64_t amount,
                                                  const tables::currency& currency) {
  if (amount % currency.step == 0)
    return std::nullopt;
  std::string code(currency.code);
  for (char& c : code)
    c = static_cast<char>(c - 'a' + 'A');
  // The first as reported in woocommerce-gateway-stripe#2674; the words of the second are ours.
  return amount_refusal{
      {},
      currency.step == 100
          ? "Invalid amount. Currency " + code +
                " has become effectively zero-decimal and charged amounts must be evenly divisible "
                "by 100. See https://stripe.com/docs/currencies#zero-decimal for more information."
          : "Invalid amount. The least-significant digit of amounts in " + code +
                " must be 0. See https://stripe.com/docs/currencies#three-decimal.",
      "amount"sv};
}

std::optional<amount_refusal> refusal_of_small(std::int64_t amount) {
  if (amount >= 1)
    return std::nullopt;
  return amount_refusal{"parameter_invalid_integer"sv,
                        "This value must be greater than or equal to 1.", "amount"sv};
}

} // namespace

std::optional<amount_refusal> refusal_of_charge(std::int64_t amount, std::string_view currency) {
  if (auto small = refusal_of_small(amount))
    return small;
  if (currency.empty())
    return amount_refusal{"parameter_missing"sv, "Missing required param: currency.", "currency"sv};
  const auto* known = tables::find_currency(currency);
  if (known == nullptr)
    return amount_refusal{
        {}, "Invalid currency: " + std::string(currency.substr(0, 40)) + ".", "currency"sv};
  if (known->least && amount < *known->least)
    return amount_refusal{"amount_too_small"sv,
                          "Amount must be at least " + shown_amount(*known->least, currency),
                          "amount"sv};
  if (amount > known->most)
    return amount_refusal{"amount_too_large"sv,
                          "Amount must be no more than " + shown_amount(known->most, currency),
                          "amount"sv};
  return refusal_of_multiple(amount, *known);
}

std::optional<amount_refusal> refusal_of_refund(std::int64_t amount, std::string_view currency) {
  if (auto small = refusal_of_small(amount))
    return small;
  const auto* known = tables::find_currency(currency);
  return known == nullptr ? std::nullopt : refusal_of_multiple(amount, *known);
}

std::string shown_amount(std::int64_t amount, std::string_view currency) {
  const auto number = tables::decimal_text({amount, std::string(currency)});
  if (currency == "usd")
    return "$" + number;
  if (currency == "gbp")
    return "£" + number;
  if (currency == "eur")
    return "€" + number;
  return number + ' ' + std::string(currency);
}

} // namespace orderhub::providers::mock::stripe_facts
