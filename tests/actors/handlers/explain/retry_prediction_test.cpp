#include "actors/handlers/explain/explain_parts.hpp"
#include "actors/handlers/explain/step_words.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/random.hpp"
#include "journal/base/text.hpp"
#include "providers/sendgrid/send_mail.hpp"
#include "providers/shippo/buy_label.hpp"
#include "providers/stripe/charge.hpp"
#include "tests/support/catch2.hpp"
#include "tests/support/must.hpp"
#include "tests/support/seeds.hpp"
#include "tests/support/sim_harness.hpp"

#include <string>
#include <utility>

// What is said would leave if a person pressed Retry, is what leaves when one does.
namespace orderhub::testing {

namespace {

using durable::context;
using durable::handler_task;
using durable::retry_move;

handler_task charge(context ctx, std::string /*body*/) {
  providers::stripe::charge_request request;
  request.ref = ctx.step("charge");
  request.amount = {4'200, "usd"};
  request.payment_method = "pm_card_visa";
  auto call = providers::stripe::charge(request);
  auto done = co_await ctx.effect(std::move(call));
  co_return std::string(done ? "done" : "refused");
}

handler_task label(context ctx, std::string /*body*/) {
  providers::shippo::label_request request;
  request.ref = ctx.step("label");
  request.rate_id = "71fe";
  auto call = providers::shippo::buy_label(request);
  auto done = co_await ctx.effect(std::move(call));
  co_return std::string(done ? "done" : "refused");
}

handler_task mail(context ctx, std::string /*body*/) {
  providers::sendgrid::mail_request request;
  request.ref = ctx.step("mail_confirm");
  request.from_email = "shop@example.com";
  request.to_email = "customer@example.com";
  request.subject = "Order 1";
  request.text = "Thank you";
  auto call = providers::sendgrid::send_mail(request);
  auto done = co_await ctx.effect(std::move(call));
  co_return std::string(done ? "done" : "refused");
}

/// The idempotency key that a call carries; empty where it has none.
std::string key_sent(const durable::vendor_call& call) {
  for (const auto& [name, value] : call.request.headers)
    if (equal_ignoring_case(name, "idempotency-key"))
      return value;
  return {};
}

struct shop {
  sim_harness hub;
  invocation_id id;

  explicit shop(const std::string& handler) {
    for (const char* vendor : {"stripe", "shippo", "sendgrid"})
      hub.vendors.endpoints[vendor] = {
          vendor, std::string("http://") + vendor + ".test", "mock", {}, -1};
    hub.exclusive("charge", &charge);
    hub.exclusive("label", &label);
    hub.exclusive("mail", &mail);
    hub.env->durable_wait_ms = 0; // So that each wait is in the journal: shorter ones are not.
    id = hub.send("1", handler);
  }

  [[nodiscard]] bool is_over() const { return hub.outcome(id).has_value(); }

  [[nodiscard]] handlers::explained_step step() const {
    const auto state = must(hub.journal->load(hub.object("1")));
    handlers::explain_now now;
    now.at = hub.journal_time->now();
    auto steps = handlers::steps_of(&state, state.id, *state.find_live(id), "usd", now);
    REQUIRE(steps.size() == 1);
    return std::move(steps.front());
  }

  /// Presses it, and holds what left against what was said.
  void retry() {
    const auto said = step();
    const auto out = hub.calls.size();
    INFO(joined(said));
    journal::operator_payload action;
    action.verb = journal::operator_verb::retry;
    action.who = "ada";
    action.via = "cli";
    REQUIRE(hub.operate("1", id, action));
    const auto& predicted = *said.if_retried;
    if (predicted.call.empty()) {
      REQUIRE(hub.calls.size() == out);
      hub.advance(1); // Answers come later than questions.
      return;
    }
    // A wait that comes behind what was said: the send after it is due at once.
    hub.advance(0);
    REQUIRE(hub.calls.size() == out + 1);
    const auto& call = hub.calls.back();
    CHECK(handlers::shown_call(said.operation, call.request) == predicted.call);
    if (!call.lookup)
      CHECK(key_sent(call) == predicted.key);
    if (!call.lookup && !predicted.key.empty() && !predicted.key.ends_with("-2") &&
        !said.request_sha256.empty()) {
      const auto hash = sha256_of(call.request.body);
      const auto sent = hex_of({reinterpret_cast<const char*>(hash.data()), hash.size()});
      if (said.if_retried->move != retry_move::send || said.policy == "look_up")
        CHECK(sent == said.request_sha256);
    }
    hub.advance(1);
    CHECK(predicted.safe ==
          (call.lookup || said.state != "in_doubt" || said.policy != "may_repeat"));
  }

  static std::string joined(const handlers::explained_step& s) {
    std::string text = std::string(s.state) + ": ";
    for (const auto& m : s.moments)
      text += m.what.text + "\n";
    for (const auto& b : s.if_retried->because)
      text += "retry: " + b.text + "\n";
    return text;
  }
};

providers::transport_outcome drawn(seeded_random& dice, const durable::vendor_call& call) {
  switch (dice.below(7)) {
  case 0:
    return unsent_call();
  case 1:
    return lost_call();
  case 2:
    return answer_of(429, "{}", {{"retry-after", "5"}});
  case 3:
    return answer_of(200, "{}");
  case 4:
    return answer_of(503, "");
  default:
    if (!call.lookup)
      return answer_of(500, "{}");
    return answer_of(200, call.vendor == "stripe"
                              ? R"({"object":"list","data":[],"has_more":false})"
                              : R"({"results":[],"next":null})");
  }
}

} // namespace

TEST_CASE("what a retry would do is what it does, wherever a step stands", "[explain][retry]") {
  const std::string handler = GENERATE(as<std::string>(), "charge", "label", "mail");
  const auto seed = GENERATE(range(1, 41));
  CAPTURE(handler, seed);
  seeded_random dice(static_cast<std::uint64_t>(seed));
  shop s(handler);
  for (int turn = 0; turn < 40 && !s.is_over(); ++turn) {
    if (dice.below(3) == 0)
      s.retry();
    else if (!s.hub.calls.empty() && dice.below(3) != 0)
      s.hub.answer(drawn(dice, s.hub.calls.front()));
    else
      s.hub.advance(static_cast<std::int64_t>(dice.below(20'000)));
    if (!s.is_over() && dice.below(8) == 0 && s.hub.machine("1").suspendable())
      s.hub.reactivate("1");
  }
}

TEST_CASE("past the life of its key a charge is looked up, and so it is said", "[explain][retry]") {
  shop s("charge");
  s.hub.answer(lost_call());
  CHECK(s.step().if_retried->by_policy == durable::doubt_move::same_key);
  constexpr std::int64_t day = 24LL * 3'600'000;
  s.hub.calls.clear();
  s.hub.time.set(s.hub.time.true_ms() + 2 * day);
  const auto said = s.step();
  CHECK(said.if_retried->by_policy == durable::doubt_move::look_up);
  CHECK(said.if_retried->call == "GET /v1/payment_intents");
  s.retry();
}

} // namespace orderhub::testing
