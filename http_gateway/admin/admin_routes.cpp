#include "http_gateway/admin/admin_routes.hpp"

#include "http_gateway/admin/admin_action.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/admin_streams.hpp"
#include "http_gateway/admin/operator_action.hpp"
#include "http_gateway/admin/orders_filter.hpp"
#include "http_gateway/ingress/normal_form.hpp"
#include "journal/base/spelling.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {

namespace {

constexpr std::array explain_query = {
    admin_parameter{"format", "json|text|markdown", "json"},
};
constexpr std::array journal_query = {
    admin_parameter{"invocation", "", ""},
    admin_parameter{"kinds", "", ""},
    admin_parameter{"sort", "oldest|newest", "oldest"},
    admin_parameter{"raw", "0|1", "0"},
    admin_parameter{"limit", "1..500", "50"},
    admin_parameter{"cursor", "", ""},
};
constexpr std::array lookup_query = {
    admin_parameter{"q", "", "", true},
};

constexpr std::array audit_query = {
    admin_parameter{"who", "", ""},           admin_parameter{"action", "", ""},
    admin_parameter{"target", "", ""},        admin_parameter{"since", "", ""},
    admin_parameter{"limit", "1..500", "50"}, admin_parameter{"cursor", "", ""},
};
constexpr std::array action_query = {dry_run_parameter};

constexpr admin_route action_on(std::string_view path, std::string_view body,
                                admin_answer (*act)(const admin_action&, const admin_sources&),
                                std::string_view action) {
  return {"POST", path, admin_role::operate, action_query, "acted", nullptr, act, body, action};
}
constexpr admin_route operation_on(std::string_view path, std::string_view schema,
                                   void (*operate)(operator_action, const admin_sources&),
                                   std::span<const admin_parameter> members,
                                   std::string_view action, admin_role role = admin_role::operate) {
  return {"POST", path, role, action_query, schema, nullptr, nullptr, {}, action, operate, members};
}

constexpr std::array vendor_calls_query = {
    admin_parameter{"limit", "1..200", "50"},
    admin_parameter{"failed", "true|false", "false"},
};
constexpr std::array vendor_series_query = {
    admin_parameter{"range", "15m|1h|6h", "1h"},
};
constexpr std::array reason_body = {reason_member};
constexpr std::array pause_body = {
    reason_member,
    admin_parameter{"until", "", ""},
    admin_parameter{"for", "", ""},
};
constexpr std::array breaker_body = {
    reason_member,
    admin_parameter{"state", "open|closed|auto", "", true},
    admin_parameter{"until", "", ""},
    admin_parameter{"for", "", ""},
};

constexpr std::array webhooks_query = {
    admin_parameter{"vendor", "", ""},
    admin_parameter{"verdict",
                    "routed|skipped|foreign|applied|unchanged|contradicts|unmatched|refused", ""},
    admin_parameter{"type", "", ""},
    admin_parameter{"order", "", ""},
    admin_parameter{"since", "", ""},
    admin_parameter{"until", "", ""},
    admin_parameter{"swept", "true|false", ""},
    admin_parameter{"limit", "1..500", "50"},
    admin_parameter{"cursor", "", ""},
};
constexpr std::array order_webhooks_query = {
    admin_parameter{"limit", "1..500", "50"},
    admin_parameter{"cursor", "", ""},
};
constexpr std::array refused_query = {
    admin_parameter{"vendor", "", ""},
    admin_parameter{"limit", "1..500", "50"},
};
constexpr std::array assign_body = {
    reason_member,
    admin_parameter{"order", "", "", true},
};

constexpr std::array bulks_query = {
    admin_parameter{"limit", "1..500", "50"},
    admin_parameter{"cursor", "", ""},
};
constexpr std::array bulk_items_query = {
    admin_parameter{"outcome", "waiting|done|skipped|failed|dropped", ""},
    admin_parameter{"limit", "1..500", "50"},
    admin_parameter{"cursor", "", ""},
};
constexpr admin_route bulk_action_on(std::string_view path, std::string_view body,
                                     admin_answer (*act)(const admin_action&, const admin_sources&),
                                     std::string_view action) {
  auto route = action_on(path, body, act, action);
  route.schema = "bulk_acted";
  return route;
}

constexpr admin_route session_route(std::string_view method, std::string_view path,
                                    std::string_view schema, std::string_view action) {
  admin_route route{method, path, admin_role::read, {}, schema};
  route.action = action;
  route.is_session = true;
  return route;
}

constexpr std::array routes = {
    admin_route{"GET", "/admin", admin_role::read, {}, "root", &admin_root_page},
    admin_route{"GET", "/admin/openapi.json", admin_role::read, {}, "openapi", &openapi_page},
    admin_route{"GET", "/admin/status", admin_role::read, {}, "status", &status_page},
    admin_route{"GET", "/admin/summary", admin_role::read, {}, "summary", &summary_page},
    admin_route{"GET", "/admin/orders", admin_role::read, order_list_parameters, "orders",
                &orders_page},
    admin_route{"POST",
                "/admin/orders/search",
                admin_role::read,
                {},
                "orders",
                &order_search_page,
                nullptr,
                "order_search"},
    admin_route{"GET", "/admin/orders/{key}", admin_role::read, {}, "order", &order_page},
    admin_route{"GET", "/admin/orders/{key}/explain", admin_role::read, explain_query,
                "explanation", &explain_page},
    admin_route{"GET", "/admin/orders/{key}/journal", admin_role::read, journal_query, "journal",
                &journal_page},
    admin_route{"GET", "/admin/orders/{key}/steps/{ref}", admin_role::read, {}, "step", &step_page},
    admin_route{"GET",
                "/admin/orders/{key}/steps/{ref}/request",
                admin_role::operate,
                {},
                "step_request",
                &step_request_page},
    admin_route{"GET",
                "/admin/orders/{key}/steps/{ref}/answers/{n}",
                admin_role::operate,
                {},
                "step_answer",
                &step_answer_page},
    admin_route{"GET",
                "/admin/stream",
                admin_role::read,
                stream_parameters,
                "stream_change",
                nullptr,
                nullptr,
                {},
                {},
                nullptr,
                {},
                true},
    admin_route{"GET", "/admin/lookup", admin_role::read, lookup_query, "lookup", &lookup_page},
    admin_route{"GET", "/admin/vendors", admin_role::read, {}, "vendors", &vendors_page},
    admin_route{"GET", "/admin/vendors/{vendor}", admin_role::read, {}, "vendor", &vendor_page},
    admin_route{"GET", "/admin/audit", admin_role::read, audit_query, "audit", &audit_page},
    admin_route{
        "GET", "/admin/orders/{key}/audit", admin_role::read, {}, "order_audit", &order_audit_page},
    action_on("/admin/orders/{key}/retry", "retry_request", &retry_order, "retry"),
    action_on("/admin/orders/{key}/steps/{ref}/retry", "retry_request", &retry_step, "retry"),
    action_on("/admin/orders/{key}/steps/{ref}/resolve", "resolve_request", &resolve_step,
              "resolve"),
    action_on("/admin/orders/{key}/pause", "pause_request", &pause_order, "pause"),
    action_on("/admin/orders/{key}/resume", "action_request", &resume_order, "resume"),
    action_on("/admin/orders/{key}/cancel", "action_request", &cancel_order, "cancel"),
    action_on("/admin/orders/{key}/attention/{step}/ack", "action_request", &acknowledge, "ack"),
    admin_route{"POST", "/admin/orders/{key}/reveal", admin_role::operate, action_query, "revealed",
                nullptr, &reveal_order, "action_request", "reveal"},
    admin_route{"POST", "/admin/orders/{key}/erase", admin_role::admin, action_query, "erased",
                nullptr, &erase_order, "action_request", "erase"},
    admin_route{"POST", "/admin/orders/{key}/purge", admin_role::admin, action_query, "erased",
                nullptr, &purge_order, "action_request", "purge"},
    admin_route{"GET", "/admin/orders/{key}/webhooks", admin_role::read, order_webhooks_query,
                "webhooks", &order_webhooks_page},
    admin_route{"GET", "/admin/webhooks", admin_role::read, webhooks_query, "webhooks",
                &webhooks_page},
    admin_route{"GET", "/admin/webhooks/refused", admin_role::read, refused_query,
                "refused_webhooks", &refused_webhooks_page}, // Before what any id is.
    admin_route{"GET", "/admin/webhooks/{id}", admin_role::read, {}, "webhook", &webhook_page},
    admin_route{"GET",
                "/admin/webhooks/{id}/body",
                admin_role::operate,
                {},
                "webhook_body",
                &webhook_body_page},
    operation_on("/admin/webhooks/{id}/replay", "webhook_action", &replay_webhook, reason_body,
                 "replay"),
    operation_on("/admin/webhooks/{id}/assign", "webhook_action", &assign_webhook, assign_body,
                 "assign"),
    bulk_action_on("/admin/bulk", "bulk_request", &plan_bulk, "bulk_plan"),
    bulk_action_on("/admin/bulk/{id}/start", "bulk_start_request", &start_bulk, "bulk_start"),
    bulk_action_on("/admin/bulk/{id}/pause", "bulk_turn_request", &pause_bulk, "bulk_pause"),
    bulk_action_on("/admin/bulk/{id}/cancel", "bulk_turn_request", &cancel_bulk, "bulk_cancel"),
    admin_route{"GET", "/admin/bulk", admin_role::read, bulks_query, "bulks", &bulks_page},
    admin_route{"GET", "/admin/bulk/{id}", admin_role::read, {}, "bulk", &bulk_page},
    admin_route{"GET", "/admin/bulk/{id}/items", admin_role::read, bulk_items_query, "bulk_items",
                &bulk_items_page},
    admin_route{"GET", "/admin/vendors/{vendor}/calls", admin_role::read, vendor_calls_query,
                "vendor_calls", &vendor_calls_page},
    admin_route{"GET", "/admin/vendors/{vendor}/series", admin_role::read, vendor_series_query,
                "vendor_series", &vendor_series_page},
    operation_on("/admin/vendors/{vendor}/pause", "vendor_action", &pause_vendor, pause_body,
                 "pause"),
    operation_on("/admin/vendors/{vendor}/resume", "vendor_action", &resume_vendor, reason_body,
                 "resume"),
    operation_on("/admin/vendors/{vendor}/breaker", "vendor_action", &switch_breaker, breaker_body,
                 "breaker"),
    operation_on("/admin/vendors/{vendor}/probe", "vendor_action", &probe_vendor, reason_body,
                 "probe"),
    admin_route{"GET", "/admin/config", admin_role::admin, {}, "config", &config_page},
    admin_route{
        "GET", "/admin/journal", admin_role::read, {}, "journal_files", &journal_files_page},
    operation_on("/admin/journal/backup", "backup_action", &backup_journal, reason_body, "backup",
                 admin_role::admin),
    operation_on("/admin/journal/compact", "compact_action", &compact_journal, reason_body,
                 "compact", admin_role::admin),
    operation_on("/admin/config/reload", "config_action", &reload_config, reason_body, "reload",
                 admin_role::admin),
    session_route("GET", "/admin/session", "session", {}),
    session_route("POST", "/admin/session", "session", login_action),
    session_route("POST", "/admin/session/logout", "ended_session", "logout"),
};

constexpr std::size_t segments_max = 8, segment_size_max = 255, value_size_max = 1'000;

/// A key, an id, or a part of a key.
std::size_t value_size_max_of(const admin_parameter& p) {
  return p.name.starts_with("key_") || p.name == "q" ? segment_size_max : value_size_max;
}

std::vector<std::string_view> split(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (bool more = true; more;) {
    const auto end = text.find(by);
    more = end != std::string_view::npos;
    parts.push_back(text.substr(0, end));
    text.remove_prefix(more ? end + 1 : text.size());
  }
  return parts;
}

admin_problem malformed(std::string message) {
  return {admin_reason::malformed_path, std::move(message), {}, {}, {}};
}

/// The path's segments, decoded, or why they are none.
std::variant<std::vector<std::string>, admin_problem> segments_of(std::string_view path) {
  std::vector<std::string> segments;
  for (const auto part : split(path.substr(1), '/')) {
    auto decoded = percent_decode(part);
    if (!decoded)
      return malformed("The path has a malformed percent escape.");
    if (decoded->empty() || !is_utf8(*decoded))
      return malformed(decoded->empty() ? "The path has an empty segment."
                                        : "The path is not valid UTF-8.");
    make_normal(*decoded);
    if (has_control_character(*decoded) || decoded->size() > segment_size_max)
      return malformed("A path segment is longer than 255 bytes or has a control character.");
    if (segments.size() == segments_max)
      return malformed("The path has too many segments.");
    segments.push_back(std::move(*decoded));
  }
  if (segments.size() > 1 && segments[0] == "admin" && segments[1] == "providers")
    segments[1] = "vendors"; // Another word for them; the same in all that follows.
  return segments;
}

bool fits(const admin_route& route, const std::vector<std::string>& segments, admin_call& call) {
  const auto wanted = split(route.path.substr(1), '/');
  if (wanted.size() != segments.size())
    return false;
  call.in_path.clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto w = wanted[i];
    if (w.front() == '{')
      call.in_path.emplace(w.substr(1, w.size() - 2), segments[i]);
    else if (w != segments[i])
      return false;
  }
  return true;
}

