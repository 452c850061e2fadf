#include "actors/handlers/orders/order_orchestrator.hpp"

#include "actors/handlers/attention.hpp"
#include "actors/handlers/notifications/notification.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_event.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/shipments/shipment.hpp"
#include "journal/open_work.hpp"
#include "providers/shippo/buy_label.hpp"
#include "providers/stripe/cancel_intent.hpp"
#include "providers/stripe/charge.hpp"
#include "providers/stripe/refund.hpp"
#include "providers/stripe/retrieve.hpp"

#include <ctime>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using durable::context;
using durable::handler_task;
using durable::task;
using nlohmann::json;
namespace shippo = providers::shippo;
namespace stripe = providers::stripe;

using settings_ptr = std::shared_ptr<const order_settings>;

// ── What an order says of itself ─────────────────────────────────────────────────────────────

std::string utc_text(unix_ms at) {
  const std::time_t seconds = at / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  const auto ms = std::to_string(1000 + at % 1000).substr(1);
  return std::string(text, size) + '.' + ms + 'Z';
}

json text_or_null(const std::string& text) {
  return text.empty() ? json(nullptr) : json(text);
}

std::string charge_id_of(const payment_fact* p) {
  if (p == nullptr)
    return {};
  return p->charge_id.empty() ? p->intent_id : p->charge_id;
}

std::string refund_id_of(const order_facts& f) {
  for (const auto& p : f.payments)
    if (!p.refund_id.empty())
      return p.refund_id;
  return {};
}

/// A refused label is resolved by the one that was bought later, or by a cancel; a refused charge
/// by a later one that was not; a refund or a label's refund that stayed open, by one that did not.
bool is_resolved(const order_facts& f, std::string_view step) {
  if (step == "refund")
    return std::none_of(f.payments.begin(), f.payments.end(), [](const payment_fact& p) {
      return p.state == payment_state::paid || p.state == payment_state::part_refunded;
    });
  if (step == "void_label")
    return f.label_voided;
  if (step == "label")
    return f.cancelled || !f.label_id.empty();
  if (step == "charge")
    return f.cancelled || f.last_payment()->state != payment_state::failed;
  return false;
}

/// What a person must resolve.
json attention_of(const order_facts& f) {
  json list = json::array();
  for (const auto& [step, why] : f.attention)
    if (!is_resolved(f, step))
      list.push_back({{"step", step}, {"reason", why}});
  return list;
}

/// The part of every answer that tells where the order stands.
json state_of(const std::string& order_id, const order_facts& f) {
  const auto* payment = f.last_payment();
  json j{{"orderId", order_id},
         {"status", status_of(f)},
         {"chargeId", text_or_null(charge_id_of(payment))},
         {"paymentIntentId", text_or_null(payment != nullptr ? payment->intent_id : "")},
         {"labelId", text_or_null(f.label_id)},
         {"trackingNumber", text_or_null(f.tracking_number)}};
  if (auto open = open_steps(f); !open.empty())
    j["pending"] = open;
  if (auto attention = attention_of(f); !attention.empty())
    j["attention"] = std::move(attention);
  if (auto refund = refund_id_of(f); !refund.empty())
    j["refundId"] = refund;
  return j;
}

std::string message_of(const order_facts& f, bool again) {
  const auto status = status_of(f);
  const auto* payment = f.last_payment();
  if (status == "payment_failed")
    return "Payment failed: " + (payment != nullptr ? payment->reason : std::string());
  if (status == "requires_action")
    return "The customer must authenticate the payment";
  if (again)
    return "Order already processed";
  return status == "confirmed" ? "Order processed successfully" : "Order accepted";
}

std::string answer_of(const std::string& order_id, const order_facts& f, bool again) {
  auto j = state_of(order_id, f);
  j["message"] = message_of(f, again);
  return j.dump();
}

result<order_facts> facts_in(const std::optional<std::string>& recorded) {
  if (!recorded)
    return order_facts();
  return order_facts::decode(*recorded);
}

error cancelled_answer(const std::string& order_id, const order_facts& f) {
  return {error_kind::cancelled, "order",
          "Order " + order_id + " was cancelled while it was processed; it is now " +
              std::string(status_of(f)) + '.',
          409};
}

// ── Steps ────────────────────────────────────────────────────────────────────────────────────

