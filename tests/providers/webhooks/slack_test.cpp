#include "providers/codec/form.hpp"
#include "providers/slack/webhook.hpp"
#include "providers/webhooks/signature.hpp"
#include "tests/providers/webhooks/deliveries.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::providers {
namespace {

using testing::read_one;
using testing::sent_delivery;
using webhooks::event_kind;
using webhooks::refusal;

std::string interaction(const std::string& json) {
  form body;
  body.add("payload", json);
  return body.text();
}

std::string pressed(const std::string& actions) {
  return interaction(R"({"type":"block_actions","user":{"id":"U012AB3CD","username":"ada",)"
                     R"("name":"Ada"},"team":{"id":"T1"},"trigger_id":"12.34.ab",)"
                     R"("message":{"ts":"1760000000.000100","text":"Order of Ada"},)"
                     R"("response_url":"https://hooks.slack.com/actions/T1/1/x","actions":[)" +
                     actions + "]}");
}

std::string button(const std::string& id, const std::string& value) {
  return R"({"type":"button","block_id":"b","action_id":")" + id + R"(","value":")" + value +
         R"(","action_ts":"1760000100.000200"})";
}

TEST_CASE("Slack's handshake is answered with its challenge", "[webhooks][slack]") {
  sent_delivery sent;
  sent.body = R"({"token":"x","challenge":"3eZbrw1aBm2rZgRNFdxV2595","type":"url_verification"})";
  const auto greeting = testing::read("slack", sent);
  CHECK(greeting.answer == "3eZbrw1aBm2rZgRNFdxV2595");
  CHECK(greeting.answer_type == "text/plain");
  REQUIRE(greeting.elements.size() == 1);
  CHECK(greeting.elements[0].what.kind == event_kind::handshake);
  // What is no challenge goes back to nobody: the answer is bytes of ours to whoever reads it.
  for (const char* text : {"\"\"", "7", "\"<b>a b</b>\"", "\"\\u0000\"", "null"}) {
    sent.body = std::string(R"({"type":"url_verification","challenge":)") + text + "}";
    CHECK_FALSE(testing::read("slack", sent).problem.empty());
    CHECK(testing::read("slack", sent).answer.empty());
  }
  sent.body = R"({"type":"url_verification","challenge":")" + std::string(201, 'a') + "\"}";
  CHECK_FALSE(testing::read("slack", sent).problem.empty());
}

TEST_CASE("an event of Slack's is recorded by its event_id", "[webhooks][slack]") {
  const auto e = read_one(
      "slack", R"({"token":"x","team_id":"T1","api_app_id":"A1","type":"event_callback",)"
               R"("event_id":"Ev1","event_time":1760000000,"event":{"type":"app_mention",)"
               R"("user":"U1","text":"hello","channel":"C0123456789","ts":"1760000000.000100"}})");
  CHECK(e.id == "Ev1");
  CHECK(e.type == "app_mention");
  CHECK(e.kind == event_kind::skipped);
  CHECK(e.at_ms == 1'760'000'000'000);
  CHECK(e.about == step_ref{"", "", "", ""});
  const auto ours = read_one(
      "slack",
      std::string(R"({"type":"event_callback","event_id":"Ev2","event_time":1760000000,)"
                  R"("event":{"type":"message_metadata_posted","channel_id":"C0123456789",)"
                  R"("message_ts":"1760000000.000100","metadata":{"event_type":"order_shipped",)"
                  R"("event_payload":{"order_id":"ord-1001","step":"announce","attempt":"1",)"
                  R"("hub":")") +
          testing::own_hub + R"("}}}})");
  CHECK(ours.kind == event_kind::message_posted);
  CHECK(ours.about == step_ref{testing::own_hub, "ord-1001", "announce", "1"});
  CHECK(ours.vendor_ids == std::vector<std::string>{"C0123456789:1760000000.000100"});
  for (const char* body : {R"({"type":"event_callback","event_id":"","event":{"type":"a"}})",
                           R"({"type":"event_callback","event_id":"Ev1","event":{}})",
                           R"({"type":"event_callback","event_id":"Ev1"})"}) {
    sent_delivery sent;
    sent.body = body;
    CHECK_FALSE(testing::read("slack", sent).problem.empty());
  }
}

