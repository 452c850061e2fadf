#include "actors/host/gated_vendor.hpp"

#include <algorithm>

namespace orderhub::host {

using durable::place_answer;
using durable::place_request;
using durable::place_verdict;
using providers::class_limiter;

namespace {

/// Channels or senders with a limit of their own at a time; where all of these are in use, further
/// ones share one.
constexpr std::size_t keys_max = 64;
/// Between two turns of a share where all wait for the same tokens: what goes forward has two of
/// five, what undoes, reads and look-ups one each.
constexpr std::array<std::uint64_t, 4> strides = {1, 2, 2, 2};
/// While a ramp is on, so often it is looked whether it lets more pass.
constexpr std::int64_t ramp_step_ms = 500;

std::size_t at(place_kind kind) {
  return static_cast<std::size_t>(kind);
}

} // namespace

// ── Lanes ────────────────────────────────────────────────────────────────────────────────────

gated_vendor::share gated_vendor::share_of(std::string_view call_class, bool lookup,
                                           bool compensates) {
  if (lookup)
    return share::lookup;
  if (kind_of(call_class, false) == place_kind::read)
    return share::read;
  return compensates ? share::undo : share::forward;
}

place_kind gated_vendor::kind_of_share(share s) {
  return s == share::lookup ? place_kind::lookup
         : s == share::read ? place_kind::read
                            : place_kind::effect;
}

template <class Lanes>
void gated_vendor::set_up(Lanes& of) {
  for (std::size_t s = 0; s < shares; ++s) {
    of.lanes[s].of = static_cast<share>(s);
    of.lanes[s].limiter = &of.limiter;
  }
}

gated_vendor::gated_vendor(std::string name, const gate_limits& limits,
                           const std::vector<providers::call_limit>& rates, std::int64_t now,
                           call_record_sizes sizes)
    : seen(sizes), name_(std::move(name)), limits_(limits),
      limit_{limits.effects, limits.reads, limits.lookups}, breaker_(limits.breaker) {
  for (const auto& rate : rates) {
    if (rate.call_class == "all") {
      all_.emplace(rate.limit, now);
      continue;
    }
    auto& of = classes_[call_class_index(rate.call_class)];
    of.limiter = class_limiter(rate.limit, now);
    if (rate.per_key)
      of.per_key = rate.limit;
  }
  for (auto& c : classes_)
    set_up(c);
}

gated_vendor::lane& gated_vendor::lane_of(std::string_view call_class, std::string_view limit_key,
                                          share of, std::int64_t now) {
  auto& c = classes_[call_class_index(call_class)];
  const auto index = static_cast<std::size_t>(of);
  if (!c.per_key || limit_key.empty())
    return c.lanes[index];
  auto it = c.keys.find(limit_key);
  if (it == c.keys.end()) {
    if (c.keys.size() >= keys_max && !forget_idle(c, now))
      return c.lanes[index];
    auto made = std::make_unique<keyed_lanes>();
    made->limiter = class_limiter(*c.per_key, now);
    set_up(*made);
    it = c.keys.emplace(std::string(limit_key), std::move(made)).first;
  }
  it->second->asked_at = now;
  return it->second->lanes[index];
}

bool gated_vendor::forget_idle(limited_class& of, std::int64_t now) {
  auto longest = of.keys.end();
  for (auto it = of.keys.begin(); it != of.keys.end(); ++it) {
    auto& k = *it->second;
    const bool is_idle =
        std::all_of(k.lanes.begin(), k.lanes.end(), [](const lane& l) { return l.known == 0; });
    if (is_idle && k.limiter.is_forgettable(now) &&
        (longest == of.keys.end() || k.asked_at < longest->second->asked_at))
      longest = it;
  }
  if (longest == of.keys.end())
    return false;
  of.keys.erase(longest);
  return true;
}

std::size_t gated_vendor::places_now(std::size_t kind, std::int64_t now) const {
  const auto percent = static_cast<std::size_t>(ramp_percent(now));
  return (limit_[kind] * percent + 99) / 100;
}

bool gated_vendor::has_room(const lane& l, std::int64_t now) const {
  const auto kind = at(kind_of_share(l.of));
  return taken_[kind] < places_now(kind, now);
}

bool gated_vendor::has_token(lane& l, std::int64_t now) {
  return l.limiter->has_token(now) && (!all_ || all_->has_token(now));
}

void gated_vendor::take(lane& l, std::int64_t now) {
  ++taken_[at(kind_of_share(l.of))];
  l.limiter->take(now);
  if (all_)
    all_->take(now);
}

/// The queue whose first has waited longest, among those with a place and a token that are let
/// pass; where they want the same tokens, each share in its turn.
gated_vendor::lane* gated_vendor::next_lane(std::int64_t now) {
  lane* best = nullptr;
  std::uint64_t best_turn = 0;
  if (waiting_ == 0)
    return nullptr;
  each_lane([&](lane& l) {
    if (l.queue.empty() || !has_room(l, now) || !lets_pass(now) || !has_token(l, now))
      return;
    const auto turn = std::max(turn_[static_cast<std::size_t>(l.of)], turn_now_);
    if (best == nullptr || turn < best_turn ||
        (turn == best_turn && l.queue.front().ticket < best->queue.front().ticket)) {
      best = &l;
      best_turn = turn;
    }
  });
  return best;
}

// ── Queues and offers ────────────────────────────────────────────────────────────────────────

void gated_vendor::enqueue(const place_request& request, lane& l, std::int64_t now) {
  const auto before = request.goes_on ? std::find_if(l.queue.begin(), l.queue.end(),
                                                     [](const entry& e) { return !e.goes_on; })
                                      : l.queue.end();
  ++waiting_;
  standing s;
  s.in = &l;
  s.asked_at = now;
  s.queued = l.queue.insert(before, {request.object, key_of(request.who), ++tickets_,
                                     request.goes_on, request.gives_way});
  add(key_of(request.who), std::move(s));
}

void gated_vendor::add(const effect_key& key, standing s) {
  ++s.in->known;
  known_.emplace(key, std::move(s));
}

void gated_vendor::erase(known_map::iterator it) {
  --it->second.in->known;
  known_.erase(it);
}

void gated_vendor::drop_offer(const effect_key& key, std::int64_t until) {
  auto [from, to] = offers_.equal_range(until);
  for (auto it = from; it != to; ++it)
    if (it->second == key) {
      offers_.erase(it);
      return;
    }
}

/// Whatever it stands in, it leaves; an offered or granted place is free.
void gated_vendor::remove(known_map::iterator it, std::int64_t now) {
  auto& s = it->second;
  if (s.at == stage::queued) {
    s.in->queue.erase(s.queued);
    --waiting_;
  } else {
    if (s.at == stage::offered)
      drop_offer(it->first, s.until);
    --taken_[at(kind_of_share(s.in->of))];
    s.in->limiter->give_back(now);
    if (all_)
      all_->give_back(now);
    if (s.probe) { // It never left: another one may show what it would have.
      refused_probe_at_ = std::min(refused_probe_at_, now);
      breaker_.not_passed(now);
    }
  }
  erase(it);
}

void gated_vendor::offer_first(lane& l, std::int64_t now, offers_out& out) {
  auto first = std::move(l.queue.front());
  l.queue.pop_front();
  --waiting_;
  auto& s = known_.at(first.key);
  s.at = stage::offered;
  s.object = first.object;
  s.until = now + limits_.offer_ms;
  s.ticket = first.ticket;
  s.goes_on = first.goes_on;
  s.probe = probes_only();
  if (s.probe)
    passes(now);
  offers_.emplace(s.until, first.key);
  take(l, now);
  auto& turn = turn_[static_cast<std::size_t>(l.of)];
  turn_now_ = std::max(turn, turn_now_);
  turn = turn_now_ + strides[static_cast<std::size_t>(l.of)];
  out.push_back({std::move(first.object), {first.key.first, first.key.second, 0}, name_});
}

/// Whoever was offered a place stands where it stood.
void gated_vendor::take_back_offers(std::int64_t now) {
  while (!offers_.empty()) {
    const auto it = known_.find(offers_.begin()->second);
    entry back{it->second.object, it->first, it->second.ticket, it->second.goes_on,
               false}; // It asks anyway.
    auto& l = *it->second.in;
    remove(it, now);
    const auto before = std::find_if(l.queue.begin(), l.queue.end(), [&](const entry& e) {
      return std::pair(!e.goes_on, e.ticket) > std::pair(!back.goes_on, back.ticket);
    });
    standing s;
    s.in = &l;
    const auto key = back.key;
    s.queued = l.queue.insert(before, std::move(back));
    ++waiting_;
    add(key, std::move(s));
  }
}

/// No places: there are none while it is held.
void gated_vendor::tell_who_gives_way(offers_out& out) const {
  const auto tell = [&](const auto& lanes) {
    for (const lane& l : lanes)
      for (const auto& e : l.queue)
        if (e.gives_way)
          out.push_back({e.object, {e.key.first, e.key.second, 0}, name_});
  };
  for (const auto& c : classes_) {
    tell(c.lanes);
    for (const auto& [key, k] : c.keys)
      tell(k->lanes);
  }
}

void gated_vendor::offer(std::int64_t now, offers_out& out) {
  end_switches(now);
  while (!offers_.empty() && offers_.begin()->first <= now)
    remove(known_.find(offers_.begin()->second), now);
  if (pacing_)
    refill_budget(now);
  while (!pacing_ || budget_ > 0) {
    auto* l = next_lane(now);
    if (l == nullptr)
      break;
    offer_first(*l, now, out);
    if (pacing_)
      --budget_;
  }
  if (waiting_ == 0)
    pacing_ = false;
}

std::optional<std::int64_t> gated_vendor::wanted_at(std::int64_t now) {
  std::optional<std::int64_t> next;
  const auto earlier = [&](std::int64_t t) { next = std::min(next.value_or(t), t); };
  if (!offers_.empty())
    earlier(offers_.begin()->first);
  for (const auto& s : switched_)
    if (s.until)
      earlier(*s.until);
  if (waiting_ == 0 || is_stopped())
    return next;
  each_lane([&](lane& l) {
    if (l.queue.empty())
      return;
    if (!has_room(l, now)) {
      if (taken_[at(kind_of_share(l.of))] < limit_[at(kind_of_share(l.of))])
        earlier(now + ramp_step_ms);
      return;
    }
    auto t = l.limiter->next_at(now);
    if (all_)
      t = std::max(t, all_->next_at(now));
    if (refused_)
      t = std::max(t, refused_probe_at_);
    if (!breaker_.is_closed())
      t = std::max(t, breaker_.probe_at());
    if (pacing_ && budget_ == 0)
      t = std::max(t, budget_at_ + limits_.pace_ms);
    earlier(t);
  });
  return next;
}

// ── What effects ask ─────────────────────────────────────────────────────────────────────────

place_answer gated_vendor::ask(const place_request& request, std::int64_t now, offers_out& out) {
  if (std::any_of(switched_.begin(), switched_.end(),
                  [&](const switched& s) { return s.until && *s.until <= now; }))
    offer(now, out); // Who waited behind the switch goes first.
  const auto own_share = share_of(request.call_class, request.lookup, request.compensates);
  const auto key = key_of(request.who);
  auto it = known_.find(key);
  // Who shares a queue for want of one of its own keeps its place there when one is free.
  auto& shared =
      classes_[call_class_index(request.call_class)].lanes[static_cast<std::size_t>(own_share)];
  auto& l = it != known_.end() && it->second.in == &shared
                ? shared
                : lane_of(request.call_class, request.limit_key, own_share, now);
  if (it != known_.end() && it->second.in != &l) {
    // It wants another call now than the one it asked for before.
    remove(it, now);
    offer(now, out);
    it = known_.end();
  }
  if (it != known_.end() && it->second.at != stage::queued) {
    if (it->second.at == stage::offered)
      drop_offer(key, it->second.until);
    it->second.at = stage::granted;
    granted(request, now - it->second.asked_at);
    return {};
  }
  const bool is_forced = request.forces_probe && probes_only() && !is_stopped();
  if (is_forced) {
    refused_probe_at_ = std::min(refused_probe_at_, now);
    breaker_.probe_now(now);
    if (it != known_.end() && has_room(l, now) && lets_pass(now) && has_token(l, now)) {
      remove(it, now); // From its queue, and asks as if nobody were before it.
      it = known_.end();
    }
  }
  if (it != known_.end())
    return {place_verdict::queued, refusal(l, now), hold() != vendor_hold::none};
  const bool nobody_before = is_forced || (probes_only() ? waiting_ == 0 : l.queue.empty());
  if (nobody_before && has_room(l, now) && lets_pass(now) && has_token(l, now)) {
    standing s;
    s.at = stage::granted;
    s.in = &l;
    s.object = request.object;
    s.probe = probes_only();
    if (s.probe)
      passes(now);
    take(l, now);
    add(key, std::move(s));
    granted(request, 0);
    return {};
  }
  if (l.queue.size() >= limits_.queue_max)
    return {place_verdict::full, refusal(l, now), hold() != vendor_hold::none};
  enqueue(request, l, now);
  return {place_verdict::queued, refusal(l, now), hold() != vendor_hold::none};
}

void gated_vendor::granted(const place_request& request, std::int64_t waited_ms) {
  waited_[call_class_index(request.call_class)].add(waited_ms * 1'000);
}

void gated_vendor::withdraw(const durable::call_ref& who, std::int64_t now, offers_out& out) {
  auto it = known_.find(key_of(who));
  // A call that was granted is on its way to the wire: its place comes back at its end.
  if (it == known_.end() || it->second.at == stage::granted)
    return;
  remove(it, now);
  offer(now, out);
}

void gated_vendor::not_taken(const durable::call_ref& who, std::int64_t now, offers_out& out) {
  auto it = known_.find(key_of(who));
  if (it == known_.end() || it->second.at != stage::offered)
    return;
  remove(it, now);
  offer(now, out);
}

void gated_vendor::forget(const object_id& object, std::int64_t now, offers_out& out) {
  for (auto it = known_.begin(); it != known_.end();) {
    const auto here = it++;
    if (here->second.at == stage::granted && here->second.object == object)
      remove(here, now);
  }
  offer(now, out);
}

std::string gated_vendor::leave(const durable::call_ref& who, place_kind kind) {
  auto it = known_.find(key_of(who));
  if (it != known_.end() && it->second.at == stage::granted &&
      kind_of_share(it->second.in->of) == kind) {
    auto object = it->second.object.text();
    erase(it); // Still counted in `taken_`.
    return object;
  }
  ++taken_[at(kind)];
  return {};
}

/// It can be left out, so it probes nothing, and takes what nobody waits for.
bool gated_vendor::try_take(std::string_view call_class, place_kind kind, std::int64_t now) {
  end_switches(now);
  auto& l = lane_of(call_class, {}, share_of(call_class, kind == place_kind::lookup, false), now);
  if (hold() != vendor_hold::none || !has_room(l, now) || !l.queue.empty() || !has_token(l, now))
    return false;
  take(l, now);
  return true;
}

void gated_vendor::release(place_kind kind, std::int64_t took_ms, std::int64_t now,
                           offers_out& out) {
  --taken_[at(kind)];
  latency_.add(took_ms, now);
  offer(now, out);
}

} // namespace orderhub::host
