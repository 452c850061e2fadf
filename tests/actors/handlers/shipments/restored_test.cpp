// A hub that was restored from a copy: what it forgot, the vendors have done all the same.
#include "actors/handlers/shipments/restored_labels.hpp"
#include "journal/restored.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

/// The journal's rows, as a backup has them.
struct backup {
  explicit backup(world& w) : made_at(w.time.wall_ms()) {
    for (std::size_t i = 0; i < journal::table_count; ++i)
      tables[i] = w.store.contents(static_cast<journal::table>(i));
  }
  /// The machine is lost, and another one starts with these.
  void restore(world& w, std::int64_t parcel_sweep_ms = 0) const {
    for (std::size_t i = 0; i < journal::table_count; ++i) {
      const auto t = static_cast<journal::table>(i);
      for (const auto& [key, value] : w.store.contents(t))
        w.store.overwrite(t, key, std::nullopt);
      for (const auto& [key, value] : tables[i])
        w.store.overwrite(t, key, value);
    }
    // As `journal backup` marks it.
    w.store.overwrite(journal::table::mt, std::string(journal::meta_key::copied),
                      encode(journal::copy_mark{made_at, 0}));
    auto orders = mock_order_settings();
    orders.copies_made_at = {made_at};
    orders.parcel_sweep_after_ms = parcel_sweep_ms;
    w.configure(orders);
    w.lose_power();
  }

  unix_ms made_at;
  std::array<memory_store::rows, journal::table_count> tables;
};

std::size_t labels(const world& w, const std::string& order) {
  return w.effects(order, effect_kind::label);
}
std::size_t charges(const world& w, const std::string& order) {
  return w.effects(order, effect_kind::charge);
}

std::size_t pages_read(const world& w) {
  return static_cast<std::size_t>(
      std::count_if(w.requests().begin(), w.requests().end(), [](const std::string& line) {
        return line.starts_with("GET /shippo/transactions?results=100");
      }));
}

world::answer process(world& w, const std::string& order) {
  return w.call(order_object(order), "ProcessOrder", order_body());
}

/// The awakeable that a person is asked to resolve; empty where nobody is asked.
std::string asked(const world& w, const std::string& order) {
  const auto attention = field(w.order(order).body, "attention");
  const std::string before = "/restate/awakeables/";
  const auto at = attention.find(before);
  if (at == std::string::npos)
    return {};
  const auto begin = at + before.size();
  return attention.substr(begin, attention.find('/', begin) - begin);
}

/// Ships orders `1` to `count` after a copy was made, and restores it. Pages are so small that
/// the list has more of them than are read.
void forget_orders(world& w, int count) {
  REQUIRE(w.mock.control(R"({"page_size_max":{"shippo":1}})"));
  const backup copy(w);
  for (int i = 1; i <= count; ++i)
    REQUIRE(field(process(w, std::to_string(i)).body, "status") == "confirmed");
  REQUIRE(w.run());
  copy.restore(w);
}

} // namespace

TEST_CASE("an order that a restored hub has forgotten is charged and shipped once", "[restored]") {
  world w;
  const backup copy(w);
  const auto first = process(w, "1");
  const auto second = process(w, "2");
  REQUIRE(w.run());
  copy.restore(w);
  CHECK(w.order("1").status == 404);

  const auto again = process(w, "1");
  CHECK(field(again.body, "status") == "confirmed");
  CHECK(field(again.body, "labelId") == field(first.body, "labelId"));
  CHECK(field(again.body, "trackingNumber") == field(first.body, "trackingNumber"));
  CHECK(field(again.body, "chargeId") == field(first.body, "chargeId"));
  CHECK(field(process(w, "2").body, "labelId") == field(second.body, "labelId"));
  REQUIRE(w.run());
  for (const auto* order : {"1", "2"}) {
    CHECK(labels(w, order) == 1);
    CHECK(charges(w, order) == 1);
    CHECK(field(w.order(order).body, "attention") == "[]");
  }
  // Once for both.
  CHECK(pages_read(w) == 1);

  // One that is new is bought a label, and the list is not read for it again.
  CHECK(field(process(w, "3").body, "status") == "confirmed");
  REQUIRE(w.run());
  CHECK(labels(w, "3") == 1);
  CHECK(pages_read(w) == 1);
}

TEST_CASE("the parcel of a label that is found again is followed", "[restored]") {
  constexpr std::int64_t hour = 3'600'000;
  world_settings s;
  s.mock.transit_ms = s.mock.delivery_ms = 5 * hour;
  world w(s);
  const backup copy(w);
  process(w, "1");
  copy.restore(w, 12 * hour);
  CHECK(field(process(w, "1").body, "status") == "confirmed");
  CHECK(w.run());
  CHECK(labels(w, "1") == 1);
  CHECK(field(w.order("1").body, "status") == "delivered");
  CHECK(w.live().empty());
}

TEST_CASE("a hub that was never restored reads no list", "[restored]") {
  world w;
  process(w, "1");
  REQUIRE(w.run());
  CHECK(pages_read(w) == 0);
}

