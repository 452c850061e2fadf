#include "http_gateway/admin/admin_streams.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/event_check.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/schema_check.hpp"

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

// Who follows a hub.
namespace orderhub::testing {

using namespace http_gateway;
using nlohmann::json;

namespace {

constexpr const char* lost_label =
    R"({"vendor":"shippo","operation":"label","nth":1,"effect":"late_work","late_ms":30000})";

/// A stream that has begun.
class follower {
public:
  explicit follower(const admin_hub& hub, const std::string& query = {},
                    const std::string& headers = {})
      : connection_(hub.connect()) {
    REQUIRE(connection_.send(get("/admin/stream" + query, headers)));
    const auto head = connection_.read(true);
    REQUIRE(head);
    INFO(head->status);
    REQUIRE(head->status == 200);
    CHECK(head->headers.at("content-type") == "text/event-stream");
    CHECK(head->headers.at("x-accel-buffering") == "no");
    CHECK(head->headers.at("cache-control") == "no-store");
  }

  struct event {
    std::string name, id;
    json data;
  };
  /// The next one; it has come, or is on its way.
  event next() {
    const auto text = connection_.read_until("\n\n");
    INFO(text);
    event e{line(text, "event: "), line(text, "id: "), {}};
    e.data = json::parse(line(text, "data: "), nullptr, false);
    REQUIRE(e.data.is_object());
    const auto problems = schema_problems(admin_openapi(), "stream_change", e.data.dump());
    INFO(joined(problems));
    CHECK(problems.empty());
    CHECK(e.data["as_of_lsn"].dump() == e.id);
    return e;
  }
  /// A change.
  json change() {
    auto e = next();
    CHECK(e.name == "change");
    return e.data;
  }
  raw_client& connection() { return connection_; }

private:
  static std::string line(const std::string& text, const std::string& field) {
    const auto at = text.find(field);
    if (at == std::string::npos)
      return {};
    const auto begin = at + field.size();
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  raw_client connection_;
};

std::vector<std::string> keys(const json& change, const char* list = "orders") {
  std::vector<std::string> all;
  if (change.contains(list))
    for (const auto& o : change[list])
      all.push_back(o.is_string() ? o : o["key"]);
  return all;
}

using list = std::vector<std::string>;

void process(admin_hub& hub, const std::string& key) {
  hub.hub.call(order_object(key), "ProcessOrder", order_body());
  hub.hub.run(60'000);
}

} // namespace

TEST_CASE("a stream tells of each order that changed, once, what its list has", "[admin][stream]") {
  admin_hub hub;
  process(hub, "before");
  follower f(hub);
  CHECK(f.next().data["resumed"] == false);
  process(hub, "a");
  process(hub, "b");
  hub.tell_streams();
  const auto change = f.change();
  CHECK(keys(change) == list{"a", "b"});
  const auto page = json::parse(hub.ask("/admin/orders").body);
  CHECK(change["orders"][0] == page["orders"][1]);
  CHECK(change["orders"][1] == page["orders"][0]);
  // Nothing has happened since: not a word, until it is time for one.
  hub.tell_streams(2'000);
  CHECK(f.connection().read_until("\r\n") == "\r\n"); // Of the chunk.
  CHECK(f.connection().silent());
  hub.tell_streams(20'000);
  CHECK(f.connection().read_until("\n\n").find(": \nid: " + change["as_of_lsn"].dump()) !=
        std::string::npos);
}

TEST_CASE("the filters of a stream are those of the list, and what leaves it is said",
          "[admin][stream]") {
  admin_hub hub(with_faults(lost_label));
  follower in_doubt(hub, "?in_doubt=true"), of_nobody(hub, "?status=cancelled&key_prefix=x");
  in_doubt.next();
  of_nobody.next();
  hub.hub.ask(order_object("c"), "ProcessOrder", order_body());
  hub.hub.run(20'000);
  hub.tell_streams();
  CHECK(keys(in_doubt.change()) == list{"c"});
  CHECK(keys(of_nobody.change(), "gone") == list{"c"});
  hub.hub.run(120'000);
  hub.tell_streams(2'000);
  const auto settled = in_doubt.change();
  CHECK(keys(settled).empty());
  CHECK(keys(settled, "gone") == list{"c"});
}

TEST_CASE("of events a stream tells those of the vendors that were asked for", "[admin][stream]") {
  admin_hub hub;
  follower of_stripe(hub, "?topics=webhooks&vendor=stripe,github"),
      of_nobody(hub, "?topics=webhooks,health&vendor=twilio");
  of_stripe.next();
  of_nobody.next();
  handlers::receipt r;
  r.vendor = "stripe";
  r.what.id = "evt_1";
  r.what.type = "customer.created";
  r.received_at = hub.hub.time.wall_ms();
  REQUIRE(event_sender(hub.hub).deliver(r) == 202);
  r.vendor = "shippo";
  r.what.id = "t_1";
  REQUIRE(event_sender(hub.hub).deliver(r) == 202);
  hub.tell_streams();
  const auto told = of_stripe.change()["webhooks"];
  REQUIRE(told.size() == 1);
  CHECK(told[0]["id"] == "stripe:evt_1");
  CHECK_FALSE(of_nobody.change().contains("webhooks"));
}

TEST_CASE("a stream goes on behind the last event, or says that it cannot", "[admin][stream]") {
  admin_hub hub;
  process(hub, "a");
  std::string id;
  {
    follower f(hub);
    f.next();
    process(hub, "b");
    hub.tell_streams();
    auto e = f.next();
    CHECK(keys(e.data) == list{"b"});
    id = e.id;
  }
  process(hub, "c");
  SECTION("as a browser asks for it") {
    follower again(hub, "?from=1", "Last-Event-ID: " + id + "\r\n");
    CHECK(again.next().data["resumed"] == true);
    hub.tell_streams();
    CHECK(keys(again.change()) == list{"c"});
  }
  SECTION("as a list says where it was read") {
    const auto as_of = json::parse(hub.ask("/admin/orders").body)["as_of_lsn"].dump();
    follower again(hub, "?from=" + as_of);
    CHECK(again.next().data["resumed"] == true);
    process(hub, "d");
    hub.tell_streams();
    CHECK(keys(again.change()) == list{"d"});
  }
  SECTION("or says that it cannot") {
    for (const auto* from : {"987654321", "0"}) {
      CAPTURE(from);
      hub.changes.start(5, hub.changes.newest(), {}); // What came before is gone.
      follower again(hub, std::string("?from=") + from);
      const auto e = again.next();
      CHECK(e.name == "reset");
      CHECK(e.id == std::to_string(hub.changes.newest()));
    }
  }
}

TEST_CASE("one who falls behind what is kept is told to begin anew", "[admin][stream]") {
  admin_hub hub;
  follower f(hub);
  f.next();
  process(hub, "a");
  hub.changes.start(hub.changes.newest(), hub.changes.newest(), {});
  hub.tell_streams();
  const auto e = f.next();
  CHECK(e.name == "reset");
  process(hub, "b");
  hub.tell_streams(2'000);
  CHECK(keys(f.change()) == list{"b"});
}

TEST_CASE("more than a message has come with the next ones", "[admin][stream]") {
  admin_hub hub;
  follower f(hub);
  f.next();
  list expected, told;
  for (int n = 10; n < 80; ++n) {
    expected.push_back(std::to_string(n));
    process(hub, expected.back());
  }
  for (int turn = 1; told.size() < expected.size() && turn < 10; ++turn) {
    hub.tell_streams(1'000 * turn);
    const auto part = keys(f.change());
    CHECK(part.size() <= 50);
    told.insert(told.end(), part.begin(), part.end());
  }
  CHECK(told == expected);
}

TEST_CASE("a stream tells of webhooks, vendors, counts and health where they are asked for",
          "[admin][stream]") {
  admin_hub hub;
  follower f(hub, "?topics=webhooks,vendors,counts,health");
  f.next();
  hub.tell_streams();
  const auto first = f.change();
  CHECK(first["health"]["accepting"] == true);
  CHECK(first["counts"]["orders"] == 0);
  CHECK_FALSE(first["vendors"].empty());
  CHECK_FALSE(first.contains("orders"));
  handlers::receipt r;
  r.vendor = "stripe";
  r.what.id = "evt_1";
  r.what.type = "customer.created";
  r.received_at = hub.hub.time.wall_ms();
  r.body = "{}";
  REQUIRE(event_sender(hub.hub).deliver(r) == 202);
  hub.door.set_health({false, "The disk is full.", "commit"});
  process(hub, "a");
  hub.tell_streams(10'000);
  const auto then = f.change();
  REQUIRE(then.contains("webhooks"));
  CHECK(then["webhooks"][0]["id"] == "stripe:evt_1");
  CHECK(then["health"]["reason"] == "The disk is full.");
  CHECK(then["counts"]["orders"] == 1);
  CHECK_FALSE(then.contains("vendors")); // They stand as they did.
}

TEST_CASE("what no stream is about is refused, and so is one too many", "[admin][stream]") {
  const admin_hub hub({}, rules_with("a-token"), 2);
  const auto reason = [&](const std::string& query, const std::string& headers = {}) {
    const auto r = hub.ask("/admin/stream" + query, "Authorization: Bearer a-token\r\n" + headers);
    if (r.status != 200)
      CHECK(schema_problems(admin_openapi(), "problem", r.body).empty());
    const auto j = json::parse(r.body, nullptr, false);
    return std::to_string(r.status) + ' ' + (j.is_object() ? j.value("reason", "") : "");
  };
  CHECK(reason("?topics=orders,weather") == "400 invalid_parameter");
  CHECK(reason("?status=none") == "400 invalid_parameter");
  CHECK(reason("?from=now") == "400 invalid_parameter");
  CHECK(reason("", "Last-Event-ID: 12x\r\n") == "400 invalid_parameter");
  CHECK(reason("?q=order") == "400 unknown_parameter");
  CHECK(reason("?limit=5") == "400 unknown_parameter");
  CHECK(reason("?key_prefix=ada@example.com") == "400 personal_data");
  const std::string token = "Authorization: Bearer a-token\r\n";
  std::optional<follower> first(std::in_place, hub, "", token);
  follower second(hub, "", token);
  CHECK(reason("") == "503 unavailable");
  first.reset(); // Its place is free as soon as the kernel says that it has gone.
  std::string said;
  for (int n = 0; n < 2'000 && said != "200 "; ++n)
    said = reason("");
  CHECK(said == "200 ");
}

TEST_CASE("who may follow is asked again when tokens change, and after an hour",
          "[admin][stream]") {
  admin_hub hub({}, rules_with("a-token"));
  follower f(hub, "", "Authorization: Bearer a-token\r\n"),
      other(hub, "", "Authorization: Bearer a-token\r\n");
  SECTION("tokens") {
    hub.set_access(rules_with("another"));
  }
  SECTION("an hour") {
    hub.tell_streams(3'601'000);
  }
  for (auto* each : {&f, &other}) {
    const auto [rest, error] = each->connection().read_to_end();
    CHECK(rest.ends_with("0\r\n\r\n"));
    CHECK(error == 0);
  }
}

} // namespace orderhub::testing
