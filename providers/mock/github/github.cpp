#include "providers/mock/github/github.hpp"

#include "providers/codec/form.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::mock {

namespace {

using namespace std::string_view_literals;
using json = nlohmann::json;

constexpr auto repositories = "/repos/"sv;
constexpr auto deployments_end = "/deployments"sv;
constexpr auto statuses_end = "/statuses"sv;
constexpr std::int64_t page_size_max = 100;
constexpr std::int64_t page_size_default = 30;
constexpr std::size_t description_max = 140;

constexpr std::array create_fields = {"ref"sv,
                                      "task"sv,
                                      "auto_merge"sv,
                                      "required_contexts"sv,
                                      "payload"sv,
                                      "environment"sv,
                                      "description"sv,
                                      "transient_environment"sv,
                                      "production_environment"sv};
constexpr std::array list_fields = {"sha"sv,         "ref"sv,      "task"sv,
                                    "environment"sv, "per_page"sv, "page"sv};
constexpr std::array states = {"error"sv,  "failure"sv, "inactive"sv, "in_progress"sv,
                               "queued"sv, "pending"sv, "success"sv};

/// `owner/name` and what follows it.
bool split(std::string_view path, std::string_view& repository, std::string_view& rest) {
  if (!path.starts_with(repositories))
    return false;
  path.remove_prefix(repositories.size());
  const auto slash = path.find('/');
  const auto end = slash == std::string_view::npos ? slash : path.find('/', slash + 1);
  if (end == std::string_view::npos || slash == 0 || end == slash + 1)
    return false;
  repository = path.substr(0, end);
  rest = path.substr(end);
  return true;
}

bool is_sha(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// A branch stands for a commit, the same one each time.
std::string sha_of(std::string_view ref) {
  if (is_sha(ref))
    return std::string(ref);
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  for (const char c : ref)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
  std::string sha;
  append_hex(sha, hash, 16);
  append_hex(sha, hash * 31, 16);
  append_hex(sha, hash, 8);
  return sha;
}

/// `2012-07-20T01:19:13Z`
void append_second(std::string& out, unix_ms at) {
  append_iso_time(out, at);
  out.replace(out.size() - 5, 5, "Z");
}

std::string text_in(const json& object, const char* name, std::string otherwise) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::move(otherwise);
}

} // namespace

call_id github::route(std::string_view method, std::string_view path) {
  std::string_view repository;
  std::string_view rest;
  if (!split(path, repository, rest))
    return call_id::github_other;
  if (rest == deployments_end)
    return method == "POST"  ? call_id::github_deployment
           : method == "GET" ? call_id::github_list
                             : call_id::github_other;
  if (rest.starts_with("/deployments/") && rest.ends_with(statuses_end))
    return method == "POST"  ? call_id::github_status
           : method == "GET" ? call_id::github_statuses
                             : call_id::github_other;
  return call_id::github_other;
}

void github::refuse(call& c, int http_status, std::string_view message, std::string_view field,
                    std::string_view code) {
  c.reply.status = http_status;
  auto& out = c.reply.body;
  out.assign(R"({"message":)");
  append_json(out, message);
  if (!code.empty()) {
    out.append(R"(,"errors":[{"resource":"Deployment","field":)");
    append_json(out, field);
    out.append(R"(,"code":)");
    append_json(out, code);
    out.append("}]");
  }
  out.append(R"(,"documentation_url":"https://docs.github.com/rest","status":")");
  append_number(out, http_status);
  out.append(R"("})");
}

bool github::is_let_in(call& c) {
  if (!c.header("user-agent") || c.header("user-agent")->empty()) {
    c.reply.status = 403;
    c.reply.body = "Request forbidden by administrative rules. Please make sure your request has a "
                   "User-Agent header.";
    return false;
  }
  const auto* authorization = c.header("authorization");
  const std::string_view value = authorization ? std::string_view(*authorization) : "";
  const bool is_token = (value.starts_with("Bearer ") && value.size() > 7) ||
                        (value.starts_with("token ") && value.size() > 6);
  if (!is_token || value.find("invalid") != std::string_view::npos) {
    refuse(c, 401, "Bad credentials");
    return false;
  }
  return true;
}

