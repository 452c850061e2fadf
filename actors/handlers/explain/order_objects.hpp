#pragma once
#include "actors/handlers/webhooks/webhook_list.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/listing.hpp"
#include "journal/object_row.hpp"
#include "journal/object_state.hpp"
#include "journal/past_invocations.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::handlers {

/// An order as it is stored: all objects that bear its key, the fulfilment that has it, and the
/// deployments that name it. Where there is nothing but a deployment of that key, that.
struct order_objects {
  std::string key;
  std::vector<object_id> looked_at; ///< The order's own first; of some nothing may be known.
  /// Those of which something is known; the order's own first, where it is.
  std::vector<journal::object_state> states;
  std::vector<std::pair<object_id, std::string>> set_aside; ///< And why.
  std::vector<std::pair<object_id, std::string>> not_read;  ///< And why.
  journal::past_invocations past;
  /// That name the order, or have its key; at most `deployments_max`. Shown with it: what is done
  /// to an order is not done to them.
  std::vector<journal::object_state> deployments;
  /// Verified events that name it, or were found to be its own: the newest `webhooks_max`, oldest
  /// first.
  std::vector<listed_webhook> webhooks;
  bool has_more_webhooks = false;

  [[nodiscard]] const journal::object_state* find(const object_id& id) const;
  /// An order of that key was accepted here. Its object may be there without: a fulfilment claims
  /// an order that this hub does not know, too, and what was cancelled before it began leaves one.
  [[nodiscard]] bool has_order() const;
  /// The one of that key, or that has the order; null: there is none.
  [[nodiscard]] const journal::object_state* fulfilment() const;
  /// Where there is nothing but a deployment of that key; else null.
  [[nodiscard]] const journal::object_state* deployment_alone() const;
  /// The newest record of all of them.
  [[nodiscard]] log_sequence version() const;
  /// Nothing is kept of it but that its key was used.
  [[nodiscard]] bool is_purged() const;
  /// Nothing is known of it, and nothing set aside.
  [[nodiscard]] bool is_unknown() const {
    return states.empty() && set_aside.empty() && not_read.empty();
  }
};

/// What is read beside an order: finding it costs as much as a list.
struct read_beside {
  bool deployments = false; ///< Those that name it.
  bool webhooks = false;    ///< The events that came for it.
};

/// Where they are read from.
struct order_reader {
  std::function<result<journal::object_state>(const object_id&)> object;
  std::function<result<journal::past_invocations>(std::span<const object_id>, unix_ms)> past;
  /// Live or finished, wherever it is stored.
  std::function<result<std::optional<journal::invocation_row>>(const invocation_id&)> invocation;
  /// What the lists have under that key, as `list_reader::bearing`; null: nobody can say.
  std::function<result<std::vector<journal::listed_object>>(std::string_view text,
                                                            std::size_t most)>
      bearing = {};
  read_beside beside = {};
};

/// Which fulfilments of an order are read: the one that has it and what is open of those that had
/// it (`fulfilment_claims::others`), or all that were ever asked for it, those that it refused too,
/// at most `fulfilments_max` and those that had it (at most 100, `claims_max`). None that bears the
/// order's key and is another order's.
enum class order_part : std::uint8_t { current, all };
inline constexpr std::size_t fulfilments_max = 1'000;

/// At most eight objects and those of `part` (`past` is not whole where there may be more),
/// `deployments_max` deployments, `webhooks_read_max` events, a bounded piece of the finished
/// invocations, and of those that they name (who called them, whom they called) at most
/// `followed_max`. What a person had erased or purged is shown so from the record on, also where
/// rows are not yet written anew. What cannot be read is named in the answer, and takes nothing
/// else with it.
inline constexpr std::size_t followed_max = 100;
inline constexpr std::size_t deployments_max = 20;
inline constexpr std::size_t webhooks_max = 50;
inline constexpr std::size_t webhooks_read_max = 200;
order_objects read_order(const order_reader& reader, const std::string& key,
                         order_part part = order_part::current);

} // namespace orderhub::handlers
