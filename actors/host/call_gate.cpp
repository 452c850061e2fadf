#include "actors/host/call_gate.hpp"

#include "journal/base/log.hpp"

#include <algorithm>
#include <list>

namespace orderhub::host {

using durable::place_answer;
using durable::place_request;
using durable::place_verdict;
using durable::vendor_finding;

namespace {

/// One effect of one object. It wants one place at a time.
using effect_key = std::pair<invocation_id, std::uint32_t>;

effect_key key_of(const durable::call_ref& who) {
  return {who.invocation, who.index};
}

std::size_t at(place_kind kind) {
  return static_cast<std::size_t>(kind);
}

/// Classes with a limit of their own; what is none of them is like `write`.
constexpr std::array<std::string_view, 3> classes = {"write", "read", "list"};
/// One queue for each kind and class.
constexpr std::size_t lanes = place_kinds * classes.size();

std::size_t class_index(std::string_view call_class) {
  const auto it = std::find(classes.begin(), classes.end(), call_class);
  return it == classes.end() ? 0 : static_cast<std::size_t>(it - classes.begin());
}

std::size_t lane_of(place_kind kind, std::string_view call_class) {
  return at(kind) * classes.size() + class_index(call_class);
}

place_kind kind_of_lane(std::size_t lane) {
  return static_cast<place_kind>(lane / classes.size());
}

} // namespace

place_kind kind_of(std::string_view call_class, bool lookup) {
  if (lookup)
    return place_kind::lookup;
  return call_class == "read" ? place_kind::read : place_kind::effect;
}

std::string_view name_of(place_kind kind) {
  switch (kind) {
  case place_kind::effect:
    return "effect";
  case place_kind::read:
    return "read";
  case place_kind::lookup:
    return "lookup";
  }
  return "effect";
}

void place_lease::release() {
  if (auto gate = std::exchange(gate_, nullptr))
    gate->refund_or_cancel(*static_cast<vendor_gate::vendor*>(vendor_), kind_);
}

/// One vendor's places, queues and hold. Every member function is called under its mutex.
struct vendor_gate::vendor {
  struct entry {
    object_id object;
    effect_key key;
    std::uint64_t ticket = 0; ///< Order of arrival over all kinds.
  };
  enum class stage : std::uint8_t { queued, offered, granted };
  struct standing {
    stage at = stage::queued;
    std::size_t lane = 0;
    std::list<entry>::iterator queued; ///< While `queued`.
    object_id object;                  ///< Else.
    std::int64_t until = 0;            ///< Of an offer.
    bool probe = false;

    [[nodiscard]] place_kind kind() const { return kind_of_lane(lane); }
  };

  vendor(std::string n, const gate_limits& l)
      : name(std::move(n)), limits(l), limit{l.effects, l.reads, l.lookups} {}

  std::string name;
  const gate_limits& limits;
  const std::array<std::size_t, place_kinds> limit;
  std::mutex mutex;
  std::array<std::size_t, place_kinds> taken{}; ///< Offered, granted, or on the wire.
  std::array<std::list<entry>, lanes> queues;
  std::array<std::optional<providers::token_bucket>, classes.size()> buckets;
  std::map<effect_key, standing> known;           ///< Queued, offered, or granted and not left yet.
  std::multimap<std::int64_t, effect_key> offers; ///< By the end of their time.
  std::uint64_t tickets = 0;

  bool held = false;
  bool down = false;           ///< Held because it is not reached; else for its credential.
  std::size_t not_reached = 0; ///< In a row.
  std::int64_t not_reached_since = 0;
  std::int64_t probe_every_ms = 0;
  std::int64_t held_since = 0;
  std::int64_t probe_at = 0; ///< The next probe may go.
  std::string why;
  /// After a hold, until nobody waits: how many more may be offered, and since when that counts.
  bool pacing = false;
  std::size_t budget = 0;
  std::int64_t budget_at = 0;

