#include "actors/handlers/request_rules.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace orderhub::handlers {

namespace {

constexpr std::string_view stripe_currencies = "docs.stripe.com/currencies";

constexpr std::string_view shippo_address =
    "shippo-javascript-sdk docs/models/components/addresscreaterequest.md";
constexpr std::string_view shippo_parcel =
    "shippo-javascript-sdk docs/models/components/parcelcreaterequest.md";
constexpr std::string_view shippo_customs =
    "shippo-javascript-sdk docs/models/components/customsdeclarationcreaterequest.md";
constexpr std::string_view shippo_customs_item =
    "shippo-javascript-sdk docs/models/components/customsitemcreaterequest.md";

constexpr std::array rules = {
    request_rule{"text-control", "", "a label is print", R"("1 Main St")"},
    request_rule{"text-one-line", "", "only a street may go on in a second line",
                 R"("Ada Lovelace")"},
    request_rule{"alias-differs", "", "one of them would be lost", R"({"street":"1 Main St"})"},
    request_rule{"customer-name", "", "mails and labels are addressed to it", R"("Ada Lovelace")"},
    request_rule{"mail-address", "sendgrid", "providers/sendgrid/README.md",
                 R"("ada@example.com")"},
    request_rule{"phone-e164", "", "carriers and text messages want a number that can be dialled",
                 R"("+12015550123")"},
    request_rule{"address-country", "shippo", shippo_address, R"("US")"},
    request_rule{"address-name", "shippo", shippo_address, R"("Ada Lovelace")"},
    request_rule{"address-street", "shippo", shippo_address, R"("1 Main St")"},
    request_rule{"address-city", "shippo", shippo_address, R"("Springfield")"},
    request_rule{"address-state", "shippo", shippo_address, R"("IL")"},
    request_rule{"address-zip", "shippo", shippo_address, R"("62701")"},
    request_rule{"address-zip-shape", "", "no post of that country has such a code", R"("62701")"},
    request_rule{"address-unknown-part", "", "nothing of an address is lost",
                 R"({"street2":"Apt 4B"})"},
    request_rule{"address-elsewhere", "", "nothing of an address is lost",
                 R"({"shipping":{"street2":"Apt 4B"}})"},
    request_rule{"address-validation", "", "asked for, so that no parcel goes where nobody is",
                 R"({"validateAddress":false})"},
    request_rule{"shipping-rate", "", "another would be bought, or none", R"("usps_priority")"},
    request_rule{"parcel-measure", "shippo", shippo_parcel, "2.5"},
    request_rule{"parcel-distance", "shippo", shippo_parcel, R"("in")"},
    request_rule{"parcel-mass", "shippo", shippo_parcel, R"("lb")"},
    request_rule{"parcel-unknown-field", "", "a measure would be read in another unit",
                 R"({"weight":2.5,"mass_unit":"kg"})"},
    request_rule{"customs-missing", "shippo", shippo_customs,
                 R"({"description":"T-shirt","hsCode":"6109.10","originCountry":"US",)"
                 R"("netWeight":"0.2","massUnit":"kg"})"},
    request_rule{"customs-description", "shippo", shippo_customs_item, R"("T-shirt")"},
    request_rule{"customs-hs-code", "", "customs of the US, the EU and others refuse goods without",
                 R"("6109.10")"},
    request_rule{"customs-origin", "shippo", shippo_customs_item, R"("US")"},
    request_rule{"customs-net-weight", "shippo", shippo_customs_item, R"("0.2")"},
    request_rule{"customs-mass-unit", "shippo", shippo_customs_item, R"("kg")"},
    request_rule{"customs-value", "shippo", shippo_customs_item, "1500"},
    request_rule{"customs-unknown-field", "", "nothing of a declaration is lost",
                 R"({"description":"T-shirt"})"},
    request_rule{"customs-signer", "shippo", shippo_customs,
                 R"(ORDERHUB_CUSTOMS={"certify_signer":"Ada Lovelace"})"},
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
