#include "actors/runtime/shard.hpp"

#include "actors/host/due_times.hpp"
#include "actors/host/failures.hpp"
#include "actors/host/hosted_object.hpp"
#include "actors/host/response.hpp"
#include "actors/runtime/guard.hpp"
#include "actors/runtime/vendor_line.hpp"
#include "journal/base/log.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace orderhub::runtime {

using namespace host;

namespace {

/// Waits shorter than this get a timer of their own; longer ones are seen by the sweep, which looks
/// at each object at least once in half of it.
constexpr std::int64_t precise_wait_ms = 2'000;
/// An object that is due sooner stays in memory.
constexpr std::int64_t stays_ms = 2'000;
/// Thousands of orders wait for slow vendors at once: a look at each of them has its price.
constexpr std::int64_t sweeps_between_looks = 4;
/// Objects that a sweep looks at, and messages between objects, before the next from outside.
constexpr std::size_t looks_at_once = 64;
constexpr std::size_t inside_at_once = 256;
/// Events that wait for one failing object; one more is refused.
constexpr std::size_t failing_events_max = 1'000;

/// What the writer's thread needs of a shard.
struct shard_address {
  hub_context& hub;
  caf::actor actor;
  /// It has been told that something is durable, and has not looked yet.
  std::shared_ptr<std::atomic<bool>> told;
};

/// What a durable turn lets go. On the writer's thread, or on the shard's where nothing of the
/// object waits for the disk: one message less on the way of every step.
class shard_outlet final : public outlet {
public:
  shard_outlet(const shard_address& home, std::uint64_t incarnation)
      : outlet(home.hub.shared), home_(home), incarnation_(incarnation) {}

  void call_vendor(durable::vendor_call call) override {
    auto it = home_.hub.providers.find(call.vendor);
    if (it == home_.hub.providers.end()) {
      // Checked when the effect began; the registry does not change while the hub runs.
      log::error("vendor_without_provider", {{"vendor", call.vendor}});
      return;
    }
    it->second.line->send(std::move(call), {home_.actor, incarnation_});
  }
  void build_anew(std::string_view why) override {
    caf::anon_send(
        home_.actor,
        event_message{make_event(activation_failed{incarnation_, std::string(why)}), incarnation_});
  }
  void tell_durable() override {
    if (!home_.told->exchange(true))
      caf::anon_send(home_.actor, durable_atom::value);
  }

private:
  const shard_address& home_;
  std::uint64_t incarnation_;
};

/// What a durable turn causes, and for which activation.
struct consequence {
  std::shared_ptr<pending_output> what;
  std::uint64_t incarnation = 0;
};
using consequences = std::vector<consequence>;

void release_all(const shard_address& home, const consequences& all) {
  for (const auto& c : all) {
    shard_outlet out(home, c.incarnation);
    release(home.hub.shared, *c.what, out);
  }
}

/// One that failed, until everything it has queued is on disk.
struct failing_object {
  std::vector<route_message> events; ///< For it, meanwhile.
  std::vector<object_id> untold;     ///< To be woken then: its turns told them something.
  failure_book::verdict verdict;
};

/// Takes a message from another object off the count when it has been handled.
struct arrival {
  std::atomic<std::int64_t>* count;
  ~arrival() {
    if (count != nullptr)
      --*count;
  }
};

class active_object;

class shard {
public:
  shard(caf::event_based_actor* self, hub_context& hub, caf::actor timers, std::size_t index)
      : self_(self), hub_(hub), timers_(std::move(timers)), index_(index) {}
  ~shard();
  shard(const shard&) = delete;
  shard& operator=(const shard&) = delete;

  // ── Messages ──

  void take(route_message& m) {
    handle(m);
    go_on();
  }
  void take(event_message& m);
  /// Turns of objects that have nothing left to do are durable: those leave.
  void look_for_ended();
  void sweep();
  /// The rest of what was too much for one message.
  void resume() {
    resuming_ = false;
    go_on();
  }
  void drained(const drained_message& m);
  void unpause(unpause_message& m);
  void stop();

  // ── What its objects ask for ──

