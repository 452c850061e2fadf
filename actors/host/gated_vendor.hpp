#pragma once
#include "actors/durable/call_gate.hpp"
#include "actors/host/call_gate.hpp"
#include "actors/host/vendor_status.hpp"
#include "providers/policy/circuit_breaker.hpp"
#include "providers/policy/class_limiter.hpp"
#include "providers/policy/latency.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::host {

/// One effect of one object. It wants one place at a time.
using effect_key = std::pair<invocation_id, std::uint32_t>;

inline effect_key key_of(const durable::call_ref& who) {
  return {who.invocation, who.index};
}

/// One vendor behind the gate: its places, limits and queues, its breaker, and why it is held. The
/// rules alone: time and the lock are the gate's. Every member function but the constructor is
/// called under `mutex`.
class gated_vendor {
public:
  using offers_out = std::vector<place_offer>;

  gated_vendor(std::string name, const gate_limits& limits,
               const std::vector<providers::call_limit>& rates, std::int64_t now,
               call_record_sizes sizes);

  [[nodiscard]] const std::string& name() const { return name_; }
  std::mutex mutex;
  call_record seen;

  durable::place_answer ask(const durable::place_request& request, std::int64_t now,
                            offers_out& out);
  void withdraw(const durable::call_ref& who, std::int64_t now, offers_out& out);
  void not_taken(const durable::call_ref& who, std::int64_t now, offers_out& out);
  void forget(const object_id& object, std::int64_t now, offers_out& out);
  /// For which object, where it was granted.
  std::string leave(const durable::call_ref& who, place_kind kind);
  bool try_take(std::string_view call_class, place_kind kind, std::int64_t now);
  /// A call's place is free; it took so long.
  void release(place_kind kind, std::int64_t took_ms, std::int64_t now, offers_out& out);

  /// What an outcome changed, for the log.
  struct changes {
    bool held_back = false; ///< As `call_gate::learned` returns it.
    bool calls_a_person = false;
    bool went_down = false;
    bool was_down = false;     ///< Of a hold that ended.
    std::int64_t held_ms = -1; ///< Of a hold that ended.
  };
  changes learned(const durable::call_report& report, std::int64_t now, offers_out& out);
  bool probe_now(std::int64_t now, offers_out& out);
  /// `wall`: Unix time now.
  void set_switch(vendor_switch which, const switch_setting& decided, std::int64_t wall,
                  std::int64_t now, offers_out& out);

  /// Offers what may be offered now.
  void offer(std::int64_t now, offers_out& out);
  [[nodiscard]] std::optional<std::int64_t> wanted_at(std::int64_t now);
  [[nodiscard]] vendor_places status(std::int64_t now);

private:
  /// Where several wait for the same tokens, each has its share.
  enum class share : std::uint8_t { forward, undo, read, lookup };
  static constexpr std::size_t shares = 4;

  struct entry {
    object_id object;
    effect_key key;
    std::uint64_t ticket = 0; ///< Order of arrival over all lanes.
    bool goes_on = false;     ///< `place_request::goes_on`: before those that begin.
    bool gives_way = false;
  };
  struct lane {
    share of = share::forward;
    providers::class_limiter* limiter = nullptr;
    std::list<entry> queue;
    std::size_t known = 0; ///< Of `known_`, those that stand here.
  };
  /// Of one channel or sender, where each has a limit of its own.
  struct keyed_lanes {
    providers::class_limiter limiter;
    std::array<lane, shares> lanes;
    std::int64_t asked_at = 0; ///< When it was last asked for.
  };
  struct limited_class {
    providers::class_limiter limiter; ///< Also of what has no key.
    std::array<lane, shares> lanes;
    std::optional<providers::rate_limit> per_key;
    std::map<std::string, std::unique_ptr<keyed_lanes>, std::less<>> keys;
  };
  enum class stage : std::uint8_t { queued, offered, granted };
  struct standing {
    stage at = stage::queued;
    lane* in = nullptr;
    std::list<entry>::iterator queued; ///< While `queued`.
    object_id object;                  ///< Else.
    std::int64_t until = 0;            ///< Of an offer, with the next two.
    std::uint64_t ticket = 0;
    bool goes_on = false;
    bool probe = false;
    std::int64_t asked_at = 0;
  };
  using known_map = std::map<effect_key, standing>;

  static share share_of(std::string_view call_class, bool lookup, bool compensates);
  static place_kind kind_of_share(share s);
  lane& lane_of(std::string_view call_class, std::string_view limit_key, share of,
                std::int64_t now);
  /// Makes room for another channel or sender; false where all of them are in use.
  static bool forget_idle(limited_class& of, std::int64_t now);
  template <class Lanes>
  static void set_up(Lanes& of);
  template <class Function>
  void each_lane(Function&& does) {
    for (auto& c : classes_) {
      for (auto& l : c.lanes)
        does(l);
      for (auto& [key, k] : c.keys)
        for (auto& l : k->lanes)
          does(l);
    }
  }

