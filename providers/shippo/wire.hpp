#pragma once
#include "providers/operation.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers::shippo {

/// Longest `metadata` Shippo stores; in bytes here, which is never more than its characters.
inline constexpr std::size_t metadata_size_max = 100;

/// Shared by the calls of this folder.
namespace wire {

http_request post(std::string target, std::string body);
http_request get(std::string target);

/// `order_id:<id> step:<step>`, cut between characters at the limit.
std::string metadata(std::string_view order_id, std::string_view step);

/// What an answer other than 200 or 201 to a POST means. Never success.
error classify_write(const http_response& response, std::string_view where);

/// A look-up answer that says nothing, with what it said instead.
look_up_answer unknown(const http_response& response, std::string_view where);

/// Whether a carrier's message says that it did not answer, which is no refusal. `text` may be a
/// code (`carrier_timeout`) or a sentence.
bool is_carrier_silent(std::string_view text);

/// A vendor's sentence for an error: control characters out, e-mail addresses and runs of four
/// digits or more masked, at most 300 bytes.
std::string readable(std::string_view text);

} // namespace wire

} // namespace orderhub::providers::shippo
