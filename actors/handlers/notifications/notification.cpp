#include "actors/handlers/notifications/notification.hpp"

#include "actors/handlers/attention.hpp"
#include "journal/base/bytes.hpp"
#include "providers/sendgrid/send_mail.hpp"
#include "providers/slack/post_message.hpp"
#include "providers/slack/post_webhook.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::future;
using durable::handler_task;
using nlohmann::json;
namespace sendgrid = providers::sendgrid;
namespace slack = providers::slack;

using settings_ptr = std::shared_ptr<const order_settings>;
constexpr std::uint8_t notification_version = 2;

struct step_names {
  std::string mail;
  std::string announce;
};

step_names steps_of(const notification& n) {
  // Each failed payment, and a cancel that was finished later, is told: a look-up must not take one
  // message for another.
  const auto again = n.attempt > 1 ? "_" + std::to_string(n.attempt) : std::string();
  switch (n.kind) {
  case notification_kind::new_order:
    return {"mail_new", "announce_new"};
  case notification_kind::payment_failed:
    return {"mail_failed" + again, "announce_failed" + again};
  case notification_kind::confirmed:
    return {"mail_confirm", "announce_confirmed"};
  case notification_kind::cancelled:
    return {"mail_cancelled" + again, "announce_cancelled" + again};
  }
  return {"mail", "announce"};
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += c;
  }
  return out;
}

/// What a notice takes from the configuration, journaled once: after a restart with another one it
/// goes on the way it began.
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

sendgrid::mail_request mail_of(const context& ctx, const notification& n,
                               const notification_plan& plan) {
  const auto& order_id = ctx.key();
  sendgrid::mail_request m;
  m.ref = ctx.step_ref(steps_of(n).mail);
  m.from_email = plan.mail_from;
  m.to_email = n.email;
  m.to_name = n.name;
  const std::string hello = "Hello " + n.name + ",\n\n";
  if (n.kind == notification_kind::cancelled) {
    m.subject = "Order " + order_id + " was cancelled";
    m.text = hello + "your order " + order_id + " was cancelled. " + n.reason + "\n";
  } else {
    m.subject = "Order " + order_id + " is confirmed";
    m.text = hello + "your order " + order_id + " over " + n.total + " is confirmed.";
    m.text += n.tracking_number.empty() ? " The tracking number follows.\n"
                                        : " Its tracking number is " + n.tracking_number + ".\n";
  }
  m.html = "<p>" + escaped(m.text) + "</p>";
  return m;
}

/// Slack's own escaping of &, < and > (vendor documentation, "Formatting text").
std::string message_text(const std::string& order_id, const notification& n) {
  const auto id = escaped(order_id);
  switch (n.kind) {
  case notification_kind::new_order:
    return "New order " + id + " over " + n.total;
  case notification_kind::payment_failed:
    return "Payment of order " + id + " failed: " + escaped(n.reason);
  case notification_kind::confirmed:
    return "Order " + id + " over " + n.total + " is confirmed" +
           (n.tracking_number.empty() ? "" : ", tracking number " + escaped(n.tracking_number));
  case notification_kind::cancelled:
    return "Order " + id + " was cancelled";
  }
  return "Order " + id;
}

const std::string& channel_of(const order_settings& s, notification_kind kind) {
  switch (kind) {
  case notification_kind::new_order:
    return s.channel_new;
  case notification_kind::payment_failed:
  case notification_kind::cancelled:
    return s.channel_failed;
  case notification_kind::confirmed:
    break;
  }
  return s.channel_confirmed;
}

future<slack::message_outcome> announce(context ctx, const notification& n,
                                        const notification_plan& plan) {
  const auto step = steps_of(n).announce;
  const auto text = message_text(ctx.key(), n);
  if (plan.announce == notification_plan::way::bot) {
    slack::message_request request;
    request.ref = ctx.step_ref(step);
    request.channel = plan.channel;
    request.text = text;
    return ctx.effect(step, slack::post_message(request));
  }
  slack::webhook_message message;
  message.text = text;
  return ctx.effect(step, slack::post_webhook(message));
}

result<notification_plan> read_plan(std::string_view text) {
  byte_reader r(text);
  notification_plan plan;
  plan.mail = r.u8() != 0;
  plan.announce = static_cast<notification_plan::way>(r.u8());
  plan.mail_from = r.str16();
  plan.channel = r.str16();
  if (!r.done())
    return fail({error_kind::corrupt, "notice", "the plan cannot be read"});
  return plan;
}

