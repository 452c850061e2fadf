// An order whose customer gets an SMS, by a vendor that knows no idempotency key.
#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <string>

namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

world_settings with_sms(std::uint64_t seed, const std::string& faults) {
  auto s = with_faults(faults);
  s.seed = seed;
  s.orders.sms = true;
  s.orders.sms_from = "+15005550006";
  s.orders.public_url = "https://hub.example.com";
  return s;
}

void process(world& w) {
  w.submit(order_object("1"), "ProcessOrder",
           R"({"items":[{"productId":"sku-1","quantity":1,"price":1500}],)"
           R"("customer":{"email":"ada@example.com","name":"Ada","phone":"+12175550100"},)"
           R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":"62701"}})");
}

void check(const world_settings& s, const std::string& order) {
  world w(s);
  process(w);
  const bool rests = w.run();
  const auto problems = problems_of(w, "1", {.order = order});
  INFO(joined(problems));
  CHECK(rests);
  CHECK(problems.empty());
  CHECK(w.effects("1", effect_kind::sms, "sms_confirm") == 1);
  CHECK(w.effects("1", effect_kind::sms, "sms_tracking") <= 1);
}

} // namespace

TEST_CASE("a customer gets one SMS wherever the machine loses power", "[orders][crash][sms]") {
  std::uint64_t salt = 0;
  for (const std::string fault :
       {"[]", R"({"vendor":"twilio","operation":"sms","nth":1,"effect":"drop_after"})",
        R"({"vendor":"twilio","operation":"sms","nth":1,"effect":"late_work","late_ms":7000})"}) {
    for (const auto seed : seeds(1, 2)) {
      auto s = with_sms(seed, fault);
      const auto clean = run_order(s, &process, {});
      INFO("seed " << seed << ", " << fault << '\n' << joined(clean.problems));
      REQUIRE(clean.problems.empty());
      REQUIRE(clean.order.find(R"("sms_confirm":"sent")") != std::string::npos);
      for (const auto at : points_to_try(clean.points.size(), salt++)) {
        INFO("point " << at);
        s.crash_at = {at};
        check(s, clean.order);
      }
    }
  }
}

} // namespace orderhub::testing
