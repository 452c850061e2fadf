// Which rate is bought, whether the address is checked first, and the registration of the parcel.
#include "actors/handlers/orders/order_request.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"
#include "tests/support/order_check.hpp"

#include <algorithm>
#include <string>

namespace orderhub::testing {
namespace {

using providers::mock::call_id;
using providers::mock::effect_kind;

/// `more` are members of `shipping`.
std::string body_to(const std::string& zip, const std::string& more = {}) {
  return R"({"items":[{"productId":"sku-1","quantity":1,"price":1500}],)"
         R"("customer":{"email":"ada@example.com","name":"Ada Lovelace"},)"
         R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":")" +
         zip + '"' + (more.empty() ? "" : ',' + more) + "}}";
}

world::answer process(world& w, const std::string& body) {
  const auto a = w.call(order_object("1"), "ProcessOrder", body);
  REQUIRE(w.run());
  return a;
}

std::string attention(const world& w) {
  return field(w.order("1").body, "attention");
}

/// The service levels whose labels were bought: the mock's rates are 0 (ground), 1 (priority).
std::string bought(const world& w) {
  std::string all;
  for (std::size_t i = 0; i < w.mock.effects().size(); ++i)
    if (const auto e = w.mock.effects().at(i); e.kind == effect_kind::label)
      all += std::to_string(e.rate & 0xffU) + ' ';
  return all;
}

std::string refusal_of(const std::string& body) {
  const auto checked = handlers::check_order(body, {});
  return checked ? std::string() : checked.error().message;
}

} // namespace

TEST_CASE("the rate is the one that the order or else the settings name", "[orders][rate]") {
  const auto buys = [](const std::string& setting, const std::string& wish) {
    world_settings s;
    s.orders.label_rate = setting;
    world w(s);
    process(w, body_to("62701", wish));
    return bought(w);
  };
  CHECK(buys("cheapest", "") == "0 ");
  CHECK(buys("fastest", "") == "1 ");
  CHECK(buys("usps_priority", "") == "1 ");
  CHECK(buys("usps_priority", R"("rate":"cheapest")") == "0 ");
  CHECK(buys("cheapest", R"("rate":"fastest")") == "1 ");
  CHECK(buys("cheapest", R"("shipping_rate":"USPS_Priority")") == "1 ");
  CHECK(buys("fastest", R"("rate":null)") == "1 ");
  CHECK(buys("fastest", R"("rate":"")") == "1 ");
}

TEST_CASE("a malformed wish is refused, with an example", "[orders][rate]") {
  CHECK(refusal_of(body_to("62701", R"("rate":"next day")")) ==
        "shipping.rate must be cheapest, fastest, or the token of a service level, such as "
        "\"usps_priority\" [shipping-rate].");
  CHECK(refusal_of(body_to("62701", R"("rate":7)")).find("shipping.rate") != std::string::npos);
  CHECK(refusal_of(body_to("62701", R"("validateAddress":"yes")"))
            .starts_with("shipping.validateAddress"));
  CHECK(refusal_of(body_to("62701", R"("validate_address":true,"rate":"ups_ground")")).empty());
}

TEST_CASE("wishes survive what is stored of an order", "[orders][rate]") {
  for (const char* wish :
       {R"("rate":"ups_ground")", R"("validateAddress":true)", R"("validateAddress":false)",
        R"("rate":"fastest","validateAddress":true)"}) {
    CAPTURE(wish);
    const auto o = must(handlers::check_order(body_to("62701", wish), {}));
    const auto again = must(handlers::order::decode(o.encode()));
    CHECK(again.rate == o.rate);
    CHECK(again.validates_address == o.validates_address);
  }
}

