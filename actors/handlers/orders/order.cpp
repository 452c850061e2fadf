#include "actors/handlers/orders/order.hpp"

namespace orderhub::handlers {

namespace {
constexpr std::uint8_t order_version = 3;
} // namespace

void put(byte_writer& w, const postal_address& a) {
  for (const auto* field : {&a.name, &a.street, &a.city, &a.state, &a.zip, &a.country, &a.phone,
                            &a.email, &a.street2, &a.company})
    w.str16(*field);
}

void put(byte_writer& w, const parcel_size& p) {
  for (const auto* field :
       {&p.length, &p.width, &p.height, &p.distance_unit, &p.weight, &p.mass_unit})
    w.str8(*field);
}

void put(byte_writer& w, const item_customs& c) {
  for (const auto* field :
       {&c.description, &c.hs_code, &c.origin_country, &c.net_weight, &c.mass_unit})
    w.str16(*field);
  w.i64(c.value);
}

void put(byte_writer& w, const order_item& i) {
  w.str16(i.product_id);
  w.i64(i.quantity);
  w.i64(i.price);
  put(w, i.customs);
}

postal_address get_address(byte_reader& r) {
  postal_address a;
  for (auto* field : {&a.name, &a.street, &a.city, &a.state, &a.zip, &a.country, &a.phone, &a.email,
                      &a.street2, &a.company})
    *field = r.str16();
  return a;
}

parcel_size get_parcel(byte_reader& r) {
  parcel_size p;
  for (auto* field : {&p.length, &p.width, &p.height, &p.distance_unit, &p.weight, &p.mass_unit})
    *field = r.str8();
  return p;
}

item_customs get_item_customs(byte_reader& r) {
  item_customs c;
  for (auto* field : {&c.description, &c.hs_code, &c.origin_country, &c.net_weight, &c.mass_unit})
    *field = r.str16();
  c.value = r.i64();
  return c;
}

order_item get_item(byte_reader& r) {
  order_item i;
  i.product_id = r.str16();
  i.quantity = r.i64();
  i.price = r.i64();
  i.customs = get_item_customs(r);
  return i;
}

std::string order::encode() const {
  byte_writer w(256);
  w.u8(order_version);
  w.u8(form);
  w.u16(static_cast<std::uint16_t>(items.size()));
  for (const auto& i : items)
    put(w, i);
  w.u16(static_cast<std::uint16_t>(adjustments.size()));
  for (const auto& a : adjustments) {
    w.str16(a.label);
    w.i64(a.amount);
  }
  w.str16(customer_email);
  w.str16(customer_name);
  w.str16(customer_phone);
  put(w, shipping);
  w.str8(total.currency);
  w.str16(payment_method);
  w.str16(payment_customer);
  put(w, parcel);
  w.str8(rate);
  w.u8(static_cast<std::uint8_t>((payment_method_given ? 1U : 0U) | (retry ? 2U : 0U) |
                                 (validates_address ? 4U : 0U) |
                                 (validates_address.value_or(false) ? 8U : 0U)));
  w.i64(total.minor_units);
  return w.take();
}

result<order> order::decode(std::string_view bytes) {
  byte_reader r(bytes);
  order o;
  if (r.u8() != order_version)
    return fail({error_kind::corrupt, "order", "the stored order has an unknown version"});
  o.form = r.u8();
  for (auto n = r.u16(); n > 0 && r.ok(); --n)
    o.items.push_back(get_item(r));
  for (auto n = r.u16(); n > 0 && r.ok(); --n) {
    order_adjustment a;
    a.label = r.str16();
    a.amount = r.i64();
    o.adjustments.push_back(std::move(a));
  }
  o.customer_email = r.str16();
  o.customer_name = r.str16();
  o.customer_phone = r.str16();
  o.shipping = get_address(r);
  o.total.currency = r.str8();
  o.payment_method = r.str16();
  o.payment_customer = r.str16();
  o.parcel = get_parcel(r);
  o.rate = r.str8();
  const auto flags = r.u8();
  o.payment_method_given = (flags & 1U) != 0;
  o.retry = (flags & 2U) != 0;
  if ((flags & 4U) != 0)
    o.validates_address = (flags & 8U) != 0;
  o.total.minor_units = r.i64();
  if (!r.done())
    return fail({error_kind::corrupt, "order", "the stored order is cut short or too long"});
  return o;
}

} // namespace orderhub::handlers
