#pragma once
#include "http_gateway/cli/client.hpp"

#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>

namespace orderhub::http_gateway::cli {

struct listen_options {
  std::string vendor;     ///< Only its; empty: all.
  std::string since;      ///< `1h`, or a time in UTC; empty: what comes from now on.
  std::string forward_to; ///< A URL that is given each event; empty: none.
  std::string lasts;      ///< Ends after so long; empty: never.
};

/// Follows the webhooks of a hub: those stored since `since`, then live by place in the log, over
/// lost connections and restarts of the hub. A line (`as_lines`: of JSON, the list's item and
/// `event`) for each that is `received`, `replayed` by a person, or `changed`: another verdict, or
/// another order. One that changes several times at once is told once; an event above the newest
/// 100,000 that were told is taken for a new one where it changes again.
///
/// With `forward_to` the body of each that is received or replayed is posted there as it came, with
/// the headers that are stored of it (no signature is among them), `x-orderhub-webhook` and, of a
/// replay, `x-orderhub-replay`. Three times at most, a second and two apart, ten seconds each,
/// where no answer comes, or 429 or 5xx; what becomes of it is a line, and nothing ends because of
/// it. What cannot be read because the hub is away is read when it is back: at most 10,000 wait for
/// that.
///
/// An exit status: `done` after `lasts`; `not_allowed` where bodies may not be read.
int listen_to_webhooks(const listen_options& options, bool as_lines, const client& hub,
                       std::ostream& out, std::ostream& err);

} // namespace orderhub::http_gateway::cli
