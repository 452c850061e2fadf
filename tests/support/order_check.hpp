#pragma once
#include "tests/simulation/world/world.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::testing {

/// A sound request of two items, 42.50 USD; `extra` are more members: `"payment":{…}`.
std::string order_body(const std::string& extra = {});

/// GetOrder's answer without what may differ between two runs: times go, ids become `"id"`, and
/// whether the tracking number needed a mail of its own.
std::string comparable(const std::string& order_json);
/// One member of a JSON object as text; texts without quotes, an absent one empty.
std::string field(const std::string& json, const std::string& name);

object_id order_object(const std::string& key);

/// Somebody gives a part of the order's payment back in Stripe's dashboard; minor units.
void refund_at_stripe(world& w, const std::string& key, std::int64_t amount);

/// What must hold of an order when nothing moves any more.
struct expectation {
  std::string status = "confirmed";
  /// Comparable form of GetOrder; empty: not compared.
  std::string order = {};
  bool charged = true; ///< False: at most one charge; where there is one, it is given back.
  /// An inventory is configured: the goods of a charged order are sold once, those of another free.
  bool has_stock = false;
};

/// What is wrong with the order and with what was acknowledged; empty: all is well.
std::vector<std::string> problems_of(world& w, const std::string& key, const expectation& expected);
/// Adds what still goes on when nothing moves any more, and what is paused.
void add_unended(const world& w, std::vector<std::string>& problems);
/// What is wrong where somebody who looks at the order now would see nothing of what it waits for;
/// empty: it is finished, or a list says what is open.
std::string waits_unseen(const world& w, const std::string& key);
/// The same as one text for a message.
std::string joined(const std::vector<std::string>& list);

/// What clients do in one run.
using script = std::function<void(world&)>;
struct run_report {
  std::vector<std::string> problems;
  std::string order; ///< Comparable form of GetOrder.
  std::vector<std::string_view> points;
  std::size_t crashes = 0;
};
/// One run of one order, `1`, from the script to the end of everything.
run_report run_order(const world_settings& settings, const script& clients,
                     const expectation& expected);

} // namespace orderhub::testing
