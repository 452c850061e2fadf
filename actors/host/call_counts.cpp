#include "actors/host/call_counts.hpp"

#include <utility>

namespace orderhub::host {

call_result result_of(const providers::transport_outcome& outcome) {
  switch (outcome.kind) {
  case providers::outcome_kind::not_sent:
    return call_result::failed;
  case providers::outcome_kind::lost:
    return call_result::lost;
  case providers::outcome_kind::response:
    break;
  }
  const auto status = outcome.response.status;
  if (status >= 500)
    return call_result::failed;
  return status >= 400 ? call_result::refused : call_result::ok;
}

void vendor_call_counts::ended(std::size_t call_class, const providers::transport_outcome& outcome,
                               std::int64_t took_us, const invocation_id& whose, unix_ms now) {
  now_[call_class].fetch_sub(1, std::memory_order_relaxed);
  took_[call_class][static_cast<std::size_t>(result_of(outcome))].add(took_us, whose, now);
}

std::vector<class_calls> vendor_call_counts::values() const {
  std::vector<class_calls> all;
  for (std::size_t c = 0; c < took_.size(); ++c) {
    class_calls one;
    one.call_class = call_classes[c];
    one.in_flight = now_[c].load(std::memory_order_relaxed);
    bool was_called = one.in_flight > 0;
    for (std::size_t r = 0; r < one.took.size(); ++r) {
      one.took[r] = took_[c][r].values();
      was_called = was_called || one.took[r].count() > 0;
    }
    if (was_called)
      all.push_back(std::move(one));
  }
  return all;
}

} // namespace orderhub::host
