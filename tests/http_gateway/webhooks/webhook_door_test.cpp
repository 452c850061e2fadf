// Webhooks from the wire to the hub: what is believed, what is answered, what is stored.
#include "actors/handlers/webhooks/receipt.hpp"
#include "http_gateway/ingress/ingress_api.hpp"
#include "http_gateway/webhooks/large_deliveries.hpp"
#include "http_gateway/webhooks/webhook_door.hpp"
#include "providers/webhooks/signature.hpp"
#include "tests/http_gateway/ingress/fake_ingress.hpp"
#include "tests/http_gateway/server/raw_client.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/sim_clock.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace orderhub;
using namespace orderhub::http_gateway;
using namespace orderhub::testing;
namespace hooks = providers::webhooks;

namespace {

constexpr const char* hub_id = "00112233445566778899aabbccddeeff";
constexpr const char* stripe_secret = "whsec_for_tests_only";
constexpr const char* github_secret = "a secret for tests only";
constexpr const char* slack_secret = "8f742231b10e8888abcd99yyyzzz85a5";

webhook_keys keys_with(const std::string& stripe = stripe_secret) {
  webhook_keys keys;
  const auto add = [&](const char* vendor, const std::string& value, const char* setting) {
    keys.vendors[vendor] = {hooks::split_secrets(secret(value)), setting};
  };
  add("stripe", stripe, "STRIPE_WEBHOOK_SECRET");
  add("github", github_secret, "GITHUB_WEBHOOK_SECRET");
  add("slack", slack_secret, "SLACK_SIGNING_SECRET");
  for (const char* off : {"sendgrid", "shippo", "twilio"})
    add(off, "", "ITS_SETTING");
  return keys;
}

struct gate {
  explicit gate(webhook_keys keys = keys_with(), std::size_t body_size_max = 4096)
      : door(hub, hub_id, time, std::move(keys)) {
    server_options options;
    options.body_size_max = body_size_max;
    auto started = server::start(options, api);
    REQUIRE(started);
    web = std::move(*started);
  }

  [[nodiscard]] raw_response ask(std::string_view bytes) const {
    raw_client c(web->port());
    REQUIRE(c.send(bytes));
    auto r = c.read();
    REQUIRE(r);
    return *r;
  }

  [[nodiscard]] std::string now() const { return std::to_string(time.wall_ms() / 1'000); }

  [[nodiscard]] std::string stripe_header(const std::string& body,
                                          const std::string& key = stripe_secret) const {
    return "Stripe-Signature: t=" + now() +
           ",v1=" + hooks::hmac_hex(hooks::hash_algorithm::sha256, key, {now(), ".", body}) +
           "\r\n";
  }
  [[nodiscard]] raw_response stripe(const std::string& body) const {
    return ask(post("/webhooks/stripe", body,
                    stripe_header(body) + "Content-Type: application/json; charset=utf-8\r\n"));
  }
  [[nodiscard]] handlers::receipt recorded(std::size_t index = 0) const {
    const auto calls = hub.recorded();
    REQUIRE(index < calls.size());
    auto r = handlers::receipt::decode(calls[index].body);
    REQUIRE(r);
    return *r;
  }

  manual_clock time;
  fake_ingress hub;
  webhook_door door;
  ingress_api api{hub, secret("api token"), 280'000, {}, &door};
  std::unique_ptr<server> web;
};

std::string paid(const std::string& id, const std::string& hub = hub_id) {
  return R"({"id":")" + id +
         R"(","object":"event","type":"payment_intent.succeeded","created":1700000000,)"
         R"("livemode":false,"data":{"object":{"id":"pi_1","object":"payment_intent",)"
         R"("amount":4250,"amount_received":4250,"currency":"usd","latest_charge":"ch_1",)"
         R"("metadata":{"hub":")" +
         hub + R"(","order_id":"1","step":"charge","attempt":"1","generation":"1"}}}})";
}

webhook_metrics::counts counted(const gate& g, const std::string& vendor) {
  return g.door.metrics().values()[vendor];
}

} // namespace