  std::optional<std::int64_t> called_at; ///< When a person was, and why.
  std::string called_why;
  std::uint64_t holds = 0, unreachable = 0, misconfigured = 0;

  [[nodiscard]] bool has_room(place_kind kind) const { return taken[at(kind)] < limit[at(kind)]; }
  [[nodiscard]] bool anybody_waits() const {
    return std::any_of(queues.begin(), queues.end(), [](const auto& q) { return !q.empty(); });
  }

  [[nodiscard]] std::optional<providers::token_bucket>& bucket_of(std::size_t lane) {
    return buckets[lane % classes.size()];
  }
  [[nodiscard]] bool has_token(std::size_t lane, std::int64_t now) {
    auto& bucket = bucket_of(lane);
    return !bucket || bucket->has_token(now);
  }
  void take(std::size_t lane, std::int64_t now) {
    ++taken[at(kind_of_lane(lane))];
    if (auto& bucket = bucket_of(lane))
      bucket->take(now);
  }

  [[nodiscard]] std::string refusal(std::size_t lane) {
    const auto kind = kind_of_lane(lane);
    if (held)
      return name + (down ? " is not reached: " : " refuses our credential: ") + why;
    if (pacing)
      return "what waited for " + name + " goes on at a pace";
    if (const auto& bucket = bucket_of(lane); bucket && has_room(kind))
      return "the limit of " + name + ", " + shown(bucket->limit()) + ", is used up";
    return std::to_string(taken[at(kind)]) + " calls to " + name + " are on the wire";
  }

  void enqueue(const place_request& request, std::size_t lane) {
    auto& queue = queues[lane];
    queue.push_back({request.object, key_of(request.who), ++tickets});
    standing s;
    s.lane = lane;
    s.queued = std::prev(queue.end());
    known.insert_or_assign(key_of(request.who), std::move(s));
  }

  void drop_offer(const effect_key& key, std::int64_t until) {
    auto [from, to] = offers.equal_range(until);
    for (auto it = from; it != to; ++it)
      if (it->second == key) {
        offers.erase(it);
        return;
      }
  }

  /// Whatever it stands in, it leaves; an offered or granted place is free.
  void remove(std::map<effect_key, standing>::iterator it, std::int64_t now) {
    auto& s = it->second;
    if (s.at == stage::queued) {
      queues[s.lane].erase(s.queued);
    } else {
      if (s.at == stage::offered)
        drop_offer(it->first, s.until);
      --taken[at(s.kind())];
      if (auto& bucket = bucket_of(s.lane))
        bucket->give_back(now);
      if (s.probe) // It never left: another one may show what it would have.
        probe_at = std::min(probe_at, now);
    }
    known.erase(it);
  }

  void offer_first(std::size_t lane, bool probe, std::int64_t now, std::vector<place_offer>& out) {
    auto& queue = queues[lane];
    auto first = std::move(queue.front());
    queue.pop_front();
    auto& s = known.at(first.key);
    s.at = stage::offered;
    s.object = first.object;
    s.until = now + limits.offer_ms;
    s.probe = probe;
    offers.emplace(s.until, first.key);
    take(lane, now);
    out.push_back({std::move(first.object), {first.key.first, first.key.second, 0}, name});
  }

  /// The queue whose first has waited longest, among those with a free place and a token.
  [[nodiscard]] std::optional<std::size_t> oldest(std::int64_t now) {
    std::optional<std::size_t> best;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      if (queues[lane].empty() || !has_room(kind_of_lane(lane)) || !has_token(lane, now))
        continue;
      if (!best || queues[lane].front().ticket < queues[*best].front().ticket)
        best = lane;
    }
    return best;
  }

  void hold(bool is_down, std::string_view reason, std::int64_t now) {
    ++holds;
    held = true;
    down = is_down;
    held_since = now;
    probe_every_ms = is_down ? limits.down_probe_ms : limits.probe_every_ms;
    probe_at = now + probe_every_ms;
    why = reason;
  }

