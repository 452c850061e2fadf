#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <string>
#include <utility>

namespace orderhub::testing {

namespace {

object_id hook(const std::string& id) {
  return {"WebhookProcessor", id};
}

world::answer process(world& w, const std::string& id, const std::string& body) {
  return w.call(hook(id), "ProcessStripeWebhook", body);
}

} // namespace

TEST_CASE("an unsigned webhook is recorded once per id", "[webhooks]") {
  world w;
  const auto first = process(w, "evt_1", R"({"id":"evt_1","type":"payment_intent.succeeded"})");
  CHECK(first.status == 200);
  CHECK(field(first.body, "webhookId") == "evt_1");
  CHECK(field(first.body, "type") == "payment_intent.succeeded");
  CHECK(field(first.body, "status") == "processed");
  CHECK(field(first.body, "verified") == "false");
  CHECK_FALSE(field(first.body, "message").empty());
  // Again, and again with other content, also after a loss of power: the first one counts.
  CHECK(process(w, "evt_1", R"({"type":"payment_intent.succeeded"})").body == first.body);
  w.lose_power();
  CHECK(process(w, "evt_1", R"({"type":"customer.created"})").body == first.body);
  CHECK(process(w, "evt_2", R"({"type":"customer.created"})").body != first.body);
}

TEST_CASE("a webhook of a type that concerns no order is skipped", "[webhooks]") {
  world w;
  for (const auto& [type, status] :
       {std::pair("charge.refunded", "processed"), std::pair("refund.failed", "processed"),
        std::pair("charge.dispute.created", "processed"),
        std::pair("payment_intent.payment_failed", "processed"),
        std::pair("customer.created", "skipped"), std::pair("charge.refunded2", "skipped"),
        std::pair("charge", "skipped")}) {
    CAPTURE(type);
    const auto a =
        process(w, std::string("evt_") + type, std::string(R"({"type":")") + type + "\"}");
    CHECK(a.status == 200);
    CHECK(field(a.body, "status") == status);
  }
}

TEST_CASE("an unsigned webhook is evidence of nothing", "[webhooks][orders]") {
  world w;
  const auto asked = w.call(order_object("1"), "ProcessOrder",
                            order_body(R"("payment":{"method":"pm_card_authenticationRequired"})"));
  const auto intent = field(asked.body, "paymentIntentId");
  REQUIRE_FALSE(intent.empty());
  const auto before = comparable(w.order("1").body);
  CHECK(process(w, "evt_1",
                R"({"type":"payment_intent.succeeded","data":{"object":{"id":")" + intent +
                    R"(","status":"succeeded","metadata":{"order_id":"1"}}}})")
            .status == 200);
  REQUIRE(w.run());
  CHECK(comparable(w.order("1").body) == before);
}

TEST_CASE("a webhook that cannot be read is refused and not recorded", "[webhooks]") {
  world w;
  for (const auto& [body, message] : {
           std::pair<std::string, std::string>("", "The body is not valid JSON near byte 1."),
           {"[]", "The body must be a JSON object."},
           {"{}", "type must be a non-empty string."},
           {R"({"type":""})", "type must be a non-empty string."},
           {R"({"type":7})", "type must be a non-empty string."},
           {R"({"type":"a","type":"b"})", "The key \"type\" appears twice in one object."},
           {R"({"type":")" + std::string(201, 'x') + "\"}", "type is longer than 200 bytes."},
           {"{\"type\":\"\xff\"}", "The body is not valid UTF-8."},
       }) {
    CAPTURE(body);
    const auto a = process(w, "evt_1", body);
    CHECK(a.status == 400);
    CHECK(a.body == message);
  }
  CHECK(process(w, "evt_1", R"({"type":"charge.succeeded"})").status == 200);
}

TEST_CASE("each vendor has its unsigned form, of one id alone", "[webhooks]") {
  world w;
  for (const auto& [handler, body] :
       {std::pair("ProcessSendGridWebhook", R"([{"event":"delivered"},{"event":"x"}])"),
        std::pair("ProcessShippoWebhook", R"({"event":"track_updated"})"),
        std::pair("ProcessSlackWebhook", R"({"type":"event_callback"})"),
        std::pair("ProcessTwilioWebhook", R"({"MessageStatus":"delivered"})"),
        std::pair("ProcessGitHubWebhook", R"({"type":"deployment_status"})")}) {
    CAPTURE(handler);
    const auto a = w.call(hook(handler), handler, body);
    CHECK(a.status == 200);
    CHECK(field(a.body, "status") == "processed");
    CHECK(field(a.body, "verified") == "false");
    CHECK(w.call(hook("other"), handler, "{}").status == 400);
  }
}

} // namespace orderhub::testing
