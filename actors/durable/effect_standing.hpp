#pragma once
#include "journal/base/time.hpp"
#include "journal/record.hpp"
#include "providers/http_message.hpp"
#include "providers/policy/doubt.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The rules of an open effect as pure functions of what the journal holds: where it stands, and
/// what it does next. The effect machine acts by them, and whoever explains an order reads them.
namespace orderhub::durable {

/// What the notes of an open effect say, one activation to the next.
struct effect_standing {
  bool in_doubt = false;
  std::optional<unix_ms> doubted_at; ///< When that note was recorded.
  bool refused = false;              ///< As done before; it is in doubt then, too.
  bool lookup_only = false;          ///< Its key does not help any more.
  bool nothing_out = false;          ///< Nothing has left since the newest note that says so.
  unix_ms out_since = 0;             ///< Else: since when something may be out.
  bool waited_for_event = false;     ///< That evidence was waited for; the policy behind it is on.
  /// A verified event, or a person who is believed, says that it happened: its value.
  std::optional<std::string> evidence;
  std::optional<std::string> person; ///< A person was called, and why.
  /// Where it stands: the newest note of a position, or that a person was called; none where it
  /// was proven absent after that.
  std::optional<journal::recorded_note> stands;
  std::optional<journal::note_kind> position; ///< The newest one.
  std::string position_text;
  std::uint32_t generation = 1; ///< Of the key.
  std::uint32_t sends = 0;      ///< As far as the journal knows.
  std::uint32_t rounds = 0;
  std::uint16_t status = 0; ///< The server error that stands since `status_since`; 0: none.
  unix_ms status_since = 0;
  unix_ms left_at = 0;       ///< The last byte had left by then; 0: none can have.
  unix_ms first_sent_at = 0; ///< Of this generation.
  unix_ms since = 0;         ///< Before which none of ours can have been sent.

  /// It waits for a person, and for no time.
  [[nodiscard]] bool waits_for_person() const {
    return stands && stands->note.kind == journal::note_kind::needs_person && stands->note.at == 0;
  }
  /// In doubt, and a verified event is awaited.
  [[nodiscard]] bool waits_for_event() const {
    return stands && stands->note.kind == journal::note_kind::event_wait;
  }
  /// A call is out, or about to leave.
  [[nodiscard]] bool is_out() const { return !nothing_out && !waits_for_person(); }
};

/// The text of a `lookup_absent` that rests on a person's word alone.
inline constexpr std::string_view unchecked_absence =
    "an operator says so, and nobody has checked it";

/// `begun_at`: when the intent was recorded.
effect_standing standing_of(unix_ms begun_at, const std::vector<journal::recorded_note>& notes);

/// The request that an intent holds, whose bytes left or may have left. Without a method: it holds
/// none (`may_repeat`).
providers::http_request request_in(const journal::effect_payload& intent);

/// The policy that counts now: behind an `await_event` that has been waited for, the other one.
providers::doubt_policy policy_now(const journal::effect_payload& intent, bool waited_for_event);

/// What an effect in doubt does next.
enum class doubt_move : std::uint8_t {
  same_key,    ///< The same bytes under the same key: at the vendor one effect, however often.
  look_up,     ///< Asks by our own reference; that changes nothing.
  send_again,  ///< By its policy it may be repeated.
  await_event, ///< Waits for a verified event, then does what the policy behind it says.
  give_up,     ///< Ends as `missed`: neither repeated nor looked up.
};
/// `key_helps`: the vendor surely remembers its key, and no failure is stored under it.
doubt_move move_in_doubt(providers::doubt_policy policy, bool key_helps, bool has_lookup);

/// What a person's retry makes an effect do, by where it stands.
enum class retry_move : std::uint8_t {
  nothing,        ///< Its call is out, or it is next in its queue.
  send,           ///< Nothing is in doubt: sent, the same bytes under the same key.
  end_event_wait, ///< The awaited event is waited for no longer: on by the policy behind it.
  look_up,        ///< Refused as done before, or waiting for a person: looked up.
  by_policy,      ///< `move_in_doubt`, at once.
};
struct retry_standing {
  bool is_out = false, is_queued = false, in_doubt = false;
  bool waits_for_event = false, waits_for_person = false, is_refused = false;
};
retry_move move_of_retry(const retry_standing& effect);

} // namespace orderhub::durable
