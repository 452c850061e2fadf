#include "providers/policy/token_answer.hpp"
#include "providers/policy/token_cache.hpp"
#include "providers/transport.hpp"
#include "providers/transport/token_transport.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/sim_clock.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace orderhub;
using namespace orderhub::providers;

namespace {

/// What was sent, and what is to be answered when the test says so.
class held_transport final : public transport {
public:
  struct call {
    wire_request request;
    callback done;
    [[nodiscard]] bool is_token() const { return request.method == "POST"; }
    [[nodiscard]] std::string shown() const {
      return request.secret_headers.empty() ? std::string()
                                            : request.secret_headers[0].second.reveal();
    }
  };
  void send(wire_request request, callback done) override {
    calls.push_back({std::move(request), std::move(done)});
  }
  /// Answers the oldest one.
  void answer(int status, std::string body = "{}") {
    transport_outcome out;
    out.kind = outcome_kind::response;
    out.response = {status, {}, std::move(body)};
    end(std::move(out));
  }
  void end(transport_outcome out) {
    REQUIRE_FALSE(calls.empty());
    auto c = std::move(calls.front());
    calls.erase(calls.begin());
    c.done(std::move(out));
  }
  void give(const std::string& token, int seconds = 3'600) {
    REQUIRE_FALSE(calls.empty());
    REQUIRE(calls.front().is_token());
    answer(200, R"({"access_token":")" + token + R"(","token_type":"bearer","expires_in":)" +
                    std::to_string(seconds) + "}");
  }
  std::vector<call> calls;
};

struct fixture {
  orderhub::testing::manual_clock time;
  held_transport behind;
  token_transport front{behind, time};
  std::shared_ptr<const token_client> client = std::make_shared<const token_client>(
      token_client{"https://id.example.com/token", "client", secret("hush"), "orders", false});
  std::vector<transport_outcome> heard;

  void send(std::int64_t deadline_ms = 30'000) {
    wire_request request;
    request.method = "GET";
    request.url = secret("https://api.example.com/x");
    request.token = client;
    request.deadline_ms = deadline_ms;
    front.send(std::move(request),
               [this](transport_outcome out) { heard.push_back(std::move(out)); });
  }
};

} // namespace

