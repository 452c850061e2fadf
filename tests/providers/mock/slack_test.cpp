#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <string>

#include <nlohmann/json.hpp>

using namespace orderhub::providers::mock;
using nlohmann::json;

namespace {

std::string text(const json& document) {
  return document.dump();
}

json body_of(const mock_response& reply) {
  return json::parse(reply.response.body);
}

json ledger_of(const mock_client& c) {
  return json::parse(c.world.ledger_json());
}

json message(const std::string& channel, const std::string& order = "ord-1") {
  return {{"channel", channel},
          {"text", "Order " + order},
          {"metadata",
           {{"event_type", "order_confirmed"},
            {"event_payload", {{"order_id", order}, {"step", "announce"}, {"attempt", 1}}}}}};
}

} // namespace

TEST_CASE("a posted message has a ts and is found again by its metadata", "[mock][slack]") {
  mock_client c;
  const auto posted = body_of(c.slack("chat.postMessage", text(message("C0123456789"))));
  CHECK(posted["ok"] == true);
  CHECK(posted["channel"] == "C0123456789");
  CHECK(posted["ts"] == "1700000000.000000");
  CHECK(posted["message"]["text"] == "Order ord-1");

  const auto found =
      body_of(c.slack("conversations.history", text({{"channel", "C0123456789"},
                                                     {"oldest", "1699999995.0"},
                                                     {"inclusive", true},
                                                     {"limit", 200},
                                                     {"include_all_metadata", true}})));
  CHECK(found["ok"] == true);
  REQUIRE(found["messages"].size() == 1);
  CHECK(found["messages"][0]["ts"] == posted["ts"]);
  CHECK(found["messages"][0]["metadata"]["event_payload"]["order_id"] == "ord-1");
  const auto bare = body_of(c.slack("conversations.history", text({{"channel", "C0123456789"}})));
  CHECK_FALSE(bare["messages"][0].contains("metadata"));

  const auto effect = ledger_of(c)["effects"][0];
  CHECK(effect["kind"] == "message");
  CHECK(effect["id"] == posted["ts"]);
  CHECK(effect["channel"] == "C0123456789");
  CHECK(effect["order_id"] == "ord-1");
  CHECK(effect["step"] == "announce");
  CHECK(effect["attempt"] == 1);
}

TEST_CASE("history pages newest first by cursor", "[mock][slack]") {
  mock_client c;
  for (int i = 0; i < 5; ++i)
    c.slack("chat.postMessage", text(message("C0123456789", "o" + std::to_string(i))));
  auto page =
      body_of(c.slack("conversations.history", text({{"channel", "C0123456789"}, {"limit", 2}})));
  REQUIRE(page["messages"].size() == 2);
  CHECK(page["messages"][0]["text"] == "Order o4");
  CHECK(page["has_more"] == true);
  const std::string cursor = page["response_metadata"]["next_cursor"];
  page = body_of(
      c.send("GET", "/slack/api/conversations.history?channel=C0123456789&limit=3&cursor=" + cursor,
             {{"authorization", "Bearer xoxb-1"}}));
  REQUIRE(page["messages"].size() == 3);
  CHECK(page["messages"][0]["text"] == "Order o2");
  CHECK(page["has_more"] == false);

  const std::string third = page["messages"][0]["ts"];
  const auto newer = body_of(
      c.slack("conversations.history", text({{"channel", "C0123456789"}, {"oldest", third}})));
  CHECK(newer["messages"].size() == 2);
  const auto from =
      body_of(c.slack("conversations.history",
                      text({{"channel", "C0123456789"}, {"oldest", third}, {"inclusive", true}})));
  CHECK(from["messages"].size() == 3);
}

TEST_CASE("a channel's name posts, and only its id reads", "[mock][slack]") {
  mock_client c;
  const auto posted = body_of(c.slack("chat.postMessage", text(message("#orders"))));
  const std::string id = posted["channel"];
  CHECK(id[0] == 'C');
  CHECK(body_of(c.slack("conversations.history", text({{"channel", "#orders"}})))["error"] ==
        "channel_not_found");
  CHECK(body_of(c.slack("conversations.history", text({{"channel", id}})))["messages"].size() == 1);
  CHECK(body_of(c.slack("chat.postMessage", text(message("orders"))))["channel"] == id);
}

