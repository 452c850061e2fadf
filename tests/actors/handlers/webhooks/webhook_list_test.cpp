// What a person sees of the events that came.
#include "actors/handlers/webhooks/webhook_list.hpp"
#include "actors/handlers/webhooks/webhook_service.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/event_check.hpp"
#include "tests/support/order_check.hpp"

#include <limits>
#include <set>
#include <string>

namespace orderhub::testing {

namespace {

using handlers::event_verdict;
using handlers::receipt;
using handlers::webhook_filter;

receipt skipped(const std::string& vendor, const std::string& id, std::int64_t at) {
  receipt r;
  r.vendor = vendor;
  r.what.id = id;
  r.what.type = "customer.created";
  r.received_at = at;
  r.headers = {{"content-type", "application/json"}};
  r.body = R"({"id":")" + id + "\"}";
  return r;
}

receipt lost(const std::string& id, std::int64_t at) {
  auto r = skipped("shippo", id, at);
  r.what.kind = event_kind::in_transit;
  r.what.vendor_ids = {"somebody's number"};
  return r;
}

/// Of all pages; each is there once, and the newest come first.
std::set<std::string> all(const world& w, const webhook_filter& wanted, std::size_t limit) {
  std::set<std::string> keys;
  std::string after;
  unix_ms last = std::numeric_limits<unix_ms>::max();
  do {
    const auto page = handlers::list_webhooks(w.stored(), wanted, after, limit);
    REQUIRE(page);
    CHECK(page->entries.size() <= limit);
    CHECK(page->is_whole);
    for (const auto& one : page->entries) {
      CHECK(keys.insert(one.key).second);
      CHECK(one.received.received_at <= last);
      last = one.received.received_at;
    }
    after = page->next;
  } while (!after.empty());
  return keys;
}

} // namespace

TEST_CASE("events are listed by vendor, verdict and time, in pages, wherever they are stored",
          "[webhooks][list]") {
  world_settings s; // Its checkpoints are small: some are in rows, some in the log.
  world w(s);
  event_sender door(w);
  for (int i = 0; i < 20; ++i) {
    REQUIRE(door.deliver(skipped("stripe", "evt_" + std::to_string(100 + i), 1'000 + i)) == 202);
    if (i % 4 == 0)
      REQUIRE(door.deliver(lost("t" + std::to_string(i), 2'000 + i)) == 202);
  }
  w.run(1'000);
  for (const std::size_t limit : {1, 3, 100}) {
    INFO(limit);
    CHECK(all(w, {}, limit).size() == 25);
    CHECK(all(w, {"stripe", {}, 0, 0}, limit).size() == 20);
    CHECK(all(w, {"", event_verdict::unmatched, 0, 0}, limit).size() == 5);
    CHECK(all(w, {"stripe", event_verdict::unmatched, 0, 0}, limit).empty());
    CHECK(all(w, {"stripe", {}, 1'005, 1'010}, limit).size() == 5);
    CHECK(all(w, {"strip", {}, 0, 0}, limit).empty());
  }
  CHECK(handlers::list_webhooks(w.stored(), {}, "stripe:evt_1", 10).error().kind ==
        error_kind::invalid);

  // What comes meanwhile shifts no page.
  const auto first = handlers::list_webhooks(w.stored(), {}, "", 10);
  REQUIRE(first);
  REQUIRE(door.deliver(skipped("stripe", "evt_new", 9'000)) == 202);
  const auto second = handlers::list_webhooks(w.stored(), {}, first->next, 10);
  REQUIRE(second);
  CHECK(second->entries.front().received.received_at < first->entries.back().received.received_at);
  CHECK(handlers::list_webhooks(w.stored(), {}, "", 1)->entries.front().key == "stripe:evt_new");
}

TEST_CASE("dead letters are counted as the list has them, over restarts, until they are settled",
          "[webhooks][list]") {
  world w;
  event_sender door(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run(60'000);
  const auto counted = [&] {
    const auto counts = w.stored().counts();
    REQUIRE(counts);
    const auto it = counts->counts.find(handlers::dead_webhook_mark);
    return it == counts->counts.end() ? std::int64_t{0} : it->second;
  };
  const auto is = [&](std::int64_t dead) {
    CHECK(all(w, {"", event_verdict::unmatched, 0, 0}, 100).size() ==
          static_cast<std::size_t>(dead));
    CHECK(counted() == dead);
  };
  is(0);
  REQUIRE(door.deliver(skipped("stripe", "evt_1", 1'000)) == 202);
  auto of_one = lost("t1", 2'000);
  of_one.what.reference = field(w.order("1").body, "trackingNumber");
  REQUIRE(door.deliver(of_one) == 202);
  auto of_nobody = skipped("stripe", "evt_2", 3'000);
  of_nobody.what.kind = event_kind::payment_succeeded;
  of_nobody.what.about.order_id = "nobody-1";
  REQUIRE(door.deliver(of_nobody) == 202);
  w.run(1'000);
  is(2);
  w.lose_power();
  w.run(1'000);
  is(2);
  // Nobody has learned the id in a day.
  w.run(handlers::webhook_kept_ms + 60'000);
  is(2);

  const handlers::webhook_match whose{"1", "ada", "case 8812", w.time.wall_ms()};
  CHECK(w.inform({"Webhook", "shippo:t1"}, "Assign", whose.encode()).status == 200);
  w.run(60'000);
  is(1);
}

TEST_CASE("one event is shown whole: verdict, headers and body", "[webhooks][list]") {
  world w;
  event_sender door(w);
  REQUIRE(door.deliver(skipped("stripe", "evt_1", 1'000)) == 202);
  w.run(1'000);
  const auto one = handlers::find_webhook(w.stored(), "stripe:evt_1");
  REQUIRE(one);
  CHECK(one->became.verdict == event_verdict::skipped);
  CHECK(one->received.body == R"({"id":"evt_1"})");
  REQUIRE(one->received.headers.size() == 1);
  CHECK(one->received.headers[0].first == "content-type");
  CHECK(handlers::find_webhook(w.stored(), "stripe:evt_2").error().kind == error_kind::not_found);
}

} // namespace orderhub::testing
