#include "actors/handlers/orders/amounts_request.hpp"

#include "actors/handlers/request_rules.hpp"
#include "providers/tables/currencies.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

constexpr std::size_t adjustments_max = 100;
/// No currency's maximum comes near it, and a hundred adjustments more or less do not overflow.
constexpr std::int64_t items_sum_max = 1'000'000'000'000'000;

const std::string most = std::to_string(field_reader::integer_max);
const std::string in_minor_units = " in the currency's minor unit";

/// 0 and a complaint where it is missing, no whole number, less than `least`, or too large.
std::int64_t whole_number(field_reader& fields, const char* name, std::int64_t least,
                          const char* rule, const std::string& must) {
  const auto number = fields.whole_number(name);
  if (number && *number >= least)
    return *number;
  fields.complain(name, refusal(rule, fields.has(name) ? must : "is missing; it " + must));
  return 0;
}

const tables::currency* read_currency(field_reader& request, order& o) {
  auto code = request.text("currency", false);
  if (code.empty())
    code = o.total.currency;
  if (code.size() != 3 || !std::all_of(code.begin(), code.end(), [](unsigned char ch) {
        return ch < 0x80 && std::isalpha(ch) != 0;
      })) {
    request.complain("currency", refusal("currency-code", "must be a three-letter ISO 4217 code"));
    return nullptr;
  }
  std::transform(code.begin(), code.end(), code.begin(),
                 [](unsigned char ch) { return static_cast<char>(std::tolower(ch)); });
  const auto* currency = tables::find_currency(code);
  if (currency == nullptr)
    request.complain("currency", refusal("currency-known", "must be one that Stripe charges"));
  o.total.currency = std::move(code);
  return currency;
}

void read_items(field_reader& request, order& o) {
  auto entries = request.objects("items", true);
  if (entries.empty())
    request.complain("items", "must be a list with at least one item");
  for (auto& entry : entries) {
    order_item item;
    item.product_id = entry.text("productId", true);
    item.quantity = whole_number(entry, "quantity", 1, "item-quantity",
                                 "must be a whole number from 1 to " + most);
    item.price = whole_number(entry, "price", 0, "item-price",
                              "must be a whole number from 0 to " + most + in_minor_units);
    const auto line = multiply_amounts(item.quantity, item.price);
    const auto sum = line ? add_amounts(o.total.minor_units, *line) : std::nullopt;
    if (!sum || *sum > items_sum_max) {
      entry.complain("quantity",
                     refusal("amount-maximum", "times price is more than can be charged"));
      return;
    }
    o.total.minor_units = *sum;
    o.items.push_back(std::move(item));
  }
}

void read_adjustments(field_reader& request, order& o) {
  auto entries = request.objects("adjustments", false);
  if (entries.size() > adjustments_max) {
    request.complain("adjustments",
                     refusal("adjustments-count",
                             "must be a list of at most " + std::to_string(adjustments_max)));
    return;
  }
  for (auto& entry : entries) {
    order_adjustment adjustment;
    if (!entry.has("label"))
      entry.complain("label", refusal("adjustment-label", "is missing; it must be a text"));
    adjustment.label = entry.text("label", true);
    adjustment.amount =
        whole_number(entry, "amount", -field_reader::integer_max, "adjustment-amount",
                     "must be a whole number from -" + most + " to " + most +
                         ", negative for a discount," + in_minor_units);
    o.total.minor_units += adjustment.amount;
    o.adjustments.push_back(std::move(adjustment));
  }
}

/// What Stripe would refuse, and what nobody can be charged.
void check_total(field_reader& request, const order& o, const tables::currency& currency) {
  const auto total = o.total.minor_units;
  const auto complain = [&](const char* rule, const std::string& what, const std::string& right) {
    request.complain("The total of items" +
                     std::string(o.adjustments.empty() ? "" : " and adjustments") + ", " +
                     tables::shown(o.total) + ", " + refusal(rule, what, right) + '.');
  };
  const auto in_full = [&](std::int64_t amount) {
    return tables::shown({amount, o.total.currency});
  };
  if (total == 0) // Nothing is charged.
    return;
  if (total < 0)
    complain("total-negative", "must not be below 0", "a smaller discount");
  else if (currency.least && total < *currency.least)
    complain("amount-minimum",
             "must be at least " + in_full(*currency.least) + ", Stripe's minimum",
             std::to_string(*currency.least) + " minor units");
  else if (total > currency.most)
    complain("amount-maximum", "must be at most " + in_full(currency.most) + ", Stripe's maximum",
             std::to_string(currency.most) + " minor units");
  else if (total % currency.step != 0)
    complain("amount-step",
             "must be a multiple of " + in_full(currency.step) + ", as Stripe counts it",
             std::to_string((total / currency.step + 1) * currency.step) + " minor units");
}

} // namespace

void read_amounts(field_reader request, order& o) {
  read_items(request, o);
  read_adjustments(request, o);
  const auto* currency = read_currency(request, o);
  if (currency != nullptr && request.problem().empty())
    check_total(request, o, *currency);
}

} // namespace orderhub::handlers
