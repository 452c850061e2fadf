#pragma once
#include "actors/durable/call_gate.hpp"
#include "actors/durable/core_metrics.hpp"
#include "actors/durable/environment.hpp"
#include "actors/durable/execution.hpp"
#include "journal/base/ids.hpp"
#include "providers/operation.hpp"
#include "providers/policy/answer.hpp"
#include "providers/policy/vendor_clock.hpp"
#include "providers/registry.hpp"
#include "providers/transport.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace orderhub::durable {

enum class effect_step_kind : std::uint8_t {
  send,     ///< Hand `request` to the vendor, after what is noted is durable.
  wait,     ///< Call `on_time` at `due()`, if it has one, or `on_place`.
  complete, ///< `value` is the step's result.
  pause,    ///< Cannot go on with this configuration; `why` says it.
};
/// What an effect wants next.
struct effect_step {
  effect_step_kind kind = effect_step_kind::wait;
  providers::http_request request;
  std::int64_t deadline_ms = 0;
  std::string_view call_class;
  bool lookup = false;
  bool fresh = false;         ///< Repeats what was lost: wants a connection opened now.
  bool may_multiplex = false; ///< Doubt of many at once costs no more than repeats.
  bool early = false;         ///< Need not wait for the disk.
  result<std::string> value;
  std::string why;
  std::optional<journal::vendor_answer> answer = std::nullopt; ///< Of `complete`: what said it.
  std::vector<journal::note_payload> notes; ///< To be journaled in the same turn.
};

/// One effect from its intent to its result: sends, classifies, waits, resolves doubt by its
/// policy. A pure state machine; whoever hosts it does the calls. Doubt never leaves it.
///
/// Times: what is waited for is steady time (`environment::time.steady_ms`), so no step of a wall
/// clock shortens or stretches a wait; what is journaled is journal time. Where a wrong guess could
/// do something twice (absence, a key's age) the later or the older reading counts.
///
/// Bounds: an absent effect is sent again at once, then after 1 s, 5 s, 25 s … up to one round an
/// hour, and after `rounds_max` rounds a person is called. One that is refused as done before and
/// never found is looked up `rounds_max` times and then waits for a person (a compensation ends as
/// `done_before`). A look-up reads at most `pages_max` pages; of a list that is longer nothing is
/// believed, and it is asked for again after five minutes. A look-up that is refused, or whose
/// answer cannot be read, is made again after 5 s, 10 s, 20 s … up to an hour; a person is called
/// for the fifth in a row. What may be repeated and is answered by a success that cannot be read is
/// repeated eight times at most, after 1 s, 5 s, 25 s … up to an hour, and then `missed`.
class effect_machine {
public:
  static constexpr std::uint32_t rounds_max = 5;
  static constexpr int pages_max = 2'000;

  effect_machine(effect_start start, const object_id& object, const environment& env);

  effect_step begin();
  /// `reading`: what the answer says, where `reader_of` was asked and it was read elsewhere.
  effect_step on_outcome(const providers::transport_outcome& outcome,
                         const providers::answer_reading* reading = nullptr);
  /// The reader of an answer that is too long to be read here; none: `on_outcome` does it.
  std::optional<providers::answer_reader> reader_of(const providers::transport_outcome& outcome);
  effect_step on_time();
  /// There may be a place now: asks again.
  effect_step on_place();
  /// Ends at once where nothing is to be resolved: nothing happened, or nothing that counts can
  /// have happened. Else resolves first.
  effect_step on_cancel();
  effect_step on_evidence(const step_evidence& evidence);
  /// A person's `retry`, `happened` or `not_happened`; and `not_happened_unverified`, by which a
  /// doubt ends as if it were proven. `force_probe`: where its vendor is held, but not by a person,
  /// the retry leaves as the probe. (`happened_unverified` is evidence.)
  effect_step on_operator(journal::operator_verb verb, bool force_probe = false);
  /// While held nothing is sent; look-ups go on, and so does what a cancel waits for: a doubt that
  /// only the same key settles. Ending it sends what waited.
  effect_step hold(bool held);
  /// Its invocation is paused: what it waits for is journaled, and its place in a queue given up,
  /// so that it can be dropped and recovered later. One whose call is out stays as it is.
  effect_step park();

