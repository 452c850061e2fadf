#pragma once
#include "actors/durable/service.hpp"
#include "actors/durable/wait_cause.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "journal/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// A step that may have taken an effect that counts, and is being resolved.
struct doubted_step {
  std::string step;
  unix_ms since = 0;
  std::string reason;
};
/// A step that waits, whatever for.
struct waiting_step {
  std::string step;   ///< As in the journal; of what has not begun, the handler.
  std::string vendor; ///< Empty: it waits for none.
  durable::wait_cause cause = durable::wait_cause::hub;
  unix_ms since = 0;
  std::uint32_t attempts = 0; ///< Calls that have left so far.
  std::string last;           ///< What it met last, or what it waits for.
  unix_ms next_at = 0;        ///< 0: when what it waits for has come.
};
struct step_for_person {
  std::string step;
  std::string reason;
};

/// What is open at an order and at the objects that work for it. While an order is not finished,
/// these and its open steps are never all empty.
struct open_points {
  std::vector<doubted_step> in_doubt;
  std::vector<waiting_step> waiting;
  /// Those that wait for a person, or have waited longer than `durable::wait_bounds` allows, and
  /// what is paused.
  std::vector<step_for_person> persons;
};

/// Why a person is called for what has waited so long.
std::string too_long_text(durable::wait_cause cause, std::int64_t waited_ms, std::string_view last);

/// Of that object alone, and of whatever service it is.
open_points open_points_of(const durable::read_view& view, std::int64_t call_after_ms);

/// What has begun at that object and waits for another one, whose own steps tell more.
std::vector<waiting_step> waits_for_others(const journal::object_state& state);

/// `call_after_ms`: stands for all times of the table where it is positive. Fails where one of the
/// objects cannot be read.
result<open_points> open_points_of(const durable::read_view& view, const order_facts& facts,
                                   std::int64_t call_after_ms);

} // namespace orderhub::handlers
