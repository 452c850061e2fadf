// One action on many orders: what is meant is looked at and frozen, and whoever starts it says how
// many that is.
#include "actors/handlers/bulk/bulk_check.hpp"
#include "actors/handlers/objects.hpp"
#include "http_gateway/admin/action_body.hpp"
#include "http_gateway/admin/admin_action.hpp"
#include "http_gateway/admin/bulk_json.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/orders_filter.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "http_gateway/admin/utc_time_in.hpp"
#include "http_gateway/ingress/normal_form.hpp"
#include "http_gateway/webhooks/webhook_desk.hpp"
#include "journal/base/random.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using handlers::bulk_action;
using handlers::bulk_phase;
using handlers::bulk_skip;

/// Reads of the list for one plan, each of `host::list_rows_max` rows at most.
constexpr std::size_t lists_max = 40;
constexpr std::size_t found_at_once = 2'000;
/// Of the newest, among which an action under the same `idempotency-key` is looked for.
constexpr std::size_t bulks_looked_at = 200;

admin_problem wrong(std::string field, std::string message) {
  return {admin_reason::invalid_body, std::move(message), std::move(field), {}, {}};
}

admin_problem not_here() {
  return {admin_reason::unavailable, "This hub does not take that.", {}, {}, {}};
}

handlers::bulk_person signed_by_caller(const admin_action& action) {
  handlers::bulk_person p;
  p.who = action.who.name;
  p.role = name_of(action.who.role);
  p.via = action.who.via;
  p.on_behalf = action.who.on_behalf;
  p.request = action.request_id;
  return p;
}

admin_problem too_low(const admin_action& action) {
  return {admin_reason::role_too_low,
          "More than " + std::to_string(handlers::bulk_items_operate_max) +
              " items need the role admin; " + action.who.name + " has " +
              std::string(name_of(action.who.role)) + ". Narrow the filter.",
          {},
          {},
          {}};
}

// ── What is wanted ───────────────────────────────────────────────────────────────────────────

struct wanted_bulk {
  handlers::bulk_plan plan;      ///< As far as the body says it.
  std::string filter;            ///< As it was given; empty: keys.
  std::vector<std::string> keys; ///< Each once.
};

/// Without what is a customer's.
std::string kept_filter(json filter) {
  for (const auto* name : {"email", "phone"})
    if (filter.contains(name))
      filter[name] = "given, not kept";
  return filter.dump();
}

std::optional<admin_problem> read_keys(const json& j, wanted_bulk& wanted) {
  constexpr std::size_t keys_max = handlers::bulk_items_operate_max;
  if (!j.is_array() || j.empty() || j.size() > keys_max)
    return wrong("keys", "keys must be a list of 1 to 1000 keys.");
  std::set<std::string, std::less<>> seen;
  for (const auto& one : j) {
    auto key = one.is_string() ? one.get<std::string>() : std::string();
    if (is_utf8(key))
      make_normal(key);
    if (!handlers::may_be_key(key))
      return wrong("keys", "A key is a text of 1 to 255 bytes without control characters.");
    if (seen.insert(key).second)
      wanted.keys.push_back(std::move(key));
  }
  return std::nullopt;
}

std::variant<wanted_bulk, admin_problem> wanted_in(std::string_view body) {
  const auto j = json::parse(body, nullptr, false);
  const auto action = j.is_object() && j.contains("action") && j["action"].is_string()
                          ? handlers::bulk_action_named(j["action"].get<std::string>())
                          : std::nullopt;
  auto read =
      read_action_body(body, action == bulk_action::retry ? body_form::many_retry : body_form::many,
                       {"action", "filter", "keys", "rate_per_s"});
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  if (!action)
    return wrong("action", "action must be one of retry, pause, resume, cancel, replay.");
  wanted_bulk wanted;
  wanted.plan.action = *action;
  if (j.contains("filter") == j.contains("keys"))
    return wrong("filter", "Say which: either filter or keys.");
  if (j.contains("keys")) {
    if (auto problem = read_keys(j["keys"], wanted))
      return std::move(*problem);
  } else {
    wanted.filter = j["filter"].dump(-1, ' ', false, json::error_handler_t::replace);
    if (j["filter"].is_object())
      wanted.plan.filter = kept_filter(j["filter"]);
  }
  if (j.contains("rate_per_s")) {
    const auto& rate = j["rate_per_s"];
    if (!rate.is_number_unsigned() || rate.get<std::uint64_t>() < 1 ||
        rate.get<std::uint64_t>() > handlers::bulk_rate_max)
      return wrong("rate_per_s", "rate_per_s must be a number from 1 to " +
                                     std::to_string(handlers::bulk_rate_max) + ".");
    wanted.plan.rate_per_s = rate.get<std::uint32_t>();
  }
  auto& common = std::get<0>(read);
  wanted.plan.accepts_repeat = common.accept_repeat;
  wanted.plan.reason = std::move(common.reason);
  return wanted;
}

