#include "actors/handlers/orders/order_event.hpp"
#include "actors/handlers/orders/order_list.hpp"
#include "journal/record.hpp"
#include "providers/policy/doubt.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/explained.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What an order is said to be, as golden texts: one for each situation in which somebody looks.
namespace orderhub::testing {

namespace {

using handlers::explanation;
using providers::mock::effect_kind;

constexpr std::int64_t second = 1'000, minute = 60 * second;
/// Where lines are broken depends on ids and times.
constexpr std::size_t whole_lines = 100'000;

std::string fault(const std::string& vendor, const std::string& operation,
                  const std::string& rest) {
  return R"({"vendor":")" + vendor + R"(","operation":")" + operation + R"(",)" + rest + "}";
}

std::size_t ask(world& w, const std::string& extra = {}) {
  return w.ask(order_object("1"), "ProcessOrder", order_body(extra));
}

const handlers::explained_step* step(const explanation& e, std::string_view name) {
  const auto it =
      std::find_if(e.steps.begin(), e.steps.end(), [&](const auto& s) { return s.name == name; });
  return it == e.steps.end() ? nullptr : &*it;
}

bool has_moment(const explanation& e, std::string_view name, handlers::sentence which) {
  const auto* s = step(e, name);
  return s != nullptr && std::any_of(s->moments.begin(), s->moments.end(),
                                     [&](const auto& m) { return m.what.which == which; });
}

world_settings with_fulfilments(std::string_view faults = "[]") {
  auto s = with_faults(faults);
  s.orders.stock = s.orders.warehouse = s.orders.carrier = true;
  return s;
}

/// Of the order `1`, which nobody has sent.
std::size_t fulfil(world& w, const std::string& key) {
  return w.ask({"FulfillmentOrchestrator", key}, "Fulfill",
               R"({"orderId":"1","items":[{"productId":"sku-1","quantity":2}],"shipping":{)"
               R"("name":"Ada Lovelace","street":"1 Main St","city":"Springfield","state":"IL",)"
               R"("zip":"62701","email":"ada@example.com"}})");
}

/// Until the order's explanation says so.
bool until(world& w, const std::function<bool(const explanation&)>& holds) {
  return w.run_until([&](world& now) { return holds(explained(now)); });
}

/// Nothing of the customer is in any form of it.
void is_without_person(const explanation& e) {
  for (const auto& text : {handlers::shown_as_text(e), handlers::shown_as_markdown(e)})
    for (const char* part : {"Ada", "Lovelace", "ada@example", "Main St", "Springfield", "62701"}) {
      INFO(part << " in\n" << text);
      CHECK(text.find(part) == std::string::npos);
    }
}

void is_golden(const std::string& name, const explanation& e) {
  is_without_person(e);
  const auto differs = differs_from_golden(name, handlers::shown_as_text(e, whole_lines));
  INFO(differs);
  CHECK(differs.empty());
}

/// What the mock really took and gave back.
std::pair<std::int64_t, std::int64_t> ledger_of(const world& w) {
  std::int64_t charged = 0, refunded = 0;
  for (std::size_t i = 0; i < w.mock.effects().size(); ++i) {
    const auto e = w.mock.effects().at(i);
    charged += e.kind == effect_kind::charge ? e.amount : 0;
    refunded += e.kind == effect_kind::refund ? e.amount : 0;
  }
  return {charged, refunded};
}

void money_is_the_ledgers(const world& w) {
  const auto e = explained(w);
  const auto [charged, refunded] = ledger_of(w);
  CHECK(e.money.charged == charged);
  CHECK(e.money.refunded == refunded);
}

} // namespace

TEST_CASE("explained: an order whose charge is out", "[explain]") {
  world w;
  ask(w);
  REQUIRE(w.run_until([](world& now) { return now.calling("stripe", "payment_intents"); }));
  const auto e = explained(w);
  CHECK(e.state == "running");
  REQUIRE(step(e, "charge") != nullptr);
  CHECK(step(e, "charge")->state == "out");
  CHECK(step(e, "charge")->if_retried->move == durable::retry_move::nothing);
  is_golden("running", e);
}

TEST_CASE("explained: a label that waits for its vendor's limit", "[explain]") {
  world w(with_faults(fault("shippo", "label",
                            R"("always":true,"times":3,"effect":"status","status":429,)"
                            R"("headers":{"Retry-After":"20"})")));
  ask(w);
  REQUIRE(until(w, [](const auto& e) {
    return !e.waits_for.empty() && e.waits_for.front().what == "limiter";
  }));
  const auto e = explained(w);
  CHECK(e.state == "waiting");
  is_golden("limit", e);
  REQUIRE(w.run());
  money_is_the_ledgers(w);
}

TEST_CASE("explained: a label that may have been bought, and then is found", "[explain]") {
  world w(with_faults(
      "[" + fault("shippo", "label", R"("nth":1,"effect":"late_work","late_ms":30000)") + "," +
      fault("shippo", "list_labels", R"("nth":1,"effect":"status","status":503)") + "]"));
  ask(w);
  REQUIRE(until(
      w, [](const auto& e) { return has_moment(e, "label", handlers::sentence::proves_nothing); }));
  const auto doubted = explained(w);
  CHECK(doubted.in_doubt == std::vector<std::string>{"label"});
  REQUIRE(step(doubted, "label") != nullptr);
  const auto& retried = *step(doubted, "label")->if_retried;
  CHECK(retried.safe);
  CHECK(retried.call == "GET /transactions");
  CHECK(retried.counts_from > doubted.at);
  is_golden("doubt_before_absence_time", doubted);

  w.run(40 * second);
  const auto found = explained(w);
  if (!found.in_doubt.empty()) // It is found by the look-up after the absence time.
    CHECK(step(found, "label")->state == "in_doubt");
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::label) == 1);
  const auto e = explained(w);
  CHECK(has_moment(e, "label", handlers::sentence::found));
  CHECK(has_moment(e, "label", handlers::sentence::taken_over));
  is_golden("found_by_look_up", e);
}