TEST_CASE("a service level that nobody offers is a person's, with what was offered, until there is "
          "another wish",
          "[orders][rate]") {
  world w;
  auto a = w.call(order_object("1"), "ProcessOrder", body_to("62701", R"("rate":"fedex_ground")"));
  CHECK(field(a.body, "status") == "confirmed");
  CHECK(
      attention(w).find(R"("reason":"no carrier offers fedex_ground; offered are )"
                        R"(usps_ground_advantage 8.35 USD in 4 days, usps_priority 10.20 USD in 2 )"
                        R"(days","step":"label")") != std::string::npos);
  CHECK(bought(w).empty());
  a = process(w, body_to("62701", R"("rate":"usps_priority")"));
  CHECK(a.status == 200);
  CHECK(bought(w) == "1 ");
  CHECK(attention(w) == "[]");
  CHECK(field(field(w.order("1").body, "shipping"), "rate") == "usps_priority");
  // Another wish comes too late.
  a = process(w, body_to("62701", R"("rate":"cheapest")"));
  CHECK(a.status == 409);
  CHECK(a.body.find("shipping.rate") != std::string::npos);
}

TEST_CASE("an address that Shippo does not know is 400, and nothing is done or stored",
          "[orders][address]") {
  world_settings s;
  const bool by_setting = GENERATE(true, false);
  s.orders.validates_address = by_setting;
  world w(s);
  const std::string wish = by_setting ? "" : R"("validateAddress":true)";
  const auto a = process(w, body_to("00003", wish));
  CHECK(a.status == 400);
  CHECK(a.body ==
        "shipping is no address that Shippo knows (Unknown Street: City, State and ZIP Code "
        "are valid, but street address is not a match.); to send it all the same, say so, "
        "such as {\"validateAddress\":false} [address-validation].");
  CHECK(w.order("1").status == 404);
  CHECK(w.effects("1", effect_kind::charge) == 0);
  CHECK(w.effects("1", effect_kind::message) == 0);
  CHECK(w.mock.requests(call_id::shippo_address) == 1);
  // Sent right, it is a new order; sent all the same, too.
  CHECK(field(process(w, body_to("62701", wish)).body, "status") == "confirmed");
  CHECK(w.mock.requests(call_id::shippo_address) == 2);
  w.call(order_object("2"), "ProcessOrder", body_to("00003", R"("validateAddress":false)"));
  REQUIRE(w.run());
  CHECK(field(w.order("2").body, "status") == "confirmed");
  CHECK(w.mock.requests(call_id::shippo_address) == 2);
}

TEST_CASE("where nobody wishes it no address is checked", "[orders][address]") {
  world w;
  CHECK(field(process(w, body_to("00003")).body, "status") == "confirmed");
  CHECK(w.mock.requests(call_id::shippo_address) == 0);
}

