#include "actors/runtime/journal_writer.hpp"
#include "journal/base/random.hpp"
#include "journal/commit_log/commit_log.hpp"
#include "tests/actors/runtime/hub_support.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/sim_clock.hpp"
#include "tests/support/simulated_log.hpp"

#include <string>
#include <vector>

// The writer has a thread of its own; the tests wait for what it says, never for a time.

using namespace orderhub;
using namespace orderhub::testing;
using runtime::journal_writer;
using runtime::writer_state;

namespace {

/// The input of an invocation of `S/<key>`.
journal::turn turn_of(const std::string& key, random_source& random) {
  journal::input_payload input;
  input.handler = "work";
  input.revision = "1";
  journal::record r;
  r.kind = journal::record_kind::input;
  r.time = 1'700'000'000'000;
  r.object = {"S", key};
  r.invocation = invocation_id::make(r.time, random);
  r.payload = encode(input);
  journal::turn t;
  t.records.push_back(std::move(r));
  return t;
}

struct fixture {
  manual_clock time;
  seeded_random random{1};
  gated_store store;
  std::unique_ptr<journal::hub_journal> journal =
      must(journal::hub_journal::open(store, {}, random));
  channel<std::string> acknowledged;
  channel<writer_state> states;
  std::optional<journal_writer> writer;

  std::function<void(const writer_state&)> on_state = {};

  explicit fixture(journal_writer::options options = {}) {
    writer.emplace(
        *journal, time,
        [this](const writer_state& s) {
          if (on_state)
            on_state(s);
          states.put(s);
        },
        std::move(options));
  }
  void submit(const std::string& key) {
    writer->submit(turn_of(key, random), [this, key] { acknowledged.put(key); });
  }
  [[nodiscard]] bool stored(const std::string& key) const {
    return !must(journal->load({"S", key})).live.empty();
  }
};

} // namespace

TEST_CASE("what is queued during a commit shares the next one and is acknowledged in order",
          "[runtime][writer]") {
  fixture f;
  f.store.close(); // The first commit stops before it takes effect.
  f.submit("first");
  f.store.wait_for_arrival();
  for (int i = 0; i < 100; ++i)
    f.submit(std::to_string(i));
  CHECK(f.acknowledged.empty());
  const auto before = f.journal->metrics().commits;
  f.store.open();
  CHECK(f.acknowledged.take() == "first");
  for (int i = 0; i < 100; ++i)
    CHECK(f.acknowledged.take() == std::to_string(i));
  CHECK(f.journal->metrics().commits == before + 2);
}

TEST_CASE("a turn is on disk before it is acknowledged, and with it all before it",
          "[runtime][writer]") {
  fixture f;
  for (int i = 0; i < 50; ++i)
    f.submit(std::to_string(i));
  for (int i = 0; i < 50; ++i) {
    CHECK(f.acknowledged.take() == std::to_string(i));
    CHECK(f.stored(std::to_string(i)));
  }
}

TEST_CASE("an empty turn is acknowledged behind those before it", "[runtime][writer]") {
  fixture f;
  f.store.close();
  f.submit("a");
  f.store.wait_for_arrival();
  f.writer->submit({}, [&] { f.acknowledged.put("empty"); });
  f.submit("b");
  f.store.open();
  CHECK(f.acknowledged.take() == "a");
  CHECK(f.acknowledged.take() == "empty");
  CHECK(f.acknowledged.take() == "b");
}

TEST_CASE("a commit that fails is held and made again, and nothing is lost",
          "[runtime][writer][stall]") {
  const auto kind = GENERATE(error_kind::full, error_kind::unavailable);
  fixture f;
  f.store.refuse(kind);
  f.submit("a");
  f.submit("b");
  const auto stalled = f.states.take();
  CHECK(stalled.stalled);
  CHECK(!stalled.reason.empty());
  CHECK(f.writer->state().stalled);
  f.submit("c");
  CHECK(f.acknowledged.empty());
  CHECK(!f.stored("a"));
  f.store.refuse(std::nullopt);
  CHECK(!f.states.take().stalled);
  for (const auto* key : {"a", "b", "c"}) {
    CHECK(f.acknowledged.take() == key);
    CHECK(f.stored(key));
  }
  CHECK(!f.writer->state().stalled);
  CHECK(f.states.empty());
}