TEST_CASE("explained: a label that was proven not to be bought, and was bought then", "[explain]") {
  world w(with_faults(fault("shippo", "label", R"("nth":1,"effect":"drop_before")")));
  ask(w);
  REQUIRE(w.run());
  const auto e = explained(w);
  CHECK(has_moment(e, "label", handlers::sentence::absent));
  CHECK(has_moment(e, "label", handlers::sentence::sent_once_more));
  CHECK(w.effects("1", effect_kind::label) == 1);
  is_golden("proven_absent", e);
}

TEST_CASE("explained: a charge that may have been made", "[explain]") {
  world w(with_faults("[" + fault("stripe", "charge", R"("nth":1,"effect":"drop_after")") + "," +
                      fault("stripe", "*", R"("always":true,"effect":"drop_before")") + "]"));
  ask(w);
  REQUIRE(until(w, [](const auto& e) {
    return has_moment(e, "charge", handlers::sentence::again_same_key);
  }));
  const auto e = explained(w);
  REQUIRE(step(e, "charge") != nullptr);
  const auto& retried = *step(e, "charge")->if_retried;
  CHECK(retried.by_policy == durable::doubt_move::same_key);
  CHECK(retried.key == step(e, "charge")->key);
  CHECK(retried.safe);
  is_golden("doubt_same_key", e);
}

TEST_CASE("explained: a charge that may have been made, and that nobody is to look for",
          "[explain]") {
  auto s = with_faults(fault("stripe", "charge", R"("nth":1,"effect":"drop_after")"));
  s.doubt["stripe.charge"].policy = providers::doubt_policy::may_miss;
  world w(s);
  w.wait_for(ask(w));
  REQUIRE(w.run());
  const auto e = explained(w);
  CHECK(e.state == "waiting"); // For a person.
  CHECK(e.status == "pending");
  is_golden("missed_charge", e);
}

TEST_CASE("explained: a mail that the customer may have twice", "[explain]") {
  world w(
      with_faults(fault("sendgrid", "mail", R"("always":true,"times":9,"effect":"drop_after")")));
  ask(w);
  REQUIRE(until(w, [](const auto& e) {
    return has_moment(e, "mail_confirm", handlers::sentence::tolerated) &&
           step(e, "mail_confirm")->if_retried &&
           step(e, "mail_confirm")->if_retried->by_policy == durable::doubt_move::send_again;
  }));
  const auto e = explained(w);
  CHECK_FALSE(step(e, "mail_confirm")->if_retried->safe);
  is_golden("may_repeat", e);
}

