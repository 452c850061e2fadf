#include "actors/handlers/notifications/notice_webhook.hpp"

#include "actors/handlers/webhooks/conclusion.hpp"
#include "providers/sendgrid/send_mail.hpp"
#include "providers/slack/post_message.hpp"
#include "providers/twilio/send_sms.hpp"

#include <charconv>
#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

using providers::webhooks::event;
using providers::webhooks::event_kind;

std::uint32_t number_in(std::string_view text) {
  std::uint32_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  return error == std::errc() && end == text.data() + text.size() ? n : 0;
}

/// What the call would have answered; empty of a kind that only says to look.
std::string value_of(const event& e) {
  const auto id = e.vendor_ids.empty() ? std::string() : e.vendor_ids.front();
  switch (e.kind) {
  case event_kind::mail_processed:
  case event_kind::mail_deferred:
  case event_kind::mail_delivered:
  case event_kind::mail_bounced:
  case event_kind::mail_dropped:
  case event_kind::mail_complained:
    return providers::sendgrid::mail_outcome{id}.encode(); // It was taken, whatever came of it.
  case event_kind::sms_queued:
    return providers::twilio::sms_outcome{id, "queued"}.encode();
  case event_kind::sms_sent:
    return providers::twilio::sms_outcome{id, "sent"}.encode();
  case event_kind::sms_delivered:
    return providers::twilio::sms_outcome{id, "delivered"}.encode();
  case event_kind::message_posted: { // `C…:1503435956.000247`
    const auto colon = std::min(id.find(':'), id.size());
    return providers::slack::message_outcome{id.substr(0, colon),
                                             id.substr(std::min(colon + 1, id.size()))}
        .encode();
  }
  default:
    return {};
  }
}

} // namespace

result<durable::event_outcome> record_notice(const journal::object_state&, std::string_view body,
                                             const settings_ptr& settings) {
  auto routed = routed_event::decode(body);
  if (!routed)
    return routed.failure();
  const auto& e = routed->what;
  durable::event_outcome outcome;
  outcome.name = name_of(e.kind);
  if (!e.about.hub.empty() && !e.about.step.empty()) {
    durable::step_evidence evidence;
    evidence.step = e.about.step;
    evidence.attempt = e.about.attempt;
    evidence.generation = number_in(e.generation);
    evidence.value = value_of(e);
    evidence.happened = !evidence.value.empty();
    outcome.evidence.push_back(std::move(evidence));
  }
  conclude(outcome, settings, *routed, {event_verdict::applied, e.about.step + " was taken"});
  return outcome;
}

} // namespace orderhub::handlers
