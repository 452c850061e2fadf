#pragma once
#include "journal/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// What RefundOrder is asked for.
struct refund_wanted {
  std::string refund_id;   ///< The caller's name of it: 1 to 64 of `A-Z a-z 0-9 _ - . :`.
  std::int64_t amount = 0; ///< Minor units of the order's currency; 0: all that is left.
  std::string reason;      ///< At most 500 bytes; for the shop, shown by GetOrder.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<refund_wanted> decode(std::string_view bytes);
};

/// Reads `{"refundId": …, "amount"?: …, "reason"?: …}`. 400 with the first complaint: `refundId` is
/// missing or malformed, `amount` is no whole number above 0, a text is too long, or a field is
/// none of these: a misspelled `amount` would give everything back.
result<refund_wanted> check_refund(std::string_view body);

} // namespace orderhub::handlers
