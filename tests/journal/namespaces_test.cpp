// Processes of several containers on one volume: each has a namespace of process ids of its own, in
// which its first process has the id 1. LMDB tells readers apart by that id.
#include "journal/hub_journal.hpp"
#include "journal/lmdb_store.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

#include <array>
#include <functional>
#include <string>

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orderhub::testing {

using namespace journal;

namespace {

constexpr lmdb_options small{.map_size = 256U << 20U};
constexpr int not_permitted = 77;

int status_of(pid_t child) {
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/// Begins `run` as the first process of a new namespace; what it returns is the child's exit
/// status, `not_permitted` where there are no namespaces for us. Destructors of what outlives `run`
/// do not run: it dies like a process that is killed.
pid_t start_first_process(const std::function<int()>& run) {
  const auto outer = ::fork();
  REQUIRE(outer >= 0);
  if (outer != 0)
    return outer;
  if (::unshare(CLONE_NEWPID) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0)
    ::_exit(not_permitted);
  const auto inner = ::fork();
  if (inner < 0)
    ::_exit(not_permitted);
  if (inner == 0)
    ::_exit(::getpid() == 1 ? run() : not_permitted);
  int status = 0;
  ::waitpid(inner, &status, 0);
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

void make_journal(const std::string& directory) {
  auto tables = lmdb_store::open(directory, small);
  REQUIRE(tables);
  seeded_random random(1);
  REQUIRE(hub_journal::open(**tables, {}, random));
}

bool has_namespaces() {
  if (status_of(start_first_process([] { return 0; })) == 0)
    return true;
  WARN("no pid namespaces here: not shown");
  return false;
}

struct signal_pipe {
  signal_pipe() { REQUIRE(::pipe(ends.data()) == 0); }
  ~signal_pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  signal_pipe(const signal_pipe&) = delete;
  signal_pipe& operator=(const signal_pipe&) = delete;
  void give() const { (void)!::write(ends[1], "x", 1); }
  void wait() const {
    char c = 0;
    (void)!::read(ends[0], &c, 1);
  }
  std::array<int, 2> ends{};
};

} // namespace

TEST_CASE("a reader whose id another namespace's reader has is told so and a writer waits for it",
          "[journal][lmdb][namespaces]") {
  if (!has_namespaces())
    return;
  temp_directory dir;
  make_journal(dir.path());
  const signal_pipe reading, end;
  const auto tool = start_first_process([&] {
    const auto tables = lmdb_store::open(dir.path(), {.read_only = true});
    reading.give();
    end.wait();
    return tables ? 0 : 1;
  });
  reading.wait();
  // Another tool is told, at once.
  const auto second = status_of(start_first_process([&] {
    const auto tables = lmdb_store::open(dir.path(), {.read_only = true});
    return !tables && tables.error().where == reader_id_taken ? 0 : 1;
  }));
  // A hub that has no time to wait is refused, and says why; no journal is changed for it.
  const auto hasty = status_of(start_first_process([&] {
    const auto tables = lmdb_store::open(dir.path(), {.map_size = small.map_size, .id_wait_ms = 0});
    return !tables && tables.error().message.find("another pid namespace") != std::string::npos ? 0
                                                                                                : 1;
  }));
  // With another id there is nothing to wait for.
  CHECK(lmdb_store::open(dir.path(), {.map_size = small.map_size, .id_wait_ms = 0}));
  // A hub waits, and opens when the tool has ended.
  const signal_pipe waiting;
  const auto patient = start_first_process([&] {
    waiting.give();
    const auto tables =
        lmdb_store::open(dir.path(), {.map_size = small.map_size, .id_wait_ms = 600'000});
    return tables ? 0 : 1;
  });
  waiting.wait();
  end.give();
  CHECK(status_of(tool) == 0);
  CHECK(second == 0);
  CHECK(hasty == 0);
  CHECK(status_of(patient) == 0);
}

TEST_CASE("what a killed process of the same id was reading does not keep pages for ever",
          "[journal][lmdb][namespaces]") {
  if (!has_namespaces())
    return;
  temp_directory dir;
  make_journal(dir.path());
  // Without anybody else LMDB would begin a new table of readers, and show nothing.
  const auto beside = lmdb_store::open(dir.path(), {.read_only = true});
  REQUIRE(beside);
  const auto killed = status_of(start_first_process([&] {
    auto tables = lmdb_store::open(dir.path(), small);
    if (!tables)
      return 1;
    auto rows = (*tables)->read();
    ::_exit(rows ? 0 : 1); // In the middle of reading.
  }));
  const auto next = status_of(start_first_process([&] {
    auto tables = lmdb_store::open(dir.path(), small);
    if (!tables)
      return 1;
    const std::string large(100'000, 'x');
    for (int i = 0; i < 100; ++i) {
      auto txn = (*tables)->begin_write(false);
      if (!txn || !(*txn)->put(table::mt, "large", large) || !(*txn)->commit())
        return 2;
    }
    // Each write in the place of the one before last, and not 10 MB of them.
    return (*tables)->used_bytes() < (2U << 20U) ? 0 : 3;
  }));
  CHECK(killed == 0);
  CHECK(next == 0);
}

} // namespace orderhub::testing
