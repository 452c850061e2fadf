#include "http_gateway/admin/order_reading.hpp"

#include "actors/handlers/orders/order_listing.hpp"
#include "providers/vendors.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace orderhub::http_gateway {

namespace {

handlers::vendor_hold_kind kind_of(host::vendor_hold hold) {
  using handlers::vendor_hold_kind;
  switch (hold) {
  case host::vendor_hold::none:
    return vendor_hold_kind::none;
  case host::vendor_hold::opened_by_operator:
    return vendor_hold_kind::held_open;
  case host::vendor_hold::paused_by_operator:
    return vendor_hold_kind::paused;
  case host::vendor_hold::credential:
    return vendor_hold_kind::credential;
  case host::vendor_hold::breaker:
    return vendor_hold_kind::breaker;
  }
  return vendor_hold_kind::none;
}

admin_problem no_such_order(const std::string& key) {
  // A sentence ends with it.
  const auto shown = key.ends_with('.') ? '"' + key + '"' : key;
  return {admin_reason::no_such_order, "There is no order " + shown + ".", "key", {}, {}};
}

} // namespace

std::variant<handlers::order_objects, admin_problem> read_shown(const std::string& key,
                                                                const admin_sources& from,
                                                                handlers::read_beside beside,
                                                                handlers::order_part part) {
  const handlers::order_reader reader{
      [&](const object_id& id) { return from.hub.object(id); },
      [&](std::span<const object_id> objects, unix_ms at) { return from.hub.past(objects, at); },
      [&](const invocation_id& id) { return from.hub.invocation(id); },
      [&](std::string_view text, std::size_t most) { return from.hub.bearing(text, most); },
      beside};
  auto objects = handlers::read_order(reader, key, part);
  if (objects.is_unknown())
    return no_such_order(key);
  return objects;
}

std::variant<handlers::order_objects, admin_problem>
read_order(const std::string& key, const admin_sources& from, handlers::order_part part) {
  auto read = read_shown(key, from, {}, part);
  if (const auto* objects = std::get_if<0>(&read);
      objects != nullptr && objects->deployment_alone() != nullptr)
    return no_such_order(key);
  return read;
}

std::vector<host::seen_object> objects_as_seen(const handlers::order_objects& objects) {
  std::vector<host::seen_object> seen;
  for (const auto& state : objects.states)
    seen.push_back({state.id, state.folded_to});
  return seen;
}

std::optional<admin_problem> unknown_vendor(const std::set<std::string, std::less<>>& vendors,
                                            const admin_sources& from) {
  if (vendors.empty())
    return std::nullopt;
  std::set<std::string, std::less<>> known;
  for (const auto& v : providers::all_vendors()) {
    known.emplace(v.name);
    for (const auto& e : v.endpoints)
      known.emplace(e.name);
  }
  for (const auto& v : from.hub.vendors())
    known.insert(v.vendor);
  const auto counts = from.hub.counts();
  for (const auto& vendor : vendors)
    if (!known.contains(vendor) &&
        (!counts || !counts->counts.contains(std::string(handlers::list_mark::vendor) + vendor)))
      return admin_problem{admin_reason::invalid_parameter,
                           "vendor must be a list with commas of vendors; GET /admin/vendors lists "
                           "those that are configured.",
                           "vendor",
                           {},
                           {}};
  return std::nullopt;
}

handlers::list_reader list_reader_of(const host::operator_view& hub) {
  return {[&](const auto& behind, std::size_t rows, std::size_t most, const auto& take) {
            return hub.listed(behind, rows, most, take);
          },
          [&](auto marks, const auto& behind, std::size_t most) {
            return hub.marked(marks, behind, most);
          },
          [&](std::string_view key, std::size_t most) { return hub.bearing(key, most); },
          [&](std::string_view service, std::string_view prefix, std::size_t most) {
            return hub.keys_of(service, prefix, most);
          },
          [&](const object_id& id) { return hub.object(id); }};
}

handlers::explain_now explain_now_of(const admin_sources& from) {
  handlers::explain_now now;
  now.at = from.hub.now();
  now.started_at = from.about.started_at;
  now.call_after_ms = from.about.call_after_ms;
  now.admin_url = from.about.admin_url;
  for (auto& v : from.hub.vendors()) {
    handlers::vendor_now one;
    one.vendor = std::move(v.vendor);
    one.hold = kind_of(v.hold);
    one.since = now.at - v.held_ms;
    one.why = std::move(v.why);
    one.probe_at = v.probe_in_ms ? now.at + *v.probe_in_ms : 0;
    one.queued = std::accumulate(v.queued.begin(), v.queued.end(), std::size_t{0});
    now.vendors.push_back(std::move(one));
  }
  return now;
}

} // namespace orderhub::http_gateway