TEST_CASE("a signed webhook is recorded, without a token, and then answered", "[webhooks][door]") {
  gate g;
  const auto r = g.stripe(paid("evt_1"));
  CHECK(r.status == 200);
  const auto calls = g.hub.recorded();
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].service == "Webhook");
  CHECK(calls[0].key == "stripe:evt_1");
  CHECK(calls[0].handler == "Receive");
  CHECK(calls[0].one_way);
  CHECK_FALSE(calls[0].idempotency_key.empty());
  CHECK(calls[0].key_kept_ms > std::int64_t{3} * 24 * 3'600'000); // Stripe sends it for three days.
  const auto kept = g.recorded();
  CHECK(kept.what.id == "evt_1");
  CHECK(kept.what.about.order_id == "1");
  CHECK(kept.body == paid("evt_1"));
  CHECK_FALSE(kept.is_foreign);
  for (const auto& [name, value] : kept.headers) {
    CHECK(name != "Stripe-Signature");
    CHECK(value.find("v1=") == std::string::npos);
  }
  CHECK(counted(g, "stripe").received == 1);
  CHECK(counted(g, "stripe").verified == 1);
  CHECK(counted(g, "stripe").fresh == 1);
  CHECK(counted(g, "stripe").last_received_at == g.time.wall_ms());
  const auto took = g.door.metrics().took();
  REQUIRE(took.size() == 1);
  CHECK(took.front().first.front() == "stripe");
  CHECK(took.front().second.count() == 1);
}

TEST_CASE("a large delivery is taken in like a small one, on another thread", "[webhooks][door]") {
  gate g(keys_with(), 1U << 20U);
  auto body = paid("evt_large");
  body.insert(1, R"("pad":")" + std::string(webhook_door::large_body_bytes, 'x') + "\",");
  CHECK(g.stripe(body).status == 200);
  CHECK(g.recorded().body == body);
  CHECK(g.recorded().what.id == "evt_large");
  body[10] = 'y';
  CHECK(g.ask(post("/webhooks/stripe", body,
                   g.stripe_header("{}") + "Content-Type: application/json\r\n"))
            .status == 401);
  CHECK(g.hub.recorded().size() == 1);
  g.door.stop();
  CHECK(g.stripe(body).status == 503);
  CHECK(g.stripe(paid("evt_small")).status == 200);
}

TEST_CASE("what is given to the thread for large deliveries is done before it stops",
          "[webhooks]") {
  std::vector<int> done;
  std::thread::id where;
  {
    large_deliveries lane;
    for (int i = 0; i < 100; ++i)
      REQUIRE(lane.give([&done, &where, i] {
        done.push_back(i);
        where = std::this_thread::get_id();
      }));
  }
  CHECK(done.size() == 100);
  CHECK(std::is_sorted(done.begin(), done.end()));
  CHECK(where != std::this_thread::get_id());
}

TEST_CASE("an event of another hub is recorded as foreign", "[webhooks][door]") {
  gate g;
  CHECK(g.stripe(paid("evt_1", std::string(32, '9'))).status == 200);
  CHECK(g.recorded().is_foreign);
}

