#include "providers/inventory/commit.hpp"

#include <utility>

namespace orderhub::providers::inventory {

namespace {

constexpr std::string_view where = "inventory.commit";

result<std::string> parse(const http_response& response) {
  return wire::parse(response, where, stock_status::committed, stock_status::not_held);
}

constexpr contracts::readers how{where, &parse, &wire::is_about};

lookup_finding read_lookup(const sent_request& sent, const http_response& response) {
  return contracts::read_lookup(sent, response, how);
}

} // namespace

operation<stock_outcome> commit(const step_ref& ref) {
  auto raw = contracts::keyed_post(how, "inventory", ref, wire::target_of(ref, "commit"),
                                   wire::body_of(ref));
  raw.read_lookup = &read_lookup;
  return {std::move(raw)};
}

} // namespace orderhub::providers::inventory
