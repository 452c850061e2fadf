// Where an effect stands that was found open in the journal.
#include "actors/durable/effect_machine.hpp"

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
  // A wait of an earlier run begins anew: what was to come found nobody here.
  if (stands && stands->note.kind == note_kind::event_wait &&
      steady_of(stands->at) <= env_.started_at)
    return wait(event_wait_ms(), next::after_event, stands->note.text);
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
    return send();
  }
  if (!doubt_)
    note(note_kind::doubt, now(), "the process ended while the call may have been out");
  doubt_ = true;
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
