#include "actors/handlers/field_reader.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::handlers {

using nlohmann::json;

namespace {

const json& node(const void* object) {
  return *static_cast<const json*>(object);
}

bool has_control(const std::string& s) {
  return std::any_of(s.begin(), s.end(), [](char c) {
    const auto b = static_cast<unsigned char>(c);
    return b < 0x20U || b == 0x7fU;
  });
}

} // namespace

struct field_reader::document {
  json root;
  std::string problem;
};

std::optional<field_reader> field_reader::parse(std::string_view body) {
  auto whole = std::make_shared<document>();
  whole->root = json::parse(body, nullptr, false);
  if (!whole->root.is_object())
    return std::nullopt;
  const void* root = &whole->root;
  return field_reader(std::move(whole), root, {});
}

const void* field_reader::find(const char* name) const {
  const auto& object = node(object_);
  const auto it = object.find(name);
  return it == object.end() || it->is_null() ? nullptr : &*it;
}

bool field_reader::has(const char* name) const {
  return find(name) != nullptr;
}

std::vector<std::string> field_reader::names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : node(object_).items())
    if (!value.is_null())
      names.push_back(name);
  return names;
}

std::string field_reader::text(const char* name, bool required) {
  const auto* found = find(name);
  if (found == nullptr) {
    if (required)
      complain(name, "is missing");
    return {};
  }
  if (!node(found).is_string()) {
    complain(name, "must be a string");
    return {};
  }
  auto s = node(found).get<std::string>();
  if (required && s.find_first_not_of(" \t") == std::string::npos)
    complain(name, "must not be empty");
  else if (s.size() > text_max)
    complain(name, "is longer than " + std::to_string(text_max) + " bytes");
  else if (has_control(s))
    complain(name, "holds a control character");
  return s;
}

std::string field_reader::written(const char* name) {
  const auto* found = find(name);
  if (found == nullptr)
    return {};
  if (!node(found).is_string()) {
    complain(name, "must be a string");
    return {};
  }
  auto s = node(found).get<std::string>();
  if (s.size() <= text_max)
    return s;
  complain(name, "is longer than " + std::to_string(text_max) + " bytes");
  return {};
}

std::optional<std::string> field_reader::text_or_number(const char* name) const {
  const auto* found = find(name);
  if (found == nullptr)
    return std::nullopt;
  const auto& value = node(found);
  if (value.is_string())
    return value.get<std::string>();
  return value.is_number() ? std::optional(value.dump()) : std::nullopt;
}

std::int64_t field_reader::positive(const char* name, const char* unit) {
  const auto* found = find(name);
  if (found == nullptr) {
    complain(name, "is missing");
    return 1;
  }
  const auto& value = node(found);
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{integer_max}) {
    complain(name, "is too large");
    return 1;
  }
  if (!value.is_number_integer() || value.get<std::int64_t>() <= 0) {
    complain(name, std::string("must be a positive integer") + unit);
    return 1;
  }
  return value.get<std::int64_t>();
}

std::int64_t field_reader::integer(const char* name, bool required) {
  const auto* found = find(name);
  if (found == nullptr) {
    if (required)
      complain(name, "is missing");
    return 0;
  }
  const auto& value = node(found);
  if (!value.is_number_integer()) {
    complain(name, "must be an integer");
    return 0;
  }
  if (value.is_number_unsigned() ? value.get<std::uint64_t>() > std::uint64_t{integer_max}
                                 : value.get<std::int64_t>() < -integer_max) {
    complain(name, "is too large");
    return 0;
  }
  return value.get<std::int64_t>();
}

std::optional<std::int64_t> field_reader::whole_number(const char* name) const {
  const auto* found = find(name);
  if (found == nullptr || !node(found).is_number_integer())
    return std::nullopt;
  const auto& value = node(found);
  if (value.is_number_unsigned() ? value.get<std::uint64_t>() > std::uint64_t{integer_max}
                                 : value.get<std::int64_t>() < -integer_max)
    return std::nullopt;
  return value.get<std::int64_t>();
}

bool field_reader::flag(const char* name) {
  const auto* found = find(name);
  if (found == nullptr)
    return false;
  if (!node(found).is_boolean()) {
    complain(name, "must be true or false");
    return false;
  }
  return node(found).get<bool>();
}

std::optional<field_reader> field_reader::object(const char* name, bool required) {
  const auto* found = find(name);
  if (found == nullptr) {
    if (required)
      complain(name, "is missing");
    return std::nullopt;
  }
  if (!node(found).is_object()) {
    complain(name, "must be an object");
    return std::nullopt;
  }
  return field_reader(document_, found, path_ + name + '.');
}

std::vector<field_reader> field_reader::objects(const char* name, bool required) {
  std::vector<field_reader> list;
  const auto* found = find(name);
  if (found == nullptr) {
    if (required)
      complain(name, "is missing");
    return list;
  }
  if (!node(found).is_array()) {
    complain(name, "must be a list");
    return list;
  }
  list.reserve(node(found).size());
  for (const auto& entry : node(found)) {
    const auto at = std::string(name) + '[' + std::to_string(list.size()) + ']';
    if (!entry.is_object()) {
      complain(at, "must be an object");
      return list;
    }
    list.push_back(field_reader(document_, &entry, path_ + at + '.'));
  }
  return list;
}

void field_reader::complain(const std::string& name, const std::string& what) {
  complain(path_ + name + ' ' + what + '.');
}

void field_reader::complain(std::string sentence) {
  if (document_->problem.empty())
    document_->problem = std::move(sentence);
}

const std::string& field_reader::problem() const {
  return document_->problem;
}

result<void> field_reader::verdict() const {
  if (problem().empty())
    return {};
  return fail({error_kind::invalid, "order", problem(), 400});
}

} // namespace orderhub::handlers
