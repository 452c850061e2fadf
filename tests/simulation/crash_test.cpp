#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <string>

namespace orderhub::testing {

namespace {

void process(world& w) {
  w.submit(order_object("1"), "ProcessOrder", order_body());
}

/// A shop that waits for the answer, and asks again where none came.
void process_and_wait(world& w) {
  w.ask(order_object("1"), "ProcessOrder", order_body());
}

/// The order without a crash: the state that every other run must end in.
run_report clean_run(std::uint64_t seed, const script& clients) {
  world_settings s;
  s.seed = seed;
  auto report = run_order(s, clients, {});
  INFO("seed " << seed << '\n' << joined(report.problems));
  REQUIRE(report.problems.empty());
  REQUIRE(report.points.size() > 50); // Else the machinery that counts them is broken.
  return report;
}

std::string at_point(const run_report& clean, std::size_t at) {
  return "point " + std::to_string(at) + ", " +
         (at <= clean.points.size() ? std::string(clean.points[at - 1]) : "after the clean run");
}

} // namespace

// Another seed is another order of what happens, so its points are others too: more turns in one
// commit, slices elsewhere, objects that leave memory in between.
TEST_CASE("an order ends in the same state wherever the machine loses power", "[orders][crash]") {
  std::uint64_t salt = 0;
  for (const auto seed : seeds(1, 6)) {
    const auto clean = clean_run(seed, &process);
    for (const auto at : points_to_try(clean.points.size(), salt++)) {
      world_settings s;
      s.seed = seed;
      s.crash_at = {at};
      const auto run = run_order(s, &process, {.order = clean.order});
      INFO("seed " << seed << ", " << at_point(clean, at) << '\n' << joined(run.problems));
      CHECK(run.crashes == 1);
      CHECK(run.problems.empty());
    }
  }
}

TEST_CASE("a shop that waits is answered 200 wherever the machine loses power", "[orders][crash]") {
  std::uint64_t salt = 0;
  const auto clean = clean_run(1, &process_and_wait);
  for (const auto at : points_to_try(clean.points.size(), salt++)) {
    world_settings s;
    s.crash_at = {at};
    world w(s);
    process_and_wait(w);
    const bool rests = w.run();
    const auto problems = problems_of(w, "1", {.order = clean.order});
    INFO(at_point(clean, at) << '\n' << joined(problems));
    CHECK(rests);
    CHECK(problems.empty());
    REQUIRE(w.of(0).heard);
    CHECK(w.of(0).heard->status == 200);
    CHECK(field(w.of(0).heard->body, "status") == "confirmed");
  }
}

// The vendors' faults make points that a clean order has not: doubts, look-ups, long waits and what
// is sent behind them.
TEST_CASE("an order that meets a fault ends in the same state wherever the machine loses power",
          "[orders][crash][faults]") {
  constexpr const char* days[] = {
      R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"drop_after"})",
      R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"late_work","late_ms":20000})",
      R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"stored_500"})",
      R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"stored_500_done"})",
      R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"status","status":429,)"
      R"("headers":{"retry-after":"20"}})",
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"drop_after"})",
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"drop_before"})",
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"garbage"})",
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"late_work","late_ms":40000})",
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"latency","latency_ms":12000})",
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"status","status":429,)"
      R"("headers":{"retry-after":"20"}})",
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"status","status":429,)"
      R"("headers":{"retry-after":"5"}})",
      R"({"vendor":"slack","operation":"message","always":true,"times":2,"effect":"drop_after"})",
      R"({"vendor":"slack","operation":"message","nth":1,"effect":"status","status":429,)"
      R"("headers":{"retry-after":"9"}})",
      R"({"vendor":"sendgrid","operation":"mail","nth":1,"effect":"drop_before"})",
  };
  std::uint64_t salt = 0;
  for (const auto seed : seeds(1, 2)) {
    const auto clean = clean_run(seed, &process);
    for (const char* day : days) {
      world_settings s;
      s.seed = seed;
      auto faults = providers::mock::parse_control(day);
      REQUIRE(faults);
      s.mock.faults = faults->faults;
      const auto whole = run_order(s, &process, {.order = clean.order});
      INFO("seed " << seed << ", " << day << '\n' << joined(whole.problems));
      CHECK(whole.problems.empty());
      for (const auto at : points_to_try(whole.points.size(), salt++)) {
        s.crash_at = {at};
        const auto run = run_order(s, &process, {.order = clean.order});
        INFO(at_point(whole, at) << '\n' << joined(run.problems));
        CHECK(run.problems.empty());
      }
    }
  }
}

