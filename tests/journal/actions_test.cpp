#include "journal/hub_journal.hpp"
#include "journal/inspect/verify.hpp"
#include "journal/key.hpp"
#include "journal/record.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"

#include <algorithm>
#include <string>
#include <vector>

// The list of what people did: as committed, wherever the last checkpoint was.
namespace orderhub::testing {

using namespace journal;

namespace {

record action_record(const object_id& object, unix_ms time, const std::string& id) {
  operator_payload p{operator_verb::pause, "", "ada", "token", "why not", ""};
  p.role = "operate";
  p.id = id;
  return {record_kind::operator_action, time, object, {}, 0, encode(p)};
}

std::vector<std::string> ids_of(const std::vector<recorded_action>& list) {
  std::vector<std::string> ids;
  for (const auto& a : list)
    ids.push_back(a.entry.action.id);
  return ids;
}

std::vector<std::string> all_ids(const hub_journal& journal) {
  const auto found = journal.actions({.limit = 1'000});
  REQUIRE(found);
  return ids_of(*found);
}

/// In pages of two.
std::vector<std::string> paged_ids(const hub_journal& journal) {
  std::vector<std::string> ids;
  action_search search{.limit = 2};
  while (true) {
    const auto page = journal.actions(search);
    REQUIRE(page);
    for (const auto& id : ids_of(*page))
      ids.push_back(id);
    if (page->size() < search.limit)
      return ids;
    search.behind_time = page->back().entry.at;
    search.behind_lsn = page->back().lsn;
  }
}

} // namespace

TEST_CASE("what people did is listed newest first, folded or not", "[journal][actions]") {
  memory_store tables;
  auto journal = opened(tables, slow_options());
  turn_maker dice(7);
  std::vector<std::string> expected;
  for (int i = 0; i < 60; ++i) {
    const auto id = "a" + std::to_string(i);
    // Several at one moment, of several objects.
    commit(*journal,
           {action_record({"Order", std::to_string(dice.below(5))}, day_one + i / 3, id)});
    expected.insert(expected.begin(), id);
    switch (dice.below(6)) {
    case 0:
      REQUIRE(journal->checkpoint_now(day_one));
      break;
    case 1:
      maintain_all(*journal, day_one);
      break;
    case 2:
      journal = opened(tables, slow_options());
      break;
    default:
      break;
    }
    CHECK(all_ids(*journal) == expected);
  }
  CHECK(paged_ids(*journal) == expected);
  const auto late = journal->actions({.since = day_one + 19, .limit = 100});
  REQUIRE(late);
  CHECK(ids_of(*late) == std::vector<std::string>{"a59", "a58", "a57"});
  REQUIRE(journal->checkpoint_now(day_one));
  CHECK(paged_ids(*journal) == expected);
  auto rows = tables.read();
  REQUIRE(rows);
  CHECK(verify_tables(**rows).problem_count == 0);
}

TEST_CASE("what people did is forgotten after its time, and not before", "[journal][actions]") {
  memory_store tables;
  auto options = slow_options();
  options.action_retention_ms = 1'000;
  auto journal = opened(tables, options);
  for (int i = 0; i < 5; ++i)
    commit(*journal, {action_record({"Order", "1"}, day_one + i * 100, "a" + std::to_string(i))});
  REQUIRE(journal->checkpoint_now(day_one));
  maintain_all(*journal, day_one + 1'200);
  CHECK(all_ids(*journal) == std::vector<std::string>{"a4", "a3", "a2"});
  CHECK(journal->load({"Order", "1"})->operators.size() == 5); // The object itself knows longer.
}

TEST_CASE("an operator's record of an earlier program is read, and written as it was",
          "[journal][actions]") {
  operator_payload before{operator_verb::retry, "charge", "ada", "cli", "why not", "req_1"};
  const auto bytes = encode(before);
  CHECK(bytes == std::string("\x01\x06"
                             "charge\x03"
                             "ada\x03"
                             "cli\x00\x07why not\x00\x05req_1",
                             32));
  CHECK(must(decode_operator(bytes)) == before);
  before.target = "o-1";
  CHECK(must(decode_operator(encode(before))) == before);
  CHECK_FALSE(decode_operator(bytes + '\x02'));
}

} // namespace orderhub::testing
