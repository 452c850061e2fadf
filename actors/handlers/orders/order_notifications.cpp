#include "actors/handlers/orders/order_notifications.hpp"

#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/objects.hpp"

#include <optional>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::task;

notification notification_about(const order_run& run, notification_kind kind) {
  const auto& o = *run.placed();
  notification n;
  n.kind = kind;
  n.email = o.customer_email;
  n.name = o.customer_name;
  n.total = o.total;
  return n;
}

/// Of a confirmation, what became of it where we waited long enough.
order_facts deliveries_of(const result<std::optional<std::string>>& sent) {
  order_facts f;
  if (!sent) {
    f.notices["notices"] = "failed: " + sent.error().message;
    f.attention["notices"] = sent.error().message;
  } else if (!*sent) {
    f.pending["notices"] = "not sent yet";
  } else {
    f = delivery_facts(**sent);
  }
  return f;
}

} // namespace

void post_new_order(const order_run& run) {
  if (!run.plan().announce)
    return;
  auto n = notification_about(run, notification_kind::new_order);
  n.announce = true;
  run.ctx().send(notification_object(run.id()), "Send", n.encode());
}

void post_failed_payment(const order_run& run, const payment_fact& payment) {
  if (!run.plan().announce)
    return;
  auto n = notification_about(run, notification_kind::payment_failed);
  n.announce = true;
  n.reason = payment.reason;
  n.attempt = payment.attempt;
  run.ctx().send(notification_object(run.id()), "Send", n.encode());
}

task<void> confirm(order_run run) {
  auto ctx = run.ctx();
  const auto plan = run.plan();
  order_facts confirmed;
  confirmed.confirmed = true;
  confirmed.updated_at = ctx.accepted_at();
  run.note(confirmed);
  if (plan.mail || plan.announce) {
    auto n = notification_about(run, notification_kind::confirmed);
    n.mail = plan.mail;
    n.announce = plan.announce;
    n.tracking_number = run.facts().tracking_number;
    // Well before this handler stops waiting, so that one of the two surely records it.
    n.report_after_ms = plan.notification_timeout_ms / 2;
    auto sending = ctx.call(notification_object(run.id()), "Send", n.encode());
    auto sent = co_await sending.within(plan.notification_timeout_ms);
    if (!sent && sent.error().kind == error_kind::cancelled)
      run.undo();
    else
      run.note(deliveries_of(sent));
  }
  run.learn();
}

void post_cancelled(const order_run& run, bool again, bool is_refunded) {
  const auto& plan = run.plan();
  if (run.placed() == nullptr || !(plan.mail || plan.announce))
    return;
  auto n = notification_about(run, notification_kind::cancelled);
  n.attempt = again ? 2 : 1;
  n.reason = is_refunded ? "What you paid was given back." : "";
  // Each by itself: what became of one is told whatever holds the other up.
  n.mail = plan.mail;
  if (n.mail)
    run.ctx().send(notification_object(run.id()), "Send", n.encode());
  n.mail = false;
  n.announce = plan.announce;
  if (n.announce)
    run.ctx().send(notification_object(run.id()), "Send", n.encode());
}

} // namespace orderhub::handlers