  /// Of the one turn of all that is handled now. Takes all of it or, throwing, nothing.
  void append(journal::turn turn, std::shared_ptr<pending_output> then, std::uint64_t incarnation);
  void deliver(route_message message);
  void tick_in(std::int64_t ms, std::uint64_t incarnation) {
    self_->delayed_anon_send(myself(), std::chrono::milliseconds(ms),
                             event_message{make_event(tick{}), incarnation});
  }
  [[nodiscard]] shard_address address() const { return {hub_, myself(), told_}; }
  [[nodiscard]] hub_context& hub() const { return hub_; }

private:
  void handle(route_message& m);
  void route_here(route_message& m);
  active_object& activate(const object_id& id);
  void give(active_object& object, object_event& event, turn_ref source);
  void forget(active_object& object);
  void go_on();
  void submit();
  void lose(const consequences& all);
  void begin_failing(failed_activation f);
  void wake_up(object_id object) { deliver({std::move(object), make_event(wake{}), {}}); }
  void turn_away(route_message& m, const call_response& response);
  void count_paused();
  [[nodiscard]] caf::actor myself() const { return caf::actor_cast<caf::actor>(self_); }

  caf::event_based_actor* self_;
  hub_context& hub_;
  caf::actor timers_;
  std::size_t index_;
  std::unordered_map<object_id, std::unique_ptr<active_object>> objects_;
  std::unordered_map<std::uint64_t, active_object*> by_incarnation_;
  std::vector<std::uint64_t> ended_; ///< With nothing live, and turns that are not durable yet.
  std::deque<std::uint64_t> looks_;  ///< That a sweep wants.
  std::deque<route_message> inside_; ///< From object to object.
  bool resuming_ = false;
  // What is handled now has moved so far.
  journal::turn turn_;
  consequences consequences_;
  std::vector<std::uint64_t> touched_;   ///< Objects.
  std::vector<route_message> elsewhere_; ///< For other shards, behind the turn.
  std::shared_ptr<std::atomic<bool>> told_ = std::make_shared<std::atomic<bool>>(false);
  std::unordered_map<object_id, failing_object> failing_;
  failure_book book_;
  std::size_t paused_ = 0; ///< Counted in `paused_objects`.
};

/// A virtual object while it is in memory.
class active_object final : public object_host {
public:
  active_object(shard& home, object_id id, std::uint64_t incarnation)
      : home_(home), hub_(home.hub()), object_(hub_.shared, *this) {
    object_.begin({std::move(id), incarnation});
    look_ms_ = hub_.steady_ms() + hub_.sweep_ms;
    ++hub_.active_objects;
  }
  ~active_object() override {
    object_.leave();
    --hub_.active_objects;
  }
  active_object(const active_object&) = delete;
  active_object& operator=(const active_object&) = delete;

  [[nodiscard]] const activation& who() const { return object_.who(); }
  [[nodiscard]] std::optional<std::int64_t> due() const { return object_.due(); }

  void handle(object_event& event, turn_ref source) {
    if (std::holds_alternative<tick>(event))
      swept_ = true;
    else
      last_event_ms_ = hub_.steady_ms();
    object_.handle(event, std::move(source));
  }
  /// That its activation has ended; once. Also what could not be said for want of memory before.
  std::optional<failed_activation> failure() {
    object_.report_failure();
    return std::exchange(failure_, std::nullopt);
  }
  [[nodiscard]] bool may_leave() {
    const leave_terms terms{.draining = hub_.shared.admission.draining(),
                            .quiet = swept_ && has_rested(),
                            .stays_ms = stays_ms};
    const bool may = object_.may_leave(terms);
    if (object_.at_rest())
      swept_ = false;
    return may;
  }
  /// Leaves as soon as its turns are durable.
  [[nodiscard]] bool has_ended() const {
    return object_.machine() != nullptr && object_.machine()->state().live.empty();
  }
  /// Whether a sweep is to look at it now. Those that have just come are left alone.
  bool wants_look(std::int64_t now) {
    if (now < look_ms_ && !hub_.shared.admission.draining())
      return false;
    look_ms_ = now + sweeps_between_looks * hub_.sweep_ms;
    return true;
  }
  bool is_listed = false; ///< Among those that have ended.

  // object_host
  void append(journal::turn turn, std::shared_ptr<pending_output> then) override {
    home_.append(std::move(turn), std::move(then), who().incarnation);
  }
  void release_now(pending_output& what) override {
    const auto home = home_.address();
    shard_outlet out(home, who().incarnation);
    host::release(hub_.shared, what, out);
  }
  void deliver(object_id target, durable::object_message message, turn_ref source) override {
    home_.deliver({std::move(target), make_event(std::move(message)), std::move(source)});
  }
  void wake_at(std::optional<std::int64_t> at) override {
    const auto now = hub_.steady_ms();
    ticks_.forget_before(now);
    if (!at || *at - now >= precise_wait_ms)
      return;
    if (const auto wait = ticks_.want(now, *at))
      home_.tick_in(*wait, who().incarnation);
  }
  void read_apart(providers::answer_reader reader, vendor_outcome outcome) override {
    const auto reads = caf::actor_cast<caf::actor>(hub_.long_answers);
    if (!reads)
      return; // The hub ends; the intent is in the journal.
    caf::anon_send(reads, long_answer{std::make_shared<providers::answer_reader>(std::move(reader)),
                                      make_event(std::move(outcome)), home_.address().actor});
  }
  void failed(failed_activation what) override { failure_ = std::move(what); }

private:
  /// What it waits for, an answer of a slow vendor to another object, mostly comes soon, and to
  /// build it anew costs as much as a step. Where many are in memory it makes room at once.
  [[nodiscard]] bool has_rested() const {
    return hub_.active_objects > hub_.resting_max || hub_.shared.admission.draining() ||
           hub_.steady_ms() - last_event_ms_ >= hub_.rest_ms;
  }

