#include "actors/handlers/attention.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "http_gateway/monitoring/families.hpp"
#include "http_gateway/monitoring/order_gauges.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace orderhub;
using namespace orderhub::http_gateway;

namespace {

bool has_line(const metrics_page& page, const std::string& line) {
  return ("\n" + page.text(metrics_format::text)).find("\n" + line + "\n") != std::string::npos;
}

} // namespace

TEST_CASE("a vendor that a person has paused is shown as paused", "[monitoring]") {
  std::vector<host::vendor_places> places(3);
  places[0].vendor = "stripe";
  places[1].vendor = "shippo";
  places[1].breaker = providers::breaker_state::open;
  places[2].vendor = "slack";
  places[2].breaker = providers::breaker_state::open;
  places[2].hold = host::vendor_hold::paused_by_operator;
  metrics_page page;
  add_vendors(page, {places, {}, {}});
  CHECK(has_line(page, R"(orderhub_vendor_breaker_state{vendor="stripe"} 0)"));
  CHECK(has_line(page, R"(orderhub_vendor_breaker_state{vendor="shippo"} 2)"));
  CHECK(has_line(page, R"(orderhub_vendor_breaker_state{vendor="slack"} 3)"));
}

TEST_CASE("a call counts as what became of it on the wire", "[monitoring]") {
  host::vendor_call_counts counts;
  const auto call = [&](providers::outcome_kind kind, std::uint16_t status) {
    providers::transport_outcome outcome;
    outcome.kind = kind;
    outcome.response.status = status;
    counts.left(host::call_class_index("list"));
    counts.ended(host::call_class_index("list"), outcome, 7'000, {}, 1);
  };
  using enum providers::outcome_kind;
  for (const int status : {200, 302, 402, 429, 500})
    call(response, static_cast<std::uint16_t>(status));
  call(not_sent, 0);
  call(lost, 0);
  counts.left(host::call_class_index("what is none of them"));
  const std::vector<host::vendor_calls> calls = {{"stripe", counts.values()}};
  metrics_page page;
  add_vendors(page, {{}, calls, {}});
  const auto of = [&](const std::string& name, const std::string& result) {
    return "orderhub_vendor_" + name + R"({vendor="stripe",call_class="list",result=")" + result +
           "\"} ";
  };
  CHECK(has_line(page, of("calls_total", "ok") + "2"));
  CHECK(has_line(page, of("calls_total", "refused") + "2"));
  CHECK(has_line(page, of("calls_total", "failed") + "2"));
  CHECK(has_line(page, of("calls_total", "lost") + "1"));
  CHECK(has_line(page, of("call_duration_seconds_count", "lost") + "1"));
  CHECK(has_line(page, R"(orderhub_vendor_calls_in_flight{vendor="stripe",call_class="list"} 0)"));
  CHECK(has_line(page, R"(orderhub_vendor_calls_in_flight{vendor="stripe",call_class="write"} 1)"));
}

namespace {

/// Objects with the marks that they have, and what a list shows of them.
struct few_orders {
  journal::listing_counts counts;
  std::vector<std::pair<std::string, journal::marked_object>> marked;

  void add(const std::string& mark, const std::string& order, unix_ms since) {
    ++counts.counts[mark];
    marked.push_back({mark, {since, handlers::order_object(order)}});
  }

  [[nodiscard]] handlers::list_reader reader() const {
    handlers::list_reader lists;
    lists.marked = [this](auto marks, const auto&,
                          std::size_t most) -> result<journal::marked_page> {
      journal::marked_page page;
      for (const auto& [mark, object] : marked)
        if (std::find(marks.begin(), marks.end(), mark) != marks.end())
          page.found.push_back(object);
      std::sort(page.found.begin(), page.found.end());
      page.found.resize(std::min(page.found.size(), most));
      return page;
    };
    // Orders that were accepted, and that nothing will wake.
    lists.object = [](const object_id& id) -> result<journal::object_state> {
      journal::object_state state;
      state.id = id;
      if (id.service != handlers::order_service_name)
        return state;
      handlers::order_facts facts;
      facts.created_at = facts.updated_at = 1'000;
      state.values["facts"] = facts.encode();
      return state;
    };
    return lists;
  }
};

metrics_page page_of_orders(const host::order_gauges& gauges, unix_ms now) {
  const durable::core_metrics core("OrderOrchestrator", "ProcessOrder");
  metrics_page page;
  add_orders(page, {gauges, core, {}, 0, now});
  return page;
}

} // namespace

