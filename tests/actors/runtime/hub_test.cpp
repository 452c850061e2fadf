#include "actors/runtime/hub.hpp"
#include "journal/commit_log/commit_log.hpp"
#include "providers/policy/answer.hpp"
#include "tests/actors/runtime/hub_support.hpp"
#include "tests/actors/runtime/runtime_harness.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/simulated_log.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <map>
#include <set>
#include <string>
#include <vector>

// The whole hub with its threads. Tests wait for what must happen; where one says how long
// something takes, it says "not sooner".

using namespace orderhub;
using namespace orderhub::testing;
using host::call_response;
using runtime::hub_options;

namespace {

using responder = std::shared_ptr<waiting_responder>;

/// One segment at a time, and none ready beside it.
constexpr journal::commit_log_options small_log{.segment_size = 256U << 10U, .spare = 0};

/// Runs what may hang; ctest's time-out tells that. In this thread: CAF's logger is let go by the
/// thread that made the actor system, and its end waits for that.
bool ends(const std::function<void()>& what) {
  what();
  return true;
}

struct fixture {
  struct parts {
    std::unique_ptr<orderhub::clock> time;
    seeded_random random{1};
    gated_store store;
    std::unique_ptr<simulated_log> disk; ///< Null: the journal's log is a table.
    std::unique_ptr<journal::commit_log> log;
    std::unique_ptr<journal::hub_journal> journal;
    providers::registry vendors;
    durable::service_registry services;
    waiting_transport transport;
    std::unique_ptr<runtime::hub> hub;
  };
  std::shared_ptr<parts> p = std::make_shared<parts>();
  hub_options options;

  explicit fixture(hub_options o = {},
                   std::unique_ptr<orderhub::clock> time = std::make_unique<system_clock>(),
                   bool with_log = false)
      : options(std::move(o)) {
    p->time = std::move(time);
    if (with_log)
      p->disk = std::make_unique<simulated_log>();
    p->vendors.endpoints["shop"] = {"shop", "http://shop.test", "mock", {}, -1};
    add_handlers(p->services);
    start();
  }
  void start() {
    if (p->disk)
      p->log = std::make_unique<journal::commit_log>(*p->disk, small_log);
    // As the program has it. By the wall clock alone, what a hub that ended within this millisecond
    // has written is of the future, and no key's age is known.
    const auto* boot = dynamic_cast<const boot_clock*>(p->time.get());
    journal::journal_options of_journal;
    of_journal.boot = boot;
    p->journal = must(journal::hub_journal::open(p->store, of_journal, p->random, p->log.get()));
    auto of_hub = options;
    if (boot != nullptr && !of_hub.last_run)
      of_hub.last_run = clock_start_of(p->journal->last_stamp(), p->time->wall_ms(),
                                       boot->boottime_ms(), boot->boot_id());
    p->hub = std::make_unique<runtime::hub>(*p->journal, p->services, p->vendors, p->transport,
                                            *p->time, of_hub);
  }
  ~fixture() {
    p->store.refuse(std::nullopt);
    p->store.open();
    for (int i = 0; p->hub && i < 5; ++i) {
      while (!p->transport.calls.empty())
        p->transport.calls.take().done(answer_of(200, "end"));
      if (p->hub->drain(20))
        break;
    }
    if (!ends([p = p] { p->hub.reset(); }))
      FAIL_CHECK("the hub does not end");
  }
  runtime::hub& hub() { return *p->hub; }
  responder call(const std::string& key, const std::string& handler, const std::string& body = {},
                 const call_options& o = {}) {
    auto to = std::make_shared<waiting_responder>();
    hub().call({"S", key, handler, body, o.idempotency_key, o.one_way, o.delay_ms}, to);
    return to;
  }
  responder attach(const std::string& id, bool wait = true) {
    auto to = std::make_shared<waiting_responder>();
    hub().attach(host::by_invocation_id{id}, wait, to);
    return to;
  }
  void answer(const std::string& body = "done") {
    p->transport.calls.take().done(answer_of(200, body));
  }
};

} // namespace

