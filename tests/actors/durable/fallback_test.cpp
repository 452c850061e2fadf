#include "actors/durable/fallback.hpp"
#include "tests/actors/durable/step_fixture.hpp"

#include <string>

// A second provider, of which the tests have one: `depot` beside `shop`.
using namespace orderhub;
using namespace orderhub::testing;
using durable::place_verdict;
using providers::doubt_policy;

namespace {

durable::handler_task either(durable::context ctx, std::string body) {
  auto first = shop_call(ctx.step("mail"), body, settings);
  auto second = shop_call(ctx.step("mail"), body, settings);
  second.raw.vendor = "depot";
  auto done = co_await durable::effect_or(ctx, std::move(first), std::move(second));
  if (!done)
    co_return done.failure();
  co_return done->text;
}

/// Holds `shop` where it is said to be down.
class gate_of_two final : public durable::call_gate {
public:
  durable::place_answer ask(const durable::place_request& r) override {
    ++asked;
    if (r.vendor == "shop" && queues)
      return {place_verdict::queued, "shop is not reached: 503", is_down};
    return {};
  }
  void withdraw(const durable::place_request&) override { ++withdrawn; }
  bool learned(const durable::call_report&) override { return false; }
  bool queues = false;
  bool is_down = false;
  int asked = 0;
  int withdrawn = 0;
};

struct fixture {
  sim_harness hub;
  gate_of_two gate;
  invocation_id id;
  explicit fixture(doubt_policy policy) {
    settings = {};
    settings.doubt = policy;
    hub.gate = &gate;
    hub.vendors.endpoints["depot"] = {"depot", "http://depot.test", "mock", {}, -1};
    hub.exclusive("either", &either);
    hub.restart();
  }
  void begin() { id = hub.send("k", "either", "body"); }
  [[nodiscard]] std::string at() const {
    return hub.calls.empty() ? std::string() : hub.calls.front().vendor;
  }
  [[nodiscard]] std::string outcome() {
    const auto r = hub.outcome(id);
    return r ? text_of(*r) : std::string("open");
  }
};

doubt_policy any_policy() {
  return GENERATE(doubt_policy::lookup, doubt_policy::may_repeat, doubt_policy::may_miss);
}

} // namespace

TEST_CASE("a success of the first provider asks no other one", "[durable][fallback]") {
  fixture f(any_policy());
  f.begin();
  REQUIRE(f.at() == "shop");
  f.hub.answer(answer_of(200, "sent"));
  CHECK(f.outcome() == "sent");
  CHECK(f.hub.calls.empty());
}

TEST_CASE("what the first provider definitely refused the second one does, once",
          "[durable][fallback]") {
  fixture f(any_policy());
  f.begin();
  f.hub.answer(answer_of(GENERATE(400, 402)));
  REQUIRE(f.at() == "depot");
  f.hub.answer(answer_of(200, "sent"));
  CHECK(f.outcome() == "sent");
}

TEST_CASE("both refuse: the second one's word counts", "[durable][fallback]") {
  fixture f(any_policy());
  f.begin();
  f.hub.answer(answer_of(400));
  f.hub.answer(answer_of(402));
  CHECK(f.outcome() == "!rejected");
}

TEST_CASE("in doubt no other provider is asked", "[durable][fallback][doubt]") {
  fixture f(doubt_policy::may_miss);
  f.begin();
  f.hub.answer(lost_call());
  CHECK(f.outcome() == "!missed");
  CHECK(f.hub.calls.empty());

  fixture looked_up(doubt_policy::lookup);
  looked_up.begin();
  looked_up.gate.queues = looked_up.gate.is_down = true; // And the breaker opens.
  looked_up.hub.answer(lost_call());
  CHECK(looked_up.outcome() == "open");
  CHECK(looked_up.at() != "depot");

  fixture repeated(doubt_policy::may_repeat);
  repeated.begin();
  repeated.gate.queues = repeated.gate.is_down = true;
  repeated.hub.answer(lost_call());
  for (int i = 0; i < 10; ++i)
    repeated.hub.advance(60'000);
  CHECK(repeated.outcome() == "open");
  CHECK(repeated.at() != "depot");
}

TEST_CASE("a first provider whose breaker is open gives way before anything has left",
          "[durable][fallback]") {
  fixture f(any_policy());
  f.gate.queues = f.gate.is_down = true;
  f.begin();
  REQUIRE(f.at() == "depot");
  CHECK(f.gate.withdrawn == 1); // It waits for no place any more.
  f.hub.answer(answer_of(200, "sent"));
  CHECK(f.outcome() == "sent");
}

TEST_CASE("one that only waits for a limit or a place is waited for", "[durable][fallback]") {
  fixture f(any_policy());
  f.gate.queues = true;
  f.begin();
  CHECK(f.at().empty());
  f.gate.queues = false;
  f.hub.place("k", {f.id, 1, 0});
  CHECK(f.at() == "shop");
}

TEST_CASE("a call that found no way gives way as soon as the breaker is open",
          "[durable][fallback]") {
  fixture f(any_policy());
  f.begin();
  REQUIRE(f.at() == "shop");
  f.gate.queues = f.gate.is_down = true;
  f.hub.answer(unsent_call());
  for (int i = 0; i < 5 && f.at().empty(); ++i)
    f.hub.advance(60'000);
  REQUIRE(f.at() == "depot");
  f.hub.answer(answer_of(200, "sent"));
  CHECK(f.outcome() == "sent");
}
