#pragma once
#include "providers/slack/wire.hpp"

#include <string>

namespace orderhub::providers::slack {

struct webhook_message {
  step_ref ref; ///< Not sent: a webhook takes no metadata.
  std::string text;
};

/// Posts through an incoming webhook. Its whole URL, which is the secret, is the base of the vendor
/// `slack_webhook`, so the target is empty. A message sent so cannot be identified later: it may be
/// repeated, and the outcome is empty.
operation<message_outcome> post_webhook(const webhook_message& request);

} // namespace orderhub::providers::slack
