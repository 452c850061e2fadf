#include "providers/inventory/release.hpp"

#include <utility>

namespace orderhub::providers::inventory {

namespace {

constexpr std::string_view where = "inventory.release";

result<std::string> parse(const http_response& response) {
  return wire::parse(response, where, stock_status::released, stock_status::released);
}

constexpr contracts::readers how{where, &parse, &wire::is_about};

lookup_finding read_lookup(const sent_request& sent, const http_response& response) {
  return contracts::read_lookup(sent, response, how);
}

} // namespace

operation<stock_outcome> release(const step_ref& ref) {
  auto raw = contracts::keyed_post(how, "inventory", ref, wire::target_of(ref, "release"),
                                   wire::body_of(ref));
  raw.compensates = true;
  raw.read_lookup = &read_lookup;
  return {std::move(raw)};
}

} // namespace orderhub::providers::inventory
