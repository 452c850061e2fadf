#include "http_gateway/mock/webhook_sender.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace mock = providers::mock;

namespace {

constexpr std::chrono::milliseconds tick(50);
/// The longest that any of the vendors waits for an answer.
constexpr std::int64_t deadline_ms = 15'000;

bool is_taken(const providers::transport_outcome& outcome) {
  return outcome.kind == providers::outcome_kind::response && outcome.response.status >= 200 &&
         outcome.response.status < 300;
}

} // namespace

webhook_sender::webhook_sender(webhook_sender_options options, providers::transport& out,
                               std::function<std::vector<mock::notice>(unix_ms)> collect)
    : to_(std::move(options.to)), out_(out), collect_(std::move(collect)),
      queue_(options.manner, std::move(options.keys), options.seed) {
  if (!options.log_path.empty())
    log_.open(options.log_path, std::ios::app);
  thread_ = std::thread([this] { run(); });
}

webhook_sender::~webhook_sender() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return in_flight_ == 0; });
}

webhook_sender::counts webhook_sender::counted() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

void webhook_sender::run() {
  for (;;) {
    const auto now = clock_.wall_ms();
    auto told = collect_(now);
    std::unique_lock lock(mutex_);
    if (is_stopping_)
      return;
    queue_.add(std::move(told), now);
    if (due_.empty()) {
      due_ = queue_.take_due(now);
      std::reverse(due_.begin(), due_.end());
    }
    while (!due_.empty() && in_flight_ < in_flight_max) {
      auto next = std::move(due_.back());
      due_.pop_back();
      ++in_flight_;
      ++counts_.sent;
      lock.unlock();
      send(std::move(next));
      lock.lock();
    }
    // A call that ends makes a place, which need not wait for the next tick.
    const auto out = in_flight_;
    changed_.wait_for(lock, tick, [&] {
      return is_stopping_ || (!due_.empty() && in_flight_ < std::min(out, in_flight_max));
    });
  }
}

void webhook_sender::send(mock::webhook_sending sending) {
  providers::wire_request request;
  request.method = "POST";
  request.url = secret(to_ + sending.target);
  request.headers = sending.headers;
  request.body = sending.body;
  request.deadline_ms = deadline_ms;
  out_.send(std::move(request), [this, sent = std::move(sending)](
                                    providers::transport_outcome outcome) { done(sent, outcome); });
}

void webhook_sender::write(const mock::webhook_sending& sent,
                           const providers::transport_outcome& outcome) {
  if (!log_.is_open())
    return;
  const bool is_answered = outcome.kind == providers::outcome_kind::response;
  nlohmann::json line{{"vendor", mock::vendor_names.at(static_cast<std::size_t>(sent.vendor))},
                      {"target", sent.target},
                      {"forged", sent.is_forged},
                      {"status", is_answered ? outcome.response.status : 0},
                      {"body", sent.body}};
  for (const auto& [name, value] : sent.headers)
    if (name == "X-GitHub-Delivery")
      line["delivery"] = value;
  log_ << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
}

void webhook_sender::done(mock::webhook_sending sending,
                          const providers::transport_outcome& outcome) {
  const bool taken = is_taken(outcome);
  const std::lock_guard lock(mutex_);
  write(sending, outcome);
  ++(taken ? counts_.taken : counts_.refused);
  if (taken && sending.is_forged)
    ++counts_.forged_taken;
  if (!taken)
    queue_.failed(std::move(sending), clock_.wall_ms());
  --in_flight_;
  changed_.notify_all(); // Under the lock: who waits for the last call may end this.
}

} // namespace orderhub::http_gateway
