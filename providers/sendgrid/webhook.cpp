#include "providers/sendgrid/webhook.hpp"

#include "providers/codec/base64.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/webhooks/fields.hpp"
#include "providers/webhooks/received.hpp"
#include "providers/webhooks/signature.hpp"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::sendgrid {

namespace {

using nlohmann::json;
using webhooks::delivery;
using webhooks::event;
using webhooks::event_kind;
using webhooks::refusal;
using webhooks::verification;

constexpr std::int64_t retry_window_ms = std::int64_t{24} * 3'600'000;

/// Digits only, so that none of the body can be taken for the timestamp, or the other way round.
verification verify(const delivery& received, const std::vector<secret>& secrets,
                    std::string_view /*public_url*/) {
  if (!webhooks::has_believed(secrets))
    return {refusal::no_secret, {}};
  const auto given = webhooks::header_of(received, "x-twilio-email-event-webhook-signature");
  const auto time = webhooks::header_of(received, "x-twilio-email-event-webhook-timestamp");
  if (given.text.empty() || time.text.empty())
    return {refusal::no_signature, {}};
  constexpr std::size_t signature_size_max = 256;
  const auto signature = given.is_repeated || given.text.size() > signature_size_max
                             ? std::nullopt
                             : base64_decoded(given.text);
  if (!signature || time.is_repeated || !webhooks::digits_of(time.text))
    return {refusal::malformed, {}};
  bool is_key = true;
  const auto signs = [&](std::string_view key_text, std::string_view body) {
    const auto key = webhooks::public_key::p256(key_text);
    is_key = is_key && key;
    return key && key->verifies({time.text, body}, *signature);
  };
  auto verdict =
      webhooks::judge(secrets, [&](std::string_view key) { return signs(key, received.body); });
  if (verdict.why != refusal::wrong || !verdict.hint.empty())
    return verdict;
  if (!is_key)
    verdict.hint = "a configured key is no public key of P-256, in base64 of its DER or in PEM";
  else if (signs(secrets.front().reveal(), std::string(received.body) + "\r\n"))
    verdict.hint = webhooks::reshaped_hint; // SendGrid's bodies end in CRLF.
  return verdict;
}

constexpr std::array<webhooks::named_kind, 6> rows = {{
    {"processed", event_kind::mail_processed},
    {"deferred", event_kind::mail_deferred},
    {"delivered", event_kind::mail_delivered},
    {"bounce", event_kind::mail_bounced},
    {"dropped", event_kind::mail_dropped},
    {"spamreport", event_kind::mail_complained},
}};

/// Words that SendGrid writes with spaces, as codes; no other word of a sentence is taken, since it
/// may quote the address.
std::string code_of_words(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 15> known = {{
      {"Invalid Address", "invalid_address"},
      {"Technical", "technical"},
      {"Technical Failure", "technical_failure"},
      {"Content", "content"},
      {"Reputation", "reputation"},
      {"Frequency/Volume", "frequency"},
      {"Frequency or Volume Too High", "frequency"},
      {"Mailbox Unavailable", "mailbox_unavailable"},
      {"Unclassified", "unclassified"},
      {"Invalid SMTPAPI header", "invalid_header"},
      {"Spam Content", "spam_content"},
      {"Unsubscribed Address", "unsubscribed_address"},
      {"Bounced Address", "bounced_address"},
      {"Spam Reporting Address", "spam_reporting_address"},
      {"Invalid", "invalid"},
  }};
  for (const auto& [words, code] : known)
    if (words == text)
      return std::string(code);
  return {};
}

/// `5.1.1`: digits and points.
std::string smtp_status(std::string_view text) {
  const bool is_one = !text.empty() && text.size() <= 11 &&
                      text.find_first_not_of("0123456789.") == std::string_view::npos;
  return is_one ? std::string(text) : std::string();
}

std::string code_of(const json& entry, event_kind kind) {
  if (kind == event_kind::mail_bounced) {
    auto code = code_of_words(text_of(entry, "bounce_classification"));
    if (code.empty())
      code = smtp_status(text_of(entry, "status"));
    return code.empty() ? webhooks::code_of(text_of(entry, "type")) : code;
  }
  if (kind == event_kind::mail_dropped) {
    const auto reason = text_of(entry, "reason");
    const auto code = code_of_words(reason);
    return code.empty() && !reason.empty() ? std::string(class_of(reason)) : code;
  }
  return {};
}

webhooks::element read_element(std::string_view text) {
  const auto entry = pick<json>(text, {"sg_event_id", "sg_message_id", "event", "timestamp", "hub",
                                       "order_id", "step", "step_attempt", "generation", "type",
                                       "status", "reason", "bounce_classification"});
  if (!entry)
    return webhooks::problem("The element is not one JSON object.");
  webhooks::element read;
  event& e = read.what;
  e.id = webhooks::known_id(text_of(*entry, "sg_event_id"));
  e.type = webhooks::word_of(text_of(*entry, "event"));
  if (e.id.empty())
    return webhooks::problem("The element has no sg_event_id.");
  if (e.type.empty())
    return webhooks::problem("The element has no event.");
  e.kind = webhooks::kind_of(e.type, rows);
  e.at_ms = webhooks::ms_of_seconds(integer_of(*entry, "timestamp"));
  e.about = webhooks::ref_in(*entry, "step_attempt");
  e.generation = webhooks::generation_of(text_of(*entry, "generation"));
  // What the send was answered with stands before the first point.
  const auto message = text_of(*entry, "sg_message_id");
  webhooks::add_vendor_id(e, std::string_view(message).substr(0, message.find('.')));
  webhooks::add_vendor_id(e, message);
  e.code = code_of(*entry, e.kind);
  return read;
}

webhooks::reading read(const delivery& received, const step_ref& /*ours*/) {
  const auto elements = webhooks::list_elements(received.body);
  if (!elements)
    return webhooks::unreadable("The body is not one JSON list of at most 10000 events.");
  webhooks::reading all;
  all.elements.reserve(elements->size());
  for (const auto text : *elements)
    all.elements.push_back(read_element(text));
  return all;
}

} // namespace

webhooks::source webhook_source() {
  return {"sendgrid", "sendgrid.webhook_public_key", verify, read, retry_window_ms};
}

} // namespace orderhub::providers::sendgrid