void github::handle(call& c) {
  c.json_header();
  std::string_view repository;
  std::string_view rest;
  if (!is_let_in(c))
    return;
  if (!split(c.path, repository, rest) || repository.find("missing") != std::string_view::npos)
    return refuse(c, 404, "Not Found");
  switch (c.what) {
  case call_id::github_deployment:
    return create(c, repository);
  case call_id::github_list:
    return list(c, repository);
  case call_id::github_statuses:
    return statuses(c, repository);
  case call_id::github_status:
    return create_status(c, repository);
  default:
    refuse(c, 404, "Not Found");
  }
}

void github::create(call& c, std::string_view repository) {
  const json body =
      shallow_json(c.request.body) ? json::parse(c.request.body, nullptr, false) : json();
  if (!body.is_object())
    return refuse(c, 400, "Problems parsing JSON");
  for (const auto& [name, value] : body.items())
    if (std::find(create_fields.begin(), create_fields.end(), name) == create_fields.end())
      return refuse(c, 422, "Invalid request.", name, "unknown");
  const auto ref = text_in(body, "ref", {});
  if (ref.empty())
    return refuse(c, 422, "Validation Failed", "ref", "missing_field");
  if (ref.find("missing") != std::string::npos)
    return refuse(c, 422, "No ref found for: " + ref);
  const auto description = text_in(body, "description", {});
  if (description.size() > description_max)
    return refuse(c, 422, "Validation Failed", "description", "too_long");
  const json payload = body.value("payload", json(""));
  if (!payload.is_object() && !payload.is_string())
    return refuse(c, 422, "Validation Failed", "payload", "invalid");
  const auto contexts = body.find("required_contexts");
  if (contexts == body.end()) // All checks of the commit must be green; here there are none yet.
    return refuse(c, 409, "Conflict: Commit status checks failed for " + ref + ".");
  if (!contexts->is_array())
    return refuse(c, 422, "Validation Failed", "required_contexts", "invalid");
  if (body.value("auto_merge", json(true)) != json(false)) {
    c.reply.status = 202;
    c.reply.body = R"({"message":"Auto-merged main into topic on deployment."})";
    return;
  }
  if (c.mode() == fault_effect::refuse)
    return refuse(c, 422, c.hit->text.empty() ? "Validation Failed"sv : c.hit->text, "environment",
                  c.hit->code.empty() ? "custom"sv : c.hit->code);

  deployment d;
  d.repository = repository;
  d.ref = ref;
  d.sha = sha_of(ref);
  d.task = text_in(body, "task", "deploy");
  d.environment = text_in(body, "environment", "production");
  d.description = description;
  d.payload = payload.dump(-1, ' ', false, json::error_handler_t::replace);
  d.created_at = c.now;
  if (c.mode() != fault_effect::queued) {
    d.statuses.push_back({++statuses_, "success", c.now});
  } else {
    d.statuses.push_back({++statuses_, "in_progress", c.now});
    if (c.hit->outcome != queued_outcome::never)
      d.statuses.push_back({++statuses_,
                            c.hit->outcome == queued_outcome::success ? "success" : "failure",
                            c.now + c.hit->late_ms});
  }
  const json about =
      payload.is_object() ? payload : json::parse(payload.get<std::string>(), nullptr, false);
  const auto order = about.is_object() ? text_in(about, "order_id", {}) : std::string();
  const auto step = about.is_object() ? text_in(about, "step", {}) : std::string();
  const auto attempt = about.is_object() ? text_in(about, "attempt", {}) : std::string();
  const auto environment = d.environment;
  const auto number = deployments_.add(std::move(d));
  shared_.effects.add({.kind = effect_kind::deployment,
                       .number = number,
                       .order_id = order,
                       .step = step,
                       .to = environment,
                       .attempt = attempt_of(attempt),
                       .at_ms = c.now,
                       .request_number = c.request_number});
  c.reply.status = 201;
  const auto& made = *deployments_.find(number);
  append(c.reply.body, number, made);
  tell(number, made, nullptr);
  for (const auto& s : made.statuses)
    tell(number, made, &s);
}

