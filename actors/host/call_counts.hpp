#pragma once
#include "actors/host/vendor_calls.hpp"
#include "actors/host/vendor_status.hpp"
#include "journal/base/histogram.hpp"
#include "providers/transport.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::host {

/// What became of a call on the wire, whatever it said of the order.
enum class call_result : std::uint8_t {
  ok,      ///< Answered 1xx to 3xx.
  refused, ///< Answered 4xx.
  failed,  ///< Answered 5xx, or it did not leave.
  lost,    ///< No answer came: it may have happened.
};
inline constexpr std::array<std::string_view, 4> call_results = {"ok", "refused", "failed", "lost"};
call_result result_of(const providers::transport_outcome& outcome);

/// The calls of one class to one vendor.
struct class_calls {
  std::string_view call_class;
  std::int64_t in_flight = 0;
  std::array<histogram_values, call_results.size()> took; ///< By `call_result`.
};
struct vendor_calls {
  std::string vendor;
  std::vector<class_calls> classes; ///< Those that were ever called.
};

/// Counts the calls to one vendor from leaving to their end, on whatever threads that is. A call
/// may end after its hub: whoever waits for its end keeps this.
class vendor_call_counts {
public:
  void left(std::size_t call_class) { now_[call_class].fetch_add(1, std::memory_order_relaxed); }
  /// `call_class` as of `call_class_index`.
  void ended(std::size_t call_class, const providers::transport_outcome& outcome,
             std::int64_t took_us, const invocation_id& whose, unix_ms now);
  [[nodiscard]] std::vector<class_calls> values() const;

private:
  using of_class = std::array<histogram, call_results.size()>;
  static of_class made() {
    return {histogram(buckets::call), histogram(buckets::call), histogram(buckets::call),
            histogram(buckets::call)};
  }

  std::array<std::atomic<std::int64_t>, call_classes.size()> now_{};
  std::array<of_class, call_classes.size()> took_{made(), made(), made(), made(), made()};
};

} // namespace orderhub::host