result<std::string> journaled_plan(settings_ptr s) {
  return plan_of(*s).encode();
}

task<order_plan> decide_plan(context ctx, settings_ptr s) {
  auto text = co_await ctx.run("plan", &journaled_plan, s);
  co_return order_plan::decode(text ? *text : std::string());
}

object_id shipment_of(const context& ctx) {
  return {"Shipment", ctx.key()};
}
object_id notification_of(const context& ctx) {
  return {"Notification", ctx.key()};
}

notification notification_about(const order& o, notification_kind what) {
  notification n;
  n.kind = what;
  n.email = o.customer_email;
  n.name = o.customer_name;
  n.total = shown_amount(o.total, o.currency);
  return n;
}

/// Tells the shop's channel and waits for nobody.
void post_new_order(context& ctx, const order& o) {
  auto n = notification_about(o, notification_kind::new_order);
  n.announce = true;
  ctx.send(notification_of(ctx), "Send", n.encode());
}
void post_failed_payment(context& ctx, const order& o, const payment_fact& p) {
  auto n = notification_about(o, notification_kind::payment_failed);
  n.announce = true;
  n.reason = p.reason;
  n.attempt = p.attempt;
  ctx.send(notification_of(ctx), "Send", n.encode());
}

payment_fact payment_of(std::uint32_t attempt, const stripe::charge_outcome& charged) {
  payment_fact p;
  p.attempt = attempt;
  p.intent_id = charged.payment_intent_id;
  p.charge_id = charged.charge_id;
  p.amount = charged.amount_received;
  switch (charged.status) {
  case stripe::payment_status::succeeded:
    p.state = payment_state::paid;
    break;
  case stripe::payment_status::requires_action:
    p.state = payment_state::requires_action;
    break;
  default:
    p.state = payment_state::pending;
    break;
  }
  return p;
}

/// One logical attempt to charge. The payment as far as it came; a failure only where a cancel came
/// before anything happened.
task<result<order_facts>> take_payment(context ctx, order o, std::uint32_t attempt,
                                       settings_ptr s) {
  const auto attempt_text = std::to_string(attempt);
  stripe::charge_request request;
  request.ref = ctx.step_ref("charge", attempt_text);
  request.amount_minor = o.total;
  request.currency = o.currency;
  request.payment_method = o.payment_method;
  request.customer = o.payment_customer;
  auto charge = stripe::charge(request);
  auto charged = co_await ctx.effect("charge", std::move(charge), attempt_text);
  order_facts learned;
  if (charged) {
    learned.payments.push_back(payment_of(attempt, *charged));
    co_return learned;
  }
  if (charged.error().kind == error_kind::cancelled)
    co_return charged.failure();
  payment_fact failed;
  failed.attempt = attempt;
  failed.state = payment_state::failed;
  failed.reason = charged.error().message;
  learned.payments.push_back(failed);
  // A decline is the customer's matter; anything else is ours.
  if (charged.error().kind != error_kind::rejected) {
    learned.attention["charge"] = failed.reason;
    static_cast<void>(co_await ctx.run("report_charge", &report_attention, s, ctx.key(),
                                       std::string("charge"), failed.reason));
  }
  co_return learned;
}

/// Cancels a payment that is not money yet. False: it went on in the meantime.
task<bool> cancel_payment(context ctx, payment_fact p, std::string step) {
  stripe::cancel_intent_request request;
  request.ref = ctx.step_ref(step, std::to_string(p.attempt));
  request.payment_intent_id = p.intent_id;
  auto stop = stripe::cancel_intent(request);
  auto stopped = co_await ctx.effect(step, std::move(stop), std::to_string(p.attempt));
  co_return stopped.has_value();
}

/// Others may have refunded a part already; then the rest is refunded, and the rest of that.
constexpr int refund_parts_max = 10;

struct refunds_made {
  payment_fact payment; ///< How far it came.
  std::string refusal;  ///< Why not to the end; empty where it did.
};

