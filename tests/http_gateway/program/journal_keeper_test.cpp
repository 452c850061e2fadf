#include "http_gateway/program/journal_keeper.hpp"
#include "journal/base/random.hpp"
#include "journal/commit_log/commit_log.hpp"
#include "journal/commit_log/file_log_directory.hpp"
#include "journal/journal_options.hpp"
#include "tests/support/catch2.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

namespace orderhub::http_gateway {

namespace {

namespace fs = std::filesystem;

/// A journal, a directory for its copies, and in the place of the program a script.
class kept {
public:
  explicit kept(const std::string& script, bool has_directory = true,
                std::uint64_t room_beside = 64ULL << 20U) {
    std::string form = (fs::temp_directory_path() / "orderhub-keeper-XXXXXX").string();
    REQUIRE(::mkdtemp(form.data()) != nullptr);
    path = form;
    std::ofstream(path / "program") << "#!/bin/sh\n" << script << '\n';
    REQUIRE(::chmod((path / "program").c_str(), 0700) == 0);
    auto opened = journal::lmdb_store::open((path / "data").string(),
                                            {.map_size = 64U << 20U, .room_beside = room_beside});
    REQUIRE(opened);
    tables = std::move(*opened);
    auto files = journal::file_log_directory::make((path / "data").string());
    REQUIRE(files);
    files_ = std::move(*files);
    log_ = std::make_unique<journal::commit_log>(*files_);
    auto journal = journal::hub_journal::open(*tables, {}, random_, log_.get());
    REQUIRE(journal);
    journal_ = std::move(*journal);
    keeper = std::make_unique<journal_keeper>(
        journal_keeper::options{.data_dir = (path / "data").string(),
                                .backup_dir = has_directory ? (path / "copies").string() : "",
                                .program = (path / "program").string()},
        *tables, *journal_, time_);
  }
  ~kept() {
    keeper.reset();
    fs::remove_all(path);
  }
  kept(const kept&) = delete;
  kept& operator=(const kept&) = delete;

