// Why a vendor is held, what outcomes show of it, and how it stands.
#include "actors/host/gated_vendor.hpp"
#include "journal/base/text.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>

namespace orderhub::host {

using durable::vendor_finding;
using providers::class_limiter;

namespace {

constexpr std::size_t error_text_max = 200;

std::size_t at(place_kind kind) {
  return static_cast<std::size_t>(kind);
}

} // namespace

// ── Holds ────────────────────────────────────────────────────────────────────────────────────

vendor_hold gated_vendor::hold() const {
  if (is_switched(vendor_switch::breaker))
    return vendor_hold::opened_by_operator;
  if (is_switched(vendor_switch::calls))
    return vendor_hold::paused_by_operator;
  if (refused_)
    return vendor_hold::credential;
  return breaker_.is_closed() ? vendor_hold::none : vendor_hold::breaker;
}

bool gated_vendor::lets_pass(std::int64_t now) const {
  return !is_stopped() && (!refused_ || now >= refused_probe_at_) && breaker_.lets_pass(now);
}

/// A call leaves while the vendor is held: the probe.
void gated_vendor::passes(std::int64_t now) {
  if (refused_)
    refused_probe_at_ = now + limits_.probe_every_ms;
  breaker_.passed(now);
}

std::string gated_vendor::refusal(lane& l, std::int64_t now) {
  switch (hold()) {
  case vendor_hold::opened_by_operator:
    return name_ + " is held open by an operator";
  case vendor_hold::paused_by_operator:
    return name_ + " is paused by an operator";
  case vendor_hold::credential:
  case vendor_hold::breaker:
  case vendor_hold::none:
    break;
  }
  if (refused_)
    return name_ +
           (providers::tells_redirect(refused_why_) ? " answers with a "
                                                    : " refuses our credential: ") +
           refused_why_;
  if (!breaker_.is_closed())
    return name_ + " is not reached: " + breaker_.cause();
  if (const auto percent = ramp_percent(now); percent < 100)
    return name_ + " is let through again by and by: " + std::to_string(percent) +
           " % of its places are open";
  if (pacing_)
    return "what waited for " + name_ + " goes on at a pace";
  const auto kind = at(kind_of_share(l.of));
  if (has_room(l, now)) {
    if (l.limiter->held_ms(now) > 0)
      return name_ + " says that its limit is used up";
    const bool own = l.limiter->known() != nullptr || l.limiter->learned_rate();
    if (own && (!all_ || all_->has_token(now) || !l.limiter->has_token(now)))
      return "the limit of " + name_ + ", " + l.limiter->shown() + ", is used up";
    if (all_)
      return "the limit of " + name_ + ", " + all_->shown() + ", is used up";
  }
  return std::to_string(taken_[kind]) + " calls to " + name_ + " are on the wire";
}

std::size_t gated_vendor::budget_now(std::int64_t now) const {
  return (limits_.resume_at_once * static_cast<std::size_t>(ramp_percent(now)) + 99) / 100;
}

void gated_vendor::begin_pacing(std::int64_t now) {
  pacing_ = true;
  budget_ = budget_now(now);
  budget_at_ = now;
}

void gated_vendor::refill_budget(std::int64_t now) {
  const auto periods = limits_.pace_ms > 0 ? (now - budget_at_) / limits_.pace_ms : 1;
  if (periods <= 0)
    return;
  // What was not used is not saved up.
  budget_ = budget_now(now);
  budget_at_ += periods * limits_.pace_ms;
}

std::int64_t gated_vendor::ramp_percent(std::int64_t now) const {
  constexpr std::int64_t begins_at = 5;
  const auto gone = ramp_from_ ? std::max<std::int64_t>(now - *ramp_from_, 0) : limits_.ramp_ms;
  if (gone >= limits_.ramp_ms)
    return 100;
  return begins_at + (100 - begins_at) * gone / limits_.ramp_ms;
}

void gated_vendor::begin_ramp(std::int64_t from, std::int64_t now) {
  ramp_from_ = from;
  begin_pacing(now);
}

/// Those whose time is over.
void gated_vendor::end_switches(std::int64_t now) {
  const bool was_stopped = is_stopped();
  std::int64_t ended_at = now;
  for (auto& s : switched_)
    if (s.until && *s.until <= now) {
      ended_at = *s.until;
      s = {};
    }
  if (was_stopped && !is_stopped())
    begin_ramp(ended_at, now);
}

void gated_vendor::set_switch(vendor_switch which, const switch_setting& decided, std::int64_t wall,
                              std::int64_t now, offers_out& out) {
  end_switches(now);
  const bool was_stopped = is_stopped();
  const auto ago = [&](unix_ms at) { return now - std::max<std::int64_t>(wall - at, 0); };
  const bool is_over = decided.until > 0 && decided.until <= wall;
  auto& s = switched_[static_cast<std::size_t>(which)];
  const bool holds = decided.position != switch_position::off && !is_over;
  s = {};
  if (holds) {
    s.decided = decided;
    s.at = decided.since > 0 ? ago(decided.since) : now;
    s.decided.since = decided.since > 0 ? decided.since : wall;
    if (decided.until > 0)
      s.until = now + (decided.until - wall);
  }
  const bool closes = decided.position == switch_position::closed && !breaker_.is_closed();
  if (closes) {
    breaker_.close(now);
    begin_pacing(now);
  }
  if (is_stopped()) {
    take_back_offers(now);
    tell_who_gives_way(out);
  } else if (was_stopped)
    begin_ramp(now, now);
  else if (decided.position != switch_position::closed) {
    // Of an earlier process: what is left of its ramp.
    const auto ended = is_over ? decided.until : holds ? 0 : decided.since;
    if (ended > 0 && wall - ended < limits_.ramp_ms)
      begin_ramp(ago(ended), now);
  }
  offer(now, out);
}

bool gated_vendor::probe_now(std::int64_t now, offers_out& out) {
  called_at_.reset(); // What comes now is about another credential.
  if (!probes_only())
    return false;
  refused_probe_at_ = std::min(refused_probe_at_, now);
  breaker_.probe_now(now);
  offer(now, out);
  return !is_stopped();
}

// ── What outcomes show ───────────────────────────────────────────────────────────────────────

void gated_vendor::remember(const durable::call_report& report, std::int64_t now) {
  kept_error e{now, report.finding, std::string(report.why)};
  cut_text(e.why, error_text_max);
  errors_.push_back(std::move(e));
  if (errors_.size() > vendor_places::errors_max)
    errors_.pop_front();
}

void gated_vendor::refuse_credential(std::string_view why, std::int64_t now, changes& what) {
  if (refused_)
    return;
  refused_ = true;
  ++credential_holds_;
  refused_since_ = now;
  refused_probe_at_ = now + limits_.probe_every_ms;
  refused_why_ = why;
  what.calls_a_person =
      !called_at_ || called_why_ != refused_why_ || now - *called_at_ >= limits_.called_again_ms;
  if (what.calls_a_person) {
    called_at_ = now;
    called_why_ = refused_why_;
  }
}

/// The vendor answered, and took our credential.
void gated_vendor::answered(std::int64_t now, changes& what) {
  if (!refused_)
    return;
  refused_ = false;
  what.held_ms = now - refused_since_;
}

gated_vendor::changes gated_vendor::learned(const durable::call_report& report, std::int64_t now,
                                            offers_out& out) {
  end_switches(now);
  changes what;
  const auto openings = breaker_.openings();
  const auto opened_at = breaker_.opened_at();
  const bool was_closed = breaker_.is_closed();
  const bool was_held = hold() != vendor_hold::none;
  auto& limiter = *lane_of(report.call_class, report.limit_key,
                           share_of(report.call_class, report.lookup, false), now)
                       .limiter;
  switch (report.finding) {
  case vendor_finding::unreachable:
    ++unreachable_;
    breaker_.failed(report.left_at, now, report.why);
    break;
  case vendor_finding::misconfigured:
    ++misconfigured_;
    breaker_.succeeded(report.left_at, now);
    refuse_credential(report.why, now, what);
    break;
  case vendor_finding::limited:
    ++limited_;
    limiter.limited(report.left_at, now, report.retry_after_ms);
    what.held_back = limiter.held_ms(now) > 0;
    breaker_.succeeded(report.left_at, now);
    answered(now, what);
    break;
  case vendor_finding::reached:
    limiter.taken(report.left_at);
    breaker_.succeeded(report.left_at, now);
    answered(now, what);
    break;
  }
  if (report.finding != vendor_finding::reached)
    remember(report, now);
  if (position(vendor_switch::breaker) == switch_position::closed && !breaker_.is_closed())
    breaker_.close(now); // As a person wants it.
  what.went_down = breaker_.openings() != openings && !breaker_.is_closed();
  if (!was_held && hold() != vendor_hold::none)
    tell_who_gives_way(out);
  if (!was_closed && breaker_.is_closed()) {
    what.was_down = true;
    what.held_ms = now - opened_at;
  }
  if (what.held_ms >= 0)
    begin_pacing(now);
  if (what.held_ms >= 0 || !was_closed)
    offer(now, out);
  return what;
}

// ── Looking at it ────────────────────────────────────────────────────────────────────────────

vendor_places gated_vendor::status(std::int64_t now) {
  end_switches(now);
  vendor_places p;
  p.vendor = name_;
  p.limit = limit_;
  p.in_flight = taken_;
  each_lane([&](const lane& l) { p.queued[at(kind_of_share(l.of))] += l.queue.size(); });
  p.hold = hold();
  p.held = p.hold != vendor_hold::none;
  std::int64_t since = now;
  switch (p.hold) {
  case vendor_hold::none:
    break;
  case vendor_hold::opened_by_operator:
    since = switched_[static_cast<std::size_t>(vendor_switch::breaker)].at;
    p.why = "an operator holds it open";
    break;
  case vendor_hold::paused_by_operator:
    since = switched_[static_cast<std::size_t>(vendor_switch::calls)].at;
    p.why = "an operator has paused it";
    break;
  case vendor_hold::credential:
    since = refused_since_;
    p.why = refused_why_;
    p.probe_in_ms = std::max<std::int64_t>(refused_probe_at_ - now, 0);
    break;
  case vendor_hold::breaker:
    since = breaker_.opened_at();
    p.why = breaker_.cause();
    p.probe_in_ms = std::max<std::int64_t>(breaker_.probe_at() - now, 0);
    break;
  }
  p.held_ms = now - since;
  for (std::size_t i = 0; i < switched_.size(); ++i)
    p.switches[i] = switched_[i].decided;
  if (const auto percent = ramp_percent(now); percent < 100)
    p.ramp_percent = static_cast<int>(percent);
  p.holds = credential_holds_ + breaker_.openings();
  p.unreachable = unreachable_;
  p.misconfigured = misconfigured_;
  p.limited = limited_;
  p.breaker = breaker_.state();
  p.breaker_cause = breaker_.cause();
  p.breaker_openings = breaker_.openings();
  p.breaker_entered = breaker_.entered();
  for (std::size_t i = 0; i < call_classes.size(); ++i) {
    class_queue q{call_classes[i], 0, waited_[i].values()};
    const auto add_lanes = [&](const auto& lanes) {
      for (const lane& l : lanes)
        q.queued += l.queue.size();
    };
    add_lanes(classes_[i].lanes);
    for (const auto& [key, k] : classes_[i].keys)
      add_lanes(k->lanes);
    if (q.queued > 0 || q.waited.count() > 0)
      p.queues.push_back(std::move(q));
  }
  const auto add = [&](std::string_view call_class, std::string_view key, class_limiter& of) {
    if (of.known() != nullptr || of.learned_rate() || of.held_ms(now) > 0)
      p.limits.push_back(
          {std::string(call_class), std::string(key), of.shown(), of.tokens(now), of.held_ms(now)});
  };
  if (all_)
    add("all", {}, *all_);
  for (std::size_t i = 0; i < call_classes.size(); ++i) {
    add(call_classes[i], {}, classes_[i].limiter);
    for (auto& [key, k] : classes_[i].keys)
      add(call_classes[i], key, k->limiter);
  }
  for (const auto& e : errors_)
    p.last_errors.push_back({now - e.at, e.finding, e.why});
  p.p50_ms = latency_.percentile(50, now);
  p.p99_ms = latency_.percentile(99, now);
  return p;
}

} // namespace orderhub::host
