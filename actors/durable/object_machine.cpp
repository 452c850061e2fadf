#include "actors/durable/object_machine.hpp"

#include "journal/base/log.hpp"
#include "journal/base/text.hpp"
#include "journal/open_work.hpp"

#include <algorithm>
#include <cstdlib>

namespace orderhub::durable {

using journal::record_kind;
using providers::doubt_policy;

object_id target_of(const object_message& message) {
  struct get {
    object_id operator()(const input_for& m) const { return m.target; }
    object_id operator()(const completion_for& m) const { return m.to.object; }
    object_id operator()(const cancel_for& m) const { return m.target; }
  };
  return std::visit(get{}, message);
}

object_machine::object_machine(journal::object_state state, const service_registry& services,
                               const journal::hub_journal& journal, const environment& env)
    : state_(std::move(state)), services_(services), journal_(journal), env_(env),
      service_(services.find(state_.id.service)) {
  state_.finished.clear();
  for (const auto& i : state_.live)
    loaded_live_.insert(i.id);
}

object_machine::~object_machine() = default;

// ── Events ───────────────────────────────────────────────────────────────────────────────────

void object_machine::activate() {
  pump();
}

input_verdict object_machine::on_input(const invocation_id& fresh, journal::input_payload input) {
  if (input.key) {
    // An earlier request of this object may not be committed yet: memory first, then the journal.
    const journal::request_key& wanted = *input.key;
    for (const auto& i : state_.live)
      if (i.input.key && i.input.key->scope == wanted.scope &&
          i.input.key->expires_at > env_.time.aged())
        return {i.input.key->body == wanted.body ? verdict_kind::known : verdict_kind::conflict,
                i.id,
                {}};
    auto seen = journal_.find_request(wanted.scope);
    if (!seen)
      return {verdict_kind::failed, {}, std::move(seen).error()};
    if (*seen && (*seen)->expires_at > env_.time.aged())
      return {(*seen)->body == wanted.body ? verdict_kind::known : verdict_kind::conflict,
              (*seen)->invocation,
              {}};
    for (const auto& [scope, other] : recent_requests_)
      if (scope == wanted.scope && other.expires_at > env_.time.aged())
        return {other.body == wanted.body ? verdict_kind::known : verdict_kind::conflict,
                other.invocation,
                {}};
  }
  // Shared ones run at once: however many calls wait, a cancel still gets in.
  const auto alike = std::count_if(state_.live.begin(), state_.live.end(),
                                   [&](const auto& i) { return i.input.shared == input.shared; });
  if (static_cast<std::size_t>(alike) >= env_.waiting_inputs_max)
    return {verdict_kind::full, {}, {}};
  forget_known_requests();
  if (input.key)
    recent_requests_.emplace_back(
        input.key->scope, journal::seen_request{fresh, input.key->body, input.key->expires_at});
  append(fresh, record_kind::input, 0, encode(input));
  pump();
  return {verdict_kind::accepted, fresh, {}};
}

void object_machine::on_message(const object_message& message) {
  if (const auto* in = std::get_if<input_for>(&message)) {
    if (state_.find_live(in->invocation) != nullptr || has_run(in->invocation))
      return;
    journal::invocation_state i;
    i.id = in->invocation;
    i.accepted_at = in->accepted_at;
    i.input = in->input;
    state_.live.push_back(std::move(i));
    state_.last_time = std::max(state_.last_time, in->accepted_at);
  } else if (const auto* done = std::get_if<completion_for>(&message)) {
    const bool listed =
        std::any_of(state_.undelivered.begin(), state_.undelivered.end(), [&](const auto& u) {
          return u.invocation == done->to.invocation && u.completion == done->to.completion;
        });
    const auto* caller = find(done->to.invocation);
    const bool wanted = caller != nullptr ? caller->open(done->to.completion)
                                          : state_.find_live(done->to.invocation) != nullptr;
    if (!listed && wanted)
      state_.undelivered.push_back(
          {done->to.invocation, done->to.completion, done->encoded_result});
  } else if (const auto* stop = std::get_if<cancel_for>(&message)) {
    // The asker's record says it; this state may have been loaded before that.
    ask_to_stop(state_, stop->invocation);
  }
  pump();
}

/// What the journal knows needs no place here.
void object_machine::forget_known_requests() {
  constexpr std::size_t worth_looking = 64;
  if (recent_requests_.size() < worth_looking)
    return;
  std::erase_if(recent_requests_, [&](const auto& r) {
    auto seen = journal_.find_request(r.first);
    return r.second.expires_at <= env_.time.aged() || (seen && *seen);
  });
}

/// The caller's record is the input, and this state may have been loaded after it: then the
/// invocation was in it, or had ended before.
bool object_machine::has_run(const invocation_id& id) const {
  if (loaded_live_.contains(id))
    return true;
  auto known = journal_.knows_invocation(id);
  if (known && !*known)
    return false;
  auto row = journal_.find_invocation(id);
  if (row && known)
    return *row && (*row)->invocation.finished;
  // What cannot be read may have run, and nothing runs twice.
  log::error("invocation_unreadable", {{"object", state_.id.text()},
                                       {"invocation", id.text()},
                                       {"reason", (known ? row.error() : known.error()).message}});
  return true;
}

awakeable_verdict object_machine::on_awakeable(const awakeable_id& id, result<std::string> value) {
  const auto* live = state_.find_live(id.invocation);
  if (live == nullptr) {
    // Ended: it was completed, or it does not matter any more.
    auto row = journal_.find_invocation(id.invocation);
    if (row && *row && journal::has_awakeable((*row)->invocation, id.completion))
      return awakeable_verdict::already;
    return awakeable_verdict::unknown;
  }
  if (!journal::has_awakeable(*live, id.completion))
    return awakeable_verdict::unknown;
  if (has_completion(id.invocation, id.completion))
    return awakeable_verdict::already;
  resolve_awakeable(id, std::move(value));
  pump();
  return awakeable_verdict::completed;
}

/// Recorded even where the invocation is paused: the fixed handler will find it.
void object_machine::resolve_awakeable(const awakeable_id& id, result<std::string> value) {
  record_completion(id.invocation, id.completion, value);
  if (auto* e = find(id.invocation); e != nullptr && e->open(id.completion))
    e->deliver(id.completion, std::move(value));
}

bool object_machine::has_completion(const invocation_id& invocation,
                                    std::uint32_t completion) const {
  const auto* live = state_.find_live(invocation);
  return live != nullptr &&
         std::any_of(live->entries.begin(), live->entries.end(), [&](const auto& e) {
           return e.kind == record_kind::completion && e.index == completion;
         });
}

void object_machine::on_outcome(const call_ref& ref, const providers::transport_outcome& outcome) {
  const effect_key key{ref.invocation, ref.index};
  auto it = effects_.find(key);
  if (it == effects_.end() || it->second.sequence != ref.sequence || !it->second.machine->calling())
    return;
  apply(key, it->second.machine->on_outcome(outcome));
  if (paused_.contains(ref.invocation))
    park_effects(ref.invocation);
  pump();
}

void object_machine::on_place(const call_ref& ref) {
  const effect_key key{ref.invocation, ref.index};
  if (auto it = effects_.find(key); it != effects_.end())
    apply(key, it->second.machine->on_place());
  pump();
}

void object_machine::on_time() {
  const auto time = env_.time.steady_ms();
  if (!state_.paused_by_operator)
    for (const auto& [id, e] : executions_)
      for (const auto& [completion, due] : e->sleeps())
        if (due <= time && !e->paused())
          completions_.push_back({id, completion, result<std::string>(std::string("null"))});
  std::vector<effect_key> due;
  for (const auto& [key, effect] : effects_)
    if (auto at = effect.machine->due(); at && *at <= time)
      due.push_back(key);
  for (const auto& key : due)
    if (auto it = effects_.find(key); it != effects_.end())
      apply(key, it->second.machine->on_time());
  pump();
}

turn_output object_machine::take() {
  return std::exchange(out_, {});
}

bool object_machine::on_operator(const invocation_id& invocation,
                                 const journal::operator_payload& action) {
  using verb = journal::operator_verb;
  if (invocation != invocation_id() && state_.find_live(invocation) == nullptr)
    return false;
  if (state_.live.empty() && action.verb != verb::pause && action.verb != verb::resume)
    return false;
  append(invocation, record_kind::operator_action, 0, encode(action));
  log::info("operator_action", {{"object", state_.id.text()},
                                {"action", name_of(action.verb)},
                                {"step", action.step},
                                {"who", action.who},
                                {"reason", action.reason}});
  switch (action.verb) {
  case verb::pause:
  case verb::resume: {
    std::vector<effect_key> all;
    for (const auto& [key, effect] : effects_)
      all.push_back(key);
    for (const auto& key : all)
      if (auto it = effects_.find(key); it != effects_.end())
        apply(key, it->second.machine->hold(action.verb == verb::pause));
    break;
  }
  case verb::retry:
    // What could not go on is built anew from its journal; calls that are out are joined.
    std::erase_if(paused_, [&](const auto& p) {
      if (invocation != invocation_id() && p.first != invocation)
        return false;
      executions_.erase(p.first);
      return true;
    });
    tell_effects(invocation, action);
    break;
  case verb::happened:
  case verb::not_happened:
    tell_effects(invocation, action);
    break;
  }
  pump();
  return true;
}

void object_machine::tell_effects(const invocation_id& invocation,
                                  const journal::operator_payload& action) {
  std::vector<effect_key> wanted;
  for (const auto& [key, effect] : effects_)
    if ((invocation == invocation_id() || key.first == invocation) &&
        (action.step.empty() || effect.machine->start().intent.name == action.step))
      wanted.push_back(key);
  for (const auto& key : wanted)
    if (auto it = effects_.find(key); it != effects_.end())
      apply(key, it->second.machine->on_operator(action.verb));
}

std::optional<std::int64_t> object_machine::due() const {
  std::optional<std::int64_t> due;
  auto earlier = [&](std::int64_t at) {
    if (!due || at < *due)
      due = at;
  };
  for (const auto& [id, e] : executions_)
    if (!e->paused() && !state_.paused_by_operator)
      for (const auto& [completion, at] : e->sleeps())
        earlier(at);
  for (const auto& [key, effect] : effects_)
    if (auto at = effect.machine->due())
      earlier(*at);
  // One whose time has come and that still has not begun waits for its turn, not for a time.
  if (!state_.paused_by_operator)
    for (const auto& i : state_.live)
      if (i.entries.empty() && !executions_.contains(i.id) && begins_later(i))
        earlier(steady_due(i.accepted_at, i.input.due_at));
  return due;
}

bool object_machine::suspendable() const {
  return std::all_of(effects_.begin(), effects_.end(),
                     [](const auto& e) { return e.second.machine->parked(); });
}

bool object_machine::calling() const {
  return std::any_of(effects_.begin(), effects_.end(),
                     [](const auto& e) { return e.second.machine->calling(); });
}

std::vector<std::pair<invocation_id, std::string>> object_machine::paused() const {
  return {paused_.begin(), paused_.end()};
}

// ── Going on until nothing moves ─────────────────────────────────────────────────────────────

void object_machine::pump() {
  while (pump_finished() || pump_completions() || pump_cancels() || pump_undelivered() ||
         pump_starts()) {
  }
}

bool object_machine::pump_finished() {
  for (auto it = executions_.begin(); it != executions_.end(); ++it) {
    auto& e = *it->second;
    if (e.paused() && !paused_.contains(it->first)) {
      pause(it->first, e.pause_reason()->message);
      return true;
    }
    if (!e.finished())
      continue;
    const auto id = it->first;
    executions_.erase(it);
    std::erase_if(effects_, [&](const auto& x) { return x.first.first == id; });
    take_finished(id);
    return true;
  }
  return false;
}

bool object_machine::pump_completions() {
  if (completions_.empty())
    return false;
  auto next = std::move(completions_.front());
  completions_.erase(completions_.begin());
  auto* e = find(next.invocation);
  const bool wanted = e != nullptr ? e->open(next.completion) : paused_.contains(next.invocation);
  if (!wanted || has_completion(next.invocation, next.completion))
    return true;
  record_completion(next.invocation, next.completion, next.value);
  if (e != nullptr)
    e->deliver(next.completion, std::move(next.value));
  return true;
}

bool object_machine::pump_undelivered() {
  for (const auto& u : state_.undelivered) {
    auto* e = find(u.invocation);
    if (e == nullptr || e->paused() || !e->open(u.completion))
      continue;
    auto value = journal::decode_result(u.encoded_result);
    if (!value) {
      pause(u.invocation, value.error().message);
      continue;
    }
    const auto invocation = u.invocation;
    const auto completion = u.completion;
    record_completion(invocation, completion, *value); // Removes it from the list.
    e->deliver(completion, std::move(*value));
    return true;
  }
  return false;
}

bool object_machine::pump_cancels() {
  for (const auto& id : state_.cancels) {
    const auto* live = state_.find_live(id);
    const auto* handler =
        live == nullptr ? nullptr : services_.find(state_.id.service, live->input.handler);
    if (live == nullptr || (handler != nullptr && !handler->cancellable))
      continue; // It is never asked to stop; the wish ends with it.
    if (live->entries.empty() && !executions_.contains(id))
      end_unbegun(*live);
    else
      cancel(invocation_id(id));
    return true; // The list has changed.
  }
  return false;
}

/// What has not begun has nothing to undo.
void object_machine::end_unbegun(const journal::invocation_state& invocation) {
  const auto id = invocation.id;
  const auto caller = invocation.input.caller;
  paused_.erase(id);
  append(id, record_kind::output, 1,
         encode(journal::output_payload{
             journal::encode(result<std::string>(fail(cancelled_error()))), caller}));
  take_finished(id);
}

/// Its output was just appended: whoever waits is told.
void object_machine::take_finished(const invocation_id& id) {
  auto done = std::find_if(state_.finished.begin(), state_.finished.end(),
                           [&](const auto& i) { return i.id == id; });
  if (done == state_.finished.end())
    std::abort();
  if (auto outcome = journal::decode_result(done->output))
    out_.finished.push_back({id, std::move(*outcome)});
  if (done->input.caller && done->input.caller->object != state_.id)
    out_.messages.emplace_back(completion_for{*done->input.caller, done->output});
  state_.finished.erase(done);
}

void object_machine::cancel(const invocation_id& id) {
  // The effects that are open now, not those that the handler begins to undo them.
  std::vector<effect_key> open;
  for (const auto& [key, effect] : effects_)
    if (key.first == id && !effect.machine->start().shielded)
      open.push_back(key);
  append(id, record_kind::cancel, 0, {});
  if (auto* e = find(id))
    e->deliver_cancel();
  for (const auto& key : open)
    if (auto it = effects_.find(key); it != effects_.end())
      apply(key, it->second.machine->on_cancel());
}

bool object_machine::begins_later(const journal::invocation_state& i) const {
  return i.input.due_at > 0 && steady_due(i.accepted_at, i.input.due_at) > env_.time.steady_ms();
}

bool object_machine::pump_starts() {
  bool exclusive_busy = false;
  for (const auto& i : state_.live)
    if (!i.input.shared && (executions_.contains(i.id) || paused_.contains(i.id)))
      exclusive_busy = true;
  const journal::invocation_state* next = nullptr;
  for (const auto& i : state_.live) {
    if (executions_.contains(i.id) || paused_.contains(i.id))
      continue;
    const bool begun = !i.entries.empty();
    if (!begun && begins_later(i))
      continue;
    const auto* handler = services_.find(state_.id.service, i.input.handler);
    const bool is_event = handler != nullptr && handler->mode == handler_mode::event;
    // What a person has paused begins nothing; what has happened has happened.
    if (state_.paused_by_operator && !begun && !is_event)
      continue;
    if (i.input.shared) {
      if (next == nullptr)
        next = &i;
      continue;
    }
    if (exclusive_busy)
      continue;
    // One that has begun goes before those that only wait.
    if (next == nullptr || (begun && !next->input.shared && next->entries.empty()))
      next = &i;
  }
  if (next == nullptr)
    return false;
  start(*next);
  return true;
}

void object_machine::start(const journal::invocation_state& invocation) {
  const auto id = invocation.id;
  const auto* handler =
      service_ == nullptr ? nullptr : services_.find(state_.id.service, invocation.input.handler);
  if (handler != nullptr && handler->mode == handler_mode::event && handler->event) {
    apply_event(id, *handler);
    return;
  }
  if (handler == nullptr || !handler->run) {
    pause(id, "this program has no handler " + state_.id.service + '/' + invocation.input.handler);
    return;
  }
  if (!invocation.entries.empty() && invocation.input.revision != handler->revision) {
    pause(id, "begun by revision \"" + invocation.input.revision + "\" of " + state_.id.service +
                  '/' + invocation.input.handler + ", this program has revision \"" +
                  handler->revision +
                  "\": its steps may be others. Go on with the old program, or "
                  "retry it with one that has that revision.");
    return;
  }
  auto made = std::make_unique<execution>(static_cast<execution_host&>(*this), state_.id,
                                          invocation, [handler](execution& e, std::string body) {
                                            return handler->run(context(e), std::move(body));
                                          });
  auto& e = *made;
  executions_.emplace(id, std::move(made));
  e.begin();
  if (const auto* live = state_.find_live(id);
      live != nullptr && !live->paused_text.empty() && !paused_.contains(id) && !e.paused())
    append(id, record_kind::paused, 0, {}); // It goes on.
}

/// A cancel that the journal holds concerns the effects that were open when it came, and not those
/// that undo them.
bool object_machine::was_cancelled(const effect_start& effect) const {
  const auto* live = state_.find_live(effect.invocation);
  if (!effect.recovered || effect.shielded || live == nullptr)
    return false;
  const auto begun = std::find_if(live->entries.begin(), live->entries.end(), [&](const auto& e) {
    return e.kind == record_kind::effect && e.index == effect.index;
  });
  return std::any_of(begun, live->entries.end(),
                     [](const auto& e) { return e.kind == record_kind::cancel; });
}

/// One turn: state, evidence, whoever waits, what follows, and the end of the invocation.
void object_machine::apply_event(const invocation_id& id, const handler_definition& handler) {
  const auto input = state_.find_live(id)->input;
  auto outcome = handler.event(state_, input.body);
  std::uint32_t index = 1;
  if (outcome) {
    journal::event_payload event{outcome->name, {}};
    for (const auto& [entry, delta] : outcome->merges) {
      // Behind another delta of this event, which is not folded yet.
      auto same = std::find_if(event.values.begin(), event.values.end(),
                               [&](const auto& v) { return v.name == entry; });
      if (same == event.values.end())
        event.values.push_back({entry, merged(entry, state_.value(entry), delta)});
      else
        same->value = merged(entry, &*same->value, delta);
    }
    append(id, record_kind::event, index++, encode(event));
    for (const auto& s : outcome->sends) {
      journal::call_payload p;
      p.target = s.target;
      p.invocation = id.child(index);
      p.input.handler = s.handler;
      p.input.revision = std::string(revision_of(s.target, s.handler));
      p.input.shared = is_shared(s.target, s.handler);
      p.input.body = s.body;
      append(id, record_kind::send, index++, encode(p));
      began_call(p);
    }
    if (outcome->cancels_running)
      append(id, record_kind::cancel_invocation, index++,
             encode(journal::cancel_payload{state_.id, running_exclusive()}));
  }
  const result<std::string> response =
      outcome ? result<std::string>(outcome->response) : outcome.failure();
  append(id, record_kind::output, index,
         encode(journal::output_payload{journal::encode(response), input.caller}));
  take_finished(id);
  if (!outcome)
    return;
  for (const auto& evidence : outcome->evidence)
    give_evidence(evidence);
  for (const auto& [awakeable, value] : outcome->resolves)
    if (const auto* live = state_.find_live(awakeable.invocation);
        live != nullptr && journal::has_awakeable(*live, awakeable.completion) &&
        !has_completion(awakeable.invocation, awakeable.completion))
      resolve_awakeable(awakeable, value);
  tell_waiting(outcome->name);
}

/// Also where the wait is not replayed yet, or is paused: the journal knows who waits.
void object_machine::tell_waiting(const std::string& event) {
  std::vector<std::pair<invocation_id, std::uint32_t>> waiting;
  for (const auto& i : state_.live)
    for (const auto completion : journal::event_waits(i))
      waiting.emplace_back(i.id, completion);
  for (const auto& [invocation, completion] : waiting) {
    const auto* e = find(invocation);
    if (e != nullptr && e->open(completion))
      completions_.push_back({invocation, completion, result<std::string>(event)});
    else if (e == nullptr)
      record_completion(invocation, completion, result<std::string>(event));
  }
}

/// To every open step that it speaks of: in the journal first, since a call may be out that the
/// process does not outlive.
void object_machine::give_evidence(const step_evidence& evidence) {
  std::vector<effect_key> about;
  for (const auto& i : state_.live)
    for (const auto index : journal::open_steps(i, evidence.step, evidence.attempt))
      about.emplace_back(i.id, index);
  for (const auto& key : about) {
    if (evidence.happened)
      append(key.first, record_kind::effect_note, key.second,
             encode(journal::note_payload{journal::note_kind::evidence, 1, now(), evidence.value}));
    if (auto it = effects_.find(key); it != effects_.end())
      apply(key, it->second.machine->on_evidence(evidence));
  }
}

void object_machine::pause(const invocation_id& id, const std::string& why) {
  paused_.insert_or_assign(id, why);
  if (auto* e = find(id))
    e->freeze({error_kind::invalid, "durable.object", why});
  park_effects(id);
  auto* live = state_.find_live(id);
  if (live == nullptr || live->paused_text == why)
    return; // Said before the last restart.
  log::error("invocation_paused",
             {{"object", state_.id.text()}, {"invocation", id.text()}, {"reason", why}});
  append(id, record_kind::paused, 0, why);
}

/// Of what is paused only calls that are out are kept here, for their answers; all else is in the
/// journal, for whoever goes on.
void object_machine::park_effects(const invocation_id& id) {
  std::vector<effect_key> parked;
  for (const auto& [key, effect] : effects_)
    if (key.first == id && !effect.machine->calling())
      parked.push_back(key);
  for (const auto& key : parked) {
    apply(key, effects_.at(key).machine->park());
    effects_.erase(key);
  }
}

execution* object_machine::find(const invocation_id& id) {
  auto it = executions_.find(id);
  return it == executions_.end() ? nullptr : it->second.get();
}

// ── Effects ──────────────────────────────────────────────────────────────────────────────────

void object_machine::begin_effect(effect_start effect) {
  const effect_key key{effect.invocation, effect.index};
  auto& slot = effects_[key];
  if (slot.machine)
    return; // Built anew after a pause: it goes on where it is, its call is out.
  if (paused_.contains(effect.invocation) && effect.recovered) {
    effects_.erase(key);
    return; // Beside one that cannot go on: nothing of it is begun.
  }
  effect.cancelled = was_cancelled(effect);
  slot.machine = std::make_unique<effect_machine>(std::move(effect), state_.id, env_);
  if (state_.paused_by_operator)
    apply(key, slot.machine->hold(true));
  apply(key, slot.machine->begin());
}

void object_machine::apply(const effect_key& key, effect_step step) {
  auto it = effects_.find(key);
  for (const auto& n : step.notes) {
    append(key.first, record_kind::effect_note, key.second, encode(n));
    if (n.kind == journal::note_kind::needs_person)
      log::error("effect_needs_person", {{"object", state_.id.text()},
                                         {"step", it->second.machine->start().intent.name},
                                         {"reason", n.text}});
    else if (!journal::is_position(n.kind))
      log::info("effect_doubt", {{"object", state_.id.text()},
                                 {"step", it->second.machine->start().intent.name},
                                 {"note", name_of(n.kind)},
                                 {"detail", n.text}});
  }
  switch (step.kind) {
  case effect_step_kind::send: {
    vendor_call call;
    call.ref = {key.first, key.second, ++it->second.sequence};
    call.vendor = it->second.machine->start().intent.vendor;
    call.call_class = step.call_class;
    call.request = std::move(step.request);
    call.deadline_ms = step.deadline_ms;
    call.lookup = step.lookup;
    call.fresh = step.fresh;
    out_.calls.push_back(std::move(call));
    return;
  }
  case effect_step_kind::wait:
    return;
  case effect_step_kind::complete: {
    const auto completion = it->second.machine->start().intent.completion;
    effects_.erase(it);
    completions_.push_back({key.first, completion, std::move(step.value)});
    return;
  }
  case effect_step_kind::pause:
    effects_.erase(it);
    pause(key.first, step.why);
    return;
  }
}

void object_machine::record_completion(const invocation_id& invocation, std::uint32_t completion,
                                       const result<std::string>& value) {
  append(invocation, record_kind::completion, completion, journal::encode(value));
}

// ── execution_host ───────────────────────────────────────────────────────────────────────────

void object_machine::append(const invocation_id& invocation, record_kind kind, std::uint32_t index,
                            std::string payload) {
  journal::record r;
  r.kind = kind;
  r.time = now();
  r.object = state_.id;
  r.invocation = invocation;
  r.index = index;
  r.payload = std::move(payload);
  if (auto done = journal::apply(state_, r, 0); !done) {
    // What was just encoded cannot be read: wrong code must not write.
    log::error("journal_encoding_broken",
               {{"object", state_.id.text()}, {"reason", done.error().message}});
    std::abort();
  }
  out_.turn.records.push_back(std::move(r));
}

const std::string* object_machine::state_value(std::string_view name) const {
  return state_.value(name);
}

std::string object_machine::merged(std::string_view name, std::string_view delta) const {
  return merged(name, state_.value(name), delta);
}

std::string object_machine::merged(std::string_view name, const std::string* current,
                                   std::string_view delta) const {
  if (service_ == nullptr || !service_->merge)
    return std::string(delta);
  return service_->merge(name, current, delta);
}

journal::effect_payload object_machine::intent_of(const providers::raw_operation& op,
                                                  std::string_view step,
                                                  std::string_view attempt) const {
  journal::effect_payload p;
  p.name = std::string(step);
  p.attempt = std::string(attempt);
  p.operation = std::string(op.name);
  p.vendor = std::string(op.vendor);
  if (const auto* endpoint = env_.vendors.find(op.vendor))
    p.target = endpoint->fingerprint();
  if (!op.key_header.empty())
    p.key = idempotency_key(env_.hub, state_.id, step, attempt);
  p.policy = static_cast<std::uint8_t>(op.doubt);
  p.deadline_ms = op.deadline_ms;
  const auto* endpoint_now = env_.vendors.find(op.vendor);
  p.absence_after_ms = endpoint_now != nullptr && endpoint_now->absence_after_ms >= 0
                           ? endpoint_now->absence_after_ms
                           : op.absence_after_ms;
  p.key_life_ms = op.key_life_ms;
  p.event_wait_ms = op.event_wait_ms;
  p.after_event = static_cast<std::uint8_t>(op.after_event);
  if (op.doubt != doubt_policy::may_repeat) {
    p.method = op.request.method;
    p.path = op.request.target;
    for (const auto& [name, value] : op.request.headers)
      p.headers += name + ": " + value + '\n';
    p.body = op.request.body;
  }
  return p;
}

void object_machine::began_call(const journal::call_payload& call) {
  if (call.target == state_.id)
    return; // Folded already; pump starts it.
  // The very time of the record, so that the target has the same after a replay.
  out_.messages.emplace_back(input_for{call.target, call.invocation, state_.last_time, call.input});
}

void object_machine::cancel_other(const object_id& object, const invocation_id& invocation) {
  if (object == state_.id)
    return; // Folded already; pump tells it.
  out_.messages.emplace_back(cancel_for{object, invocation});
}

invocation_id object_machine::running_exclusive() const {
  for (const auto& i : state_.live)
    if (!i.input.shared && (executions_.contains(i.id) || !i.entries.empty()))
      return i.id;
  return {};
}

unix_ms object_machine::now() const {
  return std::max(env_.time.now(), state_.last_time);
}

std::int64_t object_machine::steady_due(unix_ms recorded, unix_ms due) const {
  return env_.time.steady_due(recorded, due);
}

std::string object_machine::hub_text() const {
  return hex_of({reinterpret_cast<const char*>(env_.hub.data()), env_.hub.size()});
}

std::string_view object_machine::revision_of(const object_id& target,
                                             std::string_view handler) const {
  const auto* h = services_.find(target.service, handler);
  return h == nullptr ? std::string_view() : std::string_view(h->revision);
}

bool object_machine::is_shared(const object_id& target, std::string_view handler) const {
  const auto* h = services_.find(target.service, handler);
  return h != nullptr && (h->mode == handler_mode::shared || h->mode == handler_mode::event);
}

} // namespace orderhub::durable
