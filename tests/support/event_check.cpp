#include "tests/support/event_check.hpp"

#include "actors/handlers/objects.hpp"
#include "tests/support/order_check.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::testing {

using handlers::receipt;
using nlohmann::json;

std::string event_sender::vendor_id(std::string_view kind, const char* member) const {
  const auto ledger = json::parse(world_.mock.ledger_json(), nullptr, false);
  for (const auto& effect : ledger["effects"])
    if (effect["kind"] == kind && effect["order_id"] == "1")
      return effect.value(member, "");
  return {};
}

std::vector<std::string> event_sender::vendor_ids(std::string_view kind) const {
  const auto ledger = json::parse(world_.mock.ledger_json(), nullptr, false);
  std::vector<std::string> ids;
  for (const auto& effect : ledger["effects"])
    if (effect["kind"] == kind && effect["order_id"] == "1")
      ids.push_back(effect.value("id", ""));
  return ids;
}

receipt event_sender::payment(event_kind kind, const std::string& id,
                              const std::string& attempt) const {
  receipt r;
  r.vendor = "stripe";
  auto& e = r.what;
  e.id = id;
  e.type = name_of(kind);
  e.kind = kind;
  e.about = {world_.hub_text(), "1", "charge", attempt};
  e.generation = "1";
  e.vendor_ids = {vendor_id("charge"), vendor_id("charge", "charge")};
  e.amount = 4250;
  e.currency = "usd";
  return r;
}

receipt event_sender::tracking(event_kind kind, const std::string& id) const {
  receipt r;
  r.vendor = "shippo";
  r.what.id = id;
  r.what.type = "track_updated";
  r.what.kind = kind;
  r.what.vendor_ids = {vendor_id("label")};
  return r;
}

receipt event_sender::mail(event_kind kind, const std::string& id, const std::string& step) const {
  receipt r;
  r.vendor = "sendgrid";
  r.what.id = id;
  r.what.type = name_of(kind);
  r.what.kind = kind;
  r.what.about = {world_.hub_text(), "1", step, "1"};
  r.what.generation = "1";
  r.what.vendor_ids = {"message-" + step};
  return r;
}

receipt event_sender::dispute(event_kind kind, const std::string& id) const {
  receipt r;
  r.vendor = "stripe";
  r.what.id = id;
  r.what.type = name_of(kind);
  r.what.kind = kind;
  r.what.vendor_ids = {"dp_1", vendor_id("charge"), vendor_id("charge", "charge")};
  r.what.amount = 4250;
  r.what.currency = "usd";
  return r;
}

object_id event_sender::object_of(const receipt& received) {
  return handlers::webhook_object(handlers::vendor_key(received.vendor, received.what.id));
}

std::size_t event_sender::send(const receipt& received) {
  return world_.record(object_of(received), "Receive", received.encode(), "event");
}

int event_sender::deliver(const receipt& received) {
  return world_.wait_for(send(received)).status;
}

std::string event_sender::became(const receipt& received, const char* member) const {
  return field(world_.read(object_of(received), "Show").body, member);
}

} // namespace orderhub::testing
