#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <algorithm>
#include <string>
#include <vector>

// Somebody sets the wall clock, at every moment of an order and of a restart. The vendors' clocks
// stay right.
namespace orderhub::testing {

namespace {

constexpr std::int64_t second = 1'000;
constexpr std::int64_t day = std::int64_t{24} * 3'600 * second;
constexpr std::int64_t steps[] = {second, -second, 10 * 60 * second, -10 * 60 * second, day, -day};

/// Stripe's absence time, and the look-ups that prove it.
constexpr std::int64_t lookup_ms = 63 * second;
constexpr std::int64_t drawn_ms = 100;

/// Days on which an order waits in each way: for a retry in memory and as a durable timer, for an
/// absence to be proven, for a label that is refused.
constexpr const char* days[] = {
    "",
    R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"status","status":429,"headers":{"retry-after":"20"}})",
    R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"stored_500"})",
    R"({"vendor":"shippo","operation":"label","nth":1,"effect":"late_work","late_ms":20000})",
    R"({"vendor":"shippo","operation":"label","nth":1,"effect":"drop_before"})",
    R"({"vendor":"shippo","operation":"label","nth":1,"effect":"refuse","text":"no"})",
};

struct timed_run {
  std::vector<std::string> problems;
  std::int64_t took_ms = 0; ///< Until the vendors had nothing more to do, by a right clock.
  std::size_t points = 0;
  std::size_t crashes = 0;
};

timed_run run(world_settings settings, const char* day_faults, std::size_t step_at,
              std::int64_t step_ms) {
  if (*day_faults != '\0')
    settings.mock.faults = with_faults(day_faults).mock.faults;
  world w(settings);
  const auto began = w.time.true_ms();
  if (step_at > 0)
    w.at_point(step_at, [step_ms](world& now) { now.time.step_wall(step_ms); });
  w.submit(order_object("1"), "ProcessOrder", order_body());
  timed_run out;
  if (!w.run())
    out.problems.emplace_back("it has not come to rest");
  for (auto& p : problems_of(w, "1", {}))
    out.problems.push_back(std::move(p));
  for (std::size_t i = 0; i < w.mock.effects().size(); ++i)
    out.took_ms = std::max(out.took_ms, w.mock.effects().at(i).at_ms - began);
  out.points = w.points().size();
  out.crashes = w.crashes();
  return out;
}

} // namespace

TEST_CASE("a step of the wall clock at any moment of an order changes nothing of it",
          "[orders][clock]") {
  std::uint64_t salt = 0;
  for (const char* day_faults : days) {
    const auto clean = run({}, day_faults, 0, 0);
    INFO(day_faults << '\n' << joined(clean.problems));
    REQUIRE(clean.problems.empty());
    for (const auto step_ms : steps)
      for (const auto at : points_to_try(clean.points, salt++)) {
        const auto stepped = run({}, day_faults, at, step_ms);
        INFO("step of " << step_ms << " ms at point " << at << '\n' << joined(stepped.problems));
        CHECK(stepped.problems.empty());
        // No wait is shorter but for what is drawn, and none longer by a second.
        CHECK(stepped.took_ms >= clean.took_ms - drawn_ms);
        CHECK(stepped.took_ms <= clean.took_ms + second);
      }
  }
}

TEST_CASE("a wall clock that was set before a restart changes nothing of an order",
          "[orders][clock][crash]") {
  std::uint64_t salt = 0;
  for (const bool reboots : {false, true})
    for (const char* day_faults : days) {
      const auto clean = run({}, day_faults, 0, 0);
      for (const auto at : points_to_try(clean.points, salt++)) {
        world_settings s;
        s.reboots = reboots;
        s.crash_at = {at};
        const auto crashed = run(s, day_faults, 0, 0);
        INFO((reboots ? "reboot" : "same boot")
             << ", crash at point " << at << ", " << day_faults << '\n'
             << joined(crashed.problems));
        CHECK(crashed.problems.empty());
        // All of them at every third point, else one of them.
        for (std::size_t i = 0; i < std::size(steps); ++i) {
          if (at % 3 != 0 && at % std::size(steps) != i)
            continue;
          s.wall_step_at_restart_ms = steps[i];
          const auto stepped = run(s, day_faults, 0, 0);
          INFO("step of " << steps[i] << " ms\n" << joined(stepped.problems));
          CHECK(stepped.problems.empty());
          CHECK(stepped.crashes >= 1);
          // What is drawn differs a little between two runs.
          if (!reboots)
            CHECK(stepped.took_ms >= crashed.took_ms - drawn_ms);
          // A key whose age is not known is looked up, until its absence is proven.
          const bool key_may_be_old = reboots || steps[i] >= day;
          CHECK(stepped.took_ms <= crashed.took_ms + second + (key_may_be_old ? lookup_ms : 0));
        }
      }
    }
}

} // namespace orderhub::testing
