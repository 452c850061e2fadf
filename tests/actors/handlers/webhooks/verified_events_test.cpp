// What verified webhooks do to an order.
#include "actors/durable/idempotency_key.hpp"
#include "actors/handlers/objects.hpp"
#include "journal/open_work.hpp"
#include "providers/policy/doubt.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/event_check.hpp"
#include "tests/support/must.hpp"
#include "tests/support/order_check.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace orderhub::testing {

namespace {

using handlers::receipt;
using providers::mock::call_id;
using providers::mock::effect_kind;

/// Every vendor's webhooks are on.
world_settings listening(std::string_view control = "[]") {
  auto s = with_faults(control);
  s.orders.payment_events = s.orders.label_events = s.orders.sms_events = true;
  s.orders.mail_events = true;
  return s;
}

std::string shown(const world& w, const char* name) {
  return field(w.order("1").body, name);
}

std::size_t stripe_calls(const world& w) {
  return static_cast<std::size_t>(
      std::count_if(w.requests().begin(), w.requests().end(),
                    [](const std::string& r) { return r.find("/stripe/") != std::string::npos; }));
}

std::uint64_t ended(const world_settings& s, handlers::event_verdict with) {
  return s.orders.webhooks->ended.at(static_cast<std::size_t>(with));
}

/// An order whose charge is made, its answer lost, and Stripe out of reach since.
constexpr const char* lost_answer =
    R"([{"vendor":"stripe","operation":"charge","nth":1,"effect":"drop_after"},)"
    R"({"vendor":"stripe","always":true,"effect":"drop_before"}])";

} // namespace

// ── Payments ─────────────────────────────────────────────────────────────────────────────────

TEST_CASE("a payment whose answer was lost goes on by its event alone", "[webhooks][orders]") {
  world w(listening(lost_answer));
  event_sender stripe(w);
  const auto asked = w.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run_until([&](world&) { return !stripe.vendor_id("charge").empty(); }));
  w.run(60'000);
  REQUIRE_FALSE(w.of(asked).heard);
  REQUIRE(shown(w, "in_doubt").find("charge") != std::string::npos);

  const auto event = stripe.payment(event_kind::payment_succeeded, "evt_1");
  CHECK(stripe.deliver(event) == 202);
  const auto answer = w.wait_for(asked);
  CHECK(answer.status == 200);
  CHECK(field(answer.body, "status") == "confirmed");
  CHECK(w.effects("1", effect_kind::charge) == 1);
  CHECK(stripe.became(event, "verdict") == "applied");
}

