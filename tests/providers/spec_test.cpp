#include "providers/stripe/charge.hpp"
#include "tests/providers/samples.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/spec_check.hpp"

namespace orderhub::providers {
namespace {

testing::spec_check spec_of(std::string_view vendor) {
  const bool is_ours = vendor == "inventory" || vendor == "warehouse" || vendor == "carrier";
  return testing::spec_check(std::string(ORDERHUB_SOURCE_DIR) +
                             (is_ours ? "/providers/contracts/" : "/tests/golden/specs/") +
                             std::string(vendor) + ".json");
}

using complaints = std::vector<std::string>;

/// The request as it leaves: a part of its path may be configured.
http_request whole(const raw_operation& raw, http_request request) {
  if (raw.vendor == "slack_webhook")
    request.target = "/services/T0/B0/x" + request.target;
  if (raw.vendor == "twilio")
    request.target = "/2010-04-01/Accounts/AC00000000000000000000000000000000" + request.target;
  return request;
}

TEST_CASE("every request, look-ups and next pages included, is one the vendor's description takes",
          "[providers][spec]") {
  for (const auto& [name, raw] : testing::sample_operations()) {
    CAPTURE(name);
    const auto spec = spec_of(raw.vendor == "slack_webhook" ? "slack" : raw.vendor);
    CHECK(spec.complaints(whole(raw, raw.request)) == complaints{});
    if (raw.lookup)
      CHECK(spec.complaints(whole(raw, raw.lookup(testing::sent(raw)))) == complaints{});
    if (raw.regenerate)
      CHECK(spec.complaints(whole(raw, raw.regenerate(raw.request, 4'294'967'295U))) ==
            complaints{});
  }
}

TEST_CASE("a look-up's next page is one the vendor's description takes", "[providers][spec]") {
  const auto [name, body] = GENERATE(table<std::string, std::string>({
      {"stripe.charge", R"({"data":[{"id":"pi_&0"}],"has_more":true})"},
      {"stripe.refund", R"({"data":[{"id":"re_0","amount":1}],"has_more":true})"},
      {"shippo.buy_label", R"({"results":[],"next":"https://x/transactions?page=3&results=5"})"},
      {"slack.post_message",
       R"({"ok":true,"messages":[],"has_more":true,"response_metadata":{"next_cursor":"c="}})"},
      {"twilio.send_sms", R"({"messages":[],"next_page_uri":)"
                          R"("/2010-04-01/Accounts/AC0/Messages.json?To=%2B15558675310&Page=1"})"},
      {"github.create_deployment", "[]"},
      {"github.create_deployment#sha", "[]"},
  }));
  CAPTURE(name);
  const raw_operation raw = testing::sample_operations().at(name);
  const header_list headers = {{"link", R"(<https://x/deployments?page=2>; rel="next")"}};
  const auto answer = raw.read_lookup(testing::sent(raw), {200, headers, body});
  REQUIRE(answer.next);
  CHECK(spec_of(raw.vendor).complaints(whole(raw, *answer.next)) == complaints{});
}

TEST_CASE("the check fails on every kind of wrong request", "[providers][spec]") {
  const auto all = testing::sample_operations();
  const auto stripe_says = [&](const std::string& from, const std::string& to) {
    http_request request = all.at("stripe.charge").request;
    const auto at = request.body.find(from);
    REQUIRE(at != std::string::npos);
    request.body.replace(at, from.size(), to);
    return spec_of("stripe").complaints(request);
  };
  CHECK(stripe_says("confirm=true", "confrim=true") == complaints{"body confrim: unknown"});
  CHECK(stripe_says("confirm=true", "confirm=yes") ==
        complaints{"body confirm: not of type \"boolean\""});
  CHECK(stripe_says("amount=4200", "amount=42.00") ==
        complaints{"body amount: not of type \"integer\""});
  CHECK(stripe_says("amount=4200&", "") == complaints{"body amount: missing"});
  CHECK(stripe_says("payment_method_types[]", "payment_method_types") ==
        complaints{"body payment_method_types: not of type \"array\""});
  CHECK(stripe_says("amount=4200", "amount=4200&amount=1") ==
        complaints{"form: amount is given twice"});
  CHECK(stripe_says("confirm=true", "capture_method=later") ==
        complaints{"body capture_method: not one of the values allowed"});
  CHECK(stripe_says("confirm=true", "description=" + std::string(1'001, 'x')) ==
        complaints{"body description: too long"});

  http_request request = all.at("stripe.charge").request;
  request.target += "?x=1";
  CHECK(spec_of("stripe").complaints(request) == complaints{"query x: unknown"});
  request = all.at("stripe.charge").request;
  request.headers.clear();
  CHECK_FALSE(spec_of("stripe").complaints(request).empty());
  request.target = "/v1/payment_intent";
  CHECK(spec_of("stripe").complaints(request) ==
        complaints{"POST /v1/payment_intent: no such operation"});

  const auto json_says = [&](const std::string& name, const std::string& from,
                             const std::string& to) {
    const raw_operation raw = all.at(name);
    http_request r = raw.request;
    const auto at = r.body.find(from);
    REQUIRE(at != std::string::npos);
    r.body.replace(at, from.size(), to);
    return spec_of(raw.vendor).complaints(r);
  };
  CHECK(json_says("shippo.create_shipment", R"("length":"10")", R"("length":10)") ==
        complaints{"body parcels[0].length: not of type \"string\""});
  CHECK(json_says("shippo.create_shipment", R"("mass_unit":"lb")", R"("mass_unit":"st")") ==
        complaints{"body parcels[0].mass_unit: not one of the values allowed"});
  CHECK(json_says("shippo.buy_label", "ord-1001", std::string(101, 'x')) ==
        complaints{"body metadata: too long"});
  CHECK(json_says("sendgrid.send_mail", "a@example.com", "nobody") ==
        complaints{"body personalizations[0].to[0].email: no e-mail address"});
  CHECK(json_says("slack.post_message", R"("channel")", R"("chanel")") ==
        complaints{"body chanel: unknown", "body channel: missing"});
  CHECK(json_says("slack.post_message", "{", "[") == complaints{"body: no JSON"});
  CHECK(json_says("github.create_deployment", "\"auto_merge\":false", "\"auto_merge\":\"no\"") ==
        complaints{"body auto_merge: not of type \"boolean\""});
  CHECK(json_says("github.create_deployment", "\"ref\"", "\"reff\"") ==
        complaints{"body reff: unknown", "body ref: missing"});

  const raw_operation sms = all.at("twilio.send_sms#service");
  http_request message = whole(sms, sms.request);
  message.body.replace(message.body.find("=MG"), 3, "=M");
  CHECK(spec_of("twilio").complaints(message) == complaints{"body MessagingServiceSid: too short"});
  message = whole(sms, sms.request);
  message.body.erase(0, message.body.find('&') + 1);
  CHECK(spec_of("twilio").complaints(message) == complaints{"body To: missing"});
  CHECK(json_says("inventory.reserve", R"("quantity":3)", R"("quantity":"3")") ==
        complaints{"body items[0].quantity: not of type \"integer\""});
  CHECK(json_says("inventory.reserve", R"("reference")", R"("referrer")") ==
        complaints{"body referrer: unknown", "body reference: missing"});
  CHECK(json_says("inventory.commit", R"("step":"commit_stock")", R"("step":1)") ==
        complaints{"body metadata.step: not of type \"string\""});
}

} // namespace
} // namespace orderhub::providers
