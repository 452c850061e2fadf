#include "actors/handlers/shipments/delivery_change.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"

#include <string>
#include <utility>

namespace orderhub::testing {

namespace {

using handlers::delivery_verdict;
using handlers::delivery_verdict_of;
using handlers::purchase_state;

handlers::label_order to(const char* street) {
  handlers::label_order wanted;
  wanted.to.street = street;
  return wanted;
}

durable::event_outcome change(const journal::object_state& state) {
  return must(handlers::change_delivery(state, to("2 New Rd").encode()));
}

purchase_state purchase_after(const durable::event_outcome& outcome) {
  REQUIRE(outcome.merges.size() == 1);
  CHECK(outcome.merges[0].first == "purchase");
  return must(purchase_state::decode(outcome.merges[0].second));
}

} // namespace

TEST_CASE("a shipment goes elsewhere until a label may be there", "[shipments]") {
  journal::object_state state;
  SECTION("nothing was tried") {
    const auto outcome = change(state);
    CHECK(delivery_verdict_of(outcome.response) == delivery_verdict::taken);
    const auto purchase = purchase_after(outcome);
    CHECK(purchase.changes == 1);
    CHECK(must(handlers::label_order::decode(purchase.delivery)).to.street == "2 New Rd");
  }
  SECTION("the carrier has refused it, and it is to be tried again") {
    purchase_state refused;
    refused.attempt = 4;
    refused.refusals = 3;
    refused.changes = 1;
    refused.later = invocation_id{};
    state.values["purchase"] = refused.encode();
    const auto outcome = change(state);
    CHECK(delivery_verdict_of(outcome.response) == delivery_verdict::taken);
    const auto purchase = purchase_after(outcome);
    CHECK(purchase.attempt == 4); // The steps of before are not used again.
    CHECK(purchase.refusals == 0);
    CHECK(purchase.changes == 2);
    CHECK(purchase.later == refused.later);
  }
  SECTION("a label is being bought") {
    purchase_state buying;
    buying.buying = true;
    state.values["purchase"] = buying.encode();
    const auto outcome = change(state);
    CHECK(delivery_verdict_of(outcome.response) == delivery_verdict::under_way);
    CHECK(outcome.merges.empty());
  }
  SECTION("there is one") {
    state.values["label"] = "any";
    const auto outcome = change(state);
    CHECK(delivery_verdict_of(outcome.response) == delivery_verdict::bought);
    CHECK(outcome.merges.empty());
  }
  SECTION("none is bought any more") {
    state.values["stopped"] = "1";
    const auto outcome = change(state);
    CHECK(delivery_verdict_of(outcome.response) == delivery_verdict::stopped);
    CHECK(outcome.merges.empty());
  }
  SECTION("its state cannot be read") {
    state.values["purchase"] = "?";
    CHECK_FALSE(handlers::change_delivery(state, to("2 New Rd").encode()));
  }
}

TEST_CASE("an answer that cannot be read changes nothing", "[shipments]") {
  for (const char* response : {"", "null", "7", "\"taken\""})
    CHECK(delivery_verdict_of(response) == delivery_verdict::under_way);
}

} // namespace orderhub::testing
