#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <string>
#include <string_view>

namespace orderhub::testing {

namespace {

using providers::mock::call_id;
using providers::mock::effect_kind;

world_settings with_stock(std::string_view control = {}) {
  world_settings s = control.empty() ? world_settings() : with_faults(control);
  s.orders.stock = true;
  return s;
}

world::answer process(world& w, const std::string& extra = {}) {
  return w.call(order_object("1"), "ProcessOrder", order_body(extra));
}

/// What the inventory keeps for the order.
std::size_t kept(world& w) {
  return w.effects("1", effect_kind::reservation) - w.effects("1", effect_kind::stock_release);
}

std::string stock_state(world& w) {
  return field(field(w.order("1").body, "stock"), "state");
}

/// The text of the message that went to that channel; empty where none did.
std::string said_in(const world& w, const std::string& channel) {
  for (const auto& body : w.bodies())
    if (field(body, "channel") == channel)
      return field(body, "text");
  return {};
}

void check_good(world& w) {
  REQUIRE(w.run());
  const auto problems = problems_of(w, "1", {.has_stock = true});
  INFO(joined(problems));
  CHECK(problems.empty());
}

/// Charges and refunds balance, nothing is kept.
void check_nothing_left(world& w, const char* status) {
  REQUIRE(w.run());
  CHECK(field(w.order("1").body, "status") == status);
  CHECK(w.effects("1", effect_kind::charge) == w.effects("1", effect_kind::refund));
  CHECK(w.effects("1", effect_kind::label) == w.effects("1", effect_kind::label_refund));
  CHECK(kept(w) == 0);
  CHECK(w.live().empty());
}

} // namespace

TEST_CASE("an order's goods are held before its card is charged, and sold once it is paid",
          "[orders][stock]") {
  world w(with_stock());
  bool held_when_charged = false;
  w.when([](world& now) { return now.calling("stripe", "/v1/payment_intents"); },
         [&](world& now) {
           held_when_charged = now.effects("1", effect_kind::reservation) == 1 &&
                               now.effects("1", effect_kind::stock_commit) == 0;
         });
  const auto a = process(w);
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == "confirmed");
  CHECK(held_when_charged);
  check_good(w);
  CHECK(stock_state(w) == "committed");

  // Again: the same, and the inventory is not asked.
  const auto asked = w.mock.requests(call_id::inventory_reserve);
  CHECK(field(process(w).body, "message") == "Order already processed");
  CHECK(w.mock.requests(call_id::inventory_reserve) == asked);
}

TEST_CASE("where no inventory is configured nobody asks for stock", "[orders][stock]") {
  world w;
  CHECK(process(w).status == 200);
  REQUIRE(w.run());
  CHECK(w.mock.requests(call_id::inventory_reserve) == 0);
  CHECK(field(w.order("1").body, "stock").empty());
}

TEST_CASE("an order that is out of stock is refused with its lines, and not charged",
          "[orders][stock]") {
  world w(with_stock());
  REQUIRE(w.mock.control(R"({"stock":{"sku-1":1}})"));
  const auto a = process(w);
  CHECK(a.status == 409);
  CHECK(a.body == "Order 1 is out of stock: sku-1 (2 wanted, 1 there). Nothing was charged; it can "
                  "be sent again.");
  check_nothing_left(w, "out_of_stock");
  CHECK(w.mock.requests(call_id::stripe_charge) == 0);
  CHECK(w.effects("1", effect_kind::message) == 1);
  CHECK(w.effects("1", effect_kind::message, "announce_out_of_stock") == 1);
  CHECK(said_in(w, "C0FAILEDORD") == "Order 1 is out of stock: sku-1 (2 wanted, 1 there)");
  CHECK(field(field(w.order("1").body, "stock"), "missing") ==
        R"([{"available":1,"productId":"sku-1","wanted":2}])");
  CHECK(field(w.order("1").body, "attention") == "[]");

  SECTION("sent again when there is stock, it is processed") {
    REQUIRE(w.mock.control(R"({"stock":{"sku-1":2}})"));
    const auto again = process(w);
    CHECK(again.status == 200);
    CHECK(field(again.body, "status") == "confirmed");
    check_good(w);
  }
  SECTION("sent again while there is none, it is refused again") {
    CHECK(process(w).status == 409);
    CHECK(w.mock.requests(call_id::stripe_charge) == 0);
    CHECK(w.mock.requests(call_id::inventory_reserve) == 2);
    REQUIRE(w.run());
    CHECK(w.effects("1", effect_kind::message, "announce_out_of_stock_2") == 1);
  }
  SECTION("sent again with fewer pieces, that is what it is") {
    auto body = order_body();
    body.replace(body.find("\"quantity\":2"), 12, "\"quantity\":1");
    const auto again = w.call(order_object("1"), "ProcessOrder", body);
    CHECK(again.status == 200);
    check_good(w);
  }
  SECTION("cancelled, it stays so") {
    CHECK(w.call(order_object("1"), "CancelOrder", {}).status == 200);
    check_nothing_left(w, "cancelled");
  }
}

