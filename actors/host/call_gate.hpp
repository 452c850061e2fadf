#pragma once
#include "actors/durable/call_gate.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/time.hpp"
#include "providers/policy/rate_limiter.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::host {

/// What a place is for. Each kind has places and a queue of its own at each vendor, so that a kind
/// that hangs takes none of another's.
enum class place_kind : std::uint8_t {
  effect, ///< Acts at the vendor, or prepares an act.
  read,   ///< A call of class `read`, and parts that an answer fetches as it leaves.
  lookup, ///< Resolves a doubt.
};
constexpr std::size_t place_kinds = 3;

place_kind kind_of(std::string_view call_class, bool lookup);
/// `effect`, `read`, `lookup`.
std::string_view name_of(place_kind kind);

struct gate_limits {
  /// Places a vendor, by kind. All of them together, over all vendors, stay below the transport's
  /// bound: one vendor that hangs leaves the others theirs.
  std::size_t effects = 160;
  std::size_t reads = 32;
  std::size_t lookups = 32;
  /// Who waits, a vendor and kind; past it an ask is answered `full`.
  std::size_t queue_max = 100'000;
  /// An offered place that nobody takes for so long goes to the next.
  std::int64_t offer_ms = 60'000;
  /// While a vendor refuses our credential, one call in so long shows whether it still does.
  std::int64_t probe_every_ms = 60'000;
  /// A vendor that was not reached so often in a row, over at least so long, is held as well: calls
  /// wait here instead of failing one after the other. One call shows whether it is back, first
  /// after `down_probe_ms`, then ever later, up to `down_probe_max_ms`.
  std::size_t down_after = 32;
  std::int64_t down_after_ms = 5'000;
  std::int64_t down_probe_ms = 1'000;
  std::int64_t down_probe_max_ms = 15'000;
  /// After a hold, waiting effects go on so many in each `pace_ms`.
  std::size_t resume_at_once = 50;
  std::int64_t pace_ms = 10;
  /// A hold that follows another one for the same reason this soon calls no person again.
  std::int64_t called_again_ms = 600'000;

  [[nodiscard]] std::size_t a_vendor() const { return effects + reads + lookups; }
};

/// A place that has become free, for an effect that waits for one: its object should be told
/// (`object_machine::on_place`), and the gate after that (`vendor_gate::not_taken`).
struct place_offer {
  object_id object;
  durable::call_ref who; ///< `sequence` does not count.
  std::string vendor;
};

class vendor_gate;

/// By vendor.
using call_limits = std::map<std::string, std::vector<providers::call_limit>, std::less<>>;

/// A place that a call holds; free again when this goes. Keeps the gate alive: a call may end after
/// the hub.
class place_lease {
public:
  place_lease() = default;
  place_lease(place_lease&& other) noexcept = default;
  place_lease& operator=(place_lease&& other) noexcept {
    if (this != &other) {
      release();
      gate_ = std::move(other.gate_);
      vendor_ = other.vendor_;
      kind_ = other.kind_;
    }
    return *this;
  }
  place_lease(const place_lease&) = delete;
  place_lease& operator=(const place_lease&) = delete;
  ~place_lease() { release(); }

  explicit operator bool() const { return gate_ != nullptr; }
  void release();

private:
  friend class vendor_gate;
  place_lease(std::shared_ptr<vendor_gate> gate, void* vendor, place_kind kind)
      : gate_(std::move(gate)), vendor_(vendor), kind_(kind) {}

  std::shared_ptr<vendor_gate> gate_;
  void* vendor_ = nullptr;
  place_kind kind_ = place_kind::effect;
};

/// How one vendor stands.
struct vendor_places {
  std::string vendor;
  std::array<std::size_t, place_kinds> limit{};
  std::array<std::size_t, place_kinds> in_flight{}; ///< Granted or offered places included.
  std::array<std::size_t, place_kinds> queued{};
  bool held = false;
  std::int64_t held_ms = 0; ///< How long it has been.
  std::string why;          ///< Of the hold.
  std::uint64_t holds = 0;  ///< So far.
  std::uint64_t unreachable = 0;
  std::uint64_t misconfigured = 0;
};

