#include "http_gateway/program/admin_rules.hpp"

#include "http_gateway/settings/admin_tokens.hpp"

#include <utility>

namespace orderhub::http_gateway {

std::string admin_url_of(const settings& s) {
  if (!s.admin_public_url.empty())
    return s.admin_public_url;
  auto host = s.admin_listen.host;
  if (host == "0.0.0.0" || host == "::")
    host = "127.0.0.1";
  if (host.find(':') != std::string::npos)
    host = '[' + host + ']';
  return "http://" + host + ':' + std::to_string(s.admin_listen.port);
}

result<admin_access_rules> admin_rules_of(const settings& s, std::string_view mode) {
  admin_access_rules rules;
  rules.public_url = s.admin_public_url;
  rules.at_socket = admin_role_of(s.admin_socket_role).value_or(admin_role::operate);
  rules.without_token = mode == "live" ? admin_role::read : admin_role::admin;
  if (!s.admin_token.empty())
    rules.tokens.push_back(token_of("env", admin_role::admin, s.admin_token));
  if (!s.admin_tokens.empty()) {
    auto rows = read_admin_tokens(s.admin_tokens);
    if (!rows)
      return rows.failure();
    if (rows->empty())
      return fail({error_kind::invalid, "admin_tokens",
                   "admin_tokens: " + s.admin_tokens +
                       ": it names nobody; add one by `orderhub "
                       "token new`, or leave the setting out."});
    for (auto& row : *rows)
      rules.tokens.push_back({std::move(row.name),
                              admin_role_of(row.role).value_or(admin_role::read), row.sha256,
                              row.expires_at, row.on_behalf});
  }
  if (rules.tokens.empty() && !s.api_token.empty())
    rules.tokens.push_back(token_of("api", admin_role::read, s.api_token));
  return rules;
}

} // namespace orderhub::http_gateway