admin_problem unknown_parameter(const admin_route& route, const std::string& name) {
  constexpr std::size_t shown_max = 64; // Longer ones are nobody's misspelling.
  admin_problem p{
      admin_reason::unknown_parameter, {}, std::string(cut_text(name, shown_max)), {}, {}};
  const auto nearest =
      std::min_element(route.query.begin(), route.query.end(), [&](const auto& a, const auto& b) {
        return letters_apart(p.field, a.name) < letters_apart(p.field, b.name);
      });
  const std::string none_here = "There is no query parameter of that name here; ";
  if (nearest == route.query.end()) {
    p.message = "This path takes no query parameters.";
  } else if (2 * letters_apart(p.field, nearest->name) <=
             std::max(p.field.size(), nearest->name.size())) {
    p.nearest = std::string(nearest->name);
    p.message = none_here + "perhaps " + p.nearest + '.';
  } else {
    p.message = none_here + "it takes ";
    for (const auto& known : route.query)
      p.message.append(&known == route.query.data() ? "" : ", ").append(known.name);
    p.message += '.';
  }
  return p;
}

std::optional<std::size_t> number_in(std::string_view text) {
  std::size_t n = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  return failed == std::errc() && end == text.data() + text.size() && !text.empty()
             ? std::optional(n)
             : std::nullopt;
}

} // namespace

