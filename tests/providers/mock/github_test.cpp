#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <string>

#include <nlohmann/json.hpp>

using namespace orderhub::providers::mock;
using nlohmann::json;

namespace {

using header_list = mock_client::header_list;

const header_list headers = {{"authorization", "Bearer ghp_1"}, {"user-agent", "test"}};
const std::string repository = "/github/repos/owner/shop";

json deployment(const std::string& order = "ord-1") {
  return {{"ref", "main"},
          {"task", "deploy"},
          {"environment", "production"},
          {"auto_merge", false},
          {"required_contexts", json::array()},
          {"payload", {{"order_id", order}, {"step", "deploy"}, {"attempt", "1"}}}};
}

mock_response post(mock_client& c, const json& body, const std::string& path = "/deployments") {
  return c.send("POST", repository + path, headers, body.dump());
}

json get(mock_client& c, const std::string& path) {
  return json::parse(c.send("GET", repository + path, headers).response.body);
}

std::string statuses_of(const json& made) {
  return "/deployments/" + made["id"].dump() + "/statuses";
}

} // namespace

TEST_CASE("a deployment is made, listed, and has succeeded", "[mock][github]") {
  mock_client c;
  const auto reply = post(c, deployment());
  CHECK(reply.response.status == 201);
  const auto made = json::parse(reply.response.body);
  CHECK(made["sha"].get<std::string>().size() == 40);
  CHECK(made["payload"]["order_id"] == "ord-1");
  CHECK(made["created_at"] == "2023-11-14T22:13:20Z");
  const auto list = get(c, "/deployments?environment=production&task=deploy");
  REQUIRE(list.size() == 1);
  CHECK(list[0] == made);
  CHECK(get(c, "/deployments?environment=other").empty());
  CHECK(get(c, "/deployments?sha=" + made["sha"].get<std::string>()).size() == 1);
  const auto statuses = get(c, statuses_of(made));
  REQUIRE(statuses.size() == 1);
  CHECK(statuses[0]["state"] == "success");
  CHECK(statuses[0]["deployment_url"].get<std::string>().ends_with(
      "/repos/owner/shop/deployments/" + made["id"].dump()));
  const auto effect = json::parse(c.world.ledger_json())["effects"][0];
  CHECK(effect["vendor"] == "github");
  CHECK(effect["kind"] == "deployment");
  CHECK(effect["id"] == made["id"].dump());
  CHECK(effect["order_id"] == "ord-1");
  CHECK(effect["step"] == "deploy");
}

TEST_CASE("the same deployment twice is two", "[mock][github]") {
  mock_client c;
  post(c, deployment());
  post(c, deployment());
  CHECK(c.total(effect_kind::deployment) == 2);
}

TEST_CASE("what GitHub would refuse is refused", "[mock][github]") {
  mock_client c;
  const auto status = [&](const char* member, json value) {
    auto body = deployment();
    if (value.is_null())
      body.erase(member);
    else
      body[member] = std::move(value);
    return post(c, body).response.status;
  };
  CHECK(status("ref", nullptr) == 422);
  CHECK(status("ref", "missing-branch") == 422);
  CHECK(status("reff", "main") == 422);
  CHECK(status("payload", 7) == 422);
  CHECK(status("description", std::string(141, 'x')) == 422);
  CHECK(status("required_contexts", nullptr) == 409);
  CHECK(status("auto_merge", nullptr) == 202); // Merged, and nothing created.
  CHECK(status("auto_merge", true) == 202);
  CHECK(c.send("POST", repository + "/deployments", headers, "[").response.status == 400);
  CHECK(c.send("POST", repository + "/deployments", {{"authorization", "Bearer x"}}, "{}")
            .response.status == 403); // Who does not say who it is.
  CHECK(c.send("GET", repository + "/deployments", {{"user-agent", "test"}}).response.status ==
        401);
  CHECK(c.send("GET", "/github/repos/owner/missing/deployments", headers).response.status == 404);
  CHECK(c.send("GET", repository + "/deployments/1/statuses", headers).response.status == 404);
  CHECK(c.send("GET", repository + "/deployments?payload=1", headers).response.status == 422);
  CHECK(c.total(effect_kind::deployment) == 0);
}

TEST_CASE("a deployment may end later, fail, or be ended by another", "[mock][github]") {
  mock_client c;
  REQUIRE(c.world.control(R"({"vendor":"github","operation":"deployment","always":true,)"
                          R"("effect":"queued","late_ms":5000,"outcome":"error"})"));
  const auto made = json::parse(post(c, deployment()).response.body);
  CHECK(get(c, statuses_of(made))[0]["state"] == "in_progress");
  const auto other = json::parse(post(c, deployment("ord-2")).response.body);
  CHECK(post(c, {{"state", "inactive"}}, statuses_of(other)).response.status == 201);
  CHECK(post(c, {{"state", "fine"}}, statuses_of(other)).response.status == 422);
  c.now += 5'000;
  CHECK(get(c, statuses_of(made))[0]["state"] == "failure");
  CHECK(get(c, statuses_of(other))[0]["state"] == "inactive");
}

TEST_CASE("GitHub's pages lead on by their link", "[mock][github]") {
  mock_client c;
  for (int i = 0; i < 3; ++i)
    post(c, deployment());
  const auto page = c.send("GET", repository + "/deployments?per_page=2", headers).response;
  CHECK(json::parse(page.body).size() == 2);
  REQUIRE(page.header("link"));
  CHECK(page.header("link")->find("page=2>; rel=\"next\"") != std::string::npos);
  const auto last = c.send("GET", repository + "/deployments?per_page=2&page=2", headers).response;
  CHECK(json::parse(last.body).size() == 1);
  CHECK_FALSE(last.header("link"));
}
