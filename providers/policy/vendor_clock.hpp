#pragma once
#include "journal/base/time.hpp"
#include "providers/http_message.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::providers {

/// What the `Date` headers of answers say of the vendors' clocks (RFC 9110, 6.6.1: whole seconds).
/// A list's window and a key's life count by the vendor's clock, and ours may be wrong.
///
/// Thread-safe. Keeps at most `vendors_max` vendors; of further ones nothing is measured.
class vendor_clocks {
public:
  static constexpr std::size_t vendors_max = 64;
  /// A clock is not believed to be further behind than this: a `Date` of last century would widen
  /// each window to everything the vendor ever recorded. 30 days.
  static constexpr std::int64_t behind_max_ms = std::int64_t{30} * 24 * 3'600'000;
  /// How far `now` may be ahead of a newer answer's `Date`: the answer was under way. Beyond it the
  /// vendor has set its clock back, and the newer answer counts.
  static constexpr std::int64_t late_max_ms = 60'000;

  /// Of any answer of that vendor. `journal_now` and `steady_now` (milliseconds) at its arrival.
  /// Without a readable `Date` nothing changes.
  void note(std::string_view vendor, const http_response& response, unix_ms journal_now,
            std::int64_t steady_now);
  /// At most 0: how far the vendor's clock may be behind our journal's, the most that any answer
  /// showed. The cut-off fraction of a second and the answer's way count as behind, which is the
  /// safe side for a window that must not begin too late. Nothing measured: 0.
  [[nodiscard]] std::int64_t behind_ms(std::string_view vendor) const;
  /// Whether an answer with a readable `Date` came from that vendor.
  [[nodiscard]] bool measured(std::string_view vendor) const;
  /// The vendor's time now, where measured: the newest its answers showed, and what has passed
  /// since. Mostly behind by less than a second and the answer's way.
  [[nodiscard]] std::optional<unix_ms> now(std::string_view vendor, std::int64_t steady_now) const;

private:
  struct entry {
    std::int64_t min_skew_ms = 0; ///< The vendor's time less ours; positive where it is ahead.
    unix_ms newest_ms = 0;
    std::int64_t steady_ms = 0; ///< When `newest_ms` was read.
  };

  mutable std::mutex mutex_;
  std::map<std::string, entry, std::less<>> vendors_;
};

} // namespace orderhub::providers
