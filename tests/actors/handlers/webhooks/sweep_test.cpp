// What no webhook brought is asked for, and goes the way of webhooks.
#include "actors/handlers/shipments/label_refund.hpp"
#include "actors/handlers/shipments/parcel.hpp"
#include "actors/handlers/webhooks/webhook_sweeper.hpp"
#include "providers/webhooks/vendors.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/event_check.hpp"
#include "tests/support/must.hpp"
#include "tests/support/order_check.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace orderhub::testing {

namespace {

using handlers::receipt;
using providers::mock::call_id;
using providers::mock::effect_kind;

constexpr std::int64_t minute = 60'000;
constexpr std::int64_t hour = 60 * minute;

/// The vendors tell everything, and nobody hears it: each webhook is lost.
world_settings deaf(std::string_view control = "[]") {
  auto s = with_faults(control);
  s.mock.tells = true;
  s.mock.transit_ms = s.mock.delivery_ms = hour;
  s.orders.payment_events = true;
  s.orders.webhook_sweep_ms = 10 * minute;
  return s;
}

world_settings following(std::string_view control = "[]") {
  auto s = deaf(control);
  s.orders.parcel_sweep_after_ms = s.orders.parcel_sweep_every_ms = 12 * hour;
  return s;
}

std::string shown(const world& w, const char* name) {
  return field(w.order("1").body, name);
}

void begin_sweeps(world& w) {
  w.tell(handlers::stripe_sweeper_object(), "Sweep", handlers::sweep_at_start);
}

void process(world& w, const std::string& key = "1") {
  w.call(order_object(key), "ProcessOrder", order_body());
  w.run(5 * minute);
}

void dispute(world& w) {
  const auto intent = event_sender(w).vendor_id("charge");
  REQUIRE(w.mock.control(R"({"dispute":")" + intent + "\"}"));
}

std::size_t swept(const world_settings& s, std::size_t vendor) {
  return s.orders.webhooks->swept.at(vendor).load();
}
constexpr std::size_t stripe = 0, shippo = 1;

/// What the vendor has told of that type, as the door would have read it.
receipt told(world& w, std::string_view vendor, std::string_view type) {
  for (const auto& notice : w.mock.take_notices()) {
    if (notice.target.find(vendor) == std::string::npos ||
        notice.body.find('"' + std::string(type) + '"') == std::string::npos)
      continue;
    providers::step_ref ours;
    ours.hub = w.hub_text();
    const providers::webhooks::delivery sent{notice.body, notice.target, &notice.headers, 0};
    auto read = providers::webhooks::find_source(vendor)->read(sent, ours);
    REQUIRE(read.elements.size() == 1);
    receipt r;
    r.vendor = vendor;
    r.what = std::move(read.elements.front().what);
    return r;
  }
  FAIL("nothing was told");
  return {};
}

std::size_t records(const world& w, journal::record_kind kind, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(w.log().begin(), w.log().end(), [&](const world::logged& r) {
        return r.kind == kind && r.name.find(name) != std::string::npos;
      }));
}

std::vector<std::string> lists(const world& w) {
  std::vector<std::string> targets;
  for (const auto& r : w.requests())
    if (r.find("/v1/events?") != std::string::npos)
      targets.push_back(r);
  return targets;
}

} // namespace

// ── Stripe ───────────────────────────────────────────────────────────────────────────────────

TEST_CASE("a dispute whose webhook was lost is found and applied", "[webhooks][sweep]") {
  auto s = deaf();
  world w(s);
  process(w);
  dispute(w);
  begin_sweeps(w);
  w.run(hour);
  CHECK(shown(w, "status") == "disputed");
  CHECK(w.effects("1", effect_kind::message, "announce_dispute_opened") == 1);
  CHECK(w.effects("1", effect_kind::label_refund) == 1);
  const auto event = told(w, "stripe", "charge.dispute.created");
  CHECK(event_sender(w).became(event, "verdict") == "applied");
  CHECK(event_sender(w).became(event, "swept") == "true");
  // The payment, which was known by its call, and the dispute.
  CHECK(swept(s, stripe) == 2);
  CHECK(must(w.stored().load(event_sender::object_of(event))).ephemeral);
}

TEST_CASE("a refund made at the dashboard whose webhook was lost is followed",
          "[webhooks][sweep]") {
  world w(deaf());
  process(w);
  const auto intent = event_sender(w).vendor_id("charge");
  REQUIRE(w.mock.control(R"({"refund":{"payment_intent":")" + intent + "\"}}"));
  begin_sweeps(w);
  w.run(hour);
  CHECK(shown(w, "status") == "refunded");
}

