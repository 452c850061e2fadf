#include "providers/tables/currencies.hpp"
#include "tests/support/catch2.hpp"

#include <cstdint>
#include <limits>
#include <set>
#include <string>

namespace orderhub::tables {

TEST_CASE("the table of currencies counts as Stripe does, not as ISO 4217", "[tables][money]") {
  CHECK(currencies().size() == 140);
  std::set<std::string_view> codes;
  for (const auto& c : currencies()) {
    CAPTURE(c.code);
    CHECK(c.code.size() == 3);
    CHECK(codes.insert(c.code).second);
    CHECK((c.decimals == 0 || c.decimals == 2 || c.decimals == 3));
    CHECK(c.most >= 99'999'999);
    if (c.least) {
      CHECK(*c.least > 0);
      CHECK(*c.least % c.step == 0);
    }
    CHECK(find_currency(c.code) == &c);
  }
  REQUIRE(find_currency("kwd") != nullptr);
  CHECK(find_currency("kwd")->decimals == 3);
  CHECK(find_currency("kwd")->step == 10);
  CHECK_FALSE(find_currency("kwd")->least);
  CHECK(find_currency("jpy")->decimals == 0);
  CHECK(find_currency("jpy")->least == 50);
  CHECK(find_currency("isk")->decimals == 2); // None by ISO 4217 and by ICU.
  CHECK(find_currency("isk")->step == 100);
  CHECK(find_currency("ugx")->decimals == 2);
  CHECK(find_currency("ugx")->step == 100);
  CHECK(find_currency("huf")->step == 1);
  CHECK(find_currency("huf")->least == 17'500);
  CHECK(find_currency("mga")->decimals == 0); // Two by ICU.
  CHECK(find_currency("idr")->most == 999'999'999'999);
  CHECK(find_currency("usd")->most == 99'999'999);
  for (const char* none : {"", "us", "USD", "xyz", "xxx", "usdc", "hrk", "btc"}) {
    CAPTURE(none);
    CHECK(find_currency(none) == nullptr);
  }
}

TEST_CASE("an amount is shown with the decimals that Stripe counts", "[tables][money]") {
  CHECK(shown({4'200, "usd"}) == "42.00 USD");
  CHECK(shown({42'000, "kwd"}) == "42.000 KWD");
  CHECK(shown({1'500, "bhd"}) == "1.500 BHD");
  CHECK(shown({10, "omr"}) == "0.010 OMR");
  CHECK(shown({5, "jpy"}) == "5 JPY");
  CHECK(shown({500, "isk"}) == "5.00 ISK");
  CHECK(shown({500, "ugx"}) == "5.00 UGX");
  CHECK(shown({100, "mga"}) == "100 MGA");
  CHECK(shown({0, "usd"}) == "0.00 USD");
  CHECK(shown({7, "eur"}) == "0.07 EUR");
  CHECK(shown({-7, "eur"}) == "-0.07 EUR");
  CHECK(shown({-12'345, "usd"}) == "-123.45 USD");
  CHECK(shown({-5, "jpy"}) == "-5 JPY");
  CHECK(shown({123'456'789, "usd"}) == "1234567.89 USD");
  CHECK(shown({1'999, "xyz"}) == "19.99 XYZ"); // Of an order from before it was refused.
  CHECK(shown({std::numeric_limits<std::int64_t>::max(), "kwd"}) == "9223372036854775.807 KWD");
  CHECK(shown({std::numeric_limits<std::int64_t>::min(), "usd"}) == "-92233720368547758.08 USD");
}

TEST_CASE("a currency's sign is its own, its decimals are the table's", "[tables][money]") {
  CHECK(shown_with_sign({4'200, "usd"}) == "42.00 USD ($42.00)");
  CHECK(shown_with_sign({4'200, "eur"}) == "42.00 EUR (€42.00)");
  CHECK(shown_with_sign({5'000, "jpy"}) == "5000 JPY (¥5000)");
  CHECK(shown_with_sign({42'000, "kwd"}) == "42.000 KWD"); // It has none in English.
  CHECK(shown_with_sign({1'999, "xyz"}).starts_with("19.99 XYZ"));
  for (const auto& c : currencies()) {
    const money amount{c.decimals == 0   ? 123
                       : c.decimals == 2 ? 12'300
                                         : 123'000,
                       std::string(c.code)};
    const auto text = shown_with_sign(amount);
    CAPTURE(text);
    const auto plain = shown(amount);
    CHECK(text.starts_with(plain));
    if (text.size() == plain.size())
      continue;
    const auto sign = text.substr(plain.size());
    CHECK(sign.find(decimal_text(amount)) != std::string::npos);
    if (c.decimals == 0)
      CHECK(sign.find('.') == sign.rfind('.')); // That of an abbreviation at most.
  }
}

} // namespace orderhub::tables
