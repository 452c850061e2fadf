#include "providers/contracts/endpoint.hpp"

#include "providers/contracts/wire.hpp"
#include "providers/policy/refusal.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace orderhub::providers::contracts {

namespace {

result<live_account> read_unknown(const http_response& response) {
  constexpr std::string_view where = "contracts.read_account";
  if (response.status == 404 && code_in(response) == "unknown_key")
    return live_account();
  if (response.status == 200)
    return fail(
        refusal(error_kind::misconfigured, where, "it knows a key that nobody has used", response));
  return fail(refusal(kind_of_read(response), where,
                      std::to_string(response.status) +
                          (code_in(response).empty() ? "" : ": " + code_in(response)),
                      response));
}

} // namespace

std::string_view mode_of(const service& of, const vendor_configuration& configured) {
  if (configured.is_disabled)
    return "";
  if (of.is_mocked && configured.is_built_in_mock(of.base))
    return "mock";
  return configured.values.has(of.base) ? "live" : "";
}

std::vector<endpoint> endpoints_of(const service& of, const vendor_configuration& configured) {
  if (mode_of(of, configured).empty())
    return {};
  endpoint e;
  e.vendor = of.name;
  e.mode = mode_of(of, configured);
  e.absence_after_ms = configured.absence_after_ms;
  if (e.mode == "mock") {
    e.base = std::string(configured.mock_base) + '/' + e.vendor;
    e.identity = "built-in";
    if (e.absence_after_ms < 0)
      e.absence_after_ms = 200;
    return {std::move(e)};
  }
  e.base = configured.values.text_of(of.base);
  if (const auto& key = configured.values.secret_of(of.key); !key.empty())
    e.secret_headers.emplace_back("Authorization", secret("Bearer " + key.reveal()));
  return {std::move(e)};
}

live_read account_read(const service& of) {
  return {of.name,
          of.key_environment,
          {"GET", "/v1/requests/orderhub-check-config-live", {}, {}},
          &read_unknown};
}

operation_row keyed_row(std::string_view name, std::string_view help, stake at_stake) {
  constexpr std::int64_t promised_ms = std::int64_t{7} * 24 * 3'600'000;
  return {name, help,        at_stake,    doubt_policy::replay_key,
          true, promised_ms, key_life_ms, absence_after_ms};
}

vendor without_functions(const service& of) {
  vendor v;
  v.name = of.name;
  v.title = of.title;
  v.role = of.role;
  v.key = of.base; // It is the base URL that configures it.
  v.base = of.base;
  v.settings = {
      {of.base, of.base_environment, of.help,
       of.is_mocked ? "none: it is not used; in mock mode the mock" : "none: it is not used",
       setting_kind::base_url, "/v1"},
      {of.key, of.key_environment, "its bearer token", "none", setting_kind::key},
  };
  v.endpoints = {{of.name, of.configured_by}};
  return v;
}

} // namespace orderhub::providers::contracts
