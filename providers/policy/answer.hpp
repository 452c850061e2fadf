#pragma once
#include "journal/base/result.hpp"
#include "providers/http_message.hpp"
#include "providers/operation.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

namespace orderhub::providers {

// A success is read, not assumed. What an operation's parser takes for the vendor's decision must
// also be about the request that was sent: an answer of another request (a proxy's cache, a
// mixed-up connection, another service at that address) proves nothing.

/// What became of a call: `parse`, and where that is a decision, whether it repeats the call's key
/// (where the vendor repeats keys: Stripe, of refusals too), and under 2xx `is_about`. A decision
/// about something else is `unavailable` of a call that only reads, `in_doubt_stored` where there
/// is a key (the same key may bring the same answer again), else `in_doubt`.
result<std::string> read_answer(const raw_operation& operation, const sent_request& sent,
                                const http_response& response);

/// What an answer says: to a call, or on a page of its look-up.
using answer_reading = std::variant<result<std::string>, lookup_finding>;

/// Reads one answer, on any thread; all it needs, by value.
struct answer_reader {
  raw_operation operation;
  sent_request sent;
  bool lookup = false; ///< The answer is a page of its look-up.

  [[nodiscard]] answer_reading read(const http_response& response) const;
};
/// An answer with a longer body, bytes, takes milliseconds to read: its reader is given to a thread
/// that nobody else waits for.
inline constexpr std::size_t quickly_read_size_max = std::size_t{32} * 1024;

/// Whether an object that says whether it is live cannot belong to the account of the request, by
/// the mode its endpoint has (`sent_request::target`). A live key at a loopback address stands
/// before no real account: there it says nothing that objects are not live.
bool is_of_another_account(std::string_view target, bool is_live);

} // namespace orderhub::providers
