// What is kept of a finished order's customer goes, or all that is kept of the order. Each object
// gets a record, the order's own last, so that a repeat of what was cut short finds it.
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "actors/handlers/webhooks/webhook_list.hpp"
#include "http_gateway/admin/action_body.hpp"
#include "http_gateway/admin/admin_action.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "http_gateway/webhooks/webhook_desk.hpp"
#include "journal/data_directory.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using handlers::order_objects;
using journal::operator_verb;

/// Events of an order that are looked for: pages of 2,000 events of whatever order.
constexpr std::size_t webhook_pages_max = 100, webhooks_max = 1'000;
/// Of one object, in its record.
constexpr std::size_t named_max = 100;

/// An object, and those of its finished invocations that no index knows to be its.
struct part {
  object_id object;
  std::size_t values = 0, value_bytes = 0, calls = 0, call_bytes = 0;
  std::size_t following = 0, following_bytes = 0; ///< Live; a purge ends it.
  std::vector<invocation_id> named;
  bool is_webhook = false;
};

struct found_parts {
  std::vector<part> parts; ///< The order's own last.
  bool is_whole = true;    ///< False: there may be more events or calls of it.
};

std::size_t bytes_of(const journal::invocation_state& i) {
  auto size = i.input.body.size() + i.output.size();
  for (const auto& e : i.entries)
    size += e.payload.size();
  return size;
}

void add_state(part& to, const journal::object_state& state) {
  to.values = state.values.size();
  for (const auto& [name, value] : state.values)
    to.value_bytes += value.size();
  to.following = state.live.size();
  for (const auto& i : state.live)
    to.following_bytes += bytes_of(i);
}

void add_calls(std::vector<part>& parts, const journal::past_invocations& past) {
  for (const auto& row : past.found) {
    const auto it = std::find_if(parts.begin(), parts.end(),
                                 [&](const part& p) { return p.object == row.object; });
    if (it == parts.end())
      continue;
    ++it->calls;
    it->call_bytes += bytes_of(row.invocation);
    if (it->named.size() < named_max)
      it->named.push_back(row.invocation.id);
  }
}

/// The events that are about the order, each an object of its own.
void add_webhooks(found_parts& to, const std::string& key, const admin_sources& from) {
  if (from.webhooks == nullptr)
    return;
  handlers::webhook_filter wanted;
  wanted.order_id = key;
  std::string after;
  for (std::size_t page_number = 0; page_number < webhook_pages_max; ++page_number) {
    const auto page = from.webhooks->list(wanted, after, webhooks_max);
    if (!page) {
      to.is_whole = false;
      return;
    }
    for (const auto& one : page->entries) {
      if (to.parts.size() >= webhooks_max) {
        to.is_whole = false;
        return;
      }
      part p;
      p.object = handlers::webhook_object(one.key);
      p.is_webhook = true;
      const auto state = from.hub.object(p.object);
      if (!state)
        continue; // Set aside: nothing is done to it.
      add_state(p, *state);
      std::vector<part> alone{std::move(p)};
      if (const auto past =
              from.hub.past(std::array{alone.front().object}, one.received.received_at))
        add_calls(alone, *past);
      to.parts.push_back(std::move(alone.front()));
    }
    if (page->next.empty())
      return;
    after = page->next;
  }
  to.is_whole = false;
}

/// Of an object without a state too: what ended on it may hold as much as any other's. Not of one
/// that is purged.
found_parts parts_of(const order_objects& objects, const admin_sources& from) {
  found_parts found;
  add_webhooks(found, objects.key, from);
  found.is_whole = found.is_whole && objects.past.is_whole;
  std::vector<part> own;
  for (const auto& id : objects.looked_at) {
    part p;
    p.object = id;
    const auto* state = objects.find(id);
    if (state != nullptr && state->purged)
      continue;
    if (state != nullptr)
      add_state(p, *state);
    own.push_back(std::move(p));
  }
  // The order's own is the first.
  std::reverse(own.begin(), own.end());
  add_calls(own, objects.past);
  std::erase_if(own,
                [&](const part& p) { return p.calls == 0 && objects.find(p.object) == nullptr; });
  std::move(own.begin(), own.end(), std::back_inserter(found.parts));
  return found;
}

