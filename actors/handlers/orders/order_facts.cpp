#include "actors/handlers/orders/order_facts.hpp"

#include "journal/base/bytes.hpp"

#include <algorithm>
#include <tuple>

namespace orderhub::handlers {

namespace {

constexpr std::uint8_t facts_version = 7;
/// Before it, what a cancel gave back was in no fact.
constexpr std::uint8_t version_before_rounds = 6;
constexpr std::string_view done_mark = "done";

void put(byte_writer& w, const std::map<std::string, std::string, std::less<>>& m) {
  w.u16(static_cast<std::uint16_t>(m.size()));
  for (const auto& [name, text] : m) {
    w.str8(name);
    w.str32(text);
  }
}

std::map<std::string, std::string, std::less<>> get_map(byte_reader& r) {
  std::map<std::string, std::string, std::less<>> m;
  for (auto n = r.u16(); n > 0 && r.ok(); --n) {
    auto name = std::string(r.str8());
    m.insert_or_assign(std::move(name), std::string(r.str32()));
  }
  return m;
}

/// Any rule that does not depend on the order will do: the greater one.
void take_greater(std::string& to, const std::string& from) {
  if (from > to)
    to = from;
}

/// An attempt has one currency; without an amount its currency says nothing.
void take_greater(money& to, const money& from) {
  if (std::tie(from.minor_units, from.currency) > std::tie(to.minor_units, to.currency))
    to = from;
}

void take_greater(std::map<std::string, std::string, std::less<>>& to,
                  const std::map<std::string, std::string, std::less<>>& from) {
  for (const auto& [name, text] : from)
    take_greater(to[name], text);
}

} // namespace

const payment_fact* order_facts::payment_of(std::uint32_t attempt) const {
  const auto it = std::find_if(payments.begin(), payments.end(),
                               [&](const payment_fact& p) { return p.attempt == attempt; });
  return it == payments.end() ? nullptr : &*it;
}

const payment_fact* order_facts::payment_with_money() const {
  const auto it = std::find_if(payments.rbegin(), payments.rend(), &is_money);
  return it == payments.rend() ? nullptr : &*it;
}

std::string order_facts::encode() const {
  byte_writer w(192);
  w.u8(facts_version);
  w.i64(created_at);
  w.i64(updated_at);
  w.u16(static_cast<std::uint16_t>(payments.size()));
  for (const auto& p : payments) {
    w.u32(p.attempt);
    w.u8(static_cast<std::uint8_t>(p.state));
    w.str32(p.method);
    w.str32(p.intent_id);
    w.str32(p.charge_id);
    w.str32(p.reason);
    w.str32(p.refund_id);
    w.i64(p.amount.minor_units);
    w.str8(p.amount.currency);
    w.u32(p.refund_round);
    put(w, p.rounds);
    w.i64(p.by_others);
  }
  w.u8(static_cast<std::uint8_t>(shipment));
  w.str32(label_id);
  w.str32(tracking_number);
  w.str32(label_url);
  w.str32(tracking_url);
  w.u8(static_cast<std::uint8_t>(dispute));
  w.u8(static_cast<std::uint8_t>((label_voided ? 1U : 0U) | (confirmed ? 2U : 0U) |
                                 (cancelling ? 4U : 0U) | (cancelled ? 8U : 0U)));
  put(w, notices);
  put(w, pending);
  put(w, attention);
  put(w, stock);
  put(w, refunds);
  return w.take();
}

result<order_facts> order_facts::decode(std::string_view bytes) {
  byte_reader r(bytes);
  order_facts f;
  const auto version = r.u8();
  if (version != facts_version && version != version_before_rounds)
    return fail({error_kind::corrupt, "order_facts", "unknown version"});
  f.created_at = r.i64();
  f.updated_at = r.i64();
  for (auto n = r.u16(); n > 0 && r.ok(); --n) {
    payment_fact p;
    p.attempt = r.u32();
    p.state = static_cast<payment_state>(r.u8());
    p.method = std::string(r.str32());
    p.intent_id = std::string(r.str32());
    p.charge_id = std::string(r.str32());
    p.reason = std::string(r.str32());
    p.refund_id = std::string(r.str32());
    p.amount.minor_units = r.i64();
    p.amount.currency = std::string(r.str8());
    p.refund_round = r.u32();
    if (version > version_before_rounds) {
      p.rounds = get_cancel_refunds(r);
      p.by_others = r.i64();
    }
    f.payments.push_back(std::move(p));
  }
  f.shipment = static_cast<shipment_state>(r.u8());
  f.label_id = std::string(r.str32());
  f.tracking_number = std::string(r.str32());
  f.label_url = std::string(r.str32());
  f.tracking_url = std::string(r.str32());
  f.dispute = static_cast<dispute_state>(r.u8());
  const auto flags = r.u8();
  f.label_voided = (flags & 1U) != 0;
  f.confirmed = (flags & 2U) != 0;
  f.cancelling = (flags & 4U) != 0;
  f.cancelled = (flags & 8U) != 0;
  f.notices = get_map(r);
  f.pending = get_map(r);
  f.attention = get_map(r);
  f.stock = get_stock(r);
  f.refunds = get_refunds(r);
  if (!r.done())
    return fail({error_kind::corrupt, "order_facts", "cut short or too long"});
  return f;
}

order_facts merge(const order_facts& a, const order_facts& b) {
  order_facts f = a;
  if (f.created_at == 0 || (b.created_at != 0 && b.created_at < f.created_at))
    f.created_at = b.created_at;
  f.updated_at = std::max(a.updated_at, b.updated_at);
  for (const auto& p : b.payments) {
    auto it = std::lower_bound(
        f.payments.begin(), f.payments.end(), p.attempt,
        [](const payment_fact& x, std::uint32_t attempt) { return x.attempt < attempt; });
    if (it == f.payments.end() || it->attempt != p.attempt) {
      f.payments.insert(it, p);
      continue;
    }
    it->state = std::max(it->state, p.state);
    take_greater(it->method, p.method);
    take_greater(it->intent_id, p.intent_id);
    take_greater(it->charge_id, p.charge_id);
    take_greater(it->reason, p.reason);
    take_greater(it->refund_id, p.refund_id);
    take_greater(it->amount, p.amount);
    it->refund_round = std::max(it->refund_round, p.refund_round);
    it->rounds = merge(it->rounds, p.rounds);
    it->by_others = std::max(it->by_others, p.by_others);
  }
  f.shipment = std::max(a.shipment, b.shipment);
  take_greater(f.label_id, b.label_id);
  take_greater(f.tracking_number, b.tracking_number);
  take_greater(f.label_url, b.label_url);
  take_greater(f.tracking_url, b.tracking_url);
  f.dispute = std::max(a.dispute, b.dispute);
  f.stock = merge(a.stock, b.stock);
  f.refunds = merge(a.refunds, b.refunds);
  f.label_voided = a.label_voided || b.label_voided;
  f.confirmed = a.confirmed || b.confirmed;
  f.cancelling = a.cancelling || b.cancelling;
  f.cancelled = a.cancelled || b.cancelled;
  take_greater(f.notices, b.notices);
  take_greater(f.attention, b.attention);
  for (const auto& [step, text] : b.pending) {
    auto& mine = f.pending[step];
    // `done` wins over every open text.
    if (text == done_mark || mine == done_mark)
      mine = done_mark;
    else
      take_greater(mine, text);
  }
  return f;
}

std::string merge_facts(std::string_view, const std::string* current, std::string_view delta) {
  if (current == nullptr)
    return std::string(delta);
  auto have = order_facts::decode(*current);
  auto learned = order_facts::decode(delta);
  // What cannot be read is not overwritten.
  if (!have || !learned)
    return *current;
  return merge(*have, *learned).encode();
}

std::string_view charge_id_of(const payment_fact& p) {
  return p.charge_id.empty() ? p.intent_id : p.charge_id;
}

std::string_view refund_id_of(const order_facts& f) {
  for (const auto& p : f.payments)
    if (!p.refund_id.empty())
      return p.refund_id;
  return {};
}

bool is_money(const payment_fact& p) {
  return p.state == payment_state::paid || p.state == payment_state::part_refunded;
}

std::int64_t left_to_refund(const order_facts& f) {
  const auto* payment = f.payment_with_money();
  return payment == nullptr ? 0 : left_of(f, *payment);
}

std::int64_t left_of(const order_facts& f, const payment_fact& p) {
  return p.amount.minor_units - standing_sum(f.refunds, p.attempt) - standing_sum(p.rounds) -
         p.by_others;
}

bool is_all_given_back(const order_facts& f, const payment_fact& p) {
  const bool is_open = std::any_of(p.rounds.begin(), p.rounds.end(), [](const auto& round) {
    return round.second.state == refund_state::accepted;
  });
  if (is_open || is_refund_open(f.refunds, p.attempt))
    return false;
  if (p.amount.minor_units == 0) // Not known here: then all that is left was asked for.
    return !p.rounds.empty() && p.rounds.rbegin()->second.state == refund_state::made;
  return left_of(f, p) <= 0;
}

bool may_have_been_made(const payment_fact& p) {
  return p.state == payment_state::pending && p.intent_id.empty() && !p.reason.empty();
}

bool is_returnable(const payment_fact& p) {
  return !p.intent_id.empty() && p.state != payment_state::refunded &&
         p.state != payment_state::failed;
}

bool is_to_be_returned(const order_facts& f, const payment_fact& p) {
  return is_returnable(p) && !is_refund_under_way(f, p);
}

bool is_out_of_stock(const order_facts& f) {
  const auto* payment = f.last_payment();
  return f.stock.state == stock_state::refused &&
         (payment == nullptr || payment->state == payment_state::failed);
}

bool forbids_shipping(const order_facts& f) {
  const auto* payment = f.last_payment();
  return f.cancelled || f.cancelling || f.dispute == dispute_state::open ||
         f.dispute == dispute_state::lost ||
         (payment != nullptr && payment->state == payment_state::refunded);
}

bool is_shipping_over(const order_facts& f) {
  return f.cancelled || (forbids_shipping(f) && f.shipment < shipment_state::in_transit);
}

bool is_sale_undone(const order_facts& f) {
  const auto* payment = f.last_payment();
  return f.dispute == dispute_state::lost ||
         (payment != nullptr && payment->state == payment_state::refunded);
}

bool has_open_compensation(const order_facts& f) {
  const bool money_is_out =
      std::any_of(f.payments.begin(), f.payments.end(), [&](const payment_fact& p) {
        return is_to_be_returned(f, p) && !is_all_given_back(f, p);
      });
  return f.cancelled && (money_is_out || f.stock.is_kept() ||
                         (f.attention.contains("void_label") && !f.label_voided));
}

std::string_view status_of(const order_facts& f) {
  if (f.cancelled)
    return "cancelled";
  if (f.cancelling)
    return "cancelling";
  if (f.dispute == dispute_state::open || f.dispute == dispute_state::lost)
    return "disputed";
  const auto* payment = f.last_payment();
  const auto paid = payment == nullptr ? payment_state::none : payment->state;
  if (paid == payment_state::refunded)
    return "refunded";
  switch (f.shipment) {
  case shipment_state::delivered:
    return "delivered";
  case shipment_state::returned:
    return "returned";
  case shipment_state::in_transit:
    return "in_transit";
  case shipment_state::label:
  case shipment_state::none:
    break;
  }
  if (is_out_of_stock(f))
    return "out_of_stock";
  switch (paid) {
  case payment_state::paid:
  case payment_state::part_refunded:
    return f.confirmed ? "confirmed" : "paid";
  case payment_state::failed:
    return "payment_failed";
  case payment_state::requires_action: // Its customer has authenticated it, then it is the bank's.
    return is_at_bank(f, *payment) ? "pending" : "requires_action";
  default:
    return "pending";
  }
}

std::vector<std::string> open_steps(const order_facts& f) {
  std::vector<std::string> open;
  const bool awaits_tracking = !is_open(f, "label") && !f.label_voided && !is_shipping_over(f);
  for (const auto& [step, text] : f.pending)
    if (text != done_mark && (awaits_tracking || step != tracking_step))
      open.push_back(step);
  return open;
}

bool is_undone_extra(std::string_view why) {
  return why.starts_with(taken_twice_and_given_back) || why.starts_with(bought_twice_and_voided);
}

bool is_known_extra(const order_facts& f, std::string_view intent_id) {
  const auto tells = [&](const auto& points) {
    return std::any_of(points.begin(), points.end(), [&](const auto& point) {
      return point.first.starts_with(extra_charge_step) &&
             point.second.find(intent_id) != std::string::npos;
    });
  };
  return tells(f.pending) || tells(f.attention);
}

bool is_open(const order_facts& f, std::string_view step) {
  const auto it = f.pending.find(step);
  return it != f.pending.end() && it->second != done_mark;
}

std::string payment_step(const payment_fact& p) {
  return p.attempt > 1 ? "payment_" + std::to_string(p.attempt) : "payment";
}

bool is_at_bank(const order_facts& f, const payment_fact& p) {
  return p.state < payment_state::failed && is_open(f, payment_step(p));
}

std::string refund_step(std::uint32_t attempt, std::uint32_t round) {
  const auto step = attempt > 1 ? "refund_" + std::to_string(attempt) : std::string("refund");
  return round > 0 ? step + '.' + std::to_string(round) : step;
}

bool is_refund_under_way(const order_facts& f, const payment_fact& p, std::string_view but_for) {
  const auto first = refund_step(p.attempt, 0);
  return std::any_of(f.pending.begin(), f.pending.end(), [&](const auto& open) {
    const auto& [step, text] = open;
    return text != done_mark && step != but_for && step.starts_with(first) &&
           (step.size() == first.size() || step[first.size()] == '.');
  });
}

bool is_tracking_promised(const order_facts& f) {
  const auto it = f.pending.find(tracking_step);
  return it != f.pending.end() && it->second == tracking_promised;
}

} // namespace orderhub::handlers
