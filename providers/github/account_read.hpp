#pragma once
#include "providers/live_read.hpp"
#include "providers/vendor.hpp"

#include <vector>

namespace orderhub::providers::github {

/// `GET /repos/{owner}/{repo}/deployments?per_page=1`
/// (docs.github.com/rest/deployments/deployments): the list that look-ups read. 404 where the token
/// does not see the repository.
std::vector<live_read> account_reads(const vendor_configuration& configured);

} // namespace orderhub::providers::github
