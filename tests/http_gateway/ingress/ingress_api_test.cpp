#include "http_gateway/admin/admin_api.hpp"
#include "http_gateway/ingress/ingress_api.hpp"
#include "http_gateway/server/problem.hpp"
#include "tests/http_gateway/ingress/fake_ingress.hpp"
#include "tests/http_gateway/server/raw_client.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/patience.hpp"

using namespace orderhub;
using namespace orderhub::http_gateway;
using namespace orderhub::testing;

namespace {

struct door {
  explicit door(const std::string& token = {}, server_options options = {})
      : api(hub, secret(token)) {
    auto started = server::start(std::move(options), api);
    REQUIRE(started);
    web = std::move(*started);
  }
  [[nodiscard]] raw_response ask(std::string_view bytes) const {
    raw_client c(web->port());
    REQUIRE(c.send(bytes));
    auto r = c.read();
    REQUIRE(r);
    return *r;
  }

  fake_ingress hub;
  ingress_api api;
  std::unique_ptr<server> web;
};

std::string post_from(std::string_view host, std::string_view target,
                      std::string_view headers = {}) {
  std::string out = "POST ";
  return out.append(target)
      .append(" HTTP/1.1\r\nHost: ")
      .append(host)
      .append("\r\n")
      .append(headers)
      .append("Content-Length: 2\r\n\r\n{}");
}

} // namespace

TEST_CASE("a call reaches the hub as it was sent", "[gateway][api]") {
  door d;
  const auto r = d.ask(post("/OrderOrchestrator/a%2Fb/Echo", R"({"n":1})",
                            "Idempotency-Key: k 1\r\nContent-Type: application/octet-stream\r\n"));
  CHECK(r.status == 200);
  CHECK(r.body == R"({"n":1})");
  CHECK(r.headers.at("content-type") == "application/json");
  CHECK(r.headers.at("x-restate-id") == "inv_a/b");
  CHECK(r.headers.count("x-restate-error-source") == 0);
  const auto calls = d.hub.calls();
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].service == "OrderOrchestrator");
  CHECK(calls[0].key == "a/b");
  CHECK(calls[0].handler == "Echo");
  CHECK(calls[0].body == R"({"n":1})");
  CHECK(calls[0].idempotency_key == "k 1");
  CHECK_FALSE(calls[0].one_way);
}

TEST_CASE("a send is one-way and delayed", "[gateway][api]") {
  door d;
  const auto r = d.ask(post("/S/k/H/send?delay=10s", ""));
  CHECK(r.status == 202);
  CHECK(r.body == R"({"invocationId":"inv_k","status":"Accepted"})");
  REQUIRE(d.hub.calls().size() == 1);
  CHECK(d.hub.calls()[0].one_way);
  CHECK(d.hub.calls()[0].delay_ms == 10'000);
  CHECK(d.hub.calls()[0].body.empty());
}

TEST_CASE("results carry where their error comes from", "[gateway][api]") {
  door d;
  const auto refused = d.ask(post("/S/k/Refuse", ""));
  CHECK(refused.status == 409);
  CHECK(refused.headers.at("x-restate-error-source") == "invocation");
  CHECK(refused.headers.at("x-restate-id") == "inv_k");
  const auto busy = d.ask(post("/S/k/Busy", ""));
  CHECK(busy.status == 429);
  CHECK(busy.headers.at("retry-after") == "3");
  CHECK(busy.headers.at("x-restate-error-source") == "ingress");
  CHECK(busy.headers.count("x-restate-id") == 0);
  const auto early = d.ask(get("/restate/invocation/inv_1/output"));
  CHECK(early.status == 470);
  CHECK(early.headers.at("x-restate-error-source") == "ingress");
}

TEST_CASE("results are attached to and fetched", "[gateway][api]") {
  door d;
  CHECK(d.ask(get("/restate/workflow/W/k/attach")).body == R"({"done":true})");
  CHECK(d.ask(post("/restate/invocation/S/k/H/idem/output", "")).status == 470);
  const auto asked = d.hub.attaches();
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].wait);
  CHECK(std::get<host::by_workflow>(asked[0].target).key == "k");
  CHECK_FALSE(asked[1].wait);
  CHECK(std::get<host::by_request_key>(asked[1].target).idempotency_key == "idem");
}

