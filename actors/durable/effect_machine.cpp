#include "actors/durable/effect_machine.hpp"

#include "actors/durable/effect_standing.hpp"
#include "actors/durable/idempotency_key.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "providers/policy/answer.hpp"
#include "providers/policy/answer_trace.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/policy/retry.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace orderhub::durable {

using journal::note_kind;
using providers::doubt_policy;
using providers::transport_outcome;

namespace {

/// A vendor that answers the same server error for so long may have stored it under the key.
constexpr std::int64_t stored_after_ms = 60'000;
/// After so many failures in a row a person is shown short waits too.
constexpr int shown_after = 3;
/// Without a gate, what the vendor's credential forbids is tried again once a minute.
constexpr std::int64_t probe_ms = 60'000;
/// Where the queue for places is full.
constexpr providers::retry_policy full_queue_retry{10'000, 30'000, 0};
/// Where a success that cannot be read may be repeated: how often, and the first pause, five times
/// as long each time up to an hour. About five hours: a box between that answers for the vendor is
/// noticed by then, and nobody gets the same mail every half minute from one that is not.
constexpr std::uint32_t unread_max = 8;
constexpr std::int64_t unread_pause_ms = 1'000;
constexpr std::int64_t unread_pause_max_ms = 3'600'000;
constexpr std::size_t text_max = 500;
constexpr std::size_t evidence_max = std::size_t{64} * 1024;

bool says_nothing_is_out(std::optional<note_kind> position) {
  return position && *position != note_kind::resend;
}

} // namespace

effect_machine::effect_machine(effect_start start, const object_id& object, const environment& env)
    : start_(std::move(start)), object_(object), env_(env), cancel_(start_.cancelled) {
  // What left, or may have left, are the intent's bytes. `may_repeat` journals none.
  if (start_.recovered && !start_.intent.method.empty())
    start_.operation.request = request_in(start_.intent);
}

// ── What is known ───────────────────────────────────────────────────────────────────────────────

void effect_machine::note(note_kind kind, unix_ms at, std::string text) {
  cut_text(text, kind == note_kind::evidence ? evidence_max : text_max);
  if (journal::is_position(kind)) {
    position_ = kind;
    position_text_ = text;
  }
  const auto tries =
      kind == note_kind::lookup_at ? std::max(lookup_failures_, running_) : failures_;
  notes_.push_back({kind, generation_, at, std::move(text), sends_, left_recorded_, rounds_,
                    static_cast<std::uint32_t>(tries), static_cast<std::uint16_t>(same_status_),
                    same_status_since_, stored_});
}

journal::vendor_answer effect_machine::trace_of(const transport_outcome& outcome) {
  constexpr std::int64_t longest = std::numeric_limits<std::uint32_t>::max();
  journal::vendor_answer a;
  a.took_ms = static_cast<std::uint32_t>(std::clamp<std::int64_t>(outcome.took_ms, 0, longest));
  if (outcome.kind != providers::outcome_kind::response)
    return a;
  const auto& body = outcome.response.body;
  const auto hash = sha256_of(body);
  a.status = static_cast<std::uint16_t>(outcome.response.status);
  a.body_size = static_cast<std::uint32_t>(body.size());
  a.request_id = providers::request_id_of(outcome.response);
  a.body_hash.assign(reinterpret_cast<const char*>(hash.data()), journal::answer_hash_size);
  return a;
}

void effect_machine::note_answer(const transport_outcome& outcome, std::string_view kind,
                                 const error& why) {
  const bool is_response = outcome.kind == providers::outcome_kind::response;
  journal::answer_note n;
  n.answer = trace_of(outcome);
  n.is_lookup = std::holds_alternative<looking_up>(phase_);
  n.kind = kind;
  if (is_response && why.where.empty()) // A look-up that says something.
    n.rule = start_.operation.name;
  else
    n.rule = is_response
                 ? why.where + ": " + why.message
                 : (outcome.kind == providers::outcome_kind::lost ? "transport.lost: "
                                                                  : "transport.not_sent: ") +
                       outcome.reason;
  constexpr std::size_t rule_max = 128;
  cut_text(n.rule, rule_max);
  if (is_response)
    n.excerpt = providers::redacted(outcome.response.body, journal::answer_excerpt_max);
  journal::note_payload p;
  p.kind = note_kind::answered;
  p.at = now();
  p.attempt = generation_;
  p.sends = sends_;
  p.text = encode(n);
  answer_note_ = std::move(p);
}

