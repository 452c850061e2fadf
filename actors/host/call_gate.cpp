#include "actors/host/call_gate.hpp"

#include "actors/host/gated_vendor.hpp"
#include "journal/base/log.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>
#include <type_traits>

namespace orderhub::host {

using durable::place_answer;
using durable::place_request;

place_kind kind_of(std::string_view call_class, bool lookup) {
  if (lookup)
    return place_kind::lookup;
  const bool only_reads = call_class == "read" || call_class == "track";
  return only_reads ? place_kind::read : place_kind::effect;
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

std::string_view name_of(vendor_hold hold) {
  switch (hold) {
  case vendor_hold::none:
    return "none";
  case vendor_hold::opened_by_operator:
    return "opened_by_operator";
  case vendor_hold::paused_by_operator:
    return "paused_by_operator";
  case vendor_hold::credential:
    return "credential";
  case vendor_hold::breaker:
    return "breaker";
  }
  return "none";
}

place_lease::place_lease(std::shared_ptr<vendor_gate> gate, gated_vendor* vendor, place_kind kind,
                         std::int64_t left_at, std::string object)
    : gate_(std::move(gate)), vendor_(vendor), kind_(kind), left_at_(left_at),
      call_(std::make_unique<seen_call>()) {
  call_->object = std::move(object);
}

void place_lease::carries(const durable::vendor_call& call) {
  if (!gate_)
    return;
  auto object = std::move(call_->object);
  *call_ = seen(call);
  call_->object = std::move(object);
  call_->at = gate_->time_.wall_ms();
}

void place_lease::answered(const providers::transport_outcome& outcome) {
  if (!gate_)
    return;
  answered_at_ = gate_->time_.steady_ms();
  note_end(*call_, outcome);
}

void place_lease::release() {
  if (auto gate = std::exchange(gate_, nullptr))
    gate->released(*vendor_, kind_, left_at_, answered_at_, std::move(call_));
}

vendor_gate::vendor_gate(const std::vector<std::string>& vendors, gate_limits limits,
                         const clock& time, const call_limits& rates)
    : limits_(limits), time_(time) {
  static const std::vector<providers::call_limit> none;
  const auto sizes = call_record_sizes_for(vendors.size());
  for (const auto& name : vendors) {
    const auto it = rates.find(name);
    vendors_.emplace(name, std::make_unique<gated_vendor>(name, limits_,
                                                          it == rates.end() ? none : it->second,
                                                          time_.steady_ms(), sizes));
  }
}

vendor_gate::~vendor_gate() = default;

gated_vendor* vendor_gate::find(std::string_view name) const {
  auto it = vendors_.find(name);
  return it == vendors_.end() ? nullptr : it->second.get();
}

std::vector<std::string> vendor_gate::vendors() const {
  std::vector<std::string> names;
  for (const auto& [name, v] : vendors_)
    names.push_back(name);
  return names;
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

template <class Function>
auto vendor_gate::with(gated_vendor& v, Function&& does) {
  const auto now = time_.steady_ms();
  std::vector<place_offer> offers;
  if constexpr (std::is_void_v<decltype(does(now, offers))>) {
    {
      const std::lock_guard lock(v.mutex);
      does(now, offers);
    }
    wake(offers);
  } else {
    auto answer = [&] {
      const std::lock_guard lock(v.mutex);
      return does(now, offers);
    }();
    wake(offers);
    return answer;
  }
}

// ── What effects and hosts ask ───────────────────────────────────────────────────────────────

place_answer vendor_gate::ask(const place_request& request) {
  auto* v = find(request.vendor);
  if (v == nullptr)
    return {};
  return with(*v, [&](auto now, auto& out) { return v->ask(request, now, out); });
}

void vendor_gate::withdraw(const place_request& request) {
  if (auto* v = find(request.vendor))
    with(*v, [&](auto now, auto& out) { v->withdraw(request.who, now, out); });
}

void vendor_gate::not_taken(const place_offer& offer) {
  if (auto* v = find(offer.vendor))
    with(*v, [&](auto now, auto& out) { v->not_taken(offer.who, now, out); });
}

void vendor_gate::forget(const object_id& object) {
  for (const auto& [name, vendor] : vendors_)
    with(*vendor, [&, &v = *vendor](auto now, auto& out) { v.forget(object, now, out); });
}

place_lease vendor_gate::leave(std::string_view vendor_name, const durable::call_ref& who,
                               place_kind kind) {
  auto* v = find(vendor_name);
  if (v == nullptr)
    return {};
  const auto now = time_.steady_ms();
  const std::lock_guard lock(v->mutex);
  auto object = v->leave(who, kind);
  return {shared_from_this(), v, kind, now, std::move(object)};
}

place_lease vendor_gate::try_take(std::string_view vendor_name, place_kind kind) {
  auto* v = find(vendor_name);
  if (v == nullptr)
    return {};
  const auto now = time_.steady_ms();
  const std::lock_guard lock(v->mutex);
  if (!v->try_take("read", kind, now))
    return {};
  return {shared_from_this(), v, kind, now};
}

void vendor_gate::released(gated_vendor& v, place_kind kind, std::int64_t left_at,
                           std::int64_t answered_at, std::unique_ptr<seen_call> call) {
  const auto wall = time_.wall_ms();
  with(v, [&](auto now, auto& out) {
    const auto took = (answered_at >= 0 ? answered_at : now) - left_at;
    if (answered_at >= 0 && call->at > 0) {
      call->took_ms = took;
      v.seen.add(std::move(*call), wall);
    }
    v.release(kind, took, now, out);
  });
}

// ── What outcomes and people say ─────────────────────────────────────────────────────────────

bool vendor_gate::learned(const durable::call_report& report) {
  auto* v = find(report.vendor);
  if (v == nullptr)
    return false;
  const auto what = with(*v, [&](auto now, auto& out) { return v->learned(report, now, out); });
  if (what.calls_a_person)
    log::error(providers::tells_redirect(report.why) ? "vendor_redirects"
                                                     : "vendor_refuses_credential",
               {{"vendor", report.vendor}, {"why", report.why}});
  if (what.went_down)
    log::warn("vendor_not_reached", {{"vendor", report.vendor}, {"why", report.why}});
  if (what.held_ms >= 0)
    log::info(what.was_down ? "vendor_reached_again" : "vendor_takes_credential",
              {{"vendor", report.vendor}, {"held_ms", what.held_ms}});
  return what.held_back;
}

bool vendor_gate::probe_now(std::string_view vendor_name) {
  auto* v = find(vendor_name);
  return v != nullptr && with(*v, [&](auto now, auto& out) { return v->probe_now(now, out); });
}

void vendor_gate::set_switch(std::string_view vendor_name, vendor_switch which,
                             const switch_setting& decided) {
  const auto wall = time_.wall_ms();
  if (auto* v = find(vendor_name))
    with(*v, [&](auto now, auto& out) { v->set_switch(which, decided, wall, now, out); });
}

std::optional<std::int64_t> vendor_gate::tick() {
  std::optional<std::int64_t> next;
  for (const auto& [name, vendor] : vendors_) {
    const auto wanted = with(*vendor, [&v = *vendor](auto now, auto& out) {
      v.offer(now, out);
      return v.wanted_at(now);
    });
    if (wanted)
      next = std::min(next.value_or(*wanted), *wanted);
  }
  return next;
}

std::vector<vendor_places> vendor_gate::snapshot() const {
  const auto now = time_.steady_ms();
  const auto wall = time_.wall_ms();
  constexpr std::int64_t error_ratio_of_ms = 300'000;
  std::vector<vendor_places> list;
  for (const auto& [name, v] : vendors_) {
    const std::lock_guard lock(v->mutex);
    list.push_back(v->status(now));
    const auto late = v->seen.in(error_ratio_of_ms, wall);
    list.back().calls_late = late.calls;
    list.back().failed_late = late.failed;
  }
  return list;
}

std::vector<seen_call> vendor_gate::calls(std::string_view vendor_name) const {
  auto* v = find(vendor_name);
  if (v == nullptr)
    return {};
  const std::lock_guard lock(v->mutex);
  return v->seen.calls();
}

std::vector<call_record::point> vendor_gate::series(std::string_view vendor_name,
                                                    std::int64_t range_ms) const {
  auto* v = find(vendor_name);
  if (v == nullptr)
    return {};
  const auto wall = time_.wall_ms();
  const std::lock_guard lock(v->mutex);
  return v->seen.series(range_ms, wall);
}

} // namespace orderhub::host
