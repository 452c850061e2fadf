// Bulks, and what became of each of their items.
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/bulk_json.hpp"
#include "http_gateway/admin/page_json.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using handlers::bulk_outcome;

/// Pages of a bulk that are read for one page of the list.
constexpr std::size_t pages_max = 10;

admin_problem no_such_bulk(const std::string& id) {
  return {admin_reason::no_such_bulk, "There is no bulk " + id + ".", "id", {}, {}};
}
admin_problem foreign_cursor() {
  return {admin_reason::invalid_parameter, "cursor is none of this list's.", "cursor", {}, {}};
}
admin_problem not_read(const error& why) {
  return {admin_reason::unreadable, why.message, {}, {}, {}};
}

std::string_view outcome_name(const std::optional<bulk_outcome>& became, bool is_over) {
  if (!became)
    return is_over ? "dropped" : "waiting";
  return became->what == bulk_outcome::kind::done      ? "done"
         : became->what == bulk_outcome::kind::skipped ? "skipped"
                                                       : "failed";
}

json item_json(const std::string& bulk, bool is_on_record, std::uint32_t number,
               const std::string& key, const std::optional<bulk_outcome>& became, bool is_over) {
  json j{{"n", number},        {"key", key},         {"outcome", outcome_name(became, is_over)},
         {"reason", nullptr},  {"message", nullptr}, {"at", nullptr},
         {"audit_id", nullptr}};
  if (!became)
    return j;
  j["at"] = time_json<json>(became->at);
  if (became->what == bulk_outcome::kind::skipped) {
    j["reason"] = name_of(became->why);
    j["message"] = sentence_of(became->why);
  } else if (became->what == bulk_outcome::kind::failed) {
    j["message"] = became->text;
  } else if (is_on_record) {
    j["audit_id"] = handlers::bulk_action_id(bulk, number, key);
  }
  return j;
}

/// `n<place>`: it holds with any filter, and over restarts.
std::optional<std::uint32_t> place_in(std::string_view cursor, std::uint32_t count) {
  if (cursor.empty())
    return 0;
  std::uint32_t place = 0;
  const auto* const end = cursor.data() + cursor.size();
  const auto [at, failed] = std::from_chars(cursor.data() + 1, end, place);
  return cursor.front() == 'n' && failed == std::errc() && at == end && place < count
             ? std::optional(place)
             : std::nullopt;
}

} // namespace

std::variant<stored_bulk, admin_problem> read_bulk(const std::string& id,
                                                   const admin_sources& from) {
  const auto state = from.hub.object(handlers::bulk_object(id));
  if (!state)
    return not_read(state.error());
  auto found = handlers::bulk_in(*state);
  if (!found && found.error().kind == error_kind::not_found)
    return no_such_bulk(id);
  if (!found)
    return not_read(found.error());
  return stored_bulk{std::move(*found), state->folded_to};
}

admin_answer bulks_page(const admin_call& call, const admin_sources& from) {
  const auto cursor = call.value("cursor");
  const auto limit = call.number("limit");
  const auto as_of = from.hub.journal().last_lsn;
  if (!cursor.empty() && !cursor.starts_with("bulk_"))
    return foreign_cursor();
  // Ids in their order are the newest first.
  const auto ids = from.hub.keys_of(handlers::bulk_service_name, "bulk_", host::list_found_max);
  if (!ids)
    return not_read(ids.error());
  json list = json::array();
  std::string next;
  for (const auto& id : *ids) {
    if (!cursor.empty() && id <= cursor)
      continue;
    if (list.size() == limit) {
      next = list.back()["id"].get<std::string>();
      break;
    }
    auto found = read_bulk(id, from);
    if (const auto* b = std::get_if<stored_bulk>(&found))
      list.push_back(bulk_json<json>(id, b->what, b->version));
  }
  return page_of(
      json{{"bulks", std::move(list)}, {"next", text_or_null<json>(next)}, {"as_of_lsn", as_of}});
}

admin_answer bulk_page(const admin_call& call, const admin_sources& from) {
  const auto& id = call.in_path.at("id");
  auto found = read_bulk(id, from);
  if (auto* problem = std::get_if<admin_problem>(&found))
    return std::move(*problem);
  const auto& b = std::get<0>(found);
  return page_of(bulk_json<json>(id, b.what, b.version), std::to_string(b.version));
}

admin_answer bulk_items_page(const admin_call& call, const admin_sources& from) {
  const auto& id = call.in_path.at("id");
  auto found = read_bulk(id, from);
  if (auto* problem = std::get_if<admin_problem>(&found))
    return std::move(*problem);
  const auto& [plan, standing] = std::get<0>(found).what;
  const auto first = place_in(call.value("cursor"), plan.count);
  if (!first)
    return foreign_cursor();
  const bool is_over = standing.phase == handlers::bulk_phase::cancelled ||
                       standing.phase == handlers::bulk_phase::finished;
  // A replay is counted at its webhook.
  const bool is_on_record = plan.action != handlers::bulk_action::replay;
  const auto wanted = call.value("outcome");
  const auto limit = call.number("limit");
  constexpr auto page_size = static_cast<std::uint32_t>(handlers::bulk_page_keys);
  json list = json::array();
  auto number = *first;
  std::size_t pages = 0;
  while (number < plan.count && list.size() < limit && pages < pages_max) {
    ++pages;
    const auto page = number / page_size;
    const auto state = from.hub.object(handlers::bulk_page_object(id, page));
    if (!state)
      return not_read(state.error());
    const auto end = std::min(plan.count, (page + 1) * page_size);
    for (; number < end && list.size() < limit; ++number) {
      const auto* key = state->value(handlers::bulk_key_entry(number % page_size));
      const auto* recorded = state->value(handlers::bulk_outcome_entry(number % page_size));
      std::optional<bulk_outcome> became;
      if (recorded != nullptr)
        if (auto read = bulk_outcome::decode(*recorded))
          became = std::move(*read);
      if (key != nullptr && (wanted.empty() || wanted == outcome_name(became, is_over)))
        list.push_back(item_json(id, is_on_record, number, *key, became, is_over));
    }
  }
  const bool is_complete = number >= plan.count || list.size() == limit;
  return page_of(
      json{{"bulk", id},
           {"items", std::move(list)},
           {"next", number < plan.count ? json("n" + std::to_string(number)) : json(nullptr)},
           {"scanned", number - *first},
           {"complete", is_complete}});
}

} // namespace orderhub::http_gateway
