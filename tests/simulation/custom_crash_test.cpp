// Providers that the configuration describes, called beside an order.
#include "http_gateway/settings/custom_from.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

/// With a key, with a look-up, and with neither; the last one is told of everything.
handlers::order_settings with_providers() {
  auto orders = mock_order_settings();
  for (const auto& [name, page] :
       {std::pair("keyed", R"({"after":["confirmed","cancelled"],"path":"/orders/{{reference}}",
            "body":{"order":"{{order_id}}","event":"{{event}}","total":"{{total_minor}}"},
            "key_header":"Idempotency-Key","doubt":"replay_key 20h","proof":"/id","show":"/id"})"),
        std::pair("looked", R"({"after":"shipped","method":"PUT","path":"/orders/{{reference}}",
            "body":{"order":"{{order_id}}","event":"{{event}}","label":"{{label_id}}"},
            "proof":"/id","doubt":"look_up 5s",
            "look_up":{"path":"/orders/{{reference}}","found":"/reference",
                       "equals":"{{reference}}","absent":"404"}})"),
        std::pair("missing", R"({"after":"paid","path":"/orders/{{reference}}","doubt":"may_miss",
            "body":{"order":"{{order_id}}","event":"{{event}}"}})")})
    orders.custom.push_back(must(http_gateway::custom_from(name, page)).what);
  return orders;
}

std::size_t told(const world& w, std::string_view event) {
  return w.effects("1", effect_kind::custom_call, event);
}

std::vector<std::string> problems_of_run(const world_settings& s, bool may_miss,
                                         std::vector<std::string_view>* points = nullptr) {
  world w(s);
  w.ask(order_object("1"), "ProcessOrder", order_body());
  std::vector<std::string> problems;
  if (!w.run())
    problems.emplace_back("it has not come to rest");
  const auto order = w.order("1").body;
  if (field(order, "status") != "confirmed")
    problems.push_back("status " + field(order, "status"));
  for (const auto* event : {"confirmed", "shipped"})
    if (told(w, event) != 1)
      problems.push_back(std::string(event) + " told " + std::to_string(told(w, event)));
  if (told(w, "paid") > 1 || (!may_miss && told(w, "paid") != 1))
    problems.push_back("paid told " + std::to_string(told(w, "paid")));
  if (told(w, "cancelled") != 0)
    problems.emplace_back("told of a cancel that was none");
  const auto notices = field(order, "notices");
  for (const auto* notice : {R"("custom_keyed_confirmed":"sent: cus_)",
                             R"("custom_looked_shipped":"sent)", R"("custom_missing_paid":")"})
    if (notices.find(notice) == std::string::npos)
      problems.push_back("notices " + notices);
  add_unended(w, problems);
  if (points != nullptr)
    *points = w.points();
  return problems;
}

} // namespace

TEST_CASE("custom providers are told once each wherever the machine loses power",
          "[orders][custom][crash]") {
  std::uint64_t salt = 5;
  for (const char* faults :
       {"[]", R"({"vendor":"custom","operation":"call","nth":1,"effect":"drop_after","times":3})",
        R"({"vendor":"custom","operation":"call","nth":1,"effect":"late_work","late_ms":3000})"}) {
    auto s = with_faults(faults);
    s.orders = with_providers();
    std::vector<std::string_view> points;
    const bool is_faulty = std::string_view(faults) != "[]";
    const auto whole = problems_of_run(s, is_faulty, &points);
    INFO(faults << '\n' << joined(whole));
    CHECK(whole.empty());
    REQUIRE(points.size() > 50);
    for (const auto at : points_to_try(points.size(), salt++)) {
      s.crash_at = {at};
      const auto problems = problems_of_run(s, true);
      INFO("crash at point " << at << ", " << points[at - 1] << '\n' << joined(problems));
      CHECK(problems.empty());
    }
  }
}

TEST_CASE("a cancelled order is told to those that asked for it", "[orders][custom]") {
  world_settings s;
  s.orders = with_providers();
  world w(s);
  w.ask(order_object("1"), "ProcessOrder", order_body());
  CHECK(w.run());
  w.ask(order_object("1"), "CancelOrder", {});
  CHECK(w.run());
  CHECK(told(w, "cancelled") == 1);
  CHECK(field(w.order("1").body, "notices").find(R"("custom_keyed_cancelled":"sent: cus_)") !=
        std::string::npos);
}

