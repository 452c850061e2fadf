#include "actors/handlers/orders/order_request.hpp"
#include "actors/handlers/phone_number.hpp"
#include "actors/handlers/request_rules.hpp"
#include "providers/tables/countries.hpp"
#include "tests/actors/handlers/orders/shipment_body.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/strict_shippo.hpp"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {
namespace {

using nlohmann::json;

struct sender {
  const char* what;
  postal_address address;
};

std::vector<sender> senders() {
  return {
      {"US",
       {"Shop", "215 Clayton St.", "San Francisco", "CA", "94117", "US", "+14155550100",
        "s@example.com"}},
      {"EU",
       {"Shop", "Unter den Linden 1", "Berlin", "", "10117", "DE", "+49301234567",
        "s@example.com"}},
      {"GB",
       {"Shop", "1 High Street", "London", "", "SW1A 1AA", "GB", "+442079460000", "s@example.com"}},
      {"Canary Islands",
       {"Shop", "Calle 1", "Las Palmas", "", "35001", "ES", "+34928000000", "s@example.com"}},
  };
}

order_rules rules_of(const sender& from) {
  order_rules rules;
  rules.delivery.from = from.address;
  rules.delivery.parcel = {"10", "10", "5", "in", "1", "lb"};
  rules.delivery.customs.certify_signer = "Shop";
  return rules;
}

json order_to(const tables::country& country) {
  json shipping{{"street", "1 Main St"}, {"city", "Old Town"}, {"country", country.code}};
  if (!country.zip_example.empty())
    shipping["zip"] = country.zip_example;
  if (country.state != tables::presence::none)
    shipping["state"] = country.code == "US" ? "CA" : "AB";
  return {{"items",
           {{{"productId", "sku-1"},
             {"quantity", 2},
             {"price", 1500},
             {"customs",
              {{"description", "T-shirt"},
               {"hsCode", "6109.10"},
               {"originCountry", "PT"},
               {"netWeight", 0.2},
               {"massUnit", "kg"}}}}}},
          {"customer",
           {{"email", "ada@example.com"},
            {"name", "Ada Lovelace"},
            {"phone", example_phone(country.code)}}},
          {"shipping", shipping}};
}

using complaints = std::vector<std::string>;

const request_rule& rule_of(const std::string& message) {
  const auto begin = message.rfind('[');
  const auto end = message.rfind(']');
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  const auto* rule = find_rule(std::string_view(message).substr(begin + 1, end - begin - 1));
  REQUIRE(rule != nullptr);
  return *rule;
}

/// The order as it would have reached Shippo unchecked: the sound one, without what was taken away.
std::string unchecked(const json& whole, const std::string& lacking, order_rules rules) {
  auto o = check_order(whole.dump(), rules);
  REQUIRE(o);
  auto& a = o->shipping;
  if (lacking == "street")
    a.street.clear();
  if (lacking == "city")
    a.city.clear();
  if (lacking == "state")
    a.state.clear();
  if (lacking == "zip")
    a.zip.clear();
  if (lacking == "customs") // Unchecked, nothing would have been declared.
    rules.delivery.from = nowhere();
  auto body = shipment_body(*o, rules);
  if (lacking == "customs") {
    auto sent = json::parse(body);
    sent["address_from"] = {{"name", "Shop"}, {"street1", "1 A St"}, {"city", "Reno"},
                            {"state", "NV"},  {"zip", "89501"},      {"country", "US"}};
    body = sent.dump();
  }
  return body;
}

} // namespace

TEST_CASE("an order to any country is taken by a strict Shippo, from wherever it is sent",
          "[orders][delivery][property]") {
  for (const auto& from : senders()) {
    const auto rules = rules_of(from);
    for (const auto& country : tables::countries()) {
      CAPTURE(from.what, country.code);
      const auto checked = check_order(order_to(country).dump(), rules);
      if (!checked)
        FAIL_CHECK(checked.error().message);
      else
        CHECK(testing::strict_shippo(shipment_body(*checked, rules)) == complaints{});
    }
  }
}

TEST_CASE(
    "an order that lacks a part is taken by a strict Shippo, or refused by a rule of the table "
    "that is Shippo's only where Shippo refuses it",
    "[orders][delivery][property]") {
  const auto rules = rules_of(senders().front());
  std::size_t refused = 0;
  for (const auto& country : tables::countries())
    for (const std::string lacking : {"street", "city", "state", "zip", "customs"}) {
      CAPTURE(country.code, lacking);
      const auto whole = order_to(country);
      auto order = whole;
      if (lacking == "customs")
        order["items"][0].erase("customs");
      else
        order["shipping"].erase(lacking);
      const auto checked = check_order(order.dump(), rules);
      if (checked) {
        CHECK(testing::strict_shippo(shipment_body(*checked, rules)) == complaints{});
        continue;
      }
      ++refused;
      CHECK(checked.error().status == 400);
      CHECK(checked.error().message.find(lacking) != std::string::npos);
      const auto& rule = rule_of(checked.error().message);
      CHECK(checked.error().message.find(", such as ") != std::string::npos);
      CHECK(rule.vendor == "shippo");
      if (lacking != "zip") // Which countries a carrier asks for one is our table's to say.
        CHECK(testing::strict_shippo(unchecked(whole, lacking, rules)) != complaints{});
    }
  CHECK(refused > 700); // Streets, cities and customs nearly everywhere, postal codes, some states.
}

TEST_CASE("every rule by which a request is refused has its reason and an example",
          "[orders][delivery]") {
  for (const auto& rule : request_rules()) {
    CAPTURE(rule.id);
    CHECK_FALSE(rule.source.empty());
    CHECK_FALSE(rule.right.empty());
    CHECK(find_rule(rule.id) == &rule);
  }
  CHECK(find_rule("no-such-rule") == nullptr);
}

} // namespace orderhub::handlers
