#pragma once
#include <cstdint>

namespace orderhub::http_gateway {

/// Open files the program may have (RLIMIT_NOFILE), after raising the soft limit to `wanted` as far
/// as the hard one lets it. Never lowers it.
std::uint64_t raise_file_limit(std::uint64_t wanted);

} // namespace orderhub::http_gateway
