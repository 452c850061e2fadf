#pragma once
#include <string_view>

namespace orderhub {

/// Whether bytes for this host stay on this machine, by its spelling alone: `localhost` in any
/// case, `[::1]`, or 127.x.y.z as four plain decimal numbers, which no URL parser could read in
/// another way. No name is resolved.
bool is_loopback_name(std::string_view host);

/// Likewise of `host` or `host:port`, as a `Host` header has it; the port is any decimal digits.
bool is_loopback_host(std::string_view host);

} // namespace orderhub
