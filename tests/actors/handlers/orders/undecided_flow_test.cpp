#include "tests/support/catch2.hpp"
#include "tests/support/order_check.hpp"

#include <algorithm>
#include <string>
#include <vector>

// What a vendor has not decided when it answers: the order goes on when it has, and everybody is
// told what is true then.
namespace orderhub::testing {

namespace {

using providers::mock::call_id;
using providers::mock::effect_kind;

constexpr std::int64_t second = 1'000;
constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t day = 24 * hour;

world::answer process(world& w, const std::string& extra = {}) {
  return w.call(order_object("1"), "ProcessOrder", order_body(extra));
}

std::size_t mails(const world& w, std::string_view step) {
  return w.effects("1", effect_kind::mail, step);
}

/// The texts of the mails that left, oldest first.
bool was_written(const world& w, const std::string& words) {
  return std::any_of(w.bodies().begin(), w.bodies().end(), [&](const std::string& body) {
    return body.find(words) != std::string::npos;
  });
}

std::string faults(const std::string& vendor, const std::string& operation,
                   const std::string& rest) {
  return R"({"vendor":")" + vendor + R"(","operation":")" + operation + R"(","nth":1,)" + rest +
         "}";
}

std::string shown(const world& w, const char* name) {
  return field(w.order("1").body, name);
}

} // namespace

// ── Payments ─────────────────────────────────────────────────────────────────────────────────

TEST_CASE("a payment that the bank decides on later is shipped and confirmed then",
          "[orders][undecided][payment]") {
  const std::int64_t late = GENERATE(1 * second, 20 * second, 1'000 * second);
  CAPTURE(late);
  world w(with_faults(
      faults("stripe", "charge", R"("effect":"processing","late_ms":)" + std::to_string(late))));
  const auto a = process(w);
  CHECK(a.status == 200);
  CHECK(field(a.body, "status") == "pending");
  CHECK(field(a.body, "pending") == R"(["payment"])");
  CHECK(field(a.body, "message") == "The bank has not decided on the payment yet");
  CHECK(w.effects("1", effect_kind::label) == 0);
  CHECK(mails(w, "mail_confirm") == 0);
  const auto waiting = shown(w, "waiting");
  INFO(waiting);
  CHECK(waiting.find(R"("cause":"bank")") != std::string::npos);
  CHECK(waiting.find(R"("step":"payment")") != std::string::npos);
  CHECK(waiting.find(R"("vendor":"stripe")") != std::string::npos);
  CHECK(waiting.find(R"("last":"processing")") != std::string::npos);

  REQUIRE(w.run());
  const auto problems = problems_of(w, "1", {});
  INFO(joined(problems));
  CHECK(problems.empty());
  CHECK(shown(w, "pending") == "[]");
  CHECK(shown(w, "waiting") == "[]");
  CHECK(mails(w, "mail_confirm") == 1);
  // The pauses grow: 2, 4, 8 … s.
  const auto polls = w.mock.requests(call_id::stripe_retrieve);
  CHECK(polls <= 12);
  CHECK(w.waiting().empty());
}

TEST_CASE("a payment that the bank refuses later has failed, and may be tried again",
          "[orders][undecided][payment]") {
  world w(with_faults(
      faults("stripe", "charge", R"("effect":"processing","late_ms":30000,"outcome":"error")")));
  process(w);
  REQUIRE(w.run());
  CHECK(shown(w, "status") == "payment_failed");
  CHECK(shown(w, "pending") == "[]");
  CHECK(w.effects("1", effect_kind::charge) == 0);
  CHECK(w.effects("1", effect_kind::label) == 0);
  CHECK(w.effects("1", effect_kind::message, "announce_failed") == 1);
  CHECK(mails(w, "mail_confirm") == 0);

  CHECK(field(process(w, R"("payment":{"method":"pm_card_mastercard"})").body, "status") ==
        "confirmed");
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::charge) == 1);
}

TEST_CASE("an order that is sent again while the bank decides asks at once, and ships once",
          "[orders][undecided][payment]") {
  world w(with_faults(faults("stripe", "charge", R"("effect":"processing","late_ms":100000)")));
  process(w);
  CHECK(field(process(w).body, "status") == "pending");
  w.run(60 * second);
  w.time.advance(101 * second); // Before the next poll.
  CHECK(field(process(w).body, "status") == "confirmed");
  REQUIRE(w.run());
  CHECK(problems_of(w, "1", {}).empty());
  CHECK(mails(w, "mail_confirm") == 1);
}

