#pragma once
#include "actors/host/call_gate.hpp"

#include <cstdint>

namespace orderhub::http_gateway {

/// What open files the program wants, and what the vendors' calls get of those that it has.
struct file_use {
  std::uint64_t endpoints = 0; ///< Of vendors that are called.
  std::uint64_t each_call = 1; ///< Files of one call; 2 where the vendor is in this program.
  std::uint64_t others = 0;    ///< Connections of callers, journal, log, …
};

/// Places on the wire for one vendor: `calls_max` for effects, and a quarter of that, at least 32,
/// each for reads and for look-ups, whose places no effect can take.
host::gate_limits places_for(host::gate_limits others, std::uint64_t calls_max);

/// All files that so many places need.
std::uint64_t files_wanted(const host::gate_limits& places, const file_use& use);

/// The same places where there are files for all of them; else fewer, each kind by the same share
/// and at least 16. So a vendor that hangs never takes another one's files.
host::gate_limits places_within(host::gate_limits places, const file_use& use, std::uint64_t files);

} // namespace orderhub::http_gateway
