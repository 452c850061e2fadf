#include "providers/custom/templates.hpp"

#include "providers/codec/form.hpp"
#include "providers/codec/json_fields.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::providers::custom {

namespace {

using nlohmann::json;

constexpr std::string_view begins = "{{";
constexpr std::string_view ends = "}}";

tl::unexpected<error> refuse(std::string why) {
  return fail({error_kind::invalid, "custom", std::move(why)});
}

std::string known_names() {
  std::string all;
  for (const auto& v : value_names)
    all.append(all.empty() ? "" : ", ").append(v.name);
  return all;
}

const std::string& value_of(const values& with, std::string_view name) {
  static const std::string none;
  const auto it = with.find(name);
  return it == with.end() ? none : it->second;
}

/// In a path; `..` is not let climb out of it.
std::string encoded(const std::string& value) {
  if (value.find_first_not_of('.') != std::string::npos)
    return percent_encode(value);
  std::string dots;
  for (std::size_t i = 0; i < value.size(); ++i)
    dots += "%2E";
  return dots;
}

json as_json(std::string_view name, const std::string& value) {
  const auto* known = find_value(name);
  if (value.empty() || known == nullptr)
    return nullptr;
  switch (known->kind) {
  case value_kind::number: {
    std::int64_t n = 0;
    std::from_chars(value.data(), value.data() + value.size(), n);
    return n;
  }
  case value_kind::json:
    return json::parse(value, nullptr, false);
  case value_kind::text:
    break;
  }
  return value;
}

/// Every text in it, the names of members left out.
template <class Json, class Function>
bool for_each_text(Json& node, const Function& function) {
  if (node.is_structured())
    return std::all_of(node.begin(), node.end(),
                       [&](auto& child) { return for_each_text(child, function); });
  return !node.is_string() || function(node);
}

} // namespace

result<text_template> text_template::parse(std::string_view text,
                                           const std::vector<std::string_view>& more) {
  text_template out;
  while (!text.empty()) {
    const auto at = text.find(begins);
    if (const auto plain = text.substr(0, at); !plain.empty())
      out.parts_.push_back({std::string(plain), false});
    if (at == std::string_view::npos)
      return out;
    text.remove_prefix(at + begins.size());
    const auto end = text.find(ends);
    if (end == std::string_view::npos)
      return refuse("must close what it opens: {{order_id}}");
    auto name = text.substr(0, end);
    text.remove_prefix(end + ends.size());
    while (name.starts_with(' '))
      name.remove_prefix(1);
    while (name.ends_with(' '))
      name.remove_suffix(1);
    if (find_value(name) == nullptr && std::find(more.begin(), more.end(), name) == more.end())
      return refuse("must name values of an order, which are " + known_names());
    out.parts_.push_back({std::string(name), true});
  }
  return out;
}

std::string text_template::filled(const values& with) const {
  std::string out;
  for (const auto& p : parts_)
    out += p.is_value ? value_of(with, p.text) : p.text;
  return out;
}

std::string text_template::filled_path(const values& with) const {
  std::string out;
  for (const auto& p : parts_)
    out += p.is_value ? encoded(value_of(with, p.text)) : p.text;
  return out;
}

std::string_view text_template::only_value() const {
  return parts_.size() == 1 && parts_[0].is_value ? std::string_view(parts_[0].text)
                                                  : std::string_view();
}

bool text_template::names(std::string_view value) const {
  return std::any_of(parts_.begin(), parts_.end(),
                     [value](const part& p) { return p.is_value && p.text == value; });
}

result<json_template> json_template::parse(std::string_view text) {
  const auto document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded())
    return refuse("must be JSON");
  std::string why;
  const bool is_sound = for_each_text(document, [&](const json& node) {
    auto parsed = text_template::parse(node.get_ref<const std::string&>());
    if (!parsed)
      why = parsed.error().message;
    return parsed.has_value();
  });
  if (!is_sound)
    return refuse(std::move(why));
  json_template out;
  out.json_ = document.dump();
  return out;
}

bool json_template::names(std::string_view value) const {
  const auto document = json::parse(json_, nullptr, false);
  return !for_each_text(document, [&](const json& node) {
    const auto text = text_template::parse(node.get_ref<const std::string&>());
    return !text || !text->names(value);
  });
}

std::string json_template::filled(const values& with) const {
  auto document = json::parse(json_, nullptr, false);
  for_each_text(document, [&](json& node) {
    // Checked when it was parsed.
    if (auto text = text_template::parse(node.get_ref<const std::string&>())) {
      if (const auto only = text->only_value(); !only.empty())
        node = as_json(only, value_of(with, only));
      else
        node = text->filled(with);
    }
    return true;
  });
  return dump(document);
}

} // namespace orderhub::providers::custom
