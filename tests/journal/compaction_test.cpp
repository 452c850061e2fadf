#include "journal/inspect/tool.hpp"
#include "tests/journal/commit_log/journal_on_disk.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/simulated_log.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

// Taking what is free and what is folded out of the files of a journal that is in use.
namespace orderhub::testing {

using namespace journal;
namespace fs = std::filesystem;

namespace {

const std::string secret(3'000, 'p');
const object_id order{"Order", "o-1"};

/// A call that keeps the secret, and one after it that forgets it.
void commit_secret(hub_journal& journal, reference& world, bool is_kept) {
  const auto run = invocation_at(day_one, is_kept ? 1 : 2);
  const auto value = is_kept ? std::optional(secret) : std::nullopt;
  const auto kind = is_kept ? record_kind::set : record_kind::clear;
  auto turns = one_turn({input_record(order, run, day_one),
                         state_record(kind, order, run, day_one, 1, "mail", value),
                         output_record(order, run, day_one, 2, std::string("ok"))});
  world.commit(turns);
  REQUIRE(journal.commit(turns));
}

std::string text_of(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

/// Files below the directory that have the secret.
std::vector<std::string> files_with_secret(const std::string& directory) {
  std::vector<std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(directory))
    if (entry.is_regular_file() &&
        text_of(entry.path()).find(secret.substr(0, 100)) != std::string::npos)
      found.push_back(entry.path().filename());
  return found;
}

/// Slices until the compaction has ended.
compact_run ended(hub_journal& journal, unix_ms now) {
  for (;;) {
    const auto more = journal.maintain(now);
    if (!more)
      FAIL(more.error().message);
    const auto run = journal.compacted();
    REQUIRE(run);
    if (run->stage == compact_stage::ended)
      return *run;
    if (!*more)
      std::this_thread::yield();
  }
}

/// Tables whose copy is whole when the test says so.
class watched_store final : public store {
public:
  enum class copying { under_way, whole, failed };

  result<std::unique_ptr<write_transaction>> begin_write(bool sync) override {
    return tables.begin_write(sync);
  }
  result<std::unique_ptr<reader>> read() const override { return tables.read(); }
  result<std::unique_ptr<table_copy>> begin_copy() override {
    ++copies;
    return std::unique_ptr<table_copy>(std::make_unique<copy_of>(*this));
  }

  memory_store tables;
  copying copy = copying::under_way;
  int copies = 0, taken = 0, dropped = 0;

private:
  class copy_of final : public table_copy {
  public:
    explicit copy_of(watched_store& of) : of_(of) {}
    ~copy_of() override { of_.dropped += of_.taken == 0 ? 1 : 0; }
    result<bool> is_whole() const override {
      if (of_.copy == copying::failed)
        return fail({error_kind::full, "test", "the disk is full"});
      return of_.copy == copying::whole;
    }
    std::uint64_t size() const override { return 1; }
    std::uint64_t replaces_bytes() const override { return 2; }
    result<void> take_place() override {
      ++of_.taken;
      return {};
    }

  private:
    watched_store& of_;
  };
};

/// A journal on such tables, with a compaction that copies.
struct copying_journal {
  watched_store tables;
  simulated_log disk;
  commit_log log{disk, {.segment_size = 32 * log_block, .spare = 1}};
  seeded_random random{1};
  std::unique_ptr<hub_journal> journal;
  turn_maker maker{3};
  reference world;

  copying_journal() {
    auto options = slow_options();
    options.checkpoint_bytes = 20'000;
    auto opened = hub_journal::open(tables, options, random, &log);
    REQUIRE(opened);
    journal = std::move(*opened);
    commit();
    REQUIRE(journal->compact());
    while (tables.copies == 0)
      REQUIRE(journal->maintain(maker.now()));
    CHECK(journal->metrics().checkpoint_lsn == journal->metrics().last_lsn);
  }
  void commit() {
    auto turns = maker.next(world);
    world.commit(turns);
    REQUIRE(journal->commit(turns));
  }
  [[nodiscard]] compact_run seen() const { return *journal->compacted(); }
};

} // namespace

TEST_CASE("a compaction leaves what is kept, and nothing else in any file", "[journal][compact]") {
  temp_directory dir;
  turn_maker maker(5);
  reference world;
  {
    const journal_on_disk hub(dir.path());
    hub.commit(maker, world, 40);
    commit_secret(*hub.journal, world, true);
    REQUIRE(hub.journal->checkpoint_now(maker.now()));
    commit_secret(*hub.journal, world, false);
    const auto before = fs::file_size(dir / "data.mdb");
    REQUIRE(files_with_secret(dir.path()).size() >= 2);
    REQUIRE(hub.journal->compact());
    CHECK(hub.journal->compact().error().kind == error_kind::unavailable);
    // Who reads keeps what he sees, and holds nobody up.
    const auto rows = hub.tables->read();
    REQUIRE(rows);
    const auto count = (*rows)->count(table::ob).value_or(0);
    const auto run = ended(*hub.journal, maker.now());
    CHECK(run.failed.empty());
    CHECK(run.before_bytes == before);
    CHECK(run.after_bytes < before);
    CHECK(run.after_bytes == run.copied_bytes);
    CHECK((*rows)->count(table::ob).value_or(1) == count);
    CHECK(files_with_secret(dir.path()).empty());
    CHECK_FALSE(fs::exists(dir / "compacted"));
    CHECK(hub.journal->load(order)->values.empty());
    hub.commit(maker, world, 40);
    REQUIRE(hub.journal->checkpoint_now(maker.now()));
    hub.commit(maker, world, 5);
    REQUIRE(hub.journal->compact());
    CHECK(ended(*hub.journal, maker.now()).failed.empty());
  }
  std::ostringstream out;
  CHECK(tool::verify(dir.path(), out) == 0);
  const journal_on_disk again(dir.path());
  check_same(*again.journal, world, maker.now());
}

TEST_CASE("while the tables are copied nothing is written to them, and commits go on",
          "[journal][compact]") {
  copying_journal hub;
  const auto written = hub.tables.tables.commits();
  while (hub.journal->has_room()) { // Then a checkpoint is due.
    hub.commit();
    REQUIRE(hub.journal->maintain(hub.maker.now()));
  }
  REQUIRE_FALSE(hub.journal->behind());
  CHECK(hub.tables.tables.commits() == written);
  CHECK(hub.seen().stage == compact_stage::copying);
  hub.tables.copy = watched_store::copying::whole;
  CHECK(ended(*hub.journal, hub.maker.now()).failed.empty());
  CHECK(hub.tables.taken == 1);
  REQUIRE(hub.journal->checkpoint_now(hub.maker.now()));
  CHECK(hub.tables.tables.commits() > written);
  check_same(*hub.journal, hub.world, hub.maker.now());
}

TEST_CASE("a compaction is given up before a commit would wait for it", "[journal][compact]") {
  copying_journal hub;
  const auto folded = hub.journal->metrics().checkpoint_lsn;
  while (!hub.journal->behind())
    hub.commit();
  REQUIRE(hub.journal->maintain(hub.maker.now()));
  CHECK_THAT(hub.seen().failed,
             Catch::Contains("a quieter hour") && Catch::Contains("file is what it was"));
  CHECK(hub.tables.taken == 0);
  CHECK(hub.tables.dropped == 1);
  while (hub.journal->behind())
    REQUIRE(hub.journal->maintain(hub.maker.now()));
  CHECK(hub.journal->metrics().checkpoint_lsn > folded);
  check_same(*hub.journal, hub.world, hub.maker.now());
  // And may be tried again.
  hub.tables.copy = watched_store::copying::whole;
  REQUIRE(hub.journal->compact());
  CHECK(ended(*hub.journal, hub.maker.now()).failed.empty());
}

TEST_CASE("a copy that fails, or a stop, leaves the tables as they were", "[journal][compact]") {
  copying_journal hub;
  const bool is_stop = GENERATE(false, true);
  if (is_stop) {
    REQUIRE(hub.journal->checkpoint_now(hub.maker.now()));
  } else {
    hub.tables.copy = watched_store::copying::failed;
    REQUIRE(hub.journal->maintain(hub.maker.now()));
  }
  CHECK_THAT(hub.seen().failed, Catch::Contains(is_stop ? "was stopped" : "the disk is full"));
  CHECK(hub.seen().ended_at == hub.maker.now());
  CHECK(hub.tables.taken == 0);
  CHECK(hub.tables.dropped == 1);
  check_same(*hub.journal, hub.world, hub.maker.now());
}

TEST_CASE("a compaction does not wait for ever for what cannot be folded", "[journal][compact]") {
  watched_store tables;
  simulated_log disk;
  commit_log log(disk, {});
  seeded_random random(1);
  auto journal = hub_journal::open(tables, slow_options(), random, &log);
  REQUIRE(journal);
  turn_maker maker(3);
  reference world;
  auto turns = maker.next(world);
  world.commit(turns);
  REQUIRE((*journal)->commit(turns));
  REQUIRE((*journal)->compact());
  bool has_failed = false;
  for (auto now = maker.now(); now < maker.now() + 700'000; now += 50'000)
    for (int slices = 0; slices < 30; ++slices) {
      tables.tables.fail_commit(1, error_kind::full);
      has_failed = !(*journal)->maintain(now) || has_failed;
    }
  CHECK(has_failed);
  CHECK_THAT((*journal)->compacted()->failed, Catch::Contains("could not be folded"));
  CHECK(tables.copies == 0);
  tables.tables.crash(); // The disk is well again.
  REQUIRE((*journal)->checkpoint_now(maker.now()));
  check_same(**journal, world, maker.now());
}

TEST_CASE("without room for the copy nothing is touched", "[journal][compact]") {
  temp_directory dir;
  turn_maker maker(5);
  reference world;
  const journal_on_disk hub(dir.path(), slow_options(),
                            {.map_size = 64U << 20U, .room_beside = 1ULL << 60U});
  hub.commit(maker, world, 10);
  REQUIRE(hub.journal->compact());
  const auto run = ended(*hub.journal, maker.now());
  CHECK_THAT(run.failed, Catch::Contains("bytes free on the journal's disk"));
  CHECK_FALSE(fs::exists(dir / "compacted"));
  CHECK(hub.tables->is_current());
  check_same(*hub.journal, world, maker.now());
}

TEST_CASE("a journal without a commit log is not compacted", "[journal][compact]") {
  memory_store tables;
  const auto journal = opened(tables, slow_options());
  CHECK(journal->compact().error().kind == error_kind::invalid);
  CHECK_FALSE(journal->compacted());
}

TEST_CASE("commits, reads and compactions on threads of their own lose and mix up nothing",
          "[journal][compact][timing]") {
  temp_directory dir;
  turn_maker maker(8);
  reference world;
  auto options = slow_options();
  options.checkpoint_bytes = 20'000;
  {
    const journal_on_disk hub(dir.path(), options);
    std::atomic<bool> stop{false};
    std::atomic<unix_ms> now{maker.now()};
    std::atomic<int> failures{0}, whole{0};
    std::thread folder([&] {
      while (!stop) {
        if (!hub.journal->maintain(now))
          ++failures;
        const auto run = hub.journal->compacted();
        if (run && run->stage != compact_stage::ended)
          continue;
        whole += run && run->failed.empty() ? 1 : 0;
        (void)hub.journal->compact();
      }
    });
    std::thread reader([&] {
      while (!stop)
        for (const auto* key : {"1", "2", "3"})
          if (!hub.journal->load({"Order", key}) || !hub.journal->timers(now, 5) ||
              !hub.tables->figures())
            ++failures;
    });
    for (int i = 0; i < 300 || whole < 5; ++i) {
      auto turns = maker.next(world);
      world.commit(turns);
      now = maker.now();
      if (!hub.journal->commit(turns))
        ++failures;
      while (hub.journal->behind()) // As the writer does.
        std::this_thread::yield();
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

namespace {

/// Commits, folds and compacts as fast as it can, and writes a byte for each commit, until it is
/// killed or nobody reads on.
int run_compacting_hub(const std::string& data, int told) {
  turn_maker maker(17);
  reference world;
  auto options = slow_options();
  options.checkpoint_bytes = 20'000;
  const journal_on_disk hub(data, options);
  std::atomic<bool> stop{false};
  std::atomic<unix_ms> now{maker.now()};
  std::atomic<int> failures{0};
  std::thread folder([&] {
    while (!stop) {
      if (!hub.journal->maintain(now))
        ++failures;
      (void)hub.journal->compact();
    }
  });
  while (!stop) {
    auto turns = maker.next(world);
    world.commit(turns);
    now = maker.now();
    if (!hub.journal->commit(turns))
      ++failures;
    while (hub.journal->behind())
      std::this_thread::yield();
    stop = ::write(told, "!", 1) != 1;
  }
  folder.join();
  return failures;
}

/// The hub is a process of its own: LMDB tells who reads a file by process.
class compacting_hub {
public:
  explicit compacting_hub(const std::string& data) {
    std::array<int, 2> ends{};
    REQUIRE(::pipe(ends.data()) == 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::signal(SIGPIPE, SIG_IGN);
      ::close(ends[0]);
      ::_exit(run_compacting_hub(data, ends[1]) == 0 ? 0 : 1);
    }
    REQUIRE(child_ > 0);
    ::close(ends[1]);
    told_ = ends[0];
  }
  /// So many commits later.
  void wait(std::size_t commits) const {
    char one = 0;
    for (; commits > 0; --commits)
      REQUIRE(::read(told_, &one, 1) == 1);
  }
  /// The status of its end; `killed`: at once, and how many commits it had told beyond those that
  /// were waited for.
  int end() {
    ::close(told_);
    int status = -1;
    REQUIRE(::waitpid(child_, &status, 0) == child_);
    return status;
  }
  std::size_t kill() {
    ::kill(child_, SIGKILL);
    std::size_t more = 0;
    for (char one = 0; ::read(told_, &one, 1) == 1;)
      ++more;
    (void)end();
    return more;
  }

private:
  pid_t child_ = -1;
  int told_ = -1;
};

} // namespace

TEST_CASE("a hub that is killed while it compacts has every commit that it told of",
          "[journal][compact][timing]") {
  for (std::size_t n = 0; n < 12; ++n) {
    CAPTURE(n);
    temp_directory dir;
    compacting_hub hub(dir.path());
    auto told = 3 + 9 * n;
    hub.wait(told);
    told += hub.kill();
    turn_maker maker(17);
    reference world;
    for (std::size_t i = 0; i < told; ++i)
      world.commit(maker.next(world));
    std::ostringstream out;
    CHECK(tool::verify(dir.path(), out) == 0);
    const journal_on_disk again(dir.path());
    CHECK_FALSE(fs::exists(dir / "compacted"));
    REQUIRE(again.journal->metrics().last_lsn >= world.last_lsn());
    if (again.journal->metrics().last_lsn == world.last_lsn())
      check_same(*again.journal, world, maker.now());
  }
}

TEST_CASE("each backup beside a hub that compacts is one moment of it",
          "[journal][compact][tool][timing]") {
  temp_directory dir;
  const auto data = dir / "data";
  compacting_hub hub(data);
  std::ostringstream out;
  int not_whole = 0;
  for (int i = 0; i < 8; ++i) {
    hub.wait(10);
    const auto copy = dir / ("copy" + std::to_string(i));
    if (tool::backup(data, copy, day_one, out) != 0 || tool::verify(copy, out) != 0 ||
        tool::stats(data, out) != 0)
      ++not_whole;
    fs::remove_all(copy);
  }
  const int status = hub.end();
  INFO(out.str());
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(not_whole == 0);
}

// Between the two names that a copy takes the process may end, and a reader go on that still has
// the lock file of before: its table of readers says which transaction is the newest, of a file
// that is not there any more.
TEST_CASE("a copy that has only one of its names is read whole by the next start, whoever reads",
          "[journal][compact]") {
  temp_directory dir;
  const auto data = dir / "data", spare = dir / "spare";
  turn_maker maker(6);
  reference world;
  leave_half_folded(data, maker, world, 20);
  std::array<int, 2> ready{}, stop{};
  REQUIRE(::pipe(ready.data()) == 0);
  REQUIRE(::pipe(stop.data()) == 0);
  const auto child = ::fork();
  if (child == 0) { // A reader, which keeps the lock file.
    ::close(stop[1]);
    const auto tables = lmdb_store::open(data, {.map_size = 64U << 20U, .read_only = true});
    const auto rows = (*tables)->read();
    const auto count = (*rows)->count(table::ob).value_or(0);
    char byte = 0;
    (void)!::write(ready[1], "!", 1);
    (void)!::read(stop[0], &byte, 1);
    ::_exit(rows && (*rows)->count(table::ob).value_or(1) == count && !(*tables)->is_current() ? 0
                                                                                               : 1);
  }
  REQUIRE(child > 0);
  ::close(stop[0]);
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  {
    const auto tables = lmdb_store::open(data, {.map_size = 64U << 20U});
    REQUIRE(tables);
    REQUIRE((*tables)->copy_to(spare));
  }
  fs::create_directory(data + "/compacted");
  std::ofstream(data + "/compacted/lock.mdb") << "of the copy";
  fs::rename(spare + "/data.mdb", data + "/data.mdb");
  // To read it is refused, in words, until there is a hub.
  const auto refused = lmdb_store::open(data, {.map_size = 64U << 20U, .read_only = true});
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("compacted"));
  {
    const journal_on_disk again(data);
    CHECK_FALSE(fs::exists(data + "/compacted"));
    check_same(*again.journal, world, maker.now());
    again.commit(maker, world, 20);
    REQUIRE(again.journal->checkpoint_now(maker.now()));
    check_same(*again.journal, world, maker.now());
  }
  ::close(stop[1]);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  const journal_on_disk last(data);
  check_same(*last.journal, world, maker.now());
}

} // namespace orderhub::testing
