#include "http_gateway/server/places.hpp"
#include "tests/support/catch2.hpp"

#include <thread>
#include <vector>

using namespace orderhub::http_gateway;

namespace {

constexpr request_class all_classes[] = {request_class::read, request_class::order,
                                         request_class::webhook, request_class::admin,
                                         request_class::wait};

/// Takes places until there is none.
std::size_t fill(place_table& places, request_class c) {
  std::size_t taken = 0;
  while (taken < 1'000'000 && places.take({c}))
    ++taken;
  return taken;
}

} // namespace

TEST_CASE("each class has a floor that the others cannot take", "[gateway][server][places]") {
  const auto greedy = GENERATE(request_class::read, request_class::order, request_class::webhook,
                               request_class::admin);
  place_table places({.in_flight_max = 160, .waits_max = 80});
  // All but the floors of the three others.
  CHECK(fill(places, greedy) == 160 - 3 * 10);
  for (const auto c : all_classes)
    if (c != greedy)
      CHECK(fill(places, c) == (c == request_class::wait ? 0 : 10));
  CHECK(places.now() == 160);
}

TEST_CASE("who waits has a quota below the whole", "[gateway][server][places]") {
  place_table places({.in_flight_max = 160, .waits_max = 80});
  CHECK(fill(places, request_class::wait) == 80);
  CHECK(fill(places, request_class::order) == 160 - 80 - 3 * 10);
  places.give_back({request_class::wait});
  CHECK(places.take({request_class::wait}));
  CHECK_FALSE(places.take({request_class::wait}));
}

TEST_CASE("what is always answered takes no place and needs none", "[gateway][server][places]") {
  place_table places({.in_flight_max = 1, .waits_max = 1});
  CHECK(fill(places, request_class::order) == 1);
  CHECK(places.take({request_class::always}));
  places.give_back({request_class::always});
  CHECK(places.now() == 1);
}

TEST_CASE("a connection's share shrinks as extra requests fill up", "[gateway][server][places]") {
  place_table places({.in_flight_max = 128, .waits_max = 64});
  for (int i = 0; i < 50; ++i)
    REQUIRE(places.take({request_class::order}));
  CHECK(places.share(16) == 16); // First requests take nothing of it.
  std::size_t before = 16;
  for (std::size_t taken = 1; taken <= 32; ++taken) {
    REQUIRE(places.take({request_class::order, /*is_extra=*/true}));
    const auto share = places.share(16);
    CHECK(share <= before);
    if (taken < 16)
      CHECK(share == 16);
    before = share;
  }
  CHECK(before == 1);
  places.give_back({request_class::order, true});
  CHECK(places.share(64) > 1);
}

TEST_CASE("every place comes back whoever takes it where", "[gateway][server][places]") {
  place_table places({.in_flight_max = 40, .waits_max = 5});
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&places, t] {
      for (std::size_t i = 0; i < 20'000; ++i) {
        const auto c = all_classes[(i + t) % 5];
        const bool first = places.take({c});
        const bool second = places.take({c});
        if (first)
          places.give_back({c});
        if (second)
          places.give_back({c});
      }
    });
  for (auto& t : threads)
    t.join();
  CHECK(places.now() == 0);
  CHECK(fill(places, request_class::order) == 40 - 3 * 2);
  CHECK(fill(places, request_class::read) == 2);
}
