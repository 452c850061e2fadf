#include "http_gateway/settings/order_settings_from.hpp"

#include "providers/slack/endpoint.hpp"
#include "providers/vendors.hpp"

#include <string>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using nlohmann::json;

std::string text_of(const json& j, const char* name) {
  auto it = j.find(name);
  if (it == j.end())
    return {};
  if (it->is_string())
    return it->get<std::string>();
  return it->is_number() ? it->dump() : std::string();
}

tl::unexpected<error> bad(const char* setting, const std::string& what) {
  return fail({error_kind::invalid, "settings", std::string(setting) + ' ' + what});
}

} // namespace

result<handlers::order_settings> order_settings_from(const settings& s,
                                                     const providers::registry& vendors) {
  handlers::order_settings o;
  const auto from = json::parse(s.ship_from_or_sample(), nullptr, false);
  if (!from.is_object())
    return bad("ORDERHUB_SHIP_FROM", "must be a JSON object");
  auto first_of = [&](const char* a, const char* b) {
    auto text = text_of(from, a);
    return text.empty() ? text_of(from, b) : text;
  };
  o.ship_from = {text_of(from, "name"),  first_of("street1", "street"), text_of(from, "city"),
                 text_of(from, "state"), first_of("zip", "postcode"),   text_of(from, "country"),
                 text_of(from, "phone"), text_of(from, "email")};
  for (const auto& [name, value] :
       {std::pair<const char*, const std::string&>("name", o.ship_from.name),
        {"street1", o.ship_from.street},
        {"city", o.ship_from.city},
        {"zip", o.ship_from.zip}})
    if (value.empty())
      return bad("ORDERHUB_SHIP_FROM", std::string("lacks \"") + name + '"');
  if (o.ship_from.country.empty())
    o.ship_from.country = "US";

  const auto parcel = json::parse(s.parcel, nullptr, false);
  if (!parcel.is_object())
    return bad("ORDERHUB_PARCEL", "must be a JSON object");
  o.parcel = {text_of(parcel, "length"), text_of(parcel, "width"),
              text_of(parcel, "height"), text_of(parcel, "distance_unit"),
              text_of(parcel, "weight"), text_of(parcel, "mass_unit")};
  for (const auto* value : {&o.parcel.length, &o.parcel.width, &o.parcel.height,
                            &o.parcel.distance_unit, &o.parcel.weight, &o.parcel.mass_unit})
    if (value->empty())
      return bad("ORDERHUB_PARCEL",
                 "needs length, width, height, distance_unit, weight and mass_unit");

  using providers::slack::announcement;
  const auto slack =
      s.configuration_of(providers::vendor_for(providers::vendor_role::announcement));
  o.mail_from = s.mail_from_or_sample();
  o.channel_new = providers::slack::channel_of(slack, announcement::new_order);
  o.channel_failed = providers::slack::channel_of(slack, announcement::failed);
  o.channel_confirmed = providers::slack::channel_of(slack, announcement::confirmed);
  o.mail = vendors.find("sendgrid") != nullptr;
  o.slack = vendors.find("slack") != nullptr;
  o.slack_webhook = vendors.find("slack_webhook") != nullptr;
  o.label_timeout_ms = s.label_timeout_ms;
  o.notification_timeout_ms = s.notification_timeout_ms;
  o.call_after_ms = s.call_after_ms;
  o.compensate_on_label_failure = s.compensate_on_label_failure;
  if (const auto* stripe = vendors.find("stripe"); stripe != nullptr && stripe->mode == "live")
    o.rules.default_payment_method.clear();
  return o;
}

} // namespace orderhub::http_gateway
