#pragma once
#include "journal/base/log.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>
#include <string_view>
#include <utility>

namespace orderhub::host {

/// What an exception says. Makes no memory: there may be none.
class failure_text {
public:
  void keep(const char* text) {
    const auto n = std::min(std::strlen(text), text_.size() - 1);
    std::memcpy(text_.data(), text, n);
    text_[n] = '\0';
  }
  [[nodiscard]] std::string_view view() const { return text_.data(); }

private:
  std::array<char, 200> text_{};
};

/// Runs one handling of one event by `actor`. An exception, a bug or want of memory, ends that and
/// nothing else: `failed` is told what it says. What `failed` throws is logged and dropped. True:
/// nothing was thrown.
template <class F, class Failed>
bool guarded_or(std::string_view actor, F&& f, Failed&& failed) {
  failure_text why;
  try {
    std::forward<F>(f)();
    return true;
  } catch (const std::exception& e) {
    why.keep(e.what());
  } catch (...) {
    why.keep("something that is no std::exception");
  }
  try {
    std::forward<Failed>(failed)(why.view());
  } catch (...) {
    log::error("actor_failed_twice", {{"actor", actor}, {"reason", why.view()}});
  }
  return false;
}

/// The same where nothing but the event is lost.
template <class F>
bool guarded(std::string_view actor, std::string_view event, F&& f) {
  return guarded_or(actor, std::forward<F>(f), [&](std::string_view why) {
    log::error("actor_failed", {{"actor", actor}, {"event", event}, {"reason", why}});
  });
}

} // namespace orderhub::host
