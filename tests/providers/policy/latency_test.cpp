#include "journal/base/random.hpp"
#include "providers/policy/latency.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace orderhub::providers {

TEST_CASE("percentiles are at most a half above what was measured, and never below it",
          "[providers][latency]") {
  seeded_random dice(11);
  for (const std::uint64_t most : {3U, 40U, 5'000U, 200'000U}) {
    latency_record record;
    std::vector<std::int64_t> all;
    for (int i = 0; i < 1'000; ++i) {
      all.push_back(static_cast<std::int64_t>(dice.below(most)));
      record.add(all.back(), 1'000);
    }
    std::sort(all.begin(), all.end());
    for (const int percent : {1, 50, 99, 100}) {
      CAPTURE(most, percent);
      const auto exact = all[static_cast<std::size_t>(percent) * 10 - 1];
      const auto shown = record.percentile(percent, 1'000);
      REQUIRE(shown);
      CHECK(*shown >= exact);
      CHECK(*shown <= exact + exact / 2);
    }
  }
}

TEST_CASE("what is older than ten minutes is not shown", "[providers][latency]") {
  latency_record record;
  CHECK_FALSE(record.percentile(50, 0));
  record.add(700, 10'000);
  record.add(5, 310'000);
  CHECK(record.count(310'000) == 2);
  CHECK(*record.percentile(99, 310'000) >= 700);
  CHECK(record.count(600'000) == 1);
  CHECK(*record.percentile(99, 600'000) == 5);
  CHECK_FALSE(record.percentile(50, 900'001));
  record.add(9, 900'001);
  CHECK(record.count(900'001) == 1);
}

} // namespace orderhub::providers
