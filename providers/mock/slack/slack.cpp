#include "providers/mock/slack/slack.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::mock {

namespace {

using namespace std::string_view_literals;
using json = nlohmann::json;

constexpr std::size_t channels_max = 1'000;
constexpr std::size_t text_size_max = 40'000;
constexpr std::int64_t history_limit_max = 999;
constexpr auto webhook_prefix = "/services/"sv;
/// Where incoming webhooks post to: the mock's one channel without a name.
constexpr auto webhook_channel = "C0WEBHOOK0"sv;

bool is_id(std::string_view text) {
  return text.size() >= 9 && text.size() <= 20 &&
         (text[0] == 'C' || text[0] == 'G' || text[0] == 'D') &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

std::string text_member(const json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end())
    return {};
  if (it->is_string())
    return it->get<std::string>();
  return it->is_number_integer() ? it->dump() : std::string();
}

/// `1503435956.000247` as microseconds; also whole seconds, as history accepts them.
std::optional<std::int64_t> read_ts(std::string_view text) {
  const auto dot = text.find('.');
  std::int64_t seconds = 0;
  std::int64_t fraction = 0;
  if (!read_integer(text.substr(0, dot), seconds) || seconds < 0 || seconds > 100'000'000'000)
    return std::nullopt;
  if (dot != std::string_view::npos) {
    auto digits = std::string(text.substr(dot + 1));
    if (digits.empty() || digits.size() > 6)
      return std::nullopt;
    digits.resize(6, '0');
    if (!read_integer(digits, fraction) || fraction < 0)
      return std::nullopt;
  }
  return seconds * 1'000'000 + fraction;
}

} // namespace

call_id slack::route(std::string_view method, std::string_view path) {
  if (method == "POST" && path == "/api/chat.postMessage")
    return call_id::slack_message;
  if ((method == "POST" || method == "GET") && path == "/api/conversations.history")
    return call_id::slack_history;
  if ((method == "POST" || method == "GET") && path == "/api/auth.test")
    return call_id::slack_auth;
  if (method == "POST" && path.substr(0, webhook_prefix.size()) == webhook_prefix)
    return call_id::slack_webhook;
  return call_id::slack_other;
}

void slack::not_ok(call& c, std::string_view error) {
  c.reply.status = 200;
  c.reply.body.assign(R"({"ok":false,"error":)");
  append_json(c.reply.body, error);
  c.reply.body.push_back('}');
}

void slack::plain(call& c, int status, std::string_view text) {
  c.reply.headers.emplace_back("content-type", "text/plain");
  c.reply.status = status;
  c.reply.body = text;
}

void slack::handle(call& c) {
  shared_.params.clear();
  if (c.what == call_id::slack_webhook)
    return post_webhook(c);
  c.json_header();
  if (c.what == call_id::slack_other)
    return not_ok(c, "unknown_method");
  const auto* authorization = c.header("authorization");
  const std::string_view value = authorization ? std::string_view(*authorization) : "";
  if (value.substr(0, 7) != "Bearer " || value.size() == 7)
    return not_ok(c, "not_authed");
  if (value.find("invalid") != std::string_view::npos)
    return not_ok(c, "invalid_auth");
  if (c.mode() == fault_effect::refuse)
    return not_ok(c, c.hit->code.empty() ? "fatal_error"sv : c.hit->code);
  if (c.what == call_id::slack_auth) {
    c.reply.status = 200;
    c.reply.body = R"({"ok":true,"url":"https://orderhub.slack.com/","team":"orderhub",)"
                   R"("user":"orderhub","team_id":"T0ORDERHUB","user_id":"U0ORDERHUB",)"
                   R"("bot_id":"B0ORDERHUB","is_enterprise_install":false})";
  } else if (c.what == call_id::slack_message)
    post_message(c);
  else
    history(c);
}

std::string slack::resolve(std::string_view name) {
  if (name.find("missing") != std::string_view::npos ||
      name.find("MISSING") != std::string_view::npos)
    return {};
  if (is_id(name)) {
    if (channels_.find(name) == channels_.end()) {
      if (channels_.size() >= channels_max)
        return {};
      channels_.emplace(name, channel{});
    }
    return std::string(name);
  }
  if (name.empty() || name.size() > 81)
    return {};
  if (name[0] == '#')
    name.remove_prefix(1);
  auto it = names_.find(name);
  if (it == names_.end()) {
    if (channels_.size() >= channels_max)
      return {};
    std::string id = "C0";
    std::string digits;
    append_number(digits, static_cast<std::int64_t>(names_.size() + 1));
    id.append(8 - std::min<std::size_t>(8, digits.size()), '0').append(digits);
    channels_.emplace(id, channel{});
    it = names_.emplace(name, std::move(id)).first;
  }
  return it->second;
}

bool slack::set_archived(std::string_view name, bool archived) {
  const auto id = resolve(name);
  if (id.empty())
    return false;
  channels_[id].archived = archived;
  return true;
}

bool slack::read_message(std::string_view text, posted& to, std::string& channel_name) {
  if (!shallow_json(text))
    return false;
  const auto body = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!body.is_object())
    return false;
  channel_name = text_member(body, "channel");
  to.text = text_member(body, "text");
  const auto filled = [&](const char* name) {
    const auto it = body.find(name);
    return it != body.end() && it->is_array() && !it->empty();
  };
  to.has_content = !to.text.empty() || filled("blocks") || filled("attachments");
  const auto metadata = body.find("metadata");
  if (metadata == body.end() || metadata->is_null())
    return true;
  const auto payload = metadata->is_object() ? metadata->find("event_payload") : metadata->end();
  if (!metadata->is_object() || text_member(*metadata, "event_type").empty() ||
      payload == metadata->end() || !payload->is_object()) {
    to.metadata = "invalid";
    return true;
  }
  to.metadata = metadata->dump();
  to.order_id = text_member(*payload, "order_id");
  to.step = text_member(*payload, "step");
  to.attempt = attempt_of(text_member(*payload, "attempt"));
  return true;
}

