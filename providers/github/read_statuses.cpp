#include "providers/github/read_statuses.hpp"

#include "journal/base/text.hpp"
#include "providers/codec/json_fields.hpp"
#include "providers/github/wire.hpp"
#include "providers/policy/refusal.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace orderhub::providers::github {

namespace {

using nlohmann::json;
constexpr std::string_view where = "github.read_statuses";

constexpr std::array<std::string_view, 7> states = {"error",  "failure", "inactive", "in_progress",
                                                    "queued", "pending", "success"};

result<std::string> parse(const http_response& response) {
  if (response.status == 404)
    return fail(refusal(error_kind::rejected, where, "404: no such deployment", response));
  if (response.status != 200)
    return fail(wire::classify_read(response, where));
  const auto list = pick_list<json>(response.body, {"id", "state"});
  const auto not_readable = [&] {
    return fail(refusal(error_kind::unavailable, where, "unreadable list", response));
  };
  if (!list)
    return not_readable();
  deployment_status latest;
  for (const json& entry : *list) {
    const auto id = integer_of(entry, "id");
    const auto state = text_of(entry, "state");
    if (!id || *id <= 0 || std::find(states.begin(), states.end(), state) == states.end())
      return not_readable();
    if (*id > latest.id)
      latest = {*id, state};
  }
  return latest.encode();
}

/// GitHub takes the owner's and the repository's name in any case and answers in its own.
bool ends_with_ignoring_case(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         equal_ignoring_case(text.substr(text.size() - end.size()), end);
}

/// Each status names its deployment.
bool is_about(const sent_request& sent, const http_response& response) {
  const auto list = pick_list<json>(response.body, {"deployment_url"});
  const std::string_view target = sent.request.target;
  const auto wanted = target.substr(0, target.rfind("/statuses"));
  return list && std::all_of(list->begin(), list->end(), [&](const json& entry) {
           const auto url = text_of(entry, "deployment_url");
           return url.empty() || ends_with_ignoring_case(url, wanted);
         });
}

} // namespace

std::string deployment_status::encode() const {
  return dump(json{{"id", id}, {"state", state}});
}

result<deployment_status> deployment_status::decode(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  const auto id = integer_of(object, "id");
  if (!id)
    return fail({error_kind::corrupt, std::string(where), "outcome not readable"});
  return deployment_status{*id, text_of(object, "state")};
}

bool is_final(std::string_view state) {
  return state == "success" || state == "failure" || state == "error" || state == "inactive";
}

operation<deployment_status> read_statuses(const statuses_request& request) {
  raw_operation raw;
  raw.name = where;
  raw.vendor = "github";
  raw.call_class = "read";
  raw.ref = request.ref;
  raw.request = wire::get("/repos/" + request.repository + "/deployments/" +
                          std::to_string(request.deployment) + "/statuses?per_page=100");
  raw.deadline_ms = 15'000;
  raw.doubt = doubt_policy::may_repeat;
  raw.has_effect = false;
  raw.parse = &parse;
  raw.is_about = &is_about;
  return {std::move(raw)};
}

} // namespace orderhub::providers::github
