#pragma once
#include "journal/base/result.hpp"
#include "journal/damage.hpp"
#include "journal/journal_options.hpp"
#include "journal/set_aside.hpp"
#include "journal/store.hpp"

#include <cstdint>
#include <string>

namespace orderhub::journal {

/// Makes the indexes (`tm`, and the active objects in `ix`) again from the objects, once a reader
/// has met a row of theirs that it cannot read. Which object such a row spoke of cannot be read off
/// it, but every object knows its timer and whether it is to be resumed. First what is missing is
/// put, and only then are the damaged rows moved to `sa`: until they are gone, readers that meet
/// them ask the objects. In slices with a transaction of their own, while nothing waits to be
/// folded. The writer's thread alone.
class index_repair {
public:
  /// None of these is owned; all outlive it.
  index_repair(store& tables, const journal_options& options, aside_objects& aside,
               index_damage& damage)
      : tables_(tables), options_(options), aside_(aside), damage_(damage) {}

  [[nodiscard]] bool waits() const { return step_ != step::none || damage_.noted(); }
  /// The next slice; failed, it can be repeated.
  [[nodiscard]] result<void> slice();

private:
  enum class step : std::uint8_t { none, objects, timers, active };
  [[nodiscard]] result<void> put_missing();
  [[nodiscard]] result<void> move_damaged();

  store& tables_;
  const journal_options& options_;
  aside_objects& aside_;
  index_damage& damage_;
  step step_ = step::none;
  std::string from_; ///< Where in the step's table it goes on.
};

} // namespace orderhub::journal
