#include "actors/handlers/request_rules.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace orderhub::handlers {

namespace {

constexpr std::string_view stripe_currencies = "docs.stripe.com/currencies";

constexpr std::array rules = {
    request_rule{"currency-code", "", "ISO 4217 codes have three letters", R"("eur")"},
    request_rule{"currency-known", "stripe", stripe_currencies, R"("eur")"},
    request_rule{"item-quantity", "", "an item that is not there is no item", "2"},
    request_rule{"item-price", "", "a free item is one, a discount is an adjustment", "1500"},
    request_rule{"adjustments-count", "", "a body is bounded", R"([{"label":"Tax","amount":350}])"},
    request_rule{"adjustment-label", "", "a person reads it", R"("Discount")"},
    request_rule{"adjustment-amount", "", "amounts are never floating", "-500"},
    request_rule{"total-negative", "", "a shop does not pay by an order", R"({"amount":-500})"},
    request_rule{"amount-step", "stripe", stripe_currencies, "42010"},
    request_rule{"amount-minimum", "stripe", stripe_currencies, "50"},
    request_rule{"amount-maximum", "stripe", stripe_currencies, "99999999"},
    request_rule{"payment-method", "stripe", "docs.stripe.com/api/payment_intents/create",
                 R"("pm_card_visa")"},
    request_rule{"payment-method-missing", "", "with a live key no default may be charged",
                 R"("pm_card_visa")"},
    request_rule{"card-number", "", "PCI DSS 3: what is not stored cannot leak",
                 R"("pm_card_visa")"},
};

} // namespace

std::span<const request_rule> request_rules() {
  return rules;
}

const request_rule* find_rule(std::string_view id) {
  const auto* it = std::find_if(rules.begin(), rules.end(),
                                [id](const request_rule& rule) { return rule.id == id; });
  return it == rules.end() ? nullptr : it;
}

std::string refusal(std::string_view rule, std::string_view must, std::string_view right) {
  const auto* known = find_rule(rule);
  if (known == nullptr)
    std::abort();
  std::string text(must);
  text.append(", such as ").append(right.empty() ? known->right : right);
  return text.append(" [").append(rule).append("]");
}

} // namespace orderhub::handlers
