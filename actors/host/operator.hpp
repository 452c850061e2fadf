#pragma once
#include "actors/durable/service.hpp"
#include "actors/durable/wait_board.hpp"
#include "actors/host/ingress.hpp"
#include "actors/host/vendor_status.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/hub_journal.hpp"
#include "journal/listing.hpp"
#include "journal/object_row.hpp"
#include "journal/object_state.hpp"
#include "journal/past_invocations.hpp"
#include "journal/store.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::host {

/// Where a view of a hub looks. All of it is thread-safe and outlives the view.
struct operator_sources {
  const journal::hub_journal& journal;
  const journal::store& tables;
  const clock& time;
  const durable::service_registry& services;
  std::function<std::vector<vendor_places>()> vendors;
  std::function<std::vector<durable::waiting_count>()> waiting;
  std::function<health_report()> health;
};

/// Rows that one read of a list looks at, and objects that it finds, at most.
inline constexpr std::size_t list_rows_max = 50'000;
inline constexpr std::size_t list_found_max = 5'000;

/// All that whoever watches over a hub sees of it, as `ingress` is all that its callers do. Reads
/// only, each as of the last commit, none of them through an object's actor, and none that looks
/// at more than one object's rows or a bounded piece of a table: whoever looks holds nobody up.
/// Thread-safe.
class operator_view {
public:
  explicit operator_view(operator_sources from) : from_(std::move(from)) {}

  /// Blank where nothing is known of it. `corrupt`: it is set aside.
  [[nodiscard]] result<journal::object_state> object(const object_id& id) const;
  /// As `service_registry` says.
  [[nodiscard]] bool is_finished(const journal::object_state& state) const {
    return from_.services.is_finished(state);
  }
  /// Live or finished, until its retention ends.
  [[nodiscard]] result<std::optional<journal::invocation_row>>
  invocation(const invocation_id& id) const;
  /// Finished ones of these objects: of one request and of all that it caused (`journal::past_of`),
  /// and, of what lists, the newest of every other (`hub_journal::past_of_objects`).
  [[nodiscard]] result<journal::past_invocations> past(std::span<const object_id> objects,
                                                       unix_ms accepted_at) const;
  /// Of which a vendor called a call, or what it made, by that id, at most `most`: it reads many
  /// rows.
  [[nodiscard]] result<journal::answered_invocations> answered_as(std::string_view id,
                                                                  std::size_t most) const {
    return from_.journal.answered_as(id, most);
  }
  /// What people did, newest first.
  [[nodiscard]] result<std::vector<journal::recorded_action>>
  actions(const journal::action_search& search) const {
    return from_.journal.actions(search);
  }

  // Lists, as `hub_journal` has them, none with more rows than its bound.

  /// Looks at no more than `list_rows_max` rows.
  [[nodiscard]] result<journal::listed_page>
  listed(const std::optional<journal::listing_place>& behind, std::size_t rows, std::size_t most,
         const std::function<bool(const journal::listed_object&)>& take) const;
  /// Here and below: at most `list_found_max`.
  [[nodiscard]] result<journal::marked_page>
  marked(std::span<const std::string> marks, const std::optional<journal::listing_place>& behind,
         std::size_t most) const;
  [[nodiscard]] result<std::vector<journal::listed_object>> bearing(std::string_view text,
                                                                    std::size_t most) const;
  [[nodiscard]] result<std::vector<std::string>>
  keys_of(std::string_view service, std::string_view prefix, std::size_t most) const;
  [[nodiscard]] result<std::optional<journal::listed_object>> listing_of(const object_id& id) const;
  [[nodiscard]] result<journal::listing_counts> counts() const { return from_.journal.counts(); }
  /// How far the lists are made, of 1; nothing: all of it.
  [[nodiscard]] result<std::optional<double>> listing_share() const {
    return from_.journal.listing_share();
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
