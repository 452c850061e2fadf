#include "providers/custom/call.hpp"
#include "providers/custom/description.hpp"
#include "providers/custom/provider.hpp"
#include "providers/custom/templates.hpp"
#include "providers/policy/answer.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

using namespace orderhub;
using namespace orderhub::providers;
using namespace orderhub::providers::custom;
using nlohmann::json;
using orderhub::testing::must;

namespace {

const values some = {{"order_id", "../a b&c=1/\"}\n"},
                     {"total_minor", "4250"},
                     {"currency", "usd"},
                     {"items", R"([{"product_id":"sku \"1\"","quantity":2,"price":10}])"},
                     {"event", "confirmed"}};
const step_ref step{"hub", "ord-1", "custom_crm_confirmed", "1"};

description crm() {
  description d;
  d.name = "crm";
  d.vendor = "custom_crm";
  d.operation = "custom.crm";
  d.hooks = static_cast<std::uint8_t>(hook::confirmed);
  d.path = must(text_template::parse("/v1/orders/{{order_id}}?event={{event}}"));
  d.body = must(json_template::parse(
      R"({"id":"{{order_id}}","sum":"{{ total_minor }}","text":"{{total_minor}} {{currency}}",)"
      R"("lines":"{{items}}","phone":"{{phone}}","nested":[{"e":"{{event}}"}]})"));
  d.success = must(parse_statuses("200-299"));
  d.terminal = must(parse_statuses("409, 422"));
  d.retryable = must(parse_statuses("503"));
  d.proof = "/id";
  d.show = "/id";
  d.reason = "/error/code";
  d.key_header = "Idempotency-Key";
  d.doubt = must(parse_doubt("look_up 30s"));
  look_up_rule rule;
  rule.path = must(
      text_template::parse("/v1/find?key={{key}}&order={{order_id}}", {std::string_view("key")}));
  rule.pointer = "/data/0/id";
  rule.absent = must(parse_statuses("404"));
  d.look_up = rule;
  return d;
}

raw_operation called(description d) {
  return call(std::make_shared<const description>(std::move(d)), step, some).raw;
}

http_response answer(int status, std::string body) {
  return {status, {{"content-type", "application/json"}}, std::move(body)};
}

error_kind kind_of(const raw_operation& op, int status, const std::string& body) {
  const auto r = op.parse(answer(status, body));
  REQUIRE_FALSE(r);
  return r.error().kind;
}

} // namespace

TEST_CASE("what an order holds stays where it was put", "[custom]") {
  const auto op = called(crm());
  CHECK(op.request.method == "POST");
  // One segment, and one value of the query.
  CHECK(op.request.target == "/v1/orders/..%2Fa%20b%26c%3D1%2F%22%7D%0A?event=confirmed");
  const auto body = json::parse(op.request.body);
  CHECK(body["id"] == some.at("order_id"));
  CHECK(body["sum"] == 4250);
  CHECK(body["text"] == "4250 usd");
  CHECK(body["lines"][0]["product_id"] == "sku \"1\"");
  CHECK(body["phone"].is_null());
  CHECK(body["nested"][0]["e"] == "confirmed");
  CHECK(body.size() == 6);
  // Dots alone would climb.
  const auto path = must(text_template::parse("/a/{{order_id}}/b"));
  CHECK(path.filled_path({{"order_id", ".."}}) == "/a/%2E%2E/b");
  CHECK(path.filled_path({{"order_id", "."}}) == "/a/%2E/b");
  CHECK(path.filled_path({}) == "/a//b");
}

