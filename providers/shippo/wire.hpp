#pragma once
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace orderhub::providers::shippo {

/// Longest `metadata` Shippo stores; in bytes here, which is never more than its characters.
inline constexpr std::size_t metadata_size_max = 100;

/// Shared by the calls of this folder.
namespace wire {

/// Of every request, so that answers stay as they are read here; the one that Shippo's own library
/// (npm, `shippo`) sends.
inline constexpr std::string_view api_version = "2018-02-08";

http_request post(std::string target, std::string body);
http_request get(std::string target);
/// A GET that changes nothing and may be repeated at will; how it is read is the caller's.
raw_operation reading(std::string_view name, std::string_view call_class, const step_ref& ref,
                      std::string target);

/// `oh:` and 16 hexadecimal digits of the SHA-256 of hub, order, step and attempt; then, cut
/// between characters at the limit, ` gen:<key generation> order_id:<id> step:<step>`.
std::string metadata(const step_ref& ref, std::uint32_t generation = 1);
/// The digest a metadata text begins with, `oh:` included; empty where it has none.
std::string digest_in(std::string_view metadata);
/// Whether an answer may be about that request: an object tells the metadata that it was made with,
/// where it has any.
bool is_about_step(const sent_request& sent, const http_response& response);
/// The same request with another generation in its metadata.
http_request regenerate(const http_request& request, std::uint32_t generation);

/// The table of README.md, "What a refusal means", for a POST: an answer other than 200 or 201.
/// Never success. Of a 400 the fields that are wrong are named, never what was in them.
error classify_write(const http_response& response, std::string_view where);
/// The same for a GET.
error classify_read(const http_response& response, std::string_view where);

/// Whether a 404 speaks of an object and not of a path: Shippo's JSON with `detail`.
bool is_missing(const http_response& response);

/// Why one object could not be read, by a step that can do without it: `rejected`, as `missing`,
/// where there is none; `misconfigured` for a 401 alone.
error classify_read_of_one(const http_response& response, std::string_view where,
                           std::string_view missing);

/// Whether a refusal says that the same was done before: "already", beside one of `deeds`, and not
/// that the label was used. Looks at the first 4 KiB.
bool says_done_before(std::string_view text, std::initializer_list<std::string_view> deeds);

/// Whether a carrier's message says that it did not answer, which is no refusal. `text` may be a
/// code (`carrier_timeout`) or a sentence.
bool is_carrier_silent(std::string_view text);

} // namespace wire

} // namespace orderhub::providers::shippo
