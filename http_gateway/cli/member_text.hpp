#pragma once
#include <cstdint>
#include <string>
#include <string_view>

// What answers of a hub hold, as texts; templates over the JSON type, so that the library stays
// inside .cpp files.
namespace orderhub::http_gateway::cli {

/// One member as text, what is no text as JSON; `absent` where there is none, or null.
template <class Json>
std::string text(const Json& object, const char* name, std::string_view absent = "-") {
  const auto it = object.is_object() ? object.find(name) : object.end();
  if (it == object.end() || it->is_null())
    return std::string(absent);
  return it->is_string() ? it->template get<std::string>() : it->dump();
}

/// The sum of a member's whole numbers; `-` where it is no object.
template <class Json>
std::string sum_of(const Json& object, const char* name) {
  const auto it = object.is_object() ? object.find(name) : object.end();
  if (it == object.end() || !it->is_object())
    return "-";
  std::int64_t sum = 0;
  for (const auto& n : *it)
    sum += n.is_number_integer() ? n.template get<std::int64_t>() : 0;
  return std::to_string(sum);
}

/// A member that is a list; an empty one where there is none.
template <class Json>
const Json& list(const Json& object, const char* name) {
  static const Json none = Json::array();
  const auto it = object.is_object() ? object.find(name) : object.end();
  return it != object.end() && it->is_array() ? *it : none;
}

} // namespace orderhub::http_gateway::cli
