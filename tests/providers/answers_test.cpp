// A success is read, not assumed: every operation and every look-up, against every answer that is
// not the vendor's answer to this request.
#include "providers/policy/answer.hpp"
#include "tests/providers/samples.hpp"
#include "tests/support/catch2.hpp"

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::providers {
namespace {

using nlohmann::json;

std::string github_deployment() {
  return R"({"id":1,"sha":"a84d88e7554fc1fa21bcbc4efae3c782a70d2b9d","ref":"main",)"
         R"("task":"deploy","environment":"production","created_at":"2023-11-14T22:13:20Z",)"
         R"("payload":{"hub":"00112233445566778899aabbccddeeff","order_id":"ord-1001",)"
         R"("step":"deploy","attempt":"1","generation":"1"},"statuses_url":"x"})";
}

std::string twilio_message() {
  return R"({"sid":"SM00000000000000000000000000000001","status":"queued",)"
         R"("date_created":"Tue, 14 Nov 2023 22:13:20 +0000","date_sent":null,)"
         R"("body":"Your order ord-1001 is confirmed.","to":"+15558675310","error_code":null,)"
         R"("from":"+15005550006"})";
}

std::string reservation(const std::string& state) {
  return R"({"reference":"oh-514d6b541bfa03c4a7abc6fa2ccbc85e","items":[{"product_id":"sku-1","quantity":3},)"
         R"({"product_id":"sku \"2\" ü","quantity":1}],"state":")" +
         state + "\"}";
}

std::string job(const std::string& state) {
  return R"({"reference":"oh-514d6b541bfa03c4a7abc6fa2ccbc85e","state":")" + state + "\"}";
}

