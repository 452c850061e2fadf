// The customer's SMS: where there is a phone and Twilio is configured.
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <algorithm>
#include <string>

namespace orderhub::testing {
namespace {

using providers::mock::effect_kind;

world_settings with_sms(const std::string& faults = "[]") {
  auto s = with_faults(faults);
  s.orders.sms = true;
  s.orders.sms_from = "+15005550006";
  s.orders.public_url = "https://hub.example.com";
  return s;
}

std::string with_phone(const std::string& phone = "+12175550100") {
  return R"({"items":[{"productId":"sku-1","quantity":1,"price":1500}],)"
         R"("customer":{"email":"ada@example.com","name":"Ada Lovelace","phone":")" +
         phone +
         R"("},"shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"62701"}})";
}

std::string notice(const world& w, const std::string& step) {
  return field(field(w.order("1").body, "notices"), step);
}

std::string attention(const world& w) {
  return field(w.order("1").body, "attention");
}

/// The bodies of the SMS that left.
std::string texts(const world& w) {
  std::string all;
  for (const auto& body : w.bodies())
    if (body.starts_with("To="))
      all += body + '\n';
  return all;
}

} // namespace

TEST_CASE("a confirmed order's customer gets one SMS, which names its order and step",
          "[orders][sms]") {
  world w(with_sms());
  CHECK(field(w.call(order_object("1"), "ProcessOrder", with_phone()).body, "status") ==
        "confirmed");
  REQUIRE(w.run());
  CHECK(notice(w, "sms_confirm") == "sent");
  CHECK(notice(w, "mail_confirm") == "sent");
  CHECK(w.effects("1", effect_kind::sms) == 1);
  CHECK(w.effects("1", effect_kind::sms, "sms_confirm") == 1);
  const auto sent = texts(w);
  CHECK(sent.starts_with("To=%2B12175550100&From=%2B15005550006&Body=Your%20order%201%20is%20"));
  CHECK(sent.find("StatusCallback=https%3A%2F%2Fhub.example.com%2Fwebhooks%2Ftwilio%3Fhub%3D") !=
        std::string::npos);
  CHECK(sent.find("order_id%3D1%26step%3Dsms_confirm%26attempt%3D1") != std::string::npos);
  CHECK(attention(w) == "[]");
  CHECK(joined(problems_of(w, "1", {})) == "");
}

TEST_CASE("without a public URL an SMS asks for no callback", "[orders][sms]") {
  auto s = with_sms();
  s.orders.public_url.clear();
  world w(s);
  w.call(order_object("1"), "ProcessOrder", with_phone());
  REQUIRE(w.run());
  CHECK(texts(w).find("StatusCallback") == std::string::npos);
  CHECK(notice(w, "sms_confirm") == "sent");
}

TEST_CASE("a customer without a phone gets no SMS, and the order says so", "[orders][sms]") {
  world w(with_sms());
  w.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run());
  CHECK(notice(w, "sms_confirm") == "skipped: the customer has no phone");
  CHECK(attention(w) == "[]");
  CHECK(texts(w).empty());
  CHECK(joined(problems_of(w, "1", {})) == "");
}

TEST_CASE("where Twilio is not configured nothing is said of SMS", "[orders][sms]") {
  world w;
  w.call(order_object("1"), "ProcessOrder", with_phone());
  REQUIRE(w.run());
  CHECK(notice(w, "sms_confirm").empty());
  CHECK(texts(w).empty());
}

TEST_CASE("an SMS that is refused for good is a person's, and fails no order", "[orders][sms]") {
  const std::string code = GENERATE(as<std::string>(), "21211", "21610", "21614", "30007");
  CAPTURE(code);
  auto s =
      with_sms(R"({"vendor":"twilio","operation":"sms","always":true,"effect":"refuse","code":")" +
               code + "\"}");
  world w(s);
  CHECK(field(w.call(order_object("1"), "ProcessOrder", with_phone()).body, "status") ==
        "confirmed");
  REQUIRE(w.run());
  CHECK(notice(w, "sms_confirm") == "failed: 400: " + code);
  CHECK(notice(w, "mail_confirm") == "sent");
  CHECK(attention(w) == R"([{"reason":"400: )" + code + R"(","step":"sms_confirm"}])");
  CHECK(w.mock.requests(providers::mock::call_id::twilio_sms) == 1);
  CHECK(*s.orders.attention_count == 1);
  CHECK(field(w.order("1").body, "status") == "confirmed");
}

