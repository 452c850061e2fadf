#include "actors/handlers/card_numbers.hpp"

#include "actors/handlers/code_points.hpp"
#include "actors/handlers/request_rules.hpp"
#include "providers/tables/card_networks.hpp"
#include "providers/tables/digit_fields.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <unicode/uchar.h>

namespace orderhub::handlers {

namespace {

using tables::digit_field;

constexpr std::size_t digits_min = 13;
constexpr std::size_t digits_max = 19;
/// Characters that may stand between two groups of one number.
constexpr std::size_t gap_max = 8;
/// A word of that many hexadecimal digits is an identifier; a card's number is shorter.
constexpr std::size_t identifier_min = 20;

/// One unbroken run of digits.
struct group {
  std::string digits;      ///< ASCII; cut behind `digits_max + 1`: that much is no card's number.
  bool follows = false;    ///< Only a gap lies between it and the one before.
  bool after_plus = false; ///< As telephone numbers begin.
};

/// One character of the text, as far as it matters here.
struct glyph {
  enum class kind : std::uint8_t { digit, letter, other } is = kind::other;
  char digit = 0;
  bool hexadecimal = false;
  bool plus = false;
  bool dash = false;
};

glyph glyph_of(UChar32 c) {
  glyph g;
  if (const auto value = u_charDigitValue(c); value >= 0) {
    g.is = glyph::kind::digit;
    g.digit = static_cast<char>('0' + value);
    g.hexadecimal = c < 0x80;
  } else if (u_isalpha(c)) {
    g.is = glyph::kind::letter;
    g.hexadecimal = (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  } else {
    g.plus = c == '+' || c == 0xff0b;
    g.dash = c == '-';
  }
  return g;
}

std::vector<glyph> glyphs_of(std::string_view text) {
  std::vector<glyph> all;
  all.reserve(text.size());
  for (std::size_t at = 0; at < text.size();)
    all.push_back(glyph_of(static_cast<UChar32>(next_code_point(text, at))));
  return all;
}

std::size_t word_end(const std::vector<glyph>& text, std::size_t at) {
  while (at < text.size() && text[at].is != glyph::kind::other)
    ++at;
  return at;
}

bool is_hexadecimal(const std::vector<glyph>& text, std::size_t from, std::size_t to) {
  for (auto at = from; at < to; ++at)
    if (!text[at].hexadecimal)
      return false;
  return true;
}

/// The end of a UUID (8-4-4-4-12) that begins there, else `at`.
std::size_t uuid_end(const std::vector<glyph>& text, std::size_t at) {
  auto end = at;
  for (const std::size_t size : {8, 4, 4, 4, 12}) {
    if (end != at) {
      if (end >= text.size() || !text[end].dash)
        return at;
      ++end;
    }
    const auto word = end;
    end = word_end(text, word);
    if (end - word != size || !is_hexadecimal(text, word, end))
      return at;
  }
  return end;
}

/// A long word of hexadecimal digits with a letter among them.
bool is_identifier(const std::vector<glyph>& text, std::size_t from, std::size_t to) {
  if (to - from < identifier_min || !is_hexadecimal(text, from, to))
    return false;
  for (auto at = from; at < to; ++at)
    if (text[at].is == glyph::kind::letter)
      return true;
  return false;
}

std::vector<group> groups_of(const std::vector<glyph>& text) {
  std::vector<group> groups;
  bool is_broken = true; // By a letter or an identifier since the last digit.
  std::size_t gap = 0;
  bool plus = false;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at].is == glyph::kind::other) {
      plus = text[at].plus;
      ++gap;
      ++at;
      continue;
    }
    const auto end = word_end(text, at);
    const auto uuid = uuid_end(text, at);
    if (uuid != at || is_identifier(text, at, end)) {
      is_broken = true;
      at = uuid != at ? uuid : end;
    }
    // The runs of digits of one word: letters between them break.
    for (; at < end; ++at) {
      if (text[at].is == glyph::kind::letter) {
        is_broken = true;
        continue;
      }
      const bool goes_on = at > 0 && text[at - 1].is == glyph::kind::digit && !groups.empty();
      if (!goes_on)
        groups.push_back({{}, !is_broken && gap <= gap_max, plus});
      if (groups.back().digits.size() <= digits_max)
        groups.back().digits.push_back(text[at].digit);
      is_broken = false;
      plus = false;
      gap = 0;
    }
    gap = 0;
    plus = false;
  }
  return groups;
}

/// Whether the text can have so many digits as a card's number, of whatever script: most texts,
/// long ones too, are done with this.
bool has_enough_digits(std::string_view text) {
  std::size_t possible = 0;
  for (const char c : text)
    possible += (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0xc2U ? 1 : 0;
  return possible >= digits_min;
}

bool passes_luhn(std::string_view digits) {
  int sum = 0;
  bool is_doubled = false;
  for (auto at = digits.size(); at-- > 0; is_doubled = !is_doubled) {
    const int value = digits[at] - '0';
    sum += !is_doubled ? value : value < 5 ? 2 * value : 2 * value - 9;
  }
  return sum % 10 == 0;
}

/// GTIN-13: weights 1 and 3 from the left, and the last digit makes it a multiple of ten.
bool is_trade_item(std::string_view digits) {
  int sum = 0;
  for (std::size_t at = 0; at < digits.size(); ++at)
    sum += (digits[at] - '0') * (at % 2 == 0 ? 1 : 3);
  return digits.size() == 13 && sum % 10 == 0;
}

bool is_something_else(digit_field field, std::string_view digits, bool after_plus) {
  if (after_plus && digits.size() <= 15)
    return true;
  return digits.size() == 13 &&
         (field == digit_field::phone || (field == digit_field::item && is_trade_item(digits)));
}

} // namespace

bool holds_card_number(std::string_view field, std::string_view text) {
  if (!has_enough_digits(text))
    return false;
  const auto kind = tables::digit_field_of(field);
  const auto groups = groups_of(glyphs_of(text));
  std::string digits;
  for (std::size_t first = 0; first < groups.size(); ++first) {
    digits.clear();
    for (auto next = first; next < groups.size(); ++next) {
      if (next > first && !groups[next].follows)
        break;
      digits += groups[next].digits;
      if (digits.size() > digits_max)
        break;
      if (digits.size() >= digits_min && tables::is_card_range(digits) && passes_luhn(digits) &&
          !is_something_else(kind, digits, groups[first].after_plus))
        return true;
    }
  }
  return false;
}

const json_rule& no_card_numbers() {
  static const json_rule rule{
      &holds_card_number,
      refusal("card-number", "holds what looks like a card's number; a card is given by its id at "
                             "Stripe in payment.method")};
  return rule;
}

} // namespace orderhub::handlers
