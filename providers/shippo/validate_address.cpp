#include "providers/shippo/validate_address.hpp"

#include "providers/policy/refusal.hpp"
#include "providers/shippo/address_json.hpp"
#include "providers/shippo/messages.hpp"

#include <nlohmann/json.hpp>

namespace orderhub::providers::shippo {

namespace {

using nlohmann::json;
constexpr std::string_view where = "shippo.validate_address";

result<std::string> parse(const http_response& response) {
  if (response.status == 404) // It names no object of Shippo's that could be missing.
    return fail(refusal(error_kind::misconfigured, where, "404", response));
  // Nothing that counts can have happened, so what is no answer is asked for again.
  if (response.status != 200 && response.status != 201)
    return fail(wire::classify_read(response, where));
  const auto object = pick<json>(response.body, {"object_id", "country", "validation_results"});
  if (!object || text_of(*object, "object_id").empty() || text_of(*object, "country").empty())
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  address_outcome outcome;
  const json* results = member(*object, "validation_results");
  const json* is_valid = results ? member(*results, "is_valid") : nullptr;
  if (is_valid && is_valid->is_boolean())
    outcome.verdict = is_valid->get<bool>() ? address_verdict::valid : address_verdict::invalid;
  if (outcome.verdict == address_verdict::invalid)
    outcome.why = wire::read_messages(*results).text;
  return outcome.encode();
}

} // namespace

std::string address_outcome::encode() const {
  return dump(json{{"verdict", static_cast<int>(verdict)}, {"why", why}});
}

result<address_outcome> address_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  const auto verdict = integer_of(object, "verdict");
  if (!verdict || *verdict < 1 || *verdict > 3)
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return address_outcome{static_cast<address_verdict>(*verdict), text_of(object, "why")};
}

operation<address_outcome> validate_address(const validate_request& request) {
  auto body = wire::address_json<json>(request.to);
  body["validate"] = true;
  body["metadata"] = wire::metadata(request.ref);
  raw_operation raw;
  raw.name = where;
  raw.vendor = "shippo";
  raw.call_class = "write";
  raw.ref = request.ref;
  raw.request = wire::post("/addresses", dump(body));
  raw.deadline_ms = 5'000;
  raw.retry.give_up_after_ms = 10'000;
  raw.doubt = doubt_policy::may_repeat;
  raw.has_effect = false;
  raw.parse = &parse;
  raw.is_about = &wire::is_about_step;
  raw.regenerate = &wire::regenerate;
  return {std::move(raw)};
}

} // namespace orderhub::providers::shippo
