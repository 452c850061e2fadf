#include "http_gateway/admin/action_body.hpp"

#include "http_gateway/admin/utc_time_in.hpp"
#include "journal/base/duration.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {

namespace {

using nlohmann::json;

constexpr std::size_t reason_min = 5, reason_max = 500, evidence_max = 200, value_members_max = 8;

admin_problem wrong(const std::string& field, const std::string& what) {
  return {admin_reason::invalid_body, field + ' ' + what, field, {}, {}};
}

/// Characters, of valid UTF-8.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

using names = std::initializer_list<std::string_view>;

names members_of(body_form form) {
  static const names plain = {"reason", "expect_version"};
  static const names pause = {"reason", "expect_version", "until", "for"};
  static const names retry = {"reason", "expect_version", "accept_repeat", "force_probe"};
  static const names resolve = {"reason", "expect_version", "outcome",
                                "value",  "evidence",       "unverified"};
  static const names reason = {"reason"};
  static const names many_retry = {"reason", "accept_repeat"};
  switch (form) {
  case body_form::plain:
    return plain;
  case body_form::pause:
    return pause;
  case body_form::retry:
    return retry;
  case body_form::resolve:
    return resolve;
  case body_form::many_retry:
    return many_retry;
  case body_form::many:
  case body_form::start:
    break;
  }
  return reason;
}

bool needs_reason(body_form form) {
  return form != body_form::retry && form != body_form::many_retry && form != body_form::start;
}

std::optional<admin_problem> read_reason(const json& j, body_form form, action_body& body) {
  const auto it = j.find("reason");
  if (it == j.end())
    return needs_reason(form) ? std::optional(wrong("reason", "is needed: why is that done?"))
                              : std::nullopt;
  body.reason = it->is_string() ? it->get<std::string>() : std::string();
  const auto size = characters(body.reason);
  if (!it->is_string() || size < reason_min || size > reason_max ||
      has_control_character(body.reason))
    return wrong("reason", "must be a text of 5 to 500 characters without control characters.");
  return std::nullopt;
}

/// `{"label_id":"3005…"}` and `{"note":"…"}` as one line of text.
std::optional<admin_problem> read_evidence(const json& j, action_body& body) {
  const auto add = [&](const std::string& text) {
    body.evidence += (body.evidence.empty() ? "" : ", ") + text;
  };
  if (const auto it = j.find("value"); it != j.end()) {
    if (!it->is_object() || it->size() > value_members_max)
      return wrong("value", "must be an object of at most 8 texts, such as {\"label_id\":\"…\"}.");
    for (const auto& [name, value] : it->items()) {
      if (!value.is_string() || value.get_ref<const std::string&>().empty())
        return wrong("value", "must have texts alone, such as {\"label_id\":\"…\"}.");
      add(name + '=' + value.get<std::string>());
      body.value.emplace(name, value.get<std::string>());
    }
  }
  if (const auto it = j.find("evidence"); it != j.end()) {
    if (!it->is_object() || it->size() != 1 || !it->contains("note") || !(*it)["note"].is_string())
      return wrong("evidence", "must be {\"note\":\"…\"}.");
    add((*it)["note"].get<std::string>());
  }
  if (body.evidence.size() > evidence_max || has_control_character(body.evidence))
    return wrong("evidence", "has, with value, at most 200 bytes without control characters.");
  return std::nullopt;
}

std::optional<admin_problem> read_end(const json& j, action_body& body) {
  const auto until = j.find("until"), lasts = j.find("for");
  if (until != j.end() && lasts != j.end())
    return wrong("for", "and until say the same: give one of them.");
  if (until != j.end()) {
    const auto at = until->is_string() ? utc_time_in(until->get_ref<const std::string&>())
                                       : std::optional<unix_ms>();
    if (!at || *at <= 0)
      return wrong("until", "must be a time to come, in UTC: 2026-11-24T11:00:00Z.");
    body.until = *at;
  }
  if (lasts != j.end()) {
    const auto ms = lasts->is_string() ? parse_duration_ms(lasts->get_ref<const std::string&>())
                                       : std::optional<std::int64_t>();
    if (!ms || *ms <= 0)
      return wrong("for", "must be a duration such as 30m or 2h.");
    body.lasts_ms = *ms;
  }
  return std::nullopt;
}

std::optional<admin_problem> read_outcome(const json& j, action_body& body) {
  const auto it = j.find("outcome");
  if (it == j.end() || !it->is_string() || (*it != "happened" && *it != "did_not_happen"))
    return wrong("outcome", "must be happened or did_not_happen.");
  body.has_happened = *it == "happened";
  return std::nullopt;
}

} // namespace

std::optional<std::string> member_twice(std::string_view bytes) {
  std::vector<std::set<std::string, std::less<>>> open;
  std::optional<std::string> twice;
  const json::parser_callback_t look = [&](int, json::parse_event_t event, json& value) {
    if (event == json::parse_event_t::object_start)
      open.emplace_back();
    else if (event == json::parse_event_t::object_end && !open.empty())
      open.pop_back();
    else if (event == json::parse_event_t::key && !open.empty() && !twice &&
             !open.back().insert(value.get_ref<const std::string&>()).second)
      twice = value.get<std::string>();
    return true;
  };
  std::ignore = json::parse(bytes, look, /*allow_exceptions=*/false);
  return twice;
}

std::variant<action_body, admin_problem> read_action_body(std::string_view bytes, body_form form,
                                                          names also) {
  const auto j =
      bytes.empty() ? json::object() : json::parse(bytes, nullptr, /*allow_exceptions=*/false);
  if (!j.is_object() || !is_utf8(bytes))
    return admin_problem{admin_reason::invalid_body, {}, {}, {}, {}};
  constexpr std::size_t twice_max = 64;
  if (const auto twice = member_twice(bytes))
    return wrong(std::string(cut_text(*twice, twice_max)), "is there twice.");
  const auto known = members_of(form);
  for (const auto& [name, value] : j.items())
    if (std::find(known.begin(), known.end(), name) == known.end() &&
        std::find(also.begin(), also.end(), name) == also.end()) {
      constexpr std::size_t shown_max = 64;
      return wrong(std::string(cut_text(name, shown_max)), "is not known here.");
    }
  action_body body;
  if (auto problem = read_reason(j, form, body))
    return std::move(*problem);
  if (const auto it = j.find("expect_version"); it != j.end()) {
    if (!it->is_number_unsigned())
      return wrong("expect_version", "must be the number that the order's page calls version.");
    body.expect_version = it->get<std::uint64_t>();
  }
  for (const auto& [name, flag] :
       {std::pair("accept_repeat", &body.accept_repeat),
        std::pair("force_probe", &body.force_probe), std::pair("unverified", &body.is_unverified)})
    if (const auto it = j.find(name); it != j.end()) {
      if (!it->is_boolean())
        return wrong(name, "must be true or false.");
      *flag = it->get<bool>();
    }
  if (form == body_form::pause)
    if (auto problem = read_end(j, body))
      return std::move(*problem);
  if (form == body_form::resolve) {
    if (auto problem = read_outcome(j, body))
      return std::move(*problem);
    if (auto problem = read_evidence(j, body))
      return std::move(*problem);
  }
  return body;
}

} // namespace orderhub::http_gateway