  [[nodiscard]] std::size_t places_now(std::size_t kind, std::int64_t now) const;
  [[nodiscard]] bool has_room(const lane& l, std::int64_t now) const;
  bool has_token(lane& l, std::int64_t now);
  /// By operators, credential and breaker.
  [[nodiscard]] bool lets_pass(std::int64_t now) const;
  /// One call at a time, as a probe.
  [[nodiscard]] bool probes_only() const { return refused_ || !breaker_.is_closed(); }
  [[nodiscard]] switch_position position(vendor_switch which) const {
    return switched_[static_cast<std::size_t>(which)].decided.position;
  }
  /// Paused, or held open.
  [[nodiscard]] bool is_switched(vendor_switch which) const {
    return position(which) == switch_position::on;
  }
  [[nodiscard]] bool is_stopped() const {
    return is_switched(vendor_switch::calls) || is_switched(vendor_switch::breaker);
  }
  void end_switches(std::int64_t now);
  void begin_ramp(std::int64_t from, std::int64_t now);
  void take_back_offers(std::int64_t now);
  [[nodiscard]] std::int64_t ramp_percent(std::int64_t now) const;
  [[nodiscard]] vendor_hold hold() const;
  /// Who waits and can be done by another vendor asks again, and hears that it is held.
  void tell_who_gives_way(offers_out& out) const;
  void take(lane& l, std::int64_t now);
  void passes(std::int64_t now);
  [[nodiscard]] std::string refusal(lane& l, std::int64_t now);
  void enqueue(const durable::place_request& request, lane& l, std::int64_t now);
  void granted(const durable::place_request& request, std::int64_t waited_ms);
  void drop_offer(const effect_key& key, std::int64_t until);
  void add(const effect_key& key, standing s);
  void erase(known_map::iterator it);
  void remove(known_map::iterator it, std::int64_t now);
  void offer_first(lane& l, std::int64_t now, offers_out& out);
  lane* next_lane(std::int64_t now);
  void refuse_credential(std::string_view why, std::int64_t now, changes& what);
  void answered(std::int64_t now, changes& what);
  [[nodiscard]] std::size_t budget_now(std::int64_t now) const;
  void begin_pacing(std::int64_t now);
  void refill_budget(std::int64_t now);
  void remember(const durable::call_report& report, std::int64_t now);

  const std::string name_;
  const gate_limits& limits_;
  const std::array<std::size_t, place_kinds> limit_;
  std::array<std::size_t, place_kinds> taken_{}; ///< Offered, granted, or on the wire.
  std::array<limited_class, call_classes.size()> classes_;
  std::optional<providers::class_limiter> all_;    ///< Of all classes together.
  known_map known_;                                ///< Queued, offered, or granted and not left.
  std::multimap<std::int64_t, effect_key> offers_; ///< By the end of their time.
  std::uint64_t tickets_ = 0;
  std::size_t waiting_ = 0; ///< In all queues.

  // Shares, by start-time fair queueing: the start of a share's next turn, and of the last one.
  std::array<std::uint64_t, shares> turn_{};
  std::uint64_t turn_now_ = 0;

  providers::circuit_breaker breaker_;
  bool refused_ = false; ///< It refuses our credential.
  std::int64_t refused_since_ = 0;
  std::int64_t refused_probe_at_ = 0;
  std::string refused_why_;
  struct switched {
    switch_setting decided;
    std::int64_t at = 0;               ///< Steady, as the next one.
    std::optional<std::int64_t> until; ///< Of a position that is not `off`.
  };
  std::array<switched, vendor_switches> switched_{};
  std::optional<std::int64_t> ramp_from_; ///< When the last operator's hold ended.
  /// After a hold, until nobody waits: how many more may be offered, and since when that counts.
  bool pacing_ = false;
  std::size_t budget_ = 0;
  std::int64_t budget_at_ = 0;

  std::optional<std::int64_t> called_at_; ///< When a person was, and why.
  std::string called_why_;
  std::uint64_t credential_holds_ = 0, unreachable_ = 0, misconfigured_ = 0, limited_ = 0;
  struct kept_error {
    std::int64_t at = 0;
    durable::vendor_finding finding = durable::vendor_finding::unreachable;
    std::string why;
  };
  std::deque<kept_error> errors_;
  providers::latency_record latency_;
  std::array<histogram, call_classes.size()> waited_{
      histogram(buckets::call), histogram(buckets::call), histogram(buckets::call),
      histogram(buckets::call), histogram(buckets::call)};
};

} // namespace orderhub::host
