// An order's explanation as JSON: all that is recorded of it, member by member.
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/event_check.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

namespace orderhub::testing {

using nlohmann::json;

namespace {

json explanation_of(const admin_hub& hub, const std::string& key = "1") {
  const auto r = hub.ask("/admin/orders/" + key + "/explain");
  INFO(r.body);
  REQUIRE(r.status == 200);
  CHECK(joined(schema_problems(admin_openapi(), "explanation", r.body)) == "");
  return json::parse(r.body);
}

/// The one of that name that was begun last.
json step_of(const json& explanation, std::string_view name) {
  json found;
  for (const auto& step : explanation["steps"])
    if (step["name"] == name)
      found = step;
  REQUIRE(found.is_object());
  return found;
}

std::string fault(const std::string& vendor, const std::string& operation,
                  const std::string& rest) {
  return R"({"vendor":")" + vendor + R"(","operation":")" + operation + R"(",)" + rest + "}";
}

} // namespace

TEST_CASE("an explanation says what is known of a doubt, and how it ended", "[admin][explain]") {
  admin_hub hub(with_faults(
      "[" + fault("shippo", "label", R"("nth":1,"effect":"late_work","late_ms":30000)") + "," +
      fault("shippo", "list_labels", R"("nth":1,"effect":"status","status":503)") + "]"));
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run_until([&](world&) {
    const auto label = json::parse(hub.ask("/admin/orders/1/steps/label").body);
    return label.contains("doubt") && label["doubt"].is_object() &&
           std::any_of(label["doubt"]["evidence"].begin(), label["doubt"]["evidence"].end(),
                       [](const json& e) { return e["found"] == false; });
  }));
  const auto doubted = explanation_of(hub);
  const auto label = step_of(doubted, "label");
  const auto& doubt = label["doubt"];
  CHECK(doubt["since"].is_string());
  CHECK_FALSE(doubt["reason"].get<std::string>().empty());
  CHECK(doubt["absence_until"] == label["counts_from"]);
  CHECK(doubt["decision"].is_null());
  const auto& evidence = doubt["evidence"].back();
  CHECK(evidence["kind"] == "look_up");
  CHECK(evidence["counts"] == false); // Too early to prove anything.
  CHECK(evidence["because"].get<std::string>().find("may still be running") != std::string::npos);
  // It comes by itself, by the call that a retry would send at once.
  const auto next = std::find_if(doubted["next"].begin(), doubted["next"].end(),
                                 [](const json& n) { return n["step"] == "label"; });
  REQUIRE(next != doubted["next"].end());
  CHECK((*next)["what"] == "look_up");
  CHECK((*next)["call"] == label["if_retried"]["call"]);
  CHECK((*next)["at"] == label["next_at"]);
  CHECK((*next)["ref"] == label["ref"]);
  // A look-up has no key and changes nothing.
  CHECK(label["if_retried"]["same_key"].is_null());
  CHECK(label["if_retried"]["same_bytes"].is_null());
  CHECK(label["if_retried"]["side_effects"].empty());

  REQUIRE(hub.hub.run());
  const auto ended = step_of(explanation_of(hub), "label")["doubt"];
  CHECK(ended["decision"]["what"] == "adopted");
  CHECK(ended["decision"]["rule"] == "look_up");
  REQUIRE_FALSE(ended["evidence"].empty());
  CHECK(ended["evidence"].back()["found"] == true);
  CHECK(ended["evidence"].back()["counts"] == true);
  CHECK(ended["absence_until"].is_null());
  CHECK(explanation_of(hub)["next"].empty());
}