  shard& home_;
  hub_context& hub_;
  hosted_object object_;
  std::optional<failed_activation> failure_;
  near_ticks ticks_;
  std::int64_t look_ms_ = 0;       ///< When a sweep looks at it next, steady time.
  std::int64_t last_event_ms_ = 0; ///< Steady time of the last event but ticks.
  bool swept_ = false;
};

shard::~shard() = default;

// ── From event to turn ───────────────────────────────────────────────────────────────────────

void shard::take(event_message& m) {
  // A late answer to an object that has left changes nothing: its intent is in the journal.
  if (auto it = by_incarnation_.find(m.incarnation); it != by_incarnation_.end())
    guarded("shard", "event", [&] { give(*it->second, *m.event, {}); });
  go_on();
}

/// Where routing itself fails, whoever waits for this event is told.
void shard::handle(route_message& m) {
  guarded_or(
      "shard", [&] { route_here(m); },
      [&](std::string_view why) {
        ++hub_.shared.failures;
        log::error("actor_failed", {{"actor", "shard"},
                                    {"event", m.event ? name_of(*m.event) : "moved"},
                                    {"object", m.object.text()},
                                    {"reason", why}});
        if (m.event)
          turn_away(m, not_taken());
      });
}

void shard::route_here(route_message& m) {
  if (auto failing = failing_.find(m.object); failing != failing_.end()) {
    if (failing->second.events.size() < failing_events_max)
      failing->second.events.push_back(std::move(m));
    else
      turn_away(m, failure(503, "The hub has failed at this object and is at it again."));
    return;
  }
  if (book_.paused(m.object)) {
    turn_away(m,
              failure(500, m.object.text() + " is paused: the hub failed at it again and again, "
                                             "and its log says why. An operator can resume it."));
    return;
  }
  // While the hub drains, the next start resumes it; the place is nobody's by then.
  if (hub_.shared.admission.draining() && std::holds_alternative<place_offered>(*m.event))
    return;
  const auto it = objects_.find(m.object);
  auto& object = it != objects_.end() ? *it->second : activate(m.object);
  if (auto failed = object.failure()) {
    begin_failing(std::move(*failed));
    route_here(m);
    return;
  }
  const arrival counted{m.source.durable ? &hub_.active_objects : nullptr};
  const auto event = std::move(m.event);
  give(object, *event, std::move(m.source));
}

active_object& shard::activate(const object_id& id) {
  auto made = std::make_unique<active_object>(*this, id, ++hub_.incarnations);
  auto& object = *made;
  objects_.insert_or_assign(id, std::move(made));
  by_incarnation_.emplace(object.who().incarnation, &object);
  return object;
}

void shard::give(active_object& object, object_event& event, turn_ref source) {
  touched_.push_back(object.who().incarnation);
  object.handle(event, std::move(source));
  if (auto failed = object.failure()) {
    begin_failing(std::move(*failed));
  } else if (object.may_leave()) {
    forget(object);
  } else if (object.has_ended() && !object.is_listed) {
    ended_.push_back(object.who().incarnation);
    object.is_listed = true;
  }
}

/// Passivation.
void shard::forget(active_object& object) {
  const auto who = object.who();
  if (const auto due = object.due())
    self_->send(timers_, wake_at{who.object, *due});
  by_incarnation_.erase(who.incarnation);
  objects_.erase(who.object);
}

void shard::look_for_ended() {
  told_->store(false); // What becomes durable from here on is told again.
  std::erase_if(ended_, [&](std::uint64_t incarnation) {
    const auto it = by_incarnation_.find(incarnation);
    if (it == by_incarnation_.end())
      return true;
    auto& object = *it->second;
    object.is_listed = object.has_ended() && !object.may_leave();
    if (object.is_listed)
      return false;
    if (object.has_ended())
      forget(object); // Destroys it.
    return true;
  });
}

void shard::sweep() {
  const auto now = hub_.steady_ms();
  for (auto& [id, object] : objects_)
    if (object->wants_look(now))
      looks_.push_back(object->who().incarnation);
  go_on();
}

/// All that follows inside of the shard, and then the turn of all of it.
void shard::go_on() {
  for (std::size_t i = 0; i < inside_at_once && !inside_.empty(); ++i) {
    auto next = std::move(inside_.front());
    inside_.pop_front();
    handle(next);
  }
  for (std::size_t i = 0; i < looks_at_once && !looks_.empty(); ++i) {
    const auto it = by_incarnation_.find(looks_.front());
    looks_.pop_front();
    object_event look = tick{};
    if (it != by_incarnation_.end())
      guarded("shard", "look", [&] { give(*it->second, look, {}); });
  }
  submit();
  if ((!inside_.empty() || !looks_.empty()) && !std::exchange(resuming_, true))
    self_->send(self_, resume_atom::value);
}

void shard::append(journal::turn turn, std::shared_ptr<pending_output> then,
                   std::uint64_t incarnation) {
  consequences_.reserve(consequences_.size() + 1);
  turn_.followed = turn_.followed || turn.followed;
  auto& records = turn_.records;
  if (records.empty())
    records = std::move(turn.records);
  else
    records.insert(records.end(), std::make_move_iterator(turn.records.begin()),
                   std::make_move_iterator(turn.records.end()));
  consequences_.push_back({std::move(then), incarnation});
}

void shard::deliver(route_message message) {
  const bool is_here = hub_.shard_of(message.object) == index_;
  const bool is_counted = message.source.durable != nullptr;
  if (is_here)
    inside_.push_back(std::move(message));
  else
    elsewhere_.push_back(std::move(message));
  if (is_counted)
    ++hub_.active_objects; // What is on its way is work, and counts until it has been taken in.
}

void shard::submit() {
  if (!consequences_.empty()) {
    const auto all = std::make_shared<consequences>();
    turn_writer::durable_callback then = [home = address(), all] { release_all(home, *all); };
    all->swap(consequences_);
    // Where nobody waits for it, it may wait for the answer to a call that has left early.
    const bool is_awaited =
        std::any_of(all->begin(), all->end(), [](const auto& c) { return !c.what->empty(); });
    turn_.followed = !elsewhere_.empty() || (turn_.followed && !is_awaited);
    const bool is_taken = guarded(
        "shard", "turn", [&] { hub_.writer.submit(std::exchange(turn_, {}), std::move(then)); });
    if (!is_taken)
      lose(*all);
  }
  touched_.clear();
  // The turn has its place in the log, so whatever these cause comes after it.
  for (auto& m : elsewhere_)
    route(hub_, std::move(m));
  elsewhere_.clear();
}

// ── Objects that fail ────────────────────────────────────────────────────────────────────────

/// There was no memory for the turn: what is in memory is ahead of the journal for good. Whoever
/// waits for it is told, nobody hears of it, and the objects are built anew.
void shard::lose(const consequences& all) {
  for (const auto& c : all)
    give_up(hub_.shared, *c.what);
  for (auto& m : std::exchange(inside_, {}))
    turn_away(m, not_taken());
  for (auto& m : std::exchange(elsewhere_, {}))
    turn_away(m, not_taken());
  const auto touched = std::exchange(touched_, {});
  for (const auto incarnation : touched)
    if (auto it = by_incarnation_.find(incarnation); it != by_incarnation_.end()) {
      object_event event = activation_failed{incarnation, "no memory for its turn"};
      give(*it->second, event, {});
    }
}

void shard::begin_failing(failed_activation f) {
  const auto& object = f.who.object;
  by_incarnation_.erase(f.who.incarnation);
  objects_.erase(object);
  submit();
  failing_object waits;
  waits.untold = std::move(f.untold);
  waits.verdict = book_.failed(object, hub_.steady_ms());
  count_paused();
  if (waits.verdict.paused)
    log::error("object_paused", {{"object", object.text()}, {"event", f.event}, {"reason", f.why}});
  else
    log::warn("object_failed", {{"object", object.text()}, {"event", f.event}, {"reason", f.why}});
  failing_.insert_or_assign(object, std::move(waits));
  ++hub_.active_objects; // There is something to do for it.
  // Behind everything that it has queued, and that those have queued who told it something.
  hub_.writer.submit({}, [me = myself(), object] {
    guarded("shard", "drained", [&] { caf::anon_send(me, drained_message{object}); });
  });
}

void shard::drained(const drained_message& m) {
  auto it = failing_.find(m.object);
  if (it == failing_.end())
    return;
  if (it->second.verdict.wait_ms > 0) {
    const auto wait = std::exchange(it->second.verdict.wait_ms, 0);
    self_->delayed_send(self_, std::chrono::milliseconds(wait), m);
    return;
  }
  auto f = std::move(it->second);
  failing_.erase(it);
  for (auto& other : f.untold)
    wake_up(std::move(other));
  if (!f.verdict.paused)
    wake_up(m.object);
  for (auto& event : f.events)
    handle(event);
  go_on();
  --hub_.active_objects;
}

void shard::unpause(unpause_message& m) {
  const bool was = book_.resume(m.object);
  count_paused();
  if (was) {
    log::info("object_resumed", {{"object", m.object.text()}});
    wake_up(m.object);
  }
  if (m.to) {
    call_response response;
    response.status = 202;
    m.to->finished(was ? std::move(response) : failure(404, m.object.text() + " is not paused."));
  }
  go_on();
}

/// What another object said is in that one's record, and is found when the object is built.
void shard::turn_away(route_message& m, const call_response& response) {
  if (m.source.durable)
    --hub_.active_objects;
  refuse(hub_.shared, *m.event, response);
}

void shard::count_paused() {
  const auto now = book_.paused_count();
  hub_.paused_objects += now - std::exchange(paused_, now);
}

void shard::stop() {
  by_incarnation_.clear();
  objects_.clear();
  self_->quit();
}

// ── What all shards share ────────────────────────────────────────────────────────────────────

/// Looks after the gate and the board of waits. Until when the gate wants nothing, milliseconds;
/// nothing: the next sweep is soon enough.
std::optional<std::int64_t> tend_gate(hub_context& hub) {
  if (hub.shared.admission.draining())
    return std::nullopt;
  const auto next = hub.shared.gate->tick();
  if (!next)
    return std::nullopt;
  const auto wait = std::max<std::int64_t>(*next - hub.steady_ms(), 1);
  return wait < hub.sweep_ms ? std::optional(wait) : std::nullopt;
}

} // namespace

