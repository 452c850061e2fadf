#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace orderhub::runtime {

/// Two lanes into a gateway, so that a key of which very many calls come at once holds up its own
/// and no other's: at most `ahead_max` calls of one key wait in the lane that goes first.
///
/// Calls of one key that one thread enters are handled in that order: the lane ahead is taken again
/// only when none of the key waits behind. Keys of one slot count as one. Thread-safe.
class key_lanes {
public:
  static constexpr std::uint32_t ahead_max = 8;

  struct place {
    std::uint16_t slot = 0;
    bool is_ahead = true;
  };

  place enter(std::size_t hash) {
    const auto slot = static_cast<std::uint16_t>(hash % slots_.size());
    auto& s = slots_[slot];
    const bool ahead = s.behind.load(std::memory_order_acquire) == 0 &&
                       s.ahead.load(std::memory_order_relaxed) < ahead_max;
    (ahead ? s.ahead : s.behind).fetch_add(1, std::memory_order_relaxed);
    return {slot, ahead};
  }
  /// The call has been taken from its lane.
  void left(place p) {
    auto& s = slots_[p.slot];
    (p.is_ahead ? s.ahead : s.behind).fetch_sub(1, std::memory_order_release);
  }

private:
  struct waiting {
    std::atomic<std::uint32_t> ahead = 0;
    std::atomic<std::uint32_t> behind = 0;
  };
  std::array<waiting, 4'096> slots_{};
};

} // namespace orderhub::runtime