TEST_CASE("one token is asked for, however many wait for it", "[oauth]") {
  fixture f;
  for (int i = 0; i < 50; ++i)
    f.send();
  REQUIRE(f.behind.calls.size() == 1);
  const auto& asked = f.behind.calls[0];
  CHECK(asked.request.url.reveal() == "https://id.example.com/token");
  CHECK(asked.shown() == "Basic Y2xpZW50Omh1c2g=");
  CHECK(asked.request.body == "grant_type=client_credentials&scope=orders");
  f.time.advance(400);
  f.behind.give("t1");
  REQUIRE(f.behind.calls.size() == 50);
  for (const auto& c : f.behind.calls) {
    CHECK(c.shown() == "Bearer t1");
    CHECK(c.request.deadline_ms == 29'600); // The wait counts.
    CHECK(c.request.token == nullptr);
  }
  while (!f.behind.calls.empty())
    f.behind.answer(200);
  CHECK(f.heard.size() == 50);
  f.send();
  REQUIRE(f.behind.calls.size() == 1);
  CHECK(f.behind.calls[0].shown() == "Bearer t1");
}

TEST_CASE("a token is renewed before it dies, by one call, and nobody waits", "[oauth]") {
  fixture f;
  f.send();
  f.behind.give("t1", 600);
  f.behind.answer(200);
  f.time.advance(539'000);
  f.send();
  REQUIRE(f.behind.calls.size() == 1);
  f.behind.answer(200);
  f.time.advance(1'000); // The last minute of its ten.
  f.send();
  f.send();
  REQUIRE(f.behind.calls.size() == 3);
  CHECK(f.behind.calls[0].is_token());
  CHECK(f.behind.calls[1].shown() == "Bearer t1");
  CHECK(f.behind.calls[2].shown() == "Bearer t1");
  f.behind.give("t2", 600);
  f.send();
  CHECK(f.behind.calls.back().shown() == "Bearer t2");

  // Dead, it is not shown, and whoever comes waits.
  f.behind.calls.clear();
  f.time.advance(600'000);
  f.send();
  REQUIRE(f.behind.calls.size() == 1);
  CHECK(f.behind.calls[0].is_token());
}

TEST_CASE("while a token lives, a failed renewal costs no call, and is not hammered", "[oauth]") {
  fixture f;
  f.send();
  f.behind.give("t1", 600);
  f.behind.answer(200);
  f.time.advance(550'000);
  f.send();
  REQUIRE(f.behind.calls.size() == 2);
  f.behind.answer(503);
  f.behind.answer(200);
  f.send();
  REQUIRE(f.behind.calls.size() == 1);
  CHECK(f.behind.calls[0].shown() == "Bearer t1");
  f.behind.answer(200);
  f.time.advance(2'000);
  f.send();
  CHECK(f.behind.calls.size() == 2);
  for (const auto& out : f.heard)
    CHECK(out.response.status == 200);
}

TEST_CASE("a 401 under a kept token is tried once more under a new one", "[oauth]") {
  fixture f;
  f.send();
  f.behind.give("t1");
  f.behind.answer(200);
  f.send();
  f.send();
  f.behind.answer(401);
  f.behind.answer(401);
  // Both were refused; one token is asked for.
  REQUIRE(f.behind.calls.size() == 1);
  f.behind.give("t2");
  REQUIRE(f.behind.calls.size() == 2);
  CHECK(f.behind.calls[0].shown() == "Bearer t2");
  CHECK(f.heard.size() == 1);
  f.behind.answer(401); // Then it is the answer.
  f.behind.answer(200);
  REQUIRE(f.heard.size() == 3);
  CHECK(f.heard[1].response.status == 401);
  CHECK(f.heard[2].response.status == 200);
  CHECK(f.behind.calls.empty());
}

TEST_CASE("a 401 under a token that was just given is the answer", "[oauth]") {
  fixture f;
  f.send();
  f.behind.give("t1");
  f.behind.answer(401);
  CHECK(f.behind.calls.empty());
  REQUIRE(f.heard.size() == 1);
  CHECK(f.heard[0].response.status == 401);
}

TEST_CASE("without a token nothing is sent, and the outcome says why", "[oauth]") {
  fixture f;
  f.send();
  f.send();
  f.behind.answer(401, R"({"error":"invalid_client","error_description":"hush is wrong"})");
  REQUIRE(f.heard.size() == 2);
  for (const auto& out : f.heard) {
    CHECK(out.kind == outcome_kind::not_sent);
    CHECK(out.is_credential_refused);
    CHECK(out.reason == "the token endpoint answered 401: invalid_client");
  }
  for (const auto& [status, body] :
       {std::pair(503, "{}"), std::pair(200, "<html>"), std::pair(200, "{}"),
        std::pair(200, R"({"access_token":"a b","token_type":"bearer"})"),
        std::pair(200, R"({"access_token":"ab","token_type":"mac"})")}) {
    f.heard.clear();
    f.send();
    f.behind.answer(status, body);
    REQUIRE(f.heard.size() == 1);
    CHECK(f.heard[0].kind == outcome_kind::not_sent);
    CHECK_FALSE(f.heard[0].is_credential_refused);
  }
  f.heard.clear();
  f.send();
  f.behind.end({outcome_kind::lost, {}, "connection reset"});
  REQUIRE(f.heard.size() == 1);
  CHECK(f.heard[0].kind == outcome_kind::not_sent);
  CHECK(f.heard[0].reason == "no token: connection reset");
  CHECK(f.behind.calls.empty());
}

TEST_CASE("a request whose time has passed is not sent under a late token", "[oauth]") {
  fixture f;
  f.send(5'000);
  f.send(60'000);
  f.time.advance(6'000);
  f.behind.give("t1");
  REQUIRE(f.heard.size() == 1);
  CHECK(f.heard[0].kind == outcome_kind::not_sent);
  CHECK(f.behind.calls.size() == 1);
}

TEST_CASE("a token that is dead when it comes serves those who waited, and is not asked for again "
          "by itself",
          "[oauth]") {
  fixture f;
  f.send();
  f.behind.give("t1", 0);
  REQUIRE(f.behind.calls.size() == 1);
  CHECK(f.behind.calls[0].shown() == "Bearer t1");
  f.behind.answer(200);
  CHECK(f.behind.calls.empty());
  f.send();
  REQUIRE(f.behind.calls.size() == 1);
  CHECK(f.behind.calls[0].is_token());
}

TEST_CASE("a request without a client goes on as it is", "[oauth]") {
  fixture f;
  wire_request request;
  request.method = "GET";
  request.secret_headers.emplace_back("Authorization", secret("Bearer own"));
  f.front.send(std::move(request), [](transport_outcome) {});
  REQUIRE(f.behind.calls.size() == 1);
  CHECK(f.behind.calls[0].shown() == "Bearer own");
}

TEST_CASE("a client may be named in the body", "[oauth]") {
  const auto request =
      token_request({"https://id.example.com/token", "a&b", secret("x=y"), "", true}, 1'000);
  CHECK(request.secret_headers.empty());
  CHECK(request.body == "grant_type=client_credentials&client_id=a%26b&client_secret=x%3Dy");
}