TEST_CASE("what its webhook brought is not swept, and what was swept no webhook brings again",
          "[webhooks][sweep]") {
  auto s = deaf();
  world w(s);
  process(w);
  static_cast<void>(w.mock.take_notices());
  dispute(w);
  const auto event = told(w, "stripe", "charge.dispute.created");
  const bool comes_first = GENERATE(true, false);
  CAPTURE(comes_first);
  if (comes_first)
    CHECK(event_sender(w).deliver(event) == 202);
  begin_sweeps(w);
  w.run(hour);
  if (!comes_first)
    CHECK(event_sender(w).deliver(event) == 202);
  w.run(hour);
  CHECK(swept(s, stripe) == (comes_first ? 1 : 2));
  CHECK(shown(w, "status") == "disputed");
  CHECK(event_sender(w).became(event, "verdict") == "applied");
  CHECK(w.effects("1", effect_kind::message, "announce_dispute_opened") == 1);
  CHECK(w.effects("1", effect_kind::label_refund) == 1);
}

TEST_CASE("what is young is left to its webhook", "[webhooks][sweep]") {
  auto s = deaf();
  world w(s);
  w.call(order_object("1"), "ProcessOrder", order_body());
  begin_sweeps(w);
  w.run(minute);
  CHECK(lists(w).size() == 1);
  CHECK(swept(s, stripe) == 0);
  w.run(10 * minute);
  CHECK(swept(s, stripe) == 1);
}

TEST_CASE("another hub's events are left to it", "[webhooks][sweep]") {
  auto s = deaf();
  world w(s);
  const auto made = w.mock.handle(
      {"POST",
       "/stripe/v1/payment_intents",
       {{"authorization", "Bearer sk_test_1"},
        {"content-type", "application/x-www-form-urlencoded"}},
       "amount=4200&currency=usd&confirm=true&payment_method_types[]=card&payment_method="
       "pm_card_visa&metadata[hub]=ffff&metadata[order_id]=1&metadata[step]=charge"},
      w.time.wall_ms());
  REQUIRE(made.response.status == 200);
  begin_sweeps(w);
  w.run(hour);
  CHECK(lists(w).size() > 3);
  CHECK(swept(s, stripe) == 0);
  CHECK(records(w, journal::record_kind::send, "Receive") == 0);
}

TEST_CASE("a sweep goes on where the one before ended, in one chain", "[webhooks][sweep]") {
  auto s = deaf();
  s.orders.webhook_sweep_back_ms = 2 * hour;
  world w(s);
  begin_sweeps(w);
  w.run(5 * minute);
  const auto first = lists(w);
  REQUIRE(first.size() == 1);
  const auto from = (1'700'000'000 - 2 * 3'600) / 10; // To ten seconds.
  CHECK(first.front().find("created[gte]=" + std::to_string(from)) != std::string::npos);
  process(w);
  const auto paid_at = w.time.wall_ms() / 1'000;
  w.run(hour);
  const auto then = lists(w);
  const auto at = then.back().find("created[gte]=");
  REQUIRE(at != std::string::npos);
  const auto begin = std::stoll(then.back().substr(at + 13));
  CHECK(begin <= paid_at - handlers::sweep_overlap_s);
  CHECK(begin > paid_at - handlers::sweep_overlap_s - 400);

  // Each start takes the place of what was to come.
  for (int i = 0; i < 5; ++i)
    begin_sweeps(w);
  w.run(minute);
  const auto before = lists(w).size();
  w.run(hour + 5 * minute);
  CHECK(lists(w).size() - before == 6);
}

TEST_CASE("a long list is read in parts, and to its end", "[webhooks][sweep]") {
  auto s = deaf();
  s.mock.lists.at(static_cast<std::size_t>(providers::mock::vendor_id::stripe)).page_size_max = 1;
  world w(s);
  for (int i = 1; i <= 12; ++i)
    w.call(order_object(std::to_string(i)), "ProcessOrder", order_body());
  w.run(5 * minute);
  const auto known = records(w, journal::record_kind::send, "Receive");
  begin_sweeps(w);
  w.run(15 * minute);
  // At once nothing that is old enough, then twelve pages: five, five and two.
  CHECK(lists(w).size() == 1 + 12);
  CHECK(swept(s, stripe) == 12);
  CHECK(known == 0);
  CHECK(records(w, journal::record_kind::send, "Sweep") == 1 + 3);
}

