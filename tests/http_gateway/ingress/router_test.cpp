#include "http_gateway/ingress/router.hpp"
#include "tests/support/catch2.hpp"

using namespace orderhub;
using namespace orderhub::http_gateway;

namespace {

template <class T>
T expect(const route& r) {
  CAPTURE(r.index());
  REQUIRE(std::holds_alternative<T>(r));
  return std::get<T>(r);
}

no_route refused(std::string_view method, std::string_view target) {
  CAPTURE(method, target);
  return expect<no_route>(route_of(method, target));
}

} // namespace

TEST_CASE("a call names service, key and handler", "[gateway][router]") {
  const auto call = expect<call_route>(route_of("POST", "/OrderOrchestrator/order-1/ProcessOrder"));
  CHECK(call.service == "OrderOrchestrator");
  CHECK(call.key == "order-1");
  CHECK(call.handler == "ProcessOrder");
  CHECK_FALSE(call.one_way);
}

TEST_CASE("a key is one key however it was encoded", "[gateway][router]") {
  for (const auto* target : {"/S/a%2Fb/H", "/S/a%2fb/H", "/S/%61%2F%62/H", "/S/%61%2f%62/%48"}) {
    CAPTURE(target);
    CHECK(expect<call_route>(route_of("POST", target)).key == "a/b");
  }
  CHECK(expect<call_route>(route_of("POST", "/S/%C3%A9/H")).key == "\xc3\xa9");
  CHECK(expect<call_route>(route_of("POST", "/S/\xc3\xa9/H")).key == "\xc3\xa9");
  CHECK(expect<call_route>(route_of("POST", "/S/a+b/H")).key == "a+b");
  // Dots are keys like others; nothing is resolved.
  CHECK(expect<call_route>(route_of("POST", "/S/%2e%2e/H")).key == "..");
  CHECK(expect<call_route>(route_of("POST", "/S/../H")).key == "..");
  CHECK(expect<call_route>(route_of("POST", "/S/50%25/H")).key == "50%");
}

TEST_CASE("paths that cannot be are refused with 400", "[gateway][router]") {
  for (const auto* target :
       {"", "S/k/H", "/S//H", "/S/k/", "//k/H", "/S/%/H", "/S/%4/H", "/S/%zz/H", "/S/k%/H",
        "/S/%00/H", "/S/a%0Ab/H", "/S/%7f/H", "/S/%C2%85/H", "/S/%ff/H", "/S/%c0%af/H",
        "/S/%ed%a0%80/H", "/S/%f4%90%80%80/H", "/S/%e2%82/H", "/S/k#x/H"})
    CHECK(refused("POST", target).status == 400);
}

TEST_CASE("a key has at most 255 bytes after decoding", "[gateway][router]") {
  const auto target = [](std::size_t n) { return "/S/" + std::string(n, 'k') + "/H"; };
  CHECK(expect<call_route>(route_of("POST", target(255))).key.size() == 255);
  CHECK(refused("POST", target(256)).status == 400);
  std::string encoded = "/S/";
  for (int i = 0; i < 255; ++i)
    encoded += "%6b";
  CHECK(expect<call_route>(route_of("POST", encoded + "/H")).key == std::string(255, 'k'));
}

TEST_CASE("a key is one key however it was composed", "[gateway][router]") {
  const std::string composed = "caf\xc3\xa9"; // é as one character,
  const auto key = [](std::string_view target) {
    return expect<call_route>(route_of("POST", target)).key;
  };
  CHECK(key("/S/cafe%CC%81/H") == composed); // and as e with an accent.
  CHECK(key("/S/cafe\xcc\x81/H") == composed);
  CHECK(key("/S/caf%C3%A9/H") == composed);
  CHECK(key("/S/%E2%84%AB/H") == "\xc3\x85");                       // The sign for Ångström,
  CHECK(key("/S/A%CC%8A/H") == "\xc3\x85");                         // and the letter.
  CHECK(key("/S/%E1%84%92%E1%85%A1%E1%86%AB/H") == "\xed\x95\x9c"); // Hangul's three parts.
  CHECK(key("/S/a%CC%87%CC%A3/H") == key("/S/a%CC%A3%CC%87/H"));    // The order of accents.
  // Not folded further: what looks different, or means something else, is another key.
  CHECK(key("/S/%EF%AC%81/H") == "\xef\xac\x81"); // The ligature fi.
  CHECK(key("/S/A/H") != key("/S/a/H"));

  const auto attach =
      expect<attach_route>(route_of("GET", "/restate/invocation/S/cafe%CC%81/H/idem/output"));
  CHECK(std::get<host::by_request_key>(attach.target).key == composed);
  const auto flow = expect<attach_route>(route_of("GET", "/restate/workflow/W/cafe%CC%81/attach"));
  CHECK(std::get<host::by_workflow>(flow.target).key == composed);

  // The limit counts the form that is kept, whichever of the two is the longer.
  std::string shrinks = "/S/", grows = "/S/";
  for (int i = 0; i < 120; ++i)
    shrinks += "e\xcc\x81"; // 360 bytes, 240 when composed.
  CHECK(key(shrinks + "/H").size() == 240);
  for (int i = 0; i < 50; ++i)
    grows += "\xe0\xa5\x98"; // 150 bytes, and 300 in the form: never composed (UAX #15).
  CHECK(refused("POST", grows + "/H").status == 400);
}

