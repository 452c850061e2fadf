#include "providers/mock/text.hpp"

#include "journal/base/text.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::mock {

namespace {

constexpr std::size_t json_depth_max = 32;

} // namespace

void fields::clear() {
  text_.clear();
  entries_.clear();
}

bool fields::add_form(std::string_view text) {
  while (!text.empty()) {
    const auto end = text.find('&');
    const auto pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty())
      continue;
    const auto split = pair.find('=');
    entry e;
    e.name = static_cast<std::uint32_t>(text_.size());
    if (!append_form_decoded(text_, pair.substr(0, split)))
      return false;
    e.name_size = static_cast<std::uint32_t>(text_.size()) - e.name;
    e.value = static_cast<std::uint32_t>(text_.size());
    if (split != std::string_view::npos && !append_form_decoded(text_, pair.substr(split + 1)))
      return false;
    e.value_size = static_cast<std::uint32_t>(text_.size()) - e.value;
    entries_.push_back(e);
  }
  return true;
}

std::string_view fields::name(std::size_t i) const {
  return std::string_view(text_).substr(entries_[i].name, entries_[i].name_size);
}

std::string_view fields::value(std::size_t i) const {
  return std::string_view(text_).substr(entries_[i].value, entries_[i].value_size);
}

std::size_t fields::find(std::string_view wanted) const {
  for (std::size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].name_size == wanted.size() && name(i) == wanted)
      return i;
  return npos;
}

std::string_view fields::get(std::string_view wanted) const {
  const auto i = find(wanted);
  return i == npos ? std::string_view() : value(i);
}

/// A SAX reader: building a document tree of a 400-byte mail costs twice as much.
struct json_flattener {
  using json = nlohmann::json;
  struct level {
    std::size_t path_size;
    std::size_t index;
    bool is_array;
  };

  fields& to;
  std::string path = {};
  std::vector<level> levels = {};

  /// Places the path on the next member and returns the entry for it.
  fields::entry begin(fields::kind type) {
    if (!levels.empty() && levels.back().is_array) {
      path.resize(levels.back().path_size);
      if (!path.empty())
        path.push_back('.');
      append_number(path, static_cast<std::int64_t>(levels.back().index++));
    }
    fields::entry e;
    e.type = type;
    e.name = static_cast<std::uint32_t>(to.text_.size());
    e.name_size = static_cast<std::uint32_t>(path.size());
    to.text_.append(path);
    e.value = static_cast<std::uint32_t>(to.text_.size());
    return e;
  }
  bool end(fields::entry e) {
    e.value_size = static_cast<std::uint32_t>(to.text_.size()) - e.value;
    to.entries_.push_back(e);
    return true;
  }
  bool open(bool is_array) {
    if (levels.size() >= json_depth_max)
      return false;
    end(begin(is_array ? fields::kind::array : fields::kind::object));
    levels.push_back({path.size(), 0, is_array});
    return true;
  }
  bool close() {
    path.resize(levels.back().path_size);
    levels.pop_back();
    return true;
  }

  bool null() { return end(begin(fields::kind::null)); }
  bool boolean(bool value) {
    auto e = begin(fields::kind::boolean);
    to.text_.append(value ? "true" : "false");
    return end(e);
  }
  bool number_integer(json::number_integer_t value) {
    auto e = begin(fields::kind::integer);
    append_number(to.text_, value);
    return end(e);
  }
  bool number_unsigned(json::number_unsigned_t value) {
    auto e = begin(fields::kind::integer);
    char digits[24];
    auto [last, failed] = std::to_chars(digits, digits + sizeof digits, value);
    static_cast<void>(failed); // 24 characters hold every 64-bit number
    to.text_.append(digits, last);
    return end(e);
  }
  bool number_float(json::number_float_t, const json::string_t& text) {
    auto e = begin(fields::kind::real);
    to.text_.append(text);
    return end(e);
  }
  bool string(json::string_t& value) {
    auto e = begin(fields::kind::text);
    to.text_.append(value);
    return end(e);
  }
  bool binary(json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(false); }
  bool key(json::string_t& name) {
    path.resize(levels.back().path_size);
    if (!path.empty())
      path.push_back('.');
    path.append(name);
    return true;
  }
  bool end_object() { return close(); }
  bool start_array(std::size_t) { return open(true); }
  bool end_array() { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) {
    return false;
  }
};

