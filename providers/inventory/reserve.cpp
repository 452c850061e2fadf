#include "providers/inventory/reserve.hpp"

#include "providers/codec/json_fields.hpp"

#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::inventory {

namespace {

using nlohmann::json;
constexpr std::string_view where = "inventory.reserve";

result<std::string> parse(const http_response& response) {
  return wire::parse(response, where, stock_status::held, stock_status::held);
}

constexpr contracts::readers how{where, &parse, &wire::is_about};

lookup_finding read_lookup(const sent_request& sent, const http_response& response) {
  return contracts::read_lookup(sent, response, how);
}

} // namespace

operation<stock_outcome> reserve(const reserve_request& request) {
  json items = json::array();
  for (const auto& line : contracts::summed(request.items))
    items.push_back({{"product_id", line.product_id}, {"quantity", line.quantity}});
  const json body = {{"reference", contracts::reference_of(request.ref)},
                     {"items", std::move(items)},
                     {"metadata", contracts::metadata_of<json>(request.ref)}};
  auto raw = contracts::keyed_post(how, "inventory", request.ref, "/v1/reservations", dump(body));
  raw.read_lookup = &read_lookup;
  return {std::move(raw)};
}

} // namespace orderhub::providers::inventory
