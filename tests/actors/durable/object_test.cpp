#include "journal/base/hash.hpp"
#include "tests/actors/durable/step_fixture.hpp"

#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::testing;
using durable::context;
using durable::handler_task;

namespace {

handler_task tells_when(context ctx, std::string) {
  ctx.set("when", std::to_string(ctx.accepted_at()));
  auto rested = co_await ctx.sleep(60'000);
  co_return std::to_string(ctx.accepted_at());
}

/// Begins another object's invocation late in its own turn.
handler_task calls(context ctx, std::string body) {
  auto rested = co_await ctx.sleep(1'000);
  ctx.send(sim_harness::object("child"), "when", body);
  auto answer = co_await ctx.call(sim_harness::object("other"), "when", body);
  co_return answer ? *answer : std::string("failed");
}

handler_task nothing(context, std::string) {
  co_return std::string("done");
}

} // namespace

TEST_CASE("a child was accepted at the same time live and replayed", "[durable][time]") {
  sim_harness hub;
  hub.exclusive("when", &tells_when);
  hub.exclusive("calls", &calls);
  const auto caller = hub.send("k", "calls");
  // The caller's own last time is ahead of the clock that its children would look at.
  hub.time.step_wall(GENERATE(0, -600'000, 600'000));
  hub.advance(1'500);
  const auto live = hub.value("child", "when");
  REQUIRE(!live.empty());
  CHECK(live ==
        std::to_string(
            must(hub.journal->load(sim_harness::object("child"))).live.front().accepted_at));
  hub.restart();
  hub.advance(120'000);
  const auto child = text_of(*hub.outcome(caller.child(2)));
  CHECK(child == live);
  CHECK(text_of(*hub.outcome(caller)) == hub.value("other", "when"));
}

TEST_CASE("an object that stays active does not keep every request key it ever saw",
          "[durable][memory]") {
  sim_harness hub;
  hub.exclusive("nothing", &nothing);
  std::vector<invocation_id> ids;
  const auto request = [&](int i) {
    journal::request_key key;
    key.scope = sha256_of("request " + std::to_string(i));
    key.body = sha256_of("body");
    key.expires_at = hub.time.true_ms() + 86'400'000;
    return hub.input("k", "nothing", "body", key);
  };
  for (int i = 0; i < 1'000; ++i) {
    const auto verdict = request(i);
    REQUIRE(verdict.kind == durable::verdict_kind::accepted);
    ids.push_back(verdict.invocation);
    REQUIRE(hub.machine("k").remembered_requests() <= 64);
  }
  // And knows them all the same.
  for (int i = 0; i < 1'000; i += 37) {
    const auto verdict = request(i);
    CHECK(verdict.kind == durable::verdict_kind::known);
    CHECK(verdict.invocation == ids.at(static_cast<std::size_t>(i)));
  }
}

TEST_CASE("a delayed input whose time has come waits for its turn, and its object for no time",
          "[durable][timer]") {
  sim_harness hub;
  hub.exclusive("when", &tells_when);
  hub.exclusive("nothing", &nothing);
  const auto first = hub.send("k", "when");
  const auto second = hub.send("k", "nothing", "", 1'000);
  hub.advance(2'000);
  // Only the rest of the one that runs: else the object would be activated again and again.
  REQUIRE(hub.machine("k").due());
  CHECK(*hub.machine("k").due() == 60'000);
  if (GENERATE(false, true))
    hub.restart();
  hub.advance(58'000);
  CHECK(hub.outcome(first));
  CHECK(hub.outcome(second));
}
