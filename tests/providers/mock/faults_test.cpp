#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

using namespace orderhub::providers::mock;
using nlohmann::json;

namespace {

std::string text(const json& document) {
  return document.dump();
}

json body_of(const mock_response& reply) {
  return json::parse(reply.response.body);
}

json ledger_of(const mock_client& c) {
  return json::parse(c.world.ledger_json());
}

} // namespace

TEST_CASE("a status fault answers it and does nothing", "[mock][fault]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"vendor":"stripe","operation":"charge","effect":"status",
      "status":503,"headers":{"Retry-After":"2"},"nth":1})"));
  const auto reply = c.charge("k1");
  CHECK(reply.response.status == 503);
  CHECK(*reply.response.header("retry-after") == "2");
  CHECK(c.total(effect_kind::charge) == 0);
  CHECK(c.charge("k1").response.header("idempotent-replayed") == nullptr);
  CHECK(c.total(effect_kind::charge) == 1);
}

TEST_CASE("a connection is cut before or after the work", "[mock][fault]") {
  mock_client c;
  REQUIRE(c.world.control(R"([
      {"vendor":"stripe","effect":"drop_before","nth":1},
      {"vendor":"stripe","effect":"drop_after","nth":1}])"));
  CHECK(c.charge("k1").wire == wire_action::drop);
  CHECK(c.total(effect_kind::charge) == 0);
  // Only a call that the first rule lets through is counted by the second.
  CHECK(c.charge("k1").wire == wire_action::drop);
  CHECK(c.total(effect_kind::charge) == 1);
  const auto third = c.charge("k1");
  CHECK(third.wire == wire_action::answer);
  REQUIRE(third.response.header("idempotent-replayed") != nullptr);
  CHECK(c.total(effect_kind::charge) == 1);
}

TEST_CASE("garbage and truncation come after the work", "[mock][fault]") {
  mock_client c;
  REQUIRE(c.world.control(R"([{"vendor":"stripe","effect":"garbage","nth":1},
                              {"vendor":"stripe","effect":"truncate","nth":1}])"));
  const auto garbage = c.charge();
  CHECK(garbage.response.status == 200);
  CHECK_FALSE(json::accept(garbage.response.body));
  CHECK(c.total(effect_kind::charge) == 1);
  CHECK(c.charge().wire == wire_action::truncate);
  CHECK(c.total(effect_kind::charge) == 2);
}

TEST_CASE("latency adds to the base and to other faults", "[mock][fault]") {
  mock_client c({.latency_ms = {20, 20, 20, 20}});
  REQUIRE(c.world.control(R"([{"vendor":"*","effect":"latency","latency_ms":100,"always":true},
                              {"vendor":"stripe","effect":"drop_after","latency_ms":7,"nth":2}])"));
  CHECK(c.charge().delay_ms == 120);
  const auto cut = c.charge();
  CHECK(cut.delay_ms == 127);
  CHECK(cut.wire == wire_action::drop);
  CHECK(c.mail(mock_client::mail_body()).delay_ms == 120);
  REQUIRE(c.world.control(R"({"clear":true,"latency_ms":0})"));
  CHECK(c.charge().delay_ms == 0);
}

TEST_CASE("late work holds Stripe's key until it is done", "[mock][fault][late]") {
  mock_client c;
  REQUIRE(c.world.control(
      R"({"vendor":"stripe","operation":"charge","effect":"late_work","late_ms":500,"nth":1})"));
  CHECK(c.charge("k1").wire == wire_action::drop);
  CHECK(c.total(effect_kind::charge) == 0);
  CHECK(c.world.late_pending() == 1);
  CHECK(c.world.next_late_work() == c.now + 500);
  c.now += 499;
  const auto busy = c.charge("k1");
  CHECK(busy.response.status == 409);
  CHECK(body_of(busy)["error"]["code"] == "idempotency_key_in_use");
  CHECK(body_of(c.charge("k1", "pm_card_mastercard"))["error"]["type"] == "idempotency_error");
  c.now += 1;
  const auto after = c.charge("k1");
  CHECK(after.response.status == 200);
  REQUIRE(after.response.header("idempotent-replayed") != nullptr);
  CHECK(c.total(effect_kind::charge) == 1);
  CHECK(c.world.effects().at(0).at_ms == 1'700'000'000'500);
  CHECK(c.world.effects().at(0).request_number == 1);
  CHECK_FALSE(c.world.next_late_work());
}

