#include "actors/runtime/large_room.hpp"
#include "tests/support/catch2.hpp"

#include <cstddef>

namespace {

struct lane {
  bool has_room = true;
  int pauses = 0;
  int room_after = -1; ///< Pauses.
  orderhub::runtime::large_room room{[this] { return has_room; },
                                     [this] { has_room = ++pauses == room_after || has_room; }};
};

constexpr std::size_t kib = 1'024;

} // namespace

TEST_CASE("a large body goes on at once where none is on its way and there is room", "[lanes]") {
  lane l;
  const auto first = l.room.enter(900 * kib);
  CHECK(l.pauses == 0);
}

TEST_CASE("the next large body waits until the one before is on disk, and no longer than its size",
          "[lanes]") {
  lane l;
  auto first = l.room.enter(900 * kib);
  const auto second = l.room.enter(40 * kib);
  CHECK(l.pauses == 10);
  first = nullptr;
  const auto third = l.room.enter(40 * kib); // The second is still on its way.
  CHECK(l.pauses == 20);
}

TEST_CASE("a large body that has left makes room", "[lanes]") {
  lane l;
  l.room.enter(900 * kib).reset();
  const auto next = l.room.enter(900 * kib);
  CHECK(l.pauses == 0);
}

TEST_CASE("a large body waits for the journal, and no longer than its size", "[lanes]") {
  lane l;
  l.has_room = false;
  SECTION("which gets room") {
    l.room_after = 3;
    const auto body = l.room.enter(40 * kib);
    CHECK(l.pauses == 3);
  }
  SECTION("which gets none") {
    const auto body = l.room.enter(40 * kib);
    CHECK(l.pauses == 10);
  }
}
