#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <string>
#include <vector>

// Vendors with limits, announced or not, and one that is away for a day and a half.
namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

constexpr std::int64_t second = 1'000;
constexpr std::int64_t hour = 3'600 * second;

std::size_t fullest(const std::vector<unix_ms>& arrivals, std::int64_t window_ms) {
  std::deque<unix_ms> in;
  std::size_t most = 0;
  for (const auto at : arrivals) {
    in.push_back(at);
    while (in.front() <= at - window_ms)
      in.pop_front();
    most = std::max(most, in.size());
  }
  return most;
}

world_settings many(std::size_t orders) {
  world_settings s;
  s.places = {}; // The program's own places.
  s.journal = {};
  s.leaves_at_once = orders > 1'000;
  s.steps_max = 1'000'000 + orders * 2'000;
  return s;
}

void submit(world& w, std::size_t orders) {
  for (std::size_t i = 0; i < orders; ++i)
    w.submit(order_object(std::to_string(i)), "ProcessOrder", order_body());
}

void all_are_confirmed_once(world& w, std::size_t orders) {
  for (std::size_t i = 0; i < orders; ++i) {
    const auto key = std::to_string(i);
    CAPTURE(key);
    REQUIRE(w.effects(key, effect_kind::charge) == 1);
    REQUIRE(w.effects(key, effect_kind::label) == 1);
    REQUIRE(field(w.order(key).body, "status") == "confirmed");
  }
}

/// From the first charge to the last, milliseconds.
std::int64_t charging_time(world& w) {
  const auto& at = w.arrivals("stripe");
  return at.empty() ? 0 : at.back() - at.front();
}

/// Shippo takes 100 calls a second, and the hub knows it or not.
void limited_shippo(std::size_t orders, bool known, int retry_after_s) {
  CAPTURE(orders, known, retry_after_s);
  auto s = many(orders);
  s.watched = {"stripe", "shippo"};
  world free_of_limits(s);
  submit(free_of_limits, orders);
  REQUIRE(free_of_limits.run());

  constexpr auto shippo = static_cast<std::size_t>(providers::mock::vendor_id::shippo);
  s.mock.calls_per_second[shippo] = 100;
  s.mock.retry_after_s[shippo] = retry_after_s;
  if (known)
    s.rates = {{"shippo", {{"all", {100, second}}}}};
  world w(s);
  submit(w, orders);
  CHECK(w.run());
  REQUIRE_FALSE(w.ran_away());
  all_are_confirmed_once(w, orders);
  const auto most = fullest(w.arrivals("shippo"), second);
  const auto calls = w.arrivals("shippo").size();
  const auto limited = w.mock.limited(providers::mock::vendor_id::shippo);
  const auto took = w.arrivals("shippo").back() - w.arrivals("shippo").front();
  std::printf(
      "%zu orders, Shippo takes 100/s, %s%s: %zu calls in %lld s, at most %zu in a second, "
      "%llu refused; all charged in %lld ms (%lld without the limit), %zu objects at most\n",
      orders, known ? "known" : "not announced", retry_after_s > 0 ? " but asked for" : "", calls,
      static_cast<long long>(took / second), most, static_cast<unsigned long long>(limited),
      static_cast<long long>(charging_time(w)),
      static_cast<long long>(charging_time(free_of_limits)), w.active_objects_max());
  if (known) {
    CHECK(most <= 100 + 20);      // The limit and one burst.
    CHECK(limited <= calls / 50); // Calls may overtake each other on their way.
  } else {
    CHECK(limited <= calls / 5 + 200);
  }
  // Whoever waits for Shippo holds up nobody at Stripe.
  CHECK(charging_time(w) <= charging_time(free_of_limits) * 3 / 2 + second);
}

