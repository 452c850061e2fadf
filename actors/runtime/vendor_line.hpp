#pragma once
#include "actors/host/call_counts.hpp"
#include "actors/runtime/hub_context.hpp"
#include "actors/runtime/messages.hpp"
#include "journal/base/secret.hpp"
#include "providers/registry.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::runtime {

/// The way out to one vendor, with its base URL and secrets: on the thread on which a call's intent
/// became durable, without a message to anybody. What leaves has its place from the gate, and holds
/// it until the outcome has been handled: nothing waits here. From any thread; the hub outlives it.
class vendor_line {
public:
  vendor_line(hub_context& hub, const providers::endpoint& endpoint);

  /// With the place that the gate has kept for the call.
  void send(durable::vendor_call call, call_asker asker);
  /// Without one: with the gate's.
  void send(durable::vendor_call call, std::optional<host::place_lease> place, call_asker asker);

  /// Calls that leave from now on are sent with them. Where the vendor refused the ones before, one
  /// of those that wait goes at once.
  void set(credentials them);
  [[nodiscard]] std::vector<host::class_calls> calls() const { return counts_->values(); }

private:
  [[nodiscard]] std::shared_ptr<const providers::endpoint> endpoint() const;

  hub_context& hub_;
  mutable std::mutex mutex_; ///< Guards the next one.
  std::shared_ptr<const providers::endpoint> endpoint_;
  const std::shared_ptr<host::vendor_call_counts> counts_ =
      std::make_shared<host::vendor_call_counts>();
};

} // namespace orderhub::runtime