TEST_CASE("what is not the vendor's is refused, counted and not stored", "[webhooks][door]") {
  gate g;
  const auto body = paid("evt_1");
  const auto refused = [&](const std::string& headers, int status, hooks::refusal why) {
    INFO(name_of(why));
    const auto index = static_cast<std::size_t>(why);
    const auto before = counted(g, "stripe").refused.at(index);
    CHECK(g.ask(post("/webhooks/stripe", body, headers)).status == status);
    CHECK(counted(g, "stripe").refused.at(index) == before + 1);
  };
  refused("", 401, hooks::refusal::no_signature);
  refused("Stripe-Signature: nonsense\r\n", 400, hooks::refusal::malformed);
  refused(g.stripe_header(body, "another key"), 401, hooks::refusal::wrong);
  refused(g.stripe_header(body + " "), 401, hooks::refusal::wrong);
  const auto old = g.stripe_header(body);
  g.time.advance(301'000);
  refused(old, 401, hooks::refusal::too_old);
  const auto early = g.stripe_header(body);
  g.time.advance(-400'000);
  refused(early, 401, hooks::refusal::too_new);
  CHECK(g.hub.recorded().empty());
  const auto ring = g.door.metrics().refusals();
  REQUIRE(ring.size() == 6);
  CHECK(ring.front().why == hooks::refusal::too_new);
  CHECK(ring.back().why == hooks::refusal::no_signature);
  CHECK(ring.back().body_size == body.size());
  CHECK(ring.back().sha256.size() == 64);
  CHECK(ring.back().peer == "127.0.0.1");
  CHECK(ring.back().secrets_tried == 1);
  CHECK_FALSE(ring.back().skew_ms);
  CHECK(ring.front().skew_ms == -400'000);
  CHECK(ring[2].skew_ms == 0); // A wrong signature, at the right time.
  const auto& names = ring.front().headers;
  CHECK(std::find(names.begin(), names.end(), "Stripe-Signature") != names.end());
  for (const auto& one : ring) // The names of headers, and what they hold of none.
    for (const auto& name : one.headers)
      CHECK(name.find("v1=") == std::string::npos);
}

TEST_CASE("without a secret every call is refused", "[webhooks][door][N11]") {
  gate g(keys_with(""));
  CHECK(g.stripe(paid("evt_1")).status == 401);
  CHECK(g.ask(post("/webhooks/sendgrid", "[]", "")).status == 401);
  CHECK(g.hub.recorded().empty());
  // One set while the hub runs counts from the next call on, several at once.
  g.door.set_keys(keys_with("whsec_old,whsec_for_tests_only"));
  CHECK(g.stripe(paid("evt_1")).status == 200);
}

TEST_CASE("bad input has its own answer, and stores nothing", "[webhooks][door]") {
  gate g;
  const auto body = paid("evt_1");
  CHECK(g.ask(post("/webhooks/paypal", "{}", "")).status == 404);
  CHECK(g.ask(post("/webhooks/custom/nobody", "{}", "")).status == 404);
  CHECK(g.ask(post("/webhooks", "{}", "")).status == 404);
  CHECK(g.ask("GET /webhooks/stripe HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 405);
  CHECK(g.ask(post("/webhooks/stripe", body, g.stripe_header(body) + "Content-Type: text/xml\r\n"))
            .status == 415);
  CHECK(g.ask(post("/webhooks/stripe", body, g.stripe_header(body) + "Content-Encoding: gzip\r\n"))
            .status == 415);
  const std::string large(5'000, 'x');
  CHECK(g.ask(post("/webhooks/stripe", large, g.stripe_header(large))).status == 413);
  for (const char* unreadable : {"", "not JSON", "[]", R"({"id":"evt_1"})", "{\"id\":\"\xff\"}"}) {
    INFO(unreadable);
    CHECK(g.stripe(unreadable).status == 400);
  }
  CHECK(g.hub.recorded().empty());
}

TEST_CASE("an unknown type is recorded as skipped", "[webhooks][door]") {
  gate g;
  const std::string body =
      R"({"id":"evt_9","object":"event","type":"customer.created","data":{"object":{}}})";
  CHECK(g.stripe(body).status == 200);
  CHECK(g.recorded().what.kind == hooks::event_kind::skipped);
}

TEST_CASE("Slack's challenge is answered, and GitHub's ping", "[webhooks][door]") {
  gate g;
  const std::string challenge =
      R"({"token":"t","challenge":"3eZbrw1aB","type":"url_verification"})";
  const auto slack =
      g.ask(post("/webhooks/slack", challenge,
                 "Content-Type: application/json\r\nX-Slack-Request-Timestamp: " + g.now() +
                     "\r\nX-Slack-Signature: v0=" +
                     hooks::hmac_hex(hooks::hash_algorithm::sha256, slack_secret,
                                     {"v0:", g.now(), ":", challenge}) +
                     "\r\n"));
  CHECK(slack.status == 200);
  CHECK(slack.body.find("3eZbrw1aB") != std::string::npos);
  const std::string ping = R"({"zen":"Keep it logically awesome.","hook_id":1})";
  const auto github = g.ask(
      post("/webhooks/github", ping,
           "Content-Type: application/json\r\nX-GitHub-Event: ping\r\n"
           "X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\n"
           "X-Hub-Signature-256: sha256=" +
               hooks::hmac_hex(hooks::hash_algorithm::sha256, github_secret, {ping}) + "\r\n"));
  CHECK(github.status == 200);
}
