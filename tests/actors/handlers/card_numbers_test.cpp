#include "actors/handlers/card_numbers.hpp"
#include "tests/support/catch2.hpp"

#include <string>
#include <utility>
#include <vector>

namespace orderhub::handlers {

namespace {

// The card networks' own test numbers (docs.stripe.com/testing, docs.adyen.com): no one's cards.
const std::vector<std::string> numbers = {
    "4242424242424242",    // Visa
    "4000056655665556",    // Visa, debit
    "4222222222222",       // Visa, 13 digits
    "4917300800000000",    // Visa, Electron
    "5555555555554444",    // Mastercard
    "2223003122003222",    // Mastercard, series 2
    "2720990000000007",    // Mastercard, the end of series 2
    "378282246310005",     // American Express
    "341111111111111",     // American Express
    "6011111111111117",    // Discover
    "6445644564456445",    // Discover
    "30569309025904",      // Diners Club
    "36227206271667",      // Diners Club
    "3566002020360505",    // JCB
    "6200000000000005",    // UnionPay
    "6205500000000000004", // UnionPay, 19 digits
    "6759649826438453",    // Maestro
    "5018000000000009",    // Maestro
    "2200000000000004",    // Mir
};

/// Groups of `size` digits with something between.
std::string spaced(const std::string& digits, std::size_t size, const std::string& between) {
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i)
    text += (i > 0 && i % size == 0 ? between : "") + digits[i];
  return text;
}

std::string full_width(const std::string& digits) {
  std::string text;
  for (const char c : digits)
    text += std::string("\xef\xbc") + static_cast<char>(0x90 + (c - '0'));
  return text;
}

std::string arabic(const std::string& digits) {
  std::string text;
  for (const char c : digits)
    text += std::string("\xd9") + static_cast<char>(0xa0 + (c - '0'));
  return text;
}

/// The same digits with the last one, the check digit, one further.
std::string miskeyed(std::string digits) {
  digits.back() = digits.back() == '9' ? '0' : static_cast<char>(digits.back() + 1);
  return digits;
}

} // namespace

TEST_CASE("a card's number is seen however it is written", "[orders][input][cards]") {
  for (const auto& number : numbers) {
    CAPTURE(number);
    CHECK(holds_card_number("note", number));
    for (const auto& between : std::vector<std::string>{
             " ", "-", ".", "/", "_", ",", "\t", "\n", "  ", " - ", "\xc2\xa0" /* no-break space */,
             "\xe2\x80\x93" /* en dash */, "\xe2\x80\x8b" /* no width */, "+", "\xe3\x80\x80"}) {
      CAPTURE(between);
      for (const std::size_t size : {1U, 2U, 3U, 4U, 6U})
        CHECK(holds_card_number("note", spaced(number, size, between)));
    }
    CHECK(holds_card_number("note", full_width(number)));
    CHECK(holds_card_number("note", full_width(spaced(number, 99, ""))));
    CHECK(holds_card_number("note", arabic(number)));
    CHECK(holds_card_number("note", "Card: " + number + " exp 12/29"));
    CHECK(holds_card_number("note", "VISA" + number));
    CHECK(holds_card_number("note", "12 34 " + spaced(number, 4, " ") + " 56"));
    CHECK(holds_card_number("note", "2026-11-28 " + number));
    CHECK(holds_card_number("", "  " + number + "  "));
    CHECK_FALSE(holds_card_number("note", miskeyed(number)));
    CHECK_FALSE(holds_card_number("note", "0" + number));
  }
  CHECK(holds_card_number("method", "4242-42424242-4242"));
  CHECK(holds_card_number("productId", "4242424242424242"));
  CHECK(holds_card_number("phone", "4242 4242 4242 4242"));
  CHECK(holds_card_number("phone", "+4242 4242 4242 4242"));
  CHECK(holds_card_number("productId", "4222222222222")); // GS1's check digit would be 0.
  CHECK(holds_card_number("cus", "cus_4242424242424242"));
}

TEST_CASE("what shops send every day is no card's number", "[orders][input][cards]") {
  for (const auto& [field, text] : std::vector<std::pair<std::string, std::string>>{
           {"note", ""},
           {"note", "no digits at all"},
           {"note", "424242424242"},         // 12 digits
           {"note", "42424242424242424242"}, // 20 digits
           {"note", "4242 4242 4242"},
           {"note", "1234567812345670"}, // passes Luhn, in no network's range
           {"note", "0000000000000000"},
           {"productId", "4006381333931"}, // GTIN-13
           {"items", "9780306406157"},     // ISBN-13
           {"trackingNumber", "9400111899223100001234"},
           {"trackingNumber", "1Z12345E0205271688"},
           {"at", "1764352800000"}, // milliseconds
           {"at", "2026-11-28T18:00:00.000Z"},
           {"phone", "+4917012345675"},
           {"phone", "+49 170 1234567 5"},
           {"mobile", "4917012345675"},
           {"id", "pm_1MqLiJLkdIwHu7ixUEgbFdYF"},
           {"id", "550e8400-e29b-41d4-a716-446655440000"},
           {"id", "42424242-4242-4242-8000-000000000000"}, // a UUID with a card's digits
           {"id", "4242424242424242a0000000"},             // 24 hexadecimal digits
           {"imei", "356938035643809"},                    // 15 digits, always by Luhn
           {"vat", "DE811128135"},
           {"iban", "DE89 3704 0044 0532 0130 00"},
           {"iban", "GB29 NWBK 6016 1331 9268 19"},
           {"street", "4242 Main St, 4242"},
       }) {
    CAPTURE(field, text);
    CHECK_FALSE(holds_card_number(field, text));
  }
  // Every GTIN-13 of a German or Japanese maker, also those that pass Luhn by chance.
  for (int i = 0; i < 1'000; ++i) {
    std::string digits = std::to_string(400'638'133'000LL + i);
    int sum = 0;
    for (std::size_t at = 0; at < digits.size(); ++at)
      sum += (digits[at] - '0') * (at % 2 == 0 ? 1 : 3);
    digits += static_cast<char>('0' + (10 - sum % 10) % 10);
    CAPTURE(digits);
    for (const char* field : {"productId", "product_id", "SKU", "ean", "gtin-13"})
      CHECK_FALSE(holds_card_number(field, digits));
  }
}

TEST_CASE("a long text is looked through in time", "[orders][input][cards]") {
  std::string text;
  while (text.size() < 1'000'000)
    text += "4 ";
  CHECK_FALSE(holds_card_number("note", std::string(1'000'000, '4')));
  (void)holds_card_number("note", text);
  CHECK(holds_card_number("note", text + "x 4242424242424242"));
}

} // namespace orderhub::handlers
