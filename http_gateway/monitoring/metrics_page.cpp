#include "http_gateway/monitoring/metrics_page.hpp"

#include "journal/base/blanks.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <sstream>

#include <prometheus/text_serializer.h>

namespace orderhub::http_gateway {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

constexpr std::string_view total = "_total";

MetricType type_of(metric_kind kind) {
  switch (kind) {
  case metric_kind::counter:
    return MetricType::Counter;
  case metric_kind::gauge:
    return MetricType::Gauge;
  case metric_kind::histogram:
    return MetricType::Histogram;
  }
  return MetricType::Untyped;
}

double units(std::int64_t ticks, const histogram_shape& shape) {
  return static_cast<double>(ticks) / static_cast<double>(shape.ticks_per_unit);
}

// ── Accept ───────────────────────────────────────────────────────────────────────────────────

/// What stands before the first `mark`, which `text` loses with it.
std::string_view take_until(std::string_view& text, char mark) {
  const auto end = text.find(mark);
  const auto part = without_blanks(text.substr(0, end));
  text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  return part;
}

/// One media range: how much each format is wanted by it, from 0 to 1,000; -1: it is not meant.
struct wish {
  int open_metrics = -1;
  int text = -1;
};

wish wish_of(std::string_view range) {
  const auto type = take_until(range, ';');
  int quality = 1'000;
  bool has_version = true;
  while (!range.empty()) {
    auto parameter = take_until(range, ';');
    const auto name = take_until(parameter, '=');
    if (name == "q") {
      double q = 1;
      std::from_chars(parameter.data(), parameter.data() + parameter.size(), q);
      quality = static_cast<int>(std::clamp(q, 0.0, 1.0) * 1'000);
    } else if (name == "version" && type == "application/openmetrics-text") {
      has_version = parameter == "1.0.0" || parameter == "0.0.1";
    }
  }
  wish w;
  if (type == "application/openmetrics-text" && has_version)
    w.open_metrics = quality;
  if (type == "text/plain" || type == "text/*" || type == "*/*")
    w.text = quality;
  return w;
}

// ── OpenMetrics ──────────────────────────────────────────────────────────────────────────────

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"')
      out += '\\';
    out += c;
  }
}

/// The shortest text that is read back as this number; whole ones have no fraction.
void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
    return;
  }
  constexpr double exact = 9e15;
  std::array<char, 32> text{};
  const auto written =
      std::floor(value) == value && std::abs(value) < exact
          ? std::to_chars(text.begin(), text.end(), static_cast<std::int64_t>(value))
          : std::to_chars(text.begin(), text.end(), value);
  out.append(text.data(), written.ptr);
}

/// A bucket's end has a point always, and no exponent, as the format asks for.
void append_end(std::string& out, double value) {
  if (!std::isfinite(value))
    return append_number(out, value);
  std::array<char, 32> text{};
  const auto written = std::to_chars(text.begin(), text.end(), value, std::chars_format::fixed);
  out.append(text.data(), written.ptr);
  if (std::floor(value) == value)
    out += ".0";
}

void append_sample(std::string& out, std::string_view name, std::string_view suffix,
                   const ClientMetric& metric, const double* bucket_end = nullptr) {
  out.append(name).append(suffix);
  char before = '{';
  for (const auto& l : metric.label) {
    out += before;
    out.append(l.name).append("=\"");
    append_escaped(out, l.value);
    out += '"';
    before = ',';
  }
  if (bucket_end != nullptr) {
    out += before;
    out += "le=\"";
    append_end(out, *bucket_end);
    out += '"';
    before = ',';
  }
  if (before == ',')
    out += '}';
  out += ' ';
}

void append_exemplar(std::string& out, const exemplar& e, const histogram_shape& shape) {
  out.append(" # {invocation=\"").append(e.invocation.text()).append("\"} ");
  append_number(out, units(e.ticks, shape));
  out += ' ';
  append_number(out, static_cast<double>(e.at) / 1'000);
}

void append_histogram(std::string& out, std::string_view name, const ClientMetric& metric,
                      const histogram_values* exemplars) {
  const auto& h = metric.histogram;
  for (std::size_t n = 0; n < h.bucket.size(); ++n) {
    append_sample(out, name, "_bucket", metric, &h.bucket[n].upper_bound);
    out += std::to_string(h.bucket[n].cumulative_count);
    if (exemplars != nullptr && exemplars->newest[n].at != 0)
      append_exemplar(out, exemplars->newest[n], exemplars->shape);
    out += '\n';
  }
  append_sample(out, name, "_count", metric);
  out.append(std::to_string(h.sample_count)).append("\n");
  append_sample(out, name, "_sum", metric);
  append_number(out, h.sample_sum);
  out += '\n';
}

} // namespace