std::string wrong_value(const admin_parameter& p, std::string_view value) {
  if (!is_utf8(value))
    return "must be UTF-8.";
  if (has_control_character(value))
    return "must have no control characters.";
  if (const auto most = value_size_max_of(p); value.size() > most)
    return "has at most " + std::to_string(most) + " bytes.";
  if (const auto dots = p.takes.find(".."); dots != std::string_view::npos) {
    const auto least = number_in(p.takes.substr(0, dots)),
               most = number_in(p.takes.substr(dots + 2));
    const auto n = number_in(value);
    return n && *n >= *least && *n <= *most ? std::string()
                                            : "must be a number from " + std::to_string(*least) +
                                                  " to " + std::to_string(*most) + '.';
  }
  if (p.takes.empty())
    return value.empty() ? "must not be empty." : "";
  const auto words = split(p.takes, '|');
  if (std::find(words.begin(), words.end(), value) != words.end())
    return {};
  std::string list;
  for (const auto word : words)
    list.append(list.empty() ? "" : ", ").append(word);
  return "must be one of " + list + '.';
}

namespace {

admin_problem invalid(const admin_parameter& p, const std::string& why) {
  return {admin_reason::invalid_parameter,
          std::string(p.name) + ' ' + why,
          std::string(p.name),
          {},
          {}};
}

std::optional<admin_problem> read_query(std::string_view query, admin_call& call) {
  for (const auto part : query.empty() ? std::vector<std::string_view>() : split(query, '&')) {
    if (part.empty())
      continue;
    const auto equals = std::min(part.find('='), part.size());
    std::string name, value;
    if (!append_form_decoded(name, part.substr(0, equals)) ||
        !append_form_decoded(value, part.substr(std::min(equals + 1, part.size()))))
      return admin_problem{admin_reason::invalid_parameter,
                           "The query has a malformed percent escape.",
                           is_utf8(name) ? std::string(cut_text(std::string_view(name), 64)) : "",
                           {},
                           {}};
    const auto known = std::find_if(call.route->query.begin(), call.route->query.end(),
                                    [&](const auto& p) { return p.name == name; });
    if (known == call.route->query.end())
      return unknown_parameter(*call.route, is_utf8(name) ? name : std::string("not UTF-8"));
    if (auto why = wrong_value(*known, value); !why.empty())
      return invalid(*known, why);
    if (!call.query.emplace(name, value).second)
      return invalid(*known, "is given more than once.");
  }
  for (const auto& p : call.route->query) {
    if (call.query.contains(p.name))
      continue;
    if (p.is_needed)
      return invalid(p, "is needed.");
    if (!p.fallback.empty())
      call.query.emplace(p.name, p.fallback);
  }
  return std::nullopt;
}

} // namespace

