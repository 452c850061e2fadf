#include "actors/durable/idempotency_key.hpp"
#include "journal/open_work.hpp"
#include "tests/actors/durable/step_fixture.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::testing;
using durable::context;
using durable::handler_task;
using providers::doubt_policy;

namespace {

using fixture = step_fixture;
using expectations = std::map<std::string, std::string>;

std::string without_since(std::string target) {
  const auto from = target.find("&since=");
  if (from != std::string::npos)
    target.erase(from, target.find('&', from + 1) - from);
  return target;
}

} // namespace

TEST_CASE("a live step does what its policy says with every outcome", "[durable][effect]") {
  const std::map<doubt_policy, expectations> table = {
      {doubt_policy::replay_key,
       {{"ok", "ok"},
        {"rejected", "!rejected"},
        {"invalid", "!invalid"},
        {"unavailable", "wait, send"},
        {"not_sent", "wait, send"},
        {"in_doubt", "wait, send"},
        {"unreadable", "wait, send"},
        {"lost", "wait, send"},
        {"stored", "lookup"}}},
      {doubt_policy::lookup,
       {{"ok", "ok"},
        {"rejected", "!rejected"},
        {"invalid", "!invalid"},
        {"unavailable", "wait, send"},
        {"not_sent", "wait, send"},
        {"in_doubt", "lookup"},
        {"unreadable", "lookup"},
        {"lost", "lookup"},
        {"stored", "lookup"}}},
      {doubt_policy::may_miss,
       {{"ok", "ok"},
        {"rejected", "!rejected"},
        {"invalid", "!invalid"},
        {"unavailable", "wait, send"},
        {"not_sent", "wait, send"},
        {"in_doubt", "!missed"},
        {"unreadable", "!missed"},
        {"lost", "!missed"},
        {"stored", "!missed"}}},
      {doubt_policy::may_repeat,
       {{"ok", "ok"},
        {"rejected", "!rejected"},
        {"invalid", "!invalid"},
        {"unavailable", "wait, send"},
        {"not_sent", "wait, send"},
        {"in_doubt", "wait, send"},
        {"unreadable", "wait, send"},
        {"lost", "wait, send"},
        {"stored", "wait, send"}}},
  };
  for (const auto& [policy, outcomes] : table)
    for (const auto& [outcome, expected] : outcomes) {
      CAPTURE(static_cast<int>(policy), outcome);
      fixture f(policy);
      f.begin();
      REQUIRE(f.state() == "send");
      const auto key = key_of(f.hub.calls.front());
      f.hub.answer(outcome_named(outcome));
      auto seen = f.state();
      if (seen == "wait") {
        f.pass();
        seen += ", " + f.state();
        CHECK(key_of(f.hub.calls.front()) == key);
      }
      CHECK(seen == expected);
    }
}

TEST_CASE("a recovered step is in doubt and does what its policy says", "[durable][effect]") {
  const std::map<doubt_policy, std::string> first = {{doubt_policy::replay_key, "send"},
                                                     {doubt_policy::lookup, "lookup"},
                                                     {doubt_policy::may_miss, "!missed"},
                                                     {doubt_policy::await_event, "wait"},
                                                     {doubt_policy::may_repeat, "send"}};
  for (const auto& [policy, expected] : first) {
    CAPTURE(static_cast<int>(policy));
    fixture f(policy);
    f.begin();
    const auto call = f.hub.calls.front();
    f.hub.time.advance(500);
    f.hub.restart();
    CHECK(f.state() == expected);
    if (expected == "send") {
      CHECK(f.hub.calls.front().request == call.request); // Same key, same bytes.
      CHECK(f.hub.notes(f.id).find("resend") != std::string::npos);
    }
  }
  // What follows the same key's second sending.
  const expectations replayed = {{"ok", "ok"},
                                 {"rejected", "!rejected"},
                                 {"unavailable", "wait, send"},
                                 {"not_sent", "wait, send"},
                                 {"in_doubt", "wait, send"},
                                 {"lost", "wait, send"},
                                 {"stored", "lookup"},
                                 // A refused request says nothing of the one that is in doubt.
                                 {"invalid", "lookup"}};
  for (const auto& [outcome, expected] : replayed) {
    CAPTURE(outcome);
    fixture f;
    f.begin();
    f.hub.restart();
    f.hub.answer(outcome_named(outcome));
    auto seen = f.state();
    if (seen == "wait") {
      f.pass();
      seen += ", " + f.state();
    }
    CHECK(seen == expected);
  }
}