TEST_CASE("an explanation tells each way in which a doubt ends", "[admin][explain]") {
  struct way {
    const char* vendor;
    const char* operation;
    const char* how;
    const char* step;
    const char* decision;
    const char* rule;
  };
  const auto w =
      GENERATE(way{"shippo", "label", "drop_before", "label", "absent", "look_up"},
               way{"stripe", "charge", "drop_after", "charge", "repeated", "replay_key"},
               way{"sendgrid", "mail", "drop_after", "mail_confirm", "repeated", "may_repeat"});
  CAPTURE(w.step);
  admin_hub hub(with_faults(
      fault(w.vendor, w.operation, R"("nth":1,"effect":")" + std::string(w.how) + '"')));
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const auto explained = explanation_of(hub);
  const auto step = step_of(explained, w.step);
  REQUIRE(step["doubt"].is_object());
  CHECK(step["doubt"]["decision"]["what"] == w.decision);
  CHECK(step["doubt"]["decision"]["rule"] == w.rule);
  // What was never in doubt says nothing of one.
  CHECK(step_of(explained, "shipment")["doubt"].is_null());
}

TEST_CASE("a call without an answer names its error and the rule by which it is taken",
          "[admin][explain]") {
  admin_hub hub(with_faults("[" + fault("stripe", "charge", R"("nth":1,"effect":"drop_after")") +
                            "," + fault("stripe", "*", R"("always":true,"effect":"drop_before")") +
                            "]"));
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run_until([&](world&) {
    const auto r = json::parse(hub.ask("/admin/orders/1/steps/charge").body);
    return r.contains("next") && r["next"] == "send" && !r["attempts"].empty();
  }));
  const auto charge = step_of(explanation_of(hub), "charge");
  REQUIRE_FALSE(charge["attempts"].empty());
  const auto& attempt = charge["attempts"].back();
  CHECK(attempt["http"].is_null());
  CHECK(attempt["class"] == "in_doubt");
  CHECK(attempt["rule"] == "transport.lost");
  CHECK_FALSE(attempt["error"].get<std::string>().empty());
  CHECK(attempt["error"].get<std::string>().find("transport") == std::string::npos);
  // The same request again, under the same key.
  const auto& retried = charge["if_retried"];
  CHECK(retried["key"] == charge["key"]);
  CHECK(retried["same_key"] == true);
  CHECK(retried["same_bytes"] == true);
  CHECK(retried["safe"] == true);
  CHECK(retried["side_effects"].empty());
}

TEST_CASE("what may be done twice is named before somebody retries it", "[admin][explain]") {
  admin_hub hub(
      with_faults(fault("sendgrid", "mail", R"("always":true,"times":9,"effect":"drop_after")")));
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  json mail;
  REQUIRE(hub.hub.run_until([&](world&) {
    mail = json::parse(hub.ask("/admin/orders/1/steps/mail_confirm").body);
    return mail.contains("if_retried") && mail["if_retried"].is_object() &&
           mail["if_retried"]["safe"] == false;
  }));
  CHECK(mail["if_retried"]["side_effects"] == json::array({"the customer may have two mails"}));
  CHECK(mail["if_retried"]["same_bytes"].is_null()); // They are not kept.
}

TEST_CASE("an explanation lists the events that came for its order", "[admin][explain]") {
  auto settings = with_faults("[]");
  settings.orders.payment_events = true;
  admin_hub hub(std::move(settings));
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(60'000);
  CHECK(explanation_of(hub)["webhooks"].empty());
  event_sender door(hub.hub);
  auto paid = door.payment(event_kind::payment_succeeded, "evt_paid");
  paid.received_at = hub.hub.time.wall_ms();
  REQUIRE(door.deliver(paid) == 202);
  hub.hub.run(1'000);
  auto disputed = door.dispute(event_kind::dispute_opened, "evt_dispute");
  disputed.received_at = hub.hub.time.wall_ms();
  REQUIRE(door.deliver(disputed) == 202);
  auto foreign = door.payment(event_kind::payment_succeeded, "evt_foreign");
  foreign.is_foreign = true; // Another hub's order of the same key.
  REQUIRE(door.deliver(foreign) == 202);
  hub.hub.run(60'000);
  for (const bool is_folded : {false, true}) {
    CAPTURE(is_folded);
    if (is_folded)
      hub.hub.fold();
    const auto list = explanation_of(hub)["webhooks"];
    REQUIRE(list.size() == 2);
    CHECK(list[0]["id"] == "stripe:evt_paid");
    CHECK(list[0]["vendor"] == "stripe");
    CHECK(list[0]["verdict"] == "unchanged");
    CHECK(list[0]["changed"].empty());
    CHECK(list[0]["note"] == "known already");
    CHECK(list[1]["id"] == "stripe:evt_dispute");
    CHECK(list[1]["verdict"] == "applied");
    CHECK(list[1]["changed"].size() == 1);
    CHECK(list[1]["note"].is_null());
    // As their own page has them.
    for (const auto& w : list) {
      const auto own = json::parse(hub.ask("/admin/webhooks/" + w["id"].get<std::string>()).body);
      CHECK(own["verdict"] == w["verdict"]);
      CHECK(own["received_at"] == w["at"]);
      CHECK(own["type"] == w["type"]);
    }
  }
  std::string text; // In one line.
  for (const char c : hub.ask("/admin/orders/1/explain?format=text").body)
    if (c != '\n' && (c != ' ' || !text.ends_with(' ')))
      text += c;
    else if (!text.ends_with(' '))
      text += ' ';
  CHECK(text.find("Stripe's event evt_paid") != std::string::npos);
  CHECK(text.find("it was known already") != std::string::npos);
  CHECK(text.find("evt_foreign") == std::string::npos);
}

TEST_CASE("an explanation gives the lines that show it again", "[admin][explain]") {
  admin_hub hub;
  hub.hub.call(order_object("o'1 x"), "ProcessOrder", order_body());
  hub.hub.call(order_object("order-002"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const auto plain = explanation_of(hub, "order-002");
  CHECK(plain["cli"] == "orderhub orders explain order-002");
  CHECK(plain["curl"] == R"(curl -sS -H "Authorization: Bearer $ORDERHUB_ADMIN_TOKEN" )"
                         "http://127.0.0.1:9070/admin/orders/order-002/explain");
  const auto quoted = explanation_of(hub, "o%271%20x");
  CHECK(quoted["cli"] == R"(orderhub orders explain 'o'\''1 x')");
  CHECK(quoted["curl"].get<std::string>().ends_with("/admin/orders/o%271%20x/explain"));
}

TEST_CASE("a person's deed is in the explanation as a sentence", "[admin][explain]") {
  admin_hub hub;
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  REQUIRE(hub.act("/admin/orders/1/pause", R"({"reason":"a parcel is wrong"})").status == 202);
  const auto people = explanation_of(hub)["people"];
  REQUIRE_FALSE(people.empty());
  CHECK(people[0]["text"].get<std::string>().find("paused it at") != std::string::npos);
}

} // namespace orderhub::testing
