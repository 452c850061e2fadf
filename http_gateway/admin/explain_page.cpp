// An order, and an order explained.
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/fulfilment/fulfilment_facts.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order.hpp"
#include "actors/handlers/orders/order_facts.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/masked.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "http_gateway/admin/step_json.hpp"
#include "journal/open_work.hpp"
#include "providers/tables/currencies.hpp"

#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;
using handlers::explanation;

json time(unix_ms at) {
  return time_json<json>(at);
}
json text(std::string_view t) {
  return text_or_null<json>(t);
}

json said_json(const std::vector<handlers::said>& words) {
  return said_list_json<json>(words);
}

json waits_json(const explanation& e) {
  json list = json::array();
  for (const auto& w : e.waits_for)
    list.push_back({{"what", w.what},
                    {"step", w.step},
                    {"vendor", text(w.vendor)},
                    {"since", time(w.since)},
                    {"until", time(w.until)},
                    {"waker", w.waker},
                    {"attempts", w.attempts},
                    {"last", text(w.last)},
                    {"why", said_json(w.why)}});
  return list;
}

json money_json(const explanation& e) {
  const auto& m = e.money;
  const auto shown = [&](std::int64_t amount) {
    return m.currency.empty() ? json(nullptr) : json(tables::shown({amount, m.currency}));
  };
  return {{"currency", text(m.currency)},
          {"total", m.total},
          {"total_text", shown(m.total)},
          {"charged", m.charged},
          {"charged_text", shown(m.charged)},
          {"refunded", m.refunded},
          {"refunded_text", shown(m.refunded)},
          {"refunded_is_least", m.is_refunded_more},
          {"pending", m.pending},
          {"pending_text", shown(m.pending)},
          {"ids", m.ids}};
}

json steps_json(const explanation& e) {
  json list = json::array();
  for (const auto& s : e.steps)
    list.push_back(step_json<json>(s));
  return list;
}

json calls_json(const explanation& e) {
  json list = json::array();
  for (const auto& c : e.calls)
    list.push_back({{"id", c.id.text()},
                    {"object", c.object},
                    {"handler", c.handler},
                    {"state", c.state},
                    {"accepted_at", time(c.accepted_at)},
                    {"ended_at", time(c.ended_at)},
                    {"text", c.what.text}});
  return list;
}

json attention_json(const explanation& e) {
  json list = json::array();
  for (const auto& a : e.attention)
    list.push_back({{"step", a.step},
                    {"reason", a.reason},
                    {"acked_by", text(a.acked_by)},
                    {"acked_at", time(a.acked_at)}});
  return list;
}

json people_json(const explanation& e) {
  json list = json::array();
  for (const auto& p : e.people)
    list.push_back({{"at", time(p.at)},
                    {"who", p.who},
                    {"role", text(p.role)},
                    {"via", p.via},
                    {"action", p.action},
                    {"reason", text(p.reason)},
                    {"text", p.what.text}});
  return list;
}

json next_json(const explanation& e) {
  json list = json::array();
  for (const auto& n : e.next)
    list.push_back({{"at", time(n.at)},
                    {"what", n.what},
                    {"step", n.step},
                    {"ref", text(n.ref)},
                    {"vendor", text(n.vendor)},
                    {"call", text(n.call)}});
  return list;
}

json webhooks_json(const explanation& e) {
  json list = json::array();
  for (const auto& w : e.webhooks)
    list.push_back({{"at", time(w.at)},
                    {"id", w.id},
                    {"vendor", w.vendor},
                    {"type", w.type},
                    {"verdict", w.verdict},
                    {"changed", w.changed},
                    {"note", text(w.note)},
                    {"text", w.what.text}});
  return list;
}

/// The steps that have not ended, as a list of orders has them.
json open_json(const explanation& e) {
  json list = json::array();
  for (const auto& w : e.waits_for) {
    json ref = nullptr;
    // What is no step of an effect stands as a list says it.
    std::string_view state = w.what == "person" ? "person" : "waiting";
    for (const auto& s : e.steps)
      if (s.name == w.step && s.ended_at == 0) {
        ref = s.ref;
        state = s.state;
      }
    list.push_back({{"step", w.step},
                    {"ref", std::move(ref)},
                    {"vendor", text(w.vendor)},
                    {"state", state},
                    {"waits_for", w.what},
                    {"since", time(w.since)},
                    {"next_at", time(w.until)},
                    {"attempts", w.attempts},
                    {"last", text(w.last)}});
  }
  return list;
}