/// The places on the wire of all vendors. Only rules: time comes from a clock, and what waits is
/// told through a callback.
///
/// A place is granted at once where one is free and nobody waits; else the effect queues, once,
/// in order of arrival. A place that frees itself is offered to the first in the queue and kept for
/// it until it asks again, withdraws, or `offer_ms` have passed.
///
/// Calls of a class that the vendor limits take a token of that class's bucket as well, all orders
/// from the same one. Who finds none queues in order of arrival, and a look-up of many pages queues
/// again for each, so nobody is starved: whoever is first waits at most one interval of the bucket.
/// A class whose bucket is empty holds up no other class.
///
/// `misconfigured` holds the whole vendor: what asks is queued, but for one probe a minute; the
/// first call that is `reached` ends the hold, and those who wait go on at a pace. One call that
/// needs another right than the rest would begin and end holds in turn: then the person is called
/// once in `called_again_ms`.
///
/// Thread-safe: a mutex a vendor. Owned by `shared_ptr` only; `time` outlives it.
class vendor_gate final : public durable::call_gate,
                          public std::enable_shared_from_this<vendor_gate> {
public:
  using wake_callback = std::function<void(place_offer)>;

  /// Vendors that are not listed are granted everything and counted nowhere.
  /// `rates`: limits by vendor and class; what is not in it has none.
  vendor_gate(const std::vector<std::string>& vendors, gate_limits limits, const clock& time,
              const call_limits& rates = {});
  ~vendor_gate() override;
  vendor_gate(const vendor_gate&) = delete;
  vendor_gate& operator=(const vendor_gate&) = delete;

  /// Who tells the objects: called outside of any lock, on the thread that freed the place. Null:
  /// nobody is told any more.
  void on_offer(wake_callback wake);

  durable::place_answer ask(const durable::place_request& request) override;
  void withdraw(const durable::place_request& request) override;
  void learned(std::string_view vendor, durable::vendor_finding finding,
               std::string_view why) override;

  /// The call leaves: what was granted to its effect is held until the call has ended and what it
  /// showed was learned. A call that nobody granted a place is counted all the same.
  [[nodiscard]] place_lease leave(std::string_view vendor, const durable::call_ref& who,
                                  place_kind kind);
  /// For a call that can be left out: a free place, or none.
  [[nodiscard]] place_lease try_take(std::string_view vendor, place_kind kind);
  /// The object was told of its offer: where it did not take the place, the next one gets it.
  void not_taken(const place_offer& offer);
  /// The object's activation has ended before its granted calls left.
  void forget(const object_id& object);
  /// The credential was changed: where the vendor is held, the next probe may go at once.
  void probe_now(std::string_view vendor);

  /// Offers what time allows: places whose offer nobody took, probes, and the pace after a hold.
  /// Returns when it wants to be called next, steady milliseconds; nothing: time changes nothing.
  std::optional<std::int64_t> tick();

  [[nodiscard]] std::vector<vendor_places> snapshot() const;
  /// Of all vendors together.
  [[nodiscard]] std::size_t places_total() const { return vendors_.size() * limits_.a_vendor(); }

private:
  friend class place_lease;
  struct vendor;

  [[nodiscard]] vendor* find(std::string_view name) const;
  void wake(std::vector<place_offer>& offers);
  void refund_or_cancel(vendor& v, place_kind kind);

  const gate_limits limits_;
  const clock& time_;
  std::mutex wake_mutex_;
  std::shared_ptr<const wake_callback> wake_;
  std::map<std::string, std::unique_ptr<vendor>, std::less<>> vendors_; ///< Never changes.
};

} // namespace orderhub::host
