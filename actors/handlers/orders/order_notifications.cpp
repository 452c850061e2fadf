#include "actors/handlers/orders/order_notifications.hpp"

#include "actors/handlers/custom/custom_service.hpp"
#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/fulfilment.hpp"

#include <optional>
#include <utility>

namespace orderhub::handlers {

namespace {

using durable::task;

notification notification_about(const order& o, notification_kind kind) {
  notification n;
  n.kind = kind;
  n.email = o.customer_email;
  n.name = o.customer_name;
  n.phone = o.customer_phone;
  n.total = o.total;
  return n;
}

notification notification_about(const order_run& run, notification_kind kind) {
  return notification_about(*run.placed(), kind);
}

void post(const order_run& run, const notification& n) {
  run.ctx().send(notification_object(run.id()), "Send", n.encode());
}

/// In the shop's channel, where the plan says so.
void post_message(const order_run& run, notification n) {
  n.announce = run.plan().announce;
  if (n.announce)
    post(run, n);
}

void set_parcel(notification& n, const order_facts& facts) {
  n.tracking_number = facts.tracking_number;
  n.tracking_url = facts.tracking_url;
}

/// Mail and message each by itself: what became of one is told whatever holds the other up.
void post_each(const order_run& run, notification n) {
  n.mail = run.plan().mail;
  if (n.mail)
    post(run, n);
  n.mail = false;
  post_message(run, std::move(n));
}

/// An SMS goes where there is a phone; that there is none is noted.
bool may_text(order_run run, const char* step) {
  if (!run.plan().sms)
    return false;
  if (!run.placed()->customer_phone.empty())
    return true;
  order_facts skipped;
  skipped.notices[step] = no_phone_mark;
  run.note(skipped);
  return false;
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
  if (run.plan().announce)
    post_message(run, notification_about(run, notification_kind::new_order));
}

void post_failed_payment(const order_run& run, const payment_fact& payment) {
  if (!run.plan().announce)
    return;
  auto n = notification_about(run, notification_kind::payment_failed);
  n.reason = payment.reason;
  n.attempt = payment.attempt;
  post_message(run, std::move(n));
}

void post_out_of_stock(const order_run& run) {
  if (!run.plan().announce)
    return;
  const auto& stock = run.facts().stock;
  auto n = notification_about(run, notification_kind::out_of_stock);
  n.reason = shortage_text(stock);
  n.attempt = stock.round;
  post_message(run, std::move(n));
}

bool may_confirm(const order_run& run) {
  return may_ship(run) && !run.facts().confirmed;
}

task<void> confirm(order_run run) {
  auto ctx = run.ctx();
  const auto plan = run.plan();
  const bool texts = may_text(run, "sms_confirm");
  const bool tells_customer = plan.mail || texts;
  // Without the number, as of now: the shipment may just have told it. What the customer is
  // promised is on record before it can come.
  if (tells_customer && run.facts().tracking_number.empty())
    co_await run.look_again();
  order_facts confirmed;
  confirmed.confirmed = true;
  confirmed.updated_at = ctx.accepted_at();
  run.note(confirmed);
  if (tells_customer && run.facts().tracking_number.empty()) {
    order_facts promised;
    promised.pending[std::string(tracking_step)] = tracking_promised;
    run.learn(promised);
  }
  if (tells_customer || plan.announce) {
    auto n = notification_about(run, notification_kind::confirmed);
    n.mail = plan.mail;
    n.announce = plan.announce;
    n.sms = texts;
    set_parcel(n, run.facts());
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
  if (run.goes_on())
    post_hook(run, providers::custom::hook::confirmed);
}

notification cancelled_news(const order& placed, const order_plan& plan, bool again,
                            refund_news news) {
  auto n = notification_about(placed, notification_kind::cancelled);
  n.attempt = again ? 2 : 1;
  n.news = news;
  n.mail = plan.mail;
  n.announce = plan.announce;
  n.sms = plan.sms && !n.phone.empty(); // That there is none was noted with the confirmation.
  return n;
}

void post_cancelled(const order_run& run, bool again, refund_news news) {
  if (run.placed() == nullptr)
    return;
  const auto all = cancelled_news(*run.placed(), run.plan(), again, news);
  // Each by itself: what became of one is told whatever holds another up.
  for (const auto way : {&notification::mail, &notification::announce, &notification::sms}) {
    if (!(all.*way))
      continue;
    auto one = all;
    one.mail = one.announce = one.sms = false;
    one.*way = true;
    post(run, one);
  }
}

void post_refund(const order_run& run, const refund_told& refund) {
  if (run.placed() == nullptr)
    return;
  auto n =
      notification_about(run, refund.news == refund_news::failed ? notification_kind::refund_failed
                                                                 : notification_kind::refunded);
  n.attempt = refund.number;
  n.news = refund.news;
  n.refunded = refund.amount;
  n.reason = refund.why;
  n.is_cancelled = run.facts().cancelled || run.facts().cancelling;
  post_each(run, std::move(n));
}

notification tracking_news(const order& placed, const order_facts& facts) {
  auto n = notification_about(placed, notification_kind::tracking);
  n.mail = true;
  n.sms = !n.phone.empty();
  set_parcel(n, facts);
  return n;
}

std::optional<notification> parcel_news(const order& placed, const order_facts& before,
                                        const order_facts& after) {
  if (after.shipment == before.shipment || after.shipment < shipment_state::in_transit)
    return std::nullopt;
  const auto kind = after.shipment == shipment_state::in_transit ? notification_kind::shipped
                    : after.shipment == shipment_state::returned ? notification_kind::returned
                                                                 : notification_kind::delivered;
  auto n = notification_about(placed, kind);
  n.mail = kind != notification_kind::returned && !forbids_shipping(after);
  n.announce = true;
  set_parcel(n, after);
  return n;
}

notification delivery_failed_news(const order& placed, const std::string& why) {
  auto n = notification_about(placed, notification_kind::delivery_failed);
  n.announce = true;
  n.reason = why;
  return n;
}

notification undelivered_news(const order& placed, const std::string& step,
                              const std::string& why) {
  auto n = notification_about(placed, notification_kind::undelivered);
  n.announce = true;
  n.sms = step.starts_with("mail_") && !n.phone.empty();
  n.about = step;
  n.reason = why;
  return n;
}

notification dispute_news(const order& placed, const std::string& word, const std::string& code) {
  auto n = notification_about(placed, notification_kind::disputed);
  n.announce = true;
  n.about = word;
  n.reason = code;
  return n;
}

} // namespace orderhub::handlers
