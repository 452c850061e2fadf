#include "journal/base/text.hpp"
#include "tests/support/catch2.hpp"

#include <string>

namespace orderhub::testing {

namespace {

std::string cut(std::string text, std::size_t size_max) {
  cut_text(text, size_max);
  return text;
}

} // namespace

TEST_CASE("a text is cut between characters, at the last that fits", "[bytes]") {
  // One, two, three and four bytes.
  const std::string text = "a\u00e9\u20ac\U0001f4e6z";
  REQUIRE(text.size() == 11);
  const std::size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
  for (std::size_t size = 0; size <= 12; ++size) {
    CAPTURE(size);
    const auto out = cut(text, size);
    CHECK(out == text.substr(0, kept[size]));
    CHECK(is_utf8(out));
  }
}

TEST_CASE("a text that is no UTF-8 is cut all the same", "[bytes]") {
  CHECK(cut(std::string(10, '\x80'), 7).size() == 7);
  CHECK(cut(std::string(3, '\x80'), 2).size() == 2);
  CHECK(cut(std::string(10, '\xff'), 7).size() == 7);
  CHECK(cut("", 0).empty());
  CHECK(cut("abc", 0).empty());
}

} // namespace orderhub::testing