TEST_CASE("a call goes through the whole hub", "[runtime][hub]") {
  fixture f;
  auto c = f.call("a", "work", "x");
  f.answer("done");
  const auto reply = c->replies.take();
  CHECK(reply.status == 200);
  CHECK(reply.body == "done");
  CHECK(c->ids.take() == reply.invocation_id);
  CHECK(f.attach(reply.invocation_id)->replies.take().body == "done");
  CHECK(f.attach(reply.invocation_id, false)->replies.take().body == "done");
  CHECK(f.hub().metrics().vendor_calls == 1);
  CHECK(f.hub().health().accepting);
}

TEST_CASE("a long answer is read beside the objects and comes back", "[runtime][hub]") {
  fixture f;
  const std::string text(providers::quickly_read_size_max + 1, 'p');
  auto c = f.call("a", "work", "x");
  f.answer(text);
  const auto reply = c->replies.take();
  CHECK(reply.status == 200);
  CHECK(reply.body == text);
}

TEST_CASE("what people did is counted by what it was and by what came of it",
          "[runtime][hub][operator]") {
  fixture f;
  const auto note = [&](const char* wanted, const char* outcome) {
    journal::operator_payload action;
    action.verb = journal::operator_verb::note;
    action.who = "ada";
    action.wanted = wanted;
    action.outcome = outcome;
    auto to = std::make_shared<waiting_responder>();
    f.hub().act({{"$operations", "hub"}, {}, std::move(action)}, to);
    CHECK(to->replies.take().status == 202);
  };
  note("reload", "accepted");
  note("cancel", "role_too_low");
  note("probe", "nothing_to_do");
  note("<what nobody has>", "accepted");
  auto to = std::make_shared<waiting_responder>();
  f.hub().operate_vendor("shop", host::vendor_verb::open, {"ada", "api", "a word"}, to);
  CHECK(to->replies.take().status == 202);
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [of, count] : f.hub().metrics().operator_actions)
    counts[of[0] + ' ' + of[1]] += count;
  CHECK(counts == std::map<std::string, std::uint64_t>{{"reload accepted", 1},
                                                       {"cancel refused", 1},
                                                       {"probe nothing_to_do", 1},
                                                       {"note accepted", 1},
                                                       {"breaker accepted", 1}});
}

TEST_CASE("an operator handles a vendor through the hub, and that outlives it",
          "[runtime][hub][operator]") {
  using host::vendor_hold;
  using host::vendor_verb;
  fixture f;
  const auto operate = [&](const std::string& vendor, vendor_verb verb, const std::string& who) {
    auto to = std::make_shared<waiting_responder>();
    f.hub().operate_vendor(vendor, verb, {who, "api", "a word"}, to);
    return to->replies.take().status;
  };
  CHECK(operate("nobody", vendor_verb::pause, "ada") == 404);
  CHECK(operate("shop", vendor_verb::pause, "") == 400);
  CHECK(operate("shop", vendor_verb::pause, "ada") == 202);
  REQUIRE(f.hub().vendors().size() == 1);
  CHECK(f.hub().vendors().front().hold == vendor_hold::paused_by_operator);
  CHECK(f.call("a", "work", "x", {.one_way = true})->replies.take().status == 202); // Durable.
  f.p->hub.reset();
  f.p->journal.reset();
  f.start();
  CHECK(f.hub().vendors().front().hold == vendor_hold::paused_by_operator);
  REQUIRE(f.hub().resume());
  CHECK(f.p->transport.calls.empty());
  CHECK(operate("shop", vendor_verb::resume, "ada") == 202);
  auto call = f.p->transport.calls.take();
  std::this_thread::sleep_for(std::chrono::milliseconds(5)); // Its latency is not less than that.
  call.done(answer_of(200, "done"));
  auto second = f.call("b", "work", "y");
  f.answer("done");
  CHECK(second->replies.take().body == "done");
  CHECK(f.hub().vendors().front().hold == vendor_hold::none);
  // A call gives its place back, and tells how long it took, after its answer has gone on.
  std::int64_t longest = 0;
  for (int waited_ms = 0; longest < 5 && waited_ms < 60'000; waited_ms += 5) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    longest = f.hub().vendors().front().p99_ms.value_or(0);
  }
  CHECK(longest >= 5);
}

