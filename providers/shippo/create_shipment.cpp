#include "providers/shippo/create_shipment.hpp"

#include "providers/policy/refusal.hpp"
#include "providers/shippo/messages.hpp"

#include <initializer_list>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo {

namespace {

using nlohmann::json;
constexpr std::string_view where = "shippo.create_shipment";

/// Without the empty ones.
json texts(std::initializer_list<std::pair<const char*, const std::string&>> members) {
  json object = json::object();
  for (const auto& [name, value] : members)
    if (!value.empty())
      object[name] = value;
  return object;
}

json address_json(const address& a) {
  return texts({{"name", a.name},
                {"company", a.company},
                {"street1", a.street1},
                {"street2", a.street2},
                {"city", a.city},
                {"state", a.state},
                {"zip", a.zip},
                {"country", a.country},
                {"phone", a.phone},
                {"email", a.email}});
}

json item_json(const customs_item& item) {
  auto object = texts({{"description", item.description},
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
  auto object = texts({{"certify_signer", d.certify_signer},
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

/// A shipment tells the metadata that it was made with.
bool is_about(const sent_request& sent, const http_response& response) {
  const auto object = pick<json>(response.body, {"metadata"});
  const std::string ours =
      wire::digest_in(text_of(json::parse(sent.request.body, nullptr, false), "metadata"));
  const std::string theirs = object ? wire::digest_in(text_of(*object, "metadata")) : std::string();
  return theirs.empty() || theirs == ours;
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

/// A decimal text in millionths; nothing where it is none, negative, or too long to compare.
std::optional<std::int64_t> millionths_of(std::string_view text) {
  std::int64_t value = 0;
  std::size_t whole = 0;
  std::size_t fraction = 0;
  bool in_fraction = false;
  for (const char c : text) {
    if (c == '.' && !in_fraction) {
      in_fraction = true;
    } else if (c >= '0' && c <= '9') {
      if (in_fraction ? fraction == 6 : whole == 12)
        return std::nullopt;
      ++(in_fraction ? fraction : whole);
      value = value * 10 + (c - '0');
    } else {
      return std::nullopt;
    }
  }
  if (whole == 0)
    return std::nullopt;
  for (; fraction < 6; ++fraction)
    value *= 10;
  return value;
}

} // namespace

const rate* cheapest(const std::vector<rate>& rates) {
  const rate* best = nullptr;
  std::int64_t best_amount = 0;
  for (const rate& offer : rates) {
    const auto amount = millionths_of(offer.amount);
    if (!amount || (best && (offer.currency != best->currency || *amount >= best_amount)))
      continue;
    best = &offer;
    best_amount = *amount;
  }
  return best;
}

std::string shipment_outcome::encode() const {
  json list = json::array();
  for (const rate& offer : rates)
    list.push_back({{"id", offer.id},
                    {"amount", offer.amount},
                    {"currency", offer.currency},
                    {"provider", offer.provider},
                    {"service", offer.service}});
  return dump(json{{"shipment_id", shipment_id}, {"rates", std::move(list)}});
}

result<shipment_outcome> shipment_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  const json* list = member(object, "rates");
  shipment_outcome outcome{text_of(object, "shipment_id"), {}};
  if (outcome.shipment_id.empty() || !list || !list->is_array())
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  for (const json& entry : *list)
    outcome.rates.push_back({text_of(entry, "id"), text_of(entry, "amount"),
                             text_of(entry, "currency"), text_of(entry, "provider"),
                             text_of(entry, "service")});
  return outcome;
}

operation<shipment_outcome> create_shipment(const shipment_request& request) {
  const parcel& p = request.parcel;
  json body = {{"address_from", address_json(request.from)},
               {"address_to", address_json(request.to)},
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
  raw.parse = &parse;
  raw.is_about = &is_about;
  raw.regenerate = &wire::regenerate;
  return {std::move(raw)};
}

} // namespace orderhub::providers::shippo
