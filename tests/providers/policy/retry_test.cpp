#include "journal/base/random.hpp"
#include "providers/codec/form.hpp"
#include "providers/policy/retry.hpp"
#include "providers/policy/wait_hint.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <limits>

namespace orderhub::providers {
namespace {

TEST_CASE("waits are uniform from nothing to the doubled ceiling", "[retry]") {
  const std::uint64_t seed = 7;
  seeded_random random(seed);
  const retry_policy policy{100, 30'000, 0};
  const auto [attempt, ceiling] = GENERATE(table<int, std::int64_t>(
      {{-1, 100}, {0, 100}, {1, 200}, {5, 3'200}, {9, 30'000}, {1'000'000'000, 30'000}}));
  CAPTURE(seed, attempt);
  std::int64_t least = ceiling;
  std::int64_t most = 0;
  for (int i = 0; i < 2'000; ++i) {
    const auto wait = backoff_ms(policy, attempt, 0, random);
    REQUIRE(wait >= 0);
    REQUIRE(wait <= ceiling);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  CHECK(least <= ceiling / 50);
  CHECK(most >= ceiling - ceiling / 50);
}

TEST_CASE("a vendor's wish is the least wait, up to an hour", "[retry]") {
  seeded_random random(7);
  const retry_policy policy{100, 30'000, 0};
  CHECK(backoff_ms(policy, 0, 5'000, random) == 5'000);
  CHECK(backoff_ms(policy, 0, std::numeric_limits<std::int64_t>::max(), random) == 3'600'000);
  CHECK(backoff_ms(policy, 0, -5, random) <= 100);
}

TEST_CASE("a policy of nothing or of everything overflows nowhere", "[retry]") {
  seeded_random random(7);
  CHECK(backoff_ms({0, 0, 0}, 10, 0, random) == 0);
  CHECK(backoff_ms({-1, -1, 0}, 10, 0, random) == 0);
  CHECK(backoff_ms({500, 100, 0}, 3, 0, random) <= 100);
  const auto huge = std::numeric_limits<std::int64_t>::max();
  CHECK(backoff_ms({huge / 2, huge, 0}, 60, 0, random) >= 0);
}

TEST_CASE("form fields survive every byte", "[form]") {
  std::string bytes;
  for (int c = 0; c < 256; ++c)
    bytes += static_cast<char>(c);
  form body;
  body.add("metadata[a]", bytes).add("n", -5).add("last", "");
  CHECK(body.text().find_first_of(" +\r\n\"<") == std::string::npos);
  CHECK(form_value(body.text(), "metadata[a]") == bytes);
  CHECK(form_value(body.text(), "n") == "-5");
  CHECK(form_value(body.text(), "last") == "");
  CHECK(form_value(body.text(), "a") == std::nullopt);
  CHECK(form_value("a=%4", "a") == std::nullopt);
  CHECK(form_value("a=%zz", "a") == std::nullopt);
  CHECK(form_value("a=b+c", "a") == "b c");
  CHECK(percent_encode("a/b?c") == "a%2Fb%3Fc");
}

TEST_CASE("a wish to wait is seconds or a date, and nothing else", "[wait_hint]") {
  const auto [text, ms] = GENERATE(table<std::string, std::int64_t>({
      {"0", 0},
      {"30", 30'000},
      {"86400", 3'600'000},
      {"99999999999999999999", 0},
      {"-5", 0},
      {"1.5", 0},
      {"soon", 0},
      {"", 0},
      {"Sun, 06 Nov 1994 08:50:00 GMT", 23'000},
      {"Sun, 06 Nov 1994 08:00:00 GMT", 0},
      {"Mon, 07 Nov 1994 08:49:37 GMT", 3'600'000},
      {"Sun, 31 Feb 1994 08:49:37 GMT", 0},
      {"Sun, 06 Nov 1994 08:49:37 CET", 0},
  }));
  CAPTURE(text);
  const http_response answer{
      429, {{"date", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"retry-after", text}}, {}};
  CHECK(retry_after_ms(answer) == ms);
}

TEST_CASE("a date without the answer's own date says nothing", "[wait_hint]") {
  CHECK(retry_after_ms({429, {{"retry-after", "Sun, 06 Nov 1994 08:50:00 GMT"}}, {}}) == 0);
  CHECK(reset_wait_ms({429, {{"x-ratelimit-reset", "784111784"}}, {}}, "x-ratelimit-reset") == 0);
}

} // namespace
} // namespace orderhub::providers
