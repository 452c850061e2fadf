#include "http_gateway/ingress/access.hpp"

#include "journal/base/hash.hpp"
#include "journal/base/loopback.hpp"
#include "journal/base/text.hpp"

#include <utility>

#include <openssl/crypto.h>

namespace orderhub::http_gateway {

bool is_loopback_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (starts_with_ignoring_case(origin, scheme))
      return is_loopback_host(origin.substr(scheme.size()));
  return false;
}

access_rule::access_rule(const secret& token) {
  set_token(token);
}

void access_rule::set_token(const secret& token) {
  const std::lock_guard lock(mutex_);
  has_token_ = !token.empty();
  token_hash_ = sha256_of(token.reveal());
}

std::optional<http_response> access_rule::refusal(const http_request& request) const {
  const auto [has_token, token_hash] = [&] {
    const std::lock_guard lock(mutex_);
    return std::pair(has_token_, token_hash_);
  }();
  if (has_token) {
    auto given = request.header("authorization");
    if (starts_with_ignoring_case(given, "bearer ") && request.header_count("authorization") == 1) {
      given.remove_prefix(7);
      while (!given.empty() && given.front() == ' ')
        given.remove_prefix(1);
      if (CRYPTO_memcmp(sha256_of(given).data(), token_hash.data(), token_hash.size()) == 0)
        return std::nullopt;
    }
    auto r = problem(401, "This needs the header Authorization: Bearer with the hub's token.");
    r.add_header("www-authenticate", "Bearer");
    return r;
  }
  if (!is_loopback_host(request.host))
    return problem(403, "Without a token only requests to a loopback host name are answered.");
  if (const auto count = request.header_count("origin");
      count > 1 || (count == 1 && !is_loopback_origin(request.header("origin"))))
    return problem(403, "Without a token requests from other web origins are not answered.");
  return std::nullopt;
}

} // namespace orderhub::http_gateway
