#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/log.hpp"
#include "journal/hub_journal.hpp"
#include "journal/inspect/verify.hpp"
#include "journal/key.hpp"
#include "journal/log_row.hpp"
#include "journal/open_work.hpp"
#include "journal/record_refs.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

// What a failing disk does to rows: one object or one question suffers, never the hub.
namespace orderhub::testing {

using namespace journal;

namespace {

const object_id sick{"Order", "sick"};
const object_id well{"Order", "well"};

/// Checkpoints in many slices.
std::unique_ptr<hub_journal> opened(store& tables) {
  auto options = slow_options();
  options.slice_rows = 3;
  return testing::opened(tables, options);
}

/// Everything that waits, without the test's own catching of what ends the process within it.
void cut_through(hub_journal& journal) {
  bool done = true;
  for (auto more = result<bool>(true); done && *more;) {
    more = journal.maintain(day_one);
    done = more.has_value();
  }
  done = done && journal.checkpoint_now(day_one).has_value();
  REQUIRE(done);
}

/// Changes one byte of a row.
std::string damage(memory_store& tables, table t, const std::string& key, std::size_t at = 10) {
  auto bytes = tables.contents(t).at(key);
  bytes[at] = static_cast<char>(bytes[at] ^ 1);
  tables.overwrite(t, key, bytes);
  return bytes;
}

verify_report verified(const memory_store& tables) {
  auto rows = tables.read();
  REQUIRE(rows);
  return verify_tables(**rows);
}

/// Rows of `sa` that begin so, by what comes behind that.
std::map<std::string, std::string> aside_rows(const memory_store& tables, const std::string& from) {
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : tables.contents(table::sa))
    if (key.starts_with(from))
      out.emplace(key.substr(from.size()), value);
  return out;
}

void is_refused(const hub_journal& journal, const object_id& id) {
  CHECK(journal.set_aside(id));
  auto state = journal.load(id);
  REQUIRE_FALSE(state);
  CHECK(state.error().kind == error_kind::corrupt);
}

} // namespace

