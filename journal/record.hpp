#pragma once
#include "journal/base/hash.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::journal {

/// What a record is. The numbers are on disk: appended, never reused.
enum class record_kind : std::uint8_t {
  // Commands: what the handler caused, `index` is their place in the handler (input is 0).
  input = 1,
  get = 2,
  set = 3,
  clear = 4,
  merge = 5,
  run = 6,
  effect = 7,
  sleep = 8,
  awakeable = 9,
  call = 10,
  send = 11,
  output = 12,
  cancel_invocation = 13,
  await_event = 14,
  // Notifications: what answers a command or arrives on its own. `index` is the completion id.
  completion = 32,
  cancel = 33,
  // Something from outside has arrived: merged into the object's state at once, beside whatever
  // runs. `invocation` is the one that brought it.
  event = 34,
  // Notes: what was decided about an open effect, `index` is the effect's command index.
  effect_note = 48,
  // The invocation cannot go on with this program; `payload` is the text that says why. Empty: it
  // goes on again.
  paused = 49,
  // A person acted on the object: `invocation` is the one it is about, zeros where it is about all.
  operator_action = 50,
};

constexpr bool is_command(record_kind k) {
  return static_cast<std::uint8_t>(k) < 32;
}

/// One line of the log. Bytes (version 1, integers big-endian):
///   u8 version | u8 kind | u64 time (Unix ms) | str8 service | str8 key | 22 B invocation |
///   u32 index | str32 payload | u32 crc of all before it
struct record {
  record_kind kind{};
  unix_ms time = 0;
  object_id object;
  invocation_id invocation;
  std::uint32_t index = 0;
  std::string payload; ///< At most `payload_size_max` bytes; its form depends on the kind.

  friend bool operator==(const record&, const record&) = default;
};

constexpr std::uint8_t record_version = 1;
constexpr std::size_t payload_size_max = 16U << 20U;

std::string encode(const record& r);
/// Fails with `corrupt` on a bad checksum, an unknown version or kind, or a size past the end.
result<record> decode_record(std::string_view bytes);
/// Size of the record that `bytes` begins with; nothing where it is cut short. Looks at its sizes
/// only: damage inside is found by `decode_record`.
std::optional<std::size_t> record_size(std::string_view bytes);

// ── Payloads ─────────────────────────────────────────────────────────────────────────────────

/// Who waits for an invocation's result.
struct caller_ref {
  object_id object;
  invocation_id invocation;
  std::uint32_t completion = 0; ///< Completion id at the caller.

  friend bool operator==(const caller_ref&, const caller_ref&) = default;
};

/// An `idempotency-key` request: the hash of its scope and of what was asked.
struct request_key {
  digest scope{}; ///< SHA-256 of service, key, handler and header value.
  digest body{};  ///< SHA-256 of handler and raw body.
  unix_ms expires_at = 0;

  friend bool operator==(const request_key&, const request_key&) = default;
};

/// Longest chain of calls that wait for each other.
constexpr std::size_t call_chain_max = 32;

/// What an invocation starts with.
struct input_payload {
  std::string handler;  ///< 1 to 64 bytes.
  std::string revision; ///< Of the handler's code, at most 64 bytes; a mismatch is found on replay.
  bool shared = false;  ///< Runs beside the exclusive ones.
  unix_ms due_at = 0;   ///< A delayed send starts then; 0: at once.
  std::string body;
  std::optional<request_key> key;
  std::optional<caller_ref> caller;
  /// Of a call: objects whose exclusive invocations wait for it, outermost first. A call back to
  /// one of them would never end.
  std::vector<object_id> call_chain = {};
  /// The object is worth nothing once its invocations are forgotten: then it goes with the last.
  bool ephemeral = false;
  /// It is a cancel, or one has called it and waits for it: an operator's pause does not hold it.
  bool passes_pause = false;

  friend bool operator==(const input_payload&, const input_payload&) = default;
};
std::string encode(const input_payload& p);
result<input_payload> decode_input(std::string_view bytes);

