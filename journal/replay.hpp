#pragma once
#include "journal/object_state.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::journal {

/// Walks an invocation's recorded journal beside the running handler, in strict log order. No I/O,
/// no clock, no coroutine: it only says what was recorded next.
///
/// The handler runs until it waits; then the next notification is delivered; and so on. A live run
/// appended its records in just that order, so any other order means other code.
class replay_cursor {
public:
  /// The entries must stay where they are until `live()`; appended ones behind them do not matter.
  explicit replay_cursor(std::size_t recorded) : recorded_(recorded) {}

  [[nodiscard]] bool live() const { return at_ == recorded_; }

  /// What is recorded next is no command.
  [[nodiscard]] bool at_notification(const std::vector<entry>& entries) const {
    return !live() && !is_command(entries[at_].kind);
  }

  /// The handler causes command `index` of `kind` named `name` (empty: kind has no name). Null:
  /// live, to be recorded now. Else the recorded entry. Fails with `diverged`, naming the index,
  /// what was recorded and what was asked.
  result<const entry*> command(const std::vector<entry>& entries, record_kind kind,
                               std::uint32_t index, std::string_view name);

  /// The handler waits (or has ended): the next recorded notification or note, or null where all
  /// were delivered. Fails with `diverged` where the journal holds a command that it did not cause.
  result<const entry*> notification(const std::vector<entry>& entries);

private:
  std::size_t recorded_ = 0;
  std::size_t at_ = 0;
};

/// Name of a kind for people: `effect`.
std::string_view name_of(record_kind kind);

/// The step or entry name within a command's payload; empty where its kind has none.
std::string command_name(record_kind kind, std::string_view payload);

} // namespace orderhub::journal
