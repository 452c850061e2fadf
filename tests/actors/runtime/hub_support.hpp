#pragma once
#include "actors/host/ingress.hpp"
#include "journal/store.hpp"
#include "providers/transport.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/must.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace orderhub::testing {

/// No claim: how long a test waits for what must happen before it says that it never will.
constexpr auto never = std::chrono::seconds(20);

/// Values from other threads, in order.
template <class T>
class channel {
public:
  void put(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    filled_.notify_all();
  }
  /// Waits for one; throws where none ever comes.
  T take() {
    std::unique_lock lock(mutex_);
    if (!filled_.wait_for(lock, never, [&] { return !values_.empty(); }))
      throw std::runtime_error("nothing came");
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return values_.size();
  }

private:
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<T> values_;
};

/// A `memory_store` behind a door: writers wait while it is closed, and are refused while it has no
/// room. Readers always pass.
class gated_store final : public journal::store {
public:
  result<std::unique_ptr<journal::write_transaction>> begin_write(bool sync) override {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !closed_; });
    if (refusal_)
      return fail({*refusal_, "test", "There is no room."});
    lock.unlock();
    return inner.begin_write(sync);
  }
  [[nodiscard]] result<std::unique_ptr<journal::reader>> read() const override {
    return inner.read();
  }

  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    arrived_ = 0;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    changed_.notify_all();
  }
  /// Until a writer stands at the closed door.
  void wait_for_arrival() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, never, [&] { return arrived_ > 0; }))
      throw std::runtime_error("nobody writes");
  }
  void refuse(std::optional<error_kind> kind) {
    const std::lock_guard lock(mutex_);
    refusal_ = kind;
  }

  memory_store inner;

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  std::size_t arrived_ = 0;
  std::optional<error_kind> refusal_;
};

/// A caller on another thread.
class waiting_responder final : public host::responder {
public:
  void accepted(std::string_view id) override { ids.put(std::string(id)); }
  void finished(host::call_response reply) override {
    threads.put(std::this_thread::get_id());
    replies.put(std::move(reply));
  }
  channel<std::string> ids;
  channel<host::call_response> replies;
  channel<std::thread::id> threads; ///< That answered.
};

/// Holds calls until they are answered.
class waiting_transport final : public providers::transport {
public:
  struct call {
    providers::wire_request request;
    callback done;
  };
  void send(providers::wire_request request, callback done) override {
    calls.put({std::move(request), std::move(done)});
  }
  channel<call> calls;
};

} // namespace orderhub::testing