// ── The set ──────────────────────────────────────────────────────────────────────────────────

/// Takes one key after the other, until there are more than may be.
class set_of_items {
public:
  set_of_items(const admin_action& action, const admin_sources& from, handlers::bulk_plan& plan)
      : action_(action), plan_(plan), now_(explain_now_of(from)),
        load_([&from](const object_id& id) { return from.hub.object(id); }) {}

  /// Why no more are taken.
  std::optional<admin_problem> take(const std::string& key) {
    const auto check =
        plan_.action == bulk_action::replay
            ? handlers::check_webhook(key, load_)
            : handlers::check_order(plan_.action, key, plan_.accepts_repeat, load_, now_);
    if (check.skipped) {
      auto& e = excluded_[*check.skipped];
      e.why = *check.skipped;
      ++e.count;
      if (e.keys.size() < handlers::bulk_excluded_keys)
        e.keys.push_back(key);
      return std::nullopt;
    }
    if (keys_.size() == handlers::bulk_items_max)
      return admin_problem{admin_reason::too_many_items,
                           "More than " + std::to_string(handlers::bulk_items_max) +
                               " are meant; narrow the filter.",
                           "filter",
                           {},
                           {}};
    if (keys_.size() == handlers::bulk_items_operate_max && action_.who.role < admin_role::admin)
      return too_low(action_);
    keys_.push_back(key);
    return std::nullopt;
  }

  std::vector<std::string> end() {
    plan_.count = static_cast<std::uint32_t>(keys_.size());
    for (auto& [why, e] : excluded_)
      plan_.excluded.push_back(std::move(e));
    plan_.samples.assign(keys_.begin(), keys_.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                            keys_.size(), handlers::bulk_samples)));
    return std::move(keys_);
  }

private:
  const admin_action& action_;
  handlers::bulk_plan& plan_;
  const handlers::explain_now now_;
  const handlers::object_loader load_;
  std::vector<std::string> keys_;
  std::map<bulk_skip, handlers::bulk_excluded> excluded_;
};

admin_problem too_wide() {
  return {admin_reason::too_many_items,
          "The filter matches more than can be looked at for one plan; narrow it.",
          "filter",
          {},
          {}};
}

std::optional<admin_problem> take_orders(const std::string& filter, const admin_sources& from,
                                         set_of_items& items) {
  auto read = bulk_filter_of(filter);
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  const auto& wanted = std::get<0>(read).filter;
  if (auto problem = unknown_vendor(wanted.vendors, from))
    return problem;
  const auto reader = list_reader_of(from.hub);
  std::optional<journal::listing_place> behind;
  for (std::size_t lists = 0; lists < lists_max; ++lists) {
    const auto page = handlers::list_orders(wanted, reader, behind, found_at_once, from.hub.now(),
                                            from.about.call_after_ms);
    if (!page)
      return admin_problem{admin_reason::unreadable, page.error().message, {}, {}, {}};
    for (const auto& item : page->items)
      if (auto problem = items.take(item.key))
        return problem;
    if (!page->next)
      return page->is_complete ? std::nullopt : std::optional(too_wide());
    behind = page->next;
  }
  return too_wide();
}

/// Dead letters: of a vendor, of a type, received in a time.
std::variant<handlers::webhook_filter, admin_problem> webhook_filter_of(const std::string& filter) {
  const auto j = json::parse(filter, nullptr, false);
  if (!j.is_object())
    return wrong("filter", "filter must be an object.");
  handlers::webhook_filter wanted;
  wanted.verdict = handlers::event_verdict::unmatched;
  for (const auto& [name, value] : j.items()) {
    if (name != "vendor" && name != "type" && name != "since" && name != "until") {
      constexpr std::size_t shown_max = 64;
      const std::string shown(cut_text(std::string_view(name), shown_max));
      return wrong(shown, shown + " is not known here.");
    }
    if (!value.is_string() || value.get_ref<const std::string&>().empty())
      return wrong(name, name + " must be a text.");
    const auto& text = value.get_ref<const std::string&>();
    if (name == "vendor" || name == "type") {
      (name == "vendor" ? wanted.vendor : wanted.type) = text;
      continue;
    }
    const auto at = utc_time_in(text);
    if (!at)
      return wrong(name, name + " must be a time in UTC: 2026-11-24T11:00:00Z.");
    (name == "since" ? wanted.from : wanted.until) = *at;
  }
  return wanted;
}

