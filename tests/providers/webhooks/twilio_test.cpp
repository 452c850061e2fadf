#include "providers/codec/base64.hpp"
#include "providers/twilio/webhook.hpp"
#include "providers/webhooks/signature.hpp"
#include "tests/providers/webhooks/deliveries.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::providers {
namespace {

using testing::read_one;
using testing::sent_delivery;
using webhooks::event_kind;
using webhooks::refusal;

constexpr const char* token = "made-up-token";
constexpr const char* sid = "SM0123456789abcdef0123456789abcdef";

std::string signature(const std::string& url, const std::string& body) {
  const auto text = twilio::signed_text(url, body);
  REQUIRE(text);
  return base64_encode(webhooks::hmac(webhooks::hash_algorithm::sha1, token, {*text}));
}

sent_delivery callback(const std::string& status, const std::string& more = "") {
  sent_delivery sent;
  sent.target = std::string("/webhooks/twilio?hub=") + testing::own_hub +
                "&order_id=ord%201001%2F1&step=sms&attempt=2";
  sent.body = std::string("MessageSid=") + sid + "&SmsSid=" + sid + "&MessageStatus=" + status +
              "&SmsStatus=" + status + "&To=%2B15558675310&From=%2B15005550006&AccountSid=AC1" +
              more;
  return sent;
}

// N06: signed for the public address, arriving as plain http through a proxy.
TEST_CASE("Twilio signs the address it was given, not the one that arrived", "[webhooks][twilio]") {
  const std::string public_url = "https://hub.example:8443";
  auto sent = callback("delivered");
  sent.headers = {{"X-Twilio-Signature", signature(public_url + sent.target, sent.body)},
                  {"Host", "10.0.0.7:8080"}};
  CHECK(testing::verify("twilio", sent, {token}, public_url).why == refusal::none);
  CHECK(testing::verify("twilio", sent, {token}, public_url + "/").why == refusal::none);
  const auto unset = testing::verify("twilio", sent, {token});
  CHECK(unset.why == refusal::wrong);
  CHECK(unset.hint.find("public_url") != std::string::npos);
  // What a proxy says of itself anybody can say.
  sent.headers.push_back({"X-Forwarded-Host", "hub.example:8443"});
  sent.headers.push_back({"X-Forwarded-Proto", "https"});
  sent.headers.push_back({"Forwarded", "proto=https;host=hub.example:8443"});
  CHECK(testing::verify("twilio", sent, {token}).why == refusal::wrong);
  CHECK(testing::verify("twilio", sent, {token}, "https://other.example").why == refusal::wrong);
  const auto other_scheme = testing::verify("twilio", sent, {token}, "http://hub.example:8443");
  CHECK(other_scheme.why == refusal::wrong);
  CHECK(other_scheme.hint.find("scheme") != std::string::npos);
}

TEST_CASE("the standard port may be written or left out", "[webhooks][twilio]") {
  struct row {
    const char* configured;
    const char* signed_for;
    bool is_taken;
  };
  for (const auto& [configured, signed_for, is_taken] :
       {row{"https://hub.example", "https://hub.example", true},
        row{"https://hub.example", "https://hub.example:443", true},
        row{"https://hub.example:443", "https://hub.example", true},
        row{"https://hub.example:443", "https://hub.example:443", true},
        row{"http://hub.example", "http://hub.example:80", true},
        row{"https://hub.example", "https://hub.example:80", false},
        row{"https://hub.example", "https://hub.example:8443", false},
        // As Twilio's own library does it.
        row{"https://hub.example:8443", "https://hub.example", true},
        row{"https://hub.example/base", "https://hub.example/base", true},
        row{"https://hub.example/base", "https://hub.example:443/base", true},
        row{"https://[2001:db8::1]", "https://[2001:db8::1]:443", true}}) {
    CAPTURE(configured, signed_for);
    auto sent = callback("sent");
    sent.headers = {{"x-twilio-signature", signature(signed_for + sent.target, sent.body)}};
    CHECK((testing::verify("twilio", sent, {token}, configured).why == refusal::none) == is_taken);
  }
}

TEST_CASE("without a public address the one that arrived counts", "[webhooks][twilio]") {
  auto sent = callback("sent");
  sent.headers = {
      {"Host", "127.0.0.1:8080"},
      {"x-twilio-signature", signature("http://127.0.0.1:8080" + sent.target, sent.body)}};
  CHECK(testing::verify("twilio", sent, {token}).why == refusal::none);
  sent.headers[1].second = signature("https://127.0.0.1:8080" + sent.target, sent.body);
  const auto tls = testing::verify("twilio", sent, {token});
  CHECK(tls.why == refusal::wrong);
  CHECK(tls.hint.find("https") != std::string::npos);
}

TEST_CASE("what is signed is the decoded form, sorted, each value once", "[webhooks][twilio]") {
  CHECK(twilio::signed_text("u", "b=2&a=1&a=0&a=1&c=&d") == "ua0a1b2cd");
  CHECK(twilio::signed_text("u", "a=%2B1+x%C3%A9") == "ua+1 x\xc3\xa9");
  CHECK(twilio::signed_text("u", "") == "u");
  CHECK_FALSE(twilio::signed_text("u", "a=%2"));
  CHECK_FALSE(twilio::signed_text("u", "%zz=1"));
  std::string many = "a=1";
  for (int i = 0; i < 1'000; ++i)
    many += "&a=1";
  CHECK_FALSE(twilio::signed_text("u", many));
  auto sent = callback("sent");
  sent.body += "&x=%2";
  sent.headers = {{"x-twilio-signature", base64_encode(std::string(20, 'x'))}};
  CHECK(testing::verify("twilio", sent, {token}, "https://hub.example").why == refusal::malformed);
  for (const char* bad : {"AAAA", "not base64", "", "==="}) {
    sent.headers = {{"x-twilio-signature", bad}};
    CHECK(testing::verify("twilio", sent, {token}, "https://hub.example").why != refusal::none);
  }
}

TEST_CASE("a status callback says what became of a message", "[webhooks][twilio]") {
  struct row {
    const char* status;
    event_kind kind;
  };
  for (const auto& [status, kind] :
       {row{"accepted", event_kind::sms_queued}, row{"scheduled", event_kind::sms_queued},
        row{"queued", event_kind::sms_queued}, row{"sending", event_kind::sms_queued},
        row{"sent", event_kind::sms_sent}, row{"delivered", event_kind::sms_delivered},
        row{"read", event_kind::sms_delivered}, row{"undelivered", event_kind::sms_undelivered},
        row{"failed", event_kind::sms_failed}, row{"canceled", event_kind::sms_failed},
        row{"new_word", event_kind::skipped}}) {
    CAPTURE(status);
    const auto e = read_one("twilio", callback(status, "&ErrorCode=30007&ErrorMessage=to+Ada"));
    CHECK(webhooks::name_of(e.kind) == webhooks::name_of(kind));
    CHECK(e.id == std::string(sid) + ':' + status);
    CHECK(e.type == std::string("message.") + status);
    CHECK(e.code == "30007");
    CHECK(e.vendor_ids == std::vector<std::string>{sid});
    CHECK(e.about == step_ref{testing::own_hub, "ord 1001/1", "sms", "2"});
  }
  CHECK(read_one("twilio", callback("sent", "&ErrorCode=0")).code.empty());
  CHECK(read_one("twilio", callback("sent", "&ErrorCode=Ada")).code.empty());
  auto bare = callback("sent");
  bare.target = "/webhooks/twilio";
  CHECK(read_one("twilio", bare).about == step_ref{"", "", "", ""});
}

TEST_CASE("what is no status callback is recorded, and a text is told nothing",
          "[webhooks][twilio]") {
  sent_delivery text;
  text.body = std::string("MessageSid=") + sid + "&SmsStatus=received&From=%2B15558675310&Body=hi";
  const auto inbound = testing::read("twilio", text);
  CHECK(inbound.answer == "<Response/>");
  CHECK(inbound.answer_type == "text/xml");
  CHECK(inbound.elements.at(0).what.kind == event_kind::skipped);
  for (const char* body : {"", "a=b", "MessageSid=XX&MessageStatus=sent", "MessageStatus=sent"}) {
    CAPTURE(body);
    const auto e = read_one("twilio", std::string(body));
    CHECK(e.kind == event_kind::skipped);
    CHECK(e.vendor_ids.empty());
  }
  sent_delivery bad;
  bad.body = "MessageSid=%zz";
  CHECK_FALSE(testing::read("twilio", bad).problem.empty());
}

} // namespace
} // namespace orderhub::providers
