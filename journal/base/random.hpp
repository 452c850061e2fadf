#pragma once
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

/// OpenSSL's generator, seeded by the operating system.
class system_random final : public random_source {
public:
  void fill(std::span<std::uint8_t> out) override;
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
