#include "providers/sendgrid/account_read.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace orderhub::providers::sendgrid {

namespace {

using nlohmann::json;
constexpr std::string_view where = "sendgrid.read_scopes";

result<live_account> read(const http_response& response) {
  const auto body = response.status == 200 ? pick<json>(response.body, {"scopes"}) : std::nullopt;
  const json* scopes = body ? member(*body, "scopes") : nullptr;
  if (scopes && scopes->is_array()) {
    if (std::find(scopes->begin(), scopes->end(), json("mail.send")) == scopes->end())
      return fail(
          refusal(error_kind::misconfigured, where, "the key has no scope mail.send", response));
    return live_account();
  }
  return fail(refusal(kind_of_read(response), where, std::to_string(response.status), response));
}

} // namespace

std::vector<live_read> account_reads(const vendor_configuration&) {
  return {{"sendgrid", "SENDGRID_API_KEY", {"GET", "/v3/scopes", {}, {}}, &read}};
}

} // namespace orderhub::providers::sendgrid
