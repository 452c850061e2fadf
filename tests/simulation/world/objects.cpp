#include "tests/simulation/world/objects.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::testing {

namespace {

/// As early as it may be: the worst time.
constexpr host::leave_terms worst_time{.quiet = true, .stays_ms = 1};

/// Nothing in a sound run throws.
[[noreturn]] void end_by_failure(const host::activation& who, std::string_view why) {
  std::fprintf(stderr, "world: %s failed: %.*s\n", who.object.text().c_str(),
               static_cast<int>(why.size()), why.data());
  std::abort();
}

} // namespace

// ── What an object asks of its host ──────────────────────────────────────────────────────────

void world::active_object::append(journal::turn turn, std::shared_ptr<host::pending_output> then) {
  inside.queue_.push_back({std::move(turn), std::move(then), object.who()});
  inside.point("a turn is queued, not durable");
}

void world::active_object::release_now(host::pending_output& what) {
  released out(inside, object.who());
  host::release(*inside.shared_, what, out);
}

void world::active_object::deliver(object_id target, durable::object_message message,
                                   host::turn_ref source) {
  const auto channel = object.who().object.text() + " > " + target.text();
  inside.put(channel, inside.time.true_ms(),
             to_object{std::move(target), std::move(message), std::move(source)});
}

void world::active_object::wake_at(std::optional<std::int64_t> at) {
  inside.set_due(*this, at ? std::optional(inside.time.true_at(*at)) : std::nullopt);
}

void world::active_object::read_apart(providers::answer_reader reader,
                                      host::vendor_outcome outcome) {
  outcome.reading = reader.read(outcome.outcome.response);
  const auto& object_read = object.who().object;
  inside.put("readings > " + object_read.text(), inside.time.true_ms(),
             to_object{object_read, std::move(outcome), {}});
  inside.point("a long answer is read");
}

void world::active_object::failed(host::failed_activation what) {
  end_by_failure(what.who, what.why);
}

// ── What leaves ──────────────────────────────────────────────────────────────────────────────

void world::released::call_vendor(durable::vendor_call call) {
  world_.send(std::move(call), from_);
}

void world::released::build_anew(std::string_view why) {
  end_by_failure(from_, why);
}

void world::released::acknowledge(const invocation_id& input) {
  if (world_.power_off_)
    return;
  if (host::tell_input_durable(shared_, input) > 0)
    world_.point("the input is acknowledged");
}

void world::released::finish(const durable::finished_call& call) {
  if (world_.power_off_)
    return;
  outlet::finish(call);
  world_.point("the answer has left");
}

void world::released::respond(std::uint64_t number) {
  if (!world_.power_off_)
    outlet::respond(number);
}

// ── Activation and passivation ───────────────────────────────────────────────────────────────

void world::handle(const object_id& id, host::object_event event, host::turn_ref source) {
  auto& slot = objects_[id];
  if (!slot)
    slot = std::make_unique<active_object>(*this, host::activation{id, ++incarnations_});
  active_max_ = std::max(active_max_, objects_.size());
  touched_.insert(id);
  slot->object.handle(event, std::move(source));
}

void world::set_due(active_object& o, std::optional<unix_ms> due) {
  const auto& id = o.object.who().object;
  if (o.due)
    due_.erase({*o.due, id});
  o.due = due;
  if (due)
    due_.emplace(*due, id);
}

void world::passivate(const object_id& id) {
  auto it = objects_.find(id);
  if (const auto due = it->second->due) {
    timers_.add(*due, id);
    due_.erase({*due, id});
  }
  objects_.erase(it);
}

void world::leave_memory() {
  for (auto it = touched_.begin(); it != touched_.end();) {
    const auto object = objects_.find(*it);
    if (object == objects_.end()) {
      it = touched_.erase(it);
      continue;
    }
    const bool durable = object->second->object.all_durable();
    if (object->second->object.may_leave(worst_time))
      passivate(object->first);
    // Whoever waits for something is touched again by it; else for a commit.
    it = durable ? touched_.erase(it) : std::next(it);
  }
}

std::optional<object_id> world::idle_object() {
  std::set<object_id> awaited; // Something is on its way to them.
  for (const auto& [name, parcels] : channels_)
    for (const auto& p : parcels)
      if (const auto* to = std::get_if<to_object>(&p.content);
          to != nullptr && p.at <= time.true_ms())
        awaited.insert(to->object);
  std::vector<const object_id*> idle;
  for (const auto& [id, o] : objects_)
    if (o->object.may_leave(worst_time) && !awaited.contains(id))
      idle.push_back(&id);
  if (idle.empty())
    return std::nullopt;
  return *idle[dice_.below(idle.size())];
}

} // namespace orderhub::testing
