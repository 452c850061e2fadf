#pragma once
#include "providers/operation.hpp"

#include <map>
#include <string>

namespace orderhub::testing {

/// When the sample intents were recorded, Unix milliseconds.
inline constexpr unix_ms sample_sent_at = 1'700'000'000'000;
/// The beginning of its look-ups' windows: a minute and a bit before.
inline constexpr unix_ms sample_since = sample_sent_at - 60'500;
/// The hub id in the samples' metadata.
inline constexpr const char* sample_hub = "00112233445566778899aabbccddeeff";

/// One call of every operation with the same order, by its name (`slack.post_message#name` posts to
/// a channel's name). What the golden exchanges and the spec checks run on.
std::map<std::string, providers::raw_operation> sample_operations();

/// The intent a sample operation leaves behind.
providers::sent_request sent(const providers::raw_operation& operation);

} // namespace orderhub::testing