std::vector<journal::note_payload> effect_machine::take_notes(bool is_end) {
  auto notes = std::exchange(notes_, {});
  if (answer_note_ && (is_end || !notes.empty())) {
    notes.insert(notes.begin(), std::move(*answer_note_));
    answer_note_.reset();
  }
  return notes;
}

doubt_policy effect_machine::policy() const {
  return policy_now(start_.intent, event_waited_);
}

std::string effect_machine::key() const {
  auto base = key_of_generation(start_.intent.key, generation_);
  if (env_.unstable_keys_for_test)
    base += '-' + std::to_string(env_.random.below(1U << 30U));
  return base;
}

providers::http_request effect_machine::request() const {
  const auto& op = start_.operation;
  return generation_ > 1 && op.regenerate != nullptr ? op.regenerate(op.request, generation_)
                                                     : op.request;
}

providers::sent_request effect_machine::sent() const {
  return {request(), key(), first_sent_at_, window_begin(), window_end(), start_.intent.target};
}

place_request effect_machine::place(bool lookup) const {
  return {object_,
          {start_.invocation, start_.index, 0},
          start_.intent.vendor,
          lookup ? start_.operation.lookup_class : start_.operation.call_class,
          lookup,
          start_.operation.compensates,
          lookup ? std::string_view() : std::string_view(start_.operation.limit_key),
          lookup && lookup_goes_on(),
          forces_probe_,
          !lookup && start_.operation.gives_way && !doubt_};
}

bool effect_machine::learn(vendor_finding what, const error& why) const {
  if (env_.gate == nullptr)
    return false;
  const bool lookup = std::holds_alternative<looking_up>(phase_);
  const auto& op = start_.operation;
  return env_.gate->learned({start_.intent.vendor, lookup ? op.lookup_class : op.call_class, lookup,
                             lookup ? std::string_view() : std::string_view(op.limit_key), what,
                             why.message, granted_at_, why.retry_after_ms});
}

/// A call that did not leave, or had no answer. Want of room in this process is no fault of its
/// vendor's.
void effect_machine::learn_unanswered(const transport_outcome& outcome) const {
  if (cause_of(outcome.reason) != wait_cause::place)
    learn(vendor_finding::unreachable, {error_kind::unavailable, {}, outcome.reason});
}

void effect_machine::tell_board(std::string_view reason) {
  tell_board(cause_of(reason), reason);
}

void effect_machine::tell_board(wait_cause cause, std::string_view reason) {
  if (env_.board == nullptr)
    return;
  env_.board->waits(object_, start_.intent.name, start_.intent.vendor, cause, start_.accepted_at,
                    now(), reason);
  on_board_ = cause;
}

void effect_machine::leave_board() {
  if (env_.board != nullptr && std::exchange(on_board_, std::nullopt))
    env_.board->ended(object_, start_.intent.name);
}

/// It has its place: it waits for none any more.
void effect_machine::leave_queue_on_board() {
  if (on_board_ == wait_cause::place || on_board_ == wait_cause::limiter)
    leave_board();
}

bool effect_machine::parked() const {
  if (const auto* w = std::get_if<waiting>(&phase_))
    return w->durable;
  if (const auto* w = std::get_if<waiting_for_place>(&phase_)) {
    const auto cause = cause_of(position_text_);
    const bool is_next_soon = cause == wait_cause::place || cause == wait_cause::limiter;
    if (w->then == next::lookup && lookup_goes_on() && is_next_soon)
      return false;
    // No timer of the journal would bring it back at its step's deadline.
    return !gives_up_at();
  }
  return std::holds_alternative<waiting_for_person>(phase_);
}

