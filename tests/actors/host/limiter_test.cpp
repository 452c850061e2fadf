#include "actors/host/call_gate.hpp"
#include "journal/base/log.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/sim_clock.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

// The vendors' limits at the gate: one bucket a vendor and class, for all orders.
using namespace orderhub;
using namespace orderhub::host;
using durable::place_verdict;
using orderhub::testing::manual_clock;

namespace {

constexpr std::int64_t minute = 60'000;

durable::place_request lookup_of(std::uint32_t n, std::string_view call_class = "list",
                                 std::string_view vendor = "post") {
  invocation_id id;
  id.bytes[0] = static_cast<std::uint8_t>(n >> 8U);
  id.bytes[1] = static_cast<std::uint8_t>(n);
  return {{"S", std::to_string(n)}, {id, 1, 0}, vendor, call_class, true};
}

struct bench {
  bench() {
    log::set_level(log::level::off);
    gate->on_offer([this](place_offer o) { offered.push_back(std::move(o)); });
  }
  /// Asks; granted, it goes and ends at once.
  bool goes(std::uint32_t n, std::string_view call_class = "list",
            std::string_view vendor = "post") {
    const auto request = lookup_of(n, call_class, vendor);
    if (gate->ask(request).verdict != place_verdict::granted)
      return false;
    auto lease = gate->leave(vendor, request.who, place_kind::lookup);
    return true;
  }
  /// Until nobody waits or the time is over; who went, and when.
  std::vector<std::pair<std::string, std::int64_t>> let_go(std::int64_t until) {
    std::vector<std::pair<std::string, std::int64_t>> went;
    while (time.true_ms() <= until) {
      const auto next = gate->tick();
      while (!offered.empty()) {
        const auto n = static_cast<std::uint32_t>(std::stoul(offered.front().object.key));
        offered.pop_front();
        if (goes(n))
          went.emplace_back(std::to_string(n), time.true_ms());
      }
      if (!next)
        break;
      time.set(time.true_at(*next) > time.true_ms() ? time.true_at(*next) : time.true_ms() + 1);
    }
    return went;
  }

  manual_clock time;
  std::deque<place_offer> offered;
  std::shared_ptr<vendor_gate> gate = std::make_shared<vendor_gate>(
      std::vector<std::string>{"post", "shop"}, gate_limits{}, time,
      call_limits{{"post", {{"list", {10, minute}}, {"read", {400, minute}}}}});
};

} // namespace

TEST_CASE("look-ups keep to the vendor's limit, say so, and go in order", "[host][gate][limiter]") {
  bench b;
  const auto begin = b.time.true_ms();
  const auto first = b.gate->ask(lookup_of(1));
  CHECK(first.verdict == place_verdict::queued); // The bucket begins empty.
  CHECK(first.why == "the limit of post, 10 a minute, is used up");
  for (std::uint32_t n = 2; n <= 25; ++n)
    CHECK_FALSE(b.goes(n));
  const auto went = b.let_go(begin + 10 * minute);
  REQUIRE(went.size() == 25);
  for (std::size_t i = 0; i < went.size(); ++i) {
    CHECK(went[i].first == std::to_string(i + 1));
    if (i >= 10)
      CHECK(went[i].second - went[i - 10].second >= minute);
    // Who is first waits no longer than an interval of the bucket.
    const auto before = i == 0 ? begin : went[i - 1].second;
    CHECK(went[i].second - before <= minute / 9 + 1);
  }
}

TEST_CASE("an empty bucket holds up no other class and no other vendor", "[host][gate][limiter]") {
  bench b;
  b.time.set(b.time.true_ms() + 10 * minute);
  while (b.goes(1)) {
  }
  CHECK_FALSE(b.goes(2));
  CHECK(b.goes(3, "read"));
  CHECK(b.goes(4, "list", "shop")); // Which has no limit.
  // Nor do those that wait for one class those that come for another.
  for (std::uint32_t n = 10; n < 40; ++n)
    CHECK_FALSE(b.goes(n));
  CHECK(b.goes(5, "read"));
}

TEST_CASE("a look-up of many pages starves nobody", "[host][gate][limiter]") {
  bench b;
  const auto begin = b.time.true_ms();
  CHECK_FALSE(b.goes(1)); // Has a hundred pages, and asks for the next one as soon as it has one.
  CHECK_FALSE(b.goes(2));
  std::vector<std::string> order;
  while (order.size() < 6 && b.time.true_ms() < begin + 10 * minute) {
    const auto next = b.gate->tick();
    while (!b.offered.empty()) {
      const auto n = static_cast<std::uint32_t>(std::stoul(b.offered.front().object.key));
      b.offered.pop_front();
      REQUIRE(b.goes(n));
      order.push_back(std::to_string(n));
      CHECK_FALSE(b.goes(n)); // Its next page.
    }
    if (next)
      b.time.set(std::max(b.time.true_at(*next), b.time.true_ms() + 1));
  }
  CHECK(order == std::vector<std::string>{"1", "2", "1", "2", "1", "2"});
}

TEST_CASE("a place that is offered and not taken gives its token back", "[host][gate][limiter]") {
  bench b;
  CHECK_FALSE(b.goes(1));
  CHECK_FALSE(b.goes(2));
  b.time.set(b.time.true_ms() + minute / 9 + 1);
  b.gate->tick();
  REQUIRE(b.offered.size() == 1);
  CHECK(b.offered.front().object.key == "1");
  b.gate->not_taken(b.offered.front());
  REQUIRE(b.offered.size() == 2); // The next one has it at once.
  CHECK(b.offered.back().object.key == "2");
  CHECK(b.goes(2));
}
