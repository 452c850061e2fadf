#pragma once
// How a transaction is read, by its purchase, by lists and alone. Internal to this folder; a
// template over the JSON type, so that the library stays inside .cpp files.
#include "providers/codec/form.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/shippo/buy_label.hpp"
#include "providers/shippo/messages.hpp"

#include <cstdint>
#include <string_view>

namespace orderhub::providers::shippo::wire {

/// How a transaction speaks of its purchase; of several of one rate a later one counts more. What
/// still runs may become a label, so it counts more than one that was given back.
enum class standing : std::uint8_t { unclear, failed, given_back, running, bought };

inline standing standing_of(std::string_view status) {
  if (status == "SUCCESS" || status == "REFUNDREJECTED")
    return standing::bought; // A refused refund leaves the label valid.
  if (status == "QUEUED" || status == "WAITING")
    return standing::running;
  if (status == "REFUNDED" || status == "REFUNDPENDING")
    return standing::given_back;
  return status == "ERROR" ? standing::failed : standing::unclear;
}

/// Where one transaction is.
inline constexpr std::string_view transactions_path = "/transactions/";
/// Whether an answer is about the transaction that such a path names.
template <class Json>
bool is_named_transaction(const sent_request& sent, const http_response& response) {
  const auto object = pick<Json>(response.body, {"object_id", "test"});
  return object && !is_test_for_live(sent, *object) &&
         sent.request.target ==
             std::string(transactions_path) + percent_encode(text_of(*object, "object_id"));
}

template <class Json>
label_outcome label_of(const Json& transaction) {
  return {text_of(transaction, "object_id"),
          text_of(transaction, "tracking_number"),
          text_of(transaction, "label_url"),
          text_of(transaction, "tracking_url_provider"),
          {}};
}

} // namespace orderhub::providers::shippo::wire
