#pragma once
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace orderhub::durable {

/// Where a coroutine leaves what it returns, until it is taken.
template <class T>
struct task_outcome {
  std::optional<T> outcome;

  template <class U>
  void return_value(U&& v) {
    outcome.emplace(std::forward<U>(v));
  }
  T take_outcome() { return std::move(*outcome); }
};
template <>
struct task_outcome<void> {
  void return_void() {}
  void take_outcome() {}
};

/// A lazily started coroutine that yields one T, or is just awaited (`task<void>`). Owns its frame:
/// destroying it while it is suspended frees every frame below it, which is how an invocation is
/// passivated.
template <class T>
class [[nodiscard]] task {
public:
  struct promise_type : task_outcome<T> {
    std::exception_ptr thrown;
    std::coroutine_handle<> parent;

    task get_return_object() {
      return task(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct final_awaiter {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        auto caller = self.promise().parent;
        return caller ? caller : std::noop_coroutine();
      }
      void await_resume() noexcept {}
    };
    final_awaiter final_suspend() noexcept { return {}; }
    void unhandled_exception() { thrown = std::current_exception(); }
  };

  task() = default;
  task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    if (this != &other) {
      destroy();
      frame_ = std::exchange(other.frame_, nullptr);
    }
    return *this;
  }
  task(const task&) = delete;
  task& operator=(const task&) = delete;
  ~task() { destroy(); }

  /// Runs the frame from its start until it first waits. For the top of a chain only.
  void start() { frame_.resume(); }
  [[nodiscard]] bool valid() const { return static_cast<bool>(frame_); }
  [[nodiscard]] bool done() const { return frame_ && frame_.done(); }
  /// The value of a finished task; rethrows what it threw.
  T take() {
    if (frame_.promise().thrown)
      std::rethrow_exception(frame_.promise().thrown);
    return frame_.promise().take_outcome();
  }

  auto operator co_await() noexcept {
    struct awaiter {
      std::coroutine_handle<promise_type> frame;
      bool await_ready() const noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
        frame.promise().parent = caller;
        return frame;
      }
      T await_resume() {
        if (frame.promise().thrown)
          std::rethrow_exception(frame.promise().thrown);
        return frame.promise().take_outcome();
      }
    };
    return awaiter{frame_};
  }

private:
  explicit task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  /// Which frame it is stays hidden from the compiler: clang would put the frames of all steps into
  /// the one that awaits them, which holds room for each while one waits (measured: 9.7 KB of
  /// `process_order` instead of 2.5, for each order in flight).
  void destroy() {
    if (!frame_)
      return;
    void* frame = std::exchange(frame_, nullptr).address();
    asm("" : "+r"(frame)); // NOLINT(hicpp-no-assembler)
    std::coroutine_handle<>::from_address(frame).destroy();
  }
  std::coroutine_handle<promise_type> frame_;
};

} // namespace orderhub::durable
