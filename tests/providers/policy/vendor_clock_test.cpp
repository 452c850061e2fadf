#include "providers/codec/http_date.hpp"
#include "providers/policy/vendor_clock.hpp"
#include "tests/support/catch2.hpp"

#include <string>
#include <thread>
#include <vector>

namespace orderhub::providers {
namespace {

/// Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::int64_t sample_s = 784'111'777;

http_response dated(const std::string& text) {
  return {200, {{"date", text}}, {}};
}

TEST_CASE("an HTTP date is read in each of its three forms, whole or not at all", "[http_date]") {
  const auto [text, seconds] = GENERATE(table<std::string, std::int64_t>({
      {"Sun, 06 Nov 1994 08:49:37 GMT", sample_s},
      {"Sunday, 06-Nov-94 08:49:37 GMT", sample_s},
      {"Sun Nov  6 08:49:37 1994", sample_s},
      {"Wed Nov 16 08:49:37 1994", sample_s + 10 * 86'400},
      {"Thu, 29 Feb 2024 00:00:00 GMT", 1'709'164'800},
      {"Sat, 31 Dec 2016 23:59:60 GMT", 1'483'228'800}, // A leap second.
      {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
      {"Wed, 31 Dec 1969 23:59:59 GMT", -1},
      {"Wednesday, 31-Dec-75 00:00:00 GMT", 3'344'976'000}, // 2075 is less than 50 years away.
      {"Thursday, 31-Dec-99 00:00:00 GMT", 946'598'400},    // 2099 is not.
  }));
  CAPTURE(text);
  CHECK(http_date_seconds(text, 1'790'000'000'000) == seconds);
  for (std::size_t cut = 0; cut < text.size(); ++cut)
    CHECK_FALSE(http_date_seconds(text.substr(0, cut), 1'790'000'000'000));
  CHECK_FALSE(http_date_seconds(text + " ", 1'790'000'000'000));
}

TEST_CASE("what is no HTTP date says nothing", "[http_date]") {
  const std::string text =
      GENERATE(as<std::string>(), "", "now", "784111777", "Sun, 06 Nov 1994 08:49:37 CET",
               "Sun, 06 Nov 1994 08:49:37 +0000", "Sun, 6 Nov 1994 08:49:37 GMT",
               "sun, 06 nov 1994 08:49:37 gmt", "Sun, 31 Feb 1994 08:49:37 GMT",
               "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
               "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
               "Sun, 06 Nov -994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT",
               "Sunday, 06 Nov 1994 08:49:37 GMT", "Son, 06 Nov 1994 08:49:37 GMT",
               "Sun Nov 06 08:49:37 1994 GMT", "1994-11-06T08:49:37Z",
               "Sun, 06 Nov 1994 08:49:37 GM\xc3\x97");
  CAPTURE(text);
  CHECK_FALSE(http_date_seconds(text, 1'790'000'000'000));
  CHECK_FALSE(http_date_seconds(text + std::string(1'000'000, ' '), 1'790'000'000'000));
}

TEST_CASE("whatever the time near it, a year in two digits is read without overflow",
          "[http_date]") {
  for (const unix_ms near : {INT64_MIN, INT64_MAX, std::int64_t{-1}, std::int64_t{0}})
    CHECK(http_date_seconds("Sunday, 06-Nov-94 08:49:37 GMT", near));
}

TEST_CASE("a vendor's clock is behind by the most that any answer showed", "[vendor_clock]") {
  vendor_clocks clocks;
  CHECK(clocks.behind_ms("stripe") == 0);
  CHECK_FALSE(clocks.measured("stripe"));
  clocks.note("stripe", dated("Sun, 06 Nov 1994 08:49:37 GMT"), sample_s * 1'000 + 400, 10'000);
  CHECK(clocks.measured("stripe"));
  // The fraction that the header cuts off counts as behind.
  CHECK(clocks.behind_ms("stripe") == -400);
  clocks.note("stripe", dated("Sun, 06 Nov 1994 08:49:37 GMT"), sample_s * 1'000 + 90'000, 11'000);
  clocks.note("stripe", dated("Sun, 06 Nov 1994 08:49:38 GMT"), sample_s * 1'000 + 100, 12'000);
  CHECK(clocks.behind_ms("stripe") == -90'000);
  CHECK(clocks.behind_ms("shippo") == 0);
  CHECK_FALSE(clocks.measured("shippo"));
}

TEST_CASE("a vendor's clock that is ahead narrows no window", "[vendor_clock]") {
  vendor_clocks clocks;
  clocks.note("slack", dated("Sun Nov  6 08:49:37 1994"), sample_s * 1'000 - 300'000, 0);
  CHECK(clocks.behind_ms("slack") == 0);
  CHECK(clocks.measured("slack"));
  CHECK(clocks.now("slack", 5'000) == sample_s * 1'000 + 5'000);
}

TEST_CASE("a date that cannot be meant widens a window by at most 30 days", "[vendor_clock]") {
  vendor_clocks clocks;
  clocks.note("stripe", dated("Sun, 06 Nov 1994 08:49:37 GMT"), 1'790'000'000'000, 0);
  CHECK(clocks.behind_ms("stripe") == -vendor_clocks::behind_max_ms);
}

TEST_CASE("the vendor's time is its newest answer and what has passed since", "[vendor_clock]") {
  vendor_clocks clocks;
  CHECK_FALSE(clocks.now("stripe", 0));
  const auto at = [&](const char* time, std::int64_t steady) {
    clocks.note("stripe", dated(std::string("Sun, 06 Nov 1994 ") + time + " GMT"), 0, steady);
  };
  at("08:49:37", 1'000);
  CHECK(clocks.now("stripe", 3'500) == sample_s * 1'000 + 2'500);
  at("08:49:37", 21'000); // Under way for 20 s: it knows nothing newer.
  CHECK(clocks.now("stripe", 21'000) == sample_s * 1'000 + 20'000);
  at("08:50:37", 22'000);
  CHECK(clocks.now("stripe", 22'000) == sample_s * 1'000 + 60'000);
  at("08:40:37", 23'000); // Set back.
  CHECK(clocks.now("stripe", 23'000) == sample_s * 1'000 - 540'000);
}

TEST_CASE("an answer without a readable date changes nothing", "[vendor_clock]") {
  vendor_clocks clocks;
  clocks.note("stripe", {200, {}, {}}, 5, 5);
  clocks.note("stripe", dated("yesterday"), 5, 5);
  CHECK_FALSE(clocks.measured("stripe"));
}

TEST_CASE("beyond their bound further vendors are not measured", "[vendor_clock]") {
  vendor_clocks clocks;
  const auto answer = dated("Sun, 06 Nov 1994 08:49:37 GMT");
  for (std::size_t i = 0; i <= vendor_clocks::vendors_max; ++i)
    clocks.note("vendor " + std::to_string(i), answer, 0, 0);
  CHECK(clocks.measured("vendor 0"));
  CHECK_FALSE(clocks.measured("vendor " + std::to_string(vendor_clocks::vendors_max)));
}

TEST_CASE("answers of many threads are noted, none is lost", "[vendor_clock][threads]") {
  vendor_clocks clocks;
  const auto answer = dated("Sun, 06 Nov 1994 08:49:37 GMT");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&clocks, &answer, t] {
      for (int i = 0; i < 1'000; ++i)
        clocks.note("stripe", answer, sample_s * 1'000 + 1'000 * t + i, i);
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(clocks.behind_ms("stripe") == -3'999);
}

} // namespace
} // namespace orderhub::providers
