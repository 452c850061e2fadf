#pragma once
#include "providers/slack/wire.hpp"

#include <string>

namespace orderhub::providers::slack {

struct message_request {
  step_ref ref;
  std::string channel; ///< Id (`C0123456789`) or name (`#orders`).
  std::string text;    ///< At most 40,000 characters.
};

/// Posts a message whose metadata says what it is of. With a channel's id a lost answer is resolved
/// by reading the channel's history; with a name that cannot be asked for, and it may be repeated.
/// The look-up is there in both cases: a step that was begun with an id is resolved so, although
/// the setting is a name by now.
///
/// Slack answers 200 to most failures; its `error` code decides. Reading back needs the scope
/// `channels:history` (or `groups:history`), and `metadata.message:read`.
operation<message_outcome> post_message(const message_request& request);

/// Whether a failure of `post_message` or `post_webhook` is the text's own, which is empty or too
/// long: any other provider would refuse it too.
bool is_fault_of_message(const error& why);

} // namespace orderhub::providers::slack
