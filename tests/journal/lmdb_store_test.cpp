#include "journal/hub_journal.hpp"
#include "journal/key.hpp"
#include "journal/lmdb_store.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace orderhub::testing {

using namespace journal;

namespace {

unsigned mode_of(const std::string& path) {
  struct stat s{};
  REQUIRE(::stat(path.c_str(), &s) == 0);
  return s.st_mode & 0777U;
}

} // namespace

TEST_CASE("pages that nothing is in any more are told from those that hold rows",
          "[journal][lmdb]") {
  temp_directory dir;
  auto tables = lmdb_store::open(dir.path(), {.map_size = 64U << 20U});
  REQUIRE(tables);
  const std::string large(100'000, 'x');
  const auto write = [&](const auto& rows) {
    auto t = (*tables)->begin_write(true);
    REQUIRE(t);
    rows(**t);
    REQUIRE((*t)->commit());
    const auto figures = (*tables)->figures();
    REQUIRE(figures);
    return *figures;
  };
  const auto full = write([&](write_transaction& t) {
    for (char key = 'a'; key <= 'j'; ++key)
      REQUIRE(t.put(table::ob, std::string(1, key), large));
  });
  CHECK(full.live_bytes > 10 * large.size());
  CHECK(full.used_bytes >= full.live_bytes);
  CHECK(full.file_bytes >= full.used_bytes);
  const auto emptied = write([&](write_transaction& t) {
    for (char key = 'a'; key <= 'i'; ++key)
      REQUIRE(t.del(table::ob, std::string(1, key)));
  });
  CHECK(emptied.used_bytes >= full.used_bytes);
  CHECK(emptied.live_bytes < 3 * large.size());
  const auto reads = (*tables)->read();
  REQUIRE(reads);
  CHECK((*tables)->figures()->readers == emptied.readers + 1);
  // A copy has about what is live.
  REQUIRE((*tables)->copy_to(dir / "copy"));
  const auto copied = std::filesystem::file_size(dir / "copy/data.mdb");
  CHECK(copied <= emptied.live_bytes + 16'384);
  CHECK(copied + 16'384 >= emptied.live_bytes);
}

TEST_CASE("the data directory and its files are the owner's alone", "[journal][lmdb]") {
  temp_directory dir;
  const auto path = dir / "data";
  const auto old = ::umask(0);
  auto tables = lmdb_store::open(path);
  ::umask(old);
  REQUIRE(tables);
  CHECK(mode_of(path) == 0700);
  CHECK(mode_of(path + "/data.mdb") == 0600);
  CHECK(mode_of(path + "/lock.mdb") == 0600);
  CHECK(mode_of(path + "/orderhub.lock") == 0600);
}

TEST_CASE("a second process is told who has the directory, and changes nothing",
          "[journal][lmdb][timing]") {
  temp_directory dir;
  std::array<int, 2> to_child{};
  std::array<int, 2> to_parent{};
  REQUIRE(::pipe(to_child.data()) == 0);
  REQUIRE(::pipe(to_parent.data()) == 0);
  const auto holder = ::fork();
  REQUIRE(holder >= 0);
  if (holder == 0) {
    // The other end of this pipe must be the parent's alone, or its closing is not seen.
    ::close(to_child[1]);
    auto tables = lmdb_store::open(dir.path());
    const char word = tables ? 'y' : 'n';
    char wait = 0;
    (void)!::write(to_parent[1], &word, 1);
    (void)!::read(to_child[0], &wait, 1);
    ::_exit(0);
  }
  ::close(to_child[0]);
  char word = 0;
  REQUIRE(::read(to_parent[0], &word, 1) == 1);
  REQUIRE(word == 'y');

  auto second = lmdb_store::open(dir.path());
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == error_kind::unavailable);
  CHECK(second.error().message == "the data directory '" + dir.path() + "' is in use by process " +
                                      std::to_string(holder) +
                                      "; stop it first, or choose another directory");

  ::close(to_child[1]);
  int status = 0;
  REQUIRE(::waitpid(holder, &status, 0) == holder);
  ::close(to_parent[0]);
  ::close(to_parent[1]);
  CHECK(lmdb_store::open(dir.path()));
}

TEST_CASE("a full map fails as full, keeps serving reads, and goes on when there is room",
          "[journal][lmdb]") {
  temp_directory dir;
  seeded_random random(1);
  reference expected;
  turn_maker maker(3);
  journal_options options;
  options.checkpoint_bytes = 1ULL << 40U;
  const object_id big{"Order", "big"};
  auto big_turn = [&](std::uint64_t number) {
    const auto id = invocation_at(day_one, number);
    return one_turn(
        {input_record(big, id, day_one),
         state_record(record_kind::set, big, id, day_one, 1, "v", std::string(20'000, 'x')),
         output_record(big, id, day_one, 2, std::string("done"))});
  };
  std::vector<turn> refused;
  std::vector<turn> refused_copy;
  {
    auto tables = lmdb_store::open(dir.path(), {.map_size = 1U << 20U});
    REQUIRE(tables);
    auto journal = hub_journal::open(**tables, options, random);
    REQUIRE(journal);
    std::uint64_t number = 0;
    for (;; ++number) {
      auto turns = big_turn(number);
      const auto copy = turns;
      auto done = (*journal)->commit(turns);
      if (!done) {
        CHECK(done.error().kind == error_kind::full);
        CHECK(turns[0].records == copy[0].records);
        refused = std::move(turns);
        refused_copy = copy;
        break;
      }
      expected.commit(copy);
      REQUIRE(number < 1'000);
    }
    REQUIRE(number > 3);
    check_same(**journal, expected, day_one);
    // Folding needs room too. Whether or not it finds any, nothing is lost.
    if (auto done = (*journal)->checkpoint_now(day_one); !done)
      CHECK(done.error().kind == error_kind::full);
    check_same(**journal, expected, day_one);
  }
  auto tables = lmdb_store::open(dir.path(), {.map_size = 64U << 20U});
  REQUIRE(tables);
  auto journal = hub_journal::open(**tables, options, random);
  REQUIRE(journal);
  check_same(**journal, expected, day_one);
  // What was refused was kept whole.
  REQUIRE((*journal)->commit(refused));
  expected.commit(refused_copy);
  REQUIRE((*journal)->checkpoint_now(day_one));
  check_same(**journal, expected, day_one);
}

// The operating system's limit on a file's size stands in for a full disk: writes are cut short
// first, and refused afterwards.
TEST_CASE("a disk that takes no more loses nothing, and goes on when it does",
          "[journal][lmdb][timing]") {
  temp_directory dir;
  enum : int { right = 0, not_opened, never_full, wrong_kind, not_served, not_again, lost };
  const auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto tables = lmdb_store::open(dir.path());
    seeded_random random(1);
    auto journal = tables ? hub_journal::open(**tables, {}, random)
                          : result<std::unique_ptr<hub_journal>>(fail({}));
    if (!journal)
      ::_exit(not_opened);
    const object_id object{"Order", "o"};
    auto commit = [&](int number) {
      auto turns =
          one_turn({state_record(record_kind::set, object, invocation_at(day_one, 1), day_one, 1,
                                 "v", std::to_string(number) + std::string(3'000, 'x'))});
      return (*journal)->commit(turns);
    };
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlimit small{300'000, limit.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    int number = 0;
    auto done = commit(number);
    while (done && number < 1'000)
      done = commit(++number);
    if (done)
      ::_exit(never_full);
    for (int again = 0; again < 3; ++again) {
      if (done.error().kind != error_kind::full && done.error().kind != error_kind::unavailable)
        ::_exit(wrong_kind);
      done = commit(number);
      if (done)
        ::_exit(never_full);
    }
    auto state = (*journal)->load(object);
    if (!state || !state->value("v")->starts_with(std::to_string(number - 1) + 'x'))
      ::_exit(not_served);
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (!commit(number) || !(*journal)->checkpoint_now(day_one))
      ::_exit(not_again);
    journal->reset();
    auto reopened = hub_journal::open(**tables, {}, random);
    if (!reopened || (*reopened)->metrics().last_lsn != static_cast<log_sequence>(number) + 1)
      ::_exit(lost);
    ::_exit(right);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == right);
}

TEST_CASE("a journal of a newer format is left untouched", "[journal][lmdb]") {
  temp_directory dir;
  {
    auto tables = lmdb_store::open(dir.path(), {.map_size = 4U << 20U});
    REQUIRE(tables);
    auto txn = (*tables)->begin_write(true);
    REQUIRE(txn);
    REQUIRE((*txn)->put(table::mt, meta_key::format, encode_format(format_version + 1)));
    REQUIRE((*txn)->commit());
  }
  const auto before = read_text(dir / "data.mdb");
  auto tables = lmdb_store::open(dir.path(), {.map_size = 4U << 20U});
  REQUIRE_FALSE(tables);
  CHECK(tables.error().kind == error_kind::corrupt);
  CHECK(tables.error().message.find("run the newer program, nothing was changed") !=
        std::string::npos);
  CHECK(read_text(dir / "data.mdb") == before);
}

TEST_CASE("a file that is no journal is corrupt", "[journal][lmdb]") {
  temp_directory dir;
  std::ofstream(dir / "data.mdb") << std::string(8192, 'x');
  auto tables = lmdb_store::open(dir.path());
  REQUIRE_FALSE(tables);
  CHECK(tables.error().kind == error_kind::corrupt);
}

TEST_CASE("a data directory that cannot be is invalid, and says which", "[journal][lmdb]") {
  temp_directory dir;
  std::ofstream(dir / "file") << "x";
  for (const auto& path : {dir / "file", dir / "no/such/parent"}) {
    auto tables = lmdb_store::open(path);
    REQUIRE_FALSE(tables);
    CHECK(tables.error().kind == error_kind::invalid);
    CHECK(tables.error().message.find(path) != std::string::npos);
  }
}

TEST_CASE("opening to read creates nothing", "[journal][lmdb]") {
  temp_directory dir;
  auto tables = lmdb_store::open(dir / "none", {.read_only = true});
  REQUIRE_FALSE(tables);
  CHECK(tables.error().kind == error_kind::invalid);
  CHECK(::access((dir / "none").c_str(), F_OK) != 0);
}

} // namespace orderhub::testing
