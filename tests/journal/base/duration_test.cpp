#include "journal/base/duration.hpp"
#include "tests/support/catch2.hpp"

#include <utility>

using namespace orderhub;

TEST_CASE("durations are read in both notations", "[base]") {
  const std::pair<const char*, std::int64_t> good[] = {
      {"0s", 0},          {"10s", 10'000},       {"1500ms", 1'500},         {"2m", 120'000},
      {"1h", 3'600'000},  {"1d", 86'400'000},    {"1w", 604'800'000},       {"1h30m", 5'400'000},
      {"PT10S", 10'000},  {"PT0S", 0},           {"P1D", 86'400'000},       {"P1DT2H", 93'600'000},
      {"PT1.5S", 1'500},  {"PT0.0019S", 1},      {"P2W", 1'209'600'000},    {"pt1m", 60'000},
      {"PT1M1S", 61'000}, {"PT0,5H", 1'800'000}, {"3650d", duration_max_ms}};
  for (const auto& [text, ms] : good) {
    CAPTURE(text);
    CHECK(parse_duration_ms(text) == ms);
  }
  for (const auto* text : {"",
                           "10",
                           "s",
                           "-1s",
                           "+1s",
                           "1.5s",
                           "10 s",
                           "1S",
                           "10sec",
                           "3651d",
                           "P",
                           "PT",
                           "P1",
                           "PT1",
                           "P1Y",
                           "P1M",
                           "PT1D",
                           "P1H",
                           "PT1S1M",
                           "PT1.5M1S",
                           "PT-1S",
                           "P1DT",
                           "PTT1S",
                           "PT1S ",
                           "99999999999999999999s",
                           "999999999999999d",
                           "PT1.S",
                           "NaN"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration_ms(text));
  }
}
