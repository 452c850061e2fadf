#include "providers/transport/url_policy.hpp"

#include "journal/base/loopback.hpp"
#include "journal/base/text.hpp"

namespace orderhub::providers {

url_kind judge_url(std::string_view url) {
  for (const char c : url)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f)
      return url_kind::refused;
  if (starts_with_ignoring_case(url, "https://"))
    return url_kind::secure;
  if (!starts_with_ignoring_case(url, "http://"))
    return url_kind::refused;
  const std::string_view authority = authority_of(url);
  std::string_view host = authority;
  if (host.starts_with('['))
    host = host.substr(0, host.find(']') == std::string_view::npos ? 0 : host.find(']') + 1);
  else
    host = host.substr(0, host.find(':'));
  std::string_view port = authority.substr(host.size());
  if (!port.empty()) {
    port.remove_prefix(1);
    if (authority[host.size()] != ':' || port.empty() || port.size() > 5 ||
        port.find_first_not_of("0123456789") != std::string_view::npos)
      return url_kind::refused;
  }
  return is_loopback_name(host) ? url_kind::loopback : url_kind::refused;
}

std::string_view authority_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos)
    return {};
  url.remove_prefix(scheme + 3);
  return url.substr(0, url.find_first_of("/?#"));
}

bool is_header_safe(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

} // namespace orderhub::providers
