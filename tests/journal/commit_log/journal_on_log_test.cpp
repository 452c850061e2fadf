#include "journal/commit_log/commit_log.hpp"
#include "journal/commit_log/file_log_directory.hpp"
#include "journal/inspect/tool.hpp"
#include "journal/lmdb_store.hpp"
#include "tests/journal/commit_log/journal_on_disk.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/seeds.hpp"
#include "tests/support/simulated_log.hpp"

#include <array>
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace orderhub::testing {

using namespace journal;

namespace {

journal_options small_options(turn_maker& maker) {
  journal_options options;
  options.checkpoint_bytes = 500 + maker.below(12'000);
  options.checkpoint_interval_ms = static_cast<std::int64_t>(500 + maker.below(20'000));
  options.slice_rows = maker.below(3);
  options.slice_ms = 0;
  options.part_records = 1 + maker.below(4);
  return options;
}

/// A journal with a commit log on a machine that loses power and whose processes die.
class machine {
public:
  explicit machine(turn_maker& maker)
      : maker_(maker), options_(small_options(maker)), random_(7),
        disk_(std::make_unique<simulated_log>()) {
    start();
  }

  void commit() {
    const auto turns = maker_.next(expected_);
    // As the writer does: the same call, until it works or there is no hope.
    for (int tries = 0; tries < 4; ++tries) {
      auto given = turns;
      if (journal_->commit(given)) {
        expected_.commit(turns);
        return;
      }
    }
    doubtful_ = turns;
    restart();
  }

  void maintain() {
    if (auto more = journal_->maintain(maker_.now()); !more)
      REQUIRE(more.error().kind != error_kind::corrupt);
  }

  void restart() {
    journal_.reset();
    log_.reset();
    if (maker_.below(2) == 0) {
      tables_.crash();
      disk_ = disk_->after_kill();
    } else {
      tables_.power_loss();
      const auto way = maker_.below(4);
      disk_ = disk_->after_power_cut(
          [&](std::size_t) { return way == 0 || (way > 1 && maker_.below(2) == 0); });
    }
    start();
  }

  void check() { check_same(*journal_, expected_, maker_.now()); }

  [[nodiscard]] simulated_log& disk() { return *disk_; }
  [[nodiscard]] memory_store& tables() { return tables_; }
  [[nodiscard]] hub_journal& journal() { return *journal_; }

private:
  void start() {
    log_ = std::make_unique<commit_log>(
        *disk_, commit_log_options{.segment_size = 6 * log_block, .spare = 1});
    if (maker_.below(2) == 0)
      disk_->refuse_create(error_kind::full);
    auto opened = hub_journal::open(tables_, options_, random_, log_.get());
    if (!opened)
      FAIL(opened.error().message);
    journal_ = std::move(*opened);
    if (!journal_->settled()) {
      auto turns = maker_.next(expected_);
      const auto found = journal_->metrics().last_lsn;
      REQUIRE(journal_->commit(turns).error().kind == error_kind::full);
      REQUIRE(journal_->maintain(maker_.now()).error().kind == error_kind::full);
      REQUIRE(journal_->checkpoint_now(maker_.now()).error().kind == error_kind::full);
      REQUIRE(journal_->metrics().last_lsn == found);
      if (maker_.below(2) == 0)
        return restart(); // What it had found may be lost now, if it was on its way before.
    }
    disk_->refuse_create(std::nullopt);
    REQUIRE(journal_->settle());
    REQUIRE(journal_->settled());
    // What was on its way when the process ended may be there; then it is there whole.
    if (doubtful_ && journal_->metrics().last_lsn != expected_.last_lsn())
      expected_.commit(*doubtful_);
    doubtful_.reset();
    REQUIRE(journal_->metrics().last_lsn == expected_.last_lsn());
  }

  turn_maker& maker_;
  journal_options options_;
  seeded_random random_;
  memory_store tables_;
  std::unique_ptr<simulated_log> disk_;
  std::unique_ptr<commit_log> log_;
  std::unique_ptr<hub_journal> journal_;
  reference expected_;
  std::optional<std::vector<turn>> doubtful_;
};

} // namespace

TEST_CASE("with a commit log the journal has every acknowledged turn, however power cuts, kills, "
          "failures and checkpoints fall",
          "[commit_log][journal][random]") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(0, 40)));
  CAPTURE(seed);
  turn_maker maker(seed);
  machine m(maker);
  for (int round = 0; round < 120; ++round) {
    CAPTURE(round);
    if (maker.below(10) == 0)
      m.disk().fail_sync(1 + maker.below(2), error_kind::unavailable);
    if (maker.below(20) == 0)
      m.disk().fail_write(1 + maker.below(2), error_kind::full);
    if (maker.below(20) == 0)
      m.tables().fail_commit(1, error_kind::full);
    m.commit();
    if (maker.below(2) == 0)
      m.maintain();
    if (maker.below(40) == 0)
      (void)m.journal().checkpoint_now(maker.now());
    if (maker.below(10) == 0)
      m.restart();
    if (maker.below(6) == 0)
      m.check();
  }
  m.check();
}

TEST_CASE("with a commit log a commit leaves the tables alone, and a checkpoint syncs them",
          "[commit_log][journal]") {
  memory_store tables;
  simulated_log disk;
  commit_log log(disk, {});
  seeded_random random(1);
  auto options = slow_options();
  options.sync = GENERATE(true, false);
  auto journal = hub_journal::open(tables, options, random, &log);
  REQUIRE(journal);
  turn_maker maker(4);
  reference world;
  const auto before = tables.commits();
  const auto syncs = disk.syncs();
  for (int i = 0; i < 20; ++i) {
    auto turns = maker.next(world);
    world.commit(turns);
    REQUIRE((*journal)->commit(turns));
  }
  CHECK(tables.commits() == before);
  CHECK(disk.syncs() - syncs == (options.sync ? 20U : 0U));
  REQUIRE((*journal)->checkpoint_now(maker.now()));
  CHECK(tables.commits() > before);
  CHECK(tables.synced_commits() == tables.commits());
  CHECK(tables.contents(table::lg).empty());
  check_same(**journal, world, maker.now());
}

TEST_CASE("commits, folding and reads on threads of their own lose and mix up nothing",
          "[commit_log][journal][timing]") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(0, 4)));
  CAPTURE(seed);
  temp_directory dir;
  turn_maker maker(seed);
  auto options = small_options(maker);
  options.slice_rows = 0;
  reference world;
  {
    const journal_on_disk hub(dir.path(), options);
    REQUIRE(hub.journal->folds_beside());
    std::atomic<bool> stop{false};
    std::atomic<unix_ms> now{maker.now()};
    std::atomic<int> failures{0};
    std::thread folder([&] {
      while (!stop)
        if (!hub.journal->maintain(now))
          ++failures;
    });
    std::thread reader([&] {
      while (!stop)
        for (const auto* key : {"1", "2", "3"})
          if (!hub.journal->load({"Order", key}) || !hub.journal->timers(now, 5) ||
              !hub.journal->resumable())
            ++failures;
    });
    // At least until something was folded: a busy machine may let the folder run late.
    for (int i = 0; i < 300 || hub.journal->metrics().checkpoint_lsn == 0; ++i) {
      auto turns = maker.next(world);
      world.commit(turns);
      now = maker.now();
      if (!hub.journal->commit(turns))
        ++failures;
    }
    stop = true;
    folder.join();
    reader.join();
    CHECK(failures == 0);
    check_same(*hub.journal, world, maker.now());
  }
  std::ostringstream out;
  CHECK(tool::verify(dir.path(), out) == 0);
  const journal_on_disk again(dir.path(), options);
  check_same(*again.journal, world, maker.now());
}