std::string_view content_type_of(metrics_format format) {
  return format == metrics_format::open_metrics
             ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
             : "text/plain; version=0.0.4; charset=utf-8";
}

metrics_format format_wanted(std::string_view accept) {
  wish most;
  while (!accept.empty()) {
    const auto w = wish_of(take_until(accept, ','));
    most.open_metrics = std::max(most.open_metrics, w.open_metrics);
    most.text = std::max(most.text, w.text);
  }
  return most.open_metrics > 0 && most.open_metrics >= most.text ? metrics_format::open_metrics
                                                                 : metrics_format::text;
}

// ── Filling in ───────────────────────────────────────────────────────────────────────────────

void metrics_page::family(std::string_view name, metric_kind kind, std::string_view help) {
  families_.push_back({std::string(name), std::string(help), type_of(kind), {}});
}

bool metrics_page::has_room_for(std::size_t lines) {
  if (series_ + lines > series_max) {
    left_out_ += lines;
    return false;
  }
  series_ += lines;
  return true;
}

ClientMetric& metrics_page::add(labels of) {
  auto& metric = families_.back().metric.emplace_back();
  for (const auto& [name, value] : of)
    metric.label.push_back({std::string(name), std::string(value)});
  return metric;
}

void metrics_page::sample(labels of, double value) {
  if (!has_room_for(1))
    return;
  auto& metric = add(of);
  if (families_.back().type == MetricType::Counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
}

void metrics_page::sample(labels of, const histogram_values& values) {
  constexpr std::size_t besides = 2; // Count and sum.
  const auto all = values.count();
  if (all == 0 || !has_room_for(values.counts.size() + besides))
    return;
  auto& h = add(of).histogram;
  h.sample_count = all;
  h.sample_sum = units(values.sum, values.shape);
  std::uint64_t so_far = 0;
  for (std::size_t n = 0; n < values.counts.size(); ++n) {
    so_far += values.counts[n];
    const bool is_last = n == values.shape.bounds.size();
    h.bucket.push_back({so_far, is_last ? HUGE_VAL : units(values.shape.bounds[n], values.shape)});
  }
  if (!values.newest.empty())
    exemplars_.emplace(std::pair{families_.size() - 1, families_.back().metric.size() - 1}, values);
}

void metrics_page::describe_itself() {
  const auto one = [&](std::string_view name, std::size_t value, std::string_view help) {
    family(name, metric_kind::gauge, help);
    add({}).gauge.value = static_cast<double>(value);
  };
  one("orderhub_metrics_series", series_, "Values of this page, without this one and the next.");
  one("orderhub_metrics_series_left_out", left_out_, "Values for which it had no room.");
}

// ── Writing ──────────────────────────────────────────────────────────────────────────────────

std::string metrics_page::text(metrics_format format) const {
  if (format == metrics_format::open_metrics)
    return open_metrics();
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, families_);
  return std::move(out).str();
}

/// In OpenMetrics a counter's family is called without `_total`, and no two families have one name:
/// a counter beside a gauge of the name that is left (`orders_total`, `orders`) is written as of
/// unknown type, which keeps its name.
std::string metrics_page::open_metrics() const {
  std::set<std::string_view> names;
  for (const auto& f : families_)
    if (f.type != MetricType::Counter)
      names.insert(f.name);
  std::string out;
  for (std::size_t at = 0; at < families_.size(); ++at) {
    const auto& f = families_[at];
    std::string_view name = f.name;
    std::string_view type = "gauge";
    std::string_view suffix;
    if (f.type == MetricType::Histogram)
      type = "histogram";
    if (f.type == MetricType::Counter) {
      const auto stem = name.substr(0, name.size() - total.size());
      const bool is_taken = names.contains(stem);
      type = is_taken ? "unknown" : "counter";
      name = is_taken ? name : stem;
      suffix = is_taken ? std::string_view() : total;
    }
    out.append("# TYPE ").append(name).append(" ").append(type);
    if (name.ends_with("_seconds"))
      out.append("\n# UNIT ").append(name).append(" seconds");
    if (name.ends_with("_bytes"))
      out.append("\n# UNIT ").append(name).append(" bytes");
    out.append("\n# HELP ").append(name).append(" ");
    append_escaped(out, f.help);
    out += '\n';
    for (std::size_t n = 0; n < f.metric.size(); ++n) {
      const auto& metric = f.metric[n];
      if (f.type == MetricType::Histogram) {
        const auto it = exemplars_.find({at, n});
        append_histogram(out, name, metric, it == exemplars_.end() ? nullptr : &it->second);
        continue;
      }
      append_sample(out, name, suffix, metric);
      append_number(out, f.type == MetricType::Counter ? metric.counter.value : metric.gauge.value);
      out += '\n';
    }
  }
  out += "# EOF\n";
  return out;
}

} // namespace orderhub::http_gateway
