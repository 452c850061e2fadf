#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <algorithm>
#include <string>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

// One step of an order: as its explanation has it, its bytes, its answers.
namespace orderhub::testing {

using nlohmann::json;

namespace {

constexpr const char* lost_label =
    R"({"vendor":"shippo","operation":"label","nth":1,"effect":"late_work","late_ms":30000})";

json described(const raw_response& r, const char* schema) {
  INFO(r.body);
  CHECK(joined(schema_problems(admin_openapi(), schema, r.body)) == "");
  const auto j = json::parse(r.body, nullptr, false);
  REQUIRE(j.is_object());
  return j;
}

void is_missing(const raw_response& r, const std::string& reason, const std::string& words) {
  const auto j = described(r, "problem");
  CHECK(r.status == 404);
  CHECK(j["reason"] == reason);
  CHECK(j["message"].get<std::string>().find(words) != std::string::npos);
}

json steps_of(const admin_hub& hub) {
  return described(hub.ask("/admin/orders/1/explain"), "explanation")["steps"];
}

std::string hash_text(const std::string& bytes) {
  const auto hash = sha256_of(bytes);
  return hex_of({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::string wire_of(const json& request) {
  return request["method"].get<std::string>() + ' ' + request["path"].get<std::string>();
}

} // namespace

TEST_CASE("a step's page is what the explanation says of it", "[admin][steps]") {
  admin_hub hub(with_faults(lost_label));
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(20'000);
  const auto steps = steps_of(hub);
  REQUIRE(steps.size() >= 2);
  for (const auto& step : steps) {
    const auto r = hub.ask("/admin/orders/1/steps/" + step["ref"].get<std::string>());
    CHECK(described(r, "step") == step);
    CHECK(r.headers.at("etag") ==
          '"' + json::parse(hub.ask("/admin/orders/1").body)["version"].dump() + '"');
  }
  const auto label = described(hub.ask("/admin/orders/1/steps/label"), "step");
  CHECK(label["state"] == "in_doubt");
  CHECK(label["next"] == "look_up");
  CHECK(label["if_retried"]["move"] == "look_up");

  is_missing(hub.ask("/admin/orders/1/steps/nothing"), "no_such_step", "has no step nothing");
  is_missing(hub.ask("/admin/orders/1/steps/inv_1:4"), "no_such_step", "inv_1:4");
  is_missing(hub.ask("/admin/orders/2/steps/label"), "no_such_order", "no order 2");
}

TEST_CASE("a step that has ended is found by its name while it is the only one", "[admin][steps]") {
  admin_hub hub;
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const auto charge = described(hub.ask("/admin/orders/1/steps/charge"), "step");
  CHECK(charge["state"] == "done");
  CHECK(charge["next"].is_null());
}

TEST_CASE("a step's request is shown as it is kept, with what a retry would send",
          "[admin][steps]") {
  admin_hub hub(with_faults(lost_label));
  hub.hub.submit(order_object("1"), "ProcessOrder", order_body());
  hub.hub.run(20'000);
  const auto charge = described(hub.ask("/admin/orders/1/steps/charge"), "step");
  const auto sent = described(hub.ask("/admin/orders/1/steps/charge/request"), "step_request");
  CHECK(sent["kept"] == true);
  CHECK(sent["key"] == charge["key"]);
  CHECK(sent["request"]["sha256"] == charge["request_sha256"]);
  CHECK(sent["request"]["sha256"] == hash_text(sent["request"]["text"].get<std::string>()));
  CHECK(sent["request"]["body_bytes"] == charge["request_bytes"]);
  CHECK(wire_of(sent["request"]) == "POST /v1/payment_intents");
  CHECK_FALSE(sent["request"]["headers"].empty());
  CHECK(sent["if_retried"].is_null());

  // In doubt it is looked up, and that is what a retry sends.
  const auto label = described(hub.ask("/admin/orders/1/steps/label/request"), "step_request");
  CHECK(label["request"]["method"] == "POST");
  CHECK(label["if_retried"]["move"] == "look_up");
  CHECK(label["if_retried"]["request"]["method"] == "GET");
  CHECK(label["if_retried"]["key"].is_null());

  // What may be repeated keeps no bytes.
  hub.hub.run(120'000);
  const auto steps = steps_of(hub);
  const auto any = std::find_if(steps.begin(), steps.end(),
                                [](const json& s) { return s["policy"] == "may_repeat"; });
  REQUIRE(any != steps.end());
  const auto path = "/admin/orders/1/steps/" + (*any)["ref"].get<std::string>();
  const auto mail = described(hub.ask(path + "/request"), "step_request");
  CHECK(mail["kept"] == false);
  CHECK(mail["request"]["method"] == "POST");
  CHECK(mail["request"]["sha256"].is_null());
}

TEST_CASE("an answer of a vendor is shown by its place", "[admin][steps]") {
  admin_hub hub(with_faults(
      R"({"vendor":"stripe","operation":"charge","nth":1,"effect":"status","status":503})"));
  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const auto charge = described(hub.ask("/admin/orders/1/steps/charge"), "step");
  REQUIRE(charge["attempts"].size() == 2);
  for (std::size_t n = 1; n <= 2; ++n) {
    const auto one = described(hub.ask("/admin/orders/1/steps/charge/answers/" + std::to_string(n)),
                               "step_answer");
    CHECK(one["answer"] == n);
    CHECK(one["answers"] == 2);
    CHECK(one["attempt"] == charge["attempts"][n - 1]);
  }
  CHECK(charge["attempts"][0]["http"] == 503);
  CHECK(charge["attempts"][1]["vendor_request_id"].get<std::string>().starts_with("req_"));
  for (const char* n : {"0", "3", "-1", "1x", "x", "99999999999999999999"})
    is_missing(hub.ask("/admin/orders/1/steps/charge/answers/" + std::string(n)), "no_such_answer",
               "keeps 2 answers");
  is_missing(hub.ask("/admin/orders/1/steps/nothing/answers/1"), "no_such_step", "nothing");
}

} // namespace orderhub::testing
