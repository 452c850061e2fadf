#pragma once
#include "actors/durable/service.hpp"
#include "journal/base/ids.hpp"
#include "journal/object_state.hpp"

#include <optional>
#include <string_view>

namespace orderhub::durable {

/// The state entry in which a handler with `once` leaves its invocation's id, as text.
inline constexpr std::string_view run_entry = "run";

/// The one invocation of that handler, ended or not; nothing where there was none.
std::optional<invocation_id> run_of(const journal::object_state& state, std::string_view handler);

/// The handler with `once`, by its name; empty where the service is no workflow.
std::string_view workflow_handler(const service_definition& service);

} // namespace orderhub::durable
