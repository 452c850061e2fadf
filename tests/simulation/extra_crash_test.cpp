// A vendor that did one step twice: the look-up that proves it leaves one of them, and a person
// told.
#include "providers/policy/doubt.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

constexpr std::int64_t total = 4'250; // Of `order_body`.

struct day {
  const char* faults;
  std::size_t charges, refunds, labels, voided;
  const char* step; ///< Under which a person is told.
};

/// What the vendors' ledger must say of a day, whatever crashed.
std::vector<std::string> problems_of_run(const world_settings& s, const day& expected,
                                         std::vector<std::string_view>* points = nullptr) {
  world w(s);
  w.ask(order_object("1"), "ProcessOrder", order_body());
  std::vector<std::string> problems;
  if (!w.run())
    problems.emplace_back("it has not come to rest");
  const auto expect = [&](effect_kind kind, std::size_t count) {
    if (const auto n = w.effects("1", kind); n != count)
      problems.push_back(std::string(name_of(kind)) + ": " + std::to_string(n));
  };
  expect(effect_kind::charge, expected.charges);
  expect(effect_kind::label, expected.labels);
  std::int64_t taken = 0;
  std::set<std::uint64_t> given_back, voided;
  std::size_t refunds = 0, label_refunds = 0;
  for (std::size_t i = 0; i < w.mock.effects().size(); ++i) {
    const auto e = w.mock.effects().at(i);
    if (e.kind == effect_kind::charge)
      taken += e.amount;
    if (e.kind == effect_kind::refund) {
      ++refunds;
      taken -= e.amount;
    }
    label_refunds += e.kind == effect_kind::label_refund ? 1 : 0;
  }
  if (refunds != expected.refunds)
    problems.push_back("refunds: " + std::to_string(refunds));
  if (label_refunds != expected.voided)
    problems.push_back("voided: " + std::to_string(label_refunds));
  if (taken != total)
    problems.push_back("kept " + std::to_string(taken));
  const auto order = w.order("1").body;
  if (field(order, "status") != "confirmed")
    problems.push_back("status " + field(order, "status"));
  const auto told = field(order, "attention");
  if (told.find(std::string("\"step\":\"") + expected.step + '"') == std::string::npos ||
      told.find("twice, and") == std::string::npos || told.find("not ") != std::string::npos)
    problems.push_back("attention " + told);
  add_unended(w, problems);
  if (points != nullptr)
    *points = w.points();
  return problems;
}

void check_every_crash(const day& expected) {
  auto s = with_faults(expected.faults);
  // A key would bring the first one's answer, and nobody would look.
  s.doubt.emplace("stripe.charge", must(providers::parse_doubt("look_up 60s")));
  std::vector<std::string_view> points;
  const auto whole = problems_of_run(s, expected, &points);
  INFO(expected.faults << '\n' << joined(whole));
  CHECK(whole.empty());
  REQUIRE(points.size() > 50);
  for (const auto at : points_to_try(points.size(), 3)) {
    s.crash_at = {at};
    const auto problems = problems_of_run(s, expected);
    INFO("crash at point " << at << ", " << points[at - 1] << '\n' << joined(problems));
    CHECK(problems.empty());
  }
}

} // namespace

TEST_CASE("of a payment that was taken twice one is given back, once, wherever the machine loses "
          "power",
          "[orders][extra][crash]") {
  check_every_crash({R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"twice"})", 2, 1,
                     1, 0, "charge_twice"});
}

TEST_CASE("of a label that was bought twice one is voided, once, wherever the machine loses power",
          "[orders][extra][crash]") {
  check_every_crash({R"({"vendor":"shippo","operation":"label","nth":1,"effect":"twice"})", 1, 0, 2,
                     1, "label_twice"});
}

TEST_CASE("what was taken twice is told where it cannot be given back", "[orders][extra]") {
  auto s = with_faults(
      R"([{"vendor":"stripe","operation":"charge","nth":1,"effect":"twice"},)"
      R"({"vendor":"stripe","operation":"refund","always":true,"effect":"refuse","code":"charge_disputed"}])");
  s.doubt.emplace("stripe.charge", must(providers::parse_doubt("look_up 60s")));
  world w(s);
  w.ask(order_object("1"), "ProcessOrder", order_body());
  CHECK(w.run());
  const auto order = w.order("1").body;
  INFO(order);
  CHECK(field(order, "status") == "confirmed");
  CHECK(field(order, "attention").find("taken twice, and not given back: pi_") !=
        std::string::npos);
  CHECK(w.effects("1", effect_kind::charge) == 2);
}

} // namespace orderhub::testing
