#pragma once
#include "journal/base/labelled.hpp"
#include "journal/base/time.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::durable {

/// How a doubt ended. Names are labels of metrics: appended, never given another meaning.
enum class doubt_end : std::uint8_t {
  adopted,  ///< A look-up or a verified event showed what had become of it.
  absent,   ///< Proven not to have happened; it is sent again, or was cancelled.
  repeated, ///< The same key was answered, or what may be repeated was.
  missed,   ///< Given up by its policy.
  person,   ///< A look-up that an operator asked for ended it.
};
constexpr std::string_view name_of(doubt_end end) {
  switch (end) {
  case doubt_end::adopted:
    return "adopted";
  case doubt_end::absent:
    return "absent";
  case doubt_end::repeated:
    return "repeated";
  case doubt_end::missed:
    return "missed";
  case doubt_end::person:
    return "operator";
  }
  return "missed";
}

/// What the durable core counts while it lives, which decides nothing. Thread-safe; the host owns
/// it, and it outlives every object.
class core_metrics {
public:
  /// The handler whose invocations are a shop's orders.
  core_metrics(std::string service, std::string handler)
      : service_(std::move(service)), handler_(std::move(handler)) {}

  /// An invocation was taken in from outside.
  void accepted(std::string_view service, std::string_view handler) {
    if (is_order(service, handler))
      orders.fetch_add(1, std::memory_order_relaxed);
  }
  void ended(std::string_view service, std::string_view handler, const invocation_id& which,
             unix_ms accepted_at, unix_ms now) {
    if (is_order(service, handler))
      order_duration.add(us_between(accepted_at, now), which, now);
  }
  void doubt_ended(std::string_view vendor, std::string_view operation, doubt_end how,
                   unix_ms began_at, unix_ms now) {
    doubts.add({vendor, operation, name_of(how)}, us_between(began_at, now));
  }

  std::atomic<std::uint64_t> orders{0};
  histogram order_duration{buckets::order};
  labelled_histograms<3> doubts{buckets::order}; ///< By vendor, operation and end.

private:
  static std::int64_t us_between(unix_ms from, unix_ms to) {
    return std::max<std::int64_t>(to - from, 0) * 1'000;
  }
  [[nodiscard]] bool is_order(std::string_view service, std::string_view handler) const {
    return handler == handler_ && service == service_;
  }

  const std::string service_;
  const std::string handler_;
};

} // namespace orderhub::durable
