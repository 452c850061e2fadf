#include "tests/support/schema_check.hpp"

#include <algorithm>
#include <regex>
#include <set>

#include <nlohmann/json.hpp>

namespace orderhub::testing {

namespace {

using nlohmann::json;

class checker {
public:
  checker(const json& document, std::vector<std::string>& problems)
      : document_(document), problems_(problems) {}

  void check(const json& schema, const json& value, const std::string& at) {
    if (schema.contains("$ref"))
      return check(resolved(schema["$ref"].get<std::string>()), value, at);
    static const std::set<std::string> known = {
        "type",      "enum",   "properties",  "required", "additionalProperties",
        "items",     "anyOf",  "minimum",     "maximum",  "minLength",
        "maxLength", "format", "description", "default"};
    for (const auto& [word, rest] : schema.items())
      if (!known.contains(word))
        problems_.push_back(at + ": the schema's word " + word + " is not known here");
    if (schema.contains("anyOf"))
      return any_of(schema["anyOf"], value, at);
    if (schema.contains("type") && !has_type(schema["type"], value))
      return complain(at, "is no " + schema["type"].dump(), value);
    if (schema.contains("enum") &&
        std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
      complain(at, "is none of " + schema["enum"].dump(), value);
    if (value.is_object())
      object(schema, value, at);
    if (value.is_array() && schema.contains("items"))
      for (std::size_t i = 0; i < value.size(); ++i)
        check(schema["items"], value[i], at + '/' + std::to_string(i));
    if (value.is_string() && schema.value("format", "") == "date-time") {
      static const std::regex form(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)");
      if (!std::regex_match(value.get<std::string>(), form))
        complain(at, "is no time", value);
    }
  }

private:
  const json& resolved(const std::string& ref) {
    return document_.at(json::json_pointer(ref.substr(1)));
  }

  void complain(const std::string& at, const std::string& what, const json& value) {
    problems_.push_back(at + ' ' + what + ": " + value.dump().substr(0, 80));
  }

  void any_of(const json& schemas, const json& value, const std::string& at) {
    for (const auto& s : schemas) {
      std::vector<std::string> problems;
      checker(document_, problems).check(s, value, at);
      if (problems.empty())
        return;
    }
    complain(at, "is none of those", value);
  }

  static bool has_type(const json& type, const json& value) {
    if (type.is_array())
      return std::any_of(type.begin(), type.end(),
                         [&](const json& one) { return has_type(one, value); });
    const auto name = type.get<std::string>();
    return (name == "object" && value.is_object()) || (name == "array" && value.is_array()) ||
           (name == "string" && value.is_string()) || (name == "boolean" && value.is_boolean()) ||
           (name == "integer" && value.is_number_integer()) ||
           (name == "number" && value.is_number()) || (name == "null" && value.is_null());
  }

  void object(const json& schema, const json& value, const std::string& at) {
    const auto properties = schema.value("properties", json::object());
    for (const auto& name : schema.value("required", json::array()))
      if (!value.contains(name.get<std::string>()))
        complain(at, "has no " + name.get<std::string>(), value);
    for (const auto& [name, member] : value.items()) {
      if (properties.contains(name))
        check(properties[name], member, at + '/' + name);
      else if (schema.contains("additionalProperties") &&
               schema["additionalProperties"] == json(false))
        complain(at, "has a member that is not described, " + name, member);
    }
  }

  const json& document_;
  std::vector<std::string>& problems_;
};

} // namespace

std::vector<std::string> schema_problems(std::string_view document, std::string_view schema,
                                         std::string_view answer) {
  const auto described = json::parse(document);
  const auto value = json::parse(answer, nullptr, false);
  if (value.is_discarded())
    return {"it is no JSON"};
  std::vector<std::string> problems;
  checker(described, problems)
      .check(described.at("components").at("schemas").at(std::string(schema)), value, "");
  return problems;
}

} // namespace orderhub::testing