std::optional<admin_problem> take_webhooks(const std::string& filter, const admin_sources& from,
                                           set_of_items& items) {
  auto read = webhook_filter_of(filter);
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  if (from.webhooks == nullptr)
    return admin_problem{admin_reason::unavailable, "This hub takes no webhooks.", {}, {}, {}};
  std::string after;
  for (std::size_t lists = 0; lists < lists_max * 10; ++lists) {
    constexpr std::size_t at_once = 500;
    auto page = from.webhooks->list(std::get<0>(read), after, at_once);
    if (!page)
      return admin_problem{admin_reason::unreadable, page.error().message, {}, {}, {}};
    for (const auto& one : page->entries)
      if (auto problem = items.take(one.key))
        return problem;
    if (page->next.empty())
      return std::nullopt;
    after = std::move(page->next);
  }
  return too_wide();
}

std::optional<admin_problem> take_all(const wanted_bulk& wanted, const admin_sources& from,
                                      set_of_items& items) {
  if (wanted.filter.empty()) {
    for (const auto& key : wanted.keys)
      if (auto problem = items.take(key))
        return problem;
    return std::nullopt;
  }
  return wanted.plan.action == bulk_action::replay ? take_webhooks(wanted.filter, from, items)
                                                   : take_orders(wanted.filter, from, items);
}

// ── What is done ─────────────────────────────────────────────────────────────────────────────

admin_answer acted(const admin_action& action, const std::string& id, const stored_bulk& b,
                   const std::string& action_id, bool is_accepted) {
  const bool dry = action.is_dry_run();
  auto page = page_of(json{{"audit_id", dry || !is_accepted ? json(nullptr) : json(action_id)},
                           {"effect", is_accepted ? "accepted" : "nothing_to_do"},
                           {"dry_run", dry},
                           {"bulk", bulk_json<json>(id, b.what, b.version)}});
  page.status = dry ? 200 : 202;
  page.changed_nothing = !is_accepted && !dry;
  return page;
}

admin_problem problem_of(const host::call_response& reply) {
  auto message = message_of(reply);
  return problem_of(reply.status == 409 ? admin_reason::not_possible : admin_reason::unavailable,
                    message.empty() ? std::string(late_text) : std::move(message));
}

/// Tells an object of the bulk; nothing: it has taken it.
std::optional<admin_problem> tell(const admin_action& action, const admin_sources& from,
                                  const object_id& object, const char* handler, std::string body) {
  host::call_request call;
  call.service = object.service;
  call.key = object.key;
  call.handler = handler;
  call.body = std::move(body);
  const auto reply = record_now(action, *from.calls, std::move(call));
  if (reply.status >= 300)
    return problem_of(reply);
  return std::nullopt;
}

/// The one that was planned under this `idempotency-key` before.
std::optional<std::pair<std::string, stored_bulk>> known_plan(const std::string& action_id,
                                                              const admin_sources& from) {
  const auto ids = from.hub.keys_of(handlers::bulk_service_name, "bulk_", bulks_looked_at);
  if (!ids)
    return std::nullopt;
  for (const auto& id : *ids) {
    auto found = read_bulk(id, from);
    if (auto* b = std::get_if<stored_bulk>(&found); b && b->what.plan.action_id == action_id)
      return std::pair(id, std::move(*b));
  }
  return std::nullopt;
}

bool is_same(const handlers::bulk_plan& a, const handlers::bulk_plan& b) {
  return a.action == b.action && a.reason == b.reason && a.filter == b.filter &&
         a.rate_per_s == b.rate_per_s && a.accepts_repeat == b.accepts_repeat;
}

std::optional<admin_problem> freeze(const admin_action& action, const admin_sources& from,
                                    const std::string& id, const handlers::bulk_plan& plan,
                                    const std::vector<std::string>& keys) {
  for (std::uint32_t page = 0; page < plan.pages(); ++page) {
    const auto first = page * handlers::bulk_page_keys;
    const auto end = std::min(first + handlers::bulk_page_keys, keys.size());
    const std::vector<std::string> of_page(keys.begin() + static_cast<std::ptrdiff_t>(first),
                                           keys.begin() + static_cast<std::ptrdiff_t>(end));
    if (auto problem = tell(action, from, handlers::bulk_page_object(id, page), "Freeze",
                            handlers::encode_keys(of_page)))
      return problem;
  }
  return tell(action, from, handlers::bulk_object(id), "Plan", plan.encode());
}

