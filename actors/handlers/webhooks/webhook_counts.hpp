#pragma once
#include "journal/base/labelled.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace orderhub::handlers {

/// How often events ended with each verdict, and how many no webhook had brought, since the start.
/// Thread-safe.
struct webhook_counts {
  static constexpr std::size_t verdicts = 8; ///< As many as `event_verdict` has.
  std::array<std::atomic<std::uint64_t>, verdicts> ended{};
  /// Those that named only an id that nobody here had learned yet. Each of them ends later.
  std::atomic<std::uint64_t> waited{0};
  /// From the delivery to when it was known what the event changed, by vendor.
  labelled_histograms<1> apply_delay{buckets::request};

  /// Those that are asked.
  static constexpr std::array<std::string_view, 4> swept_vendors = {"stripe", "shippo", "twilio",
                                                                    "github"};
  std::array<std::atomic<std::uint64_t>, swept_vendors.size()> swept{};

  /// Nothing of any other vendor.
  void add_swept(std::string_view vendor) {
    const auto at = std::find(swept_vendors.begin(), swept_vendors.end(), vendor);
    if (at != swept_vendors.end())
      ++swept.at(static_cast<std::size_t>(at - swept_vendors.begin()));
  }
};

} // namespace orderhub::handlers
