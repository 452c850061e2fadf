#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The ledger balances whatever happens: no stock is held for a dead order, and none is charged
// whose goods were not sold to it.
namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

world_settings with_stock(std::uint64_t seed = 1) {
  world_settings s;
  s.seed = seed;
  s.orders.stock = true;
  return s;
}

void process(world& w) {
  w.submit(order_object("1"), "ProcessOrder", order_body());
}

/// The stock is gone when the card is being charged.
void lose_stock_while_charging(world& w) {
  process(w);
  w.when([](world& now) { return now.calling("stripe", "/v1/payment_intents"); },
         [](world& now) { REQUIRE(now.mock.control(R"({"expire":"1","stock":{"sku-1":0}})")); });
}

/// It never was there.
void process_without_stock(world& w) {
  REQUIRE(w.mock.control(R"({"stock":{"sku-1":1}})"));
  w.ask(order_object("1"), "ProcessOrder", order_body());
}

/// What was done for an order that ended without a sale: nothing that was not undone.
std::vector<std::string> leftovers(world& w, const std::string& status) {
  std::vector<std::string> problems;
  const auto count = [&](effect_kind kind) { return w.effects("1", kind); };
  if (count(effect_kind::charge) != count(effect_kind::refund))
    problems.emplace_back("charged without stock");
  if (count(effect_kind::label) != count(effect_kind::label_refund))
    problems.emplace_back("a label without stock");
  if (count(effect_kind::reservation) != count(effect_kind::stock_release))
    problems.emplace_back("stock held for a dead order");
  if (const auto shown = field(w.order("1").body, "status"); shown != status)
    problems.push_back("status " + shown);
  if (const auto n = w.effects("1", effect_kind::message, "announce_out_of_stock"); n != 1)
    problems.push_back("messages of the want of stock: " + std::to_string(n));
  add_unended(w, problems);
  return problems;
}

/// A run to its end, with what holds there.
std::vector<std::string> run_to_end(const world_settings& s, const script& clients,
                                    const expectation& expected,
                                    std::vector<std::string_view>* points = nullptr) {
  world w(s);
  clients(w);
  std::vector<std::string> problems;
  if (!w.run())
    problems.emplace_back("it has not come to rest");
  auto more = expected.status == "out_of_stock" ? leftovers(w, expected.status)
                                                : problems_of(w, "1", expected);
  problems.insert(problems.end(), more.begin(), more.end());
  if (expected.status == "out_of_stock" && w.effects("1", effect_kind::charge) != 0)
    problems.emplace_back("charged though it was out of stock");
  if (points != nullptr)
    *points = w.points();
  return problems;
}

struct ending {
  const char* name;
  script clients;
  expectation expected;
};

const std::vector<ending>& endings() {
  static const std::vector<ending> all = {
      {"there is stock", &process, {.has_stock = true}},
      {"it goes while the card is charged",
       &lose_stock_while_charging,
       {.status = "cancelled", .charged = false, .has_stock = true}},
      {"there is too little", &process_without_stock, {.status = "out_of_stock"}},
  };
  return all;
}

} // namespace

TEST_CASE("stock and money balance wherever the machine loses power", "[orders][stock][crash]") {
  std::uint64_t salt = 0;
  for (const auto& e : endings())
    for (const auto seed : seeds(1, 2)) {
      std::vector<std::string_view> points;
      const auto clean = run_to_end(with_stock(seed), e.clients, e.expected, &points);
      INFO(e.name << ", seed " << seed << '\n' << joined(clean));
      CHECK(clean.empty());
      for (const auto at : points_to_try(points.size(), salt++)) {
        auto s = with_stock(seed);
        s.crash_at = {at};
        const auto problems = run_to_end(s, e.clients, e.expected);
        INFO("crash at point " << at << ", " << points[at - 1] << '\n' << joined(problems));
        CHECK(problems.empty());
      }
    }
}

TEST_CASE("stock and money balance wherever the order is cancelled", "[orders][stock][cancel]") {
  std::vector<std::string_view> points;
  run_to_end(with_stock(), &process, {.has_stock = true}, &points);
  REQUIRE(points.size() > 50);
  std::size_t cancelled = 0;
  for (const auto at : points_to_try(points.size(), 0))
    for (const bool crashes : {false, true}) {
      auto s = with_stock();
      if (crashes)
        s.crash_at = {at + 3};
      world w(s);
      process(w);
      w.at_point(at, [](world& now) { now.ask(order_object("1"), "CancelOrder", {}); });
      const bool rests = w.run();
      REQUIRE(w.clients() == 2);
      REQUIRE(w.of(1).heard);
      const auto status = w.of(1).heard->status;
      // Before the order was there it cannot be cancelled.
      const expectation expected =
          status == 404 ? expectation{.has_stock = true}
                        : expectation{.status = "cancelled", .charged = false, .has_stock = true};
      cancelled += status == 200 ? 1 : 0;
      const auto problems = problems_of(w, "1", expected);
      INFO("cancel at point " << at << ", " << points[at - 1] << ", crash " << crashes << '\n'
                              << joined(problems));
      CHECK(rests);
      CHECK((status == 200 || status == 404));
      CHECK(problems.empty());
    }
  CHECK(cancelled > points_to_try(points.size(), 0).size());
}

