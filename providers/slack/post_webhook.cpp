#include "providers/slack/post_webhook.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::slack {

namespace {

using nlohmann::json;
constexpr std::string_view where = "slack.post_webhook";

result<std::string> parse(const http_response& response) {
  if (response.status == 410) // `channel_is_archived`: the URL, our only setting, leads nowhere.
    return fail(refusal(error_kind::misconfigured, where,
                        wire::classify_write(response, where).message, response));
  if (response.status != 200)
    return fail(wire::classify_write(response, where));
  if (response.body != "ok" && response.body != "ok\n")
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  return message_outcome{}.encode();
}

} // namespace

operation<message_outcome> post_webhook(const webhook_message& request) {
  raw_operation raw;
  raw.name = where;
  raw.vendor = "slack_webhook";
  raw.call_class = "write";
  raw.ref = request.ref;
  raw.request = wire::post("", dump(json{{"text", wire::bounded_text(request.text)}}));
  raw.deadline_ms = 15'000;
  raw.doubt = doubt_policy::may_repeat;
  raw.parse = &parse;
  return {std::move(raw)};
}

} // namespace orderhub::providers::slack