/// While nothing of it is out; in doubt it never is.
std::optional<std::int64_t> effect_machine::gives_up_at() const {
  const auto after = start_.operation.retry.give_up_after_ms;
  if (after <= 0 || doubt_)
    return std::nullopt;
  return env_.time.steady_due(first_sent_at_, first_sent_at_ + after);
}

std::optional<std::int64_t> effect_machine::due() const {
  if (std::holds_alternative<waiting_for_place>(phase_))
    return gives_up_at();
  const auto* w = std::get_if<waiting>(&phase_);
  if (w == nullptr || (is_held() && w->then == next::send))
    return std::nullopt;
  return w->due;
}

// ── Steps ───────────────────────────────────────────────────────────────────────────────────────

effect_step effect_machine::send() {
  if (is_held())
    return wait_for_place(next::send, {place_verdict::queued, "paused by an operator"});
  // While it waited the vendor may have forgotten the key: another effect then, not a repetition.
  if (doubt_ && policy() == doubt_policy::replay_key && (stored_ || !key_alive())) {
    stored_ = true;
    if (start_.operation.lookup == nullptr)
      return missed("it may have happened, its key is not known any more, and it cannot be "
                    "looked up");
    absent_ = 0;
    return lookup();
  }
  if (env_.gate != nullptr)
    if (auto place_now = env_.gate->ask(place(false)); place_now.verdict != place_verdict::granted)
      return place_now.down && start_.operation.gives_way && !doubt_
                 ? give_way(std::move(place_now.why))
                 : wait_for_place(next::send, place_now);
  leave_queue_on_board();
  phase_ = sending{};
  granted_at_ = steady();
  ++sends_;
  // Where the journal says that nothing is out, that must change before a byte leaves.
  if (says_nothing_is_out(position_))
    note(note_kind::resend, now(), position_text_);
  const auto& op = start_.operation;
  effect_step s;
  s.kind = effect_step_kind::send;
  s.request = request();
  if (!op.key_header.empty())
    s.request.headers.emplace_back(std::string(op.key_header), key());
  s.deadline_ms = start_.intent.deadline_ms;
  s.call_class = op.call_class;
  s.fresh = lost_;
  s.may_multiplex = !op.has_effect || policy() == doubt_policy::replay_key;
  s.early = op.early && !op.has_effect;
  s.notes = take_notes();
  return s;
}

effect_step effect_machine::go(next what) {
  switch (what) {
  case next::send:
    return send();
  case next::lookup:
    return run_.page ? lookup_page() : lookup();
  case next::after_event:
    event_waited_ = true;
    return resolve({error_kind::in_doubt, std::string(start_.operation.name),
                    "no event has said what became of it"},
                   true);
  }
  return stay();
}

/// Another vendor does it. Nothing of it is out.
effect_step effect_machine::give_way(std::string why) {
  env_.gate->withdraw(place(false));
  return complete(
      fail({error_kind::unavailable, std::string(start_.operation.name), std::move(why)}));
}

effect_step effect_machine::wait_for_place(next then, const place_answer& why) {
  if (why.verdict == place_verdict::full)
    return wait(
        providers::backoff_ms(full_queue_retry, 0, full_queue_retry.initial_ms / 2, env_.random),
        then, why.why);
  phase_ = waiting_for_place{then};
  tell_board(why.why);
  if (position_ != note_kind::waiting || position_text_ != why.why)
    note(note_kind::waiting, 0, why.why);
  return stay();
}

/// A wait of more than a moment is a durable timer: the object need not stay in memory for it. A
/// moment that comes again and again is journaled for whoever asks what the object waits for.
effect_step effect_machine::wait(std::int64_t for_ms, next then, std::string reason) {
  if (for_ms > env_.durable_wait_ms)
    return wait_durably(for_ms, then, std::move(reason));
  if (!reason.empty() && std::max(failures_, lookup_failures_) >= shown_after)
    note_wait(for_ms, then, std::move(reason));
  phase_ = waiting{steady() + for_ms, then, false};
  return stay();
}

