#pragma once
#include "http_gateway/server/stream_sink.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub::http_gateway::detail {

/// What was written to a stream and has not left. Whoever writes and the io thread share it.
/// Internal to the server.
class stream_body {
public:
  explicit stream_body(bool is_chunked) : is_chunked_(is_chunked) {}

  enum class wish : std::uint8_t {
    none = 0,  ///< The io thread knows already that there is something.
    wake = 1,  ///< It is to be told.
    ended = 2, ///< Nothing was added, and nothing will be.
  };
  wish add(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    if (state_ != state::open)
      return wish::ended;
    constexpr std::size_t framing_max = 24; // Around one chunk.
    if (unsent_ + bytes.size() + framing_max > stream_sink::unsent_max) {
      state_ = state::behind;
      pending_ = std::string();
      return wish::wake; // It waits for room, and would not look before there is some.
    }
    const auto before = pending_.size();
    if (is_chunked_) {
      std::array<char, 16> digits{};
      const auto end =
          std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), 16).ptr;
      pending_.append(digits.data(), end).append("\r\n");
    }
    pending_.append(bytes);
    if (is_chunked_)
      pending_.append("\r\n");
    unsent_ += pending_.size() - before;
    return tell();
  }
  wish finish() {
    const std::lock_guard lock(mutex_);
    if (state_ != state::open)
      return wish::ended;
    state_ = state::ending;
    return tell();
  }
  /// Its caller has gone.
  void leave() {
    const std::lock_guard lock(mutex_);
    state_ = state::gone;
    pending_ = std::string();
    unsent_ = 0;
  }
  [[nodiscard]] bool is_open() const {
    const std::lock_guard lock(mutex_);
    return state_ == state::open;
  }
  /// Its caller took too little.
  [[nodiscard]] bool is_behind() const {
    const std::lock_guard lock(mutex_);
    return state_ == state::behind;
  }
  [[nodiscard]] std::size_t unsent() const {
    const std::lock_guard lock(mutex_);
    return unsent_;
  }

  /// All that is there, for the socket. `is_last`: with the end of the body.
  struct piece {
    std::string bytes;
    bool is_last = false;
  };
  piece take() {
    const std::lock_guard lock(mutex_);
    is_told_ = false;
    piece p{std::exchange(pending_, {}), state_ == state::ending};
    if (p.is_last && is_chunked_)
      p.bytes.append("0\r\n\r\n");
    return p;
  }
  /// So much of what was taken is the kernel's now.
  void sent(std::size_t size) {
    const std::lock_guard lock(mutex_);
    unsent_ -= size < unsent_ ? size : unsent_;
  }

private:
  enum class state : std::uint8_t { open, ending, behind, gone };
  wish tell() { return std::exchange(is_told_, true) ? wish::none : wish::wake; }

  const bool is_chunked_;
  mutable std::mutex mutex_; ///< Guards the rest.
  std::string pending_;
  std::size_t unsent_ = 0;
  state state_ = state::open;
  bool is_told_ = false;
};

} // namespace orderhub::http_gateway::detail