TEST_CASE("whenever a copy of a running order was made its label is bought once", "[restored]") {
  std::size_t steps = 0;
  for (bool more = true; more; ++steps) {
    CAPTURE(steps);
    world w;
    w.submit(order_object("1"), "ProcessOrder", order_body());
    for (std::size_t i = 0; i < steps && more; ++i)
      more = w.step();
    const backup copy(w);
    REQUIRE(w.run());
    REQUIRE(labels(w, "1") == 1);
    const auto asked_before = w.requests().size();
    copy.restore(w);
    REQUIRE(w.run());
    process(w, "1");
    REQUIRE(w.run());
    std::string asked_after;
    for (std::size_t i = asked_before; i < w.requests().size(); ++i)
      asked_after += w.requests()[i] + '\n';
    CAPTURE(asked_after);
    REQUIRE(w.run());
    CHECK(labels(w, "1") == 1);
    CHECK(charges(w, "1") == 1);
    CHECK(field(w.order("1").body, "status") == "confirmed");
    CHECK(field(w.order("1").body, "attention") == "[]");
  }
  CHECK(steps > 40);
}

TEST_CASE("a label that was given back meanwhile is bought anew", "[restored]") {
  world w;
  const backup copy(w);
  process(w, "1");
  w.call(order_object("1"), "CancelOrder", "");
  REQUIRE(w.run());
  REQUIRE(w.effects("1", effect_kind::label_refund) == 1);
  copy.restore(w);
  process(w, "1");
  REQUIRE(w.run());
  CHECK(labels(w, "1") == 2);
}

TEST_CASE("a label bought in a later attempt is recognised", "[restored]") {
  world w;
  REQUIRE(w.mock.control(
      R"({"faults":[{"vendor":"shippo","operation":"label","effect":"refuse","always":true,"times":2}]})"));
  const backup copy(w);
  process(w, "1");
  REQUIRE(w.run());
  REQUIRE(labels(w, "1") == 1);
  copy.restore(w);
  process(w, "1");
  REQUIRE(w.run());
  CHECK(labels(w, "1") == 1);
}

TEST_CASE("a list without an order is read to its end", "[restored]") {
  world w;
  REQUIRE(w.mock.control(R"({"page_size_max":{"shippo":1},"oldest_first":true})"));
  const backup copy(w);
  for (const auto* order : {"1", "2", "3"})
    process(w, order);
  REQUIRE(w.run());
  copy.restore(w);
  process(w, "3");
  REQUIRE(w.run());
  CHECK(labels(w, "3") == 1);
  CHECK(pages_read(w) == 3);
}

TEST_CASE("a list is read no further back than the copy", "[restored]") {
  world w;
  REQUIRE(w.mock.control(R"({"page_size_max":{"shippo":1}})"));
  for (const auto* order : {"1", "2", "3"})
    process(w, order);
  REQUIRE(w.run());
  w.time.advance(handlers::restored_margin_ms + 60'000);
  const backup copy(w);
  process(w, "4");
  REQUIRE(w.run());
  copy.restore(w);
  process(w, "4");
  REQUIRE(w.run());
  CHECK(labels(w, "4") == 1);
  CHECK(pages_read(w) == 2); // The label, and one that is older.
}

TEST_CASE("where the list is too long a person is asked before a label is bought", "[restored]") {
  world w;
  forget_orders(w, handlers::restored_pages_max + 3);
  const auto order = std::string("1"); // On no page that is read.
  process(w, order);
  REQUIRE(w.run_until([&](world&) { return !asked(w, order).empty(); }));
  CHECK(pages_read(w) == static_cast<std::size_t>(handlers::restored_pages_max));
  CHECK(labels(w, order) == 1);
  const auto text = field(w.order(order).body, "attention");
  CHECK(text.find("more than 2000 labels") != std::string::npos);

  SECTION("who finds none says so, and it is bought") {
    CHECK(w.resolve(asked(w, order), "\"buy\""));
    REQUIRE(w.run());
    CHECK(labels(w, order) == 2);
    CHECK(field(w.order(order).body, "attention") == "[]");
    CHECK(field(w.order(order).body, "labelId") != "");
  }
  SECTION("who names one that is none is asked again, and who names the right one is believed") {
    const auto before = asked(w, order);
    CHECK(w.resolve(before, "no-such-transaction"));
    REQUIRE(w.run_until([&](world&) { return asked(w, order) != before; }));
    // What the label was: the last page of the list has it.
    providers::mock::mock_request last_page;
    last_page.method = "GET";
    last_page.target =
        "/shippo/transactions?results=1&page=" + std::to_string(handlers::restored_pages_max + 3);
    last_page.headers = {{"host", "localhost"}, {"authorization", "ShippoToken shippo_test_x"}};
    const auto page = w.mock.handle(last_page, w.time.wall_ms());
    const std::string mark = R"("object_id":")";
    const auto at = page.response.body.find(mark) + mark.size();
    const auto id = page.response.body.substr(at, page.response.body.find('"', at) - at);
    CHECK(w.resolve(asked(w, order), id));
    REQUIRE(w.run());
    CHECK(labels(w, order) == 1);
    CHECK(field(w.order(order).body, "labelId") == id);
    CHECK(field(w.order(order).body, "attention") == "[]");
  }
  SECTION("who cancels the order buys nothing") {
    w.call(order_object(order), "CancelOrder", "");
    REQUIRE(w.run());
    CHECK(labels(w, order) == 1);
    CHECK(field(w.order(order).body, "status") == "cancelled");
  }
  SECTION("one that is on the pages needs nobody") {
    const auto newest = std::to_string(handlers::restored_pages_max + 3);
    process(w, newest);
    REQUIRE(w.run_until(
        [&](world&) { return !field(w.order(newest).body, "trackingNumber").empty(); }));
    CHECK(labels(w, newest) == 1);
    CHECK(asked(w, newest).empty());
  }
}

} // namespace orderhub::testing
