#include "journal/base/child_process.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"

#include <csignal>
#include <cstddef>
#include <string>

namespace orderhub::testing {

namespace {

child_process shell(const std::string& line) {
  child_process child;
  child.command = {"/bin/sh", "-c", line};
  child.ask_every_ms = 20;
  child.goes_on = [](std::size_t) { return true; };
  return child;
}

} // namespace

TEST_CASE("of another program its end and the last of its output are told", "[base][child]") {
  const auto both = must(run_process(shell("echo out; echo err >&2; exit 3")));
  CHECK(both.status == 3);
  CHECK(both.output == "out\nerr\n");
  CHECK_FALSE(both.was_ended);
  auto child = shell("echo out; echo err >&2; kill -TERM $$");
  child.hears_errors = false;
  child.output_max = 2;
  const auto cut = must(run_process(child));
  CHECK(cut.status == 128 + SIGTERM);
  CHECK(cut.output == "t\n");
  child.command = {"/nowhere/at-all"};
  CHECK(run_process(child).error().kind == error_kind::unavailable);
}

TEST_CASE("another program has the environment that it is given, and no input", "[base][child]") {
  auto child = shell("cat; echo $ORDERHUB_A$HOME");
  child.environment = {"ORDERHUB_A=a"};
  CHECK(must(run_process(child)).output == "a\n");
}

TEST_CASE("another program is ended with all that it has started", "[base][child]") {
  // Its child has the output too: whoever left that alone would wait for it.
  auto child = shell("sleep 600 & echo begun; exec >&-; wait");
  child.goes_on = [](std::size_t written) { return written == 0; };
  const auto ended = must(run_process(child));
  CHECK(ended.was_ended);
  CHECK(ended.status == 128 + SIGKILL);
  CHECK(ended.output == "begun\n");
}

} // namespace orderhub::testing
