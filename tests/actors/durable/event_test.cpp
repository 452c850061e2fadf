#include "journal/base/hash.hpp"
#include "tests/actors/durable/step_fixture.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::testing;
using durable::context;
using durable::event_outcome;
using durable::handler_mode;
using durable::handler_task;
using providers::doubt_policy;

namespace {

/// What the event handler `told` answers; each test sets it.
event_outcome told;

/// Facts grow: deltas are put behind each other, each once.
std::string merge_words(std::string_view, const std::string* current, std::string_view delta) {
  std::string text = current != nullptr ? *current : std::string();
  if (text.find(delta) == std::string::npos)
    text += (text.empty() ? "" : " ") + std::string(delta);
  return text;
}

handler_task reads_twice(context ctx, std::string) {
  const auto before_entry = co_await ctx.get("facts");
  const auto before = before_entry.value_or("none");
  auto done = co_await ctx.effect(shop_call(ctx.step("step"), "body", settings));
  const auto after_entry = co_await ctx.get("facts");
  const auto after = after_entry.value_or("none");
  auto again = co_await ctx.effect(shop_call(ctx.step("again"), "again", settings));
  co_return before + '/' + after + '/' + (done ? done->text : "failed") +
      (again ? again->text : "failed");
}

handler_task waits_for_events(context ctx, std::string) {
  auto first = co_await ctx.next_event();
  const auto facts_entry = co_await ctx.get("facts");
  const auto facts = facts_entry.value_or("none");
  auto second = co_await ctx.next_event();
  co_return (first ? *first : "cancelled") + ',' + facts + ',' + (second ? *second : "cancelled");
}

handler_task tells_another(context ctx, std::string) {
  ctx.send(sim_harness::object("k"), "told", {});
  co_return std::string("told");
}

handler_task promises(context ctx, std::string) {
  auto promise = ctx.awakeable();
  ctx.set("promise", promise.id);
  auto got = co_await std::move(promise.value);
  co_return got ? *got : std::string("failed");
}

handler_task rests(context ctx, std::string) {
  auto rested = co_await ctx.sleep(60'000);
  co_return std::string(rested ? "rested" : "woken");
}

handler_task counts(context ctx, std::string body) {
  const auto begun = co_await ctx.get("begun");
  ctx.set("begun", begun.value_or("") + body);
  co_return std::string("counted");
}

struct fixture : step_fixture {
  explicit fixture(doubt_policy policy = doubt_policy::lookup) : step_fixture(policy) {
    told = {};
    told.name = "told";
    auto& h = hub.handler("told", handler_mode::event, nullptr);
    h.event = [](const journal::object_state&, std::string_view body) -> result<event_outcome> {
      if (body == "bad")
        return fail({error_kind::invalid, "test.told", "not a fact"});
      return told;
    };
    hub.services.services["S"].merge = &merge_words;
    hub.exclusive("reads", &reads_twice);
    hub.exclusive("events", &waits_for_events);
    hub.exclusive("promises", &promises);
    hub.exclusive("rests", &rests);
    hub.exclusive("counts", &counts);
  }
  invocation_id tell(std::string body = {}) { return hub.send("k", "told", std::move(body)); }
  void happened(std::string value, std::string attempt_of = {}) {
    told.evidence = {{"step", std::move(attempt_of), true, std::move(value)}};
  }
  void failed() { told.evidence = {{"step", "", false, {}}}; }
};

} // namespace

TEST_CASE("an event is merged at once beside a running handler, which sees it from then on",
          "[durable][event]") {
  fixture f;
  f.id = f.hub.send("k", "reads");
  const auto waiting = f.hub.send("k", "counts", "x");
  told.merges = {{"facts", "paid"}, {"facts", "disputed"}};
  const auto event = f.tell();
  REQUIRE(f.hub.outcome(event));
  CHECK(text_of(*f.hub.outcome(event)) == "null");
  CHECK(f.hub.value("k", "facts") == "paid disputed"); // Both, one behind the other.
  CHECK(!f.hub.outcome(waiting));
  CHECK(f.hub.entries(event).empty());
  const int restart_at = GENERATE(0, 1, 2);
  if (restart_at == 1) {
    f.hub.restart();
    f.hub.answer(answer_of(200, "found:done"));
  } else {
    f.hub.answer(answer_of(200, "done"));
  }
  // Another one after the handler has read: the old value is the journaled one, in every replay.
  told.merges = {{"facts", "won"}};
  f.tell();
  CHECK(f.hub.value("k", "facts") == "paid disputed won");
  if (restart_at == 2) {
    f.hub.restart();
    f.hub.answer(answer_of(200, "found:again"));
  } else {
    f.hub.answer(answer_of(200, "again"));
  }
  CHECK(text_of(*f.hub.outcome(f.id)) == "none/paid disputed/doneagain");
  CHECK(f.hub.outcome(waiting));
}

TEST_CASE("what a person does by an event is on record in its turn, about what it begins",
          "[durable][event][operator]") {
  fixture f;
  f.begin();
  told.acts =
      journal::operator_payload{journal::operator_verb::pause, "", "ada", "token", "a test", ""};
  const auto paused = f.tell();
  REQUIRE(f.hub.outcome(paused));
  CHECK(must_state(f.hub).paused_by_operator);
  f.hub.answer(answer_of(500, "perhaps")); // What is out is settled, and nothing more is begun.
  const auto waiting = f.hub.send("k", "counts", "x");
  CHECK(!f.hub.outcome(waiting));
  told.acts->verb = journal::operator_verb::resume;
  told.sends = {{sim_harness::object("k"), "counts", "y"}};
  const auto resumed = f.tell();
  f.hub.restart();
  const auto state = must_state(f.hub);
  CHECK_FALSE(state.paused_by_operator);
  REQUIRE(state.operators.size() == 2);
  CHECK(state.operators[0].invocation == invocation_id());
  CHECK(state.operators[1].invocation == resumed.child(1));
  CHECK(state.operators[1].action.who == "ada");
}

TEST_CASE("an event that is refused changes nothing and is answered so", "[durable][event]") {
  fixture f;
  told.merges = {{"facts", "paid"}};
  const auto event = f.tell("bad");
  CHECK(text_of(*f.hub.outcome(event)) == "!invalid");
  CHECK(f.hub.value("k", "facts").empty());
}

TEST_CASE("an event with a known request key changes nothing", "[durable][event]") {
  fixture f;
  told.merges = {{"facts", "paid"}};
  journal::request_key key;
  key.scope = sha256_of("event 1");
  key.body = sha256_of("b");
  key.expires_at = f.hub.time.true_ms() + 86'400'000;
  const auto first = f.hub.input("k", "told", "b", key);
  REQUIRE(first.kind == durable::verdict_kind::accepted);
  told.merges = {{"facts", "again"}};
  if (GENERATE(false, true))
    f.hub.restart();
  const auto second = f.hub.input("k", "told", "b", key);
  CHECK(second.kind == durable::verdict_kind::known);
  CHECK(second.invocation == first.invocation);
  CHECK(f.hub.value("k", "facts") == "paid");
}

TEST_CASE("evidence ends a doubt in each of its phases, and no call is made any more",
          "[durable][event][evidence]") {
  const auto policy =
      GENERATE(doubt_policy::lookup, doubt_policy::replay_key, doubt_policy::await_event);
  // 0: waits for the absence time or its retry; 1: waits long; 2: waits for a person.
  const int phase = GENERATE(0, 1, 2);
  const int disturbed = GENERATE(0, 1, 2);
  CAPTURE(static_cast<int>(policy), phase, disturbed);
  fixture f(policy);
  settings.absence_after_ms = 60'000;
  settings.event_wait_ms = 60'000;
  f.begin();
  if (phase == 0)
    f.hub.answer(lost_call());
  else if (phase == 1)
    f.hub.answer(answer_of(503, "", {{"retry-after-ms", "60000"}}));
  else
    f.hub.answer(answer_of(400, "", {{"done-before", "1"}}));
  if (f.state() == "lookup")
    f.hub.answer(answer_of(200, phase == 2 ? "differs:amount" : "absent"));
  REQUIRE((f.state() == "wait" || f.state() == "nothing"));
  if (disturbed == 1 && f.hub.machine("k").suspendable())
    f.hub.reactivate("k");
  if (disturbed == 2 && f.hub.machine("k").suspendable())
    f.hub.restart();
  const auto sent = f.hub.sent;
  f.happened("by event");
  f.tell();
  CHECK(f.state() == "by event");
  CHECK(f.hub.sent == sent);
  CHECK(f.hub.notes(f.id).find("evidence") != std::string::npos);
}

TEST_CASE("evidence while a call is out waits for what the call says",
          "[durable][event][evidence]") {
  const auto policy = GENERATE(doubt_policy::lookup, doubt_policy::replay_key);
  const bool looking_up = GENERATE(false, true);
  CAPTURE(static_cast<int>(policy), looking_up);
  const std::vector<std::pair<providers::transport_outcome, std::string>> sends = {
      {answer_of(200, "by call"), "by call"},
      {answer_of(402), "!rejected"},
      {lost_call(), "by event"},
      {answer_of(429), "by event"},
      {answer_of(500), "by event"},
      {answer_of(401), "by event"},
      {unsent_call(), "by event"},
      {answer_of(400, "", {{"done-before", "1"}}), "by event"},
  };
  const std::vector<std::pair<providers::transport_outcome, std::string>> lookups = {
      {answer_of(200, "found:by list"), "by list"},
      {answer_of(200, "refused:no"), "!rejected"},
      {answer_of(200, "absent"), "by event"},
      {answer_of(200, "running"), "by event"},
      {answer_of(200, "differs:x"), "by event"},
      {answer_of(503), "by event"},
      {answer_of(401), "by event"},
      {lost_call(), "by event"},
  };
  for (const auto& [outcome, expected] : looking_up ? lookups : sends) {
    CAPTURE(expected, outcome.response.status, outcome.response.body);
    fixture f(policy);
    f.begin();
    if (looking_up) {
      f.hub.answer(answer_of(500, "", {{"stored", "1"}}));
      REQUIRE(f.state() == "lookup");
    }
    f.happened("by event");
    f.tell();
    REQUIRE(f.state() == (looking_up ? "lookup" : "send"));
    f.hub.answer(outcome);
    CHECK(f.state() == expected);
  }
}

TEST_CASE("evidence that came while a call was out is there after a crash",
          "[durable][event][evidence]") {
  const auto policy = GENERATE(doubt_policy::lookup, doubt_policy::replay_key,
                               doubt_policy::may_miss, doubt_policy::await_event);
  CAPTURE(static_cast<int>(policy));
  fixture f(policy);
  f.begin();
  f.happened("by event");
  f.tell();
  f.tell(); // Told twice.
  REQUIRE(f.state() == "send");
  f.hub.restart();
  CHECK(f.state() == "by event");
  CHECK(f.hub.calls.empty());
}

TEST_CASE("evidence concerns the step and attempt that it names", "[durable][event][evidence]") {
  fixture f;
  f.begin();
  f.hub.answer(lost_call());
  f.hub.answer(answer_of(200, "absent"));
  f.happened("by event", "2");
  f.tell();
  REQUIRE(f.state() == "wait");
  told.evidence.front().step = "other";
  told.evidence.front().attempt.clear();
  f.tell();
  REQUIRE(f.state() == "wait");
  f.happened("by event", "1");
  f.tell();
  CHECK(f.state() == "by event");
}

TEST_CASE("evidence of an earlier key's call says nothing of the one that is open",
          "[durable][event][evidence]") {
  fixture f(doubt_policy::lookup);
  f.begin();
  f.hub.answer(lost_call());
  REQUIRE(f.until("send")); // Proven absent: the next one has a key of its own where there are any.
  f.hub.answer(lost_call());
  f.hub.answer(answer_of(200, "absent"));
  REQUIRE(f.state() == "wait");
  const auto now = f.hub.machine("k").state().find_live(f.id);
  REQUIRE(now != nullptr);
  std::uint32_t generation = 1;
  for (const auto& e : now->entries)
    if (e.kind == journal::record_kind::effect_note)
      generation = std::max(generation, must(journal::decode_note(e.payload)).attempt);
  if (GENERATE(false, true))
    f.hub.restart();
  const auto before = f.state(); // A look-up after a restart.
  f.happened("by event");
  told.evidence.front().generation = generation + 1;
  f.tell();
  REQUIRE(f.state() == before);
  told.evidence.front().generation = generation;
  f.tell();
  if (before == "lookup")
    f.hub.answer(answer_of(200, "absent"));
  CHECK(f.state() == "by event");
}

TEST_CASE("an event clears entries, and begins what it begins later", "[durable][event]") {
  fixture f;
  told.merges = {{"facts", "paid"}, {"kept", "x"}};
  f.tell();
  REQUIRE(f.hub.value("k", "kept") == "x");
  told.merges.clear();
  told.clears = {"kept", "never there"};
  told.sends = {{sim_harness::object("k"), "counts", "later", 60'000}};
  f.tell();
  told = {};
  CHECK(f.hub.value("k", "kept").empty());
  CHECK(f.hub.value("k", "facts") == "paid");
  f.hub.advance(59'000);
  if (GENERATE(false, true))
    f.hub.restart();
  CHECK(f.hub.value("k", "begun").empty());
  f.hub.advance(2'000);
  CHECK(f.hub.value("k", "begun") == "later");
}

TEST_CASE("an event that says it failed only makes a look-up due", "[durable][event][evidence]") {
  fixture f;
  settings.absence_after_ms = 600'000;
  f.begin();
  f.failed();
  f.tell();
  REQUIRE(f.state() == "send"); // Its own answer will say.
  f.hub.answer(lost_call());
  f.hub.answer(answer_of(200, "absent"));
  REQUIRE(f.state() == "wait");
  if (GENERATE(false, true))
    f.hub.restart();
  f.tell();
  REQUIRE(f.state() == "lookup");
  f.hub.answer(answer_of(200, "absent"));
  REQUIRE(f.state() == "wait"); // Proves nothing before the time.
  CHECK(f.left() > 500'000);
  f.tell();
  f.hub.answer(answer_of(200, "refused:no"));
  CHECK(f.state() == "!rejected");
}

TEST_CASE("await_event waits for evidence and then does what is behind it, once",
          "[durable][event][await_event]") {
  const auto behind = GENERATE(doubt_policy::replay_key, doubt_policy::lookup,
                               doubt_policy::may_miss, doubt_policy::may_repeat);
  const int disturbed = GENERATE(0, 1, 2, 3);
  CAPTURE(static_cast<int>(behind), disturbed);
  fixture f(doubt_policy::await_event);
  settings.event_wait_ms = 60'000;
  settings.after_event = behind;
  f.hub.advance(1); // What is noted in the ms of the start counts as of an earlier run.
  f.begin();
  if (disturbed == 3)
    f.hub.restart(); // With the call out.
  else
    f.hub.answer(lost_call());
  const auto begun = f.hub.time.steady_ms();
  REQUIRE(f.state() == "wait");
  CHECK(f.hub.machine("k").suspendable());
  f.hub.advance(30'000);
  if (disturbed == 1)
    f.hub.reactivate("k");
  if (disturbed == 2)
    f.hub.restart();
  REQUIRE(f.state() == "wait");
  // What was to come while nobody was here has to come again.
  const std::int64_t again = disturbed == 2 ? 30'000 : 0;
  f.hub.advance(29'999 + again);
  REQUIRE(f.state() == "wait");
  f.pass();
  if (f.state() == "wait" && behind == doubt_policy::may_repeat)
    f.pass();
  CHECK(f.hub.time.steady_ms() - begun <= 61'000 + again);
  if (behind == doubt_policy::may_miss) {
    CHECK(f.state() == "!missed");
    return;
  }
  REQUIRE(f.state() == (behind == doubt_policy::lookup ? "lookup" : "send"));
  // It has waited once: a further loss, a restart, and it does not wait for an event again.
  f.hub.answer(behind == doubt_policy::lookup ? answer_of(503, "", {{"retry-after-ms", "9000"}})
                                              : lost_call());
  f.hub.restart();
  for (int i = 0; i < 3 && f.state() == "wait"; ++i) {
    CHECK(f.left() <= 10'000);
    f.pass();
  }
  CHECK(f.state() == (behind == doubt_policy::lookup ? "lookup" : "send"));
}

TEST_CASE("a handler waits for the next event of its object", "[durable][event]") {
  fixture f;
  const bool restarts = GENERATE(false, true);
  told.merges = {{"facts", "early"}};
  f.tell(); // Nobody waits yet.
  f.id = f.hub.send("k", "events");
  CHECK(!f.hub.outcome(f.id));
  if (restarts)
    f.hub.restart();
  CHECK(f.hub.machine("k").suspendable());
  told.name = "paid";
  told.merges = {{"facts", "paid"}};
  f.tell();
  CHECK(!f.hub.outcome(f.id));
  if (restarts)
    f.hub.restart();
  told.name = "disputed";
  f.tell();
  REQUIRE(f.hub.outcome(f.id));
  CHECK(text_of(*f.hub.outcome(f.id)) == "paid,early paid,disputed");
}

TEST_CASE("an event is heard by a wait that is not replayed yet", "[durable][event]") {
  fixture f;
  f.hub.exclusive("tells", &tells_another);
  f.id = f.hub.send("k", "events");
  // 0: the wait is in memory; 1: the event is what wakes its object; 2: the wait's handler is of
  // another revision, and comes back.
  const int at = GENERATE(0, 1, 2);
  CAPTURE(at);
  told.name = "paid";
  if (at == 1)
    f.hub.passivate("k");
  if (at == 2) {
    f.hub.services.services["S"].handlers["events"].revision = "2";
    f.hub.restart();
    REQUIRE(!f.hub.machine("k").paused().empty());
  }
  f.hub.send("l", "tells");
  if (at == 2) {
    f.hub.services.services["S"].handlers["events"].revision = "1";
    f.hub.restart();
  }
  told.name = "disputed";
  f.tell();
  REQUIRE(f.hub.outcome(f.id));
  CHECK(text_of(*f.hub.outcome(f.id)) == "paid,none,disputed");
}

TEST_CASE("an event resolves a promise of its object once", "[durable][event]") {
  fixture f;
  f.id = f.hub.send("k", "promises");
  const auto promise = awakeable_id::parse(f.hub.value("k", "promise"));
  REQUIRE(promise);
  if (GENERATE(false, true))
    f.hub.restart();
  told.resolves = {{*promise, "\"value\""}, {*promise, "\"other\""}, {{f.id, 77}, "none such"}};
  f.tell();
  REQUIRE(f.hub.outcome(f.id));
  CHECK(text_of(*f.hub.outcome(f.id)) == "\"value\"");
  f.tell();
}

TEST_CASE("an event may ask the running handler to stop", "[durable][event]") {
  fixture f;
  const auto first = f.hub.send("k", "rests");
  const auto second = f.hub.send("k", "rests");
  if (GENERATE(false, true))
    f.hub.restart();
  told.cancels_running = true;
  f.tell();
  CHECK(text_of(*f.hub.outcome(first)) == "woken");
  CHECK(!f.hub.outcome(second));
  told.cancels_running = false;
  f.hub.advance(60'000);
  CHECK(text_of(*f.hub.outcome(second)) == "rested");
  told.cancels_running = true;
  f.tell(); // Nothing runs.
}

TEST_CASE("what an event begins is begun exactly once, wherever the process dies",
          "[durable][event][crash]") {
  fixture f;
  told.merges = {{"facts", "paid"}};
  told.sends = {{sim_harness::object("k"), "counts", "a"},
                {sim_harness::object("l"), "counts", "b"}};
  const int at = GENERATE(0, 1, 2);
  f.tell();
  for (int i = 0; i < at; ++i)
    f.hub.restart();
  CHECK(f.hub.value("k", "begun") == "a");
  CHECK(f.hub.value("l", "begun") == "b");
}

TEST_CASE("what has happened reaches an object that a person has paused", "[durable][event]") {
  fixture f;
  f.begin();
  f.hub.answer(lost_call());
  f.hub.answer(answer_of(200, "absent"));
  CHECK(f.hub.operate("k", {}, {journal::operator_verb::pause, "", "ada", "cli", "", ""}));
  told.merges = {{"facts", "paid"}};
  f.happened("by event");
  const auto event = f.tell();
  CHECK(f.hub.outcome(event));
  CHECK(f.hub.value("k", "facts") == "paid");
  CHECK(f.state() == "by event");
}

TEST_CASE("an event may note what it began, so that nobody has to tell it how that ended",
          "[durable][event]") {
  fixture f;
  told.sends = {{sim_harness::object("k"), "counts", "a"},
                {sim_harness::object("l"), "counts", "b", 0, "began"}};
  f.tell();
  if (GENERATE(false, true))
    f.hub.restart();
  const auto child = invocation_id::parse(f.hub.value("k", "began"));
  REQUIRE(child);
  REQUIRE(f.hub.outcome(*child));
  CHECK(text_of(*f.hub.outcome(*child)) == "counted");
  CHECK(f.hub.value("l", "begun") == "b");
}

TEST_CASE("an event that says what is known writes how it ended, and nothing else",
          "[durable][event]") {
  fixture f;
  told.merges = {{"facts", "paid"}};
  const auto written = [&] {
    const auto before = f.hub.journal->metrics().records;
    f.tell();
    return f.hub.journal->metrics().records - before;
  };
  CHECK(written() == 3); // Input, event, output.
  CHECK(written() == 2);
  told.clears = {"nothing"};
  CHECK(written() == 2);
  told.sends = {{sim_harness::object("l"), "counts", "b"}};
  CHECK(written() > 3); // What it begins is there, and begun.
  CHECK(f.hub.value("l", "begun") == "b");
  CHECK(f.hub.value("k", "facts") == "paid");
}