  [[nodiscard]] const effect_start& start() const { return start_; }
  [[nodiscard]] bool calling() const {
    return std::holds_alternative<sending>(phase_) || std::holds_alternative<looking_up>(phase_);
  }
  /// Nothing of it is in this process but what the journal says: may be passivated. One that waits
  /// for a place and has a deadline is not, nor one whose look-up has begun, unless its vendor is
  /// held: it would begin anew, and of many that wait none would come to an end.
  [[nodiscard]] bool parked() const;
  /// Steady time.
  [[nodiscard]] std::optional<std::int64_t> due() const;
  [[nodiscard]] bool in_doubt() const { return doubt_; }
  /// It has asked for a place, and waits for it.
  [[nodiscard]] bool queued() const { return std::holds_alternative<waiting_for_place>(phase_); }
  [[nodiscard]] place_request place(bool lookup) const;

private:
  /// A list window begins so much before the call can have been recorded at the vendor.
  static constexpr std::int64_t window_margin_ms = 60'000;
  static constexpr int running_shift_max = 8;

  using finding = providers::lookup_finding;
  /// A look-up from its first page to its last.
  struct lookup_run {
    std::int64_t began_at = 0;                   ///< Steady.
    unix_ms window_begin = 0;                    ///< As it was then, by the vendor's clock.
    int pages = 0;                               ///< Asked for so far.
    std::optional<providers::http_request> page; ///< The one that is read now; none: the first.
    finding strongest;                           ///< Of all pages read so far.
  };

  enum class next : std::uint8_t { send, lookup, after_event };
  struct idle {};
  struct sending {};
  struct looking_up {};
  struct waiting {
    std::int64_t due = 0; ///< Steady.
    next then = next::send;
    bool durable = false;
  };
  struct waiting_for_place {
    next then = next::send;
  };
  struct waiting_for_person {};
  struct done {};
  using phase =
      std::variant<idle, sending, looking_up, waiting, waiting_for_place, waiting_for_person, done>;

  effect_step recover();
  effect_step send();
  effect_step lookup();
  effect_step lookup_for_good();
  effect_step lookup_from_first_page();
  effect_step lookup_page();
  effect_step go(next what);
  effect_step give_way(std::string why);
  effect_step wait_for_place(next then, const place_answer& why);
  effect_step wait(std::int64_t for_ms, next then, std::string reason);
  void note_wait(std::int64_t for_ms, next then, std::string reason);
  effect_step wait_durably(std::int64_t for_ms, next then, std::string reason);
  effect_step wait_until(std::int64_t due, next then);
  effect_step wait_for_person();
  effect_step stay();
  effect_step complete(result<std::string> value);
  effect_step missed(std::string why);
  /// It is in doubt, from then on.
  void doubts(unix_ms since);
  /// And is not any more; nothing where it was not.
  void doubt_ends(doubt_end how);
  /// How a cancel ends it where nothing is out and nothing is to be resolved.
  std::optional<effect_step> ended_by_cancel();
  effect_step cancelled_without_effect();
  void leave_queue();
  /// No byte of it leaves after now.
  void left_now();
  effect_step retry(error why, bool held_back);
  effect_step misconfigured(const error& why, next then);
  effect_step resolve(const error& why, bool at_once);
  effect_step repeat_unread(const error& why, std::int64_t delay);
  effect_step look_again(const error& why);
  effect_step lookup_refused(const error& why);
  effect_step proven_absent(std::string why);
  effect_step disbelieved();
  effect_step refused_and_not_found(std::string evidence);
  void note_clock(const providers::transport_outcome& outcome);
  effect_step answered(const providers::transport_outcome& outcome,
                       const providers::answer_reading* reading);
  [[nodiscard]] static journal::vendor_answer trace_of(const providers::transport_outcome& outcome);
  /// What ended nothing: it goes with the next notes, since none of it is worth a commit of its
  /// own. The newest one is kept.
  void note_answer(const providers::transport_outcome& outcome, std::string_view kind,
                   const error& why);
  [[nodiscard]] std::vector<journal::note_payload> take_notes(bool is_end = false);
  effect_step read_page(const providers::transport_outcome& outcome,
                        const providers::answer_reading* reading);
  effect_step conclude(finding strongest);
  void call_a_person(std::string why, unix_ms goes_on_at);
  /// The board learns that it waits, and for what; and that it does not.
  void tell_board(std::string_view reason);
  void tell_board(wait_cause cause, std::string_view reason);
  void leave_board();
  void leave_queue_on_board();
  bool learn(vendor_finding what, const error& why) const;
  void learn_unanswered(const providers::transport_outcome& outcome) const;
  [[nodiscard]] std::optional<std::int64_t> gives_up_at() const;
  /// What its look-up has learned so far is in no journal.
  [[nodiscard]] bool lookup_goes_on() const { return absent_ > 0 || run_.page.has_value(); }
  [[nodiscard]] bool key_alive() const;
  [[nodiscard]] bool key_not_sure() const;
  /// The bytes of the key's generation now.
  [[nodiscard]] providers::http_request request() const;
  /// For a look-up.
  [[nodiscard]] providers::sent_request sent() const;
  [[nodiscard]] std::string key() const;
  [[nodiscard]] std::int64_t behind_ms() const;
  [[nodiscard]] unix_ms window_begin() const;
  [[nodiscard]] unix_ms window_end() const;
  [[nodiscard]] std::int64_t steady() const { return env_.time.steady_ms(); }
  [[nodiscard]] unix_ms now() const { return env_.time.now(); }
  /// When in this run a record of that time was made; its begin for older ones.
  [[nodiscard]] std::int64_t steady_of(unix_ms recorded) const;
  [[nodiscard]] std::int64_t event_wait_ms() const;
  [[nodiscard]] providers::doubt_policy policy() const;
  void note(journal::note_kind kind, unix_ms at, std::string text);

