#pragma once
#include <string>
#include <utility>

namespace orderhub {

/// Text that must never reach a log, a journal or an error. It has no stream or format operator;
/// the only way out is `reveal`, which is easy to find in a review.
class secret {
public:
  secret() = default;
  explicit secret(std::string text) : text_(std::move(text)) {}
  [[nodiscard]] const std::string& reveal() const { return text_; }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  /// For our own settings; not for what somebody presents, which takes constant time.
  friend bool operator==(const secret&, const secret&) = default;

private:
  std::string text_;
};

} // namespace orderhub
