// A fulfilment by three services that each may lose an answer, over hours in which anybody may
// cancel it: nothing is held, picked or fetched for one that is dead, and nothing of it twice.
#include "actors/handlers/orders/order_event.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

const object_id fulfilment{"FulfillmentOrchestrator", "f-1"};

world_settings with_services(std::uint64_t seed = 1) {
  world_settings s;
  s.seed = seed;
  s.orders.stock = s.orders.warehouse = s.orders.carrier = true;
  s.orders.packed_timeout_ms = s.orders.pickup_timeout_ms = 15 * 60'000;
  return s;
}

/// As it comes: by the shop's own system, of an order that the hub does not know.
void fulfil(world& w) {
  w.ask(fulfilment, "Fulfill",
        R"({"orderId":"1","items":[{"productId":"sku-1","quantity":2},{"productId":"sku-2",)"
        R"("quantity":1}],"shipping":{"name":"Ada Lovelace","street":"1 Main St",)"
        R"("city":"Springfield","state":"IL","zip":"62701","email":"ada@example.com"}})");
}

void fulfil_without_stock(world& w) {
  REQUIRE(w.mock.control(R"({"stock":{"sku-1":1}})"));
  fulfil(w);
}

void nobody_packs(world& w) {
  fulfil(w);
  w.when([](world& now) { return now.effects("1", effect_kind::pick_ticket) == 1; },
         [](world& now) { REQUIRE(now.mock.control(R"({"fail_pick_ticket":"1"})")); });
}

void nobody_fetches(world& w) {
  fulfil(w);
  w.when([](world& now) { return now.effects("1", effect_kind::pickup) == 1; },
         [](world& now) { REQUIRE(now.mock.control(R"({"fail_pickup":"1"})")); });
}

struct ending {
  const char* name;
  script clients;
  const char* status;
  std::size_t failed_tickets = 0, failed_pickups = 0;
  std::int64_t job_ms = 5'000;
};

const std::vector<ending>& endings() {
  static const std::vector<ending> all = {
      {"it is picked up", &fulfil, "shipped"},
      {"there is too little", &fulfil_without_stock, "out_of_stock"},
      {"nobody packs", &nobody_packs, "failed", 1},
      {"nobody fetches", &nobody_fetches, "failed", 0, 1},
      {"it takes too long", &fulfil, "timed_out", 0, 0, 60 * 60'000},
  };
  return all;
}

/// What is wrong when nothing moves any more.
std::vector<std::string> problems_of(world& w, const ending& e) {
  std::vector<std::string> list;
  const auto count = [&](effect_kind kind, std::string_view step = {}) {
    return w.effects("1", kind, step);
  };
  const auto is = [&](const char* what, std::size_t n, std::size_t right) {
    if (n != right)
      list.push_back(std::string(what) + ": " + std::to_string(n) + " instead of " +
                     std::to_string(right));
  };
  const bool has_shipped = std::string_view(e.status) == "shipped";
  const auto tickets = count(effect_kind::pick_ticket);
  const auto pickups = count(effect_kind::pickup);
  if (tickets > 1 || pickups > 1)
    list.push_back("tickets " + std::to_string(tickets) + ", pickups " + std::to_string(pickups));
  is("stock kept", count(effect_kind::reservation) - count(effect_kind::stock_release),
     has_shipped ? 1 : 0);
  is("tickets that stand", tickets - count(effect_kind::pick_cancel),
     has_shipped ? 1 : e.failed_tickets);
  is("pickups that stand", pickups - count(effect_kind::pickup_cancel),
     has_shipped ? 1 : e.failed_pickups);
  is("stock sold", count(effect_kind::stock_commit) > 0 ? 1 : 0,
     has_shipped                            ? 1
     : count(effect_kind::stock_commit) > 0 ? 1
                                            : 0);
  is("messages", count(effect_kind::message, "announce_shipped"), has_shipped ? 1 : 0);
  const auto mails = count(effect_kind::mail, "mail_shipped");
  if (has_shipped ? mails == 0 : mails != 0) // It may repeat by its policy.
    list.push_back("mails " + std::to_string(mails));
  const auto shown = w.read(fulfilment, "GetStatus").body;
  if (field(shown, "status") != e.status)
    list.push_back("status " + field(shown, "status") + " instead of " + e.status);
  if (field(shown, "attention") != "[]" || field(shown, "waiting") != "[]" ||
      field(shown, "in_doubt") != "[]")
    list.push_back("left open: " + shown);
  add_unended(w, list);
  for (std::size_t i = 0; i < w.clients(); ++i)
    if (!w.of(i).heard || w.of(i).heard->status >= 500)
      list.push_back(w.of(i).handler + " was not answered well");
  return list;
}

world_settings settings_of(const ending& e, std::uint64_t seed = 1) {
  auto s = with_services(seed);
  s.mock.job_ms = e.job_ms;
  return s;
}

std::vector<std::string> run_to_end(const world_settings& s, const ending& e,
                                    std::vector<std::string_view>* points = nullptr) {
  world w(s);
  e.clients(w);
  std::vector<std::string> problems;
  if (!w.run())
    problems.emplace_back("it has not come to rest");
  auto more = problems_of(w, e);
  problems.insert(problems.end(), more.begin(), more.end());
  if (points != nullptr)
    *points = w.points();
  return problems;
}

} // namespace