TEST_CASE("a declined order keeps no stock, and its next attempt reserves anew",
          "[orders][stock]") {
  world w(with_stock());
  const auto a = process(w, R"("payment":{"method":"pm_card_chargeDeclined"})");
  CHECK(a.status == 200);
  check_nothing_left(w, "payment_failed");
  CHECK(stock_state(w) == "released");
  CHECK(field(process(w, R"("payment":{"method":"pm_card_visa"})").body, "status") == "confirmed");
  check_good(w);
  CHECK(w.effects("1", effect_kind::reservation) == 2);
}

TEST_CASE("a customer who has to authenticate finds the goods still held", "[orders][stock]") {
  world w(with_stock());
  const auto a = process(w, R"("payment":{"method":"pm_card_authenticationRequired"})");
  CHECK(field(a.body, "status") == "requires_action");
  REQUIRE(w.run());
  CHECK(kept(w) == 1);
  CHECK(stock_state(w) == "held");
  const auto intent = field(a.body, "paymentIntentId");

  SECTION("authenticated, they are sold") {
    REQUIRE(w.mock.control(R"({"authenticate":")" + intent + "\"}"));
    CHECK(field(process(w).body, "status") == "confirmed");
    check_good(w);
    CHECK(w.effects("1", effect_kind::reservation) == 1);
  }
  SECTION("not authenticated, they are free") {
    REQUIRE(w.mock.control(R"({"fail_authentication":")" + intent + "\"}"));
    process(w, R"("payment":{"method":"pm_card_authenticationRequired"})");
    check_nothing_left(w, "payment_failed");
  }
  SECTION("with other items meanwhile, those are held instead") {
    auto body = order_body(R"("payment":{"method":"pm_card_visa"})");
    body.replace(body.find("\"quantity\":2"), 12, "\"quantity\":1");
    CHECK(w.call(order_object("1"), "ProcessOrder", body).status == 200);
    check_good(w);
    CHECK(w.effects("1", effect_kind::reservation) == 2);
  }
}

TEST_CASE("stock that goes while the charge runs ends in a refund", "[orders][stock]") {
  world w(with_stock());
  w.when([](world& now) { return now.calling("stripe", "/v1/payment_intents"); },
         [](world& now) { REQUIRE(now.mock.control(R"({"expire":"1","stock":{"sku-1":0}})")); });
  const auto a = process(w);
  CHECK(a.status == 409);
  CHECK(a.body == "Order 1 has no stock left: sku-1 (2 wanted, 0 there). What was paid is given "
                  "back; it is now cancelled.");
  check_nothing_left(w, "cancelled");
  CHECK(w.effects("1", effect_kind::charge) == 1);
  CHECK(w.effects("1", effect_kind::label) == 0);
  CHECK(w.effects("1", effect_kind::mail, "mail_cancelled") == 1);
  CHECK(stock_state(w) == "lost");
  CHECK(process(w).status == 409);
}

TEST_CASE("a reservation that lapsed is sold where there is still enough", "[orders][stock]") {
  world w(with_stock());
  w.when([](world& now) { return now.calling("stripe", "/v1/payment_intents"); },
         [](world& now) { REQUIRE(now.mock.control(R"({"expire":"1"})")); });
  CHECK(process(w).status == 200);
  check_good(w);
}

TEST_CASE("a cancelled order puts its goods back", "[orders][stock][cancel]") {
  world w(with_stock());
  CHECK(process(w).status == 200);
  CHECK(w.call(order_object("1"), "CancelOrder", {}).status == 200);
  check_nothing_left(w, "cancelled");
  CHECK(w.effects("1", effect_kind::stock_release) == 1);
  CHECK(stock_state(w) == "released");
}

TEST_CASE("a hold that has lapsed by itself keeps no cancel waiting", "[orders][stock][cancel]") {
  world w(with_stock());
  process(w, R"("payment":{"method":"pm_card_authenticationRequired"})");
  REQUIRE(w.mock.control(R"({"expire":"1"})"));
  CHECK(w.call(order_object("1"), "CancelOrder", {}).status == 200);
  check_nothing_left(w, "cancelled");
  CHECK(stock_state(w) == "released");
}

