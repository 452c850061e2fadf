#pragma once
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"
#include "tests/support/sim_harness.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace orderhub::testing {

// Of the next `step` begun or replayed; each test sets them.
inline operation_settings settings;
inline std::string attempt = "1";

/// One effect, `step`, of the vendor `shop`; its body is the input's.
inline durable::handler_task one_step(durable::context ctx, std::string body) {
  auto done = co_await ctx.effect(shop_call(ctx.step("step", attempt), body, settings));
  if (!done)
    co_return done.failure();
  co_return done->text;
}

inline std::string text_of(const result<std::string>& r) {
  return r ? *r : std::string("!") + name_of(r.error().kind);
}

/// The object `key` as of the last commit.
inline journal::object_state must_state(sim_harness& hub, const std::string& key = "k") {
  auto state = must(hub.journal->load(sim_harness::object(key)));
  state.id = sim_harness::object(key);
  return state;
}

/// A hub with one invocation of `one_step` on the object `k`.
struct step_fixture {
  sim_harness hub;
  invocation_id id;
  explicit step_fixture(providers::doubt_policy policy = providers::doubt_policy::replay_key) {
    settings = {};
    settings.doubt = policy;
    attempt = "1";
    hub.exclusive("step", &one_step);
  }
  void begin() { id = hub.send("k", "step", "body"); }
  [[nodiscard]] bool looking_up() const {
    return !hub.calls.empty() && hub.calls.front().request.method == "GET";
  }
  /// What it does next: `send`, `lookup`, `wait`, or how it ended.
  [[nodiscard]] std::string state() {
    if (const auto r = hub.outcome(id))
      return text_of(*r);
    if (!hub.calls.empty())
      return looking_up() ? "lookup" : "send";
    if (!hub.paused(id).empty())
      return "paused";
    return hub.machine("k").due() ? "wait" : "nothing";
  }
  /// Lets the current wait pass.
  void pass() {
    const auto due = hub.machine("k").due();
    REQUIRE(due);
    hub.advance(std::max<std::int64_t>(*due - hub.time.steady_ms(), 0));
  }
  /// Steady time from now until the wait ends; -1 where it waits for no time.
  [[nodiscard]] std::int64_t left() {
    const auto due = hub.machine("k").due();
    return due ? *due - hub.time.steady_ms() : -1;
  }
  /// Until `what` is its state, waits pass and look-ups find nothing; true where it came to that.
  bool until(const std::string& what, int steps = 100) {
    for (int i = 0; i < steps && state() != what; ++i) {
      if (state() == "wait")
        pass();
      else if (state() == "lookup")
        hub.answer(answer_of(200, "absent"));
      else
        return false;
    }
    return state() == what;
  }
};

/// An answer or its want by name: `ok`, `rejected`, `invalid`, `unavailable`, `in_doubt`,
/// `unreadable`, `stored`, `lost`, `not_sent`.
inline providers::transport_outcome outcome_named(const std::string& name) {
  if (name == "ok")
    return answer_of(200, "ok");
  if (name == "rejected")
    return answer_of(402);
  if (name == "invalid")
    return answer_of(400);
  if (name == "unavailable")
    return answer_of(429);
  if (name == "in_doubt")
    return answer_of(500);
  if (name == "unreadable")
    return answer_of(200, "");
  if (name == "stored")
    return answer_of(500, "", {{"stored", "true"}});
  if (name == "lost")
    return lost_call();
  return unsent_call();
}

} // namespace orderhub::testing
