#pragma once
#include "journal/base/error.hpp"
#include "journal/base/time.hpp"
#include "providers/http_message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::providers::github {

/// `owner/name` of letters, digits, `.`, `_` and `-`.
bool is_repository(std::string_view text);
/// 40 hexadecimal digits: a commit, and no branch or tag that may move.
bool is_full_sha(std::string_view text);

/// Shared by the calls of this folder.
namespace wire {

/// Of every request.
inline constexpr std::string_view api_version = "2022-11-28";

http_request post(std::string target, std::string body);
http_request get(std::string target);

/// The table of README.md, "What a refusal means". Keeps the status, and of each error its
/// resource, field and code, else what kind of fault the message speaks of: GitHub's sentences are
/// not taken.
error classify_write(const http_response& response, std::string_view where);
error classify_read(const http_response& response, std::string_view where);

/// The number of the next page by the `link` header; 0 where there is none.
std::int64_t next_page(const http_response& response);

/// GitHub's times have whole seconds.
inline constexpr std::int64_t time_step_ms = 1'000;
/// Unix milliseconds of `2012-07-20T01:19:13Z`.
std::optional<unix_ms> time_of(std::string_view text);

} // namespace wire

} // namespace orderhub::providers::github
