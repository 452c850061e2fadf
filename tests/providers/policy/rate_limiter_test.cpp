#include "providers/policy/rate_limiter.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>

namespace orderhub::providers {
namespace {

constexpr std::int64_t minute = 60'000;

/// Takes whatever there is, each millisecond or more rarely, and says how many left in the fullest
/// window.
std::int64_t fullest_window(const rate_limit& limit, std::int64_t step_ms, std::int64_t idle_ms) {
  token_bucket bucket(limit, 0);
  std::deque<std::int64_t> left;
  std::int64_t most = 0;
  for (std::int64_t now = idle_ms; now < idle_ms + 4 * limit.per_ms; now += step_ms) {
    while (bucket.take(now))
      left.push_back(now);
    while (!left.empty() && left.front() <= now - limit.per_ms)
      left.pop_front();
    most = std::max(most, static_cast<std::int64_t>(left.size()));
  }
  return most;
}

} // namespace

TEST_CASE("in no window do more calls leave than the limit says", "[providers][limiter]") {
  // Shippo's lists live and in test mode, its single objects, Stripe's endpoints, and odd ones.
  for (const rate_limit limit :
       {rate_limit{50, minute}, rate_limit{10, minute}, rate_limit{400, minute},
        rate_limit{25, 1'000}, rate_limit{1, minute}, rate_limit{2, 1'000}, rate_limit{7, 1'000}})
    for (const std::int64_t step : {1, 7, 250})
      for (const std::int64_t idle : {std::int64_t{0}, 10 * limit.per_ms}) {
        CAPTURE(limit.count, limit.per_ms, step, idle);
        const auto most = fullest_window(limit, step, idle);
        CHECK(most <= limit.count);
        if (step == 1)
          CHECK(most >= limit.count * 3 / 4); // And what it allows is used.
      }
}

TEST_CASE("a bucket begins empty, and its first token is there after one interval",
          "[providers][limiter]") {
  token_bucket bucket({10, minute}, 5'000);
  CHECK_FALSE(bucket.take(5'000));
  const auto at = bucket.next_at(5'000);
  CHECK(at == 5'000 + bucket.interval_ms());
  CHECK_FALSE(bucket.take(at - 1));
  CHECK(bucket.take(at));
  CHECK_FALSE(bucket.take(at));
}

TEST_CASE("a token that was not used is there again", "[providers][limiter]") {
  token_bucket bucket({1, 1'000}, 0);
  REQUIRE(bucket.take(1'000));
  bucket.give_back(1'000);
  CHECK(bucket.next_at(1'000) == 1'000);
  CHECK(bucket.take(1'000));
  bucket.give_back(1'000);
  bucket.give_back(1'000); // Never more than fit.
  CHECK(bucket.take(1'000));
  CHECK_FALSE(bucket.take(1'000));
}

TEST_CASE("a clock that stands still or steps back brings no token", "[providers][limiter]") {
  token_bucket bucket({10, 1'000}, 10'000);
  CHECK_FALSE(bucket.take(9'000));
  REQUIRE(bucket.take(11'000));
  while (bucket.take(11'000)) {
  }
  CHECK_FALSE(bucket.take(10'500));
  CHECK_FALSE(bucket.take(11'000));
}

TEST_CASE("limits are read as calls a second, a minute, an hour, or several of these",
          "[providers][limiter]") {
  CHECK(*parse_rate_limit("25/s") == rate_limit{25, 1'000});
  CHECK(*parse_rate_limit("10/m") == rate_limit{10, minute});
  CHECK(*parse_rate_limit("5000/h") == rate_limit{5'000, 60 * minute});
  CHECK(*parse_rate_limit("3/2s") == rate_limit{3, 2'000}); // One and a half a second.
  CHECK(*parse_rate_limit("1/60m") == rate_limit{1, 60 * minute});
  CHECK(shown(*parse_rate_limit("10/m")) == "10 a minute");
  CHECK(shown(*parse_rate_limit("500/h")) == "500 an hour");
  CHECK(shown(*parse_rate_limit("3/2s")) == "3 in 2000 ms");
  CHECK(shown(*parse_rate_limit("25/s")) == "25 a second");
  for (const char* wrong :
       {"", "10", "10/", "/s", "10/d", "0/s", "-1/s", "1.5/s", "x/s", "10 /s", "1000001/s", "1/0s",
        "1/-2s", "1/61m", "1/2h", "3/2 s", "3/2", "3/s2"}) {
    CAPTURE(wrong);
    CHECK_FALSE(parse_rate_limit(wrong));
  }
}

} // namespace orderhub::providers
