#include "actors/handlers/notifications/follow_sms.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/follow_up.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/webhooks/swept.hpp"
#include "providers/twilio/read_sms.hpp"

#include <string>
#include <utility>
#include <vector>

namespace orderhub::handlers {

using durable::context;
using durable::handler_task;
using durable::task;
namespace twilio = providers::twilio;

namespace {

/// The order knows it as sent; of two texts the greater one counts (`order_facts::notices`).
std::string undelivered(const std::string& why) {
  constexpr const char* mark = "undelivered";
  return why.starts_with(mark) ? why : std::string(mark) + ": " + why;
}

} // namespace

task<void> await_delivery(context ctx, settings_ptr settings, std::string step, std::string sid,
                          std::string status) {
  if (twilio::is_final(status))
    co_return;
  follow_up what;
  what.step = std::move(step);
  what.subject = std::move(sid);
  what.last = std::move(status);
  co_await ask_later(ctx, std::move(settings), sms_follower, std::move(what));
}

handler_task follow_sms_once(context ctx, std::string body, settings_ptr settings) {
  auto what = follow_up::decode(body);
  if (!what)
    co_return what.failure();

  // 1. What has become of it?
  twilio::read_sms_request request;
  request.ref = ctx.step("follow_" + what->step, std::to_string(what->polls));
  request.sid = what->subject;
  auto ask = twilio::read_sms(request);
  auto message = co_await ctx.effect(std::move(ask));

  // 2. It has not come: the order shows it, and a person may look.
  if (!message && message.error().kind == error_kind::rejected) {
    co_await ask_no_more(ctx, settings, *what);
    std::vector<std::string> told = {what->subject + ":undelivered", what->subject + ":failed"};
    co_await count_swept(ctx, settings, "twilio", std::move(told));
    order_facts f;
    f.notices[what->step] = undelivered(message.error().message);
    f.attention[what->step] = message.error().message;
    ctx.send(order_object(ctx.key()), "RecordDeliveries", f.encode());
    co_await report_refused_notice(ctx, settings, what->step, "twilio", message.error().message);
    co_return std::string("null");
  }

  // 3. It has come, is not known, or nobody says anything of it any more.
  const bool is_over = ctx.accepted_at() - what->since >= sms_followed_ms;
  const bool is_gone = !message && message.error().kind == error_kind::invalid;
  if (is_over || is_gone || (message && twilio::is_final(message->status))) {
    co_await ask_no_more(ctx, settings, *what);
    co_return std::string("null");
  }

  // 4. Asked again later.
  ++what->polls;
  what->last = message ? message->status : message.error().message;
  co_await ask_later(ctx, settings, sms_follower, *what);
  co_return std::string("null");
}

} // namespace orderhub::handlers
