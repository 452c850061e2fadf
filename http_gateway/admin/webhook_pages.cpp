// What came through the webhooks' door, what was refused there, and what a person does about it.
#include "actors/handlers/objects.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/operator_action.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "http_gateway/admin/stream_items.hpp"
#include "http_gateway/admin/utc_time_in.hpp"
#include "http_gateway/webhooks/webhook_desk.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"
#include "providers/webhooks/vendors.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using handlers::listed_webhook;
using handlers::webhook_filter;

admin_problem not_here() {
  return {admin_reason::unavailable, "This hub takes no webhooks.", {}, {}, {}};
}

admin_problem invalid(std::string field, std::string message) {
  return {admin_reason::invalid_parameter, std::move(message), std::move(field), {}, {}};
}

admin_problem problem_of(const error& why) {
  if (why.kind == error_kind::not_found)
    return {admin_reason::no_such_webhook, why.message, "id", {}, {}};
  if (why.kind == error_kind::rejected)
    return {admin_reason::not_possible, why.message, {}, {}, {}};
  return {admin_reason::unreadable, why.message, {}, {}, {}};
}

/// Whether that vendor's webhooks have a door here; said of a list's `vendor`.
std::optional<admin_problem> unknown_sender(const admin_call& call) {
  const auto vendor = call.value("vendor");
  std::string names;
  for (const auto& source : providers::webhooks::sources()) {
    if (vendor.empty() || source.vendor == vendor)
      return std::nullopt;
    names.append(names.empty() ? "" : ", ").append(source.vendor);
  }
  return invalid("vendor", "vendor must be one of " + names + '.');
}

std::optional<handlers::event_verdict> verdict_named(std::string_view name) {
  for (std::uint8_t n = 0; n <= static_cast<std::uint8_t>(handlers::event_verdict::refused); ++n)
    if (name_of(static_cast<handlers::event_verdict>(n)) == name)
      return static_cast<handlers::event_verdict>(n);
  return std::nullopt;
}

std::string_view matched_by(const listed_webhook& one) {
  if (!one.match)
    return one.received.what.about.order_id.empty() ? "" : "metadata";
  return one.match->who.empty() ? "vendor_id" : "operator";
}

json item_json(const listed_webhook& one) {
  const auto& r = one.received;
  const auto& e = r.what;
  json assigned = nullptr;
  if (one.match && !one.match->who.empty())
    assigned = {{"by", one.match->who},
                {"reason", text_or_null<json>(one.match->reason)},
                {"at", time_json<json>(one.match->at)}};
  return {{"id", one.key},
          {"vendor", r.vendor},
          {"event_id", e.id},
          {"type", e.type},
          {"kind", name_of(e.kind)},
          {"received_at", time_json<json>(r.received_at)},
          {"happened_at", time_json<json>(e.at_ms)},
          {"verdict", name_of(one.became.verdict)},
          {"text", text_or_null<json>(one.became.text)},
          {"order", text_or_null<json>(one.order_id())},
          {"matched_by", text_or_null<json>(matched_by(one))},
          {"assigned", std::move(assigned)},
          {"step", text_or_null<json>(e.about.step)},
          {"vendor_ids", e.vendor_ids},
          {"live", e.is_live},
          {"swept", r.is_swept},
          {"replays", one.replays}};
}

} // namespace

std::string text_of(const listed_webhook& one) {
  return page_of(item_json(one)).body;
}

