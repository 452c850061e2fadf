#include "journal/replay.hpp"

namespace orderhub::journal {

namespace {

std::string describe(record_kind kind, std::uint32_t index, std::string_view name) {
  std::string text = std::string(name_of(kind));
  if (!name.empty())
    text += " \"" + std::string(name) + '"';
  return text + " at index " + std::to_string(index);
}

std::string describe(const entry& e) {
  return describe(e.kind, e.index, command_name(e.kind, e.payload));
}

} // namespace

std::string_view name_of(record_kind kind) {
  switch (kind) {
  case record_kind::input:
    return "input";
  case record_kind::get:
    return "get";
  case record_kind::set:
    return "set";
  case record_kind::clear:
    return "clear";
  case record_kind::merge:
    return "merge";
  case record_kind::run:
    return "run";
  case record_kind::effect:
    return "effect";
  case record_kind::sleep:
    return "sleep";
  case record_kind::awakeable:
    return "awakeable";
  case record_kind::call:
    return "call";
  case record_kind::send:
    return "send";
  case record_kind::output:
    return "output";
  case record_kind::cancel_invocation:
    return "cancel_invocation";
  case record_kind::await_event:
    return "await_event";
  case record_kind::event:
    return "event";
  case record_kind::operator_action:
    return "operator";
  case record_kind::completion:
    return "completion";
  case record_kind::cancel:
    return "cancel";
  case record_kind::effect_note:
    return "effect_note";
  case record_kind::paused:
    return "paused";
  }
  return "unknown";
}

std::string command_name(record_kind kind, std::string_view payload) {
  switch (kind) {
  case record_kind::get:
  case record_kind::set:
  case record_kind::clear:
  case record_kind::merge:
    if (auto p = decode_state(payload))
      return p->name;
    return {};
  case record_kind::run:
    if (auto p = decode_run(payload))
      return p->name;
    return {};
  case record_kind::effect:
    if (auto p = decode_effect(payload))
      return p->name;
    return {};
  case record_kind::call:
  case record_kind::send:
    if (auto p = decode_call(payload))
      return p->target.service + '/' + p->input.handler;
    return {};
  default:
    return {};
  }
}

result<const entry*> replay_cursor::command(const std::vector<entry>& entries, record_kind kind,
                                            std::uint32_t index, std::string_view name) {
  if (live())
    return nullptr;
  const entry& recorded = entries[at_];
  if (recorded.kind != kind || recorded.index != index ||
      command_name(kind, recorded.payload) != name)
    return fail({error_kind::diverged, "journal.replay",
                 "the journal holds " + describe(recorded) + ", this program asks for " +
                     describe(kind, index, name)});
  ++at_;
  return &recorded;
}

result<const entry*> replay_cursor::notification(const std::vector<entry>& entries) {
  if (live())
    return nullptr;
  const entry& recorded = entries[at_];
  if (is_command(recorded.kind))
    return fail({error_kind::diverged, "journal.replay",
                 "the journal holds " + describe(recorded) +
                     ", this program waits or has ended before it"});
  ++at_;
  return &recorded;
}

} // namespace orderhub::journal
