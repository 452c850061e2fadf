#include "journal/hub_journal.hpp"
#include "journal/inspect/verify.hpp"
#include "journal/key.hpp"
#include "journal/listed_objects.hpp"
#include "journal/listing_index.hpp"
#include "journal/listing_rows.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <vector>

// Lists against what every object says by itself.
namespace orderhub::testing {

using namespace journal;

namespace {

std::uint64_t first_seed() {
  const char* text = std::getenv("ORDERHUB_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

/// Services of the turn maker: of one the objects are parts, without a place of their own. Those of
/// two are parts of one whole, the order of their key.
std::optional<listing> listed(const object_state& state) {
  listing l;
  if (state.id.service != "Shipment")
    l.created = day_one + std::accumulate(state.id.key.begin(), state.id.key.end(), 0) % 7;
  else if (state.live.empty())
    return std::nullopt;
  l.row = std::to_string(state.values.size());
  if (state.id.service != "Notification")
    l.whole = {"Order", state.id.key};
  if (!state.live.empty()) {
    l.marks.push_back({"live", state.live.front().accepted_at});
    l.marks.push_back({"works", state.live.front().accepted_at, true});
  }
  for (const auto& [name, value] : state.values) {
    l.counts.push_back("has:" + name);
    l.keys.push_back(value);
  }
  return l;
}

listing_rules rules_of_form(std::uint32_t form) {
  return {form, {{"Order", &listed}, {"Shipment", &listed}, {"Notification", &listed}}};
}

using placed = std::pair<listing_place, std::string>; ///< With the row.

/// All pages, a few rows each.
std::vector<placed> all_pages(const hub_journal& journal, std::size_t rows, std::size_t most) {
  std::vector<placed> all;
  std::optional<listing_place> behind;
  do {
    auto page = journal.listed(behind, rows, most, [](const auto&) { return true; });
    REQUIRE(page);
    CHECK(page->scanned <= rows);
    CHECK(page->found.size() <= most);
    for (const auto& o : page->found) {
      all.emplace_back(listing_place{o.what.created, object_digest(object_key(o.object))},
                       o.what.row);
      CHECK(o.version == journal.load(o.object)->folded_to);
    }
    behind = page->next;
  } while (behind);
  return all;
}

/// Fails the running test where a list says anything else than the objects.
void check_lists(const hub_journal& journal, const reference& expected,
                 const listing_rules& rules) {
  std::vector<placed> all;
  std::set<std::string> live; // As texts, so that a failure can be read.
  const auto text_of = [](unix_ms since, const object_id& id) {
    return std::to_string(since) + ' ' + id.text();
  };
  std::map<std::string, std::int64_t, std::less<>> counts;
  std::set<std::pair<std::string, object_id>> of_wholes; // Counted.
  std::map<std::string, std::set<object_id>> bearers;
  for (const auto& [id, kept] : expected.objects()) {
    const auto state = expected.load(id);
    const auto l = listing_of(rules, state);
    if (!l)
      continue;
    if (l->created > 0)
      all.emplace_back(listing_place{l->created, object_digest(object_key(id))}, l->row);
    for (const auto& m : l->marks) {
      live.insert(text_of(m.since, id));
      const bool is_one = !m.of_whole || l->whole.service.empty();
      if (is_one || of_wholes.emplace(m.name, l->whole).second)
        ++counts[m.name];
    }
    for (const auto& name : l->counts)
      ++counts[name];
    for (const auto& key : l->keys)
      bearers[key].insert(id);
  }
  std::sort(all.begin(), all.end(), std::greater<>());
  CHECK(all_pages(journal, 1'000, 3) == all);
  CHECK(all_pages(journal, 2, 1'000) == all);

  auto marked = journal.marked(std::vector<std::string>{"live"}, std::nullopt, 1'000);
  REQUIRE(marked);
  CHECK(marked->is_whole);
  std::set<std::string> found;
  for (const auto& m : marked->found)
    found.insert(text_of(m.since, m.object));
  CHECK(found == live);
  // A page at a time, in the same order.
  std::vector<marked_object> paged;
  for (bool more = !marked->found.empty(); more;) {
    auto page =
        journal.marked(std::vector<std::string>{"live"},
                       paged.empty() ? std::nullopt : std::optional(place_of(paged.back())), 2);
    REQUIRE(page);
    paged.insert(paged.end(), page->found.begin(), page->found.end());
    more = !page->is_whole;
  }
  CHECK(paged == marked->found);
  // And the other way.
  paged.clear();
  for (bool more = !marked->found.empty(); more;) {
    auto page = journal.newest_marked(
        "live", paged.empty() ? std::nullopt : std::optional(place_of(paged.back())), 2);
    REQUIRE(page);
    paged.insert(paged.end(), page->found.begin(), page->found.end());
    more = !page->is_whole;
  }
  std::reverse(paged.begin(), paged.end());
  CHECK(paged == marked->found);

  auto counted = journal.counts();
  REQUIRE(counted);
  CHECK(counted->is_whole);
  CHECK(counted->counts == counts);
  std::size_t asked = 0;
  for (const auto& [key, ids] : bearers) {
    if (++asked > 5)
      break;
    auto bearing = journal.bearing(key, 1'000);
    REQUIRE(bearing);
    std::set<object_id> of;
    for (const auto& o : *bearing)
      of.insert(o.object);
    CHECK(of == ids);
  }
  CHECK(journal.bearing("nobody's", 10)->empty());
}

void is_clean(const memory_store& tables, const listing_rules& rules) {
  auto rows = tables.read();
  REQUIRE(rows);
  const auto report = verify_tables(**rows, &rules);
  CAPTURE(report.problems);
  CHECK(report.problem_count == 0);
}

} // namespace

TEST_CASE("lists say what the objects say, however checkpoints, failures and restarts fall",
          "[journal][lists][random]") {
  const auto seed = first_seed() + static_cast<std::uint64_t>(GENERATE(range(0, 40)));
  CAPTURE(seed);
  turn_maker maker(seed);
  memory_store tables;
  auto rules = rules_of_form(1);
  journal_options options;
  options.checkpoint_bytes = 500 + maker.below(12'000);
  options.slice_rows = 1 + maker.below(9);
  options.slice_ms = 0;
  options.part_records = 1 + maker.below(4);
  // There was a journal before there were lists.
  options.lists = maker.below(2) == 0 ? &rules : nullptr;
  auto journal = opened(tables, options);
  reference expected;
  for (int round = 0; round < 120; ++round) {
    CAPTURE(round);
    if (maker.below(15) == 0)
      tables.fail_commit(1, error_kind::full);
    else if (maker.below(15) == 0)
      tables.fail_put(1 + maker.below(12), error_kind::full);
    auto turns = maker.next(expected);
    const auto copy = turns;
    for (int tries = 0; !journal->commit(turns); ++tries)
      REQUIRE(tries < 3);
    expected.commit(copy);
    if (maker.below(2) == 0)
      (void)journal->maintain(maker.now());
    if (maker.below(10) == 0) {
      journal.reset();
      tables.power_loss();
      options.lists = &rules;
      if (maker.below(4) == 0)
        ++rules.form; // Another program, with other rules.
      journal = opened(tables, options);
    }
    // While they are made, the lists have a part.
    if (options.lists != nullptr && maker.below(4) == 0 && !*journal->listing_share())
      check_lists(*journal, expected, rules);
  }
  journal.reset();
  tables.power_loss();
  options.lists = &rules;
  journal = opened(tables, options);
  maintain_all(*journal, maker.now());
  CHECK_FALSE(journal->listing_share()->has_value());
  check_lists(*journal, expected, rules);
  REQUIRE(journal->checkpoint_now(maker.now()));
  check_lists(*journal, expected, rules);
  is_clean(tables, rules);

  // Without rules nothing of them is left.
  journal.reset();
  options.lists = nullptr;
  journal = opened(tables, options);
  maintain_all(*journal, maker.now());
  CHECK(tables.contents(table::ls).empty());
  CHECK(tables.contents(table::rf).empty());
  for (const auto& [key, value] : tables.contents(table::ix))
    CHECK(key.front() != index_prefix::whole);
  CHECK(tables.contents(table::mt).count("listing") == 0);
}

TEST_CASE("a fold that changes nothing of a listing writes nothing of it", "[journal][lists]") {
  memory_store tables;
  const auto rules = rules_of_form(1);
  auto options = slow_options();
  options.lists = &rules;
  auto journal = opened(tables, options);
  const object_id id{"Order", "o-1"};
  const auto run = invocation_at(day_one, 1);
  commit(*journal, {input_record(id, run, day_one),
                    state_record(record_kind::set, id, run, day_one, 1, "status", "paid")});
  REQUIRE(journal->checkpoint_now(day_one));
  const auto lists = tables.contents(table::ls);
  const auto state = tables.contents(table::mt).at("listing");
  CHECK(lists.size() == 1);
  commit(*journal, {state_record(record_kind::set, id, run, day_one + 5, 2, "status", "paid")});
  REQUIRE(journal->checkpoint_now(day_one + 10));
  CHECK(tables.contents(table::ls) == lists);
  CHECK(tables.contents(table::mt).at("listing") == state);
}

TEST_CASE("a storm of one service's objects hides none of another's", "[journal][lists]") {
  memory_store tables;
  const auto rules = rules_of_form(1);
  auto options = slow_options();
  options.lists = &rules;
  auto journal = opened(tables, options);
  const object_id order{"Order", "o-1"};
  std::uint64_t n = 1;
  commit(*journal, {input_record(order, invocation_at(day_one, n), day_one)});
  const auto is_order_listed = [&] {
    const auto page =
        journal->listed({}, 20'000, 20'000, [&](const auto& o) { return o.object == order; });
    return page && page->found.size() == 1;
  };
  for (std::size_t storm = 0; storm < recent_listed_max; ++storm)
    commit(*journal, {input_record({"Notification", std::to_string(storm)},
                                   invocation_at(day_one, ++n), day_one)});
  CHECK(is_order_listed());
  CHECK_FALSE(journal->counts()->is_whole); // Which says that some were not looked at.
  REQUIRE(journal->checkpoint_now(day_one));
  CHECK(is_order_listed());
}

TEST_CASE("a row of a list that is damaged is made again from the objects",
          "[journal][lists][damage]") {
  memory_store tables;
  const auto rules = rules_of_form(1);
  auto options = slow_options();
  options.lists = &rules;
  auto journal = opened(tables, options);
  reference expected;
  turn_maker maker(3);
  for (int i = 0; i < 60; ++i) {
    auto turns = maker.next(expected);
    const auto copy = turns;
    REQUIRE(journal->commit(turns));
    expected.commit(copy);
  }
  REQUIRE(journal->checkpoint_now(maker.now()));
  const auto rows = tables.contents(table::ls);
  REQUIRE(rows.size() > 1);
  tables.overwrite(table::ls, rows.begin()->first, "no row");
  auto page = journal->listed(std::nullopt, 1'000, 1'000, [](const auto&) { return true; });
  REQUIRE(page);
  CHECK(page->found.size() == rows.size() - 1);
  maintain_all(*journal, maker.now());
  check_lists(*journal, expected, rules);
  is_clean(tables, rules);
}

TEST_CASE("what several parts of a whole have is counted once", "[journal][lists]") {
  memory_store tables;
  const auto rules = rules_of_form(1);
  auto options = slow_options();
  options.lists = &rules;
  auto journal = opened(tables, options);
  const object_id order{"Order", "o-1"}, shipment{"Shipment", "o-1"}, other{"Shipment", "o-2"};
  const auto run = invocation_at(day_one, 1), part_run = invocation_at(day_one, 2);
  const auto count_of = [&](const char* name) {
    const auto counts = journal->counts();
    REQUIRE(counts);
    const auto it = counts->counts.find(name);
    return it == counts->counts.end() ? 0 : it->second;
  };
  const auto rows = [&] {
    std::vector<std::string> of_wholes;
    for (const auto& [key, value] : tables.contents(table::ix))
      if (key.front() == index_prefix::whole)
        of_wholes.push_back(value);
    return of_wholes;
  };
  // Whether parts stand in rows, or behind the last checkpoint, or one each.
  commit(*journal, {input_record(order, run, day_one), input_record(other, part_run, day_one)});
  CHECK(count_of("works") == 2);
  REQUIRE(journal->checkpoint_now(day_one));
  CHECK(count_of("works") == 2);
  const auto later = invocation_at(day_one, 3);
  commit(*journal, {input_record(shipment, later, day_one)});
  CHECK(count_of("live") == 3);
  CHECK(count_of("works") == 2);
  REQUIRE(journal->checkpoint_now(day_one));
  CHECK(count_of("live") == 3);
  CHECK(count_of("works") == 2);
  REQUIRE(rows().size() == 2);
  CHECK(rows()[0].size() + rows()[1].size() < 40);
  // With one part it stays, with the last one it goes.
  commit(*journal, {output_record(order, run, day_one + 1, 1, std::string("done"))});
  CHECK(count_of("works") == 2);
  REQUIRE(journal->checkpoint_now(day_one + 1));
  CHECK(count_of("works") == 2);
  commit(*journal, {output_record(shipment, later, day_one + 1, 1, std::string("done"))});
  CHECK(count_of("works") == 1);
  REQUIRE(journal->checkpoint_now(day_one + 1));
  CHECK(count_of("works") == 1);
  CHECK(rows().size() == 1);
  is_clean(tables, rules);
  // One that cannot be read is made again.
  for (const auto& [key, value] : tables.contents(table::ix))
    if (key.front() == index_prefix::whole)
      tables.overwrite(table::ix, key, "no row");
  commit(*journal, {input_record({"Order", "o-2"}, invocation_at(day_one, 4), day_one)});
  (void)journal->counts();
  maintain_all(*journal, day_one + 100'000);
  REQUIRE(journal->checkpoint_now(day_one + 100'000));
  CHECK(count_of("works") == 1);
  is_clean(tables, rules);
}

TEST_CASE("an object's finished invocations are listed, of whatever request, until retention",
          "[journal][lists]") {
  memory_store tables;
  const auto rules = rules_of_form(1);
  auto options = slow_options();
  options.lists = &rules;
  options.journal_retention_ms = 100'000;
  auto journal = opened(tables, options);
  const object_id id{"Order", "o-1"}, other{"Order", "o-2"};
  std::vector<invocation_id> ids;
  for (int i = 0; i < 4; ++i) {
    const auto at = day_one + i * 50'000;
    ids.push_back(invocation_at(at, static_cast<std::uint64_t>(i)));
    for (const auto& o : {id, other}) {
      const auto run = o == id ? ids.back() : invocation_at(at, 100U + static_cast<unsigned>(i));
      commit(*journal, {input_record(o, run, at),
                        state_record(record_kind::set, o, run, at, 1, "status", "paid"),
                        output_record(o, run, at + 1, 2, std::string("done"))});
    }
    if (i != 3) // The last one is not folded.
      REQUIRE(journal->checkpoint_now(at));
  }
  const auto found_ids = [&](std::size_t most) {
    auto past = journal->past_of_objects(std::vector<object_id>{id}, most);
    REQUIRE(past);
    REQUIRE(*past);
    std::vector<invocation_id> found;
    for (const auto& row : (*past)->found)
      found.push_back(row.invocation.id);
    return found;
  };
  CHECK(found_ids(10) == ids);
  const auto newest = found_ids(2);
  CHECK(newest == std::vector<invocation_id>(ids.begin() + 1, ids.end()));
  REQUIRE(journal->checkpoint_now(day_one + 200'000));
  CHECK(found_ids(10) == ids);
  maintain_all(*journal, day_one + 100'000 + 10'000);
  CHECK(found_ids(10) == std::vector<invocation_id>(ids.begin() + 1, ids.end()));
  is_clean(tables, rules);
}

TEST_CASE("keys and small rows of lists are read as they are written", "[journal][lists]") {
  const listing_place place{day_one, std::string(16, 'd')};
  CHECK(parse_listing_key(listing_key(place)) == place);
  CHECK_FALSE(parse_listing_key("short"));
  const auto mark = parse_mark_key(mark_key("waits:doubt", day_one, std::string(16, 'd')));
  REQUIRE(mark);
  CHECK(mark->name == "waits:doubt");
  CHECK(mark->since == day_one);
  const auto found = decode_found_object(encode(found_object{day_one, {}}));
  REQUIRE(found);
  CHECK(found->created == day_one);
  const parts_marked marks{{"open", 2}, {"waits:answer", 1}};
  CHECK(decode_parts_marked(encode(marks)) == marks);
  CHECK_FALSE(decode_parts_marked(encode(marks) + "x"));
  const object_id id{"Shipment", "o-1"};
  CHECK(decode_found_object(encode(found_object{0, id}))->object == id);
  CHECK_FALSE(decode_listing_row(encode(listing_row{id, "row"}) + "x"));
  listing_state state;
  state.form = 7;
  state.step = listing_step::objects;
  state.position = "Order";
  state.counts = {{"open", 3}};
  const auto back = decode_listing_state(encode(state));
  REQUIRE(back);
  CHECK(back->counts == state.counts);
  CHECK(back->covers("Order"));
  CHECK_FALSE(back->covers("Shipment"));
}

} // namespace orderhub::testing
