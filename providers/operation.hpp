#pragma once
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "providers/http_message.hpp"
#include "providers/policy/doubt.hpp"
#include "providers/step_ref.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::providers {

/// Full-jitter exponential backoff: the n-th wait is uniform in [0, min(max, initial * 2^n)].
struct retry_policy {
  std::int64_t initial_ms = 100;
  std::int64_t max_ms = 30'000;
  /// The step's deadline: give up on definite, retryable failures, and on waiting for a place or a
  /// limit, after this long; 0: never. Doubt is never given up.
  std::int64_t give_up_after_ms = 0;

  friend bool operator==(const retry_policy&, const retry_policy&) = default;
};

/// What a look-up may use: the intent as the journal holds it.
struct sent_request {
  http_request request;      ///< The bytes that may have left.
  std::string key;           ///< The idempotency key they carried, empty where the vendor has none.
  unix_ms first_sent_at = 0; ///< When the intent was recorded, Unix milliseconds of our clock.
  /// Nothing of this call can be older at the vendor than this, by the vendor's clock as its `Date`
  /// headers show it. 0: as far back as the vendor's records reach (a refusal proved an earlier
  /// effect, so it may be older than this intent).
  unix_ms since = 0;
  /// Nothing of this call can be newer at the vendor than this, by the same clock: so long after
  /// the last byte can have left. What others of the account did since then need not be read. 0:
  /// open.
  unix_ms until = 0;
  /// The endpoint it left for, as the intent says: base and mode,
  /// `https://api.stripe.com|live`. Empty: not known.
  std::string target = {};
};

enum class finding_kind : std::uint8_t {
  found = 1,   ///< The effect exists; `value` is what the call's own parser would have returned.
  absent = 2,  ///< Not there as of now.
  running = 3, ///< There, and not decided yet (QUEUED): ask again later.
  /// The answer says nothing (5xx, unreadable, rate limited): ask again later. Where
  /// `failure.kind` is `misconfigured`, not before the setting has changed.
  unknown = 5,
  refused = 6, ///< There, and definitely failed; `failure` says how.
  differs = 7, ///< There under our reference with another amount or currency: a person decides.
};
/// What a look-up showed, on one page. Of several pages the strongest finding counts:
/// found > differs > running > refused > absent, and absence needs all of them. (What still runs
/// may take effect: to call the step refused for an attempt that failed would buy it a second
/// time.)
struct lookup_finding {
  finding_kind kind = finding_kind::unknown;
  std::string value;
  /// The next page, where there is one; read unless this one says `found`. Not with `unknown`.
  std::optional<http_request> next = std::nullopt;
  error failure;
  std::string evidence; ///< What it rests on, e.g. a vendor's id. Journaled; no personal data.
};

/// One call of a vendor as a plain value: bytes, policies and pure functions. Sees no clock, socket
/// or random number, and holds no secret. The functions are a vendor's own; those of a custom
/// provider hold its description, and with it the texts that this one only points at.
struct raw_operation {
  std::string_view name;   ///< Constant, `stripe.charge`.
  std::string_view vendor; ///< Constant, `stripe`; the key into the registry.
  /// Constant; whose limit of the vendor it counts towards: `write`, `read`, `list`, `search`.
  std::string_view call_class;
  /// The same of its look-up: `read` where that reads one object by its id.
  std::string_view lookup_class = "list";
  /// What a limit counts by where the vendor has one for each (`call_limit::per_key`): the channel
  /// that a message goes to, a sender's number. Empty: nothing.
  std::string limit_key = {};
  step_ref ref; ///< Whose step it is. Empty: nobody's, as of a read that is not journaled.
  http_request request;
  /// Header that carries the idempotency key; empty where the vendor has none.
  std::string_view key_header = {};
  std::int64_t deadline_ms = 30'000;
  retry_policy retry = {};
  doubt_policy doubt = doubt_policy::may_miss;
  /// `await_event`: how long evidence is waited for, and what is done then.
  std::int64_t event_wait_ms = 0;
  doubt_policy after_event = doubt_policy::may_miss;
  /// False: nothing that counts happens at the vendor (reads, rates). Such a call
  /// decides nothing: a cancel does not wait for it.
  bool has_effect = true;
  /// Of what has no effect that counts and `may_repeat`: it may leave while the result that it
  /// follows from is still on its way to the disk, though never before what came from outside is
  /// there. After a crash it is asked again.
  bool early = false;
  /// It undoes another effect. What is refused as done before and never found then ends as
  /// `done_before`, for a person, so that the rest of the undo goes on; forward steps wait.
  bool compensates = false;
  /// Another vendor can do it: while this one is held, whyever, and nothing is in doubt, it ends as
  /// `unavailable` instead of waiting. Set by whoever has that other operation.
  bool gives_way = false;
  /// How long a request may still be running at the vendor after its last byte left.
  std::int64_t absence_after_ms = 0;
  /// `replay_key`: how long the vendor surely remembers a key; past it, look up.
  std::int64_t key_life_ms = 0;
  /// Reads an answer into the operation's encoded value (JSON text, what the journal holds) or:
  /// `rejected`, `invalid`: definite failures. `unavailable`: nothing happened, retry.
  /// `in_doubt`: resolve by policy. `in_doubt_stored`: resolve by look-up. `done_before`: an
  /// earlier effect is proven, look it up without limit of time. `misconfigured`: nothing happened,
  /// and nothing will with this credential.
  std::function<result<std::string>(const http_response&)> parse = {};
  /// Whether an answer that `parse` took for a decision is about this very request: the object,
  /// payment or amount that it names. Null where nothing in an answer could tell. See
  /// `policy/answer.hpp`, which asks both.
  std::function<bool(const sent_request&, const http_response&)> is_about = {};
  /// The look-up request; null where the operation has none.
  std::function<http_request(const sent_request&)> lookup = {};
  std::function<lookup_finding(const sent_request&, const http_response&)> read_lookup = {};
  /// The same request for another key generation (from 2), where the request names it; null: the
  /// bytes stay as they are.
  std::function<http_request(const http_request&, std::uint32_t generation)> regenerate = {};
};

/// A call whose outcome is a `T`. `T` provides `static result<T> decode(std::string_view json)`.
template <class T>
struct operation {
  using value_type = T;
  raw_operation raw;
};

} // namespace orderhub::providers