TEST_CASE("Slack says no with 200 and ok false", "[mock][slack]") {
  mock_client c;
  auto body = message("C0123456789");
  std::string error;
  SECTION("no such channel") {
    body["channel"] = "#missing";
    error = "channel_not_found";
  }
  SECTION("archived") {
    body["channel"] = "#archived";
    error = "is_archived";
  }
  SECTION("no text") {
    body.erase("text");
    error = "no_text";
  }
  SECTION("too long") {
    body["text"] = std::string(40'001, 'x');
    error = "msg_too_long";
  }
  SECTION("metadata without a type") {
    body["metadata"].erase("event_type");
    error = "invalid_metadata_format";
  }
  const auto reply = c.slack("chat.postMessage", text(body));
  CHECK(reply.response.status == 200);
  CHECK(body_of(reply)["ok"] == false);
  CHECK(body_of(reply)["error"] == error);
  CHECK(c.total(effect_kind::message) == 0);
}

TEST_CASE("Slack wants a token and JSON or a form", "[mock][slack]") {
  mock_client c;
  const std::string url = "/slack/api/chat.postMessage";
  CHECK(body_of(c.send("POST", url))["error"] == "not_authed");
  CHECK(body_of(c.send("POST", url, {{"authorization", "Bearer invalid"}}))["error"] ==
        "invalid_auth");
  CHECK(body_of(c.send("POST", url, {{"authorization", "Bearer xoxb-1"}}))["error"] ==
        "missing_post_type");
  const auto form = c.send(
      "POST", url,
      {{"authorization", "Bearer xoxb-1"}, {"content-type", "application/x-www-form-urlencoded"}},
      "channel=C0123456789&text=hi&metadata=%7B%22event_type%22%3A%22a%22%2C%22event_payload%22%3A"
      "%7B%22order_id%22%3A%22ord-7%22%7D%7D");
  CHECK(body_of(form)["ok"] == true);
  CHECK(c.world.effects().count("ord-7", effect_kind::message) == 1);
}

TEST_CASE("an incoming webhook answers ok in plain text", "[mock][slack]") {
  mock_client c;
  const auto body = message("").dump();
  const auto reply = c.send("POST", "/slack/services/T1/B1/abc", {}, body);
  CHECK(reply.response.status == 200);
  CHECK(reply.response.body == "ok");
  CHECK(*reply.response.header("content-type") == "text/plain");
  CHECK(c.world.effects().count("ord-1", effect_kind::message) == 1);
  CHECK(c.send("POST", "/slack/services/T1/B1/abc", {}, "{}").response.body == "no_text");
  CHECK(c.send("POST", "/slack/services/T1/B1/abc", {}, "{").response.body == "invalid_payload");
  CHECK(c.send("POST", "/slack/services/T1/B1/missing", {}, body).response.status == 404);
  CHECK(c.send("POST", "/slack/services/T1/B1/invalid", {}, body).response.status == 403);
}

TEST_CASE("an archived channel takes no message until it is restored", "[mock][slack]") {
  mock_client c;
  const auto post = [&](const char* channel) {
    return body_of(c.slack("chat.postMessage", text(message(channel))));
  };
  REQUIRE(c.world.control(R"({"archive":"C0123456789"})"));
  CHECK(post("C0123456789")["error"] == "is_archived");
  CHECK(post("C0999999999")["ok"] == true);
  REQUIRE(c.world.control(R"({"unarchive":"C0123456789"})"));
  CHECK(post("C0123456789")["ok"] == true);
  REQUIRE(c.world.control(R"({"archive":"#orders"})"));
  CHECK(post("#orders")["error"] == "is_archived");
  REQUIRE(c.world.control(R"({"archive":"C0WEBHOOK0"})"));
  const auto hook = c.send("POST", "/slack/services/T1/B1/x",
                           {{"content-type", "application/json"}}, R"({"text":"x"})");
  CHECK(hook.response.status == 410);
  CHECK(hook.response.body == "channel_is_archived");
  CHECK_FALSE(c.world.control(R"({"archive":""})"));
}
