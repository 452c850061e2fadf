#pragma once
#include "journal/base/hash.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// One named token of the admin port, as the file `admin_tokens` has it: a table `[[token]]` each,
/// with `name`, `role`, `sha256` and, where wanted, `expires` (a TOML date-time) and `on_behalf`.
/// The token itself is in no file.
struct admin_token_row {
  std::string name;       ///< 1 to 60 plain characters; no two alike.
  std::string role;       ///< `read`, `operate` or `admin`.
  digest sha256{};        ///< Of the token's bytes.
  unix_ms expires_at = 0; ///< 0: never.
  bool on_behalf = false; ///< May say for whom it acts (`x-orderhub-actor`).
};

inline constexpr std::size_t admin_tokens_max = 1'000;
bool is_admin_role(std::string_view role);
bool is_token_name(std::string_view name);

/// Fails with `invalid`, saying which token of the file and why; the message has no secret.
result<std::vector<admin_token_row>> read_admin_tokens(const std::string& path);
/// The table of one token.
std::string text_of(const admin_token_row& row);

} // namespace orderhub::http_gateway