// The second crash meets a hub that is recovering: opening, replaying, settling a doubt.
TEST_CASE("an order survives two losses of power, wherever they fall", "[orders][crash]") {
  const auto first_seed = seeds(1, 1).front();
  seeded_random dice(first_seed);
  for (int sample = 0; sample < static_cast<int>(600 / thinning); ++sample) {
    const auto seed = first_seed + static_cast<std::uint64_t>(sample % 8);
    const auto clean = clean_run(seed, &process);
    const auto n = 1 + dice.below(clean.points.size());
    // Half of them right behind the first, where recovery is; half anywhere later.
    const auto m = n + 1 + dice.below(dice.below(2) == 0 ? 12 : clean.points.size());
    world_settings s;
    s.seed = seed;
    s.crash_at = {n, m};
    const auto run = run_order(s, &process, {.order = clean.order});
    INFO("ORDERHUB_SEED=" << first_seed << ", sample " << sample << ", seed " << seed
                          << ", crash at " << at_point(clean, n) << " and at point " << m << '\n'
                          << joined(run.problems));
    CHECK(run.crashes >= 1);
    CHECK(run.problems.empty());
  }
}

TEST_CASE("an order survives a machine that loses power again and again", "[orders][crash]") {
  for (const auto seed : seeds(1, 40)) {
    seeded_random dice(seed);
    world_settings s;
    s.seed = seed;
    for (std::size_t at = 0, crash = 0; crash < 12; ++crash)
      s.crash_at.insert(at += 1 + dice.below(25));
    const auto run = run_order(s, &process, {});
    INFO("ORDERHUB_SEED=" << seed << '\n' << joined(run.problems));
    CHECK(run.crashes >= 3);
    CHECK(run.problems.empty());
  }
}

// The log is torn here: of what was not synced any sectors stay.
TEST_CASE("an order survives power cuts of the commit log, wherever they fall",
          "[orders][crash][commit_log]") {
  for (const auto seed : seeds(1, 60)) {
    seeded_random dice(seed);
    world_settings s;
    s.seed = seed;
    s.commit_log = true;
    s.failed_commits_per_mille = seed % 3 == 0 ? 200 : 0;
    for (std::size_t at = 0, crash = 0; crash < 12; ++crash)
      s.crash_at.insert(at += 1 + dice.below(25));
    const auto run = run_order(s, &process, {});
    INFO("ORDERHUB_SEED=" << seed << '\n' << joined(run.problems));
    CHECK(run.crashes >= 3);
    CHECK(run.problems.empty());
  }
}

TEST_CASE("a commit that fails and is made again leaves no trace", "[orders][crash]") {
  const auto clean = clean_run(1, &process);
  for (const auto seed : seeds(1, 20)) {
    world_settings s;
    s.seed = seed;
    s.failed_commits_per_mille = 400;
    const auto run = run_order(s, &process, {.order = clean.order});
    INFO("ORDERHUB_SEED=" << seed << '\n' << joined(run.problems));
    CHECK(run.problems.empty());
  }
}

TEST_CASE("the same seed makes the same run", "[orders][crash]") {
  world_settings s;
  s.seed = seeds(1, 1).front();
  s.crash_at = {30, 61};
  world a(s);
  world b(s);
  for (auto* w : {&a, &b}) {
    process(*w);
    REQUIRE(w->run());
  }
  CHECK(a.points() == b.points());
  CHECK(a.requests() == b.requests());
  CHECK(a.mock.ledger_json() == b.mock.ledger_json());
  CHECK(a.order("1").body == b.order("1").body);
}

} // namespace orderhub::testing
