#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <cstdio>
#include <string>

// A vendor is away for a day, with many orders on their way.
namespace orderhub::testing {

namespace {

using providers::mock::call_id;
using providers::mock::effect_kind;

/// `whole`: nothing of the vendor answers; else only its charges do not, and look-ups show each
/// time that nothing was charged.
void day_without_stripe(std::size_t orders, bool whole) {
  constexpr std::int64_t day_ms = std::int64_t{24} * 3'600'000;
  auto s = with_faults(
      whole
          ? R"({"vendor":"stripe","always":true,"effect":"status","status":503})"
          : R"({"vendor":"stripe","operation":"charge","always":true,"effect":"status","status":503})");
  s.places = {}; // The program's own places.
  s.journal = {};
  s.leaves_at_once = orders > 1'000; // Looking for an idle one among thousands takes long.
  s.steps_max = 1'000'000 + orders * 2'000;
  world w(s);
  for (std::size_t i = 0; i < orders; ++i)
    w.submit(order_object(std::to_string(i)), "ProcessOrder", order_body());
  CHECK_FALSE(w.run(day_ms));
  REQUIRE_FALSE(w.ran_away());
  const auto tried = w.mock.requests(call_id::stripe_charge);
  const auto active = w.active_objects();
  const auto records = w.log().size();
  std::printf(
      "a day without Stripe, %zu orders: %llu charges tried, %zu objects active at its end, "
      "%zu records\n",
      orders, static_cast<unsigned long long>(tried), active, records);
  if (whole) {
    // Each tries a few times before the vendor is held; then a probe in 15 s is what a day costs.
    CHECK(tried <= orders * 30 + 24 * 3'600 / 15 + 100);
    CHECK(records <= orders * 150 + 24 * 3'600 / 15 * 12);
  } else {
    // The vendor is there, so it is not held: the rounds of each order are what grows apart.
    CHECK(tried <= orders * 600);
    CHECK(records <= orders * 6'000);
  }
  CHECK(active <= 300);
  for (std::size_t i = 0; i < orders; ++i)
    CHECK(w.effects(std::to_string(i), effect_kind::charge) == 0);

  REQUIRE(w.mock.control(R"({"clear":true})"));
  CHECK(w.run());
  REQUIRE_FALSE(w.ran_away());
  for (std::size_t i = 0; i < orders; ++i) {
    const auto key = std::to_string(i);
    REQUIRE(w.effects(key, effect_kind::charge) == 1);
    REQUIRE(w.effects(key, effect_kind::label) == 1);
    REQUIRE(field(w.order(key).body, "status") == "confirmed");
  }
}

} // namespace

TEST_CASE("a vendor that is away for a day costs little, and nothing twice when it is back",
          "[orders][outage]") {
  day_without_stripe(thinning > 1 ? 4 : 100, true);
  day_without_stripe(thinning > 1 ? 5 : 40, false);
}

TEST_CASE("the same with twenty thousand orders", "[.twenty_thousand]") {
  day_without_stripe(20'000, true);
}

} // namespace orderhub::testing