/// Refunds what is left of a payment.
task<refunds_made> refund_all(context ctx, payment_fact p) {
  auto left = p.amount;
  for (int part = 0; part < refund_parts_max; ++part) {
    // What was definitely answered is not asked again under its key.
    auto attempt = std::to_string(p.attempt);
    if (p.refund_round > 0)
      attempt += '.' + std::to_string(p.refund_round);
    stripe::refund_request request;
    request.ref = ctx.step_ref("refund", attempt);
    request.payment_intent_id = p.intent_id;
    request.amount_minor = left;
    auto refund = stripe::refund(request);
    auto refunded = co_await ctx.effect("refund", std::move(refund), attempt);
    if (!refunded) {
      // A refusal that proves an earlier refund which was not found leaves the key as it is: the
      // next try must not make a second one.
      if (refunded.error().kind != error_kind::done_before)
        ++p.refund_round;
      co_return refunds_made{std::move(p), refunded.error().message};
    }
    p.refund_id = std::max(p.refund_id, refunded->refund_id);
    left = refunded->left_minor;
    if (left <= 0) {
      p.state = payment_state::refunded;
      co_return refunds_made{std::move(p), {}};
    }
    p.state = payment_state::part_refunded;
    ++p.refund_round;
  }
  co_return refunds_made{std::move(p), "others keep refunding parts of it"};
}

/// Gives one payment back; what is known of it afterwards.
task<order_facts> refund_or_cancel(context ctx, payment_fact p, settings_ptr s) {
  order_facts learned;
  const bool is_money = p.state == payment_state::paid || p.state == payment_state::part_refunded;
  bool refund_it = is_money;
  if (!is_money) {
    const bool stopped = co_await cancel_payment(ctx, p, "cancel_intent");
    if (stopped) {
      p.state = payment_state::failed;
      p.reason = "cancelled";
    } else {
      refund_it = true;
    }
  }
  if (refund_it) {
    auto made = co_await refund_all(ctx, p);
    p = made.payment;
    if (!made.refusal.empty()) {
      learned.attention["refund"] = made.refusal;
      static_cast<void>(co_await ctx.run("report_refund", &report_attention, s, ctx.key(),
                                         std::string("refund"), made.refusal));
    }
  }
  learned.payments.push_back(std::move(p));
  co_return learned;
}

/// Undoes whatever the facts say was done: payments, label; then tells the customer. Finds nothing
/// to do the second time, or what the first time had to leave open.
task<result<order_facts>> compensate(context ctx, settings_ptr s) {
  ctx.shield(); // What undoes is never cancelled.
  auto recorded = co_await ctx.get("facts");
  auto facts = facts_in(recorded);
  const bool again = facts && facts->cancelled;
  if (!facts || (again && !has_open_compensation(*facts)))
    co_return facts;
  auto plan = co_await decide_plan(ctx, s);
  order_facts learned;
  learned.cancelling = true;
  ctx.merge("facts", learned.encode());

  bool was_paid = false;
  bool refunded_now = false;
  for (const auto& p : facts->payments)
    was_paid = was_paid || p.state >= payment_state::paid;
  if (was_paid && !facts->label_voided)
    ctx.send(shipment_of(ctx), "CancelPurchase", {});
  // The money first: it does not wait for a carrier.
  for (const auto& p : facts->payments) {
    if (p.intent_id.empty() || p.state == payment_state::refunded ||
        p.state == payment_state::failed)
      continue;
    auto returned = co_await refund_or_cancel(ctx, p, s);
    learned = merge(learned, returned);
    refunded_now = refunded_now || learned.payments.back().state == payment_state::refunded;
  }
  ctx.merge("facts", learned.encode());
  if (was_paid && !facts->label_voided) {
    // A purchase under way resolves first; then its label, if there is one, is voided.
    auto voided = co_await ctx.call(shipment_of(ctx), "VoidLabel", {});
    if (!voided) {
      learned.attention["void_label"] = voided.error().message;
      static_cast<void>(co_await ctx.run("report_label", &report_attention, s, ctx.key(),
                                         std::string("void_label"), voided.error().message));
    } else if (*voided != "null") {
      auto label = order_facts::decode(*voided);
      if (!label)
        co_return label.failure();
      learned = merge(learned, *label);
    }
    learned.pending["label"] = "done";
  }
  learned.cancelled = true;
  ctx.merge("facts", learned.encode());

  auto request = co_await ctx.get("order");
  if (request && (!again || refunded_now)) {
    if (auto o = order::decode(*request)) {
      auto n = notification_about(*o, notification_kind::cancelled);
      n.mail = plan.mail;
      n.announce = plan.announce;
      n.attempt = again ? 2 : 1;
      n.reason = refund_id_of(learned).empty() ? "" : "What you paid was given back.";
      if (plan.mail || plan.announce)
        ctx.send(notification_of(ctx), "Send", n.encode());
    }
  }
  co_return merge(*facts, learned);
}

