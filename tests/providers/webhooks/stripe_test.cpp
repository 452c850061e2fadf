#include "providers/webhooks/fields.hpp"
#include "providers/webhooks/signature.hpp"
#include "providers/webhooks/vendors.hpp"
#include "tests/providers/webhooks/deliveries.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::providers {
namespace {

using testing::read_one;
using testing::sent_delivery;
using webhooks::event_kind;
using webhooks::refusal;

constexpr const char* key = "whsec_made_up_for_this_test";

void sign(sent_delivery& sent, std::int64_t at_s, const std::string& with = key) {
  const auto t = std::to_string(at_s);
  sent.headers = {{"Stripe-Signature", "t=" + t + ",v1=" +
                                           webhooks::hmac_hex(webhooks::hash_algorithm::sha256,
                                                              with, {t, ".", sent.body})}};
}

std::string event_of(const std::string& type, const std::string& object) {
  return R"({"id":"evt_1","object":"event","api_version":"2026-10-28.endive","created":1760000000,)"
         R"("livemode":true,"pending_webhooks":1,"request":{"id":"req_1","idempotency_key":"oh-k-1"},)"
         R"("type":")" +
         type + R"(","data":{"object":)" + object + "}}";
}

std::string metadata() {
  return std::string(R"("metadata":{"hub":")") + testing::own_hub +
         R"(","order_id":"ord-1001","step":"charge","attempt":"2","generation":"3"})";
}

std::string intent(const std::string& more) {
  return R"({"id":"pi_1","object":"payment_intent","amount":4200,"amount_received":4200,)"
         R"("currency":"usd","latest_charge":"ch_1",)" +
         metadata() + more + "}";
}

// N01: what changes one byte of an event makes it nobody's, whatever the JSON means.
TEST_CASE("a Stripe event in other bytes is refused", "[webhooks][stripe]") {
  sent_delivery sent;
  sent.body = "{\n  \"id\": \"evt_1\",\n  \"name\": \"caf\xc3\xa9\"\n}";
  sign(sent, sent.now_s);
  CHECK(testing::verify("stripe", sent, {key}).why == refusal::none);
  const std::string as_signed = sent.body;
  for (const std::string& body :
       {std::string("{\"id\":\"evt_1\",\"name\":\"caf\xc3\xa9\"}"),
        std::string("{\n  \"id\": \"evt_1\",\n  \"name\": \"caf\\u00e9\"\n}"),
        std::string("{\r\n  \"id\": \"evt_1\",\r\n  \"name\": \"caf\xc3\xa9\"\r\n}"),
        "\xef\xbb\xbf" + as_signed, as_signed + ' ', std::string()}) {
    CAPTURE(body);
    sent.body = body;
    CHECK(testing::verify("stripe", sent, {key}).why == refusal::wrong);
  }
  sent.body = as_signed + "\n";
  CHECK(testing::verify("stripe", sent, {key}).hint.find("line ends") != std::string::npos);
}

TEST_CASE("Stripe's tolerance is 300 seconds both ways", "[webhooks][stripe]") {
  struct row {
    std::int64_t age_s;
    refusal why;
  };
  for (const auto& [age_s, why] :
       {row{0, refusal::none}, row{300, refusal::none}, row{301, refusal::too_old},
        row{-300, refusal::none}, row{-301, refusal::too_new}}) {
    CAPTURE(age_s);
    sent_delivery sent;
    sent.body = "{}";
    sign(sent, sent.now_s - age_s);
    CHECK(testing::verify("stripe", sent, {key}).why == why);
    // Age is said of what is Stripe's only.
    CHECK(testing::verify("stripe", sent, {"other"}).why == refusal::wrong);
  }
}

TEST_CASE("a malformed Stripe-Signature is refused as such", "[webhooks][stripe]") {
  for (const char* text :
       {"t", "t=", "v1=", "t=,v1=", "t=1,v1", "t=1 ,v1=00", "t=-1,v1=00", "t=0x1,v1=00",
        "t=1,t=1,v1=00", ",", "=,=", "t=99999999999999999999,v1=00", "v1=00,v1=00"}) {
    CAPTURE(text);
    sent_delivery sent;
    sent.headers = {{"stripe-signature", text}};
    CHECK(testing::verify("stripe", sent, {key}).why == refusal::malformed);
  }
  sent_delivery twice;
  twice.body = "{}";
  sign(twice, twice.now_s);
  twice.headers.push_back(twice.headers.front());
  CHECK(testing::verify("stripe", twice, {key}).why == refusal::malformed);
}

