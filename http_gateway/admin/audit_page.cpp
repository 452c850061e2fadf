// What people did.
#include "http_gateway/admin/admin_action.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "http_gateway/admin/utc_time_in.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using journal::operator_verb;
using journal::recorded_action;

/// So many are looked at for one page.
constexpr std::size_t looked_at_max = 5'000;

std::string action_text(const recorded_action& r) {
  const auto& a = r.entry.action;
  if (r.object.service == "VendorBreaker") // Its records are those of any object.
    return "breaker";
  return a.verb == operator_verb::note ? a.wanted : std::string(name_of(a.verb));
}

/// How what it was done to stood before, and stands after; of what neither pauses nor turns a
/// vendor's switch nothing: the plan said it.
std::pair<std::string, std::string> states_of(const recorded_action& r) {
  const auto& a = r.entry.action;
  if (a.verb != operator_verb::pause && a.verb != operator_verb::resume)
    return {};
  constexpr std::string_view arrow = " -> ";
  if (const auto at = a.value.find(arrow); at != std::string::npos)
    return {a.value.substr(0, at), a.value.substr(at + arrow.size())};
  if (r.object.service.starts_with("Vendor"))
    return {};
  return a.verb == operator_verb::pause ? std::pair("running", "paused")
                                        : std::pair("paused", "running");
}

/// One of several records of an action, and not the one that stands for it: it says of which order.
bool is_part(const recorded_action& r) {
  return r.entry.action.verb != operator_verb::note && !r.entry.action.target.empty();
}

std::string target_text(const recorded_action& r) {
  return r.entry.action.target.empty() ? r.object.key : r.entry.action.target;
}

std::string outcome_text(const journal::operator_payload& a) {
  return a.verb == operator_verb::note ? a.outcome : std::string("accepted");
}

json shown(const recorded_action& r) {
  const auto& a = r.entry.action;
  const auto [before, after] = states_of(r);
  return {
      {"id", text_or_null<json>(a.id)},
      {"at", time_json<json>(r.entry.at)},
      {"who", a.who},
      {"role", text_or_null<json>(a.role)},
      {"via", text_or_null<json>(a.via)},
      {"on_behalf", text_or_null<json>(a.on_behalf)},
      {"action", action_text(r)},
      {"target", target_text(r)},
      {"object", r.object.text()},
      {"step", text_or_null<json>(a.step)},
      {"invocation", r.entry.invocation.empty() ? json(nullptr) : json(r.entry.invocation.text())},
      {"reason", text_or_null<json>(a.reason)},
      {"evidence", text_or_null<json>(a.evidence)},
      {"before", text_or_null<json>(before)},
      {"after", text_or_null<json>(after)},
      {"outcome", outcome_text(a)},
      {"request_id", text_or_null<json>(a.request)}};
}

struct cursor {
  unix_ms time = 0;
  log_sequence lsn = 0;
};
/// `<hash of the filters>u<time>.<LSN>`; it holds over restarts, and with other filters not.
std::string text_of(const cursor& c, const std::string& filter) {
  return filter + 'u' + std::to_string(c.time) + '.' + std::to_string(c.lsn);
}
std::optional<cursor> cursor_in(std::string_view text, const std::string& filter) {
  cursor c;
  if (!text.starts_with(filter + 'u'))
    return std::nullopt;
  text.remove_prefix(filter.size());
  const auto* const end = text.data() + text.size();
  const auto time = std::from_chars(text.data() + 1, end, c.time);
  if (time.ec != std::errc() || time.ptr == end || *time.ptr != '.' || c.time <= 0)
    return std::nullopt;
  const auto lsn = std::from_chars(time.ptr + 1, end, c.lsn);
  return lsn.ec == std::errc() && lsn.ptr == end ? std::optional(c) : std::nullopt;
}

admin_problem invalid(std::string field, const std::string& must) {
  return {admin_reason::invalid_parameter, field + ' ' + must, field, {}, {}};
}

std::string filter_hash(const admin_call& call) {
  std::string all;
  for (const auto* name : {"who", "action", "target", "since"})
    all.append(call.value(name)).append("\n");
  const auto hash = sha256_of(all);
  constexpr std::size_t shown = 3;
  return hex_of({reinterpret_cast<const char*>(hash.data()), shown});
}

