#include "providers/twilio/account_read.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/twilio/wire.hpp"

#include <string>

#include <nlohmann/json.hpp>

namespace orderhub::providers::twilio {

namespace {

using nlohmann::json;
constexpr std::string_view where = "twilio.read_account";
constexpr std::int64_t not_for_test_credentials = 20'008;

result<live_account> read(const http_response& response) {
  const auto body = pick<json>(response.body, {"messages", "code"});
  const json* messages = body ? member(*body, "messages") : nullptr;
  if (response.status == 200 && messages && messages->is_array())
    return live_account();
  if (response.status == 403 && body && integer_of(*body, "code") == not_for_test_credentials)
    return live_account{{}, "test", {}};
  return fail(wire::classify_read(response, where));
}

} // namespace

std::vector<live_read> account_reads(const vendor_configuration& configured) {
  return {{"twilio",
           configured.values.has("twilio.api_key_sid")
               ? "TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET"
               : "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
           {"GET", std::string(wire::messages) + "?PageSize=1", {}, {}},
           &read,
           configured.values.text_of("twilio.account_sid")}};
}

} // namespace orderhub::providers::twilio
