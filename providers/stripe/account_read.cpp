#include "providers/stripe/account_read.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/stripe/wire.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::stripe {

namespace {

using nlohmann::json;
constexpr std::string_view where = "stripe.read_balance";

result<live_account> read(const http_response& response) {
  const auto balance =
      response.status == 200 ? pick<json>(response.body, {"object", "livemode"}) : std::nullopt;
  const json* livemode = balance ? member(*balance, "livemode") : nullptr;
  if (livemode && livemode->is_boolean() && text_of(*balance, "object") == "balance")
    return live_account{{}, livemode->get<bool>() ? "live" : "test", {}};
  auto why = wire::classify_read(response, where);
  const bool is_forbidden = response.status == 403 && why.kind == error_kind::misconfigured;
  if (is_forbidden && !wire::read_error(response).type.empty())
    return live_account{
        {}, {}, "The key may not read the balance, which the hub does not need either."};
  return fail(std::move(why));
}

} // namespace

std::vector<live_read> account_reads(const vendor_configuration&) {
  return {{"stripe", "STRIPE_API_KEY", wire::get("/v1/balance"), &read}};
}

} // namespace orderhub::providers::stripe
