#include "journal/lmdb_store.hpp"
#include "journal/store.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace orderhub::testing {

using namespace journal;

namespace {

/// One of the two stores, which must behave alike.
struct any_store {
  explicit any_store(bool on_disk) {
    if (on_disk) {
      auto opened = lmdb_store::open(dir.path(), {.map_size = 64U << 20U});
      REQUIRE(opened);
      tables = std::move(*opened);
    } else {
      tables = std::make_unique<memory_store>();
    }
  }
  temp_directory dir;
  std::unique_ptr<store> tables;
};

using pairs = std::vector<std::pair<std::string, std::string>>;

pairs rows_of(const reader& r, table t, std::string_view from = {}, std::size_t limit = 1000) {
  pairs out;
  REQUIRE(r.scan(t, from, [&](auto key, auto value) {
    out.emplace_back(std::string(key), std::string(value));
    return out.size() < limit;
  }));
  return out;
}

std::optional<std::string> row_of(const reader& r, table t, std::string_view key) {
  auto row = r.get(t, key);
  REQUIRE(row);
  return *row ? std::optional(std::string(**row)) : std::nullopt;
}

} // namespace

TEST_CASE("rows are in order of keys, tables are apart, and a scan begins where it is told",
          "[journal][store]") {
  any_store s(GENERATE(false, true));
  auto txn = s.tables->begin_write(true);
  REQUIRE(txn);
  for (const auto* key : {"b", "a", "c"})
    REQUIRE((*txn)->put(table::ob, key, std::string("v") + key));
  REQUIRE((*txn)->put(table::iv, "b", ""));
  REQUIRE((*txn)->commit());
  auto r = s.tables->read();
  REQUIRE(r);
  CHECK(rows_of(**r, table::ob) == pairs{{"a", "va"}, {"b", "vb"}, {"c", "vc"}});
  CHECK(rows_of(**r, table::ob, "aa") == pairs{{"b", "vb"}, {"c", "vc"}});
  CHECK(rows_of(**r, table::ob, {}, 1) == pairs{{"a", "va"}});
  CHECK(rows_of(**r, table::ob, "d").empty());
  CHECK(row_of(**r, table::iv, "b") == "");
  CHECK(row_of(**r, table::iv, "a") == std::nullopt);
  CHECK(*(*r)->count(table::ob) == 3);
  CHECK(*(*r)->count(table::rf) == 0);
  auto last = (*r)->last_key(table::ob);
  REQUIRE(last);
  CHECK(**last == "c");
  CHECK_FALSE(*(*r)->last_key(table::rf));
}

TEST_CASE("a snapshot stays as it was while others commit", "[journal][store]") {
  any_store s(GENERATE(false, true));
  auto write = [&](std::string_view value) {
    auto txn = s.tables->begin_write(true);
    REQUIRE(txn);
    REQUIRE((*txn)->put(table::ob, "k", value));
    REQUIRE((*txn)->commit());
  };
  write("1");
  auto old = s.tables->read();
  REQUIRE(old);
  write("2");
  auto now = s.tables->read();
  REQUIRE(now);
  CHECK(row_of(**old, table::ob, "k") == "1");
  CHECK(row_of(**now, table::ob, "k") == "2");
}

TEST_CASE("a transaction sees its own writes; dropped, it leaves nothing", "[journal][store]") {
  any_store s(GENERATE(false, true));
  {
    auto txn = s.tables->begin_write(true);
    REQUIRE(txn);
    REQUIRE((*txn)->put(table::ob, "a", "1"));
    REQUIRE((*txn)->put(table::ob, "b", "2"));
    CHECK(*(*txn)->del(table::ob, "a"));
    CHECK_FALSE(*(*txn)->del(table::ob, "a"));
    CHECK(row_of(**txn, table::ob, "b") == "2");
    CHECK(rows_of(**txn, table::ob) == pairs{{"b", "2"}});
    CHECK(*(*txn)->count(table::ob) == 1);
  }
  auto r = s.tables->read();
  REQUIRE(r);
  CHECK(rows_of(**r, table::ob).empty());
  auto txn = s.tables->begin_write(false);
  REQUIRE(txn);
  REQUIRE((*txn)->commit());
  auto twice = (*txn)->commit();
  REQUIRE_FALSE(twice);
  CHECK(twice.error().kind == error_kind::invalid);
}

