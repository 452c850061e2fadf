#include "providers/stripe/endpoint.hpp"

#include "providers/stripe/account_read.hpp"
#include "providers/stripe/wire.hpp"

#include <cstdint>
#include <utility>

namespace orderhub::providers::stripe {

namespace {

constexpr std::string_view key = "stripe.api_key";
constexpr std::string_view base = "stripe.api_base";
constexpr std::string_view own_base = "https://api.stripe.com";
constexpr std::string_view account_limit = "stripe.account_limit";
constexpr std::string_view write_limit = "stripe.write_limit";
constexpr std::string_view list_limit = "stripe.list_limit";
constexpr std::string_view read_limit = "stripe.read_limit";
constexpr std::string_view search_limit = "stripe.search_limit";
constexpr std::int64_t second_ms = 1'000;

/// docs.stripe.com/rate-limits: 100 a second live and 25 in a sandbox for an account, 25 for each
/// endpoint, 20 for searches.
const std::vector<documented_limit>& limits() {
  static const std::vector<documented_limit> all = {
      {"all", account_limit, {100, second_ms}, {25, second_ms}},
      {"write", write_limit, {25, second_ms}, {25, second_ms}},
      {"list", list_limit, {25, second_ms}, {25, second_ms}},
      {"read", read_limit, {25, second_ms}, {25, second_ms}},
      {"search", search_limit, {20, second_ms}, {20, second_ms}}};
  return all;
}

/// From the key's prefix; empty where it has none of Stripe's.
std::string_view mode_of_key(std::string_view text) {
  for (const std::string_view kind : {"sk_", "rk_"}) {
    if (!text.starts_with(kind))
      continue;
    const auto rest = text.substr(kind.size());
    if (rest.starts_with("test_"))
      return "test";
    if (rest.starts_with("live_"))
      return "live";
  }
  return {};
}

std::string_view mode_of(const vendor_configuration& c) {
  if (c.is_built_in_mock(base))
    return "mock";
  const auto mode = mode_of_key(c.values.secret_of(key).reveal());
  return mode.empty() ? "test" : mode;
}

result<std::vector<endpoint>> endpoints_of(const vendor& self, const vendor_configuration& c) {
  const auto& given = c.values.secret_of(key);
  if (!c.is_built_in_mock(base) && !given.empty() && mode_of_key(given.reveal()).empty())
    return fail({error_kind::invalid, "settings",
                 "STRIPE_API_KEY must begin with sk_test_, sk_live_, rk_test_ or rk_live_."});
  const key_endpoint how{own_base, "Bearer ", "sk_test_orderhub_mock"};
  auto made = endpoint_with_key(self, how, c);
  add_limits(made, how, c, limits());
  return std::vector{std::move(made)};
}

/// Stripe keeps a key at least 24 hours.
constexpr std::int64_t promised_key_life_ms = std::int64_t{24} * 3'600'000;

operation_row keyed(std::string_view name, std::string_view help) {
  return {name,         help,
          stake::money, doubt_policy::replay_key,
          true,         promised_key_life_ms,
          key_life_ms,  absence_after_ms};
}

} // namespace

vendor describe() {
  vendor v;
  v.name = "stripe";
  v.api_version = api_version;
  v.title = "Stripe";
  v.role = vendor_role::payment;
  v.is_required = true;
  v.duty = "payment";
  v.key = key;
  v.base = base;
  v.settings = {
      {key, "STRIPE_API_KEY", "sk_test_…, sk_live_…, rk_test_… or rk_live_…", "none",
       setting_kind::key},
      {"stripe.webhook_secret", "STRIPE_WEBHOOK_SECRET",
       "whsec_… of the endpoint /webhooks/stripe, or several with commas between",
       "none: no webhooks", setting_kind::key},
      {base, "STRIPE_API_BASE", "what stands before /v1", own_base, setting_kind::base_url, "/v1"},
      {account_limit, "STRIPE_ACCOUNT_LIMIT",
       "all calls together: calls a second (100/s), minute (m) or hour (h), or in several of them "
       "(3/2s), or none",
       "at Stripe's own host 100/s live, 25/s test; else none", setting_kind::rate},
      {write_limit, "STRIPE_WRITE_LIMIT", "charges, cancels and refunds, likewise",
       "at Stripe's own host 25/s; else none", setting_kind::rate},
      {list_limit, "STRIPE_LIST_LIMIT", "look-ups, likewise",
       "at Stripe's own host 25/s; else none", setting_kind::rate},
      {read_limit, "STRIPE_READ_LIMIT", "polls of single payments and refunds, likewise",
       "at Stripe's own host 25/s; else none", setting_kind::rate},
      {search_limit, "STRIPE_SEARCH_LIMIT", "searches, likewise",
       "at Stripe's own host 20/s; else none", setting_kind::rate},
  };
  v.operations = {keyed("stripe.charge", "takes a payment"),
                  keyed("stripe.refund", "gives a payment back"),
                  keyed("stripe.cancel_intent", "cancels a payment that is not money yet")};
  v.has_live_keys = true;
  v.endpoints = {{"stripe", "MOCK_MODE, STRIPE_API_BASE and STRIPE_API_KEY"}};
  v.mode_of = mode_of;
  v.endpoints_of = endpoints_of;
  v.live_reads_of = account_reads;
  return v;
}

} // namespace orderhub::providers::stripe
