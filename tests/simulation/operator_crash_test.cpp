#include "actors/handlers/objects.hpp"
#include "journal/open_work.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

// What people do to an order, wherever the machine loses power meanwhile.
namespace orderhub::testing {

namespace {

namespace mock = providers::mock;
using journal::operator_verb;

constexpr const char* late_label =
    R"({"vendor":"shippo","operation":"label","nth":1,"effect":"late_work","late_ms":30000})";
constexpr const char* lost_label =
    R"({"vendor":"shippo","operation":"label","nth":1,"effect":"drop_after"})";
constexpr const char* lost_charge =
    R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"drop_after"})";

/// What is done, and when.
struct action {
  const char* name;
  const char* faults;
  bool (*reached)(world&);
  operator_verb verb;
  const char* step;
  bool of_shipment; ///< Else of the order's own object.
  bool is_cancelled = false;
};

bool doubted(world& w, mock::call_id call, const std::string& step) {
  return w.mock.requests(call) >= 1 &&
         field(w.order("1").body, "in_doubt").find("\"step\":\"" + step + '"') != std::string::npos;
}
bool label_doubted(world& w) {
  return doubted(w, mock::call_id::shippo_label, "label");
}
bool charge_doubted(world& w) {
  return doubted(w, mock::call_id::stripe_charge, "charge");
}
bool charging(world& w) {
  return w.calling("stripe", "/v1/payment_intents");
}
bool buying(world& w) {
  return w.calling("shippo", "/transactions");
}

const std::vector<action>& actions() {
  static const std::vector<action> all = {
      {"retry of a label in doubt", late_label, &label_doubted, operator_verb::retry, "label",
       true},
      {"retry of a charge in doubt", lost_charge, &charge_doubted, operator_verb::retry, "charge",
       false},
      {"pause while the charge is out", nullptr, &charging, operator_verb::pause, "", false},
      {"pause while the label is out", lost_label, &buying, operator_verb::pause, "", true},
      {"cancel while the charge is out", nullptr, &charging, operator_verb::cancel, "", false,
       true},
      {"cancel while the label is in doubt", late_label, &label_doubted, operator_verb::cancel, "",
       false, true},
      {"the word that a label was bought", late_label, &label_doubted, operator_verb::happened,
       "label", true},
      {"the word that no label was bought", lost_label, &label_doubted, operator_verb::not_happened,
       "label", true},
      {"somebody has seen it", late_label, &label_doubted, operator_verb::ack, "label", false},
      {"an attempt that was refused", nullptr, &charging, operator_verb::note, "", false},
  };
  return all;
}

host::operator_request request_of(const action& a, operator_verb verb, const std::string& id) {
  host::operator_request r;
  r.object = a.of_shipment ? handlers::shipment_object("1") : order_object("1");
  r.action.verb = verb;
  r.action.step = a.step;
  r.action.who = "ada";
  r.action.via = "token";
  r.action.role = "operate";
  r.action.reason = "a test";
  r.action.id = id;
  if (verb == operator_verb::cancel)
    r.begins = "CancelOrder";
  return r;
}

std::size_t records_of(const world& w, const std::string& id) {
  const auto found = w.stored().actions({.limit = 100});
  if (!found)
    return 0;
  return static_cast<std::size_t>(std::count_if(
      found->begin(), found->end(), [&](const auto& r) { return r.entry.action.id == id; }));
}

/// It was acknowledged and is on record once, or what it was about had ended by then and it is on
/// none.
void check_record(const world& w, std::size_t number, const std::string& id,
                  std::vector<std::string>& problems) {
  const auto& c = w.of(number);
  const auto status = c.heard ? c.heard->status : 0;
  const auto count = records_of(w, id);
  if (!(status == 202 && count == 1) && !(status == 404 && count == 0))
    problems.push_back(id + " was answered " + std::to_string(status) + " and is on record " +
                       std::to_string(count) + " times");
}

