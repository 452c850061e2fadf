#include "providers/shippo/account_read.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/shippo/wire.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo {

namespace {

using nlohmann::json;
constexpr std::string_view where = "shippo.read_account";

result<live_account> read(const http_response& response) {
  const auto list = response.status == 200 ? pick<json>(response.body, {"results"}) : std::nullopt;
  const json* results = list ? member(*list, "results") : nullptr;
  if (results && results->is_array())
    return live_account();
  return fail(wire::classify_read(response, where));
}

} // namespace

std::vector<live_read> account_reads(const vendor_configuration&) {
  return {{"shippo", "SHIPPO_API_KEY", {"GET", "/transactions?results=1", {}, {}}, &read}};
}

} // namespace orderhub::providers::shippo
