#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace orderhub {

/// Where randomness comes from: ids and retry jitter. Never asked by a handler; not thread-safe.
class random_source {
public:
  virtual ~random_source() = default;
  /// Fills `out` with random bytes. `main` passes the operating system's generator.
  virtual void fill(std::span<std::uint8_t> out) = 0;
  /// Uniform in [0, bound); `bound` must be positive.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
};

/// OpenSSL's generator, seeded by the operating system. Asked for many bytes at once: asking it for
/// one id costs more than all else that an id takes. A process that is forked must not go on with
/// the source of the one before, which would give the same bytes again.
class system_random final : public random_source {
public:
  void fill(std::span<std::uint8_t> out) override;

private:
  std::array<std::uint8_t, 1024> drawn_{};
  std::size_t left_ = 0; ///< Of them, at the end, that nobody has had.
};

/// Repeats for a seed: the simulator's and the tests' source.
class seeded_random final : public random_source {
public:
  explicit seeded_random(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::uint8_t> out) override;

private:
  std::mt19937_64 engine_;
};

} // namespace orderhub