std::vector<std::string> run_action(const action& a, const world_settings& settings,
                                    std::vector<std::string_view>* points = nullptr) {
  world w(settings);
  w.submit(order_object("1"), "ProcessOrder", order_body());
  // A double click.
  w.when(a.reached, [&a](world& now) {
    now.operate(request_of(a, a.verb, "one"));
    now.operate(request_of(a, a.verb, "one"));
  });
  std::vector<std::string> problems;
  const bool pauses = a.verb == operator_verb::pause;
  if (pauses) {
    w.run(600'000);
    const auto paused = w.stored().load(request_of(a, a.verb, "one").object);
    if (w.clients() > 1 && (!paused || !paused->paused_by_operator))
      problems.emplace_back("it is not paused");
    w.operate(request_of(a, operator_verb::resume, "two"));
  }
  if (!w.run())
    problems.emplace_back("it has not come to rest");
  if (w.clients() < 3) {
    problems.emplace_back("the moment was never reached");
    return problems;
  }
  check_record(w, 1, "one", problems);
  check_record(w, 2, "one", problems);
  if (pauses)
    check_record(w, 3, "two", problems);
  const auto expected =
      a.is_cancelled ? expectation{.status = "cancelled", .charged = false} : expectation{};
  for (auto& p : problems_of(w, "1", expected))
    problems.push_back(std::move(p));
  if (points != nullptr)
    *points = w.points();
  return problems;
}

world_settings settings_of(const action& a, std::uint64_t seed) {
  auto settings = a.faults != nullptr ? with_faults(a.faults) : world_settings{};
  settings.seed = seed;
  return settings;
}

} // namespace

TEST_CASE("what a person does is done once and on record, wherever the machine loses power",
          "[orders][operator][crash]") {
  std::uint64_t salt = 0;
  for (const auto& a : actions())
    for (const auto seed : seeds(1, 2)) {
      std::vector<std::string_view> points;
      const auto clean = run_action(a, settings_of(a, seed), &points);
      INFO(a.name << ", seed " << seed << '\n' << joined(clean));
      CHECK(clean.empty());
      for (const auto at : points_to_try(points.size(), salt++)) {
        auto settings = settings_of(a, seed);
        settings.crash_at = {at};
        const auto problems = run_action(a, settings);
        INFO(a.name << ", seed " << seed << ", crash at point " << at << ", " << points[at - 1]
                    << '\n'
                    << joined(problems));
        CHECK(problems.empty());
      }
    }
}

// ── A cancel of what is paused ─────────────────────────────────────────────────────────────────

