#pragma once
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// Other content that was taken for an order after it was first sent.
struct order_change {
  unix_ms at = 0;
  std::vector<std::string> fields; ///< That differed from what was recorded until then.

  friend bool operator==(const order_change&, const order_change&) = default;
};

/// What the order keeps of its changes: the newest ones, and of each the first names.
inline constexpr std::size_t changes_max = 50;
inline constexpr std::size_t changed_fields_max = 100;

/// The state entry `changes` with one more; `recorded` is null where there is none yet. One that
/// cannot be read is begun anew: it is a report, and nothing hangs on it.
std::string with_change(const std::string* recorded, order_change change);

/// Oldest first. Fails with `corrupt`.
result<std::vector<order_change>> decode_changes(std::string_view bytes);

} // namespace orderhub::handlers
