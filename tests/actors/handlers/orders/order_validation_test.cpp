#include "actors/handlers/orders/order_request.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <string>
#include <vector>

namespace orderhub::handlers {

namespace {

/// The sound request with one part replaced; aborts where that part is not in it.
std::string with(const std::string& part, const std::string& other) {
  auto body = testing::order_body();
  const auto at = body.find(part);
  if (at == std::string::npos)
    std::abort();
  return body.replace(at, part.size(), other);
}
std::string plus(const std::string& members) {
  return testing::order_body(members);
}
std::string items_of(const std::string& items) {
  const auto body = testing::order_body();
  const auto from = body.find('[');
  return body.substr(0, from) + items + body.substr(body.find("],\"customer\"") + 1);
}
std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[') +
         std::string(static_cast<std::size_t>(levels), ']');
}

struct refusal {
  std::string body;
  std::string message;
};

const std::string quantity = R"("quantity":2)";
const std::string price = R"("price":1500)";
const std::string mail = R"("ada@example.com")";
const std::string quantity_rule =
    "items[0].quantity must be a whole number from 1 to 1000000000000, such as 2 [item-quantity].";
const std::string price_rule =
    "items[0].price must be a whole number from 0 to 1000000000000 in the "
    "currency's minor unit, such as 1500 [item-price].";

std::vector<refusal> refusals() {
  std::string bad_utf8 = with("Ada Lovelace", "Ada \xc3\x28");
  std::string surrogate = with("Ada Lovelace", "\xed\xa0\x80");
  std::string overlong = with("Ada Lovelace", "\xc0\xaf");
  std::vector<refusal> all = {
      // The document.
      {"", "The body is not valid JSON near byte 1."},
      {"{", "The body is not valid JSON near byte 2."},
      {"{\"items\":[}", "The body is not valid JSON near byte 11."},
      {testing::order_body() + "x", "The body is not valid JSON near byte " +
                                        std::to_string(testing::order_body().size() + 1) + "."},
      {testing::order_body() + std::string(1, '\0') + "{}",
       "The body is not valid JSON near byte " + std::to_string(testing::order_body().size() + 1) +
           "."},
      {"[]", "The body must be a JSON object with items, customer and shipping."},
      {"null", "The body must be a JSON object with items, customer and shipping."},
      {"\"order\"", "The body must be a JSON object with items, customer and shipping."},
      {bad_utf8, "The body is not valid UTF-8."},
      {surrogate, "The body is not valid UTF-8."},
      {overlong, "The body is not valid UTF-8."},
      {plus("\"note\":" + nested(32)), "The body is nested more than 32 levels deep."},
      // The library refuses a number that no double holds.
      {R"({"a":1e400})", "The body is not valid JSON near byte 10."},
      {nested(100'000), "The body is nested more than 32 levels deep."},
      {plus(R"("items":[])"), "The key \"items\" appears twice in one object."},
      {with(quantity, R"("quantity":2,"quantity":3)"),
       "The key \"quantity\" appears twice in one object."},
      {plus(R"("unknown":{"a":1,"\u0061":2})"), "The key \"a\" appears twice in one object."},
      // Items.
      {R"({"customer":{},"shipping":{}})", "items is missing."},
      {items_of("{}"), "items must be a list."},
      {items_of("null"), "items is missing."},
      {items_of("[]"), "items must be a list with at least one item."},
      {items_of("[1]"), "items[0] must be an object."},
      {items_of(R"([{"productId":"a","quantity":1,"price":1},[]])"), "items[1] must be an object."},
      {with(R"("productId":"sku-1",)", ""), "items[0].productId is missing."},
      {with(R"("sku-2")", "2"), "items[1].productId must be a string."},
      {with(R"("sku-1")", R"("")"), "items[0].productId must not be empty."},
      {with(R"("sku-1")", R"(" ")"), "items[0].productId must not be empty."},
      {with("sku-1", "a\\u0000b"), "items[0].productId holds a control character."},
      {with("sku-1", std::string(501, 'x')), "items[0].productId is longer than 500 bytes."},
      {with(quantity + ",", ""), "items[0].quantity is missing; it must be a whole number from 1 "
                                 "to 1000000000000, such as 2 [item-quantity]."},
      {with(quantity, R"("quantity":0)"), quantity_rule},
      {with(quantity, R"("quantity":-1)"), quantity_rule},
      {with(quantity, R"("quantity":-9223372036854775808)"), quantity_rule},
      {with(quantity, R"("quantity":1.5)"), quantity_rule},
      {with(quantity, R"("quantity":1e2)"), quantity_rule},
      {with(quantity, R"("quantity":"2")"), quantity_rule},
      {with(quantity, R"("quantity":true)"), quantity_rule},
      {with(quantity, R"("quantity":null)"),
       "items[0].quantity is missing; it must be a whole number from 1 to 1000000000000, such as 2 "
       "[item-quantity]."},
      {with(quantity, R"("quantity":18446744073709551615)"), quantity_rule},
      {with(quantity, R"("quantity":99999999999999999999)"), quantity_rule},
      {with("," + price, ""),
       "items[0].price is missing; it must be a whole number from 0 to 1000000000000 in the "
       "currency's minor unit, such as 1500 [item-price]."},
      {with(price, R"("price":-1500)"), price_rule},
      {with(price, R"("price":15.00)"), price_rule},
      {with(price, R"("price":"1500")"), price_rule},
      {with(price, R"("price":1000000000001)"), price_rule},
      {with(price, R"("price":100000000)"), "The total of items, 2000012.50 USD, must be at most "
                                            "999999.99 USD, Stripe's maximum, such as "
                                            "99999999 minor units [amount-maximum]."},
      {items_of(R"([{"productId":"a","quantity":1000000000000,"price":1000000000000}])"),
       "items[0].quantity times price is more than can be charged, such as 99999999 "
       "[amount-maximum]."},
      {items_of(R"([{"productId":"a","quantity":1,"price":99999999},)"
                R"({"productId":"b","quantity":1,"price":1}])"),
       "The total of items, 1000000.00 USD, must be at most 999999.99 USD, Stripe's maximum, such "
       "as "
       "99999999 minor units [amount-maximum]."},
      // Customer.
      {with(R"("customer")", R"("client")"), "customer is missing."},
      {with(R"({"email":"ada@example.com","name":"Ada Lovelace"})", R"("Ada")"),
       "customer must be an object."},
      {with(R"("email":"ada@example.com",)", ""),
       R"(customer.email is missing; the customer is told by it, such as "ada@example.com" [mail-address].)"},
      {with(mail, "7"), "customer.email must be a string."},
      {with(mail, R"("")"),
       R"(customer.email is missing; the customer is told by it, such as "ada@example.com" [mail-address].)"},
      {with(R"(,"name":"Ada Lovelace")", ""),
       R"(customer.name is missing; the customer is called by it, such as "Ada Lovelace" [customer-name].)"},
      {with("Ada Lovelace", "Ada\\nBcc: all@example.com"),
       R"(customer.name holds a line break; it must be one line, such as "Ada Lovelace" [text-one-line].)"},
      {with("Ada Lovelace", "Ada\\u007f"),
       R"(customer.name holds a control character, U+007F; it must be text, such as "1 Main St" [text-control].)"},
      {with(R"("name":"Ada Lovelace")", R"("name":"Ada","phone":5550100)"),
       "customer.phone must be a string."},
      // Shipping.
      {with(R"("shipping")", R"("ship")"), "shipping is missing."},
      {with(R"("street":"1 Main St",)", ""),
       R"(shipping.street is missing; a label has one, such as "1 Main St" [address-street].)"},
      {with(R"("street":"1 Main St")", R"("address":"")"),
       R"(shipping.street is missing; a label has one, such as "1 Main St" [address-street].)"},
      {with(R"("city":"Springfield",)", ""),
       R"(shipping.city is missing; a label has one, such as "Springfield" [address-city].)"},
      {with(R"("state":"IL",)", ""),
       R"(shipping.state is missing; addresses of United States have one, such as "IL" [address-state].)"},
      {with(R"("zip":"62701")", R"("zip":62701)"), "shipping.zip must be a string."},
      {with(R"("zip":"62701")", R"("zip":"62701","country":"USA")"),
       R"(shipping.country must be a two-letter ISO 3166 code, such as "US" [address-country].)"},
      {with(R"("zip":"62701")", R"("zip":"62701","country":"U1")"),
       R"(shipping.country must be a two-letter ISO 3166 code, such as "US" [address-country].)"},
      // Payment.
      {plus(R"("currency":"dollars")"),
       "currency must be a three-letter ISO 4217 code, such as \"eur\" [currency-code]."},
      {plus(R"("currency":"u$d")"),
       "currency must be a three-letter ISO 4217 code, such as \"eur\" [currency-code]."},
      {plus(R"("currency":840)"), "currency must be a string."},
      {plus(R"("retry":"yes")"), "retry must be true or false."},
      {plus(R"("payment":"pm_card_visa")"), "payment must be an object."},
      {plus(R"("payment":{"method":1})"), "payment.method must be a string."},
      {plus(R"("payment":{"method":"pm_card_visa","customer":["cus_1"]})"),
       "payment.customer must be a string."},
      {plus(R"("payment":{"method":"pm_card\u0000visa"})"),
       "payment.method holds a control character."},
      // Parcel.
      {plus(R"("parcel":[10,10,5])"), "parcel must be an object."},
      {plus(R"("parcel":{"width":"1","height":"1","weight":"1"})"),
       "parcel.length must be a positive number, such as 2.5 [parcel-measure]."},
      {plus(R"("parcel":{"length":"1","width":"-1","height":"1","weight":"1"})"),
       "parcel.width must be a positive number, such as 2.5 [parcel-measure]."},
      {plus(R"("parcel":{"length":"1","width":"1","height":"0.0","weight":"1"})"),
       "parcel.height must be a positive number, such as 2.5 [parcel-measure]."},
      {plus(R"("parcel":{"length":"1","width":"1","height":"1","weight":"1.2.3"})"),
       "parcel.weight must be a positive number, such as 2.5 [parcel-measure]."},
      {plus(R"("parcel":{"length":1,"width":1,"height":1,"weight":1,"distance_unit":"furlong"})"),
       R"(parcel.distance_unit must be one of cm, in, ft, m, mm, yd, such as "in" [parcel-distance].)"},
      {plus(R"("parcel":{"length":1,"width":1,"height":1,"weight":1,"mass_unit":"stone"})"),
       R"(parcel.mass_unit must be one of g, kg, lb, oz, such as "lb" [parcel-mass].)"},
  };
  for (const char* address :
       {"ada", "ada@", "@example.com", "ada@example", "ada@@example.com", "a@b@example.com",
        "ada@.com", "ada@example.", "ada@example..com", "ada lovelace@example.com",
        "ada@exam ple.com", "ada@example.com,eve@example.com", "<ada@example.com>",
        "ada(x)@example.com"})
    all.push_back(
        {with("ada@example.com", address),
         R"(customer.email is not an e-mail address, such as "ada@example.com" [mail-address].)"});
  all.push_back(
      {with("ada@example.com", std::string(65, 'a') + "@example.com"),
       R"(customer.email is not an e-mail address, such as "ada@example.com" [mail-address].)"});
  return all;
}

} // namespace

TEST_CASE("a bad order is refused with 400 and a message that names the field", "[orders][input]") {
  for (const auto& r : refusals()) {
    CAPTURE(r.body.substr(0, 400), r.message);
    const auto checked = check_order(r.body, {});
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().message == r.message);
    CHECK(checked.error().kind == error_kind::invalid);
    CHECK(checked.error().status == 400);
  }
}

TEST_CASE("with a live key payment.method has no default", "[orders][input]") {
  order_rules live;
  live.default_payment_method.clear();
  const auto message =
      "payment.method is missing; with a live Stripe key there is no default, such as "
      "\"pm_card_visa\" [payment-method-missing].";
  for (const auto& body :
       {testing::order_body(), plus(R"("payment":{})"), plus(R"("payment":{"method":""})"),
        plus(R"("payment":{"method":null})"), plus(R"("payment":{"customer":"cus_1"})")}) {
    CAPTURE(body);
    const auto checked = check_order(body, live);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().message == message);
    CHECK(checked.error().status == 400);
  }
  const auto given = check_order(plus(R"("payment":{"method":"pm_1"})"), live);
  REQUIRE(given);
  CHECK(given->payment_method == "pm_1");
  CHECK(given->payment_method_given);
}

TEST_CASE("a sound order is read whole, defaults included", "[orders][input]") {
  const auto o = check_order(testing::order_body(), {});
  REQUIRE(o);
  CHECK(o->items.size() == 2);
  CHECK(o->items[0].product_id == "sku-1");
  CHECK(o->items[0].quantity == 2);
  CHECK(o->items[0].price == 1500);
  CHECK(o->total == money{4250, "usd"});
  CHECK(o->payment_method == "pm_card_visa");
  CHECK_FALSE(o->payment_method_given);
  CHECK_FALSE(o->retry);
  CHECK(o->customer_email == "ada@example.com");
  CHECK(o->shipping.street == "1 Main St");
  CHECK(o->shipping.country == "US");
  CHECK(o->shipping.name == "Ada Lovelace");
  CHECK(o->parcel.empty());
}

TEST_CASE("what documents of both kinds send is accepted", "[orders][input]") {
  // `street` or `address`; unknown fields; null for absent; upper-case currency.
  const auto a = check_order(with(R"("street":"1 Main St")", R"("address":"2 Side St")"), {});
  REQUIRE(a);
  CHECK(a->shipping.street == "2 Side St");
  CHECK(check_order(plus(R"("gift":{"wrap":[1,2]},"currency":null,"payment":null,"parcel":null)"),
                    {}));
  const auto euros = check_order(plus(R"("currency":"EUR","retry":true)"), {});
  REQUIRE(euros);
  CHECK(euros->total.currency == "eur");
  CHECK(euros->retry);
  const auto there = check_order(with(R"("zip":"62701")", R"("zip":"10115","country":"de")"), {});
  REQUIRE(there);
  CHECK(there->shipping.country == "DE");
  const auto names = check_order(with("Ada Lovelace", "Ад\u00e4 \xf0\x9f\x93\xa6"), {});
  REQUIRE(names);
  CHECK(names->customer_name == "Ад\u00e4 \xf0\x9f\x93\xa6");
  const auto parcel = check_order(
      plus(R"("parcel":{"length":10,"width":"2.5","height":0.5,"weight":"3","mass_unit":"kg"})"),
      {});
  REQUIRE(parcel);
  CHECK(parcel->parcel.length == "10");
  CHECK(parcel->parcel.width == "2.5");
  CHECK(parcel->parcel.height == "0.5");
  CHECK(parcel->parcel.distance_unit == "in");
  CHECK(parcel->parcel.mass_unit == "kg");
  // The deepest that is allowed, beside the order itself.
  CHECK(check_order(plus("\"note\":" + nested(31)), {}));
  // The largest total, and a thousand items.
  const auto most =
      check_order(items_of(R"([{"productId":"a","quantity":1,"price":99999999}])"), {});
  REQUIRE(most);
  CHECK(most->total.minor_units == 99'999'999);
}

TEST_CASE("a thousand items are an order, one more is not", "[orders][input]") {
  std::string list;
  for (int i = 0; i < 1'000; ++i)
    list += std::string(i == 0 ? "[" : ",") + R"({"productId":"a","quantity":1,"price":1})";
  CHECK(check_order(items_of(list + "]"), {}));
  const auto more =
      check_order(items_of(list + R"(,{"productId":"a","quantity":1,"price":1}])"), {});
  REQUIRE_FALSE(more.has_value());
  CHECK(more.error().message == "items has more than 1000 items.");
}

TEST_CASE("a body is refused at the first element too many, whatever stands behind it",
          "[orders][input]") {
  const auto list = [](std::size_t count, const std::string& one) {
    std::string text = "[";
    for (std::size_t i = 0; i < count; ++i)
      text += (i == 0 ? "" : ",") + one;
    return text;
  };
  const auto keys = [](std::size_t count) {
    std::string text = "{";
    for (std::size_t i = 0; i < count; ++i)
      text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":1";
    return text;
  };
  // What follows is no JSON: it is not read.
  const std::pair<std::string, std::string> refused[] = {
      {"{\"items\":" + list(1'001, "1") + " broken", "items has more than 1000 items."},
      {"{\"items\":" + list(1'001, "{}") + " broken", "items has more than 1000 items."},
      {"{\"note\":" + list(20'000, "1") + " broken", "The body has more than 20000 values."},
      {"{\"note\":" + list(10'000, "[1]") + " broken", "The body has more than 20000 values."},
      {"{\"note\":" + keys(1'001) + " broken", "An object of the body has more than 1000 keys."},
  };
  for (const auto& [body, why] : refused) {
    const auto o = check_order(body, {});
    REQUIRE_FALSE(o.has_value());
    CHECK(o.error().message == why);
  }
  // At the bounds, beside an order of ordinary size.
  CHECK(check_order(plus("\"note\":" + list(1'001, "1") + "]"), {}));
  CHECK(check_order(plus("\"note\":" + list(19'000, "1") + "]"), {}));
  CHECK(check_order(plus("\"note\":" + keys(1'000) + "}"), {}));
}

TEST_CASE("an order's bytes read back as the order, and damaged ones are refused",
          "[orders][input]") {
  const auto o = check_order(
      plus(R"("currency":"eur","retry":true,"payment":{"method":"pm_1","customer":"cus_1"},)"
           R"("parcel":{"length":10,"width":2,"height":1,"weight":3})"),
      {});
  REQUIRE(o);
  const auto bytes = o->encode();
  const auto back = order::decode(bytes);
  REQUIRE(back);
  CHECK(back->encode() == bytes);
  CHECK(shown_parts(*back) == shown_parts(*o));
  CHECK(back->payment_customer == "cus_1");
  CHECK(back->retry);
  CHECK(back->parcel.weight == "3");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = order::decode(std::string_view(bytes).substr(0, size));
    CAPTURE(size);
    REQUIRE_FALSE(cut.has_value());
    CHECK(cut.error().kind == error_kind::corrupt);
  }
  CHECK_FALSE(order::decode(bytes + 'x').has_value());
}

TEST_CASE("a refused order leaves nothing behind", "[orders][input]") {
  testing::world w;
  const auto a =
      w.call(testing::order_object("1"), "ProcessOrder", with(quantity, R"("quantity":0)"));
  CHECK(a.status == 400);
  CHECK(a.body == quantity_rule);
  CHECK(w.order("1").status == 404);
  CHECK(w.requests().empty());
}

} // namespace orderhub::handlers
