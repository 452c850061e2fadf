#pragma once
#include <cerrno>
#include <csignal>

namespace orderhub::http_gateway {

/// Holds SIGINT and SIGTERM back in this thread and in those it starts, until asked for. Made
/// before any other thread.
class stop_signals {
public:
  stop_signals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  void wait() const {
    int arrived = 0;
    while (sigwait(&set_, &arrived) == EINTR) {
    }
  }

private:
  sigset_t set_{};
};

} // namespace orderhub::http_gateway
