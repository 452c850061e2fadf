#include "actors/handlers/orders/order_event.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <string>
#include <utility>
#include <vector>

// What changes around an order while it is on its way: the configuration over a restart, what the
// world says of it, the shop's mind, a vendor's view of our key.
namespace orderhub::testing {

namespace {

using handlers::order_settings;
using providers::mock::effect_kind;

void process(world& w) {
  w.submit(order_object("1"), "ProcessOrder", order_body());
}

std::size_t points_of(const world_settings& s) {
  world w(s);
  process(w);
  w.run();
  return w.points().size();
}

std::vector<std::pair<const char*, order_settings>> other_configurations() {
  std::vector<std::pair<const char*, order_settings>> list;
  auto add = [&](const char* name, auto change) {
    auto s = mock_order_settings();
    change(s);
    list.emplace_back(name, std::move(s));
  };
  add("webhook for bot", [](order_settings& s) {
    s.slack = false;
    s.slack_webhook = true;
  });
  add("channel names for ids", [](order_settings& s) {
    s.channel_new = s.channel_confirmed = s.channel_cancelled = "#orders";
  });
  add("no mail", [](order_settings& s) { s.mail = false; });
  add("no Slack", [](order_settings& s) { s.slack = false; });
  add("other patience", [](order_settings& s) {
    s.label_timeout_ms = 1;
    s.notification_timeout_ms = 1;
  });
  add("another sender and parcel", [](order_settings& s) {
    s.ship_from.city = "Oakland";
    s.parcel.weight = "9";
  });
  add("compensates", [](order_settings& s) { s.compensate_on_label_failure = true; });
  return list;
}

/// Sums that must agree at the end, whatever came in between.
struct ledger {
  std::size_t charges, refunds, labels, voided;
  explicit ledger(const world& w)
      : charges(w.effects("1", effect_kind::charge)), refunds(w.effects("1", effect_kind::refund)),
        labels(w.effects("1", effect_kind::label)),
        voided(w.effects("1", effect_kind::label_refund)) {}
};

std::string event_body(const char* name, void (*say)(handlers::order_facts&)) {
  handlers::order_event event;
  event.name = name;
  say(event.learned);
  return event.encode();
}

void disputed(handlers::order_facts& f) {
  f.dispute = handlers::dispute_state::open;
}

} // namespace

TEST_CASE("an order that is continued under another configuration ends, or names the setting",
          "[orders][crash][configuration]") {
  std::uint64_t salt = 0;
  for (const auto& [name, other] : other_configurations()) {
    const auto count = points_of({});
    for (const auto at : points_to_try(count, salt++)) {
      world_settings s;
      s.crash_at = {at};
      s.orders_after_restart = other;
      world w(s);
      process(w);
      const bool rests = w.run();
      INFO(name << ", crash at point " << at << '\n' << w.order("1").body);
      CHECK(rests);
      const ledger sums(w);
      CHECK(sums.charges == 1);
      CHECK(sums.labels == 1);
      for (const auto& why : w.paused()) {
        INFO(why);
        CHECK(why.find("the journal holds") == std::string::npos); // Never diverged.
        CHECK(why.find("Restore ") != std::string::npos);
      }
      if (w.paused().empty())
        CHECK(field(w.order("1").body, "status") == "confirmed");
    }
  }
}

TEST_CASE("a cancel at any moment of a compensation leaves one refund and no open money",
          "[orders][cancel][crash]") {
  auto s = with_faults(
      R"([{"vendor":"shippo","operation":"label","always":true,"effect":"refuse","code":"invalid_address","text":"no"},)"
      R"({"vendor":"stripe","operation":"refund","always":true,"times":3,"effect":"status","status":429,"headers":{"retry-after":"5"}}])");
  s.orders.compensate_on_label_failure = true;
  const auto count = points_of(s);
  REQUIRE(count > 10);
  for (const auto at : points_to_try(count, 0))
    for (const bool crashes : {false, true}) {
      auto settings = s;
      if (crashes)
        settings.crash_at = {at + 1};
      world w(settings);
      w.at_point(at, [](world& now) { now.submit(order_object("1"), "CancelOrder", {}); });
      process(w);
      INFO("cancel at point " << at << (crashes ? ", crash behind it" : ""));
      CHECK(w.run());
      const ledger sums(w);
      INFO(w.order("1").body);
      CHECK(sums.charges == sums.refunds);
      CHECK(sums.charges <= 1);
      const auto order = w.order("1");
      if (order.status == 200)
        CHECK(field(order.body, "status") == "cancelled");
    }
}

TEST_CASE("a dispute at any moment stops the label, or has it voided", "[orders][event][crash]") {
  for (const bool crashes : {false, true}) {
    std::size_t stopped = 0;
    std::size_t voided = 0;
    for (const auto at : points_to_try(points_of({}), crashes ? 1 : 0)) {
      world_settings s;
      if (crashes)
        s.crash_at = {at + 1};
      world w(s);
      // The second one is a repeat: nothing follows from it.
      w.at_point(at, [](world& now) {
        now.tell(order_object("1"), "RecordEvent", event_body("payment_disputed", &disputed));
        now.tell(order_object("1"), "RecordEvent", event_body("payment_disputed", &disputed));
      });
      process(w);
      INFO("dispute at point " << at << (crashes ? ", crash behind it" : ""));
      CHECK(w.run());
      const ledger sums(w);
      INFO(w.order("1").body);
      CHECK(sums.charges == 1);
      CHECK(sums.refunds == 0);
      CHECK(sums.labels <= 1);
      const auto status = field(w.order("1").body, "status");
      if (status == "disputed") {
        CHECK(sums.voided == sums.labels);
        ++(sums.labels == 0 ? stopped : voided);
      } else {
        // It came before there was an order to speak of, and said so.
        CHECK(status == "confirmed");
        CHECK(sums.voided == 0);
      }
    }
    CHECK((thinning > 1 || (stopped > 0 && voided > 0)));
  }
}

TEST_CASE("a key that a vendor refuses for a while fails no order, whenever it begins",
          "[orders][credentials]") {
  for (const char* vendor : {"stripe", "shippo", "slack", "sendgrid"})
    for (const auto at : points_to_try(points_of({}), 2)) {
      if (at % 3 != 0)
        continue;
      world w;
      w.at_point(at, [vendor](world& now) {
        const auto control = std::string(R"([{"vendor":")") + vendor +
                             R"(","always":true,"times":3,"effect":"unauthorized"}])";
        REQUIRE(now.mock.control(control));
      });
      process(w);
      INFO(vendor << " refuses from point " << at);
      CHECK(w.run());
      const ledger sums(w);
      INFO(w.order("1").body);
      CHECK(sums.charges == 1);
      CHECK(sums.labels == 1);
      CHECK(field(w.order("1").body, "status") == "confirmed");
    }
}

} // namespace orderhub::testing
