#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::durable {
struct vendor_call;
} // namespace orderhub::durable
namespace orderhub::providers {
struct transport_outcome;
} // namespace orderhub::providers

// What was seen of the calls to one vendor, for people: in memory only, from this start on.
namespace orderhub::host {

/// The classes of calls that are told apart. What is none of them is like `write`.
inline constexpr std::array<std::string_view, 5> call_classes = {"write", "read", "list", "search",
                                                                 "track"};
std::size_t call_class_index(std::string_view call_class);

/// One call that has ended: nothing of what it carried, and no query. Custom vendors' paths may
/// hold anything, so they show none.
struct seen_call {
  unix_ms at = 0; ///< When it left.
  std::int64_t took_ms = 0;
  std::uint8_t call_class = 0; ///< Of `call_classes`.
  bool is_lookup = false;
  std::string what;   ///< `POST /v1/payment_intents`, at most 64 bytes.
  std::string object; ///< For whose sake, `OrderOrchestrator/order-001`; at most 128 bytes.
  invocation_id invocation;
  std::uint32_t request_bytes = 0, answer_bytes = 0;
  bool was_answered = false;
  std::uint16_t status = 0;  ///< Of the answer.
  std::string request_id;    ///< The vendor's own, at most 64 bytes; empty where it gave none.
  std::string_view why = {}; ///< Of no answer: `not_sent` or `lost`.

  /// No answer, or a server error.
  [[nodiscard]] bool has_failed() const { return !was_answered || status >= 500; }
};
/// Before it leaves.
seen_call seen(const durable::vendor_call& call);
/// What became of it.
void note_end(seen_call& call, const providers::transport_outcome& outcome);

/// Calls of one class that ended within `sample_ms`.
struct call_sample {
  std::uint16_t calls = 0, failed = 0; ///< As many as fit.
  std::uint16_t mean_ms = 0, max_ms = 0;
};
inline constexpr std::int64_t sample_ms = 10'000;

/// How much is kept of each of so many vendors: 200 calls and six hours of samples, and less where
/// all of them together would take more than 2 MB.
struct call_record_sizes {
  std::size_t calls = 200;
  std::size_t samples = 2'160; ///< A class.
};
call_record_sizes call_record_sizes_for(std::size_t vendors);

/// The newest calls to one vendor, and samples by class. A plain value over a passed clock.
class call_record {
public:
  explicit call_record(call_record_sizes sizes) : sizes_(sizes) {}

  /// `now`: Unix time.
  void add(seen_call call, unix_ms now);
  /// Newest first.
  [[nodiscard]] std::vector<seen_call> calls() const { return {calls_.begin(), calls_.end()}; }

  struct point {
    unix_ms at = 0; ///< Its first millisecond.
    std::uint8_t call_class = 0;
    call_sample sample;
  };
  /// Those of the last `range_ms` in which a call ended, oldest first, classes in their order.
  [[nodiscard]] std::vector<point> series(std::int64_t range_ms, unix_ms now) const;
  /// Calls of the last `range_ms` that ended, and how many of them failed.
  struct volume {
    std::uint64_t calls = 0, failed = 0;
  };
  [[nodiscard]] volume in(std::int64_t range_ms, unix_ms now) const;

private:
  struct of_class {
    std::vector<call_sample> ring; ///< Empty until the first call; its slot is number % size.
    std::int64_t newest = -1;      ///< Number of the newest sample.
  };
  template <class Function>
  void each(std::int64_t range_ms, unix_ms now, Function&& does) const;

  call_record_sizes sizes_;
  std::deque<seen_call> calls_;
  std::array<of_class, call_classes.size()> classes_;
};

} // namespace orderhub::host
