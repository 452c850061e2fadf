#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include <curl/curl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace orderhub::providers {

/// The sockets that libcurl waits for, and when it wants to be called without any. Ready ones are
/// handed to libcurl one by one: `curl_multi_perform` would look at every call on the wire each
/// time, which costs more than the calls themselves where two hundred are out.
class curl_sockets {
public:
  explicit curl_sockets(CURLM* multi) : multi_(multi) {
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_ < 0)
      throw std::runtime_error("no event descriptor");
    polled_.push_back({wake_, POLLIN, 0});
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, &on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, &on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, this);
  }
  ~curl_sockets() { ::close(wake_); }
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
    const int ready = ::poll(polled_.data(), polled_.size(), static_cast<int>(most_ms));
    if (ready <= 0)
      return CURLM_OK; // Time, or a signal; the caller comes again.
    ready_.clear();
    for (const auto& p : polled_)
      if (p.revents != 0)
        ready_.push_back(p);
    for (const auto& p : ready_) {
      if (p.fd == wake_) {
        std::uint64_t count = 0;
        [[maybe_unused]] const auto size = ::read(wake_, &count, sizeof count);
        continue;
      }
      // Serving one may have closed another, and its number may belong to a new one: that one is
      // asked whether it is ready, and is not.
      if (place_of(p.fd) == nothing)
        continue;
      const int mask = ((p.revents & (POLLIN | POLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
                       ((p.revents & POLLOUT) != 0 ? CURL_CSELECT_OUT : 0) |
                       ((p.revents & (POLLERR | POLLNVAL)) != 0 ? CURL_CSELECT_ERR : 0);
      if (const auto code = act(p.fd, mask); code != CURLM_OK)
        return code;
    }
    return CURLM_OK;
  }

private:
  static constexpr std::size_t nothing = 0; ///< The place of `wake_`, so of no socket.

  CURLMcode act(curl_socket_t fd, int mask) {
    int running = 0;
    return curl_multi_socket_action(multi_, fd, mask, &running);
  }
  [[nodiscard]] std::size_t place_of(curl_socket_t fd) const {
    const auto n = static_cast<std::size_t>(fd);
    return n < places_.size() ? places_[n] : nothing;
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* user, void*) {
    auto& s = *static_cast<curl_sockets*>(user);
    const auto n = static_cast<std::size_t>(fd);
    const auto place = s.place_of(fd);
    if (what == CURL_POLL_REMOVE) {
      if (place == nothing)
        return 0;
      s.polled_[place] = s.polled_.back();
      s.places_[static_cast<std::size_t>(s.polled_[place].fd)] = place;
      s.polled_.pop_back();
      s.places_[n] = nothing;
      return 0;
    }
    const auto events = static_cast<short>(((what & CURL_POLL_IN) != 0 ? POLLIN : 0) |
                                           ((what & CURL_POLL_OUT) != 0 ? POLLOUT : 0));
    if (place != nothing) {
      s.polled_[place].events = events;
      return 0;
    }
    if (n >= s.places_.size())
      s.places_.resize(n + 1, nothing);
    s.places_[n] = s.polled_.size();
    s.polled_.push_back({fd, events, 0});
    return 0;
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
  std::vector<pollfd> polled_;
  std::vector<pollfd> ready_;
  std::vector<std::size_t> places_; ///< In `polled_`, by descriptor.
  std::optional<std::chrono::steady_clock::time_point> due_;
};

} // namespace orderhub::providers
