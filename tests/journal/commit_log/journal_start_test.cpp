#include "journal/copied_effects.hpp"
#include "journal/inspect/tool.hpp"
#include "journal/inspect/verify.hpp"
#include "tests/journal/commit_log/journal_on_disk.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/simulated_log.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>

// What a start takes for its journal, and what it refuses; and what only looks.
namespace orderhub::testing {

using namespace journal;

namespace {

/// What a start on the directory fails with.
error refusal(const std::string& directory) {
  auto tables = lmdb_store::open(directory, {.map_size = 64U << 20U});
  REQUIRE(tables);
  auto files = file_log_directory::make(directory);
  REQUIRE(files);
  commit_log log(**files);
  seeded_random random(6);
  auto journal = hub_journal::open(**tables, {}, random, &log);
  REQUIRE_FALSE(journal);
  return journal.error();
}

/// Names and contents of a directory's files.
std::map<std::string, std::string> files_in(const std::string& directory) {
  std::map<std::string, std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file())
      continue;
    std::ifstream in(entry.path(), std::ios::binary);
    all[entry.path().string()] =
        std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return all;
}

} // namespace

TEST_CASE("a journal that a start finds no room for can be read, and goes on when there is some",
          "[commit_log][journal][failure]") {
  memory_store tables;
  simulated_log disk;
  seeded_random random(1);
  turn_maker maker(21);
  reference world;
  constexpr commit_log_options small{.segment_size = 64 * log_block, .spare = 0};
  {
    commit_log log(disk, small);
    auto journal = hub_journal::open(tables, slow_options(), random, &log);
    REQUIRE(journal);
    for (int i = 0; i < 8; ++i) {
      auto turns = maker.next(world);
      world.commit(turns);
      REQUIRE((*journal)->commit(turns));
    }
  }
  disk.room_for(log_block);
  commit_log log(disk, small);
  auto journal = hub_journal::open(tables, slow_options(), random, &log);
  REQUIRE(journal);
  CHECK_FALSE((*journal)->settled());
  check_same(**journal, world, maker.now());
  const auto before = tables.commits();
  auto turns = maker.next(world);
  CHECK((*journal)->settle().error().kind == error_kind::full);
  CHECK((*journal)->commit(turns).error().kind == error_kind::full);
  // Nothing is folded: the newest commit may be gone after a power cut, and half of it in rows.
  CHECK((*journal)->maintain(maker.now()).error().kind == error_kind::full);
  CHECK((*journal)->checkpoint_now(maker.now()).error().kind == error_kind::full);
  CHECK(tables.commits() == before);
  check_same(**journal, world, maker.now());

  disk.room_for(std::nullopt);
  world.commit(turns);
  REQUIRE((*journal)->commit(turns));
  CHECK((*journal)->settled());
  check_same(**journal, world, maker.now());
  REQUIRE((*journal)->checkpoint_now(maker.now()));
  check_same(**journal, world, maker.now());
}

TEST_CASE("a journal of before is read, and taken over when there is room for its commit log",
          "[commit_log][journal][failure]") {
  memory_store tables;
  seeded_random random(1);
  turn_maker maker(22);
  reference world;
  {
    auto journal = hub_journal::open(tables, slow_options(), random);
    REQUIRE(journal);
    for (int i = 0; i < 8; ++i) {
      auto turns = maker.next(world);
      world.commit(turns);
      REQUIRE((*journal)->commit(turns));
    }
  }
  simulated_log disk;
  const bool log_first = GENERATE(true, false);
  if (log_first)
    disk.refuse_create(error_kind::full);
  else
    tables.fail_commit(1, error_kind::full);
  {
    commit_log log(disk, {});
    auto journal = hub_journal::open(tables, slow_options(), random, &log);
    REQUIRE(journal);
    CHECK_FALSE((*journal)->settled());
    check_same(**journal, world, maker.now());
  }
  {
    // The program of before could go on with it.
    auto journal = hub_journal::open(tables, slow_options(), random);
    REQUIRE(journal);
    check_same(**journal, world, maker.now());
  }
  disk.refuse_create(std::nullopt);
  commit_log log(disk, {});
  auto journal = hub_journal::open(tables, slow_options(), random, &log);
  REQUIRE(journal);
  CHECK((*journal)->settled());
  check_same(**journal, world, maker.now());
}

TEST_CASE("a journal without its tables is not begun anew over its commit log",
          "[commit_log][journal][damage]") {
  temp_directory dir;
  turn_maker maker(13);
  reference world;
  {
    const journal_on_disk hub(dir.path());
    hub.commit(maker, world, 3);
  }
  REQUIRE(std::filesystem::remove(dir / "data.mdb"));
  auto tables = lmdb_store::open(dir.path(), {.map_size = 64U << 20U});
  REQUIRE(tables);
  auto files = file_log_directory::make(dir.path());
  REQUIRE(files);
  commit_log log(**files);
  seeded_random random(6);
  auto journal = hub_journal::open(**tables, {}, random, &log);
  REQUIRE_FALSE(journal);
  CHECK(journal.error().kind == error_kind::corrupt);
  CHECK_THAT(journal.error().message, Catch::Contains("another journal"));
}

