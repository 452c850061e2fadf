#include "actors/handlers/orders/order_request.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "actors/handlers/request_rules.hpp"
#include "journal/base/random.hpp"
#include "providers/stripe/charge.hpp"
#include "providers/tables/currencies.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"
#include "tests/support/spec_check.hpp"
#include "tests/support/strict_stripe.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace orderhub::handlers {

namespace {

/// An order of these items and more members.
std::string with_items(const std::string& items, const std::string& extra = {}) {
  const auto body = testing::order_body(extra);
  const auto from = body.find('[');
  return body.substr(0, from) + items + body.substr(body.find("],\"customer\"") + 1);
}
std::string of_price(const std::string& price, const std::string& extra = {}) {
  return with_items(R"([{"productId":"a","quantity":1,"price":)" + price + "}]", extra);
}
std::string in_currency(const std::string& code) {
  return R"("currency":")" + code + "\"";
}

std::string refused(const std::string& body, const order_rules& rules = {}) {
  const auto o = check_order(body, rules);
  if (o)
    return "accepted";
  CHECK(o.error().status == 400);
  return o.error().message;
}

/// The rule that a refusal names: what stands in its last brackets.
const request_rule* rule_of(const std::string& message) {
  const auto from = message.rfind('[');
  const auto to = message.rfind(']');
  if (from == std::string::npos || to == std::string::npos || to < from)
    return nullptr;
  return find_rule(message.substr(from + 1, to - from - 1));
}

} // namespace

