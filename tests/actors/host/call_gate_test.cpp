#include "actors/host/call_gate.hpp"
#include "journal/base/log.hpp"
#include "journal/base/log_metrics.hpp"
#include "journal/base/random.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/sim_clock.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

using namespace orderhub;
using namespace orderhub::host;
using durable::place_verdict;
using durable::vendor_finding;
using orderhub::testing::manual_clock;

namespace {

/// The n-th effect of all: one object, one invocation each.
durable::place_request effect(std::uint32_t n, bool lookup = false,
                              std::string_view call_class = "write",
                              std::string_view vendor = "shop") {
  invocation_id id;
  id.bytes[0] = static_cast<std::uint8_t>(n >> 16U);
  id.bytes[1] = static_cast<std::uint8_t>(n >> 8U);
  id.bytes[2] = static_cast<std::uint8_t>(n);
  return {{"S", std::to_string(n)}, {id, 1, 0}, vendor, call_class, lookup};
}

struct bench {
  explicit bench(gate_limits limits = {.effects = 2, .reads = 1, .lookups = 1})
      : owned(
            std::make_shared<vendor_gate>(std::vector<std::string>{"shop", "post"}, limits, time)),
        gate(*owned) {
    log::set_level(log::level::off);
    gate.on_offer([this](place_offer o) { offered.push_back(std::move(o)); });
  }
  place_verdict ask(const durable::place_request& r) { return gate.ask(r).verdict; }
  place_lease leave(const durable::place_request& r) {
    return gate.leave(r.vendor, r.who, kind_of(r.call_class, r.lookup));
  }
  /// Of a call that left just now.
  bool learned(std::string_view vendor, vendor_finding finding, std::string_view why) {
    return gate.learned({.vendor = vendor,
                         .call_class = "write",
                         .finding = finding,
                         .why = why,
                         .left_at = time.steady_ms()});
  }
  /// Asks, and is on the wire until `out` of it is erased.
  bool sends(std::uint32_t n, bool lookup = false) {
    if (ask(effect(n, lookup)) != place_verdict::granted)
      return false;
    out[n] = leave(effect(n, lookup));
    return true;
  }
  void ends(std::uint32_t n) { out.erase(n); }
  /// Number of the effect that is offered a place; the oldest offer that was not read yet.
  std::string next_offer() {
    if (offered.empty())
      return "none";
    auto key = offered.front().object.key;
    offered.pop_front();
    return key;
  }
  vendor_places shop() { return gate.snapshot()[1]; }

  manual_clock time;
  std::deque<place_offer> offered;
  std::shared_ptr<vendor_gate> owned;
  vendor_gate& gate;
  std::map<std::uint32_t, place_lease> out;
};

} // namespace

// ── Places and queues ────────────────────────────────────────────────────────────────────────

TEST_CASE("a place is granted while one is free, then effects queue and say why", "[host][gate]") {
  bench b;
  CHECK(b.sends(1));
  CHECK(b.sends(2));
  const auto third = b.gate.ask(effect(3));
  CHECK(third.verdict == place_verdict::queued);
  CHECK(third.why == "2 calls to shop are on the wire");
  CHECK(b.shop().in_flight[0] == 2);
  CHECK(b.shop().queued[0] == 1);
  CHECK(b.offered.empty());
}

TEST_CASE("effects, reads and look-ups have places of their own, and so has each vendor",
          "[host][gate]") {
  bench b;
  CHECK(b.sends(1));
  CHECK(b.sends(2));
  CHECK(!b.sends(3));
  CHECK(b.ask(effect(4, true)) == place_verdict::granted);
  CHECK(b.ask(effect(5, true)) == place_verdict::queued);
  CHECK(b.ask(effect(6, false, "read")) == place_verdict::granted);
  CHECK(b.ask(effect(7, false, "read")) == place_verdict::queued);
  CHECK(b.ask(effect(8, false, "write", "post")) == place_verdict::granted);
  CHECK(b.gate.places_total() == 8);
}

