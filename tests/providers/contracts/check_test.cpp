#include "providers/contracts/check/check.hpp"
#include "tests/providers/contracts/shop_server.hpp"
#include "tests/support/catch2.hpp"

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace orderhub;
using namespace orderhub::providers::contracts;

namespace {

using request = shop_server::request;
using response = shop_server::response;

check_options options_for(service_kind service) {
  check_options o;
  o.base = "http://shop.test/" + std::string(service_names[static_cast<std::size_t>(service)]);
  o.token = secret("token");
  o.services = {service};
  o.run = "test0001";
  return o;
}

struct checked {
  std::vector<rule_result> results;
  result<void> done;

  [[nodiscard]] std::set<std::string> broken() const {
    std::set<std::string> names;
    for (const auto& r : results)
      if (!r.is_kept)
        names.insert(r.rule);
    return names;
  }
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const auto& r : results)
      all += text_of(r);
    return all;
  }
};

checked check(shop_server& server, const check_options& o) {
  checked c;
  c.done = check_contract(server, o, [&](const rule_result& r) { c.results.push_back(r); });
  return c;
}

std::string* header_of(request& r, std::string_view name) {
  for (auto& [n, value] : r.headers)
    if (n == name)
      return &value;
  return nullptr;
}

const std::string& key_of(const request& r) {
  static const std::string none;
  for (const auto& [n, value] : r.headers)
    if (n == "idempotency-key")
      return value;
  return none;
}

bool is_post(const request& r, std::string_view end) {
  return r.method == "POST" && r.target.ends_with(end);
}

void answer(response& to, int status, std::string body) {
  to.response.status = status;
  to.response.headers = {{"content-type", "application/json"}};
  to.response.body = std::move(body);
}

struct fault {
  const char* name;
  std::set<std::string> found_by; ///< At least these.
  std::function<void(shop_server&)> plant;
  service_kind service = service_kind::inventory;
};

