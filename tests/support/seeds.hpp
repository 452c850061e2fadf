#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace orderhub::testing {

/// The sanitizers look at how the code runs, not at every place where it may stop, and take forty
/// times as long: there one in so many runs is made.
#if defined(__SANITIZE_ADDRESS__)
#define ORDERHUB_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ORDERHUB_TEST_SANITIZED 1
#endif
#endif
#ifdef ORDERHUB_TEST_SANITIZED
inline constexpr std::size_t thinning = 60;
#else
inline constexpr std::size_t thinning = 1;
#endif

/// How many of `count` runs that differ by chance alone are made: all, or with the sanitizers a
/// sixth.
constexpr int runs(int count) {
  return thinning > 1 ? (count + 5) / 6 : count;
}

/// The points of a run that is to be repeated with a crash at each of them. Thinned out, another
/// `salt` takes other ones.
inline std::vector<std::size_t> points_to_try(std::size_t count, std::uint64_t salt) {
  std::vector<std::size_t> list;
  for (std::size_t at = 1 + salt % thinning; at <= count; at += thinning)
    list.push_back(at);
  return list;
}

/// `count` seeds from `first`. `ORDERHUB_SEED=n` asks for that one alone, with
/// `ORDERHUB_SEED_COUNT=m` for m of them from there on: a night's search is the same program.
inline std::vector<std::uint64_t> seeds(std::uint64_t first, std::uint64_t count) {
  if (const char* given = std::getenv("ORDERHUB_SEED")) {
    first = std::strtoull(given, nullptr, 10);
    const char* more = std::getenv("ORDERHUB_SEED_COUNT");
    count = more != nullptr ? std::strtoull(more, nullptr, 10) : 1;
  } else {
    count = (count + thinning - 1) / thinning;
  }
  std::vector<std::uint64_t> list;
  for (std::uint64_t i = 0; i < count; ++i)
    list.push_back(first + i);
  return list;
}

} // namespace orderhub::testing