void effect_machine::note_wait(std::int64_t for_ms, next then, std::string reason) {
  const auto kind = then == next::send     ? note_kind::retry_at
                    : then == next::lookup ? note_kind::lookup_at
                                           : note_kind::event_wait;
  tell_board(reason);
  note(kind, now() + for_ms, std::move(reason));
}

effect_step effect_machine::wait_durably(std::int64_t for_ms, next then, std::string reason) {
  const auto length = std::max<std::int64_t>(for_ms, 0);
  note_wait(length, then, std::move(reason));
  phase_ = waiting{steady() + length, then, true};
  return stay();
}

effect_step effect_machine::wait_until(std::int64_t due, next then) {
  phase_ = waiting{std::max(due, steady()), then, true};
  return stay();
}

effect_step effect_machine::wait_for_person() {
  phase_ = waiting_for_person{};
  tell_board(wait_cause::person, person_ ? *person_ : std::string());
  return stay();
}

effect_step effect_machine::stay() {
  effect_step s;
  s.notes = take_notes();
  return s;
}

void effect_machine::doubts(unix_ms since) {
  doubt_ = true;
  if (doubt_since_ == 0)
    doubt_since_ = since;
}

void effect_machine::doubt_ends(doubt_end how) {
  const auto since = std::exchange(doubt_since_, 0);
  if (since == 0 || env_.metrics == nullptr)
    return;
  env_.metrics->doubt_ended(start_.intent.vendor, start_.operation.name,
                            std::exchange(asked_by_person_, false) ? doubt_end::person : how, since,
                            now());
}

effect_step effect_machine::complete(result<std::string> value) {
  doubt_ends(evidence_ ? doubt_end::adopted : doubt_end::repeated);
  leave_queue();
  leave_board();
  phase_ = done{};
  effect_step s;
  s.kind = effect_step_kind::complete;
  s.value = std::move(value);
  s.notes = take_notes(true);
  return s;
}

effect_step effect_machine::missed(std::string why) {
  doubt_ends(doubt_end::missed);
  return complete(fail({error_kind::missed, std::string(start_.operation.name), std::move(why)}));
}

std::optional<effect_step> effect_machine::ended_by_cancel() {
  if (!cancel_)
    return std::nullopt;
  if (!doubt_)
    return complete(fail({error_kind::cancelled, std::string(start_.operation.name),
                          "cancelled before anything happened", 409}));
  if (policy() == doubt_policy::may_repeat)
    return missed("cancelled; it may have happened");
  return std::nullopt;
}

effect_step effect_machine::cancelled_without_effect() {
  return complete(fail({error_kind::cancelled, std::string(start_.operation.name),
                        "cancelled; nothing that counts can have happened", 409}));
}

void effect_machine::leave_queue() {
  if (const auto* w = std::get_if<waiting_for_place>(&phase_); w != nullptr && env_.gate != nullptr)
    env_.gate->withdraw(place(w->then == next::lookup));
}

void effect_machine::left_now() {
  left_at_ = steady();
  left_recorded_ = now();
}

void effect_machine::call_a_person(std::string why, unix_ms goes_on_at) {
  person_ = why;
  note(note_kind::needs_person, goes_on_at, std::move(why));
}

// ── Outcomes ────────────────────────────────────────────────────────────────────────────────────

/// The vendor's clock is read from its answers as they come.
void effect_machine::note_clock(const transport_outcome& outcome) {
  if (outcome.kind == providers::outcome_kind::response && env_.vendor_clocks != nullptr)
    env_.vendor_clocks->note(start_.intent.vendor, outcome.response, now(), steady());
}

std::optional<providers::answer_reader>
effect_machine::reader_of(const transport_outcome& outcome) {
  if (!calling() || outcome.kind != providers::outcome_kind::response ||
      outcome.response.body.size() <= providers::quickly_read_size_max)
    return std::nullopt;
  note_clock(outcome);
  return providers::answer_reader{start_.operation, sent(),
                                  std::holds_alternative<looking_up>(phase_)};
}

