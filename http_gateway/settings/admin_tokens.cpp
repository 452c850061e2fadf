#include "http_gateway/settings/admin_tokens.hpp"

#include "journal/base/text.hpp"
#include "journal/base/utc_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

#include <toml++/toml.h>

namespace orderhub::http_gateway {

namespace {

tl::unexpected<error> refused(const std::string& path, const std::string& why) {
  return fail({error_kind::invalid, "admin_tokens", "admin_tokens: " + path + ": " + why});
}

std::optional<digest> digest_of(std::string_view hex) {
  digest d{};
  if (hex.size() != 2 * d.size())
    return std::nullopt;
  const auto value = [](char c) {
    if (c >= '0' && c <= '9')
      return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i < d.size(); ++i) {
    const auto high = value(hex[2 * i]), low = value(hex[2 * i + 1]);
    if (high < 0 || low < 0)
      return std::nullopt;
    d[i] = static_cast<std::uint8_t>(16 * high + low);
  }
  return d;
}

unix_ms time_of(const toml::date_time& t) {
  const std::chrono::sys_days day = std::chrono::year(t.date.year) /
                                    std::chrono::month(t.date.month) / std::chrono::day(t.date.day);
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(day.time_since_epoch()).count();
  ms += ((t.time.hour * 60LL + t.time.minute) * 60 + t.time.second) * 1'000;
  if (t.offset)
    ms -= t.offset->minutes * 60'000LL;
  return ms;
}

/// A row, or why the table is none.
result<admin_token_row> row_of(const toml::table& table, const std::string& path) {
  admin_token_row row;
  row.name = table["name"].value_or(std::string());
  if (!is_token_name(row.name))
    return refused(path, "a [[token]] has no name of 1 to 60 letters, digits, dots, dashes, "
                         "underscores or @.");
  const auto wrong = [&](const std::string& why) {
    return refused(path, "the token \"" + row.name + "\" " + why);
  };
  constexpr std::array known = {"name", "role", "sha256", "expires", "on_behalf"};
  for (const auto& [key, value] : table)
    if (std::find(known.begin(), known.end(), key.str()) == known.end())
      return wrong("has a member \"" + std::string(key.str()) +
                   "\"; name, role, sha256, expires and on_behalf are known.");
  row.role = table["role"].value_or(std::string());
  if (!is_admin_role(row.role))
    return wrong("has no role read, operate or admin.");
  const auto hash = digest_of(table["sha256"].value_or(std::string()));
  if (!hash)
    return wrong("has no sha256 of 64 hexadecimal digits.");
  row.sha256 = *hash;
  if (const auto* expires = table["expires"].as_date_time())
    row.expires_at = time_of(expires->get());
  else if (table.contains("expires"))
    return wrong("has an expires that is no date-time, such as 2027-01-31T00:00:00Z.");
  if (table.contains("on_behalf") && !table["on_behalf"].is_boolean())
    return wrong("has an on_behalf that is neither true nor false.");
  row.on_behalf = table["on_behalf"].value_or(false);
  return row;
}

} // namespace

bool is_admin_role(std::string_view role) {
  return role == "read" || role == "operate" || role == "admin";
}

bool is_token_name(std::string_view name) {
  constexpr std::size_t longest = 60;
  return !name.empty() && name.size() <= longest &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                                ".-_@") == std::string_view::npos;
}

result<std::vector<admin_token_row>> read_admin_tokens(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (!in.is_open() || in.bad())
    return refused(path, "it cannot be read.");
  toml::table file;
  try {
    file = toml::parse(text);
  } catch (const toml::parse_error& e) {
    return refused(path, "line " + std::to_string(e.source().begin.line) + " is no TOML.");
  }
  std::vector<admin_token_row> rows;
  for (const auto& [key, value] : file)
    if (key.str() != "token" || !value.is_array_of_tables())
      return refused(path, "it has only tables [[token]].");
  std::set<std::string> names;
  std::set<digest> hashes;
  if (const auto* list = file["token"].as_array())
    for (const auto& entry : *list) {
      auto row = row_of(*entry.as_table(), path);
      if (!row)
        return row.failure();
      if (!names.insert(row->name).second || !hashes.insert(row->sha256).second)
        return refused(path, "the token \"" + row->name + "\" is there twice.");
      if (rows.size() == admin_tokens_max)
        return refused(path, "it has more than 1000 tokens.");
      rows.push_back(std::move(*row));
    }
  return rows;
}

std::string text_of(const admin_token_row& row) {
  std::string text = "[[token]]\nname = \"" + row.name + "\"\nrole = \"" + row.role + "\"\n";
  text += "sha256 = \"" +
          hex_of({reinterpret_cast<const char*>(row.sha256.data()), row.sha256.size()}) + "\"\n";
  if (row.expires_at > 0)
    text += "expires = " + utc_text(row.expires_at) + '\n';
  if (row.on_behalf)
    text += "on_behalf = true\n";
  return text;
}

} // namespace orderhub::http_gateway
