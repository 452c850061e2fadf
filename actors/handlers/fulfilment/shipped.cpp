#include "actors/handlers/fulfilment/shipped.hpp"

#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "actors/handlers/orders/parcel_left.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::task;

/// The order is on its way from here on; it says whom this fulfilment tells.
task<shipped_audience> ask_who_hears(fulfilment_run run) {
  const fulfilment_claim claim{run.key(), run.facts().round};
  auto asking = run.ctx().call(order_object(run.wanted().order_id), "RecordPickup", claim.encode());
  auto said = co_await asking;
  if (said)
    co_return shipped_audience_of(*said);
  co_await run.call_a_person("notices", said.error().message);
  co_return shipped_audience::nobody;
}

std::string own_or(const std::string& own, const std::string& other) {
  return own.empty() ? other : own;
}

/// To whom, and by which ways: those of the address, else the order's customer's.
notification notice_of(const fulfilment_run& run, shipped_audience who) {
  const auto& plan = run.plan();
  const auto& to = run.wanted().ship_to;
  const bool hears_customer = who == shipped_audience::all;
  notification n;
  n.kind = notification_kind::shipped;
  n.email = own_or(to.email, run.order().email);
  n.name = own_or(to.name, run.order().name);
  n.phone = own_or(to.phone, run.order().phone);
  n.mail = hears_customer && plan.mail && !n.email.empty();
  n.sms = hears_customer && plan.sms && !n.phone.empty();
  n.announce = who != shipped_audience::nobody && plan.announce;
  n.tracking_number = run.facts().tracking_number;
  n.tracking_url = run.facts().tracking_url;
  n.fulfilment = run.key();
  return n;
}

/// Why nobody is told by a way that is configured.
std::string_view not_told(shipped_audience who, std::string_view otherwise) {
  switch (who) {
  case shipped_audience::nobody:
    return "skipped: the order has told it";
  case shipped_audience::shop:
    return "skipped: the order is not to be shipped";
  case shipped_audience::all:
    break;
  }
  return otherwise;
}

/// The ways by which nobody is told, and why.
fulfilment_facts skipped(const fulfilment_run& run, const notification& n, shipped_audience who) {
  constexpr std::string_view not_configured = "skipped: not configured";
  const auto& plan = run.plan();
  fulfilment_facts f;
  if (!n.mail)
    f.notices["mail_shipped"] =
        plan.mail ? not_told(who, "skipped: no e-mail address is known") : not_configured;
  if (!n.sms)
    f.notices["sms_shipped"] = plan.sms ? not_told(who, no_phone_mark) : not_configured;
  if (!n.announce)
    f.notices["announce_shipped"] = plan.announce ? not_told(who, {}) : not_configured;
  return f;
}

fulfilment_facts deliveries_of(std::string_view response) {
  auto told = delivery_facts(response);
  fulfilment_facts f;
  f.notices = std::move(told.notices);
  f.attention = std::move(told.attention);
  return f;
}

} // namespace

task<void> tell_shipped(fulfilment_run run) {
  if (run.facts().ended)
    co_return;

  // 1. The parcel is gone, so no cancel reaches what follows: the order hears of it, and says who
  //    is told.
  auto ctx = run.ctx();
  ctx.shield();
  const auto who = co_await ask_who_hears(run);

  // 2. The fulfilment has ended.
  auto n = notice_of(run, who);
  auto ended = skipped(run, n, who);
  ended.ending = "shipped";
  ended.ended = true;
  run.learn(std::move(ended));

  // 3. They are told, once.
  if (!n.mail && !n.sms && !n.announce)
    co_return;
  const auto timeout = run.plan().notification_timeout_ms;
  n.report_after_ms = timeout / 2;
  auto sending = ctx.call(notification_object(run.wanted().order_id), "Send", n.encode());
  auto sent = co_await sending.within(timeout);
  if (!sent || !*sent)
    co_return;
  run.learn(deliveries_of(**sent));
  if (run.order().is_known)
    ctx.send(order_object(run.wanted().order_id), "RecordDeliveries",
             delivery_facts(**sent).encode());
}

} // namespace orderhub::handlers
