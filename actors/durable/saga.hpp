#pragma once
#include "actors/durable/context.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::durable {

/// A step that undoes another and was definitely refused; an operator resolves it.
struct compensation_failure {
  std::string step;
  error why;
};

/// Compensations, run in reverse order. Each is an operation value, so that it names the exact
/// effect it undoes and uses the same machinery as forward steps; it is retried until the vendor
/// has decided. A refusal does not stop the others.
class saga {
public:
  explicit saga(context ctx) : ctx_(ctx) {}

  template <class T>
  void add(std::string step, providers::operation<T> undo, std::string attempt = "1") {
    steps_.push_back({std::move(step), std::move(undo.raw), std::move(attempt)});
  }
  [[nodiscard]] bool empty() const { return steps_.empty(); }
  /// The undo of what was kept after all is dropped.
  void clear() { steps_.clear(); }

  /// Undoes everything; what was refused, in the order of the attempts.
  task<std::vector<compensation_failure>> undo() {
    std::vector<compensation_failure> refused;
    while (!steps_.empty()) {
      compensation_step s = std::move(steps_.back());
      steps_.pop_back();
      providers::operation<raw_value> op{std::move(s.undo)};
      auto done = co_await ctx_.effect(s.name, std::move(op), s.attempt);
      if (!done)
        refused.push_back({s.name, std::move(done).error()});
    }
    co_return refused;
  }

private:
  struct raw_value {
    std::string text;
    static result<raw_value> decode(std::string_view v) { return raw_value{std::string(v)}; }
  };
  struct compensation_step {
    std::string name;
    providers::raw_operation undo;
    std::string attempt;
  };
  context ctx_;
  std::vector<compensation_step> steps_;
};

} // namespace orderhub::durable
