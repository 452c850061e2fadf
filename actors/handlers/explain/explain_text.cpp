// An explanation as lines for a terminal, and as Markdown.
#include "actors/handlers/explain/explain.hpp"
#include "actors/handlers/explain/step_words.hpp"
#include "journal/base/utc_text.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::handlers {

namespace {

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

/// `✓` done, `?` not known, `✗` refused, `!` for a person, `…` under way, `-` stopped.
std::string_view sign_of(std::string_view state) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 10> signs = {{
      {"done", "✓"},
      {"refused", "✗"},
      {"given_up", "✗"},
      {"missed", "?"},
      {"in_doubt", "?"},
      {"cancelled", "-"},
      {"paused", "!"},
      {"person", "!"},
      {"out", "…"},
      {"waiting", "…"},
  }};
  const auto known =
      std::find_if(signs.begin(), signs.end(), [&](const auto& s) { return s.first == state; });
  return known != signs.end() ? known->second : std::string_view(" ");
}

/// Broken between words; further lines begin at `indent`.
void add_lines(std::string& out, std::string_view text, std::size_t indent, std::size_t line_size) {
  std::size_t at = indent;
  bool is_first = true;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (!is_first && at + 1 + word.size() > line_size) {
      out.append("\n").append(indent, ' ');
      at = indent;
      is_first = true;
    }
    if (!is_first) {
      out += ' ';
      ++at;
    }
    out.append(word);
    at += word.size();
    is_first = false;
  }
  out += '\n';
}

std::string joined(const std::vector<said>& words) {
  std::string text;
  for (const auto& w : words)
    text.append(text.empty() ? "" : " ").append(w.text);
  return text;
}

std::string heading(const explanation& e) {
  auto text = e.order + " · " + e.status + " · " + std::string(e.state);
  for (const auto& step : e.in_doubt)
    text += " · " + step + " in doubt";
  return text;
}

std::string when(const explanation& e) {
  return utc_text(e.at) + ", version " + std::to_string(e.version);
}

/// What is said of a retry.
std::string retry_text(const explained_step& s) {
  return s.if_retried ? joined(s.if_retried->because) : std::string();
}

constexpr std::size_t name_width = 21, vendor_width = 10, text_at = 6 + name_width + vendor_width;

void add_step(std::string& out, std::size_t number, const explained_step& s, bool same_object,
              std::size_t line_size) {
  if (!same_object)
    out += "  " + s.object + '\n';
  out += padded(std::to_string(number), 3).insert(0, " ") + std::string(sign_of(s.state)) + ' ' +
         padded(s.name, name_width) + padded(s.vendor, vendor_width);
  bool is_first = true;
  for (const auto& m : s.moments) {
    if (!std::exchange(is_first, false))
      out.append(text_at, ' ');
    add_lines(out, m.what.text, text_at, line_size);
  }
  if (const auto retry = retry_text(s); !retry.empty()) {
    out.append(text_at, ' ');
    add_lines(out, "Retry: " + retry, text_at, line_size);
  }
}

std::string in_markdown(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_{}[]<>#|~&!").find(c) != std::string_view::npos)
      out += '\\';
    out += c;
  }
  return out;
}

void add_list(std::string& out, std::string_view title, const std::vector<std::string>& items) {
  if (items.empty())
    return;
  out.append("\n**").append(title).append("**\n\n");
  for (const auto& item : items)
    out += "- " + in_markdown(item) + '\n';
}

/// The lists that both forms show, each with its title.
struct section {
  std::string_view title;
  std::vector<std::string> items;
};
std::vector<section> sections_of(const explanation& e) {
  section waits{"Waits for", {}}, attention{"Needs a person", {}}, calls{"Calls", {}},
      webhooks{"Webhooks", {}}, people{"People", {}}, gaps{"Not known here", {}};
  for (const auto& w : e.waits_for)
    waits.items.push_back(joined(w.why));
  for (const auto& a : e.attention)
    attention.items.push_back(a.what.text);
  for (const auto& c : e.calls)
    calls.items.push_back(c.object + ": " + c.what.text);
  for (const auto& w : e.webhooks)
    webhooks.items.push_back(w.what.text);
  for (const auto& p : e.people)
    people.items.push_back(p.what.text);
  for (const auto& g : e.gaps)
    gaps.items.push_back(g.text);
  return {waits, attention, calls, webhooks, people, gaps};
}

} // namespace

std::string shown_as_text(const explanation& e, std::size_t line_size) {
  std::string out = heading(e) + "\n" + when(e) + "\n";
  if (const auto summary = joined(e.summary); !summary.empty())
    add_lines(out, summary, 0, line_size);
  const auto sections = sections_of(e);
  const auto add = [&](const section& s) {
    if (s.items.empty())
      return;
    out.append("\n").append(s.title).append("\n");
    for (const auto& item : s.items) {
      out += "  ";
      add_lines(out, item, 2, line_size);
    }
  };
  add(sections[0]);
  add(sections[1]);
  if (!e.steps.empty()) {
    out += "\nSteps\n";
    std::size_t number = 0;
    std::string_view object;
    for (const auto& s : e.steps)
      add_step(out, ++number, s, std::exchange(object, s.object) == s.object, line_size);
  }
  for (std::size_t i = 2; i < sections.size(); ++i)
    add(sections[i]);
  return out;
}

std::string shown_as_markdown(const explanation& e) {
  std::string out = "**" + in_markdown(heading(e)) + "** (" + when(e) + ")\n";
  if (const auto summary = joined(e.summary); !summary.empty())
    out += "\n" + in_markdown(summary) + "\n";
  const auto sections = sections_of(e);
  add_list(out, sections[0].title, sections[0].items);
  add_list(out, sections[1].title, sections[1].items);
  std::vector<std::string> steps;
  for (const auto& s : e.steps) {
    std::string line = std::string(sign_of(s.state)) + ' ' + s.name + " (" + s.vendor + "):";
    for (const auto& m : s.moments)
      line += ' ' + m.what.text;
    if (const auto retry = retry_text(s); !retry.empty())
      line += " Retry: " + retry;
    steps.push_back(std::move(line));
  }
  add_list(out, "Steps", steps);
  for (std::size_t i = 2; i < sections.size(); ++i)
    add_list(out, sections[i].title, sections[i].items);
  return out;
}

} // namespace orderhub::handlers