TEST_CASE("late work that is refused frees the key", "[mock][fault][late]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"vendor":"stripe","effect":"late_work","late_ms":5,"nth":1})"));
  c.charge("k1", "pm_nonsense");
  c.now += 5;
  CHECK(c.charge("k1").response.status == 200);
}

TEST_CASE("a label bought late appears in the list late", "[mock][fault][late]") {
  mock_client c;
  const auto rate = c.rate();
  REQUIRE(c.world.control(
      R"({"vendor":"shippo","operation":"label","effect":"late_work","late_ms":300,"nth":1})"));
  CHECK(c.buy(rate).wire == wire_action::drop);
  CHECK(body_of(c.shippo_get("transactions?rate=" + rate))["results"].empty());
  c.world.advance(c.now + 299);
  CHECK(c.total(effect_kind::label) == 0);
  c.world.advance(c.now + 300);
  CHECK(c.total(effect_kind::label) == 1);
  c.now += 300;
  CHECK(body_of(c.shippo_get("transactions?rate=" + rate))["results"].size() == 1);
}

TEST_CASE("above the bound late work is done at once", "[mock][fault][late]") {
  mock_client c({.late_max = 1});
  REQUIRE(c.world.control(R"({"vendor":"stripe","effect":"late_work","always":true})"));
  CHECK(c.charge("k1").wire == wire_action::drop);
  CHECK(c.charge("k2").wire == wire_action::drop);
  CHECK(c.world.late_pending() == 1);
  CHECK(c.total(effect_kind::charge) == 1);
}

TEST_CASE("a stored 500 is replayed and its charge was not made", "[mock][fault]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"vendor":"stripe","effect":"stored_500","nth":1})"));
  const auto first = c.charge("k1");
  CHECK(first.response.status == 500);
  CHECK(*first.response.header("stripe-should-retry") == "false");
  const auto again = c.charge("k1");
  CHECK(again.response.status == 500);
  REQUIRE(again.response.header("idempotent-replayed") != nullptr);
  CHECK(*again.response.header("stripe-should-retry") == "false");
  CHECK(c.total(effect_kind::charge) == 0);
  CHECK(body_of(c.stripe_get("payment_intents"))["data"].empty());
  CHECK(c.charge("k2").response.status == 200);
}

TEST_CASE("a stored 500 may hide a charge that a list shows", "[mock][fault]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"vendor":"stripe","effect":"stored_500_done","nth":1})"));
  CHECK(c.charge("k1").response.status == 500);
  CHECK(c.charge("k1").response.status == 500);
  CHECK(c.total(effect_kind::charge) == 1);
  const auto list = body_of(c.stripe_get("payment_intents?created[gte]=1699999940"));
  REQUIRE(list["data"].size() == 1);
  CHECK(list["data"][0]["status"] == "succeeded");
  CHECK(list["data"][0]["metadata"]["order_id"] == "ord-1");
}

TEST_CASE("elsewhere a stored 500 is a plain one", "[mock][fault]") {
  mock_client c;
  REQUIRE(c.world.control(R"([{"vendor":"sendgrid","effect":"stored_500","nth":1},
                              {"vendor":"sendgrid","effect":"stored_500_done","nth":1}])"));
  CHECK(c.mail(mock_client::mail_body()).response.status == 500);
  CHECK(c.total(effect_kind::mail) == 0);
  CHECK(c.mail(mock_client::mail_body()).response.status == 500);
  CHECK(c.total(effect_kind::mail) == 1);
}