/// Nothing answers at a vendor for 36 hours while orders wait.
void day_and_a_half_without(const std::string& vendor, std::size_t orders) {
  auto s = many(orders);
  s.mock.faults =
      with_faults(R"({"vendor":")" + vendor + R"(","always":true,"effect":"status","status":503})")
          .mock.faults;
  s.watched = {vendor};
  world w(s);
  submit(w, orders);
  CHECK_FALSE(w.run(36 * hour));
  REQUIRE_FALSE(w.ran_away());
  const auto tried = w.arrivals(vendor).size();
  CHECK(tried <= orders * 40 + 36 * 3'600 / 15 + 200); // Once it is open, a probe in 15 s.
  const auto places = w.places();
  const auto stands =
      std::find_if(places.begin(), places.end(), [&](const auto& p) { return p.vendor == vendor; });
  REQUIRE(stands != places.end());
  CHECK(stands->hold == host::vendor_hold::breaker);
  CHECK(stands->breaker_cause.starts_with("503"));
  CHECK(stands->held_ms > 30 * hour);
  CHECK(w.active_objects() <= 300);

  REQUIRE(w.mock.control(R"({"clear":true})"));
  CHECK(w.run());
  REQUIRE_FALSE(w.ran_away());
  all_are_confirmed_once(w, orders);
  const std::vector<unix_ms> after(w.arrivals(vendor).begin() + static_cast<std::ptrdiff_t>(tried),
                                   w.arrivals(vendor).end());
  const auto most = fullest(after, 10);
  std::printf(
      "36 hours without %s, %zu orders: tried %zu times; after it %zu calls, at most %zu in "
      "10 ms\n",
      vendor.c_str(), orders, tried, after.size(), most);
  CHECK(most <= 224); // As many as there are places; paced by fifty and by these.
}

} // namespace

TEST_CASE("a vendor's limit fails no order, is kept to, and holds up no other vendor",
          "[orders][limiter]") {
  const std::size_t orders = thinning > 1 ? 40 : 300;
  limited_shippo(orders, true, 0);
  limited_shippo(orders, false, 0);
  limited_shippo(orders, false, 1);
}

TEST_CASE("the same with ten thousand orders", "[.ten_thousand_limited]") {
  limited_shippo(10'000, true, 0);
  limited_shippo(10'000, false, 0);
}

TEST_CASE("a vendor that is away for 36 hours fails no order and charges none twice",
          "[orders][outage]") {
  const std::size_t orders = thinning > 1 ? 6 : 200;
  day_and_a_half_without("stripe", orders);
  if (thinning == 1) // The sanitizers have seen the code by now.
    day_and_a_half_without("shippo", orders);
}

TEST_CASE("look-ups that wait for each other come to an end", "[orders][outage][lookup]") {
  // Behind one place the second look-up of an order comes when others have gone before it, and the
  // order has left memory meanwhile.
  const std::size_t orders = thinning > 1 ? 60 : 400;
  auto s = many(orders);
  s.leaves_at_once = true;
  s.places.lookups = 1;
  s.steps_max = 1'500'000;
  s.mock.faults = with_faults(R"({"vendor":"stripe","always":true,"effect":"status","status":503})")
                      .mock.faults;
  s.watched = {"stripe"};
  world w(s);
  submit(w, orders);
  CHECK_FALSE(w.run(24 * hour)); // Longer than Stripe remembers keys.
  REQUIRE_FALSE(w.ran_away());
  const auto tried = w.arrivals("stripe").size();
  REQUIRE(w.mock.control(R"({"clear":true})"));
  CHECK(w.run());
  REQUIRE_FALSE(w.ran_away());
  all_are_confirmed_once(w, orders);
  CHECK(w.arrivals("stripe").size() - tried <= orders * 5);
}

TEST_CASE("the same with five thousand orders", "[.five_thousand]") {
  day_and_a_half_without("stripe", 5'000);
  day_and_a_half_without("shippo", 5'000);
}

TEST_CASE("an order that is queued for its vendor's limit shows that, and a cancel recalls it",
          "[orders][limiter][cancel]") {
  world_settings s = many(1);
  s.watched = {"stripe"};
  s.rates = {{"stripe", {{"write", {1, 60 * second}}}}}; // The first token is there in a minute.
  world w(s);
  const auto order = w.submit(order_object("1"), "ProcessOrder", order_body());
  CHECK_FALSE(w.run(10 * second));
  const auto shown = w.order("1").body;
  CHECK(shown.find(R"("cause":"limiter")") != std::string::npos);
  CHECK(shown.find("is used up") != std::string::npos);
  CHECK(field(shown, "in_doubt") == "[]");
  CHECK(w.arrivals("stripe").empty());
  CHECK(waits_unseen(w, "1").empty());
  const auto answer = w.call(order_object("1"), "CancelOrder", {});
  CHECK(answer.status == 200);
  w.run();
  CHECK(field(w.order("1").body, "status") == "cancelled");
  CHECK(w.effects("1", effect_kind::charge) == 0);
  CHECK(w.of(order).object.key == "1");
}

} // namespace orderhub::testing