TEST_CASE("a vendor that cannot be asked delays the sweep and nothing else", "[webhooks][sweep]") {
  const auto fault =
      GENERATE(as<std::string>(), R"("effect":"status","status":503)",
               R"("effect":"status","status":429,"headers":{"retry-after":"2"})",
               R"("effect":"forbidden")", R"("effect":"not_found")", R"("effect":"drop_before")",
               R"("effect":"garbage")", R"("effect":"html")");
  CAPTURE(fault);
  auto s = deaf(R"([{"vendor":"stripe","operation":"list_events","always":true,)" + fault + "}]");
  world w(s);
  begin_sweeps(w);
  w.run(hour);
  process(w);
  CHECK(shown(w, "status") == "confirmed");
  dispute(w);
  w.run(hour);
  CHECK(shown(w, "status") == "confirmed");
  CHECK(swept(s, stripe) == 0);
  REQUIRE(w.mock.control(R"({"clear":true})"));
  w.run(hour);
  CHECK(shown(w, "status") == "disputed");
  CHECK(swept(s, stripe) == 2);
}

TEST_CASE("sweeps end when they are switched off", "[webhooks][sweep]") {
  auto s = deaf();
  world w(s);
  begin_sweeps(w);
  w.run(25 * minute);
  CHECK(lists(w).size() == 3);
  auto off = s.orders;
  off.webhook_sweep_ms = 0;
  w.configure(off);
  w.lose_power();
  CHECK(w.run());
  CHECK(lists(w).size() == 3);
  CHECK(w.live().empty());
}

// ── Shippo ───────────────────────────────────────────────────────────────────────────────────

TEST_CASE("an order whose webhooks are all lost ends delivered", "[webhooks][sweep]") {
  auto s = following();
  const bool comes_while_asked = GENERATE(true, false);
  if (comes_while_asked)
    s.mock.delivery_ms = 20 * hour;
  CAPTURE(comes_while_asked);
  world w(s);
  process(w);
  CHECK(shown(w, "status") == "confirmed");
  CHECK(shown(w, "waiting") == "[]");
  CHECK(w.run());
  CHECK(shown(w, "status") == "delivered");
  CHECK(w.effects("1", effect_kind::mail, "mail_delivered") == 1);
  CHECK(w.effects("1", effect_kind::mail, "mail_shipped") == (comes_while_asked ? 1 : 0));
  CHECK(w.mock.requests(call_id::shippo_read_track) == (comes_while_asked ? 2 : 1));
  CHECK(swept(s, shippo) == (comes_while_asked ? 2 : 1));
  CHECK(w.live().empty());
  CHECK(must(w.stored().load(handlers::parcel_object("1"))).blank());
}

TEST_CASE("a parcel's webhook and its question are one event", "[webhooks][sweep]") {
  auto s = following();
  s.mock.delivery_ms = 0;
  s.orders.label_events = true;
  world w(s);
  process(w);
  static_cast<void>(w.mock.take_notices());
  w.mock.advance(w.time.wall_ms() + 2 * hour);
  const auto event = told(w, "shippo", "TRANSIT");
  CHECK(event_sender(w).deliver(event) == 202);
  w.run(30 * hour);
  CHECK(shown(w, "status") == "in_transit");
  CHECK(w.mock.requests(call_id::shippo_read_track) == 2);
  CHECK(swept(s, shippo) == 0);
  CHECK(w.effects("1", effect_kind::mail, "mail_shipped") == 1);
}

TEST_CASE("a parcel that has come, or whose label was given back, is not asked for",
          "[webhooks][sweep]") {
  auto s = following();
  world w(s);
  process(w);
  SECTION("it has come") {
    event_sender vendors(w);
    s.orders.label_events = true;
    auto event = vendors.tracking(event_kind::delivered, "track_1");
    event.what.about.order_id = "1";
    CHECK(vendors.deliver(event) == 202);
  }
  SECTION("its order is cancelled") {
    CHECK(w.call(order_object("1"), "CancelOrder", "").status == 200);
  }
  CHECK(w.run());
  CHECK(w.mock.requests(call_id::shippo_read_track) == 0);
  CHECK(w.live().empty());
}

