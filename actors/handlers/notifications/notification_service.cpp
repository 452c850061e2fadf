#include "actors/handlers/notifications/notification_service.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/notifications/notification_texts.hpp"
#include "actors/handlers/objects.hpp"
#include "journal/base/bytes.hpp"
#include "providers/sendgrid/send_mail.hpp"
#include "providers/slack/post_message.hpp"
#include "providers/slack/post_webhook.hpp"

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

/// What a notification takes from the configuration, journaled once: after a restart with another
/// one it goes on the way it began.
struct notification_plan {
  enum class way : std::uint8_t { none = 0, bot = 1, webhook = 2 };
  bool mail = false;
  way announce = way::none;
  std::string mail_from, channel;
};

result<std::string> journaled_plan(settings_ptr s, bool mail, bool announce, std::string channel) {
  byte_writer w(64);
  w.u8(mail && s->mail ? 1 : 0);
  const auto way = !announce          ? notification_plan::way::none
                   : s->slack         ? notification_plan::way::bot
                   : s->slack_webhook ? notification_plan::way::webhook
                                      : notification_plan::way::none;
  w.u8(static_cast<std::uint8_t>(way));
  w.str16(s->mail_from);
  w.str16(channel);
  return w.take();
}

result<notification_plan> read_plan(std::string_view text) {
  byte_reader r(text);
  notification_plan plan;
  plan.mail = r.u8() != 0;
  plan.announce = static_cast<notification_plan::way>(r.u8());
  plan.mail_from = r.str16();
  plan.channel = r.str16();
  if (!r.done())
    return fail({error_kind::corrupt, "notification", "the plan cannot be read"});
  return plan;
}

const std::string& channel_of(const order_settings& s, notification_kind kind) {
  switch (kind) {
  case notification_kind::new_order:
    return s.channel_new;
  case notification_kind::payment_failed:
  case notification_kind::cancelled:
  case notification_kind::refunded:
  case notification_kind::refund_failed:
    return s.channel_failed;
  case notification_kind::confirmed:
  case notification_kind::tracking:
    break;
  }
  return s.channel_confirmed;
}

task<result<notification_plan>> decide_plan(context ctx, notification n, settings_ptr s) {
  auto decided =
      co_await ctx.run("plan", &journaled_plan, s, n.mail, n.announce, channel_of(*s, n.kind));
  if (!decided)
    co_return decided.failure();
  co_return read_plan(*decided);
}

// ── The two ways to tell ─────────────────────────────────────────────────────────────────────

future<sendgrid::mail_outcome> mail(context ctx, const notification& n,
                                    const notification_plan& plan) {
  auto words = mail_about(ctx.key(), n);
  sendgrid::mail_request request;
  request.ref = ctx.step(steps_of(n).mail);
  request.from_email = plan.mail_from;
  request.to_email = n.email;
  request.to_name = n.name;
  request.subject = std::move(words.subject);
  request.text = std::move(words.text);
  request.html = std::move(words.html);
  return ctx.effect(sendgrid::send_mail(request));
}

future<slack::message_outcome> announce(context ctx, const notification& n,
                                        const notification_plan& plan) {
  const auto step = steps_of(n).announce;
  if (plan.announce == notification_plan::way::bot) {
    slack::message_request request;
    request.ref = ctx.step(step);
    request.channel = plan.channel;
    request.text = message_about(ctx.key(), n);
    return ctx.effect(slack::post_message(request));
  }
  slack::webhook_message message;
  message.ref = ctx.step(step);
  message.text = message_about(ctx.key(), n);
  return ctx.effect(slack::post_webhook(message));
}

template <class T>
std::string became_of(const result<T>& sent) {
  return sent ? std::string(sent_mark) : "failed: " + sent.error().message;
}

const char* vendor_of(notification_plan::way way) {
  return way == notification_plan::way::webhook ? "slack_webhook" : "slack";
}

void report_deliveries(context ctx, notification_kind kind, std::string_view response) {
  auto facts = delivery_facts(response);
  if (kind == notification_kind::confirmed) // The only one an order waits for.
    facts.pending["notices"] = "done";
  ctx.send(order_object(ctx.key()), "RecordDeliveries", facts.encode());
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

  // 2. The customer's mail and the shop's message leave at once.
  std::optional<future<sendgrid::mail_outcome>> mailed;
  std::optional<future<slack::message_outcome>> announced;
  if (plan->mail)
    mailed = mail(ctx, *n, *plan);
  if (plan->announce != notification_plan::way::none)
    announced = announce(ctx, *n, *plan);

  // 3. What became of each. One that is refused is for a person: somebody waits for it.
  const auto steps = steps_of(*n);
  json told = json::object();
  if (mailed) {
    auto sent = co_await *mailed;
    told[steps.mail] = became_of(sent);
    if (!sent)
      co_await report_refused_notice(ctx, s, steps.mail, "sendgrid", sent.error().message);
  }
  if (announced) {
    auto sent = co_await *announced;
    told[steps.announce] = became_of(sent);
    if (!sent)
      co_await report_refused_notice(ctx, s, steps.announce, vendor_of(plan->announce),
                                     sent.error().message);
  }
  auto response = told.dump();

  // 4. Nobody waits for it, or does any more: the order hears of it.
  bool is_awaited = n->report_after_ms > 0;
  if (is_awaited) {
    auto now = co_await ctx.time();
    is_awaited = now && std::stoll(*now) - ctx.accepted_at() <= n->report_after_ms;
  }
  if (!is_awaited && !told.empty())
    report_deliveries(ctx, n->kind, response);
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
  return service;
}

} // namespace orderhub::handlers
