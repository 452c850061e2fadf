#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/object_row.hpp"
#include "journal/object_state.hpp"
#include "journal/past_invocations.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::handlers {

/// An order as it is stored: all objects that bear its key, and the fulfilment that has it.
struct order_objects {
  std::string key;
  /// Those of which something is known; the order's own first, where it is.
  std::vector<journal::object_state> states;
  std::vector<std::pair<object_id, std::string>> set_aside; ///< And why.
  std::vector<std::pair<object_id, std::string>> not_read;  ///< And why.
  journal::past_invocations past;

  [[nodiscard]] const journal::object_state* find(const object_id& id) const;
  /// An order of that key was accepted here. Its object may be there without: a fulfilment claims
  /// an order that this hub does not know, too, and what was cancelled before it began leaves one.
  [[nodiscard]] bool has_order() const;
  /// The one of that key, or that has the order; null: there is none.
  [[nodiscard]] const journal::object_state* fulfilment() const;
  /// The newest record of all of them.
  [[nodiscard]] log_sequence version() const;
  /// Nothing is known of it, and nothing set aside.
  [[nodiscard]] bool is_unknown() const {
    return states.empty() && set_aside.empty() && not_read.empty();
  }
};

/// Where they are read from.
struct order_reader {
  std::function<result<journal::object_state>(const object_id&)> object;
  std::function<result<journal::past_invocations>(std::span<const object_id>, unix_ms)> past;
  /// Live or finished, wherever it is stored.
  std::function<result<std::optional<journal::invocation_row>>(const invocation_id&)> invocation;
};

/// At most eight objects, a bounded piece of the finished invocations, and of those that they name
/// (who called them, whom they called) at most `followed_max`. What cannot be read is named in the
/// answer, and takes nothing else with it.
inline constexpr std::size_t followed_max = 100;
order_objects read_order(const order_reader& reader, const std::string& key);

} // namespace orderhub::handlers
