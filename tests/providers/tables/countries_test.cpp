#include "providers/tables/countries.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <string>

namespace orderhub::tables {
namespace {

TEST_CASE("every country of ISO 3166-1 has its line, by ascending code, and a name",
          "[tables][countries]") {
  const auto& all = countries();
  CHECK(all.size() == 249);
  CHECK(std::is_sorted(all.begin(), all.end(),
                       [](const country& a, const country& b) { return a.code < b.code; }));
  for (const auto& c : all) {
    CAPTURE(c.code);
    CHECK(find_country(c.code) == &c);
    CHECK(c.name != c.code); // A line whose code iso-codes does not know has no name.
  }
}

TEST_CASE("a country is found by its code in any case, and by the customary ones of one meaning",
          "[tables][countries]") {
  CHECK(find_country("de")->code == "DE");
  CHECK(find_country("UK")->code == "GB");
  CHECK(find_country("uk")->code == "GB");
  CHECK(find_country("EL")->code == "GR");
  CHECK(find_country("XI")->code == "GB");
  CHECK(find_country("IC")->code == "ES");
  for (const auto* none : {"", "U", "ZZ", "XX", "EU", "AN", "SU", "XK", "USA", "U1", "??", "D E"}) {
    CAPTURE(none);
    CHECK(find_country(none) == nullptr);
  }
}

TEST_CASE("a country's example is a postal code of it, and none is asked of who has none",
          "[tables][countries]") {
  for (const auto& c : countries()) {
    CAPTURE(c.code);
    CHECK((c.zip == presence::none) == c.zip_example.empty());
    CHECK((c.zip == presence::required) == !c.zip_shapes.empty());
    if (!c.zip_example.empty())
      CHECK(postal_code(c, c.zip_example) == std::string(c.zip_example));
  }
  for (const auto* code : {"HK", "AE", "MO", "QA", "PA", "BS", "JM", "UG", "ZW"})
    CHECK(find_country(code)->zip == presence::none);
  for (const auto* code : {"US", "DE", "FR", "GB", "JP", "BR", "IN", "SG"})
    CHECK(find_country(code)->zip == presence::required);
  for (const auto* code : {"DE", "FR", "SG", "GB", "NL"})
    CHECK(find_country(code)->state == presence::none);
  for (const auto* code : {"US", "CA", "AU"})
    CHECK(find_country(code)->state == presence::required);
}

TEST_CASE("a postal code is written as its country does, and one of another shape is none",
          "[tables][countries]") {
  const auto written = [](const char* country, const char* code) {
    return postal_code(*find_country(country), code).value_or("-");
  };
  CHECK(written("US", "62701") == "62701");
  CHECK(written("US", "62701-1234") == "62701-1234");
  CHECK(written("US", "62701 1234") == "62701-1234");
  CHECK(written("US", "627011234") == "62701-1234");
  CHECK(written("US", "6270") == "-");
  CHECK(written("US", "SW1A 1AA") == "-");
  CHECK(written("US", "6270l") == "-");
  CHECK(written("CA", "v7c4v4") == "V7C4V4");
  CHECK(written("CA", "V7C 4V4") == "V7C 4V4");
  CHECK(written("CA", "12345") == "-");
  CHECK(written("GB", "sw1a 1aa") == "SW1A 1AA");
  CHECK(written("GB", "BT1 1AA") == "BT1 1AA");
  CHECK(written("GB", "GIR 0AA") == "GIR 0AA");
  CHECK(written("GB", "BFPO 61") == "BFPO 61");
  CHECK(written("GB", "10117") == "-");
  CHECK(written("DE", "10117") == "10117");
  CHECK(written("DE", "D-10117") == "D-10117");
  CHECK(written("DE", "1011") == "-");
  CHECK(written("NL", "1012 AB") == "1012 AB");
  CHECK(written("NL", "1012") == "1012");
  CHECK(written("PT", "1250-096") == "1250-096");
  CHECK(written("LV", "LV-1010") == "LV-1010");
  CHECK(written("JP", "1540023") == "1540023");
  // Of countries whose codes are not checked anything goes.
  CHECK(written("IE", "d02 x285") == "D02 X285");
  CHECK(written("HK", "999077") == "999077");
}

} // namespace
} // namespace orderhub::tables