/// `call` and `send`: the very record is the target's input.
struct call_payload {
  object_id target;
  invocation_id invocation;     ///< The child's id.
  std::uint32_t completion = 0; ///< Completion id of the result; 0 for `send`.
  input_payload input;

  friend bool operator==(const call_payload&, const call_payload&) = default;
};
std::string encode(const call_payload& p);
result<call_payload> decode_call(std::string_view bytes);

/// `get`, `set`, `merge`, `clear`: a state entry; `value` absent for `clear` and a `get` that found
/// nothing.
struct state_payload {
  std::string name; ///< 1 to 64 bytes.
  std::optional<std::string> value;

  friend bool operator==(const state_payload&, const state_payload&) = default;
};
std::string encode(const state_payload& p);
result<state_payload> decode_state(std::string_view bytes);

/// What a vendor answered to a call, as far as it is kept: never a customer's data or a secret.
struct vendor_answer {
  std::uint16_t status = 0; ///< HTTP.
  std::uint32_t took_ms = 0;
  std::uint32_t body_size = 0;
  std::string request_id; ///< The vendor's own, at most 64 bytes; empty where it gave none.
  std::string body_hash;  ///< The first `answer_hash_size` bytes of the body's SHA-256.

  friend bool operator==(const vendor_answer&, const vendor_answer&) = default;
};
constexpr std::size_t answer_hash_size = 16;

/// What stands for a value that was erased.
inline constexpr std::string_view erased_value = R"({"erased":true})";

/// A result as it ends a step or an invocation.
std::string encode(const result<std::string>& r);
/// The same, and the answer that it was read from: of a completion.
std::string encode(const result<std::string>& r, const vendor_answer& answer);
/// The outer failure is `corrupt`; the inner result is what was stored. An answer behind it is
/// passed over.
result<result<std::string>> decode_result(std::string_view bytes);
/// The answer behind a result; nothing where it has none. Fails with `corrupt`.
result<std::optional<vendor_answer>> decode_answer(std::string_view result_bytes);

/// `run`: name and result of local work. Decoding fails with `corrupt`.
struct run_payload {
  std::string name;
  std::string encoded_result;
};
std::string encode(const run_payload& p);
result<run_payload> decode_run(std::string_view bytes);

/// `effect`: the intent, durable before the first byte leaves.
struct effect_payload {
  std::string name;    ///< Step name, 1 to 64 bytes.
  std::string attempt; ///< The handler's own attempt, as in the request's metadata.
  std::uint32_t completion = 0;
  std::string operation;   ///< `stripe.charge`
  std::string vendor;      ///< `stripe`
  std::string target;      ///< The endpoint's fingerprint: base URL and mode.
  std::string key;         ///< Idempotency key of the first logical attempt; empty where none.
  std::uint8_t policy = 0; ///< `doubt_policy`
  std::int64_t deadline_ms = 0;
  std::string method; ///< The request; empty for `may_repeat`, whose bytes are not needed.
  std::string path;
  std::string headers; ///< `name: value\n` lines.
  std::string body;
  // Policy and times as they were configured when it began: a recovered effect keeps them.
  std::int64_t absence_after_ms = 0;
  std::int64_t key_life_ms = 0;
  std::int64_t event_wait_ms = 0;
  std::uint8_t after_event = 0; ///< `doubt_policy` behind `await_event`.

  friend bool operator==(const effect_payload&, const effect_payload&) = default;
};
std::string encode(const effect_payload& p);
result<effect_payload> decode_effect(std::string_view bytes);