TEST_CASE("explained: a mail in doubt that waits for its event", "[explain]") {
  auto s = with_faults(fault("sendgrid", "mail", R"("nth":1,"effect":"drop_after")"));
  s.orders.mail_events = true;
  world w(s);
  ask(w);
  REQUIRE(until(w, [](const auto& e) {
    return has_moment(e, "mail_confirm", handlers::sentence::event_wait);
  }));
  const auto e = explained(w);
  CHECK(step(e, "mail_confirm")->if_retried->move == durable::retry_move::end_event_wait);
  is_golden("await_event", e);
}

TEST_CASE("explained: an order that waits for a vendor that is away", "[explain]") {
  world w(with_faults(fault("shippo", "*", R"("always":true,"effect":"drop_before")")));
  ask(w);
  REQUIRE(until(
      w, [](const auto& e) { return !e.waits_for.empty() && e.waits_for.front().until > 0; }));
  auto now = now_of(w);
  for (auto& v : now.vendors)
    if (v.vendor == "shippo")
      v = {"shippo",
           handlers::vendor_hold_kind::breaker,
           now.at - 40 * second,
           "63 % of 41 calls failed, last 503",
           now.at + 15 * second,
           38};
  const auto e = handlers::explain(objects_of(w), now);
  is_golden("breaker_open", e);
  for (auto& v : now.vendors)
    if (v.vendor == "shippo")
      v.hold = handlers::vendor_hold_kind::paused;
  is_golden("vendor_paused", handlers::explain(objects_of(w), now));
}

TEST_CASE("explained: a label that the carrier refuses, for a person", "[explain]") {
  world w(with_faults(
      fault("shippo", "label", R"("always":true,"effect":"refuse","code":"carrier_refused")")));
  ask(w);
  REQUIRE(until(w, [](const auto& e) { return !e.attention.empty(); }));
  w.run(2 * second);
  const auto e = explained(w);
  CHECK(e.state == "waiting");
  is_golden("attention", e);
}

TEST_CASE("explained: a step that calls a person by a record and by time calls once", "[explain]") {
  world w(with_faults(fault("stripe", "*", R"("always":true,"effect":"drop_before")")));
  ask(w);
  w.run(30 * minute);
  REQUIRE(explained(w).attention.size() == 1); // By time alone.
  auto objects = objects_of(w);
  auto& own = *std::find_if(objects.states.begin(), objects.states.end(),
                            [](const auto& s) { return s.id == order_object("1"); });
  auto facts = *handlers::order_facts::decode(*own.value("facts"));
  facts.payments.back().state = handlers::payment_state::failed;
  facts.attention["charge"] = "it is refused";
  own.values["facts"] = facts.encode();
  const auto e = handlers::explain(objects, now_of(w));
  REQUIRE(e.attention.size() == 1);
  CHECK(e.attention.front().step == "charge");
  CHECK(e.attention.front().reason == "it is refused");
}

TEST_CASE("explained: an order that waits for its shipment", "[explain]") {
  world w;
  ask(w);
  REQUIRE(until(w, [](const auto& e) {
    return std::any_of(e.calls.begin(), e.calls.end(),
                       [](const auto& c) {
                         return c.what.which == handlers::sentence::call_waits_for_object;
                       }) &&
           std::any_of(e.steps.begin(), e.steps.end(),
                       [](const auto& s) { return s.name == "shipment"; });
  }));
  is_golden("waits_for_object", explained(w));
}

TEST_CASE("explained: an order that is sent twice, the second behind the first", "[explain]") {
  world w;
  ask(w);
  ask(w);
  REQUIRE(until(w, [](const auto& e) {
    return std::any_of(e.calls.begin(), e.calls.end(), [](const auto& c) {
      return c.what.which == handlers::sentence::call_waits_for_turn;
    });
  }));
  is_golden("waits_for_turn", explained(w));
}

