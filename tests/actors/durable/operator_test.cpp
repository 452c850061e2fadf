#include "journal/open_work.hpp"
#include "tests/actors/durable/step_fixture.hpp"

#include <stdexcept>
#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::testing;
using durable::context;
using durable::handler_task;
using journal::operator_verb;
using providers::doubt_policy;

namespace {

bool fixed = false; ///< The handlers below do the right thing.

journal::operator_payload action(operator_verb verb, std::string step = {}) {
  return {verb, std::move(step), "ada", "cli", "because", ""};
}

/// Rests, acts, and throws at the end while it is not fixed.
handler_task throws(context ctx, std::string) {
  auto timer = ctx.sleep(600'000);
  auto done = co_await ctx.effect(shop_call(ctx.step("step"), "body", settings));
  if (!fixed)
    throw std::runtime_error("a bug");
  co_return done ? done->text : "failed";
}

/// Begins two effects, and throws before it waits for them.
handler_task throws_with_calls_out(context ctx, std::string) {
  auto first = ctx.effect(shop_call(ctx.step("step"), "body", settings));
  auto second = ctx.effect(shop_call(ctx.step("second"), "second", settings));
  if (!fixed)
    throw std::runtime_error("a bug");
  auto a = co_await std::move(first);
  auto b = co_await std::move(second);
  co_return (a ? a->text : "failed") + ',' + (b ? b->text : "failed");
}

/// Asks for another entry while it is not fixed, so that a replay diverges.
handler_task diverges(context ctx, std::string) {
  auto promise = ctx.awakeable();
  auto got = co_await promise.value.within(10'000);
  auto entry = co_await ctx.get(fixed ? "a" : "b");
  ctx.set("promise", promise.id);
  auto second = ctx.awakeable();
  auto end = co_await second.value.within(50'000);
  co_return std::string(end && *end ? "end" : "late");
}

handler_task counts(context ctx, std::string body) {
  const auto begun = co_await ctx.get("begun");
  ctx.set("begun", begun.value_or("") + body);
  co_return std::string("counted");
}

struct fixture : step_fixture {
  explicit fixture(doubt_policy policy = doubt_policy::lookup) : step_fixture(policy) {
    fixed = false;
    hub.exclusive("throws", &throws);
    hub.exclusive("calls_out", &throws_with_calls_out);
    hub.exclusive("diverges", &diverges);
    hub.exclusive("counts", &counts);
    hub.shared("counts_shared", &counts);
  }
  [[nodiscard]] std::size_t size() { return hub.entries(id).size(); }
  /// Long after everything: it is due for nothing, and records nothing.
  void check_quiet() {
    const auto before = size();
    CHECK(!hub.machine("k").due());
    CHECK(!journal::next_due(must_state(hub)));
    CHECK(hub.machine("k").suspendable());
    for (int i = 0; i < 20; ++i) {
      hub.time.advance(600'000);
      hub.machine("k").on_time();
      CHECK(hub.machine("k").take().empty());
    }
    CHECK(size() == before);
    CHECK(hub.calls.empty());
  }
};

std::size_t completions_of(sim_harness& hub, const invocation_id& id, std::uint32_t completion) {
  std::size_t count = 0;
  for (const auto& e : hub.entries(id))
    count += e.kind == journal::record_kind::completion && e.index == completion ? 1 : 0;
  return count;
}

} // namespace

TEST_CASE("what is paused because its handler threw costs nothing", "[durable][paused]") {
  fixture f;
  f.id = f.hub.send("k", "throws");
  f.hub.answer(answer_of(200, "done"));
  REQUIRE(f.state() == "paused");
  CHECK(f.hub.paused(f.id).find("a bug") != std::string::npos);
  if (GENERATE(false, true)) {
    f.hub.restart();
    REQUIRE(f.state() == "paused");
  }
  f.check_quiet();
  CHECK(completions_of(f.hub, f.id, 1) == 0);
}

TEST_CASE("what is paused because its replay diverged costs nothing", "[durable][paused]") {
  fixture f;
  fixed = true;
  f.id = f.hub.send("k", "diverges");
  f.hub.advance(10'000); // The first wait was in vain; the second is open.
  REQUIRE(!f.hub.outcome(f.id));
  REQUIRE(f.hub.machine("k").due());
  fixed = false;
  f.hub.restart();
  REQUIRE(f.state() == "paused");
  f.check_quiet();
  const auto promise = awakeable_id{f.id, 1}.text();
  // What arrives is kept, once.
  CHECK(f.hub.complete(promise, std::string("1")) == durable::awakeable_verdict::completed);
  CHECK(f.hub.complete(promise, std::string("1")) == durable::awakeable_verdict::already);
  CHECK(completions_of(f.hub, f.id, 1) == 1);
  f.check_quiet();
  // Mended, it goes on, and its time is over by now.
  fixed = true;
  CHECK(f.hub.operate("k", f.id, action(operator_verb::retry)));
  f.hub.advance(0);
  CHECK(f.state() == "late");
  CHECK(f.hub.paused(f.id).empty());
}

TEST_CASE("a fixed invocation is not paused any more, and its timers are due again",
          "[durable][paused]") {
  fixture f;
  fixed = true;
  f.id = f.hub.send("k", "diverges");
  f.hub.advance(10'000);
  fixed = false;
  f.hub.restart();
  REQUIRE(f.state() == "paused");
  fixed = true;
  f.hub.restart();
  CHECK(f.hub.paused(f.id).empty());
  CHECK(f.hub.machine("k").paused().empty());
  CHECK(f.hub.machine("k").due());
  const auto due = journal::next_due(must_state(f.hub));
  REQUIRE(due);
  CHECK(f.hub.journal_time->steady_due(due->recorded_at, due->due) <=
        f.hub.time.steady_ms() + 50'000);
  CHECK(must(f.hub.journal->timers(f.hub.time.true_ms() + 1'000'000, 10)).size() == 1);
  f.hub.advance(50'000);
  CHECK(f.state() == "late");
}

TEST_CASE("calls that are out when a handler throws are recorded once, and resolved on retry",
          "[durable][paused]") {
  fixture f;
  settings.absence_after_ms = 1'000;
  f.id = f.hub.send("k", "calls_out");
  REQUIRE(f.hub.calls.size() == 2);
  CHECK(!f.hub.paused(f.id).empty());
  CHECK(!f.hub.machine("k").suspendable());
  const bool retried_first = GENERATE(false, true);
  if (retried_first) {
    fixed = true;
    CHECK(f.hub.operate("k", f.id, action(operator_verb::retry)));
    CHECK(f.hub.calls.size() == 2); // It joins the calls that are out.
  }
  f.hub.answer(answer_of(200, "one"));
  f.hub.answer(lost_call());
  if (!retried_first) {
    REQUIRE(f.looking_up());
    f.hub.answer(answer_of(200, "absent"));
    f.check_quiet();
    CHECK(completions_of(f.hub, f.id, 1) == 1);
    fixed = true;
    if (GENERATE(false, true))
      f.hub.restart();
    else
      CHECK(f.hub.operate("k", f.id, action(operator_verb::retry)));
    f.hub.advance(0);
  }
  REQUIRE(f.looking_up());
  f.hub.answer(answer_of(200, "found:two"));
  CHECK(f.state() == "one,two");
  CHECK(completions_of(f.hub, f.id, 1) == 1);
  CHECK(completions_of(f.hub, f.id, 2) == 1);
}

TEST_CASE("what another step waits for when the handler throws is kept for whoever goes on",
          "[durable][paused]") {
  const bool in_doubt = GENERATE(false, true);
  const bool restart = GENERATE(false, true);
  const auto ms = GENERATE(as<std::string>(), "1500", "600000");
  CAPTURE(in_doubt, restart, ms);
  fixture f;
  f.hub.exclusive(
      "beside", +[](context ctx, std::string) -> handler_task {
        auto slow = ctx.effect(shop_call(ctx.step("slow"), "slow", settings));
        auto done = co_await ctx.effect(shop_call(ctx.step("step"), "body", settings));
        if (!fixed)
          throw std::runtime_error("a bug");
        auto last = co_await std::move(slow);
        co_return (done ? done->text : "failed") + ',' + (last ? last->text : "failed");
      });
  f.id = f.hub.send("k", "beside");
  f.hub.answer(answer_of(in_doubt ? 503 : 429, "", {{"retry-after-ms", ms}}));
  f.hub.answer(answer_of(200, "done"));
  REQUIRE(f.state() == "paused");
  f.check_quiet();
  fixed = true;
  if (restart)
    f.hub.restart();
  else
    CHECK(f.hub.operate("k", f.id, action(operator_verb::retry, "none")));
  f.hub.advance(0);
  // No doubt is made of a call that was answered.
  REQUIRE(f.state() == (in_doubt ? "lookup" : "send"));
  f.hub.answer(answer_of(200, in_doubt ? "found:slow" : "slow"));
  CHECK(f.state() == "done,slow");
}

TEST_CASE("begun by another revision it waits and says both, and what has not begun runs",
          "[durable][paused][revision]") {
  fixture f;
  f.begin();
  const auto waiting = f.hub.send("k", "counts_shared", "x", 1'000);
  f.hub.services.services["S"].handlers["step"].revision = "7";
  f.hub.services.services["S"].handlers["counts_shared"].revision = "7";
  f.hub.restart();
  const auto why = f.hub.paused(f.id);
  CHECK(why.find("\"1\"") != std::string::npos);
  CHECK(why.find("\"7\"") != std::string::npos);
  CHECK(why.find("S/step") != std::string::npos);
  f.hub.advance(1'000);
  CHECK(f.hub.outcome(waiting));
  f.check_quiet();
  CHECK(f.hub.operate("k", f.id, action(operator_verb::retry)));
  CHECK(f.hub.paused(f.id) == why);
  f.hub.services.services["S"].handlers["step"].revision = "1";
  f.hub.restart();
  REQUIRE(f.state() == "lookup");
  f.hub.answer(answer_of(200, "found:it"));
  CHECK(f.state() == "it");
}

TEST_CASE(
    "a step against another target pauses its whole invocation, and nothing else of it goes on",
    "[durable][paused][target]") {
  fixture f;
  fixed = true;
  f.id = f.hub.send("k", "throws"); // A timer beside the step.
  f.hub.vendors.endpoints["shop"].base = "http://other.test";
  f.hub.restart();
  REQUIRE(f.state() == "paused");
  f.check_quiet();
  f.hub.vendors.endpoints["shop"].base = "http://shop.test";
  f.hub.restart();
  f.hub.advance(0);
  REQUIRE(f.state() == "lookup");
  f.hub.answer(answer_of(200, "found:it"));
  CHECK(f.state() == "it");
}

TEST_CASE("the timer of a race that is over is closed, live and where a replay finds it open",
          "[durable][timer]") {
  fixture f;
  f.hub.exclusive(
      "race", +[](context ctx, std::string) -> handler_task {
        auto step = ctx.effect(shop_call(ctx.step("step"), "body", settings));
        auto done = co_await step.within(600'000);
        auto rested = co_await ctx.sleep(5'000);
        co_return done && *done&& rested ? (*done)->text : std::string("late");
      });
  f.id = f.hub.send("k", "race");
  const int restart_at = GENERATE(0, 1, 2);
  if (restart_at == 1) {
    f.hub.restart();
    f.hub.answer(answer_of(200, "found:it"));
  } else {
    f.hub.answer(answer_of(200, "it"));
  }
  CHECK(f.hub.kinds(f.id).ends_with("completion completion sleep"));
  if (restart_at == 2)
    f.hub.restart();
  CHECK(f.left() <= 5'000);
  CHECK(completions_of(f.hub, f.id, 2) == 1);
  f.hub.advance(5'000);
  CHECK(f.state() == "it");
}

TEST_CASE("a person's retry makes the next move of a waiting step now", "[durable][operator]") {
  const int disturbed = GENERATE(0, 1, 2);
  CAPTURE(disturbed);
  SECTION("nothing is out: it is sent") {
    fixture f;
    f.begin();
    f.hub.answer(answer_of(429, "", {{"retry-after-ms", "600000"}}));
    if (disturbed == 1)
      f.hub.reactivate("k");
    if (disturbed == 2)
      f.hub.restart();
    CHECK(f.hub.operate("k", {}, action(operator_verb::retry)));
    REQUIRE(f.state() == "send");
    f.hub.restart(); // It is out: the journal says so.
    CHECK(f.state() == "lookup");
  }
  SECTION("in doubt with a key: the same key again") {
    fixture f(doubt_policy::replay_key);
    f.begin();
    const auto key = key_of(f.hub.calls.front());
    f.hub.answer(answer_of(503, "", {{"retry-after-ms", "600000"}}));
    if (disturbed == 1)
      f.hub.reactivate("k");
    if (disturbed == 2)
      f.hub.restart();
    CHECK(f.hub.operate("k", f.id, action(operator_verb::retry, "step")));
    REQUIRE(f.state() == "send");
    CHECK(key_of(f.hub.calls.front()) == key);
  }
  SECTION("in doubt: looked up, and never sent before the absence time") {
    fixture f;
    settings.absence_after_ms = 600'000;
    f.hub.time.advance(3'600'000); // The process is not as young as the step.
    f.begin();
    f.hub.answer(lost_call());
    f.hub.answer(answer_of(200, "absent"));
    if (disturbed == 1)
      f.hub.reactivate("k");
    if (disturbed == 2)
      f.hub.restart();
    for (int i = 0; i < 10; ++i) {
      CHECK(f.hub.operate("k", f.id, action(operator_verb::retry)));
      REQUIRE(f.state() == "lookup");
      f.hub.answer(answer_of(200, "absent"));
      REQUIRE(f.state() == "wait");
      CHECK(f.left() > (disturbed == 2 ? 0 : 500'000));
    }
  }
  SECTION("another step's retry leaves it alone") {
    fixture f;
    f.begin();
    f.hub.answer(answer_of(429, "", {{"retry-after-ms", "600000"}}));
    CHECK(f.hub.operate("k", f.id, action(operator_verb::retry, "other")));
    CHECK(f.state() == "wait");
  }
  SECTION("it waits for an event: the policy behind that") {
    fixture f(doubt_policy::await_event);
    settings.event_wait_ms = 600'000;
    settings.after_event = doubt_policy::lookup;
    f.begin();
    f.hub.answer(lost_call());
    CHECK(f.hub.operate("k", f.id, action(operator_verb::retry)));
    CHECK(f.state() == "lookup");
  }
}

TEST_CASE("an action about what is not there is not recorded", "[durable][operator]") {
  fixture f;
  CHECK(!f.hub.operate("k", {}, action(operator_verb::retry)));
  CHECK(!f.hub.operate("k", f.id, action(operator_verb::retry)));
  CHECK(must_state(f.hub).operators.empty());
}

TEST_CASE("while a person has paused an object nothing is begun or sent, and look-ups go on",
          "[durable][operator][pause]") {
  const int disturbed = GENERATE(0, 1);
  CAPTURE(disturbed);
  fixture f;
  settings.absence_after_ms = 10'000;
  f.begin();
  f.hub.answer(lost_call());
  f.hub.answer(answer_of(200, "absent"));
  const auto shared = f.hub.send("k", "counts_shared", "s", 1'000);
  CHECK(f.hub.operate("k", {}, action(operator_verb::pause)));
  CHECK(must_state(f.hub).paused_by_operator);
  const auto later = f.hub.send("k", "counts", "x");
  if (disturbed == 1)
    f.hub.restart();
  REQUIRE(journal::next_due(must_state(f.hub))); // The look-up; nothing else.
  for (int i = 0; i < 30 && f.state() != "nothing"; ++i) {
    if (f.state() == "lookup")
      f.hub.answer(answer_of(200, "absent"));
    else
      f.pass();
  }
  REQUIRE(f.state() == "nothing"); // Proven absent, and not sent again.
  CHECK(f.hub.machine("k").suspendable());
  CHECK(journal::open_waits(must_state(f.hub)).front().reason == "paused by an operator");
  if (disturbed == 1)
    f.hub.restart();
  f.hub.advance(1'000'000);
  CHECK(f.hub.calls.empty());
  CHECK(!f.hub.outcome(shared));
  CHECK(!f.hub.outcome(later));
  CHECK(!journal::next_due(must_state(f.hub)));
  CHECK(f.hub.operate("k", {}, action(operator_verb::resume)));
  REQUIRE(f.state() == "send");
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
  f.hub.advance(0);
  CHECK(f.hub.outcome(shared));
  CHECK(f.hub.outcome(later));
}

TEST_CASE("a retry whose time comes while a person has paused the object is made on resume",
          "[durable][operator][pause]") {
  fixture f;
  f.begin();
  f.hub.answer(answer_of(429, "", {{"retry-after-ms", GENERATE("60000", "2000")}}));
  CHECK(f.hub.operate("k", {}, action(operator_verb::pause)));
  CHECK(!f.hub.machine("k").due());
  f.hub.advance(100'000);
  CHECK(f.hub.calls.empty());
  CHECK(f.hub.operate("k", {}, action(operator_verb::resume)));
  f.hub.advance(0);
  CHECK(f.state() == "send");
}

TEST_CASE("what a person says happened or did not is looked up before it is believed",
          "[durable][operator]") {
  const bool happened = GENERATE(false, true);
  const int disturbed = GENERATE(0, 1, 2);
  CAPTURE(happened, disturbed);
  fixture f(doubt_policy::replay_key);
  f.begin();
  const auto key = key_of(f.hub.calls.front());
  // Refused as done before, never found: it waits for a person.
  f.hub.answer(answer_of(400, "", {{"done-before", "1"}}));
  REQUIRE(f.until("nothing"));
  if (disturbed == 1)
    f.hub.reactivate("k");
  if (disturbed == 2)
    f.hub.restart();
  const auto said =
      action(happened ? operator_verb::happened : operator_verb::not_happened, "step");
  CHECK(f.hub.operate("k", f.id, said));
  REQUIRE(f.state() == "lookup");
  if (happened) {
    // Not found again: it waits again, and no key changes on a person's word that it is there.
    REQUIRE(f.until("nothing"));
    CHECK(f.hub.notes(f.id).find("new_key") == std::string::npos);
    CHECK(f.hub.operate("k", f.id, said));
    f.hub.answer(answer_of(200, "found:it"));
    CHECK(f.state() == "it");
  } else {
    if (disturbed == 2)
      f.hub.restart();
    REQUIRE(f.until("send"));
    CHECK(key_of(f.hub.calls.front()) != key);
    f.hub.answer(answer_of(200, "ok"));
    CHECK(f.state() == "ok");
  }
}

TEST_CASE("an unverified word that it happened ends the step, and nothing more is asked",
          "[durable][operator][unverified]") {
  const auto policy =
      GENERATE(doubt_policy::lookup, doubt_policy::replay_key, doubt_policy::may_repeat);
  const int disturbed = GENERATE(0, 1, 2);
  CAPTURE(static_cast<int>(policy), disturbed);
  fixture f(policy);
  settings.absence_after_ms = 60'000;
  f.begin();
  f.hub.answer(answer_of(503, "", {{"retry-after-ms", "600000"}}));
  REQUIRE(f.state() == "wait");
  if (disturbed == 1)
    f.hub.restart();
  auto word = action(operator_verb::happened_unverified, "step");
  word.value = "told";
  CHECK(f.hub.operate("k", f.id, word));
  CHECK(f.state() == "told");
  CHECK(f.hub.calls.empty());
  if (disturbed == 2)
    f.hub.restart();
  CHECK(f.state() == "told");
  CHECK(f.hub.notes(f.id).find("believed") != std::string::npos);
}

TEST_CASE("an unverified word counts where the call that is out says nothing",
          "[durable][operator][unverified]") {
  fixture f(doubt_policy::replay_key);
  f.begin();
  auto word = action(operator_verb::happened_unverified, "step");
  word.value = "told";
  CHECK(f.hub.operate("k", f.id, word));
  REQUIRE(f.state() == "send");
  const bool is_lost = GENERATE(false, true);
  f.hub.answer(is_lost ? lost_call() : answer_of(200, "said"));
  CHECK(f.state() == (is_lost ? "told" : "said"));
}

TEST_CASE("an unverified word that it did not happen does it anew, under a new key",
          "[durable][operator][unverified]") {
  const int disturbed = GENERATE(0, 1);
  fixture f(doubt_policy::replay_key);
  f.begin();
  const auto key = key_of(f.hub.calls.front());
  f.hub.answer(answer_of(503, "", {{"retry-after-ms", "600000"}}));
  REQUIRE(f.state() == "wait");
  CHECK(f.hub.operate("k", f.id, action(operator_verb::not_happened_unverified, "step")));
  REQUIRE(f.state() == "send");
  if (disturbed == 1) {
    f.hub.restart(); // The new call may be out: the same new key.
    REQUIRE(f.until("send"));
  }
  CHECK(key_of(f.hub.calls.front()) != key);
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
}

TEST_CASE("an unverified word that it did not happen is nothing to a step that is not in doubt",
          "[durable][operator][unverified]") {
  fixture f;
  f.begin();
  const bool is_out = GENERATE(false, true);
  if (!is_out)
    f.hub.answer(answer_of(429, "", {{"retry-after-ms", "60000"}}));
  const auto before = f.state();
  CHECK(f.hub.operate("k", f.id, action(operator_verb::not_happened_unverified, "step")));
  CHECK(f.state() == before);
  CHECK(f.hub.notes(f.id).find("new_key") == std::string::npos);
}

TEST_CASE("a person's word about a step that is not in doubt changes nothing",
          "[durable][operator]") {
  fixture f;
  f.begin();
  const auto verb = GENERATE(operator_verb::happened, operator_verb::not_happened);
  CHECK(f.hub.operate("k", f.id, action(verb, "step")));
  REQUIRE(f.state() == "send"); // Its call is out.
  f.hub.answer(answer_of(429, "", {{"retry-after-ms", "60000"}}));
  CHECK(f.hub.operate("k", f.id, action(verb, "step")));
  CHECK(f.state() == "wait");
}

TEST_CASE("of what people did to an object the newest hundred are kept", "[durable][operator]") {
  fixture f;
  f.begin();
  for (int i = 0; i < 130; ++i)
    CHECK(f.hub.operate(
        "k", {},
        action(i % 2 == 0 ? operator_verb::pause : operator_verb::resume, std::to_string(i))));
  f.hub.restart();
  const auto state = must_state(f.hub);
  REQUIRE(state.operators.size() == journal::operator_entries_max);
  CHECK(state.operators.front().action.step == "30");
  CHECK(state.operators.back().action.step == "129");
  CHECK(state.operators.back().action.who == "ada");
  CHECK(!state.paused_by_operator);
}
