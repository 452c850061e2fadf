#include "providers/shippo/read_track.hpp"

#include "journal/base/text.hpp"
#include "providers/codec/form.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/shippo/webhook.hpp"
#include "providers/shippo/wire.hpp"
#include "providers/webhooks/event_text.hpp"

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo {

namespace {

using nlohmann::json;
constexpr std::string_view where = "shippo.read_track";
constexpr std::string_view path = "/tracks/";

/// As its webhook would be; nothing where the answer is no parcel's. A number of Shippo's own for
/// trials counts: whoever asks for it has a parcel with it.
std::optional<webhooks::event> event_of(const json& track) {
  const json* now = member(track, "tracking_status");
  if (text_of(track, "tracking_number").empty() || text_of(track, "carrier").empty() || !now ||
      !(now->is_null() || now->is_object()))
    return std::nullopt;
  return event_of_answer("track_updated", dump(track));
}

result<std::string> parse(const http_response& response) {
  if (response.status == 200) {
    auto track = pick<json>(response.body, {"carrier", "tracking_number", "tracking_status",
                                            "transaction", "metadata"});
    auto what = track ? event_of(*track) : std::nullopt;
    if (!what)
      return fail(refusal(error_kind::unavailable, where, "unreadable track", response));
    return track_state{std::move(*what)}.encode();
  }
  return fail(wire::classify_read_of_one(response, where, "no such parcel"));
}

bool is_about(const sent_request& sent, const http_response& response) {
  const auto object = pick<json>(response.body, {"carrier", "tracking_number"});
  if (!object || response.status != 200)
    return response.status != 200;
  const auto named = std::string(path) + percent_encode(text_of(*object, "carrier")) + '/' +
                     percent_encode(text_of(*object, "tracking_number"));
  return equal_ignoring_case(named, sent.request.target);
}

} // namespace

std::string track_state::encode() const {
  return webhooks::event_text(what);
}

result<track_state> track_state::decode(std::string_view text) {
  auto what = webhooks::read_event(text);
  if (!what)
    return what.failure();
  return track_state{std::move(*what)};
}

operation<track_state> read_track(const track_request& request) {
  auto raw = wire::reading(where, "track", request.ref,
                           std::string(path) + percent_encode(request.carrier) + '/' +
                               percent_encode(request.tracking_number));
  raw.retry = {1'000, 60'000, 600'000};
  raw.parse = &parse;
  raw.is_about = &is_about;
  return {std::move(raw)};
}

} // namespace orderhub::providers::shippo
