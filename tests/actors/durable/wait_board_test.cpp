#include "actors/durable/wait_board.hpp"
#include "journal/base/log.hpp"
#include "tests/actors/durable/step_fixture.hpp"

#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::testing;
using durable::cause_of;
using durable::wait_board;
using durable::wait_cause;

namespace {

constexpr std::int64_t minute = 60'000;

object_id object_of(int n) {
  return {"S", std::to_string(n)};
}

struct board_fixture : step_fixture {
  wait_board board;
  explicit board_fixture(providers::doubt_policy policy = providers::doubt_policy::lookup)
      : step_fixture(policy) {
    log::set_level(log::level::off);
    hub.board = &board;
    hub.restart();
  }
  /// `shop connection`, or nothing.
  [[nodiscard]] std::string shown() const {
    std::string text;
    for (const auto& w : board.snapshot())
      text += w.vendor + ' ' + std::string(name_of(w.cause)) + ' ' + std::to_string(w.count) + ';';
    return text;
  }
};

} // namespace

// Each text is one that the program makes; a new one has its row here.
TEST_CASE("every reason of a wait has its cause", "[durable][waits]") {
  struct row {
    const char* reason;
    wait_cause cause;
  };
  for (const auto& r : {
           row{"connection refused or unreachable", wait_cause::connection},
           row{"connection broke while sending", wait_cause::connection},
           row{"host name not resolved", wait_cause::dns},
           row{"TLS handshake failed", wait_cause::tls},
           row{"TLS certificate not trusted", wait_cause::tls},
           row{"deadline passed", wait_cause::answer},
           row{"connection closed without an answer", wait_cause::answer},
           row{"answer cut short", wait_cause::answer},
           row{"its answer is awaited", wait_cause::answer},
           row{"503", wait_cause::answer},
           row{"500 api_error", wait_cause::answer},
           row{"look-up: 502", wait_cause::answer},
           row{"look-up: host name not resolved", wait_cause::dns},
           row{"429", wait_cause::limiter},
           row{"429 invalid_request_error: rate_limit", wait_cause::limiter},
           row{"look-up: 429", wait_cause::limiter},
           row{"401 invalid_request_error", wait_cause::credential},
           row{"shop refuses our credential: 401", wait_cause::credential},
           row{"shop answers with a 302 redirect to another address; check the configured URL",
               wait_cause::credential},
           row{"shop is not reached: connection refused or unreachable", wait_cause::breaker},
           row{"the limit of shop, 10 a minute, is used up", wait_cause::limiter},
           row{"9 calls to shop are on the wire", wait_cause::place},
           row{"what waited for shop goes on at a pace", wait_cause::place},
           row{"not found yet; looked up again when it would be there", wait_cause::doubt},
           row{"proven absent", wait_cause::doubt},
           row{"running at the vendor: txn_1 QUEUED", wait_cause::running},
           row{"paused by an operator", wait_cause::person},
       }) {
    CAPTURE(r.reason);
    CHECK(name_of(cause_of(r.reason)) == name_of(r.cause));
  }
}

TEST_CASE("a person is called once for a step that has waited too long, by the cause's own time",
          "[durable][waits]") {
  log::set_level(log::level::off);
  wait_board board;
  board.waits(object_of(1), "charge", "shop", wait_cause::connection, 1'000, 1'000, "refused");
  board.waits(object_of(2), "label", "post", wait_cause::tracking, 1'000, 1'000, "none yet");
  board.tick(1'000 + 10 * minute - 1);
  CHECK(board.called() == 0);
  board.tick(1'000 + 11 * minute);
  CHECK(board.called() == 1);
  board.tick(1'000 + 60 * minute);
  CHECK(board.called() == 1);
  board.tick(1'000 + 25 * 60 * minute);
  CHECK(board.called() == 2);
  board.ended(object_of(1), "charge");
  board.ended(object_of(2), "label");
  CHECK(board.snapshot().empty());

  wait_board soon(5'000); // One time for all.
  soon.waits(object_of(1), "tracking", "post", wait_cause::tracking, 1'000, 1'000, {});
  soon.waits(object_of(2), "label", "post", wait_cause::refusal, 1'000, 1'000, {});
  soon.tick(7'000);
  CHECK(soon.called() == 1); // For a refusal somebody was called when it came.
}

TEST_CASE("the log says once a minute who waits for what, and when nobody does any more",
          "[durable][waits]") {
  // Standard error is what the log writes to; the events are counted by their effect on it.
  struct lines {
    lines() { log::set_level(log::level::warn); }
    ~lines() { log::set_level(log::level::off); }
  } const on;
  wait_board board;
  for (int i = 0; i < 3; ++i)
    board.waits(object_of(i), "charge", "shop", wait_cause::connection, 1'000, 1'000, "refused");
  const auto waiting = board.snapshot();
  REQUIRE(waiting.size() == 1);
  CHECK(waiting.front().count == 3);
  CHECK(waiting.front().since == 1'000);
  CHECK(board.warnings() == 0);
  board.tick(2'500); // A moment is not worth a word.
  CHECK(board.warnings() == 0);
  board.tick(5'000);
  CHECK(board.warnings() == 1);
  board.tick(30'000);
  CHECK(board.warnings() == 1);
  board.tick(66'000);
  CHECK(board.warnings() == 2);
  for (int i = 0; i < 3; ++i)
    board.ended(object_of(i), "charge");
  board.tick(70'000);
  CHECK(board.warnings() == 3);
  board.tick(200'000);
  CHECK(board.warnings() == 3);
}

TEST_CASE("a step that cannot reach its vendor is on the board until it ends", "[durable][waits]") {
  board_fixture f;
  f.begin();
  CHECK(f.shown().empty());
  for (int i = 0; i < 5; ++i) {
    REQUIRE(f.hub.calls.size() == 1);
    f.hub.answer({providers::outcome_kind::not_sent, {}, "connection refused or unreachable"});
    f.pass();
  }
  f.hub.answer({providers::outcome_kind::not_sent, {}, "connection refused or unreachable"});
  CHECK(f.shown() == "shop connection 1;");
  if (GENERATE(false, true)) { // Then it is known again from the journal.
    f.board.ended(sim_harness::object("k"), "step");
    f.hub.restart();
    CHECK(f.shown() == "shop connection 1;");
  }
  for (int i = 0; i < 5 && f.hub.calls.empty(); ++i)
    f.pass();
  REQUIRE(f.hub.calls.size() == 1);
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
  CHECK(f.shown().empty());
}

TEST_CASE("a step that is cancelled waits no more", "[durable][waits][cancel]") {
  board_fixture f;
  f.begin();
  for (int i = 0; i < 5; ++i) {
    f.hub.answer({providers::outcome_kind::not_sent, {}, "host name not resolved"});
    f.pass();
  }
  REQUIRE(f.shown() == "shop dns 1;");
  f.hub.answer({providers::outcome_kind::not_sent, {}, "host name not resolved"});
  f.hub.cancel("k", f.id);
  CHECK(f.state() == "!cancelled");
  CHECK(f.shown().empty());
}
