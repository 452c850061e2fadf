#include "actors/handlers/custom/custom_call.hpp"

#include "journal/base/bytes.hpp"
#include "providers/tables/currencies.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

constexpr std::uint8_t event_version = 1;
constexpr std::uint8_t call_version = 1;

std::string items_json(const order& placed) {
  auto list = nlohmann::json::array();
  for (const auto& item : placed.items)
    list.push_back(
        {{"product_id", item.product_id}, {"quantity", item.quantity}, {"price", item.price}});
  return list.dump();
}

/// `42.00`, without its currency.
std::string amount_text(const money& amount) {
  const auto shown = tables::shown(amount);
  return shown.substr(0, shown.find(' '));
}

} // namespace

std::string hook_event::encode() const {
  byte_writer w(96);
  w.u8(event_version);
  w.u8(static_cast<std::uint8_t>(what));
  w.u32(attempt);
  w.str16(label_id);
  w.str16(tracking_number);
  return w.take();
}

result<hook_event> hook_event::decode(std::string_view bytes) {
  byte_reader r(bytes);
  hook_event e;
  const auto version = r.u8();
  e.what = static_cast<providers::custom::hook>(r.u8());
  e.attempt = r.u32();
  e.label_id = r.str16();
  e.tracking_number = r.str16();
  if (version != event_version || !r.done())
    return fail({error_kind::corrupt, "custom", "the event cannot be read"});
  return e;
}

std::string custom_call::step() const {
  auto name = "custom_" + provider + '_' + std::string(name_of(after));
  if (attempt > 1)
    name += '_' + std::to_string(attempt);
  return name;
}

std::string custom_call::encode() const {
  byte_writer w(512);
  w.u8(call_version);
  w.str8(provider);
  w.u8(static_cast<std::uint8_t>(after));
  w.u32(attempt);
  w.u16(static_cast<std::uint16_t>(with.size()));
  for (const auto& [name, value] : with) {
    w.str8(name);
    w.str32(value);
  }
  return w.take();
}

result<custom_call> custom_call::decode(std::string_view bytes) {
  byte_reader r(bytes);
  custom_call c;
  const auto version = r.u8();
  c.provider = r.str8();
  c.after = static_cast<providers::custom::hook>(r.u8());
  c.attempt = r.u32();
  for (auto n = r.u16(); n > 0 && r.ok(); --n) {
    auto name = std::string(r.str8());
    c.with.insert_or_assign(std::move(name), std::string(r.str32()));
  }
  if (version != call_version || !r.done())
    return fail({error_kind::corrupt, "custom", "the call cannot be read"});
  return c;
}

providers::custom::values values_of(const std::string& order_id, const order& placed,
                                    const order_facts& facts, const hook_event& event) {
  const auto& to = placed.shipping;
  const auto* payment = facts.last_payment();
  const auto or_else = [](const std::string& text, const std::string& other) {
    return text.empty() ? other : text;
  };
  return {{"order_id", order_id},
          {"event", std::string(name_of(event.what))},
          {"attempt", std::to_string(event.attempt)},
          {"email", placed.customer_email},
          {"name", placed.customer_name},
          {"phone", placed.customer_phone},
          {"ship_name", or_else(to.name, placed.customer_name)},
          {"street", to.street},
          {"street2", to.street2},
          {"company", to.company},
          {"city", to.city},
          {"state", to.state},
          {"zip", to.zip},
          {"country", to.country},
          {"total", amount_text(placed.total)},
          {"total_minor", std::to_string(placed.total.minor_units)},
          {"currency", placed.total.currency},
          {"items", items_json(placed)},
          {"payment_id", payment != nullptr ? payment->intent_id : std::string()},
          {"charge_id", payment != nullptr ? payment->charge_id : std::string()},
          {"label_id", or_else(event.label_id, facts.label_id)},
          {"tracking_number", or_else(event.tracking_number, facts.tracking_number)}};
}

} // namespace orderhub::handlers
