#pragma once
#include "journal/base/error.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/journal_options.hpp"
#include "journal/listing_index.hpp"
#include "journal/overlay.hpp"
#include "journal/set_aside.hpp"
#include "journal/store.hpp"

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace orderhub::journal {

/// Forgets finished invocations after `journal_retention_ms`, with them the ephemeral objects that
/// have no other, and the vendors' ids of their calls, then request keys that have expired, and
/// what people did `action_retention_ms` ago. A pass a minute, or a thousandth of the retention
/// where that is longer, in slices with a transaction of their own. The writer's thread alone.
class retention {
public:
  /// None of these is owned; all outlive it. `commits` is held by each commit.
  retention(store& tables, const journal_options& options, const overlay& recent,
            aside_objects& aside, listing_index& lists, std::mutex& commits)
      : tables_(tables), options_(options), recent_(recent), aside_(aside), lists_(lists),
        commits_(commits) {}

  /// Begins a pass where one is due.
  void begin_if_due(unix_ms now);
  [[nodiscard]] bool under_way() const { return step_ != step::none; }
  /// The next slice of the pass under way; failed, it can be repeated.
  [[nodiscard]] result<void> slice(unix_ms now);

private:
  enum class step : std::uint8_t { none, invocations, answers, requests, actions };
  /// What becomes of an object as one of its invocations is forgotten.
  enum class expiry_of_object : std::uint8_t { stays, goes, later };
  [[nodiscard]] result<expiry_of_object> may_expire(const reader& rows, const object_id& id,
                                                    unix_ms limit) const;
  [[nodiscard]] result<void> expire_invocations(unix_ms now);
  [[nodiscard]] result<void> expire_answers(unix_ms now);
  [[nodiscard]] result<void> expire_requests(unix_ms now);
  [[nodiscard]] result<void> expire_actions(unix_ms now);
  /// Keys of their index, at most `limit`.
  [[nodiscard]] result<std::vector<std::string>> old_actions(unix_ms now, std::size_t limit) const;
  /// A damaged row that stays where it is, for what needs it: named once.
  void name_row(table t, std::string_view key, const error& why);

  store& tables_;
  const journal_options& options_;
  const overlay& recent_;
  aside_objects& aside_;
  listing_index& lists_;
  std::mutex& commits_;
  step step_ = step::none;
  std::string from_;          ///< Where in `iv` the pass goes on,
  std::uint64_t answers_ = 0; ///< and in the index of answers.
  std::optional<unix_ms> next_pass_;
  std::unordered_set<std::string> named_rows_;
};

} // namespace orderhub::journal
