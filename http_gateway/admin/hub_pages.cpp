// The hub itself, its vendors, and what the API is.
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "http_gateway/admin/stream_items.hpp"
#include "journal/base/text.hpp"
#include "journal/data_directory.hpp"
#include "providers/policy/circuit_breaker.hpp"
#include "providers/vendors.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub {
std::string_view admin_openapi();
} // namespace orderhub

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;

json by_kind(const std::array<std::size_t, host::place_kinds>& numbers) {
  json j = json::object();
  for (std::size_t k = 0; k < host::place_kinds; ++k)
    j[std::string(name_of(static_cast<host::place_kind>(k)))] = numbers.at(k);
  return j;
}

std::string_view finding_text(durable::vendor_finding finding) {
  switch (finding) {
  case durable::vendor_finding::reached:
    return "reached";
  case durable::vendor_finding::unreachable:
    return "unreachable";
  case durable::vendor_finding::misconfigured:
    return "misconfigured";
  case durable::vendor_finding::limited:
    return "limited";
  }
  return "unreachable";
}

/// `closed`, or why it is not: what an operator reads first.
std::string_view state_of(const host::vendor_places& v) {
  return v.hold == host::vendor_hold::none ? std::string_view("closed") : name_of(v.hold);
}

json switch_json(const host::switch_setting& s) {
  if (s.position == host::switch_position::off)
    return nullptr;
  return {{"position", s.position == host::switch_position::closed ? "closed" : "on"},
          {"since", time_json<json>(s.since)},
          {"until", time_json<json>(s.until)},
          {"by", text_or_null<json>(s.by)},
          {"reason", text_or_null<json>(s.reason)}};
}

/// The version of its API that is asked for; null: whatever the vendor takes for the newest.
json api_version_of(std::string_view vendor) {
  for (const auto& v : providers::all_vendors())
    if (v.name == vendor)
      return text_or_null<json>(v.api_version);
  return nullptr;
}

json percent_of(std::uint64_t part, std::uint64_t all) {
  return all == 0 ? json(nullptr) : json((part * 100 + all / 2) / all);
}

json number_or_null(const std::optional<std::int64_t>& n) {
  return n ? json(*n) : json(nullptr);
}

json vendor_json(const host::vendor_places& v, unix_ms now) {
  json limits = json::array();
  for (const auto& l : v.limits)
    limits.push_back({{"class", l.call_class},
                      {"key", text_or_null<json>(l.key)},
                      {"limit", l.limit},
                      {"tokens", number_or_null(l.tokens)},
                      {"held_ms", l.held_ms}});
  json errors = json::array();
  for (const auto& e : v.last_errors)
    errors.push_back({{"at", time_json<json>(now - e.ago_ms)},
                      {"finding", finding_text(e.finding)},
                      {"reason", e.why}});
  const bool is_held = v.hold != host::vendor_hold::none;
  return {{"name", v.vendor},
          {"state", state_of(v)},
          {"cause", is_held ? text_or_null<json>(v.why) : json(nullptr)},
          {"since", is_held ? time_json<json>(now - v.held_ms) : json(nullptr)},
          {"paused", switch_json(v.switches.at(0))},
          {"breaker_held", switch_json(v.switches.at(1))},
          {"ramp_percent", v.ramp_percent ? json(*v.ramp_percent) : json(nullptr)},
          {"next_probe_at", v.probe_in_ms ? time_json<json>(now + *v.probe_in_ms) : json(nullptr)},
          {"breaker", providers::name_of(v.breaker)},
          {"breaker_cause", text_or_null<json>(v.breaker_cause)},
          {"breaker_openings", v.breaker_openings},
          {"places", by_kind(v.limit)},
          {"in_flight", by_kind(v.in_flight)},
          {"queued", by_kind(v.queued)},
          {"unreachable_total", v.unreachable},
          {"misconfigured_total", v.misconfigured},
          {"limited_total", v.limited},
          {"calls_5m", v.calls_late},
          {"failed_percent_5m", percent_of(v.failed_late, v.calls_late)},
          {"api_version", api_version_of(v.vendor)},
          {"p50_ms", number_or_null(v.p50_ms)},
          {"p99_ms", number_or_null(v.p99_ms)},
          {"limits", std::move(limits)},
          {"last_errors", std::move(errors)}};
}

json waiting_json(const admin_sources& from) {
  json list = json::array();
  for (const auto& w : from.hub.waiting())
    list.push_back({{"vendor", w.vendor},
                    {"cause", durable::name_of(w.cause)},
                    {"count", w.count},
                    {"since", time_json<json>(w.since)}});
  return list;
}

