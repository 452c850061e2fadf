#include "journal/open_work.hpp"
#include "tests/journal/support.hpp"
#include "tests/support/catch2.hpp"

#include <cstdlib>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <utility>

namespace orderhub::testing {

using namespace journal;

namespace {

/// The seed of the random tests; `ORDERHUB_SEED` chooses another first one.
std::uint64_t first_seed() {
  const char* text = std::getenv("ORDERHUB_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

/// A journal that is closed and opened again at will, and the fold of all that it was given.
class subject {
public:
  subject(store& tables, journal_options options) : tables_(tables), options_(options), random_(7) {
    reopen();
  }

  void reopen() {
    journal_.reset();
    auto opened = hub_journal::open(tables_, options_, random_);
    if (!opened)
      FAIL(opened.error().message);
    journal_ = std::move(*opened);
    if (hub_)
      REQUIRE(journal_->hub() == *hub_);
    hub_ = journal_->hub();
  }
  void close() { journal_.reset(); }

  result<void> commit(std::vector<turn> turns) {
    const auto copy = turns;
    auto done = journal_->commit(turns);
    if (done) {
      for (const auto& t : turns)
        REQUIRE(t.records.empty());
      expected_.commit(copy);
    } else {
      for (std::size_t i = 0; i < turns.size(); ++i)
        REQUIRE(turns[i].records == copy[i].records);
    }
    return done;
  }

  [[nodiscard]] hub_journal& journal() { return *journal_; }
  [[nodiscard]] const reference& expected() const { return expected_; }

private:
  store& tables_;
  journal_options options_;
  seeded_random random_;
  std::unique_ptr<hub_journal> journal_;
  std::optional<hub_id> hub_;
  reference expected_;
};

journal_options small_options(turn_maker& maker) {
  journal_options options;
  options.checkpoint_bytes = 500 + maker.below(12'000);
  options.checkpoint_interval_ms = static_cast<std::int64_t>(500 + maker.below(20'000));
  options.slice_rows = 1 + maker.below(9);
  options.slice_ms = 0;
  options.part_records = 1 + maker.below(4);
  return options;
}

} // namespace

TEST_CASE("the journal answers with the fold of everything committed, however checkpoints, "
          "failures and restarts fall",
          "[journal][random]") {
  const auto seed = first_seed() + static_cast<std::uint64_t>(GENERATE(range(0, 60)));
  CAPTURE(seed);
  turn_maker maker(seed);
  memory_store tables;
  subject s(tables, small_options(maker));
  for (int round = 0; round < 120; ++round) {
    CAPTURE(round);
    if (maker.below(15) == 0)
      tables.fail_commit(1, maker.below(2) == 0 ? error_kind::full : error_kind::unavailable);
    else if (maker.below(15) == 0)
      tables.fail_put(1 + maker.below(4), error_kind::full);
    auto turns = s.expected().last_lsn() > 0 && maker.below(4) == 0 ? std::vector<turn>{}
                                                                    : maker.next(s.expected());
    // At most one failure of each sort waits; the same call works again.
    if (!s.commit(turns) && !s.commit(turns))
      REQUIRE(s.commit(turns));
    if (maker.below(2) == 0) {
      auto more = s.journal().maintain(maker.now());
      if (!more)
        REQUIRE((more.error().kind == error_kind::full ||
                 more.error().kind == error_kind::unavailable));
    }
    if (maker.below(40) == 0) {
      if (!s.journal().checkpoint_now(maker.now()) && !s.journal().checkpoint_now(maker.now()))
        REQUIRE(s.journal().checkpoint_now(maker.now()));
      REQUIRE(s.journal().metrics().overlay_objects == 0);
    }
    if (maker.below(10) == 0) {
      s.close();
      if (maker.below(2) == 0)
        tables.power_loss(); // Everything was synced: nothing may be missing.
      else
        tables.crash();
      s.reopen();
    }
    if (maker.below(4) == 0)
      check_same(s.journal(), s.expected(), maker.now());
  }
  check_same(s.journal(), s.expected(), maker.now() + 10'000);
  REQUIRE(s.journal().metrics().last_lsn == s.expected().last_lsn());
  REQUIRE(s.journal().last_time() <= maker.now());
}

TEST_CASE("on LMDB too, the journal answers with the fold of everything committed",
          "[journal][random][lmdb]") {
  const auto seed = first_seed() + 1000 + static_cast<std::uint64_t>(GENERATE(range(0, 4)));
  CAPTURE(seed);
  turn_maker maker(seed);
  temp_directory dir;
  const auto options = small_options(maker);
  auto tables = lmdb_store::open(dir.path(), {.map_size = 64U << 20U});
  REQUIRE(tables);
  auto s = std::make_unique<subject>(**tables, options);
  for (int round = 0; round < 120; ++round) {
    CAPTURE(round);
    REQUIRE(s->commit(maker.next(s->expected())));
    if (maker.below(2) == 0)
      REQUIRE(s->journal().maintain(maker.now()));
    if (maker.below(12) == 0) {
      s->close();
      s->reopen();
    }
    if (maker.below(8) == 0)
      check_same(s->journal(), s->expected(), maker.now());
  }
  check_same(s->journal(), s->expected(), maker.now() + 10'000);
}

// The same turns, cut after every number of slices: rows of some objects are new, of others old,
// and the log below has to lead to the same answers.
TEST_CASE("a crash after any slice of a checkpoint changes no answer", "[journal][crash]") {
  const auto slices = GENERATE(range(0, 40));
  CAPTURE(slices);
  turn_maker maker(4711);
  memory_store tables;
  journal_options options;
  options.checkpoint_bytes = 1ULL << 40U;
  options.checkpoint_interval_ms = 1LL << 40U;
  options.slice_rows = 1;
  options.slice_ms = 0;
  subject s(tables, options);
  auto fill = [&] {
    for (int i = 0; i < 25; ++i)
      REQUIRE(s.commit(maker.next(s.expected())));
  };
  fill();
  REQUIRE(s.journal().checkpoint_now(maker.now()));
  fill();

  // The process ends within the commit of a slice: before it, or after it.
  struct process_ended {};
  const bool after = slices % 2 == 1;
  const auto end_at = tables.commits() + static_cast<std::uint64_t>(slices / 2);
  tables.on_commit([&](std::uint64_t commits, bool done) {
    if (commits == end_at && done == after)
      throw process_ended{};
  });
  try {
    const auto done = s.journal().checkpoint_now(maker.now());
    REQUIRE(done);
  } catch (const process_ended&) {
    SUCCEED("cut");
  }
  tables.on_commit({});
  s.close();
  tables.power_loss();
  s.reopen();
  check_same(s.journal(), s.expected(), maker.now() + 10'000);

  fill();
  check_same(s.journal(), s.expected(), maker.now() + 10'000);
  REQUIRE(s.journal().checkpoint_now(maker.now()));
  check_same(s.journal(), s.expected(), maker.now() + 10'000);
}

namespace {

/// Lets something happen just before or just after a snapshot is taken, as another thread would.
class interrupted_store final : public store {
public:
  explicit interrupted_store(store& tables) : tables_(tables) {}

  result<std::unique_ptr<write_transaction>> begin_write(bool sync) override {
    return tables_.begin_write(sync);
  }
  result<std::unique_ptr<reader>> read() const override {
    const auto act = std::exchange(act_, {});
    if (act && !after_)
      act();
    auto rows = tables_.read();
    if (act && after_)
      act();
    return rows;
  }
  /// Once, at the next `read`.
  void at_next_read(std::function<void()> act, bool after) {
    act_ = std::move(act);
    after_ = after;
  }

private:
  store& tables_;
  mutable std::function<void()> act_;
  bool after_ = false;
};

} // namespace

// A reader takes the overlay and a snapshot one after the other. Between them, or after them, a
// writer may fold everything; what the reader puts together must be the same nevertheless.
TEST_CASE("a checkpoint between a reader's two looks takes nothing from its answer",
          "[journal][threads]") {
  const bool after = GENERATE(false, true);
  const bool whole = GENERATE(false, true);
  const auto seed = first_seed() + 2000 + static_cast<std::uint64_t>(GENERATE(range(0, 8)));
  CAPTURE(after, whole, seed);
  turn_maker maker(seed);
  memory_store memory;
  interrupted_store tables(memory);
  journal_options options;
  options.checkpoint_bytes = 1;
  options.checkpoint_interval_ms = 0;
  options.slice_rows = 1;
  options.slice_ms = 0;
  subject s(tables, options);
  auto interrupt = [&] {
    tables.at_next_read(
        [&] {
          bool done = true;
          if (whole)
            done = s.journal().checkpoint_now(maker.now()).has_value();
          else
            for (auto slices = 1 + maker.below(6); slices > 0; --slices)
              done = done && s.journal().maintain(maker.now()).has_value();
          if (!done)
            FAIL("the checkpoint failed");
        },
        after);
  };
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    REQUIRE(s.commit(maker.next(s.expected())));
    const auto until = maker.now() + 1'000;
    const auto& objects = s.expected().objects();
    const auto object = std::next(objects.begin(), static_cast<long>(maker.below(objects.size())));
    const auto question = maker.below(5);
    CAPTURE(question);
    interrupt();
    switch (question) {
    case 0: {
      auto loaded = s.journal().load(object->first);
      REQUIRE(loaded);
      auto wanted = object->second;
      wanted.finished.clear();
      REQUIRE((wanted.blank() ? loaded->blank() : *loaded == wanted));
      break;
    }
    case 1:
      for (const auto& [id, owner] : s.expected().invocations()) {
        interrupt();
        REQUIRE(s.commit(maker.next(s.expected())));
        auto row = s.journal().find_invocation(id);
        REQUIRE(row);
        REQUIRE(row->has_value());
        const auto& state = objects.at(owner);
        if (const auto* live = state.find_live(id))
          REQUIRE((*row)->invocation == *live);
        else
          REQUIRE((*row)->invocation.finished);
        if (maker.below(4) == 0)
          break;
      }
      break;
    case 2: {
      std::set<object_id> wanted;
      for (const auto& [id, state] : objects)
        if (needs_resume(state))
          wanted.insert(id);
      auto resumable = s.journal().resumable();
      REQUIRE(resumable);
      REQUIRE(std::set<object_id>(resumable->begin(), resumable->end()) == wanted);
      break;
    }
    case 3: {
      std::size_t wanted = 0;
      for (const auto& [id, state] : objects)
        if (auto due = next_due(state); due && due->due <= until)
          ++wanted;
      auto timers = s.journal().timers(until, 1'000);
      REQUIRE(timers);
      REQUIRE(timers->size() == wanted);
      break;
    }
    default:
      for (const auto& [scope, request] : s.expected().requests()) {
        interrupt();
        auto seen = s.journal().find_request(scope);
        REQUIRE(seen);
        REQUIRE(seen->has_value());
        REQUIRE((*seen)->invocation == request.invocation);
      }
      break;
    }
    tables.at_next_read({}, false);
  }
  check_same(s.journal(), s.expected(), maker.now());
}

TEST_CASE("a commit cut by a crash is there whole or not at all", "[journal][crash]") {
  const bool after = GENERATE(false, true);
  memory_store tables;
  seeded_random random(1);
  auto journal = hub_journal::open(tables, {}, random);
  REQUIRE(journal);
  const object_id object{"Order", "o"};
  const auto id = invocation_at(day_one, 1);
  struct process_ended {};
  tables.on_commit([&](std::uint64_t, bool done) {
    if (done == after)
      throw process_ended{};
  });
  auto turns = one_turn({input_record(object, id, day_one),
                         state_record(record_kind::set, object, id, day_one, 1, "a", "1")});
  CHECK_THROWS_AS((void)(*journal)->commit(turns), process_ended);
  tables.on_commit({});
  journal->reset();
  tables.power_loss();

  auto again = hub_journal::open(tables, {}, random);
  REQUIRE(again);
  auto state = (*again)->load(object);
  REQUIRE(state);
  CHECK(state->live.size() == (after ? 1U : 0U));
  CHECK(state->values.size() == (after ? 1U : 0U));
}

TEST_CASE("with sync off a power loss takes what was acknowledged", "[journal][crash]") {
  const bool sync = GENERATE(true, false);
  memory_store tables;
  seeded_random random(1);
  journal_options options;
  options.sync = sync;
  auto journal = hub_journal::open(tables, options, random);
  REQUIRE(journal);
  const object_id object{"Order", "o"};
  auto turns = one_turn({input_record(object, invocation_at(day_one, 1), day_one)});
  REQUIRE((*journal)->commit(turns));
  journal->reset();
  tables.power_loss();
  auto again = hub_journal::open(tables, options, random);
  REQUIRE(again);
  CHECK((*again)->load(object)->live.size() == (sync ? 1U : 0U));
}

} // namespace orderhub::testing
