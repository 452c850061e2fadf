#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <string>

#include <nlohmann/json.hpp>

using namespace orderhub::providers::mock;
using nlohmann::json;

namespace {

constexpr const char* account = "AC00000000000000000000000000000000";
/// `account`:secret
constexpr const char* basic = "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDpzZWNyZXQ=";
const std::string messages = std::string("/twilio/2010-04-01/Accounts/") + account + "/Messages";

mock_response post(mock_client& c, const std::string& form) {
  return c.send("POST", messages + ".json",
                {{"authorization", basic}, {"content-type", "application/x-www-form-urlencoded"}},
                form);
}

json get(mock_client& c, const std::string& target) {
  return json::parse(c.send("GET", target, {{"authorization", basic}}).response.body);
}

std::string sms(const std::string& more = {}, const std::string& body = "Order%20ord-1") {
  return "To=%2B15558675310&From=%2B15005550006&Body=" + body + more;
}

json code_of(const mock_response& reply) {
  return json::parse(reply.response.body)["code"];
}

} // namespace

TEST_CASE("an SMS is queued, listed and fetched", "[mock][twilio]") {
  mock_client c;
  const auto reply =
      post(c, sms("&StatusCallback=https%3A%2F%2Fhub.example.com%2Fwebhooks%2Ftwilio%3F"
                  "order_id%3Dord-1%26step%3Dsms_confirm%26attempt%3D2"));
  CHECK(reply.response.status == 201);
  const auto made = json::parse(reply.response.body);
  CHECK(made["status"] == "queued");
  CHECK(made["to"] == "+15558675310");
  CHECK(made["from"] == "+15005550006");
  CHECK(made["body"] == "Order ord-1");
  CHECK(made["date_created"] == "Tue, 14 Nov 2023 22:13:20 +0000");
  CHECK(made["date_sent"].is_null());
  const std::string sid = made["sid"];
  CHECK(sid.size() == 34);

  c.now += 1'000;
  const auto list = get(c, messages + ".json?To=%2B15558675310");
  REQUIRE(list["messages"].size() == 1);
  CHECK(list["messages"][0]["sid"] == sid);
  CHECK(list["messages"][0]["status"] == "delivered");
  CHECK(list["next_page_uri"].is_null());
  CHECK(get(c, messages + "/" + sid + ".json")["sid"] == sid);
  CHECK(get(c, messages + ".json?To=%2B15558675311")["messages"].empty());

  const auto effect = json::parse(c.world.ledger_json())["effects"][0];
  CHECK(effect["vendor"] == "twilio");
  CHECK(effect["kind"] == "sms");
  CHECK(effect["id"] == sid);
  CHECK(effect["order_id"] == "ord-1");
  CHECK(effect["step"] == "sms_confirm");
  CHECK(effect["attempt"] == 2);
  CHECK(effect["to"] == "+15558675310");
}

TEST_CASE("the same SMS twice is two", "[mock][twilio]") {
  mock_client c;
  post(c, sms());
  post(c, sms());
  CHECK(c.total(effect_kind::sms) == 2);
}

TEST_CASE("an SMS that Twilio would refuse is refused with its code", "[mock][twilio]") {
  mock_client c;
  const std::pair<std::string, int> cases[] = {
      {"From=%2B15005550006&Body=x", 21604},
      {"To=%2B15558675310&Body=x", 21603},
      {"To=%2B15558675310&From=%2B15005550006", 21602},
      {"To=15558675310&From=%2B15005550006&Body=x", 21211},
      {"To=+15558675310&From=%2B15005550006&Body=x", 21211}, // A plus is a space.
      {"To=%2B15005550001&From=%2B15005550006&Body=x", 21211},
      {"To=%2B15005550004&From=%2B15005550006&Body=x", 21610},
      {"To=%2B15005550009&From=%2B15005550006&Body=x", 21614},
      {"To=%2B15558675310&From=%2B15005550008&Body=x", 21611},
      {"To=%2B15558675310&From=%2B0&Body=x", 21212},
      {"To=%2B15558675310&MessagingServiceSid=MG1&Body=x", 21701},
      {sms("", std::string(1'601, 'x')), 21617},
      {sms("&StatusCallback=%2Fwebhooks"), 21609},
      {sms("&StatusCallback=https%3A%2F%2Fmy_hub.example.com%2Fx"), 21609},
      {sms("&Metadata=x"), 20001},
  };
  for (const auto& [form, code] : cases) {
    CAPTURE(form);
    const auto reply = post(c, form);
    CHECK(reply.response.status == 400);
    CHECK(code_of(reply) == code);
  }
  CHECK(c.total(effect_kind::sms) == 0);
}

TEST_CASE("only the account's own credential is let in", "[mock][twilio]") {
  mock_client c;
  const auto status = [&](const std::string& credential, const std::string& target) {
    return c.send("GET", target, {{"authorization", credential}}).response.status;
  };
  const auto list = messages + ".json";
  CHECK(status(basic, list) == 200);
  CHECK(status("", list) == 401);
  CHECK(status("Bearer x", list) == 401);
  CHECK(status("Basic !", list) == 401);
  CHECK(status(basic,
               "/twilio/2010-04-01/Accounts/AC11111111111111111111111111111111/Messages.json") ==
        401);
  CHECK(status(basic, "/twilio/2010-04-01/Accounts/" + std::string(account) + "/Calls.json") ==
        404);
}

TEST_CASE("what becomes of a queued SMS is known later", "[mock][twilio]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"vendor":"twilio","operation":"sms","nth":1,"effect":"queued",)"
                          R"("late_ms":5000,"outcome":"error","code":"30003"})"));
  const std::string sid = json::parse(post(c, sms()).response.body)["sid"];
  CHECK(get(c, messages + "/" + sid + ".json")["status"] == "queued");
  c.now += 5'000;
  const auto later = get(c, messages + "/" + sid + ".json");
  CHECK(later["status"] == "undelivered");
  CHECK(later["error_code"] == 30003);
}

TEST_CASE("Twilio's pages lead on to the end, and no date filter shows what is queued",
          "[mock][twilio]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"vendor":"twilio","operation":"sms","nth":3,"effect":"queued",)"
                          R"("outcome":"never"})"));
  for (int i = 0; i < 3; ++i) {
    post(c, sms());
    c.now += 1'000;
  }
  auto page = get(c, messages + ".json?To=%2B15558675310&PageSize=2");
  CHECK(page["messages"].size() == 2);
  CHECK(page["messages"][0]["status"] == "queued"); // Newest first.
  page = get(c, "/twilio" + page["next_page_uri"].get<std::string>());
  CHECK(page["messages"].size() == 1);
  CHECK(page["next_page_uri"].is_null());
  CHECK(get(c, messages + ".json?DateSent%3E=2023-11-14")["messages"].size() == 2);
  CHECK(get(c, messages + ".json?Unknown=1")["code"] == 20001);
  CHECK(get(c, messages + ".json?PageSize=0")["code"] == 20006);
}
