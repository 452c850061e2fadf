#pragma once
// A step as it stands in the journal, and what follows from that. Internal to this folder.
#include "actors/durable/effect_standing.hpp"
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/explain/sentences.hpp"
#include "actors/handlers/explain/step_words.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/object_state.hpp"
#include "journal/record.hpp"
#include "providers/policy/doubt.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// What the journal has of it.
struct recorded_step {
  std::uint32_t index = 0;
  unix_ms at = 0;
  journal::effect_payload intent;
  std::vector<journal::recorded_note> notes;
  std::optional<result<std::string>> ended;
  unix_ms ended_at = 0;
  std::optional<journal::vendor_answer> answer = std::nullopt; ///< That ended it.
};

/// Of one invocation, by their intents. What cannot be read is left out.
std::vector<recorded_step> recorded_steps(const journal::invocation_state& invocation);

/// Refers to what it is given.
class step_stand {
public:
  step_stand(const recorded_step& step, const explain_now& now);

  [[nodiscard]] const durable::effect_standing& stands() const { return stands_; }
  /// Of the generation now; empty where it has none.
  [[nodiscard]] std::string key() const;
  /// How long its vendor surely remembers it; 0: it has no such time.
  [[nodiscard]] unix_ms key_good_until() const;
  /// The one that counts now.
  [[nodiscard]] providers::doubt_policy policy() const;
  [[nodiscard]] bool is_in_doubt() const;
  [[nodiscard]] std::string call() const;
  /// From then on an empty look-up counts; 0: not known, or of no use.
  [[nodiscard]] unix_ms counts_from() const;
  /// When it goes on by itself, and what it does then: `send`, `look_up`, or `event`: its wait for
  /// one ends. 0 and empty: at no time that is known.
  [[nodiscard]] unix_ms next_at() const;
  [[nodiscard]] std::string_view next() const;

protected:
  [[nodiscard]] std::string moment(unix_ms at) const { return moment_text(at, now_.at); }

  const recorded_step& step_;
  const explain_now& now_;
  const step_words words_;
  const std::string vendor_; ///< As people call it.
  const durable::effect_standing stands_;
};

/// What a retry would do, of a step that has not ended and is not paused with its invocation.
/// `is_held`: its object is paused. `person_acted_at`: when a person last asked for a next move.
retry_prediction retried(const recorded_step& step, const explain_now& now, bool is_held,
                         unix_ms person_acted_at);

/// That it was in doubt, and what became of that; nothing where the journal has no word of it, or
/// nothing of it counts.
std::optional<explained_doubt> doubt_of(const recorded_step& step, const explain_now& now);

} // namespace orderhub::handlers
