#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <string>

namespace orderhub::testing {
namespace {

using providers::mock::effect_kind;

std::string order_to(const std::string& shipping, const std::string& customs) {
  return R"({"items":[{"productId":"sku-1","quantity":2,"price":1500)" + customs +
         R"(}],"customer":{"email":"ada@example.com","name":"Ada Lovelace"},"shipping":)" +
         shipping + "}";
}

const std::string customs =
    R"(,"customs":{"description":"T-shirt","hsCode":"6109.10","originCountry":"US","netWeight":0.2,"massUnit":"kg"})";
const std::string canada =
    R"({"street":"1 Bay St","street2":"Apt 4B","city":"Richmond","state":"BC","zip":"V7C4V4","country":"CA"})";
const std::string berlin =
    R"({"street":"Unter den Linden 1","city":"Berlin","zip":"10117","country":"DE"})";
const std::string forces =
    R"({"street":"Unit 1 Box 2","city":"APO","state":"AE","zip":"09012","country":"US"})";

} // namespace

TEST_CASE("an order across a customs border is declared, and its label bought",
          "[orders][customs]") {
  for (const auto& there : {canada, berlin, forces}) {
    CAPTURE(there);
    world w;
    const auto a = w.call(order_object("1"), "ProcessOrder", order_to(there, customs));
    CHECK(field(a.body, "status") == "confirmed");
    CHECK(field(a.body, "attention").empty());
    REQUIRE(w.run());
    CHECK(w.effects("1", effect_kind::label) == 1);
  }
}

TEST_CASE("an order that cannot be declared is refused before it is charged", "[orders][customs]") {
  for (const auto& there : {canada, berlin, forces}) {
    CAPTURE(there);
    world w;
    const auto a = w.call(order_object("1"), "ProcessOrder", order_to(there, ""));
    CHECK(a.status == 400);
    CHECK(a.body.find("items[0].customs is missing") != std::string::npos);
    CHECK(w.requests().empty());
  }
}

TEST_CASE("an order shows the whole address of its label, and what it says to customs",
          "[orders][customs]") {
  world w;
  w.call(order_object("1"), "ProcessOrder", order_to(canada, customs));
  REQUIRE(w.run());
  const auto shown = w.order("1").body;
  CHECK(
      field(shown, "shipping") ==
      R"({"city":"Richmond","country":"CA","state":"BC","street":"1 Bay St","street2":"Apt 4B","zip":"V7C4V4"})");
  CHECK(
      field(shown, "items") ==
      R"([{"customs":{"description":"T-shirt","hsCode":"6109.10","massUnit":"kg","netWeight":"0.2",)"
      R"("originCountry":"US"},"price":1500,"productId":"sku-1","quantity":2}])");
}

} // namespace orderhub::testing