TEST_CASE("a place that frees itself is offered to the first and kept for it", "[host][gate]") {
  bench b;
  b.sends(1);
  b.sends(2);
  CHECK(!b.sends(3));
  CHECK(!b.sends(4));
  b.ends(2);
  CHECK(b.next_offer() == "3");
  CHECK(b.next_offer() == "none");
  CHECK(!b.sends(5)); // The free place is not for whoever comes.
  CHECK(b.sends(3));
  b.ends(1);
  CHECK(b.next_offer() == "4");
}

TEST_CASE("an effect that asks again queues once and keeps its turn", "[host][gate]") {
  bench b;
  b.sends(1);
  b.sends(2);
  for (int i = 0; i < 3; ++i)
    for (const std::uint32_t n : {3U, 4U})
      CHECK(b.ask(effect(n)) == place_verdict::queued);
  CHECK(b.shop().queued[0] == 2);
  b.ends(1);
  CHECK(b.next_offer() == "3");
  CHECK(b.next_offer() == "none");
}

TEST_CASE("a granted place that has not left is the same when asked for again", "[host][gate]") {
  bench b;
  CHECK(b.ask(effect(1)) == place_verdict::granted);
  CHECK(b.ask(effect(1)) == place_verdict::granted); // Its object's frames were dropped between.
  CHECK(b.shop().in_flight[0] == 1);
  b.out[1] = b.leave(effect(1));
  CHECK(b.shop().in_flight[0] == 1);
  b.ends(1);
  CHECK(b.shop().in_flight[0] == 0);
}

TEST_CASE("an effect that wants a look-up now leaves its place among the effects", "[host][gate]") {
  bench b;
  b.sends(1);
  b.sends(2);
  CHECK(!b.sends(3));
  CHECK(!b.sends(4));
  CHECK(b.sends(3, true));
  CHECK(b.shop().queued[0] == 1);
  b.ends(1);
  CHECK(b.next_offer() == "4");
}

TEST_CASE("who withdraws is offered nothing, and its offer goes to the next", "[host][gate]") {
  bench b;
  b.sends(1);
  b.sends(2);
  for (const std::uint32_t n : {3U, 4U, 5U})
    CHECK(!b.sends(n));
  b.gate.withdraw(effect(3));
  b.ends(1);
  CHECK(b.next_offer() == "4");
  b.gate.withdraw(effect(4));
  CHECK(b.next_offer() == "5");
  b.gate.withdraw(effect(5));
  CHECK(b.shop().in_flight[0] == 1);
  b.gate.withdraw(effect(99)); // Never asked.
  b.gate.withdraw(effect(2));  // On the wire: its place comes back at its end.
  CHECK(b.shop().in_flight[0] == 1);
  CHECK(b.sends(6));
}

TEST_CASE("an object that was told and does not take the place leaves it to the next",
          "[host][gate]") {
  bench b;
  b.sends(1);
  b.sends(2);
  CHECK(!b.sends(3));
  CHECK(!b.sends(4));
  b.ends(1);
  const auto offer = b.offered.front();
  CHECK(b.next_offer() == "3");
  b.gate.not_taken(offer);
  CHECK(b.next_offer() == "4");
  CHECK(b.sends(4));
  b.gate.not_taken({{"S", "4"}, effect(4).who, "shop"}); // It did.
  CHECK(b.shop().in_flight[0] == 2);
  // One that queues again meanwhile is not taken out of the queue.
  CHECK(!b.sends(3));
  b.gate.not_taken(offer);
  CHECK(b.shop().queued[0] == 1);
}

