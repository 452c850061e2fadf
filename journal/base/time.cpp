#include "journal/base/time.hpp"

#include <chrono>
#include <fstream>

#include <time.h>

namespace orderhub {

unix_ms system_clock::wall_ms() const {
  using namespace std::chrono;
  return duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::int64_t system_clock::steady_ms() const {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

std::int64_t system_clock::boottime_ms() const {
  timespec t{};
  if (::clock_gettime(CLOCK_BOOTTIME, &t) != 0)
    return 0;
  return static_cast<std::int64_t>(t.tv_sec) * 1'000 + t.tv_nsec / 1'000'000;
}

std::string system_clock::boot_id() const {
  constexpr std::size_t size_max = 64;
  std::ifstream in("/proc/sys/kernel/random/boot_id");
  std::string id;
  if (!std::getline(in, id) || id.size() > size_max)
    return {};
  return id;
}

} // namespace orderhub