void github::tell(std::uint64_t number, const deployment& d, const status* s) {
  if (!shared_.told.is_on())
    return;
  notice n;
  n.vendor = vendor_id::github;
  n.at = s ? s->at : d.created_at;
  n.target = "/webhooks/github";
  std::string guid;
  append_hex(guid, shared_.names.deployment_id(number), 16);
  append_hex(guid, shared_.told.next_number(), 16);
  for (const std::size_t at : {8U, 13U, 18U, 23U})
    guid.insert(at, 1, '-');
  n.headers = json_content();
  n.headers.emplace_back("X-GitHub-Event", s ? "deployment_status" : "deployment");
  n.headers.emplace_back("X-GitHub-Delivery", guid);
  auto& out = n.body;
  out.append(R"({"action":"created",)");
  if (s) {
    out.append(R"("deployment_status":)");
    append(out, shared_.names.deployment_id(number), d, *s);
    out.push_back(',');
  }
  out.append(R"("deployment":)");
  append(out, number, d);
  out.append(R"(,"repository":{"full_name":)");
  append_json(out, d.repository);
  out.append("}}");
  shared_.told.add(std::move(n));
}

void github::append(std::string& out, std::uint64_t number, const deployment& d) const {
  out.append(R"({"id":)");
  append_number(out, static_cast<std::int64_t>(shared_.names.deployment_id(number)));
  out.append(R"(,"sha":")").append(d.sha).append(R"(","ref":)");
  append_json(out, d.ref);
  out.append(R"(,"task":)");
  append_json(out, d.task);
  out.append(R"(,"payload":)").append(d.payload).append(R"(,"environment":)");
  append_json(out, d.environment);
  out.append(R"(,"description":)");
  append_json(out, d.description);
  out.append(R"(,"created_at":")");
  append_second(out, d.created_at);
  out.append(R"(","updated_at":")");
  append_second(out, d.created_at);
  out.append(R"(","statuses_url":"https://api.github.com/repos/)").append(d.repository);
  out.append("/deployments/");
  append_number(out, static_cast<std::int64_t>(shared_.names.deployment_id(number)));
  out.append(R"(/statuses"})");
}

void github::append(std::string& out, std::uint64_t number, const deployment& d, const status& s) {
  out.append(R"({"id":)");
  append_number(out, static_cast<std::int64_t>(s.id));
  out.append(R"(,"state":")").append(s.state).append(R"(","description":"","environment":)");
  append_json(out, d.environment);
  out.append(R"(,"created_at":")");
  append_second(out, s.at);
  out.append(R"(","deployment_url":"https://api.github.com/repos/)").append(d.repository);
  out.append("/deployments/");
  append_number(out, static_cast<std::int64_t>(number));
  out.append(R"("})");
}

