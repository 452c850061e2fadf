#pragma once
#include "providers/slack/wire.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::slack {

/// By what a message is found that stands there: `C0123456789:1503435956.000247`, and its `ts`
/// alone, which is unique only within its channel (docs.slack.dev, reference/methods/
/// chat.postMessage). None of an incoming webhook's, which does not tell.
std::vector<std::string> ids_of(const message_outcome& message);

/// What people have of a message, in the form of the first of these: its address
/// (`https://shop.slack.com/archives/C0123456789/p1503435956000247`, whatever follows behind `?`),
/// or channel and `ts` with a `/`, `:`, `,` or blank between them. Anything else stays as it is.
std::string message_id_of(std::string_view text);

} // namespace orderhub::providers::slack