TEST_CASE("awakeables are resolved with bytes and rejected with a reason", "[gateway][api]") {
  door d;
  const auto r = d.ask(post("/restate/a/awk_1/resolve", R"({"packed":true})"));
  CHECK(r.status == 202);
  CHECK(r.body.empty());
  CHECK(r.headers.count("content-type") == 0);
  CHECK(d.ask(post("/restate/awakeables/awk_1/reject", "out of paper")).status == 202);
  CHECK(d.ask(post("/restate/awakeables/awk_1/reject", "\xff")).status == 400);
  const auto settled = d.hub.completions();
  REQUIRE(settled.size() == 2);
  CHECK(settled[0].resolve);
  CHECK(settled[0].payload == R"({"packed":true})");
  CHECK_FALSE(settled[1].resolve);
  CHECK(settled[1].payload == "out of paper");
}

TEST_CASE("a bad idempotency key is refused and nothing is called", "[gateway][api]") {
  door d;
  for (const auto& header :
       {std::string("Idempotency-Key:\r\n"), "Idempotency-Key: " + std::string(256, 'k') + "\r\n",
        std::string("Idempotency-Key: \xc3\xa9\r\n"), std::string("Idempotency-Key: a\tb\r\n"),
        std::string("Idempotency-Key: a\r\nidempotency-key: a\r\n")}) {
    CAPTURE(header);
    CHECK(d.ask(post("/S/k/Echo", "", header)).status == 400);
  }
  CHECK(d.hub.calls().empty());
  CHECK(d.ask(post("/S/k/Echo", "", "Idempotency-Key: " + std::string(255, 'k') + "\r\n")).status ==
        200);
}