bool fields::add_json(std::string_view text) {
  json_flattener reader{*this};
  return nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &reader);
}

bool shallow_json(std::string_view text) {
  fields scratch;
  return scratch.add_json(text);
}

void append_json(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') {
      out.append(nlohmann::json(std::string(text))
                     .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
      return;
    }
  }
  out.push_back('"');
  out.append(text);
  out.push_back('"');
}

void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  auto [end, failed] = std::to_chars(digits, digits + sizeof digits, value);
  static_cast<void>(failed); // 24 characters hold every 64-bit number
  out.append(digits, end);
}

void append_hex(std::string& out, std::uint64_t value, int digits) {
  constexpr std::string_view alphabet = "0123456789abcdef";
  for (int i = digits - 1; i >= 0; --i)
    out.push_back(i >= 16 ? '0' : alphabet[(value >> (4 * i)) & 15]);
}

bool read_hex(std::string_view text, std::uint64_t& value) {
  if (text.empty() || text.size() > 16)
    return false;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  return failed == std::errc() && end == text.data() + text.size();
}

bool read_integer(std::string_view text, std::int64_t& value) {
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc() && end == text.data() + text.size() && !text.empty();
}

void append_http_date(std::string& out, std::int64_t unix_ms) {
  constexpr std::string_view days = "SunMonTueWedThuFriSat";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  using namespace std::chrono;
  const auto moment = floor<seconds>(sys_time<milliseconds>(milliseconds(unix_ms)));
  const auto day = floor<std::chrono::days>(moment);
  const year_month_day date(day);
  const hh_mm_ss time(moment - day);
  const auto put = [&out](std::int64_t value, int digits) {
    char text[4];
    for (int i = digits - 1; i >= 0; --i, value /= 10)
      text[i] = static_cast<char>('0' + value % 10);
    out.append(text, static_cast<std::size_t>(digits));
  };
  out.append(days.substr(weekday(day).c_encoding() * 3, 3)).append(", ");
  put(static_cast<unsigned>(date.day()), 2);
  out.push_back(' ');
  out.append(months.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3)).push_back(' ');
  put(static_cast<int>(date.year()), 4);
  out.push_back(' ');
  put(time.hours().count(), 2);
  out.push_back(':');
  put(time.minutes().count(), 2);
  out.push_back(':');
  put(time.seconds().count(), 2);
  out.append(" GMT");
}

void append_iso_time(std::string& out, std::int64_t unix_ms) {
  // Civil date from days, proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible
  // low-level date algorithms"); std::format of a time_point is missing from the libraries we
  // build with.
  const std::int64_t seconds = unix_ms >= 0 ? unix_ms / 1000 : (unix_ms - 999) / 1000;
  const std::int64_t days = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400;
  const std::int64_t second_of_day = seconds - days * 86400;
  const std::int64_t z = days + 719468;
  const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int64_t doe = z - era * 146097;
  const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
  const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const std::int64_t mp = (5 * doy + 2) / 153;
  const std::int64_t day = doy - (153 * mp + 2) / 5 + 1;
  const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
  const std::int64_t year = yoe + era * 400 + (month <= 2 ? 1 : 0);
  const auto put = [&out](std::int64_t value, int digits) {
    char text[8];
    for (int i = digits - 1; i >= 0; --i, value /= 10)
      text[i] = static_cast<char>('0' + value % 10);
    out.append(text, static_cast<std::size_t>(digits));
  };
  put(year, 4);
  out.push_back('-');
  put(month, 2);
  out.push_back('-');
  put(day, 2);
  out.push_back('T');
  put(second_of_day / 3600, 2);
  out.push_back(':');
  put(second_of_day / 60 % 60, 2);
  out.push_back(':');
  put(second_of_day % 60, 2);
  out.push_back('.');
  put(unix_ms - seconds * 1000, 3);
  out.push_back('Z');
}

} // namespace orderhub::providers::mock