/// What a person says to a bulk that is there.
struct said_to_bulk {
  std::optional<std::uint32_t> count;
  std::string reason;
};
std::variant<said_to_bulk, admin_problem> said_in(std::string_view body, bool is_start) {
  auto read = is_start ? read_action_body(body, body_form::start, {"count"})
                       : read_action_body(body, body_form::many);
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  said_to_bulk said;
  if (is_start) {
    const auto j = json::parse(body, nullptr, false);
    if (!j.is_object() || !j.contains("count") || !j["count"].is_number_unsigned() ||
        j["count"].get<std::uint64_t>() > handlers::bulk_items_max)
      return wrong("count", "count must be the number of items that the plan says.");
    said.count = j["count"].get<std::uint32_t>();
  }
  said.reason = std::move(std::get<0>(read).reason);
  return said;
}

admin_answer turn(const admin_action& action, const admin_sources& from, const char* handler,
                  bulk_phase to) {
  if (from.calls == nullptr)
    return not_here();
  auto read = said_in(action.body, to == bulk_phase::running);
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  const auto& said = std::get<0>(read);
  const auto& id = action.call.in_path.at("id");
  auto found = read_bulk(id, from);
  if (auto* problem = std::get_if<admin_problem>(&found))
    return std::move(*problem);
  const auto& before = std::get<0>(found);
  const auto& plan = before.what.plan;
  if (said.count && *said.count != plan.count)
    return admin_problem{admin_reason::wrong_count,
                         "The plan has " + std::to_string(plan.count) + " items, not " +
                             std::to_string(*said.count) + "; nothing was done.",
                         "count",
                         {},
                         {}};
  if (to == bulk_phase::running && plan.count > handlers::bulk_items_operate_max &&
      action.who.role < admin_role::admin)
    return too_low(action);
  handlers::bulk_order order;
  order.count = said.count.value_or(0);
  order.action_id = action_id_of(action.who, action.idempotency_key, id);
  order.reason = said.reason.empty() ? plan.reason : said.reason;
  order.by = signed_by_caller(action);
  order.at = from.hub.now();
  if (action.is_dry_run())
    return acted(action, id, before, {}, before.what.standing.phase != to);
  if (auto problem = tell(action, from, handlers::bulk_object(id), handler, order.encode()))
    return std::move(*problem);
  auto after = read_bulk(id, from);
  if (auto* problem = std::get_if<admin_problem>(&after))
    return std::move(*problem);
  return acted(action, id, std::get<0>(after), order.action_id, true);
}

} // namespace

admin_answer plan_bulk(const admin_action& action, const admin_sources& from) {
  if (from.calls == nullptr)
    return not_here();
  auto read = wanted_in(action.body);
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  auto& wanted = std::get<0>(read);
  auto& plan = wanted.plan;
  plan.action_id = action_id_of(action.who, action.idempotency_key, "bulk");
  plan.by = signed_by_caller(action);
  if (!action.idempotency_key.empty() && !action.is_dry_run())
    if (const auto known = known_plan(plan.action_id, from)) {
      if (!is_same(known->second.what.plan, plan))
        return admin_problem{admin_reason::idempotency_conflict, {}, "idempotency-key", {}, {}};
      return acted(action, known->first, known->second, plan.action_id, true);
    }
  plan.as_of = from.hub.journal().last_lsn;
  plan.at = from.hub.now();
  set_of_items items(action, from, plan);
  if (auto problem = take_all(wanted, from, items))
    return std::move(*problem);
  const auto keys = items.end();
  stored_bulk b{{plan, {}}, plan.as_of};
  if (action.is_dry_run() || keys.empty())
    return acted(action, {}, b, {}, !keys.empty());
  system_random random;
  const auto id = handlers::make_bulk_id(plan.at, random);
  if (auto problem = freeze(action, from, id, plan, keys))
    return std::move(*problem);
  auto stored = read_bulk(id, from);
  if (auto* problem = std::get_if<admin_problem>(&stored))
    return std::move(*problem);
  return acted(action, id, std::get<0>(stored), plan.action_id, true);
}

admin_answer start_bulk(const admin_action& action, const admin_sources& from) {
  return turn(action, from, "Start", bulk_phase::running);
}
admin_answer pause_bulk(const admin_action& action, const admin_sources& from) {
  return turn(action, from, "Pause", bulk_phase::paused);
}
admin_answer cancel_bulk(const admin_action& action, const admin_sources& from) {
  return turn(action, from, "Cancel", bulk_phase::cancelled);
}

} // namespace orderhub::http_gateway
