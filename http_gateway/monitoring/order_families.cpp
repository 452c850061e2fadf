#include "http_gateway/monitoring/families.hpp"
#include "http_gateway/monitoring/order_gauges.hpp"

#include <algorithm>

namespace orderhub::http_gateway {

void add_hub(metrics_page& page, const hub_facts& facts) {
  using enum metric_kind;
  page.one("orderhub_objects_active", gauge, facts.active_objects,
           "Objects in memory, and their messages on the way.");
  page.one("orderhub_objects_paused", gauge, facts.paused_objects,
           "Objects whose events failed again and again: a fault of ours, until a restart.");
  page.one("orderhub_callers_waiting", gauge, facts.waiting_callers,
           "Callers who wait for the end of an invocation.");
  page.family("orderhub_mailbox_depth", gauge, "What waits for a part of the hub.");
  page.sample({{"of", "journal_writer"}}, facts.turns_queued);
  page.one("orderhub_timers_due", gauge, facts.timers_due,
           "Timers that are due within two minutes, and overdue ones.");
  page.one("orderhub_actor_failures_total", counter, facts.failures,
           "Events whose handling threw.");
  page.family("orderhub_log_errors_total", counter, "Events of level error, by event.");
  page.sample({{"event", "none"}}, 0); // So that the sum is there before the first one.
  for (const auto& [event, count] : facts.errors)
    page.sample({{"event", event[0]}}, count);
  page.family("orderhub_operator_actions_total", counter, "What people did, and what came of it.");
  for (const auto& [of, count] : facts.operator_actions)
    page.sample({{"action", of[0]}, {"result", of[1]}}, count);
}

void add_orders(metrics_page& page, const order_facts_shown& facts) {
  using enum metric_kind;
  const auto& g = facts.gauges;
  page.one("orderhub_orders_total", counter, facts.core.orders.load(std::memory_order_relaxed),
           "Orders accepted: calls of ProcessOrder that were taken in.");
  // Not `orderhub_orders`: in OpenMetrics that is the family of `orderhub_orders_total`.
  page.family("orderhub_orders_by_status", gauge, "Orders by status.");
  for (const auto& [status, count] : g.by_status)
    page.sample({{"status", status}}, count);
  page.one("orderhub_orders_in_doubt", gauge, g.in_doubt,
           "Orders of which nobody knows yet whether a step happened: orders list --in-doubt.");
  page.one("orderhub_orders_attention", gauge, g.attention,
           "Orders that wait for a person, those included that have waited too long: orders list "
           "--needs-person.");
  page.family("orderhub_orders_paused", gauge,
              "Orders of which something is paused: orders list --paused.");
  if (g.paused)
    page.sample({}, *g.paused);
  page.family("orderhub_orders_stuck", gauge, "Orders that nothing will wake: a fault of ours.");
  if (g.stuck)
    page.sample({}, *g.stuck);
  page.family(
      "orderhub_order_oldest_open_seconds", gauge,
      "Age of what has waited longest, by what it waits for; absence: of the oldest doubt.");
  for (const auto word : shown_waits()) {
    const auto known = std::find_if(g.oldest_open.begin(), g.oldest_open.end(),
                                    [&](const auto& o) { return o.waits_for == word; });
    const auto age_ms = known == g.oldest_open.end() ? 0 : facts.now - known->since;
    page.sample({{"waits_for", word}},
                static_cast<double>(std::max<std::int64_t>(age_ms, 0)) / 1'000);
  }
  page.one("orderhub_attention_called_total", counter, facts.called,
           "How often a person was called for, a step that waits too long included.");
  page.family("orderhub_attention_total", counter, "How often a person was called for, by step.");
  for (const auto& [step, count] : facts.attention)
    page.sample({{"step", step[0]}}, count);
  page.family("orderhub_second_provider_total", counter,
              "Notices that a second provider was given, since the first one had not sent them.");
  for (const auto& [of, count] : facts.second_sends)
    page.sample({{"vendor", of[0]}, {"provider", of[1]}}, count);
  page.family("orderhub_order_duration_seconds", metric_kind::histogram,
              "Of ProcessOrder, from its acceptance to its end.");
  page.sample({}, facts.core.order_duration.values());
  const auto doubts = facts.core.doubts.values();
  const auto each_doubt = [&](auto add) {
    for (const auto& [of, took] : doubts)
      add({{"vendor", of[0]}, {"operation", of[1]}, {"outcome", of[2]}}, took);
  };
  page.family("orderhub_doubts_total", counter, "Doubts that ended, by how.");
  each_doubt([&](metrics_page::labels of, const histogram_values& took) {
    page.sample(of, took.count());
  });
  page.family("orderhub_doubt_duration_seconds", metric_kind::histogram,
              "From a doubt's begin to its end.");
  each_doubt([&](metrics_page::labels of, const histogram_values& took) { page.sample(of, took); });
}

} // namespace orderhub::http_gateway
