#pragma once
#include <cstdint>
#include <string>

namespace orderhub {

/// Milliseconds since the Unix epoch. What the journal stores.
using unix_ms = std::int64_t;

/// Where time comes from. `main` passes the real one, tests and the simulator one moved by hand.
class clock {
public:
  virtual ~clock() = default;
  /// Wall time. May step backwards; the journal takes the later of this and its own last time.
  [[nodiscard]] virtual unix_ms wall_ms() const = 0;
  /// Never goes backwards; only differences mean something.
  [[nodiscard]] virtual std::int64_t steady_ms() const = 0;
};

/// Time since the machine was started, sleep included, and which start of it that was: what says
/// how long a program was away, whatever became of the wall clock meanwhile.
class boot_clock {
public:
  virtual ~boot_clock() = default;
  /// Never goes backwards within one boot.
  [[nodiscard]] virtual std::int64_t boottime_ms() const = 0;
  /// At most 64 bytes; another one at every start of the machine. Empty: not known.
  [[nodiscard]] virtual std::string boot_id() const = 0;
};

/// The machine's clocks.
class system_clock final : public clock, public boot_clock {
public:
  [[nodiscard]] unix_ms wall_ms() const override;
  [[nodiscard]] std::int64_t steady_ms() const override;
  /// CLOCK_BOOTTIME.
  [[nodiscard]] std::int64_t boottime_ms() const override;
  /// /proc/sys/kernel/random/boot_id, read anew each time; empty where it cannot be read.
  [[nodiscard]] std::string boot_id() const override;
};

/// When the newest record of a journal was committed, by its own clock and by the machine's.
struct journal_stamp {
  unix_ms time = 0; ///< 0: the journal is empty.
  std::int64_t boottime_ms = 0;
  std::string boot_id; ///< Empty: not known.

  friend bool operator==(const journal_stamp&, const journal_stamp&) = default;
};

} // namespace orderhub
