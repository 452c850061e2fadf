#include "providers/contracts/job.hpp"

#include "providers/codec/json_fields.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::contracts {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> state_names = {"open", "done", "cancelled", "failed"};
constexpr std::size_t tracking_size_max = 100;
constexpr std::size_t url_size_max = 500;

std::optional<json> read_object(const http_response& response) {
  return pick<json>(response.body, {"reference", "state", "tracking_number", "tracking_url"});
}

std::optional<job_state> state_of(const job_kind& kind, std::string_view word) {
  if (word == kind.words.done)
    return job_state::done;
  if (std::find(kind.words.open.begin(), kind.words.open.end(), word) != kind.words.open.end())
    return job_state::open;
  if (word == "cancelled")
    return job_state::cancelled;
  if (word == "failed")
    return job_state::failed;
  return std::nullopt;
}

/// What a customer may be shown: printable, and no longer than any carrier's.
std::string shown(std::string text, std::size_t size_max) {
  const bool is_plain = std::all_of(text.begin(), text.end(),
                                    [](char c) { return c > 0x20 && c < 0x7f && c != '<'; });
  return is_plain && text.size() <= size_max ? std::move(text) : std::string();
}

std::string url_of(const json& object) {
  auto url = shown(text_of(object, "tracking_url"), url_size_max);
  return url.starts_with("https://") || url.starts_with("http://") ? url : std::string();
}

std::optional<job_outcome> outcome_in(const job_kind& kind, const http_response& response) {
  const auto object = read_object(response);
  if (!object || text_of(*object, "reference").empty())
    return std::nullopt;
  const auto state = state_of(kind, text_of(*object, "state"));
  if (!state)
    return std::nullopt;
  return job_outcome{*state, shown(text_of(*object, "tracking_number"), tracking_size_max),
                     url_of(*object)};
}

void add(json& to, const char* name, const std::string& value) {
  if (!value.empty())
    to[name] = value;
}

} // namespace

std::string job_outcome::encode() const {
  json object{{"state", state_names.at(static_cast<std::size_t>(state))}};
  add(object, "tracking_number", tracking_number);
  add(object, "tracking_url", tracking_url);
  return dump(object);
}

result<job_outcome> job_outcome::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  const auto state = text_of(object, "state");
  for (std::size_t i = 0; i < state_names.size(); ++i)
    if (state_names.at(i) == state)
      return job_outcome{static_cast<job_state>(i), text_of(object, "tracking_number"),
                         text_of(object, "tracking_url")};
  return fail({error_kind::corrupt, "contracts.job", "outcome not readable"});
}

std::string job_body(const job_request& request) {
  json body{{"reference", reference_of(request.ref)}, {"metadata", metadata_of<json>(request.ref)}};
  add(body["metadata"], "awakeable", request.awakeable);
  for (const auto& line : summed(request.items))
    body["items"].push_back({{"product_id", line.product_id}, {"quantity", line.quantity}});
  auto& to = body["ship_to"] = json::object();
  const auto& d = request.ship_to;
  add(to, "name", d.name);
  add(to, "company", d.company);
  add(to, "street", d.street);
  add(to, "street2", d.street2);
  add(to, "city", d.city);
  add(to, "state", d.state);
  add(to, "zip", d.zip);
  add(to, "country", d.country);
  add(to, "phone", d.phone);
  return dump(body);
}

std::string metadata_body(const step_ref& ref) {
  return dump(json{{"metadata", metadata_of<json>(ref)}});
}

std::string job_target(const job_kind& kind, const step_ref& ref, std::string_view verb) {
  auto target = std::string(kind.path) + '/' + reference_of(ref);
  return verb.empty() ? target : target + '/' + std::string(verb);
}

result<std::string> read_job(const job_kind& kind, const http_response& response,
                             std::string_view where) {
  if (response.status != 200 && response.status != 201)
    return fail(classify_write(response, where));
  const auto outcome = outcome_in(kind, response);
  if (!outcome)
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  return outcome->encode();
}

result<std::string> read_cancelled(const job_kind& kind, const http_response& response,
                                   std::string_view where) {
  if (response.status == 404 && code_in(response) == kind.unknown)
    return job_outcome{job_state::cancelled}.encode();
  if (response.status != 200)
    return fail(classify_write(response, where));
  const auto outcome = outcome_in(kind, response);
  const bool is_off = // One that has failed is off by itself.
      outcome && (outcome->state == job_state::cancelled || outcome->state == job_state::failed);
  if (!is_off)
    return fail(refusal(error_kind::in_doubt, where, "unreadable success body", response));
  return job_outcome{job_state::cancelled, outcome->tracking_number, outcome->tracking_url}
      .encode();
}

result<std::string> read_standing(const job_kind& kind, const http_response& response,
                                  std::string_view where) {
  const auto code = code_in(response);
  if (response.status == 404 && code == kind.unknown)
    return fail(refusal(error_kind::rejected, where, "404: " + code, response));
  const auto outcome = response.status == 200 ? outcome_in(kind, response) : std::nullopt;
  if (!outcome)
    return fail(refusal(kind_of_read(response), where, std::to_string(response.status), response));
  return outcome->encode();
}

bool is_about_job(const job_kind& kind, const sent_request& sent, const http_response& response) {
  const auto object = read_object(response);
  const auto reference = object ? text_of(*object, "reference") : std::string();
  if (reference.empty())
    return false;
  if (sent.request.target == kind.path)
    return reference == text_of(json::parse(sent.request.body, nullptr, false), "reference");
  const auto path = std::string(kind.path) + '/' + reference;
  return sent.request.target == path || sent.request.target.starts_with(path + '/');
}

} // namespace orderhub::providers::contracts
