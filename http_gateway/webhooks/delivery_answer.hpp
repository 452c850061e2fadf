#pragma once
#include "actors/host/ingress.hpp"
#include "http_gateway/server/exchange.hpp"
#include "http_gateway/webhooks/webhook_metrics.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace orderhub::http_gateway {

/// The answer to one verified delivery, which leaves when all of its events are durable: 200, or
/// what the hub says of the first that it could not store, so that the vendor sends all of them
/// again. What was stored is known then. Any thread.
class delivery_answer final : public host::responder {
public:
  using moment = std::chrono::steady_clock::time_point;
  /// `events`: how many times `finished` is called. 0: answered at once. `came_at`: the delivery.
  delivery_answer(http_exchange_ptr exchange, std::string vendor, std::size_t events,
                  http_response when_durable, webhook_metrics& metrics, moment came_at);

  void accepted(std::string_view) override {}
  void finished(host::call_response reply) override;
  [[nodiscard]] bool gone() const override { return exchange_->answered(); }

private:
  void answer();

  http_exchange_ptr exchange_;
  std::string vendor_;
  http_response when_durable_;
  webhook_metrics& metrics_;
  const moment came_at_;
  std::atomic<std::size_t> left_;
  std::atomic<std::uint64_t> fresh_{0}, known_{0};
  std::mutex mutex_; ///< Guards the next one.
  std::unique_ptr<host::call_response> failed_;
};

} // namespace orderhub::http_gateway