std::vector<fault> planted() {
  return {
      {"a key is not asked for",
       {"K1"},
       [](shop_server& s) {
         s.before = [n = 0](request& r) mutable {
           if (r.method == "POST" && header_of(r, "idempotency-key") == nullptr)
             r.headers.emplace_back("idempotency-key", "made-up-" + std::to_string(++n));
         };
       }},
      {"a missing key is refused as 422",
       {"K1"},
       [](shop_server& s) {
         s.after = [](const request& r, response& a) {
           if (r.method == "POST" && key_of(r).empty())
             a.response.status = 422;
         };
       }},
      {"keys are not remembered",
       {"K2", "K3", "L3"},
       [](shop_server& s) {
         s.before = [n = 0](request& r) mutable {
           if (auto* key = header_of(r, "idempotency-key"))
             *key += "-" + std::to_string(++n);
         };
       }},
      {"blanks in a body make another request of it",
       {"K2"},
       [](shop_server& s) {
         s.after = [](const request& r, response& a) {
           if (is_post(r, "/reservations") && r.body.find("\n") != std::string::npos)
             a.response.status = 422;
         };
       }},
      {"another body under a key is taken",
       {"K3"},
       [](shop_server& s) {
         s.before = [](request& r) {
           if (auto* key = header_of(r, "idempotency-key"); key != nullptr)
             *key += "-" + std::to_string(r.body.find("\"quantity\":2") == std::string::npos) +
                     r.target.substr(r.target.rfind('/') + 1);
         };
         s.after = [](const request&, response&) {};
       }},
      {"another body under a key is 409",
       {"K3"},
       [](shop_server& s) {
         s.after = [](const request&, response& a) {
           if (a.response.status == 422)
             a.response.status = 409;
         };
       }},
      {"of two requests at once the second is a fault of the server",
       {"K4"},
       [](shop_server& s) {
         s.beside_another = [](const request& r, response& a) {
           if (r.method == "POST")
             answer(a, 500, R"({"error":{"code":"internal_error","message":"deadlock"}})");
         };
       }},
      {"two requests at once take two pieces",
       {"K4"},
       [](shop_server& s) {
         s.beside_another = [&s, n = 900'000](const request& r, response&) mutable {
           if (r.method == "POST")
             REQUIRE(
                 s.world.control(R"({"stock":{"orderhub-check":)" + std::to_string(--n) + "}}"));
         };
       }},
      {"a key that was never used is known",
       {"L1"},
       [](shop_server& s) {
         s.after = [](const request& r, response& a) {
           if (r.target.find("/requests/") != std::string::npos && a.response.status == 404)
             answer(a, 200, R"({"key":"x","state":"running"})");
         };
       }},
      {"its 404 is the framework's",
       {"L1"},
       [](shop_server& s) {
         s.after = [](const request& r, response& a) {
           if (r.target.find("/requests/") != std::string::npos && a.response.status == 404)
             answer(a, 404, R"({"detail":"Not Found"})");
         };
       }},
      {"a key cannot be asked for",
       {"L3"},
       [](shop_server& s) {
         s.before = [](request& r) {
           if (const auto at = r.target.find("/requests/"); at != std::string::npos)
             r.target += "x";
         };
       }},
      {"it says another status than was answered",
       {"L3"},
       [](shop_server& s) {
         s.after = [](const request& r, response& a) {
           if (const auto at = a.response.body.find("\"status\":201");
               r.method == "GET" && at != std::string::npos)
             a.response.body.replace(at, 12, "\"status\":200");
         };
       }},
      {"a path that does not exist is a page",
       {"E1"},
       [](shop_server& s) {
         s.after = [](const request& r, response& a) {
           if (r.target.ends_with("/no-such-thing")) {
             a.response.headers = {{"content-type", "text/html"}};
             a.response.body = "<h1>Not Found</h1>";
           }
         };
       }},
      {"a number may be a text",
       {"E2"},
       [](shop_server& s) {
         s.before = [](request& r) {
           if (const auto at = r.body.find("\"quantity\":\"1\""); at != std::string::npos)
             r.body.replace(at, 14, "\"quantity\":1");
         };
       }},
      {"a refused shape does not name the field",
       {"E2"},
       [](shop_server& s) {
         s.after = [](const request&, response& a) {
           if (a.response.status == 400 &&
               a.response.body.find("invalid_request") != std::string::npos)
             answer(a, 400, R"({"error":{"code":"invalid_request","message":"no"}})");
         };
       }},
      {"any content type is taken",
       {"E3"},
       [](shop_server& s) {
         s.before = [](request& r) {
           if (auto* type = header_of(r, "content-type"))
             *type = "application/json";
         };
       }},
      {"what was refused as 400 stays under the key",
       {"K6"},
       [](shop_server& s) {
         s.after = [refused = std::set<std::string>()](const request& r, response& a) mutable {
           if (a.response.status == 400)
             refused.insert(key_of(r));
           else if (r.method == "POST" && refused.contains(key_of(r)))
             a.response.status = 422;
         };
       }},
      {"to release twice is refused",
       {"R1"},
       [](shop_server& s) {
         s.after = [seen = std::set<std::string>()](const request& r, response& a) mutable {
           if (is_post(r, "/release") && a.response.status == 200 && !seen.insert(r.target).second)
             answer(a, 409, R"({"error":{"code":"not_held","message":"no"}})");
         };
       }},
      {"answers are not said to be JSON",
       {"K2", "L1", "I1"},
       [](shop_server& s) {
         s.after = [](const request&, response& a) {
           a.response.headers = {{"content-type", "text/plain"}};
         };
       }},
      {"a reservation takes nothing",
       {"I1", "K2"},
       [](shop_server& s) {
         s.after = [](const request& r, response& a) {
           if (r.target.find("/stock?") != std::string::npos)
             answer(a, 200, R"({"items":[{"product_id":"orderhub-check","available":50}]})");
         };
       }},
      {"the items are left out",
       {"I1"},
       [](shop_server& s) {
         s.after = [](const request& r, response& a) {
           if (is_post(r, "/reservations") && a.response.status == 201)
             answer(a, 201, R"({"reference":"x","state":"held"})");
         };
       }},
      {"the same reference under another key is refused",
       {"I2"},
       [](shop_server& s) {
         s.after = [](const request& r, response& a) {
           if (is_post(r, "/reservations") && a.response.status == 200)
             answer(a, 409, R"({"error":{"code":"reference_in_use","message":"no"}})");
         };
       }},
      {"to commit twice is refused",
       {"I3"},
       [](shop_server& s) {
         s.after = [seen = std::set<std::string>()](const request& r, response& a) mutable {
           if (is_post(r, "/commit") && a.response.status == 200 && !seen.insert(r.target).second)
             answer(a, 409, R"({"error":{"code":"not_held","message":"no"}})");
         };
       }},
      {"to release what is unknown is 200",
       {"R1"},
       [](shop_server& s) {
         s.after = [](const request& r, response& a) {
           if (is_post(r, "/release") && a.response.status == 404)
             answer(a, 200, R"({"reference":"x","state":"released","items":[]})");
         };
       }},
      {"a release puts back twice",
       {"I4"},
       [](shop_server& s) {
         s.after = [&s, n = 1'000'000, seen = std::set<std::string>()](const request& r,
                                                                       response&) mutable {
           if (is_post(r, "/release") && !seen.insert(r.target).second)
             REQUIRE(
                 s.world.control(R"({"stock":{"orderhub-check":)" + std::to_string(++n) + "}}"));
         };
       }},
      {"what was committed is not put back",
       {"I4"},
       [](shop_server& s) {
         s.after = [sold = std::set<std::string>()](const request& r, response& a) mutable {
           if (is_post(r, "/commit"))
             sold.insert(r.target.substr(0, r.target.rfind('/')));
           else if (is_post(r, "/release") &&
                    sold.contains(r.target.substr(0, r.target.rfind('/'))))
             answer(a, 409, R"({"error":{"code":"too_late","message":"sold"}})");
         };
       }},
      {"a released reference is used up",
       {"I5"},
       [](shop_server& s) {
         s.after = [freed = std::set<std::string>()](const request& r, response& a) mutable {
           const auto at = r.target.find("/release");
           if (is_post(r, "/release"))
             freed.insert(r.target.substr(0, at).substr(r.target.substr(0, at).rfind('/') + 1));
           for (const auto& reference : freed)
             if (is_post(r, "/reservations") && r.body.find(reference + '"') != std::string::npos)
               answer(a, 409, R"({"error":{"code":"reference_in_use","message":"no"}})");
         };
       }},
      {"a shortage has no lines",
       {"I6"},
       [](shop_server& s) {
         s.after = [](const request&, response& a) {
           if (a.response.body.find("out_of_stock") != std::string::npos)
             answer(a, 409, R"({"error":{"code":"out_of_stock","message":"no"}})");
         };
       }},
      {"a shortage is 422",
       {"I6"},
       [](shop_server& s) {
         s.after = [](const request&, response& a) {
           if (a.response.body.find("out_of_stock") != std::string::npos)
             a.response.status = 422;
         };
       }},
  };
}

