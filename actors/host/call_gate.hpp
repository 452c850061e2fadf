#pragma once
#include "actors/durable/call_gate.hpp"
#include "actors/host/vendor_calls.hpp"
#include "actors/host/vendor_status.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/time.hpp"
#include "providers/policy/circuit_breaker.hpp"
#include "providers/policy/rate_limiter.hpp"

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
  /// A vendor that is not reached is held as well: calls wait here instead of failing one after the
  /// other.
  providers::breaker_settings breaker = {};
  /// After a hold, waiting effects go on so many in each `pace_ms`.
  std::size_t resume_at_once = 50;
  std::int64_t pace_ms = 10;
  /// After an operator's hold a twentieth of the places may be used, and all of them after so long.
  std::int64_t ramp_ms = 120'000;
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

class gated_vendor;
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
      left_at_ = other.left_at_;
      answered_at_ = other.answered_at_;
      call_ = std::move(other.call_);
    }
    return *this;
  }
  place_lease(const place_lease&) = delete;
  place_lease& operator=(const place_lease&) = delete;
  ~place_lease() { release(); }

  explicit operator bool() const { return gate_ != nullptr; }
  /// Which call has it, for the list of calls that people see; without, it is in none.
  void carries(const durable::vendor_call& call);
  /// The vendor's answer is there, or the call has ended without one: how long it took is counted
  /// up to here, and not to the end of its handling.
  void answered(const providers::transport_outcome& outcome);
  void release();

private:
  friend class vendor_gate;
  place_lease(std::shared_ptr<vendor_gate> gate, gated_vendor* vendor, place_kind kind,
              std::int64_t left_at, std::string object = {});

  std::shared_ptr<vendor_gate> gate_;
  gated_vendor* vendor_ = nullptr;
  place_kind kind_ = place_kind::effect;
  std::int64_t left_at_ = 0;
  std::int64_t answered_at_ = -1;
  std::unique_ptr<seen_call> call_;
};

/// The places on the wire of all vendors. Only rules: time comes from a clock, and what waits is
/// told through a callback.
///
/// A place is granted at once where one is free and nobody waits; else the effect queues, once,
/// in order of arrival. A place that frees itself is offered to the first in the queue and kept for
/// it until it asks again, withdraws, or `offer_ms` have passed.
///
/// Calls of a class that the vendor limits, or that it refused for its limit, take a token of that
/// class's limiter as well (`policy/class_limiter.hpp`), all orders from the same one; of a limit
/// for each channel or sender from its own. Who finds none queues in order of arrival, and a
/// look-up of many pages queues again for each. A class without tokens holds up no other class.
/// Where a limit counts for all classes together, and where what undoes waits with what goes
/// forward, each of these has its share: two of five turns for what goes forward, one for what
/// undoes, for reads and for look-ups. So nobody is starved.
///
/// A vendor is held as a whole, so that what asks is queued, but for probes:
///   credential  it refuses ours (`misconfigured`): one probe a minute; the first call that is
///               `reached` ends it. One call that needs another right than the rest would begin and
///               end holds in turn: then the person is called once in `called_again_ms`.
///   breaker     it is not reached (`policy/circuit_breaker.hpp`). Refusals, limits and our
///               credential count as answers there.
///   operator    a person has paused it, or holds it open (`vendor_switch.hpp`): no probe, and
///               places that were offered are taken back. What has left is let end.
/// A person may have a call leave as the next probe, before all others (`forces_probe`); where one
/// is out already, or an operator holds the vendor, it stays queued. Those who waited go on at a
/// pace when a hold ends; after an operator's, with a twentieth of the places at first, and with
/// all of them after `ramp_ms`. An operator who holds a breaker closed keeps it from opening.
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
  bool learned(const durable::call_report& report) override;

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
  /// The credential was changed, or a person wants it: where the vendor is held, the next probe may
  /// go at once. False: it is not held, or an operator holds it.
  bool probe_now(std::string_view vendor);
  /// What a person decided holds from now on. `closed` closes a breaker that opened by itself, too;
  /// with an `until` that is over it does no more than that. One that was decided in an earlier
  /// process (`since`) and is over by now leaves what is left of its ramp.
  void set_switch(std::string_view vendor, vendor_switch which, const switch_setting& decided);
  /// Of the vendors that it knows.
  [[nodiscard]] std::vector<std::string> vendors() const;

  /// Offers what time allows: places whose offer nobody took, probes, and the pace after a hold.
  /// Returns when it wants to be called next, steady milliseconds; nothing: time changes nothing.
  std::optional<std::int64_t> tick();

  [[nodiscard]] std::vector<vendor_places> snapshot() const;
  /// Calls that have ended since the start, newest first. Empty where it knows no such vendor.
  [[nodiscard]] std::vector<seen_call> calls(std::string_view vendor) const;
  [[nodiscard]] std::vector<call_record::point> series(std::string_view vendor,
                                                       std::int64_t range_ms) const;
  /// Of all vendors together.
  [[nodiscard]] std::size_t places_total() const { return vendors_.size() * limits_.a_vendor(); }

private:
  friend class place_lease;

  [[nodiscard]] gated_vendor* find(std::string_view name) const;
  /// Under the vendor's lock; then those are told who are offered a place.
  template <class Function>
  auto with(gated_vendor& v, Function&& does);
  void wake(std::vector<place_offer>& offers);
  void released(gated_vendor& v, place_kind kind, std::int64_t left_at, std::int64_t answered_at,
                std::unique_ptr<seen_call> call);

  const gate_limits limits_;
  const clock& time_;
  std::mutex wake_mutex_;
  std::shared_ptr<const wake_callback> wake_;
  std::map<std::string, std::unique_ptr<gated_vendor>, std::less<>> vendors_; ///< Never changes.
};

} // namespace orderhub::host
