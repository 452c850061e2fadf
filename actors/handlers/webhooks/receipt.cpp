#include "actors/handlers/webhooks/receipt.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using providers::webhooks::event;

constexpr std::uint8_t receipt_version = 1;
constexpr std::uint8_t concluded_version = 1;
constexpr std::uint8_t routed_version = 1;
constexpr std::uint8_t match_version = 1;
constexpr std::array<std::string_view, 8> verdict_names = {
    "routed", "skipped", "foreign", "applied", "unchanged", "contradicts", "unmatched", "refused"};
constexpr std::size_t vendor_ids_max = 8;
constexpr std::size_t headers_max = 100;
constexpr std::size_t text_max = 500;
/// Of a key; an object's key has at most 255 bytes.
constexpr std::size_t plain_key_max = 200;

template <class Event>
auto texts_of(Event& e) {
  return std::array{&e.id,         &e.type,          &e.about.hub,  &e.about.order_id,
                    &e.about.step, &e.about.attempt, &e.generation, &e.idempotency_key,
                    &e.currency,   &e.code,          &e.reference,  &e.action,
                    &e.actor};
}

void put(byte_writer& w, const event& e) {
  for (const auto* text : texts_of(e))
    w.str16(*text);
  w.u8(static_cast<std::uint8_t>(e.kind));
  w.i64(e.at_ms);
  w.i64(e.amount);
  w.u8(static_cast<std::uint8_t>((e.is_live ? 1U : 0U) | (e.is_total ? 2U : 0U)));
  const auto count = std::min(e.vendor_ids.size(), vendor_ids_max);
  w.u8(static_cast<std::uint8_t>(count));
  for (std::size_t i = 0; i < count; ++i)
    w.str16(e.vendor_ids[i]);
  w.str32(e.data);
}

event get_event(byte_reader& r) {
  event e;
  for (auto* text : texts_of(e))
    *text = r.str16();
  e.kind = static_cast<providers::webhooks::event_kind>(r.u8());
  e.at_ms = r.i64();
  e.amount = r.i64();
  const auto flags = r.u8();
  e.is_live = (flags & 1U) != 0;
  e.is_total = (flags & 2U) != 0;
  for (auto n = r.u8(); n > 0 && r.ok(); --n)
    e.vendor_ids.emplace_back(r.str16());
  e.data = r.str32();
  return e;
}

tl::unexpected<error> unreadable(const char* what) {
  return fail({error_kind::corrupt, "webhook", std::string(what) + " cannot be read"});
}

} // namespace

std::string receipt::encode() const {
  byte_writer w(512 + body.size());
  w.u8(receipt_version);
  w.str8(vendor);
  put(w, what);
  w.u8(static_cast<std::uint8_t>((is_foreign ? 1U : 0U) | (is_swept ? 2U : 0U)));
  w.i64(received_at);
  const auto count = std::min(headers.size(), headers_max);
  w.u8(static_cast<std::uint8_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    w.str16(headers[i].first);
    w.str16(headers[i].second);
  }
  w.str32(body);
  return w.take();
}

namespace {

result<receipt> read_receipt(std::string_view bytes, bool is_whole) {
  byte_reader r(bytes);
  receipt received;
  const auto version = r.u8();
  received.vendor = r.str8();
  received.what = get_event(r);
  const auto flags = r.u8();
  received.is_foreign = (flags & 1U) != 0;
  received.is_swept = (flags & 2U) != 0;
  received.received_at = r.i64();
  for (auto n = r.u8(); n > 0 && r.ok(); --n) {
    const auto name = r.str16();
    const auto value = r.str16();
    if (is_whole)
      received.headers.emplace_back(name, value);
  }
  const auto body = r.str32();
  if (is_whole)
    received.body = body;
  if (version != receipt_version || !r.done())
    return unreadable("the receipt");
  return received;
}

} // namespace

result<receipt> receipt::decode(std::string_view bytes) {
  return read_receipt(bytes, true);
}

result<receipt> receipt::decode_event(std::string_view bytes) {
  return read_receipt(bytes, false);
}

std::string_view name_of(event_verdict verdict) {
  const auto number = static_cast<std::size_t>(verdict);
  return number < verdict_names.size() ? verdict_names.at(number) : "unknown";
}

std::string concluded::encode() const {
  byte_writer w(64);
  w.u8(concluded_version);
  w.u8(static_cast<std::uint8_t>(verdict));
  w.str16(cut_text(text, text_max));
  return w.take();
}

result<concluded> concluded::decode(std::string_view bytes) {
  byte_reader r(bytes);
  concluded c;
  const auto version = r.u8();
  c.verdict = static_cast<event_verdict>(r.u8());
  c.text = r.str16();
  if (version != concluded_version || !r.done())
    return unreadable("the verdict");
  return c;
}

std::string concluded::answer() const {
  using nlohmann::json;
  return json{{"verdict", name_of(verdict)}, {"text", cut_text(text, text_max)}}.dump(
      -1, ' ', false, json::error_handler_t::replace);
}

concluded concluded::from_answer(std::string_view text) {
  const auto said = nlohmann::json::parse(text, nullptr, false);
  concluded c;
  if (!said.is_object())
    return c;
  const auto verdict = said.value("verdict", std::string());
  for (std::size_t i = 0; i < verdict_names.size(); ++i)
    if (verdict_names.at(i) == verdict)
      c.verdict = static_cast<event_verdict>(i);
  c.text = said.value("text", std::string());
  return c;
}

std::string webhook_match::encode() const {
  byte_writer w(64 + reason.size());
  w.u8(match_version);
  w.str16(order_id);
  w.str16(who);
  w.str16(reason);
  w.i64(at);
  return w.take();
}

result<webhook_match> webhook_match::decode(std::string_view bytes) {
  byte_reader r(bytes);
  webhook_match m;
  const auto version = r.u8();
  m.order_id = r.str16();
  m.who = r.str16();
  m.reason = r.str16();
  m.at = r.i64();
  if (version != match_version || !r.done())
    return unreadable("whose the event is");
  return m;
}

receipt as_matched(receipt received, const webhook_match& whose) {
  received.what.about = {};
  received.what.about.order_id = whose.order_id;
  if (!whose.who.empty())
    received.what.actor = whose.who;
  return received;
}

std::string routed_event::encode() const {
  byte_writer w(384);
  w.u8(routed_version);
  w.str8(webhook);
  w.str8(vendor);
  put(w, what);
  w.u8(concludes ? 1 : 0);
  return w.take();
}

result<routed_event> routed_event::decode(std::string_view bytes) {
  byte_reader r(bytes);
  routed_event routed;
  const auto version = r.u8();
  routed.webhook = r.str8();
  routed.vendor = r.str8();
  routed.what = get_event(r);
  routed.concludes = r.u8() != 0;
  if (version != routed_version || !r.done())
    return unreadable("the event");
  return routed;
}

std::string vendor_key(std::string_view vendor, std::string_view id) {
  std::string key(vendor);
  key += ':';
  if (!id.empty() && id.size() + key.size() <= plain_key_max && is_utf8(id) &&
      !has_control_character(id))
    return key.append(id);
  return key + "sha256:" + hex_of(sha256_of(id));
}

} // namespace orderhub::handlers
