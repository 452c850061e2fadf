// What is swept, with losses of power at every point.
#include "actors/handlers/webhooks/webhook_sweeper.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/event_check.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <memory>
#include <string>

namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

constexpr std::int64_t hour = 3'600'000;

/// All webhooks are lost; Stripe's events come on pages of one.
world_settings deaf(std::uint64_t seed) {
  auto s = with_faults("[]");
  s.seed = seed;
  s.mock.lists.at(static_cast<std::size_t>(providers::mock::vendor_id::stripe)).page_size_max = 1;
  s.mock.tells = true;
  s.mock.transit_ms = s.mock.delivery_ms = hour;
  s.orders.payment_events = true;
  s.orders.webhook_sweep_ms = 2 * hour;
  s.orders.parcel_sweep_after_ms = s.orders.parcel_sweep_every_ms = 3 * hour / 2;
  return s;
}

/// Stripe disputes the second order's payment before its parcel has left; the first one's comes.
void run_once(const world_settings& s, std::size_t& points, std::string& expected) {
  world w(s);
  w.submit(order_object("1"), "ProcessOrder", order_body());
  w.submit(order_object("2"), "ProcessOrder", order_body());
  w.when(
      [](world& at) {
        return field(at.order("1").body, "status") == "confirmed" &&
               field(at.order("2").body, "status") == "confirmed";
      },
      [](world& at) {
        const auto charge = field(at.order("2").body, "chargeId");
        REQUIRE(at.mock.control(R"({"dispute":"pi_)" + charge.substr(3) + "\"}"));
        at.tell(handlers::stripe_sweeper_object(), "Sweep", handlers::sweep_at_start);
      });
  w.run(5 * hour);
  INFO(joined(w.paused()) << joined(w.live()));
  CHECK(w.paused().empty());
  std::string became;
  for (const std::string key : {"1", "2"})
    became += comparable(w.order(key).body) + '\n';
  for (const auto& [order, kind, step] :
       {std::tuple("1", effect_kind::label, ""),
        std::tuple("1", effect_kind::message, "announce_delivered"),
        std::tuple("2", effect_kind::label_refund, ""),
        std::tuple("2", effect_kind::message, "announce_dispute_opened")})
    became += std::to_string(w.effects(order, kind, step)) + ' ';
  CHECK(field(w.order("1").body, "status") == "delivered");
  CHECK(field(w.order("2").body, "status") == "disputed");
  if (expected.empty())
    expected = became;
  CHECK(became == expected);
  points = w.points().size();
}

} // namespace

TEST_CASE("what is swept is the same wherever power is lost", "[webhooks][sweep][crash]") {
  std::uint64_t salt = 0;
  for (const auto seed : seeds(1, 1)) {
    std::string expected;
    std::size_t points = 0;
    auto s = deaf(seed);
    run_once(s, points, expected);
    for (const auto at : points_to_try(points, salt++)) {
      INFO("seed " << seed << " point " << at);
      s.crash_at = {at};
      std::size_t unused = 0;
      run_once(s, unused, expected);
    }
  }
}

} // namespace orderhub::testing
