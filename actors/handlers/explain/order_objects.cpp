#include "actors/handlers/explain/order_objects.hpp"

#include "actors/handlers/deployments/deployment_service.hpp"
#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/fulfilment_claim.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/orders/order_listing.hpp"
#include "journal/record.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace orderhub::handlers {

namespace {

void read_object(const order_reader& reader, const object_id& id, order_objects& to) {
  auto state = reader.object(id);
  if (state) {
    if (!state->blank())
      to.states.push_back(std::move(*state));
  } else {
    auto& list = state.error().kind == error_kind::corrupt ? to.set_aside : to.not_read;
    list.emplace_back(id, state.error().message);
  }
}

/// When the order's first request was accepted; without an order its fulfilment's; else the oldest
/// that is still there, or the last that was heard of any of them.
unix_ms accepted_at(const order_objects& objects) {
  if (const auto* order = objects.find(order_object(objects.key))) {
    if (const auto* recorded = order->value("facts"))
      if (const auto facts = order_facts::decode(*recorded); facts && facts->known())
        return facts->created_at;
    if (!order->live.empty())
      return order->live.front().accepted_at;
  }
  if (const auto* fulfilment = objects.fulfilment())
    if (const auto* recorded = fulfilment->value("facts"))
      if (const auto facts = fulfilment_facts::decode(*recorded); facts && facts->known())
        return facts->created_at;
  unix_ms oldest = 0, last = 0;
  for (const auto& state : objects.states) {
    last = std::max(last, state.last_time);
    for (const auto& i : state.live)
      if (oldest == 0 || i.accepted_at < oldest)
        oldest = i.accepted_at;
  }
  return oldest > 0 ? oldest : last;
}

/// Ids that an invocation names: its caller's, and of whom it called.
std::vector<invocation_id> named_in(const journal::invocation_state& i) {
  std::vector<invocation_id> ids;
  if (i.input.caller)
    ids.push_back(i.input.caller->invocation);
  for (const auto& e : i.entries)
    if (e.kind == journal::record_kind::call || e.kind == journal::record_kind::send)
      if (const auto p = journal::decode_call(e.payload))
        ids.push_back(p->invocation);
  return ids;
}

/// What has ended since the last checkpoint is in no row yet: those of them that others name are
/// found by their ids.
void follow_names(const order_reader& reader, std::span<const object_id> all, order_objects& to) {
  std::set<invocation_id> known;
  std::vector<invocation_id> open;
  const auto add_names = [&](const journal::invocation_state& i) {
    for (const auto& id : named_in(i))
      open.push_back(id);
  };
  for (const auto& state : to.states)
    for (const auto& i : state.live) {
      known.insert(i.id);
      add_names(i);
    }
  for (const auto& row : to.past.found) {
    known.insert(row.invocation.id);
    add_names(row.invocation);
  }
  for (std::size_t asked = 0; !open.empty() && asked < followed_max;) {
    const auto id = open.back();
    open.pop_back();
    if (!known.insert(id).second)
      continue;
    ++asked;
    auto row = reader.invocation(id);
    if (!row || !*row || !(*row)->invocation.finished ||
        std::find(all.begin(), all.end(), (*row)->object) == all.end())
      continue;
    add_names((*row)->invocation);
    to.past.found.push_back(std::move(**row));
  }
}

/// The newest of a person's actions of that kind on it; 0: there is none.
unix_ms erased_at(const journal::object_state& state) {
  unix_ms at = 0;
  for (const auto& o : state.operators)
    if (o.action.verb == journal::operator_verb::erase)
      at = std::max(at, o.at);
  return at;
}

/// Rows are written anew when the record is folded; nobody sees the old ones until then.
void hide_erased(order_objects& in) {
  if (in.is_purged())
    in.past.found.clear();
  for (auto& row : in.past.found)
    if (const auto* state = in.find(row.object);
        state != nullptr && row.invocation.finished_at <= erased_at(*state))
      journal::erase_content(row.invocation);
}

/// A fulfilment's key is its own, and may be that of an order that is not the one it fulfils.
bool is_of_another_order(const journal::object_state& fulfilment, const std::string& key) {
  const auto order = order_of_fulfilment(fulfilment);
  return order && *order != key;
}

/// Those that have the order or had it, or were asked for it (`all`): the one that has it first,
/// and before the others the one of the order's key. An order has none of another order's, and of
/// those that gave it back only what is open. True: all of them.
bool read_fulfilments(const order_reader& reader, order_part part, order_objects& to) {
  result<fulfilment_claims> claims;
  const auto* order = to.find(order_object(to.key));
  if (order != nullptr)
    claims = claims_in(order->value(claims_entry));
  std::vector<std::string> keys;
  if (claims)
    keys = claims->others(to.key);
  const bool is_elsewhere = claims && claims->holder() && *claims->holder() != to.key;
  keys.insert(keys.begin() + (is_elsewhere ? 1 : 0), to.key);
  if (claims && part == order_part::all)
    for (const auto& [key, round] : claims->by_key)
      if (std::find(keys.begin(), keys.end(), key) == keys.end())
        keys.push_back(key);
  bool is_whole = true;
  if (part == order_part::all && reader.bearing) {
    const auto named = reader.bearing(key_of_fulfilled_order(to.key), fulfilments_max);
    is_whole = named && named->size() < fulfilments_max;
    if (named)
      for (const auto& o : *named)
        if (std::find(keys.begin(), keys.end(), o.object.key) == keys.end())
          keys.push_back(o.object.key);
  }
  // Of a key that is no order's, the fulfilment of that key is told of, whatever it is for.
  const bool takes_foreign = order == nullptr && part != order_part::all;
  for (const auto& key : keys) {
    const auto id = fulfilment_object(key);
    read_object(reader, id, to);
    const auto* found = to.find(id);
    const bool is_foreign =
        found != nullptr && !takes_foreign && is_of_another_order(*found, to.key);
    const bool is_over = found != nullptr && claims && part != order_part::all &&
                         claims->gave_back(key, to.key) && !is_open_part(*found);
    if (is_foreign || is_over)
      std::erase_if(to.states, [&](const auto& state) { return state.id == id; });
    else
      to.looked_at.push_back(id);
  }
  return is_whole;
}

/// That name the order, and the one of its key. The order's own are told of without them.
void read_deployments(const order_reader& reader, order_objects& to) {
  std::vector<object_id> named;
  if (reader.beside.deployments && reader.bearing)
    if (auto known = reader.bearing(key_of_named_order(to.key), deployments_max))
      for (auto& o : *known)
        named.push_back(std::move(o.object));
  const object_id own{deployment_service_name, to.key};
  if (std::find(named.begin(), named.end(), own) == named.end())
    named.push_back(own);
  for (const auto& id : named)
    if (auto state = reader.object(id); state && !state->blank())
      to.deployments.push_back(std::move(*state));
}

/// One that is damaged, or forgotten meanwhile, is left out.
void read_webhooks(const order_reader& reader, order_objects& to) {
  if (!reader.beside.webhooks || !reader.bearing)
    return;
  const auto named = reader.bearing(key_of_order_of_event(to.key), webhooks_read_max);
  if (!named)
    return;
  const auto ended = [&](const invocation_id& id) -> std::optional<result<std::string>> {
    const auto row = reader.invocation(id);
    if (!row || !*row || !(*row)->invocation.finished)
      return std::nullopt;
    auto outcome = journal::decode_result((*row)->invocation.output);
    return outcome ? std::optional(std::move(*outcome)) : std::nullopt;
  };
  for (const auto& o : *named)
    if (auto state = reader.object(o.object))
      if (auto one = webhook_in(*state, ended); one && one->order_id() == to.key)
        to.webhooks.push_back(std::move(*one));
  std::sort(to.webhooks.begin(), to.webhooks.end(), [](const auto& a, const auto& b) {
    return std::tie(a.received.received_at, a.key) < std::tie(b.received.received_at, b.key);
  });
  to.has_more_webhooks = named->size() == webhooks_read_max || to.webhooks.size() > webhooks_max;
  if (to.webhooks.size() > webhooks_max)
    to.webhooks.erase(to.webhooks.begin(),
                      to.webhooks.end() - static_cast<std::ptrdiff_t>(webhooks_max));
}

} // namespace

