#include "actors/handlers/services.hpp"

#include "actors/handlers/bulk/bulk.hpp"
#include "actors/handlers/bulk/bulk_service.hpp"
#include "actors/handlers/bulk/operate.hpp"
#include "actors/handlers/custom/custom_service.hpp"
#include "actors/handlers/deployments/deployment_service.hpp"
#include "actors/handlers/erasure.hpp"
#include "actors/handlers/fulfilment/fulfilment_service.hpp"
#include "actors/handlers/notifications/notification_service.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order_service.hpp"
#include "actors/handlers/shipments/parcel.hpp"
#include "actors/handlers/shipments/restored_labels.hpp"
#include "actors/handlers/shipments/shipment_service.hpp"
#include "actors/handlers/webhooks/vendor_id.hpp"
#include "actors/handlers/webhooks/webhook_processor.hpp"
#include "actors/handlers/webhooks/webhook_service.hpp"
#include "actors/handlers/webhooks/webhook_sweeper.hpp"

#include <utility>

namespace orderhub::handlers {

durable::service_registry all_services(settings_ptr settings, object_loader load_object,
                                       unix_ms started_at) {
  durable::service_registry registry;
  registry.services.emplace(order_service_name, order_service(settings));
  registry.services.emplace(shipment_service_name, shipment_service(settings));
  registry.services.emplace(parcel_service_name, parcel_service(settings));
  registry.services.emplace(restored_labels_name, restored_labels_service());
  registry.services.emplace(notification_service_name, notification_service(settings));
  registry.services.emplace(custom_service_name, custom_service(settings));
  registry.services.emplace(fulfilment_service_name, fulfilment_service(settings));
  registry.services.emplace(deployment_service_name, deployment_service(settings));
  registry.services.emplace(bulk_service_name, bulk_service(settings));
  registry.services.emplace(bulk_page_service_name,
                            bulk_page_service(settings, load_object, started_at));
  for (const auto service : operated_services)
    registry.services.find(service)->second.handlers.emplace(operate_handler, operate_definition());
  registry.services.emplace("WebhookProcessor", webhook_service());
  registry.services.emplace(webhook_service_name,
                            verified_webhook_service(settings, std::move(load_object)));
  registry.services.emplace(webhook_sweeper_name, webhook_sweeper_service(settings));
  registry.services.emplace(vendor_id_service_name, vendor_id_service());
  for (auto& [name, service] : registry.services)
    service.erase = &erased_values;
  return registry;
}

} // namespace orderhub::handlers
