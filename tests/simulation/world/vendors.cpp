#include "tests/simulation/world/vendors.hpp"

#include "providers/custom/provider.hpp"
#include "tests/simulation/world/world.hpp"

#include <cctype>
#include <utility>

namespace orderhub::testing {

namespace mock = providers::mock;

namespace {
constexpr std::string_view mock_host = "http://mock.test";
} // namespace

std::string lower(std::string text) {
  for (char& c : text)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

providers::registry mock_registry(const handlers::order_settings& orders,
                                  std::int64_t absence_after_ms) {
  providers::registry r;
  struct known_vendor {
    const char* name;
    const char* authorization;
    const char* settings;
    bool configured;
  };
  const known_vendor known[] = {
      {"stripe", "Bearer sk_test_world", "STRIPE_API_BASE and STRIPE_API_KEY", true},
      {"shippo", "ShippoToken shippo_test_world", "SHIPPO_API_BASE and SHIPPO_API_KEY", true},
      {"sendgrid", "Bearer SG.world", "SENDGRID_API_BASE and SENDGRID_API_KEY", orders.mail},
      {"slack", "Bearer xoxb-world", "SLACK_API_BASE and SLACK_BOT_TOKEN", orders.slack},
      {"github", "Bearer ghp_world", "GITHUB_API_BASE, GITHUB_TOKEN and GITHUB_REPOSITORY",
       !orders.repository.empty()},
      {"slack_webhook", "", "SLACK_WEBHOOK_URL", orders.slack_webhook},
      // AC00000000000000000000000000000000:world
      {"twilio", "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDp3b3JsZA==",
       "TWILIO_API_BASE, TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN", orders.sms},
      {"inventory", "Bearer inventory-world", "INVENTORY_API_BASE", orders.stock},
      {"warehouse", "Bearer warehouse-world", "WAREHOUSE_API_BASE", orders.warehouse},
      {"carrier", "Bearer carrier-world", "CARRIER_API_BASE", orders.carrier},
  };
  for (const auto& vendor : known) {
    r.settings.emplace(vendor.name, vendor.settings);
    if (!vendor.configured)
      continue;
    providers::endpoint e;
    e.vendor = vendor.name;
    e.mode = "mock";
    e.absence_after_ms = absence_after_ms;
    if (e.vendor == "slack_webhook") {
      e.base = "http://mock.test/slack";
      e.path = secret("/services/T0WORLD/B0WORLD/hook");
    } else {
      e.base = std::string(mock_host) + '/' + e.vendor;
      if (e.vendor == "twilio")
        e.base += "/2010-04-01/Accounts/AC00000000000000000000000000000000";
      e.secret_headers.emplace_back("authorization", secret(vendor.authorization));
    }
    r.endpoints.emplace(vendor.name, std::move(e));
  }
  for (const auto& what : orders.custom) {
    providers::custom::provider provider;
    provider.what = what;
    auto e = endpoint_of(provider, mock_host);
    e.absence_after_ms = absence_after_ms;
    r.settings.emplace(what->vendor, "[" + what->operation + "]");
    r.endpoints.emplace(what->vendor, std::move(e));
  }
  return r;
}

mock::mock_request request_of(const providers::registry& vendors, std::string_view vendor,
                              const providers::http_request& request) {
  mock::mock_request wire;
  wire.method = request.method;
  const auto* endpoint = vendors.find(vendor);
  if (endpoint != nullptr && !endpoint->path.empty())
    wire.target = "/slack" + endpoint->path.reveal() + request.target;
  else if (endpoint != nullptr)
    wire.target = endpoint->base.substr(mock_host.size()) + request.target;
  else
    wire.target = '/' + std::string(vendor) + request.target;
  for (const auto& [name, value] : request.headers)
    wire.headers.emplace_back(lower(name), value);
  if (endpoint != nullptr)
    for (const auto& [name, value] : endpoint->secret_headers)
      wire.headers.emplace_back(lower(name), value.reveal());
  wire.body = request.body;
  return wire;
}

handlers::order_settings mock_order_settings() {
  handlers::order_settings s;
  s.ship_from = {"Orderhub Shop", "215 Clayton St.", "San Francisco", "CA", "94117", "US",
                 "4155550100",    "shop@example.com"};
  s.parcel = {"10", "10", "5", "in", "1", "lb"};
  s.rules.delivery.from = s.ship_from;
  s.rules.delivery.parcel = s.parcel;
  s.rules.delivery.customs.certify_signer = "Orderhub Shop";
  s.channel_new = "C0NEWORDERS";
  s.channel_failed = "C0FAILEDORD";
  s.channel_confirmed = "C0CONFIRMED";
  s.channel_cancelled = "C0CANCELLED";
  s.channel_refunded = "C0REFUNDED1";
  s.channel_delivered = "C0DELIVERED";
  s.channel_deployment = "C0DEPLOYMENT";
  s.slack = true;
  return s;
}

} // namespace orderhub::testing
