#pragma once
#include "http_gateway/cli/client.hpp"

#include <cstddef>
#include <ostream>
#include <string>

namespace orderhub::http_gateway::cli {

struct tail_options {
  std::string key;        ///< Of an order; empty: of all, from now on.
  std::string kinds;      ///< Only these, with commas between; empty: all.
  std::string lasts;      ///< Ends after so long; empty: never.
  std::size_t lines = 10; ///< Of an order: so many of those that are there come first.
};

/// Follows the records of a running hub's orders, each told once, over lost connections and
/// restarts of the hub: where the hub's stream says that an order has changed, the newest pages of
/// its journal are read. Of an order they come in their order; of the 10,000 orders that changed
/// last what was told is known. A line each; `as_lines`: of JSON, as the journal's page has it,
/// with `order`.
///
/// An exit status: `done` after `lasts`; `not_found` where there is no such order.
int tail_journal(const tail_options& options, bool as_lines, const client& hub, std::ostream& out,
                 std::ostream& err);

} // namespace orderhub::http_gateway::cli
