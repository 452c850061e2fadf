#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"

#include <memory>

namespace orderhub::handlers {

/// Every service of the program.
durable::service_registry all_services(std::shared_ptr<const order_settings> settings);

} // namespace orderhub::handlers
