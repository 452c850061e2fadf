#include "actors/host/call_gate.hpp"
#include "journal/base/log.hpp"
#include "journal/base/random.hpp"
#include "providers/transport.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/seeds.hpp"
#include "tests/support/sim_clock.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Limits, refusals for a limit, shares, operators and what is shown of them, at the gate.
using namespace orderhub;
using namespace orderhub::host;
using durable::place_verdict;
using durable::vendor_finding;
using orderhub::testing::manual_clock;

namespace {

constexpr std::int64_t second = 1'000;

struct wish {
  std::uint32_t n = 0;
  std::string_view call_class = "write";
  bool lookup = false;
  bool compensates = false;
  std::string_view limit_key = {};
  std::string_view vendor = "shop";
  bool goes_on = false;
};

durable::place_request request_of(const wish& w) {
  invocation_id id;
  for (int i = 0; i < 4; ++i)
    id.bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(w.n >> (24 - 8 * i));
  return {{"S", std::to_string(w.n)},
          {id, 1, 0},
          w.vendor,
          w.call_class,
          w.lookup,
          w.compensates,
          w.limit_key,
          w.goes_on};
}

struct bench {
  explicit bench(call_limits rates = {}, gate_limits limits = {})
      : gate(std::make_shared<vendor_gate>(std::vector<std::string>{"post", "shop"}, limits, time,
                                           rates)) {
    log::set_level(log::level::off);
    gate->on_offer([this](place_offer o) {
      offered.push_back(static_cast<std::uint32_t>(std::stoul(o.object.key)));
    });
  }
  /// Asks; granted, it is on the wire until `out` of it is erased.
  bool goes(const wish& w) {
    const auto request = request_of(w);
    if (gate->ask(request).verdict != place_verdict::granted) {
      waiting[w.n] = w;
      return false;
    }
    waiting.erase(w.n);
    out[w.n] = gate->leave(w.vendor, request.who, kind_of(w.call_class, w.lookup));
    left.emplace_back(w.n, time.steady_ms());
    return true;
  }
  std::string why(const wish& w) { return gate->ask(request_of(w)).why; }
  bool learned(const wish& w, vendor_finding finding, std::int64_t left_at,
               std::int64_t retry_after_ms = 0) {
    return gate->learned(
        {w.vendor, w.call_class, w.lookup, w.limit_key, finding, "429", left_at, retry_after_ms});
  }
  /// Until that time: what is offered a place takes it, and its call ends at once.
  void let_go(std::int64_t until) {
    while (time.steady_ms() < until) {
      const auto next = gate->tick();
      take_offers();
      const auto at = std::min(next.value_or(until), until);
      time.advance(std::max<std::int64_t>(at - time.steady_ms(), 1));
    }
    gate->tick();
    take_offers();
  }
  void take_offers() {
    while (!offered.empty()) {
      const auto n = offered.front();
      offered.pop_front();
      REQUIRE(waiting.contains(n));
      REQUIRE(goes(wish(waiting.at(n))));
      out.erase(n);
    }
  }
  [[nodiscard]] std::int64_t fullest(std::int64_t window_ms) const {
    std::deque<std::int64_t> in;
    std::int64_t most = 0;
    for (const auto& [n, at] : left) {
      in.push_back(at);
      while (in.front() <= at - window_ms)
        in.pop_front();
      most = std::max(most, static_cast<std::int64_t>(in.size()));
    }
    return most;
  }
  vendor_places shop() { return gate->snapshot()[1]; }

  manual_clock time;
  std::deque<std::uint32_t> offered;
  std::map<std::uint32_t, wish> waiting;
  std::vector<std::pair<std::uint32_t, std::int64_t>> left;
  std::shared_ptr<vendor_gate> gate;
  std::map<std::uint32_t, place_lease> out;
};

} // namespace

