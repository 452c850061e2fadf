#include "actors/handlers/orders/order_changes.hpp"
#include "actors/handlers/orders/order_content.hpp"
#include "actors/handlers/orders/order_request.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"

#include <functional>
#include <string>
#include <vector>

namespace orderhub::testing {

namespace {

using handlers::canonical_content;
using handlers::difference_of;
using handlers::order;

order checked(const std::string& body) {
  return must(handlers::check_order(body, {}));
}

constexpr const char* plain =
    R"({"items":[{"productId":"a","quantity":2,"price":1500},{"productId":"b","quantity":1,"price":5}],)"
    R"("customer":{"email":"ada@example.com","name":"Ada Buyer"},)"
    R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"62701"}})";

using fields = std::vector<std::string>;

} // namespace

TEST_CASE("the same order in other words has the same content", "[orders][content]") {
  const auto content = canonical_content(checked(plain));
  const char* const same[] = {
      // Other spaces, keys in another order, fields that nobody knows.
      R"( {
 "shipping" : {"zip":"62701","state":"IL","city":"Springfield","street":"1 Main St","note":"x"},
 "sent_at": "2026-11-28T10:00:00Z", "customer":{"name":"Ada Buyer","email":"ada@example.com"},
 "items":[{"price":1500,"quantity":2,"productId":"a","sku":null},{"productId":"b","quantity":1,"price":5}]} )",
      // Escapes; the other name of the street; what is filled in where it is left out.
      R"({"items":[{"productId":"\u0061","quantity":2,"price":1500},{"productId":"b","quantity":1,"price":5}],)"
      R"("customer":{"email":"ada@example.com","name":"Ada Buyer"},"currency":"USD",)"
      R"("shipping":{"address":"1 Main St","city":"Springfield","state":"IL","zip":"62701","country":"us"}})",
      // That the address is to be checked first.
      R"({"items":[{"productId":"a","quantity":2,"price":1500},{"productId":"b","quantity":1,"price":5}],)"
      R"("customer":{"email":"ada@example.com","name":"Ada Buyer"},)"
      R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"62701",)"
      R"("validateAddress":true}})",
      // How it is paid, and that it is to be tried again, is not content.
      R"({"items":[{"productId":"a","quantity":2,"price":1500},{"productId":"b","quantity":1,"price":5}],)"
      R"("customer":{"email":"ada@example.com","name":"Ada Buyer"},"retry":true,)"
      R"("payment":{"method":"pm_card_mastercard","customer":"cus_1"},)"
      R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"62701"}})",
  };
  for (const auto* body : same) {
    CAPTURE(body);
    CHECK(canonical_content(checked(body)) == content);
    CHECK(difference_of(checked(plain), checked(body)).empty());
  }
}

TEST_CASE("a content knows nothing of the configuration", "[orders][content]") {
  handlers::order_rules rules;
  rules.default_payment_method = "pm_card_mastercard";
  CHECK(canonical_content(must(handlers::check_order(plain, rules))) ==
        canonical_content(checked(plain)));
  CHECK(checked(plain).parcel.empty());
}

TEST_CASE("measures are compared as numbers", "[orders][content]") {
  auto with_weight = [](const char* weight) {
    auto o = checked(plain);
    o.parcel = {"10", "10", "5", "in", weight, "lb"};
    return o;
  };
  for (const auto* weight : {"1.5", "1.50", "01.5", "1.500"})
    CHECK(difference_of(with_weight("1.5"), with_weight(weight)).empty());
  CHECK(difference_of(with_weight("100"), with_weight("100.0")).empty());
  auto with_net_weight = [](const char* weight) {
    auto o = checked(plain);
    o.items[0].customs.net_weight = weight;
    return o;
  };
  CHECK(difference_of(with_net_weight("0.2"), with_net_weight(".20")).empty());
  CHECK_FALSE(difference_of(with_net_weight("0.2"), with_net_weight("")).empty());
  CHECK(difference_of(with_weight("0.5"), with_weight(".5")).empty());
  for (const auto* weight : {"1.05", "15", "150"})
    CHECK(difference_of(with_weight("1.5"), with_weight(weight)).fields == fields{"parcel.weight"});
}

