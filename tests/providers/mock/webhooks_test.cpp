// What the mock vendors tell, and how it goes out: held against the hub's own verifiers and
// readers.
#include "journal/base/random.hpp"
#include "providers/mock/webhooks/queue.hpp"
#include "providers/webhooks/vendors.hpp"
#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

using namespace orderhub;
using namespace orderhub::providers;
using namespace orderhub::providers::mock;
using webhooks::event_kind;
using webhooks::refusal;

namespace {

/// SendGrid's pair is of no seed: one for each.
const webhook_keys& keys_of(std::uint64_t seed) {
  static std::map<std::uint64_t, webhook_keys> all;
  const auto known = all.find(seed);
  if (known != all.end())
    return known->second;
  seeded_random random(seed);
  return all.emplace(seed, webhook_keys::make(random)).first->second;
}

webhooks::delivery view_of(const webhook_sending& sent, unix_ms now) {
  return {sent.body, sent.target, &sent.headers, now / 1'000};
}

const webhooks::source& source_of(vendor_id vendor) {
  const auto* source = webhooks::find_source(vendor_names[static_cast<std::size_t>(vendor)]);
  REQUIRE(source);
  return *source;
}

refusal verdict_of(const webhook_sending& sent, const webhook_keys& keys, unix_ms now) {
  const auto& source = source_of(sent.vendor);
  const auto path = sent.url.find('/', sent.url.find("://") + 3);
  return source
      .verify(view_of(sent, now), {secret(keys.text_for(source.secret_setting))},
              sent.url.substr(0, sent.url.empty() ? 0 : path))
      .why;
}

/// All that is due up to then, verified, and read.
std::vector<webhooks::event> events_of(const std::vector<webhook_sending>& all,
                                       const webhook_keys& keys, unix_ms now) {
  std::vector<webhooks::event> events;
  for (const auto& sent : all) {
    CAPTURE(sent.body, sent.target);
    CHECK(verdict_of(sent, keys, now) == (sent.is_forged ? refusal::wrong : refusal::none));
    auto read = source_of(sent.vendor).read(view_of(sent, now), {});
    CHECK(read.problem.empty());
    for (auto& one : read.elements) {
      CHECK(one.problem.empty());
      events.push_back(std::move(one.what));
    }
  }
  return events;
}

std::vector<webhooks::event> told(mock_client& c) {
  webhook_manner at_once;
  at_once.delay_ms = 0;
  at_once.jitter_ms = 0;
  webhook_queue queue(at_once, keys_of(1), 1);
  queue.add(c.world.take_notices(), c.now);
  return events_of(queue.take_due(c.now + 3'600'000), keys_of(1), c.now + 3'600'000);
}

std::vector<std::string> kinds_of(const std::vector<webhooks::event>& events) {
  std::vector<std::string> names;
  for (const auto& e : events)
    names.emplace_back(webhooks::name_of(e.kind));
  return names;
}

mock_client telling() {
  options settings;
  settings.tells = true;
  return mock_client(settings);
}

using names = std::vector<std::string>;

} // namespace

TEST_CASE("what happens to a payment is told with its metadata and key", "[mock][webhooks]") {
  auto c = telling();
  c.charge("key-1");
  auto events = told(c);
  CHECK(kinds_of(events) == names{"payment_succeeded", "payment_succeeded"});
  for (const auto& e : events) {
    CHECK(e.about.order_id == "ord-1");
    CHECK(e.about.step == "charge");
    CHECK(e.amount == 4'200);
    CHECK(e.currency == "usd");
    CHECK(e.idempotency_key == "key-1");
    CHECK_FALSE(e.is_live);
    CHECK(e.at_ms == c.now);
  }
  CHECK(events[0].type == "charge.succeeded");
  CHECK(events[1].type == "payment_intent.succeeded");
  CHECK(events[0].id != events[1].id);
  // The same request again is the same payment: nothing new happened.
  c.charge("key-1");
  CHECK(told(c).empty());

  c.charge("key-2", "pm_card_chargeDeclinedInsufficientFunds");
  events = told(c);
  CHECK(kinds_of(events) == names{"payment_failed", "payment_failed"});
  CHECK(events[1].code == "insufficient_funds");
}

TEST_CASE("refunds are told, those of the dashboard too", "[mock][webhooks]") {
  auto c = telling();
  const auto intent =
      nlohmann::json::parse(c.charge("key-1").response.body)["id"].get<std::string>();
  told(c);
  c.stripe("refunds", "amount=1000&metadata[order_id]=ord-1&payment_intent=" + intent, "key-2");
  auto events = told(c);
  CHECK(kinds_of(events) == names{"payment_refunded", "payment_refunded"});
  CHECK(events[0].amount == 1'000);
  CHECK_FALSE(events[0].is_total);
  CHECK(events[1].amount == 1'000);
  CHECK(events[1].is_total);
  REQUIRE(c.world.control(R"({"refund":{"payment_intent":")" + intent + R"(","amount":500}})"));
  events = told(c);
  REQUIRE(events.size() == 2);
  CHECK(events[1].amount == 1'500);
  CHECK(events[1].idempotency_key.empty());
}

TEST_CASE("a mail is processed, then delivered", "[mock][webhooks]") {
  auto c = telling();
  c.mail(mock_client::mail_body());
  const auto events = told(c);
  CHECK(kinds_of(events) == names{"mail_processed", "mail_delivered"});
  CHECK(events[0].about.order_id == "ord-1");
  CHECK(events[0].vendor_ids.at(0) == events[1].vendor_ids.at(0));
  CHECK(events[0].id != events[1].id);
}

TEST_CASE("a parcel moves 15 seconds after its label, and arrives", "[mock][webhooks]") {
  auto c = telling();
  CHECK(c.buy(c.rate()).response.status == 201);
  const auto bought_at = c.now;
  c.world.advance(c.now + 5'000);
  auto events = told(c);
  CHECK(kinds_of(events).front() == "label_bought");
  CHECK(std::find_if(events.begin(), events.end(), [](const auto& e) {
          return e.kind == event_kind::in_transit;
        }) == events.end());
  c.world.advance(bought_at + 14'999);
  CHECK(kinds_of(told(c)).empty());
  c.world.advance(bought_at + 40'000);
  events = told(c);
  CHECK(kinds_of(events) == names{"in_transit", "delivered"});
  CHECK(events[0].at_ms >= bought_at + 15'000);
  CHECK(events[1].at_ms >= events[0].at_ms + 15'000);
  CHECK(events[0].reference == events[1].reference);
  CHECK(events[0].about.order_id == "");
}

TEST_CASE("a label that was given back moves no parcel", "[mock][webhooks]") {
  auto c = telling();
  const auto label = nlohmann::json::parse(c.buy(c.rate()).response.body);
  CHECK(c.shippo("refunds", R"({"transaction":")" + label["object_id"].get<std::string>() +
                                R"(","async":false})")
            .response.status == 201);
  c.world.advance(c.now + 3'600'000);
  const auto kinds = kinds_of(told(c));
  CHECK(std::count(kinds.begin(), kinds.end(), "label_refund_pending") == 1);
  CHECK(std::count(kinds.begin(), kinds.end(), "label_refunded") == 1);
  CHECK(std::count(kinds.begin(), kinds.end(), "in_transit") == 0);
  CHECK(std::count(kinds.begin(), kinds.end(), "delivered") == 0);
}

TEST_CASE("nobody is told anything unless that is wanted", "[mock][webhooks]") {
  mock_client c;
  c.charge("key-1");
  c.mail(mock_client::mail_body());
  c.buy(c.rate());
  c.world.advance(c.now + 3'600'000);
  CHECK(c.world.take_notices().empty());
  options still;
  still.tells = true;
  still.transit_ms = 0;
  mock_client quiet(still);
  quiet.buy(quiet.rate());
  quiet.world.advance(quiet.now + 3'600'000);
  CHECK(kinds_of(told(quiet)) == names{"label_bought"});
}

TEST_CASE("an SMS's states go to the URL that it was sent with", "[mock][webhooks]") {
  auto c = telling();
  const std::string account = "AC00000000000000000000000000000000";
  c.send(
      "POST", "/twilio/2010-04-01/Accounts/" + account + "/Messages.json",
      {{"authorization", "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDpvcmRlcmh1Yl9tb2Nr"},
       {"content-type", "application/x-www-form-urlencoded"}},
      "To=%2B15558675310&From=%2B15005550006&Body=x&StatusCallback=https%3A%2F%2Fhub.example.com"
      "%2Fwebhooks%2Ftwilio%3Forder_id%3Dord-1%26step%3Dsms%26attempt%3D1");
  const auto events = told(c);
  CHECK(kinds_of(events) == names{"sms_queued", "sms_sent", "sms_delivered"});
  for (const auto& e : events)
    CHECK(e.about.order_id == "ord-1");
}

TEST_CASE("a deployment's states are told with its payload", "[mock][webhooks]") {
  auto c = telling();
  c.send("POST", "/github/repos/o/r/deployments",
         {{"authorization", "Bearer t"}, {"user-agent", "x"}},
         R"({"ref":"main","auto_merge":false,"required_contexts":[],)"
         R"("payload":{"hub":"h","order_id":"dep-1","step":"deploy","attempt":"1"}})");
  const auto events = told(c);
  CHECK(kinds_of(events) == names{"deployment_pending", "deployment_succeeded"});
  CHECK(events[1].about == step_ref{"h", "dep-1", "deploy", "1"});
  CHECK(events[0].id != events[1].id);
  CHECK(events[0].vendor_ids.at(0) == events[1].vendor_ids.at(0));
}

// Copies, forgeries, losses, overtaking and storms follow from the seed.
TEST_CASE("on a bad day webhooks come as they like", "[mock][webhooks]") {
  auto c = telling();
  constexpr int orders = 200;
  for (int i = 0; i < orders; ++i)
    c.charge("key-" + std::to_string(i));
  const auto notices = c.world.take_notices();
  REQUIRE(notices.size() == 2 * orders);
  webhook_manner manner;
  manner.copies_max = 5;
  manner.forged = 0.1;
  manner.lost = 0.05;
  manner.jitter_ms = 5'000;
  const auto run = [&] {
    webhook_queue queue(manner, keys_of(7), 42);
    queue.add(notices, c.now);
    return queue.take_due(c.now + 60'000);
  };
  const auto sent = run();
  std::map<std::string, int> copies;
  int forged = 0;
  bool overtakes = false;
  std::string before;
  for (const auto& one : sent) {
    const auto id = nlohmann::json::parse(one.body)["id"].get<std::string>();
    overtakes = overtakes || (!one.is_forged && id < before);
    one.is_forged ? ++forged : ++copies[id];
    before = id;
  }
  CHECK(overtakes);
  CHECK(forged > orders / 10);
  CHECK(forged < orders / 2);
  CHECK(copies.size() > 340);
  CHECK(copies.size() < 400);
  std::set<int> seen;
  for (const auto& [id, count] : copies)
    seen.insert(count);
  CHECK(seen == std::set<int>{1, 2, 3, 4, 5});
  events_of(sent, keys_of(7), c.now + 60'000); // Forged ones are refused, and no others.
  const auto again = run();
  REQUIRE(again.size() == sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i)
    CHECK(again[i].body == sent[i].body);

  manner = {};
  manner.storm_ms = 10'000;
  webhook_queue storm(manner, keys_of(7), 42);
  storm.add(notices, c.now);
  CHECK(storm.take_due(c.now).empty());
  REQUIRE(storm.next_due());
  CHECK(*storm.next_due() % 10'000 == 0);
  CHECK(storm.take_due(*storm.next_due()).size() == notices.size());
}

TEST_CASE("what is refused goes out again, signed anew, and not for ever", "[mock][webhooks]") {
  auto c = telling();
  c.charge("key-1");
  const auto& keys = keys_of(7);
  webhook_queue queue({.delay_ms = 0, .jitter_ms = 0}, keys, 1);
  queue.add(c.world.take_notices(), c.now);
  auto now = c.now;
  std::set<std::string> signatures;
  std::string body;
  for (int i = 0; i < webhook_queue::tries_max; ++i) {
    auto due = queue.take_due(now);
    REQUIRE(due.size() == 2);
    CHECK(verdict_of(due[0], keys, now) == refusal::none);
    CHECK((body.empty() || body == due[0].body));
    body = due[0].body;
    for (const auto& [name, value] : due[0].headers)
      if (name == "Stripe-Signature")
        signatures.insert(value);
    for (auto& one : due)
      queue.failed(std::move(one), now);
    now += 3'600'000;
  }
  CHECK(signatures.size() == webhook_queue::tries_max);
  CHECK(queue.waiting() == 0);
}

TEST_CASE("mails that are due at once go as one list", "[mock][webhooks]") {
  auto c = telling();
  for (int i = 0; i < 3; ++i)
    c.mail(mock_client::mail_body());
  webhook_queue queue({.delay_ms = 0, .jitter_ms = 0}, keys_of(7), 1);
  queue.add(c.world.take_notices(), c.now);
  const auto sent = queue.take_due(c.now + 1'000);
  REQUIRE(sent.size() == 1);
  CHECK(events_of(sent, keys_of(7), c.now + 1'000).size() == 6);
}
