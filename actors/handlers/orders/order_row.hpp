#pragma once
#include "actors/durable/wait_cause.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// A step that has not ended, in a list.
struct listed_step {
  std::string step, vendor; ///< No vendor: it waits for none.
  std::string ref;          ///< `inv_…:4`; empty: it is no step of an effect.
  durable::wait_cause cause = durable::wait_cause::hub;
  unix_ms since = 0, next_at = 0;
  std::uint32_t attempts = 0;
  std::string last; ///< What it met last; at most `listed_last_max` bytes.
  bool in_doubt = false;

  friend bool operator==(const listed_step&, const listed_step&) = default;
};
/// A step for which a person is called.
struct listed_person {
  std::string step, reason; ///< The reason has at most `listed_last_max` bytes.
  std::string acked_by{};   ///< Who has it, as the order's object says; not in a row.
  unix_ms acked_at = 0;     ///< Likewise.

  friend bool operator==(const listed_person&, const listed_person&) = default;
};
/// Somebody took over the call for a step.
struct listed_ack {
  std::string step, who;
  unix_ms at = 0;

  friend bool operator==(const listed_ack&, const listed_ack&) = default;
};
/// Of one object, and as many persons, and as many who took over, the newest.
inline constexpr std::size_t listed_steps_max = 8;
inline constexpr std::size_t listed_last_max = 120;

/// An order in a list, or what is open at one of its other objects. No personal data but the first
/// letters of its customer.
struct order_row {
  std::string status; ///< Of the order's own object, or of a fulfilment; else empty.
  bool is_open = false;
  bool is_paused = false;
  /// Not finished, and nothing of this object will wake it: stuck where no other object of it will.
  bool may_be_stuck = false;
  std::int64_t total = 0, charged = 0, refunded = 0; ///< Minor units.
  std::string currency, customer;
  /// Of a fulfilment the key of its order; empty where both have the same.
  std::string bound_to;
  std::vector<listed_person> attention;
  std::vector<listed_step> steps; ///< The longest first.
  std::vector<listed_ack> acks;   ///< Of the order's own object; each step once.

  friend bool operator==(const order_row&, const order_row&) = default;

  /// Somebody is called for that step.
  [[nodiscard]] bool is_called_for(std::string_view step) const;
  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<order_row> decode(std::string_view bytes);
};

/// What a word for waits stands for, in filters and metrics alike.
struct named_waits {
  std::span<const durable::wait_cause> causes;
  /// Also what is in doubt, whatever its look-up waits for.
  bool has_doubts = false;
};
/// By what a filter may ask for waits: a word for one cause or several. Nothing: no such word.
std::optional<named_waits> waits_named(std::string_view word);
/// Under which of these words a wait is shown where each has one: its group's, else its own.
std::string_view wait_word_of(durable::wait_cause cause);
/// All words, for whoever asks for another.
std::vector<std::string_view> wait_words();

/// What a step met last, as a filter names it: `shippo.503`, `shippo.connection`.
std::string reason_of(const listed_step& step);

} // namespace orderhub::handlers
