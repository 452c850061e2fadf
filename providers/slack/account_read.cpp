#include "providers/slack/account_read.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/slack/wire.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::slack {

namespace {

using nlohmann::json;
constexpr std::string_view where = "slack.auth_test";

/// Capitals and digits, as `T0123ABC`.
bool is_team(std::string_view id) {
  constexpr std::size_t longest = 20;
  return !id.empty() && id.size() <= longest &&
         id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == std::string_view::npos;
}

result<live_account> read(const http_response& response) {
  if (response.status != 200)
    return fail(wire::classify_read(response, where));
  const auto body = pick<json>(response.body, {"ok", "error", "team_id"});
  const json* is_ok = body ? member(*body, "ok") : nullptr;
  if (!is_ok || !is_ok->is_boolean())
    return fail(refusal(error_kind::unavailable, where, "unreadable answer", response));
  if (!is_ok->get<bool>()) {
    const auto code = text_of(*body, "error");
    return fail(wire::classify_read(response, {code, code_or_empty(code)}, where));
  }
  const auto team = text_of(*body, "team_id");
  return live_account{is_team(team) ? team : std::string(), {}, {}};
}

} // namespace

std::vector<live_read> account_reads(const vendor_configuration&) {
  return {{"slack", "SLACK_BOT_TOKEN", wire::post("/api/auth.test", "{}"), &read}};
}

} // namespace orderhub::providers::slack
