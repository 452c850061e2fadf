#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <string>
#include <vector>

namespace orderhub::testing {

namespace {

namespace mock = providers::mock;

/// When the customer cancels. A label's retry that only a cancel ends shows that it does. The
/// charge's ends by itself: where a crash has left doubt, Stripe alone can resolve it, and a vendor
/// that refuses the key for ever is rightly asked for ever.
struct stage {
  const char* name;
  const char* faults; ///< Control document of the mock vendors.
  bool (*reached)(world&);
};

/// Asked at every step of a run: first what costs little.
bool doubted(world& w, mock::call_id call, const std::string& step) {
  return w.mock.requests(call) >= 1 &&
         field(w.order("1").body, "in_doubt").find("\"step\":\"" + step + '"') != std::string::npos;
}

bool confirmed(world& w) {
  return w.mock.requests(mock::call_id::sendgrid_mail) >= 1 &&
         field(w.order("1").body, "status") == "confirmed";
}

const std::vector<stage>& stages() {
  static const std::vector<stage> all = {
      {"the charge is in flight", nullptr,
       [](world& w) { return w.calling("stripe", "/v1/payment_intents"); }},
      {"the charge was made and its answer is lost",
       R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"drop_after"})",
       [](world& w) { return doubted(w, mock::call_id::stripe_charge, "charge"); }},
      {"the charge is still running behind a cut connection",
       R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"late_work","late_ms":5000})",
       [](world& w) { return doubted(w, mock::call_id::stripe_charge, "charge"); }},
      {"the charge waits for a retry",
       R"({"vendor":"stripe","operation":"charge","nth":1,"times":6,"effect":"status","status":429,)"
       R"("headers":{"retry-after":"20"}})",
       [](world& w) {
         return w.mock.requests(mock::call_id::stripe_charge) >= 1 && !w.calling("stripe", "/");
       }},
      {"rates are asked for", nullptr, [](world& w) { return w.calling("shippo", "/shipments"); }},
      {"the label is being bought", nullptr,
       [](world& w) { return w.calling("shippo", "/transactions"); }},
      {"the label was bought and its answer is lost",
       R"({"vendor":"shippo","operation":"label","nth":1,"effect":"drop_after"})",
       [](world& w) { return doubted(w, mock::call_id::shippo_label, "label"); }},
      {"the label is still being bought behind a cut connection",
       R"({"vendor":"shippo","operation":"label","nth":1,"effect":"late_work","late_ms":30000})",
       [](world& w) { return doubted(w, mock::call_id::shippo_label, "label"); }},
      {"the charge is sent again after a long wait",
       R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"status","status":429,)"
       R"("headers":{"retry-after":"20"}})",
       [](world& w) { return w.mock.requests(mock::call_id::stripe_charge) >= 2; }},
      {"the label is bought after a long wait",
       R"({"vendor":"shippo","operation":"label","nth":1,"effect":"status","status":429,)"
       R"("headers":{"retry-after":"600"}})",
       [](world& w) { return w.mock.requests(mock::call_id::shippo_label) >= 2; }},
      {"the label waits for a retry",
       R"({"vendor":"shippo","operation":"label","always":true,"effect":"status","status":429,)"
       R"("headers":{"retry-after":"600"}})",
       [](world& w) {
         return w.mock.requests(mock::call_id::shippo_label) >= 1 && !w.calling("shippo", "/");
       }},
      {"the label was refused and is tried again later",
       R"({"vendor":"shippo","operation":"label","nth":1,"times":2,"effect":"refuse","text":"no"})",
       &confirmed},
      {"the notices are on their way", nullptr,
       [](world& w) { return w.calling("sendgrid", "/"); }},
      {"it is confirmed", nullptr, &confirmed},
  };
  return all;
}

world_settings settings_of(const stage& s, std::uint64_t seed) {
  world_settings settings;
  settings.seed = seed;
  if (s.faults != nullptr) {
    auto read = mock::parse_control(s.faults);
    if (!read)
      std::abort();
    settings.mock.faults = read->faults;
  }
  return settings;
}

script cancelling_at(const stage& s) {
  return [&s](world& w) {
    w.submit(order_object("1"), "ProcessOrder", order_body());
    w.when(s.reached, [](world& now) { now.ask(order_object("1"), "CancelOrder", {}); });
  };
}

/// The customer who cancels hears that it is so.
void check_answer(world& w, std::vector<std::string>& problems) {
  if (w.clients() != 2) {
    problems.emplace_back("the stage was never reached");
    return;
  }
  const auto& c = w.of(1);
  if (!c.heard || c.heard->status != 200 || field(c.heard->body, "status") != "cancelled")
    problems.push_back("CancelOrder was answered " +
                       (c.heard ? std::to_string(c.heard->status) + ' ' + c.heard->body : "not"));
  if (!field(w.order("1").body, "attention").empty() &&
      field(w.order("1").body, "attention") != "[]" &&
      w.effects("1", mock::effect_kind::label) != 0)
    problems.push_back("attention " + field(w.order("1").body, "attention"));
}

std::vector<std::string> run_stage(const stage& s, const world_settings& settings,
                                   std::vector<std::string_view>* points = nullptr) {
  world w(settings);
  cancelling_at(s)(w);
  std::vector<std::string> problems;
  if (!w.run())
    problems.emplace_back("it has not come to rest");
  for (auto& p : problems_of(w, "1", {.status = "cancelled", .charged = false}))
    problems.push_back(std::move(p));
  check_answer(w, problems);
  if (points != nullptr)
    *points = w.points();
  return problems;
}

} // namespace

TEST_CASE("a cancelled order is undone once, at every stage and wherever the machine loses power",
          "[orders][cancel][crash]") {
  std::uint64_t salt = 0;
  for (const auto& s : stages())
    for (const auto seed : seeds(1, 2)) {
      std::vector<std::string_view> points;
      const auto clean = run_stage(s, settings_of(s, seed), &points);
      INFO("cancel when " << s.name << ", seed " << seed << '\n' << joined(clean));
      CHECK(clean.empty());
      for (const auto at : points_to_try(points.size(), salt++)) {
        auto settings = settings_of(s, seed);
        settings.crash_at = {at};
        const auto problems = run_stage(s, settings);
        INFO("crash at point " << at << ", " << points[at - 1] << '\n' << joined(problems));
        CHECK(problems.empty());
      }
    }
}

TEST_CASE("a cancelled order is undone once, wherever the machine loses power twice",
          "[orders][cancel][crash]") {
  const auto first_seed = seeds(1, 1).front();
  seeded_random dice(first_seed);
  for (int sample = 0; sample < static_cast<int>(400 / thinning); ++sample) {
    const auto& s = stages()[dice.below(stages().size())];
    const auto n = 1 + dice.below(130);
    auto settings = settings_of(s, first_seed + static_cast<std::uint64_t>(sample));
    settings.crash_at = {n, n + 1 + dice.below(40)};
    const auto problems = run_stage(s, settings);
    INFO("ORDERHUB_SEED=" << first_seed << ", sample " << sample << ", cancel when " << s.name
                          << ", crash at " << n << " and " << *settings.crash_at.rbegin() << '\n'
                          << joined(problems));
    CHECK(problems.empty());
  }
}

} // namespace orderhub::testing
