#include "actors/handlers/known_fields.hpp"

#include "actors/handlers/request_rules.hpp"
#include "actors/handlers/written_text.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace orderhub::handlers {

namespace {

std::string code_point(char32_t c) {
  char text[16];
  std::snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(c));
  return text;
}

} // namespace

std::string folded_name(std::string_view name) {
  std::string folded;
  for (const char c : name)
    if (c != '_' && c != '-' && c != ' ')
      folded += lower_ascii(c);
  return folded;
}

known_fields::known_fields(field_reader object, std::span<const field_alias> aliases)
    : object_(std::move(object)) {
  for (auto& name : object_.names()) {
    auto folded = folded_name(name);
    const auto alias = std::find_if(aliases.begin(), aliases.end(),
                                    [&](const field_alias& a) { return a.spelled == folded; });
    if (alias == aliases.end())
      unknown_.push_back({std::move(folded), std::move(name)});
    else
      sent_.push_back({alias->meaning, std::move(name)});
  }
}

std::vector<std::string> known_fields::names_of(std::string_view meaning) const {
  std::vector<std::string> names;
  for (const auto& field : sent_)
    if (field.meaning == meaning)
      names.push_back(field.spelled);
  return names;
}

std::string known_fields::name_of(std::string_view meaning, std::string_view otherwise) const {
  const auto names = names_of(meaning);
  return names.empty() ? std::string(otherwise) : names.front();
}

std::vector<std::string> known_fields::lines(std::string_view meaning) {
  std::vector<std::string> content;
  std::string content_of;
  for (const auto& name : names_of(meaning)) {
    auto read = read_written(object_.written(name.c_str()));
    if (read.control)
      object_.complain(name, refusal("text-control", "holds a control character, " +
                                                         code_point(*read.control) +
                                                         "; it must be text"));
    if (read.lines.empty())
      continue;
    if (content.empty()) {
      content = std::move(read.lines);
      content_of = name;
    } else if (content != read.lines) {
      complain_of_difference(name, content_of);
    }
  }
  return content;
}

std::string known_fields::exact(std::string_view meaning) {
  constexpr std::string_view around = " \t\r\n";
  std::string content;
  std::string content_of;
  for (const auto& name : names_of(meaning)) {
    auto text = object_.written(name.c_str());
    text.erase(text.find_last_not_of(around) + 1);
    text.erase(0, text.find_first_not_of(around));
    if (text.empty())
      continue;
    if (!content.empty() && content != text)
      complain_of_difference(name, content_of);
    content = std::move(text);
    content_of = name;
  }
  return content;
}

void known_fields::complain_of_difference(const std::string& name, const std::string& other) {
  object_.complain(name, refusal("alias-differs", "means the same as " + object_.path() + other +
                                                      " and must not differ"));
}

std::string known_fields::line(std::string_view meaning) {
  auto all = lines(meaning);
  if (all.empty())
    return {};
  if (all.size() > 1)
    object_.complain(name_of(meaning, meaning),
                     refusal("text-one-line", "holds a line break; it must be one line"));
  return std::move(all.front());
}

} // namespace orderhub::handlers
