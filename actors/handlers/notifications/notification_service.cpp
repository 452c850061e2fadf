#include "actors/handlers/notifications/notification_service.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/follow_up.hpp"
#include "actors/handlers/notifications/follow_sms.hpp"
#include "actors/handlers/notifications/notice_webhook.hpp"
#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/notifications/notification_texts.hpp"
#include "actors/handlers/notifications/second_sender.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/webhooks/vendor_id.hpp"
#include "journal/base/bytes.hpp"
#include "providers/sendgrid/send_mail.hpp"
#include "providers/slack/post_message.hpp"
#include "providers/slack/post_webhook.hpp"
#include "providers/twilio/send_sms.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::future;
using durable::handler_task;
using durable::task;
using nlohmann::json;
namespace sendgrid = providers::sendgrid;
namespace slack = providers::slack;
namespace twilio = providers::twilio;

/// What a notification takes from the configuration, journaled once: after a restart with another
/// one it goes on the way it began.
struct notification_plan {
  enum class way : std::uint8_t { none = 0, bot = 1, webhook = 2 };
  bool mail = false;
  way announce = way::none;
  bool sms = false;
  std::string mail_from, channel;
  std::string sms_from, public_url;
  mail_words words;        ///< What the templates made: the intent of a mail holds no bytes.
  bool sms_events = false; ///< Twilio's webhooks are on.
  std::int64_t mail_event_wait_ms = 0; ///< For SendGrid's event of a mail in doubt; 0: none comes.
  /// The custom providers that do it where the vendor has definitely not; empty: none.
  std::string mail_instead, announce_instead, sms_instead;
};

constexpr std::uint8_t plan_version = 5;

/// The name of the provider that does an operation where its vendor has not; empty: none.
std::string instead_of(const order_settings& s, std::string_view operation) {
  for (const auto& provider : s.custom)
    if (provider->instead_of == operation)
      return provider->name;
  return {};
}

result<std::string> journaled_plan(settings_ptr s, notification n, std::string channel,
                                   std::string order_id) {
  byte_writer w(96);
  w.u8(plan_version);
  const bool mails = n.mail && s->mail && !n.email.empty();
  w.u8(mails ? 1 : 0);
  const auto way = !n.announce        ? notification_plan::way::none
                   : s->slack         ? notification_plan::way::bot
                   : s->slack_webhook ? notification_plan::way::webhook
                                      : notification_plan::way::none;
  w.u8(static_cast<std::uint8_t>(way));
  w.str16(s->mail_from);
  w.str16(channel);
  w.u8(n.sms && s->sms ? 1 : 0);
  w.str16(s->sms_from);
  w.str16(s->public_url);
  const auto words = mails ? mail_about(order_id, n, *s->mails) : mail_words();
  w.str32(words.subject);
  w.str32(words.text);
  w.str32(words.html);
  w.u8(s->sms_events ? 1 : 0);
  w.i64(s->mail_events ? s->mail_event_wait_ms : 0);
  w.str8(instead_of(*s, "sendgrid.send_mail"));
  w.str8(instead_of(*s, way == notification_plan::way::webhook ? "slack.post_webhook"
                                                               : "slack.post_message"));
  w.str8(instead_of(*s, "twilio.send_sms"));
  return w.take();
}

result<notification_plan> read_plan(std::string_view text) {
  byte_reader r(text);
  notification_plan plan;
  const auto version = r.u8();
  plan.mail = r.u8() != 0;
  plan.announce = static_cast<notification_plan::way>(r.u8());
  plan.mail_from = r.str16();
  plan.channel = r.str16();
  plan.sms = r.u8() != 0;
  plan.sms_from = r.str16();
  plan.public_url = r.str16();
  plan.words.subject = std::string(r.str32());
  plan.words.text = std::string(r.str32());
  plan.words.html = std::string(r.str32());
  plan.sms_events = r.u8() != 0;
  plan.mail_event_wait_ms = r.i64();
  plan.mail_instead = r.str8();
  plan.announce_instead = r.str8();
  plan.sms_instead = r.str8();
  if (version != plan_version || !r.done())
    return fail({error_kind::corrupt, "notification", "the plan cannot be read"});
  return plan;
}

const std::string& channel_of(const order_settings& s, notification_kind kind) {
  switch (kind) {
  case notification_kind::new_order:
    return s.channel_new;
  case notification_kind::payment_failed:
  case notification_kind::out_of_stock:
    return s.channel_failed;
  case notification_kind::cancelled:
    return s.channel_cancelled;
  case notification_kind::refunded:
  case notification_kind::refund_failed:
    return s.channel_refunded;
  case notification_kind::shipped:
  case notification_kind::delivered:
  case notification_kind::returned:
    return s.channel_delivered;
  case notification_kind::deployment:
    return s.channel_deployment;
  case notification_kind::undelivered:
  case notification_kind::disputed:
  case notification_kind::delivery_failed:
    return s.channel_failed;
  case notification_kind::confirmed:
  case notification_kind::tracking:
    break;
  }
  return s.channel_confirmed;
}

