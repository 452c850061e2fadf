#include "providers/slack/webhook.hpp"

#include "journal/base/text.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/slack/body.hpp"
#include "providers/webhooks/fields.hpp"
#include "providers/webhooks/received.hpp"
#include "providers/webhooks/signature.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::slack {

namespace {

using nlohmann::json;
using webhooks::delivery;
using webhooks::event;
using webhooks::event_kind;
using webhooks::reading;
using webhooks::refusal;
using webhooks::verification;

constexpr std::int64_t retry_window_ms = std::int64_t{60} * 60'000;
constexpr std::size_t hub_size = 32;
constexpr std::size_t actions_max = 25; // Slack's own bound of a block's elements.

verification verify(const delivery& received, const std::vector<secret>& secrets,
                    std::string_view /*public_url*/) {
  if (!webhooks::has_believed(secrets))
    return {refusal::no_secret, {}};
  constexpr std::string_view prefix = "v0=";
  constexpr std::size_t digest_size = 64;
  const auto given = webhooks::header_of(received, "x-slack-signature");
  const auto time = webhooks::header_of(received, "x-slack-request-timestamp");
  if (given.text.empty() || time.text.empty())
    return {refusal::no_signature, {}};
  const auto signed_at = webhooks::digits_of(time.text);
  if (given.is_repeated || time.is_repeated || !signed_at || !given.text.starts_with(prefix) ||
      given.text.size() != prefix.size() + digest_size)
    return {refusal::malformed, {}};
  const auto digest = given.text.substr(prefix.size());
  const auto signs = [&](std::string_view key, std::string_view body) {
    return webhooks::are_same(
        webhooks::hmac_hex(webhooks::hash_algorithm::sha256, key, {"v0:", time.text, ":", body}),
        digest);
  };
  return webhooks::judge_body(received, secrets, signs, signed_at);
}

// -- Events

/// The challenge goes back as plain text, so nothing but a plain word is one.
reading greeting_of(const json& body) {
  const auto challenge = webhooks::known_id(text_of(body, "challenge"));
  if (challenge.empty() || challenge != text_of(body, "challenge"))
    return webhooks::unreadable("The challenge is missing, or is no plain text.");
  event e;
  e.id = webhooks::known_id("url_verification:" + challenge);
  e.type = "url_verification";
  e.kind = event_kind::handshake;
  auto greeting = webhooks::only(std::move(e));
  greeting.answer = challenge;
  greeting.answer_type = "text/plain";
  return greeting;
}

/// A message of ours, as Slack shows it to an app that asked for `message.metadata` events.
void read_message(event& e, const json& inner) {
  const json* metadata = member(inner, "metadata");
  const json* payload = metadata ? member(*metadata, "event_payload") : nullptr;
  if (!payload)
    return;
  e.about = webhooks::ref_in(*payload);
  e.generation = webhooks::generation_of(text_of(*payload, "generation"));
  auto ts = text_of(inner, "message_ts");
  if (ts.empty())
    ts = text_of(inner, "ts");
  const auto channel = [&] {
    const auto id = text_of(inner, "channel_id");
    return id.empty() ? text_of(inner, "channel") : id;
  }();
  if (!wire::is_ts(ts) || channel.empty() || e.about.order_id.empty())
    return;
  webhooks::add_vendor_id(e, channel + ':' + ts);
  if (e.type == "message" || e.type == "message_metadata_posted")
    e.kind = event_kind::message_posted;
}

reading event_of(const json& body) {
  event e;
  e.id = webhooks::known_id(text_of(body, "event_id"));
  const json* inner = member(body, "event");
  e.type = inner ? webhooks::word_of(text_of(*inner, "type")) : std::string();
  if (e.id.empty() || e.type.empty())
    return webhooks::unreadable("The event has no event_id or no type.");
  e.at_ms = webhooks::ms_of_seconds(integer_of(body, "event_time"));
  read_message(e, *inner);
  return webhooks::only(std::move(e));
}

// -- Interactions

/// Milliseconds of `1503435956.000247`.
std::int64_t ms_of_ts(std::string_view ts) {
  return wire::is_ts(ts) ? webhooks::ms_of_seconds(webhooks::digits_of(ts.substr(0, ts.find('.'))))
                         : 0;
}

step_ref order_in(std::string_view value) {
  const bool has_hub =
      value.size() > hub_size && value[hub_size] == ':' &&
      value.substr(0, hub_size).find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return has_hub ? webhooks::ref_of(value.substr(0, hub_size), value.substr(hub_size + 1), {}, {})
                 : webhooks::ref_of({}, value, {}, {});
}

webhooks::element action_of(const json& payload, const json& action) {
  const auto name = webhooks::code_of(text_of(action, "action_id"));
  const auto at = text_of(action, "action_ts");
  const json* user = member(payload, "user");
  const json* message = member(payload, "message");
  const json* container = member(payload, "container");
  auto message_ts = message ? text_of(*message, "ts") : std::string();
  if (message_ts.empty() && container)
    message_ts = text_of(*container, "message_ts");
  if (name.empty() || !wire::is_ts(at))
    return webhooks::problem("An action has no action_id or no action_ts.");
  webhooks::element read;
  event& e = read.what;
  e.type = "block_actions." + name;
  e.actor = user ? webhooks::code_of(text_of(*user, "id")) : std::string();
  e.id = webhooks::known_id("block_actions:" + message_ts + ':' + at + ':' + name + ':' + e.actor);
  e.at_ms = ms_of_ts(at);
  if (name != retry_label_action && name != cancel_order_action)
    return read;
  e.about = order_in(text_of(action, "value"));
  if (e.actor.empty() || e.about.order_id.empty())
    return webhooks::problem("The action " + name + " names no user or no order.");
  e.kind = event_kind::operator_action;
  e.action = name;
  return read;
}

reading interaction_of(const json& payload, std::string_view body) {
  const auto type = webhooks::code_of(text_of(payload, "type"));
  const json* actions = member(payload, "actions");
  if (type == "block_actions" && actions && actions->is_array()) {
    if (actions->size() > actions_max)
      return webhooks::unreadable("There are more than 25 actions.");
    reading all;
    for (const json& one : *actions)
      all.elements.push_back(action_of(payload, one));
    return all;
  }
  event e;
  e.type = type.empty() ? "interaction" : type;
  const auto trigger = text_of(payload, "trigger_id");
  e.id = trigger.empty() ? webhooks::body_id(body) : webhooks::known_id(e.type + ':' + trigger);
  return webhooks::only(std::move(e));
}

/// A slash command is a form too, without `payload`.
reading command_of(std::string_view body) {
  if (!webhooks::parameter_of(body, "command"))
    return webhooks::unreadable("The body is neither JSON nor a form with payload or command.");
  event e;
  e.type = "command";
  const auto trigger = webhooks::parameter_of(body, "trigger_id");
  e.id = trigger && !trigger->empty() ? webhooks::known_id("command:" + *trigger)
                                      : webhooks::body_id(body);
  return webhooks::only(std::move(e));
}

reading read(const delivery& received, const step_ref& /*ours*/) {
  const auto text = webhooks::json_in(received.body);
  if (!text)
    return command_of(received.body);
  const auto body = pick<json>(*text, {"type", "challenge", "event_id", "event_time", "event",
                                       "user", "message", "container", "actions", "trigger_id"});
  if (!body)
    return webhooks::unreadable("The body is not one JSON object.");
  const auto type = text_of(*body, "type");
  if (type == "url_verification")
    return greeting_of(*body);
  if (type == "event_callback")
    return event_of(*body);
  return interaction_of(*body, received.body);
}

} // namespace

std::string action_value(const step_ref& about) {
  return about.hub + ':' + about.order_id;
}

webhooks::source webhook_source() {
  return {"slack", "slack.signing_secret", verify, read, retry_window_ms};
}

} // namespace orderhub::providers::slack