TEST_CASE("a journal whose commit log is missing, or is another one's, is not opened without it",
          "[commit_log][journal][damage]") {
  temp_directory dir;
  const auto data = dir / "data";
  const auto away = dir / "away";
  turn_maker maker(14);
  reference world;
  leave_half_folded(data, maker, world, 5);
  std::filesystem::rename(data + "/log", away);
  std::string expected;
  SECTION("missing") {
    expected = "missing";
  }
  SECTION("empty") {
    std::filesystem::create_directory(data + "/log");
    expected = "missing";
  }
  SECTION("another journal's") {
    const journal_on_disk other(dir / "other");
    std::filesystem::rename(dir / "other/log", data + "/log");
    expected = "another journal";
  }
  SECTION("a restored copy's, which has the same hub id") {
    std::filesystem::rename(away, data + "/log");
    std::ostringstream out;
    REQUIRE(tool::backup(data, dir / "copy", day_one, out) == 0);
    std::filesystem::rename(data + "/log", away);
    {
      const journal_on_disk copy(dir / "copy");
      auto same = world;
      copy.commit(maker, same, 3);
    }
    std::filesystem::rename(dir / "copy/log", data + "/log");
    expected = "another journal";
  }
  for (int tries = 0; tries < 2; ++tries) { // The first one has left nothing that the next takes.
    const auto refused = refusal(data);
    CHECK(refused.kind == error_kind::corrupt);
    CHECK_THAT(refused.message, Catch::Contains(expected));
    std::ostringstream out;
    CHECK(tool::verify(data, out) == 1);
    CHECK_THAT(out.str(), Catch::Contains(expected));
    CHECK(tool::backup(data, dir / "not made", day_one, out) == 1);
    CHECK_FALSE(std::filesystem::exists(dir / "not made/data.mdb"));
  }
  // Put back, it is whole again.
  std::filesystem::remove_all(data + "/log");
  std::filesystem::rename(away, data + "/log");
  const journal_on_disk again(data);
  check_same(*again.journal, world, maker.now());
}

TEST_CASE("a copy over the commit log of another time is refused, and starts without it",
          "[commit_log][journal][damage]") {
  temp_directory dir;
  const auto data = dir / "data";
  turn_maker maker(15);
  reference world;
  reference copied;
  {
    const journal_on_disk hub(data);
    hub.commit(maker, world, 10);
    copied = world;
    std::ostringstream out;
    REQUIRE(tool::backup(data, dir / "copy", day_one, out) == 0);
    hub.commit(maker, world, 10);
  }
  std::filesystem::copy_file(dir / "copy/data.mdb", data + "/data.mdb",
                             std::filesystem::copy_options::overwrite_existing);
  CHECK_THAT(refusal(data).message, Catch::Contains("move the directory `log` away"));
  std::filesystem::rename(data + "/log", dir / "away");
  const journal_on_disk restored(data);
  check_same(*restored.journal, copied, maker.now());
  const auto all = start_on(*restored.tables, *restored.journal, day_one + 1);
  REQUIRE(all);
  CHECK(all->size() == 1);
}

TEST_CASE("looking at a journal changes nothing of its commit log", "[commit_log][journal][tool]") {
  temp_directory dir;
  const auto data = dir / "data";
  turn_maker maker(16);
  reference world;
  leave_half_folded(data, maker, world, 10);
  const auto before = files_in(data + "/log");
  const auto tables = files_in(data).at(data + "/data.mdb");
  REQUIRE(before.size() > 1);
  std::ostringstream out;
  CHECK(tool::verify(data, out) == 0);
  CHECK(tool::stats(data, out) == 0);
  CHECK(tool::dump(data, {}, out, out) == 0);
  CHECK(tool::backup(data, dir / "copy", day_one, out) == 0);
  CHECK((files_in(data + "/log") == before));
  CHECK((files_in(data).at(data + "/data.mdb") == tables));
  CHECK_FALSE(std::filesystem::exists(dir / "copy/log"));
}

TEST_CASE("without syncs nothing is folded that a power cut takes out of the log",
          "[commit_log][journal][random]") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(0, 20)));
  CAPTURE(seed);
  memory_store tables;
  auto disk = std::make_unique<simulated_log>();
  turn_maker maker(seed);
  auto options = slow_options();
  options.sync = false;
  options.slice_rows = 0;
  options.checkpoint_bytes = 2'000;
  seeded_random random(seed);
  reference world;
  for (int run = 0; run < 3; ++run) {
    {
      commit_log log(*disk, {.segment_size = 64 * log_block, .spare = 1});
      auto journal = hub_journal::open(tables, options, random, &log);
      REQUIRE(journal);
      const auto rounds = 1 + maker.below(30);
      for (std::uint64_t i = 0; i < rounds; ++i) {
        auto turns = maker.next(world);
        world.commit(turns);
        REQUIRE((*journal)->commit(turns));
        REQUIRE((*journal)->maintain(maker.now()));
      }
    }
    if (maker.below(2) == 0) { // The process ends, then another, and then the power.
      disk = disk->after_kill();
      continue;
    }
    break;
  }
  tables.power_loss();
  disk = disk->after_power_cut([](std::size_t) { return false; });
  commit_log log(*disk, {.segment_size = 64 * log_block, .spare = 1});
  auto journal = hub_journal::open(tables, options, random, &log);
  if (!journal) { // From the middle: that is said.
    CHECK_THAT(journal.error().message, Catch::Contains("records are missing"));
    return;
  }
  REQUIRE((*journal)->checkpoint_now(maker.now()));
  auto rows = tables.read();
  REQUIRE(rows);
  CHECK(verify_tables(**rows).problems == std::vector<std::string>());
}

} // namespace orderhub::testing
