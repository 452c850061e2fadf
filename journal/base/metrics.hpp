#pragma once
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub {

/// What a metric's value does: a counter only grows until the program starts anew.
enum class metric_kind { counter, gauge };

/// Writes metrics in Prometheus' text format, version 0.0.4 (content type `metrics_content_type`).
/// A family is named once, and its samples follow at once.
class metrics_writer {
public:
  using label = std::pair<std::string_view, std::string_view>;

  /// `name` has letters, digits, `_` and `:`; `help` is one sentence, and has no line where it is
  /// empty.
  void family(std::string_view name, metric_kind kind, std::string_view help = {});

  /// A value of the newest family; label values may be any UTF-8.
  void sample(std::integral auto value) { add({}, std::to_string(value)); }
  void sample(std::initializer_list<label> labels, std::integral auto value) {
    add(labels, std::to_string(value));
  }

  /// A family with one value.
  void one(std::string_view name, metric_kind kind, std::integral auto value,
           std::string_view help = {}) {
    family(name, kind, help);
    sample(value);
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

private:
  void add(std::initializer_list<label> labels, std::string_view value);

  std::string text_;
  std::string name_;
};

inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

} // namespace orderhub
