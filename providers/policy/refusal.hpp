#pragma once
#include "journal/base/error.hpp"
#include "providers/http_message.hpp"
#include "providers/operation.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers {

/// What is said behind a status that sends us to another address, where we do not go: what is
/// configured is not the vendor's.
inline constexpr std::string_view redirect_words =
    "redirect to another address; check the configured URL";
/// Whether a refusal's message, or what was made of it, says so.
inline bool tells_redirect(std::string_view text) {
  return text.find(redirect_words) != std::string_view::npos;
}

/// An error of a call, with the wish to wait that the answer carries, whatever its kind. Of a
/// redirect the message is said here.
error refusal(error_kind kind, std::string_view where, std::string message,
              const http_response& response);

/// Whether an answer that forbids only means later: it says when, or that nothing of a limit is
/// left. Any other 403 is about permission.
bool limits(const http_response& response);

/// Whether a refusal is the vendor's limit, which stands for all calls of the class and not for
/// this one: 429, a 403 that limits, or (Slack) a success whose reason says so. A lock on one
/// object
/// (`lock_timeout`, which Stripe answers with 429 too) is none.
bool meets_limit(const http_response& response, const error& why);

/// What a status means of a call that acts, where its vendor gives it no meaning of its own. Never
/// success; what is no success and not known otherwise may have taken effect.
///
/// `unavailable`: 425, 429, a 403 that limits. `misconfigured`: 401, 403, 404, 405, 407, and the
/// redirects 301, 307 and 308, which we do not follow and which say that nothing was done.
/// `in_doubt`: below 300, other redirects, 408, from 500. `invalid`: every other.
error_kind kind_of_write(const http_response& response);

/// The same of a call that only reads: nothing happens, so it may be asked again later
/// (`unavailable`: below 300, 408, 409, 424, 425, 429, from 500, a 403 that limits), or is refused
/// (`misconfigured`: 401, 403, 404, 405, 407, redirects; `invalid`: every other).
error_kind kind_of_read(const http_response& response);

/// A look-up's page that says nothing, and why.
lookup_finding unknown(error why);

/// Where the list of a look-up begins, Unix milliseconds of the vendor's clock: `sent.since`, or,
/// where that is not known, `look_back_ms` before the intent. At least 0.
unix_ms window_begin(const sent_request& sent);
/// 30 days: a hub that was restored from a backup older than that is no case for a look-up.
inline constexpr std::int64_t look_back_ms = std::int64_t{30} * 24 * 3'600'000;

/// Whether all further pages of a list are of what is older than `begin`. `times` are those of this
/// page in its order, exact to `step_ms`. That a list is newest first nobody promises, so the page
/// must show it.
bool ends_before(const std::vector<unix_ms>& times, unix_ms begin, std::int64_t step_ms);

} // namespace orderhub::providers
