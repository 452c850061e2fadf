#include "providers/codec/base64.hpp"
#include "providers/webhooks/signature.hpp"
#include "tests/providers/webhooks/deliveries.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::providers {
namespace {

using testing::sent_delivery;
using webhooks::event_kind;
using webhooks::refusal;

std::string custom_args() {
  return std::string(R"("hub":")") + testing::own_hub +
         R"(","order_id":"ord-1001","step":"mail_confirm","step_attempt":"1","generation":"1")";
}

std::string element(const std::string& event, const std::string& more) {
  return R"({"email":"ada@example.com","timestamp":1760000000,"event":")" + event +
         R"(","sg_event_id":"id-)" + event +
         R"(==","sg_message_id":"14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",)" +
         R"("ip":"192.0.2.1","useragent":"x",)" + custom_args() + more + "}";
}

webhooks::event only_event(const std::string& text) {
  sent_delivery sent;
  sent.body = "[" + text + "]\r\n";
  return testing::read_one("sendgrid", sent);
}

TEST_CASE("each event of SendGrid's is one of a mail's", "[webhooks][sendgrid]") {
  struct row {
    const char* event;
    event_kind kind;
    const char* more;
    const char* code;
  };
  const row rows[] = {
      {"processed", event_kind::mail_processed, "", ""},
      {"deferred", event_kind::mail_deferred,
       R"(,"response":"450 ada@example.com is over quota","attempt":"3")", ""},
      {"delivered", event_kind::mail_delivered, R"(,"response":"250 OK")", ""},
      {"bounce", event_kind::mail_bounced,
       R"(,"type":"bounce","status":"5.1.1","reason":"550 no ada@example.com here",)"
       R"("bounce_classification":"Invalid Address")",
       "invalid_address"},
      {"bounce", event_kind::mail_bounced,
       R"(,"type":"blocked","status":"5.7.1","bounce_classification":"New Words")", "5.7.1"},
      {"bounce", event_kind::mail_bounced, R"(,"type":"blocked","status":"no ada@example.com")",
       "blocked"},
      {"dropped", event_kind::mail_dropped, R"(,"reason":"Bounced Address")", "bounced_address"},
      {"dropped", event_kind::mail_dropped, R"(,"reason":"ada@example.com is invalid")", "invalid"},
      {"dropped", event_kind::mail_dropped, "", ""},
      {"spamreport", event_kind::mail_complained, "", ""},
      {"open", event_kind::skipped, "", ""},
      {"click", event_kind::skipped, R"(,"url":"https://example.com/?mail=ada@example.com")", ""},
      {"unsubscribe", event_kind::skipped, "", ""},
      {"group_unsubscribe", event_kind::skipped, R"(,"asm_group_id":1)", ""},
      {"group_resubscribe", event_kind::skipped, R"(,"asm_group_id":1)", ""},
      {"account_status_change", event_kind::skipped, "", ""},
  };
  for (const auto& r : rows) {
    CAPTURE(r.event, r.more);
    const auto e = only_event(element(r.event, r.more));
    CHECK(webhooks::name_of(e.kind) == webhooks::name_of(r.kind));
    CHECK(e.code == r.code);
    CHECK(e.id == std::string("id-") + r.event + "==");
    CHECK(e.at_ms == 1'760'000'000'000);
    CHECK(e.about == step_ref{testing::own_hub, "ord-1001", "mail_confirm", "1"});
    CHECK(e.generation == "1");
    CHECK(e.vendor_ids ==
          std::vector<std::string>{"14c5d75ce93",
                                   "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0"});
  }
}

// N04: a bounce that names nothing, a delivery of ours, the bounce again.
TEST_CASE("a batch is its elements, each with its own id", "[webhooks][sendgrid]") {
  const std::string bare =
      R"({"event":"bounce","sg_event_id":"a","sg_message_id":"","timestamp":1})";
  sent_delivery sent;
  sent.body = "[" + bare + " ,\n" + element("delivered", "") + "," + bare + "]";
  const auto all = testing::read("sendgrid", sent);
  REQUIRE(all.elements.size() == 3);
  const auto& first = all.elements[0].what;
  CHECK(all.elements[0].problem.empty());
  CHECK(first.kind == event_kind::mail_bounced);
  CHECK(first.vendor_ids.empty());
  CHECK(first.about == step_ref{"", "", "", ""});
  CHECK(all.elements[1].what.about.order_id == "ord-1001");
  CHECK(all.elements[2].what.id == first.id);
}

TEST_CASE("one bad element of a batch is a problem of its own", "[webhooks][sendgrid]") {
  const std::string good = element("delivered", "");
  for (const std::string& bad :
       {std::string("1"), std::string("null"), std::string("\"]\""), std::string("[]"),
        std::string("{}"), std::string(R"({"event":"bounce"})"),
        std::string(R"({"event":"bounce","sg_event_id":""})"),
        std::string(R"({"event":"bounce","sg_event_id":7})"), std::string(R"({"sg_event_id":"a"})"),
        std::string(R"({"event":"a b","sg_event_id":"a"})"),
        std::string(R"({"event":"bounce","sg_event_id":"a","event":"delivered"})"),
        std::string("{\"event\":\"bounce\",\"sg_event_id\":\"\xff\"}"),
        std::string(R"({"event":"bounce",})"), std::string()}) {
    CAPTURE(bad);
    sent_delivery sent;
    sent.body = "[" + good + "," + bad + "," + good + "]";
    const auto all = testing::read("sendgrid", sent);
    CHECK(all.problem.empty());
    REQUIRE(all.elements.size() == 3);
    CHECK(all.elements[0].problem.empty());
    CHECK_FALSE(all.elements[1].problem.empty());
    CHECK(all.elements[2].problem.empty());
    CHECK(all.elements[2].what.kind == event_kind::mail_delivered);
  }
}

TEST_CASE("a body that is no list is no batch", "[webhooks][sendgrid]") {
  for (const std::string& body :
       {std::string(), std::string(" "), std::string("{}"), std::string("1"), std::string("["),
        std::string("]"), std::string("[}"), std::string("[{}"), std::string("[{}]]"),
        std::string("[\"]"), std::string("[{}] x"), std::string("\xef\xbb\xbf[]"),
        std::string("[\"\\"), std::string(100'000, '['), '[' + std::string(20'002, ',') + ']'}) {
    CAPTURE(body.substr(0, 40));
    sent_delivery sent;
    sent.body = body;
    const auto all = testing::read("sendgrid", sent);
    CHECK_FALSE(all.problem.empty());
    CHECK(all.elements.empty());
  }
  sent_delivery empty;
  empty.body = "[ ]\r\n";
  CHECK(testing::read("sendgrid", empty).problem.empty());
  CHECK(testing::read("sendgrid", empty).elements.empty());
}

TEST_CASE("several keys, and keys that are none", "[webhooks][sendgrid]") {
  const auto pair = webhooks::signing_key::new_p256();
  sent_delivery sent;
  sent.body = "[]\r\n";
  sent.headers = {{"X-Twilio-Email-Event-Webhook-Timestamp", "1760000000"},
                  {"X-Twilio-Email-Event-Webhook-Signature",
                   base64_encode(pair.sign({"1760000000", "[]\r\n"}))}};
  const auto other = webhooks::signing_key::new_p256().public_text();
  CHECK(testing::verify("sendgrid", sent, {other, pair.public_text()}).why == refusal::none);
  CHECK(testing::verify("sendgrid", sent, {"no key", pair.public_text()}).why == refusal::none);
  const auto no_key = testing::verify("sendgrid", sent, {"no key"});
  CHECK(no_key.why == refusal::wrong);
  CHECK(no_key.hint.find("public key") != std::string::npos);
  sent.body = "[]";
  CHECK(testing::verify("sendgrid", sent, {pair.public_text()}).hint.find("line ends") !=
        std::string::npos);
  // The timestamp and the body are one text to the signature, and never to us.
  sent.headers[0].second = "176000000";
  sent.body = "0[]\r\n";
  CHECK(testing::verify("sendgrid", sent, {pair.public_text()}).why == refusal::none);
  CHECK_FALSE(testing::read("sendgrid", sent).problem.empty());
  sent.headers[0].second = "1760000000[";
  sent.body = "]\r\n";
  CHECK(testing::verify("sendgrid", sent, {pair.public_text()}).why == refusal::malformed);
}

} // namespace
} // namespace orderhub::providers
