#include "providers/vendors.hpp"
#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <string>
#include <tuple>

namespace orderhub::providers::mock {
namespace {

/// As the hub asks it, with a key.
http_response asked(const std::string& vendor, const std::string& authorization) {
  vendors world;
  vendor_values values;
  values.set("github.repository", "owner/shop");
  for (const auto& v : all_vendors())
    if (v.live_reads_of != nullptr)
      for (const auto& read : v.live_reads_of({values}))
        if (read.endpoint == vendor) {
          auto headers = read.request.headers;
          headers.emplace_back("authorization", authorization);
          headers.emplace_back("user-agent", "orderhub");
          for (auto& [name, value] : headers)
            for (auto& c : name)
              c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
          const std::string account =
              vendor == "twilio" ? "/2010-04-01/Accounts/AC" + std::string(32, '0') : "";
          return world
              .handle({read.request.method, "/" + vendor + account + read.request.target, headers,
                       read.request.body},
                      1'790'000'000'000)
              .response;
        }
  return {};
}

bool is_taken(const std::string& vendor, const http_response& response) {
  for (const auto& v : all_vendors())
    if (v.live_reads_of != nullptr)
      for (const auto& read : v.live_reads_of({vendor_values()}))
        if (read.endpoint == vendor)
          return read.read(response).has_value();
  return false;
}

TEST_CASE("the mock vendors answer what a key is tried by, and refuse a wrong one",
          "[mock][live]") {
  const auto [vendor, good, bad] = GENERATE(table<std::string, std::string, std::string>({
      {"stripe", "Bearer sk_test_x", "Bearer sk_test_invalid"},
      {"stripe", "Bearer sk_live_x", ""},
      {"shippo", "ShippoToken shippo_test_x", "ShippoToken invalid"},
      {"sendgrid", "Bearer SG.x", "Bearer SG.readonly"},
      {"slack", "Bearer xoxb-x", "Bearer xoxb-invalid"},
      {"twilio", "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDp4", "Basic eDp4"},
      {"github", "Bearer ghp_x", "Bearer invalid"},
      {"warehouse", "Bearer key", "Bearer invalid"},
  }));
  CAPTURE(vendor, good);
  const auto answer = asked(vendor, good);
  CAPTURE(answer.body);
  CHECK(is_taken(vendor, answer));
  CHECK_FALSE(is_taken(vendor, asked(vendor, bad)));
}

TEST_CASE("the mock Stripe says by its balance which mode a key is of", "[mock][live]") {
  CHECK(asked("stripe", "Bearer rk_live_x").body.find(R"("livemode":true)") != std::string::npos);
  CHECK(asked("stripe", "Bearer sk_test_x").body.find(R"("livemode":false)") != std::string::npos);
}

} // namespace
} // namespace orderhub::providers::mock
