// Where the mock Shippo's parcels are: told by webhooks, and answered to whoever asks.
#include "providers/mock/shippo/shippo.hpp"
#include "providers/shippo/rates.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace orderhub::providers::mock {

namespace {

using namespace std::string_view_literals;

constexpr std::array statuses = {"UNKNOWN"sv,   "PRE_TRANSIT"sv, "TRANSIT"sv,
                                 "DELIVERED"sv, "RETURNED"sv,    "FAILURE"sv};
constexpr std::string_view own_number = "92";

/// `usps/9400…` of `/tracks/usps/9400…`.
struct asked {
  std::string_view carrier, number;
};
asked asked_in(std::string_view path) {
  path.remove_prefix("/tracks/"sv.size());
  const auto slash = std::min(path.find('/'), path.size());
  return {path.substr(0, slash), path.substr(std::min(slash + 1, path.size()))};
}

} // namespace

shippo::standing shippo::standing_of(const label& l, unix_ms now) {
  standing last;
  const bool is_bought = l.error_code.empty() && l.error_text.empty() && now >= l.ready_at;
  if (!is_bought || now < l.tracked_at)
    return last;
  const auto from = std::max(l.ready_at, l.tracked_at);
  if (const auto* s = shipments_.find(l.shipment); s && s->track != "UNKNOWN")
    return {s->track, from};
  const auto& pace = shared_.settings;
  // A label that was given back moves no more.
  const auto* given_back = refunds_.find(l.refund);
  const auto reach = [&](std::string_view status, unix_ms at) {
    if (at <= now && (!given_back || at < given_back->created))
      last = {status, at};
  };
  if (pace.transit_ms <= 0)
    return last;
  reach("PRE_TRANSIT", from);
  reach("TRANSIT", from + pace.transit_ms);
  if (pace.delivery_ms > 0)
    reach("DELIVERED", from + pace.transit_ms + pace.delivery_ms);
  return last;
}

void shippo::append_standing(std::string& out, std::uint64_t number, const standing& said) const {
  const auto known = std::find(statuses.begin(), statuses.end(), said.status);
  out.append(R"({"object_id":")");
  shared_.names.append_shippo(out, ids::shippo_kind::track, number,
                              static_cast<std::uint8_t>(known - statuses.begin()));
  out.append(R"(","status":")").append(said.status).append(R"(","status_details":"",)");
  out.append(R"("status_date":")");
  append_iso_time(out, said.since);
  out.append(R"(","substatus":null})");
}

/// Every number is answered for, as by Shippo; nothing is known of one that is not the mock's.
void shippo::read_track(call& c) {
  const auto [carrier, number] = asked_in(c.path);
  if (number.empty() || number.find('/') != std::string_view::npos)
    return not_found(c);
  if (c.mode() == fault_effect::refuse ||
      (carrier != "shippo" && !providers::shippo::is_carrier(carrier)))
    return refuse_field(c, "carrier", "This carrier is not supported.");
  std::int64_t own = 0;
  const bool is_own = number.starts_with(own_number) &&
                      read_integer(number.substr(own_number.size()), own) && own > 0;
  const auto* l = is_own ? labels_.find(static_cast<std::uint64_t>(own)) : nullptr;
  c.reply.status = 200;
  auto& out = c.reply.body;
  out.assign(R"({"messages":[],"carrier":)");
  append_json(out, carrier);
  out.append(R"(,"tracking_number":)");
  append_json(out, number);
  out.append(R"(,"transaction":)");
  if (l) {
    out.push_back('"');
    shared_.names.append_shippo(out, ids::shippo_kind::transaction,
                                static_cast<std::uint64_t>(own));
    out.append(R"(","metadata":)");
    append_json(out, l->metadata);
  } else {
    out.append(R"(null,"metadata":"")");
  }
  out.append(R"(,"test":true,"tracking_history":[],"tracking_status":)");
  const auto said = l ? standing_of(*l, c.now) : standing();
  if (said.status.empty())
    out.append("null");
  else
    append_standing(out, static_cast<std::uint64_t>(own), said);
  out.push_back('}');
}

} // namespace orderhub::providers::mock