handler_task compensate_and_answer_409(context ctx, settings_ptr s) {
  auto facts = co_await compensate(ctx, s);
  if (!facts)
    co_return facts.failure();
  co_return fail(cancelled_answer(ctx.key(), *facts));
}

/// Paid: label, notices, confirmation.
handler_task ship_and_confirm(context ctx, order o, order_facts facts, order_plan plan,
                              settings_ptr s) {
  label_order wanted;
  wanted.to = o.shipping;
  wanted.parcel = o.parcel;
  wanted.compensate = plan.compensate;
  auto purchase = ctx.call(shipment_of(ctx), "BuyLabel", wanted.encode());
  auto label = co_await purchase.within(plan.label_timeout_ms);
  order_facts learned;
  if (!label && label.error().kind == error_kind::cancelled)
    co_return co_await compensate_and_answer_409(ctx, s);
  // What was heard of meanwhile may forbid to ship; then the shipment was told to stop, and voids
  // what it has bought.
  auto recorded = co_await ctx.get("facts");
  auto as_of_now = facts_in(recorded);
  if (!as_of_now)
    co_return as_of_now.failure();
  if (forbids_shipping(*as_of_now))
    co_return answer_of(ctx.key(), *as_of_now, false);
  facts = *as_of_now;
  if (!label) {
    if (plan.compensate)
      co_return co_await compensate_and_answer_409(ctx, s);
    learned.pending["label"] = "refused, tried again later";
    learned.attention["label"] = label.error().message;
    static_cast<void>(co_await ctx.run("report_label", &report_attention, s, ctx.key(),
                                       std::string("label"), label.error().message));
  } else if (!*label) {
    learned.pending["label"] = "not there yet";
    ctx.send(shipment_of(ctx), "ReportLabelOutcome", plan.compensate ? "compensate" : "");
  } else if (auto bought = shippo::label_outcome::decode(**label)) {
    learned.shipment = shipment_state::label;
    learned.label_id = bought->transaction_id;
    learned.tracking_number = bought->tracking_number;
    learned.label_url = bought->label_url;
  }
  learned.confirmed = true;
  learned.updated_at = ctx.accepted_at();
  facts = merge(facts, learned);

  if (plan.mail || plan.announce) {
    auto n = notification_about(o, notification_kind::confirmed);
    n.mail = plan.mail;
    n.announce = plan.announce;
    n.tracking_number = facts.tracking_number;
    // Well before this handler stops waiting, so that one of the two surely records it.
    n.report_after_ms = plan.notification_timeout_ms / 2;
    auto telling = ctx.call(notification_of(ctx), "Send", n.encode());
    auto told = co_await telling.within(plan.notification_timeout_ms);
    if (!told && told.error().kind == error_kind::cancelled) {
      ctx.merge("facts", learned.encode());
      co_return co_await compensate_and_answer_409(ctx, s);
    }
    if (told && *told) {
      add_deliveries(learned, **told);
    } else if (told) {
      learned.pending["notices"] = "not sent yet";
    } else {
      learned.notices["notices"] = "failed: " + told.error().message;
    }
    facts = merge(facts, learned);
  }
  ctx.merge("facts", learned.encode());
  co_return answer_of(ctx.key(), facts, false);
}

// ── Handlers ─────────────────────────────────────────────────────────────────────────────────

bool waits_for_payment(const order_facts& f) {
  const auto* p = f.last_payment();
  return p != nullptr && !p->intent_id.empty() && !f.cancelled && !f.cancelling &&
         (p->state == payment_state::requires_action || p->state == payment_state::pending);
}

/// A declined order is tried again only where the caller says so: another method, or `retry`.
bool starts_over(const order_facts& f, const order& wanted) {
  const auto* p = f.last_payment();
  return p != nullptr && status_of(f) == "payment_failed" &&
         (wanted.retry || (wanted.payment_method_given && wanted.payment_method != p->method));
}

