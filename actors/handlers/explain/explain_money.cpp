// Money and goods, as the order's facts have them.
#include "actors/handlers/explain/explain_parts.hpp"
#include "providers/tables/currencies.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace orderhub::handlers {

namespace {

std::string shown(std::int64_t amount, const std::string& currency) {
  return tables::shown({amount, currency});
}

void add_id(std::vector<std::string>& ids, const std::string& id) {
  if (!id.empty() && std::find(ids.begin(), ids.end(), id) == ids.end())
    ids.push_back(id);
}

/// Of one payment: what callers and cancels asked to be given back.
std::int64_t sum_of(const refund_facts& refunds, const payment_fact& p, auto&& is_meant) {
  std::int64_t sum = 0;
  for (const auto& [name, r] : refunds)
    if (r.attempt == p.attempt && is_meant(r.state))
      sum += r.amount;
  for (const auto& [round, r] : p.rounds)
    if (is_meant(r.state))
      sum += r.amount;
  return sum;
}

} // namespace

explained_money money_of(const order_facts& facts, const std::string& currency,
                         std::int64_t total) {
  explained_money m;
  m.currency = currency;
  m.total = total;
  for (const auto& p : facts.payments) {
    add_id(m.ids, p.intent_id);
    add_id(m.ids, p.charge_id);
    add_id(m.ids, p.refund_id);
    if (p.state < payment_state::paid)
      continue;
    m.charged += p.amount.minor_units;
    const auto made = p.by_others + sum_of(facts.refunds, p,
                                           [](refund_state s) { return s == refund_state::made; });
    const auto open = sum_of(facts.refunds, p, [](refund_state s) {
      return s == refund_state::asked || s == refund_state::accepted;
    });
    if (p.state == payment_state::refunded) {
      m.refunded += p.amount.minor_units;
      continue;
    }
    m.refunded += made;
    m.pending += open;
    m.is_refunded_more = m.is_refunded_more || (p.state == payment_state::part_refunded &&
                                                made == 0 && !is_refund_under_way(facts, p));
  }
  for (const auto& [name, r] : facts.refunds)
    add_id(m.ids, r.refund_id);
  return m;
}

std::vector<said> money_words(const order_facts& facts, const explained_money& money) {
  std::vector<said> words;
  const auto total = shown(money.total, money.currency);
  const auto* last = facts.last_payment();
  const bool is_money_here =
      std::any_of(facts.payments.begin(), facts.payments.end(),
                  [](const auto& p) { return p.state >= payment_state::paid; });
  if (is_money_here && money.charged == 0)
    words.push_back(say(sentence::money_free));
  for (const auto& p : facts.payments)
    if (p.state >= payment_state::paid && p.amount.minor_units > 0)
      words.push_back(
          say(sentence::money_charged, {{"amount", shown(p.amount.minor_units, p.amount.currency)},
                                        {"id", charge_id_of(p)}}));
  if (!is_money_here) {
    if (last == nullptr)
      words.push_back(say(sentence::money_none));
    else if (last->state == payment_state::failed)
      words.push_back(say(sentence::money_failed, {{"reason", last->reason}}));
    else if (is_at_bank(facts, *last))
      words.push_back(say(sentence::money_bank, {{"total", total}}));
    else if (last->state == payment_state::requires_action)
      words.push_back(say(sentence::money_customer, {{"total", total}}));
    else
      words.push_back(say(sentence::money_unknown, {{"total", total}}));
  }
  if (money.refunded > 0)
    words.push_back(
        say(sentence::money_given_back, {{"amount", shown(money.refunded, money.currency)}}));
  if (money.is_refunded_more)
    words.push_back(say(sentence::money_given_back_in_part,
                        {{"id", money.ids.empty() ? std::string() : money.ids.front()}}));
  if (money.pending > 0)
    words.push_back(
        say(sentence::money_on_its_way_back, {{"amount", shown(money.pending, money.currency)}}));
  return words;
}

std::vector<said> goods_words(const order_facts& facts) {
  std::vector<said> words;
  if (facts.stock.state == stock_state::refused || facts.stock.state == stock_state::lost)
    words.push_back(say(sentence::stock_short, {{"reason", shortage_text(facts.stock)}}));
  if (!facts.label_id.empty())
    words.push_back(say(sentence::label_bought,
                        {{"label", facts.label_id},
                         {"tracking", facts.tracking_number.empty() ? std::string("not known yet")
                                                                    : facts.tracking_number}}));
  if (facts.label_voided)
    words.push_back(say(sentence::label_voided));
  if (facts.shipment == shipment_state::in_transit)
    words.push_back(say(sentence::parcel_in_transit));
  if (facts.shipment == shipment_state::delivered)
    words.push_back(say(sentence::parcel_delivered));
  if (facts.shipment == shipment_state::returned)
    words.push_back(say(sentence::parcel_returned));
  if (facts.dispute == dispute_state::open)
    words.push_back(say(sentence::dispute_open));
  if (facts.dispute == dispute_state::won)
    words.push_back(say(sentence::dispute_won));
  if (facts.dispute == dispute_state::lost)
    words.push_back(say(sentence::dispute_lost));
  if (facts.cancelled)
    words.push_back(say(sentence::order_cancelled));
  else if (facts.cancelling)
    words.push_back(say(sentence::order_cancelling));
  return words;
}

} // namespace orderhub::handlers