  effect_start start_;
  object_id object_;
  const environment& env_;
  phase phase_ = idle{};

  // What is known of what is out there.
  bool doubt_ = false;
  unix_ms doubt_since_ = 0;      ///< 0: none is to be counted.
  bool asked_by_person_ = false; ///< The look-up that is to resolve it.
  bool stored_ = false;  ///< The vendor keeps a failure under the key: only a look-up resolves.
  bool refused_ = false; ///< A refusal proved an earlier effect.
  bool lost_ = false;    ///< An answer was lost once: repeats take a connection of their own.
  bool unread_ = false;  ///< The last answer may be its success, and cannot be read.
  bool event_waited_ = false; ///< The policy behind `await_event` is on.
  bool cancel_ = false;
  [[nodiscard]] bool is_held() const { return held_ && !(cancel_ && doubt_); }
  bool held_ = false;
  std::optional<std::string> evidence_; ///< A verified event says it happened: its value.
  std::optional<std::string> person_;
  std::optional<wait_cause> on_board_; ///< As the board has it.
  std::uint32_t generation_ = 1;       ///< Of the key.
  std::uint32_t sends_ = 0;            ///< As far as the journal knows.
  /// In a row: absent and sent again, refused and not found, or answered by an unread success.
  std::uint32_t rounds_ = 0;
  int failures_ = 0; ///< In a row.
  int lookup_failures_ = 0;
  int running_ = 0; ///< Look-ups in a row that found it running.
  int same_status_ = 0;
  unix_ms same_status_since_ = 0;
  unix_ms first_sent_at_ = 0;   ///< Of this generation.
  unix_ms since_ = 0;           ///< Before which none of ours can have been sent.
  std::int64_t granted_at_ = 0; ///< Steady: when the call that is out got its place.
  std::int64_t left_at_ = 0;    ///< Steady: the last byte cannot have left later than this.
  unix_ms left_recorded_ = 0;   ///< The same in journal time; 0: none can have left.

  lookup_run run_; ///< Under way, or waiting to go on with its page.
  int absent_ = 0; ///< Look-ups in a row that found nothing and left after the absence time.

  // What the journal says last of where it stands.
  std::optional<journal::note_kind> position_;
  std::string position_text_;
  std::vector<journal::note_payload> notes_;
  std::optional<journal::note_payload> answer_note_; ///< Not recorded yet.
  bool forces_probe_ = false;                        ///< What asks for a place now.
};

} // namespace orderhub::durable