/// The customer may have authenticated meanwhile, or failed to, and the shop may have cancelled the
/// payment at Stripe: asks, and tells how the payment stands.
task<payment_fact> ask_for_payment(context ctx, payment_fact p) {
  auto ask = stripe::retrieve(p.intent_id);
  auto state = co_await ctx.effect("retrieve", std::move(ask));
  if (!state)
    co_return p;
  switch (state->status) {
  case stripe::payment_status::succeeded:
    p.state = payment_state::paid;
    p.charge_id = state->charge_id;
    p.amount = state->amount_received;
    break;
  case stripe::payment_status::canceled:
    p.state = payment_state::failed;
    p.reason = "the payment was cancelled";
    break;
  case stripe::payment_status::requires_payment_method: {
    // Failed. The customer still has its secret, so it is closed before another is begun.
    const bool closed = co_await cancel_payment(ctx, p, "close_payment");
    if (!closed) // Asked for again next time.
      co_return p;
    p.state = payment_state::failed;
    p.reason =
        state->decline_code.empty() ? "the customer did not authenticate it" : state->decline_code;
    break;
  }
  default:
    break;
  }
  co_return p;
}

handler_task process_order(context ctx, std::string body, settings_ptr s) {
  auto wanted = order::decode(body);
  if (!wanted)
    co_return wanted.failure();
  auto recorded = co_await ctx.get("facts");
  auto facts = facts_in(recorded);
  if (!facts)
    co_return facts.failure();

  std::uint32_t attempt = 1;
  bool paid_now = false;
  bool failed_now = false;
  bool begins = true; // An attempt to charge.
  if (facts->known()) {
    if (waits_for_payment(*facts)) {
      order_facts learned;
      auto asked = co_await ask_for_payment(ctx, *facts->last_payment());
      learned.payments.push_back(asked);
      ctx.merge("facts", learned.encode());
      facts = merge(*facts, learned);
      paid_now = asked.state == payment_state::paid;
      failed_now = asked.state == payment_state::failed;
    }
    begins = starts_over(*facts, *wanted);
    if (!paid_now && !failed_now && !begins)
      co_return answer_of(ctx.key(), *facts, true);
    attempt = facts->last_payment()->attempt + 1;
    // The order stays what it was; only how it is paid changes.
    auto first = co_await ctx.get("order");
    if (first)
      if (auto o = order::decode(*first)) {
        o->payment_method = wanted->payment_method;
        o->payment_customer = wanted->payment_customer;
        wanted = std::move(o);
      }
  } else {
    ctx.set("order", body);
  }
  auto plan = co_await decide_plan(ctx, s);
  if (paid_now)
    co_return co_await ship_and_confirm(ctx, *wanted, *facts, plan, s);
  if (failed_now && plan.announce)
    post_failed_payment(ctx, *wanted, *facts->last_payment());
  if (!begins)
    co_return answer_of(ctx.key(), *facts, true);

  order_facts begun;
  begun.created_at = ctx.accepted_at();
  begun.updated_at = ctx.accepted_at();
  begun.payments.push_back(
      {attempt, payment_state::pending, wanted->payment_method, {}, {}, {}, {}, 0});
  ctx.merge("facts", begun.encode());
  facts = merge(*facts, begun);
  if (plan.announce && attempt == 1)
    post_new_order(ctx, *wanted);

  auto taken = co_await take_payment(ctx, *wanted, attempt, s);
  if (!taken)
    co_return co_await compensate_and_answer_409(ctx, s);
  ctx.merge("facts", taken->encode());
  // As of now: an event may have said more than the call.
  auto after_payment = co_await ctx.get("facts");
  facts = facts_in(after_payment);
  if (!facts)
    co_return facts.failure();
  const auto& payment = taken->payments.front();
  if (payment.state == payment_state::failed && plan.announce)
    post_failed_payment(ctx, *wanted, payment);
  if (payment.state != payment_state::paid || forbids_shipping(*facts))
    co_return answer_of(ctx.key(), *facts, false);
  co_return co_await ship_and_confirm(ctx, *wanted, *facts, plan, s);
}