json customer_json(const handlers::order_objects& objects) {
  const auto* own = objects.find(handlers::order_object(objects.key));
  const auto* recorded = own != nullptr ? own->value("order") : nullptr;
  if (recorded == nullptr)
    return nullptr;
  const auto placed = handlers::order::decode(*recorded);
  return placed ? text(masked_customer(placed->customer_name, placed->customer_email))
                : json(nullptr);
}

json objects_json(const handlers::order_objects& objects) {
  const journal::recorded_wait no_end{};
  json list = json::array();
  for (const auto& s : objects.states)
    list.push_back({{"object", s.id.text()},
                    {"version", s.folded_to},
                    {"live", s.live.size()},
                    {"paused_by_operator", s.paused_by_operator},
                    {"paused_until", time(journal::pause_end(s).value_or(no_end).due)},
                    {"set_aside", nullptr}});
  for (const auto& [id, why] : objects.set_aside)
    list.push_back({{"object", id.text()},
                    {"version", 0},
                    {"live", 0},
                    {"paused_by_operator", false},
                    {"paused_until", nullptr},
                    {"set_aside", why}});
  return list;
}

json deployments_json(const handlers::order_objects& objects) {
  json list = json::array();
  for (const auto& state : objects.deployments) {
    const auto [wanted, facts] = handlers::deployment_of(state);
    list.push_back(
        {{"key", state.id.key},
         {"order", text(wanted.order_id)},
         {"status", status_of(facts)},
         {"ref", text(wanted.git_ref)},
         {"environment", text(wanted.environment)},
         {"github_id",
          facts.deployment_id == 0 ? json(nullptr) : json(std::to_string(facts.deployment_id))},
         {"sha", text(facts.sha)},
         {"reason", text(facts.reason)},
         {"created_at", time(facts.created_at)},
         {"updated_at", time(facts.updated_at)}});
  }
  return list;
}

/// What the customer was told by which step, or why not: `mail_confirm`, `announce_new`.
json notices_json(const handlers::order_objects& objects) {
  json notices = json::object();
  const auto take = [&](const auto& facts) {
    if (facts)
      for (const auto& [name, became] : facts->notices)
        notices[name] = became;
  };
  const auto* own = objects.find(handlers::order_object(objects.key));
  if (const auto* recorded = own != nullptr ? own->value("facts") : nullptr)
    take(handlers::order_facts::decode(*recorded));
  if (const auto* fulfilment = objects.fulfilment())
    take(handlers::fulfilment_facts::decode(*fulfilment->value("facts")));
  return notices;
}

json document_of(const explanation& e) {
  return {{"order", e.order},
          {"at", time(e.at)},
          {"version", e.version},
          {"status", e.status},
          {"state", e.state},
          {"summary", said_json(e.summary)},
          {"waits_for", waits_json(e)},
          {"next", next_json(e)},
          {"money", money_json(e)},
          {"steps", steps_json(e)},
          {"calls", calls_json(e)},
          {"attention", attention_json(e)},
          {"webhooks", webhooks_json(e)},
          {"people", people_json(e)},
          {"gaps", said_json(e.gaps)},
          {"curl", e.curl},
          {"cli", e.cli}};
}

} // namespace

admin_answer order_page(const admin_call& call, const admin_sources& from) {
  auto read = read_shown(call.key(), from, {.deployments = true});
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  const auto& objects = std::get<0>(read);
  const auto e = handlers::explain(objects, explain_now_of(from));
  const json body{{"key", e.order},
                  {"status", e.status},
                  {"state", e.state},
                  {"created_at", time(e.created_at)},
                  {"updated_at", time(e.updated_at)},
                  {"version", e.version},
                  {"money", money_json(e)},
                  {"customer", customer_json(objects)},
                  {"label_id", text(e.label_id)},
                  {"tracking_number", text(e.tracking_number)},
                  {"in_doubt", e.in_doubt},
                  {"attention", attention_json(e)},
                  {"open", open_json(e)},
                  {"notices", notices_json(objects)},
                  {"deployments", deployments_json(objects)},
                  {"invocations", calls_json(e)},
                  {"objects", objects_json(objects)}};
  return page_of(body, std::to_string(e.version));
}

admin_answer explain_page(const admin_call& call, const admin_sources& from) {
  auto read = read_shown(call.key(), from, {.webhooks = true});
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  const auto e = handlers::explain(std::get<0>(read), explain_now_of(from));
  if (call.value("format") == "text")
    return admin_page{handlers::shown_as_text(e), "text/plain; charset=utf-8", {}};
  if (call.value("format") == "markdown")
    return admin_page{handlers::shown_as_markdown(e), "text/markdown; charset=utf-8", {}};
  return page_of(document_of(e));
}

} // namespace orderhub::http_gateway
