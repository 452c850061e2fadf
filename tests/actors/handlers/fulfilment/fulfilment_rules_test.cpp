#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/fulfilment/fulfilment_request.hpp"
#include "actors/handlers/fulfilment/job_word.hpp"
#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace orderhub::testing {

namespace {

using namespace handlers;

std::string with(const std::string& shipping, const std::string& items,
                 const std::string& more = {}) {
  return R"({"orderId":"o-1","items":)" + items + R"(,"shipping":)" + shipping + more + "}";
}
constexpr const char* home = R"({"name":"Ada Lovelace","address":"1 Main St","city":"Springfield",)"
                             R"("state":"IL","postcode":"62701","telephone":"217-555-0100"})";
constexpr const char* one = R"([{"productId":"sku-1","quantity":1}])";

std::string complaint(const std::string& body) {
  const auto wanted = check_fulfilment(body);
  return wanted ? "" : wanted.error().message;
}

/// A round with a ticket that stands so.
fulfilment_facts round_of(std::uint32_t number, job_stand ticket) {
  fulfilment_facts f;
  f.created_at = 100 + number;
  f.round = number;
  f.ticket.stand = ticket;
  return f;
}

} // namespace

TEST_CASE("a fulfilment is asked for by order, items and address", "[fulfilment]") {
  const auto wanted = must(check_fulfilment(with(home, one, R"(,"note":"x","retry":true)")));
  CHECK(wanted.order_id == "o-1");
  REQUIRE(wanted.items.size() == 1);
  CHECK(wanted.items[0] == fulfilled_item{"sku-1", 1});
  CHECK(wanted.ship_to.street == "1 Main St");
  CHECK(wanted.ship_to.zip == "62701");
  CHECK(wanted.ship_to.country == "US");
  CHECK(wanted.ship_to.phone == "+12175550100");
  CHECK(wanted.retry);
  const auto again = must(fulfilment_wanted::decode(wanted.encode()));
  CHECK(fulfilment_content(again) == fulfilment_content(wanted));
  CHECK(again.retry);
  CHECK_FALSE(fulfilment_wanted::decode(wanted.encode() + "x"));

  // The id of an order is one in both of Unicode's ways to write it.
  const auto composed =
      must(check_fulfilment("{\"orderId\":\"caf\xc3\xa9\",\"items\":" + std::string(one) +
                            ",\"shipping\":" + home + "}"));
  const auto apart =
      must(check_fulfilment("{\"orderId\":\"cafe\xcc\x81\",\"items\":" + std::string(one) +
                            ",\"shipping\":" + home + "}"));
  CHECK(composed.order_id == apart.order_id);
}

