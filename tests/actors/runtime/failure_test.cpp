#include "journal/base/log.hpp"
#include "tests/actors/runtime/runtime_harness.hpp"
#include "tests/support/catch2.hpp"

#include <new>
#include <string>
#include <vector>

// An actor whose handler throws: a bug, or want of memory.

using namespace orderhub;
using namespace orderhub::testing;
using strings = std::vector<std::string>;

namespace {

/// `explode` throws from inside the object's machine while `times` lasts, then does as `work`.
void add_explode(runtime_harness& hub, int& times) {
  hub.handler("explode").run = [&hub, &times](durable::context ctx, std::string body) {
    if (times-- > 0)
      throw std::bad_alloc();
    return hub.handler("work").run(ctx, std::move(body));
  };
}

} // namespace

TEST_CASE("a caller whose input is in no turn is told, and the object goes on",
          "[runtime][failure]") {
  runtime_harness hub;
  int times = 1;
  add_explode(hub, times);
  auto c = hub.call("a", "explode", "x");
  REQUIRE(c->status() == 500);
  CHECK(hub.failures() == 1);
  CHECK(hub.active_objects() == 0);
  CHECK(hub.waiting_callers() == 0);
  auto again = hub.call("a", "explode", "x");
  hub.answer(answer_of(200, "done"));
  CHECK(again->body() == "done");
  CHECK(hub.sent == 1);
  CHECK(hub.active_objects() == 0);
}

