#include "tests/support/catch2.hpp"
#include "tests/support/sim_harness.hpp"

using namespace orderhub;
using namespace orderhub::testing;
using durable::context;
using durable::handler_task;

namespace {

std::string text_of(const result<text_value>& r) {
  return r ? r->text : std::string("!") + name_of(r.error().kind);
}
std::string text_of(const result<std::string>& r) {
  return r ? *r : std::string("!") + name_of(r.error().kind);
}

handler_task child(context ctx, std::string body) {
  auto done = co_await ctx.effect(shop_call(ctx.step("child"), body));
  if (!done)
    co_return done.failure();
  ctx.set("child", done->text);
  co_return "child:" + done->text;
}
handler_task caller(context ctx, std::string target) {
  auto answer = co_await ctx.call(sim_harness::object(target), "child", "from " + ctx.key());
  co_return text_of(answer);
}
handler_task sender(context ctx, std::string target) {
  ctx.send(sim_harness::object(target), "child", "sent", target == "later" ? 5'000 : 0);
  co_return std::string("sent");
}
handler_task asks_self(context ctx, std::string /*body*/) {
  auto answer = co_await ctx.call(ctx.object(), "look", "");
  co_return "asked " + text_of(answer);
}
handler_task look(context ctx, std::string /*body*/) {
  auto value = co_await ctx.get("child");
  co_return value.value_or("nothing");
}
handler_task calls_self_exclusively(context ctx, std::string /*body*/) {
  auto answer = co_await ctx.call(ctx.object(), "child", "x");
  if (!answer)
    co_return answer.failure();
  co_return *answer;
}
handler_task around(context ctx, std::string body) {
  const auto next = std::string(1, static_cast<char>(body[0] == 'c' ? 'a' : body[0] + 1));
  auto answer = co_await ctx.call(sim_harness::object(next), "around", next);
  if (!answer)
    co_return answer.failure();
  co_return *answer;
}
handler_task waits(context ctx, std::string body) {
  auto done = co_await ctx.effect(shop_call(ctx.step("wait"), body));
  ctx.set("order", body);
  co_return text_of(done);
}
handler_task call_in_time(context ctx, std::string target) {
  auto call = ctx.call(sim_harness::object(target), "child", "x");
  auto answer = co_await call.within(1'000);
  std::string text = !answer ? "failed" : *answer ? **answer : "late";
  auto pause = co_await ctx.sleep(5'000);
  co_return text + text_of(pause);
}

struct fixture {
  sim_harness hub;
  fixture() {
    hub.exclusive("child", &child);
    hub.exclusive("caller", &caller);
    hub.exclusive("sender", &sender);
    hub.exclusive("asks_self", &asks_self);
    hub.exclusive("self", &calls_self_exclusively);
    hub.exclusive("around", &around);
    hub.exclusive("waits", &waits);
    hub.exclusive("call_in_time", &call_in_time);
    hub.shared("look", &look);
    hub.shared("shared_waits", &waits);
  }
};

journal::request_key key_for(std::uint8_t scope, std::uint8_t body, unix_ms expires) {
  journal::request_key k;
  k.scope.fill(scope);
  k.body.fill(body);
  k.expires_at = expires;
  return k;
}

} // namespace

TEST_CASE("a call runs at its target once and its answer comes back", "[durable][call]") {
  fixture f;
  auto& hub = f.hub;
  const int restart_at = GENERATE(range(0, 4));
  CAPTURE(restart_at);
  const auto id = hub.send("a", "caller", "b");
  if (restart_at == 0)
    hub.restart();
  REQUIRE(hub.calls.size() == 1);
  CHECK(hub.calls.front().request.body == "from a");
  hub.answer(answer_of(200, "done"));
  if (restart_at == 1)
    hub.restart();
  REQUIRE(hub.outcome(id));
  CHECK(text_of(*hub.outcome(id)) == "child:done");
  CHECK(hub.value("b", "child") == "done");
  CHECK(hub.kinds(id) == "call completion");
  CHECK(hub.outcome(id.child(1)));
}

TEST_CASE("a failed callee is its caller's failure, with its status", "[durable][call]") {
  fixture f;
  const auto id = f.hub.send("a", "caller", "b");
  f.hub.answer(answer_of(402));
  CHECK(text_of(*f.hub.outcome(id)) == "!rejected");
}

TEST_CASE("a send is its target's input, after its delay", "[durable][call]") {
  fixture f;
  auto& hub = f.hub;
  SECTION("at once") {
    hub.send("a", "sender", "b");
    CHECK(hub.calls.size() == 1);
  }
  SECTION("later, also when the hub was down at that time") {
    const bool down = GENERATE(false, true);
    const auto id = hub.send("a", "sender", "later");
    CHECK(text_of(*hub.outcome(id)) == "sent");
    CHECK(hub.calls.empty());
    hub.advance(4'999);
    CHECK(hub.calls.empty());
    if (down) {
      hub.time.advance(10'000);
      hub.restart();
    } else {
      hub.advance(1);
    }
    REQUIRE(hub.calls.size() == 1);
    hub.answer(answer_of(200, "x"));
    CHECK(hub.value("later", "child") == "x");
  }
}

TEST_CASE("a shared handler of the same object may be called", "[durable][call]") {
  fixture f;
  const auto id = f.hub.send("a", "asks_self");
  CHECK(text_of(*f.hub.outcome(id)) == "asked nothing");
}

TEST_CASE("a send to the same object waits for its turn", "[durable][call]") {
  fixture f;
  const auto id = f.hub.send("a", "sender", "a");
  CHECK(f.hub.outcome(id));
  REQUIRE(f.hub.calls.size() == 1);
  f.hub.restart();
  REQUIRE(f.hub.calls.size() == 1);
  f.hub.answer(answer_of(200, "v"));
  CHECK(f.hub.value("a", "child") == "v");
}

TEST_CASE("exclusive handlers run one at a time in arrival order, shared ones beside them",
          "[durable][call]") {
  fixture f;
  auto& hub = f.hub;
  const auto first = hub.send("a", "waits", "1");
  const auto second = hub.send("a", "waits", "2");
  const auto third = hub.send("a", "waits", "3");
  const auto beside = hub.send("a", "shared_waits", "s");
  REQUIRE(hub.calls.size() == 2);
  CHECK(hub.calls[0].request.body == "1");
  CHECK(hub.calls[1].request.body == "s");
  const bool restart = GENERATE(false, true);
  if (restart)
    hub.restart();
  REQUIRE(hub.calls.size() == 2);
  auto shared_call = hub.calls[1];
  hub.calls.pop_back();
  hub.answer(answer_of(200, "1"));
  CHECK(hub.outcome(first));
  REQUIRE(hub.calls.size() == 1);
  CHECK(hub.calls[0].request.body == "2");
  hub.answer(answer_of(200, "2"));
  REQUIRE(hub.calls.size() == 1);
  CHECK(hub.calls[0].request.body == "3");
  hub.answer(answer_of(200, "3"));
  CHECK(hub.outcome(second));
  CHECK(hub.outcome(third));
  CHECK(!hub.outcome(beside));
  hub.answer(shared_call, answer_of(200, "s"));
  CHECK(hub.outcome(beside));
}

TEST_CASE("a delayed input does not hold up the ones behind it", "[durable][call]") {
  fixture f;
  auto& hub = f.hub;
  const auto later = hub.send("a", "waits", "later", 10'000);
  const auto now = hub.send("a", "waits", "now");
  REQUIRE(hub.calls.size() == 1);
  CHECK(hub.calls[0].request.body == "now");
  hub.advance(10'000); // Due, but another one runs.
  CHECK(hub.calls.size() == 1);
  hub.restart();
  REQUIRE(hub.calls.size() == 1);
  CHECK(hub.calls[0].request.body == "now");
  hub.answer(answer_of(200, "x"));
  CHECK(hub.outcome(now));
  REQUIRE(hub.calls.size() == 1);
  hub.answer(answer_of(200, "y"));
  CHECK(hub.outcome(later));
}

TEST_CASE("a thousand inputs may wait for an object and no more", "[durable][call]") {
  fixture f;
  auto& hub = f.hub;
  for (int i = 0; i < 1'000; ++i)
    hub.send("a", "waits", "x");
  CHECK(hub.input("a", "waits", "x").kind == durable::verdict_kind::full);
  hub.answer(answer_of(200, "x"));
  CHECK(hub.input("a", "waits", "x").kind == durable::verdict_kind::accepted);
  CHECK(hub.input("a", "waits", "x").kind == durable::verdict_kind::full);
  CHECK(hub.input("b", "waits", "x").kind == durable::verdict_kind::accepted);
}

TEST_CASE("one request key is one invocation, and another body under it is refused",
          "[durable][call]") {
  using kind = durable::verdict_kind;
  fixture f;
  auto& hub = f.hub;
  const auto expires = hub.time.wall_ms() + 1'000;
  const auto first = hub.input("a", "waits", "x", key_for(1, 1, expires));
  REQUIRE(first.kind == kind::accepted);
  const int stage = GENERATE(range(0, 4));
  CAPTURE(stage);
  if (stage == 1)
    hub.restart();
  if (stage >= 2)
    hub.answer(answer_of(200, "x"));
  if (stage == 3)
    hub.restart();
  const auto again = hub.input("a", "waits", "x", key_for(1, 1, expires));
  CHECK(again.kind == kind::known);
  CHECK(again.invocation == first.invocation);
  CHECK(hub.input("a", "waits", "y", key_for(1, 2, expires)).kind == kind::conflict);
  CHECK(hub.input("a", "waits", "y", key_for(2, 2, expires)).kind == kind::accepted);
  hub.time.advance(1'001);
  CHECK(hub.input("a", "waits", "y", key_for(1, 2, expires + 5'000)).kind == kind::accepted);
}

TEST_CASE("a cycle of calls gets a terminal error that names it", "[durable][call]") {
  fixture f;
  auto& hub = f.hub;
  SECTION("an exclusive handler that calls its own object") {
    const auto id = hub.send("a", "self");
    REQUIRE(hub.outcome(id));
    CHECK(hub.outcome(id)->error().message.find("S/a") != std::string::npos);
  }
  SECTION("over several objects") {
    const auto id = hub.send("a", "around", "a");
    REQUIRE(hub.outcome(id));
    const auto why = hub.outcome(id)->error().message;
    CHECK(why.find("S/a") != std::string::npos);
    CHECK(why.find("S/b") != std::string::npos);
    CHECK(why.find("S/c") != std::string::npos);
    hub.restart();
    CHECK(hub.machine("a").state().live.empty());
  }
}

TEST_CASE("a call may outlive the wait for it", "[durable][call][within]") {
  fixture f;
  auto& hub = f.hub;
  const bool in_time = GENERATE(true, false);
  const auto id = hub.send("a", "call_in_time", "b");
  if (in_time)
    hub.answer(answer_of(200, "v"));
  hub.advance(1'000);
  hub.restart();
  if (!in_time)
    hub.answer(answer_of(200, "v"));
  hub.advance(5'000);
  REQUIRE(hub.outcome(id));
  CHECK(text_of(*hub.outcome(id)) == (in_time ? "child:vnull" : "latenull"));
  CHECK(hub.value("b", "child") == "v");
}

TEST_CASE("an answer that comes twice is taken once", "[durable][call]") {
  fixture f;
  auto& hub = f.hub;
  const auto id = hub.send("a", "call_in_time", "b");
  hub.answer(answer_of(200, "v"));
  durable::completion_for again{{sim_harness::object("a"), id, 1},
                                journal::encode(result<std::string>("other"))};
  hub.machine("a").on_message(again);
  CHECK(hub.machine("a").take().empty());
  CHECK(hub.machine("a").state().undelivered.empty());
}

TEST_CASE("an input that was folded from the journal and told again runs once", "[durable][call]") {
  fixture f;
  auto& hub = f.hub;
  const auto id = hub.send("a", "caller", "b");
  durable::input_for again;
  again.target = sim_harness::object("b");
  again.invocation = id.child(1);
  again.input.handler = "child";
  hub.machine("b").on_message(again);
  CHECK(hub.machine("b").take().empty());
  hub.answer(answer_of(200, "v"));
  hub.machine("b").on_message(again); // Ended by now.
  CHECK(hub.machine("b").take().empty());
}
