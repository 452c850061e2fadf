#include "providers/tables/card_networks.hpp"

#include "providers/tables/rows.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <vector>

namespace orderhub {
std::string_view card_networks_table();
}

namespace orderhub::tables {

namespace {

/// Both ends of `51-55`, or one text twice.
struct range {
  std::string_view from, to;
};

range range_of(std::string_view text) {
  const auto ends = split(text, '-');
  if (ends.size() > 2 || ends.front().empty() || ends.front().size() != ends.back().size())
    std::abort(); // Compiled in: a mistake in the table.
  return {ends.front(), ends.back()};
}

struct network {
  std::vector<range> prefixes;
  std::vector<std::size_t> lengths;
};

std::vector<network> read_networks() {
  std::vector<network> all;
  for (const auto& row : rows_of(card_networks_table(), 3)) {
    network n;
    for (const auto prefix : split(row[1], ','))
      n.prefixes.push_back(range_of(prefix));
    for (const auto length : split(row[2], ',')) {
      const auto [from, to] = range_of(length);
      for (std::size_t size = 13; size <= 19; ++size)
        if (const auto text = std::to_string(size); text >= from && text <= to)
          n.lengths.push_back(size);
    }
    if (n.lengths.empty())
      std::abort();
    all.push_back(std::move(n));
  }
  return all;
}

} // namespace

bool is_card_range(std::string_view digits) {
  static const std::vector<network> all = read_networks();
  return std::any_of(all.begin(), all.end(), [digits](const network& n) {
    return std::find(n.lengths.begin(), n.lengths.end(), digits.size()) != n.lengths.end() &&
           std::any_of(n.prefixes.begin(), n.prefixes.end(), [digits](const range& r) {
             const auto beginning = digits.substr(0, r.from.size());
             return beginning >= r.from && beginning <= r.to;
           });
  });
}

} // namespace orderhub::tables
