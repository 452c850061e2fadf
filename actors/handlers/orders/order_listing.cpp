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
#include "actors/handlers/orders/open_points.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/orders/order_row.hpp"
#include "actors/handlers/orders/order_view.hpp"
#include "actors/handlers/shipments/parcel.hpp"
#include "actors/handlers/webhooks/webhook_list.hpp"
#include "journal/base/text.hpp"
#include "journal/open_work.hpp"
#include "providers/slack/message_id.hpp"
#include "providers/twilio/send_sms.hpp"

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
  std::vector<std::string> doubts;
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
  for (auto& w : open_points_of(durable::read_view{state, nobody, 0}, 0).waiting)
    open.steps.push_back(listed_step_of(std::move(w)));
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
    if (has_effect(d.operation)) {
      open.doubts.push_back(d.step);
      note_earlier(open.doubt_since, d.since);
    }
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

/// However many objects of the order have it, it counts once.
void add_mark(listing& l, std::string name, unix_ms since) {
  l.marks.push_back({std::move(name), since, true});
}

/// The marks of what is open.
void add_marks(listing& l, const object_state& state, const open_work& open) {
  if (open.steps.empty())
    for (const auto& w : waits_for_others(state))
      add_mark(l, std::string(list_mark::elsewhere), w.since);
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

/// As a row keeps it.
std::optional<listing> stored(std::optional<listed_part> part) {
  if (!part)
    return std::nullopt;
  if (part->row) {
    auto& row = *part->row;
    if (row.steps.size() > listed_steps_max)
      row.steps.resize(listed_steps_max);
    if (row.attention.size() > listed_steps_max)
      row.attention.resize(listed_steps_max);
    if (row.acks.size() > listed_steps_max)
      row.acks.resize(listed_steps_max);
    part->what.row = row.encode();
    // Rather a shorter row than none: then the order was in no list.
    const auto drop_one = [](auto& list) {
      const bool had = !list.empty();
      if (had)
        list.pop_back();
      return had;
    };
    while (part->what.row.size() > journal::listing_row_max &&
           (drop_one(row.steps) || drop_one(row.acks) || drop_one(row.attention)))
      part->what.row = row.encode();
  }
  return std::move(part->what);
}

unix_ms first_call(const object_state& state) {
  unix_ms first = 0;
  for (const auto& i : state.live)
    note_earlier(first, i.accepted_at);
  return first;
}

/// Of an object that works for an order, while it works.
listed_part part_of(const object_state& state, open_work open) {
  listed_part part;
  part.what.whole = order_object(state.id.key);
  part.created_at = first_call(state);
  order_row row;
  row.is_open = true;
  row.is_paused = open.is_paused;
  row.attention = std::move(open.persons);
  add_marks(part.what, state, open);
  unix_ms since = 0;
  for (const auto& s : open.steps)
    note_earlier(since, s.since);
  add_mark(part.what, std::string(list_mark::open), since > 0 ? since : state.last_time);
  row.steps = std::move(open.steps);
  part.row = std::move(row);
  part.doubts = std::move(open.doubts);
  return part;
}

std::optional<listed_part> service_part(const object_state& state) {
  auto open = open_work_of(state);
  if (open.steps.empty() && open.persons.empty() && !open.is_paused)
    return std::nullopt;
  return part_of(state, std::move(open));
}

/// It is found by its order and by its own parcel's number, too.
std::optional<listed_part> fulfilment_part(const object_state& state) {
  const auto* recorded = state.value("facts");
  const auto decoded = recorded != nullptr ? fulfilment_facts::decode(*recorded)
                                           : result<fulfilment_facts>(fulfilment_facts());
  const auto facts = decoded ? *decoded : fulfilment_facts();
  auto open = open_work_of(state);
  std::vector<listed_person> called;
  for (const auto& [step, why] : open_attention(facts))
    called.push_back({step, std::string(cut_text(why, listed_last_max))});
  if (!called.empty()) // When it was called is on no record.
    note_earlier(open.person_since, state.last_time);
  for (auto& person : open.persons)
    if (std::none_of(called.begin(), called.end(),
                     [&](const auto& c) { return c.step == person.step; }))
      called.push_back(std::move(person));
  open.persons = std::move(called);
  const bool is_half = facts.known() && !facts.ended && state.live.empty() && open.persons.empty();
  const auto order = order_of_fulfilment(state);
  std::optional<listed_part> part;
  // What waits for its order, or for its customer to be told, has no step of its own.
  if (is_half || !state.live.empty() || !open.persons.empty() || open.is_paused) {
    part = part_of(state, std::move(open));
    auto& row = *part->row;
    if (order && *order != state.id.key) {
      part->what.whole = order_object(*order);
      row.bound_to = *order;
    }
    if (facts.known())
      row.status = status_of(facts);
    row.may_be_stuck = is_half && !row.is_paused;
    if (row.may_be_stuck)
      add_mark(part->what, std::string(list_mark::maybe_stuck), state.last_time);
    if (facts.known())
      part->created_at = facts.created_at;
  }
  std::vector<std::string> keys;
  if (order && *order != state.id.key)
    keys.push_back(key_of_fulfilled_order(*order));
  if (!facts.tracking_number.empty())
    keys.push_back(key_of_other_id(facts.tracking_number));
  if (!part && !keys.empty())
    part.emplace();
  if (part)
    part->what.keys = std::move(keys);
  return part;
}

/// Who took over the calls for its steps, the newest first.
std::vector<listed_ack> acks_of(const object_state& state) {
  std::vector<listed_ack> acks;
  for (auto o = state.operators.rbegin(); o != state.operators.rend(); ++o)
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

std::optional<listed_part> own_part(const object_state& state) {
  order_facts facts;
  if (const auto* recorded = state.value("facts")) {
    auto decoded = order_facts::decode(*recorded);
    if (!decoded)
      return std::nullopt; // Its page says so.
    facts = std::move(*decoded);
  }
  listed_part part;
  auto& l = part.what;
  l.whole = order_object(state.id.key);
  l.created = facts.created_at > 0 ? facts.created_at : first_call(state);
  if (l.created == 0)
    return std::nullopt;
  part.created_at = l.created;
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

  add_marks(l, state, open);
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
    l.marks.push_back({std::move(status), l.created}); // No other object has it.
  add_keys(l, facts, money, placed);
  row.steps = std::move(open.steps);
  part.row = std::move(row);
  part.doubts = std::move(open.doubts);
  return part;
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

/// Of a notice, which no order has among its facts: a message's and an SMS's.
std::vector<std::string> notice_ids(std::string_view value) {
  if (value.starts_with(R"({"channel":)"))
    if (const auto message = providers::slack::message_outcome::decode(value))
      return providers::slack::ids_of(*message);
  if (value.starts_with(R"({"sid":)"))
    if (auto sms = providers::twilio::sms_outcome::decode(value); sms && !sms->sid.empty())
      return {std::move(sms->sid)};
  return {};
}

} // namespace

std::optional<listed_part> listed_part_of(const object_state& state) {
  const auto& service = state.id.service;
  if (state.blank())
    return std::nullopt;
  if (service == order_service_name)
    return own_part(state);
  if (service == fulfilment_service_name)
    return fulfilment_part(state);
  if (service == shipment_service_name || service == notification_service_name ||
      service == custom_service_name)
    return service_part(state);
  return std::nullopt;
}

bool is_open_part(const object_state& state) {
  const auto part = listed_part_of(state);
  return part && part->row && part->row->is_open;
}

const journal::listing_rules& order_lists() {
  const auto part = [](const object_state& state) { return stored(listed_part_of(state)); };
  static const journal::listing_rules rules{4,
                                            {{order_service_name, part},
                                             {shipment_service_name, part},
                                             {notification_service_name, part},
                                             {custom_service_name, part},
                                             {parcel_service_name, nullptr},
                                             {fulfilment_service_name, part},
                                             {deployment_service_name, &deployment_listing},
                                             {webhook_service_name, &webhook_listing}},
                                            &notice_ids};
  return rules;
}

std::vector<object_id> objects_of_key(const std::string& order_id) {
  return {order_object(order_id),  shipment_object(order_id), notification_object(order_id),
          custom_object(order_id), parcel_object(order_id),   fulfilment_object(order_id)};
}

listed_step listed_step_of(waiting_step wait) {
  listed_step s;
  s.step = std::move(wait.step);
  s.vendor = std::move(wait.vendor);
  s.cause = wait.cause;
  s.since = wait.since;
  s.next_at = wait.next_at;
  s.attempts = wait.attempts;
  s.last = cut_text(std::string_view(wait.last), listed_last_max);
  return s;
}

std::optional<std::string> order_of_fulfilment(const object_state& fulfilment) {
  if (const auto* request = first_request(fulfilment))
    if (auto wanted = fulfilment_wanted::decode(*request))
      return std::move(wanted->order_id);
  return std::nullopt;
}

std::vector<object_id> objects_beside(const std::string& order_id,
                                      std::span<const std::string> fulfilments) {
  auto all = objects_of_key(order_id);
  all.erase(all.begin());
  for (const auto& key : fulfilments)
    all.push_back(fulfilment_object(key));
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

std::string key_of_fulfilled_order(std::string_view order_id) {
  return std::string("f:").append(order_id);
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
