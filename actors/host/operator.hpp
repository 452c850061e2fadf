#pragma once
#include "actors/durable/wait_board.hpp"
#include "actors/host/ingress.hpp"
#include "actors/host/vendor_status.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/hub_journal.hpp"
#include "journal/object_row.hpp"
#include "journal/object_state.hpp"
#include "journal/past_invocations.hpp"
#include "journal/store.hpp"

#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace orderhub::host {

/// Where a view of a hub looks. All of it is thread-safe and outlives the view.
struct operator_sources {
  const journal::hub_journal& journal;
  const journal::store& tables;
  const clock& time;
  std::function<std::vector<vendor_places>()> vendors;
  std::function<std::vector<durable::waiting_count>()> waiting;
  std::function<health_report()> health;
};

/// All that whoever watches over a hub sees of it, as `ingress` is all that its callers do. Reads
/// only, each as of the last commit, none of them through an object's actor, and none that looks
/// at more than one object's rows or a bounded piece of a table: whoever looks holds nobody up.
/// Thread-safe.
class operator_view {
public:
  explicit operator_view(operator_sources from) : from_(std::move(from)) {}

  /// Blank where nothing is known of it. `corrupt`: it is set aside.
  [[nodiscard]] result<journal::object_state> object(const object_id& id) const;
  /// Live or finished, until its retention ends.
  [[nodiscard]] result<std::optional<journal::invocation_row>>
  invocation(const invocation_id& id) const;
  /// Finished ones of one request and of all that it caused (`journal::past_of`).
  [[nodiscard]] result<journal::past_invocations> past(std::span<const object_id> objects,
                                                       unix_ms accepted_at) const;
  /// What people did, newest first.
  [[nodiscard]] result<std::vector<journal::recorded_action>>
  actions(const journal::action_search& search) const {
    return from_.journal.actions(search);
  }
  /// How each configured vendor stands, by name.
  [[nodiscard]] std::vector<vendor_places> vendors() const { return from_.vendors(); }
  /// Steps that wait, by vendor and cause.
  [[nodiscard]] std::vector<durable::waiting_count> waiting() const { return from_.waiting(); }
  [[nodiscard]] journal::journal_metrics journal() const { return from_.journal.metrics(); }
  [[nodiscard]] health_report health() const { return from_.health(); }
  [[nodiscard]] const hub_id& hub() const { return from_.journal.hub(); }
  /// Not before the newest record.
  [[nodiscard]] unix_ms now() const;

private:
  operator_sources from_;
};

} // namespace orderhub::host