bool slack::read_form_message(call& c, posted& to, std::string& channel_name) {
  auto& params = shared_.params;
  if (!params.add_form(c.request.body))
    return false;
  // In a form the structured arguments are JSON text.
  json body = {{"channel", params.get("channel")}, {"text", params.get("text")}};
  for (const char* name : {"metadata", "blocks", "attachments"}) {
    const auto text = params.get(name);
    if (text.empty())
      continue;
    if (!shallow_json(text))
      return false;
    body[name] = json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  }
  return read_message(body.dump(-1, ' ', false, json::error_handler_t::replace), to, channel_name);
}

std::int64_t slack::post(call& c, const std::string& channel_id, posted m) {
  auto& to = channels_[channel_id];
  last_ts_us_ = std::max(last_ts_us_ + 1, c.now * 1'000);
  if (shared_.settings.objects_max != 0 && messages_ >= shared_.settings.objects_max &&
      !to.messages.empty())
    to.messages.pop_front();
  else
    ++messages_;
  to.messages.push_back({last_ts_us_, std::move(m.text), std::move(m.metadata)});
  shared_.effects.add({.kind = effect_kind::message,
                       .number = static_cast<std::uint64_t>(last_ts_us_),
                       .order_id = m.order_id,
                       .step = m.step,
                       .to = channel_id,
                       .attempt = m.attempt,
                       .at_ms = c.now,
                       .request_number = c.request_number});
  return last_ts_us_;
}

void slack::append_message(std::string& out, const message& m, bool with_metadata) {
  out.append(R"({"type":"message","subtype":"bot_message","text":)");
  append_json(out, m.text);
  out.append(R"(,"ts":")");
  append_slack_ts(out, m.ts_us);
  out.append(R"(","bot_id":"B0ORDERHUB","app_id":"A0ORDERHUB")");
  if (with_metadata && !m.metadata.empty())
    out.append(R"(,"metadata":)").append(m.metadata);
  out.push_back('}');
}

void slack::post_message(call& c) {
  posted m;
  std::string name;
  const auto* type = c.header("content-type");
  const std::string_view content = type ? std::string_view(*type) : "";
  bool read = false;
  if (content.substr(0, 16) == "application/json") {
    read = read_message(c.request.body, m, name);
    if (!read)
      return not_ok(c, "invalid_json");
  } else if (content.substr(0, 33) == "application/x-www-form-urlencoded") {
    read = read_form_message(c, m, name);
    if (!read)
      return not_ok(c, "invalid_form_data");
  } else {
    return not_ok(c, content.empty() ? "missing_post_type" : "invalid_post_type");
  }
  if (name.find("archived") != std::string::npos)
    return not_ok(c, "is_archived");
  const auto id = resolve(name);
  if (id.empty())
    return not_ok(c, "channel_not_found");
  if (channels_[id].archived)
    return not_ok(c, "is_archived");
  if (!m.has_content)
    return not_ok(c, "no_text");
  if (m.text.size() > text_size_max)
    return not_ok(c, "msg_too_long");
  if (m.metadata == "invalid")
    return not_ok(c, "invalid_metadata_format");

  const auto ts = post(c, id, std::move(m));
  c.reply.status = 200;
  auto& out = c.reply.body;
  out.assign(R"({"ok":true,"channel":")").append(id).append(R"(","ts":")");
  append_slack_ts(out, ts);
  out.append(R"(","message":)");
  append_message(out, channels_[id].messages.back(), true);
  out.push_back('}');
}

void slack::post_webhook(call& c) {
  // The URL is the secret, there is no Authorization.
  const auto hook = c.path.substr(webhook_prefix.size());
  if (std::count(hook.begin(), hook.end(), '/') != 2)
    return plain(c, 404, "no_team");
  if (hook.find("missing") != std::string_view::npos)
    return plain(c, 404, "no_service");
  if (hook.find("invalid") != std::string_view::npos)
    return plain(c, 403, "invalid_token");
  if (hook.find("archived") != std::string_view::npos ||
      channels_[std::string(webhook_channel)].archived)
    return plain(c, 410, "channel_is_archived");
  if (c.mode() == fault_effect::refuse)
    return plain(c, 403, c.hit->code.empty() ? "action_prohibited"sv : c.hit->code);
  posted m;
  std::string unused;
  const auto* type = c.header("content-type");
  if (type && std::string_view(*type).substr(0, 33) == "application/x-www-form-urlencoded") {
    if (!shared_.params.add_form(c.request.body) ||
        !read_message(shared_.params.get("payload"), m, unused))
      return plain(c, 400, "invalid_payload");
  } else if (!read_message(c.request.body, m, unused)) {
    return plain(c, 400, "invalid_payload");
  }
  if (m.metadata == "invalid")
    return plain(c, 400, "invalid_payload");
  if (!m.has_content)
    return plain(c, 400, "no_text");
  post(c, std::string(webhook_channel), std::move(m));
  plain(c, 200, "ok");
}

void slack::history(call& c) {
  auto& params = shared_.params;
  const auto* type = c.header("content-type");
  bool read = true;
  if (c.request.method == "GET")
    read = params.add_form(c.query);
  else if (type && std::string_view(*type).substr(0, 16) == "application/json")
    read = params.add_json(c.request.body);
  else
    read = params.add_form(c.request.body);
  if (!read)
    return not_ok(c, "invalid_arguments");

  // Posting accepts a name, reading only an id.
  const auto id = params.get("channel");
  const auto it = channels_.find(id);
  if (it == channels_.end()) {
    if (!is_id(id) || id.find("MISSING") != std::string_view::npos)
      return not_ok(c, "channel_not_found");
    c.reply.status = 200;
    c.reply.body = R"({"ok":true,"messages":[],"has_more":false,"pin_count":0})";
    return;
  }
  std::int64_t limit = 100;
  if (params.has("limit") && (!read_integer(params.get("limit"), limit) || limit < 1))
    return not_ok(c, "invalid_limit");
  limit = std::min(limit, history_limit_max);
  const auto page_max = shared_.lists[static_cast<std::size_t>(vendor_id::slack)].page_size_max;
  if (page_max > 0)
    limit = std::min(limit, page_max); // Slack may give fewer than asked for.
  const bool inclusive = params.get("inclusive") == "true" || params.get("inclusive") == "1";
  const auto with_metadata = params.get("include_all_metadata");
  std::int64_t oldest = -1;        // exclusive
  std::int64_t latest = INT64_MAX; // exclusive
  if (const auto text = params.get("oldest"); !text.empty()) {
    const auto ts = read_ts(text);
    if (!ts)
      return not_ok(c, "invalid_ts_oldest");
    oldest = inclusive ? *ts - 1 : *ts;
  }
  if (const auto text = params.get("latest"); !text.empty()) {
    const auto ts = read_ts(text);
    if (!ts)
      return not_ok(c, "invalid_ts_latest");
    latest = inclusive ? *ts + 1 : *ts;
  }
  if (const auto cursor = params.get("cursor"); !cursor.empty()) {
    std::int64_t before = 0;
    if (cursor.substr(0, 7) != "before_" || !read_integer(cursor.substr(7), before))
      return not_ok(c, "invalid_cursor");
    latest = std::min(latest, before);
  }

  const auto& messages = it->second.messages;
  auto end = std::lower_bound(messages.begin(), messages.end(), latest,
                              [](const message& m, std::int64_t us) { return m.ts_us < us; });
  c.reply.status = 200;
  auto& out = c.reply.body;
  out.assign(R"({"ok":true,"messages":[)");
  std::int64_t count = 0;
  std::int64_t last = 0;
  bool more = false;
  while (end != messages.begin()) {
    --end;
    if (end->ts_us <= oldest)
      break;
    if (count == limit) {
      more = true;
      break;
    }
    if (count++ != 0)
      out.push_back(',');
    append_message(out, *end, with_metadata == "true" || with_metadata == "1");
    last = end->ts_us;
  }
  out.append(R"(],"has_more":)").append(more ? "true" : "false").append(R"(,"pin_count":0)");
  if (more) {
    out.append(R"(,"response_metadata":{"next_cursor":"before_)");
    append_number(out, last);
    out.append(R"("})");
  }
  out.push_back('}');
}

} // namespace orderhub::providers::mock