TEST_CASE("a look-up that finds the effect completions at once", "[durable][effect][lookup]") {
  const bool restart = GENERATE(false, true);
  fixture f(doubt_policy::lookup);
  f.begin();
  if (restart)
    f.hub.restart();
  else
    f.hub.answer(lost_call());
  REQUIRE(f.state() == "lookup");
  CHECK(without_since(f.hub.calls.front().request.target) == "/find?key=&body=body");
  SECTION("found") {
    f.hub.answer(answer_of(200, "found:it"));
    CHECK(f.state() == "it");
  }
  SECTION("found on the second page") {
    f.hub.answer(answer_of(200, "more"));
    REQUIRE(f.state() == "lookup");
    CHECK(without_since(f.hub.calls.front().request.target) == "/find?key=&body=body&page=2");
    // A page that cannot be read is asked for again, when the vendor says, and not the first one.
    f.hub.answer(answer_of(429, "", {{"retry-after", "15"}}));
    REQUIRE(f.state() == "wait");
    const auto asked_at = f.hub.time.wall_ms();
    f.pass();
    CHECK(f.hub.time.wall_ms() - asked_at >= 15'000);
    REQUIRE(f.state() == "lookup");
    CHECK(without_since(f.hub.calls.front().request.target) == "/find?key=&body=body&page=2");
    f.hub.answer(answer_of(200, "found:it"));
    CHECK(f.state() == "it");
  }
  SECTION("a page that is refused is not asked for again and again") {
    std::int64_t last_pause = 0;
    for (int i = 0; i < 12; ++i) {
      CHECK(without_since(f.hub.calls.front().request.target) == "/find?key=&body=body");
      f.hub.answer(answer_of(200, "more"));
      f.hub.answer(answer_of(400, "the cursor has expired"));
      REQUIRE(f.state() == "wait");
      const auto asked_at = f.hub.time.wall_ms();
      f.pass();
      last_pause = std::max(last_pause, f.hub.time.wall_ms() - asked_at);
      REQUIRE(f.state() == "lookup");
    }
    CHECK(last_pause > 5'000);
    f.hub.answer(answer_of(200, "found:it"));
    CHECK(f.state() == "it");
  }
  SECTION("found refused") {
    f.hub.answer(answer_of(200, "refused:no"));
    CHECK(f.state() == "!rejected");
  }
  SECTION("running first") {
    f.hub.answer(answer_of(200, "running"));
    REQUIRE(f.state() == "wait");
    f.pass();
    f.hub.answer(answer_of(200, "found:it"));
    CHECK(f.state() == "it");
  }
  CHECK(f.hub.notes(f.id).starts_with("doubt"));
  CHECK(f.hub.notes(f.id).ends_with("lookup_found"));
  CHECK(f.hub.sent == (f.hub.calls.empty() ? f.hub.sent : 0));
}

TEST_CASE("nothing is repeated before the absence time and two empty look-ups after it",
          "[durable][effect][lookup]") {
  fixture f(doubt_policy::lookup);
  f.begin();
  f.hub.answer(lost_call());
  const auto lost_at = f.hub.time.steady_ms();
  f.hub.answer(answer_of(200, "absent")); // Too early to prove anything.
  REQUIRE(f.state() == "wait");
  CHECK(*f.hub.machine("k").due() == lost_at + 1'000);
  f.pass();
  REQUIRE(f.state() == "lookup");
  f.hub.answer(answer_of(200, "absent"));
  REQUIRE(f.state() == "wait");
  f.pass();
  REQUIRE(f.state() == "lookup");
  f.hub.answer(answer_of(200, "absent"));
  REQUIRE(f.state() == "send");
  CHECK(f.hub.notes(f.id) == "lookup_absent resend");
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
}

TEST_CASE("a look-up that left before the absence time proves nothing when it answers after it",
          "[durable][effect][lookup]") {
  fixture f(doubt_policy::lookup);
  f.begin();
  f.hub.answer(lost_call());
  f.hub.time.advance(1'500);
  f.hub.answer(answer_of(200, "absent"));
  REQUIRE(f.state() == "wait");
  f.pass();
  f.hub.answer(answer_of(200, "absent"));
  REQUIRE(f.state() == "wait");
  f.pass();
  REQUIRE(f.state() == "lookup");
  f.hub.answer(answer_of(200, "absent"));
  CHECK(f.state() == "send");
}

TEST_CASE("whatever look-ups say in whatever order, proof comes before a repetition",
          "[durable][effect][lookup]") {
  const auto seed = GENERATE(range(1, 40));
  CAPTURE(seed);
  seeded_random random(static_cast<std::uint64_t>(seed));
  fixture f(doubt_policy::lookup);
  f.begin();
  auto free_at = f.hub.time.wall_ms(); // When the last byte of the step may have left.
  bool doubt = false;
  int proofs = 0;
  for (int i = 0; i < 60; ++i) {
    if (f.state() == "wait") {
      f.pass();
      continue;
    }
    if (f.state() == "send") {
      CHECK((!doubt || proofs >= 2));
      f.hub.time.advance(static_cast<std::int64_t>(random.below(300)));
      if (random.below(4) == 0)
        f.hub.restart();
      else
        f.hub.answer(lost_call());
      free_at = f.hub.time.wall_ms();
      doubt = true;
      proofs = 0;
      continue;
    }
    REQUIRE(f.state() == "lookup");
    const auto left = f.hub.time.wall_ms();
    f.hub.time.advance(static_cast<std::int64_t>(random.below(700)));
    switch (random.below(8)) {
    case 0:
      f.hub.answer(answer_of(503));
      break;
    case 1:
      f.hub.answer(lost_call());
      break;
    case 2:
      f.hub.answer(answer_of(200, "running"));
      proofs = 0;
      break;
    case 3:
      f.hub.restart(); // What it had seen is forgotten.
      proofs = 0;
      break;
    default:
      proofs += left >= free_at + 1'000 ? 1 : 0;
      f.hub.answer(answer_of(200, "absent"));
    }
  }
}

TEST_CASE("the configured absence time counts where there is one, from the restart after one",
          "[durable][effect][lookup]") {
  fixture f(doubt_policy::lookup);
  f.hub.vendors.endpoints["shop"].absence_after_ms = 5'000;
  f.begin();
  f.hub.time.advance(60'000);
  f.hub.restart();
  const auto started = f.hub.time.steady_ms();
  f.hub.answer(answer_of(200, "absent"));
  REQUIRE(f.state() == "wait");
  CHECK(*f.hub.machine("k").due() == started + 5'000);
}

TEST_CASE("a look-up that cannot be made is made again, without end", "[durable][effect][lookup]") {
  fixture f(doubt_policy::lookup);
  f.begin();
  f.hub.answer(lost_call());
  for (int i = 0; i < 50; ++i) {
    REQUIRE(f.state() == "lookup");
    f.hub.answer(i % 2 == 0 ? answer_of(500) : unsent_call());
    REQUIRE(f.state() == "wait");
    // What waits longer than a moment is a durable timer, in doubt too.
    const auto wait = *f.hub.machine("k").due() - f.hub.time.steady_ms();
    CHECK(f.hub.machine("k").suspendable() == (wait > 3'000));
    f.pass();
  }
  f.hub.answer(answer_of(200, "found:it"));
  CHECK(f.state() == "it");
}

TEST_CASE("a long wait is a durable timer, and what is sent after it is doubt again",
          "[durable][effect][retry]") {
  fixture f(doubt_policy::lookup);
  f.begin();
  f.hub.answer(answer_of(429, "", {{"retry-after-ms", "60000"}}));
  REQUIRE(f.state() == "wait");
  CHECK(f.hub.notes(f.id) == "retry_at");
  CHECK(f.hub.machine("k").suspendable());

  // Passivated or restarted, it waits and sends nothing.
  const bool restart = GENERATE(false, true);
  f.hub.advance(30'000);
  if (restart)
    f.hub.restart();
  else
    f.hub.reactivate("k");
  REQUIRE(f.state() == "wait");
  f.hub.advance(30'000);
  REQUIRE(f.state() == "send");
  CHECK(f.hub.notes(f.id) == "resend");

  // The process dies with that call out: it may have happened.
  f.hub.restart();
  CHECK(f.state() == "lookup");
  CHECK(f.hub.notes(f.id) == "resend doubt");
}

TEST_CASE("a short wait leaves no record", "[durable][effect][retry]") {
  fixture f;
  f.begin();
  f.hub.answer(answer_of(429, "", {{"retry-after-ms", "2000"}}));
  CHECK(f.state() == "wait");
  CHECK(!f.hub.machine("k").suspendable());
  CHECK(f.hub.notes(f.id).empty());
}

TEST_CASE("from the third failure in a row on a short wait is shown as well",
          "[durable][effect][retry]") {
  const auto failure = GENERATE(as<std::string>{}, "unavailable", "not_sent", "lost", "lookup");
  CAPTURE(failure);
  fixture f(failure == "lookup" ? doubt_policy::lookup : doubt_policy::replay_key);
  settings.retry = {1, 1, 0};
  f.begin();
  if (failure == "lookup")
    f.hub.answer(lost_call());
  for (int i = 1; i <= 4; ++i) {
    f.hub.answer(outcome_named(failure == "lookup" ? "in_doubt" : failure));
    REQUIRE(f.state() == "wait");
    REQUIRE(f.left() <= 3'000);
    const auto waits = journal::open_waits(must_state(f.hub));
    CHECK(!waits.empty() == (i >= 3));
    if (!waits.empty()) {
      CHECK(!waits.front().reason.empty());
      CHECK(waits.front().next_at > 0);
    }
    // Not worth leaving memory for.
    CHECK(!f.hub.machine("k").suspendable());
    f.pass();
    REQUIRE((f.state() == "send" || f.state() == "lookup"));
  }
  // A call that was out when the process died is in doubt still.
  f.hub.restart();
  CHECK(f.state() == (failure == "lookup" ? "lookup" : "send"));
  CHECK(f.hub.notes(f.id).find("doubt") != std::string::npos);
}

TEST_CASE("definite failures are given up after the policy's time, doubt never is",
          "[durable][effect][retry]") {
  fixture f(doubt_policy::lookup);
  settings.retry = {100, 1'000, 5'000};
  f.begin();
  const bool doubt = GENERATE(false, true);
  if (doubt)
    f.hub.answer(lost_call());
  for (int i = 0; i < 200 && !f.hub.outcome(f.id); ++i) {
    if (f.state() == "wait")
      f.pass();
    else
      f.hub.answer(f.looking_up() ? answer_of(500) : answer_of(429));
  }
  CHECK(f.hub.outcome(f.id).has_value() == !doubt);
  if (!doubt)
    CHECK(f.state() == "!unavailable");
}

TEST_CASE("a server error that stays for a minute is taken as stored and looked up",
          "[durable][effect][stored]") {
  fixture f;
  f.begin();
  const auto begun = f.hub.time.wall_ms();
  for (int i = 0; i < 2'000 && !f.looking_up(); ++i) {
    if (f.state() == "wait")
      f.pass();
    else
      f.hub.answer(answer_of(500));
  }
  REQUIRE(f.looking_up());
  CHECK(f.hub.time.wall_ms() - begun >= 60'000);
  CHECK(f.hub.time.wall_ms() - begun < 63'000);
}

TEST_CASE("a stored failure gets a new key only after proven absence",
          "[durable][effect][stored]") {
  fixture f;
  f.begin();
  const auto key = key_of(f.hub.calls.front());
  f.hub.answer(outcome_named("stored"));
  SECTION("found, it is adopted") {
    f.hub.answer(answer_of(200, "found:it"));
    CHECK(f.state() == "it");
    return;
  }
  const bool restart = GENERATE(false, true);
  for (int i = 0; i < 10 && f.state() != "send"; ++i) {
    if (f.state() == "wait")
      f.pass();
    else
      f.hub.answer(answer_of(200, "absent"));
  }
  REQUIRE(f.state() == "send");
  const auto second = key_of(f.hub.calls.front());
  CHECK(second != key);
  CHECK(f.hub.notes(f.id) == "lookup_absent new_key resend");
  if (restart) {
    f.hub.restart();
    REQUIRE(f.state() == "send");
    CHECK(key_of(f.hub.calls.front()) == second);
  }
  // A lost answer by itself never changes the key.
  f.hub.answer(lost_call());
  f.pass();
  CHECK(key_of(f.hub.calls.front()) == second);
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
}

TEST_CASE("past its life a key is not sent again", "[durable][effect]") {
  fixture f;
  settings.key_life_ms = 10'000;
  f.begin();
  const bool restart = GENERATE(false, true);
  if (restart) {
    f.hub.time.advance(10'001);
    f.hub.restart();
  } else {
    for (int i = 0; i < 1'000 && f.state() != "lookup"; ++i) {
      if (f.state() == "wait")
        f.pass();
      else
        f.hub.answer(lost_call());
    }
  }
  CHECK(f.state() == "lookup");
}

TEST_CASE("a step against another target than its intent's is not sent, and says why",
          "[durable][effect][target]") {
  fixture f;
  f.begin();
  const auto key = key_of(f.hub.calls.front());
  auto saved = f.hub.vendors.endpoints["shop"];
  SECTION("another base") {
    f.hub.vendors.endpoints["shop"].base = "http://other.test";
  }
  SECTION("another mode") {
    f.hub.vendors.endpoints["shop"].mode = "live";
  }
  SECTION("not configured any more") {
    f.hub.vendors.endpoints.clear();
  }
  f.hub.restart();
  CHECK(f.state() == "paused");
  CHECK(f.hub.paused(f.id).find("http://shop.test|mock") != std::string::npos);
  CHECK(f.hub.machine("k").suspendable());
  f.hub.restart();
  CHECK(f.state() == "paused");
  CHECK(f.hub.kinds(f.id).find("paused paused") == std::string::npos);
  f.hub.vendors.endpoints["shop"] = saved;
  f.hub.restart();
  REQUIRE(f.state() == "send");
  CHECK(key_of(f.hub.calls.front()) == key);
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
  CHECK(f.hub.paused(f.id).empty());
}

TEST_CASE("what is sent after a restart are the intent's bytes, whatever the program says now",
          "[durable][effect]") {
  fixture f;
  f.begin();
  const auto before = f.hub.calls.front().request;
  f.hub.exclusive(
      "step", +[](context ctx, std::string) -> handler_task {
        auto done = co_await ctx.effect(shop_call(ctx.step("step"), "another body", settings));
        co_return done ? done->text : std::string("failed");
      });
  f.hub.restart();
  REQUIRE(f.state() == "send");
  CHECK(f.hub.calls.front().request == before);
}

TEST_CASE("a key is the same for the same step and another for everything else",
          "[durable][effect][key]") {
  fixture f;
  f.begin();
  const auto key = key_of(f.hub.calls.front());
  CHECK(key.starts_with("oh_"));
  CHECK(key.size() <= 255);
  f.hub.restart();
  CHECK(key_of(f.hub.calls.front()) == key);

  const auto hub = f.hub.journal->hub();
  const object_id k = sim_harness::object("k");
  CHECK(durable::idempotency_key(hub, k, "step", "1") == key);
  CHECK(durable::idempotency_key(hub, k, "step", "2") != key);
  CHECK(durable::idempotency_key(hub, k, "other", "1") != key);
  CHECK(durable::idempotency_key(hub, sim_harness::object("l"), "step", "1") != key);
  CHECK(durable::idempotency_key(hub, {"T", "k"}, "step", "1") != key);
  CHECK(durable::idempotency_key(hub, {"S", "ks"}, "tep", "1") != key);
  hub_id other = hub;
  other[0] ^= 1U;
  CHECK(durable::idempotency_key(other, k, "step", "1") != key);

  f.hub.answer(answer_of(402));
  attempt = "2";
  f.begin();
  CHECK(key_of(f.hub.calls.front()) != key);
}

TEST_CASE("an answer to a call that is not waited for any more changes nothing",
          "[durable][effect]") {
  fixture f;
  f.begin();
  const auto first = f.hub.calls.front();
  f.hub.answer(lost_call());
  f.pass();
  f.hub.machine("k").on_outcome(first.ref, answer_of(200, "late"));
  CHECK(f.hub.machine("k").take().empty());
  f.hub.answer(answer_of(200, "ok"));
  CHECK(f.state() == "ok");
}

TEST_CASE("the test's own switch makes keys unstable", "[durable][effect][key]") {
  fixture f;
  f.hub.unstable_keys = true;
  f.hub.restart();
  f.begin();
  const auto key = key_of(f.hub.calls.front());
  f.hub.answer(lost_call());
  f.pass();
  CHECK(key_of(f.hub.calls.front()) != key);
}

TEST_CASE(
    "a success that cannot be read is repeated a while, slower and slower, also after a restart",
    "[durable][effect]") {
  const bool restarts = GENERATE(false, true);
  CAPTURE(restarts);
  fixture f(doubt_policy::may_repeat);
  f.begin();
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 20 && f.state() == "send"; ++i) {
    f.hub.answer(outcome_named("unreadable"));
    if (f.state() != "wait")
      break;
    pauses.push_back(f.left());
    if (restarts && f.left() > 10'000)
      f.hub.restart();
    if (f.state() == "wait")
      f.pass();
  }
  CHECK(f.state() == "!missed");
  REQUIRE(pauses.size() == 8);
  CHECK(pauses.front() == 1'000);
  CHECK(pauses[1] == 5'000);
  CHECK(pauses.back() == 3'600'000);
  CHECK(f.hub.sent == 9);
}

TEST_CASE("a server's error is no success that cannot be read: it is repeated without end",
          "[durable][effect]") {
  fixture f(doubt_policy::may_repeat);
  f.begin();
  for (int i = 0; i < 30; ++i) {
    f.hub.answer(outcome_named(i % 3 == 0 ? "lost" : "in_doubt"));
    REQUIRE(f.state() == "wait");
    f.pass();
  }
  f.hub.answer(outcome_named("ok"));
  CHECK(f.state() == "ok");
}

TEST_CASE("an answer about something else is doubt, whatever it says", "[durable][effect]") {
  const std::map<doubt_policy, std::string> expected = {{doubt_policy::replay_key, "lookup"},
                                                        {doubt_policy::lookup, "lookup"},
                                                        {doubt_policy::may_repeat, "wait"}};
  for (const auto& [policy, next] : expected) {
    CAPTURE(static_cast<int>(policy));
    fixture f(policy);
    settings.is_about_other = true;
    f.begin();
    f.hub.answer(outcome_named("ok"));
    CHECK(f.state() == next);
  }
}

TEST_CASE("no secret and no body of a step that may be repeated reaches the journal",
          "[durable][effect]") {
  fixture f(doubt_policy::may_repeat);
  f.begin();
  for (const auto& e : f.hub.entries(f.id))
    CHECK(e.payload.find("body") == std::string::npos);
}
