#include "providers/shippo/create_shipment.hpp"

#include "providers/policy/refusal.hpp"
#include "providers/shippo/address_json.hpp"
#include "providers/shippo/messages.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo {

namespace {

using nlohmann::json;
constexpr std::string_view where = "shippo.create_shipment";

json item_json(const customs_item& item) {
  auto object = wire::texts<json>({{"description", item.description},
                                   {"net_weight", item.net_weight},
                                   {"mass_unit", item.mass_unit},
                                   {"value_amount", item.value_amount},
                                   {"value_currency", item.value_currency},
                                   {"origin_country", item.origin_country},
                                   {"hs_code", item.hs_code},
                                   {"sku_code", item.sku_code}});
  object["quantity"] = item.quantity;
  return object;
}

json declaration_json(const customs_declaration& d) {
  auto object = wire::texts<json>({{"certify_signer", d.certify_signer},
                                   {"contents_type", d.contents_type},
                                   {"contents_explanation", d.contents_explanation},
                                   {"non_delivery_option", d.non_delivery_option},
                                   {"incoterm", d.incoterm},
                                   {"eel_pfc", d.eel_pfc},
                                   {"aes_itn", d.aes_itn}});
  object["certify"] = true;
  object["items"] = json::array();
  for (const auto& item : d.items)
    object["items"].push_back(item_json(item));
  return object;
}

/// Shippo writes decimals as texts; a number is one all the same.
std::string decimal_of(const json& entry, std::string_view name) {
  const json* value = member(entry, name);
  return value && value->is_number() ? dump(*value) : text_of(entry, name);
}

/// "Estimated transit time (duration) in days", a number; null where the carrier says none.
std::int64_t days_of(const json& entry) {
  constexpr double most = 1'000;
  const json* days = member(entry, "estimated_days");
  const bool is_sound =
      days && days->is_number() && days->get<double>() >= 0 && days->get<double>() <= most;
  return is_sound ? static_cast<std::int64_t>(days->get<double>()) : -1;
}

bool is_fastest(const json& entry) {
  const json* attributes = member(entry, "attributes");
  return attributes && attributes->is_array() &&
         std::find(attributes->begin(), attributes->end(), json("FASTEST")) != attributes->end();
}

result<std::string> parse(const http_response& response) {
  if (response.status == 404) // It names no object of Shippo's that could be missing.
    return fail(refusal(error_kind::misconfigured, where, "404", response));
  if (response.status != 200 && response.status != 201)
    return fail(wire::classify_write(response, where));
  const auto object = pick<json>(response.body, {"object_id", "status", "rates", "messages"});
  const json* rates = object ? member(*object, "rates") : nullptr;
  shipment_outcome outcome;
  if (object)
    outcome.shipment_id = text_of(*object, "object_id");
  if (!rates || !rates->is_array() || outcome.shipment_id.empty())
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  for (const json& entry : *rates) {
    const json* level = member(entry, "servicelevel");
    rate offer{text_of(entry, "object_id"), decimal_of(entry, "amount"), text_of(entry, "currency"),
               text_of(entry, "provider"), level ? text_of(*level, "token") : std::string()};
    if (level && offer.service.empty())
      offer.service = text_of(*level, "name");
    offer.days = days_of(entry);
    offer.is_fastest = is_fastest(entry);
    if (!offer.id.empty() && !offer.amount.empty() && !offer.currency.empty())
      outcome.rates.push_back(std::move(offer));
  }
  if (!outcome.rates.empty())
    return outcome.encode();
  if (!rates->empty()) // None of them is a rate.
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  const std::string status = text_of(*object, "status");
  const wire::messages said = wire::read_messages(*object);
  if (said.carrier_silent || status == "QUEUED" || status == "WAITING")
    return fail(refusal(error_kind::unavailable, where, "no rates yet", response));
  return fail({error_kind::rejected, std::string(where),
               said.text.empty() ? "no rates" : "no rates: " + said.text});
}

} // namespace

std::string shipment_outcome::encode() const {
  json list = json::array();
  for (const rate& offer : rates)
    list.push_back({{"id", offer.id},
                    {"amount", offer.amount},
                    {"currency", offer.currency},
                    {"provider", offer.provider},
                    {"service", offer.service},
                    {"days", offer.days},
                    {"fastest", offer.is_fastest}});
  return dump(json{{"shipment_id", shipment_id}, {"rates", std::move(list)}});
}

result<shipment_outcome> shipment_outcome::decode(std::string_view text) {
  const auto object = pick<json>(text, {"shipment_id", "rates"}).value_or(json());
  const json* list = member(object, "rates");
  shipment_outcome outcome{text_of(object, "shipment_id"), {}};
  if (outcome.shipment_id.empty() || !list || !list->is_array())
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  for (const json& entry : *list) {
    const json* days = member(entry, "days");
    const json* fastest = member(entry, "fastest");
    outcome.rates.push_back({text_of(entry, "id"), text_of(entry, "amount"),
                             text_of(entry, "currency"), text_of(entry, "provider"),
                             text_of(entry, "service"),
                             days && days->is_number_integer() ? days->get<std::int64_t>() : -1,
                             fastest && fastest->is_boolean() && fastest->get<bool>()});
  }
  return outcome;
}

operation<shipment_outcome> create_shipment(const shipment_request& request) {
  const parcel& p = request.parcel;
  json body = {{"address_from", wire::address_json<json>(request.from)},
               {"address_to", wire::address_json<json>(request.to)},
               {"parcels", json::array({json{{"length", p.length},
                                             {"width", p.width},
                                             {"height", p.height},
                                             {"distance_unit", p.distance_unit},
                                             {"weight", p.weight},
                                             {"mass_unit", p.mass_unit}}})},
               {"async", false},
               {"metadata", wire::metadata(request.ref)}};
  if (!request.customs.items.empty())
    body["customs_declaration"] = declaration_json(request.customs);
  raw_operation raw;
  raw.name = where;
  raw.vendor = "shippo";
  raw.call_class = "write";
  raw.ref = request.ref;
  raw.request = wire::post("/shipments", dump(body));
  raw.deadline_ms = 30'000; // Carriers are asked for rates while it waits.
  raw.doubt = doubt_policy::may_repeat;
  raw.has_effect = false;
  raw.early = true;
  raw.parse = &parse;
  raw.is_about = &wire::is_about_step;
  raw.regenerate = &wire::regenerate;
  return {std::move(raw)};
}

} // namespace orderhub::providers::shippo