TEST_CASE("stock and money balance whatever single fault any call meets",
          "[orders][stock][faults]") {
  constexpr std::pair<const char*, const char*> calls[] = {
      {"inventory", "reserve"}, {"inventory", "commit"}, {"inventory", "release"},
      {"inventory", "request"}, {"stripe", "charge"},    {"stripe", "refund"}};
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
        const auto faults = must(providers::mock::parse_control(text));
        auto s = with_stock(1 + salt++ % 7);
        s.mock.faults = faults.faults;
        const auto problems = run_to_end(s, e.clients, e.expected);
        INFO(e.name << ", " << text << '\n' << joined(problems));
        CHECK(problems.empty());
      }
}

TEST_CASE("an answer of the inventory that is lost is settled wherever the machine loses power",
          "[orders][stock][crash][faults]") {
  constexpr const char* days[] = {
      R"({"vendor":"inventory","operation":"reserve","nth":1,"effect":"drop_after"})",
      R"({"vendor":"inventory","operation":"reserve","nth":1,"effect":"late_work","late_ms":5000})",
      R"({"vendor":"inventory","operation":"commit","nth":1,"effect":"drop_after"})",
      R"({"vendor":"inventory","operation":"commit","nth":1,"effect":"late_work","late_ms":5000})",
      R"({"vendor":"inventory","operation":"release","nth":1,"effect":"drop_after"})",
  };
  std::uint64_t salt = 0;
  for (const char* day : days)
    for (const auto& e : endings()) {
      auto s = with_stock();
      s.mock.faults = must(providers::mock::parse_control(day)).faults;
      std::vector<std::string_view> points;
      const auto whole = run_to_end(s, e.clients, e.expected, &points);
      INFO(e.name << ", " << day << '\n' << joined(whole));
      CHECK(whole.empty());
      for (const auto at : points_to_try(points.size(), salt++)) {
        s.crash_at = {at};
        const auto problems = run_to_end(s, e.clients, e.expected);
        INFO("crash at point " << at << ", " << points[at - 1] << '\n' << joined(problems));
        CHECK(problems.empty());
      }
    }
}

TEST_CASE("the checks see stock that is left over", "[orders][stock]") {
  world w(with_stock());
  process(w);
  REQUIRE(w.run());
  CHECK(problems_of(w, "1", {.has_stock = true}).empty());
  REQUIRE(w.mock.control(R"({"stock":{"sku-9":5}})"));
  // Somebody else takes stock under the order's name.
  providers::mock::mock_request extra;
  extra.method = "POST";
  extra.target = "/inventory/v1/reservations";
  extra.headers = {{"content-type", "application/json"}, {"idempotency-key", "extra"}};
  extra.body = R"({"reference":"extra","items":[{"product_id":"sku-9","quantity":1}],)"
               R"("metadata":{"order_id":"1"}})";
  REQUIRE(w.mock.handle(extra, w.time.wall_ms()).response.status == 201);
  CHECK_FALSE(problems_of(w, "1", {.has_stock = true}).empty());
}

TEST_CASE("where nobody is to look nothing is charged twice or held for a dead order",
          "[orders][stock][crash]") {
  auto settings = with_stock();
  for (const char* operation : {"stripe.charge", "inventory.reserve"})
    settings.doubt[operation].policy = providers::doubt_policy::may_miss;
  std::vector<std::string_view> points;
  {
    world w(settings);
    w.ask(order_object("1"), "ProcessOrder", order_body());
    REQUIRE(w.run());
    points = w.points();
  }
  std::size_t maybe_charged = 0, out_of_stock = 0;
  for (const auto at : points_to_try(points.size(), 0)) {
    auto s = settings;
    s.crash_at = {at};
    world w(s);
    w.ask(order_object("1"), "ProcessOrder", order_body());
    REQUIRE(w.run());
    INFO("crash at point " << at << ", " << points[at - 1] << ": " << w.order("1").body);
    const auto count = [&](effect_kind kind) { return w.effects("1", kind); };
    const auto kept = [&] {
      return count(effect_kind::reservation) - count(effect_kind::stock_release);
    };
    const auto status = field(w.order("1").body, "status");
    CHECK(kept() == (status == "pending" || status == "confirmed" ? 1 : 0));
    maybe_charged += status == "pending" ? 1 : 0;
    out_of_stock += status == "out_of_stock" ? 1 : 0;
    for (int times = 0; times < 2; ++times) {
      const auto again = w.call(order_object("1"), "ProcessOrder", order_body(R"("retry":true)"));
      CHECK(again.status == (status == "pending" ? 409 : 200));
      REQUIRE(w.run());
      CHECK(count(effect_kind::charge) <= 1);
      CHECK(kept() == 1);
    }
    CHECK(field(w.call(order_object("1"), "CancelOrder", "").body, "status") == "cancelled");
    REQUIRE(w.run());
    CHECK(kept() == 0);
    CHECK(w.live().empty());
    CHECK(w.paused().empty());
    const bool calls = field(w.order("1").body, "attention").find("charge") != std::string::npos;
    CHECK(calls == (status == "pending"));
    if (!calls)
      CHECK(count(effect_kind::charge) == count(effect_kind::refund));
  }
  if (thinning == 1) { // Else few points are tried.
    CHECK(maybe_charged > 0);
    CHECK(out_of_stock > 0);
  }
}

} // namespace orderhub::testing