TEST_CASE("each vendor refuses in its own way", "[mock][fault]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"vendor":"*","effect":"refuse","always":true})"));
  const auto declined = c.charge();
  CHECK(declined.response.status == 402);
  CHECK(body_of(declined)["error"]["code"] == "card_declined");
  CHECK(c.mail(mock_client::mail_body()).response.status == 400);
  const auto slack = c.slack("chat.postMessage", text({{"channel", "C0123456789"}, {"text", "x"}}));
  CHECK(body_of(slack)["ok"] == false);
  CHECK(ledger_of(c)["effects"].empty());
}

TEST_CASE("nth hits a run of calls, times bounds the rest", "[mock][fault]") {
  mock_client c;
  const auto statuses = [&](int calls) {
    std::vector<int> out;
    for (int i = 0; i < calls; ++i)
      out.push_back(c.charge().response.status);
    return out;
  };
  SECTION("nth with times") {
    REQUIRE(
        c.world.control(R"({"vendor":"stripe","effect":"status","status":503,"nth":2,"times":2})"));
    CHECK(statuses(5) == std::vector<int>{200, 503, 503, 200, 200});
  }
  SECTION("always with times") {
    REQUIRE(c.world.control(
        R"({"vendor":"stripe","effect":"status","status":503,"always":true,"times":2})"));
    CHECK(statuses(4) == std::vector<int>{503, 503, 200, 200});
  }
  SECTION("another operation is not counted") {
    REQUIRE(
        c.world.control(R"({"vendor":"stripe","operation":"refund","effect":"status","nth":1})"));
    CHECK(statuses(2) == std::vector<int>{200, 200});
  }
}

TEST_CASE("a probability repeats for its seed and differs between seeds", "[mock][fault]") {
  const auto run = [](std::uint64_t seed) {
    mock_client c({.seed = seed});
    auto set =
        c.world.control(R"({"vendor":"stripe","effect":"status","status":503,"probability":0.3})");
    REQUIRE(set);
    std::string out;
    for (int i = 0; i < 300; ++i)
      out.push_back(c.charge().response.status == 503 ? 'x' : '.');
    return out;
  };
  const auto one = run(1);
  CHECK(run(1) == one);
  CHECK(run(2) != one);
  const auto hits = std::count(one.begin(), one.end(), 'x');
  CHECK(hits > 50);
  CHECK(hits < 140);
}

TEST_CASE("the same requests give the same bytes for a seed", "[mock]") {
  const auto run = [](std::uint64_t seed) {
    mock_client c({.seed = seed});
    std::string out;
    out += c.charge("k1").response.body;
    out += c.buy(c.rate()).response.body;
    out += c.slack("chat.postMessage", text({{"channel", "#a"}, {"text", "x"}})).response.body;
    out += c.world.ledger_json();
    return out;
  };
  CHECK(run(7) == run(7));
  CHECK(run(7) != run(8));
}

