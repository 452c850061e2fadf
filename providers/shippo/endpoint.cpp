#include "providers/shippo/endpoint.hpp"

namespace orderhub::providers::shippo {

namespace {

constexpr std::string_view key = "shippo.api_key";
constexpr std::string_view base = "shippo.api_base";
constexpr std::string_view own_base = "https://api.goshippo.com";

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
  return std::vector{endpoint_with_key(
      self, {own_base, oauth ? "Bearer " : "ShippoToken ", "shippo_test_orderhub_mock"}, c)};
}

} // namespace

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
      {base, "SHIPPO_API_BASE", "what stands before /shipments", own_base, setting_kind::base_url},
  };
  v.endpoints = {{"shippo", "MOCK_MODE, SHIPPO_API_BASE and SHIPPO_API_KEY"}};
  v.mode_of = mode_of;
  v.endpoints_of = endpoints_of;
  return v;
}

} // namespace orderhub::providers::shippo
