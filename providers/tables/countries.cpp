#include "providers/tables/countries.hpp"

#include "providers/tables/rows.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view countries_table();
std::string_view iso_3166_1_json();
} // namespace orderhub

namespace orderhub::tables {

namespace {

/// Customary, exceptionally reserved by ISO 3166 or used by the EU, and each with one meaning.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> customary = {{
    {"AC", "SH"}, // Ascension
    {"EA", "ES"}, // Ceuta, Melilla; the postal code says which.
    {"EL", "GR"}, // The EU's code for Greece
    {"IC", "ES"}, // Canary Islands; the postal code says so.
    {"TA", "SH"}, // Tristan da Cunha
    {"UK", "GB"},
    {"XI", "GB"}, // The EU's code for Northern Ireland; the postal code says so.
}};

presence presence_of(std::string_view word) {
  return word == "required"   ? presence::required
         : word == "optional" ? presence::optional
                              : presence::none;
}

std::map<std::string, std::string> names_by_code() {
  std::map<std::string, std::string> names;
  const auto iso = nlohmann::json::parse(iso_3166_1_json(), nullptr, false);
  if (iso.is_object() && iso.contains("3166-1"))
    for (const auto& entry : iso["3166-1"])
      names[entry.value("alpha_2", "")] = entry.value("common_name", entry.value("name", ""));
  return names;
}

std::vector<country> read_table() {
  std::vector<country> all;
  const auto names = names_by_code();
  for (const auto& row : rows_of(countries_table(), 6)) {
    country c;
    c.code = row[0];
    const auto name = names.find(std::string(c.code));
    c.name = name == names.end() ? std::string(c.code) : name->second;
    c.zip = presence_of(row[1]);
    if (row[2] != "-")
      c.zip_shapes = split(row[2], ' ');
    if (row[3] != "-")
      c.zip_example = row[3];
    c.state = presence_of(row[4]);
    if (row[5] != "required")
      c.city = row[5];
    all.push_back(std::move(c));
  }
  return all;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return c >= 'A' && c <= 'Z';
}

bool has_shape(std::string_view code, std::string_view shape) {
  return std::equal(code.begin(), code.end(), shape.begin(), shape.end(), [](char c, char s) {
    return s == '9' ? is_digit(c) : s == 'A' ? is_letter(c) : c == s;
  });
}

} // namespace

const std::vector<country>& countries() {
  static const std::vector<country> all = read_table();
  return all;
}

const country* find_country(std::string_view code) {
  if (code.size() != 2)
    return nullptr;
  std::string wanted = upper_ascii(code);
  for (const auto& [other, meant] : customary)
    if (wanted == other)
      wanted = meant;
  const auto& all = countries();
  const auto it = std::lower_bound(
      all.begin(), all.end(), wanted,
      [](const country& c, const std::string& searched) { return c.code < searched; });
  return it != all.end() && it->code == wanted ? &*it : nullptr;
}

std::optional<std::string> postal_code(const country& in, std::string_view given) {
  std::string written = upper_ascii(given);
  if (in.zip_shapes.empty())
    return written;
  const std::string code = without_separators(written);
  const auto fits = [&](std::string_view text) {
    return std::any_of(in.zip_shapes.begin(), in.zip_shapes.end(),
                       [&](std::string_view shape) { return has_shape(text, shape); });
  };
  if (fits(code)) {
    constexpr std::string_view plus_four = "999999999";
    if (in.zip_shapes.back() == plus_four && code.size() == plus_four.size())
      return code.substr(0, 5) + '-' + code.substr(5);
    return written;
  }
  // `D-10117`, `CH-8001`: the country's sign stands in front.
  const auto hyphen = written.find_first_of("- ");
  const bool has_sign =
      hyphen != std::string::npos && hyphen >= 1 && hyphen <= 3 &&
      std::all_of(written.begin(), written.begin() + static_cast<std::ptrdiff_t>(hyphen),
                  is_letter);
  if (has_sign && fits(without_separators(std::string_view(written).substr(hyphen + 1))))
    return written;
  return std::nullopt;
}

} // namespace orderhub::tables
