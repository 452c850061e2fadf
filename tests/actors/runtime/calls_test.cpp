#include "journal/base/hash.hpp"
#include "journal/base/log.hpp"
#include "journal/key.hpp"
#include "tests/actors/runtime/runtime_harness.hpp"
#include "tests/support/catch2.hpp"

#include <string>
#include <vector>

using namespace orderhub;
using namespace orderhub::testing;
using strings = std::vector<std::string>;

namespace {

bool says(const caller& c, std::string_view text) {
  return c->body().find(text) != std::string::npos;
}

} // namespace

// ── What leaves when ─────────────────────────────────────────────────────────────────────────

TEST_CASE("a call leaves only after its input and intent are durable", "[runtime][durability]") {
  runtime_harness hub;
  hub.held = true;
  auto c = hub.call("a", "work", "x");
  CHECK(hub.wire.empty());
  CHECK(hub.queued_turns() == 1);
  hub.advance(10'000);
  CHECK(hub.wire.empty());
  hub.commit();
  CHECK(hub.wire_bodies() == strings{"x"});
  CHECK(hub.wire.front().request.url.reveal() == "http://shop.test/do");
  CHECK(!c->answered());
}

TEST_CASE("a caller is answered only after the end is durable", "[runtime][durability]") {
  runtime_harness hub;
  auto c = hub.call("a", "work", "x");
  hub.held = true;
  hub.answer(answer_of(200, "done"));
  CHECK(!c->answered());
  CHECK(hub.value("a").empty());
  hub.commit();
  REQUIRE(c->status() == 200);
  CHECK(c->body() == "done");
  CHECK(c->id() == c->accepted_id);
  CHECK(hub.value("a") == "x");
}

TEST_CASE("a failure leaves with its status and a sentence", "[runtime][durability]") {
  runtime_harness hub;
  auto c = hub.call("a", "work", "x");
  hub.answer(answer_of(402));
  CHECK(c->status() == 409);
  CHECK(c->body() == R"({"code":409,"message":"declined"})");
}

TEST_CASE("what one event moves in objects of one shard is one turn", "[runtime][durability]") {
  runtime_harness hub;
  hub.held = true;
  auto c = hub.call("a", "ask", "b");
  CHECK(hub.queued_turns() == 1); // Of a: input and call. Of b: the effect.
  CHECK(hub.active_objects() == 2);
  CHECK(hub.wire.empty());
  hub.commit();
  CHECK(hub.wire_bodies() == strings{"asked by a"});

  hub.answer(answer_of(200, "done"));
  CHECK(hub.queued_turns() == 1); // The end of b, and of a, which follows from it.
  CHECK(!c->answered());
  hub.commit();
  CHECK(c->body() == "done");
  CHECK(hub.active_objects() == 0);
}

TEST_CASE("messages to objects of other shards go on as soon as the turn is queued",
          "[runtime][durability]") {
  runtime_harness hub;
  hub.shards = 64; // "a" and "b" are in two of them.
  hub.held = true;
  auto c = hub.call("a", "ask", "b");
  CHECK(hub.queued_turns() == 2); // Of a: input and call. Of b: the effect.
  CHECK(hub.active_objects() == 2);
  hub.commit(1);
  CHECK(hub.wire.empty());
  hub.commit(1);
  CHECK(hub.wire_bodies() == strings{"asked by a"});

  hub.answer(answer_of(200, "done"));
  CHECK(hub.queued_turns() == 2); // The end of b, and of a, which follows from it.
  hub.commit(1);
  CHECK(!c->answered());
  hub.commit(1);
  CHECK(c->body() == "done");
}

TEST_CASE("a retried call leaves only after its wait is durable and over",
          "[runtime][durability]") {
  runtime_harness hub;
  auto c = hub.call("a", "work", "x");
  hub.held = true;
  hub.answer(answer_of(429, {}, {{"retry-after-ms", "200"}}));
  hub.commit();
  CHECK(hub.wire.empty());
  hub.advance(1'500);
  hub.commit();
  CHECK(hub.wire_bodies() == strings{"x"});
  hub.held = false;
  hub.answer(answer_of(200, "done"));
  CHECK(c->status() == 200);
}

TEST_CASE("secrets of the endpoint are added where the request leaves", "[runtime][provider]") {
  runtime_harness hub;
  hub.vendors.endpoints["shop"].secret_headers = {{"authorization", secret("Bearer s3cret")}};
  hub.call("a", "work", "x");
  REQUIRE(hub.wire.size() == 1);
  REQUIRE(hub.wire[0].request.secret_headers.size() == 1);
  CHECK(hub.wire[0].request.secret_headers[0].second.reveal() == "Bearer s3cret");
  CHECK(hub.wire[0].request.deadline_ms == 5'000);
  for (const auto& [key, record] : hub.store.contents(journal::table::lg))
    CHECK(record.find("s3cret") == std::string::npos);
}

// ── Modes ────────────────────────────────────────────────────────────────────────────────────

TEST_CASE("calls of one key run one at a time in arrival order, other keys beside them",
          "[runtime][modes]") {
  runtime_harness hub;
  auto first = hub.call("a", "work", "1");
  auto second = hub.call("a", "work", "2");
  auto third = hub.call("a", "work", "3");
  auto other = hub.call("b", "work", "b");
  CHECK(hub.active_objects() == 2);
  CHECK(hub.wire_bodies() == strings{"1", "b"});
  hub.answer("1", answer_of(200, "one"));
  CHECK(first->body() == "one");
  CHECK(hub.wire_bodies() == strings{"b", "2"});
  hub.answer("2", answer_of(200, "two"));
  hub.answer("3", answer_of(200, "three"));
  hub.answer("b", answer_of(200, "bee"));
  CHECK(second->body() == "two");
  CHECK(third->body() == "three");
  CHECK(other->body() == "bee");
  CHECK(hub.value("a") == "3");
}

TEST_CASE("a shared handler runs beside an exclusive one", "[runtime][modes]") {
  runtime_harness hub;
  auto exclusive = hub.call("a", "work", "x");
  auto shared = hub.call("a", "beside", "s");
  CHECK(hub.wire_bodies() == strings{"x", "s"});
  hub.answer("s", answer_of(200, "shared"));
  CHECK(shared->body() == "shared");
  CHECK(!exclusive->answered());
}

TEST_CASE("a read sees the last commit, waits for nobody and activates nothing",
          "[runtime][modes]") {
  runtime_harness hub;
  CHECK(hub.call("a", "peek")->body() == "nothing");
  CHECK(hub.active_objects() == 0);
  hub.call("a", "work", "x");
  hub.held = true;
  hub.answer(answer_of(200, "done"));
  CHECK(hub.call("a", "peek")->body() == "nothing");
  hub.commit();
  CHECK(hub.call("a", "peek")->body() == "x");
  auto by_send = hub.call("a", "peek", "", {.one_way = true});
  CHECK(by_send->status() == 400);
}

TEST_CASE("what cannot be called is said before anything is stored", "[runtime][modes]") {
  runtime_harness hub;
  hub.handler("inner").run = hub.handler("work").run;
  hub.handler("inner").internal = true;
  hub.handler("checked").run = hub.handler("work").run;
  hub.handler("checked").validate = [](std::string_view, std::string_view body) {
    return body == "good" ? result<std::string>("better")
                          : result<std::string>(fail({error_kind::invalid, "test", "body: bad"}));
  };
  hub.services.services["Hidden"].handlers["h"].internal = true;
  const auto records = hub.call("a", "peek") ? hub.store.contents(journal::table::lg).size() : 0;

  CHECK(hub.call({"T", "a", "work", {}, {}, false, 0})->status() == 404);
  CHECK(hub.call({"Hidden", "a", "h", {}, {}, false, 0})->status() == 404);
  CHECK(says(hub.call({"Hidden", "a", "h", {}, {}, false, 0}), "no service Hidden"));
  CHECK(says(hub.call("a", "nope"), "no handler nope"));
  CHECK(hub.call("a", "inner")->status() == 404);
  CHECK(hub.call("a", "checked", "bad")->body() == R"({"code":400,"message":"body: bad"})");
  CHECK(hub.store.contents(journal::table::lg).size() == records);

  hub.call("a", "checked", "good");
  CHECK(hub.wire_bodies() == strings{"better"});
}

TEST_CASE("while the hub takes no new work, calls get 503 and reads an answer",
          "[runtime][modes]") {
  runtime_harness hub;
  auto before = hub.call("a", "work", "x");
  hub.set_accepting(false);
  auto refused = hub.call("b", "work", "y");
  CHECK(refused->status() == 503);
  CHECK(refused->replies.at(0).retry_after_s > 0);
  CHECK(hub.call("b", "work", "y", {.one_way = true})->status() == 503);
  CHECK(hub.call("a", "peek")->status() == 200);
  hub.answer(answer_of(200, "done"));
  CHECK(before->status() == 200);
}

TEST_CASE("too many inputs waiting at one object are refused, at others not", "[runtime][modes]") {
  runtime_harness hub;
  hub.waiting_inputs_max = 3;
  std::vector<caller> taken;
  for (int i = 0; i < 3; ++i)
    taken.push_back(
        hub.call("a", "work", std::to_string(i), {.idempotency_key = std::to_string(i)}));
  auto refused = hub.call("a", "work", "3", {.idempotency_key = "3"});
  CHECK(refused->status() == 429);
  CHECK(refused->replies.at(0).retry_after_s > 0);
  CHECK(hub.call("b", "work", "b")->status() == 0);
  // A shared handler waits for none of them.
  hub.handler("aside").run = hub.handler("work").run;
  hub.handler("aside").mode = durable::handler_mode::shared;
  auto aside = hub.call("a", "aside", "beside", {.idempotency_key = "aside"});
  hub.answer("beside", answer_of(200, "aside"));
  CHECK(aside->body() == "aside");
  // A known request is not a new input.
  auto again = hub.call("a", "work", "0", {.idempotency_key = "0"});
  CHECK(!again->answered());
  hub.answer("0", answer_of(200, "zero"));
  CHECK(again->body() == "zero");
  // The refusal was not remembered.
  CHECK(hub.call("a", "work", "3", {.idempotency_key = "3"})->status() == 0);
}

TEST_CASE("a live part is added to the answer and to no journal", "[runtime][modes]") {
  runtime_harness hub;
  hub.handler("work").enrich =
      [](std::string_view answer) -> std::optional<durable::response_enricher> {
    if (answer != "lacks")
      return std::nullopt;
    durable::response_enricher part;
    part.operation.vendor = "shop";
    part.operation.request = {"GET", "/secret", {}, "live"};
    part.add = [](std::string body, const providers::http_response& r) {
      return body + "+" + r.body;
    };
    return part;
  };
  auto c = hub.call("a", "work", "x");
  SECTION("where the vendor says it") {
    hub.answer(answer_of(200, "lacks"));
    CHECK(!c->answered());
    hub.answer("live", answer_of(200, "s3cret"));
    CHECK(c->body() == "lacks+s3cret");
    for (const auto& [key, record] : hub.store.contents(journal::table::lg))
      CHECK(record.find("s3cret") == std::string::npos);
  }
  SECTION("without it where the vendor says nothing") {
    hub.answer(answer_of(200, "lacks"));
    hub.answer("live", lost_call());
    CHECK(c->body() == "lacks");
  }
  SECTION("an answer that lacks nothing is not held up") {
    hub.answer(answer_of(200, "whole"));
    CHECK(c->body() == "whole");
    CHECK(hub.wire.empty());
  }
}

TEST_CASE("a live part is added to what attach and output answer too", "[runtime][attach]") {
  runtime_harness hub;
  hub.handler("work").enrich = [](std::string_view) -> std::optional<durable::response_enricher> {
    durable::response_enricher part;
    part.operation.vendor = "shop";
    part.operation.request = {"GET", "/secret", {}, "live"};
    part.add = [](std::string body, const providers::http_response& r) {
      return body + "+" + r.body;
    };
    return part;
  };
  auto c = hub.call("a", "work", "x");
  hub.answer(answer_of(200, "lacks"));
  hub.answer("live", answer_of(200, "s3cret"));
  REQUIRE(c->body() == "lacks+s3cret");
  auto attached = hub.attach(host::by_invocation_id{c->id()});
  if (!hub.wire.empty())
    hub.answer("live", answer_of(200, "s3cret"));
  CHECK(attached->body() == "lacks+s3cret");
}

// ── Request keys ─────────────────────────────────────────────────────────────────────────────

TEST_CASE("one request key is one invocation with one answer, at every stage", "[runtime][key]") {
  enum stage { not_durable, running, ended, passivated, restarted };
  const auto at = static_cast<stage>(GENERATE(range(0, 5)));
  CAPTURE(at);
  runtime_harness hub;
  hub.held = at == not_durable;
  auto first = hub.call("a", "work", "x", {.idempotency_key = "k"});
  if (at >= ended)
    hub.answer(answer_of(200, "done"));
  if (at == passivated)
    hub.advance(1'000);
  if (at == restarted)
    hub.restart();

  auto again = hub.call("a", "work", "x", {.idempotency_key = "k"});
  auto other = hub.call("a", "work", "y", {.idempotency_key = "k"});
  CHECK(other->status() == 422);
  CHECK(hub.sent == (at == not_durable ? 0 : 1));
  hub.held = false;
  hub.run_until_idle();
  if (at < ended)
    hub.answer(answer_of(200, "done"));
  CHECK(first->body() == "done");
  CHECK(again->body() == "done");
  CHECK(again->id() == first->id());
  CHECK(hub.sent == 1);
}

TEST_CASE("a request key belongs to one object and handler, and is forgotten in time",
          "[runtime][key]") {
  runtime_harness hub;
  hub.call("a", "work", "x", {.idempotency_key = "k"});
  hub.call("b", "work", "x", {.idempotency_key = "k"});
  hub.call("a", "beside", "x", {.idempotency_key = "k"});
  CHECK(hub.sent == 3);
  while (!hub.wire.empty())
    hub.answer(answer_of(200, "done"));
  hub.time.advance(25LL * 3600 * 1000);
  hub.call("a", "work", "y", {.idempotency_key = "k"});
  CHECK(hub.wire_bodies() == strings{"y"});
}

// The end is in memory, its turn not on disk; between the repeated request's look at the journal
// and its taking a place among those who wait, the disk says it is done.
TEST_CASE("a repeated request is answered though its invocation ends while it looks",
          "[runtime][key]") {
  runtime_harness hub;
  auto first = hub.call("a", "work", "x", {.idempotency_key = "k"});
  hub.held = true;
  hub.answer(answer_of(200, "done"));
  hub.within_find_invocation = [&] { hub.commit_without_running(); };
  auto again = hub.call("a", "work", "x", {.idempotency_key = "k"});
  hub.within_find_invocation = nullptr;
  hub.held = false;
  hub.run_until_idle();
  CHECK(first->status() == 200);
  CHECK(again->status() == 200);
  CHECK(hub.waiting_callers() == 0);
}

TEST_CASE("/send is answered when durable, and again with PreviouslyAccepted", "[runtime][key]") {
  runtime_harness hub;
  hub.held = true;
  auto first = hub.call("a", "work", "x", {.idempotency_key = "k", .one_way = true});
  CHECK(!first->answered());
  auto early = hub.call("a", "work", "x", {.idempotency_key = "k", .one_way = true});
  CHECK(!early->answered()); // Nothing says it is known before it is on disk.
  hub.commit();
  REQUIRE(first->status() == 202);
  const auto id = first->id();
  CHECK(first->body() == R"({"invocationId":")" + id + R"(","status":"Accepted"})");
  const auto known = R"({"invocationId":")" + id + R"(","status":"PreviouslyAccepted"})";
  CHECK(early->body() == known);
  hub.held = false;
  const bool ended = GENERATE(false, true);
  if (ended)
    hub.answer(answer_of(200, "done"));
  CHECK(hub.call("a", "work", "x", {.idempotency_key = "k", .one_way = true})->body() == known);
  CHECK(hub.call("a", "work", "y", {.idempotency_key = "k", .one_way = true})->status() == 422);
  if (!ended)
    hub.answer(answer_of(200, "done"));
  CHECK(hub.output(id)->body() == "done");
  CHECK(hub.sent == 1);
}

TEST_CASE("a call and a /send under one key are one invocation", "[runtime][key]") {
  runtime_harness hub;
  auto sent = hub.call("a", "work", "x", {.idempotency_key = "k", .one_way = true});
  auto called = hub.call("a", "work", "x", {.idempotency_key = "k"});
  hub.answer(answer_of(200, "done"));
  CHECK(called->body() == "done");
  CHECK(called->id() == sent->id());
}

// ── Attach and output ────────────────────────────────────────────────────────────────────────

TEST_CASE("attach waits for the end, output does not", "[runtime][attach]") {
  runtime_harness hub;
  auto c = hub.call("a", "work", "x", {.idempotency_key = "k"});
  const auto id = c->accepted_id;
  const bool by_key = GENERATE(false, true);
  const auto target = by_key ? host::invocation_target(host::by_request_key{"S", "a", "work", "k"})
                             : host::invocation_target(host::by_invocation_id{id});
  auto attached = hub.attach(target);
  CHECK(!attached->answered());
  CHECK(attached->accepted_id == id);
  auto early = hub.attach(target, false);
  CHECK(early->status() == 470);
  CHECK(early->id() == id);

  hub.held = true;
  hub.answer(answer_of(402));
  CHECK(!attached->answered());
  CHECK(hub.attach(target, false)->status() == 470); // Ended in memory is not ended.
  auto late = hub.attach(target);
  hub.commit();
  hub.held = false;
  CHECK(attached->body() == c->body());
  CHECK(late->body() == c->body());
  CHECK(attached->status() == 409);
  CHECK(hub.attach(target)->body() == c->body());
  CHECK(hub.attach(target, false)->body() == c->body());
  hub.restart();
  CHECK(hub.attach(target)->body() == c->body());
  CHECK(hub.attach(target, false)->status() == 409);
  CHECK(hub.waiting_callers() == 0);
}

TEST_CASE("attach after a restart is answered when the resumed invocation ends",
          "[runtime][attach]") {
  runtime_harness hub;
  const auto id = hub.call("a", "work", "x")->accepted_id;
  hub.restart();
  auto attached = hub.attach(host::by_invocation_id{id});
  hub.answer(answer_of(200, "done"));
  CHECK(attached->body() == "done");
}

TEST_CASE("attach says what it cannot find", "[runtime][attach]") {
  runtime_harness hub;
  const bool wait = GENERATE(false, true);
  const auto unknown = invocation_id::make(hub.time.wall_ms(), hub.random).text();
  CHECK(hub.attach(host::by_invocation_id{unknown}, wait)->status() == 404);
  CHECK(hub.attach(host::by_invocation_id{"inv_x"}, wait)->status() == 400);
  CHECK(hub.attach(host::by_request_key{"S", "a", "work", "k"}, wait)->status() == 404);
  CHECK(hub.attach(host::by_workflow{"W", "a"}, wait)->status() == 404);
  CHECK(hub.waiting_callers() == 0);

  // What is not on disk does not exist yet.
  hub.held = true;
  auto c = hub.call("a", "work", "x", {.idempotency_key = "k"});
  CHECK(hub.attach(host::by_invocation_id{c->accepted_id}, wait)->status() == 404);
  CHECK(hub.attach(host::by_request_key{"S", "a", "work", "k"}, wait)->status() == 404);
}

TEST_CASE("attach is answered once though the end comes while it looks", "[runtime][attach]") {
  runtime_harness hub;
  auto c = hub.call("a", "work", "x");
  hub.held = true;
  hub.answer(answer_of(200, "done"));
  const bool wait = GENERATE(false, true);
  hub.within_find_invocation = [&] { hub.commit_without_running(); };
  auto attached = hub.attach(host::by_invocation_id{c->accepted_id}, wait);
  CHECK(attached->status() == (wait ? 200 : 470));
  CHECK(c->status() == 200);
}

// ── Awakeables ───────────────────────────────────────────────────────────────────────────────

TEST_CASE("an awakeable is completed once, by value or by reason", "[runtime][awakeable]") {
  runtime_harness hub;
  auto c = hub.call("a", "promise");
  const auto id = hub.value("a");
  const bool resolve = GENERATE(true, false);
  const bool passivated = GENERATE(true, false);
  if (passivated) {
    hub.advance(1'000);
    REQUIRE(hub.active_objects() == 0);
  }
  hub.held = true;
  auto settled = hub.complete_awakeable(id, resolve, "word");
  CHECK(!settled->answered()); // Told when it is on disk.
  CHECK(!c->answered());
  auto twice = hub.complete_awakeable(id, !resolve, "other");
  hub.commit();
  hub.held = false;
  CHECK(settled->status() == 202);
  CHECK(twice->status() == 202);
  CHECK(c->body() == (resolve ? "word" : "!rejected: word"));
  hub.advance(1'000);
  CHECK(hub.complete_awakeable(id, true, "late")->status() == 202);
  hub.restart();
  CHECK(hub.complete_awakeable(id, true, "later")->status() == 202);
  CHECK(hub.output(c->id())->body() == c->body());
}

TEST_CASE("an awakeable that was never made is unknown", "[runtime][awakeable]") {
  runtime_harness hub;
  auto c = hub.call("a", "promise");
  auto id = awakeable_id::parse(hub.value("a")).value();
  auto other = id;
  other.completion = 7;
  CHECK(hub.complete_awakeable(other.text(), true, "x")->status() == 404);
  other = id;
  other.invocation = invocation_id::make(hub.time.wall_ms(), hub.random);
  CHECK(hub.complete_awakeable(other.text(), true, "x")->status() == 404);
  hub.complete_awakeable(id.text(), true, "x");
  CHECK(c->status() == 200);
  other = id;
  other.completion = 7;
  CHECK(hub.complete_awakeable(other.text(), true, "x")->status() == 404);
}

// ── Damage ───────────────────────────────────────────────────────────────────────────────────

TEST_CASE("an object whose row cannot be read gets 500, others go on", "[runtime][damage]") {
  runtime_harness hub;
  hub.call("a", "work", "x");
  hub.answer(answer_of(200, "done"));
  auto promised = hub.call("p", "promise");
  const auto awakeable = hub.value("p");
  hub.checkpoint();
  hub.advance(1'000);
  REQUIRE(hub.active_objects() == 0);
  using journal::table;
  const auto damage = [&](const std::string& key) {
    const auto row_key = std::string("S") + '\0' + key;
    auto row = hub.store.contents(table::ob).at(row_key);
    row[row.size() / 2] = static_cast<char>(row[row.size() / 2] ^ 1);
    hub.store.overwrite(table::ob, row_key, row);
    return row;
  };
  const auto damaged = damage("a");
  damage("p");
  const auto errors = log::error_count();

  auto c = hub.call("a", "work", "y");
  CHECK(c->status() == 500);
  CHECK(says(c, "cannot be read"));
  CHECK(hub.call("a", "work", "y", {.one_way = true})->status() == 500);
  CHECK(hub.call("a", "peek")->status() == 500);
  CHECK(hub.complete_awakeable(awakeable, true, "x")->status() == 500);
  CHECK(hub.wire.empty());
  CHECK(hub.active_objects() == 0);
  CHECK(hub.store.contents(table::ob).at(std::string("S") + '\0' + "a") == damaged);
  CHECK(log::error_count() == errors + 2); // Each object is named once.

  auto other = hub.call("b", "work", "z");
  hub.answer(answer_of(200, "fine"));
  CHECK(other->body() == "fine");

  // Where the hub ends and starts, all this is as it was.
  hub.checkpoint();
  const auto digest = journal::object_digest(journal::object_key(runtime_harness::object("a")));
  CHECK(hub.store.contents(table::sa).at(journal::aside_row_key(digest)) == damaged);
  CHECK(hub.store.contents(table::ob).size() == 1);
  hub.restart();
  CHECK(hub.call("a", "work", "y")->status() == 500);
  CHECK(hub.call("b", "peek")->body() == "z");
  CHECK(log::error_count() == errors + 2);
}

TEST_CASE("an object whose row is damaged while it lives ends what it has begun, and takes nothing "
          "new",
          "[runtime][damage]") {
  runtime_harness hub;
  auto first = hub.call("a", "work", "x");
  hub.checkpoint();
  using journal::table;
  const auto row_key = journal::object_key(runtime_harness::object("a"));
  auto row = hub.store.contents(table::ob).at(row_key);
  row[row.size() / 2] = static_cast<char>(row[row.size() / 2] ^ 1);
  hub.store.overwrite(table::ob, row_key, row);
  auto second = hub.call("a", "work", "y");
  hub.checkpoint();
  CHECK(hub.store.contents(table::ob).empty());

  CHECK(hub.call("a", "work", "z")->status() == 500);
  hub.answer("x", answer_of(200, "one"));
  hub.answer("y", answer_of(200, "two"));
  CHECK(first->body() == "one");
  CHECK(second->body() == "two");
  CHECK(hub.sent == 2);
  CHECK(hub.attach(host::by_invocation_id{second->id()})->status() == 500);
  hub.restart();
  CHECK(hub.call("a", "work", "z")->status() == 500);
  CHECK(hub.sent == 2);
}

// ── Providers ────────────────────────────────────────────────────────────────────────────────

TEST_CASE("a call holds its place until its outcome has been handled", "[runtime][provider]") {
  runtime_harness hub;
  std::vector<caller> callers;
  for (const auto* key : {"a", "b", "c"})
    callers.push_back(hub.call(key, "work", key));
  CHECK(hub.wire_bodies() == strings{"a", "b", "c"});
  CHECK(hub.places_taken() == 3);
  hub.answer("b", answer_of(200, "ok"));
  CHECK(hub.places_taken() == 2);
  hub.answer("a", lost_call()); // However it ends.
  hub.answer("c", unsent_call());
  CHECK(hub.places_taken() == 0);
  hub.advance(2'000); // Both are sent again.
  CHECK(hub.places_taken() == 2);
}

TEST_CASE("an answer leaves without its live part where no place is free", "[runtime][provider]") {
  runtime_harness hub;
  hub.limits.reads = 1;
  hub.handler("work").enrich = [](std::string_view) -> std::optional<durable::response_enricher> {
    durable::response_enricher part;
    part.operation.vendor = "shop";
    part.operation.call_class = "read";
    part.operation.request = {"GET", "/secret", {}, "live"};
    part.add = [](std::string body, const providers::http_response& r) {
      return body + "+" + r.body;
    };
    return part;
  };
  auto first = hub.call("a", "work", "x");
  hub.answer("x", answer_of(200, "one"));
  auto second = hub.call("b", "work", "y");
  hub.answer("y", answer_of(200, "two"));
  CHECK(!first->answered());
  CHECK(second->body() == "two");
  hub.answer("live", answer_of(200, "s3cret"));
  CHECK(first->body() == "one+s3cret");
  CHECK(hub.places_taken(host::place_kind::read) == 0);
}

TEST_CASE("changed credentials are on the next call, and probe a vendor that refused the old ones",
          "[runtime][provider]") {
  runtime_harness hub;
  hub.vendors.endpoints["shop"].secret_headers = {{"authorization", secret("Bearer old")}};
  hub.call("a", "work", "x");
  hub.gate().learned({.vendor = "shop",
                      .call_class = "write",
                      .finding = durable::vendor_finding::misconfigured,
                      .why = "401"});
  hub.set_credentials("Bearer new");
  hub.call("b", "work", "y");
  REQUIRE(hub.wire.size() == 2);
  CHECK(hub.wire[0].request.secret_headers.at(0).second.reveal() == "Bearer old");
  CHECK(hub.wire[1].request.secret_headers.at(0).second.reveal() == "Bearer new");
  const auto id = invocation_id::make(1, hub.random);
  CHECK(hub.gate().ask({hub.object("c"), {id, 1, 0}, "shop", "write", false}).verdict ==
        durable::place_verdict::granted);
}

TEST_CASE("a call that leaves once credentials are set has them", "[runtime][provider]") {
  runtime_harness hub;
  hub.vendors.endpoints["shop"].secret_headers = {{"authorization", secret("Bearer old")}};
  hub.held = true;
  hub.call("a", "work", "x");
  hub.set_credentials("Bearer new");
  hub.commit_without_running(); // Who sends is the writer, whatever the actors have come to.
  REQUIRE(hub.wire.size() == 1);
  CHECK(hub.wire[0].request.secret_headers.at(0).second.reveal() == "Bearer new");
}

TEST_CASE("an offered place that the object does not want goes to the next",
          "[runtime][provider]") {
  runtime_harness hub;
  hub.limits.effects = 1;
  hub.call("a", "work", "x");
  const auto id = invocation_id::make(1, hub.random);
  const auto other = invocation_id::make(2, hub.random);
  // Of objects that have nothing to do.
  hub.gate().ask({hub.object("gone"), {id, 1, 0}, "shop", "write", false});
  hub.gate().ask({hub.object("gone too"), {other, 1, 0}, "shop", "write", false});
  CHECK(hub.gate().snapshot().front().queued[0] == 2);
  hub.answer(answer_of(200, "ok"));
  CHECK(hub.places_taken() == 0);
  CHECK(hub.gate().snapshot().front().queued[0] == 0);
  CHECK(hub.active_objects() == 0);
}

TEST_CASE("an answer for an object that is not there any more does no harm",
          "[runtime][provider]") {
  runtime_harness hub;
  auto c = hub.call("a", "work", "x");
  REQUIRE(hub.wire.size() == 1);
  auto late = hub.wire.front().done;
  hub.answer(answer_of(200, "first"));
  CHECK(c->body() == "first");
  SECTION("passivated") {
    hub.advance(1'000);
  }
  SECTION("its actor serves another object") {
    hub.advance(1'000);
    hub.call("b", "work", "b");
  }
  SECTION("active again, with another call out") {
    hub.advance(1'000);
    hub.call("a", "work", "b");
  }
  late(answer_of(200, "second"));
  hub.run_until_idle();
  CHECK(hub.value("a") == "x");
  if (!hub.wire.empty()) {
    hub.answer("b", answer_of(200, "own"));
    CHECK(hub.active_objects() <= 1);
  }
  CHECK(hub.output(c->id())->body() == "first");
}
