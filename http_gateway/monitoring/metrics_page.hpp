#pragma once
#include "journal/base/histogram.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

namespace orderhub::http_gateway {

/// What a metric's value does: a counter only grows until the program starts anew.
enum class metric_kind : std::uint8_t { counter, gauge, histogram };

/// How a page is written.
enum class metrics_format : std::uint8_t {
  text,         ///< Prometheus' text format 0.0.4.
  open_metrics, ///< OpenMetrics 1.0, with exemplars.
};
std::string_view content_type_of(metrics_format format);
/// What a scraper's `Accept` wants most; `text` where it does not say, or wants neither.
metrics_format format_wanted(std::string_view accept);

/// What one scrape answers: families of metrics, filled in from what the rooms count. A family is
/// named once, and its samples follow at once.
///
/// At most `series_max` lines of values: what would be more is left out, and `left_out` says how
/// many. So whoever fills it begins with what alerts need, and ends with what has most labels.
class metrics_page {
public:
  using label = std::pair<std::string_view, std::string_view>;
  using labels = std::initializer_list<label>;
  static constexpr std::size_t series_max = 1'490; ///< 1,500 with what is written about itself.

  /// `name` has letters, digits, `_` and `:`, and of a counter ends in `_total`; `help` is one
  /// sentence. A name comes once.
  void family(std::string_view name, metric_kind kind, std::string_view help);
  /// A value of the newest family; label values may be any UTF-8.
  void sample(labels of, double value);
  template <class Number>
    requires(std::integral<Number>)
  void sample(labels of, Number value) {
    sample(of, static_cast<double>(value));
  }
  /// Left out where nothing was ever recorded.
  void sample(labels of, const histogram_values& values);
  /// A family with one value.
  void one(std::string_view name, metric_kind kind, auto value, std::string_view help) {
    family(name, kind, help);
    sample({}, value);
  }

  [[nodiscard]] std::size_t series() const { return series_; }
  [[nodiscard]] std::size_t left_out() const { return left_out_; }
  /// Says how many values the page has, and how many were left out. Once, last.
  void describe_itself();
  /// All families, those without values too.
  [[nodiscard]] std::string text(metrics_format format) const;

private:
  [[nodiscard]] bool has_room_for(std::size_t lines);
  prometheus::ClientMetric& add(labels of);
  [[nodiscard]] std::string open_metrics() const;

  std::vector<prometheus::MetricFamily> families_;
  /// The model has no place for them: by family and metric.
  std::map<std::pair<std::size_t, std::size_t>, histogram_values> exemplars_;
  std::size_t series_ = 0;
  std::size_t left_out_ = 0;
};

} // namespace orderhub::http_gateway
