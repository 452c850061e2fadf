#pragma once
#include "actors/durable/service.hpp"
#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/fulfilment/fulfilment_request.hpp"
#include "journal/base/error.hpp"
#include "journal/base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::handlers {

// What a fulfilment says of itself, always from its facts. JSON, as http_gateway shows it.

/// The answer of Fulfill and CancelFulfillment.
std::string fulfilment_response(const std::string& key, const fulfilment_wanted& wanted,
                                const fulfilment_facts& facts);
/// Fulfill's, where it ended in a 409: cancelled, refused by its order, out of stock.
std::optional<error> refusal_of(const std::string& key, const fulfilment_wanted& wanted,
                                const fulfilment_facts& facts);

/// GetStatus: the same and what is in doubt, waiting, or for a person. 404 where there is none.
/// `call_after_ms` as in `get_order`.
result<std::string> fulfilment_status(const durable::read_view& view, std::int64_t call_after_ms);

/// What a person must resolve still: the step, and why.
std::vector<std::pair<std::string, std::string>> open_attention(const fulfilment_facts& facts);

/// 404.
error no_such_fulfilment(const std::string& key);
/// 409: nothing is undone any more.
error has_left(const std::string& key);
/// 409: sent again with other `parts`.
error of_something_else(const std::string& key, const std::string& parts);

} // namespace orderhub::handlers
