#include "journal/open_work.hpp"
#include "tests/actors/durable/step_fixture.hpp"

#include <functional>
#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::testing;
using durable::call_ref;
using durable::place_answer;
using durable::place_request;
using durable::place_verdict;
using durable::vendor_finding;
using providers::doubt_policy;

namespace {

/// A gate that says what the test says, and remembers what it was asked.
class scripted_gate final : public durable::call_gate {
public:
  place_answer ask(const place_request& request) override {
    asked.push_back({request.object.key, std::string(request.vendor),
                     std::string(request.call_class), request.lookup, request.goes_on});
    return verdict(request);
  }
  void withdraw(const place_request& request) override {
    withdrawn.push_back({request.object.key, std::string(request.vendor),
                         std::string(request.call_class), request.lookup});
  }
  bool learned(const durable::call_report& r) override {
    findings.push_back({std::string(r.vendor), r.finding, std::string(r.why), r.left_at,
                        r.retry_after_ms, r.lookup});
    return holds_back && r.finding == vendor_finding::limited;
  }

  struct seen {
    std::string key;
    std::string vendor;
    std::string call_class;
    bool lookup;
    bool goes_on = false;
  };
  struct finding {
    std::string vendor;
    vendor_finding what;
    std::string why;
    std::int64_t left_at = 0;
    std::int64_t retry_after_ms = 0;
    bool lookup = false;
  };
  bool holds_back = false; ///< A class that met its limit.
  std::function<place_answer(const place_request&)> verdict = [](const place_request&) {
    return place_answer{};
  };
  std::vector<seen> asked;
  std::vector<seen> withdrawn;
  std::vector<finding> findings;
};

place_answer queued(std::string why = "9 calls to shop are on the wire") {
  return {place_verdict::queued, std::move(why)};
}
place_answer granted() {
  return {};
}

struct fixture : step_fixture {
  scripted_gate gate;
  explicit fixture(doubt_policy policy = doubt_policy::lookup) : step_fixture(policy) {
    hub.gate = &gate;
    hub.restart();
  }
  void answers(place_answer a) {
    gate.verdict = [a = std::move(a)](const place_request&) { return a; };
  }
  void offer() { hub.place("k", {id, 1, 0}); }
  [[nodiscard]] std::vector<journal::open_wait> waits() {
    return journal::open_waits(must_state(hub));
  }
};

} // namespace

TEST_CASE("a step that has no place yet is journaled as waiting, and nothing is out",
          "[durable][place]") {
  const auto policy = GENERATE(doubt_policy::lookup, doubt_policy::replay_key,
                               doubt_policy::may_miss, doubt_policy::may_repeat);
  const int disturbed = GENERATE(0, 1, 2);
  CAPTURE(static_cast<int>(policy), disturbed);
  fixture f(policy);
  f.answers(queued());
  f.begin();
  REQUIRE(f.state() == "nothing");
  CHECK(f.hub.notes(f.id) == "waiting");
  REQUIRE(f.waits().size() == 1);
  CHECK(f.waits().front().reason == "9 calls to shop are on the wire");
  CHECK(f.waits().front().sends == 0);
  CHECK(f.waits().front().next_at == 0);
  CHECK(journal::open_doubts(must_state(f.hub)).empty());
  CHECK(f.hub.machine("k").suspendable());
  CHECK(!f.hub.machine("k").calling());
  if (disturbed == 1)
    f.hub.reactivate("k");
  if (disturbed == 2)
    f.hub.restart();
  REQUIRE(f.state() == "nothing");
  f.answers(granted());
  f.offer();
  // It never left, so this is no repetition: no doubt, whatever the policy.
  REQUIRE(f.state() == "send");
  CHECK(f.hub.notes(f.id) == "resend"); // Something is out from here on.
  CHECK(f.hub.calls.size() == 1);
  f.offer(); // A place too many changes nothing.
  CHECK(f.hub.calls.size() == 1);
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
}