namespace {

// ── Lists ───────────────────────────────────────────────────────────────────────────────────

/// What a cursor belongs to: other filters make it foreign.
std::string filter_text(const admin_call& call) {
  std::string all = call.in_path.contains("key") ? call.key() : std::string();
  for (const auto* name : {"vendor", "verdict", "type", "order", "since", "until", "swept"})
    all.append("\n").append(call.value(name));
  const auto hash = sha256_of(all);
  constexpr std::size_t shown = 6;
  return base64url({reinterpret_cast<const char*>(hash.data()), shown});
}

admin_answer listed(const admin_call& call, const admin_sources& from, webhook_filter wanted) {
  if (from.webhooks == nullptr)
    return not_here();
  const auto filter = filter_text(call) + ' ';
  std::string after;
  if (const auto cursor = call.value("cursor"); !cursor.empty()) {
    if (!from_base64url(cursor, after) || !after.starts_with(filter))
      return invalid("cursor", "cursor is none of this list with these filters.");
    after.erase(0, filter.size());
  }
  const auto page = from.webhooks->list(wanted, after, call.number("limit"));
  if (!page && page.error().kind == error_kind::invalid)
    return invalid("cursor", "cursor is none of this list with these filters.");
  if (!page)
    return problem_of(page.error());
  json list = json::array();
  for (const auto& one : page->entries)
    list.push_back(item_json(one));
  return page_of(
      json{{"webhooks", std::move(list)},
           {"next", page->next.empty() ? json(nullptr) : json(base64url(filter + page->next))},
           {"as_of_lsn", from.hub.journal().last_lsn},
           {"scanned", page->looked_at},
           {"complete", page->is_whole &&
                            (page->next.empty() || page->entries.size() == call.number("limit"))}});
}

/// An event by its own id alone, where it is one vendor's: `evt_1`.
std::optional<listed_webhook> found_without_vendor(const std::string& id,
                                                   const admin_sources& from) {
  std::optional<listed_webhook> only;
  for (const auto& source : providers::webhooks::sources()) {
    auto one = from.webhooks->find(handlers::vendor_key(source.vendor, id));
    if (one && only)
      return std::nullopt;
    if (one)
      only = std::move(*one);
  }
  return only;
}

/// One that is asked for, or why it is not shown.
std::variant<listed_webhook, admin_problem> found(const admin_call& call,
                                                  const admin_sources& from) {
  if (from.webhooks == nullptr)
    return not_here();
  const auto& id = call.in_path.at("id");
  auto one = from.webhooks->find(id);
  if (!one && one.error().kind == error_kind::not_found && id.find(':') == std::string::npos)
    if (auto only = found_without_vendor(id, from))
      return std::move(*only);
  if (!one)
    return problem_of(one.error());
  return std::move(*one);
}

// ── What a person does ──────────────────────────────────────────────────────────────────────

std::string plan_text(const listed_webhook& one, const handlers::webhook_plan& plan) {
  json changes = json::array();
  for (const auto& c : plan.changes)
    changes.push_back({{"fact", c.fact},
                       {"before", text_or_null<json>(c.before)},
                       {"after", text_or_null<json>(c.after)}});
  return json{{"webhook", one.key},
              {"verdict", name_of(one.became.verdict)},
              {"target", plan.target.key.empty() ? json(nullptr) : json(plan.target.text())},
              {"becomes", name_of(plan.with.verdict)},
              {"text", text_or_null<json>(plan.with.text)},
              {"changes", std::move(changes)}}
      .dump(-1, ' ', false, json::error_handler_t::replace);
}

void apply(const operator_action& action, const admin_sources& from,
           const std::optional<handlers::webhook_match>& assigned) {
  const auto one = found(action.call, from);
  if (const auto* problem = std::get_if<admin_problem>(&one))
    return action.refuse(*problem);
  const auto& webhook = std::get<0>(one);
  const auto plan = from.webhooks->plan(webhook.key, assigned);
  if (!plan)
    return action.refuse(problem_of(plan.error()));
  auto text = plan_text(webhook, *plan);
  if (action.is_dry_run())
    return action.accept(text);
  if (assigned)
    from.webhooks->assign(webhook.key, *assigned, action.when_durable(std::move(text)));
  else
    from.webhooks->replay(webhook.key, action.when_durable(std::move(text)));
}

} // namespace

admin_answer webhooks_page(const admin_call& call, const admin_sources& from) {
  if (auto problem = unknown_sender(call))
    return std::move(*problem);
  webhook_filter wanted;
  wanted.vendor = call.value("vendor");
  wanted.verdict = verdict_named(call.value("verdict"));
  wanted.type = call.value("type");
  wanted.order_id = call.value("order");
  for (const auto& [name, to] :
       {std::pair("since", &wanted.from), std::pair("until", &wanted.until)})
    if (const auto text = call.value(name); !text.empty()) {
      const auto at = utc_time_in(text);
      if (!at)
        return invalid(name, std::string(name) + " must be a time in UTC: 2026-11-24T11:00:00Z.");
      *to = *at;
    }
  if (const auto swept = call.value("swept"); !swept.empty())
    wanted.is_swept = swept == "true";
  return listed(call, from, std::move(wanted));
}

