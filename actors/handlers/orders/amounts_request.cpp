#include "actors/handlers/orders/amounts_request.hpp"

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

/// Stripe takes at most 8 digits (providers/stripe/charge.hpp).
constexpr std::int64_t total_max = 99'999'999;

void read_currency(field_reader& request, order& o) {
  auto currency = request.text("currency", false);
  if (currency.empty())
    return;
  if (currency.size() != 3 || !std::all_of(currency.begin(), currency.end(), [](char ch) {
        return std::isalpha(static_cast<unsigned char>(ch)) != 0;
      }))
    request.complain("currency", "must be a three-letter ISO 4217 code");
  std::transform(currency.begin(), currency.end(), currency.begin(),
                 [](unsigned char ch) { return static_cast<char>(std::tolower(ch)); });
  o.total.currency = std::move(currency);
}

void read_items(field_reader& request, order& o) {
  auto entries = request.objects("items", true);
  if (entries.empty())
    request.complain("items", "must be a list with at least one item");
  for (auto& entry : entries) {
    order_item item;
    item.product_id = entry.text("productId", true);
    item.quantity = entry.positive("quantity", "");
    item.price = entry.positive("price", " in the currency's minor unit");
    const auto line = multiply_amounts(item.quantity, item.price);
    const auto sum = line ? add_amounts(o.total.minor_units, *line) : std::nullopt;
    if (!sum || *sum > total_max) {
      entry.complain("quantity", "times price makes the order's total larger than " +
                                     std::to_string(total_max) + " minor units");
      return;
    }
    o.total.minor_units = *sum;
    o.items.push_back(std::move(item));
  }
}

} // namespace

void read_amounts(field_reader request, order& o) {
  read_items(request, o);
  read_currency(request, o);
}

} // namespace orderhub::handlers
