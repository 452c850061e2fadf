#include "actors/runtime/large_room.hpp"

namespace orderhub::runtime {

namespace {
constexpr std::size_t bytes_a_pause = 4'096;
} // namespace

std::shared_ptr<void> large_room::enter(std::size_t size) {
  for (std::size_t waited = 0; waited < size && (*taken_ > 0 || !has_room_());
       waited += bytes_a_pause)
    pause_();
  ++*taken_;
  return {nullptr, [taken = taken_](std::nullptr_t) { --*taken; }};
}

} // namespace orderhub::runtime
