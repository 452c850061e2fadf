#pragma once
#include "journal/base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::journal {

/// What a compaction is doing.
enum class compact_stage : std::uint8_t {
  folding,  ///< What was committed before it is moved into the tables.
  copying,  ///< The tables are copied without what is free in their file; nothing is folded.
  renewing, ///< The copy is the journal's; old records go out of the commit log's files.
  ended,
};
constexpr std::string_view name_of(compact_stage s) {
  constexpr std::string_view names[] = {"folding", "copying", "renewing", "ended"};
  return names[static_cast<std::size_t>(s)];
}

/// A compaction that runs, or the last one since the start.
struct compact_run {
  compact_stage stage = compact_stage::folding;
  unix_ms began_at = 0;
  unix_ms ended_at = 0;           ///< 0: it runs.
  std::uint64_t before_bytes = 0; ///< Of the tables' file; 0: not known yet.
  std::uint64_t copied_bytes = 0; ///< So far.
  std::uint64_t after_bytes = 0;  ///< Of the file that took its place; 0: none has.
  std::string failed; ///< A sentence: why it ended before all was done; empty: it has not.
};

} // namespace orderhub::journal