/// E-mail and phones, by which it is searched.
std::size_t search_keys_of(const order_objects& objects) {
  const auto* own = objects.find(handlers::order_object(objects.key));
  const auto* recorded = own != nullptr ? own->value("order") : nullptr;
  const auto placed = recorded != nullptr ? handlers::order::decode(*recorded)
                                          : result<handlers::order>(fail(error{}));
  if (!placed)
    return 0;
  return (placed->customer_email.empty() ? 0U : 1U) + (placed->customer_phone.empty() ? 0U : 1U) +
         (placed->shipping.phone.empty() || placed->shipping.phone == placed->customer_phone ? 0U
                                                                                             : 1U);
}

json places_json(const found_parts& found, std::size_t search_keys, bool purges) {
  json list = json::array();
  const auto add = [&](std::string_view place, const std::string& object, std::size_t count,
                       std::size_t bytes) {
    if (count > 0)
      list.push_back({{"place", place}, {"object", object}, {"count", count}, {"bytes", bytes}});
  };
  for (const auto& p : found.parts) {
    add(p.is_webhook ? "webhook" : "state", p.object.text(), p.values, p.value_bytes);
    add(p.is_webhook ? "webhook_calls" : "calls", p.object.text(), p.calls, p.call_bytes);
    if (purges)
      add("following", p.object.text(), p.following, p.following_bytes);
  }
  if (!found.parts.empty())
    add("search_keys", found.parts.back().object.text(), search_keys, 8 * search_keys);
  return list;
}

/// `all`: null where they are not known any more.
json left_json(bool purges, const found_parts* all, const admin_sources& from) {
  json list = json::array();
  const auto add = [&](std::string_view what, std::string text, unix_ms at = 0) {
    list.push_back({{"what", what}, {"at", time_json<json>(at)}, {"text", std::move(text)}});
  };
  add("rows", "Rows are rewritten when the record is folded, within seconds; a read shows the new "
              "state at once.");
  add("free_pages", "Pages that were freed in data.mdb keep their old bytes until they are used "
                    "again, or until `orderhub journal compact`.");
  add("commit_log", "Segments of the commit log keep old records until they are used again, or "
                    "until `orderhub journal compact`.");
  const auto& directory = from.about.directory;
  if (const auto at = directory.empty() ? 0 : journal::last_backup_of(directory); at > 0)
    add("backup", "The last backup was made then; it and earlier ones hold what was there.", at);
  else
    add("backup", "Backups that were made before hold what was there.");
  add("vendor_ids", "That a vendor's id is this order's stays where its webhooks are configured.");
  add("audit", "What people did stays, with their reasons.");
  if (purges)
    add("tombstone", "That the key was used stays: ProcessOrder with it is 409 purged.");
  if (all == nullptr)
    return list;
  if (!purges && std::any_of(all->parts.begin(), all->parts.end(),
                             [](const part& p) { return p.following > 0; }))
    add("following", "What becomes of a parcel or SMS that is on its way is asked for until it has "
                     "come, by the vendor's number of it alone.");
  if (!all->is_whole)
    add("more", "There are more events or calls than are counted here: ask again.");
  return list;
}

std::string value_of(const part& p) {
  std::string ids;
  for (const auto& id : p.named)
    ids.append(reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size());
  return ids;
}

bool is_known(const order_objects& objects, const std::string& id, operator_verb verb) {
  return std::any_of(objects.states.begin(), objects.states.end(), [&](const auto& state) {
    return std::any_of(state.operators.begin(), state.operators.end(),
                       [&](const auto& o) { return o.action.id == id && o.action.verb == verb; });
  });
}

/// Its status where that is not the last one, though nothing runs: a customer who has still to
/// confirm the payment may do so, and is to get the goods or the money back. Else empty.
std::string_view unfinished_status(const order_objects& objects) {
  const auto* own = objects.find(handlers::order_object(objects.key));
  const auto* recorded = own != nullptr ? own->value("facts") : nullptr;
  if (recorded == nullptr)
    return {};
  const auto facts = handlers::order_facts::decode(*recorded);
  if (!facts)
    return {};
  for (const std::string_view status : {"pending", "requires_action", "paid", "cancelling"})
    if (handlers::status_of(*facts) == status)
      return status;
  return {};
}

