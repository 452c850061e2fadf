#pragma once
#include "actors/handlers/notifications/mail_templates.hpp"
#include "actors/handlers/notifications/notification.hpp"

#include <string>

namespace orderhub::handlers {

// The words: what customer and shop read, and the names of the steps that tell them. Pure.

struct notification_steps {
  std::string mail;
  std::string announce;
  std::string sms;
};
/// Each failed payment, and a cancel that was finished later, is told by steps of its own, so that
/// a look-up does not take one message for another.
notification_steps steps_of(const notification& n);

/// By the shop's templates. Of kinds that no mail tells (a new order, a failed payment, what comes
/// back, a deployment) empty.
mail_words mail_about(const std::string& order_id, const notification& n,
                      const mail_templates& templates);

/// Short, and no two of an order are alike: a look-up knows an SMS by its text.
std::string sms_about(const std::string& order_id, const notification& n);

/// In Slack's markup: what others wrote is escaped.
std::string message_about(const std::string& order_id, const notification& n);

} // namespace orderhub::handlers
