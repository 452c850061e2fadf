#include "providers/policy/answer_trace.hpp"

#include "journal/base/text.hpp"
#include "providers/policy/reason.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

namespace orderhub::providers {

namespace {

using json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 6> request_id_headers = {
    "request-id",        "x-request-id", "x-slack-req-id",
    "twilio-request-id", "x-message-id", "x-github-request-id"};
constexpr std::array<std::string_view, 11> code_names = {
    "code",  "type",       "status", "decline_code", "error", "error_code",
    "param", "error_type", "reason", "object",       "ok"};
/// A name that an answer makes of what was sent would tell it.
constexpr std::size_t name_max = 40;
constexpr std::int64_t number_max = 999;
constexpr int depth_max = 6;
constexpr std::size_t members_max = 20;
/// A longer body is no error that a vendor explains.
constexpr std::size_t read_max = std::size_t{64} * 1024;

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

bool is_code_name(std::string_view name) {
  return std::find(code_names.begin(), code_names.end(), name) != code_names.end();
}

json shown(const json& value, bool is_code, int depth) {
  if (value.is_boolean() || value.is_null())
    return value;
  if (value.is_number_integer() && is_code && value.get<std::int64_t>() >= 0 &&
      value.get<std::int64_t>() <= number_max)
    return value;
  if (value.is_string() && is_code)
    if (auto code = code_or_empty(value.get_ref<const std::string&>()); !code.empty())
      return code;
  if (depth >= depth_max || !value.is_structured())
    return "…";
  json out = value.is_array() ? json::array() : json::object();
  for (const auto& [name, member] : value.items()) {
    if (out.size() == members_max)
      break;
    if (value.is_array())
      out.push_back(shown(member, false, depth + 1));
    else if (const auto known = code_or_empty(name); !known.empty() && known.size() <= name_max)
      out[known] = shown(member, is_code_name(known), depth + 1);
  }
  return out;
}

} // namespace

std::string request_id_of(const http_response& response) {
  for (const auto name : request_id_headers)
    if (const auto* id = response.header(name);
        id != nullptr && id->size() <= request_id_max && is_plain(*id))
      return *id;
  return {};
}

std::string redacted(std::string_view body, std::size_t size_max) {
  if (body.empty() || body.size() > read_max)
    return {};
  const auto value = json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded())
    return {};
  auto text = shown(value, false, 0).dump(-1, ' ', false, json::error_handler_t::replace);
  cut_text(text, size_max);
  return text;
}

} // namespace orderhub::providers
