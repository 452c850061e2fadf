#pragma once
#include "actors/handlers/webhooks/receipt.hpp"
#include "actors/host/ingress.hpp"
#include "http_gateway/ingress/webhook_taker.hpp"
#include "http_gateway/webhooks/delivery_answer.hpp"
#include "http_gateway/webhooks/large_deliveries.hpp"
#include "http_gateway/webhooks/webhook_metrics.hpp"
#include "journal/base/repeated_warning.hpp"
#include "journal/base/secret.hpp"
#include "journal/base/time.hpp"
#include "providers/webhooks/custom.hpp"
#include "providers/webhooks/vendors.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// By what deliveries are believed.
struct webhook_keys {
  struct of_vendor {
    std::vector<secret> secrets; ///< None: every call is refused.
    std::string setting;         ///< Where they are set, for people: `STRIPE_WEBHOOK_SECRET`.
  };
  std::map<std::string, of_vendor, std::less<>> vendors; ///< Every one of `sources()`.
  std::vector<providers::webhooks::custom_source> custom;
  std::string public_url; ///< What vendors were told: Twilio signs it.
};

/// Verified, recorded, answered, in this order. An event is answered 2xx when it is durable, and
/// applied behind that; one that is known by its vendor's id is answered alike and is nothing new.
/// Nothing of a delivery that is not verified is stored.
class webhook_door final : public webhook_taker {
public:
  /// The references outlive it. `hub_id`: in hex, as our own metadata has it.
  webhook_door(host::ingress& hub, std::string hub_id, const clock& time, webhook_keys keys);

  void take(const webhook_route& route, http_exchange_ptr exchange) override;
  /// Bodies above this are verified and read on a thread of their own.
  static constexpr std::size_t large_body_bytes = std::size_t{16} * 1'024;
  /// Takes no large ones any more (503), and has given the hub those that it took.
  void stop() { large_.stop(); }
  /// Others count from the next delivery on. From any thread.
  void set_keys(webhook_keys keys);
  [[nodiscard]] const webhook_metrics& metrics() const { return metrics_; }
  /// Writes what was counted of refused deliveries: now and then, and at the end.
  void write_warnings(bool all);

private:
  struct sender;
  void take_in(const std::string& vendor, const http_exchange_ptr& exchange,
               const std::string& peer);
  [[nodiscard]] std::shared_ptr<const webhook_keys> keys() const;
  void refuse(const sender& from, const http_exchange_ptr& exchange,
              const providers::webhooks::verification& why);
  void record(const sender& from, const http_exchange_ptr& exchange,
              providers::webhooks::reading read);
  void record(handlers::receipt received, std::int64_t retry_window_ms,
              const std::shared_ptr<delivery_answer>& answer);

  host::ingress& hub_;
  std::string hub_id_;
  const clock& time_;
  mutable std::mutex mutex_; ///< Guards the next one.
  std::shared_ptr<const webhook_keys> keys_;
  webhook_metrics metrics_;
  repeated_warning refused_{"webhook_refused"};
  repeated_warning unreadable_{"webhook_unreadable"};
  large_deliveries large_; ///< Last: it uses all of the above.
};

} // namespace orderhub::http_gateway