TEST_CASE("a journal whose log is a table goes on with a commit log, and not back",
          "[commit_log][journal]") {
  memory_store tables;
  simulated_log disk;
  seeded_random random(1);
  turn_maker maker(9);
  reference world;
  const auto commit = [&](hub_journal& journal, int rounds) {
    for (int i = 0; i < rounds; ++i) {
      auto turns = maker.next(world);
      world.commit(turns);
      REQUIRE(journal.commit(turns));
    }
  };
  {
    auto journal = hub_journal::open(tables, slow_options(), random);
    REQUIRE(journal);
    commit(**journal, 10);
    REQUIRE((*journal)->checkpoint_now(maker.now()));
    commit(**journal, 10);
  }
  for (int run = 0; run < 3; ++run) {
    commit_log log(disk, {});
    auto journal = hub_journal::open(tables, slow_options(), random, &log);
    REQUIRE(journal);
    check_same(**journal, world, maker.now());
    commit(**journal, 10);
    check_same(**journal, world, maker.now());
    if (run == 1)
      REQUIRE((*journal)->checkpoint_now(maker.now()));
  }
  auto back = hub_journal::open(tables, slow_options(), random);
  REQUIRE_FALSE(back);
  CHECK(back.error().kind == error_kind::corrupt);
  CHECK_THAT(back.error().message, Catch::Contains("commit log"));
}

