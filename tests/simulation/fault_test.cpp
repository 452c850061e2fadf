#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <map>
#include <string>

namespace orderhub::testing {

namespace {

namespace mock = providers::mock;
using mock::fault_effect;

/// A vendor's bad day: a few faults of each kind, then it is well again, so that the order can end.
/// No refusals: they change what the right end is. Late work ends within the vendor's absence time.
std::vector<mock::fault> bad_day(seeded_random& dice) {
  constexpr fault_effect effects[] = {
      fault_effect::status,    fault_effect::drop_before, fault_effect::drop_after,
      fault_effect::garbage,   fault_effect::truncate,    fault_effect::latency,
      fault_effect::late_work, fault_effect::stored_500,  fault_effect::stored_500_done,
      fault_effect::html,      fault_effect::empty,       fault_effect::foreign};
  constexpr int statuses[] = {408, 425, 429, 500, 502, 503, 504};
  std::vector<mock::fault> faults;
  const auto count = 2 + dice.below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    mock::fault f;
    f.vendor = static_cast<mock::vendor_id>(dice.below(mock::vendor_count));
    f.effect = effects[dice.below(std::size(effects))];
    f.probability = 0.2 + static_cast<double>(dice.below(60)) / 100;
    f.times = 1 + dice.below(3);
    f.work = dice.below(2) == 0;
    f.status = statuses[dice.below(std::size(statuses))];
    // Seconds: some are waited out in memory, some are durable timers.
    if (dice.below(2) == 0)
      f.headers.emplace_back("retry-after", std::to_string(1 + dice.below(90)));
    if (f.effect == fault_effect::latency || dice.below(4) == 0)
      f.latency_ms = static_cast<std::int64_t>(dice.below(90'000)); // Some pass the deadline.
    f.late_ms = static_cast<std::int64_t>(
        dice.below(f.vendor == mock::vendor_id::slack || f.vendor == mock::vendor_id::twilio ||
                           f.vendor == mock::vendor_id::github
                       ? 4'000
                   : f.vendor == mock::vendor_id::inventory ? 8'000
                                                            : 40'000));
    faults.push_back(std::move(f));
  }
  return faults;
}

} // namespace

TEST_CASE("orders end right whatever the vendors, the network and the disk do",
          "[orders][faults]") {
  const auto all = seeds(1, 200);
  // What the runs really met: a search that meets nothing finds nothing.
  std::size_t crashes_met = 0;
  std::size_t cancels_met = 0;
  std::map<std::string, std::size_t> faults_met;
  for (const auto seed : all) {
    seeded_random dice(seed);
    world_settings s;
    s.seed = seed;
    s.mock.seed = seed;
    s.mock.faults = bad_day(dice);
    s.orders.stock = true;
    s.not_sent_per_mille = dice.below(3) == 0 ? 150 : 0;
    s.failed_commits_per_mille = dice.below(3) == 0 ? 100 : 0;
    const auto crashes = dice.below(4);
    for (std::uint64_t i = 0; i < crashes; ++i)
      s.crash_at.insert(1 + dice.below(400));
    world w(s);
    std::string cancelled;
    for (const char* key : {"1", "2", "3"}) {
      w.ask(order_object(key), "ProcessOrder", order_body());
      if (dice.below(3) == 0) {
        cancelled += key;
        // Some time between the input and long after the end.
        const auto at = 40 + dice.below(dice.below(2) == 0 ? 150 : 900);
        w.when(
            [at, key](world& now) {
              return now.points().size() >= at && now.order(key).status == 200;
            },
            [key](world& now) { now.submit(order_object(key), "CancelOrder", {}); });
      }
    }
    const bool rests = w.run();
    std::vector<std::string> problems;
    for (const char* key : {"1", "2", "3"}) {
      // A cancel whose moment did not come was never asked for.
      bool asked = false;
      for (std::size_t i = 0; i < w.clients(); ++i)
        asked = asked || (w.of(i).handler == "CancelOrder" && w.of(i).object.key == key);
      const expectation expected =
          asked ? expectation{.status = "cancelled", .charged = false, .has_stock = true}
                : expectation{.has_stock = true};
      for (const auto& p : problems_of(w, key, expected))
        problems.push_back(std::string("order ") + key + ": " + p);
      if (!asked && comparable(w.order(key).body).find("\"attention\":[]") == std::string::npos)
        problems.push_back(std::string("order ") + key + ": " + w.order(key).body);
    }
    INFO("ORDERHUB_SEED=" << seed << '\n' << joined(problems) << w.mock.ledger_json());
    CHECK(rests);
    CHECK(problems.empty());
    crashes_met += w.crashes();
    for (std::size_t i = 0; i < w.clients(); ++i)
      cancels_met += w.of(i).handler == "CancelOrder" ? 1 : 0;
    const auto met = field(w.mock.ledger_json(), "faults");
    for (const char* name :
         {"status", "drop_before", "drop_after", "garbage", "truncate", "latency", "late_work",
          "stored_500", "stored_500_done", "html", "empty", "foreign"})
      faults_met[name] += field(met, name).empty() ? 0 : 1;
  }
  if (all.size() < 100)
    return;
  CHECK(crashes_met > all.size());
  CHECK(cancels_met > all.size() / 4);
  for (const auto& [name, runs] : faults_met) {
    CAPTURE(name, runs);
    CHECK(runs > all.size() / 20);
  }
}

} // namespace orderhub::testing