task<result<notification_plan>> decide_plan(context ctx, notification n, settings_ptr s) {
  auto decided = co_await ctx.run("plan", &journaled_plan, s, n, channel_of(*s, n.kind), ctx.key());
  if (!decided)
    co_return decided.failure();
  co_return read_plan(*decided);
}

// ── The ways to tell ─────────────────────────────────────────────────────────────────────────

future<sendgrid::mail_outcome> mail(context ctx, const notification& n,
                                    const notification_plan& plan) {
  sendgrid::mail_request request;
  request.ref = ctx.step(steps_of(n).mail);
  request.from_email = plan.mail_from;
  request.to_email = n.email;
  request.to_name = n.name;
  request.subject = plan.words.subject;
  request.text = plan.words.text;
  request.html = plan.words.html;
  auto sending = sendgrid::send_mail(request);
  if (plan.mail_event_wait_ms > 0) {
    sending.raw.doubt = providers::doubt_policy::await_event;
    sending.raw.event_wait_ms = plan.mail_event_wait_ms;
    sending.raw.after_event = providers::doubt_policy::may_repeat;
  }
  sending.raw.gives_way = !plan.mail_instead.empty();
  return ctx.effect(std::move(sending));
}

future<slack::message_outcome> announce(context ctx, const notification& n,
                                        const notification_plan& plan) {
  const auto step = steps_of(n).announce;
  if (plan.announce == notification_plan::way::bot) {
    slack::message_request request;
    request.ref = ctx.step(step);
    request.channel = plan.channel;
    request.text = message_about(ctx.key(), n);
    auto call = slack::post_message(request);
    call.raw.gives_way = !plan.announce_instead.empty();
    return ctx.effect(std::move(call));
  }
  slack::webhook_message message;
  message.ref = ctx.step(step);
  message.text = message_about(ctx.key(), n);
  auto call = slack::post_webhook(message);
  call.raw.gives_way = !plan.announce_instead.empty();
  return ctx.effect(std::move(call));
}

future<twilio::sms_outcome> text(context ctx, const notification& n,
                                 const notification_plan& plan) {
  twilio::sms_request request;
  request.ref = ctx.step(steps_of(n).sms);
  request.to = n.phone;
  request.from = plan.sms_from;
  request.text = sms_about(ctx.key(), n);
  request.public_url = plan.public_url;
  auto call = twilio::send_sms(request);
  call.raw.gives_way = !plan.sms_instead.empty();
  return ctx.effect(std::move(call));
}

/// The SMS of a notification that goes by other ways too goes by an invocation of its own: what
/// becomes of the others is told whatever holds it up.
void text_aside(context ctx, notification n) {
  n.mail = n.announce = false;
  n.is_aside = true;
  n.report_after_ms = 0;
  ctx.send(ctx.object(), "Send", n.encode());
}

std::string became_of(const result<std::string>& sent) {
  return sent ? *sent : "failed: " + sent.error().message;
}

// ── A second provider ────────────────────────────────────────────────────────────────────────

/// What one is told that sends something in another's place.
providers::custom::values values_of(context ctx, const notification& n, const std::string& step) {
  return {{"order_id", ctx.key()},
          {"event", step},
          {"attempt", std::to_string(n.attempt)},
          {"email", n.email},
          {"name", n.name},
          {"phone", n.phone},
          {"total_minor", std::to_string(n.total.minor_units)},
          {"currency", n.total.currency},
          {"tracking_number", n.tracking_number}};
}

const char* vendor_of(notification_plan::way way) {
  return way == notification_plan::way::webhook ? "slack_webhook" : "slack";
}

second_sender second_for_mail(context ctx, const notification& n, const notification_plan& plan) {
  const auto step = steps_of(n).mail;
  second_sender out{plan.mail_instead, notice_way::mail, "sendgrid", step, values_of(ctx, n, step)};
  out.with["subject"] = plan.words.subject;
  out.with["text"] = plan.words.text;
  out.with["html"] = plan.words.html;
  return out;
}

second_sender second_for_message(context ctx, const notification& n,
                                 const notification_plan& plan) {
  const auto step = steps_of(n).announce;
  second_sender out{plan.announce_instead, notice_way::message, vendor_of(plan.announce), step,
                    values_of(ctx, n, step)};
  out.with["text"] = message_about(ctx.key(), n);
  return out;
}

second_sender second_for_sms(context ctx, const notification& n, const notification_plan& plan) {
  const auto step = steps_of(n).sms;
  second_sender out{plan.sms_instead, notice_way::sms, "twilio", step, values_of(ctx, n, step)};
  out.with["text"] = sms_about(ctx.key(), n);
  return out;
}

