#include "actors/durable/workflow.hpp"
#include "tests/actors/host/one_thread_host.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/sim_operations.hpp"

#include <string>
#include <utility>

namespace orderhub::testing {

using durable::context;
using durable::handler_task;

namespace {

/// Charges, and says how much.
handler_task charge(context ctx, std::string amount) {
  auto done = co_await ctx.effect(shop_call(ctx.step("charge"), amount));
  if (!done)
    co_return done.failure();
  ctx.set("paid", amount);
  co_return done->text;
}

/// Charges, and is delivered ten seconds later.
handler_task deliver_later(context ctx, std::string amount) {
  auto done = co_await ctx.effect(shop_call(ctx.step("charge"), amount));
  if (!done)
    co_return done.failure();
  auto slept = co_await ctx.sleep(10'000);
  if (!slept)
    co_return slept.failure();
  ctx.set("status", "delivered");
  co_return std::string("delivered");
}

handler_task have_charged(context ctx, std::string other) {
  auto paid = co_await ctx.call({"Shop", std::move(other)}, "charge", "500");
  if (!paid)
    co_return paid.failure();
  co_return "by another: " + *paid;
}

/// Asks what has no effect that counts.
handler_task ask_rates(context ctx, std::string body) {
  operation_settings question;
  question.doubt = providers::doubt_policy::may_repeat;
  question.has_effect = false;
  question.early = true;
  auto rates = co_await ctx.effect(shop_call(ctx.step("rates"), std::move(body), question));
  if (!rates)
    co_return rates.failure();
  co_return rates->text;
}

/// Charges, and has the rates asked for by another object.
handler_task charge_and_rate(context ctx, std::string other) {
  auto done = co_await ctx.effect(shop_call(ctx.step("charge"), "500"));
  if (!done)
    co_return done.failure();
  auto rates = co_await ctx.call({"Shop", std::move(other)}, "ask_rates", "rates");
  if (!rates)
    co_return rates.failure();
  auto bought = co_await ctx.effect(shop_call(ctx.step("buy"), *rates));
  if (!bought)
    co_return bought.failure();
  co_return bought->text;
}

handler_task wait_for_person(context ctx, std::string /*body*/) {
  auto word = ctx.awakeable();
  ctx.set("ask", word.id);
  auto said = co_await word.value;
  if (!said)
    co_return said.failure();
  co_return *said;
}

/// A workflow.
handler_task run_once(context ctx, std::string /*body*/) {
  ctx.set(durable::run_entry, ctx.invocation().text());
  auto slept = co_await ctx.sleep(10'000);
  co_return std::string(slept ? "ran" : "cancelled");
}

result<std::string> show(const durable::read_view& view, std::string_view /*body*/) {
  const auto* paid = view.state.value("paid");
  return paid != nullptr ? *paid : std::string("nothing");
}

struct shop {
  one_thread_host hub;
  shop() {
    hub.handler("charge").run = &charge;
    hub.handler("charge").validate = [](std::string_view /*key*/,
                                        std::string_view body) -> result<std::string> {
      if (body.empty())
        return fail({error_kind::invalid, "charge", "amount is missing."});
      return std::string(body);
    };
    hub.handler("deliver_later").run = &deliver_later;
    hub.handler("have_charged").run = &have_charged;
    hub.handler("ask_rates").run = &ask_rates;
    hub.handler("charge_and_rate").run = &charge_and_rate;
    hub.handler("wait_for_person").run = &wait_for_person;
    hub.handler("show").read = &show;
    hub.handler("show").mode = durable::handler_mode::read;
    hub.handler("hidden").run = &charge;
    hub.handler("hidden").internal = true;
  }
};

} // namespace

// ── What leaves when ─────────────────────────────────────────────────────────────────────────

TEST_CASE("a call and a response leave only when the turn they follow from is durable",
          "[host][hosting]") {
  shop s;
  const auto caller = s.hub.call("1", "charge", "500");
  CHECK_FALSE(caller->id.empty());
  REQUIRE(s.hub.turns.size() == 1);
  CHECK(s.hub.calls.empty());
  s.hub.commit();
  REQUIRE(s.hub.calls.size() == 1);
  CHECK(s.hub.places_taken() == 1);
  CHECK(caller->status() == 0);
  s.hub.answer(answer_of(200, "paid 500"));
  CHECK(s.hub.places_taken() == 0);
  REQUIRE(s.hub.turns.size() == 1);
  CHECK(caller->status() == 0);
  CHECK(s.hub.call("1", "show", {})->body() == "nothing");
  s.hub.commit();
  CHECK(caller->status() == 200);
  CHECK(caller->body() == "paid 500");
  CHECK(s.hub.call("1", "show", {})->body() == "500");
  CHECK(s.hub.leave_memory() == 1);
}

TEST_CASE("what an input holds is let go when it is on disk", "[host][hosting]") {
  shop s;
  const auto held = std::make_shared<int>();
  s.hub.held = held;
  s.hub.call("1", "charge", "500", "a key");
  CHECK(held.use_count() == 2);
  s.hub.commit();
  CHECK(held.use_count() == 1);
  REQUIRE(s.hub.calls.size() == 1);
}

TEST_CASE("what an input holds is let go at once where it is refused or known", "[host][hosting]") {
  shop s;
  s.hub.call("1", "charge", "500", "a key");
  const auto held = std::make_shared<int>();
  s.hub.held = held;
  SECTION("a handler that there is not") {
    CHECK(s.hub.call("1", "give_back", "500")->status() == 404);
  }
  SECTION("a body that is not right") {
    CHECK(s.hub.call("1", "charge", "")->status() == 400);
  }
  SECTION("the same again") {
    s.hub.call("1", "charge", "500", "a key");
  }
  SECTION("the same with another body") {
    CHECK(s.hub.call("1", "charge", "600", "a key")->status() == 422);
  }
  SECTION("a journal that takes no writes") {
    s.hub.admission().set_stall(true, "no room");
    CHECK(s.hub.call("2", "charge", "500")->status() == 503);
  }
  CHECK(held.use_count() == 1);
}

TEST_CASE("an early call leaves before its cause is durable, and what follows from it does not",
          "[host][hosting][early]") {
  shop s;
  const auto caller = s.hub.call("1", "charge_and_rate", "2");
  s.hub.commit();
  s.hub.answer(answer_of(200, "paid"));
  REQUIRE(s.hub.turns.size() == 2); // What was paid, and the question of the other object.
  REQUIRE(s.hub.calls.size() == 1);
  CHECK(s.hub.calls.front().call.request.body == "rates");

  SECTION("its answer may come before the cause is durable") {
    s.hub.answer(answer_of(200, "cheap"));
    CHECK(s.hub.calls.empty());
    s.hub.commit();
    REQUIRE(s.hub.calls.size() == 1);
    CHECK(s.hub.calls.front().call.request.body == "cheap");
    s.hub.answer(answer_of(200, "bought"));
    s.hub.commit();
    CHECK(caller->body() == "bought");
    CHECK(s.hub.leave_memory() == 2);
  }
  SECTION("after a crash it is asked again") {
    s.hub.restart();
    s.hub.commit();
    s.hub.pass(1'000);
    s.hub.commit();
    REQUIRE(s.hub.calls.size() == 1);
    CHECK(s.hub.calls.front().call.request.body == "500"); // Under the same key.
    s.hub.answer(answer_of(200, "paid"));
    REQUIRE(s.hub.calls.size() == 1);
    CHECK(s.hub.calls.front().call.request.body == "rates");
  }
}

TEST_CASE("an early call waits for what came from outside", "[host][hosting][early]") {
  shop s;
  SECTION("to its own object") {
    s.hub.call("2", "ask_rates", "rates");
    CHECK(s.hub.calls.empty());
    s.hub.commit();
    CHECK(s.hub.calls.size() == 1);
  }
  SECTION("to an object that its own follows from") {
    s.hub.handler("pass_on").run = +[](context ctx, std::string other) -> handler_task {
      co_return co_await ctx.call({"Shop", std::move(other)}, "ask_rates", "rates");
    };
    s.hub.call("1", "pass_on", "2");
    REQUIRE(s.hub.turns.size() == 2);
    CHECK(s.hub.calls.empty());
    s.hub.commit_one();
    CHECK(s.hub.calls.empty()); // Its own turn is the second; it was held with that.
    s.hub.commit();
    CHECK(s.hub.calls.size() == 1);
  }
}

TEST_CASE("a caller who does not wait is answered when the input is durable", "[host][hosting]") {
  shop s;
  const auto caller = s.hub.call("1", "charge", "500", "key", true);
  CHECK(caller->status() == 0);
  const auto again = s.hub.call("1", "charge", "500", "key", true);
  CHECK(again->status() == 0);
  s.hub.commit();
  CHECK(caller->status() == 202);
  CHECK(caller->body().find("\"Accepted\"") != std::string::npos);
  CHECK(again->status() == 202);
  CHECK(again->body().find("PreviouslyAccepted") != std::string::npos);
  CHECK(s.hub.calls.size() == 1);
}

TEST_CASE("a message to another object goes before its turn is durable and keeps the target in "
          "memory until then",
          "[host][hosting]") {
  shop s;
  const auto caller = s.hub.call("1", "have_charged", "2");
  REQUIRE(s.hub.turns.size() == 2); // The caller's, and the one it called.
  CHECK(s.hub.in_memory() == 2);
  CHECK(s.hub.leave_memory() == 0);
  s.hub.commit_one();
  CHECK(s.hub.calls.empty());
  s.hub.commit();
  REQUIRE(s.hub.calls.size() == 1);
  CHECK(s.hub.leave_memory() == 1); // Who only waits for the other one.
  s.hub.answer(answer_of(200, "paid"));
  s.hub.commit();
  CHECK(caller->body() == "by another: paid");
}

// ── Who is answered ──────────────────────────────────────────────────────────────────────────

TEST_CASE("a second request with the same key joins the first", "[host][hosting]") {
  shop s;
  const auto first = s.hub.call("1", "charge", "500", "key");
  const auto second = s.hub.call("1", "charge", "500", "key");
  CHECK(s.hub.call("1", "charge", "700", "key")->status() == 422);
  CHECK(second->id == first->id);
  s.hub.commit();
  REQUIRE(s.hub.calls.size() == 1);
  s.hub.answer(answer_of(200, "paid"));
  SECTION("also where it comes when the first has ended and nobody knows") {
    const auto third = s.hub.call("1", "charge", "500", "key");
    CHECK(third->status() == 0);
    s.hub.commit();
    CHECK(third->body() == "paid");
  }
  s.hub.commit();
  CHECK(first->body() == "paid");
  CHECK(second->body() == "paid");
  CHECK(s.hub.call("1", "charge", "500", "key")->body() == "paid");
  CHECK(s.hub.attach(first->id, false)->body() == "paid");
  CHECK(s.hub.calls.empty());
}

TEST_CASE("what a handler calls the content of a body is what a request key compares",
          "[host][hosting]") {
  shop s;
  // `500 card-1`: how it is paid is not the content.
  s.hub.handler("charge").content = [](std::string_view body) {
    return std::string(body.substr(0, body.find(' ')));
  };
  const auto first = s.hub.call("1", "charge", "500 card-1", "key");
  CHECK(s.hub.call("1", "charge", "500 card-2", "key")->id == first->id);
  CHECK(s.hub.call("1", "charge", "700 card-1", "key")->status() == 422);
  s.hub.commit();
  REQUIRE(s.hub.calls.size() == 1);
  s.hub.answer(answer_of(200, "paid"));
  s.hub.commit();
  CHECK(first->body() == "paid");
  s.hub.restart();
  CHECK(s.hub.call("1", "charge", "500", "key")->body() == "paid");
  CHECK(s.hub.call("1", "charge", "700", "key")->status() == 422);
}

TEST_CASE("what a handler does not let wait is answered at once, and nothing of it is stored",
          "[host][hosting]") {
  shop s;
  s.hub.handler("charge").admit = [](const journal::object_state& state,
                                     std::string_view body) -> result<void> {
    if (!state.live.empty() && body == "700")
      return fail({error_kind::rejected, "charge", "700 is not taken now.", 409});
    return {};
  };
  const auto first = s.hub.call("1", "charge", "500");
  const auto refused = s.hub.call("1", "charge", "700", "key");
  CHECK(refused->status() == 409);
  CHECK(refused->body().find("700 is not taken now.") != std::string::npos);
  const auto second = s.hub.call("1", "charge", "600");
  s.hub.commit();
  s.hub.answer(answer_of(200, "paid"));
  s.hub.commit();
  CHECK(first->body() == "paid");
  s.hub.answer(answer_of(200, "paid"));
  s.hub.commit();
  CHECK(second->body() == "paid");
  // Its key was not taken either.
  const auto third = s.hub.call("1", "charge", "700", "key");
  CHECK(third->status() == 0);
  CHECK(third->id != first->id);
}

TEST_CASE("what an object has once is refused again with the first one's id", "[host][hosting]") {
  one_thread_host hub;
  auto& run = hub.handler("run");
  run.once = true;
  run.run = &run_once;
  CHECK(hub.attach_workflow("w", false)->status() == 404);
  const auto first = hub.call("w", "run", "1");
  hub.commit();
  const auto again = hub.call("w", "run", "1");
  CHECK(again->status() == 409);
  REQUIRE(again->responses.size() == 1);
  CHECK(again->responses[0].invocation_id == first->id);
  CHECK(hub.attach_workflow("w", false)->status() == 470);
  const auto attached = hub.attach_workflow("w", true);
  hub.pass(10'000);
  hub.commit();
  CHECK(first->body() == "ran");
  CHECK(attached->body() == "ran");
  hub.restart();
  const auto late = hub.call("w", "run", "2");
  CHECK(late->status() == 409);
  CHECK(late->responses[0].invocation_id == first->id);
  CHECK(hub.attach_workflow("w", false)->body() == "ran");
  CHECK(hub.attach_workflow("other", false)->status() == 404);
}

TEST_CASE("who attaches waits for the end, and who only looks is told to come again",
          "[host][hosting]") {
  shop s;
  const auto caller = s.hub.call("1", "charge", "500");
  CHECK(s.hub.attach(caller->id, true)->status() == 404); // Not known before it is durable.
  s.hub.commit();
  const auto attached = s.hub.attach(caller->id, true);
  CHECK(attached->status() == 0);
  CHECK(s.hub.attach(caller->id, false)->status() == 470);
  CHECK(s.hub.attach("inv_x", false)->status() == 400);
  s.hub.answer(answer_of(200, "paid"));
  s.hub.commit();
  CHECK(attached->body() == "paid");
}

TEST_CASE("what is not taken in stores nothing", "[host][hosting]") {
  shop s;
  CHECK(s.hub.call("1", "charge", {})->status() == 400);
  CHECK(s.hub.call("1", "hidden", "500")->status() == 404);
  CHECK(s.hub.call("1", "nothing", "500")->status() == 404);
  CHECK(s.hub.call("1", "show", {}, {}, true)->status() == 400);
  s.hub.admission().begin_drain();
  CHECK(s.hub.call("1", "charge", "500")->status() == 503);
  CHECK(s.hub.turns.empty());
  CHECK(s.hub.in_memory() == 0);
}

TEST_CASE("whose input comes while the journal takes no writes is told so", "[host][hosting]") {
  shop s;
  const auto first = s.hub.call("1", "charge", "500", "key");
  s.hub.admission().set_stall(true, "the disk is full.");
  const auto refused = s.hub.call("2", "charge", "500");
  CHECK(refused->status() == 503);
  s.hub.admission().set_stall(false, {});
  s.hub.commit();
  s.hub.answer(answer_of(200, "paid"));
  s.hub.commit();
  CHECK(first->status() == 200);
}

TEST_CASE("a person's word is acknowledged when it is durable", "[host][hosting]") {
  shop s;
  const auto caller = s.hub.call("1", "wait_for_person", {});
  s.hub.commit();
  const auto id = s.hub.value("1", "ask");
  CHECK(s.hub.leave_memory() == 1);
  const auto told = s.hub.complete_awakeable(id, "go on");
  CHECK(told->status() == 0);
  s.hub.commit();
  CHECK(told->status() == 202);
  CHECK(caller->body() == "go on");
  CHECK(s.hub.complete_awakeable(id, "stop")->status() == 202);
  CHECK(s.hub.complete_awakeable("x", {})->status() == 400);
}

// ── Out of memory, and back ──────────────────────────────────────────────────────────────────

TEST_CASE("what a person decided upon an object as it was is not done once it has moved on",
          "[host][hosting][operator]") {
  shop s;
  s.hub.call("1", "charge", "500");
  // What is on its way to the disk counts: the input, and what is recorded of the answer.
  const auto early = s.hub.operate("1", "early", {s.hub.seen("1")});
  s.hub.commit();
  CHECK(early->status() == 412);
  const auto before = s.hub.seen("1");
  REQUIRE(before.version > 0);
  s.hub.answer(answer_of(200, "paid"));
  REQUIRE(s.hub.seen("1").version == before.version);
  const auto late = s.hub.operate("1", "late", {before});
  s.hub.commit();
  CHECK(late->status() == 412);
  const auto after = s.hub.seen("1");
  CHECK(after.version > before.version);
  const auto stale = s.hub.operate("1", "stale", {before});
  s.hub.commit();
  CHECK(stale->status() == 412);
  CHECK(s.hub.seen("1").version == after.version); // Nothing of them is on record.
  const auto done = s.hub.operate("1", "done", {after});
  s.hub.commit();
  CHECK(done->status() == 202);
  CHECK(s.hub.seen("1").version == after.version + 1);
  // A repeat is the same action, whatever has come since.
  const auto again = s.hub.operate("1", "done", {after});
  s.hub.commit();
  CHECK(again->status() == 202);
  // Another object of what was seen has moved.
  const auto own = s.hub.seen("1");
  s.hub.call("2", "charge", "500");
  s.hub.commit();
  const auto other = s.hub.operate("1", "other", {own, {{"Shop", "2"}, 0}});
  s.hub.commit();
  CHECK(other->status() == 412);
}

TEST_CASE("an object leaves memory while it waits for a time and goes on from the journal",
          "[host][hosting]") {
  shop s;
  const auto caller = s.hub.call("1", "deliver_later", "500");
  CHECK(s.hub.leave_memory() == 0); // A turn is out.
  s.hub.commit();
  CHECK(s.hub.leave_memory() == 0); // A call is out.
  s.hub.answer(answer_of(200, "paid"));
  CHECK(s.hub.leave_memory() == 0);
  s.hub.commit();
  REQUIRE(s.hub.leave_memory() == 1);
  CHECK(s.hub.in_memory() == 0);
  s.hub.pass(9'000);
  CHECK(s.hub.in_memory() == 0);
  s.hub.pass(1'100);
  CHECK(s.hub.activations == 2);
  s.hub.commit();
  CHECK(caller->body() == "delivered");
  CHECK(s.hub.value("1", "status") == "delivered");
  CHECK(s.hub.calls.empty()); // The charge was replayed and not made again.
}

TEST_CASE("a process that dies keeps what it acknowledged and repeats no call that was answered",
          "[host][hosting]") {
  shop s;
  const auto caller = s.hub.call("1", "charge", "500", "key", true);
  s.hub.commit();
  REQUIRE(caller->status() == 202);
  const auto sent = s.hub.calls.front().call.request;
  SECTION("where the answer was not durable, the same bytes go again") {
    s.hub.answer(answer_of(200, "paid"));
    s.hub.restart();
    s.hub.commit();
    for (int i = 0; s.hub.calls.empty() && i < 100; ++i) {
      s.hub.pass(1'000);
      s.hub.commit();
    }
    REQUIRE(s.hub.calls.size() == 1);
    CHECK(s.hub.calls.front().call.request.body == sent.body);
    CHECK(s.hub.calls.front().call.request.headers == sent.headers);
    s.hub.answer(answer_of(200, "paid"));
    s.hub.commit();
  }
  SECTION("where it was, nothing goes") {
    s.hub.answer(answer_of(200, "paid"));
    s.hub.commit();
    s.hub.restart();
    CHECK(s.hub.calls.empty());
  }
  CHECK(s.hub.call("1", "charge", "500", "key")->body() == "paid");
  CHECK(s.hub.call("1", "show", {})->body() == "500");
}

TEST_CASE("an activation that fails is built anew and its callers are answered by the next",
          "[host][hosting]") {
  shop s;
  const auto caller = s.hub.call("1", "deliver_later", "500");
  s.hub.commit();
  s.hub.answer(answer_of(200, "paid"));
  s.hub.commit();
  s.hub.break_down("1");
  CHECK(s.hub.failures == 1);
  CHECK(caller->status() == 0);
  s.hub.pass(11'000);
  s.hub.commit();
  CHECK(s.hub.activations == 2);
  CHECK(caller->body() == "delivered");
}

TEST_CASE("a long answer is read apart and the object goes on meanwhile", "[host][hosting]") {
  shop s;
  const std::string text(providers::quickly_read_size_max, 'p');
  const auto caller = s.hub.call("1", "charge", "500");
  s.hub.commit();
  s.hub.answer(answer_of(200, text)); // Just short enough.
  CHECK(s.hub.read_apart.empty());
  s.hub.commit();
  CHECK(caller->body() == text);

  const auto second = s.hub.call("2", "charge", "500");
  s.hub.commit();
  s.hub.answer(answer_of(200, text + '!'));
  REQUIRE(s.hub.read_apart.size() == 1);
  CHECK_FALSE(s.hub.read_apart.front().reader.lookup);
  CHECK(s.hub.turns.empty());
  CHECK(s.hub.places_taken() == 1);
  CHECK(s.hub.leave_memory() == 1); // The first one; the second's call is still out.
  CHECK(s.hub.call("2", "show", {})->body() == "nothing");
  s.hub.read_one();
  CHECK(s.hub.places_taken() == 0);
  s.hub.commit();
  CHECK(second->body() == text + '!');
}

TEST_CASE("a long answer read for an activation that ended changes nothing", "[host][hosting]") {
  shop s;
  const auto caller = s.hub.call("1", "charge", "500");
  s.hub.commit();
  s.hub.answer(answer_of(200, std::string(providers::quickly_read_size_max + 1, 'p')));
  REQUIRE(s.hub.read_apart.size() == 1);
  s.hub.break_down("1");
  s.hub.read_one(); // Wakes the next activation, whose call goes out again.
  CHECK(caller->status() == 0);
  s.hub.commit();
  REQUIRE(s.hub.calls.size() == 1);
  s.hub.answer(answer_of(200, "paid"));
  s.hub.commit();
  CHECK(caller->body() == "paid");
}

TEST_CASE("an answer to a call of an earlier activation changes nothing", "[host][hosting]") {
  shop s;
  const auto caller = s.hub.call("1", "charge", "500");
  s.hub.commit();
  REQUIRE(s.hub.calls.size() == 1);
  s.hub.break_down("1");
  s.hub.answer(answer_of(402, "declined")); // Wakes the next activation, which did not ask.
  s.hub.commit();
  CHECK(s.hub.activations == 2);
  CHECK(caller->status() == 0);
  for (int i = 0; s.hub.calls.empty() && i < 100; ++i) {
    s.hub.pass(1'000);
    s.hub.commit();
  }
  REQUIRE(s.hub.calls.size() == 1);
  s.hub.answer(answer_of(200, "paid"));
  s.hub.commit();
  CHECK(caller->body() == "paid");
}

} // namespace orderhub::testing
