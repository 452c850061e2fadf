#include "providers/twilio/webhook.hpp"

#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "providers/codec/base64.hpp"
#include "providers/twilio/wire.hpp"
#include "providers/webhooks/fields.hpp"
#include "providers/webhooks/received.hpp"
#include "providers/webhooks/signature.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace orderhub::providers::twilio {

namespace {

using webhooks::delivery;
using webhooks::event;
using webhooks::event_kind;
using webhooks::refusal;
using webhooks::verification;

/// Retries end after 15 s; what is sent again by hand comes within a day.
constexpr std::int64_t retry_window_ms = std::int64_t{24} * 3'600'000;
constexpr std::string_view body_digest = "bodySHA256";

/// Where the port begins (at its colon) and where the authority ends.
struct authority {
  std::size_t port, end;
};
authority authority_of(std::string_view url) {
  const auto scheme = url.find("://");
  const auto begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  const auto end = std::min(url.find_first_of("/?#", begin), url.size());
  // Behind a name and password, and an IPv6 address.
  const auto before = url.substr(0, end).find_last_of("@]");
  const auto from = before != std::string_view::npos && before > begin ? before : begin;
  const auto colon = url.substr(0, end).find(':', from);
  return {colon == std::string_view::npos ? end : colon, end};
}

/// The public URL of a target; the fragment is never part of what is signed.
std::string url_of(const delivery& received, std::string_view public_url,
                   std::string_view scheme = {}) {
  const auto target = received.target.substr(0, received.target.find('#'));
  if (public_url.empty()) {
    const auto host = webhooks::header_of(received, "host");
    return host.text.empty() || host.is_repeated
               ? std::string()
               : std::string(scheme.empty() ? "http://" : scheme).append(host.text).append(target);
  }
  while (public_url.ends_with('/'))
    public_url.remove_suffix(1);
  std::string url(public_url);
  if (!scheme.empty() && url.find("://") != std::string::npos)
    url.replace(0, url.find("://") + 3, scheme);
  return url.append(target);
}

/// Whether the token signs one of the spellings.
bool signs(std::string_view token, std::string_view url, std::string_view body,
           std::string_view digest) {
  for (const auto& spelling : spellings_of(url)) {
    const auto text = signed_text(spelling, body);
    if (text &&
        webhooks::are_same(webhooks::hmac(webhooks::hash_algorithm::sha1, token, {*text}), digest))
      return true;
  }
  return false;
}

/// What a person should look at, of a signature that no token makes for the URL we know.
std::string hint_of(const delivery& received, const std::vector<secret>& secrets,
                    std::string_view public_url, std::string_view body, std::string_view digest) {
  const auto matches = [&](const std::string& url) {
    return !url.empty() && signs(secrets.front().reveal(), url, body, digest);
  };
  if (public_url.empty())
    return matches(url_of(received, {}, "https://")) ? "matches with https: public_url is not set"
                                                     : "public_url is not set";
  if (matches(url_of(received, public_url, "https://")) ||
      matches(url_of(received, public_url, "http://")))
    return "matches with the other scheme: public_url is not the address Twilio has";
  if (matches(url_of(received, {})) || matches(url_of(received, {}, "https://")))
    return "matches with the Host header: public_url is not the address Twilio has";
  return {};
}

verification verify(const delivery& received, const std::vector<secret>& secrets,
                    std::string_view public_url) {
  if (!webhooks::has_believed(secrets))
    return {refusal::no_secret, {}};
  constexpr std::size_t digest_size = 20;
  const auto given = webhooks::header_of(received, "x-twilio-signature");
  if (given.text.empty())
    return {refusal::no_signature, {}};
  const auto digest = given.is_repeated ? std::nullopt : base64_decoded(given.text);
  if (!digest || digest->size() != digest_size)
    return {refusal::malformed, {}};
  const auto wanted = webhooks::parameter_of(webhooks::query_of(received.target), body_digest);
  const std::string_view body = wanted ? std::string_view() : received.body;
  if (!signed_text({}, body))
    return {refusal::malformed, "the body is no form"};
  const auto url = url_of(received, public_url);
  auto verdict = webhooks::judge(
      secrets, [&](std::string_view token) { return signs(token, url, body, *digest); });
  if (verdict.why == refusal::none && wanted) {
    if (!webhooks::are_same(hex_of(sha256_of(received.body)), *wanted))
      return {refusal::wrong, "the URL's signature is right, and the body is not what was signed"};
  }
  if (verdict.why == refusal::wrong && verdict.hint.empty())
    verdict.hint = hint_of(received, secrets, public_url, body, *digest);
  return verdict;
}

// -- The event

constexpr std::array<webhooks::named_kind, 10> rows = {{
    {"accepted", event_kind::sms_queued},
    {"scheduled", event_kind::sms_queued},
    {"queued", event_kind::sms_queued},
    {"sending", event_kind::sms_queued},
    {"sent", event_kind::sms_sent},
    {"delivered", event_kind::sms_delivered},
    {"read", event_kind::sms_delivered},
    {"undelivered", event_kind::sms_undelivered},
    {"failed", event_kind::sms_failed},
    {"canceled", event_kind::sms_failed},
}};

webhooks::reading not_a_callback(const delivery& received, std::string_view type) {
  event e;
  e.type = type;
  e.id = webhooks::body_id(received.body.empty() ? received.target : received.body);
  auto all = webhooks::only(std::move(e));
  if (type == "message") { // Whoever sends a text wants to be told what to do with it: nothing.
    all.answer = "<Response/>";
    all.answer_type = "text/xml";
  }
  return all;
}

webhooks::reading read(const delivery& received, const step_ref& /*ours*/) {
  const auto query = webhooks::query_of(received.target);
  if (webhooks::parameter_of(query, body_digest))
    return not_a_callback(received, "json");
  const auto value = [&](std::string_view name, std::string_view older) {
    auto found = webhooks::parameter_of(received.body, name);
    if (!found || found->empty())
      found = webhooks::parameter_of(received.body, older);
    return found.value_or("");
  };
  if (!webhooks::parameters_of(received.body))
    return webhooks::unreadable("The body is not a form of at most 1000 parameters.");
  const auto sid = value("MessageSid", "SmsSid");
  const auto status = webhooks::code_of(value("MessageStatus", "SmsStatus"));
  const bool is_message = wire::is_message_sid(sid);
  if (is_message && (status == "received" || status == "receiving" || status.empty()))
    return not_a_callback(received, "message");
  if (!is_message || status.empty())
    return not_a_callback(received, "unknown");
  event e;
  e.id = webhooks::known_id(sid + ':' + status);
  e.type = "message." + status;
  e.kind = webhooks::kind_of(status, rows);
  webhooks::add_vendor_id(e, sid);
  const auto code = webhooks::parameter_of(received.body, "ErrorCode").value_or("");
  if (code.size() <= 9 && webhooks::digits_of(code) && code != "0")
    e.code = code;
  const auto named = [&](std::string_view name) {
    return webhooks::parameter_of(query, name).value_or("");
  };
  e.about = webhooks::ref_of(named("hub"), named("order_id"), named("step"), named("attempt"));
  e.generation = webhooks::generation_of(named("generation"));
  return webhooks::only(std::move(e));
}

} // namespace

std::optional<std::string> signed_text(std::string_view url, std::string_view form_body) {
  auto parameters = webhooks::parameters_of(form_body);
  if (!parameters)
    return std::nullopt;
  std::sort(parameters->begin(), parameters->end());
  parameters->erase(std::unique(parameters->begin(), parameters->end()), parameters->end());
  std::string text(url);
  for (const auto& [name, value] : *parameters)
    text.append(name).append(value);
  return text;
}

std::vector<std::string> spellings_of(std::string_view url) {
  const auto [port, end] = authority_of(url);
  std::vector<std::string> all = {std::string(url)};
  const auto add = [&](std::string_view other_port) {
    std::string other(url.substr(0, port));
    other.append(other_port).append(url.substr(end));
    if (std::find(all.begin(), all.end(), other) == all.end())
      all.push_back(std::move(other));
  };
  if (port != end)
    add({});
  else
    add(url.starts_with("https:") ? ":443" : ":80");
  return all;
}

webhooks::source webhook_source() {
  return {"twilio", "twilio.auth_token", verify, read, retry_window_ms};
}

} // namespace orderhub::providers::twilio
