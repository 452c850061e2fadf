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

/// Every member of it is required.
json declaration() {
  return {{"certify", true},
          {"certify_signer", "Shop"},
          {"contents_type", "MERCHANDISE"},
          {"non_delivery_option", "RETURN"},
          {"items",
           {{{"description", "Books"},
             {"quantity", 1},
             {"net_weight", "0.4"},
             {"mass_unit", "kg"},
             {"value_amount", "30.00"},
             {"value_currency", "USD"},
             {"origin_country", "US"}}}}};
}

json ledger_of(const mock_client& c) {
  return json::parse(c.world.ledger_json());
}

} // namespace

TEST_CASE("a shipment has rates with ids, and is an effect", "[mock][shippo]") {
  mock_client c;
  const auto reply = c.shippo("shipments", mock_client::shipment_body());
  REQUIRE(reply.response.status == 201);
  const auto s = body_of(reply);
  CHECK(s["status"] == "SUCCESS");
  CHECK(s["test"] == true);
  CHECK(s["object_id"].get<std::string>().size() == 32);
  CHECK(s["metadata"] == "order_id:ord-1 step:shipment");
  CHECK(s["address_to"]["name"] == "A \"B\"");
  REQUIRE(s["rates"].size() == 2);
  CHECK(s["rates"][0]["amount"] == "8.35");
  CHECK(s["rates"][0]["object_id"] != s["rates"][1]["object_id"]);
  CHECK(s["rates"][0]["servicelevel"]["token"] == "usps_ground_advantage");
  CHECK(c.world.effects().count("ord-1", effect_kind::shipment) == 1);
  const auto again = c.shippo_get("shipments/" + s["object_id"].get<std::string>());
  CHECK(body_of(again)["rates"] == s["rates"]);
}

TEST_CASE("the same rate bought twice makes two labels, listed by the rate", "[mock][shippo]") {
  mock_client c;
  const auto rate = c.rate();
  const auto other = c.rate();
  const auto first = c.buy(rate);
  REQUIRE(first.response.status == 201);
  const auto l = body_of(first);
  CHECK(l["status"] == "SUCCESS");
  CHECK(l["rate"] == rate);
  CHECK(l["tracking_number"].get<std::string>().size() == 22);
  CHECK(l["label_url"].get<std::string>().find("https://") == 0);
  CHECK(l["messages"].empty());
  const auto second = body_of(c.buy(rate));
  c.buy(other);

  const auto list = body_of(c.shippo_get("transactions?rate=" + rate + "&results=5"));
  REQUIRE(list["results"].size() == 2);
  CHECK(list["results"][0]["object_id"] == second["object_id"]);
  CHECK(list["results"][1]["object_id"] == l["object_id"]);
  CHECK(list["next"].is_null());
  CHECK(c.world.effects().count("ord-1", effect_kind::label) == 3);
  const auto effect = ledger_of(c)["effects"][2];
  CHECK(effect["kind"] == "label");
  CHECK(effect["rate"] == rate);
  CHECK(effect["id"] == l["object_id"]);
  CHECK(effect["step"] == "label");
  CHECK(effect["attempt"] == 2);

  const auto page = body_of(c.shippo_get("transactions/?results=2"));
  CHECK(page["results"].size() == 2);
  CHECK(page["next"].is_string());
  const auto rest = body_of(c.shippo_get("transactions?results=2&page=2"));
  CHECK(rest["results"].size() == 1);
  CHECK(rest["previous"].is_string());
  CHECK(body_of(c.shippo_get("transactions?rate=00000000000000000000000000000000"))["results"]
            .empty());
}

TEST_CASE("a purchase with async is queued first", "[mock][shippo]") {
  mock_client c;
  const auto rate = c.rate();
  const auto queued = body_of(c.shippo("transactions", text({{"rate", rate}})));
  CHECK(queued["status"] == "QUEUED");
  CHECK(queued["tracking_number"] == "");
  CHECK(c.total(effect_kind::label) == 1);
  // Without metadata of its own the label is the shipment's order's.
  CHECK(c.world.effects().count("ord-1", effect_kind::label) == 1);
  c.now += 1'000;
  const auto done = body_of(c.shippo_get("transactions/" + queued["object_id"].get<std::string>()));
  CHECK(done["status"] == "SUCCESS");
  CHECK(done["tracking_number"] != "");
}

