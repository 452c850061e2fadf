#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace orderhub {

/// One fault that hits thousands is one line a minute with a count, not thousands of lines: a
/// warning of one event, told apart by vendor and cause. Any thread.
///
/// The first of a vendor and cause is written at once; what comes within a minute of a line is
/// counted, and written as one line by whatever comes a minute after it, of any cause, by
/// `write_due`, or by `write_rest`.
class repeated_warning {
public:
  static constexpr std::int64_t pause_ms = 60'000;
  /// Causes that are told apart; further ones are one, `other causes`.
  static constexpr std::size_t causes_max = 200;

  struct line {
    std::string_view vendor, cause;
    std::uint64_t count = 0; ///< Since the line before.
    std::string_view example;
  };
  using writer = std::function<void(const line&)>;

  /// Warnings in the log; `event` is a constant name.
  explicit repeated_warning(std::string_view event);
  explicit repeated_warning(writer write) : write_(std::move(write)) {}

  /// `example`: whom it hit, for whoever looks into it. No secrets or personal data.
  void note(std::string_view vendor, std::string_view cause, std::string_view example,
            std::int64_t now_ms);
  /// Writes what was counted and is a minute after its line, for whoever comes by anyway.
  void write_due(std::int64_t now_ms);
  /// Writes all that was counted and not written yet, at the end.
  void write_rest(std::int64_t now_ms);

private:
  struct counted {
    std::int64_t written_at = 0;
    std::uint64_t count = 0; ///< Since the last line.
    std::string example;     ///< The latest.
  };
  using cause_key = std::pair<std::string, std::string>; ///< Vendor, cause.

  void write_after(std::int64_t pause, std::int64_t now_ms);
  void write(const cause_key& key, counted& of, std::int64_t now_ms);

  writer write_;
  std::mutex mutex_;
  std::map<cause_key, counted> causes_;
};

} // namespace orderhub