TEST_CASE("a wrong control document changes nothing and names the field", "[mock][control]") {
  struct row {
    const char* text;
    const char* word;
  };
  const auto r = GENERATE(
      row{"", "JSON"}, row{"{", "JSON"}, row{"1", "object"}, row{R"({"colour":1})", "colour"},
      row{R"({"clear":1})", "clear"}, row{R"({"faults":{}})", "faults"},
      row{R"({"latency_ms":-1})", "latency_ms"}, row{R"({"latency_ms":{"x":1}})", "'x'"},
      row{R"({"effect":"drop_after"})", "exactly one"},
      row{R"({"effect":"drop_after","nth":1,"always":true})", "exactly one"},
      row{R"({"effect":"explode","nth":1})", "effect"},
      row{R"({"effect":"status","status":99,"nth":1})", "status"},
      row{R"({"effect":"status","nth":-1})", "nth"},
      row{R"({"effect":"status","probability":2})", "probability"},
      row{R"({"effect":"status","vendor":"paypal","nth":1})", "vendor"},
      row{R"({"effect":"status","vendor":"slack","operation":"charge","nth":1})", "operation"},
      row{R"({"effect":"status","headers":{"a":"b\r\nc"},"nth":1})", "headers"},
      row{R"({"effect":"status","nth":1,"when":1})", "when"},
      row{R"({"faults":[{"effect":"status","always":true},{"nth":1}]})", "effect"},
      row{R"({"effect":"queued","vendor":"stripe","nth":1})", "queued"},
      row{R"({"effect":"queued","vendor":"shippo","operation":"label","nth":1,"outcome":"?"})",
          "outcome"},
      row{R"({"clock_skew_ms":2592000001})", "clock_skew_ms"},
      row{R"({"clock_skew_ms":{"stripe":1.5}})", "clock_skew_ms.stripe"},
      row{R"({"page_size_max":-1})", "page_size_max"},
      row{R"({"calls_per_second":{"stripe":-1}})", "calls_per_second"},
      row{R"({"retry_after_s":"soon"})", "retry_after_s"},
      row{R"({"oldest_first":{"shippo":1}})", "oldest_first.shippo"},
      row{R"({"ignores_filter":"yes"})", "ignores_filter"}, row{R"({"refund":"pi_1"})", "refund"},
      row{R"({"refund":{"amount":1}})", "payment_intent"},
      row{R"({"refund":{"payment_intent":"pi_x","status":"lost"}})", "status"},
      row{R"({"refund":{"payment_intent":"pi_x"},"latency_ms":5})", "refund"},
      row{R"({"authenticate":"pi_x","latency_ms":5})", "authenticate"},
      row{R"({"fail_authentication":"pi_x"})", "fail_authentication"});
  CAPTURE(r.text);
  mock_client c;
  const auto done = c.world.control(r.text);
  REQUIRE_FALSE(done);
  CHECK(done.error().message.find(r.word) != std::string::npos);
  const auto reply = c.charge();
  CHECK(reply.response.status == 200);
  CHECK(reply.delay_ms == 0);
  CHECK(c.send("POST", "/control", {}, r.text).response.status >= 400);
}

TEST_CASE("each vendor shuts its door in its own way, and nothing is done", "[mock][fault]") {
  mock_client c;
  struct row {
    const char* effect;
    int status;
    const char* slack;
  };
  const auto r = GENERATE(row{"unauthorized", 401, "token_revoked"},
                          row{"forbidden", 403, "missing_scope"}, row{"not_found", 404, ""});
  CAPTURE(r.effect);
  REQUIRE(c.world.control(
      json{{"vendor", "*"}, {"effect", r.effect}, {"always", true}, {"times", 5}}.dump()));
  const auto stripe = c.charge("k1");
  CHECK(stripe.response.status == r.status);
  CHECK(body_of(stripe)["error"]["type"] == "invalid_request_error");
  CHECK_FALSE(body_of(stripe)["error"].contains("code"));
  CHECK(c.shippo_get("transactions").response.status == r.status);
  CHECK(c.mail(mock_client::mail_body()).response.status == r.status);
  const auto slack = c.slack("chat.postMessage", text({{"channel", "C0123456789"}, {"text", "x"}}));
  CHECK(slack.response.status == (r.status == 404 ? 404 : 200));
  if (r.status != 404)
    CHECK(body_of(slack)["error"] == r.slack);
  const auto hook = c.send("POST", "/slack/services/T0/B0/x", {}, R"({"text":"x"})");
  CHECK(hook.response.status == (r.status == 404 ? 404 : 403));
  CHECK(ledger_of(c)["effects"].empty());
  // The sixth call is let in again, and nothing was stored under its key.
  CHECK(c.charge("k1").response.header("idempotent-replayed") == nullptr);
  CHECK(c.total(effect_kind::charge) == 1);
}

