#pragma once
#include "http_gateway/cli/client.hpp"

#include <ostream>

namespace orderhub::http_gateway::cli {

/// `top`: vendors and what waits longest, on the whole terminal, as it changes; until `q`. An exit
/// status: `wrong_use` where there is no terminal, `not_reached` where there is no hub.
int show_top(const client& hub, std::ostream& err);

} // namespace orderhub::http_gateway::cli