TEST_CASE("a doubt is as old as it is, whatever its look-up waits for", "[monitoring]") {
  few_orders orders;
  orders.add("in_doubt", "o-1", 3'000); // Its look-up has no answer.
  orders.add("waits:answer", "o-1", 2'000);
  orders.add("in_doubt", "o-2", 5'000);
  orders.add("waits:doubt", "o-2", 1'000);
  const auto page =
      page_of_orders(order_gauges_of(orders.counts, orders.reader(), {}, 12'000, 0), 12'000);
  CHECK(has_line(page, R"(orderhub_order_oldest_open_seconds{waits_for="absence"} 9)"));
  CHECK(has_line(page, R"(orderhub_order_oldest_open_seconds{waits_for="vendor"} 10)"));
  CHECK(has_line(page, R"(orderhub_order_oldest_open_seconds{waits_for="operator"} 0)"));
  CHECK(has_line(page, "orderhub_orders_in_doubt 2"));
}

TEST_CASE("who waits too long is called by time alone, and counted once", "[monitoring]") {
  constexpr std::int64_t minute = 60'000;
  constexpr unix_ms now = 10'000 * minute;
  few_orders orders;
  const auto called = [&](std::int64_t call_after_ms = 0) {
    return order_gauges_of(orders.counts, orders.reader(), {}, now, call_after_ms).attention;
  };
  orders.add("waits:answer", "o-1", now - 9 * minute);
  orders.add("waits:customer", "o-2", now - 90 * minute); // It may take a day.
  orders.add("waits:time", "o-3", 1);                     // As somebody wanted it.
  orders.add("waits:person", "o-4", 1);
  CHECK(called() == 0);
  orders.add("waits:answer", "o-5", now - 10 * minute);
  orders.add("waits:breaker", "o-5", now - 30 * minute);
  CHECK(called() == 1);
  orders.add("waits:customer", "o-6", now - 25 * 60 * minute);
  CHECK(called() == 2);
  // Who is called by a record as well is one.
  orders.add("attention", "o-5", now - minute);
  orders.add("attention", "o-7", now - minute);
  CHECK(called() == 3);
  CHECK(called(20 * minute) == 4); // o-2; o-5 is called by its record.
  const auto page =
      page_of_orders(order_gauges_of(orders.counts, orders.reader(), {}, now, 0), now);
  CHECK(has_line(page, "orderhub_orders_attention 3"));
}

TEST_CASE("an order that a list calls stuck is counted as stuck", "[monitoring]") {
  few_orders orders;
  CHECK(has_line(page_of_orders(order_gauges_of(orders.counts, orders.reader(), {}, 9'000, 0), 0),
                 "orderhub_orders_stuck 0"));
  orders.add("maybe_stuck", "o-1", 3'000);
  orders.add("maybe_stuck", "o-2", 4'000);
  CHECK(has_line(page_of_orders(order_gauges_of(orders.counts, orders.reader(), {}, 9'000, 0), 0),
                 "orderhub_orders_stuck 2"));
}

TEST_CASE("where lists cannot be read what waits in memory is shown", "[monitoring]") {
  using durable::wait_cause;
  const std::vector<durable::waiting_count> waiting = {
      {"stripe", wait_cause::doubt, 2, 5'000},
      {"shippo", wait_cause::doubt, 1, 2'000},
      {"shippo", wait_cause::person, 3, 9'000},
  };
  const result<journal::listing_counts> unread = fail({error_kind::unavailable, "test", "a disk"});
  const auto page = page_of_orders(order_gauges_of(unread, {}, waiting, 12'000, 0), 12'000);
  CHECK(has_line(page, "orderhub_orders_in_doubt 3"));
  CHECK(has_line(page, "orderhub_orders_attention 3"));
  CHECK_FALSE(has_line(page, "orderhub_orders_stuck 0")); // Nobody knows.
  CHECK(has_line(page, R"(orderhub_order_oldest_open_seconds{waits_for="absence"} 10)"));
  CHECK(has_line(page, R"(orderhub_order_oldest_open_seconds{waits_for="operator"} 3)"));
}

TEST_CASE("waits are shown under words that lists are filtered by", "[monitoring]") {
  for (const auto word : shown_waits())
    CHECK(handlers::waits_named(word));
}

TEST_CASE("only the shop's orders count as orders", "[monitoring]") {
  durable::core_metrics core("OrderOrchestrator", "ProcessOrder");
  core.accepted("OrderOrchestrator", "ProcessOrder");
  core.accepted("OrderOrchestrator", "CancelOrder");
  core.accepted("Shipment", "ProcessOrder");
  core.ended("OrderOrchestrator", "ProcessOrder", {}, 1'000, 3'000);
  core.ended("OrderOrchestrator", "CancelOrder", {}, 1'000, 3'000);
  core.doubt_ended("stripe", "stripe.charge", durable::doubt_end::adopted, 1'000, 61'001);
  metrics_page page;
  add_orders(page, {{}, core, {}, 0, 0});
  CHECK(has_line(page, "orderhub_orders_total 1"));
  CHECK(has_line(page, "orderhub_order_duration_seconds_sum 2"));
  const std::string doubt = R"({vendor="stripe",operation="stripe.charge",outcome="adopted")";
  CHECK(has_line(page, "orderhub_doubts_total" + doubt + "} 1"));
  CHECK(has_line(page, "orderhub_doubt_duration_seconds_bucket" + doubt + ",le=\"60\"} 0"));
  CHECK(has_line(page, "orderhub_doubt_duration_seconds_bucket" + doubt + ",le=\"300\"} 1"));
}

TEST_CASE("of a step's name only what is the program's own is a label", "[monitoring]") {
  const handlers::order_settings settings;
  for (const auto* step : {"refund_extra_2", "refund_of-customer-17", "label_twice", "mail_confirm",
                           "announce_new_12", "commit_stock"})
    handlers::count_attention(settings, step);
  const durable::core_metrics core("OrderOrchestrator", "ProcessOrder");
  metrics_page page;
  settings.second_sends->add({"sendgrid", "custom_backup_mail"});
  add_orders(page, {{},
                    core,
                    settings.attention_by_step->values(),
                    *settings.attention_count,
                    0,
                    settings.second_sends->values()});
  CHECK(has_line(page, R"(orderhub_attention_total{step="refund"} 2)"));
  CHECK(has_line(page, R"(orderhub_attention_total{step="label"} 1)"));
  CHECK(has_line(page, R"(orderhub_attention_total{step="announce_new"} 1)"));
  CHECK(has_line(page, R"(orderhub_attention_total{step="mail_confirm"} 1)"));
  CHECK(has_line(page, R"(orderhub_attention_total{step="commit_stock"} 1)"));
  CHECK(has_line(page, "orderhub_attention_called_total 6"));
  CHECK(has_line(
      page,
      R"(orderhub_second_provider_total{vendor="sendgrid",provider="custom_backup_mail"} 1)"));
}

TEST_CASE("a delivery is counted under one verdict", "[monitoring]") {
  webhook_metrics door;
  for (int n = 0; n < 4; ++n)
    door.received("stripe", 1'700'000'000'500);
  door.verified("stripe");
  door.unfit("stripe");
  door.refused({1, "stripe", providers::webhooks::refusal::too_old, "", 1});
  door.refused({1, "stripe", providers::webhooks::refusal::wrong, "", 1});
  const handlers::webhook_counts events;
  metrics_page page;
  add_webhooks(page, {door, events, std::nullopt});
  const std::string received = R"(orderhub_webhooks_received_total{vendor="stripe",verdict=)";
  CHECK(has_line(page, received + "\"verified\"} 1"));
  CHECK(has_line(page, received + "\"refused\"} 2"));
  CHECK(has_line(page, received + "\"unfit\"} 1"));
  CHECK(has_line(page, R"(orderhub_webhooks_refused_total{vendor="stripe",reason="too_old"} 1)"));
  CHECK(has_line(page, R"(orderhub_webhook_last_received_timestamp_seconds{vendor="stripe"} )"
                       "1700000000.5"));
  // Of the list that nobody can read there is no number, and never one of this process alone.
  CHECK_FALSE(has_line(page, "orderhub_webhooks_dead 0"));
  metrics_page counted;
  add_webhooks(counted, {door, events, 3});
  CHECK(has_line(counted, "orderhub_webhooks_dead 3"));
}
