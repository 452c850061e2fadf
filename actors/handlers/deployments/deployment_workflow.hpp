#pragma once
#include "actors/durable/context.hpp"
#include "actors/durable/service.hpp"
#include "actors/durable/task.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// How long the end of a deployment is awaited after GitHub has created it.
inline constexpr std::int64_t deployment_time_ms = 600'000;

/// `run`: creates the deployment, awaits its end, and says how it ended. The body is an encoded
/// `deployment_wanted`.
durable::handler_task run_deployment(durable::context ctx, std::string body, settings_ptr settings);

/// `FollowDeployment`: asks GitHub once what has become of the deployment, tells the workflow, and
/// begins the next one after a pause. The body is an encoded `follow_up`.
durable::handler_task follow_deployment_once(durable::context ctx, std::string body,
                                             settings_ptr settings);

/// `RecordDeployment`, an event: the body is encoded `deployment_facts`. 404 where there is no such
/// workflow.
result<durable::event_outcome> record_deployment(const journal::object_state& state,
                                                 std::string_view body);

/// `RecordWebhook`, an event: what GitHub says of the deployment, an encoded `routed_event`.
result<durable::event_outcome> record_deployment_webhook(const journal::object_state& state,
                                                         std::string_view body,
                                                         const settings_ptr& settings);

/// `GetStatus`. 404 where there is no such workflow.
result<std::string> deployment_status_of(const durable::read_view& view, std::string_view body);

} // namespace orderhub::handlers
