#pragma once
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "journal/base/result.hpp"
#include "providers/custom/description.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::handlers {

/// That something has happened to an order, as it is told to the order itself, which knows the
/// rest.
struct hook_event {
  providers::custom::hook what{};
  std::uint32_t attempt = 1; ///< Counts what is told of one event.
  /// Of `shipped`: the order may not have heard of its label yet.
  std::string label_id, tracking_number;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<hook_event> decode(std::string_view bytes);
};

/// One call of one provider. Sent to `CustomProvider/{order}/Call`.
struct custom_call {
  std::string provider; ///< `crm`
  providers::custom::hook after{};
  std::uint32_t attempt = 1;
  providers::custom::values with;

  /// `custom_crm_confirmed`, from the second attempt on `custom_crm_confirmed_2`: the step, and the
  /// notice that GetOrder shows.
  [[nodiscard]] std::string step() const;
  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<custom_call> decode(std::string_view bytes);
};

/// What a provider is told of an order.
providers::custom::values values_of(const std::string& order_id, const order& placed,
                                    const order_facts& facts, const hook_event& event);

} // namespace orderhub::handlers
