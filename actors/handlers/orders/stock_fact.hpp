#pragma once
#include "journal/base/bytes.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace orderhub::handlers {

/// How the stock of an order stands. The numbers are on disk: appended, never reused. Within a
/// round it grows in this order only.
enum class stock_state : std::uint8_t {
  none = 0,
  asked = 1,     ///< On record before the inventory is asked: it may hold something from here on.
  refused = 2,   ///< There is less than the order wants, or it was refused for good.
  held = 3,      ///< Kept for the order, which is not paid yet.
  committed = 4, ///< Sold.
  lost = 5,      ///< It went elsewhere while the order was paid.
  released = 6,  ///< Free again.
};

/// A product of which there is less than the order wants.
struct short_item {
  std::string product_id;
  std::int64_t wanted = 0;
  std::int64_t available = 0;

  friend bool operator==(const short_item&, const short_item&) = default;
};

/// What is known of an order's stock. Each time that it is reserved anew is a round, with an
/// idempotency key of its own; the last round counts.
struct stock_fact {
  std::uint32_t round = 0; ///< 0: the inventory was never asked.
  stock_state state = stock_state::none;
  std::vector<short_item> missing; ///< Of `refused` and `lost`.
  /// Of `refused` for good: a code. Of `asked`: why nobody knows whether anything is held.
  std::string reason;

  friend bool operator==(const stock_fact&, const stock_fact&) = default;

  /// The inventory holds pieces for it, or may.
  [[nodiscard]] bool is_kept() const {
    return state == stock_state::asked || state == stock_state::held ||
           state == stock_state::committed;
  }
};

void put(byte_writer& w, const stock_fact& s);
stock_fact get_stock(byte_reader& r);
/// The later round; of one round what is further.
stock_fact merge(const stock_fact& a, const stock_fact& b);

/// `sku-1 (2 wanted, 0 there), sku-2 (1 wanted, 0 there) and 3 more`, or the reason; for people.
std::string shortage_text(const stock_fact& s);

} // namespace orderhub::handlers