TEST_CASE("append takes ascending keys only, and the front can be cut off in pieces",
          "[journal][store]") {
  any_store s(GENERATE(false, true));
  {
    auto txn = s.tables->begin_write(true);
    REQUIRE(txn);
    for (const auto* key : {"1", "2", "3", "4", "5"})
      REQUIRE((*txn)->append(table::lg, key, "v"));
    REQUIRE((*txn)->commit());
  }
  {
    auto txn = s.tables->begin_write(true);
    REQUIRE(txn);
    auto done = (*txn)->append(table::lg, "5", "w");
    REQUIRE_FALSE(done);
    CHECK(done.error().kind == error_kind::invalid);
    CHECK_FALSE((*txn)->put(table::lg, "9", "v"));
    CHECK_FALSE((*txn)->commit());
  }
  auto txn = s.tables->begin_write(true);
  REQUIRE(txn);
  const auto deleted = [&](front_limit limit) {
    auto done = (*txn)->del_front(table::lg, "4", limit);
    REQUIRE(done);
    return std::pair(done->rows, done->more);
  };
  CHECK(deleted({.rows = 2}) == std::pair<std::size_t, bool>{2, true});
  CHECK(deleted({.rows = 3, .bytes = 1}) == std::pair<std::size_t, bool>{1, true});
  CHECK(deleted({.rows = 3}) == std::pair<std::size_t, bool>{1, false});
  CHECK(deleted({.rows = 3}) == std::pair<std::size_t, bool>{0, false});
  REQUIRE((*txn)->append(table::lg, "6", "v"));
  REQUIRE((*txn)->commit());
  auto r = s.tables->read();
  REQUIRE(r);
  CHECK(rows_of(**r, table::lg) == pairs{{"5", "v"}, {"6", "v"}});
}

TEST_CASE("a key that is empty or too long is invalid", "[journal][store]") {
  any_store s(GENERATE(false, true));
  const auto size = GENERATE(std::size_t{0}, key_size_max + 1);
  auto txn = s.tables->begin_write(true);
  REQUIRE(txn);
  auto done = (*txn)->put(table::ob, std::string(size, 'k'), "v");
  REQUIRE_FALSE(done);
  CHECK(done.error().kind == error_kind::invalid);
}

TEST_CASE("readers on other threads see whole commits only", "[journal][store][timing]") {
  any_store s(GENERATE(false, true));
  auto write = [&](const std::string& value) {
    auto txn = s.tables->begin_write(false);
    REQUIRE(txn);
    REQUIRE((*txn)->put(table::ob, "a", value));
    REQUIRE((*txn)->put(table::iv, "a", value));
    REQUIRE((*txn)->commit());
  };
  write("0");
  std::vector<std::thread> readers;
  std::array<bool, 2> torn{};
  for (std::size_t n = 0; n < torn.size(); ++n)
    readers.emplace_back([&, n] {
      for (int i = 0; i < 300; ++i) {
        auto r = s.tables->read();
        auto x = r ? (*r)->get(table::ob, "a") : result<std::optional<std::string_view>>();
        auto y = r ? (*r)->get(table::iv, "a") : result<std::optional<std::string_view>>();
        if (!r || !x || !y || !*x || *x != *y)
          torn[n] = true;
      }
    });
  for (int i = 0; i < 300; ++i)
    write(std::to_string(i));
  for (auto& t : readers)
    t.join();
  CHECK_FALSE(torn[0]);
  CHECK_FALSE(torn[1]);
}

TEST_CASE("the store in memory loses what was not synced, and only that", "[journal][store]") {
  memory_store s;
  auto write = [&](std::string_view key, std::string_view value, bool sync) {
    auto txn = s.begin_write(sync);
    REQUIRE(txn);
    REQUIRE((*txn)->put(table::ob, key, value));
    REQUIRE((*txn)->commit());
  };
  write("a", "1", true);
  write("a", "2", false);
  write("b", "1", false);
  s.crash();
  CHECK(s.contents(table::ob) == memory_store::rows{{"a", "2"}, {"b", "1"}});
  s.power_loss();
  CHECK(s.contents(table::ob) == memory_store::rows{{"a", "1"}});
  write("c", "1", false);
  write("d", "1", true); // Syncs what came before it too.
  s.power_loss();
  CHECK(s.contents(table::ob).size() == 3);
}

TEST_CASE("an injected failure changes nothing and comes once", "[journal][store]") {
  memory_store s;
  s.fail_commit(2, error_kind::full);
  for (const bool works : {true, false, true}) {
    auto txn = s.begin_write(true);
    REQUIRE(txn);
    REQUIRE((*txn)->put(table::ob, std::to_string(s.commits()), "v"));
    auto done = (*txn)->commit();
    CHECK(done.has_value() == works);
    if (!done)
      CHECK(done.error().kind == error_kind::full);
  }
  CHECK(s.contents(table::ob).size() == 2);
}

} // namespace orderhub::testing
