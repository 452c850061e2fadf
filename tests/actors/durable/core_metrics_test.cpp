#include "actors/durable/core_metrics.hpp"
#include "tests/actors/durable/step_fixture.hpp"

#include <string>

using namespace orderhub;
using namespace orderhub::testing;
using providers::doubt_policy;

namespace {

struct counted_fixture : step_fixture {
  durable::core_metrics metrics{"S", "step"};
  explicit counted_fixture(doubt_policy policy) : step_fixture(policy) {
    hub.metrics = &metrics;
    hub.restart();
  }
  /// `vendor operation outcome count;`, of all doubts that ended.
  [[nodiscard]] std::string doubts() const {
    std::string text;
    for (const auto& [of, took] : metrics.doubts.values())
      text += of[0] + ' ' + of[1] + ' ' + of[2] + ' ' + std::to_string(took.count()) + ';';
    return text;
  }
  void lose() {
    begin();
    hub.answer(lost_call());
  }
};

} // namespace

TEST_CASE("a doubt is counted once by how it ended", "[durable][metrics]") {
  SECTION("found by a look-up") {
    counted_fixture f(doubt_policy::lookup);
    f.lose();
    CHECK(f.doubts().empty());
    f.hub.answer(answer_of(200, "found:it"));
    CHECK(f.state() == "it");
    CHECK(f.doubts() == "shop shop.do adopted 1;");
  }
  SECTION("proven absent, and sent again without a doubt") {
    counted_fixture f(doubt_policy::lookup);
    f.lose();
    REQUIRE(f.until("send"));
    CHECK(f.doubts() == "shop shop.do absent 1;");
    f.hub.answer(answer_of(200, "ok"));
    CHECK(f.doubts() == "shop shop.do absent 1;");
  }
  SECTION("the same key is answered") {
    counted_fixture f(doubt_policy::replay_key);
    f.lose();
    f.pass();
    f.hub.answer(answer_of(200, "ok"));
    CHECK(f.state() == "ok");
    CHECK(f.doubts() == "shop shop.do repeated 1;");
  }
  SECTION("given up") {
    counted_fixture f(doubt_policy::may_miss);
    f.lose();
    CHECK(f.state() == "!missed");
    CHECK(f.doubts() == "shop shop.do missed 1;");
  }
  SECTION("without any") {
    counted_fixture f(doubt_policy::lookup);
    f.begin();
    f.hub.answer(unsent_call());
    f.pass();
    f.hub.answer(answer_of(200, "ok"));
    CHECK(f.doubts().empty());
  }
}

TEST_CASE("a doubt that outlives its process is counted from its begin", "[durable][metrics]") {
  counted_fixture f(doubt_policy::lookup);
  f.lose();
  f.hub.time.advance(40'000);
  f.hub.restart();
  f.hub.answer(answer_of(200, "found:it"));
  CHECK(f.doubts() == "shop shop.do adopted 1;");
  CHECK(f.metrics.doubts.values().front().second.sum >= 40'000'000);
}

TEST_CASE("an order is counted when it is taken in and when it has ended", "[durable][metrics]") {
  counted_fixture f(doubt_policy::lookup);
  f.begin();
  CHECK(f.metrics.orders == 1);
  CHECK(f.metrics.order_duration.empty());
  f.hub.time.advance(3'000);
  f.hub.answer(answer_of(200, "ok"));
  const auto took = f.metrics.order_duration.values();
  CHECK(took.count() == 1);
  CHECK(took.sum == 3'000'000);
  f.hub.restart();
  CHECK(f.metrics.orders == 1);
  CHECK(f.metrics.order_duration.values().count() == 1);
}
