#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/object_loader.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "journal/base/time.hpp"

namespace orderhub::handlers {

/// Every service of the program. `load_object`: null where nobody can say. `started_at`: when the
/// process began.
durable::service_registry all_services(settings_ptr settings, object_loader load_object = {},
                                       unix_ms started_at = 0);

} // namespace orderhub::handlers