TEST_CASE("a parcel that never comes is asked for no longer than is set", "[webhooks][sweep]") {
  auto s = following();
  s.mock.transit_ms = 0;
  s.orders.parcel_sweep_for_ms = 40 * hour;
  world w(s);
  process(w);
  CHECK(w.run());
  CHECK(w.mock.requests(call_id::shippo_read_track) == 4);
  CHECK(shown(w, "status") == "confirmed");
  CHECK(w.live().empty());
}

TEST_CASE("a parcel that Shippo does not follow is let go", "[webhooks][sweep]") {
  auto s = following(
      R"([{"vendor":"shippo","operation":"read_track","always":true,"effect":"refuse"}])");
  world w(s);
  process(w);
  CHECK(w.run());
  CHECK(w.mock.requests(call_id::shippo_read_track) == handlers::track_refusals_max);
  CHECK(shown(w, "attention") == "[]");
}

TEST_CASE("an outage at Shippo delays the question", "[webhooks][sweep]") {
  const auto effect =
      GENERATE(as<std::string>(), "drop_before", "garbage", "foreign", "forbidden", "not_found");
  CAPTURE(effect);
  auto s = following(R"([{"vendor":"shippo","operation":"read_track","nth":1,"effect":")" + effect +
                     "\"}]");
  world w(s);
  process(w);
  CHECK(w.run());
  CHECK(shown(w, "status") == "delivered");
}

// ── Evidence of what nobody was to look for ──────────────────────────────────────────────────

/// The answer to its first charge is lost, and no look-up asks for it.
world_settings unsure() {
  auto s = deaf(R"([{"vendor":"stripe","operation":"charge","nth":1,"effect":"drop_after"}])");
  s.doubt["stripe.charge"].policy = providers::doubt_policy::may_miss;
  return s;
}

TEST_CASE("an order that may be charged goes on when an event says that it is",
          "[webhooks][sweep][payment]") {
  world w(unsure());
  process(w);
  CHECK(shown(w, "status") == "pending");
  const bool is_cancelled = GENERATE(false, true);
  CAPTURE(is_cancelled);
  if (is_cancelled)
    CHECK(w.call(order_object("1"), "CancelOrder", "").status == 200);
  begin_sweeps(w);
  w.run(20 * minute);
  CHECK(shown(w, "status") == (is_cancelled ? "cancelled" : "confirmed"));
  CHECK(shown(w, "attention") == "[]");
  CHECK(w.effects("1", effect_kind::charge) == 1);
  CHECK(w.effects("1", effect_kind::refund) == (is_cancelled ? 1 : 0));
  CHECK(w.effects("1", effect_kind::label) == (is_cancelled ? 0 : 1));
}

TEST_CASE("an order that may be charged is charged again when an event says that it was not",
          "[webhooks][sweep][payment]") {
  world w(unsure());
  w.call(order_object("1"), "ProcessOrder",
         order_body(R"("payment":{"method":"pm_card_chargeDeclined"})"));
  w.run(minute);
  CHECK(shown(w, "status") == "pending");
  const auto pay = [&] {
    return w.call(order_object("1"), "ProcessOrder",
                  order_body(R"("payment":{"method":"pm_card_visa"})"));
  };
  CHECK(pay().status == 409);
  begin_sweeps(w);
  w.run(20 * minute);
  CHECK(shown(w, "status") == "payment_failed");
  CHECK(field(pay().body, "status") == "confirmed");
  CHECK(w.effects("1", effect_kind::charge) == 1);
  CHECK(w.mock.requests(call_id::stripe_charge) == 2);
}

// What becomes of a label that was given back.

world_settings refunding(const std::string& how) {
  return deaf(R"([{"vendor":"shippo","operation":"label_refund","always":true,)" + how + "}]");
}
const std::string rejected_later = R"("effect":"pending","late_ms":3600000,"outcome":"error")";

void process_and_cancel(world& w) {
  process(w);
  CHECK(w.call(order_object("1"), "CancelOrder", "").status == 200);
}

std::uint64_t persons_called(const world_settings& s) {
  return s.orders.attention_count->load();
}

TEST_CASE("a label's refund that fails later without a webhook calls a person",
          "[webhooks][sweep][refund]") {
  auto s = refunding(rejected_later);
  world w(s);
  process_and_cancel(w);
  w.run(minute);
  CHECK(shown(w, "status") == "cancelled");
  CHECK(shown(w, "waiting") == "[]");
  CHECK(shown(w, "attention") == "[]");
  CHECK(w.run());
  const auto why = "the carrier has refused to take the label " + shown(w, "labelId") + " back";
  CHECK(shown(w, "attention") == R"([{"reason":")" + why + R"(","step":"void_label_event"}])");
  CHECK(persons_called(s) == 1);
  CHECK(w.live().empty());
}

