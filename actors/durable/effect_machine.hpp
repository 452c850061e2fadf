#pragma once
#include "actors/durable/execution.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/random.hpp"
#include "journal/base/time.hpp"
#include "providers/operation.hpp"
#include "providers/registry.hpp"
#include "providers/transport.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orderhub::durable {

/// What the durable core is given by its host. Outlives every object.
struct environment {
  const clock& time;
  random_source& random; ///< Retry jitter only; used from one thread at a time.
  hub_id hub{};
  const providers::registry& vendors;
  /// When this process began: before it, calls of open intents may have left.
  unix_ms started_at = 0;
  /// Waits longer than this are durable timers; shorter ones live in memory.
  std::int64_t durable_wait_ms = 3'000;
  std::size_t waiting_inputs_max = 1'000;
  std::int64_t request_retention_ms = 24LL * 3600 * 1000;
  /// Tests break this to show that the checks can fail: keys change with every send.
  bool unstable_keys_for_test = false;
};

/// What an effect wants next.
struct effect_step {
  enum class kind : std::uint8_t {
    send,     ///< Hand `request` to the vendor, after what is noted is durable.
    wait,     ///< Call `on_time` at `at`.
    complete, ///< `value` is the step's result.
    pause,    ///< Cannot go on with this configuration; `why` says it.
  };
  kind what = kind::wait;
  providers::http_request request;
  std::int64_t deadline_ms = 0;
  std::string_view call_class;
  unix_ms at = 0;
  result<std::string> value;
  std::string why;
  std::vector<journal::note_payload> notes; ///< To be journaled in the same turn.
};

/// One effect from its intent to its result: sends, classifies, waits, settles doubt by its policy.
/// A pure state machine; whoever hosts it does the calls. Doubt never leaves it.
class effect_machine {
public:
  effect_machine(effect_start start, const environment& env);

  effect_step begin();
  effect_step on_outcome(const providers::transport_outcome& outcome);
  effect_step on_time();
  /// Ends at once where surely nothing happened and it only waits; else settles first.
  effect_step on_cancel();

  [[nodiscard]] const effect_start& start() const { return start_; }
  [[nodiscard]] bool calling() const {
    return phase_ == phase::sending || phase_ == phase::looking_up;
  }
  /// Waits for a durable timer with no doubt: may be passivated.
  [[nodiscard]] bool parked() const { return phase_ == phase::waiting && durable_wait_; }
  [[nodiscard]] std::optional<unix_ms> due() const {
    return phase_ == phase::waiting ? std::optional(due_) : std::nullopt;
  }
  [[nodiscard]] bool in_doubt() const { return doubt_; }

private:
  enum class phase : std::uint8_t { idle, sending, looking_up, waiting, done };
  enum class next : std::uint8_t { send, look_up };

  effect_step send();
  effect_step look_up();
  effect_step look_up(providers::http_request request);
  effect_step wait(unix_ms at, next then);
  effect_step complete(result<std::string> value);
  effect_step retry(error why);
  effect_step settle(std::string reason, bool at_once);
  effect_step proven_absent();
  effect_step read_look_up(const providers::transport_outcome& outcome);
  effect_step answered(const providers::http_response& response);
  [[nodiscard]] providers::sent_request sent() const;
  [[nodiscard]] std::string key() const;
  [[nodiscard]] std::int64_t settle_ms() const;
  [[nodiscard]] unix_ms now() const { return env_.time.wall_ms(); }
  void note(journal::note_kind kind, unix_ms at, std::string text);

  effect_start start_;
  const environment& env_;
  phase phase_ = phase::idle;
  next next_ = next::send;
  unix_ms due_ = 0;
  bool durable_wait_ = false;
  bool wait_noted_ = false; ///< The newest note is `retry_at`.
  bool doubt_ = false;
  bool stored_ = false;          ///< The vendor keeps a failure under the key.
  std::optional<error> refusal_; ///< The newest answer: it was done before (`in_doubt_stored`).
  bool cancel_ = false;
  std::uint32_t attempt_ = 1; ///< Logical attempt.
  std::uint32_t sends_ = 0;   ///< In this process.
  int failures_ = 0;          ///< In a row.
  int look_up_failures_ = 0;
  int absent_ = 0; ///< Empty look-ups after the settle time.
  unix_ms first_sent_at_ = 0;
  unix_ms left_at_ = 0;   ///< The last byte cannot have left later than this.
  unix_ms looked_at_ = 0; ///< When the newest look-up began.
  /// Of a look-up of several pages, the one that is read now: it is read again where it fails, not
  /// the first.
  std::optional<providers::http_request> page_;
  int same_status_ = 0;
  unix_ms same_status_since_ = 0;
  std::vector<journal::note_payload> notes_;
};

/// hash(hub id, service, key, step, logical attempt): the idempotency key of a step.
std::string idempotency_key(const hub_id& hub, const object_id& object, std::string_view step,
                            std::string_view attempt);

} // namespace orderhub::durable