effect_step effect_machine::on_outcome(const transport_outcome& outcome,
                                       const providers::answer_reading* reading) {
  if (reading == nullptr)
    note_clock(outcome);
  if (std::holds_alternative<looking_up>(phase_))
    return read_page(outcome, reading);
  if (!std::holds_alternative<sending>(phase_))
    return stay();
  switch (outcome.kind) {
  case providers::outcome_kind::response:
    return answered(outcome, reading);
  case providers::outcome_kind::not_sent:
    note_answer(outcome, name_of(error_kind::unavailable), {});
    if (outcome.is_credential_refused) {
      const error refused{error_kind::misconfigured, std::string(start_.operation.name),
                          outcome.reason};
      learn(vendor_finding::misconfigured, refused);
      return misconfigured(refused, next::send);
    }
    learn_unanswered(outcome);
    return retry({error_kind::unavailable, std::string(start_.operation.name), outcome.reason},
                 false);
  case providers::outcome_kind::lost:
    break;
  }
  learn_unanswered(outcome);
  note_answer(outcome, name_of(error_kind::in_doubt), {});
  lost_ = true;
  left_now();
  return resolve({error_kind::in_doubt, std::string(start_.operation.name), outcome.reason}, false);
}

effect_step effect_machine::answered(const transport_outcome& outcome,
                                     const providers::answer_reading* reading) {
  const auto& response = outcome.response;
  auto value = reading != nullptr ? std::get<result<std::string>>(*reading)
                                  : providers::read_answer(start_.operation, sent(), response);
  if (value) {
    learn(vendor_finding::reached, {});
    auto s = complete(std::move(value));
    s.answer = trace_of(outcome);
    return s;
  }
  auto& why = value.error();
  note_answer(outcome, name_of(why.kind), why);
  const bool held_back = learn(why.kind == error_kind::misconfigured ? vendor_finding::misconfigured
                               : providers::meets_limit(response, why) ? vendor_finding::limited
                               : response.status >= 500                ? vendor_finding::unreachable
                                                                       : vendor_finding::reached,
                               why);
  switch (why.kind) {
  case error_kind::unavailable:
    return retry(std::move(why), held_back);
  case error_kind::misconfigured:
    return misconfigured(why, next::send);
  case error_kind::in_doubt:
    left_now();
    unread_ = response.status < 300;
    if (response.status >= 500) {
      if (same_status_ != response.status) {
        same_status_ = response.status;
        same_status_since_ = now();
      }
      stored_ = stored_ || steady() >= env_.time.steady_due(same_status_since_,
                                                            same_status_since_ + stored_after_ms);
    } else {
      same_status_ = 0;
    }
    return resolve(why, false);
  case error_kind::in_doubt_stored:
    left_now();
    stored_ = true;
    return resolve(why, false);
  case error_kind::done_before:
    if (evidence_)
      return complete(std::move(*evidence_));
    left_now();
    if (!refused_) {
      rounds_ = 0;
      note(note_kind::done_before, now(), why.message);
    }
    refused_ = true;
    doubts(now());
    if (start_.operation.lookup == nullptr)
      return missed("refused as done before, and it cannot be looked up: " + why.message);
    absent_ = 0;
    return lookup();
  case error_kind::invalid:
    // A request refused now says nothing of an earlier one that may have taken effect.
    if (doubt_ && start_.operation.lookup != nullptr) {
      left_now();
      stored_ = true;
      return resolve(why, false);
    }
    return complete(std::move(value));
  default:
    return complete(std::move(value));
  }
}

/// Nothing happened this time. (What an earlier send may have done is still open if `doubt_`.)
/// `held_back`: the gate knows when the next one may go. It forgets with the process, so a wait
/// that the vendor asked for is noted in the journal where it is a long one.
effect_step effect_machine::retry(error why, bool held_back) {
  ++failures_;
  if (evidence_)
    return complete(std::move(*evidence_));
  if (auto ended = ended_by_cancel())
    return std::move(*ended);
  const auto& policy = start_.operation.retry;
  if (policy.give_up_after_ms > 0 && !doubt_ && now() - first_sent_at_ >= policy.give_up_after_ms)
    return complete(fail(std::move(why)));
  if (held_back && why.retry_after_ms <= env_.durable_wait_ms)
    return send();
  const auto delay = providers::backoff_ms(policy, failures_ - 1, why.retry_after_ms, env_.random);
  return wait(delay, next::send, std::move(why.message));
}

