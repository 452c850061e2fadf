#include "actors/host/hosted_object.hpp"

#include "actors/host/guard.hpp"
#include "actors/host/memory.hpp"
#include "actors/host/response.hpp"
#include "journal/base/log.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace orderhub::host {

namespace {

call_response unreadable() {
  return failure(500, "The stored state of this object cannot be read. It was left as it is; run "
                      "`orderhub journal verify`.");
}

/// How long the id of an action is known.
constexpr std::int64_t action_id_ms = 24LL * 3600 * 1000;

const journal::operator_entry* same_action(const journal::object_state& state,
                                           const journal::operator_payload& action, unix_ms now) {
  if (action.id.empty())
    return nullptr;
  const auto it =
      std::find_if(state.operators.rbegin(), state.operators.rend(), [&](const auto& o) {
        return o.action.id == action.id && o.at + action_id_ms > now;
      });
  return it == state.operators.rend() ? nullptr : &*it;
}

bool is_repeat(const journal::operator_payload& a, const journal::operator_payload& b) {
  return a.verb == b.verb && a.step == b.step && a.reason == b.reason && a.evidence == b.evidence &&
         a.wanted == b.wanted;
}

bool asked_from_outside(const object_event& event) {
  return std::holds_alternative<external_input>(event) ||
         std::holds_alternative<awakeable_input>(event) ||
         std::holds_alternative<operator_input>(event);
}

} // namespace

std::string_view name_of(const object_event& event) {
  static constexpr std::array<std::string_view, 10> names = {
      "input", "message", "awakeable", "operator", "answer",
      "place", "durable", "tick",      "wake",     "activation_failed"};
  static_assert(names.size() == std::variant_size_v<object_event>);
  return names.at(event.index());
}

void refuse(host_context& shared, object_event& event, const call_response& response) {
  if (auto* in = std::get_if<external_input>(&event); in != nullptr && in->to)
    std::exchange(in->to, nullptr)->finished(response);
  else if (auto* awakeable = std::get_if<awakeable_input>(&event);
           awakeable != nullptr && awakeable->to)
    std::exchange(awakeable->to, nullptr)->finished(response);
  else if (auto* action = std::get_if<operator_input>(&event); action != nullptr && action->to)
    std::exchange(action->to, nullptr)->finished(response);
  else if (auto* place = std::get_if<place_offered>(&event))
    shared.gate->not_taken(place->offer);
}

// ── From activation to passivation ───────────────────────────────────────────────────────────

void hosted_object::begin(activation who) {
  leave();
  failed_ = false;
  who_ = std::move(who);
  left_ = false;
  sources_.clear();
  untold_.clear();
  now_ = {};
  in_hand_.reset();
}

void hosted_object::leave() {
  left_ = true;
  machine_.reset();
}

bool hosted_object::load() {
  auto state = shared_.journal.load(who_.object);
  if (!state) {
    if (!shared_.journal.set_aside(who_.object)) // Which the journal has named, once.
      log::error("object_unreadable",
                 {{"object", who_.object.text()}, {"reason", state.error().message}});
    return false;
  }
  state->id = who_.object;
  machine_ = std::make_unique<durable::object_machine>(std::move(*state), shared_.services,
                                                       shared_.journal, shared_.env);
  machine_->activate();
  return true;
}

bool hosted_object::all_durable() {
  std::erase_if(sources_, [](const turn_ref& s) { return s.is_durable(); });
  return !turns_out() && sources_.empty();
}

bool hosted_object::may_leave(const leave_terms& terms) {
  if (left_ || failed_)
    return false;
  if (!machine_)
    return true; // It cannot be read.
  memory_facts facts(*machine_);
  facts.all_durable = all_durable();
  facts.draining = terms.draining;
  facts.quiet = terms.quiet;
  if (const auto wanted = due())
    facts.due_in_ms = *wanted - shared_.env.time.steady_ms();
  facts.stays_ms = terms.stays_ms;
  return may_leave_memory(facts);
}

