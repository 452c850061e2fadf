#include "actors/handlers/webhooks/vendor_id.hpp"

#include "actors/handlers/objects.hpp"
#include "actors/handlers/webhooks/receipt.hpp"
#include "journal/base/bytes.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace orderhub::handlers {

namespace {

using durable::event_outcome;
using journal::object_state;

constexpr std::uint8_t name_version = 1;
constexpr std::uint8_t kept_version = 1;
/// Webhooks that wait for one id; further ones are dead letters at once.
constexpr std::size_t kept_max = 100;

std::string encode(const std::vector<std::string>& keys) {
  byte_writer w(64);
  w.u8(kept_version);
  w.u8(static_cast<std::uint8_t>(keys.size()));
  for (const auto& key : keys)
    w.str8(key);
  return w.take();
}

/// Keys of webhooks that asked; what cannot be read is none.
std::vector<std::string> kept_by(const object_state& state) {
  std::vector<std::string> keys;
  const auto* recorded = state.value("kept");
  if (recorded == nullptr)
    return keys;
  byte_reader r(*recorded);
  if (r.u8() != kept_version)
    return keys;
  for (auto n = r.u8(); n > 0 && r.ok(); --n)
    keys.emplace_back(r.str8());
  return keys;
}

result<event_outcome> name(const object_state& state, std::string_view body) {
  event_outcome outcome;
  outcome.name = "named";
  if (state.value("name") != nullptr)
    return outcome; // The first one counts: a vendor gives an id once.
  outcome.merges.emplace_back("name", std::string(body));
  for (const auto& key : kept_by(state))
    outcome.sends.push_back({webhook_object(key), "Match", std::string(body)});
  if (state.value("kept") != nullptr)
    outcome.clears.emplace_back("kept");
  return outcome;
}

result<event_outcome> ask(const object_state& state, std::string_view body) {
  event_outcome outcome;
  outcome.name = "asked";
  const std::string webhook(body);
  if (const auto* known = state.value("name")) {
    outcome.sends.push_back({webhook_object(webhook), "Match", *known});
    return outcome;
  }
  auto kept = kept_by(state);
  if (kept.size() < kept_max && std::find(kept.begin(), kept.end(), webhook) == kept.end()) {
    kept.push_back(webhook);
    outcome.merges.emplace_back("kept", encode(kept));
  }
  return outcome;
}

result<event_outcome> forget(const object_state& state, std::string_view body) {
  event_outcome outcome;
  outcome.name = "forgotten";
  auto kept = kept_by(state);
  if (std::erase(kept, std::string(body)) == 0)
    return outcome;
  if (kept.empty())
    outcome.clears.emplace_back("kept");
  else
    outcome.merges.emplace_back("kept", encode(kept));
  return outcome;
}

} // namespace

std::string vendor_name::encode() const {
  byte_writer w(64);
  w.u8(name_version);
  for (const auto* text : {&order_id, &step, &attempt})
    w.str8(*text);
  return w.take();
}

result<vendor_name> vendor_name::decode(std::string_view bytes) {
  byte_reader r(bytes);
  vendor_name n;
  const auto version = r.u8();
  for (auto* text : {&n.order_id, &n.step, &n.attempt})
    *text = r.str8();
  if (version != name_version || !r.done())
    return fail({error_kind::corrupt, "vendor_id", "the name cannot be read"});
  return n;
}

object_id vendor_id_object(std::string_view vendor, std::string_view id) {
  return {vendor_id_service_name, vendor_key(vendor, id)};
}

durable::service_definition vendor_id_service() {
  durable::service_definition service;
  const auto add = [&](const char* handler, auto event) {
    durable::handler_definition h;
    h.mode = durable::handler_mode::event;
    h.internal = true;
    h.event = event;
    service.handlers.emplace(handler, std::move(h));
  };
  add("Name", &name);
  add("Ask", &ask);
  add("Forget", &forget);
  return service;
}

void name_id(durable::context ctx, std::string_view vendor, const std::string& id,
             const vendor_name& of) {
  if (!id.empty())
    ctx.send(vendor_id_object(vendor, id), "Name", of.encode());
}

} // namespace orderhub::handlers
