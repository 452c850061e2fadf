#include "providers/shippo/read_refund.hpp"

#include "providers/codec/form.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/shippo/transaction.hpp"
#include "providers/shippo/webhook.hpp"
#include "providers/shippo/wire.hpp"
#include "providers/webhooks/event_text.hpp"

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo {

namespace {

using nlohmann::json;
constexpr std::string_view where = "shippo.read_refund";

/// As its webhook would be; nothing where the answer is no transaction's.
std::optional<webhooks::event> event_of(const json& transaction) {
  const auto status = text_of(transaction, "status");
  if (text_of(transaction, "object_id").empty() ||
      wire::standing_of(status) == wire::standing::unclear)
    return std::nullopt;
  return event_of_answer("transaction_updated", dump(transaction));
}

result<std::string> parse(const http_response& response) {
  if (response.status == 200) {
    auto transaction = pick<json>(response.body, {"object_id", "status", "object_updated",
                                                  "tracking_number", "rate", "metadata"});
    auto what = transaction ? event_of(*transaction) : std::nullopt;
    if (!what)
      return fail(refusal(error_kind::unavailable, where, "unreadable transaction", response));
    return refund_state{std::move(*what)}.encode();
  }
  return fail(wire::classify_read_of_one(response, where, "no such label"));
}

} // namespace

std::string refund_state::encode() const {
  return webhooks::event_text(what);
}

result<refund_state> refund_state::decode(std::string_view text) {
  auto what = webhooks::read_event(text);
  if (!what)
    return what.failure();
  return refund_state{std::move(*what)};
}

operation<refund_state> read_refund(const read_refund_request& request) {
  auto raw =
      wire::reading(where, "read", request.ref,
                    std::string(wire::transactions_path) + percent_encode(request.transaction_id));
  raw.retry = {1'000, 60'000, 600'000};
  raw.parse = &parse;
  raw.is_about = [](const sent_request& sent, const http_response& response) {
    return response.status != 200 || wire::is_named_transaction<json>(sent, response);
  };
  return {std::move(raw)};
}

} // namespace orderhub::providers::shippo