// ── One event ────────────────────────────────────────────────────────────────────────────────

void hosted_object::handle(object_event& event, turn_ref source) {
  guarded_or(
      "object", [&] { take(event, source); }, [&](std::string_view why) { fail(event, why); });
}

void hosted_object::take(object_event& event, const turn_ref& source) {
  if (!source.is_durable())
    sources_.push_back(source);
  if (!machine_ && !load()) {
    refuse(shared_, event, unreadable());
    return;
  }
  // Its row was damaged while it lived: what is out is finished, but nothing new is taken that
  // the next incarnation could not go on with.
  if (asked_from_outside(event) && shared_.journal.set_aside(who_.object))
    refuse(shared_, event, unreadable());
  else
    std::visit([this](auto& e) { on(e); }, event);
  flush();
}

void hosted_object::on(external_input& in) {
  using kind = durable::verdict_kind;
  const auto verdict = machine_->on_input(in.invocation, std::move(in.input));
  take_in(in, verdict);
  // The journal may have stopped while this was done, and those who waited then been told.
  const bool waits = verdict.kind == kind::accepted || verdict.kind == kind::known;
  if (waits && shared_.admission.stalled())
    for (auto& to : shared_.waiters.take_not_durable(verdict.invocation))
      to->finished(not_stored(shared_.admission.why_stalled()));
}

void hosted_object::take_in(external_input& in, const durable::input_verdict& verdict) {
  using kind = durable::verdict_kind;
  switch (verdict.kind) {
  case kind::accepted:
    now_.inputs.push_back(verdict.invocation);
    if (in.held)
      now_.held.push_back(std::move(in.held));
    if (in.one_way) {
      shared_.waiters.add_for_acceptance(verdict.invocation, std::move(in.to),
                                         accepted(verdict.invocation, false));
    } else {
      in.to->accepted(verdict.invocation.text());
      shared_.waiters.add(verdict.invocation, std::move(in.to), false);
    }
    return;
  case kind::known:
    if (in.one_way)
      accept_again(verdict.invocation, std::move(in.to));
    else
      join(verdict.invocation, std::move(in.to));
    return;
  case kind::conflict:
    std::exchange(in.to, nullptr)
        ->finished(failure(422, "This idempotency-key was used with another request body. Use "
                                "a new key, or send the same body."));
    return;
  case kind::full:
    std::exchange(in.to, nullptr)
        ->finished(
            failure(429, "Too many calls wait for " + who_.object.text() + ". Try again later."));
    return;
  case kind::refused: {
    auto response = failure(status_of(verdict.why), verdict.why.message);
    if (!verdict.invocation.empty())
      response.invocation_id = verdict.invocation.text();
    std::exchange(in.to, nullptr)->finished(std::move(response));
    return;
  }
  case kind::failed:
    std::exchange(in.to, nullptr)->finished(failure(500, verdict.why.message));
    return;
  }
}

void hosted_object::accept_again(const invocation_id& id, responder_ptr to) {
  shared_.waiters.add_for_acceptance(id, std::move(to), accepted(id, true));
  look_whether_durable(id);
}

/// First they wait, then this looks: what becomes durable between the two is seen by one of them.
void hosted_object::look_whether_durable(const invocation_id& id) {
  auto known = shared_.journal.knows_invocation(id);
  if (known && *known)
    tell_input_durable(shared_, id);
}

/// Waits for an invocation that is known already, or answers at once where it has ended.
void hosted_object::join(const invocation_id& id, responder_ptr to) {
  to->accepted(id.text());
  if (machine_->state().find_live(id) != nullptr) {
    // Where it is not on disk, a journal that takes no writes answers both.
    shared_.waiters.add(id, std::move(to), false);
    look_whether_durable(id);
    return;
  }
  // Ended, perhaps in memory only, its turn on the way to the disk. First wait, then look: an end
  // between the two is seen by one of them.
  shared_.waiters.add(id, to, false);
  look_whether_durable(id);
  auto row = shared_.journal.find_invocation(id);
  if (!row && shared_.waiters.remove(id, to)) {
    to->finished(failure(500, row.error().message));
    return;
  }
  if (!row || !*row || !(*row)->invocation.finished || !shared_.waiters.remove(id, to))
    return;
  to->finished(response_of_ended((*row)->invocation));
}

