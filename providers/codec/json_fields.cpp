#include "providers/codec/json_fields.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <simdjson.h>

namespace orderhub::providers {

namespace {

using nlohmann::json;

/// Builds only the wanted members of the top-level object, or of each object of a top-level list;
/// the rest is checked and dropped.
class picking_handler {
public:
  picking_handler(std::initializer_list<std::string_view> wanted, bool is_list)
      : wanted_(wanted), is_list_(is_list) {}

  bool null() { return put(nullptr); }
  bool boolean(bool v) { return put(v); }
  bool number_integer(json::number_integer_t v) { return put(v); }
  bool number_unsigned(json::number_unsigned_t v) { return put(v); }
  bool number_float(json::number_float_t v, const json::string_t&) { return put(v); }
  bool string(json::string_t& v) { return put(std::move(v)); }
  bool binary(json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(json::value_t::object); }
  bool start_array(std::size_t) { return open(json::value_t::array); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(json::string_t& name) {
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

  [[nodiscard]] json take() { return std::move(root_); }

private:
  template <class Value>
  bool put(Value&& value) {
    if (skipping_ > 0)
      return true;
    if (stack_.empty() || ++values_ > values_max)
      return false; // The whole text is a bare value; or there is no end of it.
    if (stack_.back()->is_array())
      stack_.back()->push_back(json(std::forward<Value>(value)));
    else if (!std::exchange(skip_next_, false))
      *slot_ = json(std::forward<Value>(value));
    return true;
  }
  bool open(json::value_t kind) {
    if (skipping_ > 0 || (!stack_.empty() && std::exchange(skip_next_, false))) {
      ++skipping_;
      return true;
    }
    if (++values_ > values_max || stack_.size() >= depth_max)
      return false;
    json* place = nullptr;
    if (stack_.empty()) {
      if (kind != (is_list_ ? json::value_t::array : json::value_t::object))
        return false;
      place = &root_;
    } else if (stack_.back()->is_array()) {
      stack_.back()->push_back(json());
      place = &stack_.back()->back();
    } else {
      place = slot_;
    }
    *place = json(kind);
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
  json root_;
  std::vector<json*> stack_; ///< Open values; a child is never moved while it is open.
  json* slot_ = nullptr;
  std::size_t skipping_ = 0;
  std::size_t values_ = 0; ///< Built so far.
  bool skip_next_ = false;
};

std::optional<json> read_long(std::string_view text, std::initializer_list<std::string_view> wanted,
                              bool is_list) {
  picking_handler handler(wanted, is_list);
  if (!json::sax_parse(text, &handler))
    return std::nullopt;
  return handler.take();
}

// ── The usual answer ─────────────────────────────────────────────────────────────────────────

/// What is longer is read without simdjson, whose memory for it would be kept: some ten bytes a
/// byte and thread.
constexpr std::size_t usual_size_max = std::size_t{32} * 1024;

/// Builds values as the handler above does.
class builder {
public:
  /// False where a bound is passed, or a member comes twice.
  bool build(const simdjson::dom::element& from, json& to, std::size_t depth) {
    using kind = simdjson::dom::element_type;
    if (++values_ > values_max)
      return false;
    switch (from.type()) {
    case kind::OBJECT:
      return depth < depth_max && members(from.get_object().value_unsafe(), nullptr, to, depth);
    case kind::ARRAY:
      return depth < depth_max && elements(from.get_array().value_unsafe(), to, depth);
    case kind::INT64:
      to = from.get_int64().value_unsafe() < 0
               ? json(from.get_int64().value_unsafe())
               : json(static_cast<std::uint64_t>(from.get_int64().value_unsafe()));
      return true;
    case kind::UINT64:
      to = from.get_uint64().value_unsafe();
      return true;
    case kind::DOUBLE:
      to = from.get_double().value_unsafe();
      return true;
    case kind::STRING:
      to = std::string(from.get_string().value_unsafe());
      return true;
    case kind::BOOL:
      to = from.get_bool().value_unsafe();
      return true;
    case kind::NULL_VALUE:
      to = nullptr;
      return true;
    }
    return false;
  }
  /// All of them where `wanted` is null.
  bool members(const simdjson::dom::object& from,
               const std::initializer_list<std::string_view>* wanted, json& to, std::size_t depth) {
    to = json::object();
    for (const auto& [name, value] : from) {
      if (wanted != nullptr && std::find(wanted->begin(), wanted->end(), name) == wanted->end())
        continue;
      const auto [at, is_first] = to.emplace(std::string(name), nullptr);
      if (!is_first || !build(value, *at, depth + 1))
        return false;
    }
    return true;
  }

private:
  bool elements(const simdjson::dom::array& from, json& to, std::size_t depth) {
    to = json::array();
    for (const auto& value : from)
      if (to.push_back(nullptr); !build(value, to.back(), depth + 1))
        return false;
    return true;
  }

  std::size_t values_ = 0; ///< Built so far.
};

} // namespace

template <class Json>
std::optional<Json> pick(std::string_view text, std::initializer_list<std::string_view> wanted) {
  if (text.size() > usual_size_max)
    return read_long(text, wanted, false);
  thread_local simdjson::dom::parser parser(usual_size_max);
  simdjson::dom::object object;
  // What it refuses is read again: an integer of more than 64 bits is a number all the same.
  if (parser.parse(text.data(), text.size()).get_object().get(object) != simdjson::SUCCESS)
    return read_long(text, wanted, false);
  json picked;
  if (!builder().members(object, &wanted, picked, 0))
    return std::nullopt;
  return picked;
}

template <class Json>
std::optional<Json> pick_list(std::string_view text,
                              std::initializer_list<std::string_view> wanted) {
  return read_long(text, wanted, true);
}

template std::optional<json> pick(std::string_view, std::initializer_list<std::string_view>);
template std::optional<json> pick_list(std::string_view, std::initializer_list<std::string_view>);

} // namespace orderhub::providers