/// Faults that only a warehouse or a carrier can have.
std::vector<fault> planted_in_jobs() {
  const auto words = [](std::string from, std::string to) {
    return [from = std::move(from), to = std::move(to)](shop_server& s) {
      s.after = [from, to](const request&, response& a) {
        for (auto at = a.response.body.find(from); at != std::string::npos;
             at = a.response.body.find(from))
          a.response.body.replace(at, from.size(), to);
      };
    };
  };
  const auto second_is_refused = [](shop_server& s) {
    s.after = [](const request& r, response& a) {
      if (r.method == "POST" && a.response.status == 200 && !is_post(r, "/cancel"))
        answer(a, 409, R"({"error":{"code":"reference_in_use","message":"no"}})");
    };
  };
  const auto cancelled_is_used_up = [](shop_server& s) {
    s.after = [cancelled = false](const request& r, response& a) mutable {
      const bool is_other = r.body.find("2 Main St") != std::string::npos ||
                            r.body.find("\"quantity\":2") != std::string::npos;
      if (is_post(r, "/cancel"))
        cancelled = true;
      else if (cancelled && is_other && r.method == "POST" && a.response.status == 201)
        answer(a, 409, R"({"error":{"code":"reference_in_use","message":"no"}})");
    };
  };
  const auto any_destination = [](shop_server& s) {
    s.before = [](request& r) {
      if (const auto at = r.body.find("\"country\":\"\""); at != std::string::npos)
        r.body.replace(at, 12, "\"country\":\"US\"");
    };
  };
  return {
      {"a state of its own", {"W1", "W2"}, words("\"open\"", "\"new\""), service_kind::warehouse},
      {"a state of its own",
       {"C1", "C2"},
       words("\"requested\"", "\"new\""),
       service_kind::carrier},
      {"a cancel is a deletion",
       {"R1", "W3"},
       words("\"cancelled\"", "\"gone\""),
       service_kind::warehouse},
      {"the same reference is refused", {"W2"}, second_is_refused, service_kind::warehouse},
      {"the same reference is refused", {"C2"}, second_is_refused, service_kind::carrier},
      {"a cancelled reference is used up", {"W3"}, cancelled_is_used_up, service_kind::warehouse},
      {"a cancelled reference is used up", {"C3"}, cancelled_is_used_up, service_kind::carrier},
      {"an empty country is taken", {"E2"}, any_destination, service_kind::carrier},
  };
}

