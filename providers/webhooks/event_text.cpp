#include "providers/webhooks/event_text.hpp"

#include "providers/webhooks/fields.hpp"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::webhooks {

namespace {

using nlohmann::json;

template <class Event>
auto texts_of(Event& e) {
  return std::array{std::pair("id", &e.id),
                    std::pair("type", &e.type),
                    std::pair("hub", &e.about.hub),
                    std::pair("order_id", &e.about.order_id),
                    std::pair("step", &e.about.step),
                    std::pair("attempt", &e.about.attempt),
                    std::pair("generation", &e.generation),
                    std::pair("key", &e.idempotency_key),
                    std::pair("currency", &e.currency),
                    std::pair("code", &e.code),
                    std::pair("reference", &e.reference),
                    std::pair("action", &e.action),
                    std::pair("actor", &e.actor),
                    std::pair("data", &e.data)};
}

/// What an event does not say is left out.
json json_of(const event& e) {
  json object = {{"kind", name_of(e.kind)}, {"live", e.is_live}};
  for (const auto& [name, text] : texts_of(e))
    if (!text->empty())
      object[name] = *text;
  if (e.at_ms != 0)
    object["at"] = e.at_ms;
  if (e.amount != -1)
    object["amount"] = e.amount;
  if (e.is_total)
    object["total"] = true;
  if (!e.vendor_ids.empty())
    object["ids"] = e.vendor_ids;
  return object;
}

tl::unexpected<error> not_readable() {
  return fail({error_kind::corrupt, "webhooks.event", "the event cannot be read"});
}

result<event> event_of(const json& object) {
  event e;
  for (const auto& [name, text] : texts_of(e))
    *text = text_of(object, name);
  const auto kind = event_kind_named(text_of(object, "kind"));
  const json* live = member(object, "live");
  if (!kind || e.id.empty() || !live || !live->is_boolean())
    return not_readable();
  e.kind = *kind;
  e.is_live = live->get<bool>();
  e.at_ms = integer_of(object, "at").value_or(0);
  e.amount = integer_of(object, "amount").value_or(-1);
  e.is_total = member(object, "total") != nullptr;
  if (const json* ids = member(object, "ids"); ids && ids->is_array())
    for (const json& id : *ids)
      if (id.is_string())
        add_vendor_id(e, id.get_ref<const std::string&>());
  return e;
}

} // namespace

std::string event_text(const event& one) {
  return dump(json_of(one));
}

std::string events_text(const std::vector<event>& events) {
  json list = json::array();
  for (const auto& e : events)
    list.push_back(json_of(e));
  return dump(list);
}

result<event> read_event(std::string_view text) {
  return event_of(json::parse(text, nullptr, false));
}

result<std::vector<event>> read_events(std::string_view text) {
  const auto list = json::parse(text, nullptr, false);
  if (!list.is_array())
    return not_readable();
  std::vector<event> events;
  for (const json& object : list) {
    auto e = event_of(object);
    if (!e)
      return e.failure();
    events.push_back(std::move(*e));
  }
  return events;
}

} // namespace orderhub::providers::webhooks
