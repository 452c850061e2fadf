#include "actors/handlers/orders/order_facts.hpp"
#include "journal/base/random.hpp"
#include "tests/support/catch2.hpp"

#include <cstdlib>
#include <string>
#include <vector>

namespace orderhub::handlers {

namespace {

std::uint64_t seed_of_run() {
  const char* given = std::getenv("ORDERHUB_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
}

/// Few different values, so that two facts often speak of the same thing and often agree.
std::string text(random_source& dice) {
  constexpr const char* words[] = {"", "a", "b", "done", "refused", "zz"};
  return words[dice.below(std::size(words))];
}

void fill(random_source& dice, std::map<std::string, std::string, std::less<>>& m) {
  constexpr const char* steps[] = {"label", "mail", "notices"};
  for (const char* step : steps)
    if (dice.below(3) == 0)
      m[step] = text(dice);
}

order_facts random_facts(random_source& dice) {
  order_facts f;
  f.created_at = static_cast<unix_ms>(dice.below(4));
  f.updated_at = static_cast<unix_ms>(dice.below(4));
  const char* currency = dice.below(2) == 0 ? "usd" : "eur";
  for (std::uint32_t attempt = 1; attempt <= 3; ++attempt)
    if (dice.below(2) == 0)
      f.payments.push_back({attempt,
                            static_cast<payment_state>(dice.below(7)),
                            text(dice),
                            text(dice),
                            text(dice),
                            text(dice),
                            text(dice),
                            money{static_cast<std::int64_t>(dice.below(3)), currency},
                            {},
                            {}});
  for (auto& p : f.payments) {
    p.by_others = static_cast<std::int64_t>(dice.below(3));
    for (std::uint32_t round = 0; round < 2; ++round)
      if (dice.below(2) == 0)
        p.rounds[round] = {static_cast<refund_state>(1 + dice.below(5)),
                           static_cast<std::int64_t>(dice.below(3))};
  }
  f.shipment = static_cast<shipment_state>(dice.below(5));
  f.label_voided = dice.below(2) == 0;
  f.label_id = text(dice);
  f.tracking_number = text(dice);
  f.label_url = text(dice);
  f.dispute = static_cast<dispute_state>(dice.below(4));
  f.confirmed = dice.below(2) == 0;
  f.cancelling = dice.below(4) == 0;
  f.cancelled = dice.below(4) == 0;
  fill(dice, f.notices);
  fill(dice, f.pending);
  fill(dice, f.attention);
  f.stock = {static_cast<std::uint32_t>(dice.below(3)),
             static_cast<stock_state>(dice.below(7)),
             {},
             text(dice)};
  for (auto n = dice.below(3); n > 0; --n)
    f.stock.missing.push_back({text(dice), static_cast<std::int64_t>(dice.below(3)),
                               static_cast<std::int64_t>(dice.below(3))});
  return f;
}

order_facts with_payment(payment_state state) {
  order_facts f;
  f.created_at = 1;
  payment_fact p;
  p.state = state;
  f.payments.push_back(p);
  return f;
}

} // namespace

TEST_CASE("facts merge to the same whatever the order, the grouping and the repeats",
          "[orders][facts]") {
  const auto seed = seed_of_run();
  seeded_random dice(seed);
  for (int i = 0; i < 5'000; ++i) {
    const auto a = random_facts(dice);
    const auto b = random_facts(dice);
    const auto c = random_facts(dice);
    CAPTURE(seed, i);
    REQUIRE(merge(a, b) == merge(b, a));
    REQUIRE(merge(merge(a, b), c) == merge(a, merge(b, c)));
    REQUIRE(merge(a, a) == a);
    REQUIRE(merge(merge(a, b), b) == merge(a, b));
    REQUIRE(merge(a, order_facts()) == a);
    REQUIRE(merge(order_facts(), a) == a);
    // The bytes too: the journal compares nothing, but a rebuilt row must be the same row.
    REQUIRE(merge(a, b).encode() == merge(b, a).encode());
  }
}

TEST_CASE("a series of facts ends in one state in whatever order it comes", "[orders][facts]") {
  const auto seed = seed_of_run();
  seeded_random dice(seed);
  for (int i = 0; i < 300; ++i) {
    std::vector<order_facts> events(6);
    for (auto& e : events)
      e = random_facts(dice);
    order_facts in_order;
    for (const auto& e : events)
      in_order = merge(in_order, e);
    order_facts shuffled;
    auto left = events;
    left.push_back(events[dice.below(events.size())]); // One comes twice.
    while (!left.empty()) {
      const auto at = dice.below(left.size());
      shuffled = merge(shuffled, left[at]);
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
    }
    CAPTURE(seed, i);
    REQUIRE(shuffled == in_order);
    REQUIRE(status_of(shuffled) == status_of(in_order));
  }
}

TEST_CASE("facts read back as written, and damaged ones are refused", "[orders][facts]") {
  const auto seed = seed_of_run();
  seeded_random dice(seed);
  for (int i = 0; i < 2'000; ++i) {
    const auto f = random_facts(dice);
    CAPTURE(seed, i);
    const auto back = order_facts::decode(f.encode());
    REQUIRE(back);
    REQUIRE(*back == f);
  }
  const auto bytes = random_facts(dice).encode();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto cut = order_facts::decode(std::string_view(bytes).substr(0, size));
    CAPTURE(size);
    REQUIRE_FALSE(cut.has_value());
    CHECK(cut.error().kind == error_kind::corrupt);
  }
  CHECK_FALSE(order_facts::decode(bytes + 'x').has_value());
}

TEST_CASE("facts of before rounds were on record are read", "[orders][facts]") {
  auto f = with_payment(payment_state::paid);
  auto bytes = f.encode();
  bytes.front() = 6;
  // Number of payments, the payment's end with no rounds and nothing by others.
  constexpr std::size_t payment_begin = 1 + 8 + 8 + 2;
  constexpr std::size_t payment_size = 4 + 1 + 5 * 4 + 8 + 1 + 4;
  bytes.erase(payment_begin + payment_size, 2 + 8);
  const auto back = order_facts::decode(bytes);
  REQUIRE(back);
  CHECK(*back == f);
}

TEST_CASE("what is left of a payment is what no refund gives back", "[orders][facts]") {
  order_facts f;
  f.created_at = 1;
  payment_fact p;
  p.state = payment_state::paid;
  p.amount = {4'200, "usd"};
  f.payments.push_back(p);
  f.refunds["r1"] = {1, 1, refund_state::accepted, 2'000, {}, {}, {}};
  f.payments[0].rounds[0] = {refund_state::made, 2'200};
  CHECK(left_to_refund(f) == 0);
  CHECK_FALSE(is_all_given_back(f, f.payments[0])); // One part is on its way.
  f.refunds["r1"].state = refund_state::failed;
  CHECK(left_to_refund(f) == 2'000);
  CHECK_FALSE(is_all_given_back(f, f.payments[0]));
  f.payments[0].by_others = 500;
  CHECK(left_to_refund(f) == 1'500);
  f.payments[0].rounds[1] = {refund_state::made, 1'500};
  CHECK(is_all_given_back(f, f.payments[0]));
}

TEST_CASE("the status table", "[orders][facts]") {
  struct row {
    const char* status;
    order_facts facts;
  };
  std::vector<row> table;
  auto add = [&](const char* status, order_facts f) { table.push_back({status, std::move(f)}); };
  using p = payment_state;

  add("pending", {});
  add("pending", with_payment(p::none));
  add("pending", with_payment(p::pending));
  add("requires_action", with_payment(p::requires_action));
  add("payment_failed", with_payment(p::failed));
  add("paid", with_payment(p::paid));
  add("paid", with_payment(p::part_refunded));
  add("refunded", with_payment(p::refunded));

  const auto with_stock = [](order_facts f, stock_state state) {
    f.created_at = 1;
    f.stock = {1, state, {}, {}};
    return f;
  };
  using s = stock_state;
  for (const auto state : {s::none, s::asked, s::held, s::released})
    add("pending", with_stock({}, state));
  add("out_of_stock", with_stock({}, s::refused));
  add("out_of_stock", with_stock(with_payment(p::failed), s::refused));
  add("payment_failed", with_stock(with_payment(p::failed), s::released));
  add("pending", with_stock(with_payment(p::pending), s::refused));
  add("paid", with_stock(with_payment(p::paid), s::committed));
  add("refunded", with_stock(with_payment(p::refunded), s::lost));

  auto confirmed = with_payment(p::paid);
  confirmed.confirmed = true;
  add("confirmed", confirmed);
  auto labelled = confirmed;
  labelled.shipment = shipment_state::label;
  add("confirmed", labelled);
  auto part = confirmed;
  part.payments[0].state = p::part_refunded;
  add("confirmed", part);

  auto sent = labelled;
  sent.shipment = shipment_state::in_transit;
  add("in_transit", sent);
  sent.shipment = shipment_state::returned;
  add("returned", sent);
  sent.shipment = shipment_state::delivered;
  add("delivered", sent);
  sent.payments[0].state = p::refunded;
  add("refunded", sent);

  auto disputed = sent;
  disputed.payments[0].state = p::paid;
  disputed.dispute = dispute_state::open;
  add("disputed", disputed);
  disputed.dispute = dispute_state::lost;
  add("disputed", disputed);
  disputed.dispute = dispute_state::won;
  add("delivered", disputed);

  // Another attempt decides: the first one's failure does not count any more.
  auto again = with_payment(p::failed);
  again.payments.push_back({2, p::paid, {}, {}, {}, {}, {}, {}, {}, {}});
  add("paid", again);
  again.payments[1].state = p::pending;
  add("pending", again);

  auto cancelling = confirmed;
  cancelling.cancelling = true;
  add("cancelling", cancelling);
  cancelling.payments[0].state = p::refunded;
  add("cancelling", cancelling);
  cancelling.cancelled = true;
  add("cancelled", cancelling);
  cancelling.dispute = dispute_state::open;
  add("cancelled", cancelling);

  for (std::size_t i = 0; i < table.size(); ++i) {
    CAPTURE(i);
    CHECK(status_of(table[i].facts) == table[i].status);
  }
}

TEST_CASE("an open step is closed for good by its end, whichever comes first", "[orders][facts]") {
  order_facts open;
  open.pending["label"] = "zzz: not there yet";
  order_facts done;
  done.pending["label"] = "done";
  CHECK(open_steps(open) == std::vector<std::string>{"label"});
  CHECK(open_steps(merge(open, done)).empty());
  CHECK(open_steps(merge(done, open)).empty());
  CHECK(open_steps(merge(merge(done, open), open)).empty());
}

} // namespace orderhub::handlers
