#pragma once
#include "providers/mock/vendors.hpp"
#include "providers/transport.hpp"

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// A shop's own services for `check_contract`, in this process: the mock's, and what a test breaks
/// of them. Each call is answered from a thread of its own, one after the other.
class shop_server final : public orderhub::providers::transport {
public:
  using request = orderhub::providers::mock::mock_request;
  using response = orderhub::providers::mock::mock_response;

  ~shop_server() override {
    for (auto& thread : threads_)
      thread.join();
  }

  void send(orderhub::providers::wire_request wire, callback done) override {
    request asked{wire.method, wire.url.reveal().substr(base.size()), {}, wire.body};
    for (const auto& [name, value] : wire.headers)
      asked.headers.emplace_back(lower(name), value);
    for (const auto& [name, value] : wire.secret_headers)
      asked.headers.emplace_back(lower(name), value.reveal());
    const bool is_beside_another = out_.fetch_add(1) > 0;
    threads_.emplace_back(
        [this, asked = std::move(asked), done = std::move(done), is_beside_another]() mutable {
          using namespace orderhub::providers;
          transport_outcome outcome{outcome_kind::response, {}, {}};
          {
            const std::scoped_lock lock(mutex_);
            if (before)
              before(asked);
            auto answer = world.handle(asked, 1'700'000'000'000);
            if (is_beside_another && beside_another)
              beside_another(asked, answer);
            if (after)
              after(asked, answer);
            outcome.response = std::move(answer.response);
          }
          out_.fetch_sub(1);
          done(std::move(outcome));
        });
  }

  static std::string lower(std::string text) {
    for (char& c : text)
      if (c >= 'A' && c <= 'Z')
        c = static_cast<char>(c + 32);
    return text;
  }

  std::string base = "http://shop.test";
  orderhub::providers::mock::vendors world;
  // What is wrong with it. They run under the server's own lock.
  std::function<void(request&)> before;
  std::function<void(const request&, response&)> after;
  /// Of a request that came while another was out.
  std::function<void(const request&, response&)> beside_another;

private:
  std::mutex mutex_;
  std::atomic<int> out_{0};
  std::vector<std::thread> threads_;
};
