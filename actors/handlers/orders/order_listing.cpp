#include "actors/handlers/orders/order_listing.hpp"

#include "actors/handlers/deployments/deployment.hpp"
#include "actors/handlers/deployments/deployment_service.hpp"
#include "actors/handlers/explain/explain_parts.hpp"
#include "actors/handlers/explain/step_words.hpp"
#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/fulfilment/fulfilment_request.hpp"
#include "actors/handlers/fulfilment/fulfilment_view.hpp"
#include "actors/handlers/masked_customer.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "actors/handlers/orders/open_points.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/orders/order_row.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "actors/handlers/shipments/parcel.hpp"
#include "actors/handlers/webhooks/webhook_list.hpp"
#include "journal/base/text.hpp"
#include "journal/open_work.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace orderhub::handlers {

using durable::wait_cause;
using journal::listing;
using journal::object_state;

namespace {

constexpr std::array<std::string_view, 13> statuses = {
    "pending",    "requires_action", "out_of_stock", "payment_failed", "paid",
    "confirmed",  "in_transit",      "delivered",    "returned",       "refunded",
    "cancelling", "cancelled",       "disputed"};
constexpr std::array<std::string_view, 3> common_statuses = {"confirmed", "in_transit",
                                                             "delivered"};

std::optional<order> placed_of(const object_state& state) {
  if (const auto* recorded = state.value("order"))
    if (auto placed = order::decode(*recorded))
      return std::move(*placed);
  for (const auto& i : state.live)
    if (i.input.handler == "ProcessOrder")
      if (auto placed = order::decode(i.input.body))
        return std::move(*placed);
  return std::nullopt;
}

/// What of the object's own has not ended: its steps, who is called, and since when.
struct open_work {
  std::vector<listed_step> steps;
  std::vector<listed_person> persons;
  unix_ms doubt_since = 0, person_since = 0, paused_since = 0;
  bool is_paused = false;
};

void note_earlier(unix_ms& since, unix_ms at) {
  if (since == 0 || at < since)
    since = at;
}

open_work open_work_of(const object_state& state) {
  open_work open;
  if (state.live.empty() && !state.paused_by_operator)
    return open;
  static const std::function<result<object_state>(const object_id&)> nobody;
  // Times are for readers: what has waited too long is seen when it is read.
  for (auto& w : open_points_of(durable::read_view{state, nobody, 0}, 0).waiting) {
    listed_step s;
    s.step = std::move(w.step);
    s.vendor = std::move(w.vendor);
    s.cause = w.cause;
    s.since = w.since;
    s.next_at = w.next_at;
    s.attempts = w.attempts;
    s.last = cut_text(std::string_view(w.last), listed_last_max);
    open.steps.push_back(std::move(s));
  }
  const auto take = [&](const journal::open_wait& w) {
    const auto step = std::find_if(open.steps.begin(), open.steps.end(), [&](const auto& s) {
      return s.step == w.step && s.vendor == w.vendor && s.ref.empty();
    });
    if (step != open.steps.end()) {
      step->ref = w.invocation.text() + ':' + std::to_string(w.index);
      step->in_doubt = w.in_doubt && has_effect(w.operation);
    }
    if (w.needs_person) {
      open.persons.push_back({w.step, std::string(cut_text(w.reason, listed_last_max))});
      note_earlier(open.person_since, w.since);
    }
  };
  for (const auto& w : journal::open_waits(state))
    take(w);
  for (const auto& w : journal::calls_out(state))
    take(w);
  for (const auto& d : journal::open_doubts(state))
    if (has_effect(d.operation))
      note_earlier(open.doubt_since, d.since);
  for (const auto& i : state.live)
    if (!i.paused_text.empty()) {
      open.persons.push_back(
          {i.input.handler, std::string(cut_text(i.paused_text, listed_last_max))});
      note_earlier(open.person_since, i.accepted_at);
      note_earlier(open.paused_since, i.accepted_at);
      open.is_paused = true;
    }
  if (state.paused_by_operator) {
    open.is_paused = true;
    const auto by =
        std::find_if(state.operators.rbegin(), state.operators.rend(),
                     [](const auto& o) { return o.action.verb == journal::operator_verb::pause; });
    note_earlier(open.paused_since, by == state.operators.rend() ? state.last_time : by->at);
  }
  std::sort(open.steps.begin(), open.steps.end(), [](const auto& a, const auto& b) {
    return std::tie(a.since, a.step, a.ref) < std::tie(b.since, b.step, b.ref);
  });
  return open;
}

void add_mark(listing& l, std::string name, unix_ms since) {
  l.marks.push_back({std::move(name), since});
}

/// The marks of what is open.
void add_marks(listing& l, const open_work& open) {
  if (open.doubt_since > 0)
    add_mark(l, std::string(list_mark::in_doubt), open.doubt_since);
  if (open.person_since > 0)
    add_mark(l, std::string(list_mark::attention), open.person_since);
  if (open.is_paused)
    add_mark(l, std::string(list_mark::paused), open.paused_since);
  for (const auto& s : open.steps) {
    add_mark(l, std::string(list_mark::waits).append(durable::name_of(s.cause)), s.since);
    if (!s.vendor.empty())
      add_mark(l, std::string(list_mark::vendor) + s.vendor, s.since);
  }
}

void put_row(listing& l, order_row row, open_work open) {
  if (open.steps.size() > listed_steps_max)
    open.steps.resize(listed_steps_max);
  if (row.attention.size() > listed_steps_max)
    row.attention.resize(listed_steps_max);
  row.steps = std::move(open.steps);
  l.row = row.encode();
}

/// Of an object that works for an order: something only while it works, or somebody is called for
/// it.
std::optional<listing> part_of(const object_state& state, std::string bound_to,
                               const std::vector<listed_person>& called = {}) {
  auto open = open_work_of(state);
  for (const auto& person : called)
    if (std::none_of(open.persons.begin(), open.persons.end(),
                     [&](const auto& p) { return p.step == person.step; })) {
      open.persons.push_back(person);
      note_earlier(open.person_since, state.last_time); // When it was called is on no record.
    }
  if (open.steps.empty() && open.persons.empty() && !open.is_paused)
    return std::nullopt;
  listing l;
  order_row row;
  row.is_open = true;
  row.is_paused = open.is_paused;
  row.attention = open.persons;
  row.bound_to = std::move(bound_to);
  add_marks(l, open);
  unix_ms since = 0;
  for (const auto& s : open.steps)
    note_earlier(since, s.since);
  add_mark(l, std::string(list_mark::open), since > 0 ? since : state.last_time);
  put_row(l, std::move(row), std::move(open));
  return l;
}

/// Of one that has not come to its end, and that nothing will wake.
listing stuck_part(const object_state& state, std::string bound_to) {
  listing l;
  order_row row;
  row.is_open = row.may_be_stuck = true;
  row.bound_to = std::move(bound_to);
  add_mark(l, std::string(list_mark::open), state.last_time);
  add_mark(l, std::string(list_mark::maybe_stuck), state.last_time);
  put_row(l, std::move(row), {});
  return l;
}

std::optional<listing> part_listing(const object_state& state) {
  return part_of(state, {});
}

/// Which order a fulfilment is for; empty: its key is the order's, or nobody can say.
std::string order_of_fulfilment(const object_state& state) {
  const auto order_in = [&](std::string_view request) {
    const auto wanted = fulfilment_wanted::decode(request);
    return wanted && wanted->order_id != state.id.key ? wanted->order_id : std::string();
  };
  if (const auto* recorded = state.value("request"))
    return order_in(*recorded);
  for (const auto& i : state.live)
    if (i.input.handler == "Fulfill")
      return order_in(i.input.body);
  return {};
}

/// For whom a person is called, as the order's page has it: of one that has let its order go that
/// page says nothing any more.
std::vector<listed_person> called_for(const fulfilment_facts& facts, const std::string& bound_to) {
  std::vector<listed_person> called;
  if (!bound_to.empty() && (facts.is_over() || facts.cancelled))
    return called;
  for (const auto& [step, why] : open_attention(facts))
    called.push_back({step, std::string(cut_text(why, listed_last_max))});
  return called;
}

/// It is found by its own parcel's number, too.
std::optional<listing> fulfilment_listing(const object_state& state) {
  const auto* recorded = state.value("facts");
  const auto facts = recorded != nullptr ? fulfilment_facts::decode(*recorded)
                                         : result<fulfilment_facts>(fulfilment_facts());
  auto bound_to = order_of_fulfilment(state);
  const auto called = facts ? called_for(*facts, bound_to) : std::vector<listed_person>();
  auto l = part_of(state, bound_to, called);
  if (!l && facts && facts->known() && !facts->ended)
    l = stuck_part(state, std::move(bound_to));
  if (!facts || facts->tracking_number.empty())
    return l;
  if (!l)
    l.emplace();
  l->keys.push_back(key_of_other_id(facts->tracking_number));
  return l;
}

/// Who took over the calls for its steps, as far as a row holds them.
std::vector<listed_ack> acks_of(const object_state& state) {
  std::vector<listed_ack> acks;
  for (auto o = state.operators.rbegin();
       o != state.operators.rend() && acks.size() < listed_steps_max; ++o)
    if (o->action.verb == journal::operator_verb::ack &&
        std::none_of(acks.begin(), acks.end(),
                     [&](const auto& a) { return a.step == o->action.step; }))
      acks.push_back({o->action.step, o->action.who, o->at});
  return acks;
}

bool is_unfinished(std::string_view status) {
  return status == "pending" || status == "paid" || status == "cancelling";
}

void add_keys(listing& l, const order_facts& facts, const explained_money& money,
              const std::optional<order>& placed) {
  for (const auto& id : money.ids)
    l.keys.push_back(key_of_id(id));
  for (const auto* id : {&facts.label_id, &facts.tracking_number})
    if (!id->empty())
      l.keys.push_back(key_of_id(*id));
  if (!placed)
    return;
  if (!placed->customer_email.empty())
    l.keys.push_back(key_of_email(placed->customer_email));
  for (const auto* phone : {&placed->customer_phone, &placed->shipping.phone})
    if (!phone->empty())
      l.keys.push_back(key_of_phone(*phone));
}

std::optional<listing> order_listing(const object_state& state) {
  order_facts facts;
  if (const auto* recorded = state.value("facts")) {
    auto decoded = order_facts::decode(*recorded);
    if (!decoded)
      return std::nullopt; // Its page says so.
    facts = std::move(*decoded);
  }
  listing l;
  l.created = facts.created_at;
  if (l.created == 0)
    for (const auto& i : state.live)
      note_earlier(l.created, i.accepted_at);
  if (l.created == 0)
    return std::nullopt;
  const auto placed = placed_of(state);
  const auto money = placed ? money_of(facts, placed->total.currency, placed->total.minor_units)
                            : money_of(facts, {}, 0);
  auto open = open_work_of(state);
  order_row row;
  row.status = status_of(facts);
  row.total = money.total;
  row.charged = money.charged;
  row.refunded = money.refunded;
  row.currency = money.currency;
  const auto changed_at = std::max(facts.updated_at, l.created);
  if (const auto claims = claims_in(state.value(claims_entry)))
    if (auto holder = claims->holder(); holder && *holder != state.id.key)
      row.bound_to = std::move(*holder);
  row.acks = acks_of(state);
  if (placed)
    row.customer = masked_customer(placed->customer_name, placed->customer_email);
  for (const auto& [step, why] : open_attention(facts))
    row.attention.push_back({step, std::string(cut_text(why, listed_last_max))});
  const bool is_called = !row.attention.empty();
  for (auto& person : open.persons)
    if (!row.is_called_for(person.step))
      row.attention.push_back(std::move(person));
  if (is_called) // When it was called is on no record.
    note_earlier(open.person_since, changed_at);
  if (row.status == "requires_action")
    open.steps.push_back({"charge",
                          "stripe",
                          {},
                          wait_cause::customer,
                          facts.updated_at,
                          0,
                          1,
                          "the customer must authenticate the payment",
                          false});
  const bool has_pending = !handlers::open_steps(facts).empty();
  row.is_open = is_unfinished(row.status) || !state.live.empty() || has_pending || is_called ||
                !open.steps.empty();
  row.is_paused = open.is_paused;
  row.may_be_stuck = is_unfinished(row.status) && state.live.empty() && row.attention.empty() &&
                     open.steps.empty();

  add_marks(l, open);
  unix_ms since = 0;
  for (const auto& s : open.steps)
    note_earlier(since, s.since);
  if (row.is_open)
    add_mark(l, std::string(list_mark::open), since > 0 ? since : l.created);
  if (row.may_be_stuck)
    add_mark(l, std::string(list_mark::maybe_stuck), changed_at);
  auto status = std::string(list_mark::status) + row.status;
  if (is_common_status(row.status))
    l.counts.push_back(std::move(status));
  else
    add_mark(l, std::move(status), l.created);
  add_keys(l, facts, money, placed);
  put_row(l, std::move(row), std::move(open));
  return l;
}

/// It is no order, and found with the one that it names, or by its own id at GitHub.
std::optional<listing> deployment_listing(const object_state& state) {
  listing l;
  const auto* request = state.value("request");
  const auto wanted = request != nullptr ? deployment_wanted::decode(*request)
                                         : result<deployment_wanted>(deployment_wanted());
  if (wanted && !wanted->order_id.empty())
    l.keys.push_back(key_of_named_order(wanted->order_id));
  const auto* recorded = state.value("facts");
  const auto facts = recorded != nullptr ? deployment_facts::decode(*recorded)
                                         : result<deployment_facts>(deployment_facts());
  if (facts && facts->deployment_id != 0)
    l.keys.push_back(key_of_other_id(std::to_string(facts->deployment_id)));
  return l.keys.empty() ? std::nullopt : std::optional(std::move(l));
}

} // namespace

