// The vendors' calls, and what a person does to a vendor.
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/operator_action.hpp"
#include "http_gateway/admin/page_json.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using host::switch_position;
using host::vendor_switch;
using host::vendor_verb;

admin_problem no_such_vendor() {
  return {admin_reason::no_such_vendor,
          "No vendor of that name is configured; GET /admin/vendors lists them.",
          "vendor",
          {},
          {}};
}

admin_problem not_here() {
  return {admin_reason::unavailable, "This hub does not take that.", {}, {}, {}};
}

std::optional<host::vendor_places> find_vendor(const admin_call& call, const admin_sources& from) {
  const auto& name = call.in_path.at("vendor");
  for (auto& v : from.hub.vendors())
    if (v.vendor == name)
      return std::move(v);
  return std::nullopt;
}

std::size_t sum(const std::array<std::size_t, host::place_kinds>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::size_t{0});
}

/// What an action means for those who wait.
json plan_of(const host::vendor_places& v, std::string_view becomes, unix_ms until,
             const admin_sources& from) {
  std::size_t held = 0;
  for (const auto& w : from.hub.waiting())
    held += w.vendor == v.vendor ? w.count : 0;
  return {
      {"vendor", v.vendor},
      {"state", v.hold == host::vendor_hold::none ? std::string_view("closed") : name_of(v.hold)},
      {"becomes", becomes},
      {"until", time_json<json>(until)},
      {"steps_held", held},
      {"calls_queued", sum(v.queued)},
      {"calls_out", sum(v.in_flight)}};
}

bool stands_so(const host::vendor_places& v, vendor_verb verb, unix_ms until) {
  const auto& calls = v.switches.at(static_cast<std::size_t>(vendor_switch::calls));
  const auto& breaker = v.switches.at(static_cast<std::size_t>(vendor_switch::breaker));
  switch (verb) {
  case vendor_verb::pause:
    return calls.position == switch_position::on && calls.until == until;
  case vendor_verb::resume:
    return calls.position == switch_position::off;
  case vendor_verb::open:
    return breaker.position == switch_position::on && breaker.until == until;
  case vendor_verb::close: // Also one that opened by itself.
    return until == 0 && breaker.position == switch_position::off &&
           v.breaker == providers::breaker_state::closed;
  case vendor_verb::automatic:
    return breaker.position == switch_position::off;
  }
  return false;
}

/// How it stands after that: what else holds it, still does.
std::string_view state_after(const host::vendor_places& v, vendor_verb verb) {
  using host::vendor_hold;
  const auto is_on = [&](vendor_switch which) {
    return v.switches.at(static_cast<std::size_t>(which)).position == switch_position::on;
  };
  const bool leaves_breaker = verb == vendor_verb::pause || verb == vendor_verb::resume;
  if (verb == vendor_verb::open || (leaves_breaker && is_on(vendor_switch::breaker)))
    return name_of(vendor_hold::opened_by_operator);
  if (verb == vendor_verb::pause || (verb != vendor_verb::resume && is_on(vendor_switch::calls)))
    return name_of(vendor_hold::paused_by_operator);
  if (v.hold == vendor_hold::credential)
    return name_of(vendor_hold::credential);
  const bool is_closed =
      verb == vendor_verb::close || v.breaker == providers::breaker_state::closed;
  return is_closed ? std::string_view("closed") : name_of(vendor_hold::breaker);
}

void operate(operator_action action, const admin_sources& from, vendor_verb verb) {
  if (from.vendors == nullptr)
    return action.refuse(not_here());
  const auto vendor = find_vendor(action.call, from);
  if (!vendor)
    return action.refuse(no_such_vendor());
  const auto until = action.by.until;
  const auto plan_json = plan_of(*vendor, state_after(*vendor, verb), until, from);
  auto plan = plan_json.dump();
  if (const bool is_so = stands_so(*vendor, verb, until); is_so || action.is_dry_run())
    return action.accept(plan, is_so);
  auto by = action.by;
  by.before = plan_json["state"];
  by.after = plan_json["becomes"];
  from.vendors->operate_vendor(vendor->vendor, verb, std::move(by),
                               action.when_durable(std::move(plan)));
}

