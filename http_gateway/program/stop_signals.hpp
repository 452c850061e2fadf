#pragma once
#include <cerrno>
#include <csignal>

namespace orderhub::http_gateway {

/// Holds SIGINT, SIGTERM and SIGHUP back in this thread and in those it starts, until asked for:
/// none of them ends the program by itself, at no time. Made before any other thread. Nor does a
/// log that nobody reads any more (SIGPIPE).
class stop_signals {
public:
  enum class kind { stop, reload };

  stop_signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  /// The next one: `reload` is SIGHUP.
  [[nodiscard]] kind wait() const {
    int arrived = 0;
    while (sigwait(&set_, &arrived) == EINTR) {
    }
    return arrived == SIGHUP ? kind::reload : kind::stop;
  }

private:
  sigset_t set_{};
};

} // namespace orderhub::http_gateway
