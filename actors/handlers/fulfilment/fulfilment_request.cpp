#include "actors/handlers/fulfilment/fulfilment_request.hpp"

#include "actors/handlers/card_numbers.hpp"
#include "actors/handlers/field_reader.hpp"
#include "actors/handlers/orders/address_request.hpp"
#include "actors/handlers/orders/delivery_check.hpp"
#include "actors/handlers/request_rules.hpp"
#include "actors/handlers/strict_json.hpp"
#include "journal/base/bytes.hpp"

#include <algorithm>
#include <utility>

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>

namespace orderhub::handlers {

namespace {

constexpr std::uint8_t wanted_version = 1;
constexpr std::size_t items_max = 1'000;
constexpr std::size_t order_id_size_max = 255;

const std::string most = std::to_string(field_reader::integer_max);

/// As the door brings the key of a path: in Unicode's normal form NFC, so that both name one order.
std::string as_key(std::string text) {
  UErrorCode code = U_ZERO_ERROR;
  const auto* form = icu::Normalizer2::getNFCInstance(code);
  if (U_FAILURE(code))
    return text;
  std::string normal;
  icu::StringByteSink<std::string> sink(&normal);
  form->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())),
                      sink, nullptr, code);
  return U_SUCCESS(code) ? normal : text;
}

void read_items(field_reader& request, fulfilment_wanted& wanted) {
  auto entries = request.objects("items", true);
  if (entries.empty())
    request.complain("items", "must be a list with at least one item");
  for (auto& entry : entries) {
    fulfilled_item item;
    item.product_id = entry.text("productId", true);
    item.quantity = entry.whole_number("quantity").value_or(0);
    if (item.quantity < 1)
      entry.complain(
          "quantity",
          refusal("item-quantity", std::string(entry.has("quantity") ? "" : "is missing; it ") +
                                       "must be a whole number from 1 to " + most));
    wanted.items.push_back(std::move(item));
  }
}

void put_content(byte_writer& w, const fulfilment_wanted& wanted) {
  w.str16(wanted.order_id);
  w.u16(static_cast<std::uint16_t>(wanted.items.size()));
  for (const auto& item : wanted.items) {
    w.str16(item.product_id);
    w.i64(item.quantity);
  }
  put(w, wanted.ship_to);
}

std::string address_bytes(const postal_address& a) {
  byte_writer w(128);
  put(w, a);
  return w.take();
}

} // namespace

std::string fulfilment_wanted::encode() const {
  byte_writer w(256);
  w.u8(wanted_version);
  put_content(w, *this);
  w.u8(retry ? 1 : 0);
  return w.take();
}

result<fulfilment_wanted> fulfilment_wanted::decode(std::string_view bytes) {
  byte_reader r(bytes);
  fulfilment_wanted wanted;
  const auto version = r.u8();
  wanted.order_id = r.str16();
  for (auto n = r.u16(); n > 0 && r.ok(); --n) {
    fulfilled_item item;
    item.product_id = r.str16();
    item.quantity = r.i64();
    wanted.items.push_back(std::move(item));
  }
  wanted.ship_to = get_address(r);
  wanted.retry = r.u8() != 0;
  if (version != wanted_version || !r.done())
    return fail({error_kind::corrupt, "fulfilment", "the request cannot be read"});
  return wanted;
}

result<fulfilment_wanted> check_fulfilment(std::string_view body) {
  json_bounds bounds;
  bounds.list = "items";
  bounds.list_max = items_max;
  if (auto sound = check_json(body, bounds, no_card_numbers()); !sound)
    return sound.failure();
  auto request = field_reader::parse(body);
  if (!request)
    return fail({error_kind::invalid, "fulfilment",
                 "The body must be a JSON object with orderId, items and shipping.", 400});
  fulfilment_wanted wanted;
  wanted.order_id = as_key(request->text("orderId", true));
  if (wanted.order_id.size() > order_id_size_max)
    request->complain("orderId", "is longer than 255 bytes");
  read_items(*request, wanted);
  auto shipping = request->object("shipping", true);
  if (shipping)
    wanted.ship_to = read_address(*shipping);
  wanted.retry = request->flag("retry");
  if (auto good = request->verdict(); !good)
    return good.failure();
  if (auto sound = check_address(wanted.ship_to, "shipping."); !sound)
    return sound.failure();
  return wanted;
}

const std::string* first_request(const journal::object_state& fulfilment) {
  if (const auto* recorded = fulfilment.value("request"))
    return recorded;
  const auto& live = fulfilment.live;
  const auto it = std::find_if(live.begin(), live.end(),
                               [](const auto& i) { return i.input.handler == fulfil_handler; });
  return it == live.end() ? nullptr : &it->input.body;
}

std::string fulfilment_content(const fulfilment_wanted& wanted) {
  byte_writer w(256);
  w.u8(wanted_version);
  put_content(w, wanted);
  return w.take();
}

std::string differing_parts(const fulfilment_wanted& recorded, const fulfilment_wanted& sent) {
  std::vector<std::string> parts;
  if (recorded.order_id != sent.order_id)
    parts.emplace_back("orderId");
  if (recorded.items != sent.items)
    parts.emplace_back("items");
  if (address_bytes(recorded.ship_to) != address_bytes(sent.ship_to))
    parts.emplace_back("shipping");
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return text;
}

} // namespace orderhub::handlers
