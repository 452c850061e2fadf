#include "providers/mock/shippo/shippo.hpp"
#include "providers/mock/shippo/strictness.hpp"
#include "providers/shippo/rates.hpp"
#include "providers/tables/countries.hpp"

#include <algorithm>
#include <array>

namespace orderhub::providers::mock {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t metadata_size_max = 100;

constexpr std::array address_fields = {"name"sv,     "company"sv,   "street1"sv,       "street2"sv,
                                       "street3"sv,  "street_no"sv, "city"sv,          "state"sv,
                                       "zip"sv,      "country"sv,   "phone"sv,         "email"sv,
                                       "metadata"sv, "validate"sv,  "is_residential"sv};
constexpr std::array track_fields = {"carrier"sv, "tracking_number"sv, "metadata"sv};

/// The first member that is none of these; empty where all are.
template <class Names>
std::string_view unknown_in(const fields& body, const Names& names) {
  for (std::size_t i = 1; i < body.size(); ++i)
    if (std::find(names.begin(), names.end(), body.name(i)) == names.end())
      return body.name(i);
  return {};
}

} // namespace

/// Addresses in the US are checked, others are not. One whose postal code is 00003 is not known.
void shippo::create_address(call& c) {
  const auto& params = shared_.params;
  if (const auto name = unknown_in(params, address_fields); !name.empty())
    return refuse_field(c, name.substr(0, 100), "Unknown field.");
  const auto code = params.get("country");
  const auto* country = tables::find_country(code);
  if (country == nullptr || country->code != code)
    return refuse_field(c, "country", "Invalid value specified for country.");
  if (params.get("metadata").size() > metadata_size_max)
    return refuse_field(c, "metadata", "Ensure this field has no more than 100 characters.");

  c.reply.status = 201;
  auto& out = c.reply.body;
  out.append(R"({"object_id":")");
  shared_.names.append_shippo(out, ids::shippo_kind::address, ++addresses_);
  out.append(R"(","object_created":")");
  append_iso_time(out, c.now);
  out.append(R"(","is_complete":true,"test":true)");
  for (std::size_t i = 1; i < params.size(); ++i) {
    if (params.kind_of(i) != fields::kind::text)
      continue;
    out.push_back(',');
    append_json(out, params.name(i));
    out.push_back(':');
    append_json(out, params.value(i));
  }
  out.append(R"(,"validation_results":)");
  const bool is_refused = c.mode() == fault_effect::refuse;
  if (params.get("validate") != "true" || (code != "US" && !is_refused)) {
    out.append("{}}");
    return;
  }
  if (!is_refused && params.get("zip") != "00003") {
    out.append(R"({"is_valid":true,"messages":[]}})");
    return;
  }
  out.append(R"({"is_valid":false,"messages":[{"source":"Shippo Address Validator","code":)");
  append_json(out, is_refused && !c.hit->code.empty() ? std::string_view(c.hit->code)
                                                      : "Unknown Street"sv);
  out.append(R"(,"type":"address_warning","text":)");
  append_json(out,
              is_refused && !c.hit->text.empty()
                  ? std::string_view(c.hit->text)
                  : "City, State and ZIP Code are valid, but street address is not a match."sv);
  out.append("}]}}");
}

/// Every number is taken, and is where its shipment's magic postal code says: see README.md.
void shippo::create_track(call& c) {
  const auto& params = shared_.params;
  if (const auto name = unknown_in(params, track_fields); !name.empty())
    return refuse_field(c, name.substr(0, 100), "Unknown field.");
  const auto carrier = params.get("carrier");
  const auto number = params.get("tracking_number");
  if (carrier.empty())
    return refuse_field(c, "carrier", "This field is required.");
  if (number.empty())
    return refuse_field(c, "tracking_number", "This field is required.");
  if (c.mode() == fault_effect::refuse ||
      (carrier != "shippo" && !providers::shippo::is_carrier(carrier)))
    return refuse_field(c, "carrier", "This carrier is not supported.");
  if (params.get("metadata").size() > metadata_size_max)
    return refuse_field(c, "metadata", "Ensure this field has no more than 100 characters.");

  std::string_view status = "UNKNOWN";
  for (const auto known : {"PRE_TRANSIT"sv, "TRANSIT"sv, "DELIVERED"sv, "RETURNED"sv, "FAILURE"sv})
    if (carrier == "shippo" && number == "SHIPPO_" + std::string(known))
      status = known;
  // A number of the mock's own is 92 and the label's.
  std::int64_t own = 0;
  if (number.starts_with("92") && read_integer(number.substr(2), own) && own > 0)
    if (const auto* sold = labels_.find(static_cast<std::uint64_t>(own)))
      if (const auto* s = shipments_.find(sold->shipment))
        status = s->track;
  c.reply.status = 201;
  auto& out = c.reply.body;
  out.append(R"({"carrier":)");
  append_json(out, carrier);
  out.append(R"(,"tracking_number":)");
  append_json(out, number);
  out.append(R"(,"metadata":)");
  append_json(out, params.get("metadata"));
  out.append(R"(,"test":true,"messages":[],"tracking_history":[],"tracking_status":)");
  if (status == "UNKNOWN") {
    out.append("null}");
    return;
  }
  out.append(R"({"status":")").append(status);
  out.append(R"(","status_details":"","status_date":")");
  append_iso_time(out, c.now);
  out.append(R"("}})");
}

} // namespace orderhub::providers::mock
