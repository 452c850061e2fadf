#include "providers/tables/digit_fields.hpp"

#include "journal/base/text.hpp"
#include "providers/tables/rows.hpp"

#include <cstdlib>
#include <map>
#include <string>

namespace orderhub {
std::string_view digit_fields_table();
}

namespace orderhub::tables {

namespace {

std::map<std::string, digit_field, std::less<>> read_fields() {
  std::map<std::string, digit_field, std::less<>> all;
  for (const auto& row : rows_of(digit_fields_table(), 2)) {
    if (row[0] != "item" && row[0] != "phone")
      std::abort(); // Compiled in: a mistake in the table.
    for (const auto name : split(row[1], ','))
      all.emplace(name, row[0] == "item" ? digit_field::item : digit_field::phone);
  }
  return all;
}

} // namespace

digit_field digit_field_of(std::string_view name) {
  static const auto all = read_fields();
  std::string plain;
  for (const char c : name)
    if (c != '-' && c != '_' && c != ' ')
      plain.push_back(lower_ascii(c));
  const auto it = all.find(plain);
  return it == all.end() ? digit_field::any : it->second;
}

} // namespace orderhub::tables
