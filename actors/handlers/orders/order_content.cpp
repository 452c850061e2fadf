#include "actors/handlers/orders/order_content.hpp"

#include "actors/handlers/measure.hpp"

#include <algorithm>
#include <cstddef>

namespace orderhub::handlers {

namespace {

/// Until when a part may change: until the charge, or until a label is bought.
enum class part : std::uint8_t { paid_for, delivered };

struct item_row {
  const char* name;
  part belongs_to;
  std::string (*text)(const order_item&);
};
struct order_row {
  const char* name;
  part belongs_to;
  std::string (*text)(const order&);
};

/// What the check copies from the customer is the customer's field, and named once.
std::string unless_same(const std::string& text, const std::string& customers) {
  return text == customers ? std::string() : text;
}

/// `01.50` and `1.5` are one measure.
std::string comparable(const std::string& measure) {
  const auto value = ten_thousandths_of(measure);
  return value ? measure_text(*value) : measure;
}

constexpr item_row item_rows[] = {
    {"productId", part::paid_for, [](const order_item& i) { return i.product_id; }},
    {"quantity", part::paid_for, [](const order_item& i) { return std::to_string(i.quantity); }},
    {"price", part::paid_for, [](const order_item& i) { return std::to_string(i.price); }},
    {"customs.description", part::delivered,
     [](const order_item& i) { return i.customs.description; }},
    {"customs.hsCode", part::delivered, [](const order_item& i) { return i.customs.hs_code; }},
    {"customs.originCountry", part::delivered,
     [](const order_item& i) { return i.customs.origin_country; }},
    {"customs.netWeight", part::delivered,
     [](const order_item& i) { return comparable(i.customs.net_weight); }},
    {"customs.massUnit", part::delivered, [](const order_item& i) { return i.customs.mass_unit; }},
    {"customs.value", part::delivered,
     [](const order_item& i) { return std::to_string(i.customs.value); }},
};

std::string text_of(const std::vector<order_adjustment>& adjustments) {
  byte_writer w(64);
  for (const auto& a : adjustments) {
    w.str16(a.label);
    w.i64(a.amount);
  }
  return w.take();
}

constexpr order_row order_rows[] = {
    {"adjustments", part::paid_for, [](const order& o) { return text_of(o.adjustments); }},
    {"currency", part::paid_for, [](const order& o) { return o.total.currency; }},
    {"customer.email", part::delivered, [](const order& o) { return o.customer_email; }},
    {"customer.name", part::delivered, [](const order& o) { return o.customer_name; }},
    {"customer.phone", part::delivered, [](const order& o) { return o.customer_phone; }},
    {"shipping.name", part::delivered,
     [](const order& o) { return unless_same(o.shipping.name, o.customer_name); }},
    {"shipping.street", part::delivered, [](const order& o) { return o.shipping.street; }},
    {"shipping.street2", part::delivered, [](const order& o) { return o.shipping.street2; }},
    {"shipping.company", part::delivered, [](const order& o) { return o.shipping.company; }},
    {"shipping.city", part::delivered, [](const order& o) { return o.shipping.city; }},
    {"shipping.state", part::delivered, [](const order& o) { return o.shipping.state; }},
    {"shipping.zip", part::delivered, [](const order& o) { return o.shipping.zip; }},
    {"shipping.country", part::delivered, [](const order& o) { return o.shipping.country; }},
    {"shipping.phone", part::delivered,
     [](const order& o) { return unless_same(o.shipping.phone, o.customer_phone); }},
    {"shipping.email", part::delivered,
     [](const order& o) { return unless_same(o.shipping.email, o.customer_email); }},
    {"parcel.length", part::delivered, [](const order& o) { return comparable(o.parcel.length); }},
    {"parcel.width", part::delivered, [](const order& o) { return comparable(o.parcel.width); }},
    {"parcel.height", part::delivered, [](const order& o) { return comparable(o.parcel.height); }},
    {"parcel.distance_unit", part::delivered,
     [](const order& o) { return o.parcel.distance_unit; }},
    {"parcel.weight", part::delivered, [](const order& o) { return comparable(o.parcel.weight); }},
    {"parcel.mass_unit", part::delivered, [](const order& o) { return o.parcel.mass_unit; }},
    {"shipping.rate", part::delivered, [](const order& o) { return o.rate; }},
};

/// A field that is new does not compile here, until it has its row above or is said to be none of
/// the content.
[[maybe_unused]] void name_every_field(const order_item& item, const postal_address& address,
                                       const parcel_size& parcel, const order& o) {
  [[maybe_unused]] const auto& [product_id, quantity, price, customs] = item;
  [[maybe_unused]] const auto& [description, hs_code, origin_country, net_weight, item_mass_unit,
                                value] = customs;
  [[maybe_unused]] const auto& [name, street, city, state, zip, country, phone, email, street2,
                                company] = address;
  [[maybe_unused]] const auto& [length, width, height, distance_unit, weight, mass_unit] = parcel;
  // How it is paid, `retry`, whether its address is checked before, and the total, which follows
  // from the rest, are none.
  [[maybe_unused]] const auto& [form, items, adjustments, customer_email, customer_name,
                                customer_phone, shipping, payment_method, payment_method_given,
                                payment_customer, parcel_, rate, validates_address, retry, total] =
      o;
}

void add(content_difference& difference, std::string field, part belongs_to) {
  difference.fields.push_back(std::move(field));
  difference.concerns_payment = difference.concerns_payment || belongs_to == part::paid_for;
}

} // namespace

std::string canonical_content(const order& o) {
  byte_writer w(256);
  w.u8(o.form);
  w.u32(static_cast<std::uint32_t>(o.items.size()));
  for (const auto& item : o.items)
    for (const auto& row : item_rows)
      w.str32(row.text(item));
  for (const auto& row : order_rows)
    w.str32(row.text(o));
  return w.take();
}

content_difference difference_of(const order& recorded, const order& sent) {
  content_difference difference;
  if (recorded.items.size() != sent.items.size())
    add(difference, "items", part::paid_for);
  else
    for (std::size_t i = 0; i < sent.items.size(); ++i)
      for (const auto& row : item_rows)
        if (row.text(recorded.items[i]) != row.text(sent.items[i]))
          add(difference, "items[" + std::to_string(i) + "]." + row.name, row.belongs_to);
  for (const auto& row : order_rows)
    if (row.text(recorded) != row.text(sent))
      add(difference, row.name, row.belongs_to);
  return difference;
}

std::string listed(const std::vector<std::string>& fields) {
  constexpr std::size_t shown_max = 12;
  const auto shown = std::min(fields.size(), shown_max);
  std::string text;
  for (std::size_t i = 0; i < shown; ++i) {
    const bool is_last = i + 1 == fields.size();
    text += (i == 0 ? "" : is_last ? " and " : ", ") + fields[i];
  }
  if (fields.size() > shown)
    text += " and " + std::to_string(fields.size() - shown) + " more";
  return text;
}

} // namespace orderhub::handlers