TEST_CASE("a vendor's clock has its own time in dates, objects and lists", "[mock][control]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"clock_skew_ms":{"stripe":-120000,"slack":1500}})"));
  const auto reply = c.charge();
  CHECK(*reply.response.header("date") == "Tue, 14 Nov 2023 22:11:20 GMT");
  CHECK(body_of(reply)["created"] == c.now / 1'000 - 120);
  CHECK(*c.mail(mock_client::mail_body()).response.header("date") ==
        "Tue, 14 Nov 2023 22:13:20 GMT");
  const auto slack = c.slack("chat.postMessage", text({{"channel", "C0123456789"}, {"text", "x"}}));
  CHECK(body_of(slack)["ts"] == "1700000001.500000");
  CHECK(*c.send("GET", "/health").response.header("date") == "Tue, 14 Nov 2023 22:13:20 GMT");
  c.send("POST", "/reset");
  CHECK(*c.charge().response.header("date") == "Tue, 14 Nov 2023 22:13:20 GMT");
}

TEST_CASE("a fault may set the date itself", "[mock][fault]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"vendor":"stripe","effect":"status","status":503,"nth":1,
      "headers":{"Date":"Sun Nov  6 08:49:37 1994"}})"));
  const auto reply = c.charge();
  CHECK(*reply.response.header("date") == "Sun Nov  6 08:49:37 1994");
  CHECK(std::count_if(reply.response.headers.begin(), reply.response.headers.end(),
                      [](const auto& h) { return h.first == "date"; }) == 1);
}

TEST_CASE("hangs and resets are told to whoever plays the network", "[mock][fault]") {
  mock_client c;
  REQUIRE(c.world.control(R"([{"vendor":"stripe","effect":"hang","nth":1},
                              {"vendor":"stripe","effect":"hang_after","nth":1},
                              {"vendor":"stripe","effect":"reset_after_answer","nth":1}])"));
  const auto hung = c.charge("k1");
  CHECK(hung.wire == wire_action::hang);
  CHECK(hung.delay_ms >= 3'600'000);
  CHECK(c.total(effect_kind::charge) == 0);
  CHECK(c.charge("k1").wire == wire_action::hang);
  CHECK(c.total(effect_kind::charge) == 1);
  const auto reset = c.charge("k1");
  CHECK(reset.wire == wire_action::answer_then_reset);
  CHECK(reset.response.status == 200);
}