/// Mail and announcement in parallel; what became of each.
handler_task send(context ctx, std::string body, settings_ptr s) {
  auto n = notification::decode(body);
  if (!n)
    co_return n.failure();
  auto decided =
      co_await ctx.run("plan", &journaled_plan, s, n->mail, n->announce, channel_of(*s, n->kind));
  if (!decided)
    co_return decided.failure();
  auto plan = read_plan(*decided);
  if (!plan)
    co_return plan.failure();
  const auto steps = steps_of(*n);
  json told = json::object();
  auto note = [&told](const std::string& step, bool sent, const std::string& why) {
    told[step] = sent ? "sent" : "failed: " + why;
  };
  std::optional<future<sendgrid::mail_outcome>> mail;
  std::optional<future<slack::message_outcome>> message;
  if (plan->mail)
    mail = ctx.effect(steps.mail, sendgrid::send_mail(mail_of(ctx, *n, *plan)));
  if (plan->announce != notification_plan::way::none)
    message = announce(ctx, *n, *plan);
  if (mail) {
    auto sent = co_await *mail;
    note(steps.mail, sent.has_value(), sent ? std::string() : sent.error().message);
    if (!sent)
      static_cast<void>(co_await ctx.run("report_mail", &report_attention, s, ctx.key(), steps.mail,
                                         sent.error().message));
  }
  if (message) {
    auto sent = co_await *message;
    note(steps.announce, sent.has_value(), sent ? std::string() : sent.error().message);
  }
  auto answer = told.dump();
  if (n->report_after_ms > 0) {
    auto now = co_await ctx.time();
    if (now && std::stoll(*now) - ctx.accepted_at() > n->report_after_ms) {
      order_facts f;
      add_deliveries(f, answer);
      f.pending["notices"] = "done";
      ctx.send({"OrderOrchestrator", ctx.key()}, "RecordDeliveries", f.encode());
    }
  }
  co_return answer;
}

} // namespace

std::string notification::encode() const {
  byte_writer w(128);
  w.u8(notification_version);
  w.u8(static_cast<std::uint8_t>(kind));
  w.u8(static_cast<std::uint8_t>((mail ? 1U : 0U) | (announce ? 2U : 0U)));
  for (const auto* field : {&email, &name, &total, &tracking_number, &reason})
    w.str16(*field);
  w.i64(report_after_ms);
  w.u32(attempt);
  return w.take();
}

result<notification> notification::decode(std::string_view bytes) {
  byte_reader r(bytes);
  notification n;
  const auto version = r.u8();
  n.kind = static_cast<notification_kind>(r.u8());
  const auto flags = r.u8();
  n.mail = (flags & 1U) != 0;
  n.announce = (flags & 2U) != 0;
  for (auto* field : {&n.email, &n.name, &n.total, &n.tracking_number, &n.reason})
    *field = r.str16();
  n.report_after_ms = r.i64();
  if (version > 1)
    n.attempt = r.u32();
  if (version < 1 || version > notification_version || !r.done())
    return fail({error_kind::corrupt, "notice", "the notice cannot be read"});
  return n;
}

void add_deliveries(order_facts& to, std::string_view told) {
  constexpr std::string_view failed = "failed: ";
  const auto steps = json::parse(told, nullptr, false);
  for (const auto& [step, what] : steps.items()) {
    auto text = what.get<std::string>();
    if (step.starts_with("mail") && text.starts_with(failed))
      to.attention[step] = text.substr(failed.size());
    to.notices[step] = std::move(text);
  }
}

std::string shown_amount(std::int64_t minor_units, std::string_view currency) {
  // Stripe's zero-decimal currencies.
  constexpr std::array<std::string_view, 16> whole = {"bif", "clp", "djf", "gnf", "jpy", "kmf",
                                                      "krw", "mga", "pyg", "rwf", "ugx", "vnd",
                                                      "vuv", "xaf", "xof", "xpf"};
  std::string code(currency);
  std::transform(code.begin(), code.end(), code.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (std::find(whole.begin(), whole.end(), currency) != whole.end())
    return std::to_string(minor_units) + ' ' + code;
  const auto cents = std::to_string(minor_units % 100);
  return std::to_string(minor_units / 100) + '.' + (cents.size() < 2 ? "0" : "") + cents + ' ' +
         code;
}

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
