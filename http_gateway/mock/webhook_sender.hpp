#pragma once
#include "providers/mock/webhooks/queue.hpp"
#include "providers/transport.hpp"

#include <condition_variable>
#include <cstdint>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace orderhub::http_gateway {

/// Where and how the mock vendors' webhooks go.
struct webhook_sender_options {
  std::string to; ///< What stands before `/webhooks/…`: `http://127.0.0.1:8080`.
  providers::mock::webhook_manner manner;
  providers::mock::webhook_keys keys;
  std::uint64_t seed = 1; ///< Of delays, copies and forgeries.
  /// A file that gets a line of JSON for each call that ended: `vendor`, `target`, `delivery`
  /// (GitHub's id), `forged`, `status` (0: no answer) and `body`. Empty: none. For tests: bodies
  /// hold mail addresses.
  std::string log_path;
};

/// Sends what the mock vendors tell, on one thread of its own: it asks `collect` every 50 ms, and
/// has at most `in_flight_max` calls out. What is not answered 2xx goes out again, as its vendor
/// would.
class webhook_sender {
public:
  static constexpr std::size_t in_flight_max = 4;
  struct counts {
    std::uint64_t sent = 0, taken = 0, refused = 0; ///< Forged ones included.
    std::uint64_t forged_taken = 0;                 ///< Must stay 0.
  };

  /// `collect` gives what was told up to a time; it and `out` outlive this.
  webhook_sender(webhook_sender_options options, providers::transport& out,
                 std::function<std::vector<providers::mock::notice>(unix_ms)> collect);
  /// Waits for the calls that are out; what was not sent never is.
  ~webhook_sender();
  webhook_sender(const webhook_sender&) = delete;
  webhook_sender& operator=(const webhook_sender&) = delete;

  [[nodiscard]] counts counted() const;

private:
  void run();
  void send(providers::mock::webhook_sending sending);
  void write(const providers::mock::webhook_sending& sent,
             const providers::transport_outcome& outcome);
  void done(providers::mock::webhook_sending sending, const providers::transport_outcome& outcome);

  const std::string to_;
  providers::transport& out_;
  const std::function<std::vector<providers::mock::notice>(unix_ms)> collect_;
  const system_clock clock_;
  mutable std::mutex mutex_; ///< Guards what follows.
  std::condition_variable changed_;
  providers::mock::webhook_queue queue_;
  std::vector<providers::mock::webhook_sending> due_; ///< Wait for a place; backwards.
  std::ofstream log_;
  counts counts_;
  std::size_t in_flight_ = 0;
  bool is_stopping_ = false;
  std::thread thread_; ///< Last: it uses all of them.
};

} // namespace orderhub::http_gateway