TEST_CASE("an SMS that was taken and does not come is known as such", "[orders][sms]") {
  const std::string code = GENERATE(as<std::string>(), "30003", "30006", "30007");
  CAPTURE(code);
  auto s = with_sms(R"({"vendor":"twilio","operation":"sms","nth":1,"effect":"queued",)"
                    R"("late_ms":20000,"outcome":"error","code":")" +
                    code + "\"}");
  world w(s);
  w.call(order_object("1"), "ProcessOrder", with_phone());
  REQUIRE(w.run_until([](world& now) { return notice(now, "sms_confirm") == "sent"; }));
  CHECK(field(w.order("1").body, "waiting").find("\"sms_confirm\"") != std::string::npos);
  REQUIRE(w.run());
  CHECK(notice(w, "sms_confirm") == "undelivered: " + code);
  CHECK(attention(w) == R"([{"reason":"undelivered: )" + code + R"(","step":"sms_confirm"}])");
  CHECK(*s.orders.attention_count == 1);
  CHECK(field(w.order("1").body, "status") == "confirmed");
  CHECK(w.effects("1", effect_kind::sms) == 1);
}

TEST_CASE("an SMS of which no carrier says anything is asked for eleven hours, and calls nobody",
          "[orders][sms]") {
  world w(with_sms(R"({"vendor":"twilio","operation":"sms","nth":1,"effect":"queued",)"
                   R"("outcome":"never"})"));
  w.call(order_object("1"), "ProcessOrder", with_phone());
  REQUIRE(w.run());
  CHECK(notice(w, "sms_confirm") == "sent");
  CHECK(attention(w) == "[]");
  CHECK(w.live().empty());
  CHECK(w.mock.requests(providers::mock::call_id::twilio_retrieve) < 30);
  CHECK(w.called() == 0);
}

TEST_CASE("an SMS that fails hours later is known as such", "[orders][sms]") {
  const std::string late_ms = GENERATE(as<std::string>(), "2000000", "3600000");
  CAPTURE(late_ms);
  world w(with_sms(R"({"vendor":"twilio","operation":"sms","nth":1,"effect":"queued","late_ms":)" +
                   late_ms + R"(,"outcome":"error","code":"30001"})"));
  w.call(order_object("1"), "ProcessOrder", with_phone());
  REQUIRE(w.run());
  CHECK(notice(w, "sms_confirm") == "undelivered: 30001");
  CHECK(attention(w) == R"([{"reason":"undelivered: 30001","step":"sms_confirm"}])");
  CHECK(w.called() == 0);
}

TEST_CASE("an SMS that is held up holds up nothing else", "[orders][sms]") {
  world w(with_sms(R"({"vendor":"twilio","always":true,"effect":"unauthorized"})"));
  const auto a = w.call(order_object("1"), "ProcessOrder", with_phone());
  CHECK(field(a.body, "status") == "confirmed");
  CHECK(field(a.body, "pending").empty());
  CHECK_FALSE(w.run(600'000)); // Its credential is tried without end.
  CHECK(notice(w, "mail_confirm") == "sent");
  CHECK(notice(w, "announce_confirmed") == "sent");
  CHECK(notice(w, "sms_confirm").empty());
  CHECK(field(w.order("1").body, "waiting").find("\"twilio\"") != std::string::npos);
}

TEST_CASE("a lost SMS is looked up, and never sent twice", "[orders][sms]") {
  const std::string effect =
      GENERATE(as<std::string>(), "drop_after", "garbage", "truncate", "html", "foreign", "empty",
               "stored_500_done", "late_work", "drop_before");
  CAPTURE(effect);
  world w(with_sms(R"({"vendor":"twilio","operation":"sms","nth":1,"late_ms":6000,"effect":")" +
                   effect + "\"}"));
  w.call(order_object("1"), "ProcessOrder", with_phone());
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::sms) == 1);
  CHECK(notice(w, "sms_confirm") == "sent");
}

TEST_CASE("a tracking number that was promised comes by SMS too", "[orders][sms]") {
  world w(with_sms(R"({"vendor":"shippo","operation":"label","nth":1,"effect":"untracked",)"
                   R"("late_ms":60000})"));
  w.call(order_object("1"), "ProcessOrder", with_phone());
  REQUIRE(w.run());
  CHECK(notice(w, "sms_confirm") == "sent");
  CHECK(notice(w, "sms_tracking") == "sent");
  CHECK(notice(w, "mail_tracking") == "sent");
  CHECK(w.effects("1", effect_kind::sms) == 2);
  CHECK(texts(w).find("The%20tracking%20number%20follows.") != std::string::npos);
  CHECK(texts(w).find("has%20its%20label.%20Its%20tracking%20number%20is%20") != std::string::npos);
}

TEST_CASE("with SMS alone the customer is told, and the order ends", "[orders][sms]") {
  auto s = with_sms();
  s.orders.mail = s.orders.slack = false;
  world w(s);
  const auto a = w.call(order_object("1"), "ProcessOrder", with_phone());
  CHECK(field(a.body, "status") == "confirmed");
  REQUIRE(w.run());
  CHECK(notice(w, "sms_confirm") == "sent");
  CHECK(field(w.order("1").body, "pending") == "[]");
  CHECK(w.effects("1", effect_kind::sms) == 1);
}

} // namespace orderhub::testing
