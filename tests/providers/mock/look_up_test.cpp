// The adapters' look-ups against vendors that list as badly as they may: small pages, in either
// order, with filters ignored.
#include "providers/github/create_deployment.hpp"
#include "providers/policy/vendor_clock.hpp"
#include "providers/shippo/buy_label.hpp"
#include "providers/shippo/void_label.hpp"
#include "providers/slack/post_message.hpp"
#include "providers/stripe/cancel_intent.hpp"
#include "providers/stripe/charge.hpp"
#include "providers/stripe/refund.hpp"
#include "providers/twilio/send_sms.hpp"
#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::providers {
namespace {

using mock::effect_kind;
using nlohmann::json;
using kind = finding_kind;

/// What a base has behind its vendor's name.
std::string path_of(std::string_view vendor) {
  return vendor == "twilio" ? "/2010-04-01/Accounts/AC00000000000000000000000000000000" : "";
}

std::string credential_of(std::string_view vendor) {
  return vendor == "stripe"   ? "Bearer sk_test_1"
         : vendor == "shippo" ? "ShippoToken shippo_test_1"
         : vendor == "twilio" // AC00000000000000000000000000000000:secret
             ? "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDpzZWNyZXQ="
             : "Bearer xoxb-1";
}

/// How a request of an adapter reaches the mock, with the provider's part added.
http_response answer_of(mock_client& c, const raw_operation& raw, const http_request& request,
                        const std::string& key = {}) {
  header_list headers;
  for (auto [name, value] : request.headers) {
    for (char& x : name)
      x = x >= 'A' && x <= 'Z' ? static_cast<char>(x + 32) : x;
    headers.emplace_back(name, value);
  }
  headers.emplace_back("authorization", credential_of(raw.vendor));
  if (!key.empty())
    headers.emplace_back("idempotency-key", key);
  return c
      .send(request.method, "/" + std::string(raw.vendor) + path_of(raw.vendor) + request.target,
            headers, request.body)
      .response;
}

result<std::string> call(mock_client& c, const raw_operation& raw, const std::string& key = {}) {
  return raw.parse(answer_of(c, raw, raw.request, key));
}

sent_request sent(const raw_operation& raw, unix_ms at, unix_ms since) {
  return {raw.request, "key", at, since};
}

int rank_of(kind what) {
  switch (what) {
  case kind::found:
    return 5;
  case kind::differs:
    return 4;
  case kind::running:
    return 3;
  case kind::refused:
    return 2;
  case kind::absent:
    return 1;
  case kind::unknown:
    break;
  }
  return 6; // Nothing is known then, whatever the other pages say.
}

struct walk_result {
  lookup_finding answer;
  int pages = 0;
};

/// All pages, and the strongest finding.
walk_result walk(mock_client& c, const raw_operation& raw, const sent_request& s) {
  walk_result out;
  auto request = raw.lookup(s);
  while (++out.pages < 300) {
    auto page = raw.read_lookup(s, answer_of(c, raw, request));
    const auto next = page.next;
    if (out.pages == 1 || rank_of(page.kind) > rank_of(out.answer.kind))
      out.answer = std::move(page);
    if (!next || out.answer.kind == kind::found || out.answer.kind == kind::unknown)
      return out;
    request = *next;
  }
  FAIL("the list has no end");
  return out;
}

step_ref of(const std::string& order, const std::string& step, const std::string& attempt = "1") {
  return {"00112233445566778899aabbccddeeff", order, step, attempt};
}

raw_operation label_of(const std::string& rate) {
  return shippo::buy_label({of("ord-1", "label"), rate}).raw;
}

raw_operation charge_of(const std::string& order, const std::string& method = "pm_card_visa",
                        std::int64_t amount = 4'200) {
  return stripe::charge({of(order, "charge"), {amount, "usd"}, method, ""}).raw;
}

/// Every way a list may be given.
void list_somehow(mock_client& c) {
  const int page_size = GENERATE(1, 2, 3, 7, 0);
  const bool oldest_first = GENERATE(false, true);
  const bool ignores_filter = GENERATE(false, true);
  CAPTURE(page_size, oldest_first, ignores_filter);
  REQUIRE(c.world.control(json{{"page_size_max", page_size},
                               {"oldest_first", oldest_first},
                               {"ignores_filter", ignores_filter}}
                              .dump()));
}

TEST_CASE("an SMS is found wherever in the list it stands, and no other is taken for it",
          "[mock][lookup]") {
  mock_client c;
  list_somehow(c);
  const auto sms = [](const std::string& to, const std::string& order) {
    return twilio::send_sms({of(order, "sms_confirm"), to, "+15005550006",
                             "Your order " + order + " is confirmed.", ""})
        .raw;
  };
  const auto raw = sms("+15558675310", "ord-1");
  REQUIRE(call(c, raw)); // One of long ago.
  c.now += 3'600'000;
  const auto begin = c.now;
  const int sent_at = GENERATE(0, 3, 6, -1);
  CAPTURE(sent_at);
  for (int i = 0; i < 7; ++i) {
    REQUIRE(call(c, sms("+15558675310", "ord-2")));
    REQUIRE(call(c, sms("+15558675311", "ord-1")));
    if (i == sent_at)
      REQUIRE(call(c, raw));
    c.now += 1'000;
  }
  const auto found = walk(c, raw, sent(raw, begin, begin)).answer;
  CHECK(found.kind == (sent_at < 0 ? kind::absent : kind::found));
}

TEST_CASE("a deployment is found wherever in the list it stands, and no other is taken for it",
          "[mock][lookup]") {
  mock_client c;
  list_somehow(c);
  const std::string ref =
      GENERATE(as<std::string>(), "main", "a84d88e7554fc1fa21bcbc4efae3c782a70d2b9d");
  const auto deploy = [&](const std::string& key, const std::string& environment) {
    return github::create_deployment({of(key, "deploy"), "owner/shop", ref, environment, ""}).raw;
  };
  const auto raw = deploy("d-1", "production");
  const int made_at = GENERATE(0, 3, 6, -1);
  CAPTURE(ref, made_at);
  const auto begin = c.now;
  for (int i = 0; i < 7; ++i) {
    REQUIRE(call(c, deploy("d-2", "production")));
    REQUIRE(call(c, deploy("d-3", "staging")));
    if (i == made_at)
      REQUIRE(call(c, raw));
    c.now += 1'000;
  }
  CHECK(walk(c, raw, sent(raw, begin, begin)).answer.kind ==
        (made_at < 0 ? kind::absent : kind::found));
}

TEST_CASE("a QUEUED purchase is seen wherever in the list it stands", "[mock][lookup]") {
  mock_client c;
  list_somehow(c);
  const int queued_at = GENERATE(0, 3, 6);
  const std::string outcome = GENERATE(as<std::string>(), "success", "error", "never");
  CAPTURE(queued_at, outcome);
  const auto rate = c.rate();
  const auto raw = label_of(rate);
  // Seven purchases of this rate, one of them QUEUED and the others refused, among others' labels.
  for (int i = 0; i < 7; ++i) {
    c.buy(c.rate());
    REQUIRE(c.world.control(
        i == queued_at
            ? json{{"vendor", "shippo"},
                   {"operation", "label"},
                   {"nth", 1},
                   {"effect", "queued"},
                   {"late_ms", 5'000},
                   {"outcome", outcome}}
                  .dump()
            : R"({"vendor":"shippo","operation":"label","nth":1,"effect":"refuse","code":"no"})"));
    const auto bought = call(c, raw);
    REQUIRE_FALSE(bought);
    CHECK(bought.error().kind == (i == queued_at ? error_kind::in_doubt : error_kind::rejected));
  }
  CHECK(walk(c, raw, sent(raw, c.now, c.now)).answer.kind == kind::running);
  c.now += 5'000;
  const auto after = walk(c, raw, sent(raw, c.now, c.now)).answer;
  CHECK(after.kind == (outcome == "success" ? kind::found
                       : outcome == "error" ? kind::absent
                                            : kind::running));
  CHECK(c.total(effect_kind::label) == 7 + (outcome == "success" ? 1 : 0));
}

TEST_CASE("a label is found, and its absence proven, by whatever list", "[mock][lookup]") {
  mock_client c;
  list_somehow(c);
  const auto rate = c.rate();
  const auto raw = label_of(rate);
  for (int i = 0; i < 5; ++i)
    c.buy(c.rate());
  CHECK(walk(c, raw, sent(raw, c.now, c.now)).answer.kind == kind::absent);
  REQUIRE(call(c, raw));
  for (int i = 0; i < 5; ++i)
    c.buy(c.rate());
  const auto found = walk(c, raw, sent(raw, c.now, c.now)).answer;
  CHECK(found.kind == kind::found);
  CHECK(shippo::label_outcome::decode(found.value));
}

TEST_CASE("a charge is found, and its absence proven, by whatever list", "[mock][lookup]") {
  mock_client c;
  list_somehow(c);
  const auto raw = charge_of("ord-1");
  for (int i = 0; i < 5; ++i)
    REQUIRE(call(c, charge_of("other-" + std::to_string(i))));
  CHECK(walk(c, raw, sent(raw, c.now, c.now)).answer.kind == kind::absent);
  REQUIRE_FALSE(call(c, charge_of("ord-1", "pm_card_chargeDeclined")));
  for (int i = 0; i < 5; ++i)
    REQUIRE(call(c, charge_of("more-" + std::to_string(i))));
  CHECK(walk(c, raw, sent(raw, c.now, c.now)).answer.kind == kind::refused);
  REQUIRE(call(c, charge_of("ord-1", "pm_card_visa", 4'300)));
  CHECK(walk(c, raw, sent(raw, c.now, c.now)).answer.kind == kind::differs);
  REQUIRE(call(c, raw));
  CHECK(walk(c, raw, sent(raw, c.now, c.now)).answer.kind == kind::found);
}

TEST_CASE("a message is found on whichever page of the history", "[mock][lookup]") {
  mock_client c;
  const int page_size = GENERATE(1, 4, 0);
  REQUIRE(c.world.control(json{{"page_size_max", page_size}}.dump()));
  const auto post = [&](const std::string& order) {
    return slack::post_message({of(order, "announce"), "C0123456789", "x"}).raw;
  };
  const auto raw = post("ord-1");
  for (int i = 0; i < 6; ++i)
    REQUIRE(call(c, post("other-" + std::to_string(i))));
  CHECK(walk(c, raw, sent(raw, c.now, c.now)).answer.kind == kind::absent);
  REQUIRE(call(c, raw));
  for (int i = 0; i < 6; ++i)
    REQUIRE(call(c, post("more-" + std::to_string(i))));
  const auto found = walk(c, raw, sent(raw, c.now, c.now));
  CHECK(found.answer.kind == kind::found);
  CHECK(found.pages == (page_size == 1 ? 7 : page_size == 4 ? 2 : 1));
}

// A restored backup: the order comes again, with another card, under the same key.
TEST_CASE("what idempotency_error proves is found by its metadata, whatever its card",
          "[mock][lookup]") {
  mock_client c;
  REQUIRE(call(c, charge_of("ord-1"), "k1"));
  c.now += 20LL * 3'600'000;
  const auto raw = charge_of("ord-1", "pm_card_mastercard");
  const auto again = call(c, raw, "k1");
  REQUIRE_FALSE(again);
  CHECK(again.error().kind == error_kind::done_before);
  const auto found = walk(c, raw, sent(raw, c.now, 0)).answer;
  REQUIRE(found.kind == kind::found);
  CHECK(stripe::charge_outcome::decode(found.value)->status == stripe::payment_status::succeeded);
  CHECK(c.total(effect_kind::charge) == 1);
}

TEST_CASE("what others refunded leaves the rest to be refunded", "[mock][lookup]") {
  mock_client c;
  list_somehow(c);
  const auto charged = stripe::charge_outcome::decode(*call(c, charge_of("ord-1")));
  REQUIRE(charged);
  REQUIRE(call(c, charge_of("ord-2")));
  const std::string intent = charged->payment_intent_id;
  const auto by_hand = [&](std::int64_t amount, const char* status) {
    return c.world
        .control(
            json{{"refund", {{"payment_intent", intent}, {"amount", amount}, {"status", status}}}}
                .dump())
        .has_value();
  };
  const auto refund_of = [&](std::int64_t amount, const std::string& attempt) {
    return stripe::refund({of("ord-1", "refund", attempt), intent, {amount, "usd"}}).raw;
  };
  REQUIRE(by_hand(900, "succeeded"));
  REQUIRE(by_hand(100, "pending")); // It stands.
  REQUIRE(by_hand(500, "failed"));  // It does not.
  REQUIRE(by_hand(500, "canceled"));
  CHECK_FALSE(by_hand(3'201, "succeeded"));

  const auto whole = refund_of(4'200, "1");
  const auto refused = call(c, whole);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == error_kind::done_before);
  CHECK(refused.error().message.find('$') == std::string::npos);
  auto found = walk(c, whole, sent(whole, c.now, 0)).answer;
  REQUIRE(found.kind == kind::found);
  auto outcome = stripe::refund_outcome::decode(found.value);
  REQUIRE(outcome);
  CHECK(outcome->status == "partial");
  CHECK(outcome->refunded_minor == 1'000);
  CHECK(outcome->left_minor == 3'200);

  const auto rest = refund_of(outcome->left_minor, "2");
  CHECK(walk(c, rest, sent(rest, c.now, c.now)).answer.kind == kind::absent);
  const auto made = call(c, rest);
  REQUIRE(made);
  CHECK(stripe::refund_outcome::decode(*made)->refunded_minor == 3'200);
  CHECK(walk(c, rest, sent(rest, c.now, c.now)).answer.kind == kind::found);

  // Nothing is left: refused in other words, and covered in whole.
  const auto third = refund_of(4'200, "3");
  const auto over = call(c, third);
  REQUIRE_FALSE(over);
  CHECK(over.error().kind == error_kind::done_before);
  CHECK(over.error().message.find("charge_already_refunded") != std::string::npos);
  found = walk(c, third, sent(third, c.now, 0)).answer;
  REQUIRE(found.kind == kind::found);
  outcome = stripe::refund_outcome::decode(found.value);
  CHECK(outcome->left_minor == 0);
  CHECK(outcome->status != "partial");
}

TEST_CASE("a label given back twice is refused as done before, and its status proves it",
          "[mock][lookup]") {
  mock_client c;
  const auto bought = shippo::label_outcome::decode(*call(c, label_of(c.rate())));
  REQUIRE(bought);
  const auto raw = shippo::void_label({of("ord-1", "void"), bought->transaction_id}).raw;
  REQUIRE(call(c, raw));
  const auto again = call(c, raw);
  REQUIRE_FALSE(again);
  CHECK(again.error().kind == error_kind::done_before);
  CHECK(walk(c, raw, sent(raw, c.now, 0)).answer.kind == kind::found);
}

TEST_CASE("an intent that is cancelled already is success", "[mock][lookup]") {
  mock_client c;
  const auto waits = stripe::charge_outcome::decode(
      *call(c, charge_of("ord-1", "pm_card_authenticationRequired")));
  REQUIRE(waits);
  const auto raw = stripe::cancel_intent({of("ord-1", "undo"), waits->payment_intent_id}).raw;
  REQUIRE(call(c, raw, "a"));
  CHECK(call(c, raw, "b"));
}

TEST_CASE("a revoked key is a fault of the configuration until it is given back",
          "[mock][lookup]") {
  mock_client c;
  const auto rate = c.rate();
  const std::vector<raw_operation> all = {
      charge_of("ord-1"), label_of(rate),
      slack::post_message({of("ord-1", "announce"), "C0123456789", "x"}).raw,
      twilio::send_sms({of("ord-1", "sms"), "+15558675310", "+15005550006", "Order ord-1", ""}).raw,
      github::create_deployment({of("ord-1", "deploy"), "owner/shop", "main", "production", ""})
          .raw};
  const std::string effect = GENERATE(as<std::string>(), "unauthorized", "forbidden", "not_found");
  CAPTURE(effect);
  REQUIRE(c.world.control(json{{"effect", effect}, {"vendor", "*"}, {"always", true}}.dump()));
  for (const auto& raw : all) {
    const auto outcome = call(c, raw, "k");
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().kind == error_kind::misconfigured);
    const auto page = raw.read_lookup(sent(raw, c.now, c.now),
                                      answer_of(c, raw, raw.lookup(sent(raw, c.now, c.now))));
    CHECK(page.kind == kind::unknown);
    CHECK(page.failure.kind == error_kind::misconfigured);
  }
  CHECK(c.total(effect_kind::charge) == 0);
  REQUIRE(c.world.control(R"({"clear":true})"));
  for (const auto& raw : all)
    CHECK(call(c, raw, "k"));
}

// The host's clock is three minutes ahead of Stripe's: by our own time the window begins after the
// charge.
TEST_CASE("a window by the vendor's clock holds what one by ours misses", "[mock][lookup]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"clock_skew_ms":{"stripe":-180000}})"));
  const auto raw = charge_of("ord-1");
  vendor_clocks clocks;
  const auto response = answer_of(c, raw, raw.request);
  clocks.note("stripe", response, c.now, 0);
  CHECK(clocks.behind_ms("stripe") == -180'000);
  const unix_ms margin = 60'000;
  CHECK(walk(c, raw, sent(raw, c.now, c.now - margin)).answer.kind == kind::absent);
  CHECK(walk(c, raw, sent(raw, c.now, c.now - margin + clocks.behind_ms("stripe"))).answer.kind ==
        kind::found);
}

TEST_CASE("a late purchase of an earlier key is adopted under the next", "[mock][lookup]") {
  mock_client c;
  const auto first = charge_of("ord-1");
  auto second = first;
  second.request = first.regenerate(first.request, 2);
  REQUIRE(call(c, first, "k1"));
  CHECK(walk(c, second, sent(second, c.now, c.now)).answer.kind == kind::found);
}

} // namespace
} // namespace orderhub::providers