void hosted_object::on(awakeable_input& in) {
  call_response response;
  response.status = 202;
  switch (machine_->on_awakeable(in.id, std::move(in.value))) {
  case durable::awakeable_verdict::completed:
  case durable::awakeable_verdict::already:
    break;
  case durable::awakeable_verdict::unknown:
    response = failure(404, "There is no such awakeable.");
    break;
  }
  respond_when_durable(in.to, std::move(response));
}

namespace {

/// Of what an action begins the record is about, where that lasts; an event that it began (a
/// refused label that is bought now) has ended, and the record is the object's.
invocation_id about(const operator_input& in) {
  const bool is_event = !in.begins.empty() && in.action.verb != journal::operator_verb::cancel;
  return is_event ? invocation_id() : in.invocation;
}

} // namespace

void hosted_object::on(operator_input& in) {
  call_response response;
  response.status = 202;
  if (const auto* before = same_action(machine_->state(), in.action, shared_.env.time.now())) {
    if (!is_repeat(before->action, in.action))
      response = failure(409, "Under this id another action was recorded.");
  } else if (const auto moved = std::find_if(in.unchanged.begin(), in.unchanged.end(),
                                             [&](const auto& seen) { return has_moved(seen); });
             moved != in.unchanged.end()) {
    response = failure(412, moved->object.text() + " has had another record since.");
  } else if (auto begun = begin_for(in); begun) {
    response = std::move(*begun);
  } else if (!machine_->on_operator(about(in), in.action)) {
    response =
        failure(404, "Nothing of " + who_.object.text() + " is open that this could be about.");
  }
  respond_when_durable(in.to, std::move(response));
}

/// Of this object, what is on its way to the disk counts, and what its activation has recorded just
/// now. (Its last turn may be committed and not be counted as durable for a moment: then it is said
/// to have moved, and whoever looks again sees that it has.)
bool hosted_object::has_moved(const seen_object& seen) {
  if (seen.object == who_.object && (!all_durable() || machine_->has_recorded()))
    return true;
  const auto now = shared_.journal.load(seen.object);
  return !now || now->folded_to != seen.version;
}

/// Nothing: it has begun, or nothing is to be begun. Else why it has not.
std::optional<call_response> hosted_object::begin_for(const operator_input& in) {
  if (in.begins.empty())
    return std::nullopt;
  const auto* handler = shared_.services.find(who_.object.service, in.begins);
  if (handler == nullptr)
    return failure(404, who_.object.service + " has no handler " + in.begins + ".");
  journal::input_payload input;
  input.handler = in.begins;
  input.revision = handler->revision;
  input.shared = handler->mode == durable::handler_mode::shared;
  input.passes_pause = handler->passes_pause;
  if (handler->validate) {
    auto body = handler->validate(who_.object.key, {});
    if (!body)
      return failure(status_of(body.error()), body.error().message);
    input.body = std::move(*body);
  }
  const auto verdict = machine_->on_input(in.invocation, std::move(input));
  switch (verdict.kind) {
  case durable::verdict_kind::accepted:
  case durable::verdict_kind::known:
    return std::nullopt;
  case durable::verdict_kind::full:
    return failure(429, "Too many calls of " + who_.object.text() + " wait for their turn.");
  default:
    return failure(status_of(verdict.why), verdict.why.message);
  }
}

void hosted_object::respond_when_durable(responder_ptr& to, call_response response) {
  now_.responses.push_back(shared_.responses.add(std::exchange(to, nullptr), std::move(response)));
  // As for an input: the journal may have stopped meanwhile.
  if (shared_.admission.stalled())
    if (auto r = shared_.responses.take(now_.responses.back()))
      r->to->finished(not_stored(shared_.admission.why_stalled()));
}

