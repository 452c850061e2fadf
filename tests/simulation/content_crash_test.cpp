#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"
#include "tests/support/seeds.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

// A second ProcessOrder with other content, at any moment and beside any loss of power: the card is
// charged once, what it is charged is the total that GetOrder shows, the parcel goes to the address
// that GetOrder shows, and whoever was answered 200 finds that content in it.
namespace orderhub::testing {

namespace {

using providers::mock::effect_kind;

struct content {
  int price;
  const char* zip;
};

std::string body_of(const content& c, const std::string& more = {}) {
  return R"({"items":[{"productId":"a","quantity":1,"price":)" + std::to_string(c.price) +
         R"(}],"customer":{"email":"ada@example.com","name":"Ada Buyer"},)"
         R"("shipping":{"street":"1 Main St","city":"Springfield","state":"IL","zip":")" +
         c.zip + "\"}" + more + "}";
}

constexpr content first_content{1'800, "62701"};
constexpr std::array<content, 3> other_contents = {{
    {1'000, "10001"}, // All of it.
    {1'000, "62701"}, // What is paid for.
    {1'800, "10001"}, // Where it goes.
}};

/// What the first request meets.
struct beginning {
  const char* name;
  content sent = first_content;
  const char* more = "";
  const char* faults = "[]";
};
constexpr beginning beginnings[] = {
    {.name = "a good order"},
    {.name = "a declined card", .more = R"(,"payment":{"method":"pm_card_chargeDeclined"})"},
    {.name = "a customer who has to authenticate",
     .more = R"(,"payment":{"method":"pm_card_authenticationRequired"})"},
    {.name = "an address that no carrier serves", .sent = {1'800, "00000"}},
    {.name = "a label that is refused for a while",
     .faults = R"([{"vendor":"shippo","operation":"label","always":true,"times":3,)"
               R"("effect":"refuse","text":"closed"}])"},
    {.name = "a charge in doubt",
     .faults = R"([{"vendor":"stripe","operation":"charge","always":true,"times":3,)"
               R"("effect":"drop_after"}])"},
    {.name = "a label in doubt",
     .faults = R"([{"vendor":"shippo","operation":"label","nth":1,"effect":"late_work",)"
               R"("late_ms":30000}])"},
    {.name = "rates that take their time",
     .faults = R"([{"vendor":"shippo","operation":"shipment","nth":1,"effect":"latency",)"
               R"("latency_ms":12000}])"},
};

world_settings settings_for(const beginning& b, std::uint64_t seed) {
  auto s = with_faults(b.faults);
  s.seed = seed;
  return s;
}

/// Nothing moves any more; an order to an address that no carrier serves waits for ever.
bool comes_to_rest(world& w) {
  const bool rests = w.run(6LL * 3'600'000);
  return rests || field(field(w.order("1").body, "shipping"), "zip") == "00000";
}

/// What is wrong with the order after a second request with that content, if it was sent.
std::vector<std::string> wrong_with(world& w, const content& first,
                                    const std::optional<content>& second) {
  std::vector<std::string> list;
  auto complain = [&](const std::string& what) { list.push_back(what); };
  for (const auto& why : w.paused())
    complain("paused " + why);
  const auto shown = w.order("1").body;
  const auto total = field(shown, "total");
  const auto zip = field(field(shown, "shipping"), "zip");
  std::size_t charges = 0;
  std::size_t labels = 0;
  const auto& effects = w.mock.effects();
  for (std::size_t i = 0; i < effects.size(); ++i) {
    const auto e = effects.at(i);
    if (e.kind == effect_kind::charge) {
      ++charges;
      if (std::to_string(e.amount) != total)
        complain("charged " + std::to_string(e.amount) + " for a total of " + total);
    } else if (e.kind == effect_kind::label) {
      ++labels;
      for (std::size_t k = 0; k < effects.size(); ++k)
        if (const auto s = effects.at(k);
            s.kind == effect_kind::shipment && s.number == e.rate >> 8U && std::string(s.to) != zip)
          complain("the label goes to " + std::string(s.to) + " and not to " + zip);
    }
  }
  const bool is_cancelled = field(shown, "status") == "cancelled";
  if (w.effects("1", effect_kind::refund) != (is_cancelled ? charges : 0))
    complain("refunds: " + std::to_string(w.effects("1", effect_kind::refund)));
  if (w.effects("1", effect_kind::label_refund) != (is_cancelled ? labels : 0))
    complain("labels given back: " + std::to_string(w.effects("1", effect_kind::label_refund)));
  if (charges > 1)
    complain("charges: " + std::to_string(charges));
  if (labels > 1)
    complain("labels: " + std::to_string(labels));
  const auto is = [&](const content& c) {
    return total == std::to_string(c.price) && zip == c.zip;
  };
  if (!is(first) && !(second && is(*second)))
    complain("a content that nobody sent: " + total + ' ' + zip);
  const bool changed = !field(shown, "changes").empty();
  if (changed != !is(first))
    complain("changes say " + field(shown, "changes"));
  for (std::size_t i = 0; i < w.clients(); ++i) {
    const auto& c = w.of(i);
    if (!c.heard) {
      complain("a client was never answered");
      continue;
    }
    if (c.heard->status != 200 && c.heard->status != 409 &&
        !(c.heard->status == 404 && c.handler == "CancelOrder"))
      complain("answered " + std::to_string(c.heard->status) + ' ' + c.heard->body);
    if (i == 0 || !second || c.handler != "ProcessOrder")
      continue;
    const bool taken = c.heard->status == 200;
    if (taken && !is(*second))
      complain("answered 200, and it is not what is recorded");
    if (!taken && c.heard->body.find("differs in ") == std::string::npos &&
        c.heard->body.find("cancelled") == std::string::npos)
      complain("refused without saying why: " + c.heard->body);
  }
  return list;
}

void ask_first(world& w, const beginning& b) {
  w.ask(order_object("1"), "ProcessOrder", body_of(b.sent, b.more));
}

void authenticate(world& w) {
  const auto payment = field(w.order("1").body, "paymentIntentId");
  if (payment.starts_with("pi_")) // Refused where it was cancelled, or waits for nobody.
    static_cast<void>(w.mock.control(R"({"authenticate":")" + payment + "\"}"));
}

} // namespace

TEST_CASE("an order that was sent and answered is changed wherever the machine loses power",
          "[orders][changes][crash]") {
  std::uint64_t salt = 0;
  for (const auto& b : beginnings)
    for (const auto& other : other_contents) {
      // The points of the second request alone.
      std::size_t from = 0;
      std::size_t to = 0;
      {
        world w(settings_for(b, 1));
        ask_first(w, b);
        w.wait_for(0);
        from = w.points().size();
        w.wait_for(w.ask(order_object("1"), "ProcessOrder", body_of(other)));
        to = w.points().size();
      }
      for (const auto at : points_to_try(to - from + 3, salt++)) {
        auto s = settings_for(b, 1);
        s.crash_at = {from + at};
        world w(s);
        ask_first(w, b);
        w.wait_for(0);
        w.ask(order_object("1"), "ProcessOrder", body_of(other));
        const bool rests = comes_to_rest(w);
        const auto wrong = wrong_with(w, b.sent, other);
        INFO(b.name << ", then " << other.price << " to " << other.zip << ", crash at point "
                    << from + at << '\n'
                    << joined(wrong) << w.order("1").body << '\n'
                    << w.mock.ledger_json());
        CHECK(rests);
        CHECK(wrong.empty());
      }
    }
}

TEST_CASE("other content at any moment of an order is taken whole, in part or refused",
          "[orders][changes][crash]") {
  std::size_t taken = 0;
  std::size_t refused = 0;
  std::size_t cancelled = 0;
  std::uint64_t salt = 0;
  for (const auto seed : seeds(1, 2)) {
    seeded_random dice(seed);
    for (const auto& b : beginnings) {
      std::size_t count = 0;
      {
        world w(settings_for(b, seed));
        ask_first(w, b);
        w.run(3'600'000);
        count = w.points().size();
      }
      for (const auto at : points_to_try(count, salt++)) {
        const auto& other = other_contents.at(dice.below(other_contents.size()));
        auto s = settings_for(b, seed);
        const auto crash = dice.below(3);
        if (crash > 0) // Right behind it, or anywhere later.
          s.crash_at = {at + 1 + (crash == 1 ? 0 : dice.below(60))};
        world w(s);
        w.at_point(at, [&other](world& now) {
          if (now.order("1").status == 200) // Else it may come first.
            now.ask(order_object("1"), "ProcessOrder", body_of(other));
        });
        // The customer who has to authenticate does so some time, where it is not too late.
        w.at_point(at + dice.below(40), &authenticate);
        if (dice.below(4) == 0)
          w.at_point(at + dice.below(40),
                     [](world& now) { now.ask(order_object("1"), "CancelOrder", {}); });
        ask_first(w, b);
        const bool rests = comes_to_rest(w);
        const auto wrong = wrong_with(w, b.sent, other);
        INFO("ORDERHUB_SEED=" << seed << ", " << b.name << ", at point " << at << ' ' << other.price
                              << " to " << other.zip << ", crash " << crash << '\n'
                              << joined(wrong) << w.order("1").body << '\n'
                              << w.mock.ledger_json());
        CHECK(rests);
        CHECK(wrong.empty());
        for (std::size_t i = 1; i < w.clients(); ++i)
          if (const auto& c = w.of(i); c.handler == "ProcessOrder" && c.heard)
            ++(c.heard->status == 200 ? taken : refused);
        cancelled += field(w.order("1").body, "status") == "cancelled" ? 1 : 0;
      }
    }
  }
  CHECK(taken > 0);
  CHECK(refused > 0);
  CHECK(cancelled > 0);
}

} // namespace orderhub::testing