/// `effect_note`: what was decided about an open effect, and on what evidence.
enum class note_kind : std::uint8_t {
  retry_at = 1,         ///< Nothing is out; it is sent again at `at`. A durable timer.
  doubt = 2,            ///< The call may have taken effect.
  lookup_found = 3,     ///< Found, or found refused; `text` is the evidence.
  lookup_absent = 4,    ///< Proven not to have happened.
  new_key = 5,          ///< After that: the next generation `attempt`, under a new key.
  resend = 6,           ///< Sent again: it may be out from here on.
  waiting = 7,          ///< Nothing is out; it waits for a place or a setting, `text` says which.
  answered = 8,         ///< What a vendor answered that ended nothing: `text` is an `answer_note`.
  lookup_at = 9,        ///< In doubt, nothing is out; looked up at `at`. A durable timer.
  needs_person = 10,    ///< A person is called; `at` 0: and it waits for one, else it goes on then.
  evidence = 11,        ///< A verified event says that it happened; `text` is the step's value.
  event_wait = 12,      ///< In doubt; evidence is waited for until `at`. A durable timer.
  done_before = 13,     ///< A refusal, or an operator, says that it was done before.
  not_done_before = 14, ///< An operator says that it was not.
  believed = 15,        ///< As `evidence`, but an operator's word, which nobody checked.
};
std::string_view name_of(note_kind kind);

/// Where an open effect stands, as opposed to what is known of it: only the newest such note
/// counts. (What folding keeps of notes: `supersedes`.)
constexpr bool is_position(note_kind k) {
  return k == note_kind::retry_at || k == note_kind::resend || k == note_kind::waiting ||
         k == note_kind::lookup_at || k == note_kind::event_wait;
}

/// The rest of what such a note holds counts. Of the others it is their text alone.
constexpr bool says_where_it_stands(note_kind k) {
  return k != note_kind::evidence && k != note_kind::believed && k != note_kind::answered;
}

/// Folding keeps an older note of the same effect no longer once the newer one is there: so a long
/// outage leaves no long journal, at most one note of each kind. `refused`: the effect is refused
/// as done before; what is not found then ends no doubt.
constexpr bool supersedes(note_kind newer, note_kind older, bool refused) {
  if (newer == older)
    return true;
  // That evidence was waited for is remembered until the end: it is done once.
  if (is_position(newer) && is_position(older))
    return older != note_kind::event_wait;
  return newer == note_kind::lookup_absent && !refused &&
         (older == note_kind::doubt || older == note_kind::new_key);
}

struct note_payload {
  note_kind kind{};
  std::uint32_t attempt = 1; ///< Key generation this speaks of, from 1.
  unix_ms at = 0;
  std::string text;        ///< Reason or evidence; at most 64 KiB.
  std::uint32_t sends = 0; ///< How often the call has left so far, as far as the journal knows.
  // What an activation hands to the next one; counts where the note `says_where_it_stands`.
  unix_ms left_at = 0;      ///< The last byte had left by then; 0: not known, or none has.
  std::uint32_t rounds = 0; ///< In a row: absent and sent again, or refused and not found.
  /// Failures in a row of what a timer stands before; of a look-up those from the 11th on are
  /// refusals.
  std::uint32_t tries = 0;
  std::uint16_t status = 0; ///< The server error that stands since `status_since`; 0: none.
  unix_ms status_since = 0;
  bool lookup_only = false; ///< Its key does not help any more.

  friend bool operator==(const note_payload&, const note_payload&) = default;
};
std::string encode(const note_payload& p);
result<note_payload> decode_note(std::string_view bytes);

/// The text of an `answered` note.
struct answer_note {
  vendor_answer answer;
  bool is_lookup = false;
  std::string kind;    ///< What it was taken for: `unavailable`, `in_doubt`; at most 32 bytes.
  std::string rule;    ///< By what: `stripe.charge 429`; at most 128 bytes.
  std::string excerpt; ///< Of its body, redacted: at most `answer_excerpt_max` bytes.

  friend bool operator==(const answer_note&, const answer_note&) = default;
};
constexpr std::size_t answer_excerpt_max = 512;
std::string encode(const answer_note& n);
result<answer_note> decode_answer_note(std::string_view bytes);

/// A note and when it was recorded.
struct recorded_note {
  note_payload note;
  unix_ms at = 0;
};

/// `sleep`: completion id and due time. `awakeable`, `await_event`: completion id only (`due_at`
/// 0).
struct wait_payload {
  std::uint32_t completion = 0;
  unix_ms due_at = 0;

  friend bool operator==(const wait_payload&, const wait_payload&) = default;
};
std::string encode(const wait_payload& p);
result<wait_payload> decode_wait(std::string_view bytes);

