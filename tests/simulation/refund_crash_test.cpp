#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What callers asked to be refunded is given back once each, whatever happens meanwhile.
namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

constexpr std::int64_t total = 4'250; // Of `order_body`.

bool shows(const world& w, const char* name, std::string_view text) {
  return field(w.order("1").body, name).find(text) != std::string::npos;
}

/// Two refunds once it is confirmed, each sent twice at once, as impatient clients do.
void refund_twice(world& w) {
  w.ask(order_object("1"), "ProcessOrder", order_body());
  w.when([](world& now) { return field(now.order("1").body, "status") == "confirmed"; },
         [](world& now) {
           for (const char* body :
                {R"({"refundId":"r1","amount":1000})", R"({"refundId":"r2","amount":250})"})
             for (int i = 0; i < 2; ++i)
               now.ask(order_object("1"), "RefundOrder", body);
         });
}

void refund_and_cancel(world& w) {
  refund_twice(w);
  w.when([](world& now) { return now.calling("stripe", "/v1/refunds"); },
         [](world& now) { now.ask(order_object("1"), "CancelOrder", {}); });
}

/// A part is on its way when the order is cancelled, and fails once the rest is given back.
void cancel_around_a_failure(world& w) {
  w.ask(order_object("1"), "ProcessOrder", order_body());
  w.when([](world& now) { return field(now.order("1").body, "status") == "confirmed"; },
         [](world& now) {
           now.ask(order_object("1"), "RefundOrder", R"({"refundId":"r1","amount":2000})");
         });
  w.when([](world& now) { return shows(now, "refunds", R"("state":"accepted")"); },
         [](world& now) { now.ask(order_object("1"), "CancelOrder", {}); });
  w.when(
      [](world& now) {
        return shows(now, "refunds", R"("state":"failed")") && shows(now, "status", "cancelled") &&
               shows(now, "pending", "[]");
      },
      [](world& now) { now.ask(order_object("1"), "CancelOrder", {}); });
}

/// All that is left, of which somebody has given back a part in Stripe's dashboard.
void refund_beside_others(world& w) {
  w.ask(order_object("1"), "ProcessOrder", order_body());
  w.when([](world& now) { return field(now.order("1").body, "status") == "confirmed"; },
         [](world& now) {
           refund_at_stripe(now, "1", 1'000);
           now.ask(order_object("1"), "RefundOrder", R"({"refundId":"r1"})");
         });
}

std::vector<std::string> problems_of_run(const world_settings& s, const script& clients,
                                         std::string_view ended,
                                         std::vector<std::string_view>* points = nullptr) {
  world w(s);
  clients(w);
  std::vector<std::string> problems;
  if (!w.run())
    problems.emplace_back("it has not come to rest");
  std::int64_t sum = 0;
  std::vector<std::string> steps;
  for (std::size_t i = 0; i < w.mock.effects().size(); ++i)
    if (const auto e = w.mock.effects().at(i); e.kind == effect_kind::refund) {
      sum += e.amount;
      const auto step = std::string(e.step) + '/' + std::to_string(e.attempt);
      for (const auto& other : steps)
        if (other == step && !e.step.empty()) // One that its bank makes later names no step.
          problems.push_back("twice: " + step);
      steps.push_back(step);
    }
  if (sum != (ended == "confirmed" ? 1'250 : total))
    problems.push_back("given back " + std::to_string(sum));
  if (w.effects("1", effect_kind::charge) != 1)
    problems.emplace_back("not charged once");
  const auto order = w.order("1").body;
  if (field(order, "status") != ended)
    problems.push_back("status " + field(order, "status"));
  if (field(order, "attention") != "[]" || field(order, "pending") != "[]")
    problems.push_back("left open: " + order);
  add_unended(w, problems);
  if (points != nullptr)
    *points = w.points();
  return problems;
}

void check_every_crash(const char* day, const script& clients, std::string_view ended) {
  world_settings s;
  if (*day != '\0')
    s.mock.faults = must(providers::mock::parse_control(day)).faults;
  std::vector<std::string_view> points;
  const auto whole = problems_of_run(s, clients, ended, &points);
  INFO(day << '\n' << joined(whole));
  CHECK(whole.empty());
  REQUIRE(points.size() > 50);
  for (const auto at : points_to_try(points.size(), 1)) {
    s.crash_at = {at};
    const auto problems = problems_of_run(s, clients, ended);
    INFO("crash at point " << at << ", " << points[at - 1] << '\n' << joined(problems));
    CHECK(problems.empty());
  }
}

} // namespace

TEST_CASE("refunds are made once each wherever the machine loses power",
          "[orders][refund_order][crash]") {
  for (const char* day :
       {"", R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"drop_after"})",
        R"({"vendor":"stripe","operation":"refund","nth":2,"effect":"late_work","late_ms":5000})",
        R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"pending","late_ms":60000})"})
    check_every_crash(day, &refund_twice, "confirmed");
}

TEST_CASE("a cancel while refunds are made gives back the rest, wherever the machine loses power",
          "[orders][refund_order][cancel][crash]") {
  for (const char* day :
       {"", R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"drop_after"})",
        R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"pending","late_ms":60000})"})
    check_every_crash(day, &refund_and_cancel, "cancelled");
}

TEST_CASE("what failed after a cancel is given back by another, wherever the machine loses power",
          "[orders][refund_order][cancel][crash]") {
  const std::string fails =
      R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"pending","late_ms":20000,)"
      R"("outcome":"error"})";
  const std::string then = R"({"vendor":"stripe","operation":"refund","nth":)";
  for (const auto& day :
       {fails,
        // Counted from behind the first. The rest is given back only after the part has failed.
        R"({"faults":[)" + fails + ',' + then + R"(1,"effect":"pending","late_ms":60000}]})",
        R"({"faults":[)" + fails + ',' + then + R"(2,"effect":"drop_after"}]})",
        R"({"faults":[)" + fails + ',' + then + R"(2,"effect":"pending","late_ms":60000}]})"})
    check_every_crash(day.c_str(), &cancel_around_a_failure, "cancelled");
}

TEST_CASE("what others have left is given back under one name, wherever the machine loses power",
          "[orders][refund_order][crash]") {
  for (const char* day :
       {"", R"({"vendor":"stripe","operation":"refund","nth":3,"effect":"drop_after"})",
        R"({"vendor":"stripe","operation":"refund","nth":3,"effect":"pending","late_ms":60000})"})
    check_every_crash(day, &refund_beside_others, "refunded");
}

} // namespace orderhub::testing
