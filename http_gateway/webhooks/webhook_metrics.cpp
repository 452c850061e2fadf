#include "http_gateway/webhooks/webhook_metrics.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::http_gateway {

webhook_metrics::counts& webhook_metrics::of(std::string_view vendor) {
  auto it = counts_.find(vendor);
  return it == counts_.end() ? counts_[std::string(vendor)] : it->second;
}

void webhook_metrics::received(std::string_view vendor, unix_ms now) {
  const std::lock_guard lock(mutex_);
  auto& c = of(vendor);
  ++c.received;
  c.last_received_at = now;
}

void webhook_metrics::unfit(std::string_view vendor) {
  const std::lock_guard lock(mutex_);
  ++of(vendor).unfit;
}

void webhook_metrics::verified(std::string_view vendor) {
  const std::lock_guard lock(mutex_);
  ++of(vendor).verified;
}

void webhook_metrics::refused(refused_delivery what) {
  const std::lock_guard lock(mutex_);
  ++of(what.vendor).refused.at(static_cast<std::size_t>(what.why));
  what.number = ++refusals_;
  auto& ring = refused_[what.vendor];
  ring.push_front(std::move(what));
  if (ring.size() > refused_kept)
    ring.pop_back();
}

void webhook_metrics::taken(std::string_view vendor, std::uint64_t fresh, std::uint64_t known) {
  const std::lock_guard lock(mutex_);
  auto& c = of(vendor);
  c.fresh += fresh;
  c.known += known;
}

void webhook_metrics::unreadable(std::string_view vendor, std::uint64_t elements) {
  const std::lock_guard lock(mutex_);
  of(vendor).unreadable += elements;
}

std::vector<refused_delivery> webhook_metrics::refusals(std::string_view vendor) const {
  std::vector<refused_delivery> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, ring] : refused_)
      if (vendor.empty() || name == vendor)
        all.insert(all.end(), ring.begin(), ring.end());
  }
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return a.number > b.number; });
  return all;
}

std::map<std::string, webhook_metrics::counts, std::less<>> webhook_metrics::values() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

} // namespace orderhub::http_gateway
