#pragma once

#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace orderhub {

/// A thread that lets others go first where the machine is busy.
class nice_thread {
public:
  static constexpr int value = 10;

  /// On that thread. A detached actor, which is not made on its own, does it before each message.
  /// Refused: it is as fast as the others.
  void enter() {
    if (!std::exchange(entered_, true))
      static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), value));
  }

private:
  bool entered_ = false;
};

} // namespace orderhub
