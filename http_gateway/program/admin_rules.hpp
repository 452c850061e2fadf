#pragma once
#include "http_gateway/admin/admin_access.hpp"
#include "http_gateway/settings/settings.hpp"
#include "journal/base/result.hpp"

#include <string>
#include <string_view>

namespace orderhub::http_gateway {

/// Where people reach the admin API, as a URL: `admin_public_url`, else the address at which it
/// listens, and of one that is every address the loopback one.
std::string admin_url_of(const settings& s);

/// Who may act at the admin port. `admin_token` is admin and named `env`, the file `admin_tokens`
/// names others; where there is neither, `api_token` may read. Where there is no token at all,
/// whoever reaches the loopback address is admin, but only reads where `mode` of the payments is
/// `live`. Fails with `invalid` as `read_admin_tokens` does, and where the file names nobody.
result<admin_access_rules> admin_rules_of(const settings& s, std::string_view mode);

} // namespace orderhub::http_gateway
