#include "tests/actors/durable/step_fixture.hpp"

#include <ctime>
#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::testing;
using durable::context;
using durable::handler_task;
using providers::doubt_policy;

namespace {

using fixture = step_fixture;

constexpr std::int64_t day = 86'400'000;

std::string date_of(unix_ms at) {
  const auto t = static_cast<std::time_t>(at / 1000);
  std::tm tm{};
  gmtime_r(&t, &tm);
  char text[64];
  const auto size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
  return {text, size};
}

handler_task rest(context ctx, std::string body) {
  auto rested = co_await ctx.sleep(std::stoll(body));
  co_return rested ? std::string("rested") : std::string("cancelled");
}
handler_task in_time(context ctx, std::string) {
  auto step = ctx.effect(shop_call(ctx.step("slow"), "slow", settings));
  auto done = co_await step.within(60'000);
  if (!done)
    co_return done.failure();
  co_return *done ? (*done)->text : std::string("late");
}

/// Everything recorded so far, in log order: no time is before the one in front of it.
void check_times(fixture& f) {
  unix_ms last = 0;
  for (const auto& e : f.hub.entries(f.id)) {
    CHECK(e.time >= last);
    last = e.time;
  }
}

} // namespace

TEST_CASE("a wall clock that steps neither shortens nor stretches a wait", "[durable][clock]") {
  const std::int64_t step = GENERATE(-day, -600'000, -1'000, 1'000, 600'000, day);
  // When the clock steps: before the step begins, while its wait runs, both.
  const int when = GENERATE(0, 1, 2);
  const int disturbed = GENERATE(0, 1); // 1: passivated after the step.
  CAPTURE(step, when, disturbed);
  const auto kind =
      GENERATE(as<std::string>(), "short retry", "long retry", "absence", "sleep", "within");
  CAPTURE(kind);
  fixture f(doubt_policy::lookup);
  settings.absence_after_ms = 60'000;
  f.hub.exclusive("rest", &rest);
  f.hub.exclusive("in_time", &in_time);
  if (when != 1)
    f.hub.time.step_wall(step);
  f.hub.advance(2'000); // The clock looks at the wall, and is drawn from here on.
  std::int64_t length = 60'000;
  std::string after = "lookup";
  if (kind == "sleep") {
    f.id = f.hub.send("k", "rest", "60000");
    after = "rested";
  } else if (kind == "within") {
    f.id = f.hub.send("k", "in_time");
    after = "send"; // The call goes on; its handler does not wait for it any more.
  } else {
    f.begin();
    if (kind == "short retry") {
      f.hub.answer(answer_of(429, "", {{"retry-after-ms", "2500"}}));
      length = 2'500;
      after = "send";
    } else if (kind == "long retry") {
      f.hub.answer(answer_of(429, "", {{"retry-after-ms", "60000"}}));
      after = "send";
    } else {
      f.hub.answer(lost_call());
      f.hub.answer(answer_of(200, "absent"));
    }
  }
  const auto begun = f.hub.time.steady_ms();
  const auto passed = [&] { return f.hub.time.steady_ms() - begun; };
  f.hub.advance(length / 3);
  if (when != 0)
    f.hub.time.step_wall(step);
  if (disturbed == 1 && kind != "within" && f.hub.machine("k").suspendable())
    f.hub.reactivate("k");
  if (kind == "within") {
    // What shows the end of the wait is the timer that is not due any more.
    f.hub.advance(length - 1 - passed());
    REQUIRE(f.hub.machine("k").due());
    f.hub.advance(1'001);
    CHECK(!f.hub.machine("k").due());
    f.hub.answer(answer_of(200, "done"));
    CHECK(f.state() == "late");
  } else {
    f.hub.advance(length - 1 - passed());
    CHECK(f.state() == "wait");
    f.hub.advance(1'001);
    CHECK(f.state() == after);
  }
  check_times(f);
}

TEST_CASE("over a restart with a wrong clock no absence is proven early", "[durable][clock]") {
  const std::int64_t step = GENERATE(-day, -600'000, -1'000, 0, 1'000, 600'000, day);
  // Where the process dies: call out, look-up out, in the absence wait, in its second one.
  const int where = GENERATE(0, 1, 2, 3);
  const bool twice = GENERATE(false, true);
  CAPTURE(step, where, twice);
  fixture f(doubt_policy::lookup);
  settings.absence_after_ms = 60'000;
  f.begin();
  f.hub.time.advance(1'000);
  auto left_at = f.hub.time.steady_ms();
  if (where >= 1)
    f.hub.answer(lost_call());
  if (where >= 2)
    f.hub.answer(answer_of(200, "absent"));
  if (where >= 3) {
    f.pass();
    f.hub.answer(answer_of(200, "absent"));
  }
  f.hub.time.step_wall(step);
  for (int i = 0; i < (twice ? 2 : 1); ++i) {
    f.hub.time.advance(500);
    left_at = f.hub.time.steady_ms();
    f.hub.restart();
  }
  REQUIRE(f.until("send"));
  const auto passed = f.hub.time.steady_ms() - left_at;
  CHECK(passed >= 60'000);
  CHECK(passed <= 60'000 + 60'000 + 4'000);
  check_times(f);
}

TEST_CASE("passivated in doubt, a step is proven absent no earlier and hardly later",
          "[durable][clock]") {
  // Slow look-ups, and the object leaves memory at each wait: this ended never, or too early.
  const auto policy = GENERATE(doubt_policy::lookup, doubt_policy::replay_key);
  CAPTURE(static_cast<int>(policy));
  fixture f(policy);
  settings.absence_after_ms = 60'000;
  f.begin();
  if (policy == doubt_policy::replay_key) {
    f.hub.answer(lost_call()); // The doubt is older than what was sent last.
    for (int i = 0; i < 5; ++i) {
      f.pass();
      f.hub.time.advance(4'000);
      f.hub.answer(lost_call());
    }
    f.pass();
    f.hub.time.advance(1'000);
    f.hub.answer(answer_of(500, "", {{"stored", "1"}}));
  } else {
    f.hub.answer(lost_call());
  }
  const auto left_at = f.hub.time.steady_ms();
  for (int i = 0; i < 50 && f.state() != "send"; ++i) {
    if (f.state() == "lookup") {
      f.hub.time.advance(10'000);
      f.hub.answer(answer_of(200, "absent"));
    } else {
      if (f.hub.machine("k").suspendable())
        f.hub.reactivate("k");
      f.pass();
    }
  }
  REQUIRE(f.state() == "send");
  const auto passed = f.hub.time.steady_ms() - left_at;
  CHECK(passed >= 60'000);
  CHECK(passed <= 60'000 + 2'000 + 3 * 10'000);
}

TEST_CASE("a key that died during a wait is looked up and not sent again",
          "[durable][clock][key]") {
  fixture f;
  settings.key_life_ms = 60'000;
  f.begin();
  f.hub.answer(answer_of(503, "", {{"retry-after-ms", "50000"}}));
  REQUIRE(f.state() == "wait");
  const int disturbed = GENERATE(0, 1, 2, 3);
  CAPTURE(disturbed);
  if (disturbed == 0) {
    f.hub.time.advance(70'000); // Nobody looked for a while.
    f.hub.advance(0);
  } else if (disturbed == 1) {
    f.hub.advance(10'000);
    f.hub.reactivate("k");
    f.hub.time.advance(70'000);
    f.hub.advance(0);
  } else {
    f.hub.time.advance(70'000);
    if (disturbed == 3)
      f.hub.time.step_wall(-day); // By the journal's times next to nothing has passed.
    f.hub.restart();
    f.hub.advance(0);
  }
  CHECK(f.state() == "lookup");
}

TEST_CASE("a wall clock set back over several restarts makes no key younger",
          "[durable][clock][key]") {
  fixture f;
  settings.key_life_ms = 3'600'000;
  f.begin();
  f.hub.answer(answer_of(503, "", {{"retry-after-ms", "3600000"}}));
  f.hub.time.step_wall(-day);
  for (int i = 0; i < 3; ++i) {
    f.hub.time.advance(1'250'000);
    f.hub.restart();
    // Something is recorded, so that the next run begins from there.
    f.hub.send("other", "step", "body");
  }
  f.hub.advance(0);
  std::string done;
  for (const auto& call : f.hub.calls)
    if (call.ref.invocation == f.id)
      done += call.request.method;
  CHECK(done == "GET");
}

TEST_CASE("a key's age is the vendor's where its clock says more", "[durable][clock][key]") {
  fixture f;
  settings.key_life_ms = 3'600'000;
  f.begin();
  const auto ahead = GENERATE(false, true);
  f.hub.answer(answer_of(
      503, "", {{"date", date_of(f.hub.journal_time->now() + (ahead ? 3'700'000 : -3'700'000))}}));
  CHECK(f.state() == (ahead ? "lookup" : "wait"));
}

TEST_CASE("where the clock went back over a reboot a key is looked up and not sent again",
          "[durable][clock][key]") {
  fixture f;
  const bool lost = GENERATE(false, true);
  f.begin();
  if (lost)
    f.hub.answer(answer_of(503, "", {{"retry-after-ms", "50000"}}));
  f.hub.went_back = true;
  f.hub.restart();
  REQUIRE(f.state() == "lookup");
  if (GENERATE(false, true)) {
    // The next run knows nothing of that, but for the journal; and no person's word changes it.
    f.hub.restart();
    f.hub.advance(0);
    REQUIRE(f.state() == "lookup");
    f.hub.answer(answer_of(503, "", {{"retry-after-ms", "60000"}}));
    f.hub.restart();
    CHECK(f.hub.operate("k", {}, {journal::operator_verb::retry, "", "ada", "cli", "", ""}));
    REQUIRE(f.state() == "lookup");
  }
  // A step begun in this run has a key of known age.
  f.hub.answer(answer_of(200, "found:it"));
  REQUIRE(f.state() == "it");
  f.begin();
  f.hub.answer(lost_call());
  f.pass();
  CHECK(f.state() == "send");
}

TEST_CASE("a server error that stands for a minute is looked up though its object is passivated",
          "[durable][clock][stored]") {
  fixture f;
  const bool restarts = GENERATE(false, true);
  settings.key_life_ms = day;
  f.hub.time.advance(3'600'000);
  f.begin();
  const auto begun = f.hub.time.steady_ms();
  for (int i = 0; i < 100 && f.state() != "lookup"; ++i) {
    if (f.state() == "send") {
      f.hub.answer(answer_of(500, "", {{"retry-after-ms", "5000"}}));
    } else {
      if (restarts && i == 8)
        f.hub.restart();
      else
        f.hub.reactivate("k");
      f.pass();
    }
  }
  REQUIRE(f.state() == "lookup");
  const auto passed = f.hub.time.steady_ms() - begun;
  CHECK(passed >= 60'000);
  CHECK(passed <= 66'000);
}

TEST_CASE("backing off does not begin anew where the object is passivated", "[durable][clock]") {
  fixture f(doubt_policy::may_repeat);
  settings.retry = {1'000, 600'000, 0};
  f.begin();
  for (int i = 0; i < 40; ++i) {
    if (f.state() == "send") {
      f.hub.answer(answer_of(429));
    } else {
      if (f.hub.machine("k").suspendable())
        f.hub.reactivate("k");
      f.pass();
    }
  }
  // Twenty sends: begun anew at each wait above 3 s it would be a matter of a minute.
  CHECK(f.hub.time.steady_ms() > 1'200'000);
}
