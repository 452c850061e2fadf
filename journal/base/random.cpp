#include "journal/base/random.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <openssl/rand.h>

namespace orderhub {

std::uint64_t random_source::below(std::uint64_t bound) {
  // Values from the incomplete last range are thrown away, so that all are equally likely.
  const std::uint64_t limit = bound * (UINT64_MAX / bound);
  std::uint64_t value = 0;
  do {
    fill({reinterpret_cast<std::uint8_t*>(&value), sizeof value});
  } while (value >= limit);
  return value % bound;
}

namespace {
void ask_generator(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
    std::fputs("orderhub: the system's random generator failed\n", stderr);
    std::abort();
  }
}
} // namespace

void system_random::fill(std::span<std::uint8_t> out) {
  if (out.size() > drawn_.size())
    return ask_generator(out);
  if (out.size() > left_) {
    ask_generator(drawn_);
    left_ = drawn_.size();
  }
  const auto from = std::span(drawn_).last(left_).first(out.size());
  std::copy(from.begin(), from.end(), out.begin());
  std::fill(from.begin(), from.end(), std::uint8_t{0}); // Nobody finds an id's bytes here later.
  left_ -= out.size();
}

void seeded_random::fill(std::span<std::uint8_t> out) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0)
      word = engine_();
    out[i] = static_cast<std::uint8_t>(word >> (8U * (i % 8)));
  }
}

} // namespace orderhub
