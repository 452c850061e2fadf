#pragma once
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace orderhub::runtime {

/// Where large bodies wait before they are taken in, so that the commits that small orders share
/// with them stay short: one after the other, each when the one before is on disk and there is room
/// in the journal. However busy that is, none waits longer than a millisecond for each 4 KiB of it,
/// so 4 MiB of them a second come in whatever else the hub does. One thread's.
class large_room {
public:
  /// `pause` waits for a millisecond.
  large_room(std::function<bool()> has_room, std::function<void()> pause)
      : has_room_(std::move(has_room)), pause_(std::move(pause)) {}

  /// Waits for room. What comes back is to be kept until the body is on disk or refused; dropped on
  /// any thread.
  std::shared_ptr<void> enter(std::size_t size);

private:
  std::function<bool()> has_room_;
  std::function<void()> pause_;
  /// Bodies that have entered and are not on disk yet.
  std::shared_ptr<std::atomic<std::size_t>> taken_ = std::make_shared<std::atomic<std::size_t>>(0);
};

} // namespace orderhub::runtime