namespace {

bool confirmed(world& w) {
  return field(w.order("1").body, "status") == "confirmed" && !w.calling("slack", "/") &&
         w.mock.requests(mock::call_id::sendgrid_mail) >= 1 && !w.calling("sendgrid", "/");
}

struct paused_stage {
  const char* name;
  const char* faults;
  bool (*reached)(world&);
};

const std::vector<paused_stage>& paused_stages() {
  static const std::vector<paused_stage> all = {
      {"the charge is out", nullptr, &charging},
      {"the charge is in doubt", lost_charge, &charge_doubted},
      {"the label is out", nullptr, &buying},
      {"the label was bought, its answer lost", lost_label, &label_doubted},
      {"the label is in doubt", late_label, &label_doubted},
      {"it is confirmed", nullptr, &confirmed},
  };
  return all;
}

std::vector<object_id> all_of_order() {
  return {order_object("1"), handlers::shipment_object("1"), handlers::notification_object("1"),
          handlers::custom_object("1")};
}

bool is_paused(world& w) {
  const auto all = all_of_order();
  return std::all_of(all.begin(), all.end(), [&](const auto& id) {
    const auto state = w.stored().load(id);
    return state && state->paused_by_operator;
  });
}

void on_all(world& w, operator_verb verb, const std::string& id) {
  action a{"", nullptr, nullptr, verb, "", false};
  for (const auto& object : all_of_order()) {
    auto request = request_of(a, verb, id);
    request.object = object;
    w.operate(std::move(request));
  }
}

/// What left that undoes nothing and settles nothing: purchases, mails, messages.
std::size_t begun(const world& w) {
  return static_cast<std::size_t>(
      std::count_if(w.requests().begin(), w.requests().end(), [](const std::string& r) {
        return r.starts_with("POST ") && (r.find("/transactions") != std::string::npos ||
                                          r.find("mail/send") != std::string::npos ||
                                          r.find("chat.postMessage") != std::string::npos);
      }));
}

std::vector<std::string> run_paused(const paused_stage& stage, bool by_operator,
                                    const world_settings& settings,
                                    std::vector<std::string_view>* points = nullptr) {
  world w(settings);
  std::vector<std::string> problems;
  w.submit(order_object("1"), "ProcessOrder", order_body());
  w.when(stage.reached, [](world& now) { on_all(now, operator_verb::pause, "hold"); });
  if (!w.run_until(&is_paused)) {
    problems.emplace_back("it is never paused");
    return problems;
  }
  w.run(5'000); // What was decided before has left.
  const auto before = begun(w);
  const action a{"", nullptr, nullptr, operator_verb::cancel, "", false};
  const auto canceller = by_operator ? w.operate(request_of(a, operator_verb::cancel, "stop"))
                                     : w.ask(order_object("1"), "CancelOrder", {});
  w.run(6LL * 3'600'000);
  if (!w.of(canceller).heard) {
    problems.emplace_back("nobody has heard of the cancel");
    return problems;
  }
  const auto status = field(w.order("1").body, "status");
  if (status != "cancelled")
    problems.push_back("paused and cancelled it is " + status);
  if (w.effects("1", mock::effect_kind::refund) != w.effects("1", mock::effect_kind::charge))
    problems.emplace_back("the money is not back");
  if (w.effects("1", mock::effect_kind::label_refund) != w.effects("1", mock::effect_kind::label))
    problems.emplace_back("the label is not given back");
  if (!is_paused(w))
    problems.emplace_back("it is not paused any more");
  if (const auto now = begun(w); now != before)
    problems.push_back("left while it was paused: " + std::to_string(now - before));
  on_all(w, operator_verb::resume, "go on");
  if (!w.run())
    problems.emplace_back("it has not come to rest");
  for (auto& p : problems_of(w, "1", {.status = "cancelled", .charged = false}))
    problems.push_back(std::move(p));
  if (points != nullptr)
    *points = w.points();
  return problems;
}

} // namespace

TEST_CASE("a cancel goes through a pause that holds all else, wherever the machine loses power",
          "[orders][operator][cancel][crash]") {
  std::uint64_t salt = 0;
  for (const auto& stage : paused_stages())
    for (const bool by_operator : {true, false})
      for (const auto seed : seeds(1, 1)) {
        const auto settings_with = [&](std::set<std::size_t> crash_at) {
          auto settings = stage.faults != nullptr ? with_faults(stage.faults) : world_settings{};
          settings.seed = seed;
          settings.crash_at = std::move(crash_at);
          return settings;
        };
        std::vector<std::string_view> points;
        const auto clean = run_paused(stage, by_operator, settings_with({}), &points);
        INFO("paused when " << stage.name << ", seed " << seed << '\n' << joined(clean));
        CHECK(clean.empty());
        for (const auto at : points_to_try(points.size(), salt++)) {
          const auto problems = run_paused(stage, by_operator, settings_with({at}));
          INFO("crash at point " << at << ", " << points[at - 1] << '\n' << joined(problems));
          CHECK(problems.empty());
        }
      }
}

TEST_CASE("a pause with an end is over then, wherever the machine loses power",
          "[orders][operator][crash]") {
  const auto run = [](std::set<std::size_t> crash_at, std::vector<std::string_view>* points) {
    world w({.crash_at = std::move(crash_at)});
    w.submit(order_object("1"), "ProcessOrder", order_body());
    const auto end = w.time.wall_ms() + 7'200'000;
    w.when(&charging, [end](world& now) {
      for (const auto& object : all_of_order()) {
        auto request = request_of({"", nullptr, nullptr, operator_verb::pause, "", false},
                                  operator_verb::pause, "hold");
        request.object = object;
        request.action.wanted = journal::pause_until(end);
        now.operate(std::move(request));
      }
    });
    w.run(7'000'000);
    std::vector<std::string> problems;
    if (!is_paused(w))
      problems.emplace_back("it is not paused before the end");
    if (!w.run())
      problems.emplace_back("it has not come to rest");
    for (const auto& id : all_of_order())
      if (const auto state = w.stored().load(id); !state || state->paused_by_operator)
        problems.push_back(id.text() + " is paused still");
    for (auto& p : problems_of(w, "1", {}))
      problems.push_back(std::move(p));
    if (points != nullptr)
      *points = w.points();
    return problems;
  };
  std::vector<std::string_view> points;
  const auto clean = run({}, &points);
  INFO(joined(clean));
  CHECK(clean.empty());
  for (const auto at : points_to_try(points.size(), 0)) {
    const auto problems = run({at}, nullptr);
    INFO("crash at point " << at << ", " << points[at - 1] << '\n' << joined(problems));
    CHECK(problems.empty());
  }
}

// ── What was decided upon an order as it was ───────────────────────────────────────────────────

namespace {

std::vector<host::seen_object> seen_now(const world& w) {
  std::vector<host::seen_object> seen;
  for (const auto& id :
       {order_object("1"), handlers::shipment_object("1"), handlers::notification_object("1")})
    if (const auto state = w.stored().load(id); state && !state->blank())
      seen.push_back({id, state->folded_to});
  return seen;
}

/// Places in the log, from 1, of records of that object behind the one that was seen, and ahead of
/// the first that a person caused.
std::vector<std::size_t> between(const world& w, const host::seen_object& seen) {
  std::vector<std::size_t> places;
  for (std::size_t i = seen.version; i < w.log().size(); ++i) {
    if (w.log()[i].kind == journal::record_kind::operator_action)
      return places;
    if (w.log()[i].object == seen.object)
      places.push_back(i + 1);
  }
  places.push_back(0); // Nobody did anything.
  return places;
}

} // namespace

TEST_CASE("what is meant for an order as it is seen is not done to one that has moved on",
          "[orders][operator]") {
  std::size_t done = 0, refused = 0;
  for (const bool of_shipment : {false, true})
    for (const char* faults : {"", lost_charge, late_label})
      for (const auto seed : seeds(1, 2)) {
        action a{"", faults, nullptr, operator_verb::ack, "label", of_shipment};
        auto settings = *faults != '\0' ? with_faults(faults) : world_settings{};
        settings.seed = seed;
        const auto run = [&](std::size_t at) {
          world w(settings);
          w.submit(order_object("1"), "ProcessOrder", order_body());
          std::vector<host::seen_object> seen;
          if (at > 0)
            w.at_point(at, [&](world& now) {
              auto request = request_of(a, operator_verb::ack, "one");
              request.unchanged = seen = seen_now(now);
              now.operate(std::move(request));
            });
          REQUIRE(w.run());
          const auto points = w.points().size();
          if (at == 0)
            return points;
          INFO("seed " << seed << ", point " << at << ", " << w.points()[at - 1]);
          REQUIRE(w.of(1).heard);
          const auto status = w.of(1).heard->status;
          CHECK((status == 202 || status == 412));
          CHECK(records_of(w, "one") == (status == 202 ? 1 : 0));
          (status == 202 ? done : refused) += 1;
          if (status == 202)
            for (const auto& s : seen) {
              INFO(s.object.text());
              CHECK(between(w, s) == std::vector<std::size_t>());
            }
          return points;
        };
        for (const auto at : points_to_try(run(0), seed))
          run(at);
      }
  CHECK(done > 0);
  CHECK(refused > 0);
}

} // namespace orderhub::testing