  void probed(std::int64_t now) {
    if (down)
      probe_every_ms = std::min(probe_every_ms * 2, limits.down_probe_max_ms);
    probe_at = now + probe_every_ms;
  }

  void refill(std::int64_t now) {
    const auto periods = limits.pace_ms > 0 ? (now - budget_at) / limits.pace_ms : 1;
    if (periods <= 0)
      return;
    // What was not used is not saved up.
    budget = limits.resume_at_once;
    budget_at += periods * limits.pace_ms;
  }

  /// Offers what may be offered now.
  void offer(std::int64_t now, std::vector<place_offer>& out) {
    while (!offers.empty() && offers.begin()->first <= now)
      remove(known.find(offers.begin()->second), now);
    if (held) {
      if (now >= probe_at)
        if (auto lane = oldest(now)) {
          probed(now);
          offer_first(*lane, true, now, out);
        }
      return;
    }
    if (pacing)
      refill(now);
    while (!pacing || budget > 0) {
      auto lane = oldest(now);
      if (!lane)
        break;
      offer_first(*lane, false, now, out);
      if (pacing)
        --budget;
    }
    if (!anybody_waits())
      pacing = false;
  }

  [[nodiscard]] std::optional<std::int64_t> wanted_at(std::int64_t now) {
    std::optional<std::int64_t> next;
    const auto earlier = [&](std::int64_t t) { next = std::min(next.value_or(t), t); };
    if (!offers.empty())
      earlier(offers.begin()->first);
    if (held && anybody_waits())
      earlier(std::max(probe_at, now));
    if (!held && pacing && oldest(now))
      earlier(budget_at + limits.pace_ms);
    // The next token of those who wait for nothing else.
    for (std::size_t lane = 0; lane < lanes; ++lane)
      if (!queues[lane].empty() && has_room(kind_of_lane(lane)))
        if (auto& bucket = bucket_of(lane); bucket && !bucket->has_token(now))
          earlier(held ? std::max(probe_at, bucket->next_at(now)) : bucket->next_at(now));
    return next;
  }
};

vendor_gate::vendor_gate(const std::vector<std::string>& vendors, gate_limits limits,
                         const clock& time, const call_limits& rates)
    : limits_(limits), time_(time) {
  for (const auto& name : vendors) {
    auto made = std::make_unique<vendor>(name, limits_);
    if (const auto it = rates.find(name); it != rates.end())
      for (const auto& rate : it->second)
        made->buckets[class_index(rate.call_class)].emplace(rate.limit, time_.steady_ms());
    vendors_.emplace(name, std::move(made));
  }
}

vendor_gate::~vendor_gate() = default;

vendor_gate::vendor* vendor_gate::find(std::string_view name) const {
  auto it = vendors_.find(name);
  return it == vendors_.end() ? nullptr : it->second.get();
}

void vendor_gate::on_offer(wake_callback wake) {
  auto made = wake ? std::make_shared<const wake_callback>(std::move(wake)) : nullptr;
  const std::lock_guard lock(wake_mutex_);
  wake_ = std::move(made);
}

void vendor_gate::wake(std::vector<place_offer>& offers) {
  if (offers.empty())
    return;
  std::shared_ptr<const wake_callback> told;
  {
    const std::lock_guard lock(wake_mutex_);
    told = wake_;
  }
  if (told)
    for (auto& o : offers)
      (*told)(std::move(o));
}

