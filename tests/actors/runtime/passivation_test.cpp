#include "tests/actors/runtime/runtime_harness.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::testing;
using strings = std::vector<std::string>;

// ── Activation and passivation ───────────────────────────────────────────────────────────────

TEST_CASE("an object is active while it works and not after", "[runtime][passivation]") {
  runtime_harness hub;
  hub.call("a", "peek");
  CHECK(hub.active_objects() == 0);
  auto c = hub.call("a", "work", "x");
  CHECK(hub.active_objects() == 1);
  hub.call("a", "work", "y");
  CHECK(hub.active_objects() == 1);
  hub.answer("x", answer_of(200, "ok"));
  hub.answer("y", answer_of(200, "ok"));
  CHECK(hub.active_objects() == 0);
  CHECK(c->status() == 200);
  hub.call("a", "count", "z");
  CHECK(hub.active_objects() == 1);
  CHECK(hub.value("a") == "y");
}

TEST_CASE("an object is not passivated before its last turn is durable", "[runtime][passivation]") {
  runtime_harness hub;
  hub.call("a", "count", "1");
  hub.held = true;
  hub.answer(answer_of(200, "ok"));
  hub.advance(2'000);
  CHECK(hub.active_objects() == 1);
  auto second = hub.call("a", "count", "2"); // Reads what is not durable: same writer, same order.
  hub.held = false;
  hub.run_until_idle();
  hub.answer(answer_of(200, "ok"));
  CHECK(second->body() == "2");
  CHECK(hub.active_objects() == 0);
}

TEST_CASE("an object with a call out stays, one that waits for someone outside goes",
          "[runtime][passivation]") {
  runtime_harness hub;
  hub.call("a", "work", "x");
  hub.call("p", "promise");
  CHECK(hub.active_objects() == 2);
  hub.advance(2'000);
  CHECK(hub.active_objects() == 1);
  hub.answer(answer_of(200, "ok"));
  CHECK(hub.active_objects() == 0);
}

TEST_CASE("an object has no actor of its own", "[runtime][passivation]") {
  runtime_harness hub;
  hub.call("0", "work", "0");
  const auto actors = hub.actors();
  constexpr int many = 1'100;
  for (int i = 1; i < many; ++i)
    hub.post(std::to_string(i), "work", std::to_string(i));
  hub.run_until_idle();
  CHECK(hub.active_objects() == many);
  while (!hub.wire.empty())
    hub.answer(answer_of(200, "ok"));
  CHECK(hub.active_objects() == 0);
  CHECK(hub.actors() == actors);
}

// The second call comes after every number of messages that the first one's end takes.
TEST_CASE("a message that races with passivation is not lost", "[runtime][passivation]") {
  bool whole = false;
  for (int steps = 0; !whole; ++steps) {
    CAPTURE(steps);
    REQUIRE(steps < 1'000);
    runtime_harness hub;
    auto first = hub.call("a", "count", "1");
    hub.held = true;
    hub.answer("1", answer_of(200, "ok"));
    hub.held = false;
    for (int i = 0; i < steps && !whole; ++i)
      whole = !hub.step();
    auto second = hub.post("a", "count", "2");
    auto other = hub.post("b", "work", "b");
    hub.run_until_idle();
    REQUIRE(hub.wire.size() == 2);
    hub.answer("2", answer_of(200, "ok"));
    hub.answer("b", answer_of(200, "ok"));
    CHECK(first->body() == "1");
    CHECK(second->body() == "2");
    CHECK(other->status() == 200);
    CHECK(hub.active_objects() == 0);
  }
}

// Any actor may get its next message at any time, the disk may be late, vendors answer in any
// order.
TEST_CASE("under any schedule each call runs once, alone at its object, and is answered once",
          "[runtime][schedule]") {
  const auto seed = GENERATE(range(1, 101));
  CAPTURE(seed);
  seeded_random choose(static_cast<std::uint64_t>(seed));
  runtime_harness hub;
  hub.shards = 1 + static_cast<std::size_t>(seed % 3);
  std::vector<caller> callers;
  std::vector<std::string> keys;
  constexpr int calls = 24;
  for (int i = 0; i < calls; ++i) {
    const auto key = std::string(1, static_cast<char>('a' + choose.below(3)));
    switch (choose.below(5)) {
    case 0:
      callers.push_back(hub.post(key, "beside", std::to_string(i)));
      break;
    case 1:
      callers.push_back(hub.post("asker" + std::to_string(i), "ask", "target"));
      break;
    default:
      callers.push_back(hub.post(key, "count", std::to_string(i)));
      keys.push_back(key);
    }
    for (auto n = choose.below(12); n > 0; --n)
      hub.step(choose);
    if (choose.below(4) == 0) {
      hub.time.advance(300);
      hub.advance(1); // A sweep, and what is queued gets done.
    }
  }
  while (hub.step(choose)) {
  }
  for (const auto& c : callers)
    CHECK(c->status() == 200);
  for (const auto* key : {"a", "b", "c"}) {
    const auto expected = std::count(keys.begin(), keys.end(), key);
    CHECK(hub.value(key, "n") == (expected == 0 ? "" : std::to_string(expected)));
  }
  CHECK(hub.sent == calls);
  CHECK(hub.active_objects() == 0);
  CHECK(hub.waiting_callers() == 0);
}

TEST_CASE("under any schedule with crashes everything accepted is done once",
          "[runtime][schedule]") {
  const auto seed = GENERATE(range(1, 51));
  CAPTURE(seed);
  seeded_random choose(static_cast<std::uint64_t>(seed));
  runtime_harness hub;
  hub.shards = 1 + static_cast<std::size_t>(seed % 2);
  int accepted = 0;
  for (int incarnation = 0; incarnation < 4; ++incarnation) {
    std::vector<caller> callers;
    for (int i = 0; i < 6; ++i) {
      callers.push_back(hub.post("a", "count", "x", {.one_way = true}));
      for (auto n = choose.below(20); n > 0; --n)
        hub.step(choose);
    }
    for (const auto& c : callers)
      accepted += c->status() == 202 ? 1 : 0;
    // What was committed but not told is accepted as well: at least those told are counted.
    hub.restart();
  }
  for (int i = 0; i < 200 && (!hub.wire.empty() || hub.active_objects() > 0); ++i) {
    while (!hub.wire.empty())
      hub.answer(answer_of(200, "ok"));
    hub.advance(50);
  }
  const auto n = hub.value("a", "n");
  CHECK(std::stoi(n.empty() ? "0" : n) >= accepted);
  CHECK(std::stoi(n.empty() ? "0" : n) <= 24);
  CHECK(hub.active_objects() == 0);
}

// `drain` goes by it: what one object has told another counts, wherever the message is.
TEST_CASE("no object is active only where nothing accepted is left to do", "[runtime][schedule]") {
  const auto seed = GENERATE(range(1, 51));
  CAPTURE(seed);
  seeded_random choose(static_cast<std::uint64_t>(seed));
  runtime_harness hub;
  hub.shards = 1 + static_cast<std::size_t>(seed % 3);
  const auto before = hub.sent;
  auto c = hub.post("a", "tell", "b:0");
  while (hub.active_objects() == 0)
    REQUIRE(hub.step(choose));
  while (hub.active_objects() > 0)
    REQUIRE(hub.step(choose));
  CHECK(c->status() == 200);
  CHECK(hub.sent == before + 1);
  CHECK(hub.wire.empty());
}

// ── Messages that are on disk later than their target's rows ─────────────────────────────────

// a calls b, and the record of that is not durable yet. b, which waits for something outside, has
// the input in memory only; a sweep comes, b is dropped and built again without it.
TEST_CASE("an input that waits at a passivated object is not lost while its record is on its way",
          "[runtime][passivation]") {
  runtime_harness hub;
  auto before = hub.call("b", "promise");
  const auto awakeable = hub.value("b");
  hub.held = true;
  auto c = hub.call("a", "ask", "b");
  REQUIRE(hub.queued_turns() >= 1);
  hub.advance(2'000); // Sweeps.
  hub.complete_awakeable(awakeable, true, "go on");
  hub.held = false;
  hub.run_until_idle();
  CHECK(before->body() == "go on");
  hub.advance(2'000);
  REQUIRE(hub.wire_bodies() == strings{"asked by a"});
  hub.answer(answer_of(200, "done"));
  CHECK(c->body() == "done");
}

TEST_CASE("a delayed send whose record is late on disk starts when it is there",
          "[runtime][passivation]") {
  runtime_harness hub;
  hub.held = true;
  hub.call("a", "tell", "b:1500");
  hub.advance(3'000);
  CHECK(hub.wire.empty());
  hub.held = false;
  hub.run_until_idle();
  hub.advance(1'000);
  CHECK(hub.wire_bodies() == strings{"told"});
}

// ── Time ─────────────────────────────────────────────────────────────────────────────────────

TEST_CASE("a short sleep ends at its time", "[runtime][time]") {
  runtime_harness hub;
  auto c = hub.call("a", "sleep", "40");
  hub.advance(39);
  CHECK(!c->answered());
  hub.advance(2);
  CHECK(c->body() == "woke");
}

TEST_CASE("short sleeps one after the other end at their times", "[runtime][time]") {
  runtime_harness hub;
  auto c = hub.call("a", "naps");
  hub.advance(39);
  CHECK(!c->answered());
  hub.advance(6);
  CHECK(c->body() == "rested");
}

TEST_CASE("a long sleeper is passivated and woken at its time", "[runtime][time]") {
  runtime_harness hub;
  const std::int64_t ms = GENERATE(1'200, 5'000, 110'000, 200'000);
  CAPTURE(ms);
  auto c = hub.call("a", "sleep", std::to_string(ms));
  if (ms > 2'000) {
    hub.advance(2'000);
    CHECK(hub.active_objects() == 0);
    hub.advance(ms - 2'000 - 1);
  } else {
    hub.advance(ms - 1);
  }
  CHECK(!c->answered());
  hub.advance(3);
  CHECK(c->body() == "woke");
  CHECK(hub.active_objects() == 0);
}

// Each later one is due before those before it: none of them may send a tick of its own.
TEST_CASE("one timer tick is on its way, however many objects wait", "[runtime][time]") {
  runtime_harness hub;
  constexpr int sleepers = 40;
  std::vector<caller> callers;
  for (int i = 0; i < sleepers; ++i)
    callers.push_back(hub.call(std::to_string(i), "sleep", std::to_string(60'000 - i * 1'000)));
  hub.advance(2'000);
  REQUIRE(hub.active_objects() == 0);
  const auto before = hub.timer_ticks();
  hub.advance(10'000);
  // One a second, where nobody is due.
  CHECK(hub.timer_ticks() - before <= 11);
  hub.advance(48'100);
  for (const auto& c : callers)
    CHECK(c->body() == "woke");
  CHECK(hub.timer_ticks() - before <= 60 + sleepers);
  const auto after = hub.timer_ticks();
  hub.advance(5'000);
  CHECK(hub.timer_ticks() == after); // Nobody waits.
}

TEST_CASE("a sleeper wakes at its time also after a restart", "[runtime][time]") {
  runtime_harness hub;
  const bool past = GENERATE(false, true);
  const bool folded = GENERATE(false, true);
  const auto id = hub.call("a", "sleep", "150000")->accepted_id;
  hub.advance(500);
  if (folded)
    hub.checkpoint();
  if (past)
    hub.time.advance(200'000); // Down meanwhile.
  hub.restart();
  if (past) {
    hub.advance(2);
  } else {
    CHECK(hub.active_objects() == 0);
    hub.advance(149'400);
    CHECK(hub.value("a").empty());
    hub.advance(102);
  }
  CHECK(hub.value("a") == "woke");
  CHECK(hub.output(id)->body() == "woke");
}

TEST_CASE("a delayed /send is accepted at once and starts at its time", "[runtime][time]") {
  runtime_harness hub;
  const std::int64_t ms = GENERATE(50, 4'000, 130'000);
  const bool down = GENERATE(false, true);
  CAPTURE(ms, down);
  auto c = hub.call("a", "work", "x", {.one_way = true, .delay_ms = ms});
  CHECK(c->status() == 202);
  auto now = hub.call("a", "work", "now"); // Those behind it do not wait.
  hub.answer("now", answer_of(200, "ok"));
  CHECK(now->status() == 200);
  if (down)
    hub.restart();
  hub.advance(ms - 1);
  CHECK(hub.wire.empty());
  CHECK(hub.output(c->id())->status() == 470);
  hub.advance(3);
  CHECK(hub.wire_bodies() == strings{"x"});
  hub.answer(answer_of(200, "done"));
  CHECK(hub.output(c->id())->body() == "done");
}

TEST_CASE("a delayed send between objects starts at its time", "[runtime][time]") {
  runtime_harness hub;
  const bool down = GENERATE(false, true);
  hub.call("a", "tell", "b:5000");
  hub.advance(1'000);
  CHECK(hub.active_objects() == 0);
  if (down)
    hub.restart();
  hub.advance(3'998);
  CHECK(hub.wire.empty());
  hub.advance(4);
  CHECK(hub.wire_bodies() == strings{"told"});
}

TEST_CASE("a long wait for a retry is a timer of a passivated object", "[runtime][time]") {
  runtime_harness hub;
  auto c = hub.call("a", "work", "x");
  hub.answer(answer_of(429, {}, {{"retry-after-ms", "60000"}}));
  hub.advance(2'000);
  CHECK(hub.active_objects() == 0);
  hub.advance(57'900);
  CHECK(hub.wire.empty());
  hub.advance(2'000);
  REQUIRE(hub.wire_bodies() == strings{"x"});
  hub.answer(answer_of(200, "done"));
  CHECK(c->body() == "done");
}

TEST_CASE("everything accepted is resumed after a crash", "[runtime][resume]") {
  runtime_harness hub;
  const bool folded = GENERATE(false, true);
  std::vector<std::string> ids;
  for (int i = 0; i < 30; ++i)
    ids.push_back(hub.call(std::to_string(i), "work", std::to_string(i))->accepted_id);
  const auto waiting = hub.call("0", "work", "behind")->accepted_id;
  const auto asking = hub.call("asker", "ask", "target")->accepted_id;
  if (folded)
    hub.checkpoint();
  hub.restart();
  CHECK(hub.wire.size() == 31);
  while (!hub.wire.empty())
    hub.answer(answer_of(200, "done"));
  for (const auto& id : ids)
    CHECK(hub.output(id)->body() == "done");
  CHECK(hub.output(waiting)->body() == "done");
  CHECK(hub.output(asking)->body() == "done");
  CHECK(hub.value("0") == "behind");
  CHECK(hub.active_objects() == 0);
}

TEST_CASE("an answer that was on its way when the process died is not taken twice",
          "[runtime][resume]") {
  runtime_harness hub;
  const auto id = hub.call("a", "count", "1")->accepted_id;
  hub.held = true;
  hub.answer(answer_of(200, "done")); // Its turn never reaches the disk.
  hub.held = false;
  hub.restart();
  REQUIRE(hub.wire_bodies() == strings{"1"}); // Sent again, under the same key.
  hub.answer(answer_of(200, "done"));
  CHECK(hub.output(id)->body() == "1");
  CHECK(hub.value("a", "n") == "1");
}
