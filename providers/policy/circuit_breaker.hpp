#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers {

struct breaker_settings {
  std::int64_t window_ms = 60'000;   ///< Outcomes are judged over so long; at least 1 s.
  std::int64_t volume_min = 20;      ///< Fewer outcomes than this decide nothing.
  std::int64_t failure_percent = 50; ///< So many of them failed.
  std::int64_t failing_ms = 5'000;   ///< Many failures of one moment are one moment.
  std::int64_t open_ms = 1'000;      ///< Until the first probe; doubled with each one.
  std::int64_t open_max_ms = 15'000;
  std::int64_t probes = 1; ///< So many that succeed, one after the other, close it.

  friend bool operator==(const breaker_settings&, const breaker_settings&) = default;
};

enum class breaker_state : std::uint8_t {
  closed,    ///< Calls go.
  open,      ///< None goes, until its time has come.
  half_open, ///< One after the other goes and shows whether the vendor is back.
};
/// `closed`, `open`, `half_open`.
std::string_view name_of(breaker_state state);

/// Whether a vendor is worth calling, by what became of the calls of the last while. A state
/// machine over a passed clock, steady milliseconds. Single-threaded.
///
/// Closed, it opens when at least `volume_min` outcomes are in the window, `failure_percent` of
/// them failures, and they have gone on for `failing_ms`. Open, calls wait; when its time is over
/// one call goes as a probe, and where that is not heard of, another one after twice as long, up to
/// `open_max_ms`. A probe that fails opens it again for that longer time; `probes` that succeed in
/// a row close it. One that opens again within a window of having closed begins with the longer
/// time. What left before it opened decides nothing.
///
/// A failure is one of the vendor: no answer, or a server error. What refuses an order, a limit or
/// our credential is none.
class circuit_breaker {
public:
  explicit circuit_breaker(const breaker_settings& settings = {});

  [[nodiscard]] breaker_state state() const { return state_; }
  [[nodiscard]] bool is_closed() const { return state_ == breaker_state::closed; }
  /// A call may leave now: it is closed, or a probe is wanted.
  [[nodiscard]] bool lets_pass(std::int64_t now) const { return is_closed() || now >= probe_at_; }
  /// A call was let pass: where it is not closed, that is the probe.
  void passed(std::int64_t now);
  /// A probe was let pass and never left.
  void not_passed(std::int64_t now);
  void succeeded(std::int64_t left_at, std::int64_t now);
  /// `why`: without secrets or personal data; at most `cause_max` bytes are kept.
  void failed(std::int64_t left_at, std::int64_t now, std::string_view why);
  /// A person says that the vendor is back: as after the start.
  void close(std::int64_t now);
  /// What it waits for may have changed: the next probe may go now.
  void probe_now(std::int64_t now) { probe_at_ = probe_at_ < now ? probe_at_ : now; }

  static constexpr std::size_t cause_max = 200;
  /// Of the failure that opened it, or of the last probe that failed.
  [[nodiscard]] const std::string& cause() const { return cause_; }
  [[nodiscard]] std::int64_t opened_at() const { return opened_at_; }
  /// Where it is not closed: when the next probe may go.
  [[nodiscard]] std::int64_t probe_at() const { return probe_at_; }
  [[nodiscard]] std::uint64_t openings() const { return openings_; }
  /// How often it came into each state, by `breaker_state`.
  [[nodiscard]] const std::array<std::uint64_t, 3>& entered() const { return entered_; }
  struct volume {
    std::int64_t outcomes = 0;
    std::int64_t failures = 0;
  };
  /// In the window that ends now.
  [[nodiscard]] volume in_window(std::int64_t now) const;

private:
  static constexpr std::size_t slots = 12;
  struct slot {
    std::int64_t number = -1; ///< Of its time; the window is so many in a row.
    std::int64_t outcomes = 0;
    std::int64_t failures = 0;
    std::int64_t first_failure = 0;
  };

  slot& slot_at(std::int64_t now);
  [[nodiscard]] std::int64_t slot_ms() const { return settings_.window_ms / std::int64_t{slots}; }
  [[nodiscard]] bool in_window(const slot& s, std::int64_t now) const;
  [[nodiscard]] bool is_failing(std::int64_t now) const;
  void open(std::int64_t now, std::string_view why);
  void enter(breaker_state state);

  breaker_settings settings_;
  breaker_state state_ = breaker_state::closed;
  std::array<slot, slots> slots_;
  std::int64_t open_ms_ = 0;
  std::int64_t opened_at_ = 0; ///< When it was closed last.
  std::int64_t closed_at_ = 0;
  std::int64_t probe_at_ = 0;
  std::int64_t good_ = 0; ///< Probes in a row.
  std::uint64_t openings_ = 0;
  std::array<std::uint64_t, 3> entered_{};
  std::string cause_;
};

} // namespace orderhub::providers
