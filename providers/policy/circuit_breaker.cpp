#include "providers/policy/circuit_breaker.hpp"

#include "journal/base/text.hpp"

#include <algorithm>

namespace orderhub::providers {

std::string_view name_of(breaker_state state) {
  switch (state) {
  case breaker_state::closed:
    return "closed";
  case breaker_state::open:
    return "open";
  case breaker_state::half_open:
    return "half_open";
  }
  return "closed";
}

circuit_breaker::circuit_breaker(const breaker_settings& settings) : settings_(settings) {
  settings_.window_ms = std::max<std::int64_t>(settings_.window_ms, 1'000);
  open_ms_ = settings_.open_ms;
}

bool circuit_breaker::in_window(const slot& s, std::int64_t now) const {
  const auto newest = now / slot_ms();
  return s.number >= 0 && s.number > newest - std::int64_t{slots} && s.number <= newest;
}

circuit_breaker::slot& circuit_breaker::slot_at(std::int64_t now) {
  const auto number = now / slot_ms();
  auto& s = slots_[static_cast<std::size_t>(number) % slots];
  if (s.number != number)
    s = {number, 0, 0, 0};
  return s;
}

circuit_breaker::volume circuit_breaker::in_window(std::int64_t now) const {
  volume sum;
  for (const auto& s : slots_)
    if (in_window(s, now)) {
      sum.outcomes += s.outcomes;
      sum.failures += s.failures;
    }
  return sum;
}

bool circuit_breaker::is_failing(std::int64_t now) const {
  const auto sum = in_window(now);
  if (sum.outcomes < settings_.volume_min ||
      sum.failures * 100 < sum.outcomes * settings_.failure_percent)
    return false;
  auto first = now;
  for (const auto& s : slots_)
    if (in_window(s, now) && s.failures > 0)
      first = std::min(first, s.first_failure);
  return now - first >= settings_.failing_ms;
}

void circuit_breaker::enter(breaker_state state) {
  if (state_ != state)
    ++entered_[static_cast<std::size_t>(state)];
  state_ = state;
}

void circuit_breaker::open(std::int64_t now, std::string_view why) {
  enter(breaker_state::open);
  good_ = 0;
  probe_at_ = now + open_ms_;
  cause_ = why;
  cut_text(cause_, cause_max);
}

void circuit_breaker::passed(std::int64_t now) {
  if (is_closed())
    return;
  enter(breaker_state::half_open);
  // Where nothing is heard of this one, another one goes then.
  open_ms_ = std::min(std::max<std::int64_t>(open_ms_, 1) * 2, settings_.open_max_ms);
  probe_at_ = now + open_ms_;
}

void circuit_breaker::not_passed(std::int64_t now) {
  if (!is_closed())
    probe_now(now);
}

void circuit_breaker::succeeded(std::int64_t left_at, std::int64_t now) {
  if (is_closed()) {
    ++slot_at(now).outcomes;
    return;
  }
  if (left_at <= opened_at_)
    return;
  if (++good_ >= settings_.probes)
    close(now);
  else
    probe_at_ = now;
}

void circuit_breaker::failed(std::int64_t left_at, std::int64_t now, std::string_view why) {
  if (!is_closed()) {
    if (left_at > opened_at_)
      open(now, why);
    return;
  }
  auto& s = slot_at(now);
  if (s.failures++ == 0)
    s.first_failure = now;
  ++s.outcomes;
  if (!is_failing(now))
    return;
  ++openings_;
  opened_at_ = now;
  if (openings_ == 1 || now - closed_at_ >= settings_.window_ms)
    open_ms_ = settings_.open_ms; // Else as long as its last probe would have waited.
  open(now, why);
}

void circuit_breaker::close(std::int64_t now) {
  enter(breaker_state::closed);
  slots_ = {};
  good_ = 0;
  closed_at_ = now;
}

} // namespace orderhub::providers
