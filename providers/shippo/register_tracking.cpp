#include "providers/shippo/register_tracking.hpp"

#include "journal/base/text.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo {

namespace {

using nlohmann::json;
constexpr std::string_view where = "shippo.register_tracking";

constexpr std::array<std::string_view, 6> statuses = {"UNKNOWN",   "PRE_TRANSIT", "TRANSIT",
                                                      "DELIVERED", "RETURNED",    "FAILURE"};

result<std::string> parse(const http_response& response) {
  if (response.status != 200 && response.status != 201)
    return fail(wire::classify_write(response, where));
  const auto object = pick<json>(response.body, {"tracking_number", "tracking_status"});
  if (!object || text_of(*object, "tracking_number").empty())
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  const json* now = member(*object, "tracking_status");
  if (!now || !(now->is_null() || (now->is_object() && member(*now, "status"))))
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  const auto status = now->is_object() ? text_of(*now, "status") : std::string();
  const bool is_known = std::find(statuses.begin(), statuses.end(), status) != statuses.end();
  return tracking_outcome{is_known ? status : std::string()}.encode();
}

/// Of several parcels only the number tells one from another.
bool is_about(const sent_request& sent, const http_response& response) {
  const auto ours = json::parse(sent.request.body, nullptr, false);
  const auto object = pick<json>(response.body, {"carrier", "tracking_number"});
  return object && text_of(*object, "tracking_number") == text_of(ours, "tracking_number") &&
         equal_ignoring_case(text_of(*object, "carrier"), text_of(ours, "carrier"));
}

} // namespace

std::string tracking_outcome::encode() const {
  return dump(json{{"status", status}});
}

result<tracking_outcome> tracking_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  if (!member(object, "status"))
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return tracking_outcome{text_of(object, "status")};
}

operation<tracking_outcome> register_tracking(const tracking_request& request) {
  const json body = {{"carrier", request.carrier},
                     {"tracking_number", request.tracking_number},
                     {"metadata", wire::metadata(request.ref)}};
  raw_operation raw;
  raw.name = where;
  raw.vendor = "shippo";
  raw.call_class = "write";
  raw.ref = request.ref;
  raw.request = wire::post("/tracks", dump(body));
  raw.deadline_ms = 30'000;
  raw.retry.give_up_after_ms = std::int64_t{6} * 3'600'000;
  raw.doubt = doubt_policy::may_repeat;
  raw.parse = &parse;
  raw.is_about = &is_about;
  raw.regenerate = &wire::regenerate;
  return {std::move(raw)};
}

} // namespace orderhub::providers::shippo