TEST_CASE("a fulfilment ends the same wherever the machine loses power", "[fulfilment][crash]") {
  std::uint64_t salt = 0;
  for (const auto& e : endings())
    for (const auto seed : seeds(1, 2)) {
      std::vector<std::string_view> points;
      const auto clean = run_to_end(settings_of(e, seed), e, &points);
      INFO(e.name << ", seed " << seed << '\n' << joined(clean));
      CHECK(clean.empty());
      for (const auto at : points_to_try(points.size(), salt++)) {
        auto s = settings_of(e, seed);
        s.crash_at = {at};
        const auto problems = run_to_end(s, e);
        INFO("crash at point " << at << ", " << points[at - 1] << '\n' << joined(problems));
        CHECK(problems.empty());
      }
    }
}

TEST_CASE("a fulfilment is undone wherever it is cancelled", "[fulfilment][cancel][crash]") {
  for (const std::int64_t job_ms : {5'000, 60 * 60'000}) {
    ending whole{"whole", &fulfil, job_ms > 5'000 ? "timed_out" : "shipped"};
    whole.job_ms = job_ms;
    std::vector<std::string_view> points;
    run_to_end(settings_of(whole), whole, &points);
    REQUIRE(points.size() > 50);
    std::size_t cancelled = 0;
    for (const auto at : points_to_try(points.size(), 0))
      for (const bool crashes : {false, true}) {
        auto s = settings_of(whole);
        if (crashes)
          s.crash_at = {at + 3};
        world w(s);
        fulfil(w);
        w.at_point(at, [](world& now) { now.ask(fulfilment, "CancelFulfillment", {}); });
        const bool rests = w.run();
        REQUIRE(w.clients() == 2);
        REQUIRE(w.of(1).heard);
        const auto status = w.of(1).heard->status;
        auto expected = whole;
        if (status == 200)
          expected.status = "cancelled";
        cancelled += status == 200 ? 1 : 0;
        const auto problems = problems_of(w, expected);
        INFO("cancel at point " << at << ", " << points[at - 1] << ", crash " << crashes << ": "
                                << status << '\n'
                                << joined(problems));
        CHECK(rests);
        // Before it was there, in time, or when the parcel had left.
        CHECK((status == 200 || status == 404 || (status == 409 && job_ms == 5'000)));
        CHECK(problems.empty());
      }
    CHECK(cancelled > points_to_try(points.size(), 0).size());
  }
}

TEST_CASE("a fulfilment ends the same whatever single fault any call meets",
          "[fulfilment][faults]") {
  constexpr std::pair<const char*, const char*> calls[] = {
      {"inventory", "reserve"},     {"inventory", "commit"}, {"inventory", "release"},
      {"warehouse", "pick_ticket"}, {"warehouse", "cancel"}, {"warehouse", "read"},
      {"warehouse", "request"},     {"carrier", "pickup"},   {"carrier", "cancel"},
      {"carrier", "read"},          {"carrier", "request"},
  };
  constexpr const char* effects[] = {
      R"("effect":"drop_before")",
      R"("effect":"drop_after")",
      R"("effect":"garbage")",
      R"("effect":"truncate")",
      R"("effect":"html")",
      R"("effect":"html","work":false)",
      R"("effect":"foreign")",
      R"("effect":"empty","work":false)",
      R"("effect":"hang")",
      R"("effect":"hang_after")",
      R"("effect":"late_work","late_ms":4000)",
      R"("effect":"stored_500_done")",
      R"("effect":"status","status":500)",
      R"("effect":"status","status":503,"headers":{"retry-after":"20"}})",
      R"("effect":"status","status":429,"headers":{"retry-after":"20"})",
      R"("effect":"status","status":408)",
      R"("effect":"unauthorized","times":2)",
      R"("effect":"reset_after_answer")",
  };
  std::uint64_t salt = 0;
  for (const auto& [vendor, operation] : calls)
    for (const std::string_view effect : effects)
      for (const auto& e : endings()) {
        auto text = std::string(R"({"vendor":")") + vendor + R"(","operation":")" + operation +
                    R"(","nth":1,)" + std::string(effect);
        if (!text.ends_with("}}"))
          text += '}';
        auto s = settings_of(e, 1 + salt++ % 7);
        s.mock.faults = must(providers::mock::parse_control(text)).faults;
        const auto problems = run_to_end(s, e);
        INFO(e.name << ", " << text << '\n' << joined(problems));
        CHECK(problems.empty());
      }
}

TEST_CASE("a lost answer of warehouse or carrier is settled wherever the machine loses power",
          "[fulfilment][crash][faults]") {
  constexpr const char* days[] = {
      R"({"vendor":"warehouse","operation":"pick_ticket","nth":1,"effect":"drop_after"})",
      R"({"vendor":"warehouse","operation":"cancel","nth":1,"effect":"drop_after"})",
      R"({"vendor":"carrier","operation":"pickup","nth":1,"effect":"late_work","late_ms":5000})",
      R"({"vendor":"carrier","operation":"cancel","nth":1,"effect":"drop_after"})",
  };
  std::uint64_t salt = 0;
  for (const char* day : days)
    for (const auto& e : endings()) {
      auto s = settings_of(e);
      s.mock.faults = must(providers::mock::parse_control(day)).faults;
      std::vector<std::string_view> points;
      const auto whole = run_to_end(s, e, &points);
      INFO(e.name << ", " << day << '\n' << joined(whole));
      CHECK(whole.empty());
      for (const auto at : points_to_try(points.size(), salt++)) {
        s.crash_at = {at};
        const auto problems = run_to_end(s, e);
        INFO("crash at point " << at << ", " << points[at - 1] << '\n' << joined(problems));
        CHECK(problems.empty());
      }
    }
}

TEST_CASE("an order and its fulfilment end together wherever the order is cancelled",
          "[fulfilment][orders][cancel][crash]") {
  const auto begin = [](world& w) {
    w.ask(order_object("1"), "ProcessOrder", order_body());
    w.when([](world& now) { return field(now.order("1").body, "status") == "confirmed"; },
           [](world& now) { fulfil(now); });
  };
  auto settings = with_services();
  std::vector<std::string_view> points;
  {
    world w(settings);
    begin(w);
    REQUIRE(w.run());
    CHECK(field(w.order("1").body, "status") == "in_transit");
    points = w.points();
  }
  std::size_t stopped = 0;
  for (const auto at : points_to_try(points.size(), 0))
    for (const bool crashes : {false, true}) {
      auto s = settings;
      if (crashes)
        s.crash_at = {at + 2};
      world w(s);
      begin(w);
      w.at_point(at, [](world& now) { now.ask(order_object("1"), "CancelOrder", {}); });
      CHECK(w.run());
      const auto order = field(w.order("1").body, "status");
      const auto shown = w.read(fulfilment, "GetStatus").body;
      const auto status = field(shown, "status");
      const auto kept =
          w.effects("1", effect_kind::reservation) - w.effects("1", effect_kind::stock_release);
      const auto tickets =
          w.effects("1", effect_kind::pick_ticket) - w.effects("1", effect_kind::pick_cancel);
      const auto pickups =
          w.effects("1", effect_kind::pickup) - w.effects("1", effect_kind::pickup_cancel);
      INFO("cancel at point " << at << ", " << points[at - 1] << ", crash " << crashes << ": order "
                              << order << ", fulfilment " << shown << '\n'
                              << joined(w.live()) << joined(w.paused()));
      CHECK(w.live().empty());
      CHECK(w.paused().empty());
      CHECK((order == "cancelled" || order == "in_transit"));
      // What has left is neither fetched back nor sold again.
      const std::size_t gone = status == "shipped" ? 1 : 0;
      CHECK(kept == gone);
      CHECK(tickets == gone);
      CHECK(pickups == gone);
      if (order == "in_transit")
        CHECK(status == "shipped");
      else // Its customer hears of the cancel.
        CHECK(w.effects("1", effect_kind::mail, "mail_shipped") == 0);
      stopped += status == "cancelled" ? 1 : 0;
    }
  CHECK(stopped > 20 / thinning);
}

TEST_CASE("a parcel that Shippo and the carrier have is told once wherever they say so",
          "[fulfilment][orders][notices][crash]") {
  const auto begin = [](world& w) {
    w.ask(order_object("1"), "ProcessOrder", order_body());
    w.when([](world& now) { return field(now.order("1").body, "status") == "confirmed"; },
           [](world& now) { fulfil(now); });
  };
  const auto settings = with_services();
  std::vector<std::string_view> points;
  {
    world w(settings);
    begin(w);
    REQUIRE(w.run());
    points = w.points();
  }
  std::size_t by_order = 0, by_fulfilment = 0;
  for (const auto at : points_to_try(points.size(), 0))
    for (const std::size_t crash_after : {0, 1, 4, 9}) {
      auto s = settings;
      if (crash_after > 0)
        s.crash_at = {at + crash_after};
      world w(s);
      begin(w);
      bool is_told = false;
      w.at_point(at, [&](world& now) {
        handlers::order_event event;
        event.name = "in_transit";
        event.learned.shipment = handlers::shipment_state::in_transit;
        is_told = true;
        now.tell(order_object("1"), "RecordEvent", event.encode());
      });
      CHECK(w.run());
      const auto shown = w.read(fulfilment, "GetStatus").body;
      const auto mails = w.effects("1", effect_kind::mail, "mail_shipped");
      INFO("in transit at point " << at << ", " << points[at - 1] << ", crash after " << crash_after
                                  << ": " << shown << '\n'
                                  << joined(w.live()) << joined(w.paused()));
      REQUIRE(is_told);
      CHECK(w.live().empty());
      CHECK(w.paused().empty());
      CHECK(w.effects("1", effect_kind::message, "announce_shipped") == 1);
      CHECK(mails >= 1); // It may repeat by its policy.
      CHECK((mails == 1 || crash_after > 0));
      const auto notice = field(field(shown, "notices"), "mail_shipped");
      by_order += notice == "skipped: the order has told it" ? 1 : 0;
      by_fulfilment += notice == "sent" ? 1 : 0;
    }
  CHECK(by_order > 20 / thinning);
  CHECK(by_fulfilment > 20 / thinning);
}

TEST_CASE("where nobody is to look nothing is left of a fulfilment that was given up",
          "[fulfilment][crash]") {
  auto settings = with_services();
  for (const char* operation :
       {"inventory.reserve", "warehouse.create_pick_ticket", "carrier.request_pickup"})
    settings.doubt[operation].policy = providers::doubt_policy::may_miss;
  std::vector<std::string_view> points;
  {
    world w(settings);
    fulfil(w);
    REQUIRE(w.run());
    points = w.points();
  }
  std::size_t failed = 0;
  for (const auto at : points_to_try(points.size(), 0)) {
    auto s = settings;
    s.crash_at = {at};
    world w(s);
    fulfil(w);
    CHECK(w.run());
    const auto shown = w.read(fulfilment, "GetStatus").body;
    const auto status = field(shown, "status");
    const auto stands = [&](effect_kind made, effect_kind undone) {
      return w.effects("1", made) - w.effects("1", undone);
    };
    INFO("crash at point " << at << ", " << points[at - 1] << ": " << shown);
    const std::size_t gone = status == "shipped" ? 1 : 0;
    CHECK((gone == 1 || status == "failed"));
    CHECK(stands(effect_kind::reservation, effect_kind::stock_release) == gone);
    CHECK(stands(effect_kind::pick_ticket, effect_kind::pick_cancel) == gone);
    CHECK(stands(effect_kind::pickup, effect_kind::pickup_cancel) == gone);
    CHECK(w.live().empty());
    failed += status == "failed" ? 1 : 0;
  }
  if (thinning == 1) // Else few points are tried.
    CHECK(failed > 2);
}

TEST_CASE("the checks see what is left over", "[fulfilment]") {
  const auto& whole = endings().front();
  world w(settings_of(whole));
  fulfil(w);
  REQUIRE(w.run());
  CHECK(problems_of(w, whole).empty());
  auto undone = whole;
  undone.status = "cancelled";
  CHECK(problems_of(w, undone).size() >= 4);
}

} // namespace orderhub::testing
