#include "providers/github/webhook.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/webhooks/fields.hpp"
#include "providers/webhooks/received.hpp"
#include "providers/webhooks/signature.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::github {

namespace {

using nlohmann::json;
using webhooks::delivery;
using webhooks::event;
using webhooks::event_kind;
using webhooks::refusal;
using webhooks::verification;

constexpr std::int64_t retry_window_ms = std::int64_t{3} * 24 * 3'600'000;

verification verify(const delivery& received, const std::vector<secret>& secrets,
                    std::string_view /*public_url*/) {
  if (!webhooks::has_believed(secrets))
    return {refusal::no_secret, {}};
  constexpr std::string_view prefix = "sha256=";
  constexpr std::size_t digest_size = 64;
  const auto given = webhooks::header_of(received, "x-hub-signature-256");
  if (given.text.empty()) {
    const bool is_old = !webhooks::header_of(received, "x-hub-signature").text.empty();
    return {refusal::no_signature, is_old ? "only the SHA-1 signature came" : ""};
  }
  if (given.is_repeated || !given.text.starts_with(prefix) ||
      given.text.size() != prefix.size() + digest_size)
    return {refusal::malformed, {}};
  const auto digest = given.text.substr(prefix.size());
  const auto signs = [&](std::string_view key, std::string_view body) {
    return webhooks::are_same(webhooks::hmac_hex(webhooks::hash_algorithm::sha256, key, {body}),
                              digest);
  };
  return webhooks::judge_body(received, secrets, signs);
}

// -- The event

std::string number_text(const json& object, std::string_view name) {
  const auto number = integer_of(object, name);
  return number && *number > 0 ? std::to_string(*number) : std::string();
}

/// An object, or JSON in a text: GitHub gives it back as it was stored.
void read_payload(event& e, const json& deployment) {
  const json* payload = member(deployment, "payload");
  if (!payload)
    return;
  json inner;
  if (payload->is_string()) {
    auto read = pick<json>(payload->get_ref<const std::string&>(),
                           {"hub", "order_id", "step", "attempt", "generation"});
    inner = read ? std::move(*read) : json::object();
    payload = &inner;
  }
  e.about = webhooks::ref_in(*payload);
  e.generation = webhooks::generation_of(text_of(*payload, "generation"));
}

void read_deployment(event& e, const json& deployment) {
  webhooks::add_vendor_id(e, number_text(deployment, "id"));
  read_payload(e, deployment);
}

event_kind kind_of(std::string_view state) {
  if (state == "success")
    return event_kind::deployment_succeeded;
  if (state == "failure" || state == "error")
    return event_kind::deployment_failed;
  if (state == "pending" || state == "queued" || state == "in_progress")
    return event_kind::deployment_pending;
  return event_kind::skipped; // `inactive`: a later one has taken its place.
}

webhooks::reading read(const delivery& received, const step_ref& /*ours*/) {
  const auto text = webhooks::json_in(received.body);
  const auto body =
      text ? pick<json>(*text, {"action", "deployment", "deployment_status", "zen", "hook_id"})
           : std::nullopt;
  if (!body)
    return webhooks::unreadable("The body is not one JSON object, nor a form with one in payload.");
  const auto name = webhooks::word_of(webhooks::header_of(received, "x-github-event").text);
  if (name.empty())
    return webhooks::unreadable("The header X-GitHub-Event is missing.");
  event e;
  const auto action = webhooks::code_of(text_of(*body, "action"));
  e.type = action.empty() ? name : name + '.' + action;
  e.id = webhooks::known_id(webhooks::header_of(received, "x-github-delivery").text);
  if (e.id.empty())
    e.id = webhooks::body_id(received.body);
  const json* status = member(*body, "deployment_status");
  const json* deployment = member(*body, "deployment");
  if (name == "ping" && (member(*body, "zen") || member(*body, "hook_id"))) {
    e.kind = event_kind::handshake;
  } else if (name == "deployment_status" && status && deployment) {
    e.code = webhooks::code_of(text_of(*status, "state"));
    e.kind = kind_of(e.code);
    e.at_ms = webhooks::utc_ms_of(text_of(*status, "created_at"));
    e.reference = webhooks::url_of(text_of(*status, "url"));
    read_deployment(e, *deployment);
    webhooks::add_vendor_id(e, number_text(*status, "id"));
  } else if (name == "deployment" && deployment && !status) {
    e.kind = event_kind::deployment_pending;
    e.at_ms = webhooks::utc_ms_of(text_of(*deployment, "created_at"));
    e.reference = webhooks::url_of(text_of(*deployment, "statuses_url"));
    read_deployment(e, *deployment);
  }
  return webhooks::only(std::move(e));
}

} // namespace

webhooks::source webhook_source() {
  return {"github", "github.webhook_secret", verify, read, retry_window_ms};
}

} // namespace orderhub::providers::github
