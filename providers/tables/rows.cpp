#include "providers/tables/rows.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace orderhub::tables {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = std::min(text.find(at), text.size());
    parts.push_back(text.substr(0, end));
    if (end == text.size())
      return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::vector<std::string_view>> rows_of(std::string_view table, std::size_t columns) {
  std::vector<std::vector<std::string_view>> rows;
  for (const auto line : split(table, '\n')) {
    if (line.empty() || line.front() == '#')
      continue;
    auto row = split(line, '\t');
    if (row.size() != columns)
      std::abort();
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string upper_ascii(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return upper;
}

std::string without_separators(std::string_view code) {
  std::string bare;
  std::copy_if(code.begin(), code.end(), std::back_inserter(bare),
               [](char c) { return c != ' ' && c != '-' && c != '.'; });
  return bare;
}

} // namespace orderhub::tables