TEST_CASE("a custom provider's refusal never fails an order unless its page says so",
          "[orders][custom]") {
  for (const bool cancels : {false, true}) {
    CAPTURE(cancels);
    auto s =
        with_faults(R"({"vendor":"custom","operation":"call","always":true,"effect":"refuse"})");
    s.orders = mock_order_settings();
    const std::string page =
        R"({"after":"paid","path":"/orders/{{reference}}","doubt":"may_miss","terminal":"422",)"
        R"("reason":"/error/code","body":{"order":"{{order_id}}","event":"{{event}}"},)"
        R"("on_refusal":")" +
        std::string(cancels ? "cancel_order" : "note") + "\"}";
    s.orders.custom.push_back(must(http_gateway::custom_from("risk", page)).what);
    world w(s);
    w.ask(order_object("1"), "ProcessOrder", order_body());
    CHECK(w.run());
    const auto order = w.order("1").body;
    INFO(order);
    CHECK(field(order, "status") == (cancels ? "cancelled" : "confirmed"));
    CHECK(field(order, "notices").find(R"("custom_risk_paid":"failed: 422: not_wanted")") !=
          std::string::npos);
    CHECK(field(order, "attention").find("custom_risk_paid") != std::string::npos);
    CHECK(w.effects("1", effect_kind::refund) == (cancels ? 1 : 0));
    CHECK(w.live().empty());
  }
}

TEST_CASE("what a custom provider holds up or leaves in doubt is shown with its order",
          "[orders][custom]") {
  auto s = with_faults(
      R"([{"vendor":"custom","operation":"call","always":true,"effect":"drop_after"},)"
      R"({"vendor":"custom","operation":"find","always":true,"effect":"status","status":500}])");
  s.orders = with_providers();
  world w(s);
  w.ask(order_object("1"), "ProcessOrder", order_body());
  w.run(60'000);
  auto order = w.order("1").body;
  CHECK(field(order, "status") == "confirmed");
  CHECK(field(order, "in_doubt").find("custom_looked_shipped") != std::string::npos);
  CHECK(field(order, "waiting").find("custom_keyed_confirmed") != std::string::npos);
  REQUIRE(w.mock.control(R"({"clear":true})"));
  CHECK(w.run());
  order = w.order("1").body;
  CHECK(field(order, "in_doubt") == "[]");
  CHECK(field(order, "waiting") == "[]");
}

TEST_CASE("a custom provider that the configuration has lost is asked for nothing",
          "[orders][custom]") {
  world_settings s;
  s.orders = with_providers();
  world w(s);
  w.ask(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(w.run_until([](world& now) { return told(now, "confirmed") == 1; }));
  w.configure(mock_order_settings());
  w.lose_power();
  w.run();
  CHECK(field(w.order("1").body, "status") == "confirmed");
  CHECK(told(w, "confirmed") == 1);
  // What had begun waits for its setting, and says so; nothing diverged.
  for (const auto& why : w.paused()) {
    INFO(why);
    CHECK(why.find("Restore the settings of custom_") != std::string::npos);
  }
}

TEST_CASE("a second provider sends the mail that the first one refuses, and only that",
          "[orders][custom][fallback][crash]") {
  const auto with = [](const char* faults) {
    auto s = with_faults(faults);
    s.orders = mock_order_settings();
    s.orders.custom.push_back(
        must(http_gateway::custom_from(
                 "backup", R"({"instead_of":"sendgrid.send_mail","path":"/orders/{{reference}}",
                     "key_header":"Idempotency-Key","doubt":"replay_key 20h","proof":"/id",
                     "body":{"order":"{{order_id}}","event":"{{event}}","to":"{{email}}",
                             "subject":"{{subject}}","text":"{{text}}"}})"))
            .what);
    return s;
  };
  const auto problems_of_run = [](const world_settings& s, bool is_refused,
                                  std::vector<std::string_view>* points) {
    world w(s);
    w.ask(order_object("1"), "ProcessOrder", order_body());
    std::vector<std::string> problems;
    if (!w.run())
      problems.emplace_back("it has not come to rest");
    const auto mails = w.effects("1", effect_kind::mail);
    const auto others = told(w, "mail_confirm");
    if (is_refused ? mails != 0 || others != 1 : mails == 0 || others != 0)
      problems.push_back("mails " + std::to_string(mails) + ", by another " +
                         std::to_string(others));
    const auto notices = field(w.order("1").body, "notices");
    if (notices.find(is_refused ? R"("mail_confirm":"sent: by custom.backup")"
                                : R"("mail_confirm":"sent")") == std::string::npos)
      problems.push_back(notices);
    add_unended(w, problems);
    if (points != nullptr)
      *points = w.points();
    return problems;
  };
  // Refused for good; and lost, which is doubt: another one must not send it then.
  for (const bool is_refused : {true, false}) {
    auto s = with(
        is_refused
            ? R"({"vendor":"sendgrid","operation":"mail","always":true,"effect":"status","status":400})"
            : R"({"vendor":"sendgrid","operation":"mail","nth":1,"effect":"drop_after"})");
    std::vector<std::string_view> points;
    const auto whole = problems_of_run(s, is_refused, &points);
    INFO(is_refused << joined(whole));
    CHECK(whole.empty());
    for (const auto at : points_to_try(points.size(), 9)) {
      s.crash_at = {at};
      const auto problems = problems_of_run(s, is_refused, nullptr);
      INFO("crash at point " << at << '\n' << joined(problems));
      CHECK(problems.empty());
    }
  }
}

} // namespace orderhub::testing
