#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"

namespace orderhub::handlers {

/// Every service of the program.
durable::service_registry all_services(settings_ptr settings);

} // namespace orderhub::handlers
