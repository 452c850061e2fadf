#include "actors/durable/effect_machine.hpp"

#include "journal/base/bytes.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "providers/policy/retry.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace orderhub::durable {

using journal::note_kind;
using providers::doubt_policy;
using providers::lookup_finding;
using providers::transport_outcome;

namespace {

/// A vendor that answers the same server error for so long may have stored it under the key.
constexpr std::int64_t stored_after_ms = 60'000;
constexpr std::int64_t lookup_deadline_ms = 15'000;
constexpr providers::retry_policy lookup_retry{200, 30'000, 0};
/// Failures of look-ups that may pass count up to here, where their pause has long stopped growing;
/// refusals count on from here. So one number in the journal tells both.
constexpr int passing_failures_max = 10;
constexpr std::int64_t refused_lookup_pause_ms = 5'000;
constexpr std::int64_t refused_lookup_pause_max_ms = 3'600'000;
constexpr std::int64_t running_wait_max_ms = 300'000;
constexpr int running_shift_max = 8;
/// After so many failures in a row a person is shown short waits too.
constexpr int shown_after = 3;
constexpr std::int64_t endless_list_pause_ms = 300'000;
/// A list window begins so much before the call can have been recorded at the vendor.
constexpr std::int64_t window_margin_ms = 60'000;
/// So much earlier where the call may be of an earlier run: what the vendor's clock shows now says
/// little of then where our clock was set in between.
constexpr std::int64_t earlier_run_margin_ms = 600'000;
/// Between two empty look-ups after a refusal that says that there is something to find.
constexpr std::array<std::int64_t, 4> refused_pauses_ms = {10'000, 30'000, 90'000, 270'000};
constexpr std::int64_t round_pause_max_ms = 3'600'000;
/// Without a gate, what the vendor's credential forbids is tried again once a minute.
constexpr std::int64_t probe_ms = 60'000;
/// Where the queue for places is full.
constexpr providers::retry_policy full_queue_retry{10'000, 30'000, 0};
constexpr std::size_t text_max = 500;
constexpr std::size_t evidence_max = std::size_t{64} * 1024;

providers::header_list headers_of(const std::string& lines) {
  providers::header_list out;
  std::size_t from = 0;
  while (from < lines.size()) {
    auto end = lines.find('\n', from);
    if (end == std::string::npos)
      end = lines.size();
    const auto line = lines.substr(from, end - from);
    if (auto colon = line.find(": "); colon != std::string::npos)
      out.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    from = end + 1;
  }
  return out;
}

/// Whether the same question may be answered later; a cursor that has expired never is.
bool may_pass(const transport_outcome& outcome) {
  const auto status = outcome.response.status;
  return outcome.kind != providers::outcome_kind::response || status == 408 || status == 429 ||
         status >= 500;
}

/// Of several pages the strongest finding counts.
int strength_of(const lookup_finding& a) {
  switch (a.kind) {
  case providers::finding_kind::found:
    return 5;
  case providers::finding_kind::differs:
    return 4;
  case providers::finding_kind::running:
    return 3;
  case providers::finding_kind::refused:
    return 2; // Of an attempt before the one that runs.
  case providers::finding_kind::absent:
    return 1;
  case providers::finding_kind::unknown:
    return 0;
  }
  return 0;
}

/// Before the n-th repeat in a row of what is absent each time: 0, 1 s, 5 s, 25 s … an hour.
std::int64_t round_pause_ms(std::uint32_t round) {
  std::int64_t pause = round < 2 ? 0 : 1'000;
  for (std::uint32_t i = 2; i < round && pause < round_pause_max_ms; ++i)
    pause *= 5;
  return std::min(pause, round_pause_max_ms);
}

bool says_nothing_is_out(std::optional<note_kind> position) {
  return position && *position != note_kind::resend;
}

} // namespace

std::string idempotency_key(const hub_id& hub, const object_id& object, std::string_view step,
                            std::string_view attempt) {
  byte_writer w(96);
  w.array(hub);
  w.str8(object.service);
  w.str8(object.key);
  w.str8(step);
  w.str8(attempt);
  const auto d = sha256_of(w.view());
  return "oh_" + hex_of({reinterpret_cast<const char*>(d.data()), 20});
}

effect_machine::effect_machine(effect_start start, const object_id& object, const environment& env)
    : start_(std::move(start)), object_(object), env_(env), cancel_(start_.cancelled) {
  // What left, or may have left, are the intent's bytes. `may_repeat` journals none.
  if (start_.recovered && !start_.intent.method.empty())
    start_.operation.request = {start_.intent.method, start_.intent.path,
                                headers_of(start_.intent.headers), start_.intent.body};
}

// ── What is known ────────────────────────────────────────────────────────────────────────────

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

doubt_policy effect_machine::policy() const {
  const auto declared = static_cast<doubt_policy>(start_.intent.policy);
  if (declared == doubt_policy::await_event && event_waited_)
    return static_cast<doubt_policy>(start_.intent.after_event);
  return declared;
}

std::string effect_machine::key() const {
  std::string base = start_.intent.key;
  if (generation_ > 1) {
    const auto d = sha256_of(base + '/' + std::to_string(generation_));
    base = "oh_" + hex_of({reinterpret_cast<const char*>(d.data()), 20});
  }
  if (env_.unstable_keys_for_test)
    base += '-' + std::to_string(env_.random.below(1U << 30U));
  return base;
}

std::int64_t effect_machine::behind_ms() const {
  return env_.vendor_clocks != nullptr ? env_.vendor_clocks->behind_ms(start_.intent.vendor) : 0;
}

std::int64_t effect_machine::steady_of(unix_ms recorded) const {
  const auto then = env_.time.steady_due(recorded, recorded);
  return std::max(env_.started_at, std::min(then, steady()));
}

providers::sent_request effect_machine::sent() const {
  const auto& op = start_.operation;
  auto request = generation_ > 1 && op.regenerate != nullptr
                     ? op.regenerate(op.request, generation_)
                     : op.request;
  return {std::move(request), key(), first_sent_at_, window_begin()};
}

/// Of a look-up, by the vendor's clock: nothing of ours is older there. Both ways to say when that
/// was count, since ours may have been drawn or set meanwhile: by our clock and how far the
/// vendor's is behind it, and by the vendor's clock now and what has passed since.
unix_ms effect_machine::window_begin() const {
  if (refused_)
    return 0;
  auto since = since_ + behind_ms();
  if (env_.vendor_clocks != nullptr)
    if (const auto theirs = env_.vendor_clocks->now(start_.intent.vendor, steady())) {
      constexpr std::int64_t far = std::int64_t{1} << 40U; // Longer than any run.
      const auto begun = env_.time.steady_due(since_, since_ + far) - far;
      since = std::min(since, *theirs - (steady() - begun));
    }
  if (start_.recovered && steady_of(since_) == env_.started_at)
    since -= earlier_run_margin_ms;
  return std::max<unix_ms>(since - window_margin_ms, 0);
}

/// Whether the vendor surely remembers the key still: by our clock and by its own.
bool effect_machine::key_alive() const {
  if (start_.recovered && env_.time.went_back() && steady_of(start_.accepted_at) == env_.started_at)
    return false; // How long we were away is not known.
  const auto dies_at =
      env_.time.steady_due(first_sent_at_, first_sent_at_ + start_.intent.key_life_ms);
  if (steady() >= dies_at)
    return false; // Also where the clock was set back while we were away.
  auto age = now() - first_sent_at_;
  if (env_.vendor_clocks != nullptr)
    if (const auto theirs = env_.vendor_clocks->now(start_.intent.vendor, steady()))
      age = std::max(age, *theirs - first_sent_at_);
  return age < start_.intent.key_life_ms;
}

place_request effect_machine::place(bool lookup) const {
  return {object_,
          {start_.invocation, start_.index, 0},
          start_.intent.vendor,
          lookup ? std::string_view("list") : start_.operation.call_class,
          lookup};
}

void effect_machine::learn(vendor_finding what, std::string_view why) const {
  if (env_.gate != nullptr)
    env_.gate->learned(start_.intent.vendor, what, why);
}

bool effect_machine::parked() const {
  if (const auto* w = std::get_if<waiting>(&phase_))
    return w->durable;
  return std::holds_alternative<waiting_for_place>(phase_) ||
         std::holds_alternative<waiting_for_person>(phase_);
}

std::optional<std::int64_t> effect_machine::due() const {
  const auto* w = std::get_if<waiting>(&phase_);
  if (w == nullptr || (held_ && w->then == next::send))
    return std::nullopt;
  return w->due;
}

// ── Steps ────────────────────────────────────────────────────────────────────────────────────

effect_step effect_machine::send() {
  if (held_)
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
      return wait_for_place(next::send, place_now);
  phase_ = sending{};
  ++sends_;
  // Where the journal says that nothing is out, that must change before a byte leaves.
  if (says_nothing_is_out(position_))
    note(note_kind::resend, now(), position_text_);
  const auto& op = start_.operation;
  effect_step s;
  s.kind = effect_step_kind::send;
  s.request = sent().request;
  if (!op.key_header.empty())
    s.request.headers.emplace_back(std::string(op.key_header), key());
  s.deadline_ms = start_.intent.deadline_ms;
  s.call_class = op.call_class;
  s.fresh = lost_;
  s.notes = std::exchange(notes_, {});
  return s;
}

effect_step effect_machine::lookup() {
  pages_ = 0;
  return lookup_from_first_page();
}

effect_step effect_machine::lookup_from_first_page() {
  page_.reset();
  strongest_ = {};
  looked_at_ = steady();
  window_when_looked_ = window_begin();
  return lookup_page();
}

effect_step effect_machine::lookup_page() {
  if (pages_ >= pages_max) {
    page_.reset();
    return wait(endless_list_pause_ms, next::lookup,
                "no end of the list after " + std::to_string(pages_max) + " pages");
  }
  if (env_.gate != nullptr)
    if (auto place_now = env_.gate->ask(place(true)); place_now.verdict != place_verdict::granted)
      return wait_for_place(next::lookup, place_now);
  phase_ = looking_up{};
  ++pages_;
  effect_step s;
  s.kind = effect_step_kind::send;
  s.request = page_ ? *page_ : start_.operation.lookup(sent());
  s.deadline_ms = lookup_deadline_ms;
  s.call_class = "list";
  s.lookup = true;
  s.fresh = lost_;
  s.notes = std::exchange(notes_, {});
  return s;
}

effect_step effect_machine::go(next what) {
  switch (what) {
  case next::send:
    return send();
  case next::lookup:
    return page_ ? lookup_page() : lookup();
  case next::after_event:
    event_waited_ = true;
    return resolve({error_kind::in_doubt, std::string(start_.operation.name),
                    "no event has said what became of it"},
                   true);
  }
  return stay();
}

effect_step effect_machine::wait_for_place(next then, const place_answer& why) {
  if (why.verdict == place_verdict::full)
    return wait(
        providers::backoff_ms(full_queue_retry, 0, full_queue_retry.initial_ms / 2, env_.random),
        then, why.why);
  phase_ = waiting_for_place{then};
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
  return stay();
}

effect_step effect_machine::stay() {
  effect_step s;
  s.notes = std::exchange(notes_, {});
  return s;
}

effect_step effect_machine::complete(result<std::string> value) {
  leave_queue();
  phase_ = done{};
  effect_step s;
  s.kind = effect_step_kind::complete;
  s.value = std::move(value);
  s.notes = std::exchange(notes_, {});
  return s;
}

effect_step effect_machine::missed(std::string why) {
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

// ── Beginning ────────────────────────────────────────────────────────────────────────────────

effect_step effect_machine::begin() {
  first_sent_at_ = since_ = start_.accepted_at;
  const auto* endpoint = env_.vendors.find(start_.operation.vendor);
  const std::string target = endpoint != nullptr ? endpoint->fingerprint() : std::string();
  if (target != start_.intent.target || endpoint == nullptr) {
    effect_step s;
    s.kind = effect_step_kind::pause;
    s.why = "the step \"" + start_.intent.name + "\" was begun against " + start_.intent.vendor +
            " at \"" + start_.intent.target + "\", the configuration now says \"" +
            (endpoint == nullptr ? "not configured" : target) +
            "\": it is not sent there. Restore " + env_.vendors.settings_of(start_.intent.vendor) +
            " and restart.";
    return s;
  }
  return start_.recovered ? recover() : send();
}

/// From the journal: what was decided before, and what may be out there.
effect_step effect_machine::recover() {
  bool nothing_out = false; // Nothing has left since the newest of the notes that say so.
  bool waited_for_event = false;
  unix_ms out_since = start_.accepted_at;
  std::optional<unix_ms> doubted_at;
  std::optional<journal::recorded_note> stands;
  lost_ = true;
  for (const auto& recorded : start_.notes) {
    const auto& n = recorded.note;
    if (n.kind == note_kind::evidence) {
      evidence_ = n.text;
      continue;
    }
    generation_ = std::max(generation_, n.attempt);
    sends_ = std::max(sends_, n.sends);
    left_recorded_ = std::max(left_recorded_, n.left_at);
    rounds_ = n.rounds;
    same_status_ = n.status;
    same_status_since_ = n.status_since;
    stored_ = n.lookup_only;
    if (journal::is_position(n.kind)) {
      position_ = n.kind;
      position_text_ = n.text;
      stands = recorded;
      nothing_out = n.kind != note_kind::resend;
      if (!nothing_out)
        out_since = recorded.at;
    }
    switch (n.kind) {
    case note_kind::doubt:
      doubt_ = true;
      doubted_at = recorded.at;
      break;
    case note_kind::done_before:
      refused_ = doubt_ = true;
      break;
    case note_kind::not_done_before:
      refused_ = false;
      break;
    case note_kind::lookup_absent:
      if (refused_)
        break;
      doubt_ = false;
      doubted_at.reset();
      // Where it stood before does not count any more: it is to be sent again.
      nothing_out = true;
      stands.reset();
      position_ = note_kind::waiting;
      position_text_ = "proven absent";
      since_ = first_sent_at_;
      first_sent_at_ = n.at;
      break;
    case note_kind::needs_person:
      person_ = n.text;
      stands = recorded;
      break;
    case note_kind::event_wait:
      waited_for_event = true;
      break;
    default:
      break;
    }
  }
  if (evidence_)
    return complete(std::move(*evidence_));
  if (cancel_ && !start_.operation.has_effect)
    return cancelled_without_effect();
  // When the last byte can have left: as the journal says, unless a call may have left since. Then,
  // of an earlier process, before this one began; of this one, by the deadline of a call that is
  // out still.
  const bool sent_since =
      !nothing_out && (!doubted_at || *doubted_at < out_since || left_recorded_ == 0 ||
                       policy() == doubt_policy::replay_key);
  if (sent_since) {
    const bool of_this_run = steady_of(out_since) > env_.started_at;
    left_at_ = of_this_run ? steady() + start_.intent.deadline_ms : env_.started_at;
    left_recorded_ = of_this_run ? now() + start_.intent.deadline_ms : out_since;
  } else {
    left_at_ = std::max(env_.started_at, env_.time.steady_due(left_recorded_, left_recorded_));
  }
  if (stands && stands->note.kind == note_kind::event_wait)
    return wait_until(env_.time.steady_due(stands->at, stands->note.at), next::after_event);
  event_waited_ = waited_for_event;
  if (stands && stands->note.kind == note_kind::needs_person && stands->note.at == 0)
    return cancel_ ? lookup() : wait_for_person();
  // Of an earlier process no call is out: what may be repeated is not.
  if (nothing_out || policy() == doubt_policy::may_repeat) {
    doubt_ = doubt_ || !nothing_out;
    if (auto ended = ended_by_cancel())
      return std::move(*ended);
  }
  if (doubt_ && !stored_ && key_not_sure())
    return lookup_for_good();
  if (stands && nothing_out) {
    const auto due = env_.time.steady_due(stands->at, stands->note.at);
    const auto tries = static_cast<int>(std::min<std::uint32_t>(stands->note.tries, 1'000));
    if (stands->note.kind == note_kind::retry_at) {
      failures_ = tries;
      return wait_until(due, next::send);
    }
    if (stands->note.kind == note_kind::lookup_at) {
      lookup_failures_ = tries;
      running_ = std::min(tries, running_shift_max);
      return wait_until(due, next::lookup);
    }
    failures_ = tries;
  }
  if (nothing_out && !doubt_)
    return send();
  if (refused_)
    return lookup();
  if (!start_.operation.has_effect || policy() == doubt_policy::may_repeat) {
    note(note_kind::resend, now(), "begun before a restart; a duplicate is tolerable");
    doubt_ = start_.operation.has_effect;
    return send();
  }
  if (!doubt_)
    note(note_kind::doubt, now(), "the process ended while the call may have been out");
  doubt_ = true;
  return key_not_sure() ? lookup_for_good() : resolve({}, true);
}

bool effect_machine::key_not_sure() const {
  return policy() == doubt_policy::replay_key && !refused_ && start_.operation.lookup != nullptr &&
         !key_alive();
}

/// A key that cannot be judged in this run could seem to be alive in the next one: the journal says
/// that it is looked up.
effect_step effect_machine::lookup_for_good() {
  stored_ = true;
  note(note_kind::lookup_at, now(), "the vendor may have forgotten its key");
  return lookup();
}

// ── Outcomes ─────────────────────────────────────────────────────────────────────────────────

effect_step effect_machine::on_outcome(const transport_outcome& outcome) {
  if (outcome.kind == providers::outcome_kind::response && env_.vendor_clocks != nullptr)
    env_.vendor_clocks->note(start_.intent.vendor, outcome.response, now(), steady());
  if (std::holds_alternative<looking_up>(phase_))
    return read_page(outcome);
  if (!std::holds_alternative<sending>(phase_))
    return stay();
  switch (outcome.kind) {
  case providers::outcome_kind::response:
    return answered(outcome.response);
  case providers::outcome_kind::not_sent:
    learn(vendor_finding::unreachable, outcome.reason);
    return retry({error_kind::unavailable, std::string(start_.operation.name), outcome.reason});
  case providers::outcome_kind::lost:
    break;
  }
  learn(vendor_finding::unreachable, outcome.reason);
  lost_ = true;
  left_now();
  return resolve({error_kind::in_doubt, std::string(start_.operation.name), outcome.reason}, false);
}

effect_step effect_machine::answered(const providers::http_response& response) {
  auto value = start_.operation.parse(response);
  const bool misconfigured_now = !value && value.error().kind == error_kind::misconfigured;
  if (misconfigured_now)
    learn(vendor_finding::misconfigured, value.error().message);
  else
    learn(response.status >= 500 ? vendor_finding::unreachable : vendor_finding::reached,
          value ? std::string_view() : std::string_view(value.error().message));
  if (value)
    return complete(std::move(value));
  auto& why = value.error();
  switch (why.kind) {
  case error_kind::unavailable:
    return retry(std::move(why));
  case error_kind::misconfigured:
    return misconfigured(why, next::send);
  case error_kind::in_doubt:
    left_now();
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
    refused_ = doubt_ = true;
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
effect_step effect_machine::retry(error why) {
  ++failures_;
  if (evidence_)
    return complete(std::move(*evidence_));
  if (auto ended = ended_by_cancel())
    return std::move(*ended);
  const auto& policy = start_.operation.retry;
  if (policy.give_up_after_ms > 0 && !doubt_ && now() - first_sent_at_ >= policy.give_up_after_ms)
    return complete(fail(std::move(why)));
  const auto delay = providers::backoff_ms(policy, failures_ - 1, why.retry_after_ms, env_.random);
  return wait(delay, next::send, std::move(why.message));
}

/// Nothing will happen until a setting has changed; the gate lets one call a minute try.
effect_step effect_machine::misconfigured(const error& why, next then) {
  if (evidence_)
    return complete(std::move(*evidence_));
  if (auto ended = ended_by_cancel())
    return std::move(*ended);
  page_.reset();
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
  doubt_ = true;
  const auto& op = start_.operation;
  const auto delay =
      at_once ? 0 : providers::backoff_ms(op.retry, failures_ - 1, why.retry_after_ms, env_.random);
  switch (policy()) {
  case doubt_policy::replay_key:
    if (!stored_ && key_alive()) {
      if (!at_once)
        return wait(delay, next::send, why.message);
      note(note_kind::resend, now(), "same key, same bytes");
      return send();
    }
    break;
  case doubt_policy::lookup:
    break;
  case doubt_policy::may_repeat:
    if (!op.has_effect)
      doubt_ = false; // What it may have done does not count.
    if (auto ended = ended_by_cancel())
      return std::move(*ended);
    if (op.retry.give_up_after_ms > 0 && now() - first_sent_at_ >= op.retry.give_up_after_ms)
      return missed("given up; it may have happened: " + why.message);
    return wait(delay, next::send, why.message);
  case doubt_policy::await_event:
    return wait(start_.intent.event_wait_ms, next::after_event, why.message);
  case doubt_policy::may_miss:
    return missed("it may have happened and by its policy is not repeated");
  }
  if (op.lookup == nullptr)
    return missed("it may have happened and cannot be looked up");
  stored_ = true; // What has come to look-ups stays with them.
  absent_ = running_ = 0;
  if (!at_once && why.retry_after_ms > 0) {
    page_.reset();
    return wait(delay, next::lookup, why.message);
  }
  return lookup();
}

// ── Look-ups ─────────────────────────────────────────────────────────────────────────────────

effect_step effect_machine::read_page(const transport_outcome& outcome) {
  finding page;
  if (outcome.kind == providers::outcome_kind::response)
    page = start_.operation.read_lookup(sent(), outcome.response);
  else
    page.failure = {error_kind::unavailable, std::string(start_.operation.name), outcome.reason};
  lost_ = lost_ || outcome.kind == providers::outcome_kind::lost;
  const bool unknown = page.kind == providers::finding_kind::unknown;
  if (unknown && page.failure.kind == error_kind::misconfigured) {
    learn(vendor_finding::misconfigured, page.failure.message);
    return misconfigured(page.failure, next::lookup);
  }
  const bool answered_now =
      outcome.kind == providers::outcome_kind::response && outcome.response.status < 500;
  learn(answered_now ? vendor_finding::reached : vendor_finding::unreachable, page.failure.message);
  if (unknown) {
    if (may_pass(outcome) && page.failure.kind != error_kind::invalid)
      return look_again(page.failure);
    page_.reset();
    return lookup_refused(page.failure);
  }
  // A first page that can be read is no progress where the second one never can.
  if (!page.next || page_)
    lookup_failures_ = 0;
  auto further = std::move(page.next);
  const bool found = page.kind == providers::finding_kind::found;
  if (strength_of(page) > strength_of(strongest_))
    strongest_ = std::move(page);
  if (further && !found) {
    page_ = std::move(further);
    return lookup_page();
  }
  page_.reset();
  return conclude(std::exchange(strongest_, {}));
}

/// The answer said nothing: the same page again, later.
effect_step effect_machine::look_again(const error& why) {
  if (evidence_)
    return complete(std::move(*evidence_));
  lookup_failures_ = std::min(lookup_failures_, passing_failures_max);
  const auto delay =
      providers::backoff_ms(lookup_retry, lookup_failures_, why.retry_after_ms, env_.random);
  lookup_failures_ = std::min(lookup_failures_ + 1, passing_failures_max);
  return wait(lookup_retry.initial_ms + delay, next::lookup, "look-up: " + why.message);
}

/// The question itself is refused, or its answer cannot be read: time alone hardly changes that.
effect_step effect_machine::lookup_refused(const error& why) {
  if (evidence_)
    return complete(std::move(*evidence_));
  lookup_failures_ = std::max(lookup_failures_, passing_failures_max);
  const auto before = lookup_failures_++ - passing_failures_max;
  const auto pause = std::max(
      std::min(refused_lookup_pause_ms << std::min(before, 10), refused_lookup_pause_max_ms),
      why.retry_after_ms);
  auto text = "the look-up is refused or cannot be read: " + why.message;
  if (before + 1 >= static_cast<int>(rounds_max) && !person_)
    call_a_person(text, now() + pause);
  return wait_durably(pause, next::lookup, std::move(text));
}

effect_step effect_machine::conclude(finding strongest) {
  const auto absence_ms = start_.intent.absence_after_ms;
  const bool decided = strongest.kind == providers::finding_kind::found ||
                       strongest.kind == providers::finding_kind::refused;
  if (evidence_ && !decided)
    return complete(std::move(*evidence_));
  switch (strongest.kind) {
  case providers::finding_kind::found:
    note(note_kind::lookup_found, now(), std::move(strongest.evidence));
    return complete(std::move(strongest.value));
  case providers::finding_kind::refused:
    note(note_kind::lookup_found, now(), std::move(strongest.evidence));
    return complete(fail(std::move(strongest.failure)));
  case providers::finding_kind::differs: {
    auto why = "the vendor holds this very step with other content: " + strongest.evidence;
    if (start_.operation.compensates)
      return complete(
          fail({error_kind::done_before, std::string(start_.operation.name), std::move(why)}));
    call_a_person(std::move(why), 0);
    return wait_for_person();
  }
  case providers::finding_kind::running: {
    absent_ = 0; // What is running now was not absent before.
    const auto base = std::clamp<std::int64_t>(absence_ms / 4, 100, 10'000);
    const auto shift = running_;
    running_ = std::min(running_ + 1, running_shift_max);
    return wait(std::min(base << shift, running_wait_max_ms), next::lookup,
                "running at the vendor: " + strongest.evidence);
  }
  case providers::finding_kind::unknown:
    return look_again(strongest.failure);
  case providers::finding_kind::absent:
    break;
  }
  running_ = 0;
  // The answer showed that the vendor's clock is further behind than the window allowed for. Small
  // differences are what the margin is for: a clock that is drawn would have no end of them.
  if (window_begin() < window_when_looked_ - window_margin_ms / 2)
    return lookup_from_first_page();
  // Empty before the absence time proves nothing: the first request may still be running. What
  // counts is when the look-up's first page left, not when its answers came.
  if (looked_at_ < left_at_ + absence_ms)
    return wait(std::max<std::int64_t>(left_at_ + absence_ms - steady(), 0), next::lookup,
                "not found yet; looked up again when it would be there");
  if (++absent_ < 2)
    return wait(std::clamp<std::int64_t>(absence_ms / 4, 20, 2'000), next::lookup, {});
  absent_ = 0;
  return refused_ ? refused_and_not_found(std::move(strongest.evidence)) : proven_absent();
}

effect_step effect_machine::proven_absent() {
  doubt_ = stored_ = false;
  same_status_ = 0;
  same_status_since_ = 0;
  failures_ = 0;
  ++rounds_;
  note(note_kind::lookup_absent, now(), "two empty look-ups after the absence time");
  if (cancel_)
    return complete(fail({error_kind::cancelled, std::string(start_.operation.name),
                          "cancelled; proven not to have happened", 409}));
  if (policy() == doubt_policy::replay_key) {
    ++generation_;
    note(note_kind::new_key, now(), "the last attempt is proven absent");
  }
  const auto pause = round_pause_ms(rounds_);
  since_ = first_sent_at_;
  first_sent_at_ = now();
  if (rounds_ >= rounds_max && !person_)
    call_a_person("sent " + std::to_string(rounds_) + " times, and each time it is not there",
                  now() + pause);
  position_ = note_kind::waiting; // Nothing is out, so a send says so before a byte leaves.
  position_text_ = "proven absent";
  return pause == 0 ? send() : wait(pause, next::send, "proven absent");
}

/// The vendor says that it was done before, and shows nothing: no key may change that.
effect_step effect_machine::refused_and_not_found(std::string evidence) {
  ++rounds_;
  note(note_kind::lookup_absent, now(), evidence);
  if (rounds_ < rounds_max)
    return wait(
        refused_pauses_ms.at(std::min<std::size_t>(rounds_ - 1, refused_pauses_ms.size() - 1)),
        next::lookup, "refused as done before, and not found yet");
  auto why = "the vendor refuses it as done before, and " + std::to_string(rounds_) +
             " look-ups did not find it: " + evidence;
  if (start_.operation.compensates)
    return complete(
        fail({error_kind::done_before, std::string(start_.operation.name), std::move(why)}));
  call_a_person(std::move(why), 0);
  return wait_for_person();
}

// ── From outside ─────────────────────────────────────────────────────────────────────────────

effect_step effect_machine::on_time() {
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
  return stay();
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
  return complete(evidence.value);
}

effect_step effect_machine::on_operator(journal::operator_verb verb) {
  if (calling() || std::holds_alternative<done>(phase_))
    return stay();
  if (std::holds_alternative<waiting_for_place>(phase_) && verb == journal::operator_verb::retry)
    return stay(); // It is next in its queue already.
  rounds_ = 0;
  failures_ = lookup_failures_ = running_ = 0;
  person_.reset();
  if (verb != journal::operator_verb::retry) {
    if (!doubt_ || start_.operation.lookup == nullptr)
      return stay();
    leave_queue();
    // What a person says is looked up at the vendor before it is believed.
    refused_ = verb == journal::operator_verb::happened;
    note(refused_ ? note_kind::done_before : note_kind::not_done_before, now(),
         "an operator says so");
  }
  if (!doubt_)
    return send();
  if (const auto* w = std::get_if<waiting>(&phase_);
      w != nullptr && w->then == next::after_event && verb == journal::operator_verb::retry)
    return go(next::after_event);
  if (refused_ || verb != journal::operator_verb::retry ||
      std::holds_alternative<waiting_for_person>(phase_)) {
    note(note_kind::lookup_at, now(), "an operator asked for it");
    return lookup();
  }
  return resolve(
      {error_kind::in_doubt, std::string(start_.operation.name), "an operator asked for it"}, true);
}

effect_step effect_machine::hold(bool held) {
  held_ = held;
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
  return stay();
}

} // namespace orderhub::durable
