// What is asked for because no webhook brought it.
#include "providers/shippo/read_track.hpp"
#include "providers/stripe/list_events.hpp"
#include "providers/webhooks/event_text.hpp"
#include "providers/webhooks/vendors.hpp"
#include "tests/providers/samples.hpp"
#include "tests/support/catch2.hpp"

#include <string>
#include <vector>

namespace orderhub::providers {

namespace {

using webhooks::event_kind;

std::string listed(const std::string& id, const std::string& type, const std::string& object,
                   std::int64_t created = 1'700'000'000) {
  return R"({"id":")" + id + R"(","object":"event","created":)" + std::to_string(created) +
         R"(,"livemode":false,"type":")" + type + R"(","request":{"idempotency_key":"k"},)" +
         R"("data":{"object":)" + object + "}}";
}

std::string page_of(const std::vector<std::string>& events, bool has_more = false) {
  std::string data;
  for (const auto& e : events)
    data.append(data.empty() ? "" : ",").append(e);
  return R"({"object":"list","url":"/v1/events","data":[)" + data + R"(],"has_more":)" +
         (has_more ? "true}" : "false}");
}

const std::string dispute =
    R"({"id":"dp_1","object":"dispute","amount":4200,"currency":"usd","charge":"ch_1",)"
    R"("payment_intent":"pi_1","status":"needs_response","reason":"fraudulent","metadata":{}})";
const std::string intent =
    R"({"id":"pi_1","object":"payment_intent","amount":4200,"amount_received":4200,)"
    R"("currency":"usd","latest_charge":"ch_1","metadata":{"hub":"h","order_id":"ord-1",)"
    R"("step":"charge","attempt":"1","generation":"2"}})";

result<stripe::events_page> page_read(const http_response& answer) {
  auto text = testing::sample_operations().at("stripe.list_events").parse(answer);
  if (!text)
    return text.failure();
  return stripe::events_page::decode(*text);
}

result<webhooks::event> track_read(const http_response& answer) {
  auto text = testing::sample_operations().at("shippo.read_track").parse(answer);
  if (!text)
    return text.failure();
  auto state = shippo::track_state::decode(*text);
  if (!state)
    return state.failure();
  return state->what;
}

webhooks::event from_webhook(std::string_view vendor, const std::string& body) {
  const webhooks::delivery sent{body, "/", nullptr, 0};
  auto read = webhooks::find_source(vendor)->read(sent, {});
  REQUIRE(read.elements.size() == 1);
  return read.elements.front().what;
}

} // namespace

TEST_CASE("events are asked for by window, type and page", "[providers][sweep]") {
  const auto all = testing::sample_operations();
  const auto target = all.at("stripe.list_events").request.target;
  CHECK(target.starts_with("/v1/events?created[gte]=1700000000&created[lte]=1700000600&limit=100"
                           "&types[]=payment_intent.succeeded&"));
  CHECK(target.find("types[]=charge.dispute.created") != std::string::npos);
  CHECK(target.find("charge.succeeded") == std::string::npos);
  CHECK(all.at("stripe.list_events#next").request.target.find("&starting_after=evt_1&") !=
        std::string::npos);
}

TEST_CASE("a listed event is read as its webhook is", "[providers][sweep]") {
  const auto paid = listed("evt_2", "payment_intent.succeeded", intent, 1'700'000'100);
  const auto disputed = listed("evt_1", "charge.dispute.created", dispute);
  const auto page = page_read({200, {}, page_of({paid, disputed}, true)});
  REQUIRE(page);
  REQUIRE(page->events.size() == 2);
  CHECK(webhooks::event_text(page->events[0]) ==
        webhooks::event_text(from_webhook("stripe", paid)));
  CHECK(webhooks::event_text(page->events[1]) ==
        webhooks::event_text(from_webhook("stripe", disputed)));
  CHECK(page->events[0].generation == "2");
  CHECK(page->events[1].kind == event_kind::dispute_opened);
  CHECK(page->last_id == "evt_1");
  CHECK(page->newest_s == 1'700'000'100);
  CHECK(page->has_more);
}

TEST_CASE("events that mean nothing here are passed by, and paged past", "[providers][sweep]") {
  const auto page = page_read(
      {200, {}, page_of({listed("evt_9", "invoice.paid", R"({"object":"invoice"})")}, true)});
  REQUIRE(page);
  CHECK(page->events.empty());
  CHECK(page->last_id == "evt_9");
  const auto none = page_read({200, {}, page_of({})});
  REQUIRE(none);
  CHECK(none->last_id.empty());
  CHECK(none->newest_s == 0);
  CHECK_FALSE(none->has_more);
}

TEST_CASE("a page that begins behind an event that is gone begins anew", "[providers][sweep]") {
  const auto page =
      page_read({404, {}, R"({"error":{"code":"resource_missing","param":"starting_after"}})"});
  REQUIRE(page);
  CHECK(page->is_lost);
  CHECK(page->events.empty());
}

TEST_CASE("who may not ask is told so alone: only a wrong key holds all calls",
          "[providers][sweep]") {
  using enum error_kind;
  struct row {
    int status;
    error_kind stripe, shippo;
  };
  for (const auto& r : std::vector<row>{{400, invalid, invalid},
                                        {401, misconfigured, misconfigured},
                                        {403, invalid, invalid},
                                        {404, invalid, invalid},
                                        {405, invalid, invalid},
                                        {408, unavailable, unavailable},
                                        {429, unavailable, unavailable},
                                        {500, unavailable, unavailable},
                                        {503, unavailable, unavailable}}) {
    CAPTURE(r.status);
    const http_response answer{r.status, {}, "{}"};
    CHECK(page_read(answer).error().kind == r.stripe);
    CHECK(track_read(answer).error().kind == r.shippo);
  }
  CHECK(track_read({404, {}, R"({"detail":"Not found."})"}).error().kind == rejected);
}

TEST_CASE("a parcel's standing has the id of its webhook", "[providers][sweep]") {
  const std::string data =
      R"({"carrier":"usps","tracking_number":"9400/1","transaction":"txn_1",)"
      R"("metadata":"oh:0123456789abcdef gen:1 order_id:ord-1001 step:label","test":true,)"
      R"("tracking_status":{"object_id":"s1","status":"DELIVERED","substatus":null,)"
      R"("status_date":"2026-11-25T09:35:06Z"}})";
  const auto asked = track_read({200, {}, data});
  REQUIRE(asked);
  const auto told =
      from_webhook("shippo", R"({"event":"track_updated","test":true,"data":)" + data + "}");
  CHECK(asked->id == told.id);
  CHECK(asked->kind == event_kind::delivered);
  CHECK(asked->at_ms == told.at_ms);
  CHECK(asked->vendor_ids == told.vendor_ids);
  CHECK(asked->reference == "9400/1");
  // Whose it is whoever asks knows.
  CHECK(asked->about == step_ref{{}, {}, {}, {}});

  const auto nothing = track_read(
      {200, {}, R"({"carrier":"usps","tracking_number":"9400/1","tracking_status":null})"});
  REQUIRE(nothing);
  CHECK(nothing->kind == event_kind::skipped);
  // With a test key nothing else can be tracked.
  const auto trial = track_read({200,
                                 {},
                                 R"({"carrier":"shippo","tracking_number":"SHIPPO_TRANSIT",)"
                                 R"("tracking_status":{"status":"TRANSIT"},"metadata":null})"});
  REQUIRE(trial);
  CHECK(trial->kind == event_kind::in_transit);
}

TEST_CASE("an event's text says all of it", "[providers][sweep]") {
  webhooks::event e;
  e.id = "evt_1";
  e.type = "refund.updated";
  e.kind = event_kind::payment_refunded;
  e.at_ms = 17;
  e.about = {"h", "ord-1", "refund", "2"};
  e.generation = "3";
  e.idempotency_key = "key";
  e.vendor_ids = {"re_1", "pi_1"};
  e.amount = 0;
  e.is_total = true;
  e.currency = "usd";
  e.code = "lost";
  e.reference = "r";
  e.action = "a";
  e.actor = "U1";
  e.is_live = false;
  e.data = "{}";
  const auto text = webhooks::event_text(e);
  const auto read = webhooks::read_event(text);
  REQUIRE(read);
  CHECK(webhooks::event_text(*read) == text);
  CHECK(read->about == e.about);
  CHECK(read->vendor_ids == e.vendor_ids);
  CHECK(read->amount == 0);
  CHECK(read->is_total);
  CHECK_FALSE(read->is_live);
  CHECK(read->data == "{}");
  for (const auto* bad :
       {"", "{}", "[]", R"({"id":"e","live":true,"kind":"nothing"})",
        R"({"id":"","live":true,"kind":"delivered"})", R"({"id":"e","kind":"delivered"})"})
    CHECK_FALSE(webhooks::read_event(bad));
  for (const auto* bad : {"", "{}", "[{}]"})
    CHECK_FALSE(webhooks::read_events(bad));
  for (const auto* bad : {"", "{}", R"({"events":"[]","more":true})", R"({"events":"[{}]"})"})
    CHECK_FALSE(stripe::events_page::decode(bad));
}

} // namespace orderhub::providers
