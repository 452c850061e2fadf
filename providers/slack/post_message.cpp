#include "providers/slack/post_message.hpp"

#include "providers/json_fields.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::slack {

namespace {

using nlohmann::json;
constexpr std::string_view where = "slack.post_message";
constexpr std::string_view look_up_where = "slack.post_message.look_up";

/// True or false as Slack said; nothing where the body does not say.
std::optional<bool> ok_of(const json& object) {
  const json* ok = member(object, "ok");
  return ok && ok->is_boolean() ? std::optional(ok->get<bool>()) : std::nullopt;
}

result<std::string> parse(const http_response& response) {
  if (response.status != 200)
    return fail(wire::classify_status(response, where));
  const auto object = pick<json>(response.body, {"ok", "error", "channel", "ts"});
  const auto ok = object ? ok_of(*object) : std::nullopt;
  if (ok == false)
    return fail(wire::classify_code(response, text_of(*object, "error"), where));
  const message_outcome outcome =
      object ? message_outcome{text_of(*object, "channel"), text_of(*object, "ts")}
             : message_outcome{};
  if (!ok || outcome.channel.empty() || outcome.ts.empty())
    return fail({error_kind::in_doubt, std::string(where), "unreadable success body"});
  return outcome.encode();
}

json history_of(const sent_request& sent, const json& posted) {
  return {{"channel", text_of(posted, "channel")},
          // Slack compares with its own clock: five seconds of margin.
          {"oldest", std::to_string(sent.first_sent_at / 1'000 - 5) + ".000000"},
          {"inclusive", true},
          {"limit", 200},
          {"include_all_metadata", true}};
}

http_request look_up(const sent_request& sent) {
  const json posted = json::parse(sent.request.body, nullptr, false);
  return wire::post("/api/conversations.history", dump(history_of(sent, posted)));
}

look_up_answer unknown(error failure) {
  look_up_answer answer;
  answer.what = look_up_answer::kind::unknown;
  answer.failure = std::move(failure);
  answer.failure.kind = error_kind::unavailable; // Reading again changes nothing.
  return answer;
}

const json* payload_of(const json& message) {
  const json* metadata = member(message, "metadata");
  return metadata ? member(*metadata, "event_payload") : nullptr;
}

look_up_answer read_look_up(const sent_request& sent, const http_response& response) {
  using kind = look_up_answer::kind;
  if (response.status != 200)
    return unknown(wire::classify_status(response, look_up_where));
  const auto list =
      pick<json>(response.body, {"ok", "error", "messages", "has_more", "response_metadata"});
  const auto ok = list ? ok_of(*list) : std::nullopt;
  if (ok == false)
    return unknown(wire::classify_code(response, text_of(*list, "error"), look_up_where));
  const json* messages = list ? member(*list, "messages") : nullptr;
  if (!ok || !messages || !messages->is_array())
    return unknown({error_kind::unavailable, std::string(look_up_where), "unreadable answer"});

  const json posted = json::parse(sent.request.body, nullptr, false);
  const json* wanted = payload_of(posted);
  if (!wanted)
    return unknown({error_kind::invalid, std::string(look_up_where), "request without metadata"});
  const std::string order_id = text_of(*wanted, "order_id");
  const std::string step = text_of(*wanted, "step");
  look_up_answer answer;
  answer.what = kind::absent;
  answer.evidence = "no message with this order and step";
  for (const json& message : *messages) {
    const json* payload = payload_of(message);
    if (!payload || text_of(*payload, "order_id") != order_id || text_of(*payload, "step") != step)
      continue;
    const std::string ts = text_of(message, "ts");
    if (ts.empty())
      return unknown({error_kind::unavailable, std::string(look_up_where), "message without ts"});
    answer.what = kind::found;
    answer.value = message_outcome{text_of(posted, "channel"), ts}.encode();
    answer.evidence = "ts " + ts;
    return answer;
  }
  const json* has_more = member(*list, "has_more");
  const json* paging = member(*list, "response_metadata");
  const std::string cursor = paging ? text_of(*paging, "next_cursor") : std::string();
  if (!cursor.empty()) {
    json next = history_of(sent, posted);
    next["cursor"] = cursor;
    answer.next = wire::post("/api/conversations.history", dump(next));
  } else if (has_more && has_more->is_boolean() && has_more->get<bool>()) {
    return unknown({error_kind::unavailable, std::string(look_up_where), "page without cursor"});
  }
  return answer;
}

} // namespace

operation<message_outcome> post_message(const message_request& request) {
  const json body = {
      {"channel", request.channel},
      {"text", request.text},
      {"metadata",
       {{"event_type", "orderhub_step"},
        {"event_payload", {{"order_id", request.order_id}, {"step", request.step}}}}}};
  raw_operation raw;
  raw.name = where;
  raw.vendor = "slack";
  raw.call_class = "write";
  raw.request = wire::post("/api/chat.postMessage", dump(body));
  raw.deadline_ms = 15'000;
  if (is_channel_id(request.channel)) {
    raw.doubt = doubt_policy::look_up;
    raw.look_up_settle_ms = 5'000;
    raw.look_up = &look_up;
    raw.read_look_up = &read_look_up;
  } else {
    raw.doubt = doubt_policy::may_repeat;
  }
  raw.parse = &parse;
  return {std::move(raw)};
}

} // namespace orderhub::providers::slack
