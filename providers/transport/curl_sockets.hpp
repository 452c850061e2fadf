#pragma once
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace orderhub::providers {

/// The sockets that libcurl waits for, and when it wants to be called without any. Ready ones are
/// handed to libcurl one by one: `curl_multi_perform` would look at every call on the wire each
/// time, and `poll` at every socket, which costs more than the calls themselves where thousands are
/// out.
class curl_sockets {
public:
  explicit curl_sockets(CURLM* multi) : multi_(multi) {
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    waiter_ = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = tag_of(wake_, 0);
    if (wake_ < 0 || waiter_ < 0 || ::epoll_ctl(waiter_, EPOLL_CTL_ADD, wake_, &event) != 0) {
      close();
      throw std::runtime_error("no event descriptor");
    }
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  }
  ~curl_sockets() { close(); }
  curl_sockets(const curl_sockets&) = delete;
  curl_sockets& operator=(const curl_sockets&) = delete;

  /// Ends the wait that runs or comes next. Any thread may.
  void wake() const {
    const std::uint64_t one = 1;
    // It fails only where the counter is full, and then the wait ends too.
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
  }

  /// Lets libcurl do what is due by time; new calls are.
  [[nodiscard]] CURLMcode run_timer() {
    if (!due_ || std::chrono::steady_clock::now() < *due_)
      return CURLM_OK;
    due_.reset();
    return act(CURL_SOCKET_TIMEOUT, 0);
  }

  /// Waits for the sockets, at most until the timer or `most_ms`, and lets libcurl serve those that
  /// are ready.
  [[nodiscard]] CURLMcode wait(std::int64_t most_ms) {
    if (due_) {
      const auto left = *due_ - std::chrono::steady_clock::now();
      const auto ms = std::chrono::ceil<std::chrono::milliseconds>(left).count();
      most_ms = std::clamp<std::int64_t>(ms, 0, most_ms);
    }
    const int ready = ::epoll_wait(waiter_, ready_.data(), static_cast<int>(ready_.size()),
                                   static_cast<int>(most_ms));
    // Nothing is ready: time, or a signal; the caller comes again.
    for (int i = 0; i < ready; ++i) {
      const auto& event = ready_[static_cast<std::size_t>(i)];
      const int fd = static_cast<int>(event.data.u64 & 0xffff'ffffU);
      if (fd == wake_) {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto size = ::read(wake_, &count, sizeof count);
        continue;
      }
      // Serving one may have closed another, and its number may belong to a new one by now.
      if (!is_watched(fd) || tag_of(fd, generation_of(fd)) != event.data.u64)
        continue;
      const int mask = ((event.events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                       ((event.events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                       ((event.events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
      if (const auto code = act(fd, mask); code != CURLM_OK)
        return code;
    }
    return CURLM_OK;
  }

  /// Lets libcurl go on with every call, whether or not its socket is ready.
  [[nodiscard]] CURLMcode serve_all() {
    for (int fd = 0; static_cast<std::size_t>(fd) < watched_.size(); ++fd)
      if (is_watched(fd))
        if (const auto code = act(fd, CURL_CSELECT_IN); code != CURLM_OK)
          return code;
    return CURLM_OK;
  }

private:
  /// Of one number of descriptors: how often it was begun to be watched, twice, and one more while
  /// it is.
  using state = std::uint32_t;

  static std::uint64_t tag_of(int fd, state generation) {
    return std::uint64_t{generation} << 32U | static_cast<std::uint32_t>(fd);
  }
  [[nodiscard]] state generation_of(int fd) const {
    const auto n = static_cast<std::size_t>(fd);
    return n < watched_.size() ? watched_[n] : 0;
  }
  [[nodiscard]] bool is_watched(int fd) const { return generation_of(fd) % 2 == 1; }

  void close() const {
    if (wake_ >= 0)
      ::close(wake_);
    if (waiter_ >= 0)
      ::close(waiter_);
  }

  CURLMcode act(curl_socket_t fd, int mask) {
    int running = 0;
    return curl_multi_socket_action(multi_, fd, mask, &running);
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* user, void*) {
    auto& s = *static_cast<curl_sockets*>(user);
    const auto n = static_cast<std::size_t>(fd);
    if (what == CURL_POLL_REMOVE) {
      if (!s.is_watched(fd))
        return 0;
      ++s.watched_[n];
      epoll_event none{};
      // libcurl may have closed it already, and the kernel has forgotten it then.
      (void)::epoll_ctl(s.waiter_, EPOLL_CTL_DEL, fd, &none);
      return 0;
    }
    const bool known = s.is_watched(fd);
    if (n >= s.watched_.size())
      s.watched_.resize(n + 1, 0);
    if (!known)
      ++s.watched_[n];
    epoll_event event{};
    event.events = ((what & CURL_POLL_IN) != 0 ? std::uint32_t{EPOLLIN} : 0U) |
                   ((what & CURL_POLL_OUT) != 0 ? std::uint32_t{EPOLLOUT} : 0U);
    event.data.u64 = tag_of(fd, s.watched_[n]);
    // -1 ends all of libcurl's calls: there is no memory for a watch.
    return ::epoll_ctl(s.waiter_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -1;
  }

  static int on_timer(CURLM*, long timeout_ms, void* user) {
    auto& s = *static_cast<curl_sockets*>(user);
    if (timeout_ms < 0)
      s.due_.reset();
    else
      s.due_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(timeout_ms);
    return 0;
  }

  CURLM* multi_;
  int wake_ = -1;
  int waiter_ = -1;
  std::array<epoll_event, 256> ready_{};
  std::vector<state> watched_; ///< By descriptor; odd while it is watched.
  std::optional<std::chrono::steady_clock::time_point> due_;
};

} // namespace orderhub::providers
