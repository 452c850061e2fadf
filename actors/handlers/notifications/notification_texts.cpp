#include "actors/handlers/notifications/notification_texts.hpp"

#include "providers/tables/currencies.hpp"

#include <optional>
#include <string_view>

namespace orderhub::handlers {

namespace {

/// Slack's markup wants three characters escaped.
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

std::optional<mail_kind> mail_of(notification_kind kind) {
  switch (kind) {
  case notification_kind::confirmed:
    return mail_kind::confirmation;
  case notification_kind::tracking:
    return mail_kind::tracking;
  case notification_kind::shipped:
    return mail_kind::shipped;
  case notification_kind::delivered:
    return mail_kind::delivered;
  case notification_kind::cancelled:
    return mail_kind::cancelled;
  case notification_kind::refunded:
    return mail_kind::refund;
  case notification_kind::refund_failed:
    return mail_kind::refund_failed;
  case notification_kind::new_order:
  case notification_kind::payment_failed:
  case notification_kind::returned:
  case notification_kind::deployment:
  case notification_kind::out_of_stock:
  case notification_kind::undelivered:
  case notification_kind::disputed:
  case notification_kind::delivery_failed:
    break;
  }
  return std::nullopt;
}

template_values values_of(const std::string& order_id, const notification& n) {
  const auto flag = [](bool holds) { return std::string(holds ? "yes" : ""); };
  return {{"orderId", order_id},
          {"name", n.name},
          {"total", tables::shown_with_sign(n.total)},
          {"trackingNumber", n.tracking_number},
          {"trackingUrl", n.tracking_url},
          {"amount", n.refunded.minor_units > 0 ? tables::shown_with_sign(n.refunded) : ""},
          {"isCancelled", flag(n.is_cancelled)},
          {"refundOnItsWay", flag(n.news == refund_news::on_its_way)},
          {"refundPart", flag(n.news == refund_news::part_given_back)},
          {"refundWhole", flag(n.news == refund_news::given_back)}};
}

/// For an SMS.
std::string_view sentence_of(refund_news news) {
  switch (news) {
  case refund_news::on_its_way:
    return " What you paid is on its way back to you.";
  case refund_news::part_given_back:
    return " A part of what you paid was given back.";
  case refund_news::given_back:
    return " What you paid was given back.";
  case refund_news::failed:
  case refund_news::none:
    break;
  }
  return "";
}

std::string with_number(std::string text, const notification& n) {
  return n.tracking_number.empty() ? text
                                   : text + ", tracking number " + escaped(n.tracking_number);
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
  case notification_kind::shipped:
    return all("shipped");
  case notification_kind::delivered:
    return all("delivered");
  case notification_kind::returned:
    return all("returned");
  case notification_kind::deployment:
    return all("deployment");
  case notification_kind::out_of_stock:
    return all("out_of_stock" + again);
  case notification_kind::undelivered:
    return all("undelivered_" + n.about);
  case notification_kind::disputed:
    return all("dispute_" + n.about);
  case notification_kind::delivery_failed:
    return all("delivery_failed");
  }
  return {"mail", "announce", "sms"};
}

mail_words mail_about(const std::string& order_id, const notification& n,
                      const mail_templates& templates) {
  const auto mail = mail_of(n.kind);
  return mail ? templates.render(*mail, values_of(order_id, n)) : mail_words();
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
  case notification_kind::shipped:
    text += " is on its way.";
    return n.tracking_number.empty() ? text
                                     : text + " Its tracking number is " + n.tracking_number + '.';
  case notification_kind::cancelled:
    text += n.attempt > 1 ? " was cancelled before." : " was cancelled.";
    return text.append(sentence_of(n.news));
  case notification_kind::undelivered:
    return "A mail about your order " + order_id + " did not reach you (" + n.about +
           "). Please tell the shop another address.";
  case notification_kind::new_order:
  case notification_kind::payment_failed:
  case notification_kind::refunded:
  case notification_kind::refund_failed:
  case notification_kind::delivered:
  case notification_kind::returned:
  case notification_kind::deployment: // For the shop, or by mail.
  case notification_kind::out_of_stock:
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
    return with_number("Order " + id + " over " + tables::shown(n.total) + " is confirmed", n);
  case notification_kind::cancelled:
    return "Order " + id + " was cancelled";
  case notification_kind::tracking:
    return "Order " + id + " has the tracking number " + escaped(n.tracking_number);
  case notification_kind::refunded:
    return "Refund of order " + id +
           (n.refunded.minor_units > 0 ? " over " + tables::shown(n.refunded) : "") +
           ": the bank has made it";
  case notification_kind::refund_failed:
    return "Refund of order " + id + " failed: " + escaped(n.reason);
  case notification_kind::shipped:
    return with_number("Order " + id + " is on its way", n);
  case notification_kind::delivered:
    return "Order " + id + " was delivered";
  case notification_kind::returned:
    return with_number("The parcel of order " + id + " comes back", n);
  case notification_kind::deployment:
    return "Deployment " + id + ' ' + escaped(n.reason);
  case notification_kind::out_of_stock:
    return "Order " + id + " is out of stock: " + escaped(n.reason);
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