TEST_CASE("where the gate is open a step leaves in the turn of its intent", "[durable][place]") {
  fixture f;
  f.begin();
  CHECK(f.state() == "send");
  CHECK(f.hub.notes(f.id).empty());
  CHECK(f.gate.asked.size() == 1);
  CHECK(f.gate.asked.front().call_class == "write");
  CHECK(!f.gate.asked.front().lookup);
  f.hub.answer(lost_call());
  REQUIRE(f.state() == "lookup");
  CHECK(f.gate.asked.size() == 2);
  CHECK(f.gate.asked.back().call_class == "list");
  CHECK(f.gate.asked.back().lookup);
  CHECK(f.hub.calls.front().lookup);
}

TEST_CASE("a cancel ends a step that waits for its place at once, and gives the place up",
          "[durable][place][cancel]") {
  fixture f;
  f.answers(queued());
  f.begin();
  if (GENERATE(false, true))
    f.hub.restart();
  f.hub.cancel("k", f.id);
  CHECK(f.state() == "!cancelled");
  CHECK(f.hub.calls.empty());
  REQUIRE(f.gate.withdrawn.size() == 1);
  CHECK(f.gate.withdrawn.front().key == "k");
  CHECK(!f.gate.withdrawn.front().lookup);
  f.answers(granted());
  f.offer();
  CHECK(f.hub.calls.empty());
}

TEST_CASE("a look-up waits for places of its own, and goes on with its page",
          "[durable][place][lookup]") {
  fixture f;
  f.begin();
  bool closed = false;
  f.gate.verdict = [&](const place_request& r) {
    return closed && r.lookup ? queued("look-ups wait") : granted();
  };
  f.hub.answer(lost_call());
  f.hub.answer(answer_of(200, "running+more"));
  closed = true;
  f.hub.answer(answer_of(200, "absent+more"));
  REQUIRE(f.state() == "nothing");
  CHECK(f.hub.machine("k").suspendable());
  CHECK(journal::open_doubts(must_state(f.hub)).size() == 1);
  const bool passivated = GENERATE(false, true);
  if (passivated)
    f.hub.reactivate("k");
  closed = false;
  f.offer();
  REQUIRE(f.state() == "lookup");
  // Built anew it begins with the first page: what it had seen was in memory.
  CHECK((f.hub.calls.front().request.target.find("page=2") == std::string::npos) == passivated);
  f.hub.answer(answer_of(200, passivated ? "running" : "absent"));
  CHECK(f.state() == "wait");
}

TEST_CASE("a look-up that has begun stays here for its next place, and comes before others",
          "[durable][place][lookup]") {
  fixture f;
  f.begin();
  f.hub.answer(lost_call());
  const auto why = GENERATE(std::string("32 look-ups of shop are on the wire"),
                            std::string("shop says that its limit is used up"),
                            std::string("shop is not reached: 503"));
  const bool is_held = why.find("not reached") != std::string::npos;
  CAPTURE(why);
  f.gate.verdict = [&](const place_request& r) { return r.goes_on ? queued(why) : granted(); };
  SECTION("between two pages") {
    f.hub.answer(answer_of(200, "absent+more"));
  }
  SECTION("between two empty look-ups") {
    for (int i = 0; i < 20 && f.state() != "nothing"; ++i)
      if (f.state() == "wait")
        f.pass();
      else
        f.hub.answer(answer_of(200, "absent"));
  }
  REQUIRE(f.state() == "nothing");
  CHECK(f.gate.asked.back().goes_on);
  CHECK(f.hub.machine("k").suspendable() == is_held);
  f.answers(granted());
  f.offer();
  CHECK(f.state() == "lookup");
}