json backup_json(const admin_sources& from, unix_ms now) {
  const auto& directory = from.about.directory;
  const auto at = directory.empty() ? 0 : journal::last_backup_of(directory);
  return {{"last_success_at", time_json<json>(at)}, {"age_ms", age_json<json>(at, now)}};
}

} // namespace

std::string text_of(const host::vendor_places& vendor, unix_ms now) {
  return page_of(vendor_json(vendor, now)).body;
}

std::string standing_of(const host::vendor_places& v) {
  return page_of(json{state_of(v), v.why, switch_json(v.switches.at(0)),
                      switch_json(v.switches.at(1)), v.ramp_percent.value_or(0), v.queued})
      .body;
}

std::string hub_text(const admin_sources& from) {
  const auto& id = from.hub.hub();
  constexpr std::size_t digits = 8;
  return hex_of({reinterpret_cast<const char*>(id.data()), id.size()}).substr(0, digits);
}

admin_answer admin_root_page(const admin_call&, const admin_sources& from) {
  json links = json::array();
  for (const auto& route : admin_routes())
    links.push_back(std::string(route.method) + ' ' + std::string(route.path));
  return page_of(json{{"name", "orderhub"},
                      {"version", from.about.version},
                      {"api", 1},
                      {"hub", hub_text(from)},
                      {"mode", from.about.mode},
                      {"links", std::move(links)}});
}

admin_answer openapi_page(const admin_call&, const admin_sources&) {
  return admin_page{std::string(admin_openapi()), "application/json", {}};
}

admin_answer status_page(const admin_call&, const admin_sources& from) {
  const auto health = from.hub.health();
  const auto j = from.hub.journal();
  const auto now = from.hub.now();
  json vendors = json::array();
  json warnings = json::array();
  for (const auto& v : from.hub.vendors()) {
    vendors.push_back({{"name", v.vendor}, {"state", state_of(v)}});
    if (v.hold != host::vendor_hold::none)
      warnings.push_back(v.vendor + " is held (" + std::string(name_of(v.hold)) + "): " + v.why);
  }
  if (j.objects_set_aside > 0)
    warnings.push_back(std::to_string(j.objects_set_aside) +
                       " objects cannot be read and are set aside");
  const auto waiting = from.hub.waiting();
  const auto all = std::accumulate(waiting.begin(), waiting.end(), std::size_t{0},
                                   [](std::size_t n, const auto& w) { return n + w.count; });
  const auto counts = standing_counts_of(from);
  const auto count = [&](std::int64_t standing_counts::* of) {
    return counts ? json((*counts).*of) : json(nullptr);
  };
  return page_of(json{{"ok", health.accepting && warnings.empty()},
                      {"accepting", health.accepting},
                      {"reason", text_or_null<json>(health.reason)},
                      {"mode", from.about.mode},
                      {"version", from.about.version},
                      {"hub", hub_text(from)},
                      {"at", time_json<json>(now)},
                      {"uptime_ms", std::max<std::int64_t>(now - from.about.started_at, 0)},
                      {"sync", health.sync_mode},
                      {"journal",
                       {{"last_lsn", j.last_lsn},
                        {"checkpoint_lsn", j.checkpoint_lsn},
                        {"unfolded_bytes", j.overlay_bytes},
                        {"unfolded_objects", j.overlay_objects},
                        {"objects_set_aside", j.objects_set_aside}}},
                      {"backup", backup_json(from, now)},
                      {"vendors", std::move(vendors)},
                      {"open", count(&standing_counts::open)},
                      {"in_doubt", count(&standing_counts::in_doubt)},
                      {"attention", count(&standing_counts::attention)},
                      {"stuck", count(&standing_counts::stuck)},
                      {"dead_letters", count(&standing_counts::dead_letters)},
                      {"waiting_steps", all},
                      {"waiting", waiting_json(from)},
                      {"warnings", std::move(warnings)}});
}

admin_answer vendors_page(const admin_call&, const admin_sources& from) {
  json list = json::array();
  const auto now = from.hub.now();
  for (const auto& v : from.hub.vendors())
    list.push_back(vendor_json(v, now));
  return page_of(json{{"vendors", std::move(list)}});
}

admin_answer vendor_page(const admin_call& call, const admin_sources& from) {
  const auto& name = call.in_path.at("vendor");
  for (const auto& v : from.hub.vendors())
    if (v.vendor == name)
      return page_of(vendor_json(v, from.hub.now()));
  return admin_problem{admin_reason::no_such_vendor,
                       "No vendor of that name is configured; GET /admin/vendors lists them.",
                       "vendor",
                       {},
                       {}};
}

} // namespace orderhub::http_gateway