/// What is open at the order and at what works for it.
struct open_points {
  json in_doubt = json::array(); ///< Steps whose calls may have taken effect.
  json waiting = json::array();  ///< Steps that wait, are refused again and again or not reached.
  json persons = json::array();  ///< Steps for which a person is called.
  json paused = json::array();   ///< What cannot go on, and why.
};
result<open_points> open_points_of(const durable::read_view& view) {
  open_points open;
  auto add = [&open](const journal::object_state& state) {
    for (const auto& d : journal::open_doubts(state))
      open.in_doubt.push_back(
          {{"step", d.step}, {"since", utc_text(d.since)}, {"reason", d.reason}});
    for (const auto& w : journal::open_waits(state)) {
      open.waiting.push_back({{"step", w.step},
                              {"vendor", w.vendor},
                              {"since", utc_text(w.since)},
                              {"attempts", w.sends},
                              {"last", w.reason},
                              {"next_at", w.next_at > 0 ? json(utc_text(w.next_at)) : json()}});
      if (w.needs_person)
        open.persons.push_back({{"step", w.step}, {"reason", w.reason}});
    }
    for (const auto& i : state.live)
      if (!i.paused_text.empty())
        open.paused.push_back({{"step", i.input.handler}, {"reason", i.paused_text}});
  };
  add(view.state);
  for (const char* service : {"Shipment", "Notification"}) {
    auto other = view.load({service, view.state.id.key});
    if (!other)
      return other.failure();
    add(*other);
  }
  return open;
}

result<std::string> get_order(const durable::read_view& view, std::string_view) {
  const auto& state = view.state;
  const auto* request = state.value("order");
  const auto* recorded = state.value("facts");
  if (request == nullptr || recorded == nullptr)
    return fail({error_kind::not_found, "order", "There is no order " + state.id.key + ".", 404});
  auto o = order::decode(*request);
  if (!o)
    return o.failure();
  auto facts = order_facts::decode(*recorded);
  if (!facts)
    return facts.failure();
  auto j = state_of(state.id.key, *facts);
  j["createdAt"] = utc_text(facts->created_at);
  j["updatedAt"] = utc_text(state.last_time);
  auto open = open_points_of(view);
  if (!open)
    return open.failure();
  j["in_doubt"] = std::move(open->in_doubt);
  j["waiting"] = std::move(open->waiting);
  for (auto& point : open->persons)
    j["attention"].push_back(std::move(point));
  for (auto& point : open->paused)
    j["attention"].push_back(std::move(point));
  if (!j.contains("pending"))
    j["pending"] = json::array();
  if (!j.contains("attention"))
    j["attention"] = json::array();
  if (!facts->notices.empty())
    j["notices"] = facts->notices;
  auto text = j.dump();
  text.insert(1, shown_parts(*o) + ',');
  return text;
}

/// A customer who must authenticate needs the payment's client secret: it is asked for whenever the
/// order is shown, and stored nowhere.
std::optional<durable::response_enricher> client_secret_for(std::string_view answer) {
  if (answer.find("\"requires_action\"") == std::string_view::npos)
    return std::nullopt;
  const auto j = json::parse(answer, nullptr, false);
  if (!j.is_object() || j.value("status", "") != "requires_action" ||
      !j.at("paymentIntentId").is_string())
    return std::nullopt;
  durable::response_enricher part;
  part.operation = stripe::retrieve(j.at("paymentIntentId").get<std::string>()).raw;
  part.add = [](std::string shown, const providers::http_response& response) {
    auto state = stripe::read_intent_state(response);
    auto order = json::parse(shown, nullptr, false);
    if (!state || state->client_secret.empty() || !order.is_object())
      return shown;
    order["clientSecret"] = state->client_secret.reveal();
    return order.dump();
  };
  return part;
}

handler_task cancel_order(context ctx, std::string) {
  auto recorded = co_await ctx.get("facts");
  auto facts = facts_in(recorded);
  if (!facts)
    co_return facts.failure();
  if (!facts->known())
    co_return fail({error_kind::not_found, "order", "There is no order " + ctx.key() + ".", 404});
  if (facts->shipment == shipment_state::in_transit || facts->shipment == shipment_state::delivered)
    co_return fail({error_kind::rejected, "order",
                    "Order " + ctx.key() + " is " + std::string(status_of(*facts)) +
                        " and can no longer be cancelled.",
                    409});
  ctx.cancel_running();
  co_return co_await ctx.call(ctx.object(), "CompensateOrder", {});
}

