#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <map>
#include <string>
#include <vector>

// Answers that are not final, with a loss of power wherever it falls; and at every moment of every
// run, whoever looks at an order that is not finished sees what it waits for.
namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

struct day {
  const char* name;
  const char* fault;
  expectation expected;
  bool is_cancelled = false;
  const char* mail = nullptr; ///< Once, whatever happens; it may be repeated by a lost answer only.
};

std::vector<day> days() {
  return {
      {"a payment in processing",
       R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"processing","late_ms":20000})",
       {},
       false,
       "mail_confirm"},
      {"one that fails",
       R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"processing","late_ms":20000,)"
       R"("outcome":"error"})",
       {.status = "payment_failed"},
       false,
       nullptr},
      {"a label without a number",
       R"({"vendor":"shippo","operation":"label","nth":1,"effect":"untracked","late_ms":20000})",
       {},
       false,
       "mail_tracking"},
      {"a label that is queued",
       R"({"vendor":"shippo","operation":"label","nth":1,"effect":"queued","late_ms":40000})",
       {},
       false,
       "mail_tracking"},
      {"a refund that is pending",
       R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"pending","late_ms":20000})",
       {.status = "cancelled", .charged = false},
       true,
       "mail_refunded"},
      {"one that fails, and the next one",
       R"({"vendor":"stripe","operation":"refund","nth":1,"effect":"pending","late_ms":20000,)"
       R"("outcome":"error"})",
       {.status = "cancelled"},
       true,
       "mail_refund_failed"},
  };
}

void begin(world& w, const day& d) {
  w.ask(order_object("1"), "ProcessOrder", order_body());
  if (d.is_cancelled)
    w.when([](world& now) { return field(now.order("1").body, "status") == "confirmed"; },
           [](world& now) { now.ask(order_object("1"), "CancelOrder", {}); });
}

/// Runs to the end, and looks at the order after every commit.
std::vector<std::string> watch(world& w, const std::vector<std::string>& keys) {
  std::vector<std::string> problems;
  std::size_t seen = 0;
  constexpr std::size_t steps_max = 60'000;
  for (std::size_t i = 0; i < steps_max; ++i) {
    if (!w.step())
      return problems;
    if (std::exchange(seen, w.log().size()) == w.log().size())
      continue;
    for (const auto& key : keys)
      if (auto unseen = waits_unseen(w, key); !unseen.empty() && problems.size() < 3)
        problems.push_back(std::move(unseen));
  }
  problems.emplace_back("it has not come to rest");
  return problems;
}

std::vector<std::string> problems_after(world& w, const day& d) {
  auto problems = watch(w, {"1"});
  const auto shown = w.order("1").body;
  if (field(shown, "status") != d.expected.status)
    problems.push_back("status " + field(shown, "status"));
  for (const char* list : {"pending", "waiting", "in_doubt"})
    if (field(shown, list) != "[]")
      problems.push_back(std::string(list) + ' ' + field(shown, list));
  add_unended(w, problems);
  if (d.mail != nullptr && w.effects("1", effect_kind::mail, d.mail) < 1)
    problems.push_back(std::string("no ") + d.mail);
  if (w.effects("1", effect_kind::charge) > 1 || w.effects("1", effect_kind::label) > 1 ||
      w.effects("1", effect_kind::refund) > 1)
    problems.emplace_back("something was done twice");
  // Asked for once, each.
  std::map<std::string, std::size_t> begun;
  for (const auto& r : w.log())
    if (r.kind == journal::record_kind::effect && r.name.starts_with("mail_"))
      ++begun[r.name];
  for (const auto& [step, times] : begun)
    if (times > 1)
      problems.push_back(step + " was begun " + std::to_string(times) + " times");
  return problems;
}

} // namespace