TEST_CASE("a refund from the dashboard stands where it should, and is listed with its charge",
          "[mock][control]") {
  mock_client c;
  const std::string id = body_of(c.charge("k1"))["id"];
  const auto refund = [&](const char* status, int amount) {
    return c.world
        .control(json{{"refund", {{"payment_intent", id}, {"amount", amount}, {"status", status}}}}
                     .dump())
        .has_value();
  };
  CHECK(refund("failed", 4'200));
  CHECK(refund("pending", 1'000));
  CHECK(refund("succeeded", 200));
  CHECK_FALSE(refund("succeeded", 3'001));
  CHECK(c.total(effect_kind::refund) == 2);
  CHECK(c.world.effects().count("ord-1", effect_kind::refund) == 2);
  const auto refused = body_of(c.stripe("refunds", "amount=4200&payment_intent=" + id));
  CHECK(refused["error"]["message"] ==
        "Refund amount ($42.00) is greater than unrefunded amount on charge ($30.00)");
  CHECK(refused["error"]["param"] == "amount");
  const auto list =
      body_of(c.stripe_get("refunds?payment_intent=" + id + "&expand[]=data.charge"))["data"];
  REQUIRE(list.size() == 3);
  CHECK(list[1]["status"] == "pending");
  CHECK(list[2]["status"] == "failed");
  CHECK(list[0]["charge"]["amount_captured"] == 4'200);
  CHECK(list[0]["charge"]["amount_refunded"] == 1'200);
  CHECK(list[0]["charge"]["refunded"] == false);
  CHECK(body_of(c.stripe_get("refunds?payment_intent=" + id))["data"][0]["charge"].is_string());
  CHECK(refund("succeeded", 0)); // All that is left.
  CHECK_FALSE(refund("succeeded", 0));
}

TEST_CASE("lists have the pages, order and filters they were told to have", "[mock][control]") {
  mock_client c;
  std::vector<std::string> ids;
  for (int i = 0; i < 5; ++i)
    ids.push_back(body_of(c.charge())["id"]);
  REQUIRE(c.world.control(R"({"page_size_max":2,"oldest_first":{"stripe":true}})"));
  std::vector<std::string> seen;
  std::string cursor;
  int pages = 0;
  do {
    const auto page = body_of(c.stripe_get("payment_intents?limit=100" + cursor));
    for (const auto& pi : page["data"])
      seen.push_back(pi["id"]);
    cursor = page["has_more"] == true ? "&starting_after=" + seen.back() : std::string();
    ++pages;
  } while (!cursor.empty() && pages < 10);
  CHECK(pages == 3);
  CHECK(seen == ids);
  const auto before = body_of(c.stripe_get("payment_intents?ending_before=" + ids[4]))["data"];
  REQUIRE(before.size() == 2);
  CHECK(before[0]["id"] == ids[2]);
  CHECK(before[1]["id"] == ids[3]);
  c.now += 10'000;
  CHECK(body_of(c.stripe_get("payment_intents?created[gte]=1700000005"))["data"].empty());
  REQUIRE(c.world.control(R"({"ignores_filter":true})"));
  CHECK(body_of(c.stripe_get("payment_intents?created[gte]=1700000005"))["data"].size() == 2);
  c.send("POST", "/reset");
  for (int i = 0; i < 3; ++i)
    c.charge();
  CHECK(body_of(c.stripe_get("payment_intents?created[gte]=1"))["data"].size() == 3);
}

TEST_CASE("reset forgets everything, and old ids stay unknown", "[mock][control]") {
  mock_client c;
  const std::string id = body_of(c.charge("k1"))["id"];
  REQUIRE(c.world.control(R"({"vendor":"stripe","effect":"late_work","always":true})"));
  c.charge("k2");
  CHECK(c.send("POST", "/reset").response.status == 200);
  CHECK(ledger_of(c)["effects"].empty());
  CHECK(c.world.late_pending() == 0);
  CHECK(c.stripe_get("payment_intents/" + id).response.status == 404);
  CHECK(body_of(c.charge("k1"))["id"] != id);
}

TEST_CASE("somebody else answers in the vendor's place, with or without its work",
          "[mock][fault]") {
  for (const bool work : {true, false}) {
    CAPTURE(work);
    for (const std::string effect : {"html", "empty", "foreign"}) {
      CAPTURE(effect);
      mock_client c;
      REQUIRE(c.world.control(R"({"vendor":"*","always":true,"effect":")" + effect +
                              R"(","work":)" + (work ? "true" : "false") + '}'));
      const auto charge = c.charge("k1");
      const auto mail = c.mail(mock_client::mail_body());
      const auto label = c.buy("rate_1");
      CHECK(charge.response.status == 200);
      CHECK(mail.response.status == 202);
      CHECK(mail.response.header("x-message-id") == nullptr);
      CHECK(c.total(effect_kind::charge) == (work ? 1 : 0));
      CHECK(c.total(effect_kind::mail) == (work ? 1 : 0));
      // A refusal of the vendor itself is not covered up.
      CHECK(label.response.status == (work ? 400 : 201));
      CHECK(charge.response.body.empty() == (effect == "empty"));
      CHECK(json::accept(charge.response.body) == (effect == "foreign"));
    }
  }
  CHECK_FALSE(
      mock_client().world.control(R"({"vendor":"*","always":true,"effect":"html","work":1})"));
}
