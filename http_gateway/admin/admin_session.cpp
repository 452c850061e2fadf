#include "http_gateway/admin/admin_session.hpp"

#include "journal/base/blanks.hpp"
#include "journal/base/bytes.hpp"
#include "journal/base/text.hpp"

#include <algorithm>

#include <openssl/crypto.h>

namespace orderhub::http_gateway {

namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t seal_size = 32;

// What is sealed begins otherwise than what is marked, so neither is ever the other.
std::string seal_of(std::string_view body, const secret& key) {
  return hmac_of(hash_algorithm::sha256, key.reveal(), {"session\n", body});
}

} // namespace

admin_session::token_mark mark_of(const digest& token, const secret& key) {
  const auto bytes =
      hmac_of(hash_algorithm::sha256, key.reveal(),
              {"token\n", {reinterpret_cast<const char*>(token.data()), token.size()}});
  admin_session::token_mark mark{};
  std::copy_n(bytes.begin(), mark.size(), mark.begin());
  return mark;
}

std::string sealed(const admin_session& session, const secret& key) {
  byte_writer w(128);
  w.u8(version);
  w.str8(name_of(session.role));
  w.i64(session.ends_at);
  w.array(session.token);
  w.str8(session.name);
  w.raw(seal_of(w.view(), key));
  return base64url(w.view());
}

std::optional<admin_session> unsealed(std::string_view cookie, const secret& key) {
  std::string bytes;
  if (key.empty() || cookie.size() > session_size_max || !from_base64url(cookie, bytes) ||
      bytes.size() < seal_size)
    return std::nullopt;
  const auto body = std::string_view(bytes).substr(0, bytes.size() - seal_size);
  const auto seal = seal_of(body, key);
  if (CRYPTO_memcmp(seal.data(), bytes.data() + body.size(), seal_size) != 0)
    return std::nullopt;
  byte_reader r(body);
  const auto v = r.u8();
  const auto role = admin_role_of(r.str8());
  admin_session session;
  session.ends_at = r.i64();
  session.token = r.array<16>();
  session.name = std::string(r.str8());
  if (v != version || !role || !r.done())
    return std::nullopt; // Of another version of this program.
  session.role = *role;
  return session;
}

found_cookies session_cookies_in(const http_request& request) {
  found_cookies found;
  for (std::size_t i = 0; i < request.header_count(); ++i) {
    auto [name, rest] = request.header_at(i);
    if (!equal_ignoring_case(name, "cookie"))
      continue;
    while (!rest.empty()) {
      const auto end = std::min(rest.find(';'), rest.size());
      const auto pair = without_blanks(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const auto equals = pair.find('=');
      if (equals == std::string_view::npos ||
          without_blanks(pair.substr(0, equals)) != session_cookie)
        continue;
      if (found.count++ == 0)
        found.first = without_blanks(pair.substr(equals + 1));
    }
  }
  return found;
}

std::string set_session_cookie(std::string_view value, std::int64_t life_ms, bool is_secure) {
  std::string cookie(session_cookie);
  cookie.append("=").append(value);
  cookie += "; HttpOnly; SameSite=Strict; Path=/; Max-Age=" + std::to_string(life_ms / 1'000);
  if (is_secure)
    cookie += "; Secure";
  return cookie;
}

} // namespace orderhub::http_gateway