/// Why not now.
std::optional<admin_problem> refused(const order_objects& objects, const admin_sources& from) {
  if (!objects.set_aside.empty() || !objects.not_read.empty())
    return problem_of(admin_reason::not_possible,
                      "A part of order " + objects.key +
                          " cannot be read and is set aside: its bytes stay as they are, so it "
                          "cannot be erased; see `orderhub journal verify`.");
  if (const auto status = unfinished_status(objects); !status.empty())
    return problem_of(admin_reason::not_finished,
                      "Order " + objects.key + " is not finished, it is " + std::string(status) +
                          ": money may still come for it. Nothing was done; cancel it, or wait.");
  for (const auto& state : objects.states)
    if (!from.hub.is_finished(state))
      return problem_of(admin_reason::not_finished, "Order " + objects.key +
                                                        " is not finished: " + state.id.text() +
                                                        " has something to do yet. Nothing was "
                                                        "done; cancel it, or wait.");
  if (const auto share = from.hub.listing_share(); !share || *share)
    return problem_of(admin_reason::unavailable,
                      "The lists of orders are being made, and without them not all of it is "
                      "found; try again when `indexing` is over.");
  return std::nullopt;
}

admin_answer erased_or_purged(const admin_action& action, const admin_sources& from,
                              operator_verb verb) {
  auto read = read_action_body(action.body, body_form::plain);
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  const auto& body = std::get<0>(read);
  auto found = read_order(action.call.key(), from, handlers::order_part::all);
  if (auto* problem = std::get_if<admin_problem>(&found))
    return std::move(*problem);
  const auto& objects = std::get<0>(found);
  const auto own = handlers::order_object(objects.key);
  const bool purges = verb == operator_verb::purge;
  const bool dry = action.is_dry_run();
  const auto id = action_id_of(action.who, action.idempotency_key, action.call.key());
  const auto version = objects.version();
  const auto answer = [&](json places, json left) {
    const json j{{"audit_id", dry ? json(nullptr) : json(id)},
                 {"version", version},
                 {"effect", "accepted"},
                 {"dry_run", dry},
                 {"places", std::move(places)},
                 {"left", std::move(left)}};
    auto page = page_of(j, std::to_string(version));
    page.status = dry ? 200 : 202;
    return page;
  };
  if (purges && objects.is_purged() && is_known(objects, id, verb))
    return answer(json::array(), left_json(purges, nullptr, from));
  if (auto problem = refused(objects, from))
    return std::move(*problem);
  const auto all = parts_of(objects, from);
  // What was asked for it after that, and refused, goes as well.
  if (objects.is_purged() && all.parts.empty())
    return problem_of(admin_reason::purged);
  if (objects.find(own) == nullptr && objects.fulfilment() == nullptr)
    return problem_of(admin_reason::no_such_order, {}, "key");
  const bool expects = body.expect_version && !is_known(objects, id, verb);
  if (expects && *body.expect_version != version)
    return problem_of(admin_reason::changed, {}, "expect_version");

  auto places = places_json(all, search_keys_of(objects), purges);
  auto left = left_json(purges, &all, from);
  if (dry)
    return answer(std::move(places), std::move(left));
  // The first record stands for all of them: those of the order follow from it.
  auto unchanged = expects ? objects_as_seen(objects) : std::vector<host::seen_object>();
  for (const auto& p : all.parts) {
    const bool stands_for_all =
        &p == &all.parts.back(); // The order's own, where it is one of them.
    auto record = signed_by(action.who, action.request_id);
    record.verb = verb;
    record.reason = body.reason;
    record.id = id;
    record.target = stands_for_all ? "" : objects.key;
    // Its steps' keys at the vendors are made of its own.
    const bool has_keys = p.object == own || p.object.service == handlers::fulfilment_service_name;
    record.wanted = purges && has_keys ? "tombstone" : "";
    record.value = value_of(p);
    const auto reply =
        act_now(action, {p.object, {}, std::move(record), {}, std::exchange(unchanged, {})});
    if (reply.status == 412)
      return problem_of(admin_reason::changed, {}, "expect_version");
    if (reply.status == 404)
      return problem_of(admin_reason::not_finished,
                        p.object.text() + " has something to do meanwhile; what was before it is "
                                          "done. Ask again when it is finished.");
    if (reply.status == 409)
      return problem_of(admin_reason::idempotency_conflict, {}, "idempotency-key");
    if (reply.status != 202)
      return problem_of(admin_reason::unavailable, std::string(late_text));
  }
  return answer(std::move(places), std::move(left));
}

} // namespace

admin_answer erase_order(const admin_action& action, const admin_sources& from) {
  return erased_or_purged(action, from, operator_verb::erase);
}
admin_answer purge_order(const admin_action& action, const admin_sources& from) {
  return erased_or_purged(action, from, operator_verb::purge);
}

} // namespace orderhub::http_gateway