const journal::listing_rules& order_lists() {
  static const journal::listing_rules rules{4,
                                            {{order_service_name, &order_listing},
                                             {shipment_service_name, &part_listing},
                                             {notification_service_name, &part_listing},
                                             {custom_service_name, &part_listing},
                                             {parcel_service_name, nullptr},
                                             {fulfilment_service_name, &fulfilment_listing},
                                             {deployment_service_name, &deployment_listing},
                                             {webhook_service_name, &webhook_listing}}};
  return rules;
}

std::vector<object_id> objects_beside(const std::string& order_id, const std::string& bound_to) {
  std::vector<object_id> all = {shipment_object(order_id), notification_object(order_id),
                                custom_object(order_id), parcel_object(order_id),
                                fulfilment_object(order_id)};
  if (!bound_to.empty())
    all.push_back(fulfilment_object(bound_to));
  return all;
}

bool is_common_status(std::string_view status) {
  return std::find(common_statuses.begin(), common_statuses.end(), status) != common_statuses.end();
}

std::span<const std::string_view> order_statuses() {
  return statuses;
}

std::string key_of_id(std::string_view id) {
  return std::string("i:").append(id);
}

std::string key_of_other_id(std::string_view id) {
  return std::string("x:").append(id);
}

std::string key_of_named_order(std::string_view order_id) {
  return std::string("o:").append(order_id);
}

std::string key_of_order_of_event(std::string_view order_id) {
  return std::string("w:").append(order_id);
}

std::string key_of_email(std::string_view email) {
  std::string key = "m:";
  for (const auto c : email)
    key.push_back(lower_ascii(c));
  return key;
}

std::string key_of_phone(std::string_view phone) {
  std::string key = "p:";
  for (const auto c : phone)
    if (c >= '0' && c <= '9')
      key.push_back(c);
  return key;
}

} // namespace orderhub::handlers
