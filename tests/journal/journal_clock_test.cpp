#include "journal/base/journal_clock.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>
#include <vector>

namespace orderhub::testing {

namespace {

constexpr unix_ms noon = 1'700'000'000'000;
constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;

/// A machine whose wall clock is stepped by hand, beside a steady one that is not.
class two_clocks final : public clock {
public:
  [[nodiscard]] unix_ms wall_ms() const override { return wall; }
  [[nodiscard]] std::int64_t steady_ms() const override { return steady; }
  void pass(std::int64_t ms) {
    wall += ms;
    steady += ms;
  }
  unix_ms wall = noon;
  std::int64_t steady = 5'000;
};

std::uint64_t first_seed() {
  const char* text = std::getenv("ORDERHUB_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

} // namespace

TEST_CASE("the clock begins at the wall, or behind the journal's last time", "[clock]") {
  two_clocks machine;
  CHECK(journal_clock(machine, {}).now() == noon);
  CHECK(journal_clock(machine, {noon - 5, 5, false}).now() == noon);
  CHECK(journal_clock(machine, {noon + hour, 0, true}).now() == noon + hour + 1);
  // A time of this run is never one of the run before.
  CHECK(journal_clock(machine, {noon, 0, false}).now() == noon + 1);
}

TEST_CASE("while the wall clock is not stepped the clock goes as steady time does", "[clock]") {
  two_clocks machine;
  const journal_clock time(machine, {noon - day, day, false});
  for (int i = 0; i < 100'000; ++i) {
    machine.pass(i % 700);
    REQUIRE(time.now() == machine.wall);
    REQUIRE(time.steady_due(time.now(), time.now() + 250) == machine.steady + 250);
    REQUIRE(time.scan_until(machine.steady) <= machine.wall + 1);
  }
}

TEST_CASE("a wall clock that is stepped draws the clock, and the clock arrives", "[clock]") {
  const auto step = GENERATE(1'000, -1'000, 10 * minute, -10 * minute, day, -day);
  CAPTURE(step);
  two_clocks machine;
  const journal_clock time(machine, {});
  machine.pass(10'000);
  REQUIRE(time.now() == machine.wall);
  const auto before = time.now();
  machine.wall += step;
  CHECK(time.now() == before);
  const auto distance = std::abs(step);
  for (std::int64_t passed = 0; passed < 20 * distance + 3'000; passed += 1'000) {
    machine.pass(1'000);
    (void)time.now();
  }
  CHECK(time.now() == machine.wall);
  machine.pass(day);
  CHECK(time.now() == machine.wall);
}

TEST_CASE("a clock that nobody asks does not overshoot the wall", "[clock]") {
  two_clocks machine;
  const journal_clock time(machine, {noon + 1'000, 0, false});
  machine.pass(30 * day);
  CHECK(time.now() == machine.wall);
}

// Random steps of the wall clock at random moments: the four promises of the clock, held against
// what the steady clock says.
TEST_CASE("however the wall clock is stepped, the clock never decreases, is at most 5 % off, and "
          "each wait lasts as long as it was to",
          "[clock][random]") {
  const auto seed = first_seed() + static_cast<std::uint64_t>(GENERATE(range(0, 40)));
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  auto below = [&](std::int64_t bound) {
    return std::uniform_int_distribution<std::int64_t>(0, bound - 1)(random);
  };
  two_clocks machine;
  const clock_start start{noon - 3'000 + below(6'000), below(10 * minute), false};
  const journal_clock time(machine, start);
  struct stamp {
    std::int64_t steady;
    unix_ms time;
  };
  struct wait {
    stamp recorded;
    unix_ms due;
  };
  std::vector<stamp> stamps{{machine.steady, time.now()}};
  std::vector<wait> waits;
  for (int i = 0; i < 4'000; ++i) {
    machine.pass(below(8) == 0 ? below(2 * minute) : below(50));
    if (below(60) == 0) {
      const std::int64_t steps[] = {1'000, -1'000, 10 * minute, -10 * minute, day, -day, 15, -15};
      machine.wall += steps[below(8)];
    }
    const stamp now{machine.steady, time.now()};
    REQUIRE(now.time >= stamps.back().time);
    stamps.push_back(now);
    // At most 5 % of the steady time between, and a millisecond a change of the rate.
    const auto& then =
        stamps[static_cast<std::size_t>(below(static_cast<std::int64_t>(stamps.size())))];
    const auto passed = now.steady - then.steady;
    const auto changes = passed / 1'000 + 1;
    REQUIRE(std::abs((now.time - then.time) - passed) <= passed / 20 + changes);
    if (below(3) == 0)
      waits.push_back({now, now.time + below(below(2) == 0 ? 1'000 : 3 * hour)});
    if (below(50) == 0)
      for (const auto& w : waits) {
        const auto end = time.steady_due(w.recorded.time, w.due);
        const auto lasts = end - w.recorded.steady;
        REQUIRE(lasts >= w.due - w.recorded.time);
        REQUIRE(lasts <= w.due - w.recorded.time + 1);
        for (const auto at : {machine.steady, machine.steady + minute, end})
          if (end <= at)
            REQUIRE(w.due <= time.scan_until(at));
      }
  }
}

TEST_CASE("a wait from before the restart ends when its rest has passed, and none before the start",
          "[clock]") {
  two_clocks machine;
  const unix_ms last = noon - hour;
  const std::int64_t elapsed = 40'000;
  // Neither a wall clock that is ahead nor one that is behind changes what is left.
  machine.wall = noon + GENERATE(0, -2 * hour, day);
  const journal_clock time(machine, {last, elapsed, false});
  const auto began = machine.steady;
  CHECK(time.steady_due(last, last + 60'000) == began + 20'000);
  CHECK(time.steady_due(last - 50'000, last + 60'000) == began + 20'000);
  CHECK(time.steady_due(last - 50'000, last - 10) == began);
  CHECK(time.steady_due(last, last + elapsed) == began);
  CHECK(time.steady_due(last, last + day) == began + day - elapsed);
  // What has passed is in the stamps, too: the run after this one knows of it by them alone.
  CHECK(time.now() >= last + elapsed);
  for (const std::int64_t due : {last - 10, last + elapsed, last + 60'000, last + day})
    for (const std::int64_t later : {std::int64_t{0}, std::int64_t{20'000}, 2 * day})
      if (time.steady_due(last, due) <= began + later)
        CHECK(due <= time.scan_until(began + later));
}

TEST_CASE("retention counts what has really passed, wherever the wall clock was set", "[clock]") {
  two_clocks machine;
  machine.wall = noon + day; // Set ahead while the hub was away for an hour.
  const journal_clock clock(machine, {noon, hour, false});
  CHECK(clock.now() == noon + day);
  CHECK(clock.aged() == noon + hour);
  machine.pass(hour);
  CHECK(clock.aged() == noon + 2 * hour);
  machine.wall += day; // The clock is drawn after it; retention is not.
  machine.pass(hour);
  CHECK(clock.aged() == noon + 3 * hour);
  // A journal that is new knows no other time than its own.
  two_clocks fresh;
  const journal_clock first(fresh, {});
  CHECK(first.aged() == first.now());
  fresh.wall -= hour;
  fresh.pass(minute);
  CHECK(first.aged() <= first.now());
}

TEST_CASE("a wait that is over when it is recorded ends at once", "[clock]") {
  two_clocks machine;
  const journal_clock time(machine, {});
  machine.pass(1'000);
  CHECK(time.steady_due(time.now(), time.now() - hour) == machine.steady);
}

TEST_CASE("more changes than are kept lose the oldest, within 5 %", "[clock]") {
  two_clocks machine;
  const journal_clock time(machine, {});
  const auto recorded = time.now();
  const auto at = machine.steady;
  const auto rounds = static_cast<std::int64_t>(journal_clock::changes_kept) + 1'000;
  for (std::int64_t i = 0; i < rounds; ++i) {
    machine.wall += hour; // It is drawn forward all the time.
    machine.pass(1'000);
    (void)time.now();
  }
  const auto end = time.steady_due(recorded, recorded + day);
  CHECK(end >= at);
  CHECK(std::abs(end - at - day) <= 1'001'000 / 20);
  CHECK(time.scan_until(end) >= recorded + day);
}

TEST_CASE("the time since the last run is the boot clock's within one boot", "[clock][start]") {
  const journal_stamp last{noon, 500'000, "boot-a"};
  // Whatever the wall clock says.
  for (const unix_ms wall : {noon - day, noon, noon + day}) {
    const auto start = clock_start_of(last, wall, 507'000, "boot-a");
    CHECK(start.last_time == noon);
    CHECK(start.elapsed_ms == 7'000);
    CHECK_FALSE(start.went_back);
  }
}

TEST_CASE("over a reboot the time since the last run is the wall's, and never below 0",
          "[clock][start]") {
  const journal_stamp last{noon, 500'000, "boot-a"};
  auto check = [](const clock_start& start, std::int64_t elapsed, bool went_back) {
    CHECK(start.last_time == noon);
    CHECK(start.elapsed_ms == elapsed);
    CHECK(start.went_back == went_back);
  };
  check(clock_start_of(last, noon + 9'000, 100, "boot-b"), 9'000, false);
  check(clock_start_of(last, noon, 100, "boot-b"), 0, false);
  check(clock_start_of(last, noon - 1, 100, "boot-b"), 0, true);
  // Not known is another boot, even twice not known.
  check(clock_start_of(last, noon + 9'000, 600'000, ""), 9'000, false);
  check(clock_start_of({noon, 500'000, ""}, noon + 9'000, 600'000, ""), 9'000, false);
  // A machine that was put back to an earlier state of the same boot.
  check(clock_start_of(last, noon + 9'000, 499'999, "boot-a"), 9'000, false);
}

TEST_CASE("an empty journal has no last run", "[clock][start]") {
  const auto start = clock_start_of({}, noon, 1, "boot");
  CHECK(start.last_time == 0);
  CHECK(start.elapsed_ms == 0);
  CHECK_FALSE(start.went_back);
}

TEST_CASE("the machine names its boot, and its boot clock does not go back", "[clock]") {
  const system_clock machine;
  const auto id = machine.boot_id();
  CHECK(id.size() <= 64);
  CHECK(id == machine.boot_id());
  const auto before = machine.boottime_ms();
  CHECK(before > 0);
  CHECK(machine.boottime_ms() >= before);
}

namespace {

/// Steady time that each look moves, from any thread.
class running_clock final : public clock {
public:
  [[nodiscard]] unix_ms wall_ms() const override { return noon + steady_.load() + offset; }
  [[nodiscard]] std::int64_t steady_ms() const override { return ++steady_ / 4; }
  std::atomic<std::int64_t> offset{0};

private:
  mutable std::atomic<std::int64_t> steady_{0};
};

} // namespace

TEST_CASE("no thread is shown less than another has seen", "[clock][threads]") {
  running_clock machine;
  const journal_clock time(machine, {});
  std::atomic<unix_ms> seen{0};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 50'000; ++i) {
        const auto before = seen.load();
        const auto now = time.now();
        if (now < before || time.steady_due(now, now + 10) < 10)
          ++wrong;
        auto newest = seen.load();
        while (newest < now && !seen.compare_exchange_weak(newest, now)) {
        }
        if (i % 1'000 == 0)
          machine.offset = (i % 3'000 == 0 ? 1 : -1) * 700 * (i % 7);
      }
    });
  for (auto& t : threads)
    t.join();
  CHECK(wrong == 0);
}

} // namespace orderhub::testing
