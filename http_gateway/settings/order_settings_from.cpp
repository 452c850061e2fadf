#include "http_gateway/settings/order_settings_from.hpp"

#include "actors/handlers/measure.hpp"
#include "actors/handlers/orders/delivery_check.hpp"
#include "actors/handlers/orders/parcel_request.hpp"
#include "http_gateway/settings/customs_from.hpp"
#include "http_gateway/settings/mail_templates_from.hpp"
#include "providers/github/endpoint.hpp"
#include "providers/shippo/endpoint.hpp"
#include "providers/slack/endpoint.hpp"
#include "providers/tables/countries.hpp"
#include "providers/twilio/endpoint.hpp"
#include "providers/vendors.hpp"

#include <cstdint>
#include <string>
#include <utility>

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
  auto& sender = o.ship_from;
  sender.name = text_of(from, "name");
  sender.company = text_of(from, "company");
  sender.street = first_of("street1", "street");
  sender.street2 = text_of(from, "street2");
  sender.city = text_of(from, "city");
  sender.state = text_of(from, "state");
  sender.zip = first_of("zip", "postcode");
  sender.phone = text_of(from, "phone");
  sender.email = text_of(from, "email");
  if (auto country = text_of(from, "country"); !country.empty())
    sender.country = std::move(country);
  if (auto sound = handlers::check_address(sender, "ORDERHUB_SHIP_FROM "); !sound)
    return sound.failure();
  sender.country = tables::find_country(sender.country)->code;

  const auto parcel = json::parse(s.parcel, nullptr, false);
  if (!parcel.is_object())
    return bad("ORDERHUB_PARCEL", "must be a JSON object");
  for (const auto& [name, value] : {std::pair<const char*, std::string&>("length", o.parcel.length),
                                    {"width", o.parcel.width},
                                    {"height", o.parcel.height},
                                    {"weight", o.parcel.weight}}) {
    const auto measure = handlers::ten_thousandths_of(text_of(parcel, name));
    if (!measure)
      return bad("ORDERHUB_PARCEL", std::string(name) + ' ' + measure.error().message);
    value = handlers::measure_text(*measure);
  }
  o.parcel.distance_unit = handlers::distance_unit_of(text_of(parcel, "distance_unit"));
  o.parcel.mass_unit = handlers::mass_unit_of(text_of(parcel, "mass_unit"));
  if (o.parcel.distance_unit.empty() || o.parcel.mass_unit.empty())
    return bad("ORDERHUB_PARCEL", "needs a distance_unit (cm, in, ft, m, mm, yd) and a mass_unit "
                                  "(g, kg, lb, oz)");

  using providers::slack::announcement;
  const auto slack =
      s.configuration_of(providers::vendor_for(providers::vendor_role::announcement));
  o.mail_from = s.mail_from_or_sample();
  for (const auto& [channel, what] :
       {std::pair<std::string&, announcement>(o.channel_new, announcement::new_order),
        {o.channel_failed, announcement::failed},
        {o.channel_confirmed, announcement::confirmed},
        {o.channel_cancelled, announcement::cancelled},
        {o.channel_refunded, announcement::refunded},
        {o.channel_delivered, announcement::delivered},
        {o.channel_deployment, announcement::deployment}})
    channel = providers::slack::channel_of(slack, what);
  o.mail = vendors.find("sendgrid") != nullptr;
  o.slack = vendors.find("slack") != nullptr;
  o.sms = vendors.find("twilio") != nullptr;
  o.sms_from = providers::twilio::sender_of(
      s.configuration_of(providers::vendor_for(providers::vendor_role::sms)));
  o.public_url = s.public_url;
  if (vendors.find("github") != nullptr)
    o.repository = providers::github::repository_of(
        s.configuration_of(providers::vendor_for(providers::vendor_role::deployment)));
  o.slack_webhook = vendors.find("slack_webhook") != nullptr;
  o.stock = vendors.find("inventory") != nullptr;
  for (const auto& provider : s.custom)
    o.custom.push_back(provider.what);
  auto wishes = providers::shippo::label_wishes_of(
      s.configuration_of(providers::vendor_for(providers::vendor_role::shipping)));
  if (!wishes)
    return wishes.failure();
  o.label_rate = std::move(wishes->rate);
  o.validates_address = wishes->validates_address;
  o.registers_tracking = wishes->registers_tracking;
  auto mails = mail_templates_from(s.mail_templates);
  if (!mails)
    return mails.failure();
  o.mails = std::move(*mails);
  o.warehouse = vendors.find("warehouse") != nullptr;
  o.carrier = vendors.find("carrier") != nullptr;
  o.packed_timeout_ms = s.packed_timeout_ms;
  o.pickup_timeout_ms = s.pickup_timeout_ms;
  const auto& hooks = s.vendors;
  o.payment_events = hooks.has("stripe.webhook_secret");
  o.label_events = hooks.has("shippo.webhook_secret");
  o.sms_events = hooks.has("twilio.auth_token");
  o.mail_events = hooks.has("sendgrid.webhook_public_key");
  o.mail_event_wait_ms = s.mail_event_wait_ms;
  constexpr std::int64_t webhook_sweep_ms = 300'000;
  o.webhook_sweep_ms = s.webhook_sweep_ms >= 0 ? s.webhook_sweep_ms
                       : o.payment_events      ? webhook_sweep_ms
                                               : 0;
  o.webhook_sweep_back_ms = s.webhook_sweep_back_ms;
  // What is swept has to be found by the payment's id, too.
  o.payment_events = o.payment_events || o.webhook_sweep_ms > 0;
  o.parcel_sweep_after_ms = s.parcel_sweep_ms;
  o.parcel_sweep_every_ms = s.parcel_sweep_every_ms;
  o.parcel_sweep_for_ms = s.parcel_sweep_for_ms;
  o.slack_operators = s.slack_operators;
  o.label_timeout_ms = s.label_timeout_ms;
  o.notification_timeout_ms = s.notification_timeout_ms;
  o.call_after_ms = s.call_after_ms;
  o.compensate_on_label_failure = s.compensate_on_label_failure;
  const auto is_live = [&vendors](const char* name) {
    const auto* vendor = vendors.find(name);
    return vendor != nullptr && vendor->mode == "live";
  };
  if (is_live("stripe"))
    o.rules.default_payment_method.clear();

  auto& delivery = o.rules.delivery;
  delivery.from = o.ship_from;
  delivery.parcel = o.parcel;
  if (!s.customs.empty()) {
    auto customs = customs_from(s.customs);
    if (!customs)
      return customs.failure();
    delivery.customs = std::move(*customs);
  } else if (!is_live("stripe") && !is_live("shippo")) {
    delivery.customs = sample_customs(o.ship_from);
  }
  return o;
}

} // namespace orderhub::http_gateway