log_sequence order_objects::version() const {
  log_sequence newest = 0;
  for (const auto& state : states)
    newest = std::max(newest, state.folded_to);
  return newest;
}

bool order_objects::is_purged() const {
  const auto* own = find(order_object(key));
  return own != nullptr && own->purged;
}

const journal::object_state* order_objects::find(const object_id& id) const {
  const auto it =
      std::find_if(states.begin(), states.end(), [&](const auto& s) { return s.id == id; });
  return it == states.end() ? nullptr : &*it;
}

bool order_objects::has_order() const {
  const auto* own = find(order_object(key));
  return own != nullptr && (own->value("facts") != nullptr || !own->live.empty() || own->purged);
}

const journal::object_state* order_objects::fulfilment() const {
  const auto it = std::find_if(states.begin(), states.end(), [](const auto& s) {
    return s.id.service == fulfilment_service_name && s.value("facts") != nullptr;
  });
  return it == states.end() ? nullptr : &*it;
}

const journal::object_state* order_objects::deployment_alone() const {
  return !states.empty() && states.front().id.service == deployment_service_name ? &states.front()
                                                                                 : nullptr;
}

order_objects read_order(const order_reader& reader, const std::string& key, order_part part) {
  order_objects objects;
  objects.key = key;
  auto& all = objects.looked_at;
  for (const auto& id : objects_of_key(key))
    if (id.service != fulfilment_service_name) { // A fulfilment's key is its own.
      all.push_back(id);
      read_object(reader, id, objects);
    }
  const bool is_whole = read_fulfilments(reader, part, objects);
  read_deployments(reader, objects);
  if (objects.is_unknown())
    for (const auto& d : objects.deployments)
      if (d.id.key == key) {
        all.push_back(d.id);
        objects.states.push_back(d);
      }
  if (const auto at = accepted_at(objects); at > 0 || part == order_part::all)
    if (auto past = reader.past(all, at))
      objects.past = std::move(*past);
  objects.past.is_whole = objects.past.is_whole && is_whole;
  follow_names(reader, all, objects);
  if (!objects.is_purged())
    read_webhooks(reader, objects);
  hide_erased(objects);
  return objects;
}

} // namespace orderhub::handlers
