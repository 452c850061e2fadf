#include "journal/base/repeated_warning.hpp"
#include "tests/support/catch2.hpp"

#include <string>
#include <vector>

namespace orderhub {
namespace {

std::string text_of(const repeated_warning::line& l) {
  return std::string(l.vendor) + ' ' + std::string(l.cause) + " x" + std::to_string(l.count) +
         ", such as " + std::string(l.example);
}

TEST_CASE("a fault that hits thousands is one line a minute with their number", "[log]") {
  std::vector<std::string> lines;
  repeated_warning warning([&](const auto& l) { lines.push_back(text_of(l)); });
  for (int i = 0; i < 10'000; ++i)
    warning.note("slack", "is_archived", "ord-" + std::to_string(i), 1'000 + i);
  CHECK(lines == std::vector<std::string>{"slack is_archived x1, such as ord-0"});
  warning.write_due(60'999);
  CHECK(lines.size() == 1);
  warning.note("slack", "is_archived", "ord-x", 61'000);
  warning.write_due(61'000);
  CHECK(lines.size() == 2);
  CHECK(lines.back() == "slack is_archived x10000, such as ord-x");
}

TEST_CASE("what was counted is written when another cause comes by, or at the end", "[log]") {
  std::vector<std::string> lines;
  repeated_warning warning([&](const auto& l) { lines.push_back(text_of(l)); });
  warning.note("slack", "is_archived", "1", 0);
  warning.note("slack", "is_archived", "2", 10);
  warning.note("sendgrid", "400: from.email: invalid", "3", 20);
  CHECK(lines == std::vector<std::string>{"slack is_archived x1, such as 1",
                                          "sendgrid 400: from.email: invalid x1, such as 3"});
  warning.note("slack", "no_text", "4", 60'000);
  REQUIRE(lines.size() == 4);
  CHECK(lines[2] == "slack no_text x1, such as 4");
  CHECK(lines[3] == "slack is_archived x1, such as 2");
  warning.note("slack", "no_text", "5", 60'001);
  warning.write_rest(60'002);
  CHECK(lines.back() == "slack no_text x1, such as 5");
  const auto written = lines.size();
  warning.write_rest(60'003);
  CHECK(lines.size() == written);
}

TEST_CASE("causes without end are told as one", "[log]") {
  std::size_t lines = 0;
  repeated_warning warning([&](const auto&) { ++lines; });
  for (int i = 0; i < 5'000; ++i)
    warning.note("slack", "cause " + std::to_string(i), "1", i);
  CHECK(lines == repeated_warning::causes_max + 1);
}

} // namespace
} // namespace orderhub
