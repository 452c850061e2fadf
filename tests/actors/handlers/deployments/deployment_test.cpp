#include "actors/handlers/deployments/deployment.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace orderhub::testing {
namespace {

using handlers::deployment_facts;
using providers::mock::call_id;
using providers::mock::effect_kind;

const object_id workflow{"DeploymentWorkflow", "d-1"};
constexpr const char* wanted = R"({"orderId":"ord-7","ref":"main","environment":"production"})";

world_settings with_github(const std::string& faults = "[]") {
  auto s = with_faults(faults);
  s.orders.repository = "owner/shop";
  return s;
}

std::string slow(const std::string& outcome, int ms) {
  return R"({"vendor":"github","operation":"deployment","nth":1,"effect":"queued","outcome":")" +
         outcome + R"(","late_ms":)" + std::to_string(ms) + '}';
}

std::string status(world& w) {
  return w.call(workflow, "GetStatus", "").body;
}

std::size_t creations(const world& w) {
  return static_cast<std::size_t>(
      std::count_if(w.requests().begin(), w.requests().end(), [](const std::string& r) {
        return r.starts_with("POST /github/repos/owner/shop/deployments");
      }));
}

} // namespace

TEST_CASE("a deployment is created, followed, and ends as GitHub says", "[deployments]") {
  const auto [outcome, ended] =
      GENERATE(table<std::string, std::string>({{"success", "succeeded"}, {"error", "failed"}}));
  CAPTURE(outcome);
  world w(with_github(slow(outcome, 45'000)));
  const auto a = w.call(workflow, "run", wanted);
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == ended);
  CHECK(field(a.body, "workflowId") == "d-1");
  CHECK(field(a.body, "orderId") == "ord-7");
  CHECK(field(a.body, "ref") == "main");
  CHECK(field(a.body, "environment") == "production");
  CHECK(field(a.body, "sha").size() == 40);
  CHECK(status(w) == a.body);
  REQUIRE(w.run());
  CHECK(w.live().empty());
  CHECK(w.effects("d-1", effect_kind::deployment, "deploy") == 1);
  CHECK(creations(w) == 1);
  const auto body = std::find_if(w.bodies().begin(), w.bodies().end(), [](const std::string& b) {
    return b.find("\"auto_merge\":false") != std::string::npos;
  });
  REQUIRE(body != w.bodies().end());
  CHECK(body->find("\"required_contexts\":[]") != std::string::npos);
  CHECK(body->find("\"for_order\":\"ord-7\"") != std::string::npos);
}

TEST_CASE("how a deployment ended is announced in its channel, once", "[deployments]") {
  const auto [outcome, ended] =
      GENERATE(table<std::string, std::string>({{"success", "succeeded"}, {"error", "failed"}}));
  CAPTURE(outcome);
  world w(with_github(slow(outcome, 5'000)));
  w.call(workflow, "run", wanted);
  REQUIRE(w.run());
  CHECK(w.effects("d-1", effect_kind::message, "announce_deployment") == 1);
  const auto told = "Deployment d-1 of main to production: " + ended;
  CHECK(std::any_of(w.bodies().begin(), w.bodies().end(), [&, &text = told](const std::string& b) {
    return b.find(text) != std::string::npos && b.find("C0DEPLOYMENT") != std::string::npos;
  }));
}

TEST_CASE("without Slack a deployment is announced nowhere", "[deployments]") {
  auto s = with_github();
  s.orders.slack = false;
  world w(s);
  CHECK(field(w.call(workflow, "run", wanted).body, "status") == "succeeded");
  REQUIRE(w.run());
  CHECK(w.effects("d-1", effect_kind::message) == 0);
  CHECK(w.live().empty());
}

TEST_CASE("a deployment of which GitHub says nothing more ends after ten minutes",
          "[deployments]") {
  world w(with_github(slow("never", 0)));
  const auto begun = w.time.true_ms();
  const auto a = w.call(workflow, "run", wanted);
  CHECK(field(a.body, "status") == "timed_out");
  CHECK(field(a.body, "state") == "in_progress");
  CHECK(w.time.true_ms() - begun >= 600'000);
  CHECK(w.time.true_ms() - begun < 610'000);
  REQUIRE(w.run());
  CHECK(w.live().empty());
  CHECK(w.mock.requests(call_id::github_statuses) < 30);
}

TEST_CASE("an event ends a deployment before it is asked for again", "[deployments]") {
  world w(with_github(slow("never", 0)));
  const auto run = w.ask(workflow, "run", wanted);
  REQUIRE(w.run_until([](world& now) { return now.mock.requests(call_id::github_statuses) >= 4; }));
  CHECK(field(status(w), "status") == "in_progress");
  deployment_facts said;
  said.status_id = 1'000;
  said.state = "success";
  CHECK(w.inform(workflow, "RecordDeployment", said.encode()).status == 200);
  const auto asked = w.mock.requests(call_id::github_statuses);
  CHECK(field(w.wait_for(run).body, "status") == "succeeded");
  REQUIRE(w.run());
  CHECK(w.mock.requests(call_id::github_statuses) == asked);
  // What comes after the end is on record, and changes no end.
  said.status_id = 1'001;
  said.state = "inactive";
  w.inform(workflow, "RecordDeployment", said.encode());
  CHECK(field(status(w), "status") == "succeeded");
  CHECK(field(status(w), "state") == "inactive");
}

TEST_CASE("a deployment that GitHub refuses ends so, with its code", "[deployments]") {
  world w(with_github());
  const auto a = w.call(workflow, "run", R"({"ref":"missing","environment":"production"})");
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == "refused");
  CHECK(field(a.body, "message") == "GitHub refused the deployment: 422: no_such_ref");
  CHECK(field(a.body, "deploymentId") == "null");
  REQUIRE(w.run());
  CHECK(w.live().empty());
  CHECK(w.mock.requests(call_id::github_statuses) == 0);
}

TEST_CASE("a workflow is run once", "[deployments]") {
  world w(with_github(slow("success", 20'000)));
  const auto first = w.ask(workflow, "run", wanted);
  REQUIRE(w.run_until([](world& now) { return now.effects("d-1", effect_kind::deployment) == 1; }));
  CHECK(w.call(workflow, "run", wanted).status == 409);
  CHECK(field(w.wait_for(first).body, "status") == "succeeded");
  const auto again = w.call(workflow, "run", R"({"ref":"other","environment":"production"})");
  CHECK(again.status == 409);
  CHECK(again.body == "DeploymentWorkflow d-1 has been run before.");
  CHECK(w.call({"DeploymentWorkflow", "d-2"}, "run", wanted).status == 200);
  CHECK(creations(w) == 2);
}

TEST_CASE("a lost creation is looked up, and never made twice", "[deployments]") {
  const std::string effect =
      GENERATE(as<std::string>(), "drop_after", "garbage", "truncate", "html", "foreign", "empty",
               "stored_500_done", "late_work", "drop_before");
  CAPTURE(effect);
  world w(with_github(
      R"({"vendor":"github","operation":"deployment","nth":1,"late_ms":3000,"effect":")" + effect +
      "\"}"));
  CHECK(field(w.call(workflow, "run", wanted).body, "status") == "succeeded");
  REQUIRE(w.run());
  CHECK(w.effects("d-1", effect_kind::deployment) == 1);
}

TEST_CASE("a limit of GitHub's is waited out", "[deployments]") {
  world w(with_github(R"({"vendor":"github","operation":"deployment","nth":1,"effect":"status",)"
                      R"("status":403})"));
  const auto begun = w.time.true_ms();
  CHECK(field(w.call(workflow, "run", wanted).body, "status") == "succeeded");
  CHECK(w.time.true_ms() - begun >= 60'000);
}

TEST_CASE("what cannot be deployed is refused before anything is stored", "[deployments]") {
  world w(with_github());
  const auto refused = [&](const char* body) {
    const auto a = w.call(workflow, "run", body);
    CHECK(a.status == 400);
    return a.body;
  };
  CHECK(refused("[]") == "The body must be a JSON object.");
  CHECK(refused(R"({"environment":"production"})") == "ref is missing.");
  CHECK(refused(R"({"ref":"main"})") == "environment is missing.");
  CHECK(refused(R"({"ref":7,"environment":"production"})") == "ref must be a string.");
  for (const char* ref : {"a b", "a..b", "-x", "a/", "a~1", "x:y", "*"})
    CHECK(refused((R"({"environment":"production","ref":")" + std::string(ref) + "\"}").c_str()) ==
          "ref must be a branch, a tag or a commit, such as main.");
  CHECK(w.call(workflow, "GetStatus", "").status == 404);
  CHECK(w.requests().empty());

  world none;
  const auto a = none.call(workflow, "run", wanted);
  CHECK(a.status == 503);
  CHECK(a.body.find("GITHUB_REPOSITORY") != std::string::npos);
}

TEST_CASE("what is known of a deployment merges in any order", "[deployments]") {
  std::vector<deployment_facts> all(4);
  all[0].created_at = 5;
  all[1].deployment_id = 7;
  all[1].sha = "ab";
  all[2].status_id = 8;
  all[2].state = "in_progress";
  all[2].updated_at = 9;
  all[3].status_id = 9;
  all[3].state = "success";
  all[3].ended = "succeeded";
  deployment_facts whole;
  for (const auto& f : all)
    whole = merge(whole, f);
  std::vector<std::size_t> order = {0, 1, 2, 3};
  do {
    deployment_facts f;
    for (const auto i : order)
      f = merge(merge(f, all[i]), all[i]);
    CHECK(f == whole);
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK(whole.state == "success");
  CHECK(status_of(whole) == "succeeded");
  const auto read = deployment_facts::decode(whole.encode());
  REQUIRE(read);
  CHECK(*read == whole);
  CHECK_FALSE(deployment_facts::decode("x"));
}

} // namespace orderhub::testing
