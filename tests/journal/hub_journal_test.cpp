#include "journal/base/hash.hpp"
#include "journal/hub_journal.hpp"
#include "journal/key.hpp"
#include "journal/log_row.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/sim_clock.hpp"

#include <atomic>
#include <thread>

namespace orderhub::testing {

using namespace journal;

namespace {

const object_id order{"Order", "o"};

std::unique_ptr<hub_journal> opened(store& tables) {
  return testing::opened(tables, slow_options());
}

input_payload with_key(const digest& scope, unix_ms expires_at) {
  input_payload input{"Run", "1", false, 0, "{}", {}, {}};
  input.key = request_key{scope, sha256_of("body"), expires_at};
  return input;
}

} // namespace

TEST_CASE("the hub id is made once and stays", "[journal][hub]") {
  memory_store tables;
  const auto first = opened(tables)->hub();
  CHECK(first != hub_id{});
  CHECK(opened(tables)->hub() == first);
}

TEST_CASE("an object that nothing is known of is blank", "[journal][hub]") {
  memory_store tables;
  auto journal = opened(tables);
  auto state = journal->load(order);
  REQUIRE(state);
  CHECK(state->blank());
  CHECK(state->id == order);
  CHECK_FALSE(*journal->knows_invocation(invocation_at(1, 1)));
  CHECK_FALSE(journal->find_invocation(invocation_at(1, 1))->has_value());
  CHECK_FALSE(journal->find_request(digest{})->has_value());
  CHECK(journal->resumable()->empty());
  CHECK(journal->timers(day_one, 10)->empty());
}

TEST_CASE("the commit path writes the log and nothing else", "[journal][hub]") {
  memory_store tables;
  auto journal = opened(tables);
  const auto meta = tables.contents(table::mt);
  const auto commits = tables.commits();
  commit(*journal, one_of_each_kind());
  CHECK(tables.commits() == commits + 1);
  // One row: the bytes of a commit lie together.
  const auto log = tables.contents(table::lg);
  REQUIRE(log.size() == 1);
  CHECK(log.begin()->first == log_key(1));
  std::vector<record> logged;
  REQUIRE(each_record(1, log.begin()->second, [&](log_sequence lsn, std::string_view bytes) {
    CHECK(lsn == logged.size() + 1);
    logged.push_back(*decode_record(bytes));
    return result<void>();
  }));
  CHECK(logged == one_of_each_kind());
  for (const auto t : {table::ob, table::iv, table::tm, table::rf, table::dd, table::ix})
    CHECK(tables.contents(t).empty());
  CHECK(tables.contents(table::mt) == meta);
}

TEST_CASE("a commit of nothing writes nothing", "[journal][hub]") {
  memory_store tables;
  auto journal = opened(tables);
  const auto commits = tables.commits();
  std::vector<turn> turns(3);
  REQUIRE(journal->commit(turns));
  CHECK(tables.commits() == commits);
}

TEST_CASE("a record that cannot be stored is invalid, and its batch is not committed",
          "[journal][hub]") {
  memory_store tables;
  auto journal = opened(tables);
  auto good = input_record(order, invocation_at(day_one, 1), day_one);
  auto bad = good;
  SECTION("a key too long") {
    bad.object.key = std::string(256, 'k');
  }
  SECTION("no key") {
    bad.object.key.clear();
  }
  SECTION("a zero byte in the service") {
    bad.object.service = std::string("a\0b", 3);
  }
  SECTION("a payload that the fold could not read") {
    bad.payload = "x";
  }
  SECTION("a payload too long") {
    bad.payload = std::string(payload_size_max + 1, 'x');
  }
  std::vector<turn> turns{{{good}}, {{bad}}};
  auto done = journal->commit(turns);
  REQUIRE_FALSE(done);
  CHECK(done.error().kind == error_kind::invalid);
  CHECK(turns[0].records.size() == 1);
  REQUIRE(turns[1].records.size() == 1);
  CHECK(turns[1].records[0] == bad);
  CHECK(journal->metrics().last_lsn == 0);
  CHECK(tables.contents(table::lg).empty());
}

TEST_CASE("a turn prepared elsewhere is committed like one that is not", "[journal][hub]") {
  memory_store tables;
  memory_store others;
  auto journal = opened(tables);
  auto other = opened(others);
  const auto first = input_record(order, invocation_at(day_one, 1), day_one);
  auto second = first;
  second.time += 5;
  std::vector<turn> turns{{{first, second}}, {}, {{second}}};
  auto same = turns;
  for (auto& t : turns)
    REQUIRE(prepare(t));
  CHECK(turns[0].prepared);
  CHECK(turns[0].records.size() == 2);
  CHECK_FALSE(turns[1].prepared);
  REQUIRE(journal->commit(turns));
  REQUIRE(other->commit(same));
  CHECK(turns[0].records.empty());
  CHECK_FALSE(turns[0].prepared);
  CHECK(tables.contents(table::lg) == others.contents(table::lg));
  CHECK(journal->metrics().last_lsn == 3);
}

TEST_CASE("a large commit has several rows, and turns are never parted", "[journal][hub]") {
  memory_store tables;
  {
    auto journal = opened(tables);
    std::vector<turn> turns;
    for (std::uint64_t n = 0; n < 50; ++n) {
      turn t;
      const auto id = invocation_at(day_one, n);
      t.records.push_back(input_record({"Order", "o" + std::to_string(n)}, id, day_one));
      const std::string value(n == 20 ? 2 * log_row_size_max : 5'000, 'v');
      for (std::uint32_t i = 1; i <= 2; ++i)
        t.records.push_back(
            state_record(record_kind::set, t.records[0].object, id, day_one, i, "a", value));
      turns.push_back(std::move(t));
      if (n % 5 == 0)
        turns.emplace_back(); // Nothing to write.
    }
    REQUIRE(journal->commit(turns));
    CHECK(journal->metrics().last_lsn == 150);
  }
  log_sequence next = 1;
  std::size_t rows = 0;
  for (const auto& [key, row] : tables.contents(table::lg)) {
    CHECK(parse_log_key(key) == next);
    CHECK((next - 1) % 3 == 0);
    auto last = last_in(next, row);
    REQUIRE(last);
    CHECK((row.size() <= log_row_size_max || *last == next + 2));
    next = *last + 1;
    ++rows;
  }
  CHECK(next == 151);
  CHECK(rows >= 10);
  auto again = opened(tables);
  CHECK(again->metrics().last_lsn == 150);
  CHECK(again->load({"Order", "o20"})->value("a")->size() == 2 * log_row_size_max);
  CHECK(again->load({"Order", "o49"})->value("a")->size() == 5'000);
}

TEST_CASE("an emptied log never starts again at its beginning", "[journal][hub]") {
  memory_store tables;
  {
    auto journal = opened(tables);
    commit(*journal, {input_record(order, invocation_at(day_one, 1), day_one)});
    REQUIRE(journal->checkpoint_now(day_one));
    CHECK(tables.contents(table::lg).empty());
    CHECK(journal->metrics().checkpoint_lsn == 1);
    CHECK(journal->metrics().first_lsn == 0);
    CHECK(journal->metrics().overlay_bytes == 0);
  }
  auto journal = opened(tables);
  CHECK(journal->last_time() == day_one);
  commit(*journal,
         {state_record(record_kind::set, order, invocation_at(day_one, 1), day_one, 1, "a", "1")});
  CHECK(journal->metrics().last_lsn == 2);
  CHECK(journal->metrics().first_lsn == 2);
  CHECK(*journal->load(order)->value("a") == "1");
}

TEST_CASE("time never goes back across a start", "[journal][hub]") {
  memory_store tables;
  {
    auto journal = opened(tables);
    commit(*journal, {input_record(order, invocation_at(day_one, 1), day_one + 50)});
    commit(*journal, {input_record(order, invocation_at(day_one, 2), day_one)});
    CHECK(journal->last_time() == day_one + 50);
  }
  auto journal = opened(tables);
  CHECK(journal->last_time() == day_one + 50);
}

TEST_CASE("an empty journal has no stamp", "[journal][stamp]") {
  memory_store tables;
  orderhub::testing::manual_boot boot;
  auto options = slow_options();
  options.boot = &boot;
  CHECK(opened(tables, options)->last_stamp() == journal_stamp{});
  CHECK(opened(tables)->last_stamp() == journal_stamp{});
}

// Crashes, reboots, checkpoints and starts without a commit, in any order: the stamp is always that
// of the newest commit, and of the boot it was made in.
TEST_CASE("the last stamp is the newest commit's, wherever the process ended",
          "[journal][stamp][random]") {
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 30)));
  CAPTURE(seed);
  turn_maker maker(seed);
  memory_store tables;
  orderhub::testing::manual_boot boot;
  auto options = slow_options();
  options.checkpoint_bytes = 2'000;
  options.slice_rows = 2;
  options.boot = &boot;
  auto journal = opened(tables, options);
  reference world;
  journal_stamp expected;
  bool known = true; // This run can read its boot id.
  for (int round = 0; round < 150; ++round) {
    CAPTURE(round);
    boot.advance(static_cast<std::int64_t>(maker.below(5'000)));
    switch (maker.below(8)) {
    case 0:
      REQUIRE(journal->checkpoint_now(maker.now()));
      break;
    case 1:
      REQUIRE(journal->maintain(maker.now()));
      break;
    case 2:
      journal.reset();
      tables.power_loss();
      if (maker.below(2) == 0)
        boot.reboot();
      known = maker.below(5) != 0;
      options.boot = known ? &boot : nullptr;
      journal = opened(tables, options);
      break;
    default: {
      auto turns = maker.next(world);
      if (turns.empty())
        break;
      if (maker.below(8) == 0)
        tables.fail_commit(1, error_kind::full);
      const auto copy = turns;
      while (!journal->commit(turns))
        boot.advance(700);
      world.commit(copy);
      expected.time = maker.now();
      expected.boottime_ms = known ? boot.boottime_ms() : 0;
      expected.boot_id = known ? boot.boot_id() : "";
    }
    }
    REQUIRE(journal->last_stamp() == expected);
  }
}

TEST_CASE("a log row whose head is changed stops the start", "[journal][stamp][damage]") {
  memory_store tables;
  {
    auto journal = opened(tables);
    commit(*journal, {input_record(order, invocation_at(day_one, 1), day_one)});
  }
  const auto row = tables.contents(table::lg).at(log_key(1));
  CHECK(boottime_of(1, row) == 0);
  seeded_random random(1);
  for (std::size_t at = 0; at < log_row_head_size; ++at) {
    auto bytes = row;
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    tables.overwrite(table::lg, log_key(1), bytes);
    auto journal = hub_journal::open(tables, {}, random);
    REQUIRE_FALSE(journal);
    CHECK(journal.error().kind == error_kind::corrupt);
    CHECK(journal.error().message ==
          "log record 1: the head of its row is damaged; run `orderhub journal verify`");
  }
  // Nor is it that of another row.
  CHECK_FALSE(boottime_of(2, row));
}

TEST_CASE("a checkpoint begins at its size, or at its age, and not before", "[journal][hub]") {
  memory_store tables;
  auto options = slow_options();
  options.checkpoint_interval_ms = 1'000;
  options.checkpoint_bytes = 10'000;
  auto journal = opened(tables, options);
  maintain_all(*journal, day_one);
  commit(*journal, {input_record(order, invocation_at(day_one, 1), day_one)});
  maintain_all(*journal, day_one + 999);
  CHECK(journal->metrics().checkpoint_lsn == 0);
  maintain_all(*journal, day_one + 1'000);
  CHECK(journal->metrics().checkpoint_lsn == 1);
  commit(*journal, {state_record(record_kind::set, order, invocation_at(day_one, 1),
                                 day_one + 1'000, 1, "a", std::string(20'000, 'x'))});
  maintain_all(*journal, day_one + 1'000);
  CHECK(journal->metrics().checkpoint_lsn == 2);
}

// As the writer does it: after each commit it folds for as long as folding is behind. Nobody's
// commit waits for a whole checkpoint, however much more comes in than what rides on the commits.
TEST_CASE("folding that cannot keep up holds each commit up a little", "[journal][hub]") {
  memory_store tables;
  auto options = slow_options();
  options.checkpoint_bytes = 60'000;
  options.slice_rows = 9;
  options.slice_ms = 0;
  auto journal = opened(tables, options);
  const bool one_object = GENERATE(false, true);
  CAPTURE(one_object);
  options.part_records = 4;
  std::uint64_t number = 0, most_bytes = 0;
  std::size_t most_slices = 0, slices = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<turn> turns;
    for (int i = 0; i < 20; ++i) {
      ++number;
      const object_id id{"Order", one_object ? "hot" : "o" + std::to_string(number)};
      const auto invocation = invocation_at(day_one, number);
      turns.push_back({{input_record(id, invocation, day_one),
                        state_record(record_kind::set, id, invocation, day_one, 1, "a", "b"),
                        output_record(id, invocation, day_one, 2, std::string("x"))}});
    }
    REQUIRE(journal->commit(turns));
    std::size_t here = 0;
    auto more = journal->maintain(day_one);
    for (++here; more && *more && journal->behind(); ++here)
      more = journal->maintain(day_one);
    REQUIRE(more);
    slices += here;
    most_slices = std::max(most_slices, here);
    most_bytes = std::max(most_bytes, journal->metrics().overlay_bytes);
  }
  if (!one_object)
    CHECK(slices > 500); // What rides on the commits is not enough.
  CHECK(most_slices <= 8);
  CHECK(most_bytes <= 3 * options.checkpoint_bytes);
}

TEST_CASE("a blank object leaves no row, and takes away the one it had", "[journal][hub]") {
  memory_store tables;
  auto journal = opened(tables);
  const auto id = invocation_at(day_one, 1);
  SECTION("it never had one") {
    commit(*journal, {input_record(order, id, day_one),
                      output_record(order, id, day_one, 1, std::string("x"))});
  }
  SECTION("it had one") {
    commit(*journal, {input_record(order, id, day_one)});
    REQUIRE(journal->checkpoint_now(day_one));
    CHECK(tables.contents(table::ob).size() == 1);
    CHECK(tables.contents(table::ix).size() == 1);
    commit(*journal, {output_record(order, id, day_one, 1, std::string("x"))});
  }
  REQUIRE(journal->checkpoint_now(day_one));
  CHECK(tables.contents(table::ob).empty());
  CHECK(tables.contents(table::ix).empty());
  auto row = journal->find_invocation(id);
  REQUIRE(row);
  REQUIRE(row->has_value());
  CHECK((*row)->invocation.finished);
  CHECK(*journal->knows_invocation(id));
}

TEST_CASE("a live invocation is found in rows alone, with its journal", "[journal][hub]") {
  memory_store tables;
  const auto id = invocation_at(day_one, 1);
  {
    auto journal = opened(tables);
    commit(*journal, {input_record(order, id, day_one),
                      {record_kind::awakeable, day_one, order, id, 1, encode(wait_payload{1, 0})}});
    REQUIRE(journal->checkpoint_now(day_one));
  }
  auto journal = opened(tables);
  auto row = journal->find_invocation(id);
  REQUIRE(row);
  REQUIRE(row->has_value());
  CHECK_FALSE((*row)->invocation.finished);
  CHECK((*row)->invocation.entries.size() == 1);
  CHECK((*row)->invocation.input.handler == "Run");
  CHECK(journal->resumable()->empty());
}

TEST_CASE("timers come soonest first, and newer records overrule their rows", "[journal][hub]") {
  memory_store tables;
  auto journal = opened(tables);
  auto sleeper = [&](int n, unix_ms due) {
    const object_id id{"Order", "s" + std::to_string(n)};
    const auto invocation = invocation_at(day_one, static_cast<std::uint64_t>(n));
    commit(*journal,
           {input_record(id, invocation, day_one),
            {record_kind::sleep, day_one, id, invocation, 1, encode(wait_payload{1, due})}});
  };
  sleeper(3, day_one + 300);
  sleeper(1, day_one + 100);
  sleeper(2, day_one + 200);
  const bool folded = GENERATE(false, true);
  if (folded)
    REQUIRE(journal->checkpoint_now(day_one));
  auto keys = [&](unix_ms until, std::size_t limit) {
    std::string out;
    auto timers = journal->timers(until, limit);
    REQUIRE(timers);
    for (const auto& t : *timers)
      out += t.object.key;
    return out;
  };
  CHECK(keys(day_one + 299, 10) == "s1s2");
  CHECK(keys(day_one + 300, 10) == "s1s2s3");
  CHECK(keys(day_one + 300, 1) == "s1");
  CHECK(keys(day_one + 99, 10).empty());
  // The first has slept enough; the second begins a shorter sleep beside its own.
  commit(*journal, {{record_kind::completion,
                     day_one,
                     {"Order", "s1"},
                     invocation_at(day_one, 1),
                     1,
                     encode(result<std::string>(""))}});
  commit(*journal, {{record_kind::sleep,
                     day_one,
                     {"Order", "s2"},
                     invocation_at(day_one, 2),
                     2,
                     encode(wait_payload{2, day_one + 50})}});
  CHECK(keys(day_one + 1'000, 10) == "s2s3");
  CHECK(keys(day_one + 60, 10) == "s2");
  CHECK(keys(day_one + 60, 10) == "s2"); // The cached answer.
  REQUIRE(journal->checkpoint_now(day_one));
  CHECK(keys(day_one + 60, 10) == "s2");
  CHECK(tables.contents(table::tm).size() == 2);
}

TEST_CASE("a request key is known at once, after a fold, and until it expires", "[journal][hub]") {
  memory_store tables;
  auto options = slow_options();
  options.checkpoint_interval_ms = 10;
  auto journal = opened(tables, options);
  digest scope{};
  scope.fill(3);
  const auto id = invocation_at(day_one, 1);
  commit(*journal, {input_record(order, id, day_one, with_key(scope, day_one + 5'000))});
  auto known = [&] {
    auto seen = journal->find_request(scope);
    REQUIRE(seen);
    return seen->has_value() && (*seen)->expires_at == day_one + 5'000 && (*seen)->invocation == id;
  };
  CHECK(known());
  maintain_all(*journal, day_one + 4'000);
  CHECK(journal->metrics().overlay_objects == 0);
  CHECK(known());
  maintain_all(*journal, day_one + 4'000'000);
  CHECK_FALSE(known());
  CHECK(tables.contents(table::dd).empty());
}

TEST_CASE("a request key used again after its end is kept for its new time", "[journal][hub]") {
  memory_store tables;
  auto journal = opened(tables);
  digest scope{};
  const auto second = invocation_at(day_one + 10, 2);
  commit(*journal,
         {input_record(order, invocation_at(day_one, 1), day_one, with_key(scope, day_one + 5))});
  REQUIRE(journal->checkpoint_now(day_one));
  commit(*journal,
         {input_record(order, second, day_one + 10, with_key(scope, day_one + 100'000'000'000))});
  CHECK((*journal->find_request(scope))->invocation == second);
  REQUIRE(journal->checkpoint_now(day_one));
  maintain_all(*journal, day_one + 1'000'000);
  auto seen = journal->find_request(scope);
  REQUIRE(seen);
  REQUIRE(seen->has_value());
  CHECK((*seen)->invocation == second);
}

TEST_CASE("finished invocations go when their retention ends, live ones stay", "[journal][hub]") {
  memory_store tables;
  auto options = slow_options();
  options.journal_retention_ms = 100'000;
  options.slice_rows = 3;
  auto journal = opened(tables, options);
  const auto living = invocation_at(day_one, 1'000);
  commit(*journal, {input_record({"Order", "alive"}, living, day_one),
                    {record_kind::awakeable,
                     day_one,
                     {"Order", "alive"},
                     living,
                     1,
                     encode(wait_payload{1, 0})}});
  std::vector<invocation_id> ids;
  for (std::uint64_t n = 0; n < 10; ++n) {
    ids.push_back(invocation_at(day_one, n));
    const auto ended = n < 7 ? day_one : day_one + 90'000;
    commit(*journal, {input_record(order, ids.back(), day_one),
                      output_record(order, ids.back(), ended, 1, std::string("x"))});
  }
  REQUIRE(journal->checkpoint_now(day_one));
  auto left = [&] { return journal->metrics().rows_invocations; };
  maintain_all(*journal, day_one + 100'000);
  CHECK(left() == 11);
  maintain_all(*journal, day_one + 170'001);
  CHECK(left() == 4);
  CHECK_FALSE(*journal->knows_invocation(ids[0]));
  CHECK(*journal->knows_invocation(ids[9]));
  maintain_all(*journal, day_one + 300'000);
  CHECK(left() == 1);
  CHECK(*journal->knows_invocation(living));
}

TEST_CASE("a slice takes no more rows than it may, and the log is trimmed in pieces",
          "[journal][hub]") {
  memory_store tables;
  auto options = slow_options();
  {
    auto before = opened(tables, options);
    for (std::uint64_t n = 0; n < 100; ++n)
      commit(*before, {input_record({"Order", "o" + std::to_string(n)}, invocation_at(day_one, n),
                                    day_one)});
  }
  options.checkpoint_interval_ms = 0; // Due, and not behind.
  options.slice_rows = 10;
  auto journal = opened(tables, options);
  std::size_t rows = 0;
  while (journal->metrics().checkpoint_lsn == 0) {
    REQUIRE(*journal->maintain(day_one));
    const auto now = tables.contents(table::ob).size();
    CHECK(now - rows <= 10);
    CHECK(now > rows);
    rows = now;
  }
  CHECK(rows == 100);
  CHECK(tables.contents(table::lg).size() == 100);
  REQUIRE(*journal->maintain(day_one));
  CHECK(tables.contents(table::lg).size() == 20);
  maintain_all(*journal, day_one);
  CHECK(tables.contents(table::lg).empty());
}

TEST_CASE("an object with very many records is folded in parts", "[journal][hub]") {
  constexpr std::uint64_t count = 300;
  memory_store tables;
  auto options = slow_options();
  options.part_records = 4;
  options.slice_rows = 10;
  options.checkpoint_interval_ms = 0; // Due, and not behind.
  auto journal = opened(tables, slow_options());
  const object_id hot{"Order", "hot"};
  for (std::uint64_t n = 0; n < count; ++n)
    commit(*journal, {input_record(hot, invocation_at(day_one, n), day_one),
                      output_record(hot, invocation_at(day_one, n), day_one, 1, std::string("x"))});
  const auto living = invocation_at(day_one, count);
  commit(*journal, {input_record(hot, living, day_one)});
  journal = opened(tables, options);

  std::size_t rows = 0;
  std::size_t slices = 0;
  while (journal->metrics().checkpoint_lsn == 0) {
    REQUIRE(*journal->maintain(day_one));
    const auto now = tables.contents(table::iv).size();
    CHECK(now - rows <= 10 + 4);
    rows = now;
    if (++slices % 10 != 0)
      continue;
    // Whoever reads between two parts sees all that was committed; a loss of power loses nothing.
    const auto seen = journal->load(hot);
    REQUIRE(seen);
    CHECK(seen->live.size() == 1);
    CHECK(*journal->knows_invocation(invocation_at(day_one, count - 1)));
    if (slices % 20 == 0) {
      journal.reset();
      tables.power_loss();
      journal = opened(tables, options);
    }
  }
  CHECK(slices >= count / 10);
  CHECK(tables.contents(table::iv).size() == count + 1);
  const auto seen = journal->load(hot);
  REQUIRE(seen);
  REQUIRE(seen->live.size() == 1);
  CHECK(seen->live.front().id == living);
}

TEST_CASE("a failed slice is made again, and its failure has lost nothing", "[journal][hub]") {
  const auto kind = GENERATE(error_kind::full, error_kind::unavailable);
  memory_store tables;
  auto options = slow_options();
  options.checkpoint_bytes = 1;
  auto journal = opened(tables, options);
  const auto id = invocation_at(day_one, 1);
  commit(*journal, {input_record(order, id, day_one)});
  tables.fail_commit(1, kind);
  auto failed = journal->maintain(day_one);
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == kind);
  CHECK(tables.contents(table::ob).empty());
  CHECK(journal->load(order)->live.size() == 1);
  commit(*journal, {state_record(record_kind::set, order, id, day_one, 1, "a", "1")});
  maintain_all(*journal, day_one);
  CHECK(tables.contents(table::ob).size() == 1);
  CHECK(*journal->load(order)->value("a") == "1");
}

TEST_CASE("a damaged record stops the start, and the message names it", "[journal][hub]") {
  memory_store tables;
  {
    auto journal = opened(tables);
    for (std::uint64_t n = 0; n < 5; ++n)
      commit(*journal, {input_record(order, invocation_at(day_one, n), day_one)});
  }
  seeded_random random(1);
  std::string expected;
  SECTION("a byte changed") {
    auto bytes = tables.contents(table::lg).at(log_key(3));
    bytes[20] = static_cast<char>(bytes[20] ^ 1);
    tables.overwrite(table::lg, log_key(3), bytes);
    expected = "log record 3: checksum differs; run `orderhub journal verify`";
  }
  SECTION("a row cut short") {
    auto bytes = tables.contents(table::lg).at(log_key(3));
    bytes.pop_back();
    tables.overwrite(table::lg, log_key(3), bytes);
    expected = "log record 3: its sizes go past its row's end; run `orderhub journal verify`";
  }
  SECTION("a row with more than its records") {
    auto bytes = tables.contents(table::lg).at(log_key(3));
    tables.overwrite(table::lg, log_key(3), bytes + "x");
    expected = "log record 4: its sizes go past its row's end; run `orderhub journal verify`";
  }
  SECTION("a record gone from the middle") {
    tables.overwrite(table::lg, log_key(3), std::nullopt);
    expected = "the log goes on at 4 after 2: records are missing; restore a backup, or see "
               "`orderhub journal verify`";
  }
  SECTION("a record gone from the front") {
    tables.overwrite(table::lg, log_key(1), std::nullopt);
    expected = "the log goes on at 2 after 0: records are missing; restore a backup, or see "
               "`orderhub journal verify`";
  }
  SECTION("the hub id changed") {
    tables.overwrite(table::mt, "hub", std::string(20, 'x'));
    expected = "the hub id: checksum differs; run `orderhub journal verify`";
  }
  SECTION("the format gone") {
    tables.overwrite(table::mt, "format", std::nullopt);
    expected = "table lg has rows, but the journal's format is missing; restore a backup";
  }
  const auto before = tables.commits();
  auto journal = hub_journal::open(tables, {}, random);
  REQUIRE_FALSE(journal);
  CHECK(journal.error().kind == error_kind::corrupt);
  CHECK(journal.error().message == expected);
  CHECK(tables.commits() == before);
}

TEST_CASE("a newer format is refused without a change", "[journal][hub]") {
  memory_store tables;
  opened(tables);
  tables.overwrite(table::mt, "format", encode_format(format_version + 1));
  const auto before = tables.commits();
  seeded_random random(1);
  auto journal = hub_journal::open(tables, {}, random);
  REQUIRE_FALSE(journal);
  CHECK(journal.error().kind == error_kind::corrupt);
  CHECK(tables.commits() == before);
}

TEST_CASE("a damaged row fails its own object, and no other", "[journal][hub]") {
  memory_store tables;
  auto journal = opened(tables);
  const object_id other{"Order", "other"};
  commit(*journal, {input_record(order, invocation_at(day_one, 1), day_one),
                    input_record(other, invocation_at(day_one, 2), day_one)});
  REQUIRE(journal->checkpoint_now(day_one));
  auto bytes = tables.contents(table::ob).at(object_key(order));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  tables.overwrite(table::ob, object_key(order), bytes);
  auto state = journal->load(order);
  REQUIRE_FALSE(state);
  CHECK(state.error().kind == error_kind::corrupt);
  CHECK(state.error().message ==
        "the row of object Order/o: checksum differs; run `orderhub journal verify`");
  CHECK(journal->load(other));
}

// Each commit adds one to both values of an object: whatever a reader sees must be one commit's.
TEST_CASE("readers beside commits and slices see whole commits, never an older one",
          "[journal][hub][threads][timing]") {
  const bool on_disk = GENERATE(false, true);
  temp_directory dir;
  memory_store in_memory;
  std::unique_ptr<lmdb_store> on_lmdb;
  store* tables = &in_memory;
  if (on_disk) {
    auto opened_store = lmdb_store::open(dir.path(), {.map_size = 256U << 20U});
    REQUIRE(opened_store);
    on_lmdb = std::move(*opened_store);
    tables = on_lmdb.get();
  }
  auto options = slow_options();
  options.checkpoint_bytes = 3'000;
  options.slice_rows = 1;
  options.sync = false;
  auto journal = opened(*tables, options);
  const auto id = invocation_at(day_one, 1);
  std::vector<object_id> objects;
  for (int i = 0; i < 4; ++i)
    objects.push_back({"Order", "o" + std::to_string(i)});

  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int n = 0; n < 2; ++n)
    readers.emplace_back([&] {
      std::vector<long> last(objects.size(), 0);
      while (!stop) {
        for (std::size_t i = 0; i < objects.size(); ++i) {
          auto state = journal->load(objects[i]);
          if (!state) {
            ++wrong;
            continue;
          }
          const auto* a = state->value("a");
          const auto* b = state->value("b");
          const long seen = a != nullptr ? std::stol(*a) : 0;
          if ((a == nullptr) != (b == nullptr) || (a != nullptr && *a != *b) || seen < last[i])
            ++wrong;
          last[i] = seen;
        }
        if (!journal->find_invocation(id) || !journal->timers(day_one, 5) || !journal->resumable())
          ++wrong;
      }
    });
  for (int round = 1; round <= 400; ++round) {
    const auto text = std::to_string(round);
    std::vector<turn> turns;
    for (const auto& object : objects)
      turns.push_back({{state_record(record_kind::set, object, id, day_one, 1, "a", text),
                        state_record(record_kind::set, object, id, day_one, 2, "b", text)}});
    if (!journal->commit(turns) || !journal->maintain(day_one))
      ++wrong;
  }
  stop = true;
  for (auto& t : readers)
    t.join();
  CHECK(wrong == 0);
}

} // namespace orderhub::testing
