#include "http_gateway/ingress/access.hpp"
#include "tests/support/catch2.hpp"

using namespace orderhub;
using namespace orderhub::http_gateway;

namespace {
http_request request_to(std::string host) {
  http_request r;
  r.host = std::move(host);
  return r;
}
} // namespace

TEST_CASE("null and every other web origin are foreign", "[gateway][access]") {
  CHECK(is_loopback_origin("http://localhost:3000"));
  CHECK(is_loopback_origin("https://127.0.0.1"));
  for (const auto* origin :
       {"null", "", "http://evil.com", "http://localhost.evil.com", "localhost", "ftp://localhost",
        "http://localhost/path", "http://localhost@evil.com", "chrome-extension://abc"}) {
    CAPTURE(origin);
    CHECK_FALSE(is_loopback_origin(origin));
  }
}

TEST_CASE("without a token the host and the origin decide", "[gateway][access]") {
  const access_rule rule{secret()};
  CHECK_FALSE(rule.refusal(request_to("localhost:8080")));
  REQUIRE(rule.refusal(request_to("evil.com")));
  CHECK(rule.refusal(request_to("evil.com"))->status == 403);
  REQUIRE(rule.refusal(request_to("")));

  auto twice = request_to("localhost");
  twice.add_header("Origin", "http://localhost");
  CHECK_FALSE(rule.refusal(twice));
  twice.add_header("origin", "http://localhost");
  CHECK(rule.refusal(twice));

  auto empty = request_to("localhost");
  empty.add_header("Origin", "");
  CHECK(rule.refusal(empty));
}

TEST_CASE("with a token only the token decides", "[gateway][access]") {
  const access_rule rule{secret("s3cret")};
  auto good = request_to("hub.example.com");
  good.add_header("Authorization", "Bearer s3cret");
  CHECK_FALSE(rule.refusal(good));

  for (const auto* value : {"", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cretx",
                            "Basic s3cret", "s3cret", "Bearer S3CRET"}) {
    CAPTURE(value);
    auto bad = request_to("localhost");
    bad.add_header("authorization", value);
    const auto refusal = rule.refusal(bad);
    REQUIRE(refusal);
    CHECK(refusal->status == 401);
    CHECK(refusal->headers.find("www-authenticate: Bearer\r\n") != std::string::npos);
  }
  REQUIRE(rule.refusal(request_to("localhost")));
  auto twice = good;
  twice.add_header("Authorization", "Bearer other");
  CHECK(rule.refusal(twice));
}
