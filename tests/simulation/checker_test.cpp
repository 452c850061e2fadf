#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <algorithm>
#include <string>

// What the other tests here prove is worth as much as their checker: each guarantee is broken once
// on purpose, and the checker must see it.
namespace orderhub::testing {

namespace {

namespace mock = providers::mock;

void process(world& w) {
  w.submit(order_object("1"), "ProcessOrder", order_body());
}

bool found(const run_report& run, const std::string& problem) {
  return std::any_of(run.problems.begin(), run.problems.end(),
                     [&](const auto& p) { return p.find(problem) != std::string::npos; });
}

/// By one of all crash points, tried until it is: a checker that sees is done early.
bool is_found_by_a_crash(world_settings s, const std::string& problem) {
  const auto points = run_order(s, &process, {}).points.size();
  for (std::size_t at = 1; at <= points; ++at) {
    s.crash_at = {at};
    if (found(run_order(s, &process, {}), problem))
      return true;
  }
  return false;
}

std::vector<mock::fault> faults_of(const char* control) {
  auto read = mock::parse_control(control);
  if (!read)
    std::abort();
  return read->faults;
}

} // namespace

TEST_CASE("with keys that change with every send a double charge is found", "[orders][checker]") {
  world_settings s;
  s.unstable_keys = true;
  CHECK(is_found_by_a_crash(s, "double charge"));

  // And without a crash, by an answer that is lost.
  s.crash_at.clear();
  s.mock.faults =
      faults_of(R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"drop_after"})");
  CHECK(found(run_order(s, &process, {}), "double charge"));
  s.unstable_keys = false;
  CHECK(run_order(s, &process, {}).problems.empty());
}

TEST_CASE("without sync an acknowledged order is found lost", "[orders][checker]") {
  world_settings s;
  s.journal.sync = false;
  CHECK(is_found_by_a_crash(s, "acknowledged and lost"));
}

TEST_CASE("without a absence time late work makes a double label, and it is found",
          "[orders][checker]") {
  world_settings s;
  s.mock.faults = faults_of(
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"late_work","late_ms":20000})");
  s.absence_after_ms = 0;
  CHECK(found(run_order(s, &process, {}), "double label"));
  s.absence_after_ms = -1;
  const auto run = run_order(s, &process, {});
  INFO(joined(run.problems));
  CHECK(run.problems.empty());
}

TEST_CASE("an order that nobody sent is found missing", "[orders][checker]") {
  CHECK(found(run_order({}, [](world&) {}, {}), "the order is lost"));
}

} // namespace orderhub::testing
