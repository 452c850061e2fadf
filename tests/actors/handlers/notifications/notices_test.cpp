// Every notification reports back, also those that nobody waits for.
#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/notifications/notification_texts.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <set>
#include <string>
#include <vector>

namespace orderhub::testing {
namespace {

using handlers::order_facts;

world::answer process(world& w, const std::string& extra = {}) {
  return w.call(order_object("1"), "ProcessOrder", order_body(extra));
}

std::string notice(const world& w, const std::string& step) {
  return field(field(w.order("1").body, "notices"), step);
}

std::string attention(const world& w) {
  return field(w.order("1").body, "attention");
}

constexpr const char* archived =
    R"({"vendor":"slack","operation":"message","always":true,"effect":"refuse",)"
    R"("code":"is_archived"})";

TEST_CASE("a message of each kind that is refused is in the order's notices and attention",
          "[orders][notices]") {
  auto s = with_faults(archived);
  SECTION("a new order, and its confirmation") {
    world w(s);
    const auto a = process(w);
    CHECK(field(a.body, "status") == "confirmed");
    CHECK(field(a.body, "message") == "Order processed successfully");
    REQUIRE(w.run());
    CHECK(notice(w, "announce_new") == "failed: is_archived");
    CHECK(notice(w, "announce_confirmed") == "failed: is_archived");
    CHECK(notice(w, "mail_confirm") == "sent");
    CHECK(attention(w) == R"([{"reason":"is_archived","step":"announce_confirmed"},)"
                          R"({"reason":"is_archived","step":"announce_new"}])");
    CHECK(*s.orders.attention_count == 2);
    CHECK(field(w.order("1").body, "pending") == "[]");
    CHECK(w.live().empty());
  }
  SECTION("a failed payment") {
    world w(s);
    CHECK(field(process(w, R"("payment":{"method":"pm_card_chargeDeclined"})").body, "status") ==
          "payment_failed");
    REQUIRE(w.run());
    CHECK(notice(w, "announce_failed") == "failed: is_archived");
    CHECK(attention(w).find(R"("step":"announce_failed")") != std::string::npos);
  }
  SECTION("a cancel") {
    world w(s);
    process(w);
    const auto a = w.call(order_object("1"), "CancelOrder", {});
    // That the shop was not told is no part of what is undone.
    CHECK(field(a.body, "message") == "Order cancelled");
    REQUIRE(w.run());
    CHECK(field(w.order("1").body, "status") == "cancelled");
    CHECK(notice(w, "announce_cancelled") == "failed: is_archived");
    CHECK(notice(w, "mail_cancelled") == "sent");
    CHECK(attention(w).find(R"("step":"announce_cancelled")") != std::string::npos);
  }
}

TEST_CASE("a mail of each kind that is refused is in the order's notices and attention",
          "[orders][notices]") {
  world w(with_faults(R"({"vendor":"sendgrid","always":true,"effect":"refuse",)"
                      R"("text":"Does not contain a valid address."})"));
  process(w);
  REQUIRE(w.run());
  CHECK(notice(w, "mail_confirm") == "failed: 400: invalid");
  CHECK(attention(w) == R"([{"reason":"400: invalid","step":"mail_confirm"}])");
  w.call(order_object("1"), "CancelOrder", {});
  REQUIRE(w.run());
  CHECK(notice(w, "mail_cancelled") == "failed: 400: invalid");
  CHECK(notice(w, "announce_cancelled") == "sent");
  CHECK(attention(w).find(R"("step":"mail_cancelled")") != std::string::npos);
}

TEST_CASE("a mail that is held up does not hold up what became of the message of a cancel",
          "[orders][notices]") {
  world w(with_faults(std::string("[") + archived +
                      R"(,{"vendor":"sendgrid","nth":2,"times":1000,"effect":"status"}])"));
  process(w);
  w.call(order_object("1"), "CancelOrder", {});
  CHECK_FALSE(w.run(600'000)); // The mail is tried without end.
  CHECK(notice(w, "mail_cancelled").empty());
  CHECK(notice(w, "announce_cancelled") == "failed: is_archived");
}

TEST_CASE("what came of notices that nobody waits for is known after a loss of power",
          "[orders][notices]") {
  world w(with_faults(archived));
  process(w);
  REQUIRE(w.run());
  const auto before = comparable(w.order("1").body);
  w.lose_power();
  REQUIRE(w.run());
  CHECK(comparable(w.order("1").body) == before);
  CHECK(notice(w, "announce_new") == "failed: is_archived");
}

TEST_CASE("when the channel is there again, old refusals are of the past", "[orders][notices]") {
  world w(with_faults(archived));
  process(w);
  REQUIRE(w.run());
  CHECK(attention(w).find("announce_confirmed") != std::string::npos);
  REQUIRE(w.mock.control(R"({"clear":true})"));
  w.call(order_object("1"), "CancelOrder", {});
  REQUIRE(w.run());
  CHECK(notice(w, "announce_cancelled") == "sent");
  CHECK(notice(w, "announce_new") == "failed: is_archived");
  CHECK(attention(w) == "[]");
}

TEST_CASE("an archived channel is one until it is not", "[orders][notices]") {
  world_settings s;
  world w(s);
  REQUIRE(w.mock.control(R"({"archive":")" + s.orders.channel_new + "\"}"));
  process(w);
  REQUIRE(w.run());
  CHECK(notice(w, "announce_new") == "failed: is_archived");
  REQUIRE(w.mock.control(R"({"unarchive":")" + s.orders.channel_new + "\"}"));
  w.call(order_object("2"), "ProcessOrder", order_body());
  REQUIRE(w.run());
  CHECK(field(w.order("2").body, "attention") == "[]");
}

TEST_CASE("answers that are nobody's mail are repeated a while, and then a person's",
          "[orders][notices]") {
  world w(with_faults(R"({"vendor":"sendgrid","always":true,"effect":"html","work":false})"));
  CHECK(field(process(w).body, "status") == "confirmed");
  REQUIRE(w.run());
  CHECK(notice(w, "mail_confirm").starts_with("failed: its answers cannot be read"));
  CHECK(attention(w).find(R"("step":"mail_confirm")") != std::string::npos);
  CHECK(w.mock.requests(providers::mock::call_id::sendgrid_mail) == 9);
}

TEST_CASE("one page in a vendor's place delays a step and repeats nothing that counts",
          "[orders][notices]") {
  for (const char* effect : {"html", "empty", "foreign"})
    for (const char* work : {"true", "false"})
      for (const char* call :
           {R"("stripe","operation":"charge")", R"("shippo","operation":"shipment")",
            R"("shippo","operation":"label")", R"("sendgrid","operation":"mail")",
            R"("slack","operation":"message")"}) {
        CAPTURE(effect, work, call);
        world w(with_faults(std::string(R"({"vendor":)") + call + R"(,"nth":1,"effect":")" +
                            effect + R"(","work":)" + work + '}'));
        process(w);
        REQUIRE(w.run());
        const auto problems = problems_of(w, "1", {});
        INFO(joined(problems));
        CHECK(problems.empty());
        CHECK(attention(w) == "[]");
      }
}

TEST_CASE("a later notice by the same way ends an earlier refusal, and no other",
          "[orders][notices]") {
  order_facts f;
  const auto told = [&](const char* step, const char* refused) {
    f.notices = {{step, "sent"}, {refused, "failed: is_archived"}};
    return handlers::was_told_later(f, refused);
  };
  CHECK(told("announce_confirmed", "announce_new"));
  CHECK(told("announce_failed_2", "announce_failed"));
  CHECK(told("announce_failed_10", "announce_failed_9"));
  CHECK(told("announce_cancelled", "announce_confirmed"));
  CHECK(told("announce_cancelled_2", "announce_cancelled"));
  CHECK(told("mail_cancelled", "mail_confirm"));
  CHECK(told("mail_tracking", "mail_confirm"));
  CHECK_FALSE(told("announce_new", "announce_confirmed"));
  CHECK_FALSE(told("announce_failed", "announce_failed_2"));
  CHECK_FALSE(told("mail_cancelled", "announce_confirmed"));
  CHECK_FALSE(told("announce_confirmed", "mail_confirm"));
  CHECK_FALSE(handlers::is_notice("label"));
  CHECK_FALSE(handlers::is_notice("mail"));
}

TEST_CASE("the shop's message of each kind says what happened", "[notices]") {
  std::set<std::string> texts;
  int kinds = 0;
  for (auto kind = handlers::notification_kind::new_order;
       kind <= handlers::notification_kind::delivery_failed;
       kind = static_cast<handlers::notification_kind>(static_cast<int>(kind) + 1)) {
    handlers::notification n;
    n.kind = kind;
    n.reason = "why";
    const auto text = handlers::message_about("1", n);
    CAPTURE(static_cast<int>(kind), text);
    CHECK(text != "Order 1");
    texts.insert(text);
    ++kinds;
  }
  CHECK(kinds == 15);
  CHECK(texts.size() == 15);
}

} // namespace
} // namespace orderhub::testing
