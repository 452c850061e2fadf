#include "actors/handlers/shipments/label_order.hpp"

#include "journal/base/bytes.hpp"
#include "providers/shippo/buy_label.hpp"

namespace orderhub::handlers {

namespace {
constexpr std::uint8_t label_order_version = 3;
} // namespace

std::string label_order::encode() const {
  byte_writer w(128);
  w.u8(label_order_version);
  put(w, to);
  put(w, parcel);
  put(w, declared);
  w.str8(rate);
  w.u8(static_cast<std::uint8_t>((compensate ? 1U : 0U) | (report ? 2U : 0U)));
  w.u32(attempt);
  return w.take();
}

result<label_order> label_order::decode(std::string_view bytes) {
  byte_reader r(bytes);
  label_order o;
  const auto version = r.u8();
  o.to = get_address(r);
  o.parcel = get_parcel(r);
  o.declared = get_declared_items(r);
  o.rate = r.str8();
  const auto flags = r.u8();
  o.compensate = (flags & 1U) != 0;
  o.report = (flags & 2U) != 0;
  o.attempt = r.u32();
  if (version != label_order_version || !r.done())
    return fail({error_kind::corrupt, "shipment", "the label order cannot be read"});
  return o;
}

order_facts label_facts(std::string_view bought) {
  order_facts f;
  if (const auto label = providers::shippo::label_outcome::decode(bought)) {
    f.shipment = shipment_state::label;
    f.label_id = label->transaction_id;
    f.tracking_number = label->tracking_number;
    f.label_url = label->label_url;
    if (label->tracking_url.starts_with("https://") || label->tracking_url.starts_with("http://"))
      f.tracking_url = label->tracking_url;
  }
  return f;
}

} // namespace orderhub::handlers