TEST_CASE("explained: a customer who must authenticate", "[explain]") {
  world w;
  w.wait_for(ask(w, R"("payment":{"method":"pm_card_authenticationRequired"})"));
  REQUIRE(w.run());
  const auto e = explained(w);
  CHECK(e.state == "waiting");
  REQUIRE(e.waits_for.size() == 1);
  CHECK(e.waits_for.front().waker == "customer");
  CHECK(e.money.charged == 0);
  is_golden("customer", e);
}

TEST_CASE("explained: a payment that the bank has not decided", "[explain]") {
  world w(
      with_faults(fault("stripe", "charge", R"("nth":1,"effect":"processing","late_ms":100000)")));
  w.wait_for(ask(w));
  w.run(5 * second);
  is_golden("bank", explained(w));
}

TEST_CASE("explained: a card that was declined", "[explain]") {
  world w;
  w.wait_for(ask(w, R"("payment":{"method":"pm_card_chargeDeclined"})"));
  REQUIRE(w.run());
  const auto e = explained(w);
  CHECK(e.state == "done");
  is_golden("declined", e);
}

TEST_CASE("explained: an order that is done, delivered, cancelled, given back", "[explain]") {
  world w;
  w.wait_for(ask(w));
  REQUIRE(w.run());
  is_golden("confirmed", explained(w));
  money_is_the_ledgers(w);

  SECTION("delivered") {
    handlers::order_event event;
    event.name = "parcel_moved";
    event.learned.shipment = handlers::shipment_state::delivered;
    w.inform(order_object("1"), "RecordEvent", event.encode());
    REQUIRE(w.run());
    const auto e = explained(w);
    CHECK(e.status == "delivered");
    CHECK(e.state == "done");
    is_golden("delivered", e);
  }
  SECTION("cancelled") {
    w.call(order_object("1"), "CancelOrder", "");
    REQUIRE(w.run());
    const auto e = explained(w);
    CHECK(e.status == "cancelled");
    is_golden("cancelled", e);
    money_is_the_ledgers(w);
  }
  SECTION("a part given back") {
    w.call(order_object("1"), "RefundOrder", R"({"refundId":"a","amount":1000})");
    REQUIRE(w.run());
    const auto e = explained(w);
    CHECK(e.money.refunded == 1'000);
    is_golden("refunded_in_part", e);
    money_is_the_ledgers(w);
  }
}

TEST_CASE("explained: what only a person sets going again", "[explain]") {
  world w(with_faults(fault("shippo", "*", R"("always":true,"effect":"drop_before")")));
  ask(w);
  REQUIRE(until(
      w, [](const auto& e) { return !e.waits_for.empty() && e.waits_for.front().until > 0; }));
  auto objects = objects_of(w);
  auto& shipment = *std::find_if(objects.states.begin(), objects.states.end(),
                                 [](const auto& s) { return s.id.service == "Shipment"; });
  SECTION("an invocation that cannot go on with this program") {
    shipment.live.front().paused_text = "command 3 is effect label, the program asks for run plan";
    const auto e = handlers::explain(objects, now_of(w));
    CHECK(e.state == "paused");
    is_golden("paused_invocation", e);
  }
  SECTION("an object that an operator paused") {
    shipment.paused_by_operator = true;
    shipment.operators.push_back(
        {now_of(w).at - minute,
         {},
         {journal::operator_verb::pause, {}, "ada", "cli", "wrong parcel \x1b[31m", {}}});
    const auto e = handlers::explain(objects, now_of(w));
    CHECK(e.state == "paused");
    is_golden("paused_by_operator", e);
  }
}

TEST_CASE("explained: what is set aside is named, and takes nothing else with it", "[explain]") {
  world w;
  w.wait_for(ask(w));
  REQUIRE(w.run());
  auto objects = objects_of(w);
  std::erase_if(objects.states, [](const auto& s) { return s.id.service == "OrderOrchestrator"; });
  objects.set_aside.emplace_back(order_object("1"), "the row's checksum is wrong");
  const auto e = handlers::explain(objects, now_of(w));
  CHECK(e.state == "unreadable");
  CHECK(e.status == "unknown");
  is_golden("set_aside", e);
}

TEST_CASE("explained: what nothing will wake is said to be stuck", "[explain]") {
  world w;
  ask(w);
  REQUIRE(until(w, [](const auto& e) { return e.status == "paid"; }));
  auto objects = objects_of(w);
  for (auto& s : objects.states)
    s.live.clear();
  const auto e = handlers::explain(objects, now_of(w));
  CHECK(e.state == "stuck");
  is_golden("stuck", e);
}

TEST_CASE("explained: an order that its warehouse packs", "[explain]") {
  world_settings s;
  s.orders.stock = s.orders.warehouse = s.orders.carrier = true;
  s.mock.job_ms = 1'000 * minute;
  world w(s);
  w.wait_for(ask(w));
  REQUIRE(w.run(minute));
  w.submit({"FulfillmentOrchestrator", "f-1"}, "Fulfill",
           R"({"orderId":"1","items":[{"productId":"sku-1","quantity":2},{"productId":"sku-2",)"
           R"("quantity":1}],"shipping":{"name":"Ada Lovelace","street":"1 Main St",)"
           R"("city":"Springfield","state":"IL","zip":"62701"}})");
  w.run(10 * minute);
  const auto e = explained(w);
  CHECK(e.state == "waiting");
  CHECK(std::any_of(e.waits_for.begin(), e.waits_for.end(),
                    [](const auto& wait) { return wait.what == "packing"; }));
  is_golden("fulfilment", e);

  // What nothing wakes any more is stuck, of a list as well.
  auto objects = objects_of(w);
  for (auto& state : objects.states)
    state.live.clear();
  handlers::list_reader lists;
  lists.object = [&](const object_id& id) -> result<journal::object_state> {
    const auto* known = objects.find(id);
    return known != nullptr ? *known : journal::object_state();
  };
  const auto item = handlers::list_item_of("1", lists, now_of(w).at, 0);
  REQUIRE((item && *item));
  CHECK(handlers::explain(objects, now_of(w)).state == "stuck");
  CHECK((*item)->is_stuck);
}

TEST_CASE("explained: a fulfilment of an order that this hub does not know", "[explain]") {
  // Of the order's key, or of one of its own.
  const std::string key = GENERATE(as<std::string>(), "1", "f-1");
  CAPTURE(key);
  world w(with_fulfilments());
  w.wait_for(fulfil(w, key));
  for (const auto& asked : {key, std::string("1")}) {
    const auto e = explained(w, asked);
    CHECK(e.status == "shipped");
    CHECK(e.state == "done");
    CHECK(e.created_at > 0);
    CHECK_FALSE(e.tracking_number.empty());
    is_without_person(e);
  }
  REQUIRE(w.run(minute));
  CHECK_FALSE(explained(w, key).calls.empty());
  if (key == "f-1")
    is_golden("fulfilment_alone", explained(w, key));
}

TEST_CASE("explained: an order that is only spoken of is none, and not stuck", "[explain]") {
  world w(with_fulfilments());
  REQUIRE(w.mock.control(R"({"stock":{"sku-1":1}})"));
  w.wait_for(fulfil(w, "f-1"));
  REQUIRE(w.run(minute));
  // It has given the order back.
  const auto e = explained(w);
  CHECK(e.status == "unknown");
  CHECK(e.state == "done");
  is_golden("no_order", e);
  CHECK(explained(w, "f-1").status == "out_of_stock");
}

TEST_CASE("explained: a fulfilment that is not at its end and that nothing wakes is stuck",
          "[explain]") {
  world w(with_fulfilments());
  fulfil(w, "f-1");
  REQUIRE(w.run_until([](world& now) { return now.calling("warehouse", "pick_tickets"); }));
  auto objects = objects_of(w, "f-1");
  for (auto& s : objects.states)
    s.live.clear();
  CHECK(handlers::explain(objects, now_of(w)).state == "stuck");
}

TEST_CASE("an order that nobody sent is unknown", "[explain]") {
  const world w;
  CHECK(objects_of(w).is_unknown());
}

// ── What holds at every moment ──────────────────────────────────────────────────────────────

TEST_CASE("at every moment a fulfilment alone is said to wait for what will come", "[explain]") {
  const std::string faults = GENERATE(
      as<std::string>(), "[]", R"([{"vendor":"*","probability":0.2,"effect":"drop_after"}])",
      R"([{"vendor":"*","probability":0.2,"effect":"status","status":429}])");
  const auto seed = GENERATE(range(1, 1 + runs(3)));
  const std::size_t dies_every = GENERATE(std::size_t{0}, std::size_t{23});
  const std::string key = GENERATE(as<std::string>(), "1", "f-1");
  const bool is_cancelled = GENERATE(false, true);
  CAPTURE(faults, seed, dies_every, key, is_cancelled);
  auto s = with_fulfilments(faults);
  s.seed = static_cast<std::uint64_t>(seed);
  world w(s);
  fulfil(w, key);
  if (is_cancelled)
    w.when(
        [](world& now) { return now.effects("1", effect_kind::pick_ticket) == 1; },
        [key](world& now) { now.ask({"FulfillmentOrchestrator", key}, "CancelFulfillment", ""); });
  std::size_t looked = 0, steps = 0;
  while (w.step()) {
    ++steps;
    if (dies_every != 0 && steps % dies_every == 0 && steps < 400)
      w.lose_power();
    for (const auto& asked : {key, std::string("1")}) {
      const auto objects = objects_of(w, asked);
      if (objects.is_unknown())
        continue;
      ++looked;
      const auto e = handlers::explain(objects, now_of(w));
      INFO(handlers::shown_as_text(e));
      REQUIRE(e.state != "stuck");
      for (const auto& wait : e.waits_for) {
        REQUIRE_FALSE(wait.waker.empty());
        REQUIRE((wait.waker != "timer" || wait.until > 0));
      }
    }
  }
  CHECK(looked > 20);
  const auto e = explained(w, key);
  INFO(handlers::shown_as_text(e));
  CHECK(e.state == "done");
  CHECK(e.status == (is_cancelled ? "cancelled" : "shipped"));
  is_without_person(e);
}

TEST_CASE("at every moment an order is said to wait for what will come", "[explain]") {
  const std::string faults = GENERATE(
      as<std::string>(), "[]", R"([{"vendor":"*","probability":0.2,"effect":"drop_after"}])",
      R"([{"vendor":"*","probability":0.2,"effect":"drop_before"}])",
      R"([{"vendor":"shippo","operation":"label","nth":1,"effect":"queued","late_ms":20000}])",
      R"([{"vendor":"*","probability":0.2,"effect":"status","status":429}])");
  const auto seed = GENERATE(range(1, 1 + runs(5)));
  const std::size_t dies_every = GENERATE(std::size_t{0}, std::size_t{23});
  CAPTURE(faults, seed, dies_every);
  auto s = with_faults(faults);
  s.seed = static_cast<std::uint64_t>(seed);
  world w(s);
  ask(w);
  std::size_t looked = 0, steps = 0;
  while (w.step()) {
    // The machine loses power again and again: what is on disk is told as well.
    ++steps;
    if (dies_every != 0 && steps % dies_every == 0 && steps < 400)
      w.lose_power();
    const auto objects = objects_of(w);
    if (objects.is_unknown())
      continue;
    ++looked;
    const auto e = handlers::explain(objects, now_of(w));
    INFO(handlers::shown_as_text(e));
    REQUIRE(e.state != "stuck");
    // Each wait names what ends it, and what is out or due is in the journal.
    for (const auto& wait : e.waits_for) {
      REQUIRE_FALSE(wait.waker.empty());
      REQUIRE((wait.waker != "timer" || wait.until > 0));
    }
    for (const auto& step : e.steps)
      REQUIRE(step.if_retried.has_value() == (step.ended_at == 0));
  }
  CHECK(looked > 20);
  is_without_person(explained(w));
  const auto e = explained(w);
  INFO(handlers::shown_as_text(e));
  CHECK(e.state == "done");
  const auto [charged, refunded] = ledger_of(w);
  CHECK(e.money.charged == charged);
  CHECK(e.money.refunded == refunded);
}

} // namespace orderhub::testing