place_answer vendor_gate::ask(const place_request& request) {
  auto* v = find(request.vendor);
  if (v == nullptr)
    return {};
  const auto kind = kind_of(request.call_class, request.lookup);
  const auto lane = lane_of(kind, request.call_class);
  const auto key = key_of(request.who);
  const auto now = time_.steady_ms();
  std::vector<place_offer> offers;
  place_answer answer;
  {
    const std::lock_guard lock(v->mutex);
    auto it = v->known.find(key);
    if (it != v->known.end() && it->second.lane != lane) {
      // It wants another call now than the one it asked for before.
      v->remove(it, now);
      v->offer(now, offers);
      it = v->known.end();
    }
    if (it != v->known.end() && it->second.at != vendor::stage::queued) {
      if (it->second.at == vendor::stage::offered)
        v->drop_offer(key, it->second.until);
      it->second.at = vendor::stage::granted;
    } else if (it != v->known.end()) {
      answer = {place_verdict::queued, v->refusal(lane)};
    } else {
      const bool nobody_before = v->held ? !v->anybody_waits() : v->queues[lane].empty();
      const bool may_go = v->has_room(kind) && v->has_token(lane, now) && nobody_before &&
                          (!v->held || now >= v->probe_at);
      if (may_go) {
        vendor::standing s;
        s.at = vendor::stage::granted;
        s.lane = lane;
        s.object = request.object;
        s.probe = v->held;
        if (v->held)
          v->probed(now);
        v->take(lane, now);
        v->known.emplace(key, std::move(s));
      } else if (v->queues[lane].size() >= limits_.queue_max) {
        answer = {place_verdict::full, v->refusal(lane)};
      } else {
        v->enqueue(request, lane);
        answer = {place_verdict::queued, v->refusal(lane)};
      }
    }
  }
  wake(offers);
  return answer;
}

void vendor_gate::withdraw(const place_request& request) {
  auto* v = find(request.vendor);
  if (v == nullptr)
    return;
  const auto now = time_.steady_ms();
  std::vector<place_offer> offers;
  {
    const std::lock_guard lock(v->mutex);
    auto it = v->known.find(key_of(request.who));
    // A call that was granted is on its way to the wire: its place comes back at its end.
    if (it == v->known.end() || it->second.at == vendor::stage::granted)
      return;
    v->remove(it, now);
    v->offer(now, offers);
  }
  wake(offers);
}

void vendor_gate::not_taken(const place_offer& offer) {
  auto* v = find(offer.vendor);
  if (v == nullptr)
    return;
  const auto now = time_.steady_ms();
  std::vector<place_offer> offers;
  {
    const std::lock_guard lock(v->mutex);
    auto it = v->known.find(key_of(offer.who));
    if (it == v->known.end() || it->second.at != vendor::stage::offered)
      return;
    v->remove(it, now);
    v->offer(now, offers);
  }
  wake(offers);
}

void vendor_gate::forget(const object_id& object) {
  const auto now = time_.steady_ms();
  for (const auto& [name, v] : vendors_) {
    std::vector<place_offer> offers;
    {
      const std::lock_guard lock(v->mutex);
      for (auto it = v->known.begin(); it != v->known.end();) {
        const auto here = it++;
        if (here->second.at == vendor::stage::granted && here->second.object == object)
          v->remove(here, now);
      }
      v->offer(now, offers);
    }
    wake(offers);
  }
}

place_lease vendor_gate::leave(std::string_view vendor_name, const durable::call_ref& who,
                               place_kind kind) {
  auto* v = find(vendor_name);
  if (v == nullptr)
    return {};
  const std::lock_guard lock(v->mutex);
  auto it = v->known.find(key_of(who));
  if (it != v->known.end() && it->second.at == vendor::stage::granted && it->second.kind() == kind)
    v->known.erase(it); // Still counted in `taken`.
  else
    ++v->taken[at(kind)];
  return {shared_from_this(), v, kind};
}

place_lease vendor_gate::try_take(std::string_view vendor_name, place_kind kind) {
  auto* v = find(vendor_name);
  if (v == nullptr)
    return {};
  const std::lock_guard lock(v->mutex);
  const auto lane = lane_of(kind, "read");
  if (v->held || !v->has_room(kind) || !v->queues[lane].empty())
    return {};
  // It can be left out, and is no poll: it takes a token where there is one.
  v->take(lane, time_.steady_ms());
  return {shared_from_this(), v, kind};
}

