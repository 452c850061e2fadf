#include "providers/mock/webhooks/signer.hpp"

#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "providers/codec/base64.hpp"
#include "providers/twilio/webhook.hpp"
#include "providers/webhooks/received.hpp"

#include <array>
#include <utility>

namespace orderhub::providers::mock {

namespace {

using webhooks::hash_algorithm;
using webhooks::hmac;
using webhooks::hmac_hex;

std::string random_text(random_source& random, std::string_view prefix) {
  std::array<std::uint8_t, 24> bytes{};
  random.fill(bytes);
  return std::string(prefix) + hex_of(bytes);
}

/// `t=<unix>,v1=<hex>`, of Stripe and Shippo.
std::string timed(std::string_view key, std::string_view body, std::string_view t) {
  return std::string("t=").append(t).append(",v1=").append(
      hmac_hex(hash_algorithm::sha256, key, {t, ".", body}));
}

std::string twilio_signature(const webhook_keys& keys, std::string_view body,
                             std::string_view url) {
  const bool is_json = webhooks::parameter_of(webhooks::query_of(url), "bodySHA256").has_value();
  const auto text = twilio::signed_text(url, is_json ? std::string_view() : body);
  return base64_encode(hmac(hash_algorithm::sha1, keys.twilio, {text.value_or("")}));
}

} // namespace

webhook_keys webhook_keys::make(random_source& random) {
  return {random_text(random, "whsec_"), random_text(random, ""),
          random_text(random, ""),       random_text(random, ""),
          random_text(random, ""),       webhooks::signing_key::new_p256()};
}

std::string webhook_keys::text_for(std::string_view setting) const {
  const std::array<std::pair<std::string_view, const std::string*>, 5> texts = {
      {{"stripe.webhook_secret", &stripe},
       {"shippo.webhook_secret", &shippo},
       {"slack.signing_secret", &slack},
       {"twilio.auth_token", &twilio},
       {"github.webhook_secret", &github}}};
  for (const auto& [name, text] : texts)
    if (name == setting)
      return *text;
  return setting == "sendgrid.webhook_public_key" ? sendgrid.public_text() : std::string();
}

header_list sign(vendor_id vendor, const webhook_keys& keys, std::string_view body,
                 std::string_view url, std::int64_t now_s) {
  const auto t = std::to_string(now_s);
  switch (vendor) {
  case vendor_id::stripe:
    return {{"Stripe-Signature", timed(keys.stripe, body, t)}};
  case vendor_id::shippo:
    return {{"Shippo-Auth-Signature", timed(keys.shippo, body, t)}};
  case vendor_id::sendgrid:
    return {
        {"X-Twilio-Email-Event-Webhook-Timestamp", t},
        {"X-Twilio-Email-Event-Webhook-Signature", base64_encode(keys.sendgrid.sign({t, body}))}};
  case vendor_id::slack:
    return {{"X-Slack-Request-Timestamp", t},
            {"X-Slack-Signature",
             "v0=" + hmac_hex(hash_algorithm::sha256, keys.slack, {"v0:", t, ":", body})}};
  case vendor_id::twilio:
    return {{"X-Twilio-Signature", twilio_signature(keys, body, url)}};
  case vendor_id::github:
    return {
        {"X-Hub-Signature-256", "sha256=" + hmac_hex(hash_algorithm::sha256, keys.github, {body})}};
  case vendor_id::inventory:
  case vendor_id::warehouse:
  case vendor_id::carrier:
  case vendor_id::custom: // Send none.
    break;
  }
  return {};
}

} // namespace orderhub::providers::mock
