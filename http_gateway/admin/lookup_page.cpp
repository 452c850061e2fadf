// Whose is an id that stands on a ticket?
#include "actors/handlers/deployments/deployment_service.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order_listing.hpp"
#include "actors/handlers/webhooks/conclusion.hpp"
#include "actors/handlers/webhooks/event_routes.hpp"
#include "actors/handlers/webhooks/receipt.hpp"
#include "actors/handlers/webhooks/vendor_id.hpp"
#include "actors/host/vendor_switch.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/orders_filter.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "http_gateway/ingress/normal_form.hpp"
#include "journal/answer_index.hpp"
#include "providers/slack/message_id.hpp"
#include "providers/webhooks/vendors.hpp"

#include <algorithm>
#include <optional>
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

/// Nothing is known of what is blank; what is set aside is there all the same.
bool is_known(const result<journal::object_state>& state) {
  return state ? !state->blank() : state.error().kind == error_kind::corrupt;
}

/// What there is of a key, as its page shows it: an order before what works for one. Nothing: no
/// page shows anything.
std::optional<std::string_view> kind_of(const std::string& key, const admin_sources& from) {
  const auto order = from.hub.object(handlers::order_object(key));
  if (!order ? order.error().kind == error_kind::corrupt
             : order->value("facts") != nullptr || !order->live.empty() || order->purged)
    return "order";
  // An order that this hub does not know may have a fulfilment.
  for (const auto& [kind, id] :
       {std::pair("fulfilment", handlers::fulfilment_object(key)),
        std::pair("deployment", object_id{handlers::deployment_service_name, key}),
        std::pair("shipment", handlers::shipment_object(key)),
        std::pair("order", handlers::notification_object(key)),
        std::pair("order", handlers::custom_object(key)),
        std::pair("fulfilment", handlers::order_object(key))})
    if (is_known(from.hub.object(id)))
      return kind;
  return std::nullopt;
}

/// Once each, by what it was found first.
void add_once(json& list, std::string_view kind, const std::string& key, std::string_view vendor,
              std::string_view matched) {
  if (std::none_of(list.begin(), list.end(),
                   [&](const auto& m) { return m["kind"] == kind && m["key"] == key; }))
    add(list, kind, key, vendor, matched);
}

void add_objects(json& list, const std::string& q, const admin_sources& from) {
  if (kind_of(q, from) == "order")
    add(list, "order", q, {}, "key");
  for (const auto& [kind, id] :
       {std::pair("shipment", handlers::shipment_object(q)),
        std::pair("fulfilment", handlers::fulfilment_object(q)),
        std::pair("deployment", object_id{handlers::deployment_service_name, q})})
    if (is_known(from.hub.object(id)))
      add(list, kind, q, {}, "key");
}

/// By the page that shows it: of what works for an order, the order's.
void add_object(json& list, const object_id& object, std::string_view vendor,
                std::string_view matched, const admin_sources& from) {
  for (const auto& [kind, service] : {std::pair("webhook", handlers::webhook_service_name),
                                      std::pair("fulfilment", handlers::fulfilment_service_name),
                                      std::pair("deployment", handlers::deployment_service_name)})
    if (object.service == service)
      return add_once(list, kind, object.key, vendor, matched);
  const auto of_key = handlers::objects_of_key(object.key);
  if (std::find(of_key.begin(), of_key.end(), object) != of_key.end())
    add_once(list, kind_of(object.key, from).value_or("order"), object.key, vendor, matched);
  else
    add_once(list, "object", object.text(), vendor, matched);
}

/// An invocation, or a promise that one has given out.
void add_invocation(json& list, const std::string& q, const admin_sources& from) {
  const auto awakeable = awakeable_id::parse(q);
  const auto id = awakeable ? std::optional(awakeable->invocation) : invocation_id::parse(q);
  if (!id)
    return;
  const auto row = from.hub.invocation(*id);
  if (row && *row)
    add_object(list, (*row)->object, {}, awakeable ? "awakeable" : "invocation", from);
}

/// Ids that an order itself knows, whoever told it of them; then those of what is no order.
void add_bearers(json& list, const std::string& q, const admin_sources& from) {
  constexpr std::size_t most = 20;
  for (const auto& text : {handlers::key_of_id(q), handlers::key_of_other_id(q)})
    if (const auto objects = from.hub.bearing(text, most))
      for (const auto& o : *objects)
        add_object(list, o.object, {}, "vendor_id", from);
}

/// An event by its own id: whose it is, where there is such a thing, else itself.
void add_event(json& list, const std::string& key, std::string_view vendor,
               const admin_sources& from) {
  const auto event = from.hub.object(handlers::webhook_object(key));
  if (!event || event->value("received") == nullptr)
    return;
  const auto received = handlers::receipt::decode_event(*event->value("received"));
  if (!received)
    return;
  const auto match = handlers::match_of(*event);
  const auto& whose = match ? match->order_id : received->what.about.order_id;
  const auto told = handlers::route_of(received->what.kind, whose);
  const bool is_deployed = told && told->service == handlers::deployment_service_name;
  const auto kind = is_deployed                   ? is_known(from.hub.object(*told))
                                                        ? std::optional<std::string_view>("deployment")
                                                        : std::nullopt
                    : handlers::may_be_key(whose) ? kind_of(whose, from)
                                                  : std::nullopt;
  if (kind)
    add_once(list, *kind, whose, vendor, "event");
  else
    add_once(list, "webhook", event->id.key, vendor, "event");
}

/// Events and ids of vendors, as far as the hub keeps them.
void add_vendors(json& list, const std::string& q, const admin_sources& from) {
  for (const auto& source : providers::webhooks::sources()) {
    const auto vendor = std::string_view(source.vendor);
    if (const auto named = from.hub.object(handlers::vendor_id_object(vendor, q)); named)
      if (const auto* recorded = named->value("name"))
        if (const auto of = handlers::vendor_name::decode(*recorded))
          add_once(list, kind_of(of->order_id, from).value_or("order"), of->order_id, vendor,
                   "vendor_id");
    add_event(list, handlers::vendor_key(vendor, q), vendor, from);
  }
  // As the webhooks' pages write it: `stripe:evt_1`.
  if (const auto colon = q.find(':'); colon != std::string::npos)
    add_event(list, q, std::string_view(q).substr(0, colon), from);
}

/// A vendor's own id of a call, or of what one made that no order knows: among the newest calls in
/// memory, then among what is kept. False: not all of it was looked at.
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
                   vendor.vendor, "vendor_request_id", from);
        return true;
      }
  constexpr std::size_t most = 20;
  const auto answered = from.hub.answered_as(q, most);
  if (!answered)
    return false;
  bool is_a_calls = false; // It is given once.
  for (const auto& row : answered->found) {
    is_a_calls = journal::has_answer(row.invocation, q, nullptr);
    add_object(list, row.object, {}, is_a_calls ? "vendor_request_id" : "vendor_id", from);
  }
  return is_a_calls || answered->is_whole;
}

/// SendGrid's answer has the first part of what its events call the message:
/// `14c5d75ce93.filter0001.16648.5515E0B88.0`.
std::string message_part(const std::string& q) {
  return q.substr(0, q.find(".filter"));
}

} // namespace

admin_answer lookup_page(const admin_call& call, const admin_sources& from) {
  std::string q(call.value("q"));
  make_normal(q);
  const auto id = providers::slack::message_id_of(q);
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
      is_whole = add_answered(list, message_part(id), from);
  }
  return page_of(json{{"q", q}, {"matches", std::move(list)}, {"complete", is_whole}});
}

} // namespace orderhub::http_gateway
