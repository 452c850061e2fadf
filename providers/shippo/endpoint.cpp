#include "providers/shippo/endpoint.hpp"

#include "providers/shippo/account_read.hpp"
#include "providers/shippo/rates.hpp"
#include "providers/shippo/wire.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace orderhub::providers::shippo {

namespace {

constexpr std::string_view key = "shippo.api_key";
constexpr std::string_view base = "shippo.api_base";
constexpr std::string_view rate_setting = "shippo.rate";
constexpr std::string_view validate_setting = "shippo.validate_address";
constexpr std::string_view register_setting = "shippo.register_tracking";
constexpr std::string_view own_base = "https://api.goshippo.com";
constexpr std::string_view write_limit = "shippo.write_limit";
constexpr std::string_view list_limit = "shippo.list_limit";
constexpr std::string_view read_limit = "shippo.read_limit";
constexpr std::string_view track_limit = "shippo.track_limit";
constexpr std::int64_t minute_ms = 60'000;

/// docs.goshippo.com/docs/API_Concepts/RateLimits: POST 500 a minute live, 50 test; GET of a list
/// 50 and 10; of one object 4000 and 400; of one parcel's tracking 500 and 50. A 429 does not say
/// how long: the windows are minutes.
const std::vector<documented_limit>& limits() {
  static const std::vector<documented_limit> all = {
      {"write", write_limit, {500, minute_ms}, {50, minute_ms}},
      {"list", list_limit, {50, minute_ms}, {10, minute_ms}},
      {"read", read_limit, {4'000, minute_ms}, {400, minute_ms}},
      {"track", track_limit, {500, minute_ms}, {50, minute_ms}}};
  return all;
}

/// Older tokens have no prefix; what does not say that it is a test is taken for live.
std::string_view mode_of(const vendor_configuration& c) {
  if (c.is_built_in_mock(base))
    return "mock";
  const auto& given = c.values.secret_of(key);
  return given.empty() || given.reveal().starts_with("shippo_test_") ? "test" : "live";
}

result<std::vector<endpoint>> endpoints_of(const vendor& self, const vendor_configuration& c) {
  const bool oauth =
      !c.is_built_in_mock(base) && c.values.secret_of(key).reveal().starts_with("oauth.");
  const key_endpoint how{own_base, oauth ? "Bearer " : "ShippoToken ", "shippo_test_orderhub_mock"};
  auto made = endpoint_with_key(self, how, c);
  add_limits(made, how, c, limits());
  return std::vector{std::move(made)};
}

} // namespace

result<label_wishes> label_wishes_of(const vendor_configuration& c) {
  label_wishes wishes;
  if (c.values.has(rate_setting)) {
    auto choice = rate_choice_of(c.values.text_of(rate_setting));
    if (!choice)
      return fail({error_kind::invalid, "settings",
                   "SHIPPO_RATE " + choice.error().message + ", such as usps_priority."});
    wishes.rate = std::move(*choice);
  }
  wishes.validates_address = c.values.text_of(validate_setting) == "true";
  wishes.registers_tracking = c.values.text_of(register_setting) == "true";
  return wishes;
}

vendor describe() {
  vendor v;
  v.name = "shippo";
  v.title = "Shippo";
  v.role = vendor_role::shipping;
  v.is_required = true;
  v.duty = "shipping";
  v.key = key;
  v.base = base;
  v.settings = {
      {key, "SHIPPO_API_KEY",
       "shippo_test_…, shippo_live_…, or an oauth. token; what does not say test is taken for live",
       "none", setting_kind::key},
      {"shippo.webhook_secret", "SHIPPO_WEBHOOK_SECRET",
       "of /webhooks/shippo: the key of its signatures, or the token in its URL; several with "
       "commas between",
       "none: no webhooks", setting_kind::key},
      {base, "SHIPPO_API_BASE", "what stands before /shipments", own_base, setting_kind::base_url},
      {rate_setting, "SHIPPO_RATE",
       "which rate is bought for an order that names none: cheapest, fastest, or the token of a "
       "service level (usps_priority)",
       "cheapest"},
      {validate_setting, "SHIPPO_VALIDATE_ADDRESS",
       "true: an order's address is checked at Shippo before anything is charged, unless the order "
       "says otherwise; what Shippo does not know is 400",
       "false", setting_kind::flag},
      {register_setting, "SHIPPO_REGISTER_TRACKING",
       "true: each parcel is registered for tracking by its number; a label that was bought at "
       "Shippo is by itself",
       "false", setting_kind::flag},
      {write_limit, "SHIPPO_WRITE_LIMIT",
       "rates, labels and their refunds: calls a minute (500/m), second (s) or hour (h), or none",
       "at Shippo's own host 500/m live, 50/m test; else none", setting_kind::rate},
      {list_limit, "SHIPPO_LIST_LIMIT", "look-ups of labels: lists, likewise",
       "at Shippo's own host 50/m live, 10/m test; else none", setting_kind::rate},
      {read_limit, "SHIPPO_READ_LIMIT", "polls of single labels, likewise",
       "at Shippo's own host 4000/m live, 400/m test; else none", setting_kind::rate},
      {track_limit, "SHIPPO_TRACK_LIMIT", "questions where a parcel is, likewise",
       "at Shippo's own host 500/m live, 50/m test; else none", setting_kind::rate},
  };
  v.operations = {
      {"shippo.buy_label", "buys a label", stake::label, doubt_policy::lookup, true, 0, 0, 60'000},
      {"shippo.void_label", "gives a label back", stake::label, doubt_policy::lookup, true, 0, 0,
       60'000},
      {"shippo.register_tracking", "has a parcel followed", stake::none, doubt_policy::may_repeat}};
  v.has_live_keys = true;
  v.endpoints = {{"shippo", "MOCK_MODE, SHIPPO_API_BASE and SHIPPO_API_KEY"}};
  v.mode_of = mode_of;
  v.endpoints_of = endpoints_of;
  v.live_reads_of = account_reads;
  v.api_version = wire::api_version;
  return v;
}

} // namespace orderhub::providers::shippo
