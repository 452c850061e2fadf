#pragma once
// Reading a vendor's JSON without trusting its shape. Templates over the JSON type, so that the
// library itself stays inside .cpp files.
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::providers {

/// The member of that name, or null where `object` is no object or has none.
template <class Json>
const Json* member(const Json& object, std::string_view name) {
  if (!object.is_object())
    return nullptr;
  const auto it = object.find(name);
  return it == object.end() ? nullptr : &*it;
}

/// The text member of that name, or an empty text.
template <class Json>
std::string text_of(const Json& object, std::string_view name) {
  const Json* value = member(object, name);
  return value && value->is_string() ? value->template get_ref<const std::string&>()
                                     : std::string();
}

/// The integer member of that name; nothing where it is absent, no integer, or beyond 64 bits.
template <class Json>
std::optional<std::int64_t> integer_of(const Json& object, std::string_view name) {
  const Json* value = member(object, name);
  if (!value || !value->is_number_integer())
    return std::nullopt;
  if (value->is_number_unsigned() &&
      value->template get<std::uint64_t>() >
          static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return std::nullopt;
  return value->template get<std::int64_t>();
}

/// An object's id, given either as the id or, expanded, as the object with `id_name` in it.
template <class Json>
std::string id_of(const Json& object, std::string_view name, std::string_view id_name = "id") {
  const Json* value = member(object, name);
  return value && value->is_object() ? text_of(*value, id_name) : text_of(object, name);
}

/// JSON text of a value; bytes that are no UTF-8 become U+FFFD instead of an exception.
template <class Json>
std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The bounds of what is built of one answer: no vendor's page comes near, and one that does is not
/// readable. (A list of 100 expanded payments has some 20,000 values.)
inline constexpr std::size_t values_max = 200'000;
inline constexpr std::size_t depth_max = 64;

/// The top-level object of a text, with only the wanted members; nothing where the text is not one
/// whole JSON object. A vendor's object is mostly members we do not read: they are checked, and
/// dropped without an allocation. Not readable is also what names a wanted member, or one within
/// it, twice, since readers differ in which one counts, and what is above the bounds. Of
/// `nlohmann::json`, in json_fields.cpp.
template <class Json>
std::optional<Json> pick(std::string_view text, std::initializer_list<std::string_view> wanted);

/// The same of a text that is a list: its objects, each with only the wanted members.
template <class Json>
std::optional<Json> pick_list(std::string_view text,
                              std::initializer_list<std::string_view> wanted);

} // namespace orderhub::providers