TEST_CASE("a payment intent's event is its type", "[webhooks][stripe]") {
  struct row {
    const char* type;
    event_kind kind;
    const char* more;
    const char* code;
  };
  const row rows[] = {
      {"payment_intent.succeeded", event_kind::payment_succeeded, "", ""},
      {"payment_intent.processing", event_kind::payment_processing, "", ""},
      {"payment_intent.requires_action", event_kind::payment_requires_action, "", ""},
      {"payment_intent.payment_failed", event_kind::payment_failed,
       R"(,"last_payment_error":{"code":"card_declined","decline_code":"insufficient_funds",
          "message":"Your card has insufficient funds.","payment_method":{"card":{"last4":"9995"}}})",
       "insufficient_funds"},
      {"payment_intent.payment_failed", event_kind::payment_failed,
       R"(,"last_payment_error":{"code":"expired_card"})", "expired_card"},
      {"payment_intent.payment_failed", event_kind::payment_failed,
       R"(,"last_payment_error":{"code":"Card of Ada Buyer"})", ""},
      {"payment_intent.canceled", event_kind::payment_failed,
       R"(,"cancellation_reason":"abandoned")", "canceled.abandoned"},
      {"payment_intent.canceled", event_kind::payment_failed, R"(,"cancellation_reason":null)",
       "canceled"},
      {"payment_intent.created", event_kind::skipped, "", ""},
      {"payment_intent.amount_capturable_updated", event_kind::skipped, "", ""},
  };
  for (const auto& r : rows) {
    CAPTURE(r.type, r.more);
    const auto e = read_one("stripe", event_of(r.type, intent(r.more)));
    CHECK(e.id == "evt_1");
    CHECK(e.type == r.type);
    CHECK(webhooks::name_of(e.kind) == webhooks::name_of(r.kind));
    CHECK(e.code == r.code);
    CHECK(e.at_ms == 1'760'000'000'000);
    CHECK(e.amount == 4'200);
    CHECK(e.currency == "usd");
    CHECK(e.about == step_ref{testing::own_hub, "ord-1001", "charge", "2"});
    CHECK(e.generation == "3");
    CHECK(e.idempotency_key == "oh-k-1");
    CHECK(e.vendor_ids == std::vector<std::string>{"pi_1", "ch_1"});
    CHECK(e.is_live);
  }
}

// N02: what was paid is said as Stripe says it; whether it is the order's is for who knows the
// order.
TEST_CASE("a payment's amount is what was received", "[webhooks][stripe]") {
  const auto e = read_one(
      "stripe",
      event_of("payment_intent.succeeded",
               R"({"id":"pi_9","object":"payment_intent","amount":9900,"amount_received":100,)"
               R"("currency":"EUR",)" +
                   metadata() + "}"));
  CHECK(e.amount == 100);
  CHECK(e.currency == "eur");
  CHECK(e.vendor_ids == std::vector<std::string>{"pi_9"});
  const auto odd = read_one("stripe", event_of("payment_intent.succeeded",
                                               R"({"id":"pi_9","object":"payment_intent",)"
                                               R"("amount":99.5,"currency":"dollars"})"));
  CHECK(odd.amount == -1);
  CHECK(odd.currency.empty());
  CHECK(odd.about == step_ref{"", "", "", ""});
}