TEST_CASE("an order that is cancelled while the bank decides ends without its money",
          "[orders][undecided][payment][cancel]") {
  const bool pays = GENERATE(true, false);
  CAPTURE(pays);
  world w(with_faults(faults("stripe", "charge",
                             std::string(R"("effect":"processing","late_ms":60000,"outcome":")") +
                                 (pays ? "success\"" : "error\""))));
  process(w);
  w.submit(order_object("1"), "CancelOrder", {});
  w.run(30 * second);
  CHECK(shown(w, "status") == "cancelling");
  CHECK(shown(w, "waiting") != "[]");
  REQUIRE(w.run());
  CHECK(shown(w, "status") == "cancelled");
  CHECK(shown(w, "pending") == "[]");
  CHECK(w.effects("1", effect_kind::charge) == w.effects("1", effect_kind::refund));
  CHECK(w.effects("1", effect_kind::charge) == (pays ? 1 : 0));
  CHECK(was_written(w, "What you paid was given back.") == pays);
  CHECK(w.live().empty());
}

TEST_CASE("a payment whose bank does not decide calls a person in time",
          "[orders][undecided][payment]") {
  world w(with_faults(faults("stripe", "charge", R"("effect":"processing","outcome":"never")")));
  process(w);
  w.run(day - 2 * hour);
  CHECK(shown(w, "attention") == "[]");
  CHECK(w.called() == 0);
  w.run(4 * hour);
  const auto attention = shown(w, "attention");
  INFO(attention);
  CHECK(attention.find(R"("step":"payment")") != std::string::npos);
  CHECK(attention.find("(bank): processing") != std::string::npos);
  CHECK(w.called() == 1);
  // It is asked for once an hour, and each time by an invocation of its own.
  CHECK(w.mock.requests(call_id::stripe_retrieve) <= 12 + 26);
}

// ── Refunds ──────────────────────────────────────────────────────────────────────────────────

TEST_CASE("a refund that is on its way is told as what it is, and again when it is there",
          "[orders][undecided][refund]") {
  const std::string first = GENERATE("pending", "requires_action");
  world w(with_faults(
      faults("stripe", "refund", R"("effect":"pending","late_ms":60000,"code":")" + first + "\"")));
  process(w);
  const auto a = w.call(order_object("1"), "CancelOrder", {});
  CHECK(field(a.body, "status") == "cancelled");
  CHECK(field(a.body, "pending") == R"(["refund"])");
  CHECK(field(a.body, "refundId").starts_with("re_"));
  w.run(30 * second);
  CHECK(w.effects("1", effect_kind::refund) == 0);
  CHECK(was_written(w, "What you paid is on its way back to you."));
  CHECK_FALSE(was_written(w, "given back"));
  const auto waiting = shown(w, "waiting");
  INFO(waiting);
  CHECK(waiting.find(R"("cause":"refund")") != std::string::npos);
  CHECK(waiting.find("\"last\":\"" + first) != std::string::npos);
  // Another cancel finds it on its way, and begins no second one.
  CHECK(field(w.call(order_object("1"), "CancelOrder", {}).body, "status") == "cancelled");

  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::refund) == 1);
  CHECK(was_written(w, "What you paid was given back."));
  CHECK(mails(w, "mail_cancelled") == 1);
  CHECK(mails(w, "mail_refunded") == 1);
  CHECK(w.effects("1", effect_kind::message, "announce_refunded") == 1);
  CHECK(shown(w, "pending") == "[]");
  CHECK(shown(w, "attention") == "[]");
  CHECK(w.mock.requests(call_id::stripe_refund) == 1);
  CHECK(w.live().empty());
}

