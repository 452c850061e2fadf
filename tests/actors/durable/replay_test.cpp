#include "actors/durable/context.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/sim_harness.hpp"

#include <stdexcept>

using namespace orderhub;
using namespace orderhub::testing;
using durable::context;
using durable::handler_task;

namespace {

std::string text_of(const result<text_value>& r) {
  return r ? r->text : std::string("!") + name_of(r.error().kind);
}
std::string text_of(const result<std::string>& r) {
  return r ? *r : std::string("!") + name_of(r.error().kind);
}

handler_task two_at_once(context ctx, std::string /*body*/) {
  auto a = ctx.effect(shop_call(ctx.step("a"), "first"));
  auto b = ctx.effect(shop_call(ctx.step("b"), "second"));
  auto both = co_await durable::when_all(std::move(a), std::move(b));
  auto c = co_await ctx.effect(shop_call(ctx.step("c"), "third"));
  co_return text_of(std::get<0>(both)) + ',' + text_of(std::get<1>(both)) + ',' + text_of(c);
}

handler_task one_effect(context ctx, std::string body) {
  auto a = co_await ctx.effect(shop_call(ctx.step("a"), body));
  if (!a)
    co_return a.failure();
  co_return a->text;
}

handler_task state_walk(context ctx, std::string /*body*/) {
  auto before = co_await ctx.get("entry");
  ctx.set("entry", "one");
  auto after = co_await ctx.get("entry");
  auto slept = co_await ctx.sleep(1'000);
  if (!slept)
    co_return slept.failure();
  ctx.clear("entry");
  ctx.merge("tags", "x");
  ctx.merge("tags", "y");
  auto cleared = co_await ctx.get("entry");
  auto tags = co_await ctx.get("tags");
  co_return before.value_or("-") + ',' + after.value_or("-") + ',' + cleared.value_or("-") + ',' +
      tags.value_or("-");
}

int runs = 0;
result<std::string> count_run(std::string text) {
  ++runs;
  return text + std::to_string(runs);
}
handler_task runs_once(context ctx, std::string /*body*/) {
  auto first = co_await ctx.run("first", &count_run, std::string("r"));
  auto slept = co_await ctx.sleep(1'000);
  if (!slept)
    co_return slept.failure();
  auto second = co_await ctx.run("second", &count_run, std::string("s"));
  auto at = co_await ctx.time();
  co_return text_of(first) + ',' + text_of(second) + ',' + text_of(at);
}

handler_task throws_at_once(context ctx, std::string /*body*/) {
  ctx.set("before", "1");
  throw std::runtime_error("a bug");
  co_return std::string(ctx.key());
}
struct not_an_exception {};
handler_task throws_something_else(context ctx, std::string /*body*/) {
  ctx.set("before", "1");
  throw not_an_exception{};
  co_return std::string(ctx.key());
}
handler_task throws_no_more(context ctx, std::string /*body*/) {
  ctx.set("before", "1");
  auto promise = ctx.awakeable();
  auto value = co_await std::move(promise.value);
  co_return text_of(value);
}

handler_task waits_then_throws(context ctx, std::string /*body*/) {
  auto promise = ctx.awakeable();
  auto a = co_await ctx.effect(shop_call(ctx.step("a"), "x"));
  if (a && a->text == "done")
    throw std::runtime_error("a bug");
  co_return text_of(a);
}
handler_task waits_no_longer_throws(context ctx, std::string /*body*/) {
  auto promise = ctx.awakeable();
  auto a = co_await ctx.effect(shop_call(ctx.step("a"), "x"));
  ctx.set("fixed", "1");
  auto value = co_await std::move(promise.value);
  co_return text_of(a) + ',' + text_of(value);
}

handler_task awaits_promise(context ctx, std::string /*body*/) {
  auto promise = ctx.awakeable();
  ctx.set("id", promise.id);
  auto value = co_await std::move(promise.value);
  co_return text_of(value);
}

handler_task effect_in_time(context ctx, std::string /*body*/) {
  auto step = ctx.effect(shop_call(ctx.step("slow"), "x"));
  auto r = co_await step.within(2'000);
  std::string text = !r ? "failed" : *r ? (*r)->text : "late";
  auto after = co_await ctx.effect(shop_call(ctx.step("after"), text));
  co_return text + ',' + text_of(after);
}

handler_task nested_part(context ctx, std::string step) {
  auto a = co_await ctx.effect(shop_call(ctx.step(step), step));
  co_return text_of(a);
}
handler_task nested(context ctx, std::string /*body*/) {
  auto one = co_await nested_part(ctx, "one");
  auto two = co_await nested_part(ctx, "two");
  co_return text_of(one) + ',' + text_of(two);
}

handler_task sleeps_twice(context ctx, std::string /*body*/) {
  auto a = co_await ctx.sleep(10'000);
  auto b = co_await ctx.sleep(10'000);
  co_return text_of(a) + ',' + text_of(b);
}

handler_task leaves_an_effect(context ctx, std::string /*body*/) {
  auto step = ctx.effect(shop_call(ctx.step("left"), "x"));
  auto in_time = co_await step.within(100);
  co_return std::string(in_time && *in_time ? "done" : "not waited for");
}

} // namespace

TEST_CASE("parallel steps replay right whatever order they finished in", "[durable][replay]") {
  const bool second_first = GENERATE(false, true);
  const int restart_after = GENERATE(range(0, 4));
  CAPTURE(second_first, restart_after);
  sim_harness hub;
  hub.exclusive("run", &two_at_once);
  const auto id = hub.send("k", "run");
  int finished = 0;
  while (!hub.outcome(id)) {
    if (finished == restart_after)
      hub.restart();
    REQUIRE(!hub.calls.empty());
    const bool pick_last = second_first && hub.calls.size() == 2;
    auto call = pick_last ? hub.calls.back() : hub.calls.front();
    pick_last ? hub.calls.pop_back() : hub.calls.pop_front();
    hub.answer(call, answer_of(200, "ok-" + call.request.body));
    REQUIRE(++finished < 10);
  }
  CHECK(text_of(*hub.outcome(id)) == "ok-first,ok-second,ok-third");
  CHECK(hub.paused(id).empty());
}

TEST_CASE("an answered step is never sent again after a restart", "[durable][replay]") {
  sim_harness hub;
  hub.exclusive("run", &two_at_once);
  const auto id = hub.send("k", "run");
  hub.answer(answer_of(200, "A"));
  hub.answer(answer_of(200, "B"));
  REQUIRE(hub.calls.size() == 1);
  hub.restart();
  REQUIRE(hub.calls.size() == 1);
  CHECK(hub.calls.front().request.body == "third");
  hub.answer(answer_of(200, "C"));
  CHECK(text_of(*hub.outcome(id)) == "A,B,C");
}

TEST_CASE("state entries replay with the values they had", "[durable][replay]") {
  const bool restart = GENERATE(false, true);
  sim_harness hub;
  hub.services.services["S"].merge = [](std::string_view, const std::string* current,
                                        std::string_view delta) {
    return (current != nullptr ? *current : std::string()) + std::string(delta);
  };
  hub.exclusive("run", &state_walk);
  const auto id = hub.send("k", "run");
  CHECK(hub.value("k", "entry") == "one");
  if (restart)
    hub.restart();
  else
    hub.reactivate("k");
  hub.advance(1'000);
  REQUIRE(hub.outcome(id));
  CHECK(text_of(*hub.outcome(id)) == "-,one,-,xy");
  CHECK(hub.value("k", "entry").empty());
  CHECK(hub.value("k", "tags") == "xy");
}

TEST_CASE("local work is done once and journal time is recorded", "[durable][replay]") {
  runs = 0;
  sim_harness hub;
  hub.exclusive("run", &runs_once);
  const auto id = hub.send("k", "run");
  hub.restart();
  hub.advance(1'000);
  CHECK(text_of(*hub.outcome(id)) == "r1,s2,1700000001001");
  CHECK(runs == 2);
}

TEST_CASE("replay that meets other code pauses that invocation and says what it met",
          "[durable][replay]") {
  sim_harness hub;
  hub.exclusive("run", &one_effect);
  const auto id = hub.send("k", "run", "x");
  const auto other = hub.send("k2", "run", "x");
  hub.calls.clear();

  SECTION("another kind of command") {
    hub.exclusive("run", &state_walk);
    hub.restart();
    CHECK(hub.paused(id) == "the journal holds effect \"a\" at index 1, this program asks for get "
                            "\"entry\" at index 1");
  }
  SECTION("another name") {
    hub.exclusive("run", &two_at_once);
    // `two_at_once` asks for the same first step; its second does not meet the journal's end.
    hub.restart();
    CHECK(hub.paused(id).empty());
    hub.answer(answer_of(200, "A"));
    hub.exclusive("run", &nested);
    hub.restart();
    CHECK(hub.paused(id).find("effect \"a\" at index 1") != std::string::npos);
    CHECK(hub.paused(id).find("effect \"one\" at index 1") != std::string::npos);
  }
  SECTION("other objects go on, and so does this one with the right program") {
    hub.exclusive("run", &state_walk);
    hub.restart();
    const auto fresh = hub.send("k3", "run");
    hub.advance(1'000);
    CHECK(hub.outcome(fresh));
    CHECK(hub.machine("k").paused().size() == 1);
    CHECK(!hub.machine("k").due());
    CHECK(hub.machine("k").suspendable());
    hub.exclusive("run", &one_effect);
    hub.restart();
    REQUIRE(hub.calls.size() == 2);
    hub.answer(answer_of(200, "one"));
    hub.answer(answer_of(200, "two"));
    CHECK(hub.outcome(id));
    CHECK(hub.outcome(other));
    CHECK(hub.paused(id).empty());
  }
}

TEST_CASE("a handler that ends before its journal does is paused", "[durable][replay]") {
  sim_harness hub;
  hub.exclusive("run", &two_at_once);
  const auto id = hub.send("k", "run");
  hub.answer(answer_of(200, "A"));
  hub.exclusive(
      "run", +[](context, std::string) -> handler_task { co_return std::string("early"); });
  hub.restart();
  CHECK(hub.paused(id).find("effect \"a\" at index 1") != std::string::npos);
  CHECK(!hub.outcome(id));
}

TEST_CASE("a handler that throws pauses its invocation with what it said", "[durable][replay]") {
  sim_harness hub;
  const bool std_exception = GENERATE(true, false);
  hub.exclusive("run", std_exception ? &throws_at_once : &throws_something_else);
  const auto id = hub.send("k", "run");
  const auto behind = hub.send("k", "run");
  CHECK(hub.paused(id).find(std_exception ? "a bug" : "threw") != std::string::npos);
  CHECK(hub.paused(behind).empty()); // Waits behind it: one at a time, in order.
  hub.restart();
  CHECK(!hub.paused(id).empty());
  CHECK(hub.kinds(id) == hub.kinds(id));

  hub.exclusive("run", &throws_no_more);
  hub.restart();
  CHECK(hub.paused(id).empty());
  CHECK(hub.complete(awakeable_id{id, 1}.text(), std::string("v")) ==
        durable::awakeable_verdict::completed);
  CHECK(text_of(*hub.outcome(id)) == "v");
  CHECK(!hub.outcome(behind));
}

TEST_CASE("what arrives for a paused invocation is kept and replayed by the fixed handler",
          "[durable][replay]") {
  sim_harness hub;
  hub.exclusive("run", &waits_then_throws);
  const auto id = hub.send("k", "run");
  hub.answer(answer_of(200, "done"));
  REQUIRE(!hub.paused(id).empty());
  const bool restart_first = GENERATE(false, true);
  if (restart_first)
    hub.restart();
  CHECK(hub.complete(awakeable_id{id, 1}.text(), std::string("kept")) ==
        durable::awakeable_verdict::completed);
  CHECK(hub.complete(awakeable_id{id, 1}.text(), std::string("again")) ==
        durable::awakeable_verdict::already);
  CHECK(!hub.paused(id).empty()); // Still paused: nobody has fixed it.

  hub.exclusive("run", &waits_no_longer_throws);
  hub.restart();
  REQUIRE(hub.outcome(id));
  CHECK(text_of(*hub.outcome(id)) == "done,kept");
}

TEST_CASE("an awakeable for a service this program lost is kept", "[durable][replay]") {
  sim_harness hub;
  hub.exclusive("run", &awaits_promise);
  const auto id = hub.send("k", "run");
  auto saved = hub.services.services["S"].handlers["run"];
  hub.services.services["S"].handlers.clear();
  hub.restart();
  static_cast<void>(hub.machine("k")); // It waits for someone outside, so nothing else wakes it.
  CHECK(!hub.paused(id).empty());
  CHECK(hub.complete(awakeable_id{id, 1}.text(), std::string("v")) ==
        durable::awakeable_verdict::completed);
  hub.services.services["S"].handlers["run"] = saved;
  hub.restart();
  REQUIRE(hub.outcome(id));
  CHECK(text_of(*hub.outcome(id)) == "v");
}

TEST_CASE("an awakeable is completed once, and one nobody made is unknown",
          "[durable][awakeable]") {
  sim_harness hub;
  hub.exclusive("run", &awaits_promise);
  const auto id = hub.send("k", "run");
  const auto name = hub.value("k", "id");
  CHECK(name == awakeable_id{id, 1}.text());
  CHECK(hub.complete(awakeable_id{id, 2}.text(), std::string("v")) ==
        durable::awakeable_verdict::unknown);
  const bool reject = GENERATE(false, true);
  CHECK(hub.complete(name,
                     reject ? result<std::string>(fail({error_kind::rejected, "t", "no", 400}))
                            : result<std::string>("yes")) == durable::awakeable_verdict::completed);
  CHECK(text_of(*hub.outcome(id)) == (reject ? "!rejected" : "yes"));
  CHECK(hub.complete(name, std::string("twice")) == durable::awakeable_verdict::already);
  CHECK(hub.complete(awakeable_id{id, 9}.text(), std::string("v")) ==
        durable::awakeable_verdict::unknown);
  hub.restart();
  CHECK(hub.complete(name, std::string("thrice")) == durable::awakeable_verdict::already);
}

TEST_CASE("a sleep survives restarts and ends at its time", "[durable][sleep]") {
  sim_harness hub;
  hub.exclusive("run", &sleeps_twice);
  const auto id = hub.send("k", "run");
  hub.advance(4'000);
  hub.restart();
  hub.machine("k");
  hub.advance(5'999);
  CHECK(hub.kinds(id) == "sleep");
  hub.advance(1);
  CHECK(hub.kinds(id) == "sleep completion sleep");
  hub.time.advance(60'000); // Down for a minute: due when it comes back.
  hub.restart();
  CHECK(text_of(*hub.outcome(id)) == "null,null");
}

TEST_CASE("within gives the value in time or nothing, and replays as it was", "[durable][within]") {
  const bool in_time = GENERATE(true, false);
  const int restart_at = GENERATE(range(0, 3));
  CAPTURE(in_time, restart_at);
  sim_harness hub;
  hub.exclusive("run", &effect_in_time);
  const auto id = hub.send("k", "run");
  if (restart_at == 0)
    hub.restart(); // The same key, the same bytes: one call in flight again.
  REQUIRE(hub.calls.size() == 1);
  auto slow = hub.calls.front();
  hub.calls.pop_front();
  if (in_time)
    hub.answer(slow, answer_of(200, "value"));
  else
    hub.advance(2'000);
  REQUIRE(hub.calls.size() == 1);
  CHECK(hub.calls.front().request.body == (in_time ? "value" : "late"));
  if (restart_at == 1) {
    hub.restart();
    // Late: the step that nobody waits for any more is resolved all the same.
    REQUIRE(hub.calls.size() == (in_time ? 1 : 2));
    if (!in_time) {
      slow = hub.calls.front();
      hub.calls.pop_front();
    }
  }
  hub.answer(answer_of(200, "after"));
  if (!in_time) {
    CHECK(!hub.outcome(id)); // Doubt is not abandoned: it ends when its last effect is resolved.
    if (restart_at == 2) {
      hub.restart();
      REQUIRE(hub.calls.size() == 1);
      hub.answer(answer_of(200, "value"));
    } else {
      hub.answer(slow, answer_of(200, "value"));
    }
  }
  REQUIRE(hub.outcome(id));
  CHECK(text_of(*hub.outcome(id)) == (in_time ? "value,after" : "late,after"));
}

TEST_CASE("an invocation ends only when its last effect is resolved", "[durable][within]") {
  sim_harness hub;
  hub.exclusive("run", &leaves_an_effect);
  const auto id = hub.send("k", "run");
  hub.advance(100);
  CHECK(!hub.outcome(id));
  CHECK(!hub.machine("k").suspendable());
  SECTION("answered") {
    hub.answer(answer_of(200, "x"));
  }
  SECTION("answered after a restart") {
    hub.restart();
    REQUIRE(hub.calls.size() == 1);
    hub.answer(answer_of(200, "x"));
  }
  SECTION("cancelled meanwhile") {
    hub.cancel("k", id);
    hub.restart();
    hub.answer(answer_of(200, "x"));
  }
  REQUIRE(hub.outcome(id));
  CHECK(text_of(*hub.outcome(id)) == "not waited for");
  CHECK(hub.paused(id).empty());
}

TEST_CASE("nested coroutines are steps of one invocation", "[durable][replay]") {
  sim_harness hub;
  hub.exclusive("run", &nested);
  const auto id = hub.send("k", "run");
  hub.answer(answer_of(200, "1"));
  hub.restart();
  REQUIRE(hub.calls.size() == 1);
  hub.answer(answer_of(200, "2"));
  CHECK(text_of(*hub.outcome(id)) == "1,2");
}

TEST_CASE("two hosts with the same journal derive the same records", "[durable][replay]") {
  auto journal_of = [](bool with_restarts) {
    sim_harness hub;
    hub.exclusive("run", &two_at_once);
    const auto id = hub.send("k", "run");
    for (const char* value : {"A", "B", "C"}) {
      hub.answer(answer_of(200, value));
      if (with_restarts)
        hub.reactivate("k2");
    }
    return hub.entries(id);
  };
  const auto plain = journal_of(false);
  CHECK(plain == journal_of(true));
  CHECK(plain.size() == 6);
}
