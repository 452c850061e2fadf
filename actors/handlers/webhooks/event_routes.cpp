#include "actors/handlers/webhooks/event_routes.hpp"

#include "actors/handlers/deployments/deployment_service.hpp"
#include "actors/handlers/objects.hpp"

namespace orderhub::handlers {

std::optional<object_id> route_of(providers::webhooks::event_kind kind,
                                  const std::string& order_id) {
  using enum providers::webhooks::event_kind;
  if (!may_be_key(order_id))
    return std::nullopt;
  switch (kind) {
  case payment_succeeded:
  case payment_processing:
  case payment_requires_action:
  case payment_failed:
  case payment_refunded:
  case refund_pending:
  case refund_failed:
  case dispute_opened:
  case dispute_won:
  case dispute_lost:
  case tracking_unknown:
  case in_transit:
  case delivered:
  case returned:
  case delivery_failed:
  case picked_up:
  case packed:
  case mail_processed:
  case mail_deferred:
  case mail_delivered:
  case mail_bounced:
  case mail_dropped:
  case mail_complained:
  case sms_queued:
  case sms_sent:
  case sms_delivered:
  case sms_undelivered:
  case sms_failed:
    return order_object(order_id);
  case message_posted:
    return notification_object(order_id);
  case label_bought:
  case label_failed:
  case label_refund_pending:
  case label_refunded:
  case label_refund_failed:
    return shipment_object(order_id);
  case deployment_pending:
  case deployment_succeeded:
  case deployment_failed:
    return object_id{deployment_service_name, order_id};
  case operator_action:
  case awakeable:
  case skipped:
  case handshake:
    break;
  }
  return std::nullopt;
}

} // namespace orderhub::handlers
