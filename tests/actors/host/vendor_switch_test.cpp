#include "actors/host/vendor_switch.hpp"
#include "tests/actors/host/one_thread_host.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/sim_operations.hpp"

#include <string>
#include <utility>

// What is queued at the gate is no call yet, and what a person decided about a vendor holds.
namespace orderhub::testing {

using durable::context;
using durable::handler_task;
using host::vendor_hold;
using host::vendor_verb;

namespace {

handler_task charge(context ctx, std::string amount) {
  auto done = co_await ctx.effect(shop_call(ctx.step("charge"), amount));
  if (!done)
    co_return done.failure();
  co_return done->text;
}

handler_task give_way(context ctx, std::string amount) {
  auto call = shop_call(ctx.step("charge"), amount);
  call.raw.gives_way = true;
  auto done = co_await ctx.effect(std::move(call));
  if (!done)
    co_return "given up: " + done.error().message;
  co_return done->text;
}

handler_task cancel(context ctx, std::string /*body*/) {
  ctx.cancel_running();
  co_return std::string("asked");
}

struct shop {
  one_thread_host hub;
  explicit shop(host::gate_limits places = {}, host::call_limits rates = {}) {
    hub.places = places;
    hub.rates = std::move(rates);
    hub.handler("charge").run = &charge;
    hub.handler("give_way").run = &give_way;
    hub.handler("cancel").run = &cancel;
    hub.handler("cancel").mode = durable::handler_mode::shared;
  }
};

} // namespace

TEST_CASE("a queued call is not out, is recalled by a cancel, and goes in its turn otherwise",
          "[host][place]") {
  shop s({.effects = 1});
  auto first = s.hub.call("a", "charge", "1");
  s.hub.commit();
  auto second = s.hub.call("b", "charge", "2");
  auto third = s.hub.call("c", "charge", "3");
  s.hub.commit();
  REQUIRE(s.hub.calls.size() == 1);
  CHECK(s.hub.vendor().in_flight[0] == 1);
  CHECK(s.hub.vendor().queued[0] == 2);
  CHECK(s.hub.leave_memory() == 2); // Nothing of them is in memory but a place in the queue.

  auto asked = s.hub.call("b", "cancel", "");
  s.hub.commit();
  CHECK(asked->status() == 200);
  CHECK(second->status() == 409); // Cancelled, and nothing was ever sent for it.
  CHECK(s.hub.vendor().queued[0] == 1);

  s.hub.answer(answer_of(200, "one"));
  s.hub.commit();
  CHECK(first->body() == "one");
  REQUIRE(s.hub.calls.size() == 1);
  CHECK(s.hub.calls.front().call.request.body == "3");
  s.hub.answer(answer_of(200, "three"));
  s.hub.commit();
  CHECK(third->body() == "three");
  CHECK(s.hub.calls.empty());
}

TEST_CASE("who waits for a limit waits through a restart, and keeps to it",
          "[host][place][limiter]") {
  shop s({}, {{"shop", {{"write", {10, 1'000}}}}});
  std::vector<one_thread_host::caller> callers;
  for (int n = 0; n < 30; ++n)
    callers.push_back(s.hub.call("k" + std::to_string(n), "charge", std::to_string(n), {}, true));
  s.hub.commit();
  CHECK(s.hub.calls.empty());
  if (GENERATE(false, true))
    s.hub.restart();
  std::size_t sent = 0;
  for (int ms = 0; ms < 6'000; ms += 50) {
    const auto before = sent;
    s.hub.pass(50);
    s.hub.commit();
    while (!s.hub.calls.empty()) {
      ++sent;
      s.hub.answer(answer_of(200, "ok"));
      s.hub.commit();
    }
    CHECK(sent - before <= 3);
  }
  CHECK(sent == 30);
}

TEST_CASE("a vendor that refuses for its limit holds its class, and no order ends for it",
          "[host][place][limiter]") {
  shop s;
  auto first = s.hub.call("a", "charge", "1");
  auto second = s.hub.call("b", "charge", "2");
  s.hub.commit();
  REQUIRE(s.hub.calls.size() == 2);
  s.hub.answer(answer_of(429, "", {{"retry-after-ms", "5000"}}));
  s.hub.answer(answer_of(429));
  auto third = s.hub.call("c", "charge", "3");
  s.hub.commit();
  CHECK(s.hub.calls.empty());
  CHECK(s.hub.vendor().queued[0] ==
        2); // What was told to wait for so long notes it in the journal.
  CHECK(s.hub.leave_memory() == 3);
  s.hub.pass(4'999);
  s.hub.commit();
  CHECK(s.hub.calls.empty());
  // Then evenly: it went at two in that second, so at one from now on.
  std::size_t sent = 0;
  for (int ms = 0; ms < 5'000; ms += 100) {
    s.hub.pass(100);
    s.hub.commit();
    CHECK(s.hub.calls.size() <= 1);
    while (!s.hub.calls.empty()) {
      ++sent;
      s.hub.answer(answer_of(200, "ok"));
      s.hub.commit();
    }
  }
  CHECK(sent == 3);
  for (const auto& caller : {first, second, third})
    CHECK(caller->body() == "ok");
}

TEST_CASE("a pause of a vendor holds when it is durable, and over restarts", "[host][operator]") {
  shop s;
  auto paused = s.hub.operate_vendor(vendor_verb::pause);
  CHECK(paused->status() == 0);
  CHECK(s.hub.vendor().hold == vendor_hold::none); // Not durable yet.
  s.hub.commit();
  CHECK(paused->status() == 202);
  CHECK(s.hub.vendor().hold == vendor_hold::paused_by_operator);
  auto order = s.hub.call("a", "charge", "1");
  s.hub.commit();
  CHECK(s.hub.calls.empty());
  s.hub.restart();
  CHECK(s.hub.vendor().hold == vendor_hold::paused_by_operator);
  s.hub.pass(3'600'000);
  s.hub.commit();
  CHECK(s.hub.calls.empty());
  auto resumed = s.hub.operate_vendor(vendor_verb::resume);
  s.hub.commit();
  CHECK(resumed->status() == 202);
  REQUIRE(s.hub.calls.size() == 1);
  s.hub.answer(answer_of(200, "ok"));
  s.hub.commit();
  s.hub.restart();
  CHECK(s.hub.vendor().hold == vendor_hold::none);
}

TEST_CASE("who can be done by another vendor does not wait behind a hold", "[host][operator]") {
  const auto verb = GENERATE(vendor_verb::pause, vendor_verb::open);
  shop s({.effects = 1});
  auto out = s.hub.call("a", "charge", "1");
  s.hub.commit();
  auto stays = s.hub.call("b", "charge", "2");
  auto gives_way = s.hub.call("c", "give_way", "3");
  s.hub.commit();
  CHECK(gives_way->status() == 0); // For a place it waits like the others.
  if (GENERATE(false, true))
    s.hub.leave_memory();
  s.hub.operate_vendor(verb);
  s.hub.commit();
  s.hub.pass(1);
  s.hub.commit();
  CHECK(gives_way->body() == std::string("given up: shop is ") +
                                 (verb == vendor_verb::pause ? "paused" : "held open") +
                                 " by an operator");
  CHECK(stays->status() == 0);
  auto later = s.hub.call("d", "give_way", "4");
  s.hub.commit();
  CHECK(later->body() == gives_way->body());
  REQUIRE(s.hub.calls.size() == 1); // What is out is let end, and counts.
  s.hub.answer(answer_of(200, "one"));
  s.hub.commit();
  CHECK(out->body() == "one");
}

TEST_CASE("a refused credential is no reason to wait for whoever can be done by another vendor",
          "[host][operator]") {
  shop s;
  auto first = s.hub.call("a", "give_way", "1");
  s.hub.commit();
  REQUIRE(s.hub.calls.size() == 1);
  s.hub.answer(answer_of(401));
  s.hub.commit();
  CHECK(first->body() == "given up: shop refuses our credential: 401");
  CHECK(s.hub.vendor().hold == vendor_hold::credential);
  s.hub.pass(60'000); // The next one is the probe, and shows that it takes it again.
  auto second = s.hub.call("b", "give_way", "2");
  s.hub.commit();
  REQUIRE(s.hub.calls.size() == 1);
  s.hub.answer(answer_of(200, "two"));
  s.hub.commit();
  CHECK(second->body() == "two");
}

TEST_CASE("a pause with an end holds over restarts until then, and its ramp too",
          "[host][operator]") {
  shop s;
  const auto until = s.hub.time.wall_ms() + 60'000;
  s.hub.operate_vendor(vendor_verb::pause, {"ada", "cli", "moving", until});
  s.hub.commit();
  s.hub.call("a", "charge", "1", {}, true);
  s.hub.commit();
  s.hub.restart();
  const auto stands = s.hub.vendor();
  CHECK(stands.hold == vendor_hold::paused_by_operator);
  CHECK(stands.switches[0].by == "ada");
  CHECK(stands.switches[0].reason == "moving");
  CHECK(stands.switches[0].until == until);
  s.hub.pass(59'999);
  s.hub.commit();
  CHECK(s.hub.calls.empty());
  const bool is_down_at_the_end = GENERATE(false, true);
  s.hub.pass(1);
  if (is_down_at_the_end)
    s.hub.restart();
  s.hub.commit();
  CHECK(s.hub.calls.size() == 1);
  CHECK(s.hub.vendor().hold == vendor_hold::none);
  CHECK(s.hub.vendor().ramp_percent == 5);
}

TEST_CASE("a breaker is held closed over restarts, or only closed", "[host][operator]") {
  shop s;
  const bool stays = GENERATE(false, true);
  s.hub.operate_vendor(vendor_verb::open);
  s.hub.operate_vendor(vendor_verb::close,
                       {"ada", "cli", "", stays ? s.hub.time.wall_ms() + 60'000 : 0});
  s.hub.commit();
  CHECK(s.hub.vendor().hold == vendor_hold::none);
  s.hub.restart();
  CHECK(s.hub.vendor().hold == vendor_hold::none);
  const auto position = s.hub.vendor().switches[1].position;
  CHECK(position == (stays ? host::switch_position::closed : host::switch_position::off));
  s.hub.operate_vendor(vendor_verb::automatic);
  s.hub.commit();
  s.hub.restart();
  CHECK(s.hub.vendor().switches[1].position == host::switch_position::off);
}

TEST_CASE("an order is lost between an operator's word and the disk as any other is",
          "[host][operator]") {
  shop s;
  auto word = s.hub.operate_vendor(vendor_verb::open);
  s.hub.restart(); // Before it was durable.
  CHECK(word->status() == 0);
  CHECK(s.hub.vendor().hold == vendor_hold::none);
  s.hub.operate_vendor(vendor_verb::open);
  s.hub.commit();
  s.hub.restart();
  CHECK(s.hub.vendor().hold == vendor_hold::opened_by_operator);
  // The two are apart.
  s.hub.operate_vendor(vendor_verb::pause);
  s.hub.operate_vendor(vendor_verb::close);
  s.hub.commit();
  CHECK(s.hub.vendor().hold == vendor_hold::paused_by_operator);
  s.hub.restart();
  CHECK(s.hub.vendor().hold == vendor_hold::paused_by_operator);
}

TEST_CASE("an operator says who it is", "[host][operator]") {
  shop s;
  CHECK(s.hub.operate_vendor(vendor_verb::pause, {"", "cli", ""})->status() == 400);
  CHECK(s.hub.operate_vendor(vendor_verb::pause, {std::string(101, 'a'), "", ""})->status() == 400);
  CHECK(s.hub.operate_vendor(vendor_verb::pause, {"ada", "", std::string(501, 'a')})->status() ==
        400);
  s.hub.commit();
  CHECK(s.hub.vendor().hold == vendor_hold::none);
}

} // namespace orderhub::testing
