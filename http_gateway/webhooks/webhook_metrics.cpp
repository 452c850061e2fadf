#include "http_gateway/webhooks/webhook_metrics.hpp"

#include "journal/base/metrics.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::http_gateway {

using providers::webhooks::refusal;

webhook_metrics::counts& webhook_metrics::of(std::string_view vendor) {
  auto it = counts_.find(vendor);
  return it == counts_.end() ? counts_[std::string(vendor)] : it->second;
}

void webhook_metrics::received(std::string_view vendor) {
  const std::lock_guard lock(mutex_);
  ++of(vendor).received;
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

std::string webhook_metrics::text() const {
  const std::lock_guard lock(mutex_);
  metrics_writer out;
  const auto by_vendor = [&](std::string_view name, std::string_view help, auto number) {
    out.family(name, metric_kind::counter, help);
    for (const auto& [vendor, c] : counts_)
      out.sample({{"vendor", vendor}}, c.*number);
  };
  by_vendor("orderhub_webhook_deliveries_total", "Webhook deliveries received.", &counts::received);
  by_vendor("orderhub_webhook_deliveries_verified_total", "Deliveries whose signature is right.",
            &counts::verified);
  by_vendor("orderhub_webhook_events_total", "Events recorded.", &counts::fresh);
  by_vendor("orderhub_webhook_events_duplicate_total", "Events that were known by their id.",
            &counts::known);
  by_vendor("orderhub_webhook_events_unreadable_total",
            "Elements of verified deliveries that are "
            "no events.",
            &counts::unreadable);
  out.family("orderhub_webhook_deliveries_refused_total", metric_kind::counter,
             "Deliveries that were not believed, by reason.");
  for (const auto& [vendor, c] : counts_)
    for (std::size_t i = 1; i < reasons; ++i)
      out.sample({{"vendor", vendor}, {"reason", name_of(static_cast<refusal>(i))}}, c.refused[i]);
  return out.take();
}

} // namespace orderhub::http_gateway
