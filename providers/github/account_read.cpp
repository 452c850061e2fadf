#include "providers/github/account_read.hpp"

#include "providers/github/endpoint.hpp"
#include "providers/github/wire.hpp"

#include <string>

#include <nlohmann/json.hpp>

namespace orderhub::providers::github {

namespace {

using nlohmann::json;
constexpr std::string_view where = "github.read_account";

result<live_account> read(const http_response& response) {
  if (response.status == 200 && json::parse(response.body, nullptr, false).is_array())
    return live_account();
  return fail(wire::classify_read(response, where));
}

} // namespace

std::vector<live_read> account_reads(const vendor_configuration& configured) {
  const auto repository = repository_of(configured);
  return {{"github", "GITHUB_TOKEN and GITHUB_REPOSITORY",
           wire::get("/repos/" + repository + "/deployments?per_page=1"), &read, repository}};
}

} // namespace orderhub::providers::github
