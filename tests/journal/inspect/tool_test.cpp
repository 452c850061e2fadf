#include "journal/data_directory.hpp"
#include "journal/hub_journal.hpp"
#include "journal/inspect/kept_copies.hpp"
#include "journal/inspect/tool.hpp"
#include "journal/key.hpp"
#include "journal/lmdb_store.hpp"
#include "journal/restored.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orderhub::testing {

using namespace journal;

namespace {

/// A journal with rows and a log, and what was committed to it.
reference write_journal(const std::string& directory, std::uint64_t seed, int rounds) {
  reference world;
  turn_maker maker(seed);
  auto tables = lmdb_store::open(directory, {.map_size = 64U << 20U});
  REQUIRE(tables);
  seeded_random random(seed);
  auto journal = hub_journal::open(**tables, {}, random);
  REQUIRE(journal);
  for (int i = 0; i < rounds; ++i) {
    auto turns = maker.next(world);
    world.commit(turns);
    REQUIRE((*journal)->commit(turns));
    if (i == rounds / 2)
      REQUIRE((*journal)->checkpoint_now(maker.now()));
  }
  return world;
}

} // namespace

TEST_CASE("verify finds nothing wrong with a journal that is right", "[journal][tool]") {
  temp_directory dir;
  write_journal(dir.path(), 1, 60);
  std::ostringstream out;
  CHECK(tool::verify(dir.path(), out) == 0);
  CHECK(out.str().find("problems=0") != std::string::npos);
}

TEST_CASE("verify reports a damaged byte wherever it is, and survives it", "[journal][tool]") {
  temp_directory dir;
  write_journal(dir.path(), 1, 60);
  const auto path = dir / "data.mdb";
  const auto whole = read_text(path);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  // The header of each page behind the two that hold LMDB's own root: some pages are free or their
  // fields unused, most are not.
  int found = 0;
  int tried = 0;
  const std::string unused(page, '\0'); // Prepared for growth.
  for (std::size_t at = 2 * page; at < whole.size(); at += page, ++tried) {
    if (whole.compare(at, page, unused) == 0)
      break;
    auto bytes = whole;
    for (std::size_t i = 8; i < 24; ++i)
      bytes[at + i] = static_cast<char>(bytes[at + i] ^ 0x55);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    std::ostringstream out;
    const int status = tool::verify(dir.path(), out);
    CAPTURE(at, out.str());
    REQUIRE((status == 0 || status == 1));
    if (status == 1) {
      ++found;
      CHECK(!out.str().empty());
    }
  }
  CHECK(found > tried / 4);
}

TEST_CASE("the tools say that there is no journal, and make none", "[journal][tool]") {
  temp_directory dir;
  const auto none = dir / "none";
  std::ostringstream out;
  std::ostringstream errors;
  CHECK(tool::verify(none, out) == 2);
  CHECK(tool::stats(none, out) == 2);
  CHECK(tool::backup(none, dir / "to", day_one, out) == 2);
  CHECK(tool::dump(none, {}, out, errors) == 2);
  CHECK(out.str().find("there is no journal in '" + none + "'") != std::string::npos);
  CHECK(::access(none.c_str(), F_OK) != 0);
}

TEST_CASE("stats and dump read a journal on disk", "[journal][tool]") {
  temp_directory dir;
  const auto world = write_journal(dir.path(), 2, 40);
  std::ostringstream stats;
  CHECK(tool::stats(dir.path(), stats) == 0);
  CHECK(stats.str().find("\"last_lsn\":" + std::to_string(world.last_lsn())) != std::string::npos);
  std::ostringstream lines;
  std::ostringstream errors;
  CHECK(tool::dump(dir.path(), {}, lines, errors) == 0);
  CHECK(lines.str().find("\"table\":\"ob\"") != std::string::npos);
  CHECK(errors.str().empty());
}