TEST_CASE("stop makes what is queued durable and folds it", "[runtime][writer]") {
  fixture f;
  for (int i = 0; i < 200; ++i)
    f.submit(std::to_string(i));
  f.writer->stop();
  f.writer->stop();
  CHECK(f.acknowledged.size() == 200);
  CHECK(f.journal->metrics().overlay_objects == 0);
  CHECK(f.store.inner.contents(journal::table::ob).size() == 200);
  CHECK(f.store.inner.contents(journal::table::lg).empty());
}

TEST_CASE("stop ends though the journal takes no writes, and says nothing that is not so",
          "[runtime][writer][stall]") {
  fixture f;
  f.store.refuse(error_kind::full);
  f.submit("a");
  CHECK(f.states.take().stalled);
  f.submit("b");
  f.writer->stop();
  CHECK(f.acknowledged.empty());
  CHECK(f.writer->state().given_up);
  f.submit("c"); // An actor that ends later than the writer.
  CHECK(!f.stored("a"));
}

namespace {

constexpr int turns = 8;

/// One record of the chain that all turns of a history are: the invocation of `S/chain`, and of
/// each later step one `set` of it.
journal::turn chained(int step, const invocation_id& id) {
  journal::record r;
  r.time = 1'700'000'000'000 + step;
  r.object = {"S", "chain"};
  r.invocation = id;
  r.index = static_cast<std::uint32_t>(step);
  if (step == 0) {
    journal::input_payload input;
    input.handler = "work";
    input.revision = "1";
    r.kind = journal::record_kind::input;
    r.payload = encode(input);
  } else {
    r.kind = journal::record_kind::set;
    r.payload = encode(journal::state_payload{"v" + std::to_string(step), std::string("x")});
  }
  journal::turn t;
  t.records.push_back(std::move(r));
  return t;
}

} // namespace

// Room comes back at the very moment the writer gives up, which is when a hole would be made.
TEST_CASE("after a batch that was given up nothing later is committed or acknowledged",
          "[runtime][writer][stall]") {

  const auto kind = GENERATE(error_kind::full, error_kind::unavailable);
  const auto full_from = GENERATE(range(0, turns));
  CAPTURE(full_from);
  fixture f({.retry_pause = std::chrono::milliseconds(1)});
  f.on_state = [&](const writer_state& s) {
    if (s.given_up)
      f.store.refuse(std::nullopt);
  };
  const auto id = invocation_id::make(1'700'000'000'000, f.random);
  auto submit = [&](int step) {
    f.writer->submit(chained(step, id), [&f, step] { f.acknowledged.put(std::to_string(step)); });
  };
  for (int step = 0; step < full_from; ++step) {
    submit(step);
    CHECK(f.acknowledged.take() == std::to_string(step));
  }
  f.store.refuse(kind);
  submit(full_from);
  CHECK(f.states.take().stalled); // It has its batch; the rest waits behind it.
  for (int step = full_from + 1; step < turns; ++step)
    submit(step);
  f.writer->stop();
  CHECK(f.states.take().given_up);
  submit(turns);
  CHECK(f.acknowledged.empty());

  auto again = must(journal::hub_journal::open(f.store, {}, f.random));
  CHECK(again->metrics().last_lsn == static_cast<log_sequence>(full_from));
  const auto state = must(again->load({"S", "chain"}));
  CHECK(state.live.size() == (full_from > 0 ? 1U : 0U));
  for (int step = 1; step < turns; ++step)
    CHECK((state.value("v" + std::to_string(step)) != nullptr) == (step < full_from));
}

TEST_CASE("beside a commit log turns are acknowledged while a checkpoint is held up",
          "[runtime][writer]") {
  manual_clock time;
  seeded_random random{1};
  gated_store store;
  simulated_log disk;
  journal::commit_log log(disk, {});
  journal::journal_options options;
  options.checkpoint_interval_ms = 0;
  auto journal = must(journal::hub_journal::open(store, options, random, &log));
  channel<int> acknowledged;
  store.close();
  journal_writer writer(*journal, time, {}, {});
  writer.submit(turn_of("first", random), [&] { acknowledged.put(0); });
  CHECK(acknowledged.take() == 0);
  store.wait_for_arrival(); // The tables' commit, by the thread that folds.
  for (int i = 1; i <= 50; ++i) {
    writer.submit(turn_of(std::to_string(i), random), [&, i] { acknowledged.put(i); });
    CHECK(acknowledged.take() == i);
  }
  CHECK(journal->metrics().checkpoint_lsn == 0);
  store.open();
  writer.stop();
  CHECK(journal->metrics().checkpoint_lsn == 51);
  CHECK(journal->metrics().overlay_objects == 0);
}