TEST_CASE("a free item is an item, a discount and shipping are adjustments", "[orders][amounts]") {
  const auto gift = check_order(with_items(R"([{"productId":"a","quantity":1,"price":4200},)"
                                           R"({"productId":"gift","quantity":2,"price":0}])"),
                                {});
  REQUIRE(gift);
  CHECK(gift->total.minor_units == 4'200);
  CHECK(gift->items.size() == 2);

  const auto o = check_order(
      testing::order_body(R"("adjustments":[{"label":"Voucher SPRING","amount":-500},)"
                          R"({"label":"Shipping","amount":0},{"label":"Tax","amount":341}])"),
      {});
  REQUIRE(o);
  CHECK(o->total.minor_units == 4'250 - 500 + 341);
  REQUIRE(o->adjustments.size() == 3);
  const auto back = order::decode(o->encode());
  REQUIRE(back);
  CHECK(back->encode() == o->encode());
  CHECK(
      shown_parts(*back).find(R"("adjustments":[{"amount":-500,"label":"Voucher SPRING"},)"
                              R"({"amount":0,"label":"Shipping"},{"amount":341,"label":"Tax"}])") !=
      std::string::npos);
  CHECK(shown_parts(*back).find(R"("totalText":"40.91 USD")") != std::string::npos);
  CHECK(shown_parts(*gift).find("adjustments") == std::string::npos);

  // The items may come to more than can be charged, where a discount takes it off.
  const auto large =
      check_order(of_price("100000049", R"("adjustments":[{"label":"x","amount":-50}])"), {});
  REQUIRE(large);
  CHECK(large->total.minor_units == 99'999'999);
}

TEST_CASE("where nothing is to be paid no payment method is needed", "[orders][amounts]") {
  order_rules live;
  live.default_payment_method.clear();
  const auto free = check_order(of_price("0"), live);
  REQUIRE(free);
  CHECK(free->total.minor_units == 0);
  CHECK(free->payment_method.empty());
  CHECK(check_order(of_price("500", R"("adjustments":[{"label":"Voucher","amount":-500}])"), live));
  CHECK(refused(of_price("500"), live) ==
        "payment.method is missing; with a live Stripe key there is no default, such as "
        "\"pm_card_visa\" [payment-method-missing].");
}

TEST_CASE("an amount that Stripe would refuse is refused before the charge", "[orders][amounts]") {
  CHECK(refused(of_price("49")) ==
        "The total of items, 0.49 USD, must be at least 0.50 USD, Stripe's "
        "minimum, such as 50 minor units [amount-minimum].");
  CHECK(check_order(of_price("50"), {}));
  CHECK(refused(of_price("29", in_currency("gbp"))).find("at least 0.30 GBP") != std::string::npos);
  CHECK(refused(of_price("49", in_currency("JPY"))).find("at least 50 JPY") != std::string::npos);
  CHECK(refused(of_price("999", in_currency("mxn"))).find("at least 10.00 MXN") !=
        std::string::npos);
  CHECK(check_order(of_price("10", in_currency("kwd")), {})); // Stripe documents no minimum for it.
  CHECK(
      refused(of_price("42005", in_currency("kwd"))) ==
      "The total of items, 42.005 KWD, must be a multiple of 0.010 KWD, as Stripe counts it, such "
      "as 42010 minor units [amount-step].");
  CHECK(check_order(of_price("42000", in_currency("KWD")), {}));
  // Each price need not be a multiple, what is charged must be.
  CHECK(check_order(
      of_price("42005", in_currency("kwd") + R"(,"adjustments":[{"label":"x","amount":5}])"), {}));
  CHECK(refused(of_price("150", in_currency("ugx"))).find("multiple of 1.00 UGX") !=
        std::string::npos);
  CHECK(refused(of_price("100000000")) == "The total of items, 1000000.00 USD, must be at most "
                                          "999999.99 USD, Stripe's maximum, such as "
                                          "99999999 minor units [amount-maximum].");
  CHECK(check_order(of_price("999999999999", in_currency("idr")), {}));
  CHECK(refused(of_price("500", R"("adjustments":[{"label":"Voucher","amount":-501}])")) ==
        "The total of items and adjustments, -0.01 USD, must not be below 0, such as a smaller "
        "discount [total-negative].");
  for (const char* code : {"XYZ", "xxx", "hrk", "BTC", "zzz"})
    CHECK(refused(of_price("500", in_currency(code))) ==
          "currency must be one that Stripe charges, such as \"eur\" [currency-known].");
}

TEST_CASE("no sum overflows, whatever is sent", "[orders][amounts]") {
  const std::string much = "1000000000000";
  const std::string item = R"({"productId":"a","quantity":)" + much + R"(,"price":)" + much + "}";
  CHECK(refused(with_items("[" + item + "]")).find("[amount-maximum]") != std::string::npos);
  std::string items = "[";
  for (int i = 0; i < 1'000; ++i)
    items +=
        (i > 0 ? "," : "") + std::string(R"({"productId":"a","quantity":1,"price":)") + much + "}";
  CHECK(refused(with_items(items + "]")).find("[amount-maximum]") != std::string::npos);
  std::string adjustments = R"("adjustments":[)";
  for (int i = 0; i < 100; ++i)
    adjustments += (i > 0 ? "," : "") + std::string(R"({"label":"x","amount":-)") + much + "}";
  CHECK(refused(of_price("500", adjustments + "]")).find("[total-negative]") != std::string::npos);
  CHECK(refused(of_price("500", adjustments + R"(,{"label":"x","amount":1}])")) ==
        "adjustments must be a list of at most 100, such as [{\"label\":\"Tax\",\"amount\":350}] "
        "[adjustments-count].");
}

TEST_CASE("an adjustment that is wrong is named", "[orders][amounts]") {
  const auto of = [](const std::string& one) {
    return refused(testing::order_body(R"("adjustments":[)" + one + "]"));
  };
  CHECK(of("1") == "adjustments[0] must be an object.");
  CHECK(of(R"({"amount":1})") == "adjustments[0].label is missing; it must be a text, such as "
                                 "\"Discount\" [adjustment-label].");
  CHECK(of(R"({"label":" ","amount":1})") == "adjustments[0].label must not be empty.");
  CHECK(of(R"({"label":"x"})") ==
        "adjustments[0].amount is missing; it must be a whole number from -1000000000000 to "
        "1000000000000, negative for a discount, in the currency's minor unit, such as -500 "
        "[adjustment-amount].");
  for (const char* amount : {"1.5", "\"1\"", "true", "1000000000001", "-1000000000001",
                             "18446744073709551615", "-9223372036854775808", "1e3"}) {
    CAPTURE(amount);
    CHECK(of(std::string(R"({"label":"x","amount":)") + amount + "}")
              .starts_with("adjustments[0].amount must be a whole number"));
  }
  CHECK(refused(testing::order_body(R"("adjustments":{})")) == "adjustments must be a list.");
  CHECK(check_order(testing::order_body(R"("adjustments":[])"), {}));
  CHECK(check_order(testing::order_body(R"("adjustments":null)"), {}));
}

TEST_CASE("a payment method is an id of Stripe's", "[orders][amounts]") {
  const auto of = [](const std::string& method) {
    return testing::order_body(R"("payment":{"method":")" + method + "\"}");
  };
  for (const char* method : {"pm_card_visa", "pm_1MqLiJLkdIwHu7ixUEgbFdYF", "card_1MvoiELkdIwHu7ix",
                             "src_1NABCDEF", "pm_1"})
    CHECK(check_order(of(method), {}));
  for (const char* method : {"visa", "pm_", "tok_visa", "cus_1", "pm-card-visa", "pm_a b",
                             "PM_card_visa", "4242", "pm_caf\u00e9"}) {
    CAPTURE(method);
    CHECK(refused(of(method)) ==
          "payment.method must be the id of a payment method at Stripe, such as "
          "\"pm_card_visa\" [payment-method].");
  }
}

TEST_CASE("a card's number in any field of an order is refused and not repeated",
          "[orders][input][cards]") {
  const std::string number = "4000056655665556";
  const std::string spaced = "4000 0566 5566 5556";
  const auto body = testing::order_body();
  const auto with = [&](const std::string& part, const std::string& other) {
    auto changed = body;
    return changed.replace(changed.find(part), part.size(), other);
  };
  const std::map<std::string, std::string> places = {
      {"payment.method", testing::order_body(R"("payment":{"method":")" + number + "\"}")},
      {"payment.customer", testing::order_body(R"("payment":{"customer":"cus_)" + number + "\"}")},
      {"payment.number", testing::order_body(R"("payment":{"number":)" + number + "}")},
      {"customer.name", with("Ada Lovelace", "Ada " + spaced)},
      {"customer.email", with("ada@example.com", number + "@example.com")},
      {"shipping.street", with("1 Main St", spaced)},
      {"shipping.zip", with("62701", number)},
      {"items[1].productId", with("sku-2", number)},
      {"items[0].price", with("1500", number)},
      {"note", testing::order_body(R"("note":"my card is 4000-0566-5566-5556")")},
      {"metadata.a.b[1][0]",
       testing::order_body(R"("metadata":{"a":{"b":[1,[")" + number + R"("]]}})")},
      {"metadata.pan", testing::order_body(R"("metadata":{"pan":4000056655665556.0})")},
      {"metadata.exp", testing::order_body(R"("metadata":{"exp":4.000056655665556e15})")},
      {"metadata.minus", testing::order_body(R"("metadata":{"minus":-4000056655665556})")},
      {"adjustments[0].label",
       testing::order_body(R"("adjustments":[{"label":")" + spaced + R"(","amount":1}])")},
  };
  for (const auto& [place, sent] : places) {
    CAPTURE(place);
    const auto message = refused(sent);
    CHECK(message ==
          place + " holds what looks like a card's number; a card is given by its id at Stripe "
                  "in payment.method, such as \"pm_card_visa\" [card-number].");
  }
  // In a name, twice in one object, in front of what is no JSON, escaped.
  for (const auto& sent : {testing::order_body(R"("metadata":{")" + number + R"(":"x"})"),
                           testing::order_body(R"("metadata":{"list":[{")" + spaced + R"(":1}]})"),
                           testing::order_body("\"" + number + R"(":1,")" + number + R"(":2)"),
                           testing::order_body(R"("note":")" + number + R"(","broken)"),
                           testing::order_body(R"("note":"\u0034000056655665556")"),
                           testing::order_body("\"note\":\"\xef\xbc\x94"
                                               "000056655665556\"")}) {
    CAPTURE(sent);
    const auto message = refused(sent);
    CHECK(message.find("[card-number]") != std::string::npos);
    CHECK(message.find("0005665566555") == std::string::npos);
    CHECK(message.find("0566 5566") == std::string::npos);
  }
  testing::world w;
  const auto a = w.call(testing::order_object("1"), "ProcessOrder",
                        testing::order_body(R"("payment":{"method":")" + number + "\"}"));
  CHECK(a.status == 400);
  CHECK(a.body.find(number) == std::string::npos);
  CHECK(w.order("1").status == 404);
  CHECK(w.requests().empty());
  CHECK(w.log().empty());
}

