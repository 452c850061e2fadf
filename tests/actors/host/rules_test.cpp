#include "actors/durable/request_scope.hpp"
#include "actors/host/admission.hpp"
#include "actors/host/due_times.hpp"
#include "actors/host/failures.hpp"
#include "actors/host/memory.hpp"
#include "tests/support/catch2.hpp"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace orderhub;
using namespace orderhub::host;
using durable::request_scope;

namespace {
object_id object(const std::string& key) {
  return {"S", key};
}
} // namespace

// ── Whether the hub takes new work ───────────────────────────────────────────────────────────

TEST_CASE("a hub that drains never accepts again, whatever becomes of its journal",
          "[host][admission]") {
  admission a;
  CHECK(a.accepting());
  a.set_stall(true, "full");
  CHECK(!a.accepting());
  CHECK(a.why_stalled() == "full");
  a.begin_drain();
  a.set_stall(false, {});
  CHECK(!a.accepting());
}

TEST_CASE("a stall that ends as the drain begins does not open the hub", "[host][admission]") {
  for (int i = 0; i < 200; ++i) {
    admission a;
    a.set_stall(true, "full");
    std::atomic<bool> go = false;
    std::thread journal([&] {
      while (!go) {
      }
      a.set_stall(false, {});
    });
    go = true;
    a.begin_drain();
    CHECK(!a.accepting());
    journal.join();
    CHECK(!a.accepting());
  }
}

// ── Times ────────────────────────────────────────────────────────────────────────────────────

TEST_CASE("who is due is taken soonest first, at most so many", "[host][time]") {
  due_times times;
  CHECK(!times.first());
  times.add(30, object("c"));
  times.add(10, object("a"));
  times.add(20, object("b"));
  times.add(10, object("a"));
  CHECK(times.first() == 10);
  CHECK(times.take(9, 10).empty());
  CHECK(times.take(30, 2) == std::vector<object_id>{object("a"), object("b")});
  CHECK(times.take(30, 2) == std::vector<object_id>{object("c")});
  CHECK(times.size() == 0);
}

TEST_CASE("one tick is on its way at a time, and never far off", "[host][time]") {
  single_tick tick(1'000);
  CHECK(tick.want(100, 150) == 51);
  CHECK(!tick.want(100, 110));
  tick.arrived();
  CHECK(tick.want(200, 100) == 1); // Overdue.
  tick.arrived();
  CHECK(tick.want(200, 90'000) == 1'000);
}

// ── Memory ───────────────────────────────────────────────────────────────────────────────────

TEST_CASE("what leaves waits for its turn, and for the turns before it", "[host][memory]") {
  CHECK(when_it_leaves(true, true, false) == leaving::behind_turn);
  CHECK(when_it_leaves(true, false, false) == leaving::behind_turn);
  CHECK(when_it_leaves(false, true, true) == leaving::behind_turn);
  CHECK(when_it_leaves(false, true, false) == leaving::at_once);
  CHECK(when_it_leaves(false, false, true) == leaving::nothing);
}

// ── Failures ─────────────────────────────────────────────────────────────────────────────────

TEST_CASE("the third failure in a minute pauses an object, and others not", "[host][failures]") {
  failure_book book;
  CHECK(book.failed(object("a"), 0).wait_ms == 0);
  CHECK(book.failed(object("b"), 0).wait_ms == 0);
  const auto second = book.failed(object("a"), 30'000);
  CHECK(!second.paused);
  CHECK(second.wait_ms == 1'000);
  CHECK(!book.failed(object("a"), 60'000).paused); // The first is a minute old.
  CHECK(book.failed(object("a"), 60'001).paused);
  CHECK(book.paused(object("a")));
  CHECK(!book.paused(object("b")));
  CHECK(book.paused_count() == 1);
  CHECK(!book.resume(object("b")));
  CHECK(book.resume(object("a")));
  CHECK(!book.failed(object("a"), 60'002).paused); // It begins anew.
}

TEST_CASE("failures and pauses of more objects than the bound are forgotten", "[host][failures]") {
  failure_book book;
  const auto many = failure_book::objects_max + 1;
  for (std::size_t i = 0; i < many; ++i)
    for (int n = 0; n < failure_book::failures_max; ++n)
      book.failed(object(std::to_string(i)), static_cast<std::int64_t>(i));
  CHECK(book.paused_count() == failure_book::objects_max);
  CHECK(!book.paused(object("0")));
  CHECK(book.paused(object(std::to_string(many - 1))));
}

// ── Request keys ─────────────────────────────────────────────────────────────────────────────

TEST_CASE("a request key counts within its service, key and handler", "[host][key]") {
  const auto scope = request_scope({"S", "a"}, "h", "k");
  CHECK(scope == request_scope({"S", "a"}, "h", "k"));
  // No two ways to cut the same letters are one.
  CHECK(scope != request_scope({"Sa", ""}, "h", "k"));
  CHECK(scope != request_scope({"S", "ah"}, "", "k"));
  CHECK(scope != request_scope({"S", "a"}, "hk", ""));
  CHECK(durable::request_content("h", "x") != durable::request_content("g", "x"));
}