TEST_CASE("what cannot be fulfilled is refused by the field that is wrong", "[fulfilment]") {
  CHECK(complaint("[]") == "The body must be a JSON object with orderId, items and shipping.");
  CHECK(complaint("{}") == "orderId is missing.");
  CHECK(complaint(R"({"orderId":7})") == "orderId must be a string.");
  CHECK(complaint(R"({"orderId":" "})") == "orderId must not be empty.");
  CHECK(complaint(R"({"orderId":")" + std::string(256, 'x') + R"(","items":)" + one +
                  R"(,"shipping":)" + home + "}") == "orderId is longer than 255 bytes.");
  CHECK(complaint(R"({"orderId":"o-1"})") == "items is missing.");
  CHECK(complaint(with(home, "[]")) == "items must be a list with at least one item.");
  CHECK(complaint(with(home, "{}")) == "items must be a list.");
  CHECK(complaint(with(home, R"([{"quantity":1}])")) == "items[0].productId is missing.");
  CHECK(complaint(with(home, R"([{"productId":"a"}])"))
            .starts_with("items[0].quantity is missing; it must be a whole number from 1"));
  for (const char* quantity : {"0", "-1", "1.5", "\"1\"", "1000000000001", "null"}) {
    CAPTURE(quantity);
    CHECK(complaint(with(home, R"([{"productId":"a","quantity":)" + std::string(quantity) + "}]"))
              .find("items[0].quantity ") == 0);
  }
  CHECK(complaint(R"({"orderId":"o-1","items":[{"productId":"a","quantity":1}]})") ==
        "shipping is missing.");
  CHECK(complaint(with("{}", one)).starts_with("shipping.name is missing"));
  CHECK(complaint(with(R"({"name":"A","city":"B","zip":"62701"})", one))
            .starts_with("shipping.street is missing"));
  CHECK(complaint(with(R"({"name":"A","street":"x","city":"B","state":"IL","zip":"1"})", one))
            .starts_with("shipping.zip is no postal code of"));
  CHECK(complaint(with(R"({"name":"A","street":"x","city":"B","country":"ZZ"})", one))
            .starts_with("shipping.country must be a two-letter ISO 3166 code"));
  CHECK(complaint(with(R"({"name":"A","street":"x","city":"B","email":"no"})", one))
            .starts_with("shipping.email is not an e-mail address"));
  CHECK(complaint(with(home, one, R"(,"retry":"yes")")).starts_with("retry must be"));
  CHECK(complaint(with(home, one, R"(,"orderId":"o-2")")).find("orderId") != std::string::npos);
  CHECK(complaint(with(home, one, R"(,"note":"4242424242424242")")).find("card") !=
        std::string::npos);
  std::string many = "[";
  for (int i = 0; i < 1'001; ++i)
    many += std::string(i > 0 ? "," : "") + R"({"productId":"a","quantity":1})";
  CHECK_FALSE(complaint(with(home, many + "]")).empty());
  for (const auto& body : {with(home, "[]"), std::string("{}")})
    CHECK(check_fulfilment(body).error().status == 400);
}

TEST_CASE("the parts in which two fulfilments differ are named", "[fulfilment]") {
  const auto wanted = must(check_fulfilment(with(home, one)));
  auto other = wanted;
  other.retry = true;
  CHECK(differing_parts(wanted, other).empty());
  CHECK(fulfilment_content(wanted) == fulfilment_content(other));
  other.items[0].quantity = 2;
  CHECK(differing_parts(wanted, other) == "items");
  other.ship_to.city = "Chicago";
  CHECK(differing_parts(wanted, other) == "items and shipping");
  other.order_id = "o-2";
  CHECK(differing_parts(wanted, other) == "orderId, items and shipping");
  CHECK(fulfilment_content(wanted) != fulfilment_content(other));
}

TEST_CASE("what is known of a fulfilment merges in any order", "[fulfilment]") {
  std::vector<fulfilment_facts> all;
  all.push_back(round_of(1, job_stand::failed));
  all.back().ending = "failed";
  all.back().ended = true;
  all.back().attention["pick_ticket"] = "400: invalid";
  all.push_back(round_of(2, job_stand::asked));
  all.back().ticket.awakeable = "sign_1";
  all.push_back(round_of(2, job_stand::done));
  all.back().goods = goods_state::sold;
  all.back().tracking_number = "N1";
  all.push_back(round_of(2, job_stand::open));
  all.back().goods = goods_state::held;
  all.back().missing = {{"sku-1", 2, 1}};
  all.back().cancelling = true;
  all.back().notices["mail_shipped"] = "sent";
  fulfilment_facts whole;
  for (const auto& f : all)
    whole = merge(whole, f);
  std::vector<std::size_t> order = {0, 1, 2, 3};
  do {
    fulfilment_facts left;
    for (const auto i : order)
      left = merge(merge(left, all[i]), all[i]);
    CHECK(left == whole);
    const auto right =
        merge(all[order[0]], merge(all[order[1]], merge(all[order[2]], all[order[3]])));
    CHECK(right == whole);
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK(whole.round == 2);
  CHECK(whole.created_at == 101);
  CHECK(whole.ticket.stand == job_stand::done);
  CHECK(whole.ticket.awakeable == "sign_1");
  CHECK(whole.goods == goods_state::sold);
  CHECK(whole.ending.empty()); // Of the round before.
  CHECK(whole.attention.size() == 1);
  CHECK(must(fulfilment_facts::decode(whole.encode())) == whole);
  CHECK_FALSE(fulfilment_facts::decode("x"));
  const auto unreadable = std::string("x");
  CHECK(merge_fulfilment("facts", &unreadable, whole.encode()) == unreadable);
}

TEST_CASE("the status of a fulfilment follows from what is known of it", "[fulfilment]") {
  fulfilment_facts f;
  f.round = 1;
  CHECK(status_of(f) == "reserving");
  f.goods = goods_state::sold;
  f.ticket.stand = job_stand::asked;
  CHECK(status_of(f) == "picking");
  CHECK(has_open_undo(f));
  f.ticket.stand = job_stand::done;
  CHECK(status_of(f) == "packed");
  f.pickup.stand = job_stand::open;
  CHECK(status_of(f) == "awaiting_pickup");
  auto late = f;
  late.ending = "timed_out";
  CHECK(status_of(late) == "cancelling");
  late.ended = true;
  CHECK(status_of(late) == "timed_out");
  CHECK(late.is_over());
  late.cancelling = true;
  CHECK(status_of(late) == "cancelling");
  CHECK_FALSE(late.is_over());
  late.cancelled = true;
  CHECK(status_of(late) == "cancelled");
  // Whatever else was wanted: it has left.
  late.pickup.stand = job_stand::done;
  CHECK(status_of(late) == "shipped");
  CHECK_FALSE(has_open_undo(late));
  f.pickup.stand = job_stand::cancelled;
  f.ticket.stand = job_stand::cancelled;
  f.goods = goods_state::ordered; // The order's own.
  CHECK_FALSE(has_open_undo(f));
}

TEST_CASE("an order has one fulfilment at a time", "[fulfilment]") {
  const auto number = [](const char* key, std::uint32_t n) {
    fulfilment_claims claims;
    claims.by_key.emplace(key, n);
    return claims.encode();
  };
  std::vector<std::string> all = {number("a", 1), number("a", 2), number("b", 1), number("a", 3),
                                  number("b", 2)};
  std::sort(all.begin(), all.end());
  do {
    std::string state;
    bool is_first = true;
    for (const auto& delta : all) {
      state = merge_order_entry(claims_entry, is_first ? nullptr : &state, delta);
      is_first = false;
    }
    CHECK(must(fulfilment_claims::decode(state)).holder() == "a");
  } while (std::next_permutation(all.begin(), all.end()));
  CHECK_FALSE(must(claims_in(nullptr)).holder());
  CHECK_FALSE(fulfilment_claims::decode(""));
  CHECK_FALSE(fulfilment_claims::decode(std::string("\0\0\0", 3)));
  // As it was written before anybody said whose parcel had left.
  CHECK(must(fulfilment_claims::decode(std::string("\1\0\1\0\1a\0\0\0\1", 10))).holder() == "a");
  fulfilment_claims told_by;
  told_by.left = "a";
  for (const bool is_first : {true, false}) {
    const auto before = is_first ? told_by.encode() : number("a", 1);
    const auto merged =
        merge_order_entry(claims_entry, &before, is_first ? number("a", 1) : told_by.encode());
    CHECK(must(fulfilment_claims::decode(merged)).left == "a");
    CHECK(must(fulfilment_claims::decode(merged)).holder() == "a");
  }
  claimed_order order{true, true, "ada@example.com", "Ada", "+12175550100"};
  CHECK(must(claimed_order::decode(order.encode())).phone == order.phone);
  CHECK(must(fulfilment_claim::decode(fulfilment_claim{"f-1", 7}.encode())).round == 7);
}

TEST_CASE("what is said of a pickup is only taken where it can be shown", "[fulfilment]") {
  const auto said = [](std::string_view text) {
    fulfilment_facts f;
    read_tracking(text, f);
    return f.tracking_number + '|' + f.tracking_url;
  };
  CHECK(said(R"({"trackingNumber":"N 1"})") == "|");
  CHECK(said(R"({"tracking_number":"N1","tracking_url":"https://t.example/N1"})") ==
        "N1|https://t.example/N1");
  CHECK(said(R"({"trackingNumber":"N1","trackingUrl":"javascript:x"})") == "N1|");
  CHECK(said(R"({"trackingNumber":"<b>"})") == "|");
  CHECK(said(R"({"trackingNumber":7})") == "|");
  CHECK(said(R"({"trackingNumber":")" + std::string(101, 'x') + "\"}") == "|");
  for (const char* text : {"", "null", "[]", "{", "N1", "\"N1\""})
    CHECK(said(text) == "|");
  CHECK(said(std::string(100'000, '[')) == "|");
  CHECK(shortened(std::string(300, 'x')).size() == 200);
  CHECK(shortened(std::string(199, 'x') + "\xc3\xa9") == std::string(199, 'x'));
}

} // namespace orderhub::testing
