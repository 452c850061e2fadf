#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace orderhub::http_gateway {

/// What a request is, where there are more of them than can be served.
enum class request_class : std::uint8_t {
  read = 0,    ///< Asks for what is known.
  order = 1,   ///< Changes something, and is answered when that is done.
  webhook = 2, ///< An event from outside, which will be sent again.
  admin = 3,   ///< A person's word.
  wait = 4,    ///< Waits for something that goes on without it; may be asked again.
  always = 5,  ///< Answered at once whatever else happens, such as health. Takes no place.
};
inline constexpr std::size_t request_class_count = 5; ///< Of those that take places.

/// One place of a request in flight.
struct place {
  request_class of = request_class::always;
  /// Taken by a connection that had another request in flight then.
  bool is_extra = false;

  friend bool operator==(const place&, const place&) = default;
};

/// How many requests may be in flight.
struct place_limits {
  std::size_t in_flight_max = 12'288; ///< In all.
  std::size_t waits_max = 6'144;      ///< Of class `wait`.
  /// Of each other class are always admitted, whatever the others hold: a sixteenth of all.
  [[nodiscard]] std::size_t floor() const { return in_flight_max / 16; }
  /// For extra requests: a quarter of all, at least 16 and at most 1,024. Who pipelines gains no
  /// more by it however many callers there may be.
  [[nodiscard]] std::size_t extra_max() const {
    return std::clamp<std::size_t>(in_flight_max / 4, 16, 1'024);
  }
};

/// Who may be in flight. Thread-safe, without locks.
///
/// Each class but `wait` has a floor that no other can take; above it all share what is left. What
/// connections have in flight beside their first request is bounded by itself: as that fills up,
/// the share of a connection shrinks to one request, so that whoever has one under way is refused
/// last. With half as many connections as places, it never is.
class place_table {
public:
  explicit place_table(place_limits limits) : limits_(limits) {}

  /// False where there is none. `always` has one always.
  bool take(place p);
  /// Of one that was taken.
  void give_back(place p);
  /// How many requests a connection may have in flight at present: `most`, while not half of the
  /// places for extra requests are taken, and from there on down to 1.
  [[nodiscard]] std::size_t share(std::size_t most) const;

  [[nodiscard]] std::size_t now() const { return total_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t now(request_class c) const;

private:
  [[nodiscard]] std::size_t floor_of(request_class c) const;

  const place_limits limits_;
  std::atomic<std::size_t> total_{0};
  std::atomic<std::size_t> shared_{0}; ///< Places taken above the floors.
  std::atomic<std::size_t> extra_{0};
  std::array<std::atomic<std::size_t>, request_class_count> of_class_{};
};

} // namespace orderhub::http_gateway
