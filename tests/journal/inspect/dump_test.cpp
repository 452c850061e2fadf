#include "journal/base/text.hpp"
#include "journal/hub_journal.hpp"
#include "journal/inspect/dump.hpp"
#include "journal/inspect/verify.hpp"
#include "journal/key.hpp"
#include "journal/log_row.hpp"
#include "journal/object_row.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/seeds.hpp"

#include <algorithm>
#include <sstream>

namespace orderhub::testing {

using namespace journal;

namespace {

/// Rows of every table, and a log.
std::unique_ptr<memory_store> filled() {
  auto tables = std::make_unique<memory_store>();
  seeded_random random(1);
  journal_options options;
  auto journal = hub_journal::open(*tables, options, random);
  REQUIRE(journal);
  turn_maker maker(8);
  reference world;
  auto more = [&](int rounds) {
    for (int i = 0; i < rounds; ++i) {
      auto turns = maker.next(world);
      world.commit(turns);
      REQUIRE((*journal)->commit(turns));
    }
  };
  more(200);
  REQUIRE((*journal)->checkpoint_now(maker.now()));
  more(20);
  auto all = one_turn(one_of_each_kind());
  REQUIRE((*journal)->commit(all));
  return tables;
}

std::string printed(const store& tables, const dump_options& options) {
  auto rows = tables.read();
  REQUIRE(rows);
  std::ostringstream out;
  REQUIRE(dump(**rows, out, options));
  return out.str();
}

std::vector<std::string> problems_of(const store& tables) {
  auto rows = tables.read();
  REQUIRE(rows);
  auto report = verify_tables(**rows);
  CHECK(report.problem_count == report.problems.size());
  return report.problems;
}

} // namespace

TEST_CASE("the printer writes one line a record and row, and bodies only where they were asked for",
          "[journal][dump]") {
  auto tables = filled();
  std::size_t rows = 0;
  for (std::size_t i = 0; i < table_count; ++i)
    rows += tables->contents(static_cast<table>(i)).size();
  for (const auto& [key, row] : tables->contents(table::lg)) { // A line a record there.
    const auto first = parse_log_key(key).value();
    rows += last_in(first, row).value() - first;
  }
  const auto text = printed(*tables, {});
  CHECK(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) == rows);
  for (const auto* secretive : {"amount=1999", "\"status\":\"paid\"", "pi_1", "declined"})
    CHECK(text.find(secretive) == std::string::npos);
  CHECK(text.find("\"kind\":\"effect\"") != std::string::npos);
  CHECK(text.find("\"body_size\":11") != std::string::npos);

  dump_options all;
  all.bodies = true;
  all.only = table::lg;
  const auto bodies = printed(*tables, all);
  for (const auto* content : {"amount=1999", "\"value\":\"paid\"", "pi_1", "declined"})
    CHECK(bodies.find(content) != std::string::npos);
  CHECK(bodies.find("\"table\":\"ob\"") == std::string::npos);

  dump_options tail;
  tail.only = table::lg;
  const auto newest = *tables->contents(table::lg).rbegin();
  tail.from = last_in(parse_log_key(newest.first).value(), newest.second).value();
  const auto last = printed(*tables, tail);
  CHECK(std::count(last.begin(), last.end(), '\n') == 1);
  CHECK(last.find("\"kind\":\"paused\"") != std::string::npos);
}

TEST_CASE("the printer goes on after a damaged row", "[journal][dump]") {
  auto tables = filled();
  auto first = *tables->contents(table::lg).begin();
  tables->overwrite(table::lg, first.first, "junk");
  const auto text = printed(*tables, {});
  CHECK(text.find("\"damaged\"") != std::string::npos);
  CHECK(text.find("\"kind\":\"paused\"") != std::string::npos);
}

TEST_CASE("tables have the names they have on disk", "[journal][dump]") {
  CHECK(table_named("lg") == table::lg);
  CHECK(table_named("mt") == table::mt);
  CHECK_FALSE(table_named("xx"));
}

TEST_CASE("a journal as the hub leaves it has no problems", "[journal][verify]") {
  CHECK(problems_of(*filled()).empty());
}

TEST_CASE("a flipped bit in any row of any table is found", "[journal][verify]") {
  auto tables = filled();
  int rows = 0;
  for (std::size_t i = 0; i < table_count; ++i) {
    const auto t = static_cast<table>(i);
    for (const auto& [key, value] : tables->contents(t)) {
      if (value.empty() || ++rows % (6 / runs(6)) != 0)
        continue;
      auto bytes = value;
      bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 8);
      tables->overwrite(t, key, bytes);
      CAPTURE(name_of(t), hex_of(key));
      REQUIRE_FALSE(problems_of(*tables).empty());
      tables->overwrite(t, key, value);
    }
  }
  CHECK(problems_of(*tables).empty());
}

TEST_CASE("a row gone is found where another speaks of it", "[journal][verify]") {
  auto tables = filled();
  const auto before = tables->contents(table::tm);
  REQUIRE_FALSE(before.empty());
  for (const auto t : {table::tm, table::dd, table::ob, table::mt}) {
    for (const auto& [key, value] : tables->contents(t)) {
      // Of an object that is neither live nor due nothing else speaks; nor of a request's row.
      if (t == table::dd || (t == table::ob && decode_object(value)->live.empty()))
        continue;
      tables->overwrite(t, key, std::nullopt);
      CAPTURE(name_of(t), hex_of(key));
      REQUIRE_FALSE(problems_of(*tables).empty());
      tables->overwrite(t, key, value);
    }
  }
  for (const auto& [key, value] : tables->contents(table::ix)) {
    if (key.front() == index_prefix::action)
      continue; // An object keeps the newest hundred alone, and records of before are in no index.
    tables->overwrite(table::ix, key, std::nullopt);
    REQUIRE_FALSE(problems_of(*tables).empty());
    tables->overwrite(table::ix, key, value);
  }
  const auto log = tables->contents(table::lg);
  const auto middle = std::next(log.begin(), 5);
  tables->overwrite(table::lg, middle->first, std::nullopt);
  REQUIRE_FALSE(problems_of(*tables).empty());
}

} // namespace orderhub::testing