TEST_CASE("paths and methods are answered in JSON", "[gateway][api]") {
  door d;
  const auto bad = d.ask(post("/S/%zz/H", ""));
  CHECK(bad.status == 400);
  CHECK(bad.body == R"({"code":400,"message":"The path has a malformed percent escape."})");
  CHECK(d.ask(post("/S/%00/H", "")).status == 400);
  CHECK(d.ask(post("/S/%ff/H", "")).status == 400);
  CHECK(d.ask(post("/S/H", "")).status == 404);
  CHECK(d.ask(post("/webhooks/stripe", "")).status == 404);
  const auto method = d.ask(get("/S/k/H"));
  CHECK(method.status == 405);
  CHECK(method.headers.at("allow") == "POST");
  for (const auto* name : {"TRACE", "DELETE", "OPTIONS", "PATCH", "BREW"})
    CHECK(d.ask(std::string(name) + " /S/k/H HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 405);
  CHECK(d.ask("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 400);
  CHECK(d.hub.calls().empty());
}

TEST_CASE("a foreign host or origin reaches nothing but health and webhooks", "[gateway][api]") {
  door d;
  CHECK(d.ask(post_from("localhost:9", "/S/k/Echo")).status == 200);
  CHECK(d.ask(post_from("127.0.0.1", "/S/k/Echo", "Origin: http://localhost:3000\r\n")).status ==
        200);
  for (const auto& request :
       {post_from("evil.com", "/S/k/Echo"),
        post_from("localhost", "/S/k/Echo", "Origin: http://evil.com\r\n"),
        post_from("localhost", "/S/k/Echo", "Origin: null\r\n"),
        post_from("evil.com", "/restate/awakeables/a/resolve"), post_from("evil.com", "/nothing"),
        post_from("evil.com", "/S/%zz/H"),
        std::string("POST http://evil.com/S/k/Echo HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        std::string("POST /S/k/Echo HTTP/1.0\r\n\r\n"),
        std::string("GET /restate/invocation/inv_1/output HTTP/1.1\r\nHost: evil.com\r\n\r\n")}) {
    CAPTURE(request);
    CHECK(d.ask(request).status == 403);
  }
  CHECK(d.hub.calls().size() == 2);
  CHECK(d.hub.attaches().empty());
  CHECK(d.ask("GET /restate/health HTTP/1.1\r\nHost: evil.com\r\n\r\n").status == 200);
  CHECK(d.ask(post_from("evil.com", "/webhooks/stripe")).status == 404);
}

TEST_CASE("with a token everything but health and webhooks needs it", "[gateway][api]") {
  door d("s3cret");
  CHECK(d.ask(post("/S/k/Echo", "")).status == 401);
  CHECK(d.ask(post("/S/k/Echo", "", "Authorization: Bearer wrong\r\n")).status == 401);
  CHECK(d.ask(post("/S/k/Echo", "", "Authorization: Bearer s3cret\r\n")).status == 200);
  CHECK(
      d.ask(post_from("hub.example.com", "/S/k/Echo", "authorization: bearer s3cret\r\n")).status ==
      200);
  CHECK(d.ask(get("/restate/health")).status == 200);
  CHECK(d.hub.calls().size() == 2);
}

TEST_CASE("a call that takes too long gets 504 with its id and goes on", "[gateway][api]") {
  const bool shown = testing::with_growing_time([](int ms) {
    door d({}, {.request_timeout_ms = ms, .sweep_interval_ms = 10});
    raw_client c(d.web->port());
    REQUIRE(c.send(post("/S/long/Hold", "")));
    d.hub.wait_held(1);
    const auto r = c.read();
    REQUIRE(r);
    CHECK(r->status == 504);
    if (r->headers.count("x-restate-id") == 0)
      return false; // The hub said its id only afterwards.
    CHECK(r->headers.at("x-restate-id") == "inv_long");
    CHECK(d.hub.forgotten() == std::vector<std::string>{"inv_long"});
    CHECK(r->body.find("/restate/invocation/inv_long/attach") != std::string::npos);
    d.hub.release(); // Its answer finds nobody, and does no harm.
    REQUIRE(c.send(post("/S/never/Silent", "")));
    const auto silent = c.read();
    REQUIRE(silent);
    CHECK(silent->status == 504);
    CHECK(silent->headers.count("x-restate-id") == 0);
    return true;
  });
  CHECK(shown);
}

TEST_CASE("a call that waits when the hub stops gets 503 with its id", "[gateway][api]") {
  door d;
  raw_client c(d.web->port());
  REQUIRE(c.send(post("/S/long/Hold", "")));
  d.hub.wait_held(1);
  d.web->stop(0);
  const auto r = c.read();
  REQUIRE(r);
  CHECK(r->status == 503);
  CHECK(r->headers.at("x-restate-id") == "inv_long");
  CHECK(r->headers.at("x-restate-error-source") == "ingress");
  CHECK(r->headers.at("retry-after") == "5");
  CHECK(r->body.find("/restate/invocation/inv_long/attach") != std::string::npos);
  d.hub.release(); // Its answer finds nobody, and does no harm.
}

TEST_CASE("who attaches waits longer than who calls", "[gateway][api]") {
  door d({}, {.request_timeout_ms = 60, .sweep_interval_ms = 10});
  raw_client attached(d.web->port());
  REQUIRE(attached.send(get("/restate/invocation/inv_long/attach")));
  d.hub.wait_held(1);
  raw_client called(d.web->port()); // Arrives later, and its time is up before.
  REQUIRE(called.send(post("/S/k/Silent", "")));
  CHECK(called.read()->status == 504);
  d.hub.release();
  const auto r = attached.read();
  REQUIRE(r);
  CHECK(r->status == 200);
}

TEST_CASE("who attached and left is forgotten and its slot is free", "[gateway][api]") {
  const bool resets = GENERATE(false, true);
  CAPTURE(resets);
  door d({}, {.pipeline_max = 2, .sweep_interval_ms = 10});
  {
    raw_client c(d.web->port());
    for (int i = 0; i < 3; ++i)
      REQUIRE(c.send(get("/restate/invocation/inv_long/attach")));
    d.hub.wait_held(2);
    if (resets)
      c.reset();
  }
  while (d.web->metrics().in_flight_now != 0 || d.web->metrics().connections_now != 0 ||
         d.hub.forgotten().empty())
    std::this_thread::yield();
  CHECK(d.hub.forgotten() == std::vector<std::string>{"inv_attached"}); // Once for both.
  d.hub.release(); // Its answer finds nobody, and does no harm.
}

TEST_CASE("a call goes on when its caller has left and answers one that only finished sending",
          "[gateway][api]") {
  door d({}, {.sweep_interval_ms = 10});
  raw_client gone(d.web->port());
  REQUIRE(gone.send(post("/S/gone/Hold", "")));
  d.hub.wait_held(1);
  raw_client half(d.web->port());
  REQUIRE(half.send(post("/S/half/Hold", "")));
  d.hub.wait_held(2);
  half.finish_sending();
  gone.reset();
  while (d.hub.forgotten().empty())
    std::this_thread::yield();
  CHECK(d.hub.forgotten() == std::vector<std::string>{"inv_gone"});
  CHECK(d.web->metrics().in_flight_now == 1);
  d.hub.release();
  CHECK(half.read()->body == R"("inv_half")");
  CHECK(half.at_end());
}

TEST_CASE("calls of one connection are answered in order though they end in another",
          "[gateway][api]") {
  door d;
  raw_client c(d.web->port());
  REQUIRE(c.send(post("/S/1/Hold", "") + post("/S/2/Hold", "") + post("/S/3/Echo", "three")));
  d.hub.wait_held(2);
  d.hub.release();
  CHECK(c.read()->body == R"("inv_1")");
  CHECK(c.read()->body == R"("inv_2")");
  CHECK(c.read()->body == "three");
}

TEST_CASE("health says what the hub says", "[gateway][api]") {
  door d;
  CHECK(d.ask(get("/restate/health")).body ==
        R"({"status":"ok","accepting":true,"sync":"commit"})");
  d.hub.set_health({false, "The disk is \"full\".", "off"});
  const auto r = d.ask(get("/restate/health"));
  CHECK(r.status == 503);
  CHECK(r.body == R"({"code":503,"message":"The disk is \"full\".","status":"unavailable",)"
                  R"("accepting":false,"sync":"off"})");
}

TEST_CASE("HEAD is answered as GET is, without the body", "[gateway][api]") {
  door d;
  for (const auto* target :
       {"/restate/health", "/restate/invocation/inv_1/output", "/restate/workflow/W/k/attach"}) {
    CAPTURE(target);
    raw_client c(d.web->port());
    const std::string tail = std::string(" ") + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    // In one piece, so that an answer with a body would put the next one out of step.
    REQUIRE(c.send("GET" + tail + "HEAD" + tail + "HEAD" + tail + "GET" + tail));
    const auto whole = c.read();
    const auto first = c.read(/*head=*/true), second = c.read(/*head=*/true);
    const auto again = c.read();
    REQUIRE((whole && first && second && again));
    CHECK_FALSE(whole->body.empty());
    for (const auto& head : {*first, *second}) {
      CHECK(head.status == whole->status);
      CHECK(head.body.empty());
      auto expected = whole->headers, got = head.headers;
      expected.erase("date"); // A second may have passed.
      got.erase("date");
      CHECK(got == expected);
    }
    CHECK(again->body == whole->body);
  }
}

TEST_CASE("a body under a content coding is refused before anything is called", "[gateway][api]") {
  door d;
  for (const auto* coding : {"gzip", "x-gzip", "GZIP", "br", "deflate", "identity, gzip", "zstd",
                             "aws-chunked", "identity\r\nContent-Encoding: gzip"}) {
    CAPTURE(coding);
    raw_client c(d.web->port());
    REQUIRE(c.send(post("/S/k/Echo", "{}", "Content-Encoding: " + std::string(coding) + "\r\n") +
                   post("/S/k/Echo", "next")));
    const auto refused = c.read();
    REQUIRE(refused);
    CHECK(refused->status == 415);
    CHECK(refused->headers.at("accept-encoding") == "identity");
    CHECK(refused->headers.at("x-restate-error-source") == "ingress");
    CHECK(c.read()->body == "next"); // The connection stays in step.
  }
  const auto after_refusals = d.hub.calls().size();
  for (const auto* coding : {"identity", "Identity", "", " identity , identity"})
    CHECK(d.ask(post("/S/k/Echo", "{}", "Content-Encoding: " + std::string(coding) + "\r\n"))
              .status == 200);
  CHECK(d.hub.calls().size() == after_refusals + 4);
  CHECK(after_refusals == 9); // Of each pair the second.
  CHECK(d.ask(post("/restate/a/awk_1/resolve", "{}", "Content-Encoding: gzip\r\n")).status == 415);
  CHECK(d.hub.completions().empty());
}

TEST_CASE("answers are not compressed whatever a caller accepts", "[gateway][api]") {
  door d;
  const std::string large(100'000, 'a');
  const auto r = d.ask(post("/S/k/Echo", large, "Accept-Encoding: gzip, br;q=1, identity;q=0\r\n"));
  CHECK(r.status == 200);
  CHECK(r.body == large);
  CHECK(r.headers.count("content-encoding") == 0);
}

TEST_CASE("the admin port serves health and metrics under the same rule", "[gateway][admin]") {
  fake_ingress hub;
  const system_clock time;
  admin_api api(hub, {}, time, [](metrics_page& page) {
    page.one("orderhub_extra", metric_kind::gauge, 1, "Of this test.");
  });
  server_options options;
  options.handlers = admin_api::counted_handlers();
  auto web = server::start(options, api);
  REQUIRE(web);
  raw_client c((*web)->port());
  REQUIRE(c.send(get("/metrics") + get("/restate/health") + get("/other") + post("/metrics", "")));
  const auto metrics = c.read();
  REQUIRE(metrics);
  CHECK(metrics->headers.at("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(metrics->body.find("# TYPE orderhub_extra gauge\norderhub_extra 1\n") != std::string::npos);
  CHECK(c.read()->status == 200);
  CHECK(c.read()->status == 404);
  const auto method = c.read();
  REQUIRE(method);
  CHECK(method->status == 405);
  CHECK(method->headers.at("allow") == "GET, HEAD");
  for (const auto* target : {"/metrics", "/restate/health", "/other"}) {
    CAPTURE(target);
    const std::string tail = std::string(" ") + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    REQUIRE(c.send("HEAD" + tail + "GET" + tail));
    const auto head = c.read(/*head=*/true);
    const auto whole = c.read();
    REQUIRE((head && whole));
    CHECK(head->status == whole->status);
    CHECK(head->body.empty());
    CHECK(head->headers.at("content-type") == whole->headers.at("content-type"));
    CHECK(head->headers.at("content-length") == std::to_string(whole->body.size()));
  }
  REQUIRE(c.send("GET /metrics HTTP/1.1\r\nHost: evil.com\r\n\r\n"));
  CHECK(c.read()->status == 403);
  REQUIRE(c.send(get("/metrics", "Accept: application/openmetrics-text; version=1.0.0\r\n")));
  const auto open = c.read();
  REQUIRE(open);
  CHECK(open->headers.at("content-type") ==
        "application/openmetrics-text; version=1.0.0; charset=utf-8");
  CHECK(open->body.ends_with("\n# EOF\n"));
  // What was asked for is counted by page and status: five of metrics, of which one was refused.
  const auto counted = (*web)->metrics();
  REQUIRE(counted.handlers.size() == 4);
  CHECK(counted.handlers[1].handler == "metrics");
  CHECK(counted.handlers[1].took[status_class_of(200)].count() == 4);
  CHECK(counted.handlers[1].took[status_class_of(403)].count() == 2);
  CHECK(counted.handlers[2].took[status_class_of(200)].count() == 3);
  CHECK(counted.handlers[0].took[status_class_of(404)].count() == 3);
}

TEST_CASE("errors leave with their own status or that of their kind", "[gateway]") {
  CHECK(status_of(error{error_kind::not_found, "", "", 0, 0}) == 404);
  CHECK(status_of(error{error_kind::rejected, "", "", 422, 0}) == 422);
  CHECK(status_of(error{error_kind::rejected, "", "", 200, 0}) == 409);
  CHECK(problem_body(400, "a\"b\\c\nd\x7f") == R"({"code":400,"message":"a\"b\\c\u000ad\u007f"})");
}
