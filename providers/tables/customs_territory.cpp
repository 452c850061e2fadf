#include "providers/tables/customs_territory.hpp"

#include "providers/tables/rows.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace orderhub {
std::string_view customs_territories_table();
} // namespace orderhub

namespace orderhub::tables {

namespace {

constexpr char border_inside = '*';

struct rule {
  enum class where : std::uint8_t { country, zip, state };
  where of = where::country;
  std::vector<std::string_view> values;
  std::string_view territory;
};

/// The rules of a country, its parts first.
using rule_table = std::map<std::string_view, std::vector<rule>>;

rule_table read_table() {
  rule_table table;
  for (const auto& row : rows_of(customs_territories_table(), 4)) {
    rule r;
    r.territory = row[2];
    const auto words = split(row[1], ' ');
    if (words.size() == 2) {
      r.of = words[0] == "zip" ? rule::where::zip : rule::where::state;
      r.values = split(words[1], ',');
    } else if (row[1] != "-") {
      std::abort();
    }
    auto& rules = table[row[0]];
    rules.insert(
        r.of == rule::where::country
            ? rules.end()
            : std::find_if(rules.begin(), rules.end(),
                           [](const rule& other) { return other.of == rule::where::country; }),
        r);
  }
  return table;
}

bool begins(const std::string& zip, std::string_view value) {
  if (zip.starts_with(value))
    return true;
  // The country's sign stands in front of a code of digits: `D-27498`.
  const auto digits = std::min(zip.find_first_of("0123456789"), zip.size());
  return digits <= 3 && std::string_view(zip).substr(digits).starts_with(value);
}

bool holds(const rule& r, const std::string& zip, const std::string& state) {
  return r.of == rule::where::country ||
         std::any_of(r.values.begin(), r.values.end(), [&](std::string_view value) {
           return r.of == rule::where::zip ? begins(zip, value) : state == value;
         });
}

} // namespace

std::string_view customs_territory(const customs_place& of) {
  static const rule_table table = read_table();
  const auto rules = table.find(of.country);
  if (rules == table.end())
    return of.country;
  const auto zip = without_separators(upper_ascii(of.zip));
  const auto state = upper_ascii(of.state);
  for (const auto& r : rules->second)
    if (holds(r, zip, state))
      return r.territory;
  return of.country;
}

bool is_customs_border(const customs_place& from, const customs_place& to) {
  const auto here = customs_territory(from);
  return here != customs_territory(to) || here.ends_with(border_inside);
}

} // namespace orderhub::tables