TEST_CASE("a failed purchase is 201 with ERROR and no effect", "[mock][shippo]") {
  mock_client c;
  std::string code;
  SECTION("the address cannot be delivered to") {
    code = "address_not_deliverable";
    const auto l = c.buy(c.rate("00001"));
    CHECK(l.response.status == 201);
    CHECK(body_of(l)["status"] == "ERROR");
    CHECK(body_of(l)["messages"][0]["code"] == code);
  }
  SECTION("a fault says so") {
    const auto rate = c.rate();
    REQUIRE(c.world.control(
        R"({"vendor":"shippo","operation":"label","effect":"refuse","always":true,
            "code":"carrier_timeout","text":"The carrier did not answer."})"));
    const auto l = c.buy(rate);
    CHECK(l.response.status == 201);
    CHECK(body_of(l)["status"] == "ERROR");
    CHECK(body_of(l)["messages"][0]["code"] == "carrier_timeout");
  }
  SECTION("the rate is a week old") {
    const auto rate = c.rate();
    c.now += 7LL * 24 * 3'600'000 + 1;
    CHECK(body_of(c.buy(rate))["messages"][0]["code"] == "rate_expired");
  }
  CHECK(c.total(effect_kind::label) == 0);
}

TEST_CASE("an address without rates has none to buy", "[mock][shippo]") {
  mock_client c;
  const auto s = body_of(c.shippo("shipments", mock_client::shipment_body("00000")));
  CHECK(s["rates"].empty());
  CHECK_FALSE(s["messages"].empty());
}

TEST_CASE("a label is refunded once", "[mock][shippo]") {
  mock_client c;
  const std::string id = body_of(c.buy(c.rate()))["object_id"];
  const auto refund = c.shippo("refunds", text({{"transaction", id}, {"async", false}}));
  REQUIRE(refund.response.status == 201);
  CHECK(body_of(refund)["status"] == "PENDING");
  CHECK(body_of(refund)["transaction"] == id);
  CHECK(body_of(c.shippo_get("transactions/" + id))["status"] == "REFUNDPENDING");
  CHECK(c.shippo("refunds", text({{"transaction", id}})).response.status == 400);
  c.now += 1'000;
  CHECK(body_of(c.shippo_get("transactions/" + id))["status"] == "REFUNDED");
  const std::string refund_id = body_of(refund)["object_id"];
  CHECK(body_of(c.shippo_get("refunds/" + refund_id))["status"] == "SUCCESS");
  CHECK(c.world.effects().count("ord-1", effect_kind::label_refund) == 1);
}