TEST_CASE("a template that names nothing known is refused", "[custom]") {
  for (const auto* text : {"{{order}}", "{{}}", "a {{order_id", "{{order_id}} {{secret}}"}) {
    CAPTURE(text);
    const auto parsed = text_template::parse(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message.starts_with("must "));
  }
  CHECK(text_template::parse("no value }} at all"));
  CHECK_FALSE(json_template::parse("{\"a\":"));
  CHECK_FALSE(json_template::parse(R"({"a":["{{nobody}}"]})"));
  CHECK(json_template::parse(R"({"{{a member's name}}":1})"));
  for (const auto* statuses : {"100", "600", "200-", "a", "299-200", "2xx"})
    CHECK_FALSE(parse_statuses(statuses));
  CHECK(must(parse_statuses("200-204, 404")).contains(404));
  CHECK_FALSE(must(parse_statuses("200-204,404")).contains(205));
}

TEST_CASE("an answer is read as the page says", "[custom]") {
  const auto op = called(crm());
  const auto done = op.parse(answer(201, R"({"id":"crm_7"})"));
  REQUIRE(done);
  CHECK(must(custom_outcome::decode(*done)) == custom_outcome{201, "crm_7"});
  // A success without its proof is none.
  for (const auto* body : {"{}", "", "<html>", R"({"id":null})", R"({"id":""})", "[]"})
    CHECK(kind_of(op, 200, body) == error_kind::in_doubt);
  CHECK(kind_of(op, 409, "{}") == error_kind::rejected);
  CHECK(op.parse(answer(422, R"({"error":{"code":"not_wanted"}})")).error().message ==
        "422: not_wanted");
  // No word of what might be an echo.
  CHECK(op.parse(answer(422, R"({"error":{"code":"Ada Lovelace, 1 Main St"}})")).error().message ==
        "422");
  CHECK(kind_of(op, 503, "{}") == error_kind::unavailable);
  CHECK(kind_of(op, 500, "{}") == error_kind::in_doubt);
  CHECK(kind_of(op, 401, "{}") == error_kind::misconfigured);
  CHECK(kind_of(op, 404, "{}") == error_kind::misconfigured);
  CHECK(kind_of(op, 400, "{}") == error_kind::invalid);
  CHECK(kind_of(op, 429, "{}") == error_kind::unavailable);
  CHECK(kind_of(op, 302, "{}") == error_kind::in_doubt);
}

TEST_CASE("a look-up tells found from absent, and from nothing", "[custom]") {
  auto d = crm();
  const auto op = called(d);
  const sent_request sent{op.request, "k 1"};
  CHECK(op.lookup(sent).target == "/v1/find?key=k%201&order=..%2Fa%20b%26c%3D1%2F%22%7D%0A");
  const auto kind = [&](const raw_operation& of, int status, const std::string& body) {
    return of.read_lookup(sent, answer(status, body)).kind;
  };
  CHECK(kind(op, 200, R"({"data":[{"id":"x"}]})") == finding_kind::found);
  CHECK(kind(op, 200, R"({"data":[]})") == finding_kind::absent);
  CHECK(kind(op, 200, R"({"data":[{"id":null}]})") == finding_kind::absent);
  CHECK(kind(op, 404, "") == finding_kind::absent);
  CHECK(kind(op, 200, "<html>") == finding_kind::unknown);
  CHECK(kind(op, 500, "{}") == finding_kind::unknown);
  CHECK(kind(op, 401, "{}") == finding_kind::unknown);
  CHECK(must(custom_outcome::decode(
                 op.read_lookup(sent, answer(200, R"({"data":[{"id":"x"}]})")).value))
            .shown == "x");
  d.look_up->equals = must(text_template::parse("{{reference}}"));
  const auto strict = called(d);
  CHECK(kind(strict, 200, R"({"data":[{"id":"x"}]})") == finding_kind::unknown);
  CHECK(kind(strict, 200, R"({"data":[{"id":")" + reference_of(step) + R"("}]})") ==
        finding_kind::found);
  CHECK(kind(strict, 200, R"({"data":[]})") == finding_kind::absent);
}

TEST_CASE("an operation outlives its description's owner", "[custom]") {
  auto d = std::make_shared<const description>(crm());
  auto op = call(d, step, some).raw;
  d.reset();
  auto copy = op;
  op = {};
  CHECK(copy.name == "custom.crm");
  CHECK(copy.vendor == "custom_crm");
  CHECK(copy.key_header == "Idempotency-Key");
  CHECK(copy.parse(answer(201, R"({"id":"1"})")));
  CHECK(copy.absence_after_ms == 30'000);
  const auto lost = gone(named("crm"), step).raw;
  CHECK(lost.name == copy.name);
  CHECK(lost.vendor == copy.vendor);
}

TEST_CASE("a provider's secret goes into its header, and a client's nowhere else", "[custom]") {
  provider of;
  of.what = std::make_shared<const description>(crm());
  of.base = "https://crm.example.com";
  of.auth = secret("tell-nobody");
  const auto e = endpoint_of(of, "http://127.0.0.1:1");
  CHECK(e.base == "https://crm.example.com");
  REQUIRE(e.secret_headers.size() == 1);
  CHECK(e.secret_headers[0].second.reveal() == "Bearer tell-nobody");
  CHECK(e.fingerprint() == "https://crm.example.com|live");
  of.base.clear();
  of.auth = {};
  of.oauth = token_client{"", "client", secret("tell-nobody"), "orders", false};
  const auto mock = endpoint_of(of, "http://127.0.0.1:1");
  CHECK(mock.base == "http://127.0.0.1:1/custom");
  CHECK(mock.secret_headers.empty());
  REQUIRE(mock.token);
  CHECK(mock.token->url == "http://127.0.0.1:1/custom/token");
  CHECK(mock.fingerprint() == "built-in|mock");
}
