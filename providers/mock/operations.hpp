#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace orderhub::providers::mock {

enum class vendor_id : std::uint8_t {
  stripe,
  shippo,
  sendgrid,
  slack,
  twilio,
  github,
  inventory,
  warehouse,
  carrier,
  custom
};
inline constexpr std::size_t vendor_count = 10;
inline constexpr std::array<std::string_view, vendor_count> vendor_names = {
    "stripe", "shippo",    "sendgrid",  "slack",   "twilio",
    "github", "inventory", "warehouse", "carrier", "custom"};

/// What a request asks for; the name by which faults and request counters speak of it.
enum class call_id : std::uint8_t {
  stripe_charge,   ///< POST /v1/payment_intents, `stripe.charge`
  stripe_confirm,  ///< POST /v1/payment_intents/{id}/confirm
  stripe_cancel,   ///< POST /v1/payment_intents/{id}/cancel
  stripe_retrieve, ///< GET /v1/payment_intents/{id}
  stripe_list,     ///< GET /v1/payment_intents
  stripe_refund,   ///< POST /v1/refunds
  stripe_retrieve_refund,
  stripe_list_refunds,
  stripe_list_events, ///< GET /v1/events
  stripe_balance,     ///< GET /v1/balance
  stripe_other,       ///< Unknown path or method.
  shippo_shipment,
  shippo_retrieve_shipment,
  shippo_label, ///< POST /transactions, `shippo.label`
  shippo_retrieve_label,
  shippo_list_labels,
  shippo_label_refund, ///< POST /refunds
  shippo_retrieve_label_refund,
  shippo_address,    ///< POST /addresses
  shippo_track,      ///< POST /tracks
  shippo_read_track, ///< GET /tracks/{carrier}/{number}
  shippo_other,
  sendgrid_mail,
  sendgrid_scopes, ///< GET /v3/scopes
  sendgrid_other,
  slack_message, ///< chat.postMessage
  slack_history, ///< conversations.history
  slack_webhook, ///< Incoming webhook.
  slack_auth,    ///< auth.test
  slack_other,
  twilio_sms,      ///< POST …/Messages.json
  twilio_list,     ///< GET …/Messages.json
  twilio_retrieve, ///< GET …/Messages/{sid}.json
  twilio_other,
  github_deployment, ///< POST …/deployments
  github_list,       ///< GET …/deployments
  github_statuses,   ///< GET …/deployments/{id}/statuses
  github_status,     ///< POST …/deployments/{id}/statuses
  github_other,
  inventory_reserve, ///< POST /v1/reservations
  inventory_commit,
  inventory_release,
  inventory_read,    ///< GET /v1/reservations/{reference}
  inventory_stock,   ///< GET /v1/stock
  inventory_request, ///< GET /v1/requests/{key}
  inventory_other,
  warehouse_pick_ticket, ///< POST /v1/pick_tickets
  warehouse_cancel,
  warehouse_read,
  warehouse_request, ///< GET /v1/requests/{key}
  warehouse_other,
  carrier_pickup, ///< POST /v1/pickups
  carrier_cancel,
  carrier_read,
  carrier_request, ///< GET /v1/requests/{key}
  carrier_other,
  custom_call,  ///< PUT or POST /orders/{reference}
  custom_find,  ///< GET /orders/{reference}
  custom_token, ///< POST /token
  custom_other,
};
inline constexpr std::size_t call_count = 60;

struct call_name {
  vendor_id vendor;
  std::string_view operation;
};
inline constexpr std::array<call_name, call_count> call_names = {{
    {vendor_id::stripe, "charge"},
    {vendor_id::stripe, "confirm"},
    {vendor_id::stripe, "cancel"},
    {vendor_id::stripe, "retrieve"},
    {vendor_id::stripe, "list"},
    {vendor_id::stripe, "refund"},
    {vendor_id::stripe, "retrieve_refund"},
    {vendor_id::stripe, "list_refunds"},
    {vendor_id::stripe, "list_events"},
    {vendor_id::stripe, "balance"},
    {vendor_id::stripe, "other"},
    {vendor_id::shippo, "shipment"},
    {vendor_id::shippo, "retrieve_shipment"},
    {vendor_id::shippo, "label"},
    {vendor_id::shippo, "retrieve_label"},
    {vendor_id::shippo, "list_labels"},
    {vendor_id::shippo, "label_refund"},
    {vendor_id::shippo, "retrieve_label_refund"},
    {vendor_id::shippo, "address"},
    {vendor_id::shippo, "track"},
    {vendor_id::shippo, "read_track"},
    {vendor_id::shippo, "other"},
    {vendor_id::sendgrid, "mail"},
    {vendor_id::sendgrid, "scopes"},
    {vendor_id::sendgrid, "other"},
    {vendor_id::slack, "message"},
    {vendor_id::slack, "history"},
    {vendor_id::slack, "webhook"},
    {vendor_id::slack, "auth"},
    {vendor_id::slack, "other"},
    {vendor_id::twilio, "sms"},
    {vendor_id::twilio, "list"},
    {vendor_id::twilio, "retrieve"},
    {vendor_id::twilio, "other"},
    {vendor_id::github, "deployment"},
    {vendor_id::github, "list"},
    {vendor_id::github, "statuses"},
    {vendor_id::github, "status"},
    {vendor_id::github, "other"},
    {vendor_id::inventory, "reserve"},
    {vendor_id::inventory, "commit"},
    {vendor_id::inventory, "release"},
    {vendor_id::inventory, "read"},
    {vendor_id::inventory, "stock"},
    {vendor_id::inventory, "request"},
    {vendor_id::inventory, "other"},
    {vendor_id::warehouse, "pick_ticket"},
    {vendor_id::warehouse, "cancel"},
    {vendor_id::warehouse, "read"},
    {vendor_id::warehouse, "request"},
    {vendor_id::warehouse, "other"},
    {vendor_id::carrier, "pickup"},
    {vendor_id::carrier, "cancel"},
    {vendor_id::carrier, "read"},
    {vendor_id::carrier, "request"},
    {vendor_id::carrier, "other"},
    {vendor_id::custom, "call"},
    {vendor_id::custom, "find"},
    {vendor_id::custom, "token"},
    {vendor_id::custom, "other"},
}};

} // namespace orderhub::providers::mock
