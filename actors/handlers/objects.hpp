#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/text.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace orderhub::handlers {

// The services, and their object for one order: each has the order's id as its key.

inline constexpr const char* order_service_name = "OrderOrchestrator";
inline constexpr const char* shipment_service_name = "Shipment";
inline constexpr const char* notification_service_name = "Notification";
inline constexpr const char* custom_service_name = "CustomProvider";
/// Its key is the fulfilment's own, and not the order's.
inline constexpr const char* fulfilment_service_name = "FulfillmentOrchestrator";

/// What an object may have as its key: the door refuses other calls, and a record of it would not
/// be taken. What comes from elsewhere is asked for it first.
inline bool may_be_key(std::string_view text) {
  constexpr std::size_t size_max = 255;
  return !text.empty() && text.size() <= size_max && is_utf8(text) && !has_control_character(text);
}

/// One verified event of a vendor; its key is `vendor_key`.
inline constexpr const char* webhook_service_name = "Webhook";

inline object_id webhook_object(const std::string& key) {
  return {webhook_service_name, key};
}
inline object_id order_object(const std::string& order_id) {
  return {order_service_name, order_id};
}
inline object_id shipment_object(const std::string& order_id) {
  return {shipment_service_name, order_id};
}
inline object_id fulfilment_object(const std::string& key) {
  return {fulfilment_service_name, key};
}
inline object_id notification_object(const std::string& order_id) {
  return {notification_service_name, order_id};
}
inline object_id custom_object(const std::string& order_id) {
  return {custom_service_name, order_id};
}

} // namespace orderhub::handlers
