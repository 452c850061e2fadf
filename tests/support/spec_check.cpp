#include "tests/support/spec_check.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string_view>

#include <nlohmann/json.hpp>

namespace orderhub::testing {

namespace {

using nlohmann::json;

int digit_of(char c) {
  const std::string_view digits = "0123456789abcdef";
  const auto at = digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

/// Decodes strictly, and apart from the code under test on purpose.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
      if (high < 0 || low < 0)
        return std::nullopt;
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

/// `a[b][]=c` as the object {"a": {"b": ["c"]}}; values stay text.
json object_of_form(std::string_view text, std::vector<std::string>& complaints) {
  json root = json::object();
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(field.size() + 1, text.size()));
    const auto equals = field.find('=');
    const auto name = decoded(field.substr(0, equals));
    const auto value =
        equals == std::string_view::npos ? std::nullopt : decoded(field.substr(equals + 1));
    if (!name || name->empty() || !value) {
      complaints.push_back("form: field not readable");
      continue;
    }
    std::vector<std::string> path = {name->substr(0, name->find('['))};
    std::string_view rest = std::string_view(*name).substr(path.front().size());
    while (rest.starts_with('[') && rest.find(']') != std::string_view::npos) {
      path.emplace_back(rest.substr(1, rest.find(']') - 1));
      rest.remove_prefix(rest.find(']') + 1);
    }
    json* place = &root;
    for (const std::string& step : path) {
      if (step.empty()) {
        if (place->is_null())
          *place = json::array();
        if (!place->is_array()) {
          complaints.push_back("form: " + *name + " is both list and value");
          break;
        }
        place->push_back(nullptr);
        place = &place->back();
      } else {
        if (place->is_null())
          *place = json::object();
        if (!place->is_object()) {
          complaints.push_back("form: " + *name + " is both object and value");
          break;
        }
        place = &(*place)[step];
      }
    }
    if (!place->is_null())
      complaints.push_back("form: " + *name + " is given twice");
    *place = *value;
  }
  return root;
}

class validator {
public:
  validator(const json& schemas, bool is_text) : schemas_(schemas), is_text_(is_text) {}

  std::vector<std::string> check(const json& value, const json& schema,
                                 const std::string& at) const {
    if (schema.contains("$ref")) {
      const auto ref = schema["$ref"].get<std::string>();
      return check(value, schemas_.at(ref.substr(ref.rfind('/') + 1)), at);
    }
    std::vector<std::string> found;
    if (schema.contains("type") && !has_type(value, schema["type"])) {
      found.push_back(at + ": not of type " + schema["type"].dump());
      return found;
    }
    if (schema.contains("enum") &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
      found.push_back(at + ": not one of the values allowed");
    if (value.is_string())
      check_length(value.get_ref<const std::string&>(), schema, at, found);
    if (value.is_array()) {
      if (value.size() > schema.value("maxItems", value.size()))
        found.push_back(at + ": too many items");
      for (std::size_t i = 0; schema.contains("items") && i < value.size(); ++i)
        append(found, check(value[i], schema["items"], at + "[" + std::to_string(i) + "]"));
    }
    if (value.is_object())
      check_members(value, schema, at, found);
    if (schema.contains("anyOf"))
      check_any_of(value, schema, at, found);
    return found;
  }

private:
  static void append(std::vector<std::string>& to, std::vector<std::string> from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }

  bool has_type(const json& value, const json& type) const {
    if (type.is_array())
      return std::any_of(type.begin(), type.end(),
                         [&](const json& one) { return has_type(value, one); });
    const auto name = type.get<std::string>();
    if (is_text_ && value.is_string() && (name == "integer" || name == "number")) {
      const auto& text = value.get_ref<const std::string&>();
      std::int64_t number = 0;
      const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
      return failed == std::errc{} && end == text.data() + text.size();
    }
    if (is_text_ && value.is_string() && name == "boolean")
      return value == "true" || value == "false";
    if (name == "number")
      return value.is_number();
    return (name == "string" && value.is_string()) || (name == "object" && value.is_object()) ||
           (name == "array" && value.is_array()) || (name == "boolean" && value.is_boolean()) ||
           (name == "integer" && value.is_number_integer()) || (name == "null" && value.is_null());
  }

  static void check_length(const std::string& text, const json& schema, const std::string& at,
                           std::vector<std::string>& found) {
    const auto characters =
        static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
          return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U;
        }));
    if (characters > schema.value("maxLength", characters))
      found.push_back(at + ": too long");
    if (characters < schema.value("minLength", std::size_t{0}))
      found.push_back(at + ": too short");
    if (schema.value("format", "") == "email" && text.find('@') == std::string::npos)
      found.push_back(at + ": no e-mail address");
  }

  void check_members(const json& value, const json& schema, const std::string& at,
                     std::vector<std::string>& found) const {
    const json none = json::object();
    const json& properties = schema.contains("properties") ? schema["properties"] : none;
    const bool has_extra = schema.contains("additionalProperties");
    const bool is_closed =
        has_extra ? schema["additionalProperties"] == false : !properties.empty();
    for (const auto& [name, member] : value.items()) {
      const std::string place = at.empty() ? name : at + "." + name;
      if (properties.contains(name))
        append(found, check(member, properties[name], place));
      else if (is_closed)
        found.push_back(place + ": unknown");
      else if (has_extra && schema["additionalProperties"].is_object())
        append(found, check(member, schema["additionalProperties"], place));
    }
    if (schema.contains("required"))
      for (const json& name : schema["required"])
        if (!value.contains(name.get<std::string>()))
          found.push_back((at.empty() ? "" : at + ".") + name.get<std::string>() + ": missing");
  }

  void check_any_of(const json& value, const json& schema, const std::string& at,
                    std::vector<std::string>& found) const {
    std::vector<std::string> first;
    for (const json& one : schema["anyOf"]) {
      auto complaints = check(value, one, at);
      if (complaints.empty())
        return;
      if (first.empty())
        first = std::move(complaints);
    }
    append(found, std::move(first));
  }

  const json& schemas_;
  bool is_text_; ///< Form or query: numbers and booleans are written as text.
};

