#include "providers/sendgrid/endpoint.hpp"

#include "providers/sendgrid/account_read.hpp"

#include <utility>

namespace orderhub::providers::sendgrid {

namespace {

constexpr std::string_view key = "sendgrid.api_key";
constexpr std::string_view base = "sendgrid.api_base";
constexpr std::string_view write_limit = "sendgrid.write_limit";
constexpr std::string_view own_base = "https://api.sendgrid.com";

std::string_view mode_of(const vendor_configuration& c) {
  if (c.is_disabled || (!c.mock_mode && !c.values.has(key)))
    return {};
  if (c.is_built_in_mock(base))
    return "mock";
  return c.values.has(key) ? "live" : "test";
}

result<std::vector<endpoint>> endpoints_of(const vendor& self, const vendor_configuration& c) {
  if (mode_of(c).empty())
    return std::vector<endpoint>();
  const key_endpoint how{own_base, "Bearer ", "SG.orderhub_mock"};
  auto made = endpoint_with_key(self, how, c);
  add_limits(made, how, c, {{"write", write_limit, {}, {}}}); // SendGrid publishes no numbers.
  return std::vector{std::move(made)};
}

} // namespace

vendor describe() {
  vendor v;
  v.name = "sendgrid";
  v.title = "SendGrid";
  v.role = vendor_role::mail;
  v.key = key;
  v.base = base;
  v.skipped = "Customers get no mail.";
  v.settings = {
      {key, "SENDGRID_API_KEY", "SG.…", "none: no mail", setting_kind::key},
      {"sendgrid.webhook_public_key", "SENDGRID_WEBHOOK_PUBLIC_KEY",
       "verification key of the signed event webhook, base64, for /webhooks/sendgrid; several with "
       "commas between",
       "none: no webhooks", setting_kind::key},
      {base, "SENDGRID_API_BASE", "what stands before /v3", own_base, setting_kind::base_url,
       "/v3"},
      {write_limit, "SENDGRID_WRITE_LIMIT",
       "mails: calls a second (10/s), minute (m) or hour (h), or none", "none", setting_kind::rate},
  };
  v.operations = {{"sendgrid.send_mail",
                   "sends a mail; with SendGrid's webhooks on its event is awaited first",
                   stake::none, doubt_policy::may_repeat}};
  v.endpoints = {
      {"sendgrid", "MOCK_MODE, ORDERHUB_DISABLE, SENDGRID_API_BASE and SENDGRID_API_KEY"}};
  v.mode_of = mode_of;
  v.endpoints_of = endpoints_of;
  v.live_reads_of = account_reads;
  return v;
}

} // namespace orderhub::providers::sendgrid