TEST_CASE("bodies of every size go through the hub, each by its own lane", "[runtime][hub]") {
  fixture f;
  const std::size_t size = GENERATE(as<std::size_t>{}, 1, 16 * 1024, 16 * 1024 + 1, 128 * 1024,
                                    128 * 1024 + 1, 1024 * 1024);
  auto c = f.call("a", "work", std::string(size, 'x'));
  f.answer("done");
  CHECK(c->replies.take().body == "done");
}

TEST_CASE("a body that takes long to check holds no order up", "[runtime][hub]") {
  std::promise<void> checking, go_on;
  auto may_go_on = go_on.get_future().share();
  fixture f(hub_options{.workers = 1});
  f.p->services.services.at("S").handlers.at("work").validate =
      [&, may_go_on](std::string_view, std::string_view body) -> result<std::string> {
    if (body.size() > 1'000) {
      checking.set_value();
      may_go_on.wait();
    }
    return std::string(body);
  };
  auto slow = f.call("a", "work", std::string(100'000, 'x'));
  checking.get_future().wait();
  auto quick = f.call("b", "work", "x"); // There is one scheduler thread.
  f.answer("done");
  CHECK(quick->replies.take().body == "done");
  go_on.set_value();
  f.answer("done as well");
  CHECK(slow->replies.take().body == "done as well");
}

TEST_CASE("many callers of many threads are each answered once, and no key is counted twice",
          "[runtime][hub]") {
  fixture f;
  constexpr int threads_count = 4;
  constexpr int each = 100;
  constexpr int keys = 10;
  std::vector<std::vector<responder>> callers(threads_count);
  std::vector<std::thread> threads;
  for (int t = 0; t < threads_count; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < each; ++i)
        callers[static_cast<std::size_t>(t)].push_back(
            f.call(std::to_string(i % keys), "count", "x"));
    });
  std::thread vendor([&] {
    for (int i = 0; i < threads_count * each; ++i)
      f.answer();
  });
  for (auto& t : threads)
    t.join();
  vendor.join();
  std::map<std::string, std::set<std::string>> seen;
  for (auto& list : callers)
    for (std::size_t i = 0; i < list.size(); ++i) {
      const auto reply = list[i]->replies.take();
      CHECK(reply.status == 200);
      // Each of a key's calls saw another number: none interleaved.
      CHECK(seen[std::to_string(i % keys)].insert(reply.body).second);
    }
  for (const auto& [key, numbers] : seen)
    CHECK(numbers.size() == threads_count * each / keys);
  CHECK(f.hub().drain(20'000));
  CHECK(f.hub().metrics().active_objects == 0);
}

TEST_CASE("an idle hub has no object in memory, and builds it again", "[runtime][hub]") {
  fixture f({.sweep_ms = 5, .rest_ms = 0});
  auto c = f.call("a", "promise");
  const auto id = c->ids.take();
  CHECK(f.hub().drain(20'000)); // Suspended by a sweep.
  f.hub().stop();
  CHECK(f.attach(id, false)->replies.empty());
}

// ── A journal that takes no writes ───────────────────────────────────────────────────────────

TEST_CASE("while the journal takes no writes, callers get 503, reads an answer, and it goes on",
          "[runtime][hub][stall]") {
  const auto kind = GENERATE(error_kind::full, error_kind::unavailable);
  fixture f;
  auto stored = f.call("stored", "work", "stored");
  auto out = f.p->transport.calls.take(); // So its input is durable.
  f.p->store.refuse(kind);
  auto c = f.call("a", "work", "x");
  const auto refused = c->replies.take();
  CHECK(refused.status == 503);
  CHECK(refused.retry_after_s > 0);
  CHECK(refused.body.find("There is no room.") != std::string::npos);

  CHECK(!f.hub().health().accepting);
  CHECK(f.hub().health().reason == "There is no room.");
  const auto later = f.call("b", "work", "y")->replies.take();
  CHECK(later.status == 503);
  CHECK(later.retry_after_s > 0);
  CHECK(f.call("a", "peek")->replies.take().body == "nothing");
  CHECK(stored->replies.empty()); // Accepted is accepted.
  out.done(answer_of(200, "kept"));

  f.p->store.refuse(std::nullopt);
  CHECK(stored->replies.take().body == "kept");
  // What was queued went on: the caller was told to send it again, and does.
  f.answer("x");
  CHECK(f.hub().health().accepting);
  auto again = f.call("c", "work", "z");
  f.answer("z");
  CHECK(again->replies.take().status == 200);
}

TEST_CASE("a repeated request whose first is not durable gets 503 as well",
          "[runtime][hub][stall]") {
  fixture f;
  f.p->store.close();
  auto first = f.call("a", "work", "x", {.idempotency_key = "k"});
  first->ids.take();
  auto second = f.call("a", "work", "x", {.idempotency_key = "k"});
  // The object has begun with a third one: so it has done with the second.
  auto third = f.call("a", "work", "x", {.idempotency_key = "k"});
  third->ids.take();
  f.p->store.refuse(error_kind::full);
  f.p->store.open();
  CHECK(first->replies.take().status == 503);
  CHECK(second->replies.take().status == 503);
  CHECK(third->replies.take().status == 503);
}

TEST_CASE("a /send that cannot be stored gets 503", "[runtime][hub][stall]") {
  fixture f;
  f.p->store.close();
  auto waiting = f.call("a", "work", "x");
  waiting->ids.take();
  auto sent = f.call("a", "work", "y", {.one_way = true});
  auto behind = f.call("a", "work", "z");
  behind->ids.take(); // So the object has done with the one before it.
  f.p->store.refuse(error_kind::full);
  f.p->store.open();
  CHECK(waiting->replies.take().status == 503);
  CHECK(behind->replies.take().status == 503);
  CHECK(sent->replies.take().status == 503);
}

// The journal stops while the input lies in the object's mailbox: the gateway has let it pass, and
// those who wait have been told already.
TEST_CASE("an input that reaches its object after the journal stopped gets 503",
          "[runtime][hub][stall]") {
  fixture f;
  channel<bool> begun;
  channel<bool> go_on;
  f.p->services.services["S"].handlers["busy"].run = [&](durable::context ctx, std::string body) {
    begun.put(true);
    go_on.take();
    return f.p->services.services["S"].handlers["work"].run(ctx, std::move(body));
  };
  auto busy = f.call("a", "busy", "x");
  begun.take();
  auto behind = f.call("a", "work", "y");
  auto sent = f.call("a", "work", "z", {.one_way = true});
  f.call("a", "peek")->replies.take(); // Through the same gateway: they have passed it.
  f.p->store.refuse(error_kind::full);
  CHECK(f.call("b", "work", "b")->replies.take().status == 503);
  go_on.put(true);
  REQUIRE(busy->replies.take().status == 503);
  REQUIRE(behind->replies.take().status == 503);
  REQUIRE(sent->replies.take().status == 503);
}

TEST_CASE("the 503 of a stopped journal does not deny an order that is carried out later",
          "[runtime][hub][stall]") {
  fixture f;
  f.p->store.refuse(error_kind::full);
  const auto refused = f.call("a", "work", "x")->replies.take();
  f.p->store.refuse(std::nullopt);
  f.answer("done"); // The turn was held, not dropped: the vendor is called.
  CHECK(refused.body.find("was not accepted") == std::string::npos);
}

TEST_CASE("whoever completions an awakeable while the journal takes no writes gets 503",
          "[runtime][hub][stall]") {
  fixture f;
  f.call("a", "promise")->ids.take();
  f.call("a", "beside", "x");
  f.p->transport.calls.take(); // That turn is durable, and so is the one before it.
  const auto id = f.call("a", "peek")->replies.take().body;
  f.p->store.refuse(error_kind::full);
  CHECK(f.call("c", "work", "x")->replies.take().status == 503);
  auto completer = std::make_shared<waiting_responder>();
  f.hub().complete_awakeable(id, true, "value", completer);
  CHECK(completer->replies.take().status == 503);
}

TEST_CASE("whoever has completed an awakeable as the journal stops gets 503",
          "[runtime][hub][stall]") {
  fixture f;
  f.call("a", "promise")->ids.take();
  f.call("a", "beside", "x");
  f.p->transport.calls.take(); // That turn is durable, and so is the one before it.
  const auto id = f.call("a", "peek")->replies.take().body;
  f.p->store.close();
  auto completer = std::make_shared<waiting_responder>();
  f.hub().complete_awakeable(id, true, "value", completer);
  f.call("a", "work", "y")->ids.take(); // So the object has done with the word before it.
  f.p->store.refuse(error_kind::full);
  f.p->store.open();
  CHECK(completer->replies.take().status == 503);
}

TEST_CASE("a repeated request whose first has ended in memory only gets 503 as well",
          "[runtime][hub][stall]") {
  fixture f;
  f.p->store.close();
  auto first = f.call("a", "tell", "b:0", {.idempotency_key = "k"});
  first->ids.take();
  auto second = f.call("a", "tell", "b:0", {.idempotency_key = "k"});
  second->ids.take();
  f.call("a", "tell", "b:0", {.idempotency_key = "k"})->ids.take(); // Done with the second.
  f.p->store.refuse(error_kind::full);
  f.p->store.open();
  CHECK(first->replies.take().status == 503);
  CHECK(second->replies.take().status == 503);
}

// ── The end ──────────────────────────────────────────────────────────────────────────────────

TEST_CASE("a draining hub takes no new work and says when nothing runs", "[runtime][hub][drain]") {
  fixture f;
  auto c = f.call("a", "work", "x");
  auto out = f.p->transport.calls.take();
  CHECK(!f.hub().drain(20)); // A call is out.
  CHECK(!f.hub().health().accepting);
  CHECK(!f.hub().health().reason.empty());
  CHECK(f.call("b", "work", "y")->replies.take().status == 503);
  CHECK(f.call("b", "peek")->replies.take().status == 200);
  out.done(answer_of(200, "done"));
  CHECK(c->replies.take().body == "done");
  CHECK(f.hub().drain(20'000));
  f.hub().stop();
}

TEST_CASE("a stall that ends while the hub drains does not open it again",
          "[runtime][hub][drain][stall]") {
  fixture f;
  auto c = f.call("a", "work", "x");
  auto out = f.p->transport.calls.take();
  f.p->store.refuse(error_kind::full);
  CHECK(f.call("b", "work", "y")->replies.take().status == 503);
  CHECK(!f.hub().drain(20));
  f.p->store.refuse(std::nullopt);
  f.answer("y"); // It was held, not dropped: so the stall is over.
  CHECK(!f.hub().health().accepting);
  CHECK(f.call("d", "work", "z")->replies.take().status == 503);
  out.done(answer_of(200, "done"));
  CHECK(c->replies.take().status == 200);
}

TEST_CASE("credentials of a running hub can be replaced", "[runtime][hub]") {
  fixture f;
  f.hub().set_credentials("nobody", {{"authorization", secret("x")}}, {});
  f.hub().set_credentials("shop", {{"authorization", secret("Bearer new")}}, secret("/path"));
  f.call("a", "work", "x");
  auto out = f.p->transport.calls.take();
  CHECK(out.request.secret_headers.at(0).second.reveal() == "Bearer new");
  CHECK(out.request.url.reveal() == "http://shop.test/path/do");
  out.done(answer_of(200, "done"));
}

TEST_CASE("a stopped hub is the same again after its next start", "[runtime][hub][drain]") {
  fixture f;
  auto c = f.call("a", "work", "x");
  const auto id = c->ids.take();
  auto out = f.p->transport.calls.take();
  f.hub().stop();
  f.hub().stop();
  out.done(lost_call());
  out.done = nullptr;
  REQUIRE(ends([p = f.p] { p->hub.reset(); }));
  f.start();
  REQUIRE(f.hub().resume());
  auto attached = f.attach(id);
  f.answer("done");
  CHECK(attached->replies.take().body == "done");
  CHECK(f.hub().metrics().resumed == 1);
}

/// A call whose hub ends while nothing can be folded, and its one segment is in use.
std::string begun_before_full_disk(fixture& f) {
  const auto id = f.call("a", "work", "x")->ids.take();
  auto out = f.p->transport.calls.take();
  f.p->store.refuse(error_kind::full);
  f.p->disk->room_for(0);
  f.hub().stop();
  out.done(lost_call());
  out.done = nullptr;
  REQUIRE(ends([p = f.p] { p->hub.reset(); }));
  return id;
}

// What it knows may be a commit that never reached the disk.
TEST_CASE("a hub that starts on a full disk answers, sends nothing, and goes on when there is room",
          "[runtime][hub][stall]") {
  fixture f({}, std::make_unique<system_clock>(), true);
  const auto id = begun_before_full_disk(f);

  f.start();
  channel<int> resumed;
  REQUIRE(f.hub().resume([&] { resumed.put(1); }));
  CHECK_FALSE(f.hub().health().accepting);
  CHECK_THAT(f.hub().health().reason, Catch::Contains("room"));
  CHECK(f.call("a", "peek")->replies.take().status == 200);
  CHECK(f.attach(id, false)->replies.take().status == 470);
  auto attached = f.attach(id);
  CHECK(f.call("b", "work", "x")->replies.take().status == 503);
  CHECK(f.call("a", "work", "y")->replies.take().status == 503);
  CHECK(f.hub().metrics().active_objects == 0);
  CHECK(f.hub().metrics().resumed == 0);
  CHECK(f.p->transport.calls.empty());
  CHECK(resumed.empty());

  f.p->store.refuse(std::nullopt);
  f.p->disk->room_for(std::nullopt);
  CHECK(resumed.take() == 1);
  CHECK(f.hub().health().accepting);
  f.answer("done");
  CHECK(attached->replies.take().body == "done");
  CHECK(f.hub().metrics().resumed == 1);
  auto other = f.call("b", "work", "x");
  f.answer("more");
  CHECK(other->replies.take().body == "more");
}

TEST_CASE("a hub that starts on a full disk can be stopped there, and starts again",
          "[runtime][hub][stall]") {
  fixture f({}, std::make_unique<system_clock>(), true);
  const auto id = begun_before_full_disk(f);
  for (int restart = 0; restart < 2; ++restart) {
    f.start();
    REQUIRE(f.hub().resume());
    CHECK(f.attach(id, false)->replies.take().status == 470);
    f.hub().stop();
    REQUIRE(ends([p = f.p] { p->hub.reset(); }));
  }
  f.p->store.refuse(std::nullopt);
  f.p->disk->room_for(std::nullopt);
  f.start();
  REQUIRE(f.hub().resume());
  f.answer("done");
  CHECK(f.attach(id)->replies.take().body == "done");
}

TEST_CASE("a drain leaves what waits to the next start, long before its time",
          "[runtime][hub][drain]") {
  // Time stands still: however long the drain takes, it is long before theirs.
  fixture f({.sweep_ms = 5, .rest_ms = 0}, std::make_unique<manual_clock>());
  const auto sleeping = f.call("s", "sleep", "3600000")->ids.take();
  const auto promised = f.call("p", "promise")->ids.take();
  const auto retried = f.call("r", "work", "x")->ids.take();
  // Waits for it neither in the journal nor in doubt: too short for a timer of its own.
  f.p->transport.calls.take().done(answer_of(429, {}, {{"retry-after-ms", "2900"}}));
  CHECK(f.hub().drain(20'000));
  CHECK(f.p->transport.calls.empty());
  f.hub().stop();
  REQUIRE(ends([p = f.p] { p->hub.reset(); }));
  f.start();
  REQUIRE(f.hub().resume());
  CHECK(f.hub().metrics().resumed == 1);
  for (const auto& id : {sleeping, promised, retried})
    CHECK(f.attach(id, false)->replies.take().status == 470);
  f.answer("done");
  CHECK(f.attach(retried)->replies.take().body == "done");
}

TEST_CASE("a hub ends with a call out, and its answer afterwards does no harm",
          "[runtime][hub][drain]") {
  fixture f;
  const auto id = f.call("a", "work", "x")->ids.take();
  auto out = f.p->transport.calls.take();
  CHECK(!f.hub().drain(20));
  f.hub().stop();
  REQUIRE(ends([p = f.p] { p->hub.reset(); }));
  out.done(answer_of(200, "late"));
  out.done = nullptr;
  f.start();
  REQUIRE(f.hub().resume());
  f.answer("again"); // Under the same key, so the vendor knows it.
  CHECK(f.attach(id)->replies.take().body == "again");
}

TEST_CASE("a caller that is gone is let go, those beside it are answered", "[runtime][hub]") {
  struct leaving_responder final : host::responder {
    void accepted(std::string_view id) override { ids.put(std::string(id)); }
    void finished(call_response reply) override { replies.put(std::move(reply)); }
    [[nodiscard]] bool gone() const override { return left; }
    std::atomic<bool> left{false};
    channel<std::string> ids;
    channel<call_response> replies;
  };
  fixture f;
  auto leaver = std::make_shared<leaving_responder>();
  f.hub().call({"S", "a", "work", "x", "k", false, 0}, leaver);
  const auto id = leaver->ids.take();
  auto out = f.p->transport.calls.take(); // Durable.
  auto stays = f.attach(id);
  stays->ids.take();
  f.hub().forget_gone(id); // Nobody has gone.
  leaver->left = true;
  f.hub().forget_gone(id);
  f.hub().forget_gone("nonsense");
  CHECK(leaver.use_count() == 1);
  out.done(answer_of(200, "done"));
  CHECK(stays->replies.take().body == "done");
  CHECK(leaver->replies.empty());
  CHECK(f.hub().metrics().waiting_callers == 0);
}

TEST_CASE("stop makes what is queued durable", "[runtime][hub][drain]") {
  fixture f;
  f.p->store.close();
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i)
    ids.push_back(f.call(std::to_string(i), "promise")->ids.take());
  // The objects' turns are queued when their actors have answered what came after.
  for (int i = 0; i < 20; ++i)
    f.call(std::to_string(i), "promise")->ids.take();
  std::thread stop([&] { f.hub().stop(); });
  f.p->store.open();
  stop.join();
  for (const auto& id : ids) {
    auto row = must(f.p->journal->find_invocation(*invocation_id::parse(id)));
    CHECK(row.has_value());
  }
}

// The vendor answers after the writer has ended: the object has a turn that nobody will ever take.
TEST_CASE("a hub ends though a vendor answers after its stop", "[runtime][hub][drain]") {
  fixture f;
  f.call("a", "work", "x");
  auto out = f.p->transport.calls.take();
  f.hub().stop();
  out.done(answer_of(200, "late"));
  out.done = nullptr;
  REQUIRE(ends([p = f.p] { p->hub.reset(); }));
}

TEST_CASE("a hub ends though an order waits for its next try", "[runtime][hub][drain]") {
  fixture f;
  f.call("a", "work", "x");
  f.p->transport.calls.take().done(answer_of(429, {}, {{"retry-after-ms", "300"}}));
  f.call("a", "beside", "y");
  auto out = f.p->transport.calls.take(); // The object has seen the answer before it.
  out.done(answer_of(200, "ok"));
  out.done = nullptr;
  f.hub().stop();
  REQUIRE(ends([p = f.p] { p->hub.reset(); }));
}

TEST_CASE("a responder is never answered from inside the call that was given it",
          "[runtime][hub]") {
  fixture f;
  auto malformed = std::make_shared<waiting_responder>();
  f.hub().complete_awakeable("nonsense", true, "x", malformed);
  CHECK(malformed->replies.take().status == 400);
  CHECK(malformed->threads.take() != std::this_thread::get_id());

  auto unknown = std::make_shared<waiting_responder>();
  f.hub().complete_awakeable(awakeable_id{invocation_id::make(1, f.p->random), 1}.text(), false,
                             "x", unknown);
  CHECK(unknown->replies.take().status == 404);
  CHECK(unknown->threads.take() != std::this_thread::get_id());
}

// ── The start ────────────────────────────────────────────────────────────────────────────────

TEST_CASE("resumed objects come at most so many a second", "[runtime][hub][resume]") {
  const auto [per_second, objects] =
      GENERATE(table<std::size_t, int>({{100, 21}, {20, 5}, {1'000, 101}}));
  CAPTURE(per_second, objects);
  fixture f({.resume_per_second = per_second});
  std::vector<std::string> ids;
  std::vector<waiting_transport::call> out;
  for (int i = 0; i < objects; ++i) {
    ids.push_back(f.call(std::to_string(i), "work", std::to_string(i))->ids.take());
    out.push_back(f.p->transport.calls.take());
  }
  f.hub().stop();
  out.clear(); // The process ends with all of them out.
  REQUIRE(ends([p = f.p] { p->hub.reset(); }));
  f.start();
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(f.hub().resume());
  for (int i = 0; i < objects; ++i)
    f.answer();
  const auto took = std::chrono::steady_clock::now() - start;
  // The first comes at once; an object more than the pace allows would be too soon.
  CHECK(took >= std::chrono::milliseconds(1'000 * (objects - 1) / static_cast<int>(per_second)) -
                    std::chrono::milliseconds(20));
  for (const auto& id : ids)
    CHECK(f.attach(id)->replies.take().body == "done");
  CHECK(f.hub().metrics().resumed == static_cast<std::size_t>(objects));
}

// After an outage all of them are overdue, as timers and as open effects.
TEST_CASE("overdue retries come at most so many a second as well", "[runtime][hub][resume]") {
  auto time = std::make_unique<manual_clock>(); // Moved only while no hub runs.
  auto& moved = *time;
  fixture f({.sweep_ms = 5, .rest_ms = 0, .resume_per_second = 20}, std::move(time));
  constexpr int objects = 5;
  for (int i = 0; i < objects; ++i) {
    f.call(std::to_string(i), "work", std::to_string(i));
    // A wait of its own: what meets a limit (429) waits in the gate's queue.
    f.p->transport.calls.take().done(answer_of(409, {}, {{"retry-after-ms", "60000"}}));
  }
  REQUIRE(f.hub().drain(20'000));
  f.hub().stop();
  REQUIRE(ends([p = f.p] { p->hub.reset(); }));
  moved.advance(1'800'000);
  f.start();
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(f.hub().resume());
  for (int i = 0; i < objects; ++i)
    f.answer();
  const auto took = std::chrono::steady_clock::now() - start;
  CHECK(took >= std::chrono::milliseconds(1'000 * (objects - 1) / 20 - 20));
}