TEST_CASE("unknown paths are 404 and say where calls go", "[gateway][router]") {
  for (const auto* target : {"/", "/S", "/S/H", "/S/k/H/x", "/S/k/H/send/x", "/restate/x",
                             "/restate", "/restate/scope/a/call/S/k/H", "/a/b/c/d/e/f/g/h/i",
                             "/restate/invocation/inv_1", "/restate/invocation/a/b/attach"})
    CHECK(refused("POST", target).status == 404);
  CHECK(refused("POST", "/S/H").message.find("/{service}/{key}/{handler}") != std::string::npos);
}

TEST_CASE("a wrong method is 405 with the right ones", "[gateway][router]") {
  for (const auto* method :
       {"GET", "HEAD", "PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT", "post"}) {
    const auto none = refused(method, "/S/k/H");
    CHECK(none.status == 405);
    CHECK(none.allow == "POST");
  }
  CHECK(refused("POST", "/restate/health").allow == "GET, HEAD");
  CHECK(refused("PUT", "/restate/invocation/inv_1/attach").allow == "GET, HEAD, POST");
  CHECK(refused("GET", "/restate/awakeables/a/resolve").allow == "POST");
}

TEST_CASE("a send may be delayed", "[gateway][router]") {
  const auto plain = expect<call_route>(route_of("POST", "/S/k/H/send"));
  CHECK(plain.one_way);
  CHECK(plain.delay_ms == 0);
  CHECK(expect<call_route>(route_of("POST", "/S/k/H/send?delay=1500ms")).delay_ms == 1'500);
  CHECK(expect<call_route>(route_of("POST", "/S/k/H/send?x=1&delay=PT10S")).delay_ms == 10'000);
  CHECK(expect<call_route>(route_of("POST", "/S/k/H/send?delay=1%30s&")).delay_ms == 10'000);
  CHECK(expect<call_route>(route_of("POST", "/S/k/H/send?Delay=10s")).delay_ms == 10'000);
  CHECK(expect<call_route>(route_of("POST", "/S/k/H/send?%64elay=10s")).delay_ms == 10'000);
  CHECK(refused("POST", "/S/k/H/send?delay=").status == 400);
  CHECK(refused("POST", "/S/k/H/send?delay=1s&DELAY=2s").status == 400);
  CHECK(refused("POST", "/S/k/H/send?delay").status == 400);
  CHECK(refused("POST", "/S/k/H/send?delay=10").status == 400);
  CHECK(refused("POST", "/S/k/H/send?delay=%zz").status == 400);
  CHECK(refused("POST", "/S/k/H/send?delay=1s&delay=2s").status == 400);
  CHECK(refused("POST", "/S/k/H?delay=1s").status == 400);
  CHECK(expect<call_route>(route_of("POST", "/S/k/H?other=1")).handler == "H");
}

TEST_CASE("results are asked for in three ways", "[gateway][router]") {
  const auto by_id = expect<attach_route>(route_of("GET", "/restate/invocation/inv_1/attach"));
  CHECK(by_id.wait);
  CHECK(std::get<host::by_invocation_id>(by_id.target).id == "inv_1");
  CHECK_FALSE(expect<attach_route>(route_of("POST", "/restate/invocation/inv_1/output")).wait);
  CHECK(expect<attach_route>(route_of("HEAD", "/restate/invocation/inv_1/attach")).wait);

  const auto by_key =
      expect<attach_route>(route_of("GET", "/restate/invocation/S/a%2Fb/H/key%201/output"));
  const auto& request = std::get<host::by_request_key>(by_key.target);
  CHECK(request.service == "S");
  CHECK(request.key == "a/b");
  CHECK(request.handler == "H");
  CHECK(request.idempotency_key == "key 1");

  const auto workflow = expect<attach_route>(route_of("GET", "/restate/workflow/W/k/attach"));
  CHECK(std::get<host::by_workflow>(workflow.target).name == "W");
  CHECK(std::get<host::by_workflow>(workflow.target).key == "k");
}

TEST_CASE("awakeables are completed under both of Restate's paths", "[gateway][router]") {
  const auto long_form =
      expect<awakeable_route>(route_of("POST", "/restate/awakeables/awk_1/reject"));
  CHECK(long_form.id == "awk_1");
  CHECK_FALSE(long_form.resolve);
  CHECK(expect<awakeable_route>(route_of("POST", "/restate/a/awk_1/resolve")).resolve);
}

TEST_CASE("health and webhooks have routes of their own", "[gateway][router]") {
  expect<health_route>(route_of("GET", "/restate/health"));
  expect<health_route>(route_of("GET", "/restate/health?verbose"));
  expect<health_route>(route_of("HEAD", "/restate/health"));
  CHECK(expect<webhook_route>(route_of("POST", "/webhooks/stripe?order=1")).vendor == "stripe");
  CHECK(expect<webhook_route>(route_of("POST", "/webhooks/custom/shop")).vendor == "custom/shop");
  CHECK(expect<no_route>(route_of("GET", "/webhooks/stripe")).status == 405);
  CHECK(expect<no_route>(route_of("POST", "/webhooks")).status == 404);
  CHECK(expect<no_route>(route_of("POST", "/webhooks/stripe/more")).status == 404);
  // A segment that decodes to dots leads nowhere else.
  CHECK(
      expect<no_route>(route_of("POST", "/webhooks/../OrderOrchestrator/k/ProcessOrder")).status ==
      404);
}
