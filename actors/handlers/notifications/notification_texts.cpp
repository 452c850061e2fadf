#include "actors/handlers/notifications/notification_texts.hpp"

#include "providers/tables/currencies.hpp"

namespace orderhub::handlers {

namespace {

/// HTML and Slack's markup want the same three characters escaped.
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

} // namespace

notification_steps steps_of(const notification& n) {
  const auto again = n.attempt > 1 ? "_" + std::to_string(n.attempt) : std::string();
  const auto all = [](const std::string& what) {
    return notification_steps{"mail_" + what, "announce_" + what, "sms_" + what};
  };
  switch (n.kind) {
  case notification_kind::new_order:
    return all("new");
  case notification_kind::payment_failed:
    return all("failed" + again);
  case notification_kind::confirmed:
    return {"mail_confirm", "announce_confirmed", "sms_confirm"};
  case notification_kind::cancelled:
    return all("cancelled" + again);
  case notification_kind::tracking:
    return all("tracking");
  case notification_kind::refunded:
    return all("refunded" + again);
  case notification_kind::refund_failed:
    return all("refund_failed" + again);
  case notification_kind::delivered:
    return all("delivered");
  case notification_kind::undelivered:
    return all("undelivered_" + n.about);
  case notification_kind::disputed:
    return all("dispute_" + n.about);
  case notification_kind::delivery_failed:
    return all("delivery_failed");
  }
  return {"mail", "announce", "sms"};
}

mail_words mail_about(const std::string& order_id, const notification& n) {
  mail_words m;
  m.text = "Hello " + n.name + ",\n\nyour order " + order_id;
  if (n.kind == notification_kind::cancelled) {
    m.subject = "Order " + order_id + " was cancelled";
    m.text += " was cancelled. " + n.reason + "\n";
  } else if (n.kind == notification_kind::tracking) {
    m.subject = "The tracking number of order " + order_id;
    m.text += " has its label. Its tracking number is " + n.tracking_number + ".\n";
  } else if (n.kind == notification_kind::refunded) {
    m.subject = "Refund of order " + order_id;
    m.text += " was cancelled. " + n.reason + "\n";
  } else if (n.kind == notification_kind::refund_failed) {
    m.subject = "Refund of order " + order_id;
    m.text +=
        " was cancelled. What you paid could not be given back yet; the shop will see to it.\n";
  } else if (n.kind == notification_kind::delivered) {
    m.subject = "Order " + order_id + " was delivered";
    m.text += " was delivered.\n";
  } else {
    m.subject = "Order " + order_id + " is confirmed";
    m.text += " over " + tables::shown_with_sign(n.total) + " is confirmed.";
    m.text += n.tracking_number.empty() ? " The tracking number follows.\n"
                                        : " Its tracking number is " + n.tracking_number + ".\n";
  }
  m.html = "<p>" + escaped(m.text) + "</p>";
  return m;
}

std::string sms_about(const std::string& order_id, const notification& n) {
  std::string text = "Your order " + order_id;
  switch (n.kind) {
  case notification_kind::confirmed:
    text += " is confirmed.";
    break;
  case notification_kind::tracking:
    text += " has its label.";
    break;
  case notification_kind::cancelled:
    return text + " was cancelled. " + n.reason;
  case notification_kind::refunded:
    return text + " was cancelled before. " + n.reason;
  case notification_kind::undelivered:
    return "A mail about your order " + order_id + " did not reach you (" + n.about +
           "). Please tell the shop another address.";
  case notification_kind::new_order:
  case notification_kind::payment_failed:
  case notification_kind::refund_failed: // For the shop, or by mail.
  case notification_kind::delivered:
  case notification_kind::disputed:
  case notification_kind::delivery_failed:
    return text;
  }
  return text + (n.tracking_number.empty() ? " The tracking number follows."
                                           : " Its tracking number is " + n.tracking_number + ".");
}

std::string message_about(const std::string& order_id, const notification& n) {
  const auto id = escaped(order_id);
  switch (n.kind) {
  case notification_kind::new_order:
    return "New order " + id + " over " + tables::shown(n.total);
  case notification_kind::payment_failed:
    return "Payment of order " + id + " failed: " + escaped(n.reason);
  case notification_kind::confirmed:
    return "Order " + id + " over " + tables::shown(n.total) + " is confirmed" +
           (n.tracking_number.empty() ? "" : ", tracking number " + escaped(n.tracking_number));
  case notification_kind::cancelled:
    return "Order " + id + " was cancelled";
  case notification_kind::tracking:
    return "Order " + id + " has the tracking number " + escaped(n.tracking_number);
  case notification_kind::refunded:
    return "Refund of order " + id + ": the bank has made it";
  case notification_kind::refund_failed:
    return "Refund of order " + id + " failed: " + escaped(n.reason);
  case notification_kind::delivered:
    return "Order " + id + " was delivered";
  case notification_kind::undelivered:
    return "Order " + id + ": " + escaped(n.about) + " did not come: " + escaped(n.reason);
  case notification_kind::disputed:
    return "Order " + id + ": a dispute was " + escaped(n.about) +
           (n.reason.empty() ? "" : " (" + escaped(n.reason) + ")");
  case notification_kind::delivery_failed:
    return "Order " + id + ": " + escaped(n.reason);
  }
  return "Order " + id;
}

} // namespace orderhub::handlers