TEST_CASE("a charge is money only when it succeeded and is captured", "[webhooks][stripe]") {
  const auto charge = [](const std::string& more) {
    return R"({"id":"ch_1","object":"charge","amount":4200,"currency":"usd",)"
           R"("payment_intent":"pi_1",)" +
           metadata() + more + "}";
  };
  const auto kind = [&](const char* type, const char* more) {
    return read_one("stripe", event_of(type, charge(more))).kind;
  };
  CHECK(
      kind("charge.succeeded", R"(,"status":"succeeded","captured":true,"amount_captured":4200)") ==
      event_kind::payment_succeeded);
  CHECK(kind("charge.succeeded", R"(,"status":"succeeded","captured":false,"amount_captured":0)") ==
        event_kind::skipped);
  CHECK(kind("charge.succeeded", R"(,"status":"pending")") == event_kind::payment_processing);
  CHECK(kind("charge.captured", R"(,"status":"succeeded","captured":true)") ==
        event_kind::payment_succeeded);
  CHECK(kind("charge.updated", R"(,"status":"succeeded","captured":true)") == event_kind::skipped);
  const auto failed =
      read_one("stripe", event_of("charge.failed", charge(R"(,"failure_code":"card_declined")")));
  CHECK(failed.kind == event_kind::payment_failed);
  CHECK(failed.code == "card_declined");
  const auto refunded = read_one(
      "stripe", event_of("charge.refunded", charge(R"(,"amount_refunded":1200,"refunded":false)")));
  CHECK(refunded.kind == event_kind::payment_refunded);
  CHECK(refunded.amount == 1'200);
  CHECK(refunded.is_total);
  CHECK(refunded.vendor_ids == std::vector<std::string>{"ch_1", "pi_1"});
}

TEST_CASE("a refund's event is its status, under whichever name it comes", "[webhooks][stripe]") {
  struct row {
    const char* type;
    const char* status;
    event_kind kind;
  };
  for (const auto& [type, status, kind] :
       {row{"refund.created", "succeeded", event_kind::payment_refunded},
        row{"refund.created", "pending", event_kind::refund_pending},
        row{"refund.updated", "requires_action", event_kind::refund_pending},
        row{"charge.refund.updated", "succeeded", event_kind::payment_refunded},
        row{"refund.failed", "failed", event_kind::refund_failed},
        row{"refund.updated", "canceled", event_kind::refund_failed},
        row{"refund.updated", "odd", event_kind::skipped}}) {
    CAPTURE(type, status);
    const auto e = read_one(
        "stripe", event_of(type, std::string(R"({"id":"re_1","object":"refund","amount":1200,)"
                                             R"("currency":"usd","payment_intent":"pi_1",)"
                                             R"("charge":{"id":"ch_1","object":"charge"},)"
                                             R"("failure_reason":"expired_or_canceled_card",)"
                                             R"("status":")") +
                                     status + "\"," + metadata() + "}"));
    CHECK(webhooks::name_of(e.kind) == webhooks::name_of(kind));
    CHECK(e.amount == 1'200);
    CHECK_FALSE(e.is_total);
    CHECK(e.vendor_ids == std::vector<std::string>{"re_1", "pi_1", "ch_1"});
    CHECK(e.about.order_id == "ord-1001");
    CHECK(e.code == "expired_or_canceled_card");
  }
}

TEST_CASE("a dispute is open until it is won or lost", "[webhooks][stripe]") {
  struct row {
    const char* type;
    const char* status;
    event_kind kind;
  };
  for (const auto& [type, status, kind] :
       {row{"charge.dispute.created", "needs_response", event_kind::dispute_opened},
        row{"charge.dispute.created", "new_word", event_kind::dispute_opened},
        row{"charge.dispute.updated", "under_review", event_kind::dispute_opened},
        row{"charge.dispute.funds_withdrawn", "warning_needs_response", event_kind::dispute_opened},
        row{"charge.dispute.closed", "won", event_kind::dispute_won},
        row{"charge.dispute.closed", "warning_closed", event_kind::dispute_won},
        row{"charge.dispute.closed", "lost", event_kind::dispute_lost},
        row{"charge.dispute.updated", "new_word", event_kind::skipped}}) {
    CAPTURE(type, status);
    const auto e =
        read_one("stripe", event_of(type, std::string(R"({"id":"dp_1","object":"dispute",)"
                                                      R"("amount":4200,"currency":"usd",)"
                                                      R"("charge":"ch_1","payment_intent":"pi_1",)"
                                                      R"("reason":"fraudulent","status":")") +
                                              status + R"(","metadata":{}})"));
    CHECK(webhooks::name_of(e.kind) == webhooks::name_of(kind));
    CHECK(e.code == "fraudulent");
    CHECK(e.vendor_ids == std::vector<std::string>{"dp_1", "pi_1", "ch_1"});
  }
}

TEST_CASE("other types of Stripe's are skipped, and its trial is a handshake",
          "[webhooks][stripe]") {
  for (const char* type : {"customer.created", "review.opened", "v1.billing.meter.no_meter_found",
                           "payout.paid", "account.updated"}) {
    const auto e = read_one("stripe", event_of(type, R"({"id":"cus_1","object":"customer",)"
                                                     R"("email":"ada@example.com"})"));
    CHECK(e.kind == event_kind::skipped);
    CHECK(e.vendor_ids.empty());
  }
  // An object under another's name is not read as one.
  CHECK(read_one("stripe", event_of("payment_intent.succeeded",
                                    R"({"id":"ch_1","object":"charge","amount":1})"))
            .kind == event_kind::skipped);
  const auto trial = read_one(
      "stripe", R"({"id":"evt_00000000000000","type":"payment_intent.succeeded","livemode":false,)"
                R"("created":1326853478,"data":{"object":{"id":"pi_00000000000000",)"
                R"("object":"payment_intent"}}})");
  CHECK(trial.kind == event_kind::handshake);
  CHECK_FALSE(trial.is_live);
  // Requests were texts before 2017, and are null where nobody asked.
  for (const char* request : {"null", "\"req_1\"", "{}", "{\"idempotency_key\":null}"})
    CHECK(
        read_one("stripe", std::string(R"({"id":"evt_1","type":"a.b","request":)") + request + "}")
            .idempotency_key.empty());
}

TEST_CASE("a client secret is not kept with an event's body", "[webhooks][stripe]") {
  const auto kept = [](std::string json) {
    webhooks::hide_member(json, webhooks::find_source("stripe")->secret_member);
    return json;
  };
  CHECK(kept(R"({"id":"pi_1","client_secret":"pi_1_s","a":{"client_secret" : "x\"y"},"b":1})") ==
        R"({"id":"pi_1","client_secret":"******","a":{"client_secret" : "****"},"b":1})");
  for (const char* same : {R"({"client_secret":null,"a":"b"})", R"({"a":"client_secret"})",
                           R"({"client_secret":)", R"({"client_secret")", "", "{}"})
    CHECK(kept(same) == same);
  CHECK(kept(R"({"client_secret":"cut)") == R"({"client_secret":"***)");
}

} // namespace
} // namespace orderhub::providers