TEST_CASE("the last stamp is that of the newest batch, or of the checkpoint behind it",
          "[commit_log][journal][stamp]") {
  struct fixed_boot final : boot_clock {
    std::string id = "boot-a";
    std::int64_t ms = 1'000;
    [[nodiscard]] std::string boot_id() const override { return id; }
    [[nodiscard]] std::int64_t boottime_ms() const override { return ms; }
  };
  memory_store tables;
  simulated_log disk;
  seeded_random random(1);
  fixed_boot boot;
  auto options = slow_options();
  options.boot = &boot;
  turn_maker maker(3);
  reference world;
  const bool folded = GENERATE(true, false);
  for (int run = 0; run < 3; ++run) {
    {
      commit_log log(disk, {});
      auto journal = hub_journal::open(tables, options, random, &log);
      REQUIRE(journal);
      if (run > 0) {
        CHECK((*journal)->last_stamp().boot_id ==
              "boot-" + std::string(1, static_cast<char>('a' + run - 1)));
        CHECK((*journal)->last_stamp().boottime_ms == 1'000 * run);
      }
      auto turns = maker.next(world);
      world.commit(turns);
      REQUIRE((*journal)->commit(turns));
      if (folded)
        REQUIRE((*journal)->checkpoint_now(maker.now()));
    }
    boot.id = "boot-" + std::string(1, static_cast<char>('a' + run + 1));
    boot.ms = 1'000 * (run + 2);
  }
}

TEST_CASE("the tools see tables and commit log as one journal, beside the hub too",
          "[commit_log][journal][tool]") {
  temp_directory dir;
  const auto data = dir / "data";
  const auto copy = dir / "copy";
  turn_maker maker(11);
  reference world;
  leave_half_folded(data, maker, world, 20);
  std::ostringstream out;
  CHECK(tool::verify(data, out) == 0);
  CHECK_THAT(out.str(), Catch::Contains("problems=0") && !Catch::Contains(" lg=0 "));
  std::ostringstream figures;
  CHECK(tool::stats(data, figures) == 0);
  CHECK_THAT(figures.str(),
             Catch::Contains("\"last_lsn\":" + std::to_string(world.last_lsn()) + ","));
  std::ostringstream lines;
  dump_options options;
  options.only = table::lg;
  CHECK(tool::dump(data, options, lines, out) == 0);
  CHECK_THAT(lines.str(), Catch::Contains("\"lsn\":" + std::to_string(world.last_lsn()) + ","));
  CHECK(tool::backup(data, copy, day_one, out) == 0);
  CHECK(tool::verify(copy, out) == 0);
  {
    // The copy has no commit log yet; what the other had is in its tables.
    const journal_on_disk restored(copy);
    check_same(*restored.journal, world, maker.now());
    restored.commit(maker, world, 5);
    REQUIRE(restored.journal->checkpoint_now(maker.now()));
    restored.commit(maker, world, 5);
    check_same(*restored.journal, world, maker.now());
  }
  std::ostringstream again;
  CHECK(tool::verify(copy, again) == 0);
  CHECK_THAT(again.str(), Catch::Contains("problems=0"));
}

/// Commits and folds as fast as it can, until the pipe is closed.
int run_busy_hub(const std::string& data, int until_closed, int ready) {
  turn_maker maker(17);
  reference world;
  auto options = slow_options();
  options.checkpoint_bytes = 2'000;
  options.slice_rows = 0;
  const journal_on_disk hub(data, options);
  std::atomic<bool> stop{false};
  std::atomic<unix_ms> now{maker.now()};
  std::atomic<int> failures{0};
  std::thread folder([&] {
    while (!stop)
      if (!hub.journal->maintain(now))
        ++failures;
  });
  std::thread committer([&] {
    while (!stop) {
      auto turns = maker.next(world);
      world.commit(turns);
      now = maker.now();
      if (!hub.journal->commit(turns))
        ++failures;
    }
  });
  char nothing = 0;
  (void)::write(ready, "!", 1);
  while (::read(until_closed, &nothing, 1) > 0)
    continue;
  stop = true;
  folder.join();
  committer.join();
  return failures;
}

// Rows that contain more than the log which is copied with them would pass over what comes next.
// The hub is a process of its own: LMDB tells who reads a file by process.
TEST_CASE("each backup beside a hub that commits and folds is one moment of it",
          "[commit_log][journal][tool][timing]") {
  temp_directory dir;
  const auto data = dir / "data";
  std::array<int, 2> stop{}, ready{};
  REQUIRE(::pipe(stop.data()) == 0);
  REQUIRE(::pipe(ready.data()) == 0);
  const auto hub = ::fork();
  if (hub == 0) {
    ::close(stop[1]);
    ::close(ready[0]);
    ::_exit(run_busy_hub(data, stop[0], ready[1]) == 0 ? 0 : 1);
  }
  REQUIRE(hub > 0);
  ::close(stop[0]);
  ::close(ready[1]);
  char there = 0;
  REQUIRE(::read(ready[0], &there, 1) == 1);
  ::close(ready[0]);
  std::ostringstream out;
  int not_whole = 0;
  for (int i = 0; i < runs(30); ++i) {
    const auto copy = dir / ("copy" + std::to_string(i));
    if (tool::backup(data, copy, day_one, out) != 0 || tool::verify(copy, out) != 0)
      ++not_whole;
    std::filesystem::remove_all(copy);
  }
  ::close(stop[1]);
  int status = -1;
  REQUIRE(::waitpid(hub, &status, 0) == hub);
  INFO(out.str());
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(not_whole == 0);
}

TEST_CASE("verify and the start name a batch that is missing", "[commit_log][journal][damage]") {
  temp_directory dir;
  turn_maker maker(12);
  reference world;
  {
    const journal_on_disk hub(dir.path());
    hub.commit(maker, world, 6);
  }
  std::filesystem::path oldest;
  for (const auto& entry : std::filesystem::directory_iterator(dir / "log"))
    if (entry.path().filename().string() == "segment-00000001")
      oldest = entry.path();
  REQUIRE_FALSE(oldest.empty());
  {
    std::FILE* f = std::fopen(oldest.c_str(), "r+");
    REQUIRE(f != nullptr);
    REQUIRE(std::fseek(f, 2 * log_block + 60, SEEK_SET) == 0);
    REQUIRE(std::fputs("damage", f) >= 0);
    REQUIRE(std::fclose(f) == 0);
  }
  std::ostringstream out;
  CHECK(tool::verify(dir.path(), out) == 1);
  CHECK_THAT(out.str(), Catch::Contains("damaged: the commit log"));
  std::ostringstream refused;
  CHECK(tool::backup(dir.path(), dir / "copy", day_one, refused) == 1);
}

} // namespace orderhub::testing
