#include "actors/handlers/services.hpp"

#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/orders/order_orchestrator.hpp"
#include "actors/handlers/shipments/shipment.hpp"
#include "actors/handlers/webhooks/webhook_processor.hpp"

namespace orderhub::handlers {

durable::service_registry all_services(std::shared_ptr<const order_settings> settings) {
  durable::service_registry registry;
  registry.services.emplace("OrderOrchestrator", order_service(settings));
  registry.services.emplace("Shipment", shipment_service(settings));
  registry.services.emplace("Notification", notification_service(settings));
  registry.services.emplace("WebhookProcessor", webhook_service());
  return registry;
}

} // namespace orderhub::handlers
