#include "http_gateway/admin/operator_action.hpp"

#include "actors/host/response.hpp"
#include "http_gateway/admin/action_body.hpp"
#include "http_gateway/admin/admin_action.hpp"
#include "http_gateway/admin/utc_time_in.hpp"
#include "journal/base/duration.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t reason_min = 5, reason_max = 500;

admin_problem invalid(std::string message, std::string_view field = {}) {
  return {admin_reason::invalid_body, std::move(message), std::string(field), {}, {}};
}

/// What the hub says of an action that it has written down, or has not.
class action_responder final : public host::responder {
public:
  action_responder(operator_action action, std::string plan)
      : action_(std::move(action)), plan_(std::move(plan)) {}

  void accepted(std::string_view) override {}
  void finished(host::call_response reply) override {
    if (reply.status < 300)
      return action_.accept(plan_);
    auto message = message_of(reply);
    if (message.empty())
      message = "The hub could not do it.";
    const auto reason = reply.status == 404   ? admin_reason::no_such_path
                        : reply.status == 400 ? admin_reason::invalid_body
                        : reply.status == 409 ? admin_reason::not_possible
                                              : admin_reason::unavailable;
    action_.refuse({reason, std::move(message), {}, {}, {}});
  }

private:
  operator_action action_;
  std::string plan_;
};

std::optional<admin_problem> read_members(const json& body, operator_action& action) {
  const auto known = action.call.route->members;
  for (const auto& [name, value] : body.items()) {
    const auto it =
        std::find_if(known.begin(), known.end(), [&](const auto& p) { return p.name == name; });
    if (it == known.end())
      return invalid("The body has a member that this action does not take.",
                     is_utf8(name) ? cut_text(name, 64) : std::string_view());
    if (!value.is_string())
      return invalid(name + " must be a text.", name);
    if (auto why = wrong_value(*it, value.get_ref<const std::string&>()); !why.empty())
      return invalid(name + ' ' + why, name);
    action.body.emplace(name, value.get<std::string>());
  }
  for (const auto& p : known)
    if (p.is_needed && action.value(p.name).empty())
      return invalid(std::string(p.name) + " is needed.", p.name);
  const auto reason = action.value("reason");
  if (!reason.empty() && (reason.size() < reason_min || reason.size() > reason_max))
    return invalid("reason must be a text of 5 to 500 bytes.", "reason");
  return std::nullopt;
}

std::optional<admin_problem> read_end(operator_action& action, unix_ms now) {
  const auto until = action.value("until"), lasts = action.value("for");
  if (!until.empty() && !lasts.empty())
    return invalid("until and for say the same: give one of them.", "for");
  if (!lasts.empty()) {
    const auto ms = parse_duration_ms(lasts);
    if (!ms || *ms <= 0)
      return invalid("for must be a duration such as 30m or 2h.", "for");
    action.by.until = now + *ms;
  }
  if (!until.empty()) {
    const auto at = utc_time_in(until);
    if (!at || *at <= now)
      return invalid("until must be a time to come, in UTC: 2026-11-24T11:00:00Z.", "until");
    action.by.until = *at;
  }
  return std::nullopt;
}

} // namespace

void operator_action::accept(std::string_view plan, bool is_nothing_to_do) const {
  http_response r;
  r.status = is_dry_run() ? 200 : 202;
  r.body.append(R"({"audit_id":)")
      .append(is_dry_run() || is_nothing_to_do ? "null" : '"' + audit_id + '"')
      .append(R"(,"effect":")")
      .append(is_nothing_to_do ? "nothing_to_do" : "accepted")
      .append(R"(","dry_run":)")
      .append(is_dry_run() ? "true" : "false")
      .append(R"(,"plan":)")
      .append(plan)
      .append("}");
  respond(*this, std::move(r),
          is_dry_run()       ? ""
          : is_nothing_to_do ? "nothing_to_do"
                             : accepted_outcome);
}

host::responder_ptr operator_action::when_durable(std::string plan) const {
  return std::make_shared<action_responder>(*this, std::move(plan));
}

std::variant<operator_action, admin_problem>
operator_action_of(admin_call call, std::string_view bytes, unix_ms now) {
  const auto body = json::parse(bytes, nullptr, false);
  if (!body.is_object())
    return invalid("The body is not a JSON object.");
  if (const auto twice = member_twice(bytes))
    return invalid("The body has a member twice.", cut_text(*twice, 64));
  operator_action action;
  action.call = std::move(call);
  if (auto problem = read_members(body, action))
    return std::move(*problem);
  action.by.reason = action.value("reason");
  if (auto problem = read_end(action, now))
    return std::move(*problem);
  return action;
}

admin_role role_needed(const admin_call& call) {
  // Payloads hold names and addresses.
  return call.value("raw") == "1" ? std::max(call.route->role, admin_role::operate)
                                  : call.route->role;
}

admin_role role_needed(const operator_action& action) {
  // A breaker that is held closed protects nobody, nor does a vendor that is not asked.
  const bool closes = action.call.route->action == "breaker" && action.value("state") == "closed";
  return closes ? admin_role::admin : action.call.route->role;
}

} // namespace orderhub::http_gateway
