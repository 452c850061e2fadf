#include "journal/base/hash.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/sendgrid/send_mail.hpp"
#include "providers/shippo/buy_label.hpp"
#include "providers/shippo/create_shipment.hpp"
#include "providers/shippo/void_label.hpp"
#include "providers/slack/post_message.hpp"
#include "providers/slack/post_webhook.hpp"
#include "providers/stripe/cancel_intent.hpp"
#include "providers/stripe/charge.hpp"
#include "providers/stripe/refund.hpp"
#include "providers/stripe/retrieve.hpp"
#include "tests/providers/samples.hpp"
#include "tests/support/catch2.hpp"

#include <set>

namespace orderhub::providers {
namespace {

error_kind kind_of(const raw_operation& raw, const http_response& response) {
  const auto outcome = raw.parse(response);
  REQUIRE_FALSE(outcome);
  return outcome.error().kind;
}

// What an HTTP status alone says, per kind of call. The rows are the vendors' pages' tables.
TEST_CASE("every status is classified by what it says about the effect", "[providers]") {
  using enum error_kind;
  struct row {
    int status;
    error_kind stripe, read, shippo, sendgrid, slack;
  };
  const row rows[] = {
      {204, in_doubt, unavailable, in_doubt, in_doubt, in_doubt},
      {301, misconfigured, misconfigured, misconfigured, misconfigured, misconfigured},
      {302, in_doubt, misconfigured, in_doubt, in_doubt, in_doubt},
      {303, in_doubt, misconfigured, in_doubt, in_doubt, in_doubt},
      {307, misconfigured, misconfigured, misconfigured, misconfigured, misconfigured},
      {308, misconfigured, misconfigured, misconfigured, misconfigured, misconfigured},
      {400, invalid, invalid, invalid, invalid, invalid},
      {401, misconfigured, misconfigured, misconfigured, misconfigured, misconfigured},
      {402, rejected, invalid, invalid, invalid, invalid},
      {403, misconfigured, misconfigured, misconfigured, misconfigured, misconfigured},
      {404, misconfigured, misconfigured, misconfigured, misconfigured, misconfigured},
      {405, misconfigured, misconfigured, misconfigured, misconfigured, misconfigured},
      {407, misconfigured, misconfigured, misconfigured, misconfigured, misconfigured},
      {408, in_doubt, unavailable, in_doubt, in_doubt, in_doubt},
      {409, in_doubt, unavailable, invalid, invalid, invalid},
      {413, invalid, invalid, invalid, invalid, invalid},
      {415, invalid, invalid, invalid, invalid, invalid},
      {422, invalid, invalid, invalid, invalid, invalid},
      {424, in_doubt, unavailable, invalid, invalid, invalid},
      {425, unavailable, unavailable, unavailable, unavailable, unavailable},
      {429, unavailable, unavailable, unavailable, unavailable, unavailable},
      {500, in_doubt, unavailable, in_doubt, in_doubt, in_doubt},
      {502, in_doubt, unavailable, in_doubt, in_doubt, in_doubt},
      {503, in_doubt, unavailable, in_doubt, in_doubt, in_doubt},
      {504, in_doubt, unavailable, in_doubt, in_doubt, in_doubt},
      {599, in_doubt, unavailable, in_doubt, in_doubt, in_doubt},
  };
  const auto all = testing::sample_operations();
  const std::string body = GENERATE("", "{}", "{\"error\":", "\xff\xfe", "[]");
  for (const row& r : rows) {
    CAPTURE(r.status, body);
    const http_response answer{r.status, {}, body};
    for (const char* name : {"stripe.charge", "stripe.refund", "stripe.cancel_intent"})
      CHECK(kind_of(all.at(name), answer) == r.stripe);
    for (const char* name : {"stripe.retrieve", "shippo.list_labels", "shippo.read_label"})
      CHECK(kind_of(all.at(name), answer) == r.read);
    for (const char* name : {"shippo.create_shipment", "shippo.buy_label", "shippo.void_label"})
      CHECK(kind_of(all.at(name), answer) == r.shippo);
    CHECK(kind_of(all.at("sendgrid.send_mail"), answer) == r.sendgrid);
    for (const char* name : {"slack.post_message", "slack.post_webhook"})
      CHECK(kind_of(all.at(name), answer) == r.slack);
  }
}

TEST_CASE("a redirect is told as a wrong address, whatever call it answers", "[providers]") {
  const auto status = GENERATE(301, 302, 303, 307, 308);
  CAPTURE(status);
  const auto expected =
      std::to_string(status) + " redirect to another address; check the configured URL";
  for (const auto& [name, raw] : testing::sample_operations()) {
    CAPTURE(name);
    const auto outcome = raw.parse({status, {{"location", "https://elsewhere.example/"}}, "{}"});
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().message == expected);
    if (raw.read_lookup == nullptr)
      continue;
    const auto page = raw.read_lookup(testing::sent(raw), {status, {}, "<html>"});
    CHECK(page.failure.message == expected);
  }
}

TEST_CASE("a look-up's page that is refused says nothing, and whether a person is needed",
          "[providers]") {
  using enum error_kind;
  struct row {
    int status;
    error_kind expected;
  };
  const row rows[] = {
      {204, unavailable},   {301, misconfigured}, {302, misconfigured}, {400, invalid},
      {401, misconfigured}, {403, misconfigured}, {404, misconfigured}, {405, misconfigured},
      {407, misconfigured}, {408, unavailable},   {409, unavailable},   {422, invalid},
      {424, unavailable},   {425, unavailable},   {429, unavailable},   {500, unavailable},
      {503, unavailable},
  };
  for (const auto& [name, raw] : testing::sample_operations())
    for (const row& r : rows) {
      if (raw.read_lookup == nullptr)
        continue;
      CAPTURE(name, r.status);
      const auto answer =
          raw.read_lookup(testing::sent(raw), {r.status, {{"retry-after", "9"}}, "<html>"});
      CHECK(answer.kind == finding_kind::unknown);
      // A 403 that says when is a limit.
      CHECK(answer.failure.kind == (r.status == 403 ? unavailable : r.expected));
      CHECK(answer.failure.retry_after_ms == 9'000);
      CHECK_FALSE(answer.next);
      const auto plain = raw.read_lookup(testing::sent(raw), {r.status, {}, "<html>"});
      CHECK(plain.failure.kind == r.expected);
      CHECK(plain.failure.message.find(std::to_string(r.status)) != std::string::npos);
    }
}

TEST_CASE("the vendor's wish to wait counts on every answer that carries it", "[providers]") {
  const auto status = GENERATE(as<int>(), 201, 204, 302, 400, 401, 402, 403, 404, 408, 409, 424,
                               425, 429, 500, 502, 503);
  for (const auto& [name, raw] : testing::sample_operations()) {
    CAPTURE(name, status);
    const auto outcome = raw.parse({status, {{"retry-after", "7"}}, "{}"});
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().retry_after_ms == 7'000);
  }
}

TEST_CASE("the next generation of a request differs in its generation and in nothing else",
          "[providers]") {
  for (const auto& [name, raw] : testing::sample_operations()) {
    CAPTURE(name, raw.request.body);
    if (raw.regenerate == nullptr)
      continue;
    CHECK(raw.regenerate(raw.request, 1) == raw.request);
    const http_request second = raw.regenerate(raw.request, 2);
    CHECK(second.body != raw.request.body);
    CHECK(raw.regenerate(second, 1) == raw.request);
    CHECK(raw.regenerate(second, 37) == raw.regenerate(raw.request, 37));
    // A look-up for either asks the same.
    if (raw.lookup) {
      sent_request sent = testing::sent(raw);
      const auto first = raw.lookup(sent);
      sent.request = second;
      CHECK(raw.lookup(sent) == first);
    }
    // What is no request of ours stays as it is.
    for (const char* body : {"", "{", "[]", "a=b", R"({"metadata":7})"}) {
      const http_request strange{"POST", "/", {}, body};
      CHECK(raw.regenerate(strange, 2) == strange);
    }
  }
  for (const char* name :
       {"stripe.charge", "stripe.refund", "shippo.create_shipment", "shippo.buy_label",
        "sendgrid.send_mail", "slack.post_message", "github.create_deployment"})
    CHECK(testing::sample_operations().at(name).regenerate);
}

TEST_CASE("what undoes and what has no effect says so", "[providers]") {
  const std::set<std::string_view> undoing = {
      "stripe.refund",         "stripe.cancel_intent",
      "inventory.release",     "warehouse.cancel_pick_ticket",
      "carrier.cancel_pickup", "shippo.void_label"};
  const std::set<std::string_view> reading = {"stripe.retrieve",
                                              "stripe.retrieve_refund",
                                              "shippo.create_shipment",
                                              "shippo.validate_address",
                                              "shippo.list_labels",
                                              "shippo.read_label",
                                              "shippo.retrieve_label",
                                              "github.read_statuses",
                                              "stripe.list_events",
                                              "shippo.read_refund",
                                              "shippo.read_track",
                                              "twilio.read_sms",
                                              "warehouse.read_pick_ticket",
                                              "carrier.read_pickup"};
  for (const auto& [name, raw] : testing::sample_operations()) {
    CAPTURE(name);
    CHECK(raw.compensates == undoing.contains(raw.name));
    CHECK(raw.has_effect != reading.contains(raw.name));
  }
}

TEST_CASE("a look-up's window begins where the core says, or 30 days before the intent",
          "[providers]") {
  const auto all = testing::sample_operations();
  const auto target = [&](unix_ms first_sent_at, unix_ms since) {
    const auto& raw = all.at("stripe.charge");
    return raw.lookup({raw.request, "k", first_sent_at, since}).target;
  };
  CHECK(target(2'000'000, 1'999'999) == "/v1/payment_intents?created[gte]=1999&limit=100");
  CHECK(target(look_back_ms + 5'000, 0) == "/v1/payment_intents?created[gte]=5&limit=100");
  CHECK(target(5'000, 0) == "/v1/payment_intents?created[gte]=0&limit=100");
  const auto& raw = all.at("slack.post_message");
  const auto oldest = [&](unix_ms since) {
    return raw.lookup({raw.request, "", look_back_ms, since}).body;
  };
  CHECK(oldest(1'700'000'000'007).find(R"("oldest":"1700000000.007000")") != std::string::npos);
  CHECK(oldest(0).find(R"("oldest":"0.000000")") != std::string::npos);
}

TEST_CASE("Stripe-Should-Retry and Idempotent-Replayed decide how doubt is resolved", "[stripe]") {
  using enum error_kind;
  struct row {
    int status;
    const char* should_retry;
    const char* replayed;
    error_kind expected;
  };
  const row rows[] = {
      {500, "true", "", in_doubt},
      {500, "false", "", in_doubt_stored},
      {500, "", "true", in_doubt_stored},
      {500, "true", "true", in_doubt_stored},
      {503, "false", "", in_doubt_stored},
      {409, "true", "", in_doubt},
      {409, "false", "", in_doubt_stored},
      {408, "false", "", in_doubt_stored},
      {424, "", "", in_doubt},
      {429, "false", "", unavailable},
      {429, "true", "", unavailable},
      {401, "true", "", misconfigured},
      {400, "true", "", in_doubt},
      {400, "false", "", invalid},
      {402, "true", "", rejected},
      {402, "", "true", rejected},
      {404, "", "true", misconfigured},
  };
  const raw_operation raw = testing::sample_operations().at("stripe.charge");
  for (const row& r : rows) {
    CAPTURE(r.status, r.should_retry, r.replayed);
    http_response answer{r.status, {}, "{}"};
    if (*r.should_retry)
      answer.headers.emplace_back("stripe-should-retry", r.should_retry);
    if (*r.replayed)
      answer.headers.emplace_back("idempotent-replayed", r.replayed);
    CHECK(kind_of(raw, answer) == r.expected);
  }
}

TEST_CASE("every operation is whole: its policy has what it needs", "[providers]") {
  for (const auto& [name, raw] : testing::sample_operations()) {
    CAPTURE(name);
    CHECK(raw.parse);
    CHECK(raw.deadline_ms > 0);
    CHECK((raw.lookup == nullptr) == (raw.read_lookup == nullptr));
    CHECK((raw.doubt == doubt_policy::replay_key) == !raw.key_header.empty());
    CHECK((raw.key_life_ms > 0) == (raw.doubt == doubt_policy::replay_key));
    if (raw.doubt == doubt_policy::replay_key || raw.doubt == doubt_policy::lookup) {
      CHECK(raw.lookup);
      CHECK(raw.absence_after_ms > 0);
    }
  }
}

TEST_CASE("outcomes survive their encoding", "[providers]") {
  const stripe::charge_outcome charge{"pi_1", stripe::payment_status::processing, "ch_1", 7, "x"};
  CHECK(stripe::charge_outcome::decode(charge.encode()) == charge);
  const stripe::refund_outcome refund{"re_1", "partial", 1'000, 3'200};
  CHECK(stripe::refund_outcome::decode(refund.encode()) == refund);
  const stripe::cancel_intent_outcome cancel{"pi_1"};
  CHECK(stripe::cancel_intent_outcome::decode(cancel.encode()) == cancel);
  const shippo::shipment_outcome shipment{
      "shp_1", {{"r", "1.00", "USD", "UPS", "ground"}, {"s", "2", "USD", "UPS", "air", 1, true}}};
  CHECK(shippo::shipment_outcome::decode(shipment.encode()) == shipment);
  const shippo::label_outcome label{"t", "n", "u", "v"};
  CHECK(shippo::label_outcome::decode(label.encode()) == label);
  const shippo::void_outcome voided{"r", "PENDING"};
  CHECK(shippo::void_outcome::decode(voided.encode()) == voided);
  const sendgrid::mail_outcome mail{"m"};
  CHECK(sendgrid::mail_outcome::decode(mail.encode()) == mail);
  const slack::message_outcome message{"C", "1.2"};
  CHECK(slack::message_outcome::decode(message.encode()) == message);
}

TEST_CASE("damaged outcomes are corrupt", "[providers]") {
  const std::string text = GENERATE("", "{", "[]", "null", "7", "{}", R"({"status":7})", "\xff");
  CAPTURE(text);
  const auto is_corrupt = [](const auto& outcome) {
    return !outcome && outcome.error().kind == error_kind::corrupt;
  };
  CHECK(is_corrupt(stripe::charge_outcome::decode(text)));
  CHECK(is_corrupt(stripe::refund_outcome::decode(text)));
  CHECK(is_corrupt(stripe::cancel_intent_outcome::decode(text)));
  CHECK(is_corrupt(stripe::intent_state::decode(text)));
  CHECK(is_corrupt(shippo::shipment_outcome::decode(text)));
  CHECK(is_corrupt(shippo::label_outcome::decode(text)));
  CHECK(is_corrupt(shippo::void_outcome::decode(text)));
  CHECK(is_corrupt(sendgrid::mail_outcome::decode(text)));
  CHECK(is_corrupt(slack::message_outcome::decode(text)));
}

TEST_CASE("a client secret is read for the customer and reaches no encoding", "[stripe]") {
  const http_response answer{200,
                             {},
                             R"({"id":"pi_1","status":"requires_action","amount":4200,)"
                             R"("currency":"usd","client_secret":"pi_1_secret_x"})"};
  const auto state = stripe::read_intent_state(answer);
  REQUIRE(state);
  CHECK(state->client_secret.reveal() == "pi_1_secret_x");
  CHECK(state->encode().find("secret") == std::string::npos);
  for (const char* name : {"stripe.retrieve", "stripe.charge"}) {
    const auto encoded = testing::sample_operations().at(name).parse(answer);
    REQUIRE(encoded);
    CHECK(encoded->find("secret") == std::string::npos);
  }
}

TEST_CASE("the same order makes the same bytes", "[providers]") {
  const auto once = testing::sample_operations();
  const auto again = testing::sample_operations();
  for (const auto& [name, raw] : once)
    CHECK(again.at(name).request == raw.request);
}

TEST_CASE("whatever bytes an order holds, requests are made and stay in their fields",
          "[providers]") {
  const std::string evil = "a\xff\xc3&amount=1\"\\\r\n\t\x01/../?x=[]{}\xe2\x82";
  const shippo::address a{evil, evil, evil, evil, evil, evil, evil, evil, evil};
  const step_ref ref{evil, evil, evil, evil};
  const std::vector<http_request> requests = {
      stripe::charge({ref, {1, "usd"}, evil, evil}).raw.request,
      stripe::refund({ref, evil, {1, "usd"}}).raw.request,
      stripe::cancel_intent({ref, evil}).raw.request,
      stripe::retrieve({ref, evil}).raw.request,
      shippo::create_shipment({ref, a, a, {evil, evil, evil, evil, evil, evil}}).raw.request,
      shippo::buy_label({ref, evil}).raw.request,
      shippo::void_label({ref, evil}).raw.request,
      sendgrid::send_mail({ref, evil, evil, evil, evil, evil, evil, evil}).raw.request,
      slack::post_message({ref, evil, evil}).raw.request,
      slack::post_webhook({ref, evil}).raw.request,
  };
  for (const auto& request : requests) {
    CAPTURE(request.target, request.body);
    CHECK(request.target.find_first_of(" \r\n\"#\\") == std::string::npos);
    CHECK(request.target.find("/../") == std::string::npos);
    CHECK(request.body.find_first_of("\r\n\t\x01") == std::string::npos);
    CHECK(request.body.find("&amount=1\"") == std::string::npos);
    CHECK(request.body.find('\xff') == std::string::npos);
  }
}

TEST_CASE("shippo metadata begins with a digest that no limit cuts, and is cut between characters",
          "[shippo]") {
  const step_ref ref{testing::sample_hub, std::string(64, 'x') + "éé", "label", "1"};
  const std::string text = shippo::wire::metadata(ref);
  CHECK(text.size() <= shippo::metadata_size_max);
  const std::string readable = " gen:1 order_id:" + std::string(64, 'x') + "é";
  CHECK(text == shippo::wire::digest_in(text) + readable.substr(0, 80));
}

TEST_CASE("shippo metadata keeps its digest and its bound in every generation", "[shippo]") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{60}, std::size_t{300}}) {
    const step_ref ref{testing::sample_hub, std::string(size, 'x') + "é\xff", "label", "1"};
    const auto raw = shippo::buy_label({ref, "rate_1"}).raw;
    const auto next = raw.regenerate(raw.request, 4'294'967'295U);
    const auto metadata_of = [](const http_request& r) {
      const auto from = r.body.find("oh:");
      return r.body.substr(from, r.body.find('"', from) - from);
    };
    CHECK(metadata_of(next).starts_with(metadata_of(raw.request).substr(0, 19)));
    CHECK(metadata_of(next).size() <= shippo::metadata_size_max + 2); // U+FFFD is longer than \xff.
    CHECK(metadata_of(next).find(" gen:4294967295 ") == 19);
  }
}

TEST_CASE("two steps never share a digest in shippo's metadata", "[shippo]") {
  const step_ref ref{"h", "o", "s", "1"};
  const auto digest = [](const step_ref& r) {
    return shippo::wire::digest_in(shippo::wire::metadata(r));
  };
  CHECK(digest(ref).size() == 19);
  for (const step_ref& other : std::vector<step_ref>{{"x", "o", "s", "1"},
                                                     {"h", "x", "s", "1"},
                                                     {"h", "o", "x", "1"},
                                                     {"h", "o", "s", "2"},
                                                     {"ho", "", "s", "1"},
                                                     {"h", "os", "", "1"},
                                                     {"", "ho", "s", "1"}})
    CHECK(digest(other) != digest(ref));
  CHECK(shippo::wire::digest_in("order_id:1 step:label").empty());
  CHECK(shippo::wire::digest_in("oh:0123").empty());
  CHECK(shippo::wire::digest_in("oh:0123456789ABCDEF").empty());
}

TEST_CASE("which refusals say that the same was done before", "[shippo]") {
  const auto gave_back = [](const std::string& text) {
    return shippo::wire::says_done_before(text, {"refund", "void"});
  };
  CHECK(gave_back("A refund was ALREADY requested for this transaction."));
  CHECK(gave_back("This label has already been voided"));
  CHECK_FALSE(gave_back("This transaction cannot be refunded."));
  CHECK_FALSE(gave_back("The refund was refused: the label has already been used."));
  CHECK_FALSE(gave_back("Not refunded, already scanned by the carrier"));
  CHECK_FALSE(gave_back("already purchased"));
  CHECK_FALSE(gave_back(std::string(5'000, ' ') + "refund already requested"));
}

TEST_CASE("the cheapest rate is found by decimal value", "[shippo]") {
  using shippo::rate;
  const auto pick = [](const std::vector<rate>& rates) {
    const auto best = shippo::choose_rate(rates, "cheapest");
    return best ? best->id : std::string("none");
  };
  CHECK(pick({}) == "none");
  CHECK(pick({{"a", "10.00", "USD", "", ""}, {"b", "9.5", "USD", "", ""}}) == "b");
  CHECK(pick({{"a", "9.50", "USD", "", ""}, {"b", "9.5", "USD", "", ""}}) == "a");
  CHECK(pick({{"a", "9.500001", "USD", "", ""}, {"b", "9.5", "USD", "", ""}}) == "b");
  CHECK(pick({{"a", "", "USD", "", ""}, {"b", "-1", "USD", "", ""}, {"c", "7", "USD", "", ""}}) ==
        "c");
  CHECK(pick({{"a", "1e3", "USD", "", ""}, {"b", "1.0000001", "USD", "", ""}}) == "none");
  CHECK(pick({{"a", "9", "USD", "", ""}, {"b", "1", "JPY", "", ""}}) == "a");
  CHECK(pick({{"a", "9999999999999", "USD", "", ""}, {"b", "5.", "USD", "", ""}}) == "b");
}

TEST_CASE("the fastest rate is the cheapest of the fewest days", "[shippo]") {
  using shippo::rate;
  const auto pick = [](const std::vector<rate>& rates) {
    const auto best = shippo::choose_rate(rates, "fastest");
    return best ? best->id : best.error().message;
  };
  CHECK(pick({{"a", "5", "USD", "", "", 3}, {"b", "9", "USD", "", "", 1}}) == "b");
  CHECK(pick({{"a", "9", "USD", "", "", 1}, {"b", "8", "USD", "", "", 1}}) == "b");
  CHECK(pick({{"a", "9", "USD", "", ""}, {"b", "50", "USD", "", "", 7}}) == "b");
  CHECK(pick({{"a", "-", "USD", "", "", 1}, {"b", "50", "USD", "", "", 7}}) == "b");
  CHECK(pick({{"a", "9", "USD", "", "", 0}, {"b", "8", "USD", "", "", 1}}) == "a");
  // Nobody says days: what Shippo calls the fastest, or none.
  CHECK(pick({{"a", "5", "USD", "", ""}, {"b", "9", "USD", "", "", -1, true}}) == "b");
  CHECK(pick({{"a", "5.00", "USD", "", "usps_priority"}}) ==
        "no carrier says how long it takes; offered are usps_priority 5.00 USD");
  CHECK(pick({}) == "no carrier offers a usable rate");
}

TEST_CASE("a service level's rate is bought, or it is said what was offered", "[shippo]") {
  const std::vector<shippo::rate> rates = {{"a", "8.35", "USD", "USPS", "usps_ground_advantage", 4},
                                           {"b", "13.73", "USD", "UPS", "ups_ground", 1},
                                           {"c", "12.00", "USD", "UPS", "UPS_Ground"},
                                           {"d", "1.00", "usd", "x", "<b>Ada</b>", 2},
                                           {"e", "x", "USD", "x", "unreadable"}};
  CHECK(shippo::choose_rate(rates, "ups_ground").value().id == "c");
  const auto none = shippo::choose_rate(rates, "fedex_ground");
  REQUIRE_FALSE(none);
  CHECK(none.error().kind == error_kind::rejected);
  CHECK(none.error().message ==
        "no carrier offers fedex_ground; offered are usps_ground_advantage 8.35 USD in 4 days, "
        "ups_ground 13.73 USD in 1 day, ups_ground 12.00 USD, a service without a token 1.00 in 2 "
        "days");
  CHECK_FALSE(shippo::choose_rate(rates, "unreadable"));
  const std::vector<shippo::rate> many(40, rates[0]);
  CHECK(shippo::choose_rate(many, "x1").error().message.ends_with(" and 28 more"));
}

TEST_CASE("what can be no choice of a rate is none", "[shippo]") {
  CHECK(shippo::rate_choice_of("cheapest") == "cheapest");
  CHECK(shippo::rate_choice_of("USPS_Priority") == "usps_priority");
  CHECK(shippo::rate_choice_of(std::string(80, 'a')));
  for (const std::string& bad : {std::string(), std::string("x"), std::string("usps priority"),
                                 std::string("a;b"), std::string(81, 'a'), std::string("é1")})
    CHECK_FALSE(shippo::rate_choice_of(bad));
}

TEST_CASE("a rate's carrier is known by its service, or its name", "[shippo]") {
  const auto carrier = [](const char* name, const char* service) {
    return shippo::carrier_of({"r", "1", "USD", name, service});
  };
  CHECK(carrier("USPS", "usps_priority") == "usps");
  CHECK(carrier("DHL Germany C2C", "dhl_germany_c2c_paket") == "dhl_germany_c2c");
  CHECK(carrier("Deutsche Post DHL", "deutsche_post_postpaket") == "deutsche_post");
  CHECK(carrier("UPS", "Ground") == "ups");
  CHECK(carrier("Correos España", "") == "correos_espana");
  CHECK(carrier("New Zealand Post", "x") == "new_zealand_post");
  CHECK(carrier("Nobody", "nobody_fast").empty());
  CHECK(shippo::is_carrier("royal_mail_sf"));
  CHECK_FALSE(shippo::is_carrier("shippo"));
  CHECK_FALSE(shippo::is_carrier("#"));
}

TEST_CASE("channels are ids or names", "[slack]") {
  for (const char* id : {"C0123456789", "G012345", "D0A1B2C3"})
    CHECK(slack::is_channel_id(id));
  for (const char* name : {"", "C", "C01234", "#orders", "orders", "c0123456789", "U0123456789",
                           "C012345678a", "C01234 5678"})
    CHECK_FALSE(slack::is_channel_id(name));
  CHECK(testing::sample_operations().at("slack.post_message#name").doubt ==
        doubt_policy::may_repeat);
}

TEST_CASE("a hostile answer is doubt, not a crash", "[providers]") {
  const std::string deep(100'000, '[');
  const std::vector<std::string> bodies = {
      deep,
      "{\"a\":" + deep,
      "{\"metadata\":" + std::string(100'000, '{'),
      R"({"id":7,"status":["succeeded"],"object_id":{},"ok":"yes"})",
      R"({"id":"pi_1","status":"succeeded","amount":1e400})",
      R"({"id":"a","status":"succeeded"} trailing)",
      "{\"id\":\"\xff\",\"status\":\"succeeded\"}",
  };
  for (const auto& body : bodies)
    for (const auto& [name, raw] : testing::sample_operations()) {
      CAPTURE(name, body.substr(0, 40));
      if (raw.vendor == "sendgrid") // Its success has no body.
        continue;
      const auto outcome = raw.parse({200, {}, body});
      REQUIRE_FALSE(outcome);
      CHECK(outcome.error().kind ==
            (raw.call_class != "write" ? error_kind::unavailable : error_kind::in_doubt));
      if (raw.read_lookup)
        CHECK(raw.read_lookup(testing::sent(raw), {200, {}, body}).kind == finding_kind::unknown);
    }
}

} // namespace
} // namespace orderhub::providers
