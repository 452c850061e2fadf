#pragma once
#include "actors/durable/service.hpp"
#include "journal/base/result.hpp"

#include <string>
#include <string_view>

namespace orderhub::handlers {

/// What one of a vendor's ids stands for here: whose it is, and by which step it came to be.
struct vendor_name {
  std::string order_id; ///< Key of the order or the deployment.
  std::string step, attempt;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<vendor_name> decode(std::string_view bytes);
};

inline constexpr const char* vendor_id_service_name = "VendorId";

/// The object that knows whose `pi_…` or tracking number it is.
object_id vendor_id_object(std::string_view vendor, std::string_view id);

/// What `VendorId/{vendor}:{id}` does, each an event: it is told once whose it is (`Name`), asked
/// by webhooks that carry it (`Ask`), and told that one of them waits no more (`Forget`). Whoever
/// asked before it had a name is told when it gets one, by `Webhook/…/Match`.
durable::service_definition vendor_id_service();

/// Whoever learns an id says whose it is: events that carry it find the object. Nothing where it is
/// empty.
void name_id(durable::context ctx, std::string_view vendor, const std::string& id,
             const vendor_name& of);

} // namespace orderhub::handlers