/// The rules that every service has, and its own.
std::set<std::string> rules_of(service_kind service) {
  std::set<std::string> all = {"K1", "K2", "K3", "K4", "K6", "L1", "L3", "E1", "E2", "E3", "R1"};
  const std::string letter = service == service_kind::inventory   ? "I"
                             : service == service_kind::warehouse ? "W"
                                                                  : "C";
  const int count = service == service_kind::inventory ? 6 : 3;
  for (int i = 1; i <= count; ++i)
    all.insert(letter + std::to_string(i));
  return all;
}

} // namespace

TEST_CASE("the mock keeps every rule of the contract", "[contracts]") {
  for (const auto service :
       {service_kind::inventory, service_kind::warehouse, service_kind::carrier}) {
    shop_server server;
    const auto c = check(server, options_for(service));
    INFO(c.text());
    REQUIRE(c.done);
    CHECK(c.broken().empty());
    std::set<std::string> rules;
    for (const auto& r : c.results)
      CHECK(rules.insert(r.rule).second);
    CHECK(rules == rules_of(service));
  }
}

TEST_CASE("a check leaves the stock as it was", "[contracts]") {
  shop_server server;
  REQUIRE(server.world.control(R"({"stock":{"orderhub-check":10}})"));
  for (const char* run : {"test0001", "test0002"}) {
    auto o = options_for(service_kind::inventory);
    o.run = run;
    const auto c = check(server, o);
    INFO(c.text());
    REQUIRE(c.done);
    CHECK(c.broken().empty());
  }
}

TEST_CASE("each fault that is planted in a server is found, and said in plain words",
          "[contracts]") {
  auto all = planted();
  for (auto& f : planted_in_jobs())
    all.push_back(std::move(f));
  for (const auto& f : all) {
    shop_server server;
    f.plant(server);
    const auto c = check(server, options_for(f.service));
    INFO(f.name << '\n' << c.text());
    CHECK(c.done);
    const auto broken = c.broken();
    for (const auto& rule : f.found_by)
      CHECK(broken.contains(rule));
    for (const auto& r : c.results)
      if (!r.is_kept) {
        CHECK_FALSE(r.request.empty());
        CHECK_FALSE(r.expected.empty());
        CHECK_FALSE(r.got.empty());
      }
  }
}

TEST_CASE("a server that cannot be checked is said to be so", "[contracts]") {
  shop_server server;
  auto o = options_for(service_kind::inventory);
  SECTION("the token is refused") {
    o.token = secret("invalid");
    const auto c = check(server, o);
    REQUIRE_FALSE(c.done);
    CHECK(c.done.error().message == "the server refuses the token (401)");
    CHECK(c.results.empty());
  }
  SECTION("the product is not there") {
    o.product = "missing-1";
    const auto c = check(server, o);
    REQUIRE_FALSE(c.done);
    CHECK(c.done.error().message.find("--product") != std::string::npos);
  }
}

TEST_CASE("a rule that is broken is shown with request, expectation and answer", "[contracts]") {
  CHECK(text_of({"K1", "keys are asked for", true, {}, {}, {}}) ==
        "ok     K1  keys are asked for\n");
  CHECK(text_of({"K1", "keys are asked for", false, "POST /v1/x", "400", "201 {}"}) ==
        "WRONG  K1  keys are asked for\n"
        "         request:  POST /v1/x\n"
        "         expected: 400\n"
        "         got:      201 {}\n");
}
