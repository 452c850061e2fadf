#pragma once

#include <utility>

#include <sys/resource.h>
#include <unistd.h>

namespace orderhub::runtime {

/// The thread of a detached actor that lets others go first where the machine is busy.
class nice_thread {
public:
  static constexpr int value = 10;

  /// On that thread, which is the actor's own; before each message, since an actor is not made on
  /// it. Refused: it is as fast as the others.
  void enter() {
    if (!std::exchange(entered_, true))
      static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), value));
  }

private:
  bool entered_ = false;
};

} // namespace orderhub::runtime
