// Where an effect stands that was found open in the journal.
#include "actors/durable/effect_machine.hpp"
#include "actors/durable/effect_standing.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::durable {

using journal::note_kind;
using providers::doubt_policy;

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
  const auto known = standing_of(start_.accepted_at, start_.notes);
  lost_ = true;
  evidence_ = known.evidence;
  generation_ = known.generation;
  sends_ = known.sends;
  left_recorded_ = known.left_at;
  rounds_ = known.rounds;
  same_status_ = known.status;
  same_status_since_ = known.status_since;
  stored_ = known.lookup_only;
  doubt_ = known.in_doubt;
  if (doubt_)
    doubts(known.doubted_at.value_or(start_.accepted_at));
  refused_ = known.refused;
  person_ = known.person;
  position_ = known.position;
  position_text_ = known.position_text;
  first_sent_at_ = known.first_sent_at;
  since_ = known.since;
  const bool nothing_out = known.nothing_out;
  const auto out_since = known.out_since;
  const auto& doubted_at = known.doubted_at;
  const auto& stands = known.stands;
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
  // A wait of an earlier run begins anew: what was to come found nobody here.
  if (known.waits_for_event() && steady_of(stands->at) <= env_.started_at)
    return wait(event_wait_ms(), next::after_event, stands->note.text);
  if (known.waits_for_event())
    return wait_until(env_.time.steady_due(stands->at, stands->note.at), next::after_event);
  event_waited_ = known.waited_for_event;
  if (known.waits_for_person())
    return cancel_ ? lookup() : wait_for_person();
  // Of an earlier process no call is out: what may be repeated is not.
  if (nothing_out || policy() == doubt_policy::may_repeat) {
    if (!nothing_out)
      doubts(now());
    if (auto ended = ended_by_cancel())
      return std::move(*ended);
  }
  if (doubt_ && !stored_ && key_not_sure())
    return lookup_for_good();
  if (stands && nothing_out) {
    tell_board(stands->note.text);
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
    if (doubt_)
      doubts(now());
    else
      doubt_since_ = 0;
    return send();
  }
  if (!doubt_)
    note(note_kind::doubt, now(), "the process ended while the call may have been out");
  doubts(now());
  return key_not_sure() ? lookup_for_good() : resolve({}, true);
}

/// A key that cannot be judged in this run could seem to be alive in the next one: the journal says
/// that it is looked up.
effect_step effect_machine::lookup_for_good() {
  stored_ = true;
  note(note_kind::lookup_at, now(), "the vendor may have forgotten its key");
  return lookup();
}

} // namespace orderhub::durable
