#include "actors/durable/object_machine.hpp"

#include "actors/durable/idempotency_key.hpp"
#include "actors/durable/workflow.hpp"
#include "journal/base/log.hpp"
#include "journal/base/text.hpp"
#include "journal/open_work.hpp"
#include "providers/chosen_doubt.hpp"

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

// ── What it is told ─────────────────────────────────────────────────────────────────────────────

void object_machine::activate() {
  pump();
}

input_verdict object_machine::on_input(const invocation_id& fresh, journal::input_payload input) {
  if (state_.purged)
    return {verdict_kind::refused, {}, purged_error()};
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
  const auto* handler = services_.find(state_.id.service, input.handler);
  if (handler != nullptr && handler->once)
    if (const auto first = run_of(state_, input.handler))
      return {verdict_kind::refused, *first,
              error{error_kind::rejected, "workflow",
                    state_.id.service + " " + state_.id.key + " has been run before.", 409}};
  if (handler != nullptr && handler->admit && input.due_at == 0)
    if (auto admitted = handler->admit(state_, input.body); !admitted)
      return {verdict_kind::refused, {}, std::move(admitted).error()};
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
  if (env_.metrics != nullptr)
    env_.metrics->accepted(state_.id.service, input.handler);
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

effect_machine* object_machine::that_called(const call_ref& ref) {
  auto it = effects_.find({ref.invocation, ref.index});
  if (it == effects_.end() || it->second.sequence != ref.sequence || !it->second.machine->calling())
    return nullptr;
  return it->second.machine.get();
}

std::optional<providers::answer_reader>
object_machine::reader_of(const call_ref& ref, const providers::transport_outcome& outcome) {
  auto* effect = that_called(ref);
  return effect != nullptr ? effect->reader_of(outcome) : std::nullopt;
}

void object_machine::on_outcome(const call_ref& ref, const providers::transport_outcome& outcome,
                                const providers::answer_reading* reading) {
  auto* effect = that_called(ref);
  if (effect == nullptr)
    return;
  apply({ref.invocation, ref.index}, effect->on_outcome(outcome, reading));
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
  if (const auto end = journal::pause_end(state_);
      end && steady_due(end->recorded_at, end->due) <= time)
    end_pause();
  for (const auto& [id, e] : executions_)
    if (const auto* live = state_.find_live(id); live != nullptr && !is_held(*live))
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

error object_machine::purged_error() const {
  return {error_kind::rejected, "purged",
          "purged: nothing is kept of " + state_.id.text() +
              " but that its key was used, so that yesterday's keys at the vendors are not used "
              "again. Take another key.",
          409};
}

bool object_machine::on_operator(const invocation_id& invocation,
                                 const journal::operator_payload& action) {
  using verb = journal::operator_verb;
  const bool wants_rest = action.verb == verb::erase || action.verb == verb::purge;
  // What is undelivered is for what is live.
  if (wants_rest && !services_.is_finished(state_))
    return false;
  const bool moves_a_step = action.verb == verb::retry || action.verb == verb::happened ||
                            action.verb == verb::not_happened ||
                            action.verb == verb::happened_unverified ||
                            action.verb == verb::not_happened_unverified;
  if (moves_a_step && (state_.live.empty() ||
                       (invocation != invocation_id() && state_.find_live(invocation) == nullptr)))
    return false;
  if (action.verb == verb::purge)
    end_following();
  act(invocation, action);
  pump();
  return true;
}

/// What a person who paused it said beforehand.
void object_machine::end_pause() {
  const auto pause =
      std::find_if(state_.operators.rbegin(), state_.operators.rend(),
                   [](const auto& o) { return o.action.verb == journal::operator_verb::pause; });
  journal::operator_payload resume;
  resume.verb = journal::operator_verb::resume;
  resume.who = "hub";
  resume.via = "timer";
  resume.reason = "the pause of " + pause->action.who + " has ended";
  resume.target = pause->action.target; // One of several objects, as then.
  act({}, resume);
}

const handler_definition*
object_machine::handler_of(const journal::invocation_state& invocation) const {
  return services_.find(state_.id.service, invocation.input.handler);
}

/// Of an object that is finished: what it has asked is heard no more.
void object_machine::end_following() {
  while (!state_.live.empty()) {
    const auto& live = state_.live.front();
    const auto id = live.id;
    const auto caller = live.input.caller;
    if (const auto* handler = handler_of(live); env_.board != nullptr && handler != nullptr)
      if (const auto step = handler->follows(live.input.body); !step.empty())
        env_.board->ended(state_.id, step);
    for (auto it = effects_.begin(); it != effects_.end();)
      if (it->first.first == id) {
        it->second.machine->on_cancel(); // It leaves its queue; it has no effect to be resolved.
        it = effects_.erase(it);
      } else {
        ++it;
      }
    executions_.erase(id);
    paused_.erase(id);
    append(id, record_kind::output, 1,
           encode(journal::output_payload{
               journal::encode(result<std::string>(fail(cancelled_error()))), caller}));
    take_finished(id);
  }
}

/// Records it and does it; what follows is the pump's.
void object_machine::act(const invocation_id& invocation, const journal::operator_payload& action) {
  using verb = journal::operator_verb;
  append(invocation, record_kind::operator_action, 0, encode(action));
  log::info("operator_action", {{"object", state_.id.text()},
                                {"action", name_of(action.verb)},
                                {"step", action.step},
                                {"who", action.who},
                                {"role", action.role},
                                {"via", action.via},
                                {"reason", action.reason},
                                {"wanted", action.wanted},
                                {"target", action.target},
                                {"outcome", action.outcome},
                                {"id", action.id}});
  switch (action.verb) {
  case verb::pause:
  case verb::resume:
    hold_effects();
    break;
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
  case verb::happened_unverified:
  case verb::not_happened_unverified:
    believe(invocation, action);
    break;
  case verb::erase:
    if (service_ != nullptr && service_->erase)
      if (auto values = service_->erase(state_); !values.empty())
        append({}, record_kind::event, 0,
               encode(journal::event_payload{"erased", std::move(values)}));
    break;
  case verb::purge:  // Folded: nothing is left.
  case verb::cancel: // What it begins is an input of its own.
  case verb::ack:
  case verb::note:
    break;
  }
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
      apply(key, it->second.machine->on_operator(action.verb, action.wanted == "force_probe"));
}

std::optional<std::int64_t> object_machine::due() const {
  std::optional<std::int64_t> due;
  auto earlier = [&](std::int64_t at) {
    if (!due || at < *due)
      due = at;
  };
  if (const auto end = journal::pause_end(state_))
    earlier(steady_due(end->recorded_at, end->due));
  for (const auto& [id, e] : executions_)
    if (const auto* live = state_.find_live(id); !e->paused() && live != nullptr && !is_held(*live))
      for (const auto& [completion, at] : e->sleeps())
        earlier(at);
  for (const auto& [key, effect] : effects_)
    if (auto at = effect.machine->due())
      earlier(*at);
  // One whose time has come and that still has not begun waits for its turn, not for a time.
  for (const auto& i : state_.live)
    if (!is_held(i))
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

// ── What is recorded ────────────────────────────────────────────────────────────────────────────

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
  const auto* endpoint = env_.vendors.find(op.vendor);
  if (endpoint != nullptr)
    p.target = endpoint->fingerprint();
  if (!op.key_header.empty())
    p.key = idempotency_key(env_.hub, state_.id, step, attempt);
  const auto doubt = providers::doubt_of(op, endpoint);
  p.policy = static_cast<std::uint8_t>(doubt.policy);
  p.deadline_ms = op.deadline_ms;
  p.absence_after_ms = doubt.absence_after_ms;
  p.key_life_ms = doubt.key_life_ms;
  p.event_wait_ms = doubt.event_wait_ms;
  p.after_event = static_cast<std::uint8_t>(doubt.after_event);
  if (doubt.policy != doubt_policy::may_repeat) {
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
  return hex_of(env_.hub);
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

bool object_machine::is_ephemeral(const object_id& target, std::string_view handler) const {
  const auto* h = services_.find(target.service, handler);
  return h != nullptr && h->ephemeral;
}

bool object_machine::passes_pause(const object_id& target, std::string_view handler) const {
  const auto* h = services_.find(target.service, handler);
  return h != nullptr && h->passes_pause;
}

} // namespace orderhub::durable
