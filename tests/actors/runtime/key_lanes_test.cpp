#include "actors/runtime/key_lanes.hpp"
#include "tests/support/catch2.hpp"

#include <vector>

using orderhub::runtime::key_lanes;

TEST_CASE("a few calls of a key go ahead, the others of that key behind", "[lanes]") {
  key_lanes lanes;
  for (std::uint32_t n = 0; n < key_lanes::ahead_max; ++n)
    CHECK(lanes.enter(7).is_ahead);
  CHECK_FALSE(lanes.enter(7).is_ahead);
  CHECK(lanes.enter(8).is_ahead);
}

TEST_CASE("while a key has calls behind, none of it goes ahead of them", "[lanes]") {
  key_lanes lanes;
  std::vector<key_lanes::place> ahead;
  for (std::uint32_t n = 0; n < key_lanes::ahead_max; ++n)
    ahead.push_back(lanes.enter(7));
  const auto behind = lanes.enter(7);
  for (const auto p : ahead)
    lanes.left(p);
  CHECK_FALSE(lanes.enter(7).is_ahead); // The one behind has not left yet.
  lanes.left(behind);
  lanes.left(behind); // And the second.
  CHECK(lanes.enter(7).is_ahead);
}