bool matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    if (pattern.front() == '{') {
      pattern.remove_prefix(pattern.find('}') + 1);
      const auto segment = path.substr(0, path.find('/'));
      const auto end = pattern.substr(0, pattern.find('/')); // `{Sid}.json`
      if (segment.size() <= end.size() || !segment.ends_with(end))
        return false;
      path.remove_prefix(segment.size() - end.size());
    } else if (pattern.front() != path.front()) {
      return false;
    } else {
      pattern.remove_prefix(1);
      path.remove_prefix(1);
    }
  }
  return pattern.empty() && path.empty();
}

std::string content_type_of(const providers::http_request& request) {
  for (const auto& [name, value] : request.headers)
    if (name == "Content-Type")
      return value.substr(0, value.find(';'));
  return {};
}

/// A slice of an OpenAPI 3 document: all of its operations.
json slice_of(const json& openapi) {
  json operations = json::array();
  for (const auto& [path, methods] : openapi.at("paths").items())
    for (const auto& [method, described] : methods.items()) {
      json one{{"path", path}, {"query", {{"type", "object"}, {"properties", json::object()}}}};
      std::string name = method;
      std::transform(name.begin(), name.end(), name.begin(),
                     [](char c) { return static_cast<char>(c - 32); });
      one["method"] = name;
      for (const auto& parameter : described.value("parameters", json::array()))
        if (parameter["in"] == "query")
          one["query"]["properties"][parameter["name"].get<std::string>()] = parameter["schema"];
      if (described.contains("requestBody")) {
        const auto& body = described["requestBody"];
        one["bodyRequired"] = body.value("required", false);
        for (const auto& [type, content] : body["content"].items()) {
          one["bodyTypes"].push_back(type);
          one["body"] = content["schema"];
        }
      }
      operations.push_back(std::move(one));
    }
  return {{"operations", std::move(operations)}, {"schemas", openapi["components"]["schemas"]}};
}

} // namespace

spec_check::spec_check(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  text_.assign(std::istreambuf_iterator<char>(file), {});
  const auto document = json::parse(text_, nullptr, false);
  if (document.is_discarded())
    throw std::runtime_error("no readable specification");
  if (document.contains("openapi"))
    text_ = slice_of(document).dump();
}

std::vector<std::string> spec_check::complaints(const providers::http_request& request) const {
  const json spec = json::parse(text_);
  const std::string path = request.target.substr(0, request.target.find('?'));
  const json* operation = nullptr;
  for (const json& one : spec["operations"])
    if (one["method"] == request.method && matches(one["path"].get<std::string>(), path))
      operation = &one;
  if (!operation)
    return {request.method + " " + path + ": no such operation"};

  std::vector<std::string> found;
  const auto question = request.target.find('?');
  const std::string query =
      question == std::string::npos ? std::string() : request.target.substr(question + 1);
  json query_schema = (*operation)["query"];
  query_schema["additionalProperties"] = false;
  const json query_value = object_of_form(query, found);
  for (auto& complaint : validator(spec["schemas"], true).check(query_value, query_schema, ""))
    found.push_back("query " + complaint);

  if (request.body.empty()) {
    if (operation->value("bodyRequired", false))
      found.push_back("body: missing");
    return found;
  }
  const std::string type = content_type_of(request);
  const json types = operation->value("bodyTypes", json::array());
  if (std::find(types.begin(), types.end(), json(type)) == types.end())
    found.push_back("Content-Type: not one of those taken");
  const bool is_form = type == "application/x-www-form-urlencoded";
  const json body =
      is_form ? object_of_form(request.body, found) : json::parse(request.body, nullptr, false);
  if (body.is_discarded()) {
    found.push_back("body: no JSON");
    return found;
  }
  for (auto& complaint : validator(spec["schemas"], is_form).check(body, (*operation)["body"], ""))
    found.push_back("body " + complaint);
  return found;
}

} // namespace orderhub::testing
