// What an effect in doubt learns from the vendor's lists.
#include "actors/durable/effect_machine.hpp"
#include "providers/policy/refusal.hpp"
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

constexpr providers::retry_policy lookup_retry{200, 30'000, 0};
/// Failures of look-ups that may pass count up to here, where their pause has long stopped growing;
/// refusals count on from here. So one number in the journal tells both.
constexpr int passing_failures_max = 10;
constexpr std::int64_t refused_lookup_pause_ms = 5'000;
constexpr std::int64_t refused_lookup_pause_max_ms = 3'600'000;
constexpr std::int64_t running_wait_max_ms = 300'000;
constexpr std::int64_t endless_list_pause_ms = 300'000;
/// Between two empty look-ups after a refusal that says that there is something to find.
constexpr std::array<std::int64_t, 4> refused_pauses_ms = {10'000, 30'000, 90'000, 270'000};
constexpr std::int64_t round_pause_max_ms = 3'600'000;
constexpr std::int64_t lookup_deadline_ms = 15'000;

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

std::string_view word_of(providers::finding_kind kind) {
  switch (kind) {
  case providers::finding_kind::found:
    return "found";
  case providers::finding_kind::absent:
    return "absent";
  case providers::finding_kind::running:
    return "running";
  case providers::finding_kind::unknown:
    return "unknown";
  case providers::finding_kind::refused:
    return "refused";
  case providers::finding_kind::differs:
    return "differs";
  }
  return "unknown";
}

/// Before the n-th repeat in a row of what is absent each time: 0, 1 s, 5 s, 25 s … an hour.
std::int64_t round_pause_ms(std::uint32_t round) {
  std::int64_t pause = round < 2 ? 0 : 1'000;
  for (std::uint32_t i = 2; i < round && pause < round_pause_max_ms; ++i)
    pause *= 5;
  return std::min(pause, round_pause_max_ms);
}

} // namespace

effect_step effect_machine::lookup() {
  run_.pages = 0;
  return lookup_from_first_page();
}

effect_step effect_machine::lookup_from_first_page() {
  run_.page.reset();
  run_.strongest = {};
  run_.began_at = steady();
  run_.window_begin = window_begin();
  return lookup_page();
}

effect_step effect_machine::lookup_page() {
  if (run_.pages >= pages_max) {
    run_.page.reset();
    return wait(endless_list_pause_ms, next::lookup,
                "no end of the list after " + std::to_string(pages_max) + " pages");
  }
  if (env_.gate != nullptr)
    if (auto place_now = env_.gate->ask(place(true)); place_now.verdict != place_verdict::granted)
      return wait_for_place(next::lookup, place_now);
  leave_queue_on_board();
  phase_ = looking_up{};
  granted_at_ = steady();
  ++run_.pages;
  effect_step s;
  s.kind = effect_step_kind::send;
  s.request = run_.page ? *run_.page : start_.operation.lookup(sent());
  s.deadline_ms = lookup_deadline_ms;
  s.call_class = start_.operation.lookup_class;
  s.lookup = true;
  s.fresh = lost_;
  s.may_multiplex = true;
  s.notes = take_notes();
  return s;
}

effect_step effect_machine::read_page(const transport_outcome& outcome,
                                      const providers::answer_reading* reading) {
  finding page;
  if (outcome.kind == providers::outcome_kind::response)
    page = reading != nullptr ? std::get<finding>(*reading)
                              : start_.operation.read_lookup(sent(), outcome.response);
  else
    page.failure = {outcome.is_credential_refused ? error_kind::misconfigured
                                                  : error_kind::unavailable,
                    std::string(start_.operation.name), outcome.reason};
  if (page.kind != providers::finding_kind::found)
    note_answer(outcome,
                page.kind == providers::finding_kind::unknown ? name_of(page.failure.kind)
                                                              : word_of(page.kind),
                page.failure);
  lost_ = lost_ || outcome.kind == providers::outcome_kind::lost;
  const bool unknown = page.kind == providers::finding_kind::unknown;
  if (unknown && page.failure.kind == error_kind::misconfigured) {
    learn(vendor_finding::misconfigured, page.failure);
    return misconfigured(page.failure, next::lookup);
  }
  bool held_back = false;
  if (outcome.kind != providers::outcome_kind::response)
    learn_unanswered(outcome);
  else
    held_back = learn(outcome.response.status >= 500 ? vendor_finding::unreachable
                      : unknown && providers::meets_limit(outcome.response, page.failure)
                          ? vendor_finding::limited
                          : vendor_finding::reached,
                      page.failure);
  if (unknown) {
    if (held_back) {
      if (evidence_)
        return complete(std::move(*evidence_));
      return lookup_page();
    }
    if (may_pass(outcome) && page.failure.kind != error_kind::invalid)
      return look_again(page.failure);
    run_.page.reset();
    return lookup_refused(page.failure);
  }
  // A first page that can be read is no progress where the second one never can.
  if (!page.next || run_.page)
    lookup_failures_ = 0;
  auto further = std::move(page.next);
  const bool found = page.kind == providers::finding_kind::found;
  if (strength_of(page) > strength_of(run_.strongest))
    run_.strongest = std::move(page);
  if (further && !found) {
    run_.page = std::move(further);
    return lookup_page();
  }
  run_.page.reset();
  auto s = conclude(std::exchange(run_.strongest, {}));
  if (found && s.kind == effect_step_kind::complete)
    s.answer = trace_of(outcome);
  return s;
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
    doubt_ends(doubt_end::adopted);
    note(note_kind::lookup_found, now(), std::move(strongest.evidence));
    return complete(std::move(strongest.value));
  case providers::finding_kind::refused:
    doubt_ends(doubt_end::adopted);
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
  if (window_begin() < run_.window_begin - window_margin_ms / 2)
    return lookup_from_first_page();
  // Empty before the absence time proves nothing: the first request may still be running. What
  // counts is when the look-up's first page left, not when its answers came.
  if (run_.began_at < left_at_ + absence_ms)
    return wait(std::max<std::int64_t>(left_at_ + absence_ms - steady(), 0), next::lookup,
                "not found yet; looked up again when it would be there");
  if (++absent_ < 2)
    return wait(std::clamp<std::int64_t>(absence_ms / 4, 20, 2'000), next::lookup, {});
  absent_ = 0;
  return refused_ ? refused_and_not_found(std::move(strongest.evidence))
                  : proven_absent("two empty look-ups after the absence time");
}

effect_step effect_machine::proven_absent(std::string why) {
  doubt_ends(doubt_end::absent);
  doubt_ = stored_ = false;
  same_status_ = 0;
  same_status_since_ = 0;
  failures_ = 0;
  ++rounds_;
  note(note_kind::lookup_absent, now(), std::move(why));
  if (cancel_)
    return complete(fail({error_kind::cancelled, std::string(start_.operation.name),
                          "cancelled; proven not to have happened", 409}));
  // A key under which the vendor may have stored a failure would bring that failure again.
  if (!start_.operation.key_header.empty()) {
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

} // namespace orderhub::durable
