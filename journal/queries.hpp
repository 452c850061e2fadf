#pragma once
#include "journal/base/hash.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/damage.hpp"
#include "journal/key.hpp"
#include "journal/object_row.hpp"
#include "journal/object_state.hpp"
#include "journal/overlay.hpp"
#include "journal/set_aside.hpp"
#include "journal/store.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::journal {

/// What the hub journal answers from overlay and rows together; `hub_journal` says what each means.
/// Any thread. An object that turns out to be unreadable is set aside, which is why it asks for
/// more than to read.
///
/// The overlay is always read before `rows` begin: a slice between the two moves records into the
/// row, and what the row contains is passed over when the records are folded. The other order would
/// lose them.
class queries {
public:
  /// None of these is owned; all outlive it.
  queries(const store& tables, const overlay& recent, aside_objects& aside, index_damage& damage)
      : tables_(tables), recent_(recent), aside_(aside), damage_(damage) {}

  /// Row and overlay of one object; with `finished`. `records` were read before `rows` began.
  [[nodiscard]] result<object_state> fold(const object_id& id, const overlay_view& records,
                                          const reader& rows) const;

  [[nodiscard]] result<object_state> load(const object_id& id) const;
  [[nodiscard]] result<bool> knows_invocation(const invocation_id& id) const;
  [[nodiscard]] result<std::optional<invocation_row>>
  find_invocation(const invocation_id& id) const;
  [[nodiscard]] result<std::optional<request_row>> find_request(const digest& scope) const;
  [[nodiscard]] result<std::vector<object_id>> resumable() const;
  [[nodiscard]] result<std::vector<std::string>> keys_of(std::string_view service,
                                                         std::string_view prefix,
                                                         std::string_view after,
                                                         std::size_t limit) const;

  [[nodiscard]] result<std::vector<recorded_action>> actions(const action_search& search) const;

private:
  const store& tables_;
  const overlay& recent_;
  aside_objects& aside_;
  index_damage& damage_;
};

} // namespace orderhub::journal
