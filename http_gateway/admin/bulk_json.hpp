#pragma once
#include "actors/handlers/bulk/bulk.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/page_json.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

// How a bulk is shown; templates over the JSON type, so that the library stays inside .cpp files.
namespace orderhub::http_gateway {

template <class Json>
Json person_json(const handlers::bulk_person& person) {
  return person.who.empty() ? Json(nullptr) : Json(person.who);
}

/// Of a plan that is not stored: no id.
template <class Json>
Json bulk_json(const std::string& id, const handlers::bulk& b, log_sequence version) {
  const auto& [plan, standing] = b;
  const auto tally = standing.tally();
  Json skipped = Json::array(), excluded = Json::array();
  for (const auto& [why, count] : tally.skipped)
    skipped.push_back({{"reason", name_of(why)}, {"count", count}});
  for (const auto& e : plan.excluded)
    excluded.push_back({{"reason", name_of(e.why)},
                        {"sentence", sentence_of(e.why)},
                        {"count", e.count},
                        {"keys", e.keys}});
  const auto over = tally.done + tally.failed + tally.skipped_count();
  return Json{
      {"id", text_or_null<Json>(id)},
      {"action", name_of(plan.action)},
      {"state", name_of(standing.phase)},
      {"reason", text_or_null<Json>(plan.reason)},
      {"filter", plan.filter.empty() ? Json(nullptr) : Json::parse(plan.filter, nullptr, false)},
      {"accept_repeat", plan.accepts_repeat},
      {"rate_per_s", plan.rate_per_s},
      {"count", plan.count},
      {"done", tally.done},
      {"skipped", tally.skipped_count()},
      {"failed", tally.failed},
      {"left", plan.count - over},
      {"skipped_by", std::move(skipped)},
      {"excluded", std::move(excluded)},
      {"samples", plan.samples},
      {"as_of_lsn", plan.as_of},
      {"planned_at", time_json<Json>(plan.at)},
      {"planned_by", person_json<Json>(plan.by)},
      {"started_at", time_json<Json>(standing.started_at)},
      {"started_by", person_json<Json>(standing.started_by)},
      {"changed_at", time_json<Json>(standing.changed_at)},
      {"changed_by", person_json<Json>(standing.changed_by)},
      {"ended_at", time_json<Json>(standing.ended_at)},
      {"version", version}};
}

/// One that is stored, and the place of its last record; or why it is not shown.
struct stored_bulk {
  handlers::bulk what;
  log_sequence version = 0;
};
std::variant<stored_bulk, admin_problem> read_bulk(const std::string& id,
                                                   const admin_sources& from);

} // namespace orderhub::http_gateway
