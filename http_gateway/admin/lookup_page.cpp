// Whose is an id that stands on a ticket?
#include "actors/handlers/deployments/deployment_service.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order_listing.hpp"
#include "actors/handlers/shipments/parcel.hpp"
#include "actors/handlers/webhooks/receipt.hpp"
#include "actors/handlers/webhooks/vendor_id.hpp"
#include "actors/host/vendor_switch.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/orders_filter.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "http_gateway/ingress/normal_form.hpp"
#include "providers/webhooks/vendors.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;

void add(json& list, std::string_view kind, const std::string& key, std::string_view vendor,
         std::string_view matched) {
  list.push_back(
      {{"kind", kind}, {"key", key}, {"vendor", text_or_null<json>(vendor)}, {"matched", matched}});
}

/// Objects that have their order's key.
constexpr std::array<std::string_view, 5> order_services = {
    handlers::order_service_name, handlers::shipment_service_name,
    handlers::notification_service_name, handlers::custom_service_name,
    handlers::parcel_service_name};

/// Nothing is known of what is blank; what is set aside is there all the same.
bool is_known(const result<journal::object_state>& state) {
  return state ? !state->blank() : state.error().kind == error_kind::corrupt;
}

void add_objects(json& list, const std::string& q, const admin_sources& from) {
  for (const auto& [kind, id] :
       {std::pair("order", handlers::order_object(q)),
        std::pair("shipment", handlers::shipment_object(q)),
        std::pair("fulfilment", handlers::fulfilment_object(q)),
        std::pair("deployment", object_id{handlers::deployment_service_name, q})})
    if (is_known(from.hub.object(id)))
      add(list, kind, q, {}, "key");
}

void add_invocation(json& list, const std::string& q, const admin_sources& from) {
  const auto id = invocation_id::parse(q);
  if (!id)
    return;
  const auto row = from.hub.invocation(*id);
  if (!row || !*row)
    return;
  const auto& object = (*row)->object;
  const bool is_an_orders = std::find(order_services.begin(), order_services.end(),
                                      object.service) != order_services.end();
  add(list, is_an_orders ? "order" : "object", is_an_orders ? object.key : object.text(), {},
      "invocation");
}

bool is_there(const json& list, const std::string& key) {
  return std::any_of(list.begin(), list.end(),
                     [&](const auto& m) { return m["kind"] == "order" && m["key"] == key; });
}

/// Ids that the order itself knows, whoever told it of them.
void add_bearers(json& list, const std::string& q, const admin_sources& from) {
  constexpr std::size_t most = 20;
  const auto objects = from.hub.bearing(handlers::key_of_id(q), most);
  if (objects)
    for (const auto& o : *objects)
      if (!is_there(list, o.object.key))
        add(list, "order", o.object.key, {}, "vendor_id");
}

/// Events and ids of vendors, as far as the hub keeps them.
void add_vendors(json& list, const std::string& q, const admin_sources& from) {
  for (const auto& source : providers::webhooks::sources()) {
    const auto vendor = std::string_view(source.vendor);
    if (const auto named = from.hub.object(handlers::vendor_id_object(vendor, q)); named)
      if (const auto* recorded = named->value("name"))
        if (const auto of = handlers::vendor_name::decode(*recorded))
          add(list, "order", of->order_id, vendor, "vendor_id");
    const auto event = from.hub.object(handlers::webhook_object(handlers::vendor_key(vendor, q)));
    if (!event || event->value("received") == nullptr)
      continue;
    const auto received = handlers::receipt::decode(*event->value("received"));
    if (!received)
      continue;
    if (received->what.about.order_id.empty())
      add(list, "webhook", event->id.key, vendor, "event");
    else
      add(list, "order", received->what.about.order_id, vendor, "event");
  }
}

/// The order of an object that has its order's key; else the object.
void add_object(json& list, const object_id& object, std::string_view vendor) {
  const bool is_an_orders = std::find(order_services.begin(), order_services.end(),
                                      object.service) != order_services.end();
  add(list, is_an_orders ? "order" : "object", is_an_orders ? object.key : object.text(), vendor,
      "vendor_request_id");
}

/// A vendor's own id of a call: among the newest calls in memory, then among the newest rows that
/// have ended. False: older ones were not looked at.
bool add_answered(json& list, const std::string& q, const admin_sources& from) {
  if (from.vendors != nullptr)
    for (const auto& vendor : from.hub.vendors())
      for (const auto& call : from.vendors->calls_of(vendor.vendor)) {
        if (call.request_id != q)
          continue;
        const auto slash = call.object.find('/');
        if (slash == std::string::npos)
          continue;
        add_object(list, {call.object.substr(0, slash), call.object.substr(slash + 1)},
                   vendor.vendor);
        return true;
      }
  const auto answered = from.hub.answered_as(q);
  if (!answered)
    return false;
  if (answered->found)
    add_object(list, answered->found->object, {});
  return answered->found || answered->is_whole;
}

} // namespace

admin_answer lookup_page(const admin_call& call, const admin_sources& from) {
  std::string q(call.value("q"));
  make_normal(q);
  if (auto problem = personal_data_in("q", q))
    return std::move(*problem);
  json list = json::array();
  bool is_whole = true;
  if (handlers::may_be_key(q)) {
    add_objects(list, q, from);
    add_invocation(list, q, from);
    add_vendors(list, q, from);
    add_bearers(list, q, from);
    if (list.empty())
      is_whole = add_answered(list, q, from);
  }
  return page_of(json{{"q", q}, {"matches", std::move(list)}, {"complete", is_whole}});
}

} // namespace orderhub::http_gateway