TEST_CASE("each part that differs is named, and whether it is paid for", "[orders][content]") {
  struct row {
    const char* field;
    bool paid_for;
    void (*change)(order&);
  };
  const row rows[] = {
      {"items[0].productId", true, [](order& o) { o.items[0].product_id = "c"; }},
      {"items[1].quantity", true, [](order& o) { o.items[1].quantity = 2; }},
      {"items[1].price", true, [](order& o) { o.items[1].price = 6; }},
      {"items", true, [](order& o) { o.items.pop_back(); }},
      {"adjustments", true, [](order& o) { o.adjustments.push_back({"Discount", -500}); }},
      {"items[0].customs.description", false,
       [](order& o) { o.items[0].customs.description = "Books"; }},
      {"items[0].customs.hsCode", false, [](order& o) { o.items[0].customs.hs_code = "490199"; }},
      {"items[0].customs.originCountry", false,
       [](order& o) { o.items[0].customs.origin_country = "PT"; }},
      {"items[0].customs.netWeight", false,
       [](order& o) { o.items[0].customs.net_weight = "0.2"; }},
      {"items[0].customs.massUnit", false, [](order& o) { o.items[0].customs.mass_unit = "kg"; }},
      {"items[0].customs.value", false, [](order& o) { o.items[0].customs.value = 5; }},
      {"adjustments", true, [](order& o) { o.adjustments[0].label = "Shipping"; }},
      {"adjustments", true, [](order& o) { o.adjustments[0].amount = -5; }},
      {"adjustments", true, [](order& o) { o.adjustments.clear(); }},
      {"currency", true, [](order& o) { o.total.currency = "eur"; }},
      {"customer.email", false,
       [](order& o) { o.customer_email = o.shipping.email = "b@example.com"; }},
      {"customer.name", false, [](order& o) { o.customer_name = o.shipping.name = "Bo Buyer"; }},
      {"customer.phone", false, [](order& o) { o.customer_phone = o.shipping.phone = "1"; }},
      {"shipping.name", false, [](order& o) { o.shipping.name = "Somebody Else"; }},
      {"shipping.street", false, [](order& o) { o.shipping.street = "2 Main St"; }},
      {"shipping.street2", false, [](order& o) { o.shipping.street2 = "Apt 4B"; }},
      {"shipping.company", false, [](order& o) { o.shipping.company = "Engines Ltd"; }},
      {"shipping.city", false, [](order& o) { o.shipping.city = "Shelbyville"; }},
      {"shipping.state", false, [](order& o) { o.shipping.state = "IN"; }},
      {"shipping.zip", false, [](order& o) { o.shipping.zip = "62702"; }},
      {"shipping.country", false, [](order& o) { o.shipping.country = "CA"; }},
      {"shipping.phone", false, [](order& o) { o.shipping.phone = "2"; }},
      {"shipping.email", false, [](order& o) { o.shipping.email = "c@example.com"; }},
      {"parcel.length", false, [](order& o) { o.parcel.length = "11"; }},
      {"parcel.width", false, [](order& o) { o.parcel.width = "11"; }},
      {"parcel.height", false, [](order& o) { o.parcel.height = "11"; }},
      {"parcel.distance_unit", false, [](order& o) { o.parcel.distance_unit = "cm"; }},
      {"parcel.weight", false, [](order& o) { o.parcel.weight = "11"; }},
      {"parcel.mass_unit", false, [](order& o) { o.parcel.mass_unit = "kg"; }},
      {"shipping.rate", false, [](order& o) { o.rate = "fastest"; }},
  };
  auto recorded = checked(plain);
  recorded.parcel = {"10", "10", "5", "in", "1", "lb"};
  recorded.adjustments = {{"Tax", 5}};
  for (const auto& r : rows) {
    CAPTURE(r.field);
    auto sent = recorded;
    r.change(sent);
    const auto difference = difference_of(recorded, sent);
    CHECK(difference.fields == fields{r.field});
    CHECK(difference.concerns_payment == r.paid_for);
    CHECK(canonical_content(recorded) != canonical_content(sent));
  }
}

TEST_CASE("contents of two forms are never taken for the same request", "[orders][content]") {
  const auto now = checked(plain);
  auto before = now;
  before.form = handlers::content_form + 1;
  CHECK(canonical_content(before) != canonical_content(now));
  CHECK(must(order::decode(before.encode())).form == before.form);
}

TEST_CASE("fields are listed for a sentence, and no more than can be read", "[orders][content]") {
  CHECK(handlers::listed({"a"}) == "a");
  CHECK(handlers::listed({"a", "b"}) == "a and b");
  CHECK(handlers::listed({"a", "b", "c"}) == "a, b and c");
  fields many;
  for (int i = 0; i < 15; ++i)
    many.push_back("f" + std::to_string(i));
  CHECK(handlers::listed(many) == "f0, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11 and 3 more");
}

TEST_CASE("an order keeps its newest changes, and of each so many names", "[orders][content]") {
  using handlers::decode_changes;
  using handlers::with_change;
  const auto one = with_change(nullptr, {1'000, {"shipping.zip", "items"}});
  CHECK(must(decode_changes(one)) ==
        std::vector<handlers::order_change>{{1'000, {"shipping.zip", "items"}}});
  auto all = one;
  for (std::size_t i = 0; i < handlers::changes_max; ++i)
    all = with_change(&all, {2'000 + static_cast<unix_ms>(i), {"items"}});
  const auto kept = must(decode_changes(all));
  REQUIRE(kept.size() == handlers::changes_max);
  CHECK(kept.front().at == 2'000); // The first one went.
  CHECK(kept.back().at == 2'000 + static_cast<unix_ms>(handlers::changes_max) - 1);
  const auto wide = with_change(nullptr, {1, fields(1'000, "items[0].price")});
  CHECK(must(decode_changes(wide)).front().fields.size() == handlers::changed_fields_max);
  CHECK_FALSE(decode_changes(one.substr(1)));
  CHECK_FALSE(decode_changes(one + "x"));
}

} // namespace orderhub::testing
