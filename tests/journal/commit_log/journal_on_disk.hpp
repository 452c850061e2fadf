#pragma once
#include "journal/commit_log/commit_log.hpp"
#include "journal/commit_log/file_log_directory.hpp"
#include "journal/hub_journal.hpp"
#include "journal/lmdb_store.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace orderhub::testing {

/// A journal in a directory, as the program opens it.
struct journal_on_disk {
  std::unique_ptr<lmdb_store> tables;
  std::unique_ptr<file_log_directory> files;
  std::unique_ptr<commit_log> log;
  std::unique_ptr<hub_journal> journal;

  explicit journal_on_disk(const std::string& directory, journal_options options = slow_options(),
                           lmdb_options how = {.map_size = 64U << 20U}) {
    auto opened_tables = lmdb_store::open(directory, how);
    REQUIRE(opened_tables);
    tables = std::move(*opened_tables);
    auto opened_files = file_log_directory::make(directory);
    REQUIRE(opened_files);
    files = std::move(*opened_files);
    log = std::make_unique<commit_log>(
        *files, commit_log_options{.segment_size = 32 * log_block, .spare = 1});
    static std::uint64_t seed = 0; // Two journals are not the same one.
    seeded_random random(++seed);
    auto opened = hub_journal::open(*tables, options, random, log.get());
    if (!opened)
      FAIL(opened.error().message);
    journal = std::move(*opened);
  }
  void commit(turn_maker& maker, reference& world, int rounds) const {
    for (int i = 0; i < rounds; ++i) {
      auto turns = maker.next(world);
      world.commit(turns);
      REQUIRE(journal->commit(turns));
    }
  }
};

/// Leaves a journal there of which the tables have so many rounds, and its log as many more.
inline void leave_half_folded(const std::string& directory, turn_maker& maker, reference& world,
                              int rounds) {
  const journal_on_disk hub(directory);
  hub.commit(maker, world, rounds);
  REQUIRE(hub.journal->checkpoint_now(maker.now()));
  hub.commit(maker, world, rounds);
}

} // namespace orderhub::testing