json call_json(const host::seen_call& c) {
  return {
      {"at", time_json<json>(c.at)},
      {"took_ms", c.took_ms},
      {"class", host::call_classes.at(c.call_class)},
      {"lookup", c.is_lookup},
      {"call", c.what},
      {"object", text_or_null<json>(c.object)},
      {"invocation", c.invocation == invocation_id() ? json(nullptr) : json(c.invocation.text())},
      {"outcome", c.was_answered ? std::string_view("answered") : c.why},
      {"status", c.was_answered ? json(c.status) : json(nullptr)},
      {"request_bytes", c.request_bytes},
      {"answer_bytes", c.was_answered ? json(c.answer_bytes) : json(nullptr)},
      {"vendor_request_id", text_or_null<json>(c.request_id)}};
}

} // namespace

admin_answer vendor_calls_page(const admin_call& call, const admin_sources& from) {
  if (from.vendors == nullptr)
    return not_here();
  const auto vendor = find_vendor(call, from);
  if (!vendor)
    return no_such_vendor();
  const bool only_failed = call.value("failed") == "true";
  const auto limit = call.number("limit");
  json list = json::array();
  const auto calls = from.vendors->calls_of(vendor->vendor);
  for (const auto& c : calls)
    if (list.size() < limit && (!only_failed || c.has_failed()))
      list.push_back(call_json(c));
  return page_of(
      json{{"vendor", vendor->vendor}, {"calls", std::move(list)}, {"scanned", calls.size()}});
}

admin_answer vendor_series_page(const admin_call& call, const admin_sources& from) {
  if (from.vendors == nullptr)
    return not_here();
  const auto vendor = find_vendor(call, from);
  if (!vendor)
    return no_such_vendor();
  constexpr std::int64_t minute = 60'000;
  const auto range = call.value("range");
  const auto range_ms = range == "15m" ? 15 * minute : range == "1h" ? 60 * minute : 360 * minute;
  json points = json::array();
  for (const auto& p : from.vendors->series_of(vendor->vendor, range_ms))
    points.push_back({{"at", time_json<json>(p.at)},
                      {"class", host::call_classes.at(p.call_class)},
                      {"calls", p.sample.calls},
                      {"failed", p.sample.failed},
                      {"mean_ms", p.sample.mean_ms},
                      {"max_ms", p.sample.max_ms}});
  return page_of(json{{"vendor", vendor->vendor},
                      {"range_ms", range_ms},
                      {"sample_ms", host::sample_ms},
                      {"points", std::move(points)}});
}

void pause_vendor(operator_action action, const admin_sources& from) {
  operate(std::move(action), from, vendor_verb::pause);
}

void resume_vendor(operator_action action, const admin_sources& from) {
  operate(std::move(action), from, vendor_verb::resume);
}

void switch_breaker(operator_action action, const admin_sources& from) {
  const std::string state(action.value("state"));
  if (state == "auto" && action.by.until > 0)
    return action.refuse({admin_reason::invalid_body,
                          "auto has no end: until and for are of open and closed.",
                          "state",
                          {},
                          {}});
  if (state == "open")
    return operate(std::move(action), from, vendor_verb::open);
  operate(std::move(action), from, state == "auto" ? vendor_verb::automatic : vendor_verb::close);
}

void probe_vendor(operator_action action, const admin_sources& from) {
  if (from.vendors == nullptr)
    return action.refuse(not_here());
  const auto vendor = find_vendor(action.call, from);
  if (!vendor)
    return action.refuse(no_such_vendor());
  const bool may =
      vendor->hold == host::vendor_hold::breaker || vendor->hold == host::vendor_hold::credential;
  const auto plan = plan_of(*vendor, "one call tries", 0, from).dump();
  if (action.is_dry_run() || !may)
    return action.accept(plan, !may);
  action.accept(plan, !from.vendors->probe_vendor(vendor->vendor));
}

} // namespace orderhub::http_gateway