TEST_CASE("an offer that nobody takes goes to the next after its time", "[host][gate]") {
  bench b;
  b.sends(1);
  b.sends(2);
  CHECK(!b.sends(3));
  CHECK(!b.sends(4));
  b.ends(1);
  CHECK(b.next_offer() == "3");
  CHECK(b.gate.tick() == b.time.steady_ms() + 60'000);
  b.time.advance(59'999);
  b.gate.tick();
  CHECK(b.next_offer() == "none");
  b.time.advance(1);
  b.gate.tick();
  CHECK(b.next_offer() == "4");
  CHECK(!b.sends(3)); // It has to queue again.
  CHECK(b.sends(4));
}

TEST_CASE("past its bound the queue is full, and who is in it stays", "[host][gate]") {
  bench b({.effects = 1, .reads = 1, .lookups = 1, .queue_max = 2});
  b.sends(1);
  CHECK(b.ask(effect(2)) == place_verdict::queued);
  CHECK(b.ask(effect(3)) == place_verdict::queued);
  const auto refused = b.gate.ask(effect(4));
  CHECK(refused.verdict == place_verdict::full);
  CHECK(refused.why == "1 calls to shop are on the wire");
  CHECK(b.ask(effect(3)) == place_verdict::queued);
  CHECK(b.ask(effect(5, true)) == place_verdict::granted);
  b.ends(1);
  CHECK(b.next_offer() == "2");
  CHECK(b.ask(effect(4)) == place_verdict::queued);
}

TEST_CASE("no effect waits longer than all that came before it", "[host][gate]") {
  bench b({.effects = 3, .reads = 1, .lookups = 1});
  seeded_random choose(7);
  std::vector<std::uint32_t> on_wire;
  std::uint32_t asked = 0;
  std::uint32_t served = 0;
  for (int i = 0; i < 5'000; ++i) {
    if (on_wire.empty() || choose.below(2) == 0) {
      if (b.sends(++asked)) {
        CHECK(asked == served + 1);
        ++served;
        on_wire.push_back(asked);
      }
    } else {
      const auto n = choose.below(on_wire.size());
      b.ends(on_wire[n]);
      on_wire.erase(on_wire.begin() + static_cast<std::ptrdiff_t>(n));
      if (!b.offered.empty()) {
        const auto next = static_cast<std::uint32_t>(std::stoul(b.next_offer()));
        REQUIRE(next == served + 1);
        REQUIRE(b.sends(next));
        ++served;
        on_wire.push_back(next);
      }
    }
  }
  CHECK(served > 1'000);
}

TEST_CASE("a call that can be left out takes a free place or none", "[host][gate]") {
  bench b;
  {
    const auto first = b.gate.try_take("shop", place_kind::read);
    CHECK(first);
    CHECK(!b.gate.try_take("shop", place_kind::read));
    CHECK(b.ask(effect(1, false, "read")) == place_verdict::queued);
  }
  CHECK(b.next_offer() == "1");
  CHECK(!b.gate.try_take("shop", place_kind::read)); // Kept for who waits.
  CHECK(b.ask(effect(1, false, "read")) == place_verdict::granted);
}

TEST_CASE("what an activation was granted and did not send is free when it is forgotten",
          "[host][gate]") {
  bench b;
  CHECK(b.ask(effect(1)) == place_verdict::granted);
  CHECK(b.sends(2));
  CHECK(!b.sends(3));
  b.gate.forget({"S", "2"}); // On the wire: stays.
  CHECK(b.next_offer() == "none");
  b.gate.forget({"S", "1"});
  CHECK(b.next_offer() == "3");
}

TEST_CASE("a call that asked nobody is counted all the same", "[host][gate]") {
  bench b;
  b.out[1] = b.leave(effect(1));
  b.out[2] = b.leave(effect(2));
  b.out[3] = b.leave(effect(3));
  CHECK(b.shop().in_flight[0] == 3);
  CHECK(!b.sends(4));
  b.ends(1);
  CHECK(b.next_offer() == "none"); // Still as many as there are places.
  b.ends(2);
  CHECK(b.next_offer() == "4");
}

TEST_CASE("a vendor that the gate does not know is granted and not counted", "[host][gate]") {
  bench b;
  for (std::uint32_t n = 0; n < 5; ++n)
    CHECK(b.ask(effect(n, false, "write", "nobody")) == place_verdict::granted);
  CHECK(!b.leave(effect(1, false, "write", "nobody")));
}

// ── A vendor that refuses our credential ─────────────────────────────────────────────────────

TEST_CASE("a refused credential holds the vendor, and calls a person once", "[host][gate][hold]") {
  bench b;
  b.sends(1);
  b.sends(2);
  const auto errors = log::error_count();
  b.learned("shop", vendor_finding::misconfigured, "401");
  b.ends(1);
  b.learned("shop", vendor_finding::misconfigured, "401");
  b.ends(2);
  CHECK(log::error_count() == errors + 1);
  for (const auto& request : {effect(3), effect(4, true), effect(5, false, "read")}) {
    const auto answer = b.gate.ask(request);
    CHECK(answer.verdict == place_verdict::queued);
    CHECK(answer.why == "shop refuses our credential: 401");
  }
  CHECK(!b.gate.try_take("shop", place_kind::read));
  CHECK(b.ask(effect(6, false, "write", "post")) == place_verdict::granted);
  b.time.advance(5'000);
  const auto s = b.shop();
  CHECK(s.held);
  CHECK(s.why == "401");
  CHECK(s.held_ms == 5'000);
  CHECK(s.holds == 1);
  CHECK(s.misconfigured == 2);
}

TEST_CASE("a redirect is a wrong address and no refused credential", "[host][gate][hold]") {
  bench b;
  const std::string why = "302 redirect to another address; check the configured URL";
  b.learned("shop", vendor_finding::misconfigured, why);
  CHECK(b.gate.ask(effect(1)).why == "shop answers with a " + why);
  CHECK(b.shop().why == why);
  CHECK(log::error_count() > 0);
  const auto errors = log::errors_by_event();
  CHECK(std::any_of(errors.begin(), errors.end(),
                    [](const auto& e) { return e.first[0] == "vendor_redirects"; }));
}

TEST_CASE("while a vendor is held one probe a minute goes, the longest waiting first",
          "[host][gate][hold]") {
  bench b;
  b.learned("shop", vendor_finding::misconfigured, "401");
  CHECK(!b.sends(1, true));
  CHECK(!b.sends(2));
  CHECK(!b.sends(3));
  CHECK(b.gate.tick() == b.time.steady_ms() + 60'000);
  b.time.advance(59'999);
  b.gate.tick();
  CHECK(b.next_offer() == "none");
  b.time.advance(1);
  b.gate.tick();
  CHECK(b.next_offer() == "1");
  REQUIRE(b.sends(1, true));
  b.learned("shop", vendor_finding::misconfigured, "401");
  b.ends(1);
  b.gate.tick();
  CHECK(b.next_offer() == "none");
  b.time.advance(60'000);
  b.gate.tick();
  CHECK(b.next_offer() == "2");
  CHECK(b.next_offer() == "none");
}

TEST_CASE("a fresh ask is the probe where the minute is over and nobody waits",
          "[host][gate][hold]") {
  bench b;
  b.learned("shop", vendor_finding::misconfigured, "401");
  b.time.advance(60'000);
  CHECK(b.sends(1));
  CHECK(!b.sends(2));
}

TEST_CASE("a probe that never leaves makes room for another one", "[host][gate][hold]") {
  bench b;
  b.learned("shop", vendor_finding::misconfigured, "401");
  CHECK(!b.sends(1));
  CHECK(!b.sends(2));
  b.time.advance(60'000);
  b.gate.tick();
  CHECK(b.next_offer() == "1");
  b.gate.withdraw(effect(1));
  CHECK(b.next_offer() == "2");
}

TEST_CASE("what is reached ends the hold, and those who wait go on at a pace",
          "[host][gate][hold]") {
  bench b({.effects = 100, .reads = 1, .lookups = 1, .resume_at_once = 3, .pace_ms = 10});
  b.learned("shop", vendor_finding::misconfigured, "401");
  for (std::uint32_t n = 1; n <= 8; ++n)
    CHECK(!b.sends(n));
  b.time.advance(60'000);
  b.gate.tick();
  REQUIRE(b.next_offer() == "1");
  REQUIRE(b.sends(1));
  b.learned("shop", vendor_finding::reached, {});
  CHECK(!b.shop().held);
  for (const auto* n : {"2", "3", "4", "none"})
    CHECK(b.next_offer() == n);
  CHECK(!b.sends(9)); // Behind those who wait.
  for (const std::uint32_t n : {2U, 3U, 4U}) {
    REQUIRE(b.sends(n));
    b.ends(n); // A free place is no reason to go faster.
  }
  CHECK(b.next_offer() == "none");
  CHECK(b.gate.tick() == b.time.steady_ms() + 10);
  b.time.advance(10);
  b.gate.tick();
  for (const auto* n : {"5", "6", "7", "none"})
    CHECK(b.next_offer() == n);
  b.time.advance(1'000); // Time that nobody used is not saved up.
  b.gate.tick();
  for (const auto* n : {"8", "9", "none"})
    CHECK(b.next_offer() == n);
  CHECK(b.sends(10)); // Nobody waits: as before the hold.
}

TEST_CASE("a changed credential is probed at once", "[host][gate][hold]") {
  bench b;
  b.learned("shop", vendor_finding::misconfigured, "401");
  CHECK(!b.sends(1));
  CHECK(!b.sends(2));
  b.gate.probe_now("shop");
  CHECK(b.next_offer() == "1");
  CHECK(b.next_offer() == "none");
  b.gate.probe_now("post"); // Not held: nothing.
  REQUIRE(b.sends(1));
  b.learned("shop", vendor_finding::reached, {});
  CHECK(b.next_offer() == "2");
}

TEST_CASE("a call that a person forces is the probe, before all that wait", "[host][gate][hold]") {
  bench b;
  const bool by_credential = GENERATE(false, true);
  if (by_credential)
    b.learned("shop", vendor_finding::misconfigured, "401");
  else
    for (int i = 0; i < 1'000 && !b.shop().held; ++i) {
      b.time.advance(1'000);
      b.learned("shop", vendor_finding::unreachable, "503");
    }
  REQUIRE(b.shop().held);
  auto forced = effect(2);
  forced.forces_probe = true;
  const bool has_asked = GENERATE(false, true);
  CHECK(!b.sends(1));
  if (has_asked)
    CHECK(!b.sends(2));
  REQUIRE(b.ask(forced) == place_verdict::granted);
  b.out[2] = b.leave(forced);
  CHECK(b.next_offer() == "none");
  CHECK(!b.sends(3));
  CHECK(b.shop().queued[0] == 2);
  b.learned("shop", vendor_finding::reached, {});
  b.ends(2);
  b.gate.tick();
  CHECK((by_credential ? b.next_offer() == "1" : true));
}

TEST_CASE("what an operator holds no person's call passes", "[host][gate][hold]") {
  bench b;
  b.learned("shop", vendor_finding::misconfigured, "401");
  b.gate.set_switch("shop", vendor_switch::calls, {.position = switch_position::on});
  auto forced = effect(1);
  forced.forces_probe = true;
  CHECK(b.ask(forced) == place_verdict::queued);
}

// One step's call needs a right that the others do not need.
TEST_CASE("holds that come and go for one reason call a person once in ten minutes",
          "[host][gate][hold]") {
  bench b;
  const auto errors = log::error_count();
  for (int i = 0; i < 5; ++i) {
    b.learned("shop", vendor_finding::misconfigured, "missing_scope");
    b.learned("shop", vendor_finding::reached, {});
    b.time.advance(1'000);
  }
  CHECK(log::error_count() == errors + 1);
  CHECK(b.shop().holds == 5);
  b.learned("shop", vendor_finding::misconfigured, "401"); // Another reason.
  CHECK(log::error_count() == errors + 2);
  b.learned("shop", vendor_finding::reached, {});
  b.time.advance(600'000);
  b.learned("shop", vendor_finding::misconfigured, "401");
  CHECK(log::error_count() == errors + 3);
}

TEST_CASE("a vendor that cannot be reached for a moment is counted and not held", "[host][gate]") {
  bench b;
  b.learned("shop", vendor_finding::unreachable, "503");
  b.learned("shop", vendor_finding::unreachable, "503");
  CHECK(b.shop().unreachable == 2);
  CHECK(!b.shop().held);
  CHECK(b.sends(1));
}

TEST_CASE("a vendor that is not reached again and again is held, and probed ever more rarely",
          "[host][gate][hold]") {
  bench b({.effects = 100,
           .reads = 1,
           .lookups = 1,
           .breaker = {.volume_min = 3, .open_ms = 1'000, .open_max_ms = 4'000},
           .resume_at_once = 2,
           .pace_ms = 10});
  const auto miss = [&] { b.learned("shop", vendor_finding::unreachable, "503"); };
  for (int i = 0; i < 9; ++i)
    miss(); // Many at once are one moment.
  CHECK(!b.shop().held);
  b.time.advance(5'000);
  for (int i = 0; i < 10; ++i)
    b.learned("shop", vendor_finding::reached, {});
  CHECK(!b.shop().held);
  miss(); // Ten of twenty.
  REQUIRE(b.shop().held);
  CHECK(b.shop().hold == vendor_hold::breaker);
  CHECK(b.shop().breaker == providers::breaker_state::open);
  CHECK(b.shop().breaker_cause == "503");
  CHECK(b.shop().probe_in_ms == 1'000);
  CHECK(b.gate.ask(effect(1)).why == "shop is not reached: 503");
  CHECK(!b.sends(2));
  CHECK(b.ask(effect(3, true)) == place_verdict::queued); // Look-ups would not reach it either.
  for (const std::int64_t pause : {1'000, 2'000, 4'000, 4'000}) {
    b.time.advance(pause - 1);
    b.gate.tick();
    REQUIRE(b.next_offer() == "none");
    b.time.advance(1);
    b.gate.tick();
    REQUIRE(b.next_offer() == "1");
    REQUIRE(b.sends(1));
    b.ends(1);
    miss();
    REQUIRE(b.ask(effect(1)) == place_verdict::queued);
    // Back to the end of the queue; the others first.
    b.gate.withdraw(effect(1));
    b.gate.withdraw(effect(2));
    b.gate.withdraw(effect(3, true));
    REQUIRE(b.ask(effect(1)) == place_verdict::queued);
  }
  b.learned("shop", vendor_finding::reached, {});
  CHECK(!b.shop().held);
  CHECK(b.next_offer() == "1");
}

TEST_CASE("a vendor that is not reached and then refuses our credential is held for that",
          "[host][gate][hold]") {
  bench b({.effects = 2, .reads = 1, .lookups = 1, .breaker = {.volume_min = 1, .failing_ms = 0}});
  b.learned("shop", vendor_finding::unreachable, "503");
  REQUIRE(b.shop().held);
  b.learned("shop", vendor_finding::misconfigured, "401");
  CHECK(b.gate.ask(effect(1)).why == "shop refuses our credential: 401");
}

// ── Threads ──────────────────────────────────────────────────────────────────────────────────

TEST_CASE("under threads no more than the places are out, and everybody gets one", "[host][gate]") {
  log::set_level(log::level::off);
  system_clock time;
  std::mutex mutex;
  std::deque<std::uint32_t> told;
  auto owned = std::make_shared<vendor_gate>(
      std::vector<std::string>{"shop"}, gate_limits{.effects = 3, .reads = 1, .lookups = 1}, time);
  auto& gate = *owned;
  gate.on_offer([&](const place_offer& o) {
    const std::lock_guard lock(mutex);
    told.push_back(static_cast<std::uint32_t>(std::stoul(o.object.key)));
  });
  constexpr std::uint32_t effects = 20'000;
  std::atomic<std::uint32_t> next{0};
  std::atomic<std::uint32_t> served{0};
  std::atomic<int> out{0};
  std::atomic<int> most{0};
  const auto serve = [&](std::uint32_t n) {
    if (gate.ask(effect(n)).verdict != place_verdict::granted)
      return;
    auto place = gate.leave("shop", effect(n).who, place_kind::effect);
    const int now = ++out;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    --out;
    place.release();
    ++served;
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      while (served < effects) {
        std::optional<std::uint32_t> offered;
        {
          const std::lock_guard lock(mutex);
          if (!told.empty()) {
            offered = told.front();
            told.pop_front();
          }
        }
        if (offered)
          serve(*offered);
        else if (const auto n = next++; n < effects)
          serve(n);
        else
          std::this_thread::yield();
      }
    });
  for (auto& t : threads)
    t.join();
  CHECK(served == effects);
  CHECK(most <= 3);
  const auto s = gate.snapshot().front();
  CHECK(s.in_flight[0] == 0);
  CHECK(s.queued[0] == 0);
}
