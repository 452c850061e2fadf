#pragma once
#include <cstdint>

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

/// The machine's clocks.
class system_clock final : public clock {
public:
  [[nodiscard]] unix_ms wall_ms() const override;
  [[nodiscard]] std::int64_t steady_ms() const override;
};

} // namespace orderhub
