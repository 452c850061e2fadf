#include "actors/handlers/webhooks/event_routes.hpp"

#include "actors/handlers/deployments/deployment_service.hpp"
#include "actors/handlers/objects.hpp"

namespace orderhub::handlers {

std::vector<event_route> routes_of(providers::webhooks::event_kind kind,
                                   const std::string& order_id) {
  using enum providers::webhooks::event_kind;
  if (!may_be_key(order_id))
    return {};
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
    return {{order_object(order_id)}};
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
    // The step is the notification's, what it means for the customer is the order's.
    return {{notification_object(order_id), false}, {order_object(order_id)}};
  case message_posted:
    return {{notification_object(order_id)}};
  case label_bought:
  case label_failed:
  case label_refund_pending:
  case label_refunded:
  case label_refund_failed:
    return {{shipment_object(order_id)}};
  case deployment_pending:
  case deployment_succeeded:
  case deployment_failed:
    return {{{deployment_service_name, order_id}}};
  case operator_action:
  case awakeable:
  case skipped:
  case handshake:
    break;
  }
  return {};
}

} // namespace orderhub::handlers
