#include "actors/handlers/bulk/bulk.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

// One action on many orders, wherever the machine loses power meanwhile: each item has one outcome,
// and none is done twice.
namespace orderhub::testing {

namespace {

namespace handlers = orderhub::handlers;
using handlers::bulk_action;
using handlers::bulk_outcome;
using providers::mock::effect_kind;

constexpr const char* late_labels =
    R"({"vendor":"shippo","operation":"label","always":true,"times":2,"effect":"late_work","late_ms":30000})";
const std::string id = "bulk_00000000000000000001";
const std::vector<std::string> keys = {"1", "2", "none"};

handlers::bulk_person ada() {
  return {"ada", "operate", "token", {}, "req_1"};
}

handlers::bulk_order said(const char* action) {
  handlers::bulk_order o;
  o.count = static_cast<std::uint32_t>(keys.size());
  o.action_id = std::string("act_") + action;
  o.reason = "a test";
  o.by = ada();
  return o;
}

void plan(world& w, bulk_action action) {
  handlers::bulk_plan p;
  p.action = action;
  p.reason = "a test";
  p.count = static_cast<std::uint32_t>(keys.size());
  p.rate_per_s = 2;
  p.action_id = "act_plan";
  p.by = ada();
  p.at = w.time.wall_ms();
  w.inform(handlers::bulk_page_object(id, 0), "Freeze", handlers::encode_keys(keys));
  w.inform(handlers::bulk_object(id), "Plan", p.encode());
}

std::size_t records_of(const world& w, const std::string& action_id, const object_id& object) {
  const auto found = w.stored().actions({.limit = 100});
  if (!found)
    return 0;
  return static_cast<std::size_t>(std::count_if(found->begin(), found->end(), [&](const auto& r) {
    return r.entry.action.id == action_id && r.object == object;
  }));
}

/// Whatever its id, an object has one record of the action at most.
void check_records(const world& w, bulk_action action, std::vector<std::string>& problems) {
  const auto found = w.stored().actions({.limit = 500});
  std::map<object_id, std::size_t> count;
  if (found)
    for (const auto& r : *found)
      if (r.entry.action.verb == handlers::verb_of(action) && ++count[r.object] == 2)
        problems.push_back(r.object.text() + " was told twice");
}

/// It is finished, each item has an outcome, and what was done to an order is on record once.
void check_bulk(const world& w, std::vector<std::string>& problems) {
  const auto state = w.stored().load(handlers::bulk_object(id));
  const auto page = w.stored().load(handlers::bulk_page_object(id, 0));
  const auto stored = state ? handlers::bulk_in(*state) : result<handlers::bulk>(state.failure());
  if (!stored || !page) {
    problems.emplace_back("the bulk cannot be read");
    return;
  }
  if (stored->standing.phase != handlers::bulk_phase::finished)
    problems.emplace_back("the bulk is " + std::string(name_of(stored->standing.phase)));
  handlers::bulk_tally tally;
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    const auto* recorded = page->value(handlers::bulk_outcome_entry(i));
    const auto became = bulk_outcome::decode(recorded != nullptr ? *recorded : std::string());
    if (!became) {
      problems.push_back("no outcome of " + keys[i]);
      continue;
    }
    tally.add(*became);
    const auto records =
        records_of(w, handlers::bulk_action_id(id, i, keys[i]), order_object(keys[i]));
    const bool is_done = became->what == bulk_outcome::kind::done;
    if (became->what == bulk_outcome::kind::failed)
      problems.push_back(keys[i] + " failed: " + became->text);
    if (records > 1 || (records == 1 && !is_done))
      problems.push_back(keys[i] + " is on record " + std::to_string(records) + " times");
    if (keys[i] == "none" && became->why != handlers::bulk_skip::no_such_order)
      problems.emplace_back("what is not there was done");
  }
  if (tally != stored->standing.tally())
    problems.emplace_back("the counts are not those of the items");
}

bool doubted(world& w) {
  return std::all_of(keys.begin(), keys.end() - 1, [&](const std::string& key) {
    return field(w.order(key).body, "in_doubt").find("label") != std::string::npos;
  });
}

std::vector<std::string> run_bulk(world& w, bulk_action action) {
  for (std::size_t i = 0; i + 1 < keys.size(); ++i)
    w.submit(order_object(keys[i]), "ProcessOrder", order_body());
  w.run_until(doubted);
  plan(w, action);
  w.inform(handlers::bulk_object(id), "Start", said("start").encode());
  // In the middle somebody pauses it, and starts it again.
  w.run(700);
  w.inform(handlers::bulk_object(id), "Pause", said("pause").encode());
  w.inform(handlers::bulk_object(id), "Start", said("again").encode());
  std::vector<std::string> problems;
  if (action == bulk_action::pause) {
    w.run(600'000);
    for (std::size_t i = 0; i + 1 < keys.size(); ++i) {
      const auto order = w.stored().load(order_object(keys[i]));
      if (!order || !order->paused_by_operator)
        problems.push_back(keys[i] + " is not paused");
    }
    check_bulk(w, problems);
    check_records(w, action, problems);
    return problems;
  }
  if (!w.run())
    problems.emplace_back("it has not come to rest");
  check_bulk(w, problems);
  check_records(w, action, problems);
  const auto expected = action == bulk_action::cancel
                            ? expectation{.status = "cancelled", .charged = false}
                            : expectation{};
  for (std::size_t i = 0; i + 1 < keys.size(); ++i)
    for (auto& p : problems_of(w, keys[i], expected))
      problems.push_back(keys[i] + ": " + p);
  return problems;
}

world_settings settings_of(std::uint64_t seed) {
  auto settings = with_faults(late_labels);
  settings.seed = seed;
  return settings;
}

} // namespace

TEST_CASE("each item of a bulk has one outcome and is done once, wherever the machine loses power",
          "[orders][operator][bulk][crash]") {
  std::uint64_t salt = 0;
  for (const auto action : {bulk_action::retry, bulk_action::pause, bulk_action::cancel})
    for (const auto seed : seeds(1, 2)) {
      world whole(settings_of(seed));
      const auto clean = run_bulk(whole, action);
      const auto& points = whole.points();
      INFO(name_of(action) << ", seed " << seed << '\n' << joined(clean));
      CHECK(clean.empty());
      for (const auto at : points_to_try(points.size(), salt++)) {
        auto settings = settings_of(seed);
        settings.crash_at = {at};
        world w(settings);
        const auto problems = run_bulk(w, action);
        INFO(name_of(action) << ", seed " << seed << ", crash at point " << at << ", "
                             << points[at - 1] << '\n'
                             << joined(problems));
        CHECK(problems.empty());
      }
    }
}

} // namespace orderhub::testing
