#include "http_gateway/cli/table_text.hpp"

#include <algorithm>

namespace orderhub::http_gateway::cli {

namespace {

/// Characters, not bytes, as far as UTF-8 tells.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
  }));
}

bool is_control(std::string_view text, std::size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c < 0x20 || c == 0x7f)
    return true;
  // U+0080 to U+009F, and the marks that turn the direction of writing.
  const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
  if (c == 0xc2 && next >= 0x80 && next <= 0x9f)
    return true;
  const auto third = at + 2 < text.size() ? static_cast<unsigned char>(text[at + 2]) : 0U;
  return c == 0xe2 && ((next == 0x80 && third >= 0xaa && third <= 0xae) ||
                       (next == 0x81 && third >= 0xa6 && third <= 0xa9));
}

std::size_t size_of_character(char first) {
  const auto c = static_cast<unsigned char>(first);
  return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

std::string safe(std::string_view text, bool keeps_lines) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto size = std::min(size_of_character(text[i]), text.size() - i);
    if (keeps_lines && text[i] == '\n')
      out += '\n';
    else if (is_control(text, i))
      out += '?';
    else
      out += text.substr(i, size);
    i += size;
  }
  return out;
}

void add_row(std::string& out, const std::vector<std::string>& cells,
             const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    line += cells[i];
    if (i + 1 < cells.size())
      line.append(widths[i] - width_of(cells[i]) + 2, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + '\n';
}

} // namespace

std::string safe_text(std::string_view text) {
  return safe(text, true);
}

std::string table_text(const std::vector<std::string>& titles,
                       const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> all{titles};
  for (const auto& row : rows) {
    all.emplace_back();
    for (const auto& cell : row)
      all.back().push_back(safe(cell, false));
  }
  std::vector<std::size_t> widths(titles.size());
  for (const auto& row : all)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(row[i]));
  std::string out;
  for (const auto& row : all)
    add_row(out, row, widths);
  return out;
}

std::string pairs_text(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::size_t width = 0;
  for (const auto& [name, value] : pairs)
    width = std::max(width, width_of(name));
  std::string out;
  for (const auto& [name, value] : pairs)
    add_row(out, {name, safe(value, false)}, {width, 0});
  return out;
}

} // namespace orderhub::http_gateway::cli
