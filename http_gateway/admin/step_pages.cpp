// One step of an order, what it sends, and what a vendor answered.
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/explain/step_requests.hpp"
#include "http_gateway/admin/admin_pages.hpp"
#include "http_gateway/admin/order_reading.hpp"
#include "http_gateway/admin/page_json.hpp"
#include "http_gateway/admin/step_json.hpp"
#include "journal/base/hash.hpp"
#include "journal/base/text.hpp"

#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;

/// A step and what it was found by; `step` is one of `shown`.
struct found_step {
  handlers::order_objects objects;
  handlers::explain_now at;
  handlers::explanation shown;
  std::size_t index = 0;

  [[nodiscard]] const handlers::explained_step& step() const { return shown.steps[index]; }
  [[nodiscard]] std::string version() const { return std::to_string(shown.version); }
};

std::variant<found_step, admin_problem> find_step(const admin_call& call,
                                                  const admin_sources& from) {
  auto read = read_shown(call.key(), from);
  if (auto* problem = std::get_if<admin_problem>(&read))
    return std::move(*problem);
  found_step found{std::move(std::get<0>(read)), explain_now_of(from), {}, 0};
  found.shown = handlers::explain(found.objects, found.at);
  const auto& wanted = call.in_path.at("ref");
  const auto meant = handlers::any_step(found.shown, wanted);
  if (meant.is_ambiguous)
    return problem_of(admin_reason::ambiguous_step,
                      "Several steps of order " + call.key() + " are called " + wanted +
                          ": say which one by its ref, as its explanation has it.",
                      "ref");
  if (meant.step == nullptr)
    return problem_of(admin_reason::no_such_step,
                      "Order " + call.key() + " has no step " + wanted +
                          "; its explanation lists those that it has, with their refs.",
                      "ref");
  found.index = static_cast<std::size_t>(meant.step - found.shown.steps.data());
  return found;
}

json request_json(const handlers::step_request& request) {
  const auto& r = request.wire;
  json headers = json::array();
  for (const auto& [name, value] : r.headers)
    headers.push_back({{"name", name}, {"value", value}});
  const bool is_text = is_utf8(r.body);
  const auto hash = sha256_of(r.body);
  const auto hash_text = hex_of({reinterpret_cast<const char*>(hash.data()), hash.size()});
  return {{"method", text_or_null<json>(r.method)},
          {"path", text_or_null<json>(r.target)},
          {"headers", std::move(headers)},
          {"body_bytes", r.body.size()},
          {"sha256", request.is_whole ? json(hash_text) : json(nullptr)},
          {"text", is_text ? text_or_null<json>(r.body) : json(nullptr)},
          {"base64url", is_text ? json(nullptr) : json(base64url(r.body))}};
}

/// From 1; nothing where it is none of `count`.
std::optional<std::size_t> place_in(std::string_view text, std::size_t count) {
  std::size_t n = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  const bool is_number = failed == std::errc() && end == text.data() + text.size();
  return is_number && n >= 1 && n <= count ? std::optional(n) : std::nullopt;
}

} // namespace

admin_answer step_page(const admin_call& call, const admin_sources& from) {
  const auto found = find_step(call, from);
  if (const auto* problem = std::get_if<admin_problem>(&found))
    return *problem;
  const auto& f = std::get<0>(found);
  return page_of(step_json<json>(f.step()), f.version());
}

admin_answer step_request_page(const admin_call& call, const admin_sources& from) {
  const auto found = find_step(call, from);
  if (const auto* problem = std::get_if<admin_problem>(&found))
    return *problem;
  const auto& f = std::get<0>(found);
  const auto& step = f.step();
  const auto requests = handlers::requests_of(f.objects, step, f.at);
  if (!requests)
    return problem_of(admin_reason::unreadable, "What is stored of the step cannot be read.");
  json retried = nullptr;
  if (step.if_retried)
    retried = {{"move", move_text(step)},
               {"key", text_or_null<json>(step.if_retried->key)},
               {"request", requests->retried ? request_json(*requests->retried) : json(nullptr)}};
  return page_of(json{{"ref", step.ref},
                      {"name", step.name},
                      {"vendor", step.vendor},
                      {"operation", step.operation},
                      {"key", text_or_null<json>(step.key)},
                      {"kept", requests->sent.is_whole},
                      {"request", request_json(requests->sent)},
                      {"if_retried", std::move(retried)}},
                 f.version());
}

admin_answer step_answer_page(const admin_call& call, const admin_sources& from) {
  const auto found = find_step(call, from);
  if (const auto* problem = std::get_if<admin_problem>(&found))
    return *problem;
  const auto& f = std::get<0>(found);
  const auto& step = f.step();
  const auto n = place_in(call.in_path.at("n"), step.attempts.size());
  if (!n)
    return problem_of(admin_reason::no_such_answer,
                      "Of the step " + step.name + " the journal keeps " +
                          std::to_string(step.attempts.size()) +
                          " answers, numbered from 1, the oldest first.",
                      "n");
  return page_of(json{{"ref", step.ref},
                      {"name", step.name},
                      {"vendor", step.vendor},
                      {"operation", step.operation},
                      {"answer", *n},
                      {"answers", step.attempts.size()},
                      {"attempt", attempt_json<json>(step.attempts[*n - 1])}},
                 f.version());
}

} // namespace orderhub::http_gateway
