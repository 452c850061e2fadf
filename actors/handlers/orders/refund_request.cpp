#include "actors/handlers/orders/refund_request.hpp"

#include "actors/handlers/card_numbers.hpp"
#include "actors/handlers/field_reader.hpp"
#include "actors/handlers/strict_json.hpp"
#include "journal/base/bytes.hpp"

#include <algorithm>
#include <cstddef>

namespace orderhub::handlers {

namespace {

constexpr std::uint8_t wanted_version = 1;
constexpr std::size_t id_size_max = 64;

bool is_name(std::string_view id) {
  return id.size() <= id_size_max && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.' || c == ':';
         });
}

} // namespace

std::string refund_wanted::encode() const {
  byte_writer w(64);
  w.u8(wanted_version);
  w.str8(refund_id);
  w.i64(amount);
  w.str16(reason);
  return w.take();
}

result<refund_wanted> refund_wanted::decode(std::string_view bytes) {
  byte_reader r(bytes);
  refund_wanted wanted;
  const auto version = r.u8();
  wanted.refund_id = r.str8();
  wanted.amount = r.i64();
  wanted.reason = r.str16();
  if (version != wanted_version || !r.done())
    return fail({error_kind::corrupt, "refund", "the request cannot be read"});
  return wanted;
}

result<refund_wanted> check_refund(std::string_view body) {
  if (auto sound = check_json(body, {}, no_card_numbers()); !sound)
    return sound.failure();
  auto request = field_reader::parse(body);
  if (!request)
    return fail({error_kind::invalid, "refund",
                 "The body must be a JSON object with refundId, and amount and reason if wanted.",
                 400});
  for (const auto& name : request->names())
    if (name != "refundId" && name != "amount" && name != "reason")
      request->complain(name, "is not known; a refund has refundId, amount and reason");
  refund_wanted wanted;
  wanted.refund_id = request->text("refundId", true);
  if (!is_name(wanted.refund_id))
    request->complain("refundId",
                      "must be 1 to 64 of the letters A-Z and a-z, digits, _ - . and :");
  if (request->has("amount"))
    wanted.amount = request->positive("amount", " in the currency's minor unit");
  wanted.reason = request->text("reason", false);
  if (auto sound = request->verdict(); !sound)
    return sound.failure();
  return wanted;
}

} // namespace orderhub::handlers
