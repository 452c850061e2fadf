// A deployment by a vendor that knows no idempotency key, awaited for minutes.
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <string>

namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

const object_id workflow{"DeploymentWorkflow", "d-1"};

std::size_t run_once(const world_settings& s, const std::string& ended) {
  world w(s);
  w.submit(workflow, "run", R"({"ref":"main","environment":"production"})");
  const bool rests = w.run();
  INFO(joined(w.paused()) << joined(w.live()));
  CHECK(rests);
  CHECK(w.paused().empty());
  CHECK(w.live().empty());
  CHECK(w.effects("d-1", effect_kind::deployment) == 1);
  const auto status = w.call(workflow, "GetStatus", "").body;
  INFO(status);
  CHECK(field(status, "status") == ended);
  return w.points().size();
}

} // namespace

TEST_CASE("a deployment is made once and ends the same wherever the machine loses power",
          "[deployments][crash]") {
  std::uint64_t salt = 0;
  const std::pair<const char*, const char*> days[] = {
      {R"({"vendor":"github","operation":"deployment","nth":1,"effect":"queued",)"
       R"("late_ms":20000})",
       "succeeded"},
      {R"({"vendor":"github","operation":"deployment","nth":1,"effect":"queued",)"
       R"("late_ms":20000,"outcome":"error"})",
       "failed"},
      {R"({"vendor":"github","operation":"deployment","nth":1,"effect":"queued",)"
       R"("outcome":"never"})",
       "timed_out"},
      {R"({"vendor":"github","operation":"deployment","nth":1,"effect":"drop_after"})",
       "succeeded"},
      {R"({"vendor":"github","operation":"deployment","nth":1,"effect":"late_work",)"
       R"("late_ms":3000})",
       "succeeded"},
      {R"({"vendor":"github","operation":"statuses","always":true,"times":3,)"
       R"("effect":"drop_before"})",
       "succeeded"},
  };
  for (const auto seed : seeds(1, 2))
    for (const auto& [day, ended] : days) {
      auto s = with_faults(day);
      s.seed = seed;
      s.orders.repository = "owner/shop";
      INFO("seed " << seed << ", " << day);
      const auto points = run_once(s, ended);
      for (const auto at : points_to_try(points, salt++)) {
        INFO("point " << at);
        s.crash_at = {at};
        run_once(s, ended);
      }
    }
}

} // namespace orderhub::testing
