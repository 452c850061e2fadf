// Lists of orders, and how many there are.
#include "actors/durable/wait_cause.hpp"
#include "actors/handlers/orders/order_list.hpp"
#include "actors/handlers/orders/order_listing.hpp"
#include "actors/host/operator.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/orders_filter.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "http_gateway/admin/stream_items.hpp"
#include "providers/tables/currencies.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using handlers::list_item;

json time(unix_ms at) {
  return time_json<json>(at);
}
json text(std::string_view t) {
  return text_or_null<json>(t);
}

std::string_view state_of(const handlers::listed_step& step) {
  if (step.in_doubt)
    return "in_doubt";
  if (step.cause == durable::wait_cause::person)
    return "person";
  return step.cause == durable::wait_cause::answer && step.next_at == 0 ? "out" : "waiting";
}

json open_json(const list_item& item) {
  json list = json::array();
  for (const auto& s : item.row.steps)
    list.push_back({{"step", s.step},
                    {"ref", text(s.ref)},
                    {"vendor", text(s.vendor)},
                    {"state", state_of(s)},
                    {"waits_for", durable::name_of(s.cause)},
                    {"reason", handlers::reason_of(s)},
                    {"since", time(s.since)},
                    {"next_at", time(s.next_at)},
                    {"attempts", s.attempts},
                    {"last", text(s.last)}});
  return list;
}

json item_json(const list_item& item) {
  const auto& row = item.row;
  json attention = json::array();
  for (const auto& p : row.attention)
    attention.push_back({{"step", p.step},
                         {"reason", p.reason},
                         {"acked_by", text(p.acked_by)},
                         {"acked_at", time(p.acked_at)}});
  return {{"key", item.key},
          {"status", row.status},
          {"created_at", time(item.created_at)},
          {"updated_at", time(item.updated_at)},
          {"version", item.version},
          {"total", row.total},
          {"total_text",
           row.currency.empty() ? json(nullptr) : json(tables::shown({row.total, row.currency}))},
          {"charged", row.charged},
          {"refunded", row.refunded},
          {"currency", text(row.currency)},
          {"customer", text(row.customer)},
          {"in_doubt", item.in_doubt},
          {"attention", std::move(attention)},
          {"paused", row.is_paused},
          {"stuck", item.is_stuck},
          {"open_since", time(item.open_since)},
          {"open", open_json(item)}};
}

admin_problem not_read(const error& why) {
  return {why.kind == error_kind::corrupt ? admin_reason::unreadable : admin_reason::unavailable,
          "The lists cannot be read now: " + why.message,
          {},
          {},
          {}};
}

admin_answer list_page(const order_list_call& wanted, const admin_sources& from) {
  if (auto problem = unknown_vendor(wanted.filter.vendors, from))
    return std::move(*problem);
  const auto as_of = from.hub.journal().last_lsn;
  const auto page = handlers::list_orders(wanted.filter, list_reader_of(from.hub), wanted.behind,
                                          wanted.limit, from.hub.now(), from.about.call_after_ms);
  if (!page)
    return not_read(page.error());
  const auto share = from.hub.listing_share();
  if (!share)
    return not_read(share.error());
  json list = json::array();
  for (const auto& item : page->items)
    list.push_back(item_json(item));
  return page_of(json{{"orders", std::move(list)},
                      {"next", page->next ? json(cursor_of(*page->next, wanted)) : json(nullptr)},
                      {"as_of_lsn", as_of},
                      {"scanned", page->scanned},
                      {"complete", page->is_complete},
                      {"indexing", *share ? json(**share) : json(nullptr)}});
}

/// Names of counts with a beginning, without it.
json counts_behind(const journal::listing_counts& counts, std::string_view beginning) {
  json j = json::object();
  for (const auto& [name, count] : counts.counts)
    if (name.starts_with(beginning))
      j[name.substr(beginning.size())] = count;
  return j;
}

std::int64_t count_of(const journal::listing_counts& counts, std::string_view name) {
  const auto it = counts.counts.find(name);
  return it == counts.counts.end() ? 0 : it->second;
}

/// Of the orders of today, UTC, as far as one page looks at rows.
struct money_of_today {
  std::size_t orders = 0;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> charged_and_refunded;
  bool is_complete = true;
};

