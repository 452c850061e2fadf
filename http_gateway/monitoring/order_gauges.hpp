#pragma once
#include "actors/durable/wait_board.hpp"
#include "actors/handlers/orders/order_list.hpp"
#include "actors/host/order_gauges.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "journal/listing.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// Under which words waits are shown: each cause under one of the words that lists are filtered by.
std::vector<std::string_view> shown_waits();

/// How the orders stand, by their lists: whether they are in memory or not, and over restarts. An
/// order counts once, however many of its objects it is. What is in doubt is `absence`, whatever
/// its look-up waits for, since its doubt began; it is beside that where a list with that word
/// shows it. Orders that nothing will wake are looked at, as a list of them does; there should be
/// none. Where lists cannot be read, what waits in memory stands for them: a step counts as an
/// order then, and nothing is known of what is stuck. `call_after_ms`: as
/// `order_settings::call_after_ms`.
host::order_gauges order_gauges_of(const result<journal::listing_counts>& counts,
                                   const handlers::list_reader& lists,
                                   std::span<const durable::waiting_count> waiting, unix_ms now,
                                   std::int64_t call_after_ms);

} // namespace orderhub::http_gateway