void hosted_object::on(vendor_outcome& a) {
  // The numbers of an object's calls begin anew with each incarnation, and an answer to a call of
  // an earlier one may be another call's.
  if (a.incarnation != who_.incarnation)
    return;
  if (!a.reading)
    if (auto reader = machine_->reader_of(a.ref, a.outcome)) {
      host_.read_apart(std::move(*reader), std::move(a));
      return;
    }
  machine_->on_outcome(a.ref, a.outcome, a.reading ? &*a.reading : nullptr);
}

void hosted_object::on(place_offered& p) {
  // The machine asks again, and has the place then; one that it does not want is the next one's.
  machine_->on_place(p.offer.who);
  shared_.gate->not_taken(p.offer);
}

void hosted_object::on(activation_failed& f) {
  if (f.incarnation == who_.incarnation)
    throw std::runtime_error(f.why);
}

// ── What follows ─────────────────────────────────────────────────────────────────────────────

void hosted_object::flush() {
  auto out = machine_->take();
  auto ready = std::exchange(now_, {});
  const bool is_from_outside = !ready.inputs.empty() || !ready.responses.empty();
  const bool is_grounded = !is_from_outside && grounded();
  pending_output early;
  for (auto& call : out.calls)
    (call.early && is_grounded ? early : ready).calls.push_back(std::move(call));
  ready.finished = std::move(out.finished);
  out.turn.followed = !early.empty();
  switch (when_it_leaves(!out.turn.records.empty(), !ready.empty(), turns_out())) {
  case leaving::behind_turn:
    append(std::move(out.turn), std::move(ready));
    break;
  case leaving::at_once:
    host_.release_now(ready);
    break;
  case leaving::nothing:
    break;
  }
  if (!early.empty())
    host_.release_now(early);
  // The turn has its place in the log, so whatever these cause comes after it.
  for (const auto& m : out.messages)
    untold_.push_back(target_of(m));
  for (auto& m : out.messages) {
    auto target = target_of(m);
    host_.deliver(std::move(target), std::move(m), {durable_, appended_, is_grounded});
    untold_.erase(untold_.begin());
  }
  host_.wake_at(due());
}

void hosted_object::append(journal::turn turn, pending_output what) {
  if (!what.inputs.empty() || !what.responses.empty())
    from_outside_ = appended_ + 1;
  what.durable = durable_;
  what.tell = machine_->state().live.empty();
  in_hand_ = std::make_shared<pending_output>(std::move(what));
  host_.append(std::move(turn), in_hand_);
  in_hand_.reset(); // The host's now.
  ++appended_;
}

/// What came from outside, here or where messages to this object come from, is on disk, and more
/// can be written.
bool hosted_object::grounded() const {
  return durable_->load() >= from_outside_ && !shared_.admission.stalled() &&
         std::all_of(sources_.begin(), sources_.end(),
                     [](const turn_ref& s) { return s.grounded || s.is_durable(); });
}

// ── An activation that fails ─────────────────────────────────────────────────────────────────

/// What is in memory may be half of something: it goes, and the object is built anew from the
/// journal when all it has appended is there. Whoever waits for an invocation goes on waiting;
/// whose input or word is in no turn is told.
void hosted_object::fail(object_event& event, std::string_view why) {
  ++shared_.failures;
  pending_output lost = std::exchange(now_, {});
  if (in_hand_)
    lost = std::move(*std::exchange(in_hand_, nullptr));
  failed_ = true;
  machine_.reset();
  tell_failed(name_of(event), why);
  shared_.gate->forget(who_.object);
  give_up(shared_, lost);
  refuse(shared_, event, not_taken());
}

void hosted_object::tell_failed(std::string_view event, std::string_view why) {
  host_.failed({who_, std::string(event), std::string(why), untold_});
  failed_ = false;
  untold_.clear();
  leave();
}

void hosted_object::report_failure() {
  if (failed_)
    guarded("object", "failure", [&] { tell_failed("failure", "no memory to say so before"); });
}

} // namespace orderhub::host