std::span<const admin_route> admin_routes() {
  return routes;
}

std::size_t admin_call::number(std::string_view name) const {
  return number_in(value(name)).value_or(0);
}

bool is_admin_target(std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  return path == "/admin" || path.starts_with("/admin/");
}

std::variant<admin_call, admin_problem> admin_call_of(std::string_view method,
                                                      std::string_view target) {
  const auto query_at = std::min(target.find('?'), target.size());
  auto segments = segments_of(target.substr(0, query_at));
  if (auto* problem = std::get_if<admin_problem>(&segments))
    return std::move(*problem);
  admin_call call;
  const auto takes = [&](const admin_route& route) {
    return method == route.method || (method == "HEAD" && route.method == "GET");
  };
  // A key may be a word that another method has a path for.
  for (const auto& route : routes)
    if (admin_call here; fits(route, std::get<0>(segments), here) &&
                         (call.route == nullptr || (!takes(*call.route) && takes(route)))) {
      call = std::move(here);
      call.route = &route;
    }
  if (call.route == nullptr)
    return admin_problem{admin_reason::no_such_path,
                         "There is nothing at this path of the admin port; GET /admin lists what "
                         "there is.",
                         {},
                         {},
                         {}};
  if (!takes(*call.route)) {
    const std::string taken(call.route->method == "GET" ? "GET, HEAD" : "POST");
    return admin_problem{
        admin_reason::wrong_method, "This path takes " + taken + " only.", {}, {}, taken};
  }
  if (auto problem = read_query(target.substr(std::min(query_at + 1, target.size())), call))
    return std::move(*problem);
  return call;
}

} // namespace orderhub::http_gateway
