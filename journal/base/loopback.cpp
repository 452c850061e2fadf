#include "journal/base/loopback.hpp"

#include "journal/base/text.hpp"

#include <algorithm>

namespace orderhub {

namespace {

constexpr std::string_view ipv6_name = "[::1]";

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// 127.x.y.z in plain decimal; shorter, octal and hexadecimal spellings are not.
bool is_loopback_ipv4(std::string_view host) {
  int parts = 0;
  for (;;) {
    const auto end = std::min(host.find('.'), host.size());
    const auto part = host.substr(0, end);
    if (!all_digits(part) || part.size() > 3 || (part.size() > 1 && part.front() == '0'))
      return false;
    int value = 0;
    for (const char c : part)
      value = value * 10 + (c - '0');
    if (value > 255 || (parts == 0 && value != 127))
      return false;
    ++parts;
    if (end == host.size())
      return parts == 4;
    host.remove_prefix(end + 1);
  }
}

} // namespace

bool is_loopback_name(std::string_view host) {
  return host == ipv6_name || equal_ignoring_case(host, "localhost") || is_loopback_ipv4(host);
}

bool is_loopback_host(std::string_view host) {
  const auto name_size =
      host.starts_with(ipv6_name) ? ipv6_name.size() : std::min(host.find(':'), host.size());
  const auto port = host.substr(name_size);
  if (!port.empty() && (port.front() != ':' || !all_digits(port.substr(1))))
    return false;
  return is_loopback_name(host.substr(0, name_size));
}

} // namespace orderhub
