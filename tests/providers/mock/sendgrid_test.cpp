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

} // namespace

TEST_CASE("a mail is accepted with an empty body and a message id", "[mock][sendgrid]") {
  mock_client c;
  const auto reply = c.mail(mock_client::mail_body());
  CHECK(reply.response.status == 202);
  CHECK(reply.response.body.empty());
  REQUIRE(reply.response.header("x-message-id") != nullptr);
  const auto effect = ledger_of(c)["effects"][0];
  CHECK(effect["vendor"] == "sendgrid");
  CHECK(effect["kind"] == "mail");
  CHECK(effect["id"] == *reply.response.header("x-message-id"));
  CHECK(effect["order_id"] == "ord-1");
  CHECK(effect["step"] == "mail");
  CHECK(effect["to"] == "a@example.com");
}

TEST_CASE("the same mail twice is two mails", "[mock][sendgrid]") {
  mock_client c;
  c.mail(mock_client::mail_body());
  c.mail(mock_client::mail_body());
  CHECK(c.world.effects().count("ord-1", effect_kind::mail) == 2);
}

TEST_CASE("custom args of the message count where a personalization has none", "[mock][sendgrid]") {
  mock_client c;
  auto body = json::parse(mock_client::mail_body());
  body["personalizations"][0].erase("custom_args");
  body["custom_args"] = {{"order_id", "ord-2"}, {"step", "mail"}};
  CHECK(c.mail(text(body)).response.status == 202);
  CHECK(c.world.effects().count("ord-2", effect_kind::mail) == 1);
}

TEST_CASE("the sandbox checks and sends nothing", "[mock][sendgrid]") {
  mock_client c;
  auto body = json::parse(mock_client::mail_body());
  body["mail_settings"] = {{"sandbox_mode", {{"enable", true}}}};
  CHECK(c.mail(text(body)).response.status == 200);
  CHECK(c.total(effect_kind::mail) == 0);
}

TEST_CASE("a wrong mail is 400 and names the field", "[mock][sendgrid]") {
  mock_client c;
  auto body = json::parse(mock_client::mail_body());
  std::string field;
  SECTION("no recipients") {
    field = "personalizations.0.to";
    body["personalizations"][0]["to"] = json::array();
  }
  SECTION("no personalizations") {
    field = "personalizations";
    body.erase("personalizations");
  }
  SECTION("a wrong address") {
    field = "personalizations.0.to.0.email";
    body["personalizations"][0]["to"][0]["email"] = "nobody";
  }
  SECTION("the same address twice") {
    field = "personalizations";
    body["personalizations"][0]["cc"] = {{{"email", "a@example.com"}}};
  }
  SECTION("no sender") {
    field = "from.email";
    body.erase("from");
  }
  SECTION("no subject") {
    field = "subject";
    body["subject"] = "";
  }
  SECTION("no content") {
    field = "content";
    body.erase("content");
  }
  SECTION("a number among the custom args") {
    field = "personalizations.0.custom_args.attempt";
    body["personalizations"][0]["custom_args"]["attempt"] = 1;
  }
  SECTION("an unknown property") {
    field = "colour";
    body["colour"] = "red";
  }
  const auto reply = c.mail(text(body));
  CHECK(reply.response.status == 400);
  CHECK(body_of(reply)["errors"][0]["field"] == field);
  CHECK(c.total(effect_kind::mail) == 0);
}

TEST_CASE("SendGrid's other refusals have its error shape", "[mock][sendgrid]") {
  mock_client c;
  const auto none = c.send("POST", "/sendgrid/v3/mail/send");
  CHECK(none.response.status == 401);
  CHECK(body_of(none)["errors"][0]["field"].is_null());
  CHECK(c.send("POST", "/sendgrid/v3/mail/send", {{"authorization", "Bearer SG.1"}}, "{}")
            .response.status == 415);
  CHECK(
      c.send("GET", "/sendgrid/v3/mail/send", {{"authorization", "Bearer SG.1"}}).response.status ==
      405);
  CHECK(c.send("GET", "/sendgrid/v3/x", {{"authorization", "Bearer SG.1"}}).response.status == 404);
}

TEST_CASE("a name that ends its address is refused, and one in quotes is taken",
          "[mock][sendgrid]") {
  const auto status = [](const std::string& name) {
    mock_client c;
    auto body = json::parse(mock_client::mail_body());
    body["personalizations"][0]["to"][0]["name"] = name;
    return c.mail(text(body)).response.status;
  };
  for (const char* name : {"Ada Lovelace", R"("Lovelace, Ada")", R"("Lovelace; \"Ada\"")", ""})
    CHECK(status(name) == 202);
  for (const char* name :
       {"Lovelace, Ada", "Lovelace; Ada", R"("Lovelace", Ada)", R"("Lovelace, Ada)"})
    CHECK(status(name) == 400);
}

TEST_CASE("an empty content, text behind HTML, and a subject of two lines are refused",
          "[mock][sendgrid]") {
  const auto field_of = [](const json& change) {
    mock_client c;
    auto body = json::parse(mock_client::mail_body());
    body.merge_patch(change);
    const auto reply = c.mail(text(body));
    CHECK(reply.response.status == 400);
    return body_of(reply)["errors"][0]["field"].get<std::string>();
  };
  const json html = {{"type", "text/html"}, {"value", "x"}};
  const json empty = {{"type", "text/html"}, {"value", ""}};
  const json plain = {{"type", "text/plain"}, {"value", "x"}};
  CHECK(field_of({{"content", json::array({plain, empty})}}) == "content.1.value");
  CHECK(field_of({{"content", json::array({html, plain})}}) == "content");
  CHECK(field_of({{"subject", "a\nb"}}) == "subject");
}
