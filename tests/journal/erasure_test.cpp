#include "journal/hub_journal.hpp"
#include "journal/inspect/verify.hpp"
#include "journal/key.hpp"
#include "journal/listing_index.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

#include <string>

// What an object's past loses where a person has it erased or purged.
namespace orderhub::testing {

using namespace journal;

namespace {

const object_id order{"Order", "o-1"};
const object_id other{"Order", "o-2"};
constexpr std::string_view secret = "ada@example.com";

listing_rules rules() {
  return {1, {{"Order", [](const object_state& state) {
                 listing l;
                 l.created = day_one;
                 for (const auto& [name, value] : state.values)
                   l.keys.push_back(value);
                 return std::optional(l);
               }}}};
}

/// A whole call that brings and sends the secret.
std::vector<record> call_of(const object_id& id, const invocation_id& run, unix_ms at,
                            std::uint8_t scope) {
  digest key{};
  key.fill(scope);
  input_payload input;
  input.handler = "Process";
  input.body = secret;
  input.key = request_key{key, {}, at + 86'400'000};
  effect_payload effect;
  effect.name = "mail";
  effect.operation = "sendgrid.send_mail";
  effect.vendor = "sendgrid";
  effect.completion = 1;
  effect.body = secret;
  const result<std::string> said = std::string(secret);
  const auto make = [&](record_kind kind, std::uint32_t index, std::string payload) {
    return record{kind, at, id, run, index, std::move(payload)};
  };
  return {make(record_kind::input, 0, encode(input)),
          make(record_kind::set, 1, encode(state_payload{"order", std::string(secret)})),
          make(record_kind::effect, 2, encode(effect)),
          make(record_kind::effect_note, 2,
               encode(note_payload{note_kind::answered, 1, at,
                                   encode(answer_note{{500, 95, 0, "req_0", std::string(16, 'h')},
                                                      false,
                                                      "unavailable",
                                                      "500",
                                                      std::string(secret)})})),
          make(record_kind::completion, 1,
               encode(said, vendor_answer{202, 95, 0, "req_1", std::string(16, 'h')})),
          make(record_kind::output, 3, encode(output_payload{encode(said), std::nullopt}))};
}

record done_by_person(operator_verb verb, unix_ms at, std::string wanted = {}) {
  operator_payload p;
  p.verb = verb;
  p.who = "ada";
  p.via = "token";
  p.wanted = std::move(wanted);
  return {record_kind::operator_action, at, order, {}, 0, encode(p)};
}

bool has_secret(const memory_store& tables, table t) {
  for (const auto& [key, value] : tables.contents(t)) {
    if (t == table::iv) {
      const auto row = decode_invocation_row(value);
      REQUIRE(row);
      if (row->object != order)
        continue;
      std::string all = row->invocation.input.body + row->invocation.output;
      for (const auto& e : row->invocation.entries)
        all += e.payload;
      if (all.find(secret) != std::string::npos)
        return true;
    } else if (value.find(secret) != std::string::npos && key.find("o-2") == std::string::npos) {
      return true;
    }
  }
  return false;
}

} // namespace

TEST_CASE("wherever it was folded, an erased object's past has nothing of its customer",
          "[journal][erase]") {
  const auto folds = static_cast<unsigned>(GENERATE(range(0, 16)));
  const auto lists = rules();
  auto options = slow_options();
  options.lists = &lists;
  options.part_records = 1 + folds % 3;
  memory_store tables;
  auto journal = opened(tables, options);
  const auto first = invocation_at(day_one, 1), second = invocation_at(day_one, 2),
             third = invocation_at(day_one, 3);
  int step = 0;
  const auto fold = [&] {
    if ((folds >> static_cast<unsigned>(step++) & 1U) != 0)
      REQUIRE(journal->checkpoint_now(day_one + 10));
  };
  commit(*journal, call_of(order, first, day_one, 1));
  fold();
  commit(*journal, call_of(order, second, day_one + 1, 2));
  commit(*journal, call_of(other, third, day_one + 1, 3));
  fold();
  const bool purges = GENERATE(false, true);
  CAPTURE(folds, purges);
  if (purges) {
    commit(*journal, {done_by_person(operator_verb::purge, day_one + 2, "tombstone")});
  } else {
    commit(*journal, {done_by_person(operator_verb::erase, day_one + 2),
                      {record_kind::event,
                       day_one + 2,
                       order,
                       {},
                       0,
                       encode(event_payload{"erased", {{"order", std::string("left")}}})}});
  }
  fold();
  if (step < 4)
    fold();
  journal.reset();
  tables.power_loss();
  journal = opened(tables, options);
  REQUIRE(journal->checkpoint_now(day_one + 10));
  CHECK_FALSE(has_secret(tables, table::iv));
  CHECK_FALSE(has_secret(tables, table::ob));
  const auto state = journal->load(order);
  REQUIRE(state);
  CHECK(state->purged == purges);
  CHECK(state->operators.size() == 1);
  const auto row = journal->find_invocation(first);
  REQUIRE(row);
  CHECK(row->has_value() == !purges);
  if (!purges) {
    CHECK((*row)->invocation.entries.size() == 4);
    const auto answer = decode_answer((*row)->invocation.entries.back().payload);
    REQUIRE((answer && *answer));
    CHECK((*answer)->request_id == "req_1");
    CHECK(**decode_result((*row)->invocation.output) == erased_value);
    CHECK(*state->value("order") == "left");
  }
  digest scope{};
  scope.fill(2);
  const auto seen = journal->find_request(scope);
  REQUIRE(seen);
  CHECK(seen->has_value() == !purges);
  // Another order is as it was, and all tables agree.
  const auto theirs = journal->find_invocation(third);
  REQUIRE((theirs && *theirs));
  CHECK((*theirs)->invocation.input.body == secret);
  CHECK(journal->bearing(secret, 10)->size() == 1);
  const auto report = verify_tables(*tables.read().value(), &lists);
  INFO((report.problems.empty() ? std::string() : report.problems.front()));
  CHECK(report.problem_count == 0);
  CHECK(journal->actions({.limit = 10})->size() == 1);
}

TEST_CASE("an object that is purged without a tombstone leaves no row", "[journal][erase]") {
  const auto lists = rules();
  auto options = slow_options();
  options.lists = &lists;
  memory_store tables;
  auto journal = opened(tables, options);
  commit(*journal, call_of(order, invocation_at(day_one, 1), day_one, 1));
  if (GENERATE(false, true))
    REQUIRE(journal->checkpoint_now(day_one + 10));
  commit(*journal, {done_by_person(operator_verb::purge, day_one + 2)});
  REQUIRE(journal->checkpoint_now(day_one + 10));
  for (const auto t : {table::ob, table::iv, table::ls, table::rf, table::dd})
    CHECK(tables.contents(t).empty());
  CHECK(journal->load(order)->blank());
}

} // namespace orderhub::testing