// The whole of it: whenever in a history an object's row is damaged, the others are folded, the log
// is trimmed, and of the one every byte is kept.
TEST_CASE("an object whose row is damaged at any commit is set aside, and the hub goes on",
          "[journal][damage]") {
  constexpr int rounds = 24;
  const auto damaged_at = GENERATE(range(1, 24));
  const bool found_by_load = GENERATE(false, true);
  const auto seed = 500 + static_cast<std::uint64_t>(damaged_at);
  CAPTURE(damaged_at, found_by_load);
  turn_maker maker(seed);
  memory_store tables;
  reference world;
  auto journal = opened(tables);
  std::optional<object_id> victim;
  std::string row;
  std::map<log_sequence, std::string> records; // Of the victim, since its row was damaged.
  std::uint64_t errors = 0;
  auto play = [&] {
    auto turns = maker.next(world);
    for (const auto& t : turns) {
      auto lsn = world.last_lsn();
      world.commit({t});
      for (const auto& r : t.records) {
        ++lsn;
        const auto other = target_of(r);
        if (victim && (r.object == *victim || (other && *other == *victim)))
          records.emplace(lsn, encode(r));
      }
    }
    REQUIRE(journal->commit(turns));
  };
  for (int round = 0; round < rounds; ++round) {
    play();
    if (round % 3 == 2)
      REQUIRE(journal->checkpoint_now(maker.now()));
    if (round < damaged_at || victim)
      continue;
    REQUIRE(journal->checkpoint_now(maker.now()));
    const auto rows = tables.contents(table::ob);
    if (rows.empty())
      continue;
    const auto at = std::next(rows.begin(), static_cast<long>(maker.below(rows.size())));
    victim = parse_object_key(at->first);
    row = damage(tables, table::ob, at->first, 5 + maker.below(at->second.size() - 5));
    errors = log::error_count();
    if (found_by_load)
      CHECK(journal->load(*victim).error().kind == error_kind::corrupt);
  }
  if (!victim)
    return;
  CAPTURE(victim->text());
  REQUIRE(journal->checkpoint_now(maker.now()));
  // It may not have been touched again: then the first who asks finds it out.
  CHECK_FALSE(journal->load(*victim));
  is_refused(*journal, *victim);
  CHECK(log::error_count() == errors + 1);
  maintain_all(*journal, maker.now());

  auto check = [&] {
    CHECK(journal->metrics().checkpoint_lsn == world.last_lsn());
    CHECK(journal->metrics().overlay_objects == 0);
    CHECK(journal->metrics().objects_set_aside == 1);
    CHECK(tables.contents(table::lg).empty());
    is_refused(*journal, *victim);
    for (const auto& [id, state] : world.objects()) {
      if (id == *victim)
        continue;
      CAPTURE(id.text());
      auto wanted = state;
      wanted.finished.clear();
      auto loaded = journal->load(id);
      REQUIRE(loaded);
      CHECK((wanted.blank() ? loaded->blank() : *loaded == wanted));
    }
    // What began anywhere is known for good.
    for (const auto& [id, owner] : world.invocations())
      CHECK(*journal->knows_invocation(id));
    for (const auto& [scope, request] : world.requests()) {
      auto seen = journal->find_request(scope);
      REQUIRE(seen);
      REQUIRE(seen->has_value());
      CHECK((*seen)->invocation == request.invocation);
    }
    auto resumable = journal->resumable();
    REQUIRE(resumable);
    std::set<object_id> resume;
    for (const auto& [id, state] : world.objects())
      if (id != *victim && needs_resume(state))
        resume.insert(id);
    CHECK(std::set<object_id>(resumable->begin(), resumable->end()) == resume);
    auto timers = journal->timers(maker.now() + 1'000'000, 1'000);
    REQUIRE(timers);
    CHECK(std::none_of(timers->begin(), timers->end(),
                       [&](const auto& t) { return t.object == *victim; }));

    const auto digest = object_digest(object_key(*victim));
    const auto kept = tables.contents(table::sa);
    CHECK(kept.at(aside_row_key(digest)) == row);
    CHECK_FALSE(tables.contents(table::ob).contains(object_key(*victim)));
    for (const auto& [lsn, bytes] : records)
      CHECK(kept.at(aside_record_key(digest, lsn)) == bytes);
    CHECK(kept.size() == records.size() + 2);
    const auto report = verified(tables);
    CAPTURE(report.problems);
    CHECK(report.problem_count == 0);
    CHECK(report.set_aside_count == 1);
  };
  check();
  // The second start, and the third, with the object still refused and its records still taken in.
  for (int start = 0; start < 2; ++start) {
    journal.reset();
    tables.crash();
    journal = opened(tables);
    check();
    for (int i = 0; i < 4; ++i)
      play();
    is_refused(*journal, *victim);
    REQUIRE(journal->checkpoint_now(maker.now()));
    maintain_all(*journal, maker.now());
    check();
  }
  CHECK(log::error_count() == errors + 1);
}

TEST_CASE("a crash at any commit while an object is set aside loses nothing of it",
          "[journal][damage][crash]") {
  const auto cut = GENERATE(range(0, 24));
  memory_store tables;
  auto journal = opened(tables);
  const auto bad = invocation_at(day_one, 1);
  for (std::uint64_t n = 2; n < 12; ++n)
    commit(*journal,
           {input_record({"Order", "o" + std::to_string(n)}, invocation_at(day_one, n), day_one)});
  commit(*journal, {input_record(sick, bad, day_one)});
  REQUIRE(journal->checkpoint_now(day_one));
  const auto row = damage(tables, table::ob, object_key(sick));
  std::vector<std::string> bytes;
  for (std::uint32_t n = 1; n <= 4; ++n) {
    auto r = state_record(record_kind::set, sick, bad, day_one + n, n, "a", std::to_string(n));
    bytes.push_back(encode(r));
    commit(*journal, {std::move(r)});
    const auto key = "o" + std::to_string(n + 1);
    commit(*journal, {state_record(record_kind::set, {"Order", key}, invocation_at(day_one, n + 1),
                                   day_one + n, 1, "a", "1")});
  }
  struct process_ended {};
  const auto end_at = tables.commits() + static_cast<std::uint64_t>(cut / 2);
  tables.on_commit([&](std::uint64_t commits, bool done) {
    if (commits == end_at && done == (cut % 2 == 1))
      throw process_ended{};
  });
  try {
    (void)journal->load(sick);
    cut_through(*journal);
  } catch (const process_ended&) {
    SUCCEED("cut");
  }
  tables.on_commit({});
  journal.reset();
  tables.power_loss();
  journal = opened(tables);
  REQUIRE(journal->checkpoint_now(day_one));
  (void)journal->load(sick);
  maintain_all(*journal, day_one);
  is_refused(*journal, sick);
  const auto digest = object_digest(object_key(sick));
  const auto kept = tables.contents(table::sa);
  CHECK(kept.at(aside_row_key(digest)) == row);
  std::vector<std::string> records;
  for (const auto& [key, value] : aside_rows(tables, "r" + digest))
    records.push_back(value);
  CHECK(records == bytes);
  for (std::uint64_t n = 2; n < 12; ++n)
    CHECK(journal->load({"Order", "o" + std::to_string(n)}));
  CHECK(tables.contents(table::lg).empty());
  CHECK(verified(tables).problem_count == 0);
}

// One record is the call of one object and the input of the other; one is the end of one and the
// answer to the other.
TEST_CASE("what a record says of the other object takes effect though its own is set aside",
          "[journal][damage]") {
  memory_store tables;
  auto journal = opened(tables);
  const object_id caller{"Order", "caller"};
  const auto run = invocation_at(day_one, 1);
  const auto child = run.child(1);
  const auto asked = invocation_at(day_one, 3);
  const caller_ref from{caller, run, 7};
  commit(*journal, {input_record(sick, asked, day_one), input_record(caller, run, day_one)});
  REQUIRE(journal->checkpoint_now(day_one));
  damage(tables, table::ob, object_key(sick));

  input_payload input{"Run", "1", false, 0, "{}", {}, from};
  const record call{
      record_kind::call, day_one + 1, caller, run, 1, encode(call_payload{sick, child, 7, input})};
  const record sent{
      record_kind::send,
      day_one + 1,
      sick,
      asked,
      1,
      encode(call_payload{well, asked.child(1), 0, {"Run", "1", false, 0, "", {}, {}}})};
  const auto answer = output_record(sick, child, day_one + 2, 1, std::string("done"), from);
  commit(*journal, {call});
  commit(*journal, {sent});
  commit(*journal, {answer});
  REQUIRE(journal->checkpoint_now(day_one));

  is_refused(*journal, sick);
  auto waits = journal->load(caller);
  REQUIRE(waits);
  REQUIRE(waits->live.size() == 1);
  CHECK(waits->live[0].entries.size() == 1);
  REQUIRE(waits->undelivered.size() == 1);
  CHECK(waits->undelivered[0].completion == 7);
  auto target = journal->load(well);
  REQUIRE(target);
  CHECK(target->live.size() == 1);
  // All three are kept for the one that could not take them in.
  std::vector<std::string> records;
  for (const auto& [key, value] : aside_rows(tables, "r" + object_digest(object_key(sick))))
    records.push_back(value);
  CHECK(records == std::vector<std::string>{encode(call), encode(sent), encode(answer)});
  // Its invocation is known, and cannot be shown.
  CHECK(*journal->knows_invocation(child));
  CHECK(journal->find_invocation(child).error().kind == error_kind::corrupt);
  CHECK(journal->resumable()->size() == 2);
  CHECK(verified(tables).problem_count == 0);
}

TEST_CASE("while objects are folded behind one that is damaged, the log does not grow",
          "[journal][damage]") {
  memory_store tables;
  auto options = slow_options();
  options.slice_rows = 3;
  options.checkpoint_bytes = 4'000;
  auto journal = opened(tables, options);
  const auto bad = invocation_at(day_one, 1);
  commit(*journal, {input_record(sick, bad, day_one)});
  REQUIRE(journal->checkpoint_now(day_one));
  damage(tables, table::ob, object_key(sick));
  commit(*journal, {state_record(record_kind::set, sick, bad, day_one, 1, "a", "1")});
  for (std::uint64_t n = 0; n < 500; ++n) {
    commit(*journal,
           {input_record({"Order", "o" + std::to_string(n)}, invocation_at(day_one, n), day_one)});
    REQUIRE(journal->maintain(day_one));
    CHECK(journal->metrics().overlay_bytes < 4 * options.checkpoint_bytes);
    CHECK(journal->metrics().last_lsn - journal->metrics().checkpoint_lsn < 60);
  }
}

TEST_CASE("a mark that is damaged too lets nobody in", "[journal][damage]") {
  memory_store tables;
  auto journal = opened(tables);
  commit(*journal, {input_record(sick, invocation_at(day_one, 1), day_one)});
  REQUIRE(journal->checkpoint_now(day_one));
  damage(tables, table::ob, object_key(sick));
  (void)journal->load(sick);
  maintain_all(*journal, day_one);
  const auto key = aside_mark_key(object_digest(object_key(sick)));
  const bool gone = GENERATE(false, true);
  if (gone)
    tables.overwrite(table::sa, key, std::nullopt);
  else
    damage(tables, table::sa, key);
  journal.reset();
  journal = opened(tables);
  is_refused(*journal, sick);
  CHECK(verified(tables).problem_count >= 1);
}

TEST_CASE("a row of a newer program is not damaged: it is refused where it is",
          "[journal][damage]") {
  memory_store tables;
  auto journal = opened(tables);
  commit(*journal, {input_record(sick, invocation_at(day_one, 1), day_one)});
  REQUIRE(journal->checkpoint_now(day_one));
  auto bytes = tables.contents(table::ob).at(object_key(sick));
  bytes[0] = 100;
  byte_writer checksum;
  checksum.u32(crc32_of(std::string_view(bytes).substr(0, bytes.size() - 4)));
  bytes.replace(bytes.size() - 4, 4, checksum.view());
  tables.overwrite(table::ob, object_key(sick), bytes);
  CHECK(journal->load(sick).error().kind == error_kind::corrupt);
  CHECK_FALSE(journal->set_aside(sick));
  commit(*journal,
         {state_record(record_kind::set, sick, invocation_at(day_one, 1), day_one, 1, "a", "1")});
  CHECK_FALSE(journal->checkpoint_now(day_one));
  CHECK(tables.contents(table::ob).at(object_key(sick)) == bytes);
  CHECK(tables.contents(table::sa).empty());
}

namespace {

/// Sleepers and objects to be resumed, all in rows.
void fill_indexes(hub_journal& journal, std::uint64_t count) {
  for (std::uint64_t n = 0; n < count; ++n) {
    const object_id id{"Order", "s" + std::to_string(n)};
    const auto run = invocation_at(day_one, n);
    std::vector<record> records{input_record(id, run, day_one)};
    if (n % 2 == 0)
      records.push_back({record_kind::sleep, day_one + 5, id, run, 1,
                         encode(wait_payload{1, day_one + 100 + static_cast<unix_ms>(n)})});
    commit(journal, std::move(records));
  }
  REQUIRE(journal.checkpoint_now(day_one));
}

} // namespace

TEST_CASE("a damaged row of an index costs no object its timer or its resumption",
          "[journal][damage]") {
  memory_store tables;
  auto journal = opened(tables);
  fill_indexes(*journal, 20);
  const auto timers = *journal->timers(day_one + 1'000, 100);
  REQUIRE(timers.size() == 10);
  CHECK(timers[3].recorded_at == day_one + 5);
  auto resumable = *journal->resumable();
  REQUIRE(resumable.size() == 10);
  std::sort(resumable.begin(), resumable.end());
  const auto intact_tm = tables.contents(table::tm);
  const auto intact_ix = tables.contents(table::ix);

  const auto key_tm = std::next(intact_tm.begin(), 4)->first;
  const auto key_ix = std::next(intact_ix.begin(), 4)->first;
  std::map<std::string, std::string> bad; // As they are to be kept.
  SECTION("their bytes") {
    damage(tables, table::tm, key_tm, 3);
    damage(tables, table::ix, key_ix, 3);
  }
  SECTION("their keys, as far as that can be seen") {
    auto moved = key_tm;
    moved[7] = static_cast<char>(moved[7] ^ 64);
    bad.emplace("tm" + moved, intact_tm.at(key_tm));
    tables.overwrite(table::tm, key_tm, std::nullopt);
    tables.overwrite(table::tm, moved, intact_tm.at(key_tm));
    moved = key_tm.substr(0, 9);
    bad.emplace("tm" + moved, "x");
    tables.overwrite(table::tm, moved, "x");
    damage(tables, table::ix, key_ix, 3);
  }
  journal.reset();
  const auto errors = log::error_count();
  journal = opened(tables);
  auto check = [&] {
    auto now = journal->timers(day_one + 1'000, 100);
    REQUIRE(now);
    CHECK(*now == timers);
    auto resume = journal->resumable();
    REQUIRE(resume);
    std::sort(resume->begin(), resume->end());
    CHECK(*resume == resumable);
  };
  check();
  CHECK(log::error_count() == errors + 1);
  check();
  maintain_all(*journal, day_one);
  check();
  CHECK(tables.contents(table::tm) == intact_tm);
  CHECK(tables.contents(table::ix) == intact_ix);
  CHECK(aside_rows(tables, "t") == bad);
  CHECK(verified(tables).problem_count == 0);
  CHECK(log::error_count() == errors + 1);
}

TEST_CASE("a crash within the repair of an index costs nothing", "[journal][damage][crash]") {
  const auto cut = GENERATE(range(0, 12));
  memory_store tables;
  auto journal = opened(tables);
  fill_indexes(*journal, 20);
  const auto timers = *journal->timers(day_one + 1'000, 100);
  const auto intact = tables.contents(table::tm);
  for (std::size_t n = 0; n < 10; n += 3)
    damage(tables, table::tm, std::next(intact.begin(), static_cast<long>(n))->first, 3);
  struct process_ended {};
  const auto end_at = tables.commits() + static_cast<std::uint64_t>(cut / 2);
  tables.on_commit([&](std::uint64_t commits, bool done) {
    if (commits == end_at && done == (cut % 2 == 1))
      throw process_ended{};
  });
  try {
    (void)journal->timers(day_one + 1'000, 100);
    cut_through(*journal);
  } catch (const process_ended&) {
    SUCCEED("cut");
  }
  tables.on_commit({});
  journal.reset();
  tables.power_loss();
  journal = opened(tables);
  CHECK(*journal->timers(day_one + 1'000, 100) == timers);
  maintain_all(*journal, day_one);
  CHECK(*journal->timers(day_one + 1'000, 100) == timers);
  CHECK(tables.contents(table::tm) == intact);
}

TEST_CASE("retention goes past damaged rows, and leaves them where they are", "[journal][damage]") {
  memory_store tables;
  auto options = slow_options();
  options.slice_rows = 3;
  options.journal_retention_ms = 100'000;
  auto journal = opened(tables, options);
  std::vector<invocation_id> ids;
  std::vector<digest> scopes;
  for (std::uint64_t n = 0; n < 12; ++n) {
    ids.push_back(invocation_at(day_one + static_cast<unix_ms>(n), n));
    scopes.push_back(sha256_of(std::to_string(n)));
    input_payload input{"Run", "1", false, 0, "{}", {}, {}};
    input.key = request_key{scopes.back(), sha256_of("body"), day_one + 50'000};
    commit(*journal, {input_record(well, ids.back(), day_one, input),
                      output_record(well, ids.back(), day_one, 1, std::string("x"))});
  }
  REQUIRE(journal->checkpoint_now(day_one));
  for (const auto n :
       {std::size_t{0}, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}}) {
    damage(tables, table::iv, invocation_key(ids[n]));
    damage(tables, table::dd, request_row_key(scopes[n]));
  }
  const auto errors = log::error_count();
  maintain_all(*journal, day_one + 200'000);
  CHECK(tables.contents(table::iv).size() == 5);
  CHECK(tables.contents(table::dd).size() == 5);
  CHECK(log::error_count() == errors + 10); // Each is named,
  maintain_all(*journal, day_one + 400'000);
  CHECK(log::error_count() == errors + 10); // once.
  // Neither is anything taken for new that may not be.
  CHECK(*journal->knows_invocation(ids[0]));
  CHECK(journal->find_invocation(ids[0]).error().kind == error_kind::corrupt);
  CHECK(journal->find_request(scopes[0]).error().kind == error_kind::corrupt);
  CHECK_FALSE(*journal->knows_invocation(ids[4]));
  CHECK_FALSE(journal->find_request(scopes[4])->has_value());
}

} // namespace orderhub::testing
