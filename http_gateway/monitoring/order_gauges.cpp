#include "http_gateway/monitoring/order_gauges.hpp"

#include "actors/handlers/orders/order_listing.hpp"
#include "actors/handlers/orders/order_row.hpp"
#include "actors/handlers/webhooks/webhook_list.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

namespace orderhub::http_gateway {

namespace {

using durable::wait_cause;
namespace mark = handlers::list_mark;

constexpr std::size_t stuck_most = 500;

std::uint64_t count_of(const journal::listing_counts& counts, std::string_view name) {
  const auto it = counts.counts.find(name);
  return it == counts.counts.end() || it->second < 0 ? 0 : static_cast<std::uint64_t>(it->second);
}

std::string mark_of(wait_cause cause) {
  return std::string(mark::waits).append(durable::name_of(cause));
}

/// The marks that stand for each word, as far as anything has them: what nothing has is not looked
/// for.
std::map<std::string_view, std::vector<std::string>>
marks_by_word(const journal::listing_counts& counts) {
  std::map<std::string_view, std::vector<std::string>> marks;
  const auto add = [&](wait_cause cause, std::string name) {
    if (count_of(counts, name) > 0)
      marks[handlers::wait_word_of(cause)].push_back(std::move(name));
  };
  for (std::size_t i = 0; i < durable::wait_cause_count; ++i) {
    const auto cause = static_cast<wait_cause>(i);
    // The step is as old as it is; the doubt about it is younger.
    add(cause, cause == wait_cause::doubt ? std::string(mark::in_doubt) : mark_of(cause));
  }
  return marks;
}

void add_oldest(host::order_gauges& gauges, const journal::listing_counts& counts,
                const handlers::list_reader& lists) {
  for (const auto& [word, marks] : marks_by_word(counts))
    if (const auto first = lists.marked(marks, std::nullopt, 1); first && !first->found.empty())
      gauges.oldest_open.push_back({word, first->found.front().since});
}

/// Nothing where they cannot be read: that is no proof that there are none.
std::optional<std::uint64_t> stuck_of(const journal::listing_counts& counts,
                                      const handlers::list_reader& lists, unix_ms now,
                                      std::int64_t call_after_ms) {
  if (count_of(counts, mark::maybe_stuck) == 0)
    return 0;
  handlers::order_filter filter;
  filter.stuck = true;
  const auto page =
      handlers::list_orders(filter, lists, std::nullopt, stuck_most, now, call_after_ms);
  return page ? std::optional<std::uint64_t>(page->items.size()) : std::nullopt;
}

/// Of what is in memory.
host::order_gauges gauges_of(std::span<const durable::waiting_count> waiting) {
  host::order_gauges g;
  for (const auto& w : waiting) {
    if (w.cause == wait_cause::doubt)
      g.in_doubt += w.count;
    if (w.cause == wait_cause::person)
      g.attention += w.count;
    const auto name = handlers::wait_word_of(w.cause);
    const auto known = std::find_if(g.oldest_open.begin(), g.oldest_open.end(),
                                    [&](const auto& o) { return o.waits_for == name; });
    if (known == g.oldest_open.end())
      g.oldest_open.push_back({name, w.since});
    else
      known->since = std::min(known->since, w.since);
  }
  return g;
}

} // namespace

std::vector<std::string_view> shown_waits() {
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < durable::wait_cause_count; ++i) {
    const auto word = handlers::wait_word_of(static_cast<wait_cause>(i));
    if (std::find(words.begin(), words.end(), word) == words.end())
      words.push_back(word);
  }
  return words;
}

host::order_gauges order_gauges_of(const result<journal::listing_counts>& counts,
                                   const handlers::list_reader& lists,
                                   std::span<const durable::waiting_count> waiting, unix_ms now,
                                   std::int64_t call_after_ms) {
  if (!counts)
    return gauges_of(waiting);
  host::order_gauges g;
  for (const auto status : handlers::order_statuses())
    g.by_status.emplace_back(status, count_of(*counts, std::string(mark::status).append(status)));
  g.in_doubt = count_of(*counts, mark::in_doubt);
  const auto with_late = handlers::counts_with_late(*counts, lists, now, call_after_ms);
  g.attention = count_of(with_late ? *with_late : *counts, mark::attention);
  g.paused = count_of(*counts, mark::paused);
  g.dead_webhooks = count_of(*counts, handlers::dead_webhook_mark);
  g.stuck = stuck_of(*counts, lists, now, call_after_ms);
  add_oldest(g, *counts, lists);
  return g;
}

} // namespace orderhub::http_gateway