  [[nodiscard]] journal_control::backup_plan ask(bool is_dry_run = false) const {
    std::promise<journal_control::backup_plan> told;
    keeper->back_up(is_dry_run, [&](auto plan) { told.set_value(std::move(plan)); });
    return told.get_future().get();
  }
  /// The copy that was begun, when it has ended.
  [[nodiscard]] journal_control::backup_run ended() const {
    for (;;) {
      const auto f = keeper->look();
      if (!f.running && f.last)
        return *f.last;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  [[nodiscard]] std::string text_of(const std::string& name) const {
    std::ostringstream out;
    out << std::ifstream(path / name).rdbuf();
    return out.str();
  }

  fs::path path;
  std::unique_ptr<journal::lmdb_store> tables;
  std::unique_ptr<journal_keeper> keeper;

private:
  system_random random_;
  std::unique_ptr<journal::file_log_directory> files_;
  std::unique_ptr<journal::commit_log> log_;
  std::unique_ptr<journal::hub_journal> journal_;
  system_clock time_;
};

} // namespace

TEST_CASE("copies are made one at a time, each in a folder of its own", "[keeper]") {
  // As `journal backup --data-dir DIR TO`, which waits for a word.
  const kept hub(R"(until [ -e "$4/go" ]; do sleep 0.01; done; echo pages > "$5/data.mdb")");
  const auto plan = hub.ask();
  REQUIRE(plan.refused.empty());
  CHECK(plan.room_needed_bytes > plan.copy_bytes);
  CHECK(hub.keeper->look().running->to == plan.to);
  CHECK(hub.ask().refused.find("is being made since") != std::string::npos);
  CHECK(hub.ask(true).refused.empty());
  std::ofstream(hub.path / "data/go") << '1';
  const auto run = hub.ended();
  CHECK(run.failed.empty());
  CHECK(run.bytes == 6);
  const auto second = hub.ask();
  REQUIRE(second.refused.empty());
  CHECK(second.to != plan.to);
  while (hub.keeper->look().last->to != second.to)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto copies = hub.keeper->look().copies;
  CHECK(copies.count == 2);
  REQUIRE(copies.newest.size() == 2);
  CHECK(copies.newest[0].name == fs::path(second.to).filename());
  CHECK(copies.newest[1].is_whole);
}

TEST_CASE("a dry run of a backup makes nothing", "[keeper]") {
  const kept hub("exit 1");
  CHECK(hub.ask(true).refused.empty());
  CHECK_FALSE(fs::exists(hub.path / "copies"));
  CHECK_FALSE(hub.keeper->look().running);
}

TEST_CASE("a backup that fails says why, and leaves nothing behind", "[keeper]") {
  const kept hub(R"(echo half > "$5/data.mdb.partial"; i=0
while [ $i -lt 2000 ]; do echo "a line of which nobody wants to know"; i=$((i+1)); done
echo "orderhub journal: the disk is full" >&2; exit 2)");
  const auto plan = hub.ask();
  REQUIRE(plan.refused.empty());
  CHECK(hub.ended().failed == "the disk is full");
  CHECK_FALSE(fs::exists(plan.to));
  CHECK(hub.keeper->look().copies.count == 0);
}

TEST_CASE("a backup ends with its hub", "[keeper]") {
  const kept hub(R"(echo half > "$5/data.mdb.partial"; sleep 1000 & wait)");
  const auto plan = hub.ask();
  REQUIRE(plan.refused.empty());
  while (!fs::exists(plan.to + "/data.mdb.partial"))
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  hub.keeper->stop();
  CHECK(hub.ended().failed == "the hub was stopped");
  CHECK_FALSE(fs::exists(plan.to));
  CHECK(hub.ask().refused.find("stopping") != std::string::npos);
}

TEST_CASE("who copies is not told the hub's secrets, and has none of its files", "[keeper]") {
  REQUIRE(::setenv("ORDERHUB_API_TOKEN", "a-token-of-the-hub", 1) == 0);
  const kept hub(
      R"(env > "$4/env"; ls /proc/self/fd | wc -l > "$4/files"; echo x > "$5/data.mdb")");
  REQUIRE(hub.ask().refused.empty());
  CHECK(hub.ended().failed.empty());
  ::unsetenv("ORDERHUB_API_TOKEN");
  const auto told = hub.text_of("data/env");
  CHECK(told.find("ORDERHUB_ENDS_WITH=" + std::to_string(::getpid())) != std::string::npos);
  CHECK(told.find("a-token-of-the-hub") == std::string::npos);
  CHECK(std::stoi(hub.text_of("data/files")) <= 4); // Three, and the folder that `ls` reads.
}

TEST_CASE("a compaction is begun once, and neither it nor a backup beside the other", "[keeper]") {
  const kept hub(R"(until [ -e "$4/go" ]; do sleep 0.01; done; echo pages > "$5/data.mdb")");
  const auto plan = hub.keeper->compact(true);
  CHECK(plan.refused.empty());
  CHECK(plan.room_needed_bytes > plan.file_bytes - plan.free_page_bytes);
  CHECK_FALSE(hub.keeper->look().compaction);
  SECTION("a backup is made") {
    REQUIRE(hub.ask().refused.empty());
    CHECK(hub.keeper->compact(true).refused.empty());
    CHECK(hub.keeper->compact(false).refused.find("A backup is being made") == 0);
    CHECK_FALSE(hub.keeper->look().compaction);
    std::ofstream(hub.path / "data/go") << '1';
    CHECK(hub.ended().failed.empty());
  }
  SECTION("the journal is being compacted") {
    REQUIRE(hub.keeper->compact(false).refused.empty());
    CHECK(hub.keeper->look().compaction->stage == journal::compact_stage::folding);
    CHECK(hub.keeper->compact(true).refused.empty());
    CHECK(hub.keeper->compact(false).refused.find("already") != std::string::npos);
    CHECK(hub.ask().refused.find("being compacted") != std::string::npos);
  }
  SECTION("the hub stops") {
    hub.keeper->stop();
    CHECK(hub.keeper->compact(false).refused.find("stopping") != std::string::npos);
  }
}

TEST_CASE("a compaction without room is refused with the figures", "[keeper]") {
  const kept hub("exit 0", true, 1ULL << 60U);
  for (const bool is_dry_run : {true, false})
    CHECK_THAT(hub.keeper->compact(is_dry_run).refused,
               Catch::Contains("bytes free on the journal's disk") &&
                   Catch::Contains("make room") && Catch::Contains("Nothing was done."));
  CHECK_FALSE(hub.keeper->look().compaction);
}

TEST_CASE("what stands in a backup's way is said", "[keeper]") {
  SECTION("the setting is not set") {
    const kept hub("exit 0", false);
    CHECK(hub.ask().refused.find("ORDERHUB_BACKUP_DIR") != std::string::npos);
    CHECK(hub.ask(true).refused.find("backup_dir") != std::string::npos);
  }
  SECTION("something else is there") {
    const kept hub("exit 0");
    std::ofstream(hub.path / "copies") << "no directory";
    CHECK(hub.ask().refused.find("cannot be made") != std::string::npos);
    CHECK_FALSE(hub.keeper->look().running);
  }
  SECTION("there is no such program") {
    const kept hub("exit 0");
    fs::remove(hub.path / "program");
    const auto plan = hub.ask();
    REQUIRE(plan.refused.empty());
    CHECK(hub.ended().failed.find("cannot be started") != std::string::npos);
    CHECK_FALSE(fs::exists(plan.to));
  }
}

TEST_CASE("the journal's files are looked at without being read through", "[keeper]") {
  const kept hub("exit 0");
  std::ofstream(hub.path / "data/last_backup") << "1700000000000\n";
  const auto f = hub.keeper->look();
  CHECK(f.failed.empty());
  CHECK(f.format > 0);
  CHECK(f.rows.size() == journal::table_count);
  CHECK(f.file_bytes > 0);
  CHECK(f.used_bytes >= f.free_page_bytes);
  CHECK(f.disk_free_bytes > 0);
  CHECK(f.last_backup_at == 1'700'000'000'000);
}

} // namespace orderhub::http_gateway
