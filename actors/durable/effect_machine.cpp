#include "actors/durable/effect_machine.hpp"

#include "journal/base/bytes.hpp"
#include "providers/policy/retry.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::durable {

using journal::note_kind;
using providers::doubt_policy;
using providers::look_up_answer;
using providers::transport_outcome;

namespace {

/// A vendor that answers the same server error for so long may have stored it under the key.
constexpr std::int64_t stored_after_ms = 60'000;
constexpr std::int64_t look_up_deadline_ms = 15'000;
constexpr providers::retry_policy look_up_retry{200, 30'000, 0};
/// Under so many keys a step may be refused as done before and then not be found.
constexpr std::uint32_t attempts_max = 6;
/// Before a third key and each one after it: doubled each time, up to 1024 times.
constexpr std::int64_t round_pause_ms = 1'000;
constexpr std::uint32_t round_pause_doublings = 10;

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
  return outcome.what != transport_outcome::kind::response || status == 408 || status == 429 ||
         status >= 500;
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

effect_machine::effect_machine(effect_start start, const environment& env)
    : start_(std::move(start)), env_(env) {
  // What left, or may have left, are the intent's bytes. `may_repeat` journals none.
  if (start_.recovered && !start_.intent.method.empty())
    start_.operation.request = {start_.intent.method, start_.intent.path,
                                headers_of(start_.intent.headers), start_.intent.body};
}

void effect_machine::note(note_kind kind, unix_ms at, std::string text) {
  if (text.size() > 500)
    text.resize(500);
  notes_.push_back({kind, attempt_, at, std::move(text)});
}

std::string effect_machine::key() const {
  std::string base = start_.intent.key;
  if (attempt_ > 1) {
    const auto d = sha256_of(base + '/' + std::to_string(attempt_));
    base = "oh_" + hex_of({reinterpret_cast<const char*>(d.data()), 20});
  }
  if (env_.unstable_keys_for_test)
    base += '-' + std::to_string(env_.random.below(1U << 30U));
  return base;
}

std::int64_t effect_machine::settle_ms() const {
  const auto* endpoint = env_.vendors.find(start_.operation.vendor);
  if (endpoint != nullptr && endpoint->look_up_settle_ms >= 0)
    return endpoint->look_up_settle_ms;
  return start_.operation.look_up_settle_ms;
}

providers::sent_request effect_machine::sent() const {
  return {start_.operation.request, key(), first_sent_at_};
}

// ── Steps ────────────────────────────────────────────────────────────────────────────────────

effect_step effect_machine::send() {
  phase_ = phase::sending;
  ++sends_;
  // After a durable wait the journal says "nothing is out": that must change before a byte leaves.
  if (std::exchange(wait_noted_, false))
    note(note_kind::resend, now(), "after the wait");
  effect_step s;
  s.what = effect_step::kind::send;
  s.request = start_.operation.request;
  if (!start_.operation.key_header.empty())
    s.request.headers.emplace_back(std::string(start_.operation.key_header), key());
  s.deadline_ms = start_.operation.deadline_ms;
  s.call_class = start_.operation.call_class;
  s.notes = std::exchange(notes_, {});
  return s;
}

/// From its first page, or the page that could not be read.
effect_step effect_machine::look_up() {
  if (page_)
    return look_up(*page_);
  looked_at_ = now();
  return look_up(start_.operation.look_up(sent()));
}

effect_step effect_machine::look_up(providers::http_request request) {
  phase_ = phase::looking_up;
  effect_step s;
  s.what = effect_step::kind::send;
  s.request = std::move(request);
  s.deadline_ms = look_up_deadline_ms;
  s.call_class = "list";
  s.notes = std::exchange(notes_, {});
  return s;
}

effect_step effect_machine::wait(unix_ms at, next then) {
  phase_ = phase::waiting;
  next_ = then;
  due_ = at;
  durable_wait_ = !doubt_ && at - now() > env_.durable_wait_ms;
  if (durable_wait_ && !wait_noted_) {
    note(note_kind::retry_at, at, {});
    wait_noted_ = true;
  }
  effect_step s;
  s.what = effect_step::kind::wait;
  s.at = at;
  s.notes = std::exchange(notes_, {});
  return s;
}

effect_step effect_machine::complete(result<std::string> value) {
  phase_ = phase::done;
  effect_step s;
  s.what = effect_step::kind::complete;
  s.value = std::move(value);
  s.notes = std::exchange(notes_, {});
  return s;
}

effect_step effect_machine::begin() {
  first_sent_at_ = start_.accepted_at;
  const auto* endpoint = env_.vendors.find(start_.operation.vendor);
  const std::string target = endpoint != nullptr ? endpoint->fingerprint() : std::string();
  if (target != start_.intent.target || endpoint == nullptr) {
    effect_step s;
    s.what = effect_step::kind::pause;
    s.why = "the step \"" + start_.intent.name + "\" was begun against " + start_.intent.vendor +
            " at \"" + start_.intent.target + "\", the configuration now says \"" +
            (endpoint == nullptr ? "not configured" : target) +
            "\": it is not sent there. Restore the setting and restart.";
    return s;
  }
  if (!start_.recovered)
    return send();

  // From the journal: what was decided before, and what may be out there.
  first_sent_at_ = start_.accepted_at;
  std::optional<unix_ms> retry_at;
  std::optional<unix_ms> doubt_at;
  bool doubted = false;
  for (const auto& n : start_.notes) {
    attempt_ = std::max(attempt_, n.attempt);
    switch (n.kind) {
    case note_kind::retry_at:
      retry_at = n.at;
      break;
    case note_kind::doubt:
      doubted = true;
      doubt_at = n.at;
      retry_at.reset();
      break;
    case note_kind::resend:
    case note_kind::new_key:
      retry_at.reset();
      doubt_at.reset();
      if (start_.operation.doubt == doubt_policy::look_up || n.kind == note_kind::new_key) {
        doubted = false;
        first_sent_at_ = n.at;
      }
      break;
    default:
      break;
    }
  }
  if (retry_at && !doubted) {
    wait_noted_ = true;
    return wait(std::max(*retry_at, now()), next::send);
  }
  doubt_ = true;
  // A keyed resend leaves no note, so only for looked-up ones is the doubt's own time the last.
  left_at_ = std::max(env_.started_at, first_sent_at_);
  if (doubt_at && start_.operation.doubt == doubt_policy::look_up)
    left_at_ = *doubt_at;
  if (start_.operation.doubt == doubt_policy::may_repeat) {
    note(note_kind::resend, now(), "begun before a restart; a duplicate is tolerable");
    return send();
  }
  if (!doubt_at)
    note(note_kind::doubt, left_at_, "the process ended while the call may have been out");
  return settle({}, true);
}

effect_step effect_machine::on_outcome(const transport_outcome& outcome) {
  if (phase_ == phase::looking_up)
    return read_look_up(outcome);
  refusal_.reset();
  switch (outcome.what) {
  case transport_outcome::kind::response:
    return answered(outcome.response);
  case transport_outcome::kind::not_sent:
    return retry({error_kind::unavailable, std::string(start_.operation.name), outcome.reason});
  case transport_outcome::kind::lost:
    break;
  }
  left_at_ = now();
  return settle(outcome.reason, false);
}

effect_step effect_machine::answered(const providers::http_response& response) {
  auto value = start_.operation.parse(response);
  if (value)
    return complete(std::move(value));
  auto& why = value.error();
  switch (why.kind) {
  case error_kind::unavailable:
    return retry(std::move(why));
  case error_kind::in_doubt:
    left_at_ = now();
    if (response.status >= 500) {
      if (same_status_ != response.status) {
        same_status_ = response.status;
        same_status_since_ = now();
      }
      stored_ = stored_ || now() - same_status_since_ >= stored_after_ms;
    } else {
      same_status_ = 0;
    }
    return settle(why.message, false);
  case error_kind::in_doubt_stored:
    left_at_ = now();
    stored_ = true;
    refusal_ = why;
    return settle(why.message, false);
  case error_kind::invalid:
    // A request refused now says nothing of an earlier one that may have taken effect.
    if (doubt_ && start_.operation.look_up != nullptr) {
      stored_ = true;
      return settle(why.message, false);
    }
    return complete(std::move(value));
  default:
    return complete(std::move(value));
  }
}

/// Nothing happened this time. (What an earlier send may have done is still open if `doubt_`.)
effect_step effect_machine::retry(error why) {
  ++failures_;
  if (cancel_ && !doubt_)
    return complete(fail({error_kind::cancelled, std::string(start_.operation.name),
                          "cancelled before anything happened", 409}));
  const auto& policy = start_.operation.retry;
  if (policy.give_up_after_ms > 0 && !doubt_ && now() - first_sent_at_ >= policy.give_up_after_ms)
    return complete(fail(std::move(why)));
  const auto delay = providers::backoff_ms(policy, failures_ - 1, why.retry_after_ms, env_.random);
  return wait(now() + delay, next::send);
}

/// It may have happened. `at_once`: found open in the journal, so nothing was just tried.
effect_step effect_machine::settle(std::string reason, bool at_once) {
  ++failures_;
  if (!doubt_ || (stored_ && absent_ == 0 && !reason.empty()))
    note(note_kind::doubt, now(), reason);
  doubt_ = true;
  const auto& op = start_.operation;
  const auto delay = at_once ? 0 : providers::backoff_ms(op.retry, failures_ - 1, 0, env_.random);
  switch (op.doubt) {
  case doubt_policy::replay_key:
    if (!stored_ && now() - first_sent_at_ < op.key_life_ms) {
      if (at_once) {
        note(note_kind::resend, now(), "same key, same bytes");
        return send();
      }
      return wait(now() + delay, next::send);
    }
    break;
  case doubt_policy::look_up:
    break;
  case doubt_policy::may_repeat:
    if (op.retry.give_up_after_ms > 0 && now() - first_sent_at_ >= op.retry.give_up_after_ms)
      return complete(fail(
          {error_kind::missed, std::string(op.name), "given up; it may have happened: " + reason}));
    return wait(now() + delay, next::send);
  case doubt_policy::await_event:
  case doubt_policy::may_miss:
    return complete(fail({error_kind::missed, std::string(op.name),
                          "it may have happened and by its policy is not repeated"}));
  }
  if (op.look_up == nullptr)
    return complete(fail({error_kind::missed, std::string(op.name),
                          "it may have happened and cannot be looked up"}));
  absent_ = 0;
  page_.reset();
  return look_up();
}

effect_step effect_machine::read_look_up(const transport_outcome& outcome) {
  look_up_answer answer;
  if (outcome.what == transport_outcome::kind::response)
    answer = start_.operation.read_look_up(sent(), outcome.response);
  const bool further = page_.has_value();
  if (answer.what != look_up_answer::kind::unknown || !may_pass(outcome))
    page_.reset();
  // A first page that can be read is no progress where the second one never can.
  if (answer.what != look_up_answer::kind::unknown && (!answer.next || further))
    look_up_failures_ = 0;
  const auto settled_at = left_at_ + settle_ms();
  if (answer.next && answer.what != look_up_answer::kind::found &&
      answer.what != look_up_answer::kind::unknown) {
    page_ = std::move(answer.next);
    return look_up(*page_);
  }
  switch (answer.what) {
  case look_up_answer::kind::found:
    note(note_kind::look_up_found, now(), std::move(answer.evidence));
    return complete(std::move(answer.value));
  case look_up_answer::kind::refused:
    note(note_kind::look_up_found, now(), std::move(answer.evidence));
    return complete(fail(std::move(answer.failure)));
  case look_up_answer::kind::differs:
  case look_up_answer::kind::running:
    absent_ = 0; // What is running now was not absent before.
    return wait(now() + std::clamp<std::int64_t>(settle_ms() / 4, 100, 10'000), next::look_up);
  case look_up_answer::kind::unknown:
    return wait(now() +
                    providers::backoff_ms(look_up_retry, look_up_failures_++,
                                          answer.failure.retry_after_ms, env_.random) +
                    look_up_retry.initial_ms,
                next::look_up);
  case look_up_answer::kind::absent:
    break;
  }
  // Empty before the settle time proves nothing: the first request may still be running.
  // What counts is when the look-up's first page left, not when its answers came.
  if (looked_at_ < settled_at)
    return wait(std::max(settled_at, now()), next::look_up);
  if (++absent_ < 2)
    return wait(now() + std::clamp<std::int64_t>(settle_ms() / 4, 20, 2'000), next::look_up);
  return proven_absent();
}

effect_step effect_machine::proven_absent() {
  note(note_kind::look_up_absent, now(), "two empty look-ups after the settle time");
  doubt_ = false;
  absent_ = 0;
  if (cancel_)
    return complete(fail({error_kind::cancelled, std::string(start_.operation.name),
                          "cancelled; proven not to have happened", 409}));
  // The vendor says each time that it is done already, and shows nothing: more keys change nothing,
  // and somebody has to look.
  if (refusal_ && attempt_ >= attempts_max)
    return complete(fail({error_kind::rejected, std::string(start_.operation.name),
                          "refused " + std::to_string(attempt_) +
                              " times as done before, and never found: " + refusal_->message,
                          refusal_->status}));
  std::int64_t pause = 0;
  if (start_.operation.doubt == doubt_policy::replay_key) {
    if (attempt_ > 1) // The second look in a row that found nothing: no hurry with a third.
      pause = round_pause_ms << std::min<std::uint32_t>(attempt_ - 2, round_pause_doublings);
    ++attempt_;
    stored_ = false;
    same_status_ = 0;
    note(note_kind::new_key, now(), "the last attempt is proven absent");
  } else {
    note(note_kind::resend, now(), "proven absent");
  }
  first_sent_at_ = now() + pause;
  return pause == 0 ? send() : wait(first_sent_at_, next::send);
}

effect_step effect_machine::on_time() {
  if (phase_ != phase::waiting || now() < due_) {
    effect_step s;
    s.at = due_;
    return s;
  }
  durable_wait_ = false;
  return next_ == next::send ? send() : look_up();
}

effect_step effect_machine::on_cancel() {
  cancel_ = true;
  if (phase_ == phase::waiting && !doubt_)
    return complete(fail({error_kind::cancelled, std::string(start_.operation.name),
                          "cancelled before anything happened", 409}));
  effect_step s;
  s.at = due_;
  return s;
}

} // namespace orderhub::durable