TEST_CASE("beside a commit log turns are acknowledged though nothing can be folded",
          "[runtime][writer]") {
  manual_clock time;
  seeded_random random{1};
  gated_store store;
  simulated_log disk;
  journal::commit_log log(disk, {});
  journal::journal_options options;
  options.checkpoint_bytes = 1; // It is behind from the first commit on.
  auto journal = must(journal::hub_journal::open(store, options, random, &log));
  channel<int> acknowledged;
  store.refuse(error_kind::full);
  journal_writer writer(*journal, time, {}, {});
  for (int i = 1; i <= 50; ++i) {
    writer.submit(turn_of(std::to_string(i), random), [&, i] { acknowledged.put(i); });
    CHECK(acknowledged.take() == i);
  }
  CHECK(journal->behind());
  store.refuse(std::nullopt);
  writer.stop();
  CHECK(journal->metrics().checkpoint_lsn == 50);
  CHECK_FALSE(journal->behind());
}

TEST_CASE("a start without room is a stall until there is some, and nothing follows before",
          "[runtime][writer][stall]") {
  manual_clock time;
  seeded_random random{1};
  gated_store store;
  simulated_log disk;
  constexpr journal::commit_log_options small{.segment_size = 256U << 10U, .spare = 0};
  {
    journal::commit_log log(disk, small);
    auto journal = must(journal::hub_journal::open(store, {}, random, &log));
    std::vector<journal::turn> first;
    first.push_back(turn_of("first", random));
    REQUIRE(journal->commit(first));
  }
  disk.room_for(0);
  journal::commit_log log(disk, small);
  auto journal = must(journal::hub_journal::open(store, {}, random, &log));
  channel<writer_state> states;
  channel<std::string> said;
  const auto writer = std::make_unique<journal_writer>(
      *journal, time, [&](const writer_state& s) { states.put(s); },
      journal_writer::options{.retry_pause = std::chrono::milliseconds(1)});
  CHECK(writer->state().stalled);
  CHECK_THAT(writer->state().reason, Catch::Contains("room"));
  SECTION("there is room") {
    writer->when_settled([&] { said.put("settled"); });
    writer->submit(turn_of("second", random), [&] { said.put("second"); });
    CHECK(said.empty());
    disk.room_for(std::nullopt);
    CHECK_FALSE(states.take().stalled);
    CHECK(said.take() == "settled");
    CHECK(said.take() == "second");
    CHECK_FALSE(writer->state().stalled);
  }
  SECTION("there is room before anybody asks") {
    disk.room_for(std::nullopt);
    REQUIRE(journal->settle());
    writer->when_settled([&] { said.put("settled"); });
    CHECK_FALSE(states.take().stalled);
    CHECK(said.take() == "settled");
  }
  SECTION("there is none") {
    writer->when_settled([&] { said.put("settled"); });
    writer->submit(turn_of("second", random), [&] { said.put("second"); });
    writer->stop();
    CHECK(said.empty());
    CHECK(states.take().stalled);
    CHECK(states.take().given_up);
    CHECK(journal->metrics().last_lsn == 1);
  }
}

TEST_CASE("gathering holds nothing up where fewer turns come than expected", "[runtime][writer]") {
  fixture f({[] { return std::size_t{1'000}; }, false});
  f.submit("alone");
  CHECK(f.acknowledged.take() == "alone");
  CHECK(f.stored("alone"));
}

TEST_CASE("turns of many threads keep each thread's order", "[runtime][writer]") {
  fixture f;
  constexpr int each = 200;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&f, t] {
      seeded_random random(static_cast<std::uint64_t>(t) + 10);
      for (int i = 0; i < each; ++i)
        f.writer->submit(turn_of(std::to_string(t), random), [&f, t, i] {
          f.acknowledged.put(std::to_string(t) + ' ' + std::to_string(i));
        });
    });
  for (auto& t : threads)
    t.join();
  std::vector<int> next(4, 0);
  for (int n = 0; n < 4 * each; ++n) {
    const auto told = f.acknowledged.take();
    const auto t = static_cast<std::size_t>(told[0] - '0');
    CHECK(told == std::to_string(t) + ' ' + std::to_string(next[t]++));
  }
}
