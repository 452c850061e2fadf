#pragma once
#include "actors/host/ingress.hpp"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace orderhub::testing {

/// A hub that answers from a thread of its own, as the real one does, and notes what it was asked.
///
/// Handlers: `Echo` answers the body; `Hold` waits for `release`; `Silent` is never accepted;
/// `Refuse` ends with 409. One-way calls get 202 as the runtime words it.
class fake_ingress final : public host::ingress {
public:
  struct attach_call {
    host::invocation_target target;
    bool wait = false;
  };
  struct completion_call {
    std::string id;
    bool resolve = false;
    std::string payload;
  };

  fake_ingress() : thread_([this] { run(); }) {}
  ~fake_ingress() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  void call(host::call_request request, host::responder_ptr to) override {
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(request);
    }
    enqueue([this, request = std::move(request), to = std::move(to)] {
      host::call_response reply;
      reply.invocation_id = "inv_" + request.key;
      if (request.handler == "Silent") {
        const std::lock_guard lock(mutex_);
        held_.emplace_back(to, reply);
        return;
      }
      to->accepted(reply.invocation_id);
      if (request.one_way) {
        reply.status = 202;
        reply.body = R"({"invocationId":")" + reply.invocation_id + R"(","status":"Accepted"})";
      } else if (request.handler == "Hold") {
        const std::lock_guard lock(mutex_);
        held_.emplace_back(to, reply);
        changed_.notify_all();
        return;
      } else if (request.handler == "Refuse") {
        reply.status = 409;
        reply.body = R"({"code":409,"message":"No."})";
      } else if (request.handler == "Busy") {
        reply.status = 429;
        reply.body = R"({"code":429,"message":"Too many inputs wait."})";
        reply.invocation_id.clear();
        reply.retry_after_s = 3;
      } else {
        reply.body = request.body;
      }
      to->finished(std::move(reply));
    });
  }

  void record(host::call_request request, host::responder_ptr to) override {
    {
      const std::lock_guard lock(mutex_);
      recorded_.push_back(request);
    }
    call(std::move(request), std::move(to));
  }

  void attach(host::invocation_target target, bool wait, host::responder_ptr to) override {
    const auto* id = std::get_if<host::by_invocation_id>(&target);
    const bool held = wait && id != nullptr && id->id == "inv_long";
    {
      const std::lock_guard lock(mutex_);
      attaches_.push_back({std::move(target), wait});
    }
    enqueue([this, wait, held, to = std::move(to)] {
      host::call_response reply;
      reply.invocation_id = "inv_attached";
      if (held) {
        to->accepted(reply.invocation_id);
        const std::lock_guard lock(mutex_);
        held_.emplace_back(to, reply);
        changed_.notify_all();
        return;
      }
      reply.status = wait ? 200 : 470;
      reply.body = wait ? R"({"done":true})" : R"({"code":470,"message":"Not ready."})";
      to->finished(std::move(reply));
    });
  }

  void complete_awakeable(std::string id, bool resolve, std::string payload,
                          host::responder_ptr to) override {
    {
      const std::lock_guard lock(mutex_);
      completions_.push_back({std::move(id), resolve, std::move(payload)});
    }
    enqueue([to = std::move(to)] {
      host::call_response reply;
      reply.status = 202;
      to->finished(std::move(reply));
    });
  }

  void forget_gone(std::string_view invocation) override {
    const std::lock_guard lock(mutex_);
    forgotten_.emplace_back(invocation);
  }
  [[nodiscard]] std::vector<std::string> forgotten() const {
    const std::lock_guard lock(mutex_);
    return forgotten_;
  }

  [[nodiscard]] host::health_report health() const override {
    const std::lock_guard lock(mutex_);
    return health_;
  }

  void set_health(host::health_report report) {
    const std::lock_guard lock(mutex_);
    health_ = std::move(report);
  }

  /// Waits until `count` calls of `Hold` are held.
  void wait_held(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() >= count; });
  }
  /// Answers what is held, the latest first, with the key as the body.
  void release() {
    std::vector<std::pair<host::responder_ptr, host::call_response>> held;
    {
      const std::lock_guard lock(mutex_);
      held.swap(held_);
    }
    for (auto it = held.rbegin(); it != held.rend(); ++it) {
      it->second.body = '"' + it->second.invocation_id + '"';
      it->first->finished(std::move(it->second));
    }
  }

  [[nodiscard]] std::vector<host::call_request> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  /// Those of them that the program itself made.
  [[nodiscard]] std::vector<host::call_request> recorded() const {
    const std::lock_guard lock(mutex_);
    return recorded_;
  }
  [[nodiscard]] std::vector<attach_call> attaches() const {
    const std::lock_guard lock(mutex_);
    return attaches_;
  }
  [[nodiscard]] std::vector<completion_call> completions() const {
    const std::lock_guard lock(mutex_);
    return completions_;
  }

private:
  void enqueue(std::function<void()> work) {
    {
      const std::lock_guard lock(mutex_);
      work_.push_back(std::move(work));
    }
    changed_.notify_all();
  }

  void run() {
    for (;;) {
      std::vector<std::function<void()>> batch;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return stopping_ || !work_.empty(); });
        if (stopping_)
          return;
        batch.swap(work_);
      }
      for (auto& work : batch)
        work();
    }
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::function<void()>> work_;
  std::vector<host::call_request> calls_, recorded_;
  std::vector<attach_call> attaches_;
  std::vector<std::string> forgotten_;
  std::vector<completion_call> completions_;
  std::vector<std::pair<host::responder_ptr, host::call_response>> held_;
  host::health_report health_{true, {}, "commit"};
  bool stopping_ = false;
  std::thread thread_;
};

} // namespace orderhub::testing
