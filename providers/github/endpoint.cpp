#include "providers/github/endpoint.hpp"

#include "providers/github/account_read.hpp"
#include "providers/github/wire.hpp"

#include <utility>

namespace orderhub::providers::github {

namespace {

constexpr std::string_view key = "github.token";
constexpr std::string_view base = "github.api_base";
constexpr std::string_view repository = "github.repository";
constexpr std::string_view write_limit = "github.write_limit";
constexpr std::string_view own_base = "https://api.github.com";
constexpr std::string_view mock_repository = "orderhub/shop";
constexpr std::int64_t minute_ms = 60'000;

/// What creates content: 80 a minute (github/docs
/// data/reusables/rest-api/secondary-rate-limit-rest-graphql.md).
const std::vector<documented_limit>& limits() {
  static const std::vector<documented_limit> all = {
      {"write", write_limit, {80, minute_ms}, {80, minute_ms}}};
  return all;
}

std::string_view mode_of(const vendor_configuration& c) {
  const bool has_key = c.values.has(key);
  if (c.is_disabled || (!c.mock_mode && !(has_key && c.values.has(repository))))
    return {};
  if (c.is_built_in_mock(base))
    return "mock";
  return has_key ? "live" : "test";
}

result<std::vector<endpoint>> endpoints_of(const vendor& self, const vendor_configuration& c) {
  if (mode_of(c).empty())
    return std::vector<endpoint>();
  if (!is_repository(repository_of(c)))
    return fail({error_kind::invalid, "settings", "GITHUB_REPOSITORY must be owner/name"});
  const key_endpoint how{own_base, "Bearer ", "ghp_orderhub_mock"};
  auto made = endpoint_with_key(self, how, c);
  add_limits(made, how, c, limits());
  return std::vector{std::move(made)};
}

std::vector<vendor_finding> findings_of(const vendor_configuration& c) {
  if (c.is_disabled || c.mock_mode || !c.values.has(key) || c.values.has(repository))
    return {};
  return {{"vendor_skipped", "GITHUB_REPOSITORY", "There is a token, and nothing to deploy."}};
}

} // namespace

std::string repository_of(const vendor_configuration& c) {
  if (c.values.has(repository))
    return c.values.text_of(repository);
  return c.mock_mode ? std::string(mock_repository) : std::string();
}

vendor describe() {
  vendor v;
  v.name = "github";
  v.api_version = wire::api_version;
  v.title = "GitHub";
  v.role = vendor_role::deployment;
  v.key = key;
  v.base = base;
  v.skipped = "Nothing is deployed.";
  v.settings = {
      {key, "GITHUB_TOKEN", "a token with the scope repo_deployment", "none: no deployments",
       setting_kind::key},
      {"github.webhook_secret", "GITHUB_WEBHOOK_SECRET",
       "of the webhook /webhooks/github; several with commas between", "none: no webhooks",
       setting_kind::key},
      {repository, "GITHUB_REPOSITORY", "owner/name of what is deployed", "none: no deployments"},
      {write_limit, "GITHUB_WRITE_LIMIT", "deployments a second (1/s) or minute, or none",
       "at GitHub's own host 80/m; else none", setting_kind::rate},
      {base, "GITHUB_API_BASE", "what stands before /repos", own_base, setting_kind::base_url,
       "/repos"},
  };
  v.operations = {{"github.create_deployment", "creates a deployment", stake::none,
                   doubt_policy::lookup, true, 0, 0, 5'000}};
  v.endpoints = {{"github", "MOCK_MODE, ORDERHUB_DISABLE, GITHUB_API_BASE, GITHUB_TOKEN and "
                            "GITHUB_REPOSITORY"}};
  v.mode_of = mode_of;
  v.endpoints_of = endpoints_of;
  v.live_reads_of = account_reads;
  v.findings_of = findings_of;
  return v;
}

} // namespace orderhub::providers::github