TEST_CASE("a release that is refused is a person's, and tried again with the next cancel",
          "[orders][stock][cancel]") {
  world w(with_stock(R"({"vendor":"inventory","operation":"release","nth":1,"effect":"refuse",)"
                     R"("code":"too_late"})"));
  CHECK(process(w).status == 200);
  const auto a = w.call(order_object("1"), "CancelOrder", {});
  CHECK(field(a.body, "message") == "Order cancelled; some of it needs a person's attention");
  REQUIRE(w.run());
  CHECK(field(w.order("1").body, "attention") ==
        R"([{"reason":"409: too_late","step":"release_stock"}])");
  CHECK(kept(w) == 1);
  // Under a key of its own: the inventory keeps its refusal under the first one.
  CHECK(field(w.call(order_object("1"), "CancelOrder", {}).body, "message") == "Order cancelled");
  check_nothing_left(w, "cancelled");
  CHECK(field(w.order("1").body, "attention") == "[]");
}

TEST_CASE("an inventory that refuses for good is a person's, and nothing is charged",
          "[orders][stock]") {
  world w(with_stock(R"({"vendor":"inventory","operation":"reserve","always":true,)"
                     R"("effect":"refuse","code":"reference_in_use"})"));
  const auto a = process(w);
  CHECK(a.status == 409);
  CHECK(a.body.find("409: reference_in_use") != std::string::npos);
  check_nothing_left(w, "out_of_stock");
  CHECK(w.mock.requests(call_id::stripe_charge) == 0);
  CHECK(field(w.order("1").body, "attention") ==
        R"([{"reason":"409: reference_in_use","step":"reserve_stock"}])");
}

TEST_CASE("an inventory that is away holds the order up, and nothing is charged meanwhile",
          "[orders][stock]") {
  world w(with_stock(R"({"vendor":"inventory","operation":"reserve","nth":1,"times":40,)"
                     R"("effect":"status","status":503})"));
  w.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(
      w.run_until([](world& now) { return now.mock.requests(call_id::inventory_reserve) >= 10; }));
  CHECK(w.mock.requests(call_id::stripe_charge) == 0);
  CHECK(waits_unseen(w, "1").empty());
  check_good(w);
}

TEST_CASE("stock that may be held for an order is put back where nobody is to look",
          "[orders][stock]") {
  const std::string effect = GENERATE("drop_after", "drop_before");
  CAPTURE(effect);
  auto s = with_stock(R"({"vendor":"inventory","operation":"reserve","nth":1,"effect":")" + effect +
                      "\"}");
  s.doubt["inventory.reserve"].policy = providers::doubt_policy::may_miss;
  world w(s);
  CHECK(process(w).status == 409);
  CHECK(field(w.order("1").body, "attention").find("it may have happened") != std::string::npos);
  CHECK(stock_state(w) == "refused");
  check_nothing_left(w, "out_of_stock");
  CHECK(w.effects("1", effect_kind::charge) == 0);

  SECTION("it is sent again") {
    CHECK(field(process(w).body, "status") == "confirmed");
    CHECK(kept(w) == 1);
    CHECK(stock_state(w) == "committed");
  }
  SECTION("it is cancelled") {
    CHECK(w.call(order_object("1"), "CancelOrder", "").status == 200);
    check_nothing_left(w, "cancelled");
  }
}

TEST_CASE("stock that may be held and cannot be put back is put back by the next try",
          "[orders][stock]") {
  auto s = with_stock(R"([{"vendor":"inventory","operation":"reserve","nth":1,)"
                      R"("effect":"drop_after"},{"vendor":"inventory","operation":"release",)"
                      R"("nth":1,"effect":"refuse","code":"too_late"}])");
  s.doubt["inventory.reserve"].policy = providers::doubt_policy::may_miss;
  world w(s);
  const auto refused = process(w);
  CHECK(refused.status == 409);
  CHECK(refused.body.find("it may have happened") != std::string::npos);
  CHECK(kept(w) == 1);
  CHECK(stock_state(w) == "asked");
  CHECK(field(w.order("1").body, "attention").find(R"("step":"release_stock")") !=
        std::string::npos);
  SECTION("it is sent again") {
    CHECK(field(process(w).body, "status") == "confirmed");
    REQUIRE(w.run());
    CHECK(kept(w) == 1);
    CHECK(stock_state(w) == "committed");
  }
  SECTION("it is cancelled") {
    CHECK(w.call(order_object("1"), "CancelOrder", "").status == 200);
    check_nothing_left(w, "cancelled");
    CHECK(field(w.order("1").body, "attention") == "[]");
  }
}

} // namespace orderhub::testing