/// `output` carries the caller, so that one record reaches both: result and who waits.
struct output_payload {
  std::string encoded_result;
  std::optional<caller_ref> caller;

  friend bool operator==(const output_payload&, const output_payload&) = default;
};
std::string encode(const output_payload& p);
result<output_payload> decode_output(std::string_view bytes);

/// `cancel_invocation`: another invocation is to be cancelled.
struct cancel_payload {
  object_id target;
  invocation_id invocation;
};
std::string encode(const cancel_payload& p);
result<cancel_payload> decode_cancel(std::string_view bytes);

/// `event`: what it is called and the state entries as they are after it. The event itself is the
/// body of the invocation's input.
struct event_payload {
  std::string name; ///< 1 to 64 bytes: `payment_disputed`.
  std::vector<state_payload> values;

  friend bool operator==(const event_payload&, const event_payload&) = default;
};
std::string encode(const event_payload& p);
result<event_payload> decode_event(std::string_view bytes);

/// What a person may do to an object. The numbers are on disk.
enum class operator_verb : std::uint8_t {
  retry = 1,    ///< The step's own next move, now; a paused invocation is tried again.
  pause = 2,    ///< Nothing more is begun or sent; look-ups go on.
  resume = 3,   ///< Ends a pause.
  happened = 4, ///< The step in doubt took effect; looked up at the vendor before it is believed.
  not_happened = 5,        ///< It did not; looked up likewise.
  cancel = 6,              ///< The order is cancelled, by the invocation that the record is about.
  ack = 7,                 ///< Somebody has seen that the step wants a person.
  note = 8,                ///< Changes nothing: what was refused, or is about the hub as a whole.
  happened_unverified = 9, ///< As `happened`, believed without reading at the vendor.
  not_happened_unverified = 10, ///< As `not_happened`, likewise.
  /// The object's finished invocations lose what they hold of the customer; what replaces the
  /// state's values follows in the same turn.
  erase = 11,
  /// All that is kept of the object goes. `wanted` is `tombstone`: but for that its key was used,
  /// and this record; else nothing stays.
  purge = 12,
};
std::string_view name_of(operator_verb verb);

/// `operator`: who did what, and why. No personal data but the operator's own name.
struct operator_payload {
  operator_verb verb{};
  std::string
      step; ///< Of `happened`, `not_happened` and `ack`, and of a `retry` of one; else empty.
  std::string who;       ///< 1 to 100 bytes.
  std::string via;       ///< `token`, `loopback`, `slack`.
  std::string reason;    ///< At most 2,000 bytes.
  std::string evidence;  ///< A vendor's id; at most 200 bytes.
  std::string role{};    ///< `operate`; empty: not known. At most 20 bytes.
  std::string id{};      ///< The same for an action and its repeat; at most 40 bytes, may be empty.
  std::string request{}; ///< The HTTP request's id; at most 64 bytes.
  std::string
      on_behalf{}; ///< The token's name, where `who` is whom it spoke for; at most 100 bytes.
  /// Of `note`: the action; of `pause`: `until=` and the Unix time in ms at which it ends, or
  /// nothing; of `retry`: `force_probe`; of `purge`: `tombstone`. At most 64 bytes.
  std::string wanted{};
  /// Of `note`: what it was about. An action that has a record on each of several objects of an
  /// order is one row of the audit, that of the record in which this is empty; the others have the
  /// order's key. At most 255 bytes.
  std::string target{};
  std::string outcome{}; ///< Of `note`: what became of it; at most 64 bytes.
  /// Of `happened_unverified`: the step's encoded value. Of `erase` and `purge`: the 22 B ids of
  /// finished invocations that no index knows to be the object's. Of a vendor's switch: how it
  /// stood before and after. At most 2,200 bytes.
  std::string value{};

  friend bool operator==(const operator_payload&, const operator_payload&) = default;
};
std::string encode(const operator_payload& p);
result<operator_payload> decode_operator(std::string_view bytes);

} // namespace orderhub::journal