TEST_CASE("a full queue is a durable timer, after which it asks again", "[durable][place]") {
  fixture f;
  f.answers({place_verdict::full, "10000 calls to shop wait"});
  f.begin();
  for (int i = 0; i < 5; ++i) {
    REQUIRE(f.state() == "wait");
    CHECK(f.left() > 3'000);
    CHECK(f.left() <= 10'000);
    CHECK(f.hub.machine("k").suspendable());
    CHECK(f.hub.notes(f.id) == "retry_at");
    CHECK(f.waits().front().reason == "10000 calls to shop wait");
    if (i == 1)
      f.hub.reactivate("k");
    if (i == 3)
      f.hub.restart();
    f.pass();
  }
  f.answers(granted());
  f.pass();
  REQUIRE(f.state() == "send");
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
}

TEST_CASE("a refused credential holds its vendor's steps at the gate and no order fails",
          "[durable][place][misconfigured]") {
  fixture f(GENERATE(doubt_policy::lookup, doubt_policy::replay_key));
  f.hub.vendors.endpoints["depot"] = {"depot", "http://depot.test", "mock", {}, -1};
  bool refused = false;
  f.gate.verdict = [&](const place_request& r) {
    return refused && r.vendor == "shop" ? queued("shop refuses our credential: 401") : granted();
  };
  f.begin();
  refused = true; // As a gate does that has learned of it.
  f.hub.answer(answer_of(401));
  REQUIRE(f.state() == "nothing");
  REQUIRE(!f.gate.findings.empty());
  CHECK(f.gate.findings.back().what == vendor_finding::misconfigured);
  CHECK(f.gate.findings.back().vendor == "shop");
  CHECK(f.waits().front().reason == "shop refuses our credential: 401");
  CHECK(f.hub.machine("k").suspendable());
  if (GENERATE(false, true))
    f.hub.restart();
  REQUIRE(f.state() == "nothing");

  // The gate's probe: refused again, it waits again.
  refused = false;
  f.offer();
  REQUIRE(f.state() == "send");
  refused = true;
  f.hub.answer(answer_of(401));
  REQUIRE(f.state() == "nothing");

  // Another vendor's steps are not held.
  f.hub.exclusive(
      "depot", +[](durable::context ctx, std::string body) -> durable::handler_task {
        auto op = shop_call(ctx.step("step"), body, settings);
        op.raw.vendor = "depot";
        auto done = co_await ctx.effect(std::move(op));
        co_return done ? done->text : std::string("failed");
      });
  const auto other = f.hub.send("d", "depot", "body");
  REQUIRE(f.hub.calls.size() == 1);
  f.hub.answer(answer_of(200, "stored"));
  CHECK(text_of(*f.hub.outcome(other)) == "stored");

  refused = false;
  f.offer();
  REQUIRE(f.state() == "send");
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
  CHECK(f.gate.findings.back().what == vendor_finding::reached);
}

TEST_CASE("the gate learns of each outcome what it says of the way to the vendor",
          "[durable][place]") {
  const std::vector<std::pair<std::string, vendor_finding>> table = {
      {"ok", vendor_finding::reached},          {"rejected", vendor_finding::reached},
      {"unavailable", vendor_finding::limited}, {"in_doubt", vendor_finding::unreachable},
      {"lost", vendor_finding::unreachable},    {"not_sent", vendor_finding::unreachable},
      {"unreadable", vendor_finding::reached},
  };
  for (const auto& [outcome, expected] : table) {
    CAPTURE(outcome);
    fixture f;
    f.begin();
    f.hub.answer(outcome_named(outcome));
    REQUIRE(!f.gate.findings.empty());
    CHECK(f.gate.findings.front().what == expected);
  }
}

TEST_CASE("how long the vendor asks us to wait counts on every answer that says it",
          "[durable][retry]") {
  const auto policy =
      GENERATE(doubt_policy::replay_key, doubt_policy::lookup, doubt_policy::may_repeat);
  const int status = GENERATE(429, 500, 503, 409, 200);
  CAPTURE(static_cast<int>(policy), status);
  fixture f(policy);
  f.begin();
  f.hub.answer(answer_of(status, "", {{"retry-after-ms", "20000"}}));
  REQUIRE(f.state() == "wait");
  CHECK(f.left() >= 20'000);
  CHECK(f.hub.machine("k").suspendable());
  const auto before = f.hub.time.steady_ms();
  if (GENERATE(false, true))
    f.hub.reactivate("k");
  f.pass();
  CHECK(f.hub.time.steady_ms() - before >= 20'000);
  CHECK(f.state() == (policy == doubt_policy::lookup && status != 429 ? "lookup" : "send"));
}

TEST_CASE("a doubt that waits is parked, and goes on where it was", "[durable][retry][doubt]") {
  fixture f(doubt_policy::replay_key);
  settings.retry = {60'000, 60'000, 0};
  f.begin();
  const auto key = key_of(f.hub.calls.front());
  int parked = 0;
  for (int i = 0; i < 60; ++i) {
    if (f.state() == "send") {
      CHECK(key_of(f.hub.calls.front()) == key);
      f.hub.answer(i % 4 < 2 ? lost_call() : answer_of(409));
    } else {
      REQUIRE(f.state() == "wait");
      CHECK(f.hub.machine("k").suspendable() == (f.left() > 3'000));
      if (f.hub.machine("k").suspendable()) {
        ++parked;
        f.hub.reactivate("k");
      }
      f.pass();
    }
  }
  CHECK(parked > 20);
  CHECK(f.hub.entries(f.id).size() <= 4);
  REQUIRE(f.until("send"));
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
}

TEST_CASE("what met its vendor's limit waits in the gate's queue, and not by itself",
          "[durable][place][limiter]") {
  const auto policy =
      GENERATE(doubt_policy::replay_key, doubt_policy::lookup, doubt_policy::may_repeat);
  CAPTURE(static_cast<int>(policy));
  fixture f(policy);
  f.gate.holds_back = true;
  f.begin();
  const auto left_at = f.hub.time.steady_ms();
  f.hub.advance(700);
  f.answers(queued("shop says that its limit is used up"));
  f.hub.answer(answer_of(429, "", {{"retry-after-ms", "2500"}}));
  REQUIRE(f.gate.findings.size() == 1);
  CHECK(f.gate.findings.front().what == vendor_finding::limited);
  CHECK(f.gate.findings.front().left_at == left_at);
  CHECK(f.gate.findings.front().retry_after_ms == 2'500);
  CHECK(f.state() == "nothing"); // Neither a timer nor a call: it is queued.
  CHECK(f.hub.machine("k").suspendable());
  CHECK(!f.hub.machine("k").calling());
  REQUIRE(f.waits().size() == 1);
  CHECK(f.waits().front().reason == "shop says that its limit is used up");
  if (GENERATE(false, true))
    f.hub.restart();
  f.answers(granted());
  f.offer();
  REQUIRE(f.state() == "send");
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
}

TEST_CASE("a look-up that met its vendor's limit goes on with its page when the gate lets it",
          "[durable][place][limiter][lookup]") {
  fixture f;
  f.gate.holds_back = true;
  f.begin();
  f.hub.answer(lost_call());
  f.hub.answer(answer_of(200, "running+more"));
  REQUIRE(f.state() == "lookup");
  f.answers(queued("shop says that its limit is used up"));
  f.hub.answer(answer_of(429));
  REQUIRE(f.state() == "nothing");
  CHECK(f.gate.findings.back().what == vendor_finding::limited);
  CHECK(f.gate.findings.back().lookup);
  f.answers(granted());
  f.offer();
  REQUIRE(f.state() == "lookup");
  CHECK(f.hub.calls.front().request.target.find("page=2") != std::string::npos);
}

TEST_CASE("want of room in this process is no fault of the vendor's", "[durable][place]") {
  for (const auto kind : {providers::outcome_kind::not_sent, providers::outcome_kind::lost})
    for (const char* reason : {"queue full", "deadline passed in the queue", "no resources"}) {
      CAPTURE(reason);
      fixture f;
      f.begin();
      f.hub.answer({kind, {}, reason});
      CHECK(f.gate.findings.empty());
    }
}

TEST_CASE("a step with a deadline gives up in the queue as well, and never in doubt",
          "[durable][place][deadline]") {
  fixture f(doubt_policy::lookup);
  settings.retry.give_up_after_ms = 20'000;
  f.answers(queued());
  f.begin();
  REQUIRE(f.state() == "wait");
  CHECK(f.left() == 20'000);
  if (GENERATE(false, true)) {
    f.hub.advance(7'000);
    f.hub.restart();
    CHECK(f.left() <= 13'000);
  }
  f.pass();
  CHECK(f.state() == "!unavailable");
  CHECK(f.hub.calls.empty());
  REQUIRE(!f.gate.withdrawn.empty());

  fixture doubted(doubt_policy::replay_key);
  settings.retry.give_up_after_ms = 20'000;
  doubted.begin();
  doubted.answers(queued());
  doubted.hub.answer(lost_call());
  doubted.until("nothing");
  doubted.hub.advance(3'600'000);
  CHECK(doubted.state() == "nothing"); // It waits for its place.
}
