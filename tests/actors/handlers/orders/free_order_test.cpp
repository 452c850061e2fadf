#include "actors/handlers/notifications/notification_texts.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <string>

namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

const std::string voucher = R"("adjustments":[{"label":"Voucher","amount":-4250}])";

bool asked_stripe(const world& w) {
  for (const auto& line : w.requests())
    if (line.find("/stripe/") != std::string::npos)
      return true;
  return false;
}

} // namespace

TEST_CASE("an order that costs nothing is shipped and told without a charge", "[orders][amounts]") {
  world w;
  const auto a = w.call(order_object("1"), "ProcessOrder", order_body(voucher));
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == "confirmed");
  CHECK(field(a.body, "chargeId") == "null");
  CHECK(field(a.body, "paymentIntentId") == "null");
  CHECK(field(a.body, "trackingNumber") != "null");
  REQUIRE(w.run());
  CHECK_FALSE(asked_stripe(w));
  CHECK(w.effects("1", effect_kind::label) == 1);
  CHECK(w.effects("1", effect_kind::mail, "mail_confirm") == 1);
  CHECK(w.effects("1", effect_kind::message, "announce_new") == 1);
  const auto shown = w.order("1").body;
  CHECK(field(shown, "total") == "0");
  CHECK(field(shown, "totalText") == "0.00 USD");
  CHECK(field(shown, "adjustments") == R"([{"amount":-4250,"label":"Voucher"}])");
  CHECK(field(shown, "attention") == "[]");
  CHECK(field(shown, "pending") == "[]");

  // Sent again it is the same order, after a restart too.
  w.lose_power();
  const auto again =
      w.call(order_object("1"), "ProcessOrder", order_body(voucher + R"(,"retry":true)"));
  CHECK(field(again.body, "status") == "confirmed");
  CHECK(field(again.body, "message") == "Order already processed");
  REQUIRE(w.run());
  CHECK_FALSE(asked_stripe(w));
  CHECK(w.effects("1", effect_kind::label) == 1);
}

TEST_CASE("a cancelled order that cost nothing gives the label back and no money",
          "[orders][amounts]") {
  world w;
  w.call(order_object("1"), "ProcessOrder", order_body(voucher));
  REQUIRE(w.run());
  const auto a = w.call(order_object("1"), "CancelOrder", "");
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == "cancelled");
  CHECK(field(a.body, "refundId") == "null");
  CHECK(field(a.body, "message") == "Order cancelled");
  REQUIRE(w.run());
  CHECK_FALSE(asked_stripe(w));
  CHECK(w.effects("1", effect_kind::label_refund) == 1);
  CHECK(w.effects("1", effect_kind::mail, "mail_cancelled") == 1);
  CHECK(field(w.order("1").body, "attention") == "[]");
  CHECK(field(w.call(order_object("1"), "CancelOrder", "").body, "status") == "cancelled");
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::mail, "mail_cancelled") == 1);
}

TEST_CASE("a declined order that a voucher makes free is shipped", "[orders][amounts]") {
  world w;
  const auto declined = w.call(order_object("1"), "ProcessOrder",
                               order_body(R"("payment":{"method":"pm_card_chargeDeclined"})"));
  CHECK(field(declined.body, "status") == "payment_failed");
  const auto a = w.call(order_object("1"), "ProcessOrder", order_body(voucher));
  CHECK(field(a.body, "status") == "confirmed");
  CHECK(field(a.body, "chargeId") == "null");
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::charge) == 0);
  CHECK(w.effects("1", effect_kind::label) == 1);
  CHECK(field(w.order("1").body, "attention") == "[]");
  // What is paid stays, also where nothing was paid.
  const auto dearer = w.call(order_object("1"), "ProcessOrder", order_body());
  CHECK(dearer.status == 409);
  CHECK(dearer.body.find("adjustments") != std::string::npos);
}

TEST_CASE("an order that costs nothing survives a crash at any moment",
          "[orders][amounts][crash]") {
  const script clients = [](world& w) {
    w.ask(order_object("1"), "ProcessOrder", order_body(voucher));
  };
  world_settings settings;
  world first(settings);
  clients(first);
  REQUIRE(first.run());
  for (std::size_t at = 1; at <= first.points().size(); at += 3) {
    CAPTURE(at);
    world_settings crashing = settings;
    crashing.crash_at = {at};
    world w(crashing);
    clients(w);
    REQUIRE(w.run());
    CHECK_FALSE(asked_stripe(w));
    CHECK(w.effects("1", effect_kind::label) == 1);
    CHECK(field(w.order("1").body, "status") == "confirmed");
  }
}

TEST_CASE("the amount is told as it is counted", "[notices][amounts]") {
  const auto templates = handlers::mail_templates::built_in();
  handlers::notification n;
  n.name = "Ada Lovelace";
  n.total = {42'000, "kwd"};
  n.kind = handlers::notification_kind::confirmed;
  CHECK(handlers::mail_about("1", n, *templates).text.find("over 42.000 KWD is confirmed") !=
        std::string::npos);
  CHECK(handlers::message_about("1", n) == "Order 1 over 42.000 KWD is confirmed");
  n.kind = handlers::notification_kind::new_order;
  CHECK(handlers::message_about("1", n) == "New order 1 over 42.000 KWD");
  n.total = {4'200, "eur"};
  CHECK(handlers::message_about("1", n) == "New order 1 over 42.00 EUR");
  n.kind = handlers::notification_kind::confirmed;
  CHECK(
      handlers::mail_about("1", n, *templates).text.find("over 42.00 EUR (€42.00) is confirmed") !=
      std::string::npos);
}

} // namespace orderhub::testing
