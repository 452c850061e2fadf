// An order whose address is checked, whose rate is chosen and whose parcel is registered, with the
// machine losing power at every point.
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <string>

namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

void process(world& w) {
  w.submit(order_object("1"), "ProcessOrder",
           R"({"items":[{"productId":"sku-1","quantity":1,"price":1500}],)"
           R"("customer":{"email":"ada@example.com","name":"Ada"},)"
           R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"00002",)"
           R"("rate":"fastest","validateAddress":true}})");
}

} // namespace

TEST_CASE("wishes for a label hold wherever the machine loses power",
          "[orders][crash][rate][address]") {
  std::uint64_t salt = 0;
  for (const std::string fault :
       {"[]", R"({"vendor":"shippo","operation":"address","nth":1,"effect":"drop_after"})",
        R"({"vendor":"shippo","operation":"track","nth":1,"effect":"drop_after"})"}) {
    for (const auto seed : seeds(1, 2)) {
      auto s = with_faults(fault);
      s.seed = seed;
      s.orders.registers_tracking = true;
      const expectation expected{.status = "in_transit"};
      const auto clean = run_order(s, &process, expected);
      INFO("seed " << seed << ", " << fault << '\n' << joined(clean.problems));
      REQUIRE(clean.problems.empty());
      for (const auto at : points_to_try(clean.points.size(), salt++)) {
        INFO("point " << at);
        s.crash_at = {at};
        world w(s);
        process(w);
        const bool rests = w.run();
        const auto problems = problems_of(w, "1", {.status = "in_transit", .order = clean.order});
        INFO(joined(problems));
        CHECK(rests);
        CHECK(problems.empty());
        CHECK(w.effects("1", effect_kind::mail, "mail_shipped") >= 1);
        CHECK(w.effects("1", effect_kind::message, "announce_shipped") == 1);
        for (std::size_t i = 0; i < w.mock.effects().size(); ++i)
          if (const auto e = w.mock.effects().at(i); e.kind == effect_kind::label)
            CHECK((e.rate & 0xffU) == 1); // Priority: two days, and the ground four.
      }
    }
  }
}

} // namespace orderhub::testing
