#include "providers/chosen_doubt.hpp"

namespace orderhub::providers {

namespace {

bool may_be_looked_up(const raw_operation& call) {
  return call.lookup && call.doubt != doubt_policy::may_repeat;
}

} // namespace

chosen_doubt doubt_of(const raw_operation& call, const endpoint* at) {
  chosen_doubt out{call.doubt, call.event_wait_ms, call.after_event, call.key_life_ms,
                   call.absence_after_ms};
  if (at == nullptr)
    return out;
  if (at->absence_after_ms >= 0)
    out.absence_after_ms = at->absence_after_ms;
  const auto it = at->doubt.find(call.name);
  if (it == at->doubt.end() || !call.has_effect)
    return out;
  const auto& choice = it->second;
  if (choice.uses(doubt_policy::lookup) && !may_be_looked_up(call))
    return out;
  out.policy = choice.policy;
  out.event_wait_ms = choice.event_wait_ms;
  out.after_event = choice.after_event;
  if (choice.key_life_ms)
    out.key_life_ms = *choice.key_life_ms;
  if (choice.absence_after_ms)
    out.absence_after_ms = *choice.absence_after_ms;
  return out;
}

} // namespace orderhub::providers
