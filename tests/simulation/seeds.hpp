#pragma once
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace orderhub::testing {

/// `count` seeds from `first`. `ORDERHUB_SEED=n` asks for that one alone, with
/// `ORDERHUB_SEED_COUNT=m` for m of them from there on: a night's search is the same program.
inline std::vector<std::uint64_t> seeds(std::uint64_t first, std::uint64_t count) {
  if (const char* given = std::getenv("ORDERHUB_SEED")) {
    first = std::strtoull(given, nullptr, 10);
    const char* more = std::getenv("ORDERHUB_SEED_COUNT");
    count = more != nullptr ? std::strtoull(more, nullptr, 10) : 1;
  }
  std::vector<std::uint64_t> list;
  for (std::uint64_t i = 0; i < count; ++i)
    list.push_back(first + i);
  return list;
}

} // namespace orderhub::testing