TEST_CASE("ten thousand orders at a vendor of 100 a second never exceed it, and all get there",
          "[host][gate][limiter]") {
  bench b({{"shop", {{"write", {100, second}}}}});
  constexpr std::uint32_t orders = 10'000;
  for (std::uint32_t n = 0; n < orders; ++n)
    b.goes({n});
  CHECK(b.shop().queued[0] == orders); // The bucket begins empty.
  CHECK(b.why({17}) == "the limit of shop, 100 a second, is used up");
  CHECK(b.goes({20'000, "write", false, false, {}, "post"})); // Other vendors know nothing of it.
  b.out.clear();
  b.left.clear();
  b.let_go(130 * second);
  REQUIRE(b.left.size() == orders);
  CHECK(b.fullest(second) <= 100);
  CHECK(b.left.back().second <= 126 * second); // And the limit is used: 81 a second at least.
  for (std::uint32_t n = 0; n < orders; ++n)
    REQUIRE(b.left[n].first == n); // In order of arrival.
}

TEST_CASE("a refusal for a limit holds back its class, and nothing else", "[host][gate][limiter]") {
  bench b;
  for (std::uint32_t n = 0; n < 50; ++n)
    REQUIRE(b.goes({n}));
  b.time.advance(40);
  CHECK(b.learned({0}, vendor_finding::limited, 0, 3'000));
  b.out.clear();
  CHECK(b.shop().limited == 1);
  CHECK_FALSE(b.shop().held); // The vendor is there.
  for (std::uint32_t n = 100; n < 200; ++n)
    CHECK_FALSE(b.goes({n}));
  CHECK(b.why({100}) == "shop says that its limit is used up");
  CHECK(b.goes({1'000, "read"}));
  CHECK(b.goes({1'001, "list", true}));
  CHECK(b.goes({1'002, "write", false, false, {}, "post"}));
  b.left.clear();
  b.let_go(3'039);
  CHECK(b.left.empty());
  b.let_go(10 * second);
  CHECK(b.left.size() == 100);
  // It went at 50 in that second: half of that from then on.
  CHECK(b.fullest(second) <= 25 + 5 + 2);
  const auto s = b.shop();
  REQUIRE(s.limits.size() == 1);
  CHECK(s.limits.front().call_class == "write");
  CHECK(s.limits.front().limit.find("a second for now") != std::string::npos);
}

TEST_CASE("a limit for each channel holds up no other channel", "[host][gate][limiter]") {
  bench b({{"shop", {{"write", {1, second}, true}}}});
  b.time.advance(second);
  // Two hundred for one channel, then one for another: it goes at once.
  for (std::uint32_t n = 0; n < 200; ++n)
    b.goes({n, "write", false, false, "C1"});
  b.time.advance(second);
  CHECK_FALSE(b.goes({500, "write", false, false, "C2"})); // Its own bucket begins empty.
  b.let_go(b.time.steady_ms() + second);
  CHECK(std::any_of(b.left.begin(), b.left.end(), [](const auto& l) { return l.first == 500; }));
  CHECK(b.left.size() <= 4);
  // A refusal of one channel is that channel's.
  b.learned({0, "write", false, false, "C1"}, vendor_finding::limited, b.time.steady_ms(), 30'000);
  CHECK_FALSE(b.goes({600, "write", false, false, "C1"}));
  b.time.advance(second);
  CHECK(b.goes({501, "write", false, false, "C2"}));
  CHECK(b.shop().limits.size() == 3); // Of those without a channel, C1, C2.
}

TEST_CASE("more channels than are told apart share what is left", "[host][gate][limiter]") {
  bench b({{"shop", {{"write", {1, second}, true}}}});
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i)
    names.push_back("C" + std::to_string(i));
  for (std::uint32_t n = 0; n < names.size(); ++n)
    CHECK_FALSE(b.goes({n, "write", false, false, names[n]}));
  b.let_go(second + 1);
  CHECK(b.left.size() == 64 + 1);
  CHECK(b.shop().limits.size() == 64 + 1);
  b.let_go(400 * second);
  CHECK(b.left.size() == 200); // Nobody is starved.
}

TEST_CASE("a channel that nobody uses makes room for another", "[host][gate][limiter]") {
  bench b({{"shop", {{"write", {1, second}, true}}}});
  // A thousand channels, one after the other: each has a limit of its own.
  std::uint32_t n = 0;
  for (int channel = 0; channel < 1'000; ++channel) {
    const auto name = "C" + std::to_string(channel); // All of it is sent within the turn.
    CHECK_FALSE(b.goes({n, "write", false, false, name}));
    CHECK_FALSE(b.goes({n + 1, "write", false, false, name}));
    b.let_go(b.time.steady_ms() + second + 1);
    CHECK(b.left.size() == static_cast<std::size_t>(channel) * 2 + 1);
    b.let_go(b.time.steady_ms() + second + 1);
    CHECK(b.left.size() == static_cast<std::size_t>(channel) * 2 + 2);
    n += 2;
  }
  CHECK(b.shop().limits.size() == 64 + 1);
}

TEST_CASE("a channel that is held back or waited for is not forgotten", "[host][gate][limiter]") {
  bench b({{"shop", {{"write", {1, second}, true}}}});
  CHECK_FALSE(b.goes({0, "write", false, false, "held"}));
  b.let_go(second + 1);
  b.learned({0, "write", false, false, "held"}, vendor_finding::limited, b.time.steady_ms(),
            300'000);
  CHECK_FALSE(b.goes({1, "write", false, false, "granted"}));
  b.time.advance(second);
  b.gate->tick();
  REQUIRE(b.offered.size() == 1); // It was offered its place, and has not taken it.
  b.offered.clear();
  std::deque<std::string> names;
  for (std::uint32_t i = 0; i < 100; ++i) {
    const auto& name = names.emplace_back("C" + std::to_string(i));
    b.goes({10 + i, "write", false, false, name}); // What shares a queue may find a token there.
    b.time.advance(1);
  }
  const auto named = [&](std::string_view key) {
    const auto shown = b.shop();
    return std::any_of(shown.limits.begin(), shown.limits.end(),
                       [&](const auto& limit) { return limit.key == key; });
  };
  CHECK(named("held"));
  CHECK(named("granted"));
  CHECK_FALSE(b.goes({2, "write", false, false, "held"}));
  // Ten minutes later nothing is known of the one that was held that a new one would not know.
  b.let_go(b.time.steady_ms() + 1'000'000);
  for (std::uint32_t i = 0; i < 100; ++i) {
    const auto& name = names.emplace_back("D" + std::to_string(i));
    b.goes({1'000 + i, "write", false, false, name});
    b.time.advance(1);
  }
  CHECK_FALSE(named("held"));
}

TEST_CASE("who shares a queue keeps its place there when a channel is forgotten",
          "[host][gate][limiter]") {
  bench b({{"shop", {{"write", {1, second}, true}}}});
  std::deque<std::string> names;
  for (std::uint32_t n = 0; n < 64; ++n)
    CHECK_FALSE(b.goes({n, "write", false, false, names.emplace_back("C" + std::to_string(n))}));
  const std::array<std::string_view, 3> others = {"X", "Y", "Z"};
  for (std::uint32_t n = 0; n < 3; ++n)
    CHECK_FALSE(b.goes({100 + n, "write", false, false, others[n]}));
  b.let_go(second + 1); // The 64, and one of the three.
  CHECK(b.left.size() == 65);
  for (int times = 0; times < 3; ++times) // Those who wait ask again, now and then.
    CHECK_FALSE(b.goes({101, "write", false, false, "Y"}));
  b.let_go(3 * second + 1);
  REQUIRE(b.left.size() == 67);
  CHECK(b.left[65].first == 101);
  CHECK(b.left[66].first == 102);
}

TEST_CASE("what undoes, reads and look-ups have their share of what all wait for",
          "[host][gate][limiter]") {
  bench b({{"shop", {{"all", {10, second}}}}});
  for (std::uint32_t n = 0; n < 1'000; ++n)
    CHECK_FALSE(b.goes({n}));
  for (std::uint32_t n = 0; n < 20; ++n) {
    CHECK_FALSE(b.goes({1'000 + n, "write", false, true}));
    CHECK_FALSE(b.goes({2'000 + n, "list", true}));
    CHECK_FALSE(b.goes({3'000 + n, "read"}));
  }
  CHECK(b.why({1}) == "the limit of shop, 10 a second, is used up");
  b.let_go(10 * second);
  CHECK(b.fullest(second) <= 10);
  std::map<std::uint32_t, int> of;
  for (const auto& [n, at] : b.left)
    ++of[n / 1'000];
  // Two of five for what goes forward, one for each of the others, until those have all gone.
  REQUIRE(b.left.size() >= 85);
  CHECK(of[0] >= 30);
  for (const std::uint32_t kind : {1U, 2U, 3U})
    CHECK(of[kind] >= 15);
  b.let_go(140 * second);
  CHECK(b.left.size() == 1'060);
}

TEST_CASE("a look-up that has begun comes before those that begin, in order of arrival",
          "[host][gate]") {
  bench b({}, [] {
    gate_limits one;
    one.lookups = 1;
    return one;
  }());
  REQUIRE(b.goes({1, "list", true}));
  CHECK_FALSE(b.goes({2, "list", true}));
  CHECK_FALSE(b.goes({3, "list", true}));
  CHECK_FALSE(b.goes({4, "list", true, false, {}, "shop", true}));
  CHECK_FALSE(b.goes({5, "list", true, false, {}, "shop", true}));
  b.left.clear();
  b.out.clear();
  b.let_go(1'000);
  std::vector<std::uint32_t> order;
  for (const auto& [n, at] : b.left)
    order.push_back(n);
  CHECK(order == std::vector<std::uint32_t>{4, 5, 2, 3});
}

TEST_CASE("over random asks, ends, refusals and withdrawals nothing is lost and no limit passed",
          "[host][gate][limiter]") {
  for (const auto seed : testing::seeds(1, 10)) {
    CAPTURE(seed);
    seeded_random dice(seed);
    const auto per_second = 5 + static_cast<std::int64_t>(dice.below(60));
    bench b({{"shop", {{"all", {per_second, second}}}}}, {.effects = 8, .reads = 4, .lookups = 4});
    std::uint32_t next = 0;
    std::size_t withdrawn = 0;
    constexpr std::string_view classes[] = {"write", "read", "list", "search"};
    for (int i = 0; i < 4'000; ++i) {
      switch (dice.below(7)) {
      case 0:
      case 1:
      case 2: {
        const auto call_class = classes[dice.below(4)];
        b.goes({next++, call_class, call_class == "list", dice.below(3) == 0});
        break;
      }
      case 3:
        if (!b.out.empty())
          b.out.erase(b.out.begin());
        break;
      case 4:
        if (dice.below(50) == 0)
          b.learned({0, classes[dice.below(4)]}, vendor_finding::limited, b.time.steady_ms(),
                    static_cast<std::int64_t>(dice.below(2'000)));
        break;
      case 5:
        if (!b.waiting.empty() && b.offered.empty() && dice.below(4) == 0) {
          const auto it = b.waiting.begin();
          b.gate->withdraw(request_of(it->second));
          b.waiting.erase(it);
          ++withdrawn;
          while (!b.offered.empty()) { // What it made room for.
            const auto n = b.offered.front();
            b.offered.pop_front();
            REQUIRE(b.goes(wish(b.waiting.at(n))));
          }
        }
        break;
      default:
        b.time.advance(static_cast<std::int64_t>(dice.below(60)));
        b.gate->tick();
        break;
      }
      while (!b.offered.empty()) {
        const auto n = b.offered.front();
        b.offered.pop_front();
        REQUIRE(b.goes(wish(b.waiting.at(n))));
      }
      const auto s = b.shop();
      REQUIRE(s.in_flight[0] + s.in_flight[1] + s.in_flight[2] == b.out.size());
      REQUIRE(s.queued[0] + s.queued[1] + s.queued[2] == b.waiting.size());
    }
    b.out.clear();
    b.let_go(b.time.steady_ms() + 4'000 * second);
    CHECK(b.waiting.empty());
    CHECK(b.left.size() + withdrawn == next);
    CHECK(b.fullest(second) <= per_second);
  }
}

// ── Operators ────────────────────────────────────────────────────────────────────────────────

TEST_CASE("no call at all leaves for a paused vendor", "[host][gate][operator]") {
  bench b;
  b.gate->set_switch("shop", vendor_switch::calls, {switch_position::on});
  CHECK_FALSE(b.goes({1}));
  CHECK_FALSE(b.goes({2, "read"}));
  CHECK_FALSE(b.goes({3, "list", true}));
  CHECK(b.goes({4, "write", false, false, {}, "post"}));
  CHECK_FALSE(b.gate->try_take("shop", place_kind::read));
  CHECK(b.why({1}) == "shop is paused by an operator");
  b.time.advance(7 * second);
  CHECK(b.shop().hold == vendor_hold::paused_by_operator);
  CHECK(b.shop().held_ms == 7 * second);
  CHECK(b.shop().holds == 0);
  CHECK_FALSE(b.gate->tick()); // Time changes nothing.
  CHECK(b.offered.empty());
  b.gate->set_switch("shop", vendor_switch::calls, {});
  CHECK(b.offered.size() == 3);
  b.take_offers();
  CHECK_FALSE(b.shop().held);
}

TEST_CASE("a place that was offered is taken back by a pause, and the queue keeps its order",
          "[host][gate][operator]") {
  bench b({}, {.effects = 2});
  REQUIRE(b.goes({1}));
  REQUIRE(b.goes({2}));
  for (std::uint32_t n = 3; n < 8; ++n)
    CHECK_FALSE(b.goes({n}));
  b.out.erase(1);
  b.out.erase(2);
  REQUIRE(b.offered == std::deque<std::uint32_t>{3, 4}); // On their way to their objects.
  b.offered.clear();
  b.gate->set_switch("shop", vendor_switch::calls, {switch_position::on});
  CHECK(b.shop().in_flight[0] == 0);
  CHECK(b.shop().queued[0] == 5);
  CHECK_FALSE(b.goes({3})); // What it was offered is not there any more.
  CHECK_FALSE(b.goes({9}));
  b.gate->set_switch("shop", vendor_switch::calls, {});
  b.left.clear();
  b.let_go(b.time.steady_ms() + 200 * second);
  std::vector<std::uint32_t> order;
  for (const auto& [n, at] : b.left)
    order.push_back(n);
  CHECK(order == std::vector<std::uint32_t>{3, 4, 5, 6, 7, 9});
}

TEST_CASE("after a pause the vendor is let through by and by", "[host][gate][operator]") {
  bench b({}, {.effects = 100, .resume_at_once = 1'000, .pace_ms = 10, .ramp_ms = 120 * second});
  b.gate->set_switch("shop", vendor_switch::calls, {switch_position::on});
  for (std::uint32_t n = 0; n < 500; ++n)
    CHECK_FALSE(b.goes({n}));
  b.gate->set_switch("shop", vendor_switch::calls, {});
  // Whoever has a place keeps it: how many there are is what is let through.
  const auto on_the_wire = [&] {
    b.gate->tick();
    while (!b.offered.empty()) {
      const auto n = b.offered.front();
      b.offered.pop_front();
      REQUIRE(b.goes({n}));
    }
    return b.out.size();
  };
  CHECK(on_the_wire() == 5);
  CHECK(b.shop().ramp_percent == 5);
  CHECK(b.why({500}) == "shop is let through again by and by: 5 % of its places are open");
  b.time.advance(60 * second);
  CHECK(on_the_wire() == 52);
  b.time.advance(60 * second);
  CHECK(on_the_wire() == 100);
  CHECK_FALSE(b.shop().ramp_percent);
}

TEST_CASE("who waits for more of a ramp is let through without anybody asking",
          "[host][gate][operator]") {
  bench b({}, {.effects = 40, .resume_at_once = 1'000, .ramp_ms = 120 * second});
  b.gate->set_switch("shop", vendor_switch::calls, {switch_position::on});
  for (std::uint32_t n = 0; n < 4; ++n)
    CHECK_FALSE(b.goes({n}));
  b.gate->set_switch("shop", vendor_switch::calls, {});
  REQUIRE(b.offered.size() == 2);
  b.offered.clear(); // They keep what they were offered for a minute.
  std::size_t ticks = 0;
  while (b.offered.empty()) {
    const auto next = b.gate->tick();
    REQUIRE(next);
    REQUIRE(++ticks < 100);
    if (b.offered.empty())
      b.time.advance(std::max<std::int64_t>(*next - b.time.steady_ms(), 1));
  }
  CHECK(b.offered.front() == 2);
}

TEST_CASE("what a person decided about a vendor ends when its time is over",
          "[host][gate][operator]") {
  bench b;
  const auto which = GENERATE(vendor_switch::calls, vendor_switch::breaker);
  const auto until = b.time.wall_ms() + 30 * second;
  b.gate->set_switch("shop", which, {switch_position::on, 0, until, "ada", "moving"});
  CHECK_FALSE(b.goes({1}));
  const auto stands = b.shop().switches[static_cast<std::size_t>(which)];
  CHECK(stands.by == "ada");
  CHECK(stands.reason == "moving");
  CHECK(stands.until == until);
  CHECK(b.gate->tick() == b.time.steady_ms() + 30 * second);
  b.time.advance(30 * second - 1);
  b.gate->tick();
  CHECK(b.offered.empty());
  CHECK(b.shop().held);
  b.time.advance(1);
  SECTION("who waits is told") {
    b.gate->tick();
    CHECK(b.offered == std::deque<std::uint32_t>{1});
  }
  SECTION("who comes then stands behind who waited") {
    b.goes({2});
    REQUIRE_FALSE(b.offered.empty());
    CHECK(b.offered.front() == 1);
  }
  CHECK_FALSE(b.shop().held);
  CHECK(b.shop().ramp_percent == 5);
}

TEST_CASE("a breaker that a person holds closed does not open until that ends",
          "[host][gate][operator]") {
  bench b({}, {.breaker = {.volume_min = 2, .failing_ms = 0}});
  const auto fail_twice = [&] {
    b.time.advance(1);
    for (int i = 0; i < 2; ++i)
      b.learned({0}, vendor_finding::unreachable, b.time.steady_ms());
  };
  b.gate->set_switch("shop", vendor_switch::breaker,
                     {switch_position::closed, 0, b.time.wall_ms() + 60 * second});
  fail_twice();
  CHECK_FALSE(b.shop().held);
  CHECK(b.goes({1}));
  b.time.advance(60 * second);
  fail_twice();
  CHECK(b.shop().hold == vendor_hold::breaker);
}

TEST_CASE("a person's probe goes at once where the vendor is held by itself",
          "[host][gate][operator]") {
  bench b({}, {.breaker = {.volume_min = 2, .failing_ms = 0, .open_ms = 60 * second}});
  CHECK_FALSE(b.gate->probe_now("shop"));
  b.time.advance(1);
  for (int i = 0; i < 2; ++i)
    b.learned({0}, vendor_finding::unreachable, 1);
  CHECK_FALSE(b.goes({1}));
  CHECK_FALSE(b.goes({2}));
  CHECK(b.offered.empty());
  CHECK(b.gate->probe_now("shop"));
  CHECK(b.offered == std::deque<std::uint32_t>{1}); // One, as a probe.
  b.gate->set_switch("shop", vendor_switch::calls, {switch_position::on});
  CHECK_FALSE(b.gate->probe_now("shop"));
}

TEST_CASE("a breaker that is held open lets nothing pass until it is closed",
          "[host][gate][operator]") {
  bench b;
  b.gate->set_switch("shop", vendor_switch::breaker, {switch_position::on});
  CHECK_FALSE(b.goes({1}));
  CHECK_FALSE(b.goes({2, "list", true}));
  CHECK(b.why({2, "list", true}) == "shop is held open by an operator");
  b.time.advance(3'600 * second);
  CHECK_FALSE(b.gate->tick());
  CHECK(b.offered.empty());
  b.learned({9}, vendor_finding::reached, b.time.steady_ms());
  CHECK(b.offered.empty());
  CHECK(b.shop().hold == vendor_hold::opened_by_operator);
  b.gate->set_switch("shop", vendor_switch::breaker, {});
  CHECK(b.offered.size() == 2);
}

TEST_CASE("an operator closes a breaker that opened by itself", "[host][gate][operator]") {
  bench b(
      {},
      {.breaker = {
           .volume_min = 2, .failing_ms = 0, .open_ms = 60 * second, .open_max_ms = 60 * second}});
  b.time.advance(1);
  for (int i = 0; i < 2; ++i)
    b.learned({0}, vendor_finding::unreachable, 1);
  REQUIRE(b.shop().hold == vendor_hold::breaker);
  CHECK_FALSE(b.goes({1}));
  b.gate->set_switch("shop", vendor_switch::breaker, {switch_position::closed, 0, 1});
  CHECK_FALSE(b.shop().held);
  CHECK(b.offered.size() == 1);
}

// ── The breaker ──────────────────────────────────────────────────────────────────────────────

TEST_CASE("what the vendor refuses opens no breaker", "[host][gate][breaker]") {
  bench b({}, {.breaker = {.volume_min = 2, .failing_ms = 0}});
  for (int i = 0; i < 100; ++i) {
    b.time.advance(100);
    b.learned({0}, vendor_finding::reached, b.time.steady_ms());
    b.learned({0}, vendor_finding::limited, b.time.steady_ms());
    b.learned({0}, vendor_finding::misconfigured, b.time.steady_ms());
  }
  CHECK(b.shop().breaker == providers::breaker_state::closed);
  CHECK(b.shop().hold == vendor_hold::credential);
}

TEST_CASE("after an outage what waited goes on at a pace", "[host][gate][breaker]") {
  bench b({}, {.effects = 1'000,
               .breaker = {.volume_min = 2, .failing_ms = 0},
               .resume_at_once = 5,
               .pace_ms = 10});
  b.time.advance(1);
  for (int i = 0; i < 2; ++i)
    b.learned({0}, vendor_finding::unreachable, 1);
  for (std::uint32_t n = 1; n <= 1'000; ++n)
    CHECK_FALSE(b.goes({n}));
  b.time.advance(second);
  b.gate->tick();
  REQUIRE(b.offered.size() == 1); // The probe.
  REQUIRE(b.goes({b.offered.front()}));
  b.offered.clear();
  b.learned({1}, vendor_finding::reached, b.time.steady_ms());
  b.left.clear();
  b.take_offers();
  b.let_go(b.time.steady_ms() + 4 * second);
  CHECK(b.left.size() == 999);
  CHECK(b.fullest(10) <= 2 * 5);
}

// ── What is shown ────────────────────────────────────────────────────────────────────────────

TEST_CASE("how a vendor stands is shown whole", "[host][gate][status]") {
  bench b({{"shop", {{"all", {100, second}}, {"write", {25, second}}}}},
          {.effects = 3, .breaker = {.volume_min = 100}});
  b.time.advance(second);
  for (std::uint32_t n = 0; n < 3; ++n)
    REQUIRE(b.goes({n}));
  CHECK_FALSE(b.goes({3}));
  CHECK_FALSE(b.goes({4, "write", false, true}));
  b.time.advance(120);
  for (auto& [n, lease] : b.out)
    lease.answered({providers::outcome_kind::response, {}, {}});
  b.time.advance(5'000); // Handling what they said is no latency of the vendor's.
  for (int i = 0; i < 20; ++i)
    b.gate->learned({.vendor = "shop",
                     .call_class = "write",
                     .finding = vendor_finding::unreachable,
                     .why = std::string(300, 'x') + std::to_string(i),
                     .left_at = b.time.steady_ms()});
  auto s = b.shop();
  CHECK(s.vendor == "shop");
  CHECK(s.in_flight[0] == 3);
  CHECK(s.queued[0] == 2);
  CHECK(s.unreachable == 20);
  CHECK(s.hold == vendor_hold::none);
  REQUIRE(s.limits.size() == 2);
  CHECK(s.limits[0].call_class == "all");
  CHECK(s.limits[0].limit == "100 a second");
  CHECK(s.limits[1].call_class == "write");
  CHECK(s.limits[1].tokens == 5); // Full again: a fifth of it may leave at once.
  CHECK_FALSE(s.p50_ms);
  REQUIRE(s.last_errors.size() == vendor_places::errors_max);
  CHECK(s.last_errors.back().finding == vendor_finding::unreachable);
  CHECK(s.last_errors.back().why.size() <= 200);
  CHECK(s.last_errors.back().ago_ms == 0);
  b.out.clear();
  s = b.shop();
  REQUIRE(s.p50_ms);
  CHECK(*s.p50_ms >= 120);
  CHECK(*s.p99_ms <= 180);
}
