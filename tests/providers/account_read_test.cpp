#include "providers/vendors.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/spec_check.hpp"

#include <map>
#include <string>
#include <tuple>
#include <vector>

// How a vendor's key is tried before anything depends on it.
namespace orderhub::providers {
namespace {

std::map<std::string, live_read> all_reads() {
  vendor_values values;
  values.set("github.repository", "owner/shop");
  values.set("twilio.account_sid", "AC00000000000000000000000000000000");
  std::map<std::string, live_read> all;
  for (const auto& v : all_vendors())
    if (v.live_reads_of != nullptr)
      for (auto& read : v.live_reads_of({values}))
        all.emplace(read.endpoint, std::move(read));
  return all;
}

TEST_CASE("a key is tried by a read that the vendor's description takes", "[providers][live]") {
  const auto all = all_reads();
  CHECK(all.size() ==
        all_vendors().size()); // A new vendor says how, or that there is no such read.
  for (const auto& [name, read] : all) {
    CAPTURE(name);
    const bool is_ours = name == "inventory" || name == "warehouse" || name == "carrier";
    const testing::spec_check spec(std::string(ORDERHUB_SOURCE_DIR) +
                                   (is_ours ? "/providers/contracts/" : "/tests/golden/specs/") +
                                   name + ".json");
    auto request = read.request;
    if (name == "twilio")
      request.target = "/2010-04-01/Accounts/AC00000000000000000000000000000000" + request.target;
    CHECK(spec.complaints(request) == std::vector<std::string>{});
    CHECK((request.method == "GET" || request.target == "/api/auth.test"));
    CHECK_FALSE(read.credential.empty());
  }
}

TEST_CASE("what a vendor says to a key that it knows is its account and mode",
          "[providers][live]") {
  const auto [name, status, body, account, mode] =
      GENERATE(table<std::string, int, std::string, std::string, std::string>({
          {"stripe", 200, R"({"object":"balance","livemode":true,"available":[]})", "", "live"},
          {"stripe", 200, R"({"object":"balance","livemode":false})", "", "test"},
          // A restricted key.
          {"stripe", 403, R"({"error":{"type":"invalid_request_error"}})", "", ""},
          {"shippo", 200, R"({"next":null,"results":[{"tracking_number":"9270"}]})", "", ""},
          {"sendgrid", 200, R"({"scopes":["alerts.read","mail.send"]})", "", ""},
          {"slack", 200, R"({"ok":true,"team_id":"T0123","user":"ada"})", "T0123", ""},
          {"slack", 200, R"({"ok":true,"team_id":"ada@example.com"})", "", ""},
          {"twilio", 200, R"({"messages":[{"to":"+15551234567"}]})", "", ""},
          {"twilio", 403, R"({"code":20008,"status":403})", "", "test"},
          {"github", 200, "[]", "", ""},
          {"inventory", 404, R"({"error":{"code":"unknown_key"}})", "", ""},
      }));
  CAPTURE(name, body);
  const auto said = all_reads().at(name).read({status, {}, body});
  REQUIRE(said);
  CHECK(said->account == account);
  CHECK(said->mode == mode);
}

TEST_CASE("what a vendor says to a key that it does not know is a fault of the configuration",
          "[providers][live]") {
  using kind = error_kind;
  const auto [name, status, body, expected] = GENERATE(table<std::string, int, std::string, kind>({
      {"stripe", 401, R"({"error":{"type":"invalid_request_error"}})", kind::misconfigured},
      {"stripe", 403, "<html>blocked</html>", kind::misconfigured},
      {"stripe", 200, R"({"ok":true})", kind::unavailable},
      {"stripe", 503, "", kind::unavailable},
      {"shippo", 401, R"({"detail":"Invalid token"})", kind::misconfigured},
      {"shippo", 200, "<html>", kind::unavailable},
      {"sendgrid", 401, R"({"errors":[{"message":"expired, or revoked"}]})", kind::misconfigured},
      {"sendgrid", 200, R"({"scopes":["alerts.read"]})", kind::misconfigured},
      {"slack", 200, R"({"ok":false,"error":"invalid_auth"})", kind::misconfigured},
      {"slack", 200, R"({"ok":false,"error":"ratelimited"})", kind::unavailable},
      {"slack", 404, "", kind::misconfigured},
      {"twilio", 401, R"({"code":20003,"status":401})", kind::misconfigured},
      {"twilio", 403, R"({"code":20403,"status":403})", kind::misconfigured},
      {"github", 401, R"({"message":"Bad credentials"})", kind::misconfigured},
      {"github", 404, R"({"message":"Not Found"})", kind::misconfigured},
      {"github", 200, R"({"message":"ok"})", kind::unavailable},
      {"carrier", 401, R"({"error":{"code":"unauthorized"}})", kind::misconfigured},
      {"carrier", 404, "<html>", kind::misconfigured},
      {"carrier", 200, "{}", kind::misconfigured},
  }));
  CAPTURE(name, status, body);
  const auto said = all_reads().at(name).read({status, {}, body});
  REQUIRE_FALSE(said);
  CHECK(said.error().kind == expected);
}

} // namespace
} // namespace orderhub::providers