caf::behavior shard_actor(caf::event_based_actor* self, hub_context* hub, caf::actor timers,
                          std::size_t index) {
  watch(self, "shard");
  auto state = std::make_shared<shard>(self, *hub, std::move(timers), index);
  const auto sweep = std::chrono::milliseconds(hub->sweep_ms);
  self->delayed_send(self, sweep, sweep_atom::value);
  return {
      [=](route_message& m) { guarded("shard", "message", [&] { state->take(m); }); },
      [=](event_message& m) { guarded("shard", "event", [&] { state->take(m); }); },
      [=](durable_atom) { guarded("shard", "durable", [&] { state->look_for_ended(); }); },
      [=](resume_atom) { guarded("shard", "resume", [&] { state->resume(); }); },
      [=](const drained_message& m) { guarded("shard", "drained", [&] { state->drained(m); }); },
      [=](unpause_message& m) { guarded("shard", "unpause", [&] { state->unpause(m); }); },
      [=](stop_atom) { state->stop(); },
      [=](sweep_atom) {
        guarded("shard", "sweep", [&] { state->sweep(); });
        self->delayed_send(self, sweep, sweep_atom::value);
      },
  };
}

caf::behavior gate_keeper_actor(caf::event_based_actor* self, hub_context* hub) {
  watch(self, "gate");
  const auto sweep = std::chrono::milliseconds(hub->sweep_ms);
  auto tick_out = std::make_shared<bool>(false);
  auto tend = [=] {
    guarded("gate", "tick", [&] {
      const auto wait = tend_gate(*hub);
      if (wait && !std::exchange(*tick_out, true))
        self->delayed_send(self, std::chrono::milliseconds(*wait), gate_atom::value);
    });
  };
  self->delayed_send(self, sweep, sweep_atom::value);
  return {
      [=](sweep_atom) {
        // Who waits is said in the log, and whom a person must look at.
        guarded("gate", "board", [&] {
          if (auto* board = hub->shared.env.board)
            board->tick(hub->shared.env.time.now());
        });
        tend();
        self->delayed_send(self, sweep, sweep_atom::value);
      },
      [=](gate_atom) {
        *tick_out = false;
        tend();
      },
      [=](stop_atom) { self->quit(); },
  };
}

void route(const hub_context& hub, route_message message) {
  const auto& shard = hub.shards[hub.shard_of(message.object)];
  caf::anon_send(shard, std::move(message));
}

void route(const hub_context& hub, unpause_message message) {
  const auto& shard = hub.shards[hub.shard_of(message.object)];
  caf::anon_send(shard, std::move(message));
}

} // namespace orderhub::runtime
