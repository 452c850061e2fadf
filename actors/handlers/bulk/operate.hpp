#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/shipments/parcel.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

// What a person does to many orders reaches each of their objects as a call of its event `Operate`,
// so the call and the record of the action are one with the journal of whoever calls: neither is
// lost and neither comes twice.

inline constexpr const char* operate_handler = "Operate";
/// The services whose objects work for an order: each has it.
inline constexpr std::array<std::string_view, 6> operated_services = {
    order_service_name,  shipment_service_name, notification_service_name,
    custom_service_name, parcel_service_name,   fulfilment_service_name};
/// Its service is one of them.
bool is_operated(const object_id& object);

/// What became of it at one object.
struct operated {
  enum class kind : std::uint8_t {
    recorded = 1,
    known = 2,   ///< An action of that id was recorded before: it is not done again.
    nothing = 3, ///< It changes nothing there any more.
  };
  kind what = kind::nothing;
  /// Objects of `operated_services` that its open invocations have begun, so that a pause reaches
  /// what nobody could see yet. At most `operated_called_max`.
  std::vector<object_id> called;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<operated> decode(std::string_view bytes);
};
inline constexpr std::size_t operated_called_max = 16;

/// The internal event `Operate`. Body: `journal::encode(operator_payload)` of a retry, pause,
/// resume or cancel; its answer is an encoded `operated`. A cancel begins CancelOrder. Pure.
durable::handler_definition operate_definition();

} // namespace orderhub::handlers
