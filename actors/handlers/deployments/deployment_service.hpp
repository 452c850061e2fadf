#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"

namespace orderhub::handlers {

inline constexpr const char* deployment_service_name = "DeploymentWorkflow";

/// `DeploymentWorkflow`, one object a deployment: `run`, once, and `GetStatus`.
durable::service_definition deployment_service(settings_ptr settings);

} // namespace orderhub::handlers
