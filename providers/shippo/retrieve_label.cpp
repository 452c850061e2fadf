#include "providers/shippo/retrieve_label.hpp"

#include "providers/codec/form.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"
#include "providers/shippo/transaction.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo {

namespace {

using nlohmann::json;
constexpr std::string_view where = "shippo.retrieve_label";

result<std::string> parse(const http_response& response) {
  if (response.status != 200) {
    error e = wire::classify_read(response, where);
    if (wire::is_missing(response))
      e.kind = error_kind::invalid;
    return fail(std::move(e));
  }
  const auto object = pick<json>(response.body, {"object_id", "status", "tracking_number",
                                                 "label_url", "tracking_url_provider"});
  const std::string status = object ? text_of(*object, "status") : std::string();
  const auto failed = [&](error_kind kind, std::string text) {
    return fail(refusal(kind, where, std::move(text), response));
  };
  switch (wire::standing_of(status)) {
  case wire::standing::given_back:
  case wire::standing::failed:
    return failed(error_kind::rejected, "label " + status);
  case wire::standing::running:
    return failed(error_kind::unavailable, "still " + status);
  case wire::standing::bought:
    if (!text_of(*object, "object_id").empty())
      return wire::label_of(*object).encode();
    break;
  case wire::standing::unclear:
    break;
  }
  return failed(error_kind::unavailable, "unreadable success body");
}

} // namespace

operation<label_outcome> retrieve_label(const retrieve_label_request& request) {
  auto raw =
      wire::reading(where, "read", request.ref,
                    std::string(wire::transactions_path) + percent_encode(request.transaction_id));
  raw.parse = &parse;
  raw.is_about = &wire::is_named_transaction<json>;
  return {std::move(raw)};
}

} // namespace orderhub::providers::shippo
