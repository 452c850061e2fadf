#pragma once
// Reading the body that the Web API's methods answer with. Internal to this folder; templates over
// the JSON type, so that the library stays inside .cpp files.
#include "providers/codec/json_fields.hpp"
#include "providers/policy/reason.hpp"
#include "providers/slack/wire.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::providers::slack::wire {

/// True or false as Slack said; nothing where the body does not say.
template <class Json>
std::optional<bool> ok_of(const Json& object) {
  const Json* ok = member(object, "ok");
  return ok && ok->is_boolean() ? std::optional(ok->template get<bool>()) : std::nullopt;
}

/// Seconds and mostly six digits, `1503435956.000247`: what every message has.
inline bool is_ts(std::string_view text) {
  constexpr std::string_view digits = "0123456789";
  const auto dot = std::min(text.find('.'), text.size());
  const auto fraction = text.substr(std::min(dot + 1, text.size()));
  return dot > 0 && text.size() <= 32 && dot + 1 != text.size() &&
         text.substr(0, dot).find_first_not_of(digits) == std::string_view::npos &&
         fraction.find_first_not_of(digits) == std::string_view::npos;
}

/// Of `[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text]` the pointer, where
/// it looks like one.
inline std::string pointer_in(std::string_view message) {
  constexpr std::string_view mark = "[json-pointer:/";
  const auto begin = message.find(mark);
  if (begin == std::string_view::npos)
    return {};
  const auto pointer = message.substr(begin + mark.size() - 1);
  const auto end = pointer.find(']');
  std::string_view rest = pointer.substr(0, end);
  std::string shown;
  while (!rest.empty()) {
    rest.remove_prefix(1); // The slash.
    const auto part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(part.size());
    const bool is_index = !part.empty() && part.size() <= 3 &&
                          part.find_first_not_of("0123456789") == std::string_view::npos;
    if (!is_index && code_or_empty(part).empty())
      return {};
    shown.append("/").append(part);
  }
  return shown.size() <= 64 ? shown : std::string();
}

/// `chat:write`, `channels:history,groups:history`
inline bool is_scope(std::string_view text) {
  return !text.empty() && text.size() <= 128 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz:._,") == std::string_view::npos &&
         text.find(':') != std::string_view::npos;
}

template <class Json>
refusal_body refusal_of(const Json& object) {
  refusal_body said;
  said.code = text_of(object, "error");
  said.reason = code_or_empty(said.code);
  if (said.reason.empty())
    return said;
  if (const std::string scope = text_of(object, "needed"); is_scope(scope))
    said.reason += ": needs " + scope;
  const Json* metadata = member(object, "response_metadata");
  const Json* messages = metadata ? member(*metadata, "messages") : nullptr;
  if (!messages || !messages->is_array())
    return said;
  field_reasons reasons;
  for (const Json& message : *messages) {
    if (!message.is_string())
      continue;
    const auto& text = message.template get_ref<const std::string&>();
    if (const std::string pointer = pointer_in(text); !pointer.empty())
      reasons.add(pointer, class_of(text));
  }
  if (!reasons.empty())
    said.reason += ": " + reasons.text();
  return said;
}

} // namespace orderhub::providers::slack::wire
