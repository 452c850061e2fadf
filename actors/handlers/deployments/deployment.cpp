#include "actors/handlers/deployments/deployment.hpp"

#include "actors/handlers/field_reader.hpp"
#include "actors/handlers/strict_json.hpp"
#include "journal/base/bytes.hpp"
#include "journal/base/utc_text.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

namespace {

using nlohmann::json;

constexpr std::uint8_t wanted_version = 1;
constexpr std::uint8_t facts_version = 1;
constexpr std::size_t name_size_max = 255;

/// What git allows in a ref (git help check-ref-format), as far as it could be taken for something
/// else on its way.
bool is_git_ref(std::string_view ref) {
  return ref.size() <= name_size_max && ref.front() != '-' && ref.front() != '/' &&
         ref.back() != '/' && ref.back() != '.' && ref.find("..") == std::string_view::npos &&
         ref.find_first_of(" ~^:?*[\\") == std::string_view::npos;
}

unix_ms earlier(unix_ms a, unix_ms b) {
  return a == 0 || b == 0 ? std::max(a, b) : std::min(a, b);
}

json text_or_null(const std::string& text) {
  return text.empty() ? json(nullptr) : json(text);
}

std::string message_of(const deployment_facts& f) {
  if (f.ended == "succeeded")
    return "Deployed successfully";
  if (f.ended == "timed_out")
    return "GitHub did not say within 10 minutes how the deployment ended";
  if (f.ended == "refused")
    return "GitHub refused the deployment: " + f.reason;
  if (f.ended == "inactive")
    return "Another deployment took its place";
  if (f.ended == "failed")
    return f.reason.empty() ? "The deployment failed" : "The deployment failed: " + f.reason;
  return "The deployment is on its way";
}

} // namespace

std::string deployment_wanted::encode() const {
  byte_writer w(128);
  w.u8(wanted_version);
  for (const auto* field : {&order_id, &git_ref, &environment})
    w.str16(*field);
  return w.take();
}

result<deployment_wanted> deployment_wanted::decode(std::string_view bytes) {
  byte_reader r(bytes);
  deployment_wanted wanted;
  const auto version = r.u8();
  for (auto* field : {&wanted.order_id, &wanted.git_ref, &wanted.environment})
    *field = r.str16();
  if (version != wanted_version || !r.done())
    return fail({error_kind::corrupt, "deployment", "the request cannot be read"});
  return wanted;
}

result<deployment_wanted> check_deployment(std::string_view body) {
  if (auto sound = check_json(body); !sound)
    return sound.failure();
  auto fields = field_reader::parse(body);
  if (!fields)
    return fail({error_kind::invalid, "deployment", "The body must be a JSON object.", 400});
  deployment_wanted wanted;
  wanted.order_id = fields->text("orderId", false);
  wanted.git_ref = fields->text("ref", true);
  wanted.environment = fields->text("environment", true);
  if (auto good = fields->verdict(); !good)
    return good.failure();
  if (!is_git_ref(wanted.git_ref))
    fields->complain("ref", "must be a branch, a tag or a commit, such as main");
  for (const auto& [name, value] :
       {std::pair("orderId", &wanted.order_id), std::pair("environment", &wanted.environment)})
    if (value->size() > name_size_max)
      fields->complain(name, "is longer than 255 bytes");
  if (auto good = fields->verdict(); !good)
    return good.failure();
  return wanted;
}

std::string deployment_facts::encode() const {
  byte_writer w(192);
  w.u8(facts_version);
  w.i64(created_at);
  w.i64(updated_at);
  w.i64(deployment_id);
  w.str16(sha);
  w.i64(status_id);
  for (const auto* field : {&state, &ended, &reason})
    w.str16(*field);
  return w.take();
}

result<deployment_facts> deployment_facts::decode(std::string_view bytes) {
  byte_reader r(bytes);
  deployment_facts f;
  const auto version = r.u8();
  f.created_at = r.i64();
  f.updated_at = r.i64();
  f.deployment_id = r.i64();
  f.sha = r.str16();
  f.status_id = r.i64();
  for (auto* field : {&f.state, &f.ended, &f.reason})
    *field = r.str16();
  if (version != facts_version || !r.done())
    return fail({error_kind::corrupt, "deployment", "what is known of it cannot be read"});
  return f;
}

deployment_facts merge(const deployment_facts& a, const deployment_facts& b) {
  deployment_facts f;
  f.created_at = earlier(a.created_at, b.created_at);
  f.updated_at = std::max(a.updated_at, b.updated_at);
  f.deployment_id = std::max(a.deployment_id, b.deployment_id);
  f.sha = std::max(a.sha, b.sha);
  // The later status; of one that was told in two ways the greater text.
  const auto& latest = std::pair(a.status_id, a.state) < std::pair(b.status_id, b.state) ? b : a;
  f.status_id = latest.status_id;
  f.state = latest.state;
  f.ended = std::max(a.ended, b.ended);
  f.reason = std::max(a.reason, b.reason);
  return f;
}

std::string merge_deployment(std::string_view, const std::string* current, std::string_view delta) {
  auto learned = deployment_facts::decode(delta);
  if (current == nullptr)
    return std::string(delta);
  auto known = deployment_facts::decode(*current);
  return learned && known ? merge(*known, *learned).encode() : *current;
}

std::string_view end_of(std::string_view state) {
  if (state == "success")
    return "succeeded";
  if (state == "failure" || state == "error")
    return "failed";
  return state == "inactive" ? "inactive" : "";
}

std::string status_of(const deployment_facts& f) {
  if (!f.ended.empty())
    return f.ended;
  if (f.deployment_id == 0)
    return "creating";
  if (f.state.empty())
    return "created";
  const auto end = end_of(f.state);
  return end.empty() ? f.state : std::string(end);
}

std::string deployment_response(const std::string& key, const deployment_wanted& wanted,
                                const deployment_facts& f) {
  const json j{{"workflowId", key},
               {"status", status_of(f)},
               {"orderId", text_or_null(wanted.order_id)},
               {"ref", wanted.git_ref},
               {"environment", wanted.environment},
               {"deploymentId", f.deployment_id == 0 ? json(nullptr) : json(f.deployment_id)},
               {"sha", text_or_null(f.sha)},
               {"state", text_or_null(f.state)},
               {"createdAt", utc_text(f.created_at)},
               {"updatedAt", utc_text(f.updated_at)},
               {"message", message_of(f)}};
  return j.dump();
}

} // namespace orderhub::handlers
