#pragma once
// Reading a vendor's JSON without trusting its shape. Templates over the JSON type, so that the
// library itself stays inside .cpp files.
#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

/// Builds only the wanted members of the top-level object, or of each object of a top-level list;
/// the rest is checked and dropped without an allocation. A vendor's object is mostly members we do
/// not read. Not readable is also what names a member twice, since readers differ in which one
/// counts, and what is above the bounds.
template <class Json>
class picking_handler {
public:
  picking_handler(std::initializer_list<std::string_view> wanted, bool is_list)
      : wanted_(wanted), is_list_(is_list) {}

  bool null() { return put(nullptr); }
  bool boolean(bool v) { return put(v); }
  bool number_integer(typename Json::number_integer_t v) { return put(v); }
  bool number_unsigned(typename Json::number_unsigned_t v) { return put(v); }
  bool number_float(typename Json::number_float_t v, const typename Json::string_t&) {
    return put(v);
  }
  bool string(typename Json::string_t& v) { return put(std::move(v)); }
  bool binary(typename Json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(Json::value_t::object); }
  bool start_array(std::size_t) { return open(Json::value_t::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(typename Json::string_t& name) {
    if (skipping_ > 0)
      return true;
    if (stack_.size() == (is_list_ ? 2U : 1U))
      skip_next_ = std::find(wanted_.begin(), wanted_.end(), name) == wanted_.end();
    if (skip_next_)
      return true;
    const auto [at, is_first] = stack_.back()->emplace(std::move(name), nullptr);
    slot_ = &*at;
    return is_first;
  }
  template <class Failure>
  bool parse_error(std::size_t, const std::string&, const Failure&) {
    return false;
  }

  [[nodiscard]] Json take() { return std::move(root_); }

private:
  template <class Value>
  bool put(Value&& value) {
    if (skipping_ > 0)
      return true;
    if (stack_.empty() || ++values_ > values_max)
      return false; // The whole text is a bare value; or there is no end of it.
    if (stack_.back()->is_array())
      stack_.back()->push_back(Json(std::forward<Value>(value)));
    else if (!std::exchange(skip_next_, false))
      *slot_ = Json(std::forward<Value>(value));
    return true;
  }
  bool open(typename Json::value_t kind) {
    if (skipping_ > 0 || (!stack_.empty() && std::exchange(skip_next_, false))) {
      ++skipping_;
      return true;
    }
    if (++values_ > values_max || stack_.size() >= depth_max)
      return false;
    Json* place = nullptr;
    if (stack_.empty()) {
      if (kind != (is_list_ ? Json::value_t::array : Json::value_t::object))
        return false;
      place = &root_;
    } else if (stack_.back()->is_array()) {
      stack_.back()->push_back(Json());
      place = &stack_.back()->back();
    } else {
      place = slot_;
    }
    *place = Json(kind);
    stack_.push_back(place);
    return true;
  }
  bool close() {
    if (skipping_ > 0)
      --skipping_;
    else
      stack_.pop_back();
    return true;
  }

  std::initializer_list<std::string_view> wanted_;
  bool is_list_;
  Json root_;
  std::vector<Json*> stack_; ///< Open values; a child is never moved while it is open.
  Json* slot_ = nullptr;
  std::size_t skipping_ = 0;
  std::size_t values_ = 0; ///< Built so far.
  bool skip_next_ = false;
};

/// The top-level object of a text, with only the wanted members; nothing where the text is not one
/// whole JSON object.
template <class Json>
std::optional<Json> pick(std::string_view text, std::initializer_list<std::string_view> wanted) {
  picking_handler<Json> handler(wanted, false);
  if (!Json::sax_parse(text, &handler))
    return std::nullopt;
  return handler.take();
}

/// The same of a text that is a list: its objects, each with only the wanted members.
template <class Json>
std::optional<Json> pick_list(std::string_view text,
                              std::initializer_list<std::string_view> wanted) {
  picking_handler<Json> handler(wanted, true);
  if (!Json::sax_parse(text, &handler))
    return std::nullopt;
  return handler.take();
}

} // namespace orderhub::providers
