#include "actors/handlers/webhooks/receipt.hpp"
#include "http_gateway/monitoring/families.hpp"

#include <numeric>

namespace orderhub::http_gateway {

using providers::webhooks::refusal;

void add_webhooks(metrics_page& page, const webhook_facts& facts) {
  using enum metric_kind;
  const auto vendors = facts.door.values();
  page.family("orderhub_webhooks_received_total", counter,
              "Deliveries, by what became of them: unfit ones were not of a type to be read.");
  for (const auto& [vendor, c] : vendors) {
    const auto refused = std::accumulate(c.refused.begin(), c.refused.end(), std::uint64_t{0});
    page.sample({{"vendor", vendor}, {"verdict", "verified"}}, c.verified);
    page.sample({{"vendor", vendor}, {"verdict", "refused"}}, refused);
    page.sample({{"vendor", vendor}, {"verdict", "unfit"}}, c.unfit);
  }
  page.family("orderhub_webhooks_refused_total", counter,
              "Deliveries that were not believed, by reason.");
  for (const auto& [vendor, c] : vendors)
    for (std::size_t i = 1; i < c.refused.size(); ++i)
      page.sample({{"vendor", vendor}, {"reason", name_of(static_cast<refusal>(i))}}, c.refused[i]);
  page.family("orderhub_webhook_last_received_timestamp_seconds", gauge,
              "Of the last delivery that came.");
  for (const auto& [vendor, c] : vendors)
    page.sample({{"vendor", vendor}}, static_cast<double>(c.last_received_at) / 1'000);
  page.family("orderhub_webhooks_dead", gauge,
              "Events that found nothing, and that nobody has settled, now.");
  if (facts.dead)
    page.sample({}, *facts.dead);
  const auto ended = [&](handlers::event_verdict verdict) {
    return facts.events.ended.at(static_cast<std::size_t>(verdict)).load();
  };
  page.family("orderhub_webhooks_swept_total", counter,
              "News that no webhook had brought and the vendor was asked for.");
  for (std::size_t i = 0; i < facts.events.swept.size(); ++i)
    page.sample({{"vendor", handlers::webhook_counts::swept_vendors.at(i)}},
                facts.events.swept.at(i).load());
  const auto by_vendor = [&](std::string_view name, std::string_view help, auto number) {
    page.family(name, counter, help);
    for (const auto& [vendor, c] : vendors)
      page.sample({{"vendor", vendor}}, c.*number);
  };
  using counts = webhook_metrics::counts;
  by_vendor("orderhub_webhook_events_total", "Events recorded.", &counts::fresh);
  by_vendor("orderhub_webhook_events_duplicate_total", "Events that were known by their id.",
            &counts::known);
  by_vendor("orderhub_webhook_events_unreadable_total",
            "Elements of verified deliveries that are no events.", &counts::unreadable);
  page.family("orderhub_webhook_events_ended_total", counter,
              "Verified events by what became of them.");
  for (std::size_t i = 0; i < facts.events.ended.size(); ++i) {
    const auto verdict = static_cast<handlers::event_verdict>(i);
    page.sample({{"verdict", name_of(verdict)}}, ended(verdict));
  }
  page.one("orderhub_webhook_events_waited_total", counter, facts.events.waited.load(),
           "Events that came before anybody had learned whose they are.");
  page.family("orderhub_webhook_accept_duration_seconds", metric_kind::histogram,
              "From a verified delivery to its answer.");
  for (const auto& [vendor, took] : facts.door.took())
    page.sample({{"vendor", vendor[0]}}, took);
  page.family("orderhub_webhook_apply_delay_seconds", metric_kind::histogram,
              "From a delivery to when what it says was applied, or was known.");
  for (const auto& [vendor, took] : facts.events.apply_delay.values())
    page.sample({{"vendor", vendor[0]}}, took);
}

} // namespace orderhub::http_gateway
