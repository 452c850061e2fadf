#include "actors/handlers/fulfilment/shipped.hpp"

#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order_event.hpp"

#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::task;

void tell_order(const fulfilment_run& run) {
  order_event event;
  event.name = picked_up_event;
  event.learned.shipment = shipment_state::in_transit;
  run.ctx().send(order_object(run.wanted().order_id), "RecordEvent", event.encode());
}

std::string own_or(const std::string& own, const std::string& other) {
  return own.empty() ? other : own;
}

/// To whom, and by which ways: those of the address, else the order's customer's.
notification notice_of(const fulfilment_run& run) {
  const auto& plan = run.plan();
  const auto& to = run.wanted().ship_to;
  notification n;
  n.kind = notification_kind::shipped;
  n.email = own_or(to.email, run.order().email);
  n.name = own_or(to.name, run.order().name);
  n.phone = own_or(to.phone, run.order().phone);
  n.mail = plan.mail && !n.email.empty();
  n.sms = plan.sms && !n.phone.empty();
  n.announce = plan.announce;
  n.tracking_number = run.facts().tracking_number;
  n.tracking_url = run.facts().tracking_url;
  n.fulfilment = run.key();
  return n;
}

/// The ways by which nobody is told, and why.
fulfilment_facts skipped(const fulfilment_run& run, const notification& n) {
  fulfilment_facts f;
  if (!n.mail)
    f.notices["mail_shipped"] =
        run.plan().mail ? "skipped: no e-mail address is known" : "skipped: not configured";
  if (!n.sms)
    f.notices["sms_shipped"] =
        run.plan().sms ? std::string(no_phone_mark) : std::string("skipped: not configured");
  if (!n.announce)
    f.notices["announce_shipped"] = "skipped: not configured";
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
  auto n = notice_of(run);
  auto ended = skipped(run, n);
  ended.ending = "shipped";
  ended.ended = true;
  run.learn(std::move(ended));
  if (run.order().is_known)
    tell_order(run);
  if (!n.mail && !n.sms && !n.announce)
    co_return;
  const auto timeout = run.plan().notification_timeout_ms;
  n.report_after_ms = timeout / 2;
  auto sending = run.ctx().call(notification_object(run.wanted().order_id), "Send", n.encode());
  auto sent = co_await sending.within(timeout);
  if (!sent || !*sent)
    co_return;
  run.learn(deliveries_of(**sent));
  if (run.order().is_known)
    run.ctx().send(order_object(run.wanted().order_id), "RecordDeliveries",
                   delivery_facts(**sent).encode());
}

} // namespace orderhub::handlers
