#include "tests/actors/durable/step_fixture.hpp"

#include <stdexcept>
#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::testing;
using durable::context;
using durable::handler_task;
using providers::doubt_policy;

namespace {

/// Charges, then undoes it come what may: what follows `shield` is never asked to stop.
handler_task charge_and_undo(context ctx, std::string) {
  auto charged = co_await ctx.effect(shop_call(ctx.step("charge"), "charge", settings));
  ctx.shield();
  auto paused = co_await ctx.sleep(30'000);
  auto first = co_await ctx.effect(shop_call(ctx.step("refund"), "refund", settings));
  auto second = co_await ctx.effect(shop_call(ctx.step("void"), "void", settings));
  const auto text = [](const auto& r) {
    return r ? r->text : std::string(name_of(r.error().kind));
  };
  co_return text(charged) + ',' + (paused ? "slept" : "woken") + ',' + text(first) + ',' +
      text(second);
}

handler_task rest_then_shield(context ctx, std::string) {
  auto rested = co_await ctx.sleep(30'000);
  ctx.shield();
  auto done = co_await ctx.effect(shop_call(ctx.step("refund"), "refund", settings));
  co_return std::string(rested ? "rested," : "woken,") + (done ? done->text : "failed");
}

struct fixture {
  sim_harness hub;
  invocation_id id;
  fixture() {
    settings = {};
    hub.exclusive("undo", &charge_and_undo);
    hub.exclusive("rest", &rest_then_shield);
    hub.exclusive("step", &one_step);
  }
  /// One thing that moves it on; false where nothing does.
  bool step(int& sent) {
    if (!hub.calls.empty()) {
      ++sent;
      // Each call is refused for the moment once, so that each effect waits once too.
      if (sent % 2 == 1)
        hub.answer(answer_of(429, "", {{"retry-after-ms", "20000"}}));
      else
        hub.answer(answer_of(200, "done"));
      return true;
    }
    const auto due = hub.machine("k").due();
    if (!due)
      return false;
    hub.advance(std::max<std::int64_t>(*due - hub.time.steady_ms(), 0));
    return true;
  }
};

} // namespace

TEST_CASE("a cancel reaches nothing behind a shield, whenever it comes and whoever restarts",
          "[durable][cancel][shield]") {
  const int cancel_at = GENERATE(range(0, 10));
  const int restart_at = GENERATE(-1, 0, 1, 2, 3);
  CAPTURE(cancel_at, restart_at);
  fixture f;
  f.id = f.hub.send("k", "undo");
  int sent = 0;
  for (int i = 0; i < 30 && !f.hub.outcome(f.id); ++i) {
    if (i == cancel_at)
      f.hub.cancel("k", f.id);
    if (restart_at >= 0 && i == cancel_at + restart_at) {
      f.hub.restart();
      if (f.hub.outcome(f.id))
        break;
    }
    REQUIRE(f.step(sent));
  }
  REQUIRE(f.hub.outcome(f.id));
  const auto outcome = text_of(*f.hub.outcome(f.id));
  // In the charge's wait it is cancelled; everything behind the shield is done in any case.
  CHECK((outcome == "done,slept,done,done" || outcome == "cancelled,slept,done,done"));
  if (cancel_at > 2)
    CHECK(outcome == "done,slept,done,done");
}

TEST_CASE("a cancel in front of the shield is told as ever", "[durable][cancel][shield]") {
  const bool restart = GENERATE(false, true);
  fixture f;
  f.id = f.hub.send("k", "rest");
  f.hub.cancel("k", f.id);
  if (restart)
    f.hub.restart();
  REQUIRE(f.hub.calls.size() == 1);
  f.hub.cancel("k", f.id); // And no second time.
  f.hub.answer(answer_of(200, "done"));
  CHECK(text_of(*f.hub.outcome(f.id)) == "woken,done");
}

TEST_CASE("a cancel does not wait for a step with nothing to resolve, in whatever phase",
          "[durable][cancel]") {
  // 0: call out; 1: refused for the moment; 2: lost, waits; 3: waits long; 4: configuration.
  const int phase = GENERATE(0, 1, 2, 3, 4);
  const bool restart = GENERATE(false, true);
  const bool before = GENERATE(false, true);
  CAPTURE(phase, restart, before);
  step_fixture f(doubt_policy::may_repeat);
  settings.has_effect = false;
  f.begin();
  const std::vector<providers::transport_outcome> met = {
      {},
      answer_of(429),
      lost_call(),
      answer_of(503, "", {{"retry-after-ms", "600000"}}),
      answer_of(401)};
  if (phase > 0)
    f.hub.answer(met.at(static_cast<std::size_t>(phase)));
  if (restart && before)
    f.hub.restart();
  f.hub.cancel("k", f.id);
  if (restart && !before)
    f.hub.restart();
  CHECK(f.state() == "!cancelled");
  CHECK(f.hub.machine("k").suspendable());
}

TEST_CASE("a cancel does not wait for what may be repeated, once its call has ended",
          "[durable][cancel]") {
  const int phase = GENERATE(0, 1, 2, 3, 4);
  const bool restart = GENERATE(false, true);
  CAPTURE(phase, restart);
  step_fixture f(doubt_policy::may_repeat);
  f.begin();
  switch (phase) {
  case 0: // While the call is out; then it is lost.
    f.hub.cancel("k", f.id);
    CHECK(f.state() == "send");
    if (restart)
      f.hub.restart(); // The call has ended with the process: it is not made again.
    else
      f.hub.answer(lost_call());
    CHECK(f.state() == "!missed");
    CHECK(f.hub.sent == 1);
    return;
  case 1: // While the call is out; then it is refused for the moment.
    f.hub.cancel("k", f.id);
    f.hub.answer(answer_of(429));
    CHECK(f.state() == "!cancelled");
    return;
  case 2: // While it is out; then the configuration is at fault.
    f.hub.cancel("k", f.id);
    f.hub.answer(answer_of(401));
    CHECK(f.state() == "!cancelled");
    return;
  case 3:
    f.hub.answer(answer_of(503, "", {{"retry-after-ms", "600000"}}));
    break;
  default:
    f.hub.answer(lost_call());
    break;
  }
  f.hub.cancel("k", f.id);
  if (restart)
    f.hub.restart();
  CHECK(f.state() == "!missed");
}

TEST_CASE("a cancel never ends a step that may have happened", "[durable][cancel]") {
  const auto policy = GENERATE(doubt_policy::replay_key, doubt_policy::lookup);
  const bool restart = GENERATE(false, true);
  CAPTURE(static_cast<int>(policy), restart);
  step_fixture f(policy);
  settings.absence_after_ms = 60'000;
  f.begin();
  f.hub.answer(answer_of(503, "", {{"retry-after-ms", "20000"}}));
  f.hub.cancel("k", f.id);
  if (restart)
    f.hub.restart();
  REQUIRE(!f.hub.outcome(f.id));
  f.pass();
  if (policy == doubt_policy::replay_key) {
    REQUIRE(f.state() == "send");
    f.hub.answer(answer_of(200, "done"));
    CHECK(f.state() == "done");
  } else {
    for (int i = 0; i < 20 && !f.hub.outcome(f.id); ++i) {
      if (f.state() == "lookup")
        f.hub.answer(answer_of(200, "absent"));
      else
        f.pass();
    }
    CHECK(f.state() == "!cancelled"); // Proven not to have happened.
    CHECK(f.hub.calls.empty());
  }
}
