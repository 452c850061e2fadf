#include "journal/base/text.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace orderhub {

namespace {
constexpr std::string_view alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z')
    return c - 'A';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 26;
  if (c >= '0' && c <= '9')
    return c - '0' + 52;
  if (c == '-')
    return 62;
  return c == '_' ? 63 : -1;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  c = lower_ascii(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool append_decoded(std::string& out, std::string_view text, char plus) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? plus : text[i];
      continue;
    }
    if (i + 2 >= text.size())
      return false;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0)
      return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}
} // namespace

std::string base64url(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : bytes) {
    bits = (bits << 8U) | static_cast<std::uint8_t>(c);
    count += 8;
    while (count >= 6) {
      count -= 6;
      out.push_back(alphabet[(bits >> static_cast<unsigned>(count)) & 63U]);
    }
  }
  if (count > 0)
    out.push_back(alphabet[(bits << static_cast<unsigned>(6 - count)) & 63U]);
  return out;
}

bool from_base64url(std::string_view text, std::string& out) {
  out.clear();
  if (text.size() % 4 == 1)
    return false;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    const int digit = digit_of(c);
    if (digit < 0)
      return false;
    bits = (bits << 6U) | static_cast<std::uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xffU));
    }
  }
  // Left-over bits must be zero, so that one value has one spelling.
  return (bits & ((1U << static_cast<unsigned>(count)) - 1U)) == 0;
}

std::string hex_of(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (char c : bytes) {
    out.push_back(digits[(static_cast<std::uint8_t>(c) >> 4U) & 15U]);
    out.push_back(digits[static_cast<std::uint8_t>(c) & 15U]);
  }
  return out;
}

std::string hex_of(std::span<const std::uint8_t> bytes) {
  return hex_of(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::optional<std::string> hex_decoded(std::string_view text) {
  if (text.size() % 2 != 0)
    return std::nullopt;
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0)
      return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::string_view cut_text(std::string_view text, std::size_t size_max) {
  constexpr std::size_t tail_max = 3;
  if (text.size() <= size_max)
    return text;
  auto size = size_max;
  const auto within = [&] { return (static_cast<std::uint8_t>(text[size]) & 0xc0U) == 0x80U; };
  while (size > 0 && size_max - size < tail_max && within())
    --size;
  return text.substr(0, within() ? size_max : size);
}

void cut_text(std::string& text, std::size_t size_max) {
  text.resize(cut_text(std::string_view(text), size_max).size());
}

bool is_utf8(std::string_view bytes) {
  const auto* p = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const auto* end = p + bytes.size();
  auto tail = [&](int count) {
    for (int i = 0; i < count; ++i, ++p)
      if (p == end || (*p & 0xc0U) != 0x80U)
        return false;
    return true;
  };
  while (p != end) {
    const std::uint8_t lead = *p++;
    if (lead < 0x80U)
      continue;
    const std::uint8_t next = p == end ? 0 : *p;
    if (lead >= 0xc2U && lead <= 0xdfU) {
      if (!tail(1))
        return false;
    } else if (lead >= 0xe0U && lead <= 0xefU) {
      if ((lead == 0xe0U && next < 0xa0U) || (lead == 0xedU && next > 0x9fU) || !tail(2))
        return false;
    } else if (lead >= 0xf0U && lead <= 0xf4U) {
      if ((lead == 0xf0U && next < 0x90U) || (lead == 0xf4U && next > 0x8fU) || !tail(3))
        return false;
    } else {
      return false;
    }
  }
  return true;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return lower_ascii(x) == lower_ascii(y);
         });
}

bool starts_with_ignoring_case(std::string_view text, std::string_view beginning) {
  return equal_ignoring_case(text.substr(0, beginning.size()), beginning);
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  return append_decoded(out, text, '+') ? std::optional(std::move(out)) : std::nullopt;
}

bool append_form_decoded(std::string& out, std::string_view text) {
  return append_decoded(out, text, ' ');
}

bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7f)
      return true;
    // U+0080 to U+009F are C2 80 to C2 9F.
    if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) <= 0x9f)
      return true;
  }
  return false;
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20U || byte == 0x7fU) {
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    } else {
      out += c;
    }
  }
  out += '"';
}

} // namespace orderhub
