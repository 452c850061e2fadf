#include "providers/slack/post_message.hpp"

#include "providers/policy/refusal.hpp"
#include "providers/slack/body.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::slack {

namespace {

using nlohmann::json;
constexpr std::string_view where = "slack.post_message";
constexpr std::string_view lookup_where = "slack.post_message.lookup";

result<std::string> parse(const http_response& response) {
  if (response.status != 200)
    return fail(wire::classify_write(response, where));
  const auto object =
      pick<json>(response.body, {"ok", "error", "channel", "ts", "needed", "response_metadata"});
  const auto ok = object ? wire::ok_of(*object) : std::nullopt;
  if (ok == false)
    return fail(wire::classify_write(response, wire::refusal_of(*object), where));
  const message_outcome outcome =
      object ? message_outcome{text_of(*object, "channel"), text_of(*object, "ts")}
             : message_outcome{};
  if (!ok || outcome.channel.empty() || !wire::is_ts(outcome.ts))
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  return outcome.encode();
}

/// Posted by its id, a message stands in that channel.
bool is_about(const sent_request& sent, const http_response& response) {
  const auto object = pick<json>(response.body, {"channel"});
  const std::string asked = text_of(json::parse(sent.request.body, nullptr, false), "channel");
  return object && (!is_channel_id(asked) || text_of(*object, "channel") == asked);
}

/// Slack's `ts` of a moment: seconds and six digits.
std::string ts_of(unix_ms at) {
  const std::string fraction = std::to_string(at % 1'000);
  return std::to_string(at / 1'000) + '.' + std::string(3 - fraction.size(), '0') + fraction +
         "000";
}

json history_of(const sent_request& sent, const json& posted) {
  json query = {{"channel", text_of(posted, "channel")},
                {"oldest", ts_of(window_begin(sent))},
                {"inclusive", true},
                {"limit", 200},
                {"include_all_metadata", true}};
  if (sent.until > 0)
    query["latest"] = ts_of(sent.until);
  return query;
}

http_request lookup(const sent_request& sent) {
  const json posted = json::parse(sent.request.body, nullptr, false);
  return wire::post("/api/conversations.history", dump(history_of(sent, posted)));
}

const json* payload_of(const json& message) {
  const json* metadata = member(message, "metadata");
  return metadata ? member(*metadata, "event_payload") : nullptr;
}

step_ref ref_of(const json& payload) {
  return {text_of(payload, "hub"), text_of(payload, "order_id"), text_of(payload, "step"),
          text_of(payload, "attempt")};
}

lookup_finding read_lookup(const sent_request& sent, const http_response& response) {
  using kind = finding_kind;
  const auto says_nothing = [&](std::string text) {
    return unknown(refusal(error_kind::unavailable, lookup_where, std::move(text), response));
  };
  if (response.status != 200)
    return unknown(wire::classify_read(response, lookup_where));
  const auto list = pick<json>(
      response.body, {"ok", "error", "needed", "messages", "has_more", "response_metadata"});
  const auto ok = list ? wire::ok_of(*list) : std::nullopt;
  if (ok == false)
    return unknown(wire::classify_read(response, wire::refusal_of(*list), lookup_where));
  const json* messages = list ? member(*list, "messages") : nullptr;
  const json* has_more = list ? member(*list, "has_more") : nullptr;
  if (!ok || !messages || !messages->is_array() || !has_more || !has_more->is_boolean())
    return says_nothing("unreadable answer");

  const json posted = json::parse(sent.request.body, nullptr, false);
  const json* payload_sent = payload_of(posted);
  if (!payload_sent)
    return unknown(
        refusal(error_kind::invalid, lookup_where, "request without metadata", response));
  const step_ref wanted = ref_of(*payload_sent);
  lookup_finding answer;
  answer.kind = kind::absent;
  answer.evidence = "no message of this hub, order, step and attempt";
  bool is_unreadable = false;
  for (const json& message : *messages) {
    const std::string ts = text_of(message, "ts");
    if (!wire::is_ts(ts)) { // Every message has one.
      is_unreadable = true;
      continue;
    }
    const json* payload = payload_of(message);
    if (!payload || ref_of(*payload) != wanted)
      continue;
    answer.kind = kind::found;
    answer.value = message_outcome{text_of(posted, "channel"), ts}.encode();
    answer.evidence = "ts " + ts;
    return answer;
  }
  if (is_unreadable)
    return says_nothing("message without ts");
  const json* paging = member(*list, "response_metadata");
  const std::string cursor = paging ? text_of(*paging, "next_cursor") : std::string();
  if (!cursor.empty()) {
    json next = history_of(sent, posted);
    next["cursor"] = cursor;
    answer.next = wire::post("/api/conversations.history", dump(next));
  } else if (has_more->get<bool>()) {
    return says_nothing("page without cursor");
  }
  return answer;
}

http_request regenerate(const http_request& request, std::uint32_t generation) {
  http_request next = request;
  json body = json::parse(request.body, nullptr, false);
  if (payload_of(body) == nullptr)
    return next;
  body["metadata"]["event_payload"]["generation"] = std::to_string(generation);
  next.body = dump(body);
  return next;
}

} // namespace

bool is_fault_of_message(const error& why) {
  return why.message.find("msg_too_long") != std::string::npos ||
         why.message.find("no_text") != std::string::npos;
}

operation<message_outcome> post_message(const message_request& request) {
  const json body = {{"channel", request.channel},
                     {"text", wire::bounded_text(request.text)},
                     {"metadata",
                      {{"event_type", "orderhub_step"},
                       {"event_payload",
                        {{"hub", request.ref.hub},
                         {"order_id", request.ref.order_id},
                         {"step", request.ref.step},
                         {"attempt", request.ref.attempt},
                         {"generation", "1"}}}}}};
  raw_operation raw;
  raw.name = where;
  raw.vendor = "slack";
  raw.call_class = "write";
  raw.limit_key = request.channel;
  raw.ref = request.ref;
  raw.request = wire::post("/api/chat.postMessage", dump(body));
  raw.deadline_ms = 15'000;
  raw.doubt = is_channel_id(request.channel) ? doubt_policy::lookup : doubt_policy::may_repeat;
  raw.absence_after_ms = 5'000;
  raw.parse = &parse;
  raw.lookup = &lookup;
  raw.read_lookup = &read_lookup;
  raw.regenerate = &regenerate;
  raw.is_about = &is_about;
  return {std::move(raw)};
}

} // namespace orderhub::providers::slack
