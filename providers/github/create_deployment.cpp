#include "providers/github/create_deployment.hpp"

#include "providers/codec/form.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/github/wire.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::providers::github {

namespace {

using nlohmann::json;
constexpr std::string_view where = "github.create_deployment";
constexpr std::string_view lookup_where = "github.create_deployment.lookup";
constexpr std::string_view task = "deploy";
constexpr std::int64_t page_size = 100;
constexpr std::size_t description_size_max = 140;

/// 202 says that the default branch was merged into the ref, and that nothing was created; we
/// forbid it to merge, so it is no answer that waiting could change.
bool is_merge(const http_response& response) {
  const auto body = response.status == 202 ? pick<json>(response.body, {"message"}) : std::nullopt;
  return body && text_of(*body, "message").starts_with("Auto-merged");
}

result<std::string> parse(const http_response& response) {
  if (is_merge(response))
    return fail(refusal(error_kind::invalid, where, "202: merged instead of deployed", response));
  if (response.status != 201)
    return fail(wire::classify_write(response, where));
  const auto object = pick<json>(response.body, {"id", "sha"});
  const auto id = object ? integer_of(*object, "id") : std::nullopt;
  const deployment_outcome outcome{id.value_or(0), object ? text_of(*object, "sha") : ""};
  if (outcome.id <= 0 || !is_full_sha(outcome.sha))
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  return outcome.encode();
}

/// An object, or JSON in a text: GitHub gives it back as it was stored.
json payload_of(const json& deployment) {
  const json* payload = member(deployment, "payload");
  if (!payload)
    return nullptr;
  return payload->is_string() ? json::parse(payload->get_ref<const std::string&>(), nullptr, false)
                              : *payload;
}

step_ref ref_of(const json& payload) {
  return {text_of(payload, "hub"), text_of(payload, "order_id"), text_of(payload, "step"),
          text_of(payload, "attempt")};
}

json sent_body(const sent_request& sent) {
  return json::parse(sent.request.body, nullptr, false);
}

bool is_about(const sent_request& sent, const http_response& response) {
  const auto made = pick<json>(response.body, {"payload", "environment"});
  const auto wanted = sent_body(sent);
  return made && ref_of(payload_of(*made)) == ref_of(payload_of(wanted)) &&
         text_of(*made, "environment") == text_of(wanted, "environment");
}

/// By the commit only where it was named in full: GitHub records what a branch was at the time.
http_request page_of(const sent_request& sent, std::int64_t page) {
  const auto posted = sent_body(sent);
  form query;
  query.add("environment", text_of(posted, "environment"));
  query.add("task", task);
  if (const auto ref = text_of(posted, "ref"); is_full_sha(ref))
    query.add("sha", ref);
  query.add("per_page", page_size);
  if (page > 1)
    query.add("page", page);
  return wire::get(sent.request.target + '?' + query.text());
}

http_request lookup(const sent_request& sent) {
  return page_of(sent, 1);
}

lookup_finding read_lookup(const sent_request& sent, const http_response& response) {
  using kind = finding_kind;
  const auto says_nothing = [&](std::string text) {
    return unknown(refusal(error_kind::unavailable, lookup_where, std::move(text), response));
  };
  if (response.status != 200)
    return unknown(wire::classify_read(response, lookup_where));
  const auto list = pick_list<json>(response.body, {"id", "sha", "created_at", "payload"});
  if (!list)
    return says_nothing("unreadable list");
  const auto wanted = ref_of(payload_of(sent_body(sent)));
  const auto begin = window_begin(sent);
  lookup_finding answer;
  answer.kind = kind::absent;
  answer.evidence = "no deployment of this hub, workflow, step and attempt";
  std::vector<unix_ms> times;
  for (const json& entry : *list) {
    const auto at = wire::time_of(text_of(entry, "created_at"));
    const auto id = integer_of(entry, "id");
    const auto sha = text_of(entry, "sha");
    if (!at || !id || *id <= 0 || !is_full_sha(sha))
      return says_nothing("a deployment of the list is not readable");
    times.push_back(*at);
    if (answer.kind == kind::found || ref_of(payload_of(entry)) != wanted)
      continue;
    answer.kind = kind::found;
    answer.value = deployment_outcome{*id, sha}.encode();
    answer.evidence = "deployment " + std::to_string(*id);
  }
  const auto page = wire::next_page(response);
  if (answer.kind != kind::found && page > 1 && !ends_before(times, begin, wire::time_step_ms))
    answer.next = page_of(sent, page);
  return answer;
}

http_request regenerate(const http_request& request, std::uint32_t generation) {
  http_request next = request;
  json body = json::parse(request.body, nullptr, false);
  if (member(body, "payload") == nullptr)
    return next;
  body["payload"]["generation"] = std::to_string(generation);
  next.body = dump(body);
  return next;
}

/// At most 140 bytes, cut between two characters.
std::string description_of(const deployment_request& request) {
  std::string text =
      request.for_order.empty() ? "Workflow " + request.ref.order_id : "Order " + request.for_order;
  if (text.size() <= description_size_max)
    return text;
  std::size_t size = description_size_max;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
    --size;
  return text.substr(0, size);
}

} // namespace

std::string deployment_outcome::encode() const {
  return dump(json{{"id", id}, {"sha", sha}});
}

result<deployment_outcome> deployment_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  const auto id = integer_of(object, "id");
  if (!id)
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return deployment_outcome{*id, text_of(object, "sha")};
}

operation<deployment_outcome> create_deployment(const deployment_request& request) {
  json payload = {{"hub", request.ref.hub},
                  {"order_id", request.ref.order_id},
                  {"step", request.ref.step},
                  {"attempt", request.ref.attempt},
                  {"generation", "1"}};
  if (!request.for_order.empty())
    payload["for_order"] = request.for_order;
  const json body = {{"ref", request.git_ref},
                     {"task", task},
                     {"environment", request.environment},
                     {"auto_merge", false},
                     {"required_contexts", json::array()},
                     {"payload", std::move(payload)},
                     {"description", description_of(request)}};
  raw_operation raw;
  raw.name = where;
  raw.vendor = "github";
  raw.call_class = "write";
  raw.ref = request.ref;
  raw.request = wire::post("/repos/" + request.repository + "/deployments", dump(body));
  raw.deadline_ms = 15'000;
  raw.doubt = doubt_policy::lookup;
  raw.absence_after_ms = 5'000;
  raw.parse = &parse;
  raw.is_about = &is_about;
  raw.lookup = &lookup;
  raw.read_lookup = &read_lookup;
  raw.regenerate = &regenerate;
  return {std::move(raw)};
}

} // namespace orderhub::providers::github
