// What a first start on a copy does with what the copy says of open effects.
#include "journal/copied_effects.hpp"
#include "journal/hub_journal.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/must.hpp"

#include <string>
#include <utility>
#include <vector>

namespace orderhub::testing {

using namespace journal;

namespace {

const object_id shipment{"Shipment", "1"};
const invocation_id run = invocation_at(day_one, 1);

record effect_at(std::uint32_t index) {
  effect_payload p;
  p.name = "label";
  p.attempt = "1";
  p.completion = index;
  p.operation = "shippo.buy_label";
  p.vendor = "shippo";
  p.policy = 2;
  return {record_kind::effect, day_one + index, shipment, run, index, encode(p)};
}

record note_at(std::uint32_t index, note_kind kind, std::uint32_t sends) {
  note_payload n;
  n.kind = kind;
  n.text = "as it was";
  n.sends = sends;
  n.attempt = 3;
  return {record_kind::effect_note, day_one + 100 + index, shipment, run, index, encode(n)};
}

/// The newest note of an effect: kind and sends; empty where it has none.
std::string stands(const hub_journal& journal, std::uint32_t index) {
  const auto state = must(journal.load(shipment));
  std::string text;
  for (const auto& e : state.find_live(run)->entries)
    if (e.kind == record_kind::effect_note && e.index == index) {
      const auto n = must(decode_note(e.payload));
      text = std::string(name_of(n.kind)) + ' ' + std::to_string(n.sends) + ' ' +
             std::to_string(n.attempt);
    }
  return text;
}

} // namespace

TEST_CASE("what a copy says of calls that are not out is doubted once", "[journal][restored]") {
  memory_store tables;
  seeded_random random(1);
  const auto journal = must(hub_journal::open(tables, {}, random));
  auto turns = one_turn({input_record(shipment, run, day_one), effect_at(1), effect_at(2),
                         effect_at(3), effect_at(4), note_at(2, note_kind::waiting, 0),
                         note_at(3, note_kind::retry_at, 2), note_at(4, note_kind::waiting, 0),
                         record{record_kind::completion, day_one + 200, shipment, run, 4,
                                encode(result<std::string>("{}"))}});
  REQUIRE(journal->commit(turns));

  // It is no copy: nothing is doubted.
  CHECK(must(start_on(tables, *journal, day_one)).empty());
  CHECK(stands(*journal, 2) == "waiting 0 3");

  const auto mark = encode(copy_mark{day_one + 500, journal->metrics().last_lsn});
  tables.overwrite(table::mt, std::string(meta_key::copied), mark);
  CHECK(must(start_on(tables, *journal, day_one + 1'000)).size() == 1);
  CHECK(stands(*journal, 1).empty()); // Without a note it may be out already.
  CHECK(stands(*journal, 2) == "resend 0 3");
  CHECK(stands(*journal, 3) == "resend 2 3");  // What else was known of it stays.
  CHECK(stands(*journal, 4) == "waiting 0 3"); // It has ended.

  // Each start after that finds no mark.
  const auto written = journal->metrics().last_lsn;
  CHECK(must(start_on(tables, *journal, day_one + 2'000)).size() == 1);
  CHECK(journal->metrics().last_lsn == written);
}

} // namespace orderhub::testing
