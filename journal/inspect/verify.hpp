#pragma once
#include "journal/listing.hpp"
#include "journal/store.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace orderhub::journal {

/// What a walk over everything found.
struct verify_report {
  std::array<std::uint64_t, table_count> rows{}; ///< Walked, by table.
  std::uint64_t problem_count = 0;
  std::vector<std::string> problems; ///< The first hundred, a sentence each, without bodies.
  std::uint64_t set_aside_count = 0;
  /// What was damaged and is set aside, and why; the first hundred. No problems of the tables,
  /// which agree without it.
  std::vector<std::string> set_aside;
};

/// Reads every record and row, and checks: checksums and forms, that the log has no gap, that each
/// table has as many rows as it counts, that rows stand under their own keys, and that objects,
/// invocations, timers, and indexes agree; with `lists`, the program's, also that lists and counts
/// are what the objects say. What cannot be read is a problem like any other.
verify_report verify_tables(const reader& tables, const listing_rules* lists = nullptr);

} // namespace orderhub::journal