TEST_CASE("what a vendor decides later ends right wherever the machine loses power",
          "[orders][crash][undecided]") {
  std::uint64_t salt = 0;
  for (const auto& d : days()) {
    auto settings = with_faults(d.fault);
    std::size_t points = 0;
    {
      world w(settings);
      begin(w, d);
      const auto problems = problems_after(w, d);
      INFO(d.name << '\n' << joined(problems) << w.order("1").body);
      CHECK(problems.empty());
      points = w.points().size();
    }
    for (const auto at : points_to_try(points, salt++)) {
      settings.crash_at = {at};
      world w(settings);
      begin(w, d);
      const auto problems = problems_after(w, d);
      INFO(d.name << ", crash at point " << at << '\n' << joined(problems) << w.order("1").body);
      CHECK(problems.empty());
    }
  }
}

TEST_CASE("no order waits unseen, whatever the vendors and the network do", "[orders][waits]") {
  constexpr const char* menu[] = {
      R"({"vendor":"*","probability":0.3,"times":6,"effect":"drop_before"})",
      R"({"vendor":"*","probability":0.3,"times":6,"effect":"drop_after"})",
      R"({"vendor":"stripe","always":true,"times":9,"effect":"unauthorized"})",
      R"({"vendor":"shippo","probability":0.5,"times":9,"effect":"status","status":429})",
      R"({"vendor":"slack","always":true,"times":12,"effect":"status","status":503})",
      R"({"vendor":"shippo","operation":"label","always":true,"times":3,"effect":"refuse","text":"no"})",
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"queued","late_ms":90000})",
      R"({"vendor":"stripe","operation":"charge","probability":0.6,"effect":"processing","late_ms":70000})",
      R"({"vendor":"shippo","operation":"label","probability":0.6,"effect":"untracked","late_ms":70000})",
      R"({"vendor":"stripe","operation":"refund","probability":0.6,"effect":"pending","late_ms":70000})",
      R"({"vendor":"*","probability":0.2,"times":6,"effect":"latency","latency_ms":25000})",
  };
  for (const auto seed : seeds(1, 120)) {
    seeded_random dice(seed);
    world_settings s;
    s.seed = s.mock.seed = seed;
    for (const char* fault : menu)
      if (dice.below(3) == 0) {
        auto read = must(providers::mock::parse_control(fault));
        s.mock.faults.insert(s.mock.faults.end(), read.faults.begin(), read.faults.end());
      }
    if (dice.below(3) == 0)
      s.rates = {{"shippo", {{"list", {10, 60'000}}, {"read", {20, 60'000}}}},
                 {"stripe", {{"read", {5, 60'000}}}}};
    s.not_sent_per_mille = dice.below(3) == 0 ? 200 : 0;
    for (auto crashes = dice.below(3); crashes > 0; --crashes)
      s.crash_at.insert(1 + dice.below(300));
    world w(s);
    for (const char* key : {"1", "2"}) {
      w.ask(order_object(key), "ProcessOrder", order_body());
      if (dice.below(3) == 0) {
        const auto at = 40 + dice.below(300);
        w.when(
            [at, key](world& now) {
              return now.points().size() >= at && now.order(key).status == 200;
            },
            [key](world& now) { now.submit(order_object(key), "CancelOrder", {}); });
      }
    }
    const auto problems = watch(w, {"1", "2"});
    INFO("ORDERHUB_SEED=" << seed << '\n'
                          << joined(problems) << w.order("1").body << '\n'
                          << w.order("2").body);
    CHECK(problems.empty());
    for (const char* key : {"1", "2"}) {
      const auto charges = w.effects(key, effect_kind::charge);
      const auto status = field(w.order(key).body, "status");
      CHECK((status == "confirmed" || status == "cancelled"));
      CHECK(charges <= 1);
      CHECK(w.effects(key, effect_kind::label) <= 1 + w.effects(key, effect_kind::label_refund));
      if (status == "cancelled")
        CHECK(w.effects(key, effect_kind::refund) == charges);
    }
  }
}

} // namespace orderhub::testing
