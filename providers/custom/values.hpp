#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace orderhub::providers::custom {

/// How a value stands in a JSON body where it is all of a text there: `"total": "{{total_minor}}"`.
enum class value_kind : std::uint8_t {
  text,   ///< A text; `null` where there is none.
  number, ///< An integer; `null` where there is none.
  json,   ///< As it is.
};

/// A value of an order that a request may hold, as `{{name}}`.
struct value_name {
  std::string_view name;
  value_kind kind = value_kind::text;
  std::string_view help;
};
/// Every one there is; templates that name another are refused at start.
inline constexpr std::array<value_name, 27> value_names = {{
    {"order_id", value_kind::text, "the order's id"},
    {"event", value_kind::text, "confirmed, paid, shipped or cancelled"},
    {"attempt", value_kind::number, "counts what is told of one event, from 1"},
    {"reference", value_kind::text, "ours for this very call, the same whenever it is repeated"},
    {"hub", value_kind::text, "this hub's id"},
    {"email", value_kind::text, "the customer's"},
    {"name", value_kind::text, "the customer's"},
    {"phone", value_kind::text, "the customer's, E.164"},
    {"ship_name", value_kind::text, "of the delivery"},
    {"street", value_kind::text, "of the delivery"},
    {"street2", value_kind::text, "of the delivery"},
    {"company", value_kind::text, "of the delivery"},
    {"city", value_kind::text, "of the delivery"},
    {"state", value_kind::text, "of the delivery"},
    {"zip", value_kind::text, "of the delivery"},
    {"country", value_kind::text, "of the delivery, two letters"},
    {"total", value_kind::text, "42.00"},
    {"total_minor", value_kind::number, "in the currency's smallest unit"},
    {"currency", value_kind::text, "three letters, lower case"},
    {"items", value_kind::json, "a list of {product_id, quantity, price}"},
    {"payment_id", value_kind::text, "the PaymentIntent"},
    {"charge_id", value_kind::text, "the charge"},
    {"label_id", value_kind::text, "the label's transaction"},
    {"tracking_number", value_kind::text, "where it is known"},
    {"subject", value_kind::text, "of a mail that it sends instead of SendGrid"},
    {"text", value_kind::text, "of a mail, SMS or message that it sends instead of another"},
    {"html", value_kind::text, "of such a mail"},
}};
/// Null where there is none of that name.
constexpr const value_name* find_value(std::string_view name) {
  for (const auto& known : value_names)
    if (known.name == name)
      return &known;
  return nullptr;
}

/// By name; one that is not there is empty.
using values = std::map<std::string, std::string, std::less<>>;

} // namespace orderhub::providers::custom