void report_deliveries(context ctx, const notification& n, std::string_view response) {
  if (n.kind == notification_kind::deployment) // No order's.
    return;
  auto facts = delivery_facts(response);
  // The only one an order waits for.
  if (n.kind == notification_kind::confirmed && !n.is_aside)
    facts.pending["notices"] = "done";
  ctx.send(order_object(ctx.key()), "RecordDeliveries", facts.encode());
  if (!n.fulfilment.empty())
    ctx.send(fulfilment_object(n.fulfilment), "RecordDeliveries", facts.encode());
}

// ── The handler ──────────────────────────────────────────────────────────────────────────────

handler_task send(context ctx, std::string body, settings_ptr s) {
  auto n = notification::decode(body);
  if (!n)
    co_return n.failure();

  // 1. By which ways, from whom and where: as the settings say when it begins.
  auto plan = co_await decide_plan(ctx, *n, s);
  if (!plan)
    co_return plan.failure();

  // 2. The customer's mail and SMS and the shop's message leave at once.
  std::optional<future<sendgrid::mail_outcome>> mailed;
  std::optional<future<slack::message_outcome>> announced;
  std::optional<future<twilio::sms_outcome>> texted;
  if (plan->mail)
    mailed = mail(ctx, *n, *plan);
  if (plan->announce != notification_plan::way::none)
    announced = announce(ctx, *n, *plan);
  if (plan->sms && (mailed || announced))
    text_aside(ctx, *n);
  else if (plan->sms)
    texted = text(ctx, *n, *plan);

  // 3. What became of each. One that is refused is for a person: somebody waits for it.
  const auto steps = steps_of(*n);
  json told = json::object();
  if (n->mail && n->email.empty() && !mailed)
    told[steps.mail] = erased_mark;
  if (mailed) {
    auto first = co_await *mailed;
    auto second = second_for_mail(ctx, *n, *plan);
    auto sent = co_await or_second(ctx, s, success_of(first), std::move(second));
    told[steps.mail] = became_of(sent);
    if (!sent)
      co_await report_refused_notice(ctx, s, steps.mail, "sendgrid", sent.error().message);
  }
  if (announced) {
    auto first = co_await *announced;
    auto second = second_for_message(ctx, *n, *plan);
    auto sent = co_await or_second(ctx, s, success_of(first), std::move(second));
    told[steps.announce] = became_of(sent);
    if (!sent)
      co_await report_refused_notice(ctx, s, steps.announce, vendor_of(plan->announce),
                                     sent.error().message);
  }
  if (texted) {
    auto first = co_await *texted;
    auto second = second_for_sms(ctx, *n, *plan);
    auto sent = co_await or_second(ctx, s, success_of(first), std::move(second));
    told[steps.sms] = became_of(sent);
    if (!sent)
      co_await report_refused_notice(ctx, s, steps.sms, "twilio", sent.error().message);
    else if (first) {
      co_await await_delivery(ctx, s, steps.sms, first->sid, first->status);
      if (plan->sms_events)
        name_id(ctx, "twilio", first->sid, {ctx.key(), steps.sms, "1"});
    }
  }
  auto response = told.dump();

  // 4. Nobody waits for it, or does any more: the order hears of it.
  bool is_awaited = n->report_after_ms > 0;
  if (is_awaited) {
    auto now = co_await ctx.time();
    is_awaited = now && std::stoll(*now) - ctx.accepted_at() <= n->report_after_ms;
  }
  if (!is_awaited && !told.empty())
    report_deliveries(ctx, *n, response);
  co_return response;
}

} // namespace

durable::service_definition notification_service(settings_ptr settings) {
  durable::service_definition service;
  durable::handler_definition h;
  h.mode = durable::handler_mode::shared;
  h.internal = true;
  h.run = [settings](context ctx, std::string body) {
    return send(ctx, std::move(body), settings);
  };
  service.handlers.emplace("Send", std::move(h));
  durable::handler_definition follow;
  follow.mode = durable::handler_mode::shared;
  follow.internal = true;
  follow.follows = [](std::string_view body) {
    const auto what = follow_up::decode(body);
    return what ? what->step : std::string();
  };
  follow.run = [settings](context ctx, std::string body) {
    return follow_sms_once(ctx, std::move(body), settings);
  };
  service.handlers.emplace(std::string(sms_follower.handler), std::move(follow));
  durable::handler_definition record;
  record.mode = durable::handler_mode::event;
  record.internal = true;
  record.event = [settings](const journal::object_state& state, std::string_view body) {
    return record_notice(state, body, settings);
  };
  service.handlers.emplace("RecordWebhook", std::move(record));
  return service;
}

} // namespace orderhub::handlers