void github::list(call& c, std::string_view repository) {
  auto& query = shared_.query;
  query.clear();
  if (!query.add_form(c.query))
    return refuse(c, 400, "Bad query");
  for (std::size_t i = 0; i < query.size(); ++i)
    if (std::find(list_fields.begin(), list_fields.end(), query.name(i)) == list_fields.end())
      return refuse(c, 422, "Invalid request.", query.name(i), "unknown");
  std::int64_t size = page_size_default;
  std::int64_t page = 1;
  if ((query.has("per_page") && (!read_integer(query.get("per_page"), size) || size < 1)) ||
      (query.has("page") && (!read_integer(query.get("page"), page) || page < 1)))
    return refuse(c, 422, "Invalid request.", "per_page", "invalid");
  size = std::min(size, page_size_max);
  const auto& manner = shared_.lists[static_cast<std::size_t>(vendor_id::github)];
  if (manner.page_size_max > 0)
    size = std::min(size, manner.page_size_max);
  const auto is_wanted = [&](const deployment& d) {
    const auto fits = [&](std::string_view name, std::string_view value) {
      return !query.has(name) || query.get(name) == value;
    };
    return d.repository == repository &&
           (manner.ignores_filter || (fits("sha", d.sha) && fits("ref", d.ref) &&
                                      fits("task", d.task) && fits("environment", d.environment)));
  };
  auto& out = c.reply.body;
  c.reply.status = 200;
  out.assign("[");
  std::int64_t index = 0;
  bool more = false;
  for (auto number = manner.oldest_first ? deployments_.first() : deployments_.last();
       number >= deployments_.first() && number <= deployments_.last();
       number += manner.oldest_first ? 1 : static_cast<std::uint64_t>(-1)) {
    const auto& d = *deployments_.find(number);
    if (!is_wanted(d))
      continue;
    const auto at = index++;
    if (at < (page - 1) * size)
      continue;
    if (at >= page * size) {
      more = true;
      break;
    }
    if (out.size() > 1)
      out.push_back(',');
    append(out, number, d);
  }
  out.push_back(']');
  if (!more)
    return;
  std::string link = "<https://api.github.com/repos/" + std::string(repository) + "/deployments?";
  for (const auto name : {"environment"sv, "task"sv, "sha"sv, "ref"sv})
    if (query.has(name))
      link.append(name).append("=").append(percent_encode(query.get(name))).append("&");
  link.append("per_page=");
  append_number(link, size);
  link.append("&page=");
  append_number(link, page + 1);
  link.append(R"(>; rel="next")");
  c.reply.headers.emplace_back("link", std::move(link));
}

github::deployment* github::find(std::string_view repository, std::string_view path) {
  auto text = path.substr(0, path.size() - statuses_end.size());
  text.remove_prefix(text.rfind('/') + 1);
  std::int64_t id = 0;
  const auto number = read_integer(text, id) && id > 0
                          ? shared_.names.read_deployment(static_cast<std::uint64_t>(id))
                          : std::nullopt;
  auto* d = number ? deployments_.find(*number) : nullptr;
  return d && d->repository == repository ? d : nullptr;
}

void github::statuses(call& c, std::string_view repository) {
  const auto* d = find(repository, c.path);
  if (!d)
    return refuse(c, 404, "Not Found");
  const auto id = c.path.substr(0, c.path.size() - statuses_end.size());
  std::int64_t number = 0;
  static_cast<void>(read_integer(id.substr(id.rfind('/') + 1), number)); // `find` has read it.
  auto& out = c.reply.body;
  c.reply.status = 200;
  out.assign("[");
  for (auto it = d->statuses.rbegin(); it != d->statuses.rend(); ++it) {
    if (it->at > c.now)
      continue;
    if (out.size() > 1)
      out.push_back(',');
    append(out, static_cast<std::uint64_t>(number), *d, *it);
  }
  out.push_back(']');
}

void github::create_status(call& c, std::string_view repository) {
  auto* d = find(repository, c.path);
  if (!d)
    return refuse(c, 404, "Not Found");
  const json body =
      shallow_json(c.request.body) ? json::parse(c.request.body, nullptr, false) : json();
  if (!body.is_object())
    return refuse(c, 400, "Problems parsing JSON");
  const auto state = text_in(body, "state", {});
  if (std::find(states.begin(), states.end(), state) == states.end())
    return refuse(c, 422, "Validation Failed", "state", "custom");
  // What was still to come is overtaken.
  std::erase_if(d->statuses, [&](const status& s) { return s.at > c.now; });
  d->statuses.push_back({++statuses_, state, c.now});
  const auto id = c.path.substr(0, c.path.size() - statuses_end.size());
  std::int64_t number = 0;
  static_cast<void>(read_integer(id.substr(id.rfind('/') + 1), number));
  c.reply.status = 201;
  append(c.reply.body, static_cast<std::uint64_t>(number), *d, d->statuses.back());
  tell(static_cast<std::uint64_t>(number) & 0xffff'ffffU, *d, &d->statuses.back());
}

} // namespace orderhub::providers::mock
