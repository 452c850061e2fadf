#include "actors/durable/context.hpp"
#include "actors/durable/idempotency_key.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/sim_harness.hpp"

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

/// Charges, rests, and gives back where it is cancelled; a shape like an order's.
handler_task charge_and_rest(context ctx, std::string /*body*/) {
  auto charged = co_await ctx.effect(shop_call(ctx.step("charge"), "charge"));
  if (!charged)
    co_return charged.failure();
  auto rested = co_await ctx.sleep(10'000);
  if (!rested) {
    auto refunded = co_await ctx.effect(shop_call(ctx.step("refund"), "refund"));
    co_return std::string(refunded ? "undone, refused 0" : "undone, refused 1");
  }
  auto second = co_await ctx.effect(shop_call(ctx.step("second"), "second"));
  co_return text_of(charged) + ',' + text_of(second);
}

handler_task two_waits(context ctx, std::string /*body*/) {
  auto first = co_await ctx.sleep(1'000);
  auto second = co_await ctx.sleep(1'000);
  co_return text_of(first) + ',' + text_of(second);
}

handler_task child(context ctx, std::string body) {
  auto done = co_await ctx.effect(shop_call(ctx.step("child"), body));
  if (!done)
    co_return done.failure();
  co_return done->text;
}
handler_task calls(context ctx, std::string target) {
  auto first = co_await ctx.call(sim_harness::object(target), "child", "x");
  auto second = co_await ctx.sleep(1'000);
  co_return text_of(first) + ',' + text_of(second);
}

handler_task effect_beside_call(context ctx, std::string /*body*/) {
  auto mine = ctx.effect(shop_call(ctx.step("mine"), "mine"));
  auto theirs = ctx.call(sim_harness::object("b"), "child", "theirs");
  auto a = co_await std::move(mine);
  auto b = co_await std::move(theirs);
  auto c = co_await ctx.sleep(1'000);
  co_return text_of(a) + ',' + text_of(b) + ',' + text_of(c);
}

handler_task cancel_object(context ctx, std::string body) {
  const auto slash = body.find('/');
  ctx.cancel(sim_harness::object(body.substr(0, slash)),
             *invocation_id::parse(body.substr(slash + 1)));
  co_return std::string("asked");
}
handler_task cancel_mine(context ctx, std::string /*body*/) {
  ctx.cancel_running();
  co_return std::string("asked");
}
handler_task promise_and_effect(context ctx, std::string /*body*/) {
  auto promise = ctx.awakeable();
  auto got = co_await std::move(promise.value);
  auto after = co_await ctx.effect(shop_call(ctx.step("after"), "after"));
  co_return text_of(got) + ',' + text_of(after);
}
handler_task effect_in_time(context ctx, std::string /*body*/) {
  auto step = ctx.effect(shop_call(ctx.step("slow"), "slow"));
  auto r = co_await step.within(5'000);
  std::string text = !r ? "failed" : *r ? (*r)->text : "late";
  auto next = co_await ctx.sleep(1'000);
  co_return text + ',' + text_of(next);
}

struct fixture {
  sim_harness hub;
  fixture() {
    hub.exclusive("order", &charge_and_rest);
    hub.exclusive("two_waits", &two_waits);
    hub.exclusive("child", &child);
    hub.exclusive("calls", &calls);
    hub.exclusive("beside", &effect_beside_call);
    hub.exclusive("promise", &promise_and_effect);
    hub.exclusive("in_time", &effect_in_time);
    hub.exclusive("cancel", &cancel_object);
    hub.shared("cancel_mine", &cancel_mine);
  }
};

} // namespace

TEST_CASE("a cancel before its invocation began ends it without running it", "[durable][cancel]") {
  fixture f;
  auto& hub = f.hub;
  const auto running = hub.send("k", "order");
  const auto waiting = hub.send("k", "order");
  const auto delayed = hub.send("k", "order", "", 60'000);
  const auto called = hub.send("c", "calls", "k");
  const bool restart = GENERATE(false, true);
  hub.cancel("k", waiting);
  hub.cancel("k", delayed);
  hub.cancel("k", called.child(1));
  if (restart)
    hub.restart();
  for (const auto& id : {waiting, delayed}) {
    REQUIRE(hub.outcome(id));
    CHECK(text_of(*hub.outcome(id)) == "!cancelled");
  }
  hub.advance(1'000);
  CHECK(text_of(*hub.outcome(called)) == "!cancelled,null");
  CHECK(!hub.outcome(running));
  CHECK(hub.calls.size() == 1);
  CHECK(hub.machine("k").state().live.size() == 1);
}

TEST_CASE("a cancel while an effect is in flight lets it finish, and the next wait tells",
          "[durable][cancel]") {
  fixture f;
  auto& hub = f.hub;
  const auto id = hub.send("k", "order");
  const int restart_at = GENERATE(range(0, 4));
  CAPTURE(restart_at);
  hub.cancel("k", id);
  CHECK(!hub.outcome(id));
  if (restart_at == 1)
    hub.restart();
  REQUIRE(hub.calls.size() == 1);
  hub.answer(answer_of(200, "charged"));
  if (restart_at == 2)
    hub.restart();
  REQUIRE(hub.calls.size() == 1);
  CHECK(hub.calls.front().request.body == "refund");
  // The undo is retried: the cancel that began it does not end it.
  hub.answer(answer_of(429, "", {{"retry-after-ms", "20000"}}));
  if (restart_at == 3)
    hub.restart();
  CHECK(!hub.outcome(id));
  hub.advance(25'000);
  REQUIRE(hub.calls.size() == 1);
  CHECK(hub.calls.front().request.body == "refund");
  hub.answer(answer_of(200, "refunded"));
  REQUIRE(hub.outcome(id));
  CHECK(text_of(*hub.outcome(id)) == "undone, refused 0");
}

TEST_CASE("a cancel during a sleep undoes at once, and the undo survives retries and restarts",
          "[durable][cancel]") {
  fixture f;
  auto& hub = f.hub;
  const auto id = hub.send("k", "order");
  hub.answer(answer_of(200, "charged"));
  CHECK(hub.kinds(id) == "effect completion sleep");
  const bool restart = GENERATE(false, true);
  hub.cancel("k", id);
  REQUIRE(hub.calls.size() == 1);
  hub.answer(unsent_call());
  if (restart)
    hub.restart();
  else
    hub.advance(5'000);
  REQUIRE(hub.calls.size() == 1);
  CHECK(hub.calls.front().request.body == "refund");
  CHECK(key_of(hub.calls.front()) ==
        durable::idempotency_key(hub.journal->hub(), hub.object("k"), "refund", "1"));
  hub.answer(answer_of(200, "refunded"));
  CHECK(text_of(*hub.outcome(id)) == "undone, refused 0");
}

TEST_CASE("a cancel while a step waits for its retry ends the step: nothing happened",
          "[durable][cancel]") {
  fixture f;
  auto& hub = f.hub;
  const auto id = hub.send("k", "order");
  const bool long_wait = GENERATE(false, true);
  const bool restart = GENERATE(false, true);
  CAPTURE(long_wait, restart);
  hub.answer(answer_of(429, "", {{"retry-after-ms", long_wait ? "60000" : "500"}}));
  if (long_wait && restart)
    hub.restart();
  hub.cancel("k", id);
  REQUIRE(hub.outcome(id));
  CHECK(text_of(*hub.outcome(id)) == "!cancelled");
  CHECK(hub.calls.empty());
}

TEST_CASE("a cancel in doubt completions first", "[durable][cancel]") {
  fixture f;
  auto& hub = f.hub;
  const auto id = hub.send("k", "order");
  hub.answer(lost_call());
  hub.cancel("k", id);
  CHECK(!hub.outcome(id));
  const bool restart = GENERATE(false, true);
  if (restart)
    hub.restart();
  hub.advance(2'000);
  REQUIRE(hub.calls.size() == 1);
  CHECK(hub.calls.front().request.body == "charge");
  SECTION("it had happened: it is undone") {
    hub.answer(answer_of(200, "charged"));
    hub.answer(answer_of(200, "refunded"));
    CHECK(text_of(*hub.outcome(id)) == "undone, refused 0");
  }
  SECTION("the vendor decided against it") {
    hub.answer(answer_of(402));
    CHECK(text_of(*hub.outcome(id)) == "!rejected");
  }
}

TEST_CASE("a cancel is met once", "[durable][cancel]") {
  fixture f;
  auto& hub = f.hub;
  const auto id = hub.send("k", "two_waits");
  const bool restart = GENERATE(false, true);
  hub.cancel("k", id);
  hub.cancel("k", id);
  if (restart)
    hub.restart();
  CHECK(hub.kinds(id) == "sleep cancel sleep");
  hub.cancel("k", id);
  hub.advance(1'000);
  CHECK(text_of(*hub.outcome(id)) == "!cancelled,null");
}

TEST_CASE("a cancel while a call is waited for ends the wait and not the callee",
          "[durable][cancel]") {
  fixture f;
  auto& hub = f.hub;
  const auto id = hub.send("a", "calls", "b");
  hub.cancel("a", id);
  hub.advance(1'000);
  CHECK(text_of(*hub.outcome(id)) == "!cancelled,null");
  CHECK(!hub.outcome(id.child(1)));
  hub.answer(answer_of(200, "v"));
  CHECK(text_of(*hub.outcome(id.child(1))) == "v");
}

TEST_CASE("a cancelled callee does not use up its caller's cancel", "[durable][cancel]") {
  fixture f;
  auto& hub = f.hub;
  const auto id = hub.send("a", "beside");
  REQUIRE(hub.calls.size() == 2);
  const bool restart = GENERATE(false, true);
  hub.cancel("a", id);
  auto mine = hub.calls[0].request.body == "mine" ? hub.calls[0] : hub.calls[1];
  auto theirs = hub.calls[0].request.body == "mine" ? hub.calls[1] : hub.calls[0];
  hub.cancel("b", id.child(2));
  hub.answer(theirs, answer_of(429)); // Nothing happened: its cancel ends it.
  CHECK(text_of(*hub.outcome(id.child(2))) == "!cancelled");
  if (restart) {
    hub.restart();
    REQUIRE(hub.calls.size() == 1);
    mine = hub.calls.front();
  }
  hub.answer(mine, answer_of(200, "m"));
  REQUIRE(hub.outcome(id)); // Cancelled: it does not sleep.
  CHECK(text_of(*hub.outcome(id)) == "m,!cancelled,!cancelled");
}

TEST_CASE("an awakeable's wait ends by cancel, and what comes after it is whole",
          "[durable][cancel]") {
  fixture f;
  auto& hub = f.hub;
  const auto id = hub.send("k", "promise");
  hub.cancel("k", id);
  REQUIRE(hub.calls.size() == 1);
  CHECK(hub.complete(awakeable_id{id, 1}.text(), std::string("late")) ==
        durable::awakeable_verdict::completed);
  hub.restart();
  REQUIRE(hub.calls.size() == 1);
  hub.answer(answer_of(200, "v"));
  CHECK(text_of(*hub.outcome(id)) == "!cancelled,v");
}

TEST_CASE("a time limit on an effect does not make its doubt cancellable", "[durable][cancel]") {
  fixture f;
  auto& hub = f.hub;
  const auto id = hub.send("k", "in_time");
  hub.cancel("k", id);
  CHECK(hub.kinds(id) == "effect sleep cancel");
  const bool restart = GENERATE(false, true);
  if (restart)
    hub.restart();
  hub.answer(answer_of(200, "v"));
  REQUIRE(hub.outcome(id));
  CHECK(text_of(*hub.outcome(id)) == "v,!cancelled");
}

TEST_CASE("cancel_running cancels what runs exclusively, in the same turn", "[durable][cancel]") {
  fixture f;
  auto& hub = f.hub;
  SECTION("it runs") {
    const auto id = hub.send("k", "two_waits");
    hub.send("k", "cancel_mine");
    CHECK(hub.kinds(id) == "sleep cancel sleep");
  }
  SECTION("nothing runs") {
    const auto id = hub.send("k", "cancel_mine");
    CHECK(hub.outcome(id));
  }
}

TEST_CASE("a cancel of another object's invocation is not lost with the process",
          "[durable][cancel]") {
  fixture f;
  auto& hub = f.hub;
  const auto id = hub.send("k", "two_waits");
  const bool reach = GENERATE(true, false);
  CAPTURE(reach);
  if (reach) {
    const auto asker = hub.send("other", "cancel", "k/" + id.text());
    CHECK(hub.outcome(asker));
  } else {
    // The asker's turn is committed; the process dies before the target heard of it.
    auto& asker = hub.machine("other");
    journal::input_payload in;
    in.handler = "cancel";
    in.body = "k/" + id.text();
    REQUIRE(asker.on_input(invocation_id::make(hub.time.wall_ms(), hub.random), in).kind ==
            durable::verdict_kind::accepted);
    auto out = asker.take();
    REQUIRE(out.messages.size() == 1);
    std::vector<journal::turn> turns;
    turns.push_back(std::move(out.turn));
    REQUIRE(hub.journal->commit(turns));
    hub.restart();
  }
  CHECK(hub.kinds(id) == "sleep cancel sleep");
  hub.advance(1'000);
  CHECK(text_of(*hub.outcome(id)) == "!cancelled,null");
}
