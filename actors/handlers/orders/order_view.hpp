#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "journal/base/error.hpp"
#include "journal/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::handlers {

// What an order says of itself, always from its facts. JSON, as http_gateway shows it.

/// The items, customer, shipping and total of a recorded order, as GetOrder shows them: the text of
/// a JSON object without its braces.
std::string shown_parts(const order& o);

/// What a person must resolve still: the step, and why.
std::vector<std::pair<std::string, std::string>> open_attention(const order_facts& facts);

/// ProcessOrder's response: where the order stands, and a message for people. `again`: this request
/// changed nothing.
std::string order_response(const std::string& order_id, const order_facts& facts, bool again);

/// CancelOrder's response, once everything is undone that can be.
std::string cancel_response(const std::string& order_id, const order_facts& facts);

/// 409: cancelled, by whomever, while it was processed.
error cancelled_meanwhile(const std::string& order_id, const order_facts& facts);

/// 409: it is to be charged again, and may be charged.
error may_be_charged(const std::string& order_id);

/// 409: it was cancelled before, or is being.
error stays_cancelled(const std::string& order_id, const order_facts& facts);

/// 404.
error no_such_order(const std::string& order_id);

/// GetOrder: the recorded order, its status, and what is in doubt, waiting, or for a person, at the
/// order itself and at the objects that work for it.
/// `call_after_ms`: stands for all times of `durable::wait_bounds` where it is positive.
result<std::string> get_order(const durable::read_view& view, std::int64_t call_after_ms);

/// A customer who must authenticate needs the payment's client secret: it is asked for whenever the
/// order is shown, and stored nowhere. Nothing where the response needs none.
std::optional<durable::response_enricher> client_secret_for(std::string_view response);

} // namespace orderhub::handlers
