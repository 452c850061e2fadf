#include "journal/base/histogram.hpp"
#include "journal/base/labelled.hpp"
#include "tests/support/catch2.hpp"

#include <array>
#include <cstdint>
#include <thread>
#include <vector>

using namespace orderhub;

namespace {

constexpr std::array<std::int64_t, 3> ends = {10, 20, 50};
constexpr histogram_shape shape{ends, 10};

} // namespace

TEST_CASE("a value falls into the bucket whose end it does not exceed", "[base]") {
  histogram h(shape);
  CHECK(h.empty());
  for (const std::int64_t ticks : {-1, 10, 11, 20, 50, 51, 1'000})
    h.add(ticks);
  const auto v = h.values();
  CHECK(v.counts == std::vector<std::uint64_t>{2, 2, 1, 2});
  CHECK(v.count() == 7);
  CHECK(v.sum == -1 + 10 + 11 + 20 + 50 + 51 + 1'000);
  CHECK(v.newest.empty());
  CHECK_FALSE(h.empty());
}

TEST_CASE("each bucket keeps the newest value that was named", "[base]") {
  histogram h(shape);
  invocation_id first, second;
  first.bytes[0] = 1;
  second.bytes[0] = 2;
  h.add(12, first, 1'000);
  h.add(15, second, 2'000);
  h.add(18);
  const auto v = h.values();
  REQUIRE(v.newest.size() == 4);
  CHECK(v.newest[1].invocation == second);
  CHECK(v.newest[1].ticks == 15);
  CHECK(v.newest[1].at == 2'000);
  CHECK(v.newest[0].at == 0);
}

TEST_CASE("no value is lost where threads record at once", "[base]") {
  histogram h(shape);
  constexpr int each = 20'000;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&h, t] {
      for (int n = 0; n < each; ++n)
        h.add(t * 15, {}, 1);
    });
  threads.clear();
  const auto v = h.values();
  CHECK(v.counts == std::vector<std::uint64_t>{each, each, 2 * each, 0});
  CHECK(v.sum == std::int64_t{each} * (15 + 30 + 45));
}

TEST_CASE("the hub's buckets ascend and have room", "[base]") {
  for (const auto* s :
       {&buckets::commit, &buckets::call, &buckets::request, &buckets::order, &buckets::records}) {
    REQUIRE(s->bounds.size() <= histogram::bounds_max);
    for (std::size_t n = 1; n < s->bounds.size(); ++n)
      CHECK(s->bounds[n - 1] < s->bounds[n]);
  }
}

TEST_CASE("of too many names the further ones are counted as other", "[base]") {
  labelled_counts<1> counts;
  for (int n = 0; n < 100; ++n)
    counts.add({std::to_string(n)});
  counts.add({"7"});
  const auto all = counts.values();
  CHECK(all.size() == labelled<1, std::uint64_t>::most + 1);
  std::uint64_t sum = 0, other = 0, seventh = 0;
  for (const auto& [name, count] : all) {
    sum += count;
    if (name[0] == "other")
      other = count;
    if (name[0] == "7")
      seventh = count;
  }
  CHECK(sum == 101);
  CHECK(other == 100 - labelled<1, std::uint64_t>::most);
  CHECK(seventh == 2);
}