TEST_CASE("who waits for an invocation goes on waiting over a failure of its object",
          "[runtime][failure]") {
  runtime_harness hub;
  int times = 0;
  add_explode(hub, times);
  auto first = hub.call("a", "work", "x"); // Its call is out.
  auto promised = hub.call("p", "promise");
  const auto awakeable = hub.value("p");
  hub.break_down("a", 1);
  hub.break_down("p", 2);
  CHECK(!first->answered());
  CHECK(!promised->answered());
  // The intent is in the journal: sent again under the same key. The first answer comes too late.
  hub.advance(2'000);
  CHECK(hub.wire_bodies() == strings{"x", "x"});
  hub.answer(answer_of(200, "one"));
  hub.answer(answer_of(200, "two"));
  CHECK(first->body() == "two");
  hub.complete_awakeable(awakeable, true, "word");
  CHECK(promised->body() == "word");
  CHECK(hub.active_objects() == 0);
  CHECK(hub.places_taken() == 0);
}

TEST_CASE("an object that failed is built again only when all it queued is on disk",
          "[runtime][failure]") {
  runtime_harness hub;
  hub.held = true;
  auto first = hub.call("a", "count", "1");
  hub.break_down("a", 1);
  auto second = hub.call("a", "count", "2");
  hub.advance(3'000);
  CHECK(hub.wire.empty());
  CHECK(!first->answered());
  CHECK(!second->answered());
  hub.held = false;
  hub.run_until_idle();
  hub.advance(2'000);
  while (!hub.wire.empty())
    hub.answer(answer_of(200, "ok"));
  CHECK(first->body() == "1");
  CHECK(second->body() == "2");
  CHECK(hub.value("a", "n") == "2");
  CHECK(hub.active_objects() == 0);
}

TEST_CASE("what an object told another reaches it though the other fails", "[runtime][failure]") {
  runtime_harness hub;
  bool once = true;
  hub.on_load = [&](const object_id& id) {
    if (id.key == "b" && std::exchange(once, false))
      throw std::bad_alloc();
  };
  auto c = hub.call("a", "ask", "b");
  REQUIRE(hub.wire_bodies() == strings{"asked by a"});
  hub.answer(answer_of(200, "done"));
  CHECK(c->body() == "done");
  CHECK(hub.failures() == 1);
  CHECK(hub.active_objects() == 0);
}

TEST_CASE(
    "a turn for which there is no memory is told to its callers, and its objects are built anew",
    "[runtime][failure]") {
  log::set_level(log::level::off);
  runtime_harness hub;
  auto before = hub.call("b", "promise");
  bool once = true;
  hub.on_submit = [&] {
    if (std::exchange(once, false))
      throw std::bad_alloc();
  };
  CHECK(hub.call("a", "ask", "b")->status() == 500);
  CHECK(hub.wire.empty());
  auto again = hub.call("a", "ask", "c");
  REQUIRE(hub.wire_bodies() == strings{"asked by a"});
  hub.answer(answer_of(200, "done"));
  CHECK(again->body() == "done");
  hub.complete_awakeable(hub.value("b"), true, "word");
  CHECK(before->body() == "word");
  CHECK(hub.sent == 1); // Nothing that was lost has left b anything to do.
  CHECK(hub.active_objects() == 0);
}

TEST_CASE("an object that fails three times in a minute is paused for a person",
          "[runtime][failure]") {
  log::set_level(log::level::off);
  runtime_harness hub;
  int times = 3;
  add_explode(hub, times);
  auto other = hub.call("b", "work", "b");
  const auto errors = log::error_count();
  for (int i = 0; i < 3; ++i) {
    CHECK(hub.call("a", "explode", "x")->status() == 500);
    hub.advance(3'000);
  }
  CHECK(log::error_count() == errors + 1);
  CHECK(hub.paused_objects() == 1);
  auto refused = hub.call("a", "work", "y");
  CHECK(refused->status() == 500);
  CHECK(refused->body().find("S/a is paused") != std::string::npos);
  CHECK(hub.call("a", "peek")->status() == 200); // Reads ask the journal.
  hub.answer("b", answer_of(200, "fine"));
  CHECK(other->body() == "fine");
  CHECK(hub.active_objects() == 0);

  SECTION("until a person resumes it") {
    CHECK(hub.unpause("b")->status() == 404);
    CHECK(hub.unpause("a")->status() == 202);
  }
  SECTION("until the next start") {
    hub.restart();
  }
  auto again = hub.call("a", "work", "y");
  hub.answer(answer_of(200, "done"));
  CHECK(again->body() == "done");
}

TEST_CASE("an object whose activation fails each time is paused, and what it has to do waits",
          "[runtime][failure]") {
  log::set_level(log::level::off);
  runtime_harness hub;
  auto c = hub.call("a", "sleep", "5000");
  hub.advance(2'000);
  REQUIRE(hub.active_objects() == 0);
  bool broken = true;
  hub.on_load = [&](const object_id& id) {
    if (broken && id.key == "a")
      throw std::runtime_error("the object cannot be built");
  };
  hub.advance(10'000); // The timer rings, and it is tried three times.
  CHECK(hub.paused_objects() == 1);
  CHECK(hub.failures() == 3);
  hub.advance(200'000); // Nothing tries it again.
  CHECK(hub.failures() == 3);
  CHECK(!c->answered());
  broken = false;
  hub.unpause("a");
  hub.advance(2);
  CHECK(c->body() == "woke");
}

TEST_CASE("failures long ago do not pause an object", "[runtime][failure]") {
  log::set_level(log::level::off);
  runtime_harness hub;
  int times = 10;
  add_explode(hub, times);
  for (int i = 0; i < 6; ++i) {
    CHECK(hub.call("a", "explode", "x")->status() == 500);
    hub.advance(31'000);
  }
  CHECK(hub.paused_objects() == 0);
}

TEST_CASE("a vendor call that the hub fails to send ends as not sent, and is sent again",
          "[runtime][failure]") {
  log::set_level(log::level::off);
  runtime_harness hub;
  bool once = true;
  hub.on_send = [&] {
    if (std::exchange(once, false))
      throw std::bad_alloc();
  };
  auto c = hub.call("a", "work", "x");
  CHECK(hub.wire.empty());
  CHECK(hub.places_taken() == 0);
  hub.advance(1'500);
  REQUIRE(hub.wire_bodies() == strings{"x"});
  hub.answer(answer_of(200, "done"));
  CHECK(c->body() == "done");
}

TEST_CASE("a request that the gateway fails at gets 500, once, and the next one an answer",
          "[runtime][failure]") {
  log::set_level(log::level::off);
  runtime_harness hub;
  bool throws = true;
  hub.handler("checked").run = hub.handler("work").run;
  hub.handler("checked").validate = [&](std::string_view,
                                        std::string_view body) -> result<std::string> {
    if (throws)
      throw std::bad_alloc();
    return std::string(body);
  };
  CHECK(hub.call("a", "checked", "x")->status() == 500);
  throws = false;
  auto c = hub.call("a", "checked", "x");
  hub.answer(answer_of(200, "done"));
  CHECK(c->body() == "done");
  hub.within_find_invocation = [] { throw std::bad_alloc(); };
  CHECK(hub.output(c->id())->status() == 500);
  CHECK(hub.output(c->id())->body() == "done");
  hub.within_find_invocation = [] { throw std::bad_alloc(); };
  CHECK(hub.attach(host::by_invocation_id{c->id()})->status() == 500);
}

TEST_CASE("a person's action is answered, whatever becomes of its object", "[runtime][failure]") {
  log::set_level(log::level::off);
  runtime_harness hub;
  const journal::operator_payload pause{journal::operator_verb::pause, "", "ada", "cli", "", ""};
  CHECK(hub.operate("a", pause)->status() == 202);
  int times = 0;
  add_explode(hub, times);
  SECTION("it cannot be built") {
    hub.on_load = [](const object_id&) { throw std::runtime_error("the object cannot be built"); };
    CHECK(hub.operate("b", pause)->status() == 500);
  }
  SECTION("it is paused") {
    times = 3; // Counted down by each call.
    do {
      hub.call("b", "explode", "x");
      hub.advance(3'000);
    } while (times > 0);
    REQUIRE(hub.paused_objects() == 1);
    CHECK(hub.operate("b", pause)->status() == 500);
  }
  SECTION("the journal takes no writes") {
    hub.held = true;
    hub.set_accepting(false);
    CHECK(hub.operate("b", pause)->status() == 503);
    hub.held = false;
    hub.set_accepting(true);
    hub.run_until_idle();
  }
}
