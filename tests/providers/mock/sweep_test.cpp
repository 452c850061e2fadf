// What the mock vendors answer to whoever asks for what was not told.
#include "tests/providers/mock/client.hpp"
#include "tests/support/catch2.hpp"

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::providers::mock {

namespace {

using nlohmann::json;

mock_client telling() {
  options settings;
  settings.tells = true;
  return mock_client(settings);
}

json get(mock_client& c, const std::string& target) {
  const auto answer = c.stripe_get(target);
  CAPTURE(answer.response.body);
  REQUIRE(answer.response.status == 200);
  return json::parse(answer.response.body);
}

std::vector<std::string> types_of(const json& page) {
  std::vector<std::string> types;
  for (const auto& e : page["data"])
    types.push_back(e["type"]);
  return types;
}

using names = std::vector<std::string>;

json track(mock_client& c, const std::string& number, const std::string& carrier = "usps") {
  return json::parse(c.shippo_get("tracks/" + carrier + '/' + number).response.body);
}

} // namespace

TEST_CASE("Stripe lists what it told, newest first, whether or not it arrived", "[mock][sweep]") {
  auto c = telling();
  c.charge("key-1");
  c.now += 60'000;
  c.charge("key-2", "pm_card_chargeDeclined");
  const auto told = c.world.take_notices();
  REQUIRE(told.size() == 4);
  const auto page = get(c, "events");
  CHECK(page["object"] == "list");
  CHECK(page["url"] == "/v1/events");
  CHECK(page["has_more"] == false);
  CHECK(types_of(page) == names{"payment_intent.payment_failed", "charge.failed",
                                "payment_intent.succeeded", "charge.succeeded"});
  CHECK(page["data"][3] == json::parse(told[0].body));

  CHECK(types_of(get(c, "events?types[]=charge.failed&types[]=payment_intent.succeeded")) ==
        names{"charge.failed", "payment_intent.succeeded"});
  CHECK(types_of(get(c, "events?type=charge.failed")) == names{"charge.failed"});
  const auto then = std::to_string(c.now / 1'000);
  CHECK(get(c, "events?created[gte]=" + then)["data"].size() == 2);
  CHECK(get(c, "events?created[lt]=" + then)["data"].size() == 2);
}

TEST_CASE("Stripe's events are paged both ways", "[mock][sweep]") {
  auto c = telling();
  for (int i = 0; i < 3; ++i)
    c.charge("key-" + std::to_string(i));
  names forwards;
  std::string after;
  for (bool more = true; more;) {
    const auto page = get(c, "events?limit=4" + (after.empty() ? "" : "&starting_after=" + after));
    for (const auto& e : page["data"])
      forwards.push_back(e["id"]);
    after = forwards.back();
    more = page["has_more"];
  }
  CHECK(forwards.size() == 6);
  const auto newer = get(c, "events?limit=2&ending_before=" + forwards[3]);
  REQUIRE(newer["data"].size() == 2);
  CHECK(newer["data"][0]["id"] == forwards[1]);
  CHECK(newer["data"][1]["id"] == forwards[2]);
  CHECK(newer["has_more"] == true);
}

TEST_CASE("Stripe refuses a list of events that it would refuse", "[mock][sweep]") {
  auto c = telling();
  std::string many;
  for (int i = 0; i < 21; ++i)
    many += "&types[]=a";
  for (const auto& [query, param] : {std::pair<std::string, std::string>("typ=a", "typ"),
                                     {"limit=101", "limit"},
                                     {"created[gte]=now", "created[gte]"},
                                     {"type=a&types[]=b", "types"},
                                     {"limit=1" + many, "types"},
                                     {"starting_after=evt_1", "starting_after"}}) {
    CAPTURE(query);
    const auto answer = c.stripe_get("events?" + query);
    CHECK(answer.response.status >= 400);
    CHECK(json::parse(answer.response.body)["error"]["param"] == param);
  }
  CHECK(c.stripe_get("events/evt_1").response.status == 404);
}

TEST_CASE("a dispute is an event of a paid payment", "[mock][sweep]") {
  auto c = telling();
  const std::string intent = json::parse(c.charge("key-1").response.body)["id"];
  CHECK_FALSE(c.world.control(R"({"dispute":"pi_x"})"));
  REQUIRE(c.world.control(R"({"dispute":")" + intent + "\"}"));
  const auto page = get(c, "events?type=charge.dispute.created");
  REQUIRE(page["data"].size() == 1);
  const auto& object = page["data"][0]["data"]["object"];
  CHECK(object["payment_intent"] == intent);
  CHECK(object["amount"] == 4'200);
  CHECK(object["status"] == "needs_response");
}

TEST_CASE("Shippo says where a parcel is with the object that it told", "[mock][sweep]") {
  auto c = telling();
  const auto label = json::parse(c.buy(c.rate()).response.body);
  const std::string number = label["tracking_number"];
  CHECK(track(c, number)["tracking_status"]["status"] == "PRE_TRANSIT");
  c.now += 15'000;
  CHECK(track(c, number)["tracking_status"]["status"] == "TRANSIT");
  c.now += 15'000;
  const auto arrived = track(c, number);
  CHECK(arrived["tracking_status"]["status"] == "DELIVERED");
  CHECK(arrived["transaction"] == label["object_id"]);
  json told;
  for (const auto& n : c.world.take_notices())
    if (n.body.find("track_updated") != std::string::npos)
      told = json::parse(n.body);
  CHECK(told["data"]["tracking_status"] == arrived["tracking_status"]);
  CHECK(told["data"]["metadata"] == arrived["metadata"]);
}

TEST_CASE("Shippo knows nothing of a strange number, and no strange carrier", "[mock][sweep]") {
  auto c = telling();
  CHECK(track(c, "9400")["tracking_status"].is_null());
  CHECK(c.shippo_get("tracks/nobody/9400").response.status == 400);
  CHECK(c.shippo_get("tracks/usps").response.status == 404);
  const auto label = json::parse(c.buy(c.rate()).response.body);
  c.now += 1'000;
  CHECK(c.shippo("refunds", R"({"transaction":")" + label["object_id"].get<std::string>() + "\"}")
            .response.status == 201);
  c.now += 60'000;
  // A label that was given back moves no parcel.
  CHECK(track(c, label["tracking_number"])["tracking_status"]["status"] == "PRE_TRANSIT");
}

} // namespace orderhub::providers::mock