TEST_CASE("what is accepted is taken by Stripe, what Stripe's rules refuse would be refused there",
          "[orders][amounts][property]") {
  const testing::spec_check spec(std::string(ORDERHUB_SOURCE_DIR) +
                                 "/tests/golden/specs/stripe.json");
  std::vector<std::string> codes = testing::stripe_currencies();
  CHECK(codes.size() == tables::currencies().size());
  for (const char* none : {"xyz", "hrk", "vef", "zwl", "xau", "btc"})
    codes.emplace_back(none);
  std::size_t accepted = 0;
  std::map<std::string_view, std::size_t> refusals;
  for (const auto seed : testing::seeds(1, 20)) {
    seeded_random dice(seed);
    CAPTURE(seed);
    for (const auto& code : codes) {
      // Around the bounds that the page names, and anything between.
      std::vector<std::int64_t> totals = {0,
                                          1,
                                          9,
                                          10,
                                          29,
                                          30,
                                          49,
                                          50,
                                          99,
                                          100,
                                          199,
                                          200,
                                          249,
                                          250,
                                          299,
                                          300,
                                          399,
                                          400,
                                          999,
                                          1'000,
                                          1'005,
                                          1'499,
                                          1'500,
                                          17'499,
                                          17'500,
                                          99'999'990,
                                          99'999'999,
                                          100'000'000,
                                          999'999'999,
                                          1'000'000'000,
                                          9'999'999'999,
                                          10'000'000'000,
                                          99'999'999'999,
                                          999'999'999'999,
                                          1'000'000'000'000,
                                          -1};
      for (int i = 0; i < 5; ++i)
        totals.push_back(static_cast<std::int64_t>(dice.below(200'000)));
      for (const auto total : totals) {
        // The same total in several ways: items, a free one, adjustments of both signs.
        const auto more = static_cast<std::int64_t>(dice.below(100'000));
        const auto less = static_cast<std::int64_t>(dice.below(50'000));
        const auto price = total - more + less;
        std::string extra = in_currency(code);
        std::string price_text = std::to_string(total);
        if (price >= 0 && price <= 1'000'000'000'000) {
          price_text = std::to_string(price);
          extra += R"(,"adjustments":[{"label":"Shipping","amount":)" + std::to_string(more) +
                   R"(},{"label":"Discount","amount":-)" + std::to_string(less) + "}]";
        } else if (total < 0) {
          continue;
        }
        const auto body = with_items(R"([{"productId":"a","quantity":1,"price":)" + price_text +
                                         R"(},{"productId":"gift","quantity":3,"price":0}])",
                                     extra);
        CAPTURE(code, total, body);
        const auto o = check_order(body, {});
        const auto says = testing::stripe_complaints(total, code, "pm_card_visa");
        if (!o) {
          const auto* rule = rule_of(o.error().message);
          REQUIRE(rule != nullptr);
          ++refusals[rule->id];
          if (rule->vendor == "stripe")
            REQUIRE_FALSE(says.empty());
          continue;
        }
        ++accepted;
        REQUIRE(o->total == money{total, code});
        if (total == 0) // Nothing is charged.
          continue;
        REQUIRE(says == std::vector<std::string>{});
        if (seed == 1 && (total == 1'500 || total == 17'500)) {
          const auto charge = providers::stripe::charge(
              {{std::string(32, '0'), "1", "charge", "1"}, o->total, o->payment_method, ""});
          REQUIRE(spec.complaints(charge.raw.request) == std::vector<std::string>{});
          REQUIRE(charge.raw.request.body.find("amount=" + std::to_string(total) + "&") !=
                  std::string::npos);
          REQUIRE(charge.raw.request.body.find("currency=" + code) != std::string::npos);
        }
      }
    }
  }
  // Each rule about amounts was met, and most orders were good ones.
  CHECK(accepted > 1'000);
  for (const char* rule :
       {"currency-known", "amount-minimum", "amount-maximum", "amount-step", "total-negative"}) {
    CAPTURE(rule);
    CHECK(refusals[rule] > 0);
  }
}

TEST_CASE("the table of rules is sound", "[orders][amounts]") {
  std::set<std::string_view> ids;
  for (const auto& rule : request_rules()) {
    CAPTURE(rule.id);
    CHECK(ids.insert(rule.id).second);
    CHECK(find_rule(rule.id) == &rule);
    CHECK_FALSE(rule.source.empty());
    CHECK_FALSE(rule.right.empty());
    CHECK((rule.vendor.empty() || rule.vendor == "stripe" || rule.vendor == "shippo" ||
           rule.vendor == "sendgrid"));
  }
  CHECK(find_rule("none") == nullptr);
}

} // namespace orderhub::handlers
