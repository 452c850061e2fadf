#include "journal/hub_journal.hpp"
#include "journal/inspect/verify.hpp"
#include "journal/key.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

#include <set>
#include <string>

// What is left of an object of which nobody asks any more. A webhook's object has one invocation
// and its result; the event was applied to its order.
namespace orderhub::testing {

using namespace journal;

namespace {

constexpr std::int64_t retention = 100'000;
const object_id hook{"Webhook", "evt-1"};

std::unique_ptr<hub_journal> opened(store& tables) {
  auto options = slow_options();
  options.journal_retention_ms = retention;
  options.slice_rows = 3;
  return testing::opened(tables, options);
}

/// Without a check within, so that what ends the process goes through.
bool maintained(hub_journal& journal, unix_ms now) {
  for (int i = 0; i < 10'000; ++i) {
    auto more = journal.maintain(now);
    if (!more || !*more)
      return more.has_value();
  }
  return false;
}

input_payload input_of(bool ephemeral) {
  input_payload input{"Process", "1", false, 0, "{}", {}, {}};
  input.ephemeral = ephemeral;
  return input;
}

/// A whole invocation that leaves a value behind.
std::vector<record> whole_run(const object_id& id, const invocation_id& run, unix_ms begun,
                              unix_ms ended, bool ephemeral) {
  return {input_record(id, run, begun, input_of(ephemeral)),
          state_record(record_kind::set, id, run, ended, 1, "result", "processed"),
          output_record(id, run, ended, 2, std::string("processed"))};
}

void is_clean(const memory_store& tables) {
  auto rows = tables.read();
  REQUIRE(rows);
  const auto report = verify_tables(**rows);
  CAPTURE(report.problems);
  CHECK(report.problem_count == 0);
}

} // namespace

TEST_CASE("an ephemeral object goes with its last invocation, every other one stays",
          "[journal][retention]") {
  memory_store tables;
  auto journal = opened(tables);
  const object_id order{"Order", "o"};
  const auto first = invocation_at(day_one, 1);
  const auto second = invocation_at(day_one, 2);
  commit(*journal, whole_run(order, invocation_at(day_one, 3), day_one, day_one, false));
  commit(*journal, whole_run(hook, first, day_one, day_one + 10, true));
  // An input that does not say so by itself counts like the others.
  commit(*journal, whole_run(hook, second, day_one, day_one + 50'000, GENERATE(false, true)));
  REQUIRE(journal->checkpoint_now(day_one));

  REQUIRE(maintained(*journal, day_one + retention + 20));
  CHECK_FALSE(*journal->knows_invocation(first));
  CHECK(*journal->knows_invocation(second));
  CHECK(*journal->load(hook)->value("result") == "processed");
  is_clean(tables);

  REQUIRE(maintained(*journal, day_one + 2 * retention));
  CHECK_FALSE(*journal->knows_invocation(second));
  CHECK(journal->load(hook)->blank());
  CHECK(tables.contents(table::iv).empty());
  CHECK(tables.contents(table::ob).size() == 1);
  CHECK(*journal->load(order)->value("result") == "processed");
  is_clean(tables);

  // The same event, long after: it is processed like a new one.
  commit(*journal, whole_run(hook, invocation_at(day_one, 4), day_one + 2 * retention,
                             day_one + 2 * retention, true));
  REQUIRE(journal->checkpoint_now(day_one + 2 * retention));
  CHECK(*journal->load(hook)->value("result") == "processed");
  is_clean(tables);
}

TEST_CASE("an ephemeral object that has something live stays until that has ended",
          "[journal][retention]") {
  memory_store tables;
  auto journal = opened(tables);
  const auto waiting = invocation_at(day_one, 2);
  commit(*journal, whole_run(hook, invocation_at(day_one, 1), day_one, day_one, true));
  commit(*journal, {input_record(hook, waiting, day_one, input_of(true)),
                    {record_kind::sleep, day_one, hook, waiting, 1,
                     encode(wait_payload{1, day_one + 10 * retention})}});
  REQUIRE(journal->checkpoint_now(day_one));
  REQUIRE(maintained(*journal, day_one + 2 * retention));
  CHECK(*journal->load(hook)->value("result") == "processed");
  CHECK(journal->timers(day_one + 20 * retention, 10)->size() == 1);
  is_clean(tables);

  const auto end = day_one + 10 * retention;
  commit(*journal, {output_record(hook, waiting, end, 2, std::string("late"))});
  REQUIRE(journal->checkpoint_now(end));
  REQUIRE(maintained(*journal, end + retention));
  CHECK(*journal->load(hook)->value("result") == "processed");
  REQUIRE(maintained(*journal, end + 2 * retention));
  CHECK(tables.contents(table::ob).empty());
  CHECK(tables.contents(table::tm).empty());
  CHECK(tables.contents(table::ix).empty());
  is_clean(tables);
}

TEST_CASE("an ephemeral object with records that are not folded stays until they are",
          "[journal][retention]") {
  memory_store tables;
  auto journal = opened(tables);
  const auto run = invocation_at(day_one, 1);
  commit(*journal, whole_run(hook, run, day_one, day_one, true));
  REQUIRE(journal->checkpoint_now(day_one));
  const auto late = day_one + 2 * retention;
  SECTION("a new run") {
    const auto again = invocation_at(late, 2);
    commit(*journal, {input_record(hook, again, late, input_of(true))});
    REQUIRE(maintained(*journal, late));
    CHECK(*journal->load(hook)->value("result") == "processed");
    commit(*journal, {output_record(hook, again, late, 1, std::string("again"))});
    REQUIRE(journal->checkpoint_now(late));
    REQUIRE(maintained(*journal, late + 2 * retention));
  }
  SECTION("what changes nothing") {
    commit(*journal, {{record_kind::cancel_invocation,
                       late,
                       {"Order", "o"},
                       invocation_at(late, 3),
                       1,
                       encode(cancel_payload{hook, run})}});
    REQUIRE(maintained(*journal, late));
    CHECK(*journal->load(hook)->value("result") == "processed");
    CHECK(*journal->knows_invocation(run));
    REQUIRE(journal->checkpoint_now(late));
    REQUIRE(maintained(*journal, late + 2 * retention));
  }
  CHECK(tables.contents(table::ob).empty());
  CHECK(tables.contents(table::iv).empty());
  is_clean(tables);
}

TEST_CASE("a crash at any commit of a retention pass changes nothing",
          "[journal][retention][crash]") {
  const auto cut = GENERATE(range(0, 24));
  CAPTURE(cut);
  memory_store tables;
  auto journal = opened(tables);
  for (std::uint64_t n = 0; n < 12; ++n) {
    const object_id id{n % 3 == 0 ? "Order" : "Webhook", std::to_string(n)};
    for (std::uint64_t run = 0; run < 2; ++run)
      commit(*journal, whole_run(id, invocation_at(day_one, 10 * n + run), day_one,
                                 day_one + static_cast<unix_ms>(run), n % 3 != 0));
  }
  REQUIRE(journal->checkpoint_now(day_one));
  struct process_ended {};
  const auto end_at = tables.commits() + static_cast<std::uint64_t>(cut / 2);
  tables.on_commit([&](std::uint64_t commits, bool done) {
    if (commits == end_at && done == (cut % 2 == 1))
      throw process_ended{};
  });
  try {
    (void)maintained(*journal, day_one + 2 * retention);
  } catch (const process_ended&) {
    SUCCEED("cut");
  }
  tables.on_commit({});
  journal.reset();
  tables.power_loss();
  journal = opened(tables);
  is_clean(tables);
  REQUIRE(maintained(*journal, day_one + 2 * retention));
  CHECK(tables.contents(table::iv).empty());
  CHECK(tables.contents(table::ob).size() == 4);
  for (const auto& [key, row] : tables.contents(table::ob))
    CHECK(parse_object_key(key)->service == "Order");
  is_clean(tables);
}

} // namespace orderhub::testing