handler_task compensate_order(context ctx, std::string, settings_ptr s) {
  auto facts = co_await compensate(ctx, s);
  if (!facts)
    co_return facts.failure();
  json j = state_of(ctx.key(), *facts);
  j["refundId"] = text_or_null(refund_id_of(*facts));
  j["message"] = attention_of(*facts).empty()
                     ? "Order cancelled"
                     : "Order cancelled; some of it needs a person's attention";
  co_return j.dump();
}

/// Facts of an order that something outside of it has brought: another object of the order, or the
/// world. Merged beside whatever runs; what forbids to ship stops the shipment.
result<durable::event_outcome> learn(const journal::object_state& state, const order_event& event) {
  const auto* recorded = state.value("facts");
  auto before = recorded != nullptr ? order_facts::decode(*recorded) : order_facts();
  if (!before)
    return before.failure();
  if (!before->known())
    return fail({error_kind::not_found, "order", "There is no order " + state.id.key + ".", 404});
  durable::event_outcome outcome;
  outcome.name = event.name;
  outcome.merges.emplace_back("facts", event.learned.encode());
  outcome.evidence = event.evidence;
  if (!forbids_shipping(*before) && forbids_shipping(merge(*before, event.learned))) {
    const object_id shipment{"Shipment", state.id.key};
    outcome.sends.push_back({shipment, "CancelPurchase", {}});
    outcome.sends.push_back({shipment, "VoidLabel", "report"});
  }
  return outcome;
}

result<durable::event_outcome> record_event(const journal::object_state& state,
                                            std::string_view body) {
  auto event = order_event::decode(body);
  if (!event)
    return event.failure();
  return learn(state, *event);
}

result<durable::event_outcome> record_facts(const char* name, const journal::object_state& state,
                                            std::string_view body) {
  auto learned = order_facts::decode(body);
  if (!learned)
    return learned.failure();
  return learn(state, {name, std::move(*learned), {}});
}

std::string merge_entry(std::string_view, const std::string* current, std::string_view delta) {
  if (current == nullptr)
    return std::string(delta);
  auto have = order_facts::decode(*current);
  auto learned = order_facts::decode(delta);
  // What cannot be read is not overwritten.
  if (!have || !learned)
    return *current;
  return merge(*have, *learned).encode();
}

result<std::string> no_body_or_json(std::string_view, std::string_view) {
  return std::string();
}

} // namespace

durable::service_definition order_service(settings_ptr settings) {
  using durable::handler_definition;
  using durable::handler_mode;
  durable::service_definition service;
  service.merge = &merge_entry;

  handler_definition process;
  process.run = [settings](context ctx, std::string body) {
    return process_order(ctx, std::move(body), settings);
  };
  process.validate = [settings](std::string_view, std::string_view body) -> result<std::string> {
    auto o = check_order(body, settings->rules);
    if (!o)
      return o.failure();
    return o->encode();
  };
  process.enrich = &client_secret_for;
  service.handlers.emplace("ProcessOrder", std::move(process));

  handler_definition get;
  get.mode = handler_mode::read;
  get.read = &get_order;
  get.enrich = &client_secret_for;
  service.handlers.emplace("GetOrder", std::move(get));

  handler_definition cancel;
  cancel.mode = handler_mode::shared;
  cancel.run = &cancel_order;
  cancel.validate = &no_body_or_json;
  service.handlers.emplace("CancelOrder", std::move(cancel));

  handler_definition compensate_it;
  compensate_it.internal = true;
  compensate_it.cancellable = false;
  compensate_it.run = [settings](context ctx, std::string body) {
    return compensate_order(ctx, std::move(body), settings);
  };
  service.handlers.emplace("CompensateOrder", std::move(compensate_it));

  handler_definition record;
  record.mode = handler_mode::event;
  record.internal = true;
  record.event = &record_event;
  service.handlers.emplace("RecordEvent", record);
  record.event = [](const journal::object_state& state, std::string_view body) {
    return record_facts("label_recorded", state, body);
  };
  service.handlers.emplace("RecordLabel", record);
  record.event = [](const journal::object_state& state, std::string_view body) {
    return record_facts("deliveries_recorded", state, body);
  };
  service.handlers.emplace("RecordDeliveries", std::move(record));
  return service;
}

} // namespace orderhub::handlers
