#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::mock {

/// Decoded parameters of one request, in the order received: a form, a query string, or a JSON
/// document flattened to paths (`parcels.0.length`). Reused from request to request; views end with
/// the next `clear`.
class fields {
public:
  enum class kind : std::uint8_t { text, integer, real, boolean, null, object, array };

  void clear();
  /// Appends `a=b&c=d`, percent-decoded, `+` as space. False on a broken escape.
  bool add_form(std::string_view text);
  /// Appends a JSON document. A container is an entry of its own with an empty value, before its
  /// members; the root has the empty name. False if it is not JSON, or deeper than 32.
  bool add_json(std::string_view text);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::string_view name(std::size_t i) const;
  [[nodiscard]] std::string_view value(std::size_t i) const;
  [[nodiscard]] kind kind_of(std::size_t i) const { return entries_[i].type; }
  /// Index of the first entry of that name, `npos` if absent.
  [[nodiscard]] std::size_t find(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != npos; }
  /// The value of the first entry of that name, empty if absent.
  [[nodiscard]] std::string_view get(std::string_view name) const;

  static constexpr auto npos = static_cast<std::size_t>(-1);

private:
  friend struct json_flattener;
  struct entry {
    std::uint32_t name = 0, name_size = 0, value = 0, value_size = 0;
    kind type = kind::text;
  };
  std::string text_;
  std::vector<entry> entries_;
};

/// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json(std::string& out, std::string_view text);
/// Appends a decimal.
void append_number(std::string& out, std::int64_t value);
/// Appends `digits` lower-case hexadecimal digits of `value`, the high ones cut off.
void append_hex(std::string& out, std::uint64_t value, int digits);
/// Reads exactly the hexadecimal digits of `text` (at most 16). False on any other character.
bool read_hex(std::string_view text, std::uint64_t& value);
/// Reads a whole decimal integer with an optional minus. False on anything else.
bool read_integer(std::string_view text, std::int64_t& value);
/// `2026-09-21T10:00:00.123Z`
void append_iso_time(std::string& out, std::int64_t unix_ms);
/// `Sun, 06 Nov 1994 08:49:37 GMT`, the second that the moment falls into.
void append_http_date(std::string& out, std::int64_t unix_ms);
/// True if the JSON text is valid and nested at most 32 deep.
bool shallow_json(std::string_view text);

} // namespace orderhub::providers::mock