TEST_CASE("a refund that fails at its bank calls a person, and the next cancel makes another one",
          "[orders][undecided][refund]") {
  world w(with_faults(
      faults("stripe", "refund", R"("effect":"pending","late_ms":60000,"outcome":"error")")));
  process(w);
  w.call(order_object("1"), "CancelOrder", {});
  REQUIRE(w.run());
  CHECK(shown(w, "status") == "cancelled");
  const auto attention = shown(w, "attention");
  INFO(attention);
  CHECK(attention.find("refund failed") != std::string::npos);
  CHECK(w.effects("1", effect_kind::refund) == 0);
  CHECK_FALSE(was_written(w, "was given back"));
  CHECK(mails(w, "mail_refund_failed") == 1);
  CHECK(w.effects("1", effect_kind::message, "announce_refund_failed") == 1);

  CHECK(field(w.call(order_object("1"), "CancelOrder", {}).body, "status") == "cancelled");
  REQUIRE(w.run());
  CHECK(w.effects("1", effect_kind::refund) == 1);
  CHECK(was_written(w, "What you paid was given back."));
  CHECK(shown(w, "attention") == "[]");
}

// ── Labels ───────────────────────────────────────────────────────────────────────────────────

TEST_CASE("the tracking number that was promised follows in a mail, once",
          "[orders][undecided][label]") {
  struct row {
    const char* name;
    std::string fault;
  };
  const auto r =
      GENERATE(row{"a label that comes after its time", R"("effect":"latency","latency_ms":15000)"},
               row{"one that is queued", R"("effect":"queued","late_ms":50000)"},
               row{"one whose answer is lost", R"("effect":"late_work","late_ms":20000)"},
               row{"a label without a number", R"("effect":"untracked","late_ms":5000)"},
               row{"the same, an hour later", R"("effect":"untracked","late_ms":3600000)"});
  CAPTURE(r.name);
  world w(with_faults(faults("shippo", "label", r.fault)));
  const auto a = process(w);
  CHECK(field(a.body, "status") == "confirmed");
  CHECK(field(a.body, "trackingNumber") == "null");
  REQUIRE(w.run());
  const auto problems = problems_of(w, "1", {});
  INFO(joined(problems) << w.order("1").body);
  CHECK(problems.empty());
  CHECK(mails(w, "mail_confirm") == 1);
  CHECK(mails(w, "mail_tracking") == 1);
  CHECK(was_written(w, "The tracking number follows."));
  CHECK(was_written(w, "Its tracking number is " + shown(w, "trackingNumber")));
  CHECK(shown(w, "pending") == "[]");
  CHECK(shown(w, "waiting") == "[]");
}

TEST_CASE("who was told the number, or has no order any more, has no second mail",
          "[orders][undecided][label]") {
  world told;
  process(told);
  REQUIRE(told.run());
  CHECK(mails(told, "mail_tracking") == 0);

  world cancelled(
      with_faults(faults("shippo", "label", R"("effect":"untracked","late_ms":600000)")));
  process(cancelled);
  CHECK(shown(cancelled, "pending") == R"(["tracking"])");
  cancelled.call(order_object("1"), "CancelOrder", {});
  REQUIRE(cancelled.run());
  CHECK(mails(cancelled, "mail_tracking") == 0);
  CHECK(shown(cancelled, "pending") == "[]");
  CHECK(shown(cancelled, "status") == "cancelled");
  CHECK(cancelled.live().empty());
}

TEST_CASE("a label that stays queued, or has no number, is seen, asked for ever more rarely, and "
          "calls a person",
          "[orders][undecided][label]") {
  const bool queued = GENERATE(true, false);
  CAPTURE(queued);
  world w(with_faults(faults("shippo", "label",
                             queued ? R"("effect":"queued","outcome":"never")"
                                    : R"("effect":"untracked","outcome":"never")")));
  process(w);
  w.run(50 * 60 * second);
  CHECK(shown(w, "status") == "confirmed");
  CHECK(shown(w, "pending") == (queued ? R"(["label"])" : R"(["tracking"])"));
  CHECK(shown(w, "waiting").find(queued ? R"("cause":"running")" : R"("cause":"tracking")") !=
        std::string::npos);
  CHECK(shown(w, "attention") == "[]");
  w.run(25 * hour);
  CHECK(shown(w, "attention").find(queued ? R"("step":"label")" : R"("step":"tracking")") !=
        std::string::npos);
  CHECK(w.called() == 1);
  const auto asked =
      w.mock.requests(queued ? call_id::shippo_list_labels : call_id::shippo_retrieve_label);
  CHECK(asked > 10);
  CHECK(asked <= (queued ? 12 * 26 + 20 : 12 + 27));
}

// ── Nothing waits unseen ─────────────────────────────────────────────────────────────────────

