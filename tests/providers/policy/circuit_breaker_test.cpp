#include "journal/base/random.hpp"
#include "providers/policy/circuit_breaker.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/seeds.hpp"

#include <cstdint>
#include <string>

namespace orderhub::providers {
namespace {

constexpr std::int64_t second = 1'000;

struct bench {
  circuit_breaker breaker;
  std::int64_t now = 100 * second;

  explicit bench(const breaker_settings& s = {}) : breaker(s) {}
  void fails(std::int64_t ms_between = 0, std::string_view why = "503") {
    breaker.failed(now, now, why);
    now += ms_between;
  }
  void succeeds(std::int64_t ms_between = 0) {
    breaker.succeeded(now, now);
    now += ms_between;
  }
  /// Twenty failures over ten seconds.
  void open() {
    for (fails(); breaker.is_closed(); fails())
      now += 500;
  }
  /// The next probe goes as soon as it may; how long that took.
  std::int64_t probe() {
    const auto from = now;
    REQUIRE_FALSE(breaker.is_closed());
    if (breaker.probe_at() > now) {
      now = breaker.probe_at() - 1;
      REQUIRE_FALSE(breaker.lets_pass(now));
      ++now;
    }
    REQUIRE(breaker.lets_pass(now));
    breaker.passed(now);
    return now - from;
  }
};

} // namespace

TEST_CASE("a breaker opens where most of enough calls fail for long enough",
          "[providers][breaker]") {
  bench few;
  for (int i = 0; i < 19; ++i)
    few.fails(500);
  CHECK(few.breaker.is_closed()); // Too few to say anything.
  few.fails();
  CHECK(few.breaker.state() == breaker_state::open);
  CHECK(few.breaker.cause() == "503");
  CHECK(few.breaker.openings() == 1);

  bench moment;
  for (int i = 0; i < 500; ++i)
    moment.fails();
  CHECK(moment.breaker.is_closed()); // Many at once are one moment.

  bench some;
  for (int i = 0; i < 100; ++i) {
    some.fails(30);
    some.succeeds(30);
    some.succeeds(30);
  }
  CHECK(some.breaker.is_closed()); // A third.

  bench half;
  for (int i = 0; i < 200 && half.breaker.is_closed(); ++i) {
    half.succeeds(250);
    half.fails(250);
  }
  CHECK(half.breaker.state() == breaker_state::open);
}

TEST_CASE("what is older than the window does not count", "[providers][breaker]") {
  bench b;
  for (int i = 0; i < 15; ++i)
    b.fails(400);
  CHECK(b.breaker.in_window(b.now).failures == 15);
  b.now += 60 * second;
  CHECK(b.breaker.in_window(b.now).outcomes == 0);
  for (int i = 0; i < 15; ++i)
    b.fails(400);
  CHECK(b.breaker.is_closed());
}

TEST_CASE("probes go one after the other, ever more rarely, until they succeed",
          "[providers][breaker]") {
  bench b({.open_ms = 1'000, .open_max_ms = 4'000, .probes = 2});
  b.open();
  for (const std::int64_t pause : {1'000, 2'000, 4'000, 4'000}) {
    CHECK(b.probe() == pause);
    CHECK(b.breaker.state() == breaker_state::half_open);
    CHECK_FALSE(b.breaker.lets_pass(b.now + 1)); // One is out.
    b.now += 20;
    b.breaker.failed(b.now - 20, b.now, "no answer");
    CHECK(b.breaker.state() == breaker_state::open);
    CHECK(b.breaker.cause() == "no answer");
  }
  b.probe();
  b.succeeds(10);
  CHECK(b.breaker.state() == breaker_state::half_open);
  CHECK(b.probe() == 0); // The next one may go at once.
  b.breaker.failed(b.now, b.now, "503");
  CHECK(b.breaker.state() == breaker_state::open); // Two in a row.
  b.probe();
  b.succeeds(10);
  b.probe();
  b.succeeds(10);
  CHECK(b.breaker.is_closed());
  CHECK(b.breaker.openings() == 1);
}

TEST_CASE("a probe that is not heard of makes room for another one, later",
          "[providers][breaker]") {
  bench b;
  b.open();
  b.probe();
  const auto pause = b.probe();
  CHECK(pause == 2'000);
  CHECK(b.probe() == 4'000);
  b.breaker.not_passed(b.now); // And one that never left, at once.
  CHECK(b.breaker.lets_pass(b.now));
}

TEST_CASE("what left before it opened decides nothing", "[providers][breaker]") {
  bench b;
  b.open();
  const auto opened = b.now;
  b.now += 300;
  b.breaker.succeeded(opened - 5'000, b.now);
  CHECK(b.breaker.state() == breaker_state::open);
  b.probe();
  b.breaker.failed(opened - 5'000, b.now, "late");
  CHECK(b.breaker.state() == breaker_state::half_open);
  CHECK(b.breaker.cause() == "503");
  b.succeeds();
  CHECK(b.breaker.is_closed());
}

TEST_CASE("one that opens again soon begins with the longer time", "[providers][breaker]") {
  bench b;
  b.open();
  for (int i = 0; i < 3; ++i) {
    b.probe();
    b.fails();
  }
  b.probe();
  b.succeeds();
  REQUIRE(b.breaker.is_closed());
  b.open();
  CHECK(b.probe() > 8'000);
  b.succeeds();
  b.now += 120 * second;
  b.open();
  CHECK(b.probe() == 1'000);
}

TEST_CASE("a person closes it, and it counts anew", "[providers][breaker]") {
  bench b;
  b.open();
  b.breaker.close(b.now);
  CHECK(b.breaker.is_closed());
  for (int i = 0; i < 19; ++i)
    b.fails(500);
  CHECK(b.breaker.is_closed());
  b.fails();
  CHECK_FALSE(b.breaker.is_closed());
}

TEST_CASE("the cause is bounded", "[providers][breaker]") {
  bench b;
  const std::string long_one(10'000, 'x');
  while (b.breaker.is_closed())
    b.fails(500, long_one);
  CHECK(b.breaker.cause().size() <= circuit_breaker::cause_max);
}

// Whatever happens in whatever order: where the vendor is back it closes, where it is away hardly
// anything leaves, and its own numbers agree.
TEST_CASE("over random outages a breaker lets little through and finds back",
          "[providers][breaker]") {
  for (const auto seed : testing::seeds(1, 20)) {
    CAPTURE(seed);
    seeded_random dice(seed);
    bench b;
    for (int outage = 0; outage < 10; ++outage) {
      const auto up_until = b.now + static_cast<std::int64_t>(dice.below(200 * second));
      while (b.now < up_until) {
        REQUIRE(b.breaker.lets_pass(b.now));
        b.breaker.passed(b.now);
        b.succeeds(1 + static_cast<std::int64_t>(dice.below(400)));
      }
      const auto down_until = b.now + static_cast<std::int64_t>(dice.below(600 * second));
      std::int64_t passed = 0;
      while (b.now < down_until) {
        if (b.breaker.lets_pass(b.now)) {
          const bool was_closed = b.breaker.is_closed();
          b.breaker.passed(b.now);
          passed += was_closed ? 0 : 1;
          b.fails();
        }
        b.now += 1 + static_cast<std::int64_t>(dice.below(100));
      }
      CHECK(passed <= 4 + 600 / 15 + 1);
      // It is back: one probe shows it, at the latest after the longest pause.
      const auto back = b.now;
      while (!b.breaker.is_closed()) {
        if (b.breaker.lets_pass(b.now)) {
          b.breaker.passed(b.now);
          b.now += 5;
          b.breaker.succeeded(b.now - 5, b.now);
        } else {
          b.now += 50;
        }
      }
      CHECK(b.now - back <= 15 * second + 100);
    }
  }
}

} // namespace orderhub::providers
