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
std::optional<webhooks::event> event_of(json transaction) {
  const auto status = text_of(transaction, "status");
  if (text_of(transaction, "object_id").empty() ||
      wire::standing_of(status) == wire::standing::unclear)
    return std::nullopt;
  const auto body = dump(
      json{{"event", "transaction_updated"}, {"test", false}, {"data", std::move(transaction)}});
  const webhooks::delivery as_sent{body, "/webhooks/shippo", nullptr, 0};
  auto read = webhook_source().read(as_sent, {});
  if (read.elements.size() != 1 || !read.elements.front().problem.empty())
    return std::nullopt;
  auto what = std::move(read.elements.front().what);
  what.about = {{}, {}, {}, {}};
  what.generation.clear();
  return what;
}

result<std::string> parse(const http_response& response) {
  if (response.status == 200) {
    auto transaction = pick<json>(response.body, {"object_id", "status", "object_updated",
                                                  "tracking_number", "rate", "metadata"});
    auto what = transaction ? event_of(std::move(*transaction)) : std::nullopt;
    if (!what)
      return fail(refusal(error_kind::unavailable, where, "unreadable transaction", response));
    return refund_state{std::move(*what)}.encode();
  }
  if (wire::is_missing(response))
    return fail(refusal(error_kind::rejected, where, "no such label", response));
  auto why = wire::classify_read(response, where);
  if (why.kind == error_kind::misconfigured && response.status != 401)
    why.kind = error_kind::invalid;
  return fail(std::move(why));
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
