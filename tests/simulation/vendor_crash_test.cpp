#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>

// A person pauses a vendor and lets it go on, and the machine loses power.
namespace orderhub::testing {

namespace {

using host::vendor_verb;
using providers::mock::effect_kind;

struct told final : host::responder {
  void accepted(std::string_view) override {}
  void finished(host::call_response r) override { status = r.status; }
  int status = 0;
};

/// Says it again where power was lost before it was answered.
void decide(world& w, vendor_verb verb) {
  for (;;) {
    const auto answer = std::make_shared<told>();
    const auto crashes = w.crashes();
    w.operate_vendor("stripe", verb, {"ada", "cli", "stripe moves"}, answer);
    w.run_until([&](world& now) { return answer->status != 0 || now.crashes() != crashes; });
    if (answer->status == 0)
      continue;
    REQUIRE(answer->status == 202);
    return;
  }
}

std::size_t charges_asked(const world& w) {
  return static_cast<std::size_t>(
      std::count_if(w.requests().begin(), w.requests().end(),
                    [](const std::string& r) { return r.starts_with("POST /stripe/"); }));
}

/// How many points it has.
std::size_t paused_and_resumed(std::size_t crash_at) {
  world_settings s;
  if (crash_at > 0)
    s.crash_at = {crash_at};
  world w(s);
  w.submit(order_object("1"), "ProcessOrder", order_body());
  decide(w, vendor_verb::pause);
  const auto before = charges_asked(w); // It may have left before.
  for (const char* key : {"2", "3"})
    w.submit(order_object(key), "ProcessOrder", order_body());
  w.run(3'600'000);
  CHECK(charges_asked(w) <= before + 1); // One had its place when the pause came.
  const auto in_pause = charges_asked(w);
  w.run(3'600'000);
  CHECK(charges_asked(w) == in_pause);
  for (const char* key : {"2", "3"})
    CHECK(w.effects(key, effect_kind::charge) == 0);
  decide(w, vendor_verb::resume);
  CHECK(w.run());
  REQUIRE_FALSE(w.ran_away());
  for (const char* key : {"1", "2", "3"}) {
    CHECK(w.effects(key, effect_kind::charge) == 1);
    CHECK(field(w.order(key).body, "status") == "confirmed");
  }
  return w.points().size();
}

} // namespace

TEST_CASE(
    "nothing is asked of a paused vendor wherever the machine loses power, and all of it later",
    "[orders][operator][crash]") {
  const auto points = paused_and_resumed(0);
  for (const auto at : points_to_try(points, 1)) {
    CAPTURE(at);
    paused_and_resumed(at);
  }
}

} // namespace orderhub::testing
