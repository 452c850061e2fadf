#include "providers/codec/form.hpp"
#include "providers/webhooks/signature.hpp"
#include "tests/providers/webhooks/deliveries.hpp"
#include "tests/support/catch2.hpp"

namespace orderhub::providers {
namespace {

using testing::read_one;
using testing::sent_delivery;
using webhooks::event_kind;
using webhooks::refusal;

constexpr const char* key = "made-up-secret";

sent_delivery delivery(const std::string& name, const std::string& body) {
  sent_delivery sent;
  sent.body = body;
  sent.headers = {{"X-GitHub-Event", name},
                  {"X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"},
                  {"X-Hub-Signature-256",
                   "sha256=" + webhooks::hmac_hex(webhooks::hash_algorithm::sha256, key, {body})}};
  return sent;
}

std::string payload_object() {
  return std::string(R"({"hub":")") + testing::own_hub +
         R"(","order_id":"dep-1","step":"deploy","attempt":"1","generation":"2",)"
         R"("for_order":"ord-1001"})";
}

std::string status_body(const std::string& state, const std::string& payload) {
  return R"({"action":"created","deployment_status":{"id":11,"state":")" + state +
         R"(","url":"https://api.github.com/repos/o/r/deployments/7/statuses/11",)"
         R"("created_at":"2026-11-25T09:35:06Z","creator":{"login":"ada"}},"deployment":{"id":7,)"
         R"("sha":"a","task":"deploy","payload":)" +
         payload + R"(},"repository":{"full_name":"o/r"},"sender":{"login":"ada"}})";
}

TEST_CASE("a deployment's end is its status", "[webhooks][github]") {
  struct row {
    const char* state;
    event_kind kind;
  };
  for (const auto& [state, kind] :
       {row{"success", event_kind::deployment_succeeded},
        row{"failure", event_kind::deployment_failed}, row{"error", event_kind::deployment_failed},
        row{"pending", event_kind::deployment_pending},
        row{"queued", event_kind::deployment_pending},
        row{"in_progress", event_kind::deployment_pending}, row{"inactive", event_kind::skipped},
        row{"new_word", event_kind::skipped}}) {
    CAPTURE(state);
    const auto e =
        read_one("github", delivery("deployment_status", status_body(state, payload_object())));
    CHECK(webhooks::name_of(e.kind) == webhooks::name_of(kind));
    CHECK(e.id == "72d3162e-cc78-11e3-81ab-4c9367dc0958");
    CHECK(e.type == "deployment_status.created");
    CHECK(e.code == state);
    CHECK(e.vendor_ids == std::vector<std::string>{"7", "11"});
    CHECK(e.about == step_ref{testing::own_hub, "dep-1", "deploy", "1"});
    CHECK(e.generation == "2");
    CHECK(e.reference == "https://api.github.com/repos/o/r/deployments/7/statuses/11");
    CHECK(e.at_ms == 1'795'599'306'000);
  }
  const auto created = read_one(
      "github", delivery("deployment", R"({"action":"created","deployment":{"id":7,)"
                                       R"("statuses_url":"https://api.github.com/x","payload":)" +
                                           payload_object() + "}}"));
  CHECK(created.kind == event_kind::deployment_pending);
  CHECK(created.about.order_id == "dep-1");
}

TEST_CASE("a payload may be an object, JSON in a text, or nobody's", "[webhooks][github]") {
  std::string as_text = "\"";
  for (const char c : payload_object())
    as_text += c == '"' ? std::string("\\\"") : std::string(1, c);
  as_text += '"';
  CHECK(read_one("github", delivery("deployment_status", status_body("success", as_text))).about ==
        step_ref{testing::own_hub, "dep-1", "deploy", "1"});
  for (const char* other : {"\"\"", "null", "{}", "7", "\"[1]\"", "\"{\\\"hub\\\":\""}) {
    CAPTURE(other);
    const auto e = read_one("github", delivery("deployment_status", status_body("success", other)));
    CHECK(e.about == step_ref{"", "", "", ""});
    CHECK(e.kind == event_kind::deployment_succeeded);
  }
}

// N09: a hook that is set to forms, and an emoji: the bytes that came are signed.
TEST_CASE("GitHub's forms and emoji verify over their bytes", "[webhooks][github]") {
  form body;
  body.add("payload", status_body("success", payload_object()));
  const auto as_form = delivery("deployment_status", body.text());
  CHECK(testing::verify("github", as_form, {key}).why == refusal::none);
  CHECK(read_one("github", as_form).kind == event_kind::deployment_succeeded);
  const auto emoji =
      delivery("issues", "{\"action\":\"opened\",\"issue\":{\"title\":\"\xf0\x9f\x9a\x80\"}}");
  CHECK(testing::verify("github", emoji, {key}).why == refusal::none);
  CHECK(read_one("github", emoji).kind == event_kind::skipped);
  CHECK(read_one("github", emoji).type == "issues.opened");
  CHECK(read_one("github", emoji).id == read_one("github", as_form).id); // By its header alone.
}

TEST_CASE("a ping is a handshake", "[webhooks][github]") {
  const auto ping =
      read_one("github", delivery("ping", R"({"zen":"Keep it.","hook_id":1,"hook":{}})"));
  CHECK(ping.kind == event_kind::handshake);
  CHECK(ping.type == "ping");
}

// Headers are not signed: a body that was seen can be sent again under another event's name.
TEST_CASE("what the body does not bear out is skipped", "[webhooks][github]") {
  const auto body = status_body("success", payload_object());
  for (const char* name : {"ping", "deployment", "push", "deployment_status_x"}) {
    CAPTURE(name);
    CHECK(read_one("github", delivery(name, body)).kind == event_kind::skipped);
  }
  CHECK(read_one("github", delivery("deployment_status", R"({"deployment":{"id":7}})")).kind ==
        event_kind::skipped);
  auto bare = delivery("push", "{}");
  bare.headers.erase(bare.headers.begin() + 1);
  CHECK(read_one("github", bare).id.starts_with("sha256:"));
  bare.headers.erase(bare.headers.begin());
  CHECK_FALSE(testing::read("github", bare).problem.empty());
}

TEST_CASE("a malformed X-Hub-Signature-256 is refused as such", "[webhooks][github]") {
  auto sent = delivery("push", "{}");
  CHECK(testing::verify("github", sent, {"other"}).why == refusal::wrong);
  for (const char* bad : {"sha256=", "sha256=00", "sha1=", "SHA256=0", "sha512=00"}) {
    CAPTURE(bad);
    sent.headers[2].second = bad;
    CHECK(testing::verify("github", sent, {key}).why == refusal::malformed);
  }
  sent.headers = {{"x-hub-signature", "sha1=x"}};
  const auto old = testing::verify("github", sent, {key});
  CHECK(old.why == refusal::no_signature);
  CHECK_FALSE(old.hint.empty());
  sent = delivery("push", "{}");
  sent.headers.push_back(sent.headers[2]);
  CHECK(testing::verify("github", sent, {key}).why == refusal::malformed);
}

} // namespace
} // namespace orderhub::providers