TEST_CASE("of a label that was bought twice the refund that fails later calls a person",
          "[webhooks][sweep][refund]") {
  auto s = refunding(rejected_later + R"(},{"vendor":"shippo","operation":"label","nth":1,)"
                                      R"("effect":"twice")");
  world w(s);
  process(w);
  w.run(30 * minute);
  CHECK(shown(w, "status") == "confirmed");
  CHECK(shown(w, "attention").find("bought twice, and voided: ") != std::string::npos);
  CHECK(persons_called(s) == 1);
  CHECK(w.run());
  CHECK(shown(w, "attention").find(R"("step":"void_label_event")") != std::string::npos);
  CHECK(shown(w, "attention").find("take the label " + shown(w, "labelId")) == std::string::npos);
  CHECK(persons_called(s) == 2);
}

TEST_CASE("a label's refund is asked for until it is made", "[webhooks][sweep][refund]") {
  world w(
      refunding(R"("effect":"pending","late_ms":3600000},)"
                R"({"vendor":"shippo","operation":"retrieve_label","nth":1,"effect":"not_found")"));
  process_and_cancel(w);
  w.run(50 * minute);
  CHECK(w.mock.requests(call_id::shippo_retrieve_label) == 0);
  CHECK(w.run());
  CHECK(w.mock.requests(call_id::shippo_retrieve_label) == 2);
  CHECK(shown(w, "attention") == "[]");
  CHECK(w.live().empty());
}

TEST_CASE("a label's refund that nobody decides is a person's after a month",
          "[webhooks][sweep][refund]") {
  world w(refunding(R"("effect":"pending","outcome":"never")"));
  process_and_cancel(w);
  CHECK_FALSE(w.run(29 * 24 * hour));
  CHECK(shown(w, "attention") == "[]");
  CHECK(w.run(3 * 24 * hour));
  CHECK(w.mock.requests(call_id::shippo_retrieve_label) < 70);
  CHECK(shown(w, "attention").find("is not known: not decided in 30 days") != std::string::npos);
  CHECK(w.live().empty());
}

TEST_CASE("a label whose refund Shippo does not say is a person's", "[webhooks][sweep][refund]") {
  auto s = deaf(R"([{"vendor":"shippo","operation":"retrieve_label","always":true,)"
                R"("effect":"not_found"}])");
  world w(s);
  process_and_cancel(w);
  CHECK(w.run());
  CHECK(w.mock.requests(call_id::shippo_retrieve_label) == handlers::label_refund_refusals_max);
  CHECK(shown(w, "attention").find("is not known: ") != std::string::npos);
  CHECK(w.live().empty());
}

TEST_CASE("a label's failed refund that its webhook tells too calls a person once",
          "[webhooks][sweep][refund]") {
  const bool is_known = GENERATE(true, false);
  CAPTURE(is_known);
  auto s = refunding(rejected_later);
  s.orders.label_events = true;
  world w(s);
  process_and_cancel(w);
  w.mock.advance(w.time.wall_ms() + 2 * hour);
  auto event = told(w, "shippo", "REFUNDREJECTED");
  if (!is_known) // As of another moment.
    event.what.id += "0";
  CHECK(event_sender(w).deliver(event) == 202);
  CHECK(w.run());
  CHECK(w.mock.requests(call_id::shippo_retrieve_label) > 0);
  CHECK(persons_called(s) == 1);
  CHECK(w.live().empty());
}

TEST_CASE("a parcel whose number comes later is followed from then on", "[webhooks][sweep]") {
  auto s = following(
      R"([{"vendor":"shippo","operation":"label","nth":1,"effect":"untracked","late_ms":60000}])");
  world w(s);
  process(w);
  CHECK(w.run());
  CHECK(shown(w, "status") == "delivered");
}

TEST_CASE("a parcel is followed by one send in its label's turn", "[webhooks][sweep]") {
  const auto sends_of = [](const world_settings& s) {
    world w(s);
    w.call(order_object("1"), "ProcessOrder", order_body());
    w.run(5 * minute);
    return records(w, journal::record_kind::send, "Follow");
  };
  auto without = following();
  without.orders.parcel_sweep_after_ms = 0;
  CHECK(sends_of(without) == 0);
  CHECK(sends_of(following()) == 1);
}

} // namespace orderhub::testing