admin_answer order_webhooks_page(const admin_call& call, const admin_sources& from) {
  auto order = read_order(call.key(), from);
  if (auto* problem = std::get_if<admin_problem>(&order))
    return std::move(*problem);
  webhook_filter wanted;
  wanted.order_id = call.key();
  return listed(call, from, std::move(wanted));
}

admin_answer webhook_page(const admin_call& call, const admin_sources& from) {
  const auto one = found(call, from);
  if (const auto* problem = std::get_if<admin_problem>(&one))
    return *problem;
  const auto& webhook = std::get<0>(one);
  auto j = item_json(webhook);
  json headers = json::array();
  for (const auto& [name, value] : webhook.received.headers)
    headers.push_back({{"name", name}, {"value", value}});
  j["foreign"] = webhook.received.is_foreign;
  j["headers"] = std::move(headers);
  j["body_bytes"] = webhook.received.body.size();
  // What became of it another object may say, whose records are not its own.
  return page_of(
      j, std::to_string(webhook.version).append(".").append(name_of(webhook.became.verdict)));
}

admin_answer webhook_body_page(const admin_call& call, const admin_sources& from) {
  const auto one = found(call, from);
  if (const auto* problem = std::get_if<admin_problem>(&one))
    return *problem;
  const auto& body = std::get<0>(one).received.body;
  const bool is_text = is_utf8(body);
  const auto hash = sha256_of(body);
  return page_of(json{{"id", std::get<0>(one).key},
                      {"body_bytes", body.size()},
                      {"sha256", hex_of({reinterpret_cast<const char*>(hash.data()), hash.size()})},
                      {"text", is_text && !body.empty() ? json(body) : json(nullptr)},
                      {"base64url", is_text ? json(nullptr) : json(base64url(body))}});
}

admin_answer refused_webhooks_page(const admin_call& call, const admin_sources& from) {
  if (auto problem = unknown_sender(call))
    return std::move(*problem);
  if (from.webhooks == nullptr)
    return not_here();
  const auto limit = call.number("limit");
  const auto all = from.webhooks->refused(call.value("vendor"));
  json list = json::array();
  for (std::size_t i = 0; i < std::min(limit, all.size()); ++i) {
    const auto& r = all[i];
    list.push_back({{"at", time_json<json>(r.at)},
                    {"vendor", r.vendor},
                    {"reason", name_of(r.why)},
                    {"hint", text_or_null<json>(r.hint)},
                    {"skew_ms", r.skew_ms ? json(*r.skew_ms) : json(nullptr)},
                    {"secrets_tried", r.secrets_tried},
                    {"peer", text_or_null<json>(r.peer)},
                    {"content_type", text_or_null<json>(r.content_type)},
                    {"header_names", r.headers},
                    {"body_bytes", r.body_size},
                    {"sha256", r.sha256}});
  }
  return page_of(json{{"refused", std::move(list)}, {"scanned", all.size()}});
}

void replay_webhook(operator_action action, const admin_sources& from) {
  apply(action, from, std::nullopt);
}

void assign_webhook(operator_action action, const admin_sources& from) {
  handlers::webhook_match whose;
  whose.order_id = action.value("order");
  whose.who = action.by.who;
  whose.reason = action.by.reason;
  whose.at = from.hub.now();
  const auto order = handlers::order_object(whose.order_id);
  const auto state = from.hub.object(order);
  if (state && state->blank())
    return action.refuse(http_gateway::problem_of(admin_reason::no_such_order, {}, "order"));
  action.about = order; // Its own audit says who did it.
  action.evidence = "order=" + whose.order_id;
  apply(action, from, whose);
}

} // namespace orderhub::http_gateway
