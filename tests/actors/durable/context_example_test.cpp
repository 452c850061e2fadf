// The example at the top of actors/durable/context.hpp, compiled and run.
#include "actors/durable/context.hpp"
#include "providers/stripe/charge.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/sim_harness.hpp"

#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::testing {

namespace {

using durable::context;
using durable::handler_task;
namespace stripe = providers::stripe;

// The example begins.
handler_task sell_seat(context ctx, std::string card) {
  // 1. State, as it was when this line first ran. Sold once, that is the answer for ever.
  auto sold = co_await ctx.get("sold");
  if (sold)
    co_return *sold;

  // 2. The outside world. The intent is durable before the first byte leaves; after a crash
  //    or a lost response it goes on under the same key. What comes back is a value or a
  //    definite refusal, never doubt.
  stripe::charge_request request;
  request.ref = ctx.step("charge");
  request.amount = {1500, "usd"};
  request.payment_method = card;
  auto charge = stripe::charge(request);
  auto charged = co_await ctx.effect(std::move(charge));
  if (!charged)
    co_return charged.failure();
  if (charged->status != stripe::payment_status::succeeded) // 3-D Secure: not money yet.
    co_return std::string("the customer must authenticate");

  // 3. Another object. It goes on by itself where we stop waiting for it.
  auto printing = ctx.call({"Printer", "box-office"}, "Print", ctx.key());
  auto ticket = co_await printing.within(30'000);

  // 4. What the next invocation finds.
  auto receipt = charged->charge_id;
  receipt += ticket && *ticket ? ", " + **ticket : ", the ticket follows";
  ctx.set("sold", receipt);
  co_return receipt;
}
// The example ends.

handler_task print(context ctx, std::string seat) {
  auto paper = co_await ctx.sleep(5'000);
  if (!paper)
    co_return paper.failure();
  co_return "ticket of " + seat;
}

/// A box office: the handler above, its printer, and Stripe, which the test answers for.
struct box_office {
  sim_harness hub;
  box_office() {
    hub.vendors.endpoints["stripe"] = {"stripe", "http://stripe.test", "mock", {}, -1};
    hub.exclusive("sell", &sell_seat);
    hub.services.services["Printer"].handlers["Print"].run = &print;
  }
  /// The call that is out now.
  [[nodiscard]] const providers::http_request& out() const {
    REQUIRE(hub.calls.size() == 1);
    return hub.calls.front().request;
  }
};

std::string key_in(const providers::http_request& request) {
  for (const auto& [name, value] : request.headers)
    if (name == stripe::idempotency_header)
      return value;
  return {};
}

providers::transport_outcome paid() {
  return answer_of(200, R"({"id":"pi_1","status":"succeeded","amount":1500,"amount_received":1500,)"
                        R"("currency":"usd","latest_charge":"ch_1"})");
}

/// The lines between the two markers; `before` is what stands before each of them.
std::vector<std::string> lines_between(const std::string& file, const std::string& first,
                                       const std::string& last, const std::string& before) {
  std::ifstream in(std::string(ORDERHUB_SOURCE_DIR) + '/' + file);
  REQUIRE(in);
  std::vector<std::string> lines;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line == last)
      break;
    if (inside && !line.empty() && line != "///") {
      CAPTURE(line);
      REQUIRE(line.starts_with(before));
      lines.push_back(line.substr(before.size()));
    }
    inside = inside || line == first;
  }
  return lines;
}

} // namespace

TEST_CASE("the example of context.hpp sells a seat once, whatever is lost", "[durable][example]") {
  box_office office;
  auto& hub = office.hub;
  const auto id = hub.send("seat-12", "sell", "pm_card_visa");
  const auto first = office.out();
  CHECK(first.body.find("amount=1500&currency=usd") != std::string::npos);
  CHECK(first.body.find("metadata[step]=charge") != std::string::npos);
  // The charge is made, and the process dies before anybody hears of it: the same bytes again.
  hub.restart();
  hub.advance(5'000);
  CHECK(office.out().body == first.body);
  CHECK(key_in(office.out()) == key_in(first));
  CHECK_FALSE(key_in(first).empty());
  hub.answer(paid());
  CHECK_FALSE(hub.outcome(id));
  hub.advance(5'000);
  REQUIRE(hub.outcome(id));
  CHECK(hub.outcome(id)->value() == "ch_1, ticket of seat-12");

  const auto again = hub.send("seat-12", "sell", "pm_card_mastercard");
  CHECK(hub.outcome(again)->value() == "ch_1, ticket of seat-12");
  CHECK(hub.calls.empty());
}

TEST_CASE("the example of context.hpp tells a refusal, and what is not money yet",
          "[durable][example]") {
  box_office office;
  auto& hub = office.hub;
  const auto declined = hub.send("seat-1", "sell", "pm_1");
  hub.answer(answer_of(402, R"({"error":{"code":"card_declined"}})"));
  REQUIRE(hub.outcome(declined));
  CHECK(hub.outcome(declined)->error().kind == error_kind::rejected);

  const auto asked = hub.send("seat-2", "sell", "pm_2");
  hub.answer(
      answer_of(200, R"({"id":"pi_2","status":"requires_action","amount":1500,"currency":"usd"})"));
  CHECK(hub.outcome(asked)->value() == "the customer must authenticate");
}

TEST_CASE("the example of context.hpp is the handler that runs here", "[durable][example]") {
  const auto shown = lines_between("actors/durable/context.hpp",
                                   "/// A whole handler:", "/// What it keeps to:", "///     ");
  const auto runs = lines_between("tests/actors/durable/context_example_test.cpp",
                                  "// The example begins.", "// The example ends.", "");
  CHECK(shown.size() > 20);
  CHECK(shown == runs);
}

} // namespace orderhub::testing