/// What stands in `action` of a row: what routes do, and what they become in the journal.
bool is_action(std::string_view name) {
  if (name.empty())
    return false;
  const auto routes = admin_routes();
  if (std::any_of(routes.begin(), routes.end(), [&](const auto& r) { return r.action == name; }))
    return true;
  for (int verb = 1; verb <= static_cast<int>(operator_verb::purge); ++verb)
    if (const auto v = static_cast<operator_verb>(verb);
        v != operator_verb::note && journal::name_of(v) == name)
      return true;
  return false;
}

/// `action=pause,resume`: one of them.
std::variant<std::set<std::string, std::less<>>, admin_problem> actions_in(const admin_call& call) {
  std::set<std::string, std::less<>> wanted;
  auto list = call.value("action");
  for (bool more = !list.empty(); more;) {
    const auto end = list.find(',');
    more = end != std::string_view::npos;
    const auto word = list.substr(0, end);
    if (!is_action(word))
      return invalid("action",
                     "must be a list with commas of words of actions, as rows have them.");
    wanted.emplace(word);
    list.remove_prefix(more ? end + 1 : list.size());
  }
  return wanted;
}

} // namespace

admin_answer audit_page(const admin_call& call, const admin_sources& from) {
  journal::action_search search;
  search.limit = call.number("limit");
  if (const auto since = call.value("since"); !since.empty()) {
    const auto at = utc_time_in(since);
    if (!at)
      return invalid("since", "must be a time such as 2026-11-25T09:35:06.123Z.");
    search.since = *at;
  }
  const auto read = actions_in(call);
  if (const auto* problem = std::get_if<admin_problem>(&read))
    return *problem;
  const auto& actions = std::get<0>(read);
  const auto filter = filter_hash(call);
  if (const auto given = call.value("cursor"); !given.empty()) {
    const auto at = cursor_in(given, filter);
    if (!at)
      return invalid("cursor", "is none of this list with these filters.");
    search.behind_time = at->time;
    search.behind_lsn = at->lsn;
  }
  const auto is_meant = [&](const recorded_action& r) {
    const auto fits = [&](const char* name, const std::string& value) {
      return call.value(name).empty() || call.value(name) == value;
    };
    return fits("who", r.entry.action.who) &&
           (actions.empty() || actions.contains(action_text(r))) && fits("target", target_text(r));
  };
  json list = json::array();
  std::size_t scanned = 0;
  bool is_end = false;
  while (!is_end && list.size() < call.number("limit") && scanned < looked_at_max) {
    const auto found = from.hub.actions(search);
    if (!found)
      return admin_problem{admin_reason::unreadable, found.error().message, {}, {}, {}};
    is_end = found->size() < search.limit;
    for (const auto& r : *found) {
      search.behind_time = r.entry.at;
      search.behind_lsn = r.lsn;
      ++scanned;
      if (!is_part(r) && is_meant(r))
        list.push_back(shown(r));
      if (list.size() == call.number("limit")) {
        is_end = is_end && &r == &found->back();
        break;
      }
    }
  }
  const auto next =
      is_end ? json(nullptr) : json(text_of({search.behind_time, search.behind_lsn}, filter));
  const bool is_complete = is_end || list.size() == call.number("limit");
  return page_of(json{{"actions", std::move(list)},
                      {"next", next},
                      {"scanned", scanned},
                      {"complete", is_complete}});
}

admin_answer order_audit_page(const admin_call& call, const admin_sources& from) {
  auto read = read_shown(call.key(), from);
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  std::vector<recorded_action> all;
  for (const auto& state : std::get<0>(read).states)
    for (const auto& o : state.operators)
      all.push_back({0, state.id, o});
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::tie(b.entry.at, a.object, a.entry.action.id) <
           std::tie(a.entry.at, b.object, b.entry.action.id);
  });
  json list = json::array();
  for (const auto& r : all)
    list.push_back(shown(r));
  return page_of(json{{"order", call.key()}, {"actions", std::move(list)}});
}

} // namespace orderhub::http_gateway
