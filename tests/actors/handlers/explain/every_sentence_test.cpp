#include "actors/handlers/deployments/deployment.hpp"
#include "actors/handlers/explain/explain_parts.hpp"
#include "actors/handlers/explain/sentences.hpp"
#include "journal/record.hpp"
#include "providers/policy/doubt.hpp"
#include "tests/support/catch2.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

// No sentence is there that nobody has read: those that no golden text has are said here.
namespace orderhub::testing {

namespace {

using namespace handlers;
using journal::note_kind;
using journal::record_kind;
using providers::doubt_policy;

constexpr unix_ms now_at = 1'700'000'000'000;
constexpr std::int64_t minute = 60'000;

class listener {
public:
  void hear(const said& s) {
    INFO(name_of(s.which) << ": " << s.text);
    CHECK(s.text.find('{') == std::string::npos);
    CHECK(s.text.find("…") == std::string::npos);
    CHECK(s.text.back() == '.');
    heard.insert(s.which);
  }
  void hear(const std::vector<said>& all) {
    for (const auto& s : all)
      hear(s);
  }
  std::set<sentence> heard;
};

journal::effect_payload intent_of(std::string operation, doubt_policy policy) {
  journal::effect_payload p;
  p.name = "charge";
  p.completion = 1;
  p.vendor = operation.substr(0, operation.find('.'));
  p.operation = std::move(operation);
  p.target = "https://vendor.test|live";
  p.key = "oh_1";
  p.policy = static_cast<std::uint8_t>(policy);
  p.method = "POST";
  p.path = "/v1/things";
  p.absence_after_ms = minute;
  p.key_life_ms = 60 * minute;
  return p;
}

journal::note_payload note(note_kind kind, unix_ms at = 0, std::string text = "503") {
  journal::note_payload n;
  n.kind = kind;
  n.at = at;
  n.text = std::move(text);
  n.sends = 1;
  return n;
}

struct step_made {
  journal::effect_payload intent;
  unix_ms begun_at = now_at - minute;
  std::vector<journal::note_payload> notes = {};
  std::optional<error_kind> failure = std::nullopt;
  bool is_done = false;
  bool has_answer = true; ///< Its end says what the vendor answered.
};

explained_step told(const step_made& made) {
  journal::invocation_state i;
  i.input.handler = "ProcessOrder";
  i.entries.push_back({record_kind::effect, made.begun_at, 1, journal::encode(made.intent)});
  for (const auto& n : made.notes)
    i.entries.push_back({record_kind::effect_note, made.begun_at + 1, 1, journal::encode(n)});
  if (made.failure)
    i.entries.push_back(
        {record_kind::completion, now_at - 1, 1,
         journal::encode(result<std::string>(fail({*made.failure, "vendor", "a reason"})))});
  if (made.is_done)
    i.entries.push_back({record_kind::completion, now_at - 1, 1,
                         made.has_answer
                             ? journal::encode(result<std::string>("{}"),
                                               journal::vendor_answer{200, 212, 2, "req_8f", "01"})
                             : journal::encode(result<std::string>("{}"))});
  explain_now now;
  now.at = now_at;
  auto steps = steps_of(nullptr, {"OrderOrchestrator", "1"}, i, "usd", now);
  REQUIRE(steps.size() == 1);
  return std::move(steps.front());
}

void hear_steps(listener& l) {
  const auto charge = intent_of("stripe.charge", doubt_policy::replay_key);
  const auto lookup = intent_of("shippo.buy_label", doubt_policy::lookup);
  std::vector<step_made> all = {
      {charge, now_at - 100 * minute},
      {charge, now_at - minute, {note(note_kind::waiting)}},
      {charge, now_at - minute, {note(note_kind::doubt), note(note_kind::evidence)}},
      {charge, now_at - minute, {note(note_kind::doubt), note(note_kind::believed)}},
      {charge,
       now_at - minute,
       {note(note_kind::doubt),
        note(note_kind::lookup_absent, 0, std::string(durable::unchecked_absence))}},
      {.intent = charge,
       .notes = {note(note_kind::believed)},
       .is_done = true,
       .has_answer = false},
      {.intent = charge, .is_done = true},
      {.intent = charge, .is_done = true, .has_answer = false},
      {charge, now_at - minute, {note(note_kind::doubt), note(note_kind::new_key)}},
      {charge, now_at - minute, {note(note_kind::done_before), note(note_kind::not_done_before)}},
      {lookup, now_at - minute, {note(note_kind::doubt), note(note_kind::needs_person)}},
      {intent_of("stripe.retrieve", doubt_policy::may_repeat),
       now_at - minute,
       {note(note_kind::doubt), note(note_kind::retry_at, now_at + minute)}},
      {intent_of("sendgrid.send_mail", doubt_policy::await_event),
       now_at - minute,
       {note(note_kind::doubt), note(note_kind::retry_at, now_at + minute)}},
      {intent_of("sendgrid.send_mail", doubt_policy::may_miss),
       now_at - minute,
       {note(note_kind::doubt), note(note_kind::retry_at, now_at + minute)}},
  };
  for (const auto kind : {error_kind::unavailable, error_kind::missed, error_kind::cancelled,
                          error_kind::done_before, error_kind::rejected})
    all.push_back({charge, now_at - minute, {}, kind});
  for (const auto& made : all) {
    const auto e = told(made);
    for (const auto& m : e.moments)
      l.hear(m.what);
    if (e.if_retried)
      l.hear(e.if_retried->because);
  }
}

void hear_second_provider(listener& l) {
  journal::invocation_state i;
  i.input.handler = "Send";
  auto first = intent_of("sendgrid.send_mail", doubt_policy::may_repeat);
  first.name = "mail_confirm";
  auto second = intent_of("custom.backup", doubt_policy::may_repeat);
  second.name = "mail_confirm_instead";
  second.completion = 2;
  i.entries.push_back({record_kind::effect, now_at - minute, 1, journal::encode(first)});
  i.entries.push_back({record_kind::completion, now_at - minute, 1,
                       journal::encode(result<std::string>(
                           fail({error_kind::unavailable, "sendgrid", "it is held open"})))});
  i.entries.push_back({record_kind::effect, now_at, 2, journal::encode(second)});
  explain_now now;
  now.at = now_at;
  const auto steps = steps_of(nullptr, {"Notification", "1"}, i, "usd", now);
  REQUIRE(steps.size() == 2);
  l.hear(steps.back().moments.front().what);
  CHECK(steps.back().moments.front().what.text.find(
            "was given the mail, because SendGrid had not sent it: it is held open.") !=
        std::string::npos);
}

void hear_waits(listener& l) {
  explain_now now;
  now.at = now_at;
  for (std::size_t cause = 0; cause < durable::wait_cause_count; ++cause)
    for (const unix_ms next : {unix_ms{0}, now_at + minute}) {
      waiting_step step;
      step.step = "charge";
      step.vendor = "stripe";
      step.cause = static_cast<durable::wait_cause>(cause);
      step.since = now_at - minute;
      step.last = "503";
      step.next_at = next;
      const auto wait = wait_of(step, now);
      CHECK_FALSE(wait.waker.empty());
      l.hear(wait.why);
    }
  // Another address than the vendor's is no credential that it refuses.
  constexpr const char* elsewhere = "302 redirect to another address; check the configured URL";
  waiting_step moved;
  moved.step = "charge";
  moved.vendor = "stripe";
  moved.cause = durable::wait_cause::credential;
  moved.since = now_at - minute;
  for (const auto& last :
       {std::string(elsewhere), std::string("stripe answers with a ") + elsewhere}) {
    moved.last = last;
    const auto wait = wait_of(moved, now);
    CHECK(wait.why.front().text ==
          std::string("charge: Stripe answers with a ") + elsewhere +
              ". Next try as soon as it may; correct the setting and restart.");
    l.hear(wait.why);
  }
  const auto held = shown_hold(
      {"stripe", vendor_hold_kind::credential, now_at - minute, elsewhere, 0, 3}, now_at);
  CHECK(held.front().text.find("credential") == std::string::npos);
  CHECK(held.front().text.find(elsewhere) != std::string::npos);
  l.hear(held);
  for (const auto kind : {vendor_hold_kind::held_open, vendor_hold_kind::paused,
                          vendor_hold_kind::credential, vendor_hold_kind::breaker})
    for (const unix_ms probe : {unix_ms{0}, now_at + minute})
      l.hear(shown_hold({"stripe", kind, now_at - minute, "401", probe, 3}, now_at));
}

void hear_calls(listener& l) {
  explain_now now;
  now.at = now_at;
  journal::object_state state;
  state.id = {"OrderOrchestrator", "1"};
  for (const auto kind : {record_kind::sleep, record_kind::awakeable, record_kind::await_event}) {
    journal::invocation_state i;
    i.input.handler = "Fulfill";
    i.entries.push_back(
        {kind, now_at - minute, 1, journal::encode(journal::wait_payload{1, now_at})});
    l.hear(call_of_live(state, i, now).what);
  }
}

order_facts paid(payment_state as) {
  order_facts f;
  f.created_at = 1;
  payment_fact p;
  p.state = as;
  p.intent_id = "pi_1";
  p.amount = {4'200, "usd"};
  f.payments.push_back(p);
  return f;
}

void hear_facts(listener& l) {
  std::vector<order_facts> all = {order_facts(), paid(payment_state::part_refunded)};
  auto free = paid(payment_state::paid);
  free.payments.front().amount.minor_units = 0;
  all.push_back(free);
  auto asked = paid(payment_state::paid);
  auto& refund = asked.refunds["a"];
  refund.number = refund.attempt = 1;
  refund.state = refund_state::accepted;
  refund.amount = 500;
  all.push_back(asked);
  for (const auto dispute : {dispute_state::open, dispute_state::won, dispute_state::lost}) {
    all.push_back(paid(payment_state::paid));
    all.back().dispute = dispute;
  }
  for (const auto shipment : {shipment_state::in_transit, shipment_state::returned}) {
    all.push_back(paid(payment_state::paid));
    all.back().shipment = shipment;
  }
  order_facts short_of;
  short_of.stock.state = stock_state::refused;
  short_of.stock.missing.push_back({"sku-1", 2, 0});
  short_of.cancelling = true;
  all.push_back(short_of);
  for (const auto& f : all) {
    l.hear(money_words(f, money_of(f, "usd", 4'200)));
    l.hear(goods_words(f));
  }
}

void hear_gaps(listener& l) {
  order_objects objects;
  objects.key = "1";
  objects.past.is_whole = false;
  objects.not_read.emplace_back(object_id{"Shipment", "1"}, "I/O error");
  explain_now now;
  now.at = now_at;
  l.hear(explain(objects, now).gaps);
  journal::object_state own;
  own.id = {"OrderOrchestrator", "1"};
  own.operators.push_back(
      {now_at, {}, {journal::operator_verb::erase, "", "ada", "token", "", ""}});
  objects.states = {own};
  l.hear(explain(objects, now).summary);
  objects.states.front().purged = true;
  l.hear(explain(objects, now).summary);
}

void hear_deployment(listener& l) {
  explain_now now;
  now.at = now_at;
  for (const char* order : {"1", ""}) {
    order_objects objects;
    objects.key = "d-1";
    journal::object_state state;
    state.id = {"DeploymentWorkflow", "d-1"};
    deployment_facts facts;
    facts.created_at = now_at - minute;
    facts.ended = "succeeded";
    state.values = {{"facts", facts.encode()},
                    {"request", deployment_wanted{order, "main", "production"}.encode()}};
    objects.states = {state};
    const auto e = explain(objects, now);
    CHECK(e.status == "succeeded");
    CHECK(e.state == "done");
    l.hear(e.summary);
  }
}

void hear_webhooks(listener& l) {
  explain_now now;
  now.at = now_at;
  order_objects objects;
  objects.key = "1";
  objects.has_more_webhooks = true;
  for (std::uint8_t n = 0; n <= static_cast<std::uint8_t>(event_verdict::refused); ++n)
    for (const char* text : {"paid", ""}) {
      listed_webhook one;
      one.key = "stripe:evt_1";
      one.received.vendor = "stripe";
      one.received.what.id = "evt_1";
      one.received.what.type = "charge.updated";
      one.received.received_at = now_at - minute;
      one.became = {static_cast<event_verdict>(n), text};
      if (one.became.verdict == event_verdict::contradicts)
        one.became.text = "it says 50.00 USD";
      objects.webhooks.push_back(one);
    }
  const auto e = explain(objects, now);
  CHECK(e.webhooks.size() == objects.webhooks.size());
  for (const auto& w : e.webhooks)
    l.hear(w.what);
  l.hear(e.gaps);
}

std::string all_golden_texts() {
  std::string all;
  const auto folder = std::filesystem::path(ORDERHUB_SOURCE_DIR) / "tests/golden/explain";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path());
    all.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return all;
}

/// The longest part of a sentence that is the same whenever it is said.
std::string constant_part(sentence which) {
  std::string longest;
  for (auto rest = template_of(which); !rest.empty();) {
    const auto part = rest.substr(0, rest.find('{'));
    if (part.size() > longest.size())
      longest = part;
    rest.remove_prefix(part.size());
    rest.remove_prefix(rest.empty() ? 0 : rest.find('}') + 1);
  }
  return longest;
}

} // namespace

TEST_CASE("every sentence is said by a golden text or here, with all its values", "[explain]") {
  listener l;
  hear_steps(l);
  hear_second_provider(l);
  hear_waits(l);
  hear_calls(l);
  hear_facts(l);
  hear_gaps(l);
  hear_deployment(l);
  hear_webhooks(l);
  const auto golden = all_golden_texts();
  for (std::size_t i = 0; i < sentence_count; ++i) {
    const auto which = static_cast<sentence>(i);
    INFO(name_of(which));
    CHECK((l.heard.contains(which) || golden.find(constant_part(which)) != std::string::npos));
  }
  CHECK(say(sentence::attention).text == "… needs a person: ….");
}

} // namespace orderhub::testing
