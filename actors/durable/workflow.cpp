#include "actors/durable/workflow.hpp"

namespace orderhub::durable {

std::optional<invocation_id> run_of(const journal::object_state& state, std::string_view handler) {
  for (const auto& i : state.live)
    if (i.input.handler == handler)
      return i.id;
  const auto* ended = state.value(run_entry);
  return ended != nullptr ? invocation_id::parse(*ended) : std::nullopt;
}

std::string_view workflow_handler(const service_definition& service) {
  for (const auto& [name, handler] : service.handlers)
    if (handler.once)
      return name;
  return {};
}

} // namespace orderhub::durable