/// Nothing will happen until a setting has changed; the gate lets one call a minute try.
effect_step effect_machine::misconfigured(const error& why, next then) {
  if (evidence_)
    return complete(std::move(*evidence_));
  if (auto ended = ended_by_cancel())
    return std::move(*ended);
  run_.page.reset();
  if (env_.gate == nullptr)
    return wait(probe_ms, then, why.message);
  return go(then);
}

/// It may have happened. `at_once`: found open in the journal, so nothing was just tried.
effect_step effect_machine::resolve(const error& why, bool at_once) {
  ++failures_;
  if (evidence_)
    return complete(std::move(*evidence_));
  if (!doubt_)
    note(note_kind::doubt, now(), why.message);
  doubts(now());
  const auto& op = start_.operation;
  const auto delay =
      at_once ? 0 : providers::backoff_ms(op.retry, failures_ - 1, why.retry_after_ms, env_.random);
  switch (move_in_doubt(policy(), !stored_ && key_alive(), op.lookup != nullptr)) {
  case doubt_move::same_key:
    if (!at_once)
      return wait(delay, next::send, why.message);
    note(note_kind::resend, now(), "same key, same bytes");
    return send();
  case doubt_move::send_again:
    if (!op.has_effect) { // What it may have done does not count.
      doubt_ = false;
      doubt_since_ = 0;
    }
    if (auto ended = ended_by_cancel())
      return std::move(*ended);
    if (op.retry.give_up_after_ms > 0 && now() - first_sent_at_ >= op.retry.give_up_after_ms)
      return missed("given up; it may have happened: " + why.message);
    if (op.has_effect && std::exchange(unread_, false))
      return repeat_unread(why, delay);
    return wait(delay, next::send, why.message);
  case doubt_move::await_event:
    return wait(event_wait_ms(), next::after_event, why.message);
  case doubt_move::give_up:
    return missed(policy() == doubt_policy::may_miss
                      ? "it may have happened and by its policy is not repeated"
                      : "it may have happened and cannot be looked up");
  case doubt_move::look_up:
    break;
  }
  stored_ = true; // What has come to look-ups stays with them.
  absent_ = running_ = 0;
  if (!at_once && why.retry_after_ms > 0) {
    run_.page.reset();
    return wait(delay, next::lookup, why.message);
  }
  return lookup();
}

/// It was answered by what may be its success and cannot be read. It probably happened.
effect_step effect_machine::repeat_unread(const error& why, std::int64_t delay) {
  if (rounds_ >= unread_max)
    return missed("its answers cannot be read; it may have happened: " + why.message);
  auto pause = unread_pause_ms;
  for (std::uint32_t round = 0; round < rounds_ && pause < unread_pause_max_ms; ++round)
    pause *= 5;
  ++rounds_;
  return wait(std::max(delay, std::min(pause, unread_pause_max_ms)), next::send, why.message);
}

// ── From outside ────────────────────────────────────────────────────────────────────────────────

effect_step effect_machine::on_time() {
  if (std::holds_alternative<waiting_for_place>(phase_))
    if (const auto at = gives_up_at(); at && steady() >= *at)
      return complete(
          fail({error_kind::unavailable, std::string(start_.operation.name), position_text_}));
  const auto* w = std::get_if<waiting>(&phase_);
  if (w == nullptr || steady() < w->due)
    return stay();
  return go(w->then);
}

effect_step effect_machine::on_place() {
  const auto* w = std::get_if<waiting_for_place>(&phase_);
  return w == nullptr ? stay() : go(w->then);
}

effect_step effect_machine::on_cancel() {
  cancel_ = true;
  if (!start_.operation.has_effect)
    return cancelled_without_effect();
  if (calling())
    return stay();
  if (auto ended = ended_by_cancel())
    return std::move(*ended);
  if (std::holds_alternative<waiting_for_person>(phase_))
    return lookup(); // Perhaps it can be found by now.
  return held_ ? on_place() : stay();
}