result<money_of_today> money_today(const admin_sources& from) {
  constexpr std::int64_t day_ms = 24LL * 3600 * 1000;
  const auto midnight = from.hub.now() / day_ms * day_ms;
  money_of_today today;
  auto page =
      from.hub.listed(std::nullopt, host::list_rows_max, 1, [&](const journal::listed_object& o) {
        if (o.what.created < midnight)
          return true; // All that follow are older: it ends here.
        const auto row = handlers::order_row::decode(o.what.row);
        if (row) {
          ++today.orders;
          auto& [charged, refunded] = today.charged_and_refunded[row->currency];
          charged += row->charged;
          refunded += row->refunded;
        }
        return false;
      });
  if (!page)
    return page.failure();
  today.is_complete = !page->next || !page->found.empty();
  return today;
}

/// Those that nothing will wake: there should be none, so they are looked at.
result<std::size_t> stuck_now(const admin_sources& from) {
  handlers::order_filter filter;
  filter.stuck = true;
  constexpr std::size_t most = 500;
  auto page = handlers::list_orders(filter, list_reader_of(from.hub), std::nullopt, most,
                                    from.hub.now(), from.about.call_after_ms);
  if (!page)
    return page.failure();
  return page->items.size();
}

/// Of a summary.
json counts_json(const journal::listing_counts& counts) {
  using namespace handlers::list_mark;
  std::int64_t all = 0;
  auto statuses = counts_behind(counts, status);
  for (const auto& n : statuses)
    all += n.get<std::int64_t>();
  return {{"orders", all},
          {"by_status", std::move(statuses)},
          {"open", count_of(counts, open)},
          {"in_doubt", count_of(counts, in_doubt)},
          {"attention", count_of(counts, attention)},
          {"paused", count_of(counts, paused)},
          {"by_wait", counts_behind(counts, waits)},
          {"by_vendor", counts_behind(counts, vendor)},
          {"complete", counts.is_whole}};
}

} // namespace

result<journal::listing_counts> counts_now(const admin_sources& from) {
  auto counts = from.hub.counts();
  if (!counts)
    return counts;
  return handlers::counts_with_late(std::move(*counts), list_reader_of(from.hub), from.hub.now(),
                                    from.about.call_after_ms);
}

result<standing_counts> standing_counts_of(const admin_sources& from) {
  using namespace handlers::list_mark;
  constexpr std::string_view dead_webhook = "webhook_dead"; // Its mark.
  const auto counts = counts_now(from);
  if (!counts)
    return counts.failure();
  const auto stuck = stuck_now(from);
  if (!stuck)
    return stuck.failure();
  return standing_counts{count_of(*counts, open), count_of(*counts, in_doubt),
                         count_of(*counts, attention), static_cast<std::int64_t>(*stuck),
                         count_of(*counts, dead_webhook)};
}

std::string text_of(const handlers::list_item& item) {
  return page_of(item_json(item)).body;
}

std::string text_of(const journal::listing_counts& counts) {
  return page_of(counts_json(counts)).body;
}

admin_answer orders_page(const admin_call& call, const admin_sources& from) {
  auto wanted = order_list_of(call);
  if (auto* problem = std::get_if<admin_problem>(&wanted))
    return std::move(*problem);
  return list_page(std::get<0>(wanted), from);
}

admin_answer order_search_page(const admin_call& call, const admin_sources& from) {
  auto wanted = order_search_of(call);
  if (auto* problem = std::get_if<admin_problem>(&wanted))
    return std::move(*problem);
  return list_page(std::get<0>(wanted), from);
}

admin_answer summary_page(const admin_call&, const admin_sources& from) {
  const auto as_of = from.hub.journal().last_lsn;
  const auto counts = counts_now(from);
  if (!counts)
    return not_read(counts.error());
  const auto stuck = stuck_now(from);
  if (!stuck)
    return not_read(stuck.error());
  const auto today = money_today(from);
  if (!today)
    return not_read(today.error());
  const auto share = from.hub.listing_share();
  if (!share)
    return not_read(share.error());
  json money = json::array();
  for (const auto& [currency, sums] : today->charged_and_refunded)
    money.push_back(
        {{"currency", text(currency)}, {"charged", sums.first}, {"refunded", sums.second}});
  auto summary = counts_json(*counts);
  summary["stuck"] = *stuck;
  summary["today"] = {
      {"orders", today->orders}, {"money", std::move(money)}, {"complete", today->is_complete}};
  summary["as_of_lsn"] = as_of;
  summary["indexing"] = *share ? json(**share) : json(nullptr);
  return page_of(summary);
}

} // namespace orderhub::http_gateway