TEST_CASE("a copy of a copy ends where the first one does, and every restore is remembered",
          "[journal][tool][restored]") {
  temp_directory dir;
  const auto world = write_journal(dir / "data", 4, 20);
  std::ostringstream out;
  const auto copies = [&](const std::string& path) {
    auto tables = lmdb_store::open(path, {.map_size = 64U << 20U});
    REQUIRE(tables);
    auto all = take_restorations(**tables, day_one + 100'000);
    REQUIRE(all);
    std::vector<unix_ms> times;
    for (const auto& r : *all) {
      CHECK(r.copy.last_lsn == world.last_lsn());
      times.push_back(r.copy.made_at);
    }
    return times;
  };
  CHECK(copies(dir / "data").empty()); // It is none.
  REQUIRE(tool::backup(dir / "data", dir / "first", day_one, out) == 0);
  REQUIRE(tool::backup(dir / "first", dir / "second", day_one + 10'000, out) == 0);
  CHECK(tool::verify(dir / "second", out) == 0);
  std::ostringstream stats;
  CHECK(tool::stats(dir / "second", stats) == 0);
  CHECK(stats.str().find("\"copied_at\":" + std::to_string(day_one)) != std::string::npos);
  CHECK(copies(dir / "second") == std::vector<unix_ms>{day_one});
  REQUIRE(tool::backup(dir / "second", dir / "third", day_one + 20'000, out) == 0);
  CHECK(copies(dir / "third") == std::vector<unix_ms>{day_one, day_one + 20'000});
  CHECK(tool::verify(dir / "third", out) == 0);
  std::ostringstream after;
  CHECK(tool::stats(dir / "third", after) == 0);
  CHECK(after.str().find("\"copied_at\":" + std::to_string(day_one + 20'000)) != std::string::npos);
  CHECK(after.str().find("\"copied_lsn\":" + std::to_string(world.last_lsn())) !=
        std::string::npos);
}

TEST_CASE("damaged notes about copies are found and named", "[journal][tool][restored]") {
  for (const auto key : {meta_key::copied, meta_key::restored}) {
    temp_directory dir;
    write_journal(dir.path(), 5, 10);
    {
      auto tables = lmdb_store::open(dir.path(), {.map_size = 64U << 20U});
      REQUIRE(tables);
      auto txn = (*tables)->begin_write(true);
      REQUIRE(txn);
      auto bytes = key == meta_key::copied
                       ? encode(copy_mark{day_one, 7})
                       : encode(std::vector<restoration>{{{day_one, 7}, day_one}});
      bytes[3] = static_cast<char>(bytes[3] ^ 1);
      REQUIRE((*txn)->put(table::mt, key, bytes));
      REQUIRE((*txn)->commit());
      const auto taken = take_restorations(**tables, day_one);
      REQUIRE_FALSE(taken);
      CHECK(taken.error().kind == error_kind::corrupt);
    }
    std::ostringstream out;
    CHECK(tool::verify(dir.path(), out) == 1);
  }
}

TEST_CASE("the tools show what is set aside", "[journal][tool][damage]") {
  temp_directory dir;
  {
    auto tables = lmdb_store::open(dir.path(), {.map_size = 64U << 20U});
    REQUIRE(tables);
    seeded_random random(1);
    auto journal = hub_journal::open(**tables, {}, random);
    REQUIRE(journal);
    const object_id sick{"Order", "sick"};
    const auto run = invocation_at(day_one, 1);
    auto commit = [&](record r) {
      auto turns = one_turn({std::move(r)});
      REQUIRE((*journal)->commit(turns));
    };
    commit(input_record(sick, run, day_one));
    REQUIRE((*journal)->checkpoint_now(day_one));
    {
      auto txn = (*tables)->begin_write(true);
      REQUIRE(txn);
      REQUIRE((*txn)->put(table::ob, object_key(sick), "a row that was something else"));
      REQUIRE((*txn)->commit());
    }
    commit(state_record(record_kind::set, sick, run, day_one, 1, "status", "paid"));
    REQUIRE((*journal)->checkpoint_now(day_one));
  }
  std::ostringstream report;
  CHECK(tool::verify(dir.path(), report) == 1);
  CHECK(report.str().find("set aside: object Order/sick: the row of object Order/sick: ") !=
        std::string::npos);
  CHECK(report.str().find(" sa=3 ls=0 problems=0 set_aside=1") != std::string::npos);
  std::ostringstream stats;
  CHECK(tool::stats(dir.path(), stats) == 0);
  CHECK(stats.str().find("\"sa\":3") != std::string::npos);
  std::ostringstream lines;
  std::ostringstream errors;
  dump_options options;
  options.only = table::sa;
  options.bodies = true;
  CHECK(tool::dump(dir.path(), options, lines, errors) == 0);
  const auto text = lines.str();
  CHECK(text.find("\"what\":\"object\"") != std::string::npos);
  CHECK(text.find("\"object\":\"Order/sick\"") != std::string::npos);
  CHECK(text.find("\"bytes\":\"a row that was something else\"") != std::string::npos);
  CHECK(text.find("\"what\":\"record\"") != std::string::npos);
  CHECK(text.find("\"value\":\"paid\"") != std::string::npos);
}

// The hub is another process that holds the lock, as in life.
TEST_CASE("only the newest backups are kept where that is asked for, and nothing else is removed",
          "[journal][tool]") {
  temp_directory dir;
  write_journal(dir / "data", 1, 40);
  const auto copies = dir / "copies";
  const auto back_up = [&](unix_ms at) {
    std::ostringstream out;
    const int status = tool::backup(dir / "data", copies, at, out, {.verify = true, .keep = 2});
    INFO(out.str());
    CHECK(status == 0);
    CHECK(out.str().find("problems=0") != std::string::npos);
  };
  back_up(day_one);
  const auto first = copies + '/' + copy_folder_name(day_one);
  // One file, and nothing of whoever walked it.
  CHECK(std::distance(std::filesystem::directory_iterator(first), {}) == 1);
  std::ofstream(first + "/notes") << "of a person";
  std::filesystem::create_directory(copies + "/others");
  std::filesystem::create_directory(copies + '/' + copy_folder_name(day_one + 1)); // Not whole.
  for (int n = 2; n <= 4; ++n)
    back_up(day_one + n);
  CHECK(last_backup_of(dir / "data") == day_one + 4);
  CHECK(std::filesystem::exists(copies + "/others"));
  CHECK(std::filesystem::exists(first + "/notes"));
  CHECK_FALSE(std::filesystem::exists(first + "/data.mdb"));
  CHECK(copy_folders_in(copies).names ==
        std::vector<std::string>{copy_folder_name(day_one + 4), copy_folder_name(day_one + 3),
                                 copy_folder_name(day_one + 1), copy_folder_name(day_one)});
}

TEST_CASE("a backup that is found damaged is no success", "[journal][tool]") {
  temp_directory dir;
  write_journal(dir / "data", 1, 40);
  {
    auto tables = lmdb_store::open(dir / "data", {.map_size = 64U << 20U});
    REQUIRE(tables);
    auto rows = (*tables)->begin_write(true);
    REQUIRE(rows);
    REQUIRE((*rows)->put(table::ob, object_key({"Order", "sick"}), "no row"));
    REQUIRE((*rows)->commit());
  }
  std::ostringstream out;
  CHECK(tool::backup(dir / "data", dir / "copy", day_one, out, {.verify = true}) == 1);
  CHECK(out.str().find("is not as it should be") != std::string::npos);
  CHECK(last_backup_of(dir / "data") == 0);
  CHECK(std::filesystem::exists(dir / "copy/data.mdb"));
}

TEST_CASE("a backup of a running journal has its orders and its hub id",
          "[journal][tool][timing]") {
  temp_directory dir;
  const auto data = dir / "data";
  const auto copy = dir / "copy";
  std::array<int, 2> to_hub{};
  std::array<int, 2> from_hub{};
  REQUIRE(::pipe(to_hub.data()) == 0);
  REQUIRE(::pipe(from_hub.data()) == 0);
  constexpr std::uint64_t seed = 3;
  constexpr int rounds = 30;
  const auto hub = ::fork();
  REQUIRE(hub >= 0);
  if (hub == 0) {
    ::close(to_hub[1]);
    auto tables = lmdb_store::open(data, {.map_size = 64U << 20U});
    seeded_random random(seed);
    auto journal = tables ? hub_journal::open(**tables, {}, random)
                          : result<std::unique_ptr<hub_journal>>(fail({}));
    bool right = journal.has_value();
    reference world;
    turn_maker maker(seed);
    for (int i = 0; right && i < rounds; ++i) {
      auto turns = maker.next(world);
      world.commit(turns);
      right = (*journal)->commit(turns).has_value();
    }
    std::array<std::uint8_t, 17> word{};
    word[0] = right ? 1 : 0;
    if (right)
      std::copy((*journal)->hub().begin(), (*journal)->hub().end(), word.begin() + 1);
    char wait = 0;
    (void)!::write(from_hub[1], word.data(), word.size());
    (void)!::read(to_hub[0], &wait, 1);
    ::_exit(0);
  }
  ::close(to_hub[0]);
  std::array<std::uint8_t, 17> word{};
  REQUIRE(::read(from_hub[0], word.data(), word.size()) == 17);
  REQUIRE(word[0] == 1);

  std::ostringstream out;
  CHECK(tool::verify(data, out) == 0);
  CHECK(tool::backup(data, copy, day_one, out) == 0);
  CHECK(tool::backup(data, copy, day_one, out) == 2);
  CHECK(out.str().find("already holds a journal") != std::string::npos);
  ::close(to_hub[1]);
  int status = 0;
  REQUIRE(::waitpid(hub, &status, 0) == hub);
  ::close(from_hub[0]);
  ::close(from_hub[1]);

  struct stat s{};
  REQUIRE(::stat((copy + "/data.mdb").c_str(), &s) == 0);
  CHECK((s.st_mode & 0777U) == 0600);
  reference world;
  turn_maker maker(seed);
  for (int i = 0; i < rounds; ++i)
    world.commit(maker.next(world));
  auto tables = lmdb_store::open(copy, {.map_size = 64U << 20U});
  REQUIRE(tables);
  // It says that it is a copy until a hub first starts on it, and then since when it runs.
  const auto marked = [&] {
    auto rows = (*tables)->read();
    REQUIRE(rows);
    auto row = (*rows)->get(table::mt, meta_key::copied);
    REQUIRE(row);
    return row->has_value();
  };
  CHECK(marked());
  const auto first = take_restorations(**tables, day_one + 5'000);
  REQUIRE(first);
  CHECK(*first == std::vector<restoration>{{{day_one, world.last_lsn()}, day_one + 5'000}});
  CHECK_FALSE(marked());
  const auto second = take_restorations(**tables, day_one + 9'000);
  REQUIRE(second);
  CHECK(*second == *first);
  seeded_random random(77);
  auto journal = hub_journal::open(**tables, {}, random);
  REQUIRE(journal);
  CHECK(std::equal(word.begin() + 1, word.end(), (*journal)->hub().begin()));
  check_same(**journal, world, maker.now());
}

} // namespace orderhub::testing