TEST_CASE("an address that Shippo cannot check, or says nothing of in time, is taken",
          "[orders][address]") {
  const std::string fault = GENERATE(
      as<std::string>(), "[]",
      R"({"vendor":"shippo","operation":"address","always":true,"effect":"hang"})",
      R"({"vendor":"shippo","operation":"address","always":true,"effect":"status","status":503})",
      R"({"vendor":"shippo","operation":"address","always":true,"effect":"html"})",
      R"({"vendor":"shippo","operation":"address","always":true,"effect":"foreign"})",
      R"({"vendor":"shippo","operation":"address","always":true,"effect":"drop_after"})",
      R"({"vendor":"shippo","operation":"address","always":true,"effect":"status","status":400})");
  CAPTURE(fault);
  auto s = with_faults(fault);
  s.orders.validates_address = true;
  world w(s);
  const auto begun = w.time.wall_ms();
  const bool checks = fault == "[]";
  const std::string body =
      checks
          ? R"({"items":[{"productId":"a","quantity":1,"price":1500,"customs":{"description":"Tea",)"
            R"("hsCode":"0902.30","originCountry":"US","netWeight":"0.1","massUnit":"kg"}}],)"
            R"("customer":{"email":"a@example.com","name":"Ada"},)"
            R"("shipping":{"street":"1 High St","city":"London","zip":"SW1A 1AA","country":"GB"}})"
          : body_to("62701");
  const auto client = w.ask(order_object("1"), "ProcessOrder", body);
  const auto a = w.wait_for(client);
  CHECK(field(a.body, "status") == "confirmed");
  CHECK(w.of(client).heard_at - begun < 25'000);
  CHECK(w.mock.requests(call_id::shippo_address) >= 1);
  REQUIRE(w.run());
  CHECK(joined(problems_of(w, "1", {})) == "");
}

TEST_CASE("a delivery that goes elsewhere is checked too, and a bad one changes nothing",
          "[orders][address]") {
  world_settings s;
  s.orders.validates_address = true;
  world w(s);
  CHECK(
      field(w.call(order_object("1"), "ProcessOrder", body_to("62701", R"("rate":"fedex_ground")"))
                .body,
            "status") == "confirmed");
  const auto before = w.mock.requests(call_id::shippo_address);
  auto a = w.call(order_object("1"), "ProcessOrder", body_to("00003", R"("rate":"cheapest")"));
  CHECK(a.status == 400);
  CHECK(field(field(w.order("1").body, "shipping"), "zip") == "62701");
  CHECK(w.mock.requests(call_id::shippo_address) == before + 1);
  // Another rate alone needs no check.
  a = process(w, body_to("62701", R"("rate":"cheapest")"));
  CHECK(a.status == 200);
  CHECK(w.mock.requests(call_id::shippo_address) == before + 1);
  CHECK(bought(w) == "0 ");
}

TEST_CASE("a parcel is registered once, where that is wished", "[orders][tracking]") {
  world_settings s;
  s.orders.registers_tracking = GENERATE(true, false);
  CAPTURE(s.orders.registers_tracking);
  world w(s);
  process(w, body_to("62701"));
  CHECK(w.mock.requests(call_id::shippo_track) == (s.orders.registers_tracking ? 1 : 0));
  const auto number = field(w.order("1").body, "trackingNumber");
  const bool was_sent =
      std::any_of(w.bodies().begin(), w.bodies().end(), [&](const std::string& b) {
        return b.find(R"({"carrier":"usps",)") == 0 && b.find(number) != std::string::npos;
      });
  CHECK(was_sent == s.orders.registers_tracking);
  CHECK(attention(w) == "[]");
  CHECK(joined(problems_of(w, "1", {})) == "");
}

TEST_CASE("a parcel whose number comes later is registered then", "[orders][tracking]") {
  auto s = with_faults(
      R"({"vendor":"shippo","operation":"label","nth":1,"effect":"untracked","late_ms":60000})");
  s.orders.registers_tracking = true;
  world w(s);
  process(w, body_to("62701"));
  CHECK(w.mock.requests(call_id::shippo_track) == 1);
  CHECK(attention(w) == "[]");
}

TEST_CASE("what the registration says of the parcel is told", "[orders][tracking]") {
  world_settings s;
  s.orders.registers_tracking = true;
  const auto [zip, status, mail] = GENERATE(table<std::string, std::string, std::string>(
      {{"00002", "in_transit", "mail_shipped"}, {"00004", "delivered", "mail_delivered"}}));
  CAPTURE(zip);
  world w(s);
  process(w, body_to(zip));
  CHECK(field(w.order("1").body, "status") == status);
  CHECK(w.effects("1", effect_kind::mail, mail) == 1);
}

TEST_CASE("a registration that is refused is a person's, and holds nothing up",
          "[orders][tracking]") {
  auto s =
      with_faults(R"({"vendor":"shippo","operation":"track","always":true,"effect":"refuse"})");
  s.orders.registers_tracking = true;
  world w(s);
  CHECK(field(process(w, body_to("62701")).body, "status") == "confirmed");
  CHECK(attention(w) == R"([{"reason":"400: carrier: unsupported","step":"register_tracking"}])");
  CHECK(w.mock.requests(call_id::shippo_track) == 1);
  CHECK(w.live().empty());
}

TEST_CASE("a registration whose answer is lost is made again", "[orders][tracking]") {
  const std::string effect =
      GENERATE(as<std::string>(), "drop_after", "drop_before", "html", "foreign", "truncate");
  CAPTURE(effect);
  auto s =
      with_faults(R"({"vendor":"shippo","operation":"track","nth":1,"effect":")" + effect + "\"}");
  s.orders.registers_tracking = true;
  world w(s);
  process(w, body_to("62701"));
  CHECK(w.mock.requests(call_id::shippo_track) == 2);
  CHECK(attention(w) == "[]");
}

} // namespace orderhub::testing
