#include "actors/durable/effect_standing.hpp"

#include <algorithm>

namespace orderhub::durable {

using journal::note_kind;
using providers::doubt_policy;

providers::http_request request_in(const journal::effect_payload& intent) {
  providers::http_request request{intent.method, intent.path, {}, intent.body};
  for (std::string_view lines = intent.headers; !lines.empty();) {
    const auto line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    if (const auto colon = line.find(": "); colon != std::string_view::npos)
      request.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return request;
}

effect_standing standing_of(unix_ms begun_at, const std::vector<journal::recorded_note>& notes) {
  effect_standing s;
  s.out_since = s.first_sent_at = s.since = begun_at;
  for (const auto& recorded : notes) {
    const auto& n = recorded.note;
    if (!journal::says_where_it_stands(n.kind)) {
      if (n.kind != note_kind::answered)
        s.evidence = n.text;
      continue;
    }
    s.generation = std::max(s.generation, n.attempt);
    s.sends = std::max(s.sends, n.sends);
    s.left_at = std::max(s.left_at, n.left_at);
    s.rounds = n.rounds;
    s.status = n.status;
    s.status_since = n.status_since;
    s.lookup_only = n.lookup_only;
    if (journal::is_position(n.kind)) {
      s.position = n.kind;
      s.position_text = n.text;
      s.stands = recorded;
      s.nothing_out = n.kind != note_kind::resend;
      if (!s.nothing_out)
        s.out_since = recorded.at;
    }
    switch (n.kind) {
    case note_kind::doubt:
      s.in_doubt = true;
      s.doubted_at = recorded.at;
      break;
    case note_kind::done_before:
      s.refused = s.in_doubt = true;
      break;
    case note_kind::not_done_before:
      s.refused = false;
      break;
    case note_kind::lookup_absent:
      if (s.refused)
        break;
      s.in_doubt = false;
      s.doubted_at.reset();
      // Where it stood before does not count any more: it is to be sent again.
      s.nothing_out = true;
      s.stands.reset();
      s.position = note_kind::waiting;
      s.position_text = "proven absent";
      s.since = s.first_sent_at;
      s.first_sent_at = n.at;
      break;
    case note_kind::needs_person:
      s.person = n.text;
      s.stands = recorded;
      break;
    case note_kind::event_wait:
      s.waited_for_event = true;
      break;
    default:
      break;
    }
  }
  return s;
}

doubt_policy policy_now(const journal::effect_payload& intent, bool waited_for_event) {
  const auto declared = static_cast<doubt_policy>(intent.policy);
  return declared == doubt_policy::await_event && waited_for_event
             ? static_cast<doubt_policy>(intent.after_event)
             : declared;
}

doubt_move move_in_doubt(doubt_policy policy, bool key_helps, bool has_lookup) {
  const auto looked_up = has_lookup ? doubt_move::look_up : doubt_move::give_up;
  switch (policy) {
  case doubt_policy::replay_key:
    return key_helps ? doubt_move::same_key : looked_up;
  case doubt_policy::lookup:
    return looked_up;
  case doubt_policy::may_repeat:
    return doubt_move::send_again;
  case doubt_policy::await_event:
    return doubt_move::await_event;
  case doubt_policy::may_miss:
    return doubt_move::give_up;
  }
  return looked_up;
}

retry_move move_of_retry(const retry_standing& effect) {
  if (effect.is_out || effect.is_queued)
    return retry_move::nothing;
  if (!effect.in_doubt)
    return retry_move::send;
  if (effect.waits_for_event)
    return retry_move::end_event_wait;
  return effect.is_refused || effect.waits_for_person ? retry_move::look_up : retry_move::by_policy;
}

} // namespace orderhub::durable