TEST_CASE("one of our buttons is an operator's word on an order", "[webhooks][slack]") {
  const auto value = slack::action_value({testing::own_hub, "ord-1001", "", ""});
  for (const char* id : {"retry_label", "cancel_order"}) {
    const auto e = read_one("slack", pressed(button(id, value)));
    CHECK(e.kind == event_kind::operator_action);
    CHECK(e.action == id);
    CHECK(e.actor == "U012AB3CD");
    CHECK(e.about == step_ref{testing::own_hub, "ord-1001", "", ""});
    CHECK(e.at_ms == 1'760'000'100'000);
    CHECK(e.id ==
          std::string("block_actions:1760000000.000100:1760000100.000200:") + id + ":U012AB3CD");
  }
  // A value that is only an order's key names no hub.
  CHECK(read_one("slack", pressed(button("cancel_order", "ord-1001"))).about ==
        step_ref{"", "ord-1001", "", ""});
  CHECK(read_one("slack", pressed(button("other_button", value))).kind == event_kind::skipped);
}

TEST_CASE("a press that names no order is a problem, and no other's", "[webhooks][slack]") {
  sent_delivery sent;
  sent.body = pressed(button("cancel_order", "") + ",{}," + button("retry_label", "ord-1001"));
  const auto all = testing::read("slack", sent);
  REQUIRE(all.elements.size() == 3);
  CHECK_FALSE(all.elements[0].problem.empty());
  CHECK_FALSE(all.elements[1].problem.empty());
  CHECK(all.elements[2].problem.empty());
  std::string many;
  for (int i = 0; i < 26; ++i)
    many += (i == 0 ? "" : ",") + button("retry_label", "a");
  sent.body = pressed(many);
  CHECK_FALSE(testing::read("slack", sent).problem.empty());
}

TEST_CASE("other interactions, and commands, are recorded", "[webhooks][slack]") {
  const auto modal = read_one("slack", interaction(R"({"type":"view_submission",)"
                                                   R"("trigger_id":"1.2.ab","view":{}})"));
  CHECK(modal.kind == event_kind::skipped);
  CHECK(modal.id == "view_submission:1.2.ab");
  const auto command =
      read_one("slack", std::string("token=x&command=%2Forder&text=ord-1001&trigger_id=9.8.ab"));
  CHECK(command.kind == event_kind::skipped);
  CHECK(command.id == "command:9.8.ab");
  for (const char* body : {"", "a=b", "payload=", "payload=%7B", "payload=[1]", "payload=%zz",
                           "{\"type\":", "[1,2]"}) {
    CAPTURE(body);
    sent_delivery sent;
    sent.body = body;
    CHECK_FALSE(testing::read("slack", sent).problem.empty());
  }
}

TEST_CASE("Slack's tolerance is 300 seconds both ways", "[webhooks][slack]") {
  struct row {
    std::int64_t age_s;
    refusal why;
  };
  for (const auto& [age_s, why] : {row{300, refusal::none}, row{301, refusal::too_old},
                                   row{-300, refusal::none}, row{-301, refusal::too_new}}) {
    CAPTURE(age_s);
    sent_delivery sent;
    sent.body = "{}";
    const auto t = std::to_string(sent.now_s - age_s);
    sent.headers = {
        {"x-slack-request-timestamp", t},
        {"x-slack-signature",
         "v0=" + webhooks::hmac_hex(webhooks::hash_algorithm::sha256, "key", {"v0:", t, ":{}"})}};
    CHECK(testing::verify("slack", sent, {"key"}).why == why);
    sent.headers.push_back({"X-Slack-Request-Timestamp", t});
    CHECK(testing::verify("slack", sent, {"key"}).why == refusal::malformed);
  }
}

} // namespace
} // namespace orderhub::providers
