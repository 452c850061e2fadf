#include "providers/tables/customs_territory.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::tables {
namespace {

constexpr customs_place berlin{"DE", "", "10117"};
constexpr customs_place springfield{"US", "IL", "62701"};
constexpr customs_place london{"GB", "", "SW1A 1AA"};

/// Crossed one way, it is crossed the other.
bool border(const customs_place& a, const customs_place& b) {
  const bool there = is_customs_border(a, b);
  REQUIRE(is_customs_border(b, a) == there);
  return there;
}

TEST_CASE("inside of one customs territory there is no border", "[tables][customs]") {
  CHECK_FALSE(border(springfield, {"US", "ny", "10001"}));
  CHECK_FALSE(border(berlin, {"FR", "", "75001"}));
  CHECK_FALSE(border(berlin, {"HR", "", "10000"}));
  CHECK_FALSE(border(berlin, {"PT", "", "9000-018"})); // Madeira
  CHECK_FALSE(border({"FR", "", "06000"}, {"MC", "", "98000"}));
  CHECK_FALSE(border({"CH", "", "8001"}, {"LI", "", "9490"}));
  CHECK_FALSE(border({"CH", "", "8001"}, {"DE", "", "78266"})); // Büsingen
  CHECK_FALSE(border(london, {"IM", "", "IM1 1AA"}));
  CHECK_FALSE(border(london, {"GB", "", "B1 1AA"}));
}

TEST_CASE("between two there is one, whatever the codes of the countries", "[tables][customs]") {
  CHECK(border(springfield, {"CA", "BC", "V7C 4V4"}));
  CHECK(border(springfield, berlin));
  CHECK(border(berlin, london));
  CHECK(border(berlin, {"CH", "", "8001"}));
  CHECK(border(berlin, {"NO", "", "0150"}));
  CHECK(border(berlin, {"TR", "", "06101"}));
  CHECK(border(berlin, {"SM", "", "47890"}));
  CHECK(border({"CN", "", "100096"}, {"HK", "", ""}));
  CHECK(border({"DK", "", "1566"}, {"GL", "", "3900"}));
  CHECK(border({"DK", "", "1566"}, {"FO", "", "100"}));
}

TEST_CASE("parts of a country that lie outside have their border by postal code or state",
          "[tables][customs]") {
  const customs_place madrid{"ES", "", "28001"};
  for (const auto* zip : {"35001", "38001", "51001", "52001", "E-35001"}) {
    CAPTURE(zip);
    CHECK(border(madrid, {"ES", "", zip}));
    CHECK(border(berlin, {"ES", "", zip}));
    CHECK_FALSE(border({"ES", "", zip}, {"ES", "", zip}));
  }
  for (const auto* zip : {"BT1 1AA", "bt11aa", "BT 1 1AA", "BFPO 61", "JE2 3AB", "GY1 1AA"}) {
    CAPTURE(zip);
    CHECK(border(london, {"GB", "", zip}));
  }
  CHECK(border(berlin, {"GB", "", "BT1 1AA"})); // In doubt there is one.
  for (const auto* zip : {"97110", "97200", "97300", "97400", "97600", "97500", "98800", "97133"}) {
    CAPTURE(zip);
    CHECK(border({"FR", "", "75001"}, {"FR", "", zip}));
  }
  CHECK_FALSE(border({"FR", "", "97110"}, {"GP", "", "97110"}));
  CHECK(border(berlin, {"DE", "", "27498"}));
  CHECK(border(berlin, {"DE", "", "D-27498"}));
  CHECK(border({"IT", "", "00144"}, {"IT", "", "23041"}));
  CHECK(border({"FI", "", "00550"}, {"FI", "", "22100"}));
  CHECK(border({"FI", "", "00550"}, {"AX", "", "22100"}));
  CHECK_FALSE(border({"FI", "", "22100"}, {"AX", "", "22100"}));
}

TEST_CASE("mail to US forces and territories crosses a border", "[tables][customs]") {
  for (const customs_place& there :
       {customs_place{"US", "AE", "09012"}, customs_place{"US", "AA", "34002"},
        customs_place{"US", "ap", "96201"}, customs_place{"US", "", "96349"},
        customs_place{"US", "GU", "96910"}, customs_place{"US", "AS", "96799"},
        customs_place{"US", "MP", "96950"}, customs_place{"US", "VI", "00802"},
        customs_place{"US", "PR", "00901"}, customs_place{"PR", "", "00901"}}) {
    CAPTURE(there.country, there.state, there.zip);
    CHECK(border(springfield, there));
  }
  CHECK_FALSE(border(springfield, {"US", "HI", "96813"}));
  CHECK_FALSE(border(springfield, {"US", "AK", "99501"}));
  CHECK_FALSE(border({"US", "PR", "00901"}, {"PR", "", "00901"}));
  CHECK(is_customs_border({"US", "AE", "09012"}, {"US", "AE", "09013"}));
}

} // namespace
} // namespace orderhub::tables