TEST_CASE("an event comes once or often, and counts once", "[webhooks]") {
  world w(listening());
  event_sender stripe(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run();
  const auto event = stripe.payment(event_kind::payment_succeeded, "evt_1");
  std::vector<std::size_t> sent;
  for (int i = 0; i < 5; ++i)
    sent.push_back(stripe.send(event));
  for (const auto number : sent)
    CHECK(w.wait_for(number).status == 202);
  w.run();
  CHECK(stripe.deliver(event) == 202);
  const auto received = std::count_if(w.log().begin(), w.log().end(), [](const auto& r) {
    return r.kind == journal::record_kind::input && r.name == "Receive";
  });
  CHECK(received == 1);
  CHECK(stripe.became(event, "verdict") == "unchanged");
}

TEST_CASE("an order that knows what an event says is not told of it, one in doubt is",
          "[webhooks]") {
  const bool is_known = GENERATE(true, false);
  CAPTURE(is_known);
  world w(listening(is_known ? "[]" : lost_answer));
  event_sender stripe(w);
  w.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run_until([&](world&) { return !stripe.vendor_id("charge").empty(); }));
  w.run(60'000);
  const auto event = stripe.payment(event_kind::payment_succeeded, "evt_1");
  CHECK(stripe.deliver(event) == 202);
  w.run();
  const auto told = std::count_if(w.log().begin(), w.log().end(), [](const auto& r) {
    return r.kind == journal::record_kind::send && r.name == "RecordWebhook";
  });
  CHECK(told == (is_known ? 0 : 1));
  CHECK(stripe.became(event, "verdict") == (is_known ? "unchanged" : "applied"));
  CHECK(shown(w, "status") == "confirmed");
}

TEST_CASE("an event over another amount, currency or payment moves no fact", "[webhooks][N02]") {
  world w(listening(lost_answer));
  event_sender stripe(w);
  w.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run_until([&](world&) { return !stripe.vendor_id("charge").empty(); }));
  w.run(60'000);
  auto event = stripe.payment(event_kind::payment_succeeded, "evt_1");
  std::vector<std::string> wanted;
  SECTION("another amount") {
    event.what.amount = 1999;
    wanted = {"19.99", "42.50"};
  }
  SECTION("another currency") {
    event.what.currency = "eur";
    wanted = {"EUR", "USD"};
  }
  SECTION("another hub's metadata, so only the order's key") {
    event.what.about = {{}, "1", {}, {}};
    event.what.vendor_ids = {"pi_of_somebody"};
    wanted = {"pi_of_somebody", "42.50"};
  }
  CHECK(stripe.deliver(event) == 202);
  w.run(60'000);
  CHECK(stripe.became(event, "verdict") == "contradicts");
  CHECK(shown(w, "status") == "pending");
  const auto attention = shown(w, "attention");
  INFO(attention);
  for (const auto& part : wanted)
    CHECK(attention.find(part) != std::string::npos);
  CHECK(shown(w, "in_doubt").find("charge") != std::string::npos);
}

TEST_CASE("an event of another hub is recorded and changes nothing", "[webhooks]") {
  world w(listening(lost_answer));
  event_sender stripe(w);
  w.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run_until([&](world&) { return !stripe.vendor_id("charge").empty(); }));
  w.run(60'000);
  auto event = stripe.payment(event_kind::payment_succeeded, "evt_1");
  event.what.about.hub = std::string(32, 'f');
  event.is_foreign = true; // As the door finds.
  CHECK(stripe.deliver(event) == 202);
  w.run(60'000);
  CHECK(stripe.became(event, "verdict") == "foreign");
  CHECK(shown(w, "status") == "pending");
  CHECK(shown(w, "attention") == "[]");
}

// Another program's metadata may look like ours, in an account that both use.
TEST_CASE("an event that names what can be no order is a dead letter", "[webhooks]") {
  world w(listening());
  event_sender stripe(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run();
  auto event = stripe.payment(event_kind::payment_succeeded, "evt_1");
  event.what.vendor_ids.clear();
  for (const auto& named : {std::string(256, 'x'), std::string(5'000, 'x'), std::string("a\nb"),
                            std::string("a\xff"), std::string("a\0b", 3)}) {
    CAPTURE(named.size());
    event.what.id += "_";
    event.what.about = {{}, named, "charge", "1"};
    CHECK(stripe.deliver(event) == 202);
    w.run();
    CHECK(stripe.became(event, "verdict") == "unmatched");
  }
  CHECK(shown(w, "attention") == "[]");
}

TEST_CASE("an event of another key generation settles no doubt", "[webhooks]") {
  world w(listening(lost_answer));
  event_sender stripe(w);
  w.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run_until([&](world&) { return !stripe.vendor_id("charge").empty(); }));
  w.run(60'000);
  auto event = stripe.payment(event_kind::payment_requires_action, "evt_1");
  event.what.generation = "2";
  CHECK(stripe.deliver(event) == 202);
  w.run(60'000);
  CHECK(shown(w, "in_doubt").find("charge") != std::string::npos);
  event.what.id = "evt_2";
  event.what.generation = "1";
  CHECK(stripe.deliver(event) == 202);
  w.run(60'000);
  CHECK(shown(w, "in_doubt") == "[]");
  CHECK(shown(w, "status") == "requires_action");
}

TEST_CASE("an event that names the call's own key is evidence for its step", "[webhooks]") {
  world w(listening(lost_answer));
  event_sender stripe(w);
  w.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run_until([&](world&) { return !stripe.vendor_id("charge").empty(); }));
  w.run(60'000);
  auto event = stripe.payment(event_kind::payment_requires_action, "evt_1");
  event.what.about = {{}, "1", {}, {}};
  event.what.generation.clear();
  const auto open = journal::open_keys(must(w.stored().load(order_object("1"))));
  REQUIRE(open.size() == 1);
  SECTION("of another call") {
    event.what.idempotency_key = durable::key_of_generation(open[0].first, 2);
    CHECK(stripe.deliver(event) == 202);
    w.run(60'000);
    CHECK(shown(w, "in_doubt").find("charge") != std::string::npos);
  }
  SECTION("of its own") {
    event.what.idempotency_key = open[0].first;
    CHECK(stripe.deliver(event) == 202);
    w.run(60'000);
    CHECK(shown(w, "in_doubt") == "[]");
    CHECK(shown(w, "status") == "requires_action");
  }
}

TEST_CASE("a payment that its customer authenticates is shipped and confirmed by its event",
          "[webhooks][orders]") {
  world w(listening());
  event_sender stripe(w);
  const auto asked = w.call(order_object("1"), "ProcessOrder",
                            order_body(R"("payment":{"method":"pm_card_authenticationRequired"})"));
  REQUIRE(field(asked.body, "status") == "requires_action");
  w.run();
  // Stripe's word is enough: it cannot be asked.
  REQUIRE(w.mock.control(R"({"vendor":"stripe","always":true,"effect":"drop_before"})"));
  auto event = stripe.payment(event_kind::payment_succeeded, "evt_1");
  event.what.vendor_ids = {field(asked.body, "paymentIntentId"), "ch_1"};
  const auto before = stripe_calls(w);
  CHECK(stripe.deliver(event) == 202);
  w.run();
  CHECK(shown(w, "status") == "confirmed");
  CHECK(shown(w, "pending") == "[]");
  CHECK(w.effects("1", effect_kind::label) == 1);
  CHECK(stripe_calls(w) == before);

  SECTION("once, also where the event's id was forgotten") {
    event.what.id = "evt_2";
    CHECK(stripe.deliver(event) == 202);
    w.run();
    CHECK(w.effects("1", effect_kind::mail) == 1);
    CHECK(stripe.became(event, "verdict") == "unchanged");
  }
}

TEST_CASE("an event that a payment failed is asked of Stripe before it is believed",
          "[webhooks][orders]") {
  world w(listening());
  event_sender stripe(w);
  const auto asked = w.call(order_object("1"), "ProcessOrder",
                            order_body(R"("payment":{"method":"pm_card_authenticationRequired"})"));
  w.run();
  const auto intent = field(asked.body, "paymentIntentId");
  auto event = stripe.payment(event_kind::payment_failed, "evt_1");
  event.what.vendor_ids = {intent};
  SECTION("it is not true") {
    CHECK(stripe.deliver(event) == 202);
    w.run();
    CHECK(shown(w, "status") == "requires_action");
  }
  SECTION("it is") {
    REQUIRE(w.mock.control(R"({"fail_authentication":")" + intent + "\"}"));
    CHECK(stripe.deliver(event) == 202);
    w.run();
    CHECK(shown(w, "status") == "payment_failed");
  }
}

TEST_CASE("an attempt that failed before the order was changed contradicts nothing",
          "[webhooks][orders]") {
  world w(listening());
  event_sender stripe(w);
  w.call(order_object("1"), "ProcessOrder",
         order_body(R"("payment":{"method":"pm_card_chargeDeclined"})"));
  w.run();
  const auto body = order_body(R"("adjustments":[{"label":"Voucher","amount":-1000}])");
  REQUIRE(w.call(order_object("1"), "ProcessOrder", body).status == 200);
  w.run();
  REQUIRE(shown(w, "total") == "3250");
  auto event = stripe.payment(event_kind::payment_failed, "evt_1");
  event.what.amount = 4250;
  event.what.vendor_ids = {"pi_declined"};
  SECTION("that it failed comes late") {}
  SECTION("that its customer was asked comes late") {
    event.what.kind = event_kind::payment_requires_action;
  }
  SECTION("that its bank was asked comes late") {
    event.what.kind = event_kind::payment_processing;
  }
  CHECK(stripe.deliver(event) == 202);
  w.run();
  CHECK(stripe.became(event, "verdict") == "unchanged");
  CHECK(shown(w, "attention") == "[]");
  CHECK(shown(w, "status") == "confirmed");

  // That it is money after all concerns a person.
  event.what.id = "evt_2";
  event.what.kind = event_kind::payment_succeeded;
  CHECK(stripe.deliver(event) == 202);
  w.run();
  CHECK(stripe.became(event, "verdict") == "contradicts");
}

TEST_CASE("a refund made at the vendor's dashboard is followed by the order", "[webhooks]") {
  world w(listening());
  event_sender stripe(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run();
  auto event = stripe.payment(event_kind::payment_refunded, "evt_1");
  event.what.is_total = true;
  event.what.about = {};
  SECTION("all of it") {
    CHECK(stripe.deliver(event) == 202);
    w.run();
    CHECK(shown(w, "status") == "refunded");
  }
  SECTION("a part of it") {
    event.what.amount = 1000;
    CHECK(stripe.deliver(event) == 202);
    w.run();
    CHECK(shown(w, "status") == "confirmed");
  }
  CHECK(stripe.became(event, "verdict") == "applied");
}

TEST_CASE("a refund that was given back and fails after all calls a person", "[webhooks]") {
  world w(listening());
  event_sender stripe(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  const bool is_cancelled = GENERATE(false, true);
  w.call(order_object("1"), is_cancelled ? "CancelOrder" : "RefundOrder",
         is_cancelled ? "" : R"({"refundId":"r1","amount":1000})");
  w.run();
  auto event = stripe.payment(event_kind::refund_failed, "evt_1");
  const auto of_payment = event.what.vendor_ids;
  event.what.vendor_ids = {stripe.vendor_id("refund")};
  event.what.vendor_ids.insert(event.what.vendor_ids.end(), of_payment.begin(), of_payment.end());
  event.what.about.step = is_cancelled ? "refund" : "refund_order";
  event.what.code = "expired_or_canceled_card";
  CHECK(shown(w, "attention") == "[]");
  CHECK(stripe.deliver(event) == 202);
  w.run();
  CHECK(stripe.became(event, "verdict") == "applied");
  CHECK(shown(w, "attention").find("Stripe could not make the refund re_") != std::string::npos);
  CHECK((shown(w, "refunds").find(R"("state":"failed")") != std::string::npos) == !is_cancelled);
}

TEST_CASE("what is said of a payment that a step took twice is not said of the order's own",
          "[webhooks][extra]") {
  auto s = listening(R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"twice"})");
  s.doubt.emplace("stripe.charge", must(providers::parse_doubt("look_up 60s")));
  world w(s);
  event_sender stripe(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run();
  REQUIRE(w.effects("1", effect_kind::charge) == 2);
  REQUIRE(w.effects("1", effect_kind::refund) == 1);
  const auto own = shown(w, "paymentIntentId");
  const auto first = stripe.vendor_id("charge");
  auto extra = stripe.payment(event_kind::payment_refunded, "evt_1");
  // Its charge has the metadata of the very same step and attempt.
  const auto told = shown(w, "attention");
  const auto at = told.find("pi_");
  REQUIRE(at != std::string::npos);
  extra.what.vendor_ids = {told.substr(at, first.size())};
  REQUIRE(extra.what.vendor_ids[0] != own);
  extra.what.is_total = true;
  auto paid = extra;
  paid.what.id = "evt_2";
  paid.what.kind = event_kind::payment_succeeded;
  paid.what.is_total = false;
  for (const auto& event : {extra, paid}) {
    CHECK(stripe.deliver(event) == 202);
    w.run();
    CHECK(stripe.became(event, "verdict") == "unchanged");
    CHECK(shown(w, "status") == "confirmed");
    CHECK(shown(w, "attention") == told);
  }
}

TEST_CASE("a payment that a step took twice is given back when its event comes, once",
          "[webhooks][extra]") {
  // Its key settles the doubt, so nobody looks: the other payment is known to Stripe alone.
  world w(listening(R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"twice"})"));
  event_sender stripe(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run();
  REQUIRE(w.effects("1", effect_kind::charge) == 2);
  REQUIRE(w.effects("1", effect_kind::refund) == 0);
  const auto own = shown(w, "paymentIntentId");
  auto other = stripe.payment(event_kind::payment_succeeded, "evt_1");
  other.what.vendor_ids = stripe.vendor_ids("charge");
  std::erase(other.what.vendor_ids, own);
  REQUIRE(other.what.vendor_ids.size() == 1);

  SECTION("its own") {
    auto again = other;
    again.what.id = "evt_2";
    again.what.type = "charge.succeeded";
    CHECK(stripe.deliver(other) == 202);
    CHECK(stripe.deliver(again) == 202);
    w.run();
    CHECK(stripe.became(other, "verdict") == "applied");
    CHECK(stripe.became(again, "verdict") == "unchanged");
    CHECK(w.effects("1", effect_kind::refund) == 1);
    CHECK(shown(w, "attention").find("taken twice, and given back: " + other.what.vendor_ids[0]) !=
          std::string::npos);
    CHECK(shown(w, "pending") == "[]");
  }
  SECTION("but not over another amount, nor of another step") {
    auto changed = other;
    changed.what.id = "evt_2";
    changed.what.amount = 1;
    other.what.about.step = "something";
    CHECK(stripe.deliver(other) == 202);
    CHECK(stripe.deliver(changed) == 202);
    w.run();
    CHECK(stripe.became(other, "verdict") == "contradicts");
    CHECK(stripe.became(changed, "verdict") == "contradicts");
    CHECK(w.effects("1", effect_kind::refund) == 0);
  }
  CHECK(shown(w, "status") == "confirmed");
  CHECK(shown(w, "paymentIntentId") == own);
}

TEST_CASE("a refund of a payment that nobody here knows moves no fact", "[webhooks]") {
  world w(listening());
  event_sender stripe(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run();
  auto event = stripe.payment(event_kind::payment_refunded, "evt_1");
  event.what.is_total = true;
  event.what.vendor_ids = {"pi_of_somebody"};
  CHECK(stripe.deliver(event) == 202);
  auto dispute = stripe.payment(event_kind::dispute_lost, "evt_2");
  dispute.what.vendor_ids = {"pi_of_somebody"};
  CHECK(stripe.deliver(dispute) == 202);
  w.run();
  CHECK(stripe.became(event, "verdict") == "contradicts");
  CHECK(stripe.became(dispute, "verdict") == "contradicts");
  CHECK(shown(w, "status") == "confirmed");
  CHECK(shown(w, "attention").find("pi_of_somebody") != std::string::npos);
}

TEST_CASE("a dispute is found by the payment's id, told once, and stops the parcel", "[webhooks]") {
  world w(listening());
  event_sender stripe(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run();
  const auto opened = stripe.dispute(event_kind::dispute_opened, "evt_1");
  CHECK(stripe.deliver(opened) == 202);
  CHECK(stripe.deliver(stripe.dispute(event_kind::dispute_opened, "evt_2")) == 202);
  w.run();
  CHECK(stripe.became(opened, "verdict") == "applied");
  CHECK(shown(w, "status") == "disputed");
  CHECK(w.effects("1", effect_kind::message, "announce_dispute_opened") == 1);
  CHECK(w.effects("1", effect_kind::label_refund) == 1);
}

TEST_CASE("a parcel that a dispute stopped is a person's once the dispute is won", "[webhooks]") {
  struct row {
    const char* name;
    std::string control;
    std::size_t labels;
  };
  const auto with = [](const char* effect) {
    return std::string(R"({"vendor":"shippo","operation":"label","always":true,"effect":)") +
           effect + '}';
  };
  const auto awaited = with(R"("untracked","late_ms":3600000)");
  const auto refused = with(R"("refuse","text":"no")");
  const auto r =
      GENERATE_COPY(row{"a label", "[]", 1}, row{"a label whose number is awaited", awaited, 1},
                    row{"a label that was refused", refused, 0});
  CAPTURE(r.name);
  world w(listening(r.control));
  event_sender stripe(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run(1'000);
  SECTION("which was never opened: it goes on") {
    CHECK(stripe.deliver(stripe.dispute(event_kind::dispute_won, "evt_2")) == 202);
    w.run(60'000);
    CHECK(w.effects("1", effect_kind::label_refund) == 0);
    CHECK(shown(w, "attention").find("stopped_parcel") == std::string::npos);
  }
  SECTION("which was opened") {
    CHECK(stripe.deliver(stripe.dispute(event_kind::dispute_opened, "evt_1")) == 202);
    w.run(60'000);
    REQUIRE(w.effects("1", effect_kind::label_refund) == r.labels);
    CHECK(shown(w, "attention") == "[]");
    CHECK(stripe.deliver(stripe.dispute(event_kind::dispute_won, "evt_2")) == 202);
    w.run(60'000);
    CHECK(shown(w, "status") == "confirmed");
    CHECK(shown(w, "pending") == "[]");
    CHECK(shown(w, "attention").find(R"("step":"stopped_parcel")") != std::string::npos);
    // Cancelled, nobody is called for it any more.
    CHECK(w.call(order_object("1"), "CancelOrder", {}).status == 200);
    w.run(60'000);
    CHECK(shown(w, "attention") == "[]");
  }
}

// ── Found by the vendor's ids ────────────────────────────────────────────────────────────────

TEST_CASE("an event that comes before its id is known waits for it", "[webhooks]") {
  const auto s = listening();
  world w(s);
  event_sender shippo(w);
  receipt early;
  early.vendor = "shippo";
  early.what.id = "track_1";
  early.what.kind = event_kind::in_transit;
  w.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run_until([&](world&) { return !shippo.vendor_id("label").empty(); }));
  early.what.vendor_ids = {"9400 unknown", shippo.vendor_id("label")};
  const auto sent = shippo.send(early);
  w.run();
  CHECK(w.wait_for(sent).status == 202);
  CHECK(shippo.became(early, "verdict") == "applied");
  CHECK(shown(w, "status") == "in_transit");
  CHECK(s.orders.webhooks->waited == 1);
  CHECK(ended(s, handlers::event_verdict::unmatched) == 0);
  CHECK(ended(s, handlers::event_verdict::applied) == 1);
}

TEST_CASE("an event that is about nothing here is a dead letter until somebody assigns it",
          "[webhooks]") {
  const auto s = listening();
  world w(s);
  event_sender shippo(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run();
  auto lost = shippo.tracking(event_kind::in_transit, "track_1");
  lost.what.vendor_ids = {"somebody's number"};
  CHECK(shippo.deliver(lost) == 202);
  w.run(60'000);
  CHECK(shippo.became(lost, "verdict") == "unmatched");
  CHECK_FALSE(shippo.became(lost, "text").empty());
  CHECK(ended(s, handlers::event_verdict::unmatched) == 0);
  w.run(); // It is not waited for any more, and still there.
  CHECK(shippo.became(lost, "verdict") == "unmatched");
  CHECK(ended(s, handlers::event_verdict::unmatched) == 1);
  const auto object = event_sender::object_of(lost);
  CHECK(w.inform(object, "Replay", "").status == 200);
  w.run(60'000);
  CHECK(shippo.became(lost, "verdict") == "unmatched");
  lost.what.reference = field(w.order("1").body, "trackingNumber");
  CHECK(w.inform(object, "Assign", handlers::webhook_match{"1", "ada", "case 8812", 1'000}.encode())
            .status == 200);
  w.run();
  CHECK(shippo.became(lost, "verdict") != "unmatched");
}

TEST_CASE("an order that is cancelled is so again, where its parcel has moved meanwhile",
          "[webhooks][orders]") {
  world w(listening());
  event_sender shippo(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run();
  const auto moved = shippo.tracking(event_kind::in_transit, "t1");
  const auto first = w.call(order_object("1"), "CancelOrder", "");
  CHECK(first.status == 200);
  CHECK(shippo.deliver(moved) == 202);
  w.run();
  const auto again = w.call(order_object("1"), "CancelOrder", "");
  CHECK(again.status == 200);
  CHECK(again.body == first.body);
  CHECK(w.effects("1", effect_kind::refund) == 1);
}

// ── Parcels and notices ──────────────────────────────────────────────────────────────────────

TEST_CASE("a label that is taken back at first and refused later is a person's", "[webhooks]") {
  world w(listening());
  event_sender shippo(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run(1'000);
  REQUIRE(w.call(order_object("1"), "CancelOrder", {}).status == 200);
  REQUIRE(w.effects("1", effect_kind::label_refund) == 1);
  CHECK(shown(w, "attention") == "[]");
  const auto event = shippo.tracking(event_kind::label_refund_failed, "evt_1");
  CHECK(shippo.deliver(event) == 202);
  w.run(60'000);
  CHECK(shippo.became(event, "verdict") == "applied");
  CHECK(shown(w, "attention").find("refused to take the label " + shown(w, "labelId") + " back") !=
        std::string::npos);
  CHECK(shown(w, "status") == "cancelled");
}

TEST_CASE("a parcel never goes back, whatever comes late or twice", "[webhooks][N13]") {
  world w(listening());
  event_sender shippo(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run();
  for (const auto& [kind, id] :
       {std::pair(event_kind::delivered, "t1"), std::pair(event_kind::in_transit, "t2"),
        std::pair(event_kind::in_transit, "t2"), std::pair(event_kind::delivered, "t3")})
    CHECK(shippo.deliver(shippo.tracking(kind, id)) == 202);
  w.run();
  CHECK(shown(w, "status") == "delivered");
  CHECK(w.effects("1", effect_kind::mail, "mail_delivered") == 1);
  CHECK(w.effects("1", effect_kind::message, "announce_delivered") == 1);
}

TEST_CASE("a mail that bounces is told to the shop once, and to a customer with a phone by SMS",
          "[webhooks]") {
  auto s = listening();
  s.orders.sms = true;
  s.orders.sms_from = "+15550001111";
  s.orders.public_url = "https://shop.example";
  world w(s);
  event_sender sendgrid(w);
  const auto body = order_body();
  auto with_phone = body;
  with_phone.replace(with_phone.find(R"("name":"Ada)"), 0, R"("phone":"+12015550123",)");
  w.call(order_object("1"), "ProcessOrder", with_phone);
  w.run();
  CHECK(sendgrid.deliver(sendgrid.mail(event_kind::mail_bounced, "b1", "mail_confirm")) == 202);
  CHECK(sendgrid.deliver(sendgrid.mail(event_kind::mail_bounced, "b2", "mail_confirm")) == 202);
  w.run();
  CHECK(shown(w, "status") == "confirmed");
  CHECK(shown(w, "notices").find("undelivered: bounced") != std::string::npos);
  CHECK(w.effects("1", effect_kind::message, "announce_undelivered_mail_confirm") == 1);
  CHECK(w.effects("1", effect_kind::sms, "sms_undelivered_mail_confirm") == 1);
}

TEST_CASE("a mail in doubt waits for SendGrid's event before it is sent again",
          "[webhooks][mail]") {
  auto s = listening(R"({"vendor":"sendgrid","operation":"mail","nth":1,"effect":"drop_after"})");
  world w(s);
  event_sender sendgrid(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.effects("1", effect_kind::mail, "mail_confirm") == 1);
  SECTION("which comes") {
    CHECK(sendgrid.deliver(sendgrid.mail(event_kind::mail_processed, "p1", "mail_confirm")) == 202);
    w.run();
    CHECK(w.effects("1", effect_kind::mail, "mail_confirm") == 1);
  }
  SECTION("which never comes") {
    w.run(100'000);
    CHECK(w.effects("1", effect_kind::mail, "mail_confirm") == 1);
    w.run();
    CHECK(w.effects("1", effect_kind::mail, "mail_confirm") == 2);
  }
  CHECK(shown(w, "notices").find(R"("mail_confirm":"sent")") != std::string::npos);
}

// ── Buttons ──────────────────────────────────────────────────────────────────────────────────

TEST_CASE("a button in Slack acts for those who are named, and for nobody else", "[webhooks]") {
  auto s = listening();
  s.orders.slack_operators = {"U012AB3CD"};
  world w(s);
  event_sender slack(w);
  w.call(order_object("1"), "ProcessOrder", order_body());
  w.run();
  receipt pressed;
  pressed.vendor = "slack";
  pressed.what.id = "press_1";
  pressed.what.kind = event_kind::operator_action;
  pressed.what.action = "cancel_order";
  pressed.what.about.order_id = "1";
  pressed.what.actor = "U0SOMEBODY";
  CHECK(slack.deliver(pressed) == 202);
  w.run();
  CHECK(slack.became(pressed, "verdict") == "refused");
  CHECK(shown(w, "status") == "confirmed");
  pressed.what.id = "press_2";
  pressed.what.actor = "U012AB3CD";
  CHECK(slack.deliver(pressed) == 202);
  w.run();
  CHECK(slack.became(pressed, "verdict") == "applied");
  CHECK(shown(w, "status") == "cancelled");
}

} // namespace orderhub::testing
