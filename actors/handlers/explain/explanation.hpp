#pragma once
#include "actors/durable/effect_standing.hpp"
#include "actors/handlers/explain/sentences.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What is said of an order, as plain values: whoever shows it decides only on its form.
namespace orderhub::handlers {

/// Something that was recorded of a step.
struct step_moment {
  unix_ms at = 0;
  said what;
};

/// One call of a step, as far as the journal keeps it: the newest that ended nothing, and the one
/// that ended it.
struct step_attempt {
  std::uint32_t number = 0; ///< Of the sends, from 1; 0 of a look-up.
  std::string_view kind;    ///< `send`, `look_up`.
  unix_ms at = 0;           ///< When its answer was recorded.
  std::int64_t took_ms = 0;
  std::uint16_t http = 0; ///< 0: no answer came.
  std::string vendor_request_id;
  std::string error;     ///< Why it was no success; empty of what says something.
  std::string taken_for; ///< `value`, `unavailable`, `in_doubt`, `absent`, …
  std::string rule;      ///< By what it was taken for that; empty of a value.
  std::size_t body_bytes = 0;
  std::string body_sha256; ///< Its first 16 bytes; empty where no answer came.
  std::string excerpt;     ///< Redacted; of what was no success.
};

/// Something that says whether a step in doubt happened.
struct doubt_evidence {
  unix_ms at = 0;
  std::string_view kind;     ///< `look_up`, `event`, `person`, `refusal`.
  std::optional<bool> found; ///< It happened, or it did not; nothing: that was no answer.
  bool counts = false;       ///< It weighs.
  std::string because;       ///< Why it counts, or why it does not.
};

/// How a doubt ended.
struct doubt_decision {
  unix_ms at = 0;
  std::string_view what; ///< As `durable::name_of(doubt_end)`.
  std::string_view rule; ///< The policy by which.
};

/// That it was not known whether a step happened, and what became of that.
struct explained_doubt {
  unix_ms since = 0;         ///< 0: it is over, and its begin is kept no longer.
  std::string reason;        ///< Likewise empty.
  unix_ms absence_until = 0; ///< Until then nothing that is not found counts; 0: no such time.
  std::vector<doubt_evidence> evidence; ///< As far as the journal keeps it; oldest first.
  std::optional<doubt_decision> decision;
};

/// What would leave if a person pressed Retry now.
struct retry_prediction {
  durable::retry_move move = durable::retry_move::nothing;
  /// What is done in doubt, where that decides.
  std::optional<durable::doubt_move> by_policy;
  std::string call; ///< `GET /transactions`; empty: nothing leaves.
  std::string key;  ///< That it carries; empty: none.
  /// Whether that is the key of the call before, and its bytes are the same; nothing where no such
  /// call would leave, or its bytes are not kept.
  std::optional<bool> same_key, same_bytes;
  bool safe = true;                      ///< It can do nothing a second time.
  std::vector<std::string> side_effects; ///< What may then have happened twice; empty: nothing.
  unix_ms not_before = 0;  ///< Its vendor is held: it leaves then at the earliest; 0: not known.
  unix_ms counts_from = 0; ///< Before that an empty look-up proves nothing; 0: at any time.
  std::vector<said> because;
};

/// One step that acts outside.
struct explained_step {
  std::string ref; ///< `inv_…:4`
  std::string object;
  std::string name, vendor, operation;
  /// `done`, `refused`, `given_up`, `missed`, `cancelled`, `out`, `waiting`, `in_doubt`, `person`,
  /// `paused`.
  std::string_view state;
  std::string_view policy; ///< The one that counts now.
  std::string key;         ///< Of the generation now; empty: none.
  unix_ms key_good_until = 0;
  std::string target; ///< Base and mode.
  std::string call;
  std::size_t request_bytes = 0;
  std::string request_sha256; ///< Of its body; empty where that is not kept.
  unix_ms intent_at = 0;
  unix_ms ended_at = 0;    ///< 0: it has not ended.
  bool is_held = false;    ///< An operator has paused its object.
  std::uint32_t sends = 0; ///< As far as the journal knows.
  unix_ms next_at = 0;     ///< When it goes on by itself; 0: at no time that is known.
  /// What it does then: `send`, `look_up`, or `event`: its wait for one ends.
  std::string_view next;
  unix_ms counts_from = 0;                    ///< In doubt: from then on an empty look-up counts.
  std::vector<step_attempt> attempts;         ///< Oldest first.
  std::optional<explained_doubt> doubt;       ///< Of what was in doubt, as far as that is kept.
  std::vector<step_moment> moments;           ///< Oldest first; the last one says how it stands.
  std::optional<retry_prediction> if_retried; ///< Of what has not ended.
};

/// One invocation of the order's objects.
struct explained_call {
  invocation_id id;
  std::string object, handler;
  std::string_view state; ///< `running`, `waiting`, `paused`, `ended`, `failed`.
  unix_ms accepted_at = 0, ended_at = 0;
  said what;
};

/// What it waits for.
struct explained_wait {
  std::string_view what; ///< `durable::name_of(wait_cause)`
  std::string step, vendor;
  unix_ms since = 0;
  unix_ms until = 0; ///< When it goes on by itself; 0: at no time that is known.
  /// Who or what ends it: `timer`, `answer`, `queue`, `turn`, `hub`, `event`,
  /// `customer`, `person`.
  std::string_view waker;
  std::uint32_t attempts = 0;
  std::string last; ///< What it met last.
  std::vector<said> why;
};

/// What comes by itself.
struct explained_next {
  unix_ms at = 0;
  /// `send`, `look_up`, `event`: its wait for one ends; `go_on`: of what is no step of an effect.
  std::string_view what;
  std::string step, ref, vendor, call; ///< `call`: of what sends; empty: nothing leaves then.
};

/// A verified event that came for it.
struct explained_webhook {
  unix_ms at = 0;         ///< When it was received.
  std::string id, vendor; ///< `stripe:evt_1`, as `/admin/webhooks` has it.
  std::string type;
  std::string_view verdict;         ///< `name_of(event_verdict)`
  std::vector<std::string> changed; ///< In words; empty: nothing.
  std::string note;                 ///< Why it changed nothing; may be empty.
  said what;
};

struct explained_money {
  std::string currency; ///< Lower case; empty where nothing is known.
  std::int64_t total = 0, charged = 0, refunded = 0, pending = 0; ///< Minor units.
  /// A part was given back that is on no record here: `refunded` is the least.
  bool is_refunded_more = false;
  std::vector<std::string> ids; ///< `pi_…`, `ch_…`, `re_…`
};

struct explained_attention {
  std::string step, reason;
  said what;
  std::string acked_by{}; ///< Who has it; empty: nobody.
  unix_ms acked_at = 0;
};

struct explained_person {
  unix_ms at = 0;
  std::string who, role, via, action, reason; ///< `role` may be empty.
  said what;
};

struct explanation {
  std::string order;
  unix_ms at = 0;
  log_sequence version = 0; ///< Of the newest record of its objects.
  std::string status;       ///< As GetOrder has it; `unknown` where its facts are not readable.
  /// `running`, `waiting`, `paused`, `stuck`, `done`, `unreadable`.
  std::string_view state;
  unix_ms created_at = 0, updated_at = 0; ///< 0: not known.
  std::vector<said> summary;
  explained_money money;
  std::string label_id, tracking_number;
  std::vector<explained_wait> waits_for;
  std::vector<explained_next> next;  ///< By when.
  std::vector<explained_step> steps; ///< By their intents.
  std::vector<explained_call> calls; ///< By when they were accepted.
  std::vector<explained_attention> attention;
  std::vector<explained_webhook> webhooks; ///< Oldest first; the newest `webhooks_max`.
  std::vector<explained_person> people;    ///< Oldest first.
  std::vector<said> gaps;
  std::vector<std::string> in_doubt; ///< Steps.
  std::string curl, cli;             ///< Lines of a shell that show the same again.
};

} // namespace orderhub::handlers