/// What each vendor answers where the sample operation took effect.
std::map<std::string, http_response> successes() {
  const std::string metadata =
      R"("metadata":{"hub":"00112233445566778899aabbccddeeff","order_id":"ord-1001","step":")";
  const std::string intent = R"({"id":"pi_1","object":"payment_intent","amount":4200,)"
                             R"("amount_received":4200,"currency":"usd","latest_charge":"ch_1",)"
                             R"("livemode":false,"status":"succeeded",)" +
                             metadata + R"(charge","attempt":"1"}})";
  const std::string cancelled = R"({"id":"pi_1","object":"payment_intent","amount":4200,)"
                                R"("amount_received":0,"currency":"usd","livemode":false,)"
                                R"("status":"canceled","metadata":{}})";
  const std::string transaction =
      R"({"object_id":"txn_1","status":"SUCCESS","rate":"rate_1","tracking_number":"9400",)"
      R"("label_url":"https://l.example/1.pdf","object_created":"2026-11-25T09:35:06.051Z",)"
      R"("metadata":"oh:0123456789abcdef gen:1 order_id:ord-1001 step:label","messages":[]})";
  return {
      {"stripe.charge", {200, {}, intent}},
      {"stripe.refund",
       {200,
        {},
        R"({"id":"re_1","object":"refund","amount":4200,"payment_intent":"pi_1",)"
        R"("status":"succeeded",)" +
            metadata + R"(refund","attempt":"1"}})"}},
      {"stripe.cancel_intent", {200, {}, cancelled}},
      {"stripe.retrieve", {200, {}, intent}},
      {"stripe.retrieve_refund",
       {200,
        {},
        R"({"id":"re_1","object":"refund","amount":4200,"payment_intent":"pi_1",)"
        R"("status":"succeeded"})"}},
      {"stripe.list_events",
       {200,
        {},
        R"({"object":"list","data":[{"id":"evt_1","object":"event","created":1700000001,)"
        R"("type":"payment_intent.succeeded","livemode":false,"request":null,"data":{"object":)" +
            intent + R"(}}],"has_more":false,"url":"/v1/events"})"}},
      {"shippo.read_refund", {200, {}, transaction}},
      {"shippo.read_track",
       {200,
        {},
        R"({"carrier":"usps","tracking_number":"9400/1","transaction":"txn_1","metadata":"",)"
        R"("tracking_status":{"object_id":"s1","status":"TRANSIT",)"
        R"("status_date":"2026-11-25T09:35:06Z"}})"}},
      {"shippo.create_shipment",
       {201,
        {},
        R"({"object_id":"shp_1","status":"SUCCESS","messages":[],"rates":[{"object_id":"rate_1",)"
        R"("amount":"8.35","currency":"USD","provider":"USPS","servicelevel":{"token":"p"}}]})"}},
      {"shippo.buy_label",
       {201,
        {},
        R"({"object_id":"txn_1","status":"SUCCESS","rate":"rate_1","tracking_number":"9400",)"
        R"("label_url":"https://l.example/1.pdf","messages":[]})"}},
      {"shippo.retrieve_label", {200, {}, transaction}},
      {"shippo.read_label", {200, {}, transaction}},
      {"shippo.list_labels",
       {200, {}, R"({"next":null,"previous":null,"results":[)" + transaction + "]}"}},
      {"shippo.validate_address",
       {201,
        {},
        R"({"object_id":"adr_1","country":"US","is_complete":true,)"
        R"("validation_results":{"is_valid":true,"messages":[]}})"}},
      {"shippo.register_tracking",
       {201,
        {},
        R"({"carrier":"usps","tracking_number":"9400","tracking_status":null,"messages":[]})"}},
      {"shippo.void_label",
       {201, {}, R"({"object_id":"ref_1","status":"PENDING","transaction":"txn_1"})"}},
      {"sendgrid.send_mail", {202, {{"x-message-id", "m1"}}, ""}},
      {"slack.post_message",
       {200, {}, R"({"ok":true,"channel":"C0123456789","ts":"1503435956.000247"})"}},
      {"slack.post_webhook", {200, {}, "ok"}},
      {"twilio.send_sms", {201, {}, twilio_message()}},
      {"twilio.read_sms", {200, {}, twilio_message()}},
      {"github.create_deployment", {201, {}, github_deployment()}},
      {"github.read_statuses",
       {200,
        {},
        R"([{"id":9,"state":"success",)"
        R"("deployment_url":"https://api.github.com/repos/owner/shop/deployments/42"}])"}},
      {"warehouse.create_pick_ticket", {201, {}, job("open")}},
      {"warehouse.cancel_pick_ticket", {200, {}, job("cancelled")}},
      {"warehouse.read_pick_ticket", {200, {}, job("packed")}},
      {"carrier.request_pickup", {201, {}, job("requested")}},
      {"carrier.cancel_pickup", {200, {}, job("cancelled")}},
      {"carrier.read_pickup", {200, {}, job("picked_up")}},
      {"inventory.reserve", {201, {}, reservation("held")}},
      {"inventory.commit", {200, {}, reservation("committed")}},
      {"inventory.release", {200, {}, reservation("released")}},
  };
}

/// What each vendor answers to a look-up that finds the effect.
std::map<std::string, std::string> findings() {
  const auto all = successes();
  const auto& intent = all.at("stripe.charge").body;
  const auto& refund = all.at("stripe.refund").body;
  return {
      {"stripe.charge",
       R"({"object":"list","url":"/v1/payment_intents","has_more":false,"data":[)" + intent + "]}"},
      {"stripe.refund",
       R"({"object":"list","url":"/v1/refunds","has_more":false,"data":[)" + refund + "]}"},
      {"stripe.cancel_intent", all.at("stripe.cancel_intent").body},
      {"shippo.buy_label",
       R"({"next":null,"previous":null,"results":[)" + all.at("shippo.buy_label").body + "]}"},
      {"shippo.void_label", R"({"object_id":"txn_1","status":"REFUNDPENDING","rate":"rate_1"})"},
      {"inventory.reserve", R"({"key":"key-1","state":"done","status":201,"answer":)" +
                                all.at("inventory.reserve").body + "}"},
      {"inventory.commit", R"({"key":"key-1","state":"done","status":200,"answer":)" +
                               all.at("inventory.commit").body + "}"},
      {"inventory.release", R"({"key":"key-1","state":"done","status":200,"answer":)" +
                                all.at("inventory.release").body + "}"},
      {"slack.post_message",
       R"({"ok":true,"has_more":false,"messages":[{"type":"message","ts":"1700000001.000100",)"
       R"("metadata":{"event_type":"orderhub_step","event_payload":{"hub":)"
       R"("00112233445566778899aabbccddeeff","order_id":"ord-1001","step":"announce",)"
       R"("attempt":"1"}}}]})"},
      {"twilio.send_sms",
       R"({"next_page_uri":null,"page":0,"messages":[)" + twilio_message() + "]}"},
      {"github.create_deployment", '[' + github_deployment() + ']'},
  };
}

/// Bytes, about; more values than any answer may have.
constexpr std::size_t large = std::size_t{1'024} * 1'024;

/// Bodies that are no answer of any of these vendors.
std::vector<std::pair<std::string, std::string>> foreign_bodies() {
  const std::string deep = std::string(50'000, '[') + std::string(50'000, ']');
  std::string utf16 = "\xff\xfe";
  for (const char c : std::string_view(R"({"id":"pi_1","status":"succeeded"})"))
    utf16.append(1, c).append(1, '\0');
  return {
      {"a page", "<!doctype html><html><body><h1>Please sign in</h1></body></html>"},
      {"a short text", "OK"},
      {"a quoted ok", "\"ok\""},
      {"blanks", " \r\n\t"},
      {"null", "null"},
      {"true", "true"},
      {"a number", "7"},
      {"an empty object", "{}"},
      {"an empty list", "[]"},
      {"a list of objects", R"([{"id":"pi_1","object_id":"txn_1","ok":true,"status":"SUCCESS"}])"},
      {"another service", R"({"status":"ok","service":"edge","ok":"true"})"},
      {"a job", R"({"id":"job_1","object":"job","object_id":"job_1","status":"SUCCESS"})"},
      {"a job that succeeded", R"({"id":"job_1","status":"succeeded"})"},
      {"an error of another service", R"({"status":"ERROR","message":"upstream"})"},
      {"a charge", R"({"id":"ch_1","object":"charge","amount":4200,"currency":"usd",)"
                   R"("status":"succeeded","paid":true})"},
      {"a customer", R"({"id":"cus_1","object":"customer","livemode":false})"},
      {"a shipment", R"({"object_id":"shp_9","status":"SUCCESS","object_purpose":"PURCHASE"})"},
      {"an address", R"({"object_id":"adr_1","is_complete":true,"validation_results":{}})"},
      {"an error in a success", R"({"error":{"type":"api_error","message":"x"}})"},
      {"nulls", R"({"id":null,"object_id":null,"status":null,"amount":null,"rates":null,)"
                R"("ok":null,"ts":null,"channel":null,"rate":null,"transaction":null})"},
      {"lists", R"({"id":[],"object_id":[],"status":[],"amount":[],"rates":{},"ok":[],"ts":[]})"},
      {"deep lists", deep},
      {"a deep member", "{\"rates\":" + deep + ",\"data\":" + deep + "}"},
      {"UTF-16", utf16},
      {"bytes", std::string("\x16\x03\x01\x00\xff\xfe", 6)},
      {"1 MiB of a page", "<html>" + std::string(large, 'x')},
      {"1 MiB of a list", "[" + std::string(large, ' ') + "1]"},
      {"a list without end in a member",
       [] {
         std::string body = R"({"data":[0)";
         body.reserve(large);
         while (body.size() < large - 64)
           body += ",0";
         return body + R"(],"rates":[],"results":[],"messages":[],"has_more":false})";
       }()},
  };
}

bool is_large(const std::string& body) {
  return body.size() >= large / 2;
}

/// GitHub's lists are lists, and one that is empty is one of its answers.
bool is_own(const std::string& name, const std::string& body, int status) {
  return name.starts_with("github.") && body == "[]" && status == 200;
}

/// An answer that proves nothing: doubt, or where nothing can have happened, another time.
void check_doubt(const std::string& name, const raw_operation& raw, const http_response& response) {
  const auto outcome = read_answer(raw, testing::sent(raw), response);
  CAPTURE(outcome.value_or(""));
  REQUIRE_FALSE(outcome);
  CAPTURE(outcome.error().message);
  const auto kind = outcome.error().kind;
  const bool proves_nothing = kind == error_kind::in_doubt || kind == error_kind::in_doubt_stored ||
                              (!raw.has_effect && kind == error_kind::unavailable);
  CAPTURE(name);
  CHECK(proves_nothing);
}

raw_operation operation_of(const std::string& name) {
  return testing::sample_operations().at(name);
}

TEST_CASE("every operation reads its vendor's success", "[providers][answers]") {
  for (const auto& [name, raw] : testing::sample_operations()) {
    CAPTURE(name);
    CHECK((name.find('#') != std::string::npos || successes().contains(name)));
  }
  for (const auto& [name, response] : successes()) {
    CAPTURE(name);
    const auto raw = operation_of(name);
    const auto outcome = read_answer(raw, testing::sent(raw), response);
    CHECK(outcome);
    // A byte order mark and blanks around JSON are JSON to every reader.
    if (response.body.starts_with('{'))
      CHECK(read_answer(raw, testing::sent(raw),
                        {response.status, {}, "\xef\xbb\xbf \r\n" + response.body + "\r\n"}));
  }
  for (const auto& [name, body] : findings()) {
    CAPTURE(name);
    const auto raw = operation_of(name);
    CHECK(raw.read_lookup(testing::sent(raw), {200, {}, body}).kind == finding_kind::found);
  }
}

TEST_CASE("what has lapsed or failed by itself is undone, whatever its state is called then",
          "[providers][answers][inventory]") {
  for (const auto& [name, state, undone] :
       {std::tuple("inventory.release", "expired", "released"),
        std::tuple("warehouse.cancel_pick_ticket", "failed", "cancelled"),
        std::tuple("carrier.cancel_pickup", "failed", "cancelled")}) {
    CAPTURE(name, state);
    const auto raw = operation_of(name);
    auto answer = successes().at(name);
    const auto expected = read_answer(raw, testing::sent(raw), answer);
    REQUIRE(expected);
    answer.body.replace(answer.body.find(undone), std::string_view(undone).size(), state);
    const auto read = read_answer(raw, testing::sent(raw), answer);
    REQUIRE(read);
    CHECK(*read == *expected);
    const auto page = R"({"key":"key-1","state":"done","status":200,"answer":)" + answer.body + '}';
    CHECK(raw.read_lookup(testing::sent(raw), {200, {}, page}).kind == finding_kind::found);
  }
}

TEST_CASE("what is not the vendor's answer is no success, whatever its status and type",
          "[providers][answers]") {
  const auto foreign = foreign_bodies();
  for (const auto& [name, success] : successes()) {
    const auto raw = operation_of(name);
    for (const auto& [what, body] : foreign)
      for (const int status : {200, 201, 202, 204}) {
        CAPTURE(name, what, status);
        if ((is_large(body) && status != success.status) || is_own(name, body, status))
          continue;
        for (const char* type : {"application/json", "text/html", "text/plain"}) {
          check_doubt(name, raw, {status, {{"content-type", type}}, body});
          if (is_large(body)) // Reading it takes a hundred times as long.
            break;
        }
      }
    for (const int status : {200, 201, 202, 204}) {
      CAPTURE(name, status);
      check_doubt(name, raw, {status, {}, ""});
    }
  }
}

TEST_CASE("a success that breaks off anywhere is doubt", "[providers][answers]") {
  for (const auto& [name, success] : successes()) {
    const auto raw = operation_of(name);
    for (std::size_t size = 0; size < success.body.size(); ++size) {
      CAPTURE(name, size);
      check_doubt(name, raw, {success.status, {}, success.body.substr(0, size)});
    }
  }
}

TEST_CASE("a mail's success has its id and nothing else", "[providers][answers][sendgrid]") {
  const auto raw = operation_of("sendgrid.send_mail");
  const header_list id = {{"x-message-id", "m1"}};
  check_doubt("no id", raw, {202, {}, ""});
  check_doubt("sandbox", raw, {200, id, ""});
  check_doubt("a page", raw, {202, id, "<html>"});
  check_doubt("JSON", raw, {202, id, "{}"});
  check_doubt("empty id", raw, {202, {{"x-message-id", ""}}, ""});
  check_doubt("odd id", raw, {202, {{"x-message-id", "a b"}}, ""});
  check_doubt("long id", raw, {202, {{"x-message-id", std::string(1'000, 'x')}}, ""});
  CHECK(read_answer(raw, testing::sent(raw), {202, id, "\r\n"}));
}

/// The success with one member changed: what it must not be taken for.
struct change {
  const char* operation;
  const char* pointer; ///< JSON pointer.
  const char* value;   ///< JSON text; empty: the member is taken away.
};

std::string changed(const std::string& body, const change& c) {
  auto object = json::parse(body);
  const json::json_pointer pointer(c.pointer);
  if (*c.value == '\0')
    object[pointer.parent_pointer()].erase(pointer.back());
  else
    object[pointer] = json::parse(c.value);
  return object.dump();
}

TEST_CASE("a success about something else, or with a field that is none, is doubt",
          "[providers][answers]") {
  const change changes[] = {
      {"stripe.charge", "/amount", "4201"},
      {"stripe.charge", "/amount", "\"4200\""},
      {"stripe.charge", "/amount", "null"},
      {"stripe.charge", "/amount", "4200.5"},
      {"stripe.charge", "/amount", "1e400"},
      {"stripe.charge", "/amount", ""},
      {"stripe.charge", "/amount_received", "1"},
      {"stripe.charge", "/amount_received", "\"4200\""},
      {"stripe.charge", "/amount_received", "null"},
      {"stripe.charge", "/currency", "\"eur\""},
      {"stripe.charge", "/currency", "null"},
      {"stripe.charge", "/currency", ""},
      {"stripe.charge", "/status", "\"paid\""},
      {"stripe.charge", "/status", "[\"succeeded\"]"},
      {"stripe.charge", "/status", "null"},
      {"stripe.charge", "/id", "7"},
      {"stripe.charge", "/id", "\"\""},
      {"stripe.charge", "/id", ""},
      {"stripe.charge", "/object", "\"charge\""},
      {"stripe.charge", "/object", "null"},
      {"stripe.charge", "/metadata/order_id", "\"ord-1002\""},
      {"stripe.charge", "/metadata/step", "\"other\""},
      {"stripe.charge", "/metadata/attempt", "\"2\""},
      {"stripe.charge", "/metadata/hub", "\"ffeeddccbbaa99887766554433221100\""},
      {"stripe.charge", "/livemode", "true"},
      {"stripe.refund", "/amount", "4199"},
      {"stripe.refund", "/amount", "\"4200\""},
      {"stripe.refund", "/amount", "null"},
      {"stripe.refund", "/amount", ""},
      {"stripe.refund", "/payment_intent", "\"pi_2\""},
      {"stripe.refund", "/object", "\"payment_intent\""},
      {"stripe.refund", "/status", "\"done\""},
      {"stripe.refund", "/id", "null"},
      {"stripe.refund", "/metadata/order_id", "\"ord-1002\""},
      {"stripe.cancel_intent", "/id", "\"pi_2\""},
      {"stripe.cancel_intent", "/object", "\"setup_intent\""},
      {"stripe.cancel_intent", "/status", "\"cancelled\""},
      {"stripe.cancel_intent", "/livemode", "true"},
      {"stripe.retrieve", "/id", "\"pi_2\""},
      {"stripe.retrieve", "/object", "\"list\""},
      {"stripe.retrieve", "/amount", "\"4200\""},
      {"stripe.retrieve_refund", "/id", "\"re_2\""},
      {"stripe.retrieve_refund", "/object", "\"charge\""},
      {"stripe.retrieve_refund", "/status", "\"done\""},
      {"stripe.list_events", "/object", "\"search_result\""},
      {"stripe.list_events", "/data", "{}"},
      {"stripe.list_events", "/data", ""},
      {"stripe.list_events", "/data/0/id", "null"},
      {"stripe.list_events", "/data/0", "7"},
      {"stripe.list_events", "/has_more", ""},
      {"stripe.list_events", "/has_more", "\"false\""},
      {"shippo.read_refund", "/object_id", "\"txn_2\""},
      {"shippo.read_refund", "/object_id", ""},
      {"shippo.read_refund", "/status", "\"REFUND\""},
      {"shippo.read_track", "/tracking_number", "\"9401\""},
      {"shippo.read_track", "/tracking_number", ""},
      {"shippo.read_track", "/carrier", "\"ups\""},
      {"shippo.read_track", "/tracking_status", ""},
      {"shippo.read_track", "/tracking_status", "\"TRANSIT\""},
      {"shippo.validate_address", "/object_id", "null"},
      {"shippo.validate_address", "/country", ""},
      {"shippo.register_tracking", "/tracking_number", "\"9401\""},
      {"shippo.register_tracking", "/carrier", "null"},
      {"shippo.create_shipment", "/object_id", "null"},
      {"shippo.create_shipment", "/rates", "{}"},
      {"shippo.create_shipment", "/rates", ""},
      {"shippo.create_shipment", "/rates", "[7,null,\"rate_1\"]"},
      {"shippo.create_shipment", "/rates/0/object_id", "null"},
      {"shippo.create_shipment", "/rates/0/amount", "null"},
      {"shippo.create_shipment", "/rates/0/currency", ""},
      {"shippo.create_shipment", "/metadata", "\"oh:0000000000000000 gen:1\""},
      {"shippo.buy_label", "/object_id", ""},
      {"shippo.buy_label", "/rate", "\"rate_2\""},
      {"shippo.buy_label", "/rate", "null"},
      {"shippo.buy_label", "/rate", ""},
      {"shippo.buy_label", "/status", "\"success\""},
      {"shippo.buy_label", "/status", "true"},
      {"shippo.retrieve_label", "/object_id", "\"txn_2\""},
      {"shippo.retrieve_label", "/status", "\"success\""},
      {"shippo.read_label", "/object_id", "\"txn_2\""},
      {"shippo.read_label", "/object_id", ""},
      {"shippo.read_label", "/status", "null"},
      {"shippo.list_labels", "/next", ""},
      {"shippo.list_labels", "/next", "1"},
      {"shippo.list_labels", "/results", "{}"},
      {"shippo.void_label", "/object_id", "[]"},
      {"shippo.void_label", "/transaction", "\"txn_2\""},
      {"shippo.void_label", "/transaction", ""},
      {"shippo.void_label", "/status", "\"OK\""},
      {"inventory.reserve", "/reference", "\"oh-other\""},
      {"inventory.reserve", "/reference", ""},
      {"inventory.reserve", "/state", "\"expired\""},
      {"inventory.reserve", "/state", "\"released\""},
      {"inventory.reserve", "/items", "[]"},
      {"inventory.reserve", "/items", "{}"},
      {"inventory.reserve", "/items", ""},
      {"inventory.reserve", "/items/0/quantity", "2"},
      {"inventory.reserve", "/items/0/quantity", "\"3\""},
      {"inventory.reserve", "/items/1/product_id", "\"sku-1\""},
      {"inventory.commit", "/reference", "\"oh-other\""},
      {"inventory.commit", "/state", "\"held\""},
      {"inventory.release", "/reference", "null"},
      {"inventory.release", "/state", "\"committed\""},
      {"slack.post_message", "/ok", "\"true\""},
      {"slack.post_message", "/ok", "1"},
      {"slack.post_message", "/ts", "1503435956.000247"},
      {"slack.post_message", "/ts", "\"now\""},
      {"slack.post_message", "/ts", ""},
      {"slack.post_message", "/channel", "\"C0000000000\""},
      {"slack.post_message", "/channel", "null"},
      {"twilio.send_sms", "/sid", "\"CA00000000000000000000000000000001\""},
      {"twilio.send_sms", "/sid", "\"SM\""},
      {"twilio.send_sms", "/sid", "null"},
      {"twilio.send_sms", "/sid", ""},
      {"twilio.send_sms", "/status", "\"\""},
      {"twilio.send_sms", "/status", "7"},
      {"twilio.send_sms", "/status", ""},
      {"twilio.send_sms", "/to", "\"+15558675311\""},
      {"twilio.send_sms", "/to", ""},
      {"twilio.send_sms", "/from", "\"+15005550009\""},
      {"twilio.send_sms", "/body", "\"Your order ord-1002 is confirmed.\""},
      {"twilio.send_sms", "/body", "null"},
      {"twilio.read_sms", "/sid", "\"SM00000000000000000000000000000002\""},
      {"twilio.read_sms", "/sid", "null"},
      {"twilio.read_sms", "/status", "null"},
      {"github.create_deployment", "/id", "\"1\""},
      {"github.create_deployment", "/id", "-1"},
      {"github.create_deployment", "/id", ""},
      {"github.create_deployment", "/sha", "\"main\""},
      {"github.create_deployment", "/sha", "null"},
      {"github.create_deployment", "/environment", "\"staging\""},
      {"github.create_deployment", "/payload", "\"\""},
      {"github.create_deployment", "/payload", ""},
      {"github.create_deployment", "/payload/order_id", "\"ord-1002\""},
      {"github.create_deployment", "/payload/hub", "\"ffeeddccbbaa99887766554433221100\""},
      {"github.create_deployment", "/payload/attempt", "\"2\""},
      {"github.read_statuses", "/0/id", "null"},
      {"github.read_statuses", "/0/state", "\"SUCCESS\""},
      {"github.read_statuses", "/0/deployment_url",
       "\"https://api.github.com/repos/owner/shop/deployments/43\""},
  };
  const auto all = successes();
  for (const change& c : changes) {
    CAPTURE(c.operation, c.pointer, c.value);
    const auto& success = all.at(c.operation);
    auto sent = testing::sent(operation_of(c.operation));
    sent.target = "https://api.stripe.com|test";
    const auto raw = operation_of(c.operation);
    // 1e400 is no JSON that could be printed again.
    const std::string body = std::string_view(c.value) == "1e400"
                                 ? R"({"id":"pi_1","object":"payment_intent","amount":1e400,)"
                                   R"("currency":"usd","status":"succeeded"})"
                                 : changed(success.body, c);
    const auto outcome = read_answer(raw, sent, {success.status, {}, body});
    REQUIRE_FALSE(outcome);
    const auto kind = outcome.error().kind;
    CHECK((kind == error_kind::in_doubt || kind == error_kind::in_doubt_stored ||
           (!raw.has_effect && kind == error_kind::unavailable)));
  }
}

TEST_CASE("an answer under another call's key decides nothing", "[providers][answers]") {
  const std::string declined = R"({"error":{"type":"card_error","code":"card_declined"}})";
  const auto raw = operation_of("stripe.charge");
  auto sent = testing::sent(raw);
  sent.key = "oh_1";
  const auto outcome = [&](int status, header_list headers, const std::string& body) {
    const auto read = read_answer(raw, sent, {status, std::move(headers), body});
    return read ? std::optional<error_kind>() : read.error().kind;
  };
  CHECK(outcome(402, {}, declined) == error_kind::rejected);
  CHECK(outcome(402, {{"idempotency-key", "oh_1"}}, declined) == error_kind::rejected);
  CHECK(outcome(402, {{"idempotency-key", "oh_2"}}, declined) == error_kind::in_doubt_stored);
  const auto taken = successes().at("stripe.charge");
  sent.target = "https://api.stripe.com|test";
  CHECK(outcome(taken.status, {{"idempotency-key", "oh_1"}}, taken.body) == std::nullopt);
  CHECK(outcome(taken.status, {{"idempotency-key", "oh_2"}}, taken.body) ==
        error_kind::in_doubt_stored);
}

TEST_CASE("a decision against us counts only where it is about our request",
          "[providers][answers]") {
  const auto refused = [](const char* name, const std::string& body, int status) {
    const auto raw = operation_of(name);
    const auto outcome = read_answer(raw, testing::sent(raw), {status, {}, body});
    REQUIRE_FALSE(outcome);
    return outcome.error().kind;
  };
  const std::string error = R"({"object_id":"txn_1","status":"ERROR","rate":"rate_1"})";
  CHECK(refused("shippo.buy_label", error, 201) == error_kind::rejected);
  CHECK(refused("shippo.buy_label", R"({"object_id":"txn_1","status":"ERROR","rate":"r2"})", 201) ==
        error_kind::in_doubt);
  CHECK(refused("shippo.buy_label", R"({"status":"ERROR"})", 201) == error_kind::in_doubt);
  CHECK(refused("shippo.void_label", R"({"status":"ERROR"})", 201) == error_kind::in_doubt);
  CHECK(refused("stripe.charge", R"({"id":"pi_9","status":"canceled","amount":7,"currency":"usd"})",
                200) == error_kind::in_doubt_stored);
  CHECK(refused("stripe.refund",
                R"({"id":"re_9","status":"failed","amount":4200,"payment_intent":"pi_9"})",
                200) == error_kind::in_doubt_stored);
}

TEST_CASE("a member named twice is not readable", "[providers][answers]") {
  for (const auto& [name, success] : successes()) {
    if (!success.body.starts_with('{'))
      continue;
    CAPTURE(name);
    const auto raw = operation_of(name);
    const auto has = [&body = success.body](const std::string& member) {
      return body.find('"' + member + '"') != std::string::npos;
    };
    const std::string mark = has("results")       ? "next"
                             : has("carrier")     ? "carrier"
                             : has("has_more")    ? "has_more"
                             : has("status")      ? "status"
                             : has("state")       ? "state"
                             : has("sha")         ? "sha"
                             : has("is_complete") ? "country"
                                                  : "ok";
    for (const char* value : {"\"failed\"", "\"succeeded\"", "null", "true"}) {
      CAPTURE(value);
      const std::string twice = ",\"" + mark + "\":" + value + '}';
      check_doubt(name, raw,
                  {success.status, {}, success.body.substr(0, success.body.size() - 1) + twice});
    }
  }
}

TEST_CASE("live and test objects are told apart by the key, where a real account is asked",
          "[providers][answers]") {
  CHECK(is_of_another_account("https://api.stripe.com|test", true));
  CHECK_FALSE(is_of_another_account("https://api.stripe.com|test", false));
  CHECK(is_of_another_account("https://api.stripe.com|live", false));
  CHECK_FALSE(is_of_another_account("https://api.stripe.com|live", true));
  CHECK_FALSE(is_of_another_account("http://127.0.0.1:4242/stripe|live", false));
  CHECK(is_of_another_account("http://127.0.0.1:4242/stripe|test", true));
  CHECK_FALSE(is_of_another_account("mock|mock", true));
  CHECK_FALSE(is_of_another_account("", true));
  const auto raw = operation_of("shippo.buy_label");
  auto sent = testing::sent(raw);
  sent.target = "https://api.goshippo.com|live";
  const http_response test_label{
      201, {}, R"({"object_id":"t","status":"SUCCESS","rate":"rate_1","test":true})"};
  CHECK_FALSE(read_answer(raw, sent, test_label));
  sent.target = "https://api.goshippo.com|test";
  CHECK(read_answer(raw, sent, test_label));
}

TEST_CASE("no page that is not the vendor's proves presence or absence", "[providers][answers]") {
  const auto foreign = foreign_bodies();
  for (const auto& [name, body] : findings()) {
    const auto raw = operation_of(name);
    auto sent = testing::sent(raw);
    for (const auto& [what, other] : foreign)
      for (const int status : {200, 201, 202, 204}) {
        CAPTURE(name, what, status);
        if ((is_large(other) && status != 200) || is_own(name, other, status))
          continue;
        for (const bool is_proven : {false, true}) {
          sent.since = is_proven ? 0 : testing::sample_since;
          CHECK(raw.read_lookup(sent, {status, {}, other}).kind == finding_kind::unknown);
        }
      }
    for (std::size_t size = 0; size < body.size(); ++size) {
      CAPTURE(name, size);
      CHECK(raw.read_lookup(sent, {200, {}, body.substr(0, size)}).kind == finding_kind::unknown);
    }
  }
}

TEST_CASE("a list of something else, or without a word on further pages, proves nothing",
          "[providers][answers]") {
  const change changes[] = {
      {"stripe.charge", "/has_more", ""},
      {"stripe.charge", "/has_more", "null"},
      {"stripe.charge", "/has_more", "\"false\""},
      {"stripe.charge", "/object", "\"search_result\""},
      {"stripe.charge", "/data", "{}"},
      {"stripe.charge", "/data", "[7]"},
      {"stripe.charge", "/data", "[null]"},
      {"stripe.charge", "/data/0/object", "\"charge\""},
      {"stripe.charge", "/data/0/status", "\"paid\""},
      {"stripe.charge", "/data/0/amount", "\"4200\""},
      {"stripe.charge", "/data/0/id", "null"},
      {"stripe.charge", "/data/0/livemode", "true"},
      {"stripe.refund", "/has_more", ""},
      {"stripe.refund", "/data", "[[]]"},
      {"stripe.refund", "/data/0/object", "\"charge\""},
      {"stripe.refund", "/data/0/amount", "\"4200\""},
      {"stripe.refund", "/data/0/amount", "-1"},
      {"stripe.refund", "/data/0/status", "\"fine\""},
      {"stripe.cancel_intent", "/id", "\"pi_2\""},
      {"stripe.cancel_intent", "/object", "\"charge\""},
      {"shippo.buy_label", "/next", ""},
      {"shippo.buy_label", "/next", "7"},
      {"shippo.buy_label", "/results", "{}"},
      {"shippo.buy_label", "/results", "[null]"},
      {"shippo.buy_label", "/results/0/rate", ""},
      {"shippo.buy_label", "/results/0/rate", "7"},
      {"shippo.buy_label", "/results/0/object_id", "null"},
      {"shippo.buy_label", "/results/0/status", "\"FINE\""},
      {"shippo.void_label", "/object_id", "\"txn_2\""},
      {"shippo.void_label", "/object_id", ""},
      {"shippo.void_label", "/status", "\"FINE\""},
      {"inventory.reserve", "/key", "\"key-2\""},
      {"inventory.reserve", "/key", ""},
      {"inventory.reserve", "/state", "\"finished\""},
      {"inventory.reserve", "/state", ""},
      {"inventory.reserve", "/status", "\"201\""},
      {"inventory.reserve", "/status", "500"},
      {"inventory.reserve", "/status", ""},
      {"inventory.reserve", "/answer", ""},
      {"inventory.reserve", "/answer", "null"},
      {"inventory.reserve", "/answer/reference", "\"oh-other\""},
      {"inventory.reserve", "/answer/state", "\"released\""},
      {"inventory.commit", "/answer/reference", ""},
      {"inventory.release", "/answer/state", "\"held\""},
      {"slack.post_message", "/has_more", ""},
      {"slack.post_message", "/has_more", "\"no\""},
      {"slack.post_message", "/ok", "1"},
      {"slack.post_message", "/messages", "{}"},
      {"slack.post_message", "/messages", "[{\"id\":1}]"},
      {"slack.post_message", "/messages/0/ts", "null"},
      {"twilio.send_sms", "/messages", "{}"},
      {"twilio.send_sms", "/messages", "[7]"},
      {"twilio.send_sms", "/next_page_uri", ""},
      {"twilio.send_sms", "/next_page_uri", "7"},
      {"twilio.send_sms", "/messages/0/date_created", "null"},
      {"twilio.send_sms", "/messages/0/date_created", "\"2023-11-14\""},
      {"twilio.send_sms", "/messages/0/sid", "\"CA1\""},
      {"twilio.send_sms", "/messages/0/status", "null"},
      {"github.create_deployment", "/0/id", "null"},
      {"github.create_deployment", "/0/sha", "\"main\""},
      {"github.create_deployment", "/0/created_at", "\"2023-11-14\""},
      {"github.create_deployment", "/0/created_at", "\"2023-13-14T22:13:20Z\""},
      {"github.create_deployment", "/0", "7"},
  };
  const auto all = findings();
  for (const change& c : changes) {
    CAPTURE(c.operation, c.pointer, c.value);
    const auto raw = operation_of(c.operation);
    auto sent = testing::sent(raw);
    sent.target = "https://api.stripe.com|test";
    CHECK(raw.read_lookup(sent, {200, {}, changed(all.at(c.operation), c)}).kind ==
          finding_kind::unknown);
  }
}

TEST_CASE("an empty list of something else proves nothing", "[providers][answers][stripe]") {
  const auto page = [](const char* url) {
    return http_response{200,
                         {},
                         std::string(R"({"object":"list","has_more":false,"data":[],"url":")") +
                             url + "\"}"};
  };
  for (const auto& [name, url] : {std::pair("stripe.charge", "/v1/payment_intents"),
                                  std::pair("stripe.refund", "/v1/refunds")}) {
    CAPTURE(name);
    const auto raw = operation_of(name);
    CHECK(raw.read_lookup(testing::sent(raw), page(url)).kind == finding_kind::absent);
    CHECK(raw.read_lookup(testing::sent(raw), page("/v1/charges")).kind == finding_kind::unknown);
  }
}

TEST_CASE("our payment in part, or in another amount, is for a person and not the one we want",
          "[providers][answers]") {
  const auto raw = operation_of("stripe.charge");
  const auto kind = [&](const change& c) {
    return raw
        .read_lookup(testing::sent(raw), {200, {}, changed(findings().at("stripe.charge"), c)})
        .kind;
  };
  CHECK(kind({"", "/data/0/amount", "4201"}) == finding_kind::differs);
  CHECK(kind({"", "/data/0/amount_received", "1"}) == finding_kind::differs);
  CHECK(kind({"", "/data/0/currency", "\"eur\""}) == finding_kind::differs);
}

} // namespace
} // namespace orderhub::providers
