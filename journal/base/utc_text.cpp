#include "journal/base/utc_text.hpp"

#include <ctime>

namespace orderhub {

std::string utc_text(unix_ms at) {
  const std::time_t seconds = at / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  const auto ms = std::to_string(1000 + at % 1000).substr(1);
  return std::string(text, size) + '.' + ms + 'Z';
}

} // namespace orderhub