TEST_CASE("an order that cannot reach a vendor says which step, which vendor and why",
          "[orders][waits]") {
  world_settings s;
  s.not_sent_per_mille = 1'000;
  world w(s);
  w.submit(order_object("1"), "ProcessOrder", order_body());
  w.run(30 * second);
  const auto waiting = shown(w, "waiting");
  INFO(waiting);
  CHECK(shown(w, "status") == "pending");
  CHECK(waiting.find(R"("step":"charge")") != std::string::npos);
  CHECK(waiting.find(R"("vendor":"stripe")") != std::string::npos);
  CHECK(waiting.find("no route") != std::string::npos);
  CHECK_FALSE(w.waiting().empty());
  CHECK(w.called() == 0);
  w.run(11 * 60 * second);
  CHECK(shown(w, "attention").find(R"("step":"charge")") != std::string::npos);
  CHECK(w.called() >= 1);
}

TEST_CASE("an order that waits for its customer says so, and calls a person after a day",
          "[orders][waits]") {
  world w;
  process(w, R"("payment":{"method":"pm_card_authenticationRequired"})");
  w.run();
  CHECK(shown(w, "status") == "requires_action");
  CHECK(shown(w, "waiting").find(R"("cause":"customer")") != std::string::npos);
  CHECK(shown(w, "attention") == "[]");
  w.time.advance(25 * hour);
  CHECK(shown(w, "attention").find("customer") != std::string::npos);
}

TEST_CASE("a refused label, and calls that stand behind another, are seen", "[orders][waits]") {
  world w(with_faults(
      R"({"vendor":"shippo","operation":"label","always":true,"effect":"refuse","code":"no","text":"no"})"));
  process(w);
  w.run(30 * second);
  const auto waiting = shown(w, "waiting");
  INFO(waiting);
  CHECK(waiting.find(R"("cause":"refusal")") != std::string::npos);
  CHECK(waiting.find(R"("step":"label")") != std::string::npos);

  world busy(with_faults(
      R"({"vendor":"stripe","operation":"charge","always":true,"effect":"status","status":503})"));
  busy.submit(order_object("1"), "ProcessOrder", order_body());
  busy.submit(order_object("1"), "ProcessOrder", order_body());
  busy.run(20 * second);
  CHECK(shown(busy, "waiting").find("ProcessOrder runs before it") != std::string::npos);
}

// After stripe/stripe-node#1040: looked up, absent, and sent again on the connection that the
// look-up had just used, which was dead: hundreds of rounds.
TEST_CASE("a vendor that resets each connection after its answer costs a round or two",
          "[orders][waits]") {
  world w(with_faults(R"({"vendor":"*","always":true,"effect":"reset_after_answer"})"));
  for (const char* key : {"1", "2", "3", "4", "5", "6"})
    w.submit(order_object(key), "ProcessOrder", order_body());
  REQUIRE(w.run());
  for (const char* key : {"1", "2", "3", "4", "5", "6"}) {
    const auto problems = problems_of(w, key, {});
    INFO(key << '\n' << joined(problems));
    CHECK(problems.empty());
  }
  CHECK(w.mock.requests(call_id::shippo_label) == 6);
  CHECK(w.mock.requests(call_id::shippo_list_labels) <= 6 * 4);
}

// After Metaswitch/chronos#85: the wait was counted by the wall clock, and lasted until it had
// caught up.
TEST_CASE("a wall clock that is set back holds up no retry", "[orders][waits][clock]") {
  const std::int64_t back = GENERATE(60 * second, 4 * hour);
  CAPTURE(back);
  world w(with_faults(
      R"({"vendor":"stripe","operation":"charge","always":true,"effect":"status","status":503})"));
  w.submit(order_object("1"), "ProcessOrder", order_body());
  w.run(20 * second);
  w.time.step_wall(-back);
  REQUIRE(w.mock.control(R"({"clear":true})"));
  const auto since = w.time.true_ms();
  REQUIRE(w.run_until([](world& now) { return now.effects("1", effect_kind::charge) == 1; }));
  // The longest pause that it can have chosen.
  CHECK(w.time.true_ms() - since <= 31 * second);
  REQUIRE(w.run());
  CHECK(problems_of(w, "1", {}).empty());
}

} // namespace orderhub::testing
