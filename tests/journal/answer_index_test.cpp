#include "journal/answer_index.hpp"
#include "journal/hub_journal.hpp"
#include "journal/inspect/verify.hpp"
#include "journal/key.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

// A vendor's own id of a call leads to the invocation that made it, for as long as that is kept.
namespace orderhub::testing {

using namespace journal;

namespace {

constexpr std::int64_t retention = 100'000;

/// Of the value `posted C1 17.2`: a message in a channel.
std::vector<std::string> ids_in(std::string_view value) {
  constexpr std::string_view mark = "posted ";
  if (!value.starts_with(mark))
    return {};
  const auto channel = value.substr(mark.size(), 2), ts = value.substr(mark.size() + 3);
  return {std::string(channel).append(":").append(ts), std::string(ts)};
}

const listing_rules& rules() {
  static const listing_rules of_orders{
      1,
      {{"Order",
        [](const object_state&) { return std::optional(listing{day_one, {}, {}, {}, {}, {}}); }}},
      &ids_in};
  return of_orders;
}

journal_options listing_options() {
  auto options = slow_options();
  options.lists = &rules();
  options.journal_retention_ms = retention;
  return options;
}

record of(record_kind kind, const object_id& object, const invocation_id& run, unix_ms at,
          std::uint32_t index, std::string payload) {
  return {kind, at, object, run, index, std::move(payload)};
}

vendor_answer answer_of(const std::string& request_id, std::uint16_t status) {
  vendor_answer a;
  a.status = status;
  a.request_id = request_id;
  a.body_hash = std::string(answer_hash_size, 'h');
  return a;
}

/// It has begun, its effect is out, and was answered once to no end.
std::vector<record> refused(const object_id& object, const invocation_id& run, unix_ms at,
                            const std::string& request_id) {
  effect_payload intent;
  intent.name = "charge";
  intent.completion = 1;
  note_payload note;
  note.kind = note_kind::answered;
  note.text = encode(answer_note{answer_of(request_id, 503), false, "in_doubt", "rule", {}});
  return {input_record(object, run, at),
          of(record_kind::effect, object, run, at, 1, encode(intent)),
          of(record_kind::effect_note, object, run, at, 1, encode(note))};
}

std::vector<record> ended(const object_id& object, const invocation_id& run, unix_ms at,
                          const std::string& request_id, const std::string& value = "paid") {
  return {of(record_kind::completion, object, run, at, 1,
             encode(result<std::string>(value), answer_of(request_id, 200))),
          output_record(object, run, at, 2, std::string("done"))};
}

/// The keys of the objects that are found; empty: none.
std::string found(const hub_journal& journal, const std::string& id, std::size_t most = 5) {
  const auto answered = journal.answered_as(id, most);
  REQUIRE(answered);
  CHECK(answered->is_whole);
  std::string keys;
  for (const auto& row : answered->found)
    keys.append(keys.empty() ? "" : " ").append(row.object.key);
  return keys;
}

std::size_t rows_of(const memory_store& tables) {
  std::size_t count = 0;
  for (const auto& [key, value] : tables.contents(table::ix))
    count += key.front() == index_prefix::answer ? 1 : 0;
  return count;
}

void is_clean(const memory_store& tables) {
  auto rows = tables.read();
  REQUIRE(rows);
  const auto report = verify_tables(**rows, &rules());
  CAPTURE(report.problems);
  CHECK(report.problem_count == 0);
}

/// Rules of another form, by which all lists are made anew.
auto opened_by_other_rules(memory_store& tables) {
  static const listing_rules next_rules = [] {
    auto next = rules();
    ++next.form;
    return next;
  }();
  auto options = listing_options();
  options.lists = &next_rules;
  return opened(tables, options);
}

} // namespace

TEST_CASE("a vendor's id of a call is found wherever its invocation stands", "[journal][answers]") {
  memory_store tables;
  auto journal = opened(tables, listing_options());
  const object_id order{"Order", "o-1"}, part{"Part", "p-1"};
  const auto run = invocation_at(day_one, 1), other = invocation_at(day_one, 2);
  // What lists nothing is found too.
  commit(*journal, refused(part, other, day_one, "req_part"));
  commit(*journal, refused(order, run, day_one, "req_first"));
  const auto all_found = [&](bool has_ended) {
    CHECK(found(*journal, "req_first") == "o-1");
    CHECK(found(*journal, "req_part") == "p-1");
    CHECK(found(*journal, "req_last") == (has_ended ? "o-1" : ""));
    CHECK(found(*journal, "req_nobody").empty());
  };
  all_found(false); // In memory.
  REQUIRE(journal->checkpoint_now(day_one));
  all_found(false); // Live, in rows.
  commit(*journal, ended(order, run, day_one + 5, "req_last"));
  all_found(true); // Begun in rows and ended in memory.
  journal.reset();
  tables.power_loss();
  journal = opened(tables, listing_options());
  all_found(true);
  REQUIRE(journal->checkpoint_now(day_one + 10));
  all_found(true);
  CHECK(rows_of(tables) == 1);
  is_clean(tables);

  // What has ended goes with its time, and takes its ids along; what is live stays.
  maintain_all(*journal, day_one + retention + 10'000);
  CHECK(found(*journal, "req_first").empty());
  CHECK(found(*journal, "req_part") == "p-1");
  commit(*journal, ended(part, other, day_one + 6, "req_end"));
  REQUIRE(journal->checkpoint_now(day_one + retention + 20'000));
  CHECK(found(*journal, "req_end") == "p-1");
  maintain_all(*journal, day_one + 3 * retention);
  CHECK(found(*journal, "req_part").empty());
  CHECK(rows_of(tables) == 0);
  is_clean(tables);
}

TEST_CASE("what a step made is found by its vendor's id of it", "[journal][answers]") {
  memory_store tables;
  auto journal = opened(tables, listing_options());
  const object_id first{"Order", "o-1"}, second{"Part", "p-1"};
  const auto one = invocation_at(day_one, 1), other = invocation_at(day_one + 1, 2);
  commit(*journal, refused(first, one, day_one, "req_1"));
  commit(*journal, refused(second, other, day_one + 1, "req_2"));
  const auto all_found = [&] {
    CHECK(found(*journal, "C1:17.2") == "o-1");
    CHECK(found(*journal, "C2:17.2") == "p-1");
    CHECK(found(*journal, "17.2") == "o-1 p-1"); // It is an id in each channel.
    CHECK(found(*journal, "C3:17.2").empty());
    CHECK(found(*journal, "req_2_made") == "p-1");
    CHECK(journal->answered_as("17.2", 1)->found.size() == 1);
  };
  commit(*journal, ended(first, one, day_one, "req_1_made", "posted C1 17.2"));
  REQUIRE(journal->checkpoint_now(day_one + 5));
  CHECK(found(*journal, "17.2") == "o-1");
  commit(*journal, ended(second, other, day_one + 6, "req_2_made", "posted C2 17.2"));
  all_found(); // One in rows, one in memory.
  REQUIRE(journal->checkpoint_now(day_one + 10));
  all_found();
  journal.reset();
  journal = opened_by_other_rules(tables);
  maintain_all(*journal, day_one + 20);
  all_found(); // Made anew.
  is_clean(tables);
}

TEST_CASE("many ids fill one row after the other, also over restarts", "[journal][answers]") {
  memory_store tables;
  auto journal = opened(tables, listing_options());
  constexpr std::size_t runs = 3 * answer_places_max / 2;
  for (std::size_t n = 0; n < runs; ++n) {
    const object_id order{"Order", "o-" + std::to_string(n)};
    const auto at = day_one + static_cast<unix_ms>(n / 7);
    const auto run = invocation_at(at, n);
    commit(*journal, refused(order, run, at, "req_a" + std::to_string(n)));
    commit(*journal, ended(order, run, at, "req_b" + std::to_string(n)));
    if (n % 50 == 0)
      REQUIRE(journal->checkpoint_now(at));
    if (n % 200 == 0) {
      journal.reset();
      tables.power_loss();
      journal = opened(tables, listing_options());
    }
  }
  REQUIRE(journal->checkpoint_now(day_one + 10'000));
  CHECK(rows_of(tables) == 3);
  for (std::size_t n = 0; n < runs; ++n) {
    CHECK(found(*journal, "req_a" + std::to_string(n)) == "o-" + std::to_string(n));
    CHECK(found(*journal, "req_b" + std::to_string(n)) == "o-" + std::to_string(n));
  }
  // In pieces.
  maintain_all(*journal, day_one + retention + 50'000);
  CHECK(rows_of(tables) == 0);
}

TEST_CASE("a journal from before the index is indexed beside the running hub",
          "[journal][answers]") {
  memory_store tables;
  const object_id order{"Order", "o-1"}, open{"Order", "o-2"};
  const auto run = invocation_at(day_one, 1), live = invocation_at(day_one + 1, 2);
  {
    auto options = listing_options();
    options.lists = nullptr;
    auto journal = opened(tables, options);
    commit(*journal, refused(order, run, day_one, "req_first"));
    commit(*journal, ended(order, run, day_one, "req_last"));
    commit(*journal, refused(open, live, day_one + 1, "req_open"));
    REQUIRE(journal->checkpoint_now(day_one));
    CHECK(rows_of(tables) == 0);
    CHECK(found(*journal, "req_last") == "o-1"); // Among the newest.
  }
  auto journal = opened(tables, listing_options());
  const auto early = journal->answered_as("req_last", 1); // While it is made, likewise.
  REQUIRE(early);
  CHECK(early->found.size() == 1);
  CHECK_FALSE(journal->answered_as("req_nobody", 1)->is_whole);
  maintain_all(*journal, day_one + 10);
  for (const auto* id : {"req_first", "req_last"})
    CHECK(found(*journal, id) == "o-1");
  CHECK(found(*journal, "req_open") == "o-2");
  is_clean(tables);

  // Other rules make it anew, once.
  journal.reset();
  journal = opened_by_other_rules(tables);
  maintain_all(*journal, day_one + 20);
  CHECK(found(*journal, "req_first") == "o-1");
  CHECK(rows_of(tables) == 1);
}

TEST_CASE("a row of the index that is damaged is made again", "[journal][answers][damage]") {
  memory_store tables;
  auto journal = opened(tables, listing_options());
  const object_id order{"Order", "o-1"};
  const auto run = invocation_at(day_one, 1);
  commit(*journal, refused(order, run, day_one, "req_first"));
  commit(*journal, ended(order, run, day_one, "req_last"));
  REQUIRE(journal->checkpoint_now(day_one));
  for (const auto& [key, value] : tables.contents(table::ix))
    if (key.front() == index_prefix::answer)
      tables.overwrite(table::ix, key, "no row");
  const auto answered = journal->answered_as("req_last", 1);
  REQUIRE(answered);
  CHECK(answered->found.empty());
  CHECK_FALSE(answered->is_whole);
  maintain_all(*journal, day_one + 10);
  CHECK(found(*journal, "req_last") == "o-1");
  is_clean(tables);
}

TEST_CASE("rows of the index are read as they are written", "[journal][answers]") {
  CHECK(parse_answer_row_key(answer_row_key(7)) == 7);
  CHECK_FALSE(parse_answer_row_key("q7"));
  CHECK(answer_row_key(7) < answer_row_key(1'000));
  const answer_row row{day_one, {{answer_hash("req_1"), day_one}, {0xffffffff, 0}}};
  CHECK(decode_answer_row(encode(row)) == row);
  CHECK(encode(row).size() == 33);
  CHECK_FALSE(decode_answer_row(encode(row) + "x"));
  auto damaged = encode(row);
  damaged.at(10) = static_cast<char>(damaged.at(10) ^ 1);
  CHECK_FALSE(decode_answer_row(damaged));
}

} // namespace orderhub::testing
