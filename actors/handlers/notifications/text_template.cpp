#include "actors/handlers/notifications/text_template.hpp"

#include "journal/base/text.hpp"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <kainjow/mustache.hpp>

namespace orderhub::handlers {

namespace mustache = kainjow::mustache;

namespace {

using data = mustache::basic_data<std::string>;

/// Around the text of each name while a template is tried: no template has such characters itself.
constexpr std::string_view mark_begin = "<\x01";
constexpr std::string_view mark_end = "\x02>";

std::string html_escaped(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'') // `&apos;` is not known to every mail program.
      out += "&#39;";
    else
      out += c;
  }
  return out;
}

std::string as_it_is(const std::string& text) {
  return text;
}

/// The names of one rendering. There are no objects and lists, so nothing that is pushed counts.
class scope final : public mustache::basic_context<std::string> {
public:
  explicit scope(const template_values& values) {
    for (const auto& [name, text] : values)
      if (!text.empty())
        values_.emplace(name, data(text));
  }

  void push(const data*) override {}
  void pop() override {}
  [[nodiscard]] const data* get(const std::string& name) const override {
    asked_.insert(name);
    const auto it = values_.find(name);
    return it == values_.end() ? &nothing_ : &it->second;
  }
  [[nodiscard]] const data* get_partial(const std::string& name) const override {
    partials_.insert(name);
    return nullptr;
  }

  [[nodiscard]] const std::set<std::string>& asked() const { return asked_; }
  [[nodiscard]] const std::set<std::string>& partials() const { return partials_; }

private:
  std::map<std::string, data, std::less<>> values_;
  data nothing_{data::type::bool_false};
  mutable std::set<std::string> asked_, partials_;
};

tl::unexpected<error> wrong(std::string what) {
  return fail({error_kind::invalid, "template", std::move(what)});
}

/// A tag as a message shows it.
std::string quoted(const std::string& tag) {
  constexpr std::size_t shown_max = 64;
  const bool is_readable = !has_control_character(tag);
  return "{{" + (is_readable ? std::string(cut_text(std::string_view(tag), shown_max)) : "…") +
         "}}";
}

std::string listed(std::span<const template_name> names) {
  std::string text;
  for (const auto& n : names)
    text.append(text.empty() ? "" : ", ").append(n.name);
  return text;
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

result<void> check_bytes(std::string_view bytes) {
  if (bytes.size() > template_size_max)
    return wrong("is larger than " + std::to_string(template_size_max) + " bytes");
  if (!is_utf8(bytes))
    return wrong("is not UTF-8");
  const auto is_control = [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r' && c != '\n') ||
           c == 0x7f;
  };
  if (std::any_of(bytes.begin(), bytes.end(), is_control))
    return wrong("has a control character");
  return {};
}

} // namespace

/// Rendering changes nothing in it: only partials and lambdas would, and there are none.
struct text_template::parsed {
  explicit parsed(const std::string& text) : engine(text) {}
  mustache::basic_mustache<std::string> engine;

  std::string render(scope& names) { return engine.render(names); }
};

namespace {

/// The text of a name while a template is tried.
std::string marked(std::string_view name) {
  return std::string(mark_begin).append(name).append(mark_end);
}

/// Whether what was rendered is sound, and what was asked for is known.
result<void> check_rendered(const std::string& shown, const scope& asked,
                            std::span<const template_name> names, escaping how) {
  if (!asked.partials().empty())
    return wrong("has a partial, " + quoted('>' + *asked.partials().begin()) + "; there are none");
  for (const auto& name : asked.asked())
    if (std::none_of(names.begin(), names.end(),
                     [&](const template_name& known) { return known.name == name; }))
      return wrong("uses " + quoted(name) + ", which is not known; known are " + listed(names));
  for (const auto& known : names) {
    const auto text = marked(known.name);
    const auto name = std::string(known.name);
    if (known.is_flag && shown.find(text.substr(1, text.size() - 2)) != std::string::npos)
      return wrong("shows " + quoted(name) + ", which has no text; it opens sections, " +
                   quoted('#' + name));
    if (how == escaping::html && shown.find(text) != std::string::npos)
      return wrong("shows " + quoted(name) +
                   " as it came; in HTML every text is escaped: use two braces and no &");
  }
  return {};
}

} // namespace

result<text_template> text_template::parse(std::string_view bytes,
                                           std::span<const template_name> names, escaping how) {
  if (auto sound = check_bytes(bytes); !sound)
    return sound.failure();
  auto made = std::make_shared<parsed>(std::string(bytes));
  if (!made->engine.is_valid())
    return wrong("is no template: " +
                 std::string(cut_text(std::string_view(made->engine.error_message()), 200)));
  made->engine.set_custom_escape(how == escaping::html ? &html_escaped : &as_it_is);

  // What stands within a section is asked for only while that is open: every combination of those
  // names that it uses and that may stand for nothing.
  std::vector<template_name> open;
  bool shows_something = false;
  for (bool found_more = true; found_more;) {
    std::set<std::string> asked;
    for (std::uint32_t mask = 0; mask < (1U << open.size()); ++mask) {
      template_values values;
      for (const auto& n : names)
        if (n.is_always)
          values.emplace(n.name, marked(n.name));
      for (std::size_t i = 0; i < open.size(); ++i)
        if (((mask >> i) & 1U) != 0)
          values.emplace(open[i].name, marked(open[i].name));
      scope used(values);
      const auto shown = made->render(used);
      if (auto sound = check_rendered(shown, used, names, how); !sound)
        return sound.failure();
      shows_something = shows_something || !is_blank(shown);
      asked.insert(used.asked().begin(), used.asked().end());
    }
    found_more = false;
    for (const auto& n : names) {
      const bool is_known = std::any_of(open.begin(), open.end(),
                                        [&](const template_name& o) { return o.name == n.name; });
      if (!n.is_always && !is_known && asked.contains(std::string(n.name))) {
        open.push_back(n);
        found_more = true;
      }
    }
  }
  if (!shows_something)
    return wrong("shows nothing");
  return text_template(std::move(made));
}

std::string text_template::render(const template_values& values) const {
  scope names(values);
  return parsed_->render(names);
}

} // namespace orderhub::handlers