void vendor_gate::refund_or_cancel(vendor& v, place_kind kind) {
  const auto now = time_.steady_ms();
  std::vector<place_offer> offers;
  {
    const std::lock_guard lock(v.mutex);
    --v.taken[at(kind)];
    v.offer(now, offers);
  }
  wake(offers);
}

void vendor_gate::learned(std::string_view vendor_name, vendor_finding finding,
                          std::string_view why) {
  auto* v = find(vendor_name);
  if (v == nullptr)
    return;
  const auto now = time_.steady_ms();
  std::vector<place_offer> offers;
  bool call_a_person = false;
  bool went_down = false;
  bool was_down = false;
  std::int64_t held_ms = -1;
  {
    const std::lock_guard lock(v->mutex);
    switch (finding) {
    case vendor_finding::unreachable:
      ++v->unreachable;
      if (v->not_reached++ == 0)
        v->not_reached_since = now;
      if (v->held || v->not_reached < limits_.down_after ||
          now - v->not_reached_since < limits_.down_after_ms)
        break;
      v->hold(true, why, now);
      went_down = true;
      break;
    case vendor_finding::misconfigured:
      ++v->misconfigured;
      v->not_reached = 0;
      if (v->held && !v->down)
        break;
      v->hold(false, why, now);
      call_a_person = !v->called_at || v->called_why != v->why ||
                      now - *v->called_at >= limits_.called_again_ms;
      if (call_a_person) {
        v->called_at = now;
        v->called_why = v->why;
      }
      break;
    case vendor_finding::reached:
      v->not_reached = 0;
      if (!v->held)
        break;
      was_down = v->down;
      held_ms = now - v->held_since;
      v->held = false;
      v->pacing = true;
      v->budget = limits_.resume_at_once;
      v->budget_at = now;
      v->offer(now, offers);
      break;
    }
  }
  if (call_a_person)
    log::error("vendor_refuses_credential", {{"vendor", vendor_name}, {"why", why}});
  if (went_down)
    log::warn("vendor_not_reached", {{"vendor", vendor_name}, {"why", why}});
  if (held_ms >= 0)
    log::info(was_down ? "vendor_reached_again" : "vendor_takes_credential",
              {{"vendor", vendor_name}, {"held_ms", held_ms}});
  wake(offers);
}

void vendor_gate::probe_now(std::string_view vendor_name) {
  auto* v = find(vendor_name);
  if (v == nullptr)
    return;
  const auto now = time_.steady_ms();
  std::vector<place_offer> offers;
  {
    const std::lock_guard lock(v->mutex);
    v->called_at.reset(); // What comes now is about another credential.
    if (!v->held)
      return;
    v->probe_at = now;
    v->offer(now, offers);
  }
  wake(offers);
}

std::optional<std::int64_t> vendor_gate::tick() {
  const auto now = time_.steady_ms();
  std::optional<std::int64_t> next;
  for (const auto& [name, v] : vendors_) {
    std::vector<place_offer> offers;
    {
      const std::lock_guard lock(v->mutex);
      v->offer(now, offers);
      if (auto wanted = v->wanted_at(now))
        next = std::min(next.value_or(*wanted), *wanted);
    }
    wake(offers);
  }
  return next;
}

std::vector<vendor_places> vendor_gate::snapshot() const {
  const auto now = time_.steady_ms();
  std::vector<vendor_places> list;
  for (const auto& [name, v] : vendors_) {
    const std::lock_guard lock(v->mutex);
    vendor_places p;
    p.vendor = name;
    p.limit = v->limit;
    p.in_flight = v->taken;
    for (std::size_t lane = 0; lane < lanes; ++lane)
      p.queued[at(kind_of_lane(lane))] += v->queues[lane].size();
    p.held = v->held;
    p.held_ms = v->held ? now - v->held_since : 0;
    p.why = v->held ? v->why : std::string();
    p.holds = v->holds;
    p.unreachable = v->unreachable;
    p.misconfigured = v->misconfigured;
    list.push_back(std::move(p));
  }
  return list;
}

} // namespace orderhub::host