effect_step effect_machine::on_evidence(const step_evidence& evidence) {
  if (std::holds_alternative<done>(phase_))
    return stay();
  if (!evidence.happened) {
    // The vendor's word that it failed is looked up before it is believed.
    const auto* w = std::get_if<waiting>(&phase_);
    if (doubt_ && start_.operation.lookup != nullptr &&
        ((w != nullptr && w->then != next::send) ||
         std::holds_alternative<waiting_for_person>(phase_)))
      return lookup();
    return stay();
  }
  if (calling()) {
    evidence_ = evidence.value; // What the call itself says counts, unless it says nothing.
    return stay();
  }
  doubt_ends(doubt_end::adopted);
  return complete(evidence.value);
}

effect_step effect_machine::on_operator(journal::operator_verb verb, bool force_probe) {
  if (verb == journal::operator_verb::not_happened_unverified)
    return disbelieved();
  if (calling() || std::holds_alternative<done>(phase_))
    return stay();
  forces_probe_ = force_probe && env_.gate != nullptr;
  struct once {
    bool& forces;
    ~once() { forces = false; }
  } const until_it_has_asked{forces_probe_};
  if (queued() && verb == journal::operator_verb::retry) {
    if (!forces_probe_)
      return stay(); // It is next in its queue already.
    return on_place();
  }
  rounds_ = 0;
  failures_ = lookup_failures_ = running_ = 0;
  person_.reset();
  const bool is_retry = verb == journal::operator_verb::retry;
  if (!is_retry) {
    if (!doubt_ || start_.operation.lookup == nullptr)
      return stay();
    leave_queue();
    // What a person says is looked up at the vendor before it is believed.
    refused_ = verb == journal::operator_verb::happened;
    asked_by_person_ = true;
    note(refused_ ? note_kind::done_before : note_kind::not_done_before, now(),
         "an operator says so");
  }
  const auto* w = std::get_if<waiting>(&phase_);
  const retry_standing stands{.in_doubt = doubt_,
                              .waits_for_event = w != nullptr && w->then == next::after_event,
                              .waits_for_person =
                                  std::holds_alternative<waiting_for_person>(phase_),
                              .is_refused = refused_};
  switch (is_retry ? move_of_retry(stands) : retry_move::look_up) {
  case retry_move::nothing:
    return stay();
  case retry_move::send:
    return send();
  case retry_move::end_event_wait:
    return go(next::after_event);
  case retry_move::look_up:
    note(note_kind::lookup_at, now(), "an operator asked for it");
    return lookup();
  case retry_move::by_policy:
    return resolve(
        {error_kind::in_doubt, std::string(start_.operation.name), "an operator asked for it"},
        true);
  }
  return stay();
}

/// A person's word that it did not happen, which nobody checked. What a look-up still says of it
/// does not count any more; a call that may do it does.
effect_step effect_machine::disbelieved() {
  if (!doubt_ || std::holds_alternative<sending>(phase_) || std::holds_alternative<done>(phase_))
    return stay();
  leave_queue();
  rounds_ = 0;
  lookup_failures_ = running_ = 0;
  person_.reset();
  run_.page.reset();
  if (std::exchange(refused_, false))
    note(note_kind::not_done_before, now(), "an operator says so, unchecked");
  asked_by_person_ = true;
  return proven_absent(std::string(unchecked_absence));
}

effect_step effect_machine::hold(bool held) {
  if (std::exchange(held_, held) == held)
    return stay();
  const auto* w = std::get_if<waiting_for_place>(&phase_);
  if (w == nullptr || w->then != next::send)
    return stay();
  if (held)
    leave_queue();
  return on_place();
}

effect_step effect_machine::park() {
  if (const auto* w = std::get_if<waiting>(&phase_); w != nullptr && !w->durable)
    return wait_durably(w->due - steady(), w->then, "its invocation is paused");
  leave_queue();
  leave_board();
  return stay();
}

} // namespace orderhub::durable