TEST_CASE("what Shippo refuses is refused with the field", "[mock][shippo]") {
  mock_client c;
  auto body = json::parse(mock_client::shipment_body());
  SECTION("no parcels") {
    body["parcels"] = json::array();
    const auto reply = c.shippo("shipments", text(body));
    CHECK(reply.response.status == 400);
    CHECK(body_of(reply).contains("parcels"));
  }
  SECTION("numbers in a parcel") {
    body["parcels"][0]["weight"] = 1;
    CHECK(c.shippo("shipments", text(body)).response.status == 400);
  }
  SECTION("no country") {
    body["address_to"].erase("country");
    CHECK(body_of(c.shippo("shipments", text(body))).contains("address_to"));
  }
  SECTION("a country that is none, or is not written as its code") {
    for (const char* country : {"ZZ", "UK", "us", "USA"}) {
      body["address_to"]["country"] = country;
      CHECK(body_of(c.shippo("shipments", text(body))).contains("address_to"));
    }
  }
  SECTION("a measure of more than four decimals, or in a unit that is none") {
    body["parcels"][0]["weight"] = "0.30000000000000004";
    CHECK(body_of(c.shippo("shipments", text(body))).contains("parcels"));
    body["parcels"][0]["weight"] = "0.3";
    body["parcels"][0]["mass_unit"] = "lbs";
    CHECK(body_of(c.shippo("shipments", text(body))).contains("parcels"));
  }
  SECTION("a declaration that lacks something") {
    const auto whole = declaration();
    for (const auto& [name, value] : whole.items()) {
      CAPTURE(name);
      body["customs_declaration"] = whole;
      body["customs_declaration"].erase(name);
      CHECK(body_of(c.shippo("shipments", text(body))).contains("customs_declaration"));
    }
    for (const auto& [name, value] : whole["items"][0].items()) {
      CAPTURE(name);
      body["customs_declaration"] = whole;
      body["customs_declaration"]["items"][0].erase(name);
      CHECK(body_of(c.shippo("shipments", text(body))).contains("customs_declaration"));
    }
  }
  SECTION("long metadata") {
    body["metadata"] = std::string(101, 'x');
    CHECK(body_of(c.shippo("shipments", text(body))).contains("metadata"));
  }
  SECTION("an unknown rate") {
    const auto reply = c.buy("0123456789abcdef0123456789abcdef");
    CHECK(reply.response.status == 400);
    CHECK(body_of(reply).contains("rate"));
  }
  SECTION("an unknown file type") {
    CHECK(body_of(c.shippo("transactions", text({{"rate", c.rate()}, {"label_file_type", "GIF"}})))
              .contains("label_file_type"));
  }
  SECTION("no token, wrong type, no JSON, unknown ids") {
    CHECK(c.send("GET", "/shippo/transactions").response.status == 401);
    CHECK(c.send("POST", "/shippo/shipments", {{"authorization", "ShippoToken x"}}, "{}")
              .response.status == 415);
    CHECK(c.send("POST", "/shippo/shipments",
                 {{"authorization", "ShippoToken x"}, {"content-type", "application/json"}}, "{")
              .response.status == 400);
    CHECK(c.send("POST", "/shippo/shipments",
                 {{"authorization", "ShippoToken x"}, {"content-type", "application/json"}},
                 std::string(100'000, '['))
              .response.status == 400);
    CHECK(c.shippo_get("transactions/x").response.status == 404);
    CHECK(c.shippo_get("nothing").response.status == 404);
  }
  CHECK(c.total(effect_kind::label) == 0);
}

TEST_CASE("a label needs a whole address, and a declaration across a customs border",
          "[mock][shippo]") {
  mock_client c;
  const auto buy = [&](const json& body) {
    const auto made = body_of(c.shippo("shipments", text(body)));
    REQUIRE(made["rates"].size() == 2); // Rates are sold before anything of that is asked.
    return body_of(c.buy(made["rates"][0]["object_id"]));
  };
  const auto whole = json::parse(mock_client::shipment_body());
  for (const char* part : {"name", "street1", "city", "state", "zip"}) {
    CAPTURE(part);
    auto body = whole;
    body["address_to"].erase(part);
    const auto label = buy(body);
    CHECK(label["status"] == "ERROR");
    CHECK(label["messages"][0]["text"].get<std::string>().find(part) != std::string::npos);
  }
  auto abroad = whole;
  abroad["address_to"] = {
      {"name", "A"}, {"street1", "1 Queen's Road"}, {"city", "Hong Kong"}, {"country", "HK"}};
  CHECK(buy(abroad)["messages"][0]["text"] ==
        "Customs declaration is required for international shipments.");
  abroad["customs_declaration"] = declaration();
  CHECK(buy(abroad)["status"] == "SUCCESS");
  auto forces = whole;
  forces["address_to"]["state"] = "AE";
  forces["address_to"]["zip"] = "09012";
  CHECK(buy(forces)["status"] == "ERROR");
  CHECK(c.total(effect_kind::label) == 1);
}

TEST_CASE("an order id with spaces is read whole", "[mock][shippo]") {
  mock_client c;
  const auto rate = c.rate();
  c.shippo("transactions", text({{"rate", rate}, {"metadata", "order_id:a step:b c step:label"}}));
  c.shippo("transactions", text({{"rate", rate}, {"metadata", "order_id:a b"}}));
  CHECK(c.world.effects().count("a step:b c", effect_kind::label) == 1);
  CHECK(c.world.effects().count("a b", effect_kind::label) == 1);
  CHECK(c.world.effects().at(1).step == "label");
}
