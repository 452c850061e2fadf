#pragma once
// The parts of an explanation. Internal to this folder.
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/orders/open_points.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "journal/object_state.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// Null where the vendor is not configured.
const vendor_now* find_vendor(const explain_now& now, std::string_view vendor);
/// Why its calls do not leave now; nothing where they do.
std::vector<said> shown_hold(const vendor_now& vendor, unix_ms now);

/// The steps of one invocation that act outside, by their intents. `currency`: the order's.
std::vector<explained_step> steps_of(const journal::object_state* state, const object_id& object,
                                     const journal::invocation_state& invocation,
                                     const std::string& currency, const explain_now& now);

/// One of an object's invocations that has not ended.
explained_call call_of_live(const journal::object_state& state,
                            const journal::invocation_state& invocation, const explain_now& now);
explained_call call_of_past(const journal::invocation_row& row, const explain_now& now);

explained_wait wait_of(const waiting_step& step, const explain_now& now);
/// Of each wait what its step says better: the event that it awaits, that it is paused.
void improve_waits(explanation& e, const explain_now& now);
/// What comes next of a step in doubt: `Shippo is asked again at 10:03:14.000Z`.
std::string next_text(const explained_step& step, const explain_now& now);

/// What comes by itself of what it waits for and of its steps.
void add_next(explanation& e);
/// `curl`, `cli`.
void add_shell_lines(explanation& e, const explain_now& now);
void add_webhooks(explanation& e, const order_objects& objects, const explain_now& now);

/// What became of the order's money, and how that is told.
explained_money money_of(const order_facts& facts, const std::string& currency, std::int64_t total);
std::vector<said> money_words(const order_facts& facts, const explained_money& money);
/// Stock, label, parcel, dispute, cancel.
std::vector<said> goods_words(const order_facts& facts);

} // namespace orderhub::handlers
