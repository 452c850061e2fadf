#include "actors/handlers/orders/stock_fact.hpp"

#include <algorithm>
#include <cstddef>
#include <tuple>
#include <utility>

namespace orderhub::handlers {

namespace {

auto key_of(const short_item& i) {
  return std::tie(i.product_id, i.wanted, i.available);
}

/// Which of two counts; any rule that does not depend on the order will do where both are as far.
bool is_less(const stock_fact& a, const stock_fact& b) {
  if (std::tie(a.round, a.state) != std::tie(b.round, b.state))
    return std::tie(a.round, a.state) < std::tie(b.round, b.state);
  if (a.reason != b.reason)
    return a.reason < b.reason;
  return std::lexicographical_compare(
      a.missing.begin(), a.missing.end(), b.missing.begin(), b.missing.end(),
      [](const short_item& x, const short_item& y) { return key_of(x) < key_of(y); });
}

} // namespace

void put(byte_writer& w, const stock_fact& s) {
  w.u32(s.round);
  w.u8(static_cast<std::uint8_t>(s.state));
  w.u16(static_cast<std::uint16_t>(s.missing.size()));
  for (const auto& i : s.missing) {
    w.str16(i.product_id);
    w.i64(i.wanted);
    w.i64(i.available);
  }
  w.str32(s.reason);
}

stock_fact get_stock(byte_reader& r) {
  stock_fact s;
  s.round = r.u32();
  s.state = static_cast<stock_state>(r.u8());
  for (auto n = r.u16(); n > 0 && r.ok(); --n) {
    short_item i;
    i.product_id = r.str16();
    i.wanted = r.i64();
    i.available = r.i64();
    s.missing.push_back(std::move(i));
  }
  s.reason = std::string(r.str32());
  return s;
}

stock_fact merge(const stock_fact& a, const stock_fact& b) {
  return is_less(a, b) ? b : a;
}

std::string shortage_text(const stock_fact& s) {
  constexpr std::size_t shown_max = 20;
  if (s.missing.empty())
    return s.reason;
  std::string text;
  for (std::size_t i = 0; i < std::min(shown_max, s.missing.size()); ++i) {
    const auto& item = s.missing[i];
    text += (i == 0 ? "" : ", ") + item.product_id + " (" + std::to_string(item.wanted) +
            " wanted, " + std::to_string(item.available) + " there)";
  }
  if (s.missing.size() > shown_max)
    text += " and " + std::to_string(s.missing.size() - shown_max) + " more";
  return text;
}

} // namespace orderhub::handlers
