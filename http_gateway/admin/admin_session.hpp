#pragma once
#include "http_gateway/admin/admin_role.hpp"
#include "http_gateway/server/message.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/secret.hpp"
#include "journal/base/time.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::http_gateway {

/// What a browser's cookie says of who logged in. The hub keeps no list of them: each is sealed
/// with an HMAC-SHA256 under the directory's key (`journal::session_key_of`), so that a restart
/// knows it, and no other hub does.
struct admin_session {
  /// Tells tokens of one name apart: half of the HMAC of the token's digest under the same key.
  using token_mark = std::array<std::uint8_t, 16>;

  std::string name; ///< Of its token, at most 100 bytes.
  admin_role role = admin_role::read;
  unix_ms ends_at = 0;
  token_mark token{};
};
inline constexpr std::string_view session_cookie = "orderhub_session";
inline constexpr std::int64_t session_life_ms = 12LL * 60 * 60 * 1'000;
inline constexpr std::size_t session_size_max = 512; ///< Of a cookie that is looked at, in bytes.

admin_session::token_mark mark_of(const digest& token, const secret& key);

/// base64url of: u8 version (1) | str8 role | u64 ends at | 16 B mark | str8 name | 32 B HMAC of
/// all before it.
std::string sealed(const admin_session& session, const secret& key);
/// Nothing: it was not sealed under that key, or is damaged; which, the time it takes does not say.
std::optional<admin_session> unsealed(std::string_view cookie, const secret& key);

/// The session's cookies in a request.
struct found_cookies {
  std::size_t count = 0;
  std::string_view first;
};
found_cookies session_cookies_in(const http_request& request);

/// The value of `Set-Cookie`. No value: the browser is to forget it.
std::string set_session_cookie(std::string_view value, std::int64_t life_ms, bool is_secure);

} // namespace orderhub::http_gateway
