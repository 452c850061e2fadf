#pragma once
#include "providers/operation.hpp"

#include <map>
#include <string>

namespace orderhub::test {

/// When the sample intents were recorded, Unix milliseconds.
inline constexpr unix_ms sample_sent_at = 1'700'000'000'000;

/// One call of every operation with the same order, by its name (`slack.post_message#name` posts to
/// a channel's name). What the golden exchanges and the spec checks run on.
std::map<std::string, providers::raw_operation> sample_operations();

/// The intent a sample operation leaves behind.
providers::sent_request sent(const providers::raw_operation& operation);

} // namespace orderhub::test
