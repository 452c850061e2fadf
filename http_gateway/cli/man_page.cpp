#include "http_gateway/cli/man_page.hpp"

#include "journal/base/utc_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <initializer_list>
#include <utility>

namespace orderhub::http_gateway::cli {

namespace {

/// One character of UTF-8 as roff names it: `\[u2026]`. Texts of ours are sound.
std::string named(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  unsigned code = first & (0xffU >> (character.size() + 1));
  for (const char c : character.substr(1))
    code = (code << 6U) | (static_cast<unsigned char>(c) & 0x3fU);
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "\\[u%04X]", code);
  return text.data();
}

std::size_t size_of_character(char first) {
  const auto c = static_cast<unsigned char>(first);
  return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

/// Text of ours as roff has it: nothing of it is a request or an escape.
std::string plain(std::string_view text) {
  std::string out;
  bool begins = true;
  while (!text.empty()) {
    const char c = text.front();
    const auto size = std::min(size_of_character(c), text.size());
    if (begins && (c == '.' || c == '\''))
      out += "\\&";
    if (size > 1)
      out += named(text.substr(0, size));
    else if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    begins = c == '\n';
    text.remove_prefix(size);
  }
  return out;
}

/// Running text: each sentence on a line of its own, as mdoc wants it.
std::string running(std::string_view text) {
  std::string lines;
  for (std::size_t i = 0; i < text.size(); ++i) {
    constexpr std::string_view ends = ".!?";
    const bool is_end = i > 1 && text[i] == ' ' &&
                        ends.find(text[i - 1]) != std::string_view::npos && text[i - 2] != '.';
    lines += is_end ? '\n' : text[i];
  }
  return plain(lines);
}

/// An argument of a macro: blanks, quotes and mdoc's own words are text.
std::string argument(std::string_view text) {
  std::string out = "\"";
  for (const char c : plain(text)) {
    if (c == '"')
      out += "\\(dq";
    else
      out += c;
  }
  return out + '"';
}

std::string date_of(unix_ms day) {
  constexpr std::array months = {"January",   "February", "March",    "April",
                                 "May",       "June",     "July",     "August",
                                 "September", "October",  "November", "December"};
  const auto text = utc_text(day); // 2026-11-29T…
  const auto month = static_cast<std::size_t>(std::stoi(text.substr(5, 2)) - 1);
  return std::string(months.at(month)) + ' ' + std::to_string(std::stoi(text.substr(8, 2))) + ", " +
         text.substr(0, 4);
}

std::string head(std::string_view title, std::string_view section, unix_ms day) {
  return ".Dd " + date_of(day) + "\n.Dt " + std::string(title) + ' ' + std::string(section) +
         "\n.Os orderhub\n";
}

void add_options(std::string& out, const described_command& of) {
  if (of.options.empty())
    return;
  out += ".Bl -tag -width Ds\n";
  for (const auto& o : of.options) {
    std::string names;
    for (const auto& name : o.names)
      names.append(names.empty() ? "" : ", ").append(name);
    if (!o.is_positional && !o.value.empty())
      names += ' ' + o.value;
    out += ".It " + argument(names) + '\n';
    auto help = o.help;
    if (!o.choices.empty()) {
      std::string list;
      for (const auto& choice : o.choices)
        list.append(list.empty() ? "" : ", ").append(choice);
      help += " (one of " + list + ')';
    }
    if (!o.built_in.empty())
      help += " [" + o.built_in + ']';
    if (o.is_required)
      help += " (must be given)";
    out += running(help) + ".\n";
  }
  out += ".El\n";
}

std::string usage(const described_command& of) {
  std::string text = of.path;
  for (const auto& o : of.options)
    if (!o.is_positional && o.is_required)
      text += ' ' + o.names.back() + (o.value.empty() ? "" : ' ' + o.value);
  bool has_more = false;
  for (const auto& o : of.options)
    has_more = has_more || (!o.is_positional && !o.is_required);
  if (has_more)
    text += " [OPTIONS]";
  for (const auto& o : of.options)
    if (o.is_positional)
      text += ' ' + (o.is_required ? o.names.front() : '[' + o.names.front() + ']') +
              (o.takes_many ? "…" : "");
  return text;
}

void add_command(std::string& out, const described_command& of) {
  if (of.commands.empty()) {
    out += ".Ss " + argument(of.path) + '\n';
    out += running(of.help) + ".\n.Pp\n.Dl " + argument(usage(of)) + '\n';
    add_options(out, of);
    if (!of.footer.empty())
      out += ".Pp\n" + running(of.footer) + '\n';
  }
  for (const auto& below : of.commands)
    add_command(out, below);
}

void add_examples_of(std::string& out, const described_command& of) {
  for (const auto& line : of.examples)
    out += ".Dl " + argument(line) + '\n';
  for (const auto& below : of.commands)
    add_examples_of(out, below);
}

void add_pairs(std::string& out, std::initializer_list<std::pair<const char*, const char*>> pairs) {
  out += ".Bl -tag -width Ds\n";
  for (const auto& [name, text] : pairs)
    out += ".It " + argument(name) + '\n' + running(text) + '\n';
  out += ".El\n";
}

} // namespace

std::string man_page(const described_command& program, unix_ms day) {
  auto out = head("ORDERHUB", "1", day);
  out += ".Sh NAME\n.Nm orderhub\n.Nd carries orders through payment, label and mail, once\n"
         ".Sh SYNOPSIS\n.Nm orderhub\n.Ar COMMAND\n.Op Ar OPTIONS\n.Sh DESCRIPTION\n" +
         running(program.help) + "\n.Sh COMMANDS\n";
  add_command(out, program);
  out += ".Sh ENVIRONMENT\n";
  add_pairs(out, {{"ORDERHUB_ADMIN_URL", "The hub's admin listener, for the commands that ask it."},
                  {"ORDERHUB_ADMIN_TOKEN", "The token that lets one in there."},
                  {"ORDERHUB_ADMIN_TOKEN_FILE", "A file that has it as its only line."}});
  out += "Every setting has a variable of its own:\n.Xr orderhub.toml 5 .\n.Sh EXIT STATUS\n";
  add_pairs(out,
            {{"0", "Done."},
             {"1", "Answered, and not in order: a hub that takes no orders, a damaged journal, "
                   "some of several refused."},
             {"2", "Wrong use or configuration, or not possible."},
             {"3", "Not found."},
             {"4", "Not allowed."},
             {"5", "A conflict, or it has changed meanwhile."},
             {"6", "The hub is not reached."},
             {"7", "What was waited for has not come in time."},
             {"8", "Done, but the output could not be written."}});
  out += ".Sh EXAMPLES\n";
  add_examples_of(out, program);
  out += ".Sh SEE ALSO\n.Xr orderhub.toml 5\n";
  return out;
}

std::string config_man_page(std::span<const described_setting> settings, unix_ms day) {
  auto out = head("ORDERHUB.TOML", "5", day);
  out += ".Sh NAME\n.Nm orderhub.toml\n.Nd settings of the order hub\n.Sh DESCRIPTION\n" +
         running("Flags win over the environment, the environment over the file (--config FILE or "
                 "ORDERHUB_CONFIG), and that over the defaults. A name with a dot is in a section. "
                 "`orderhub check-config` says what is wrong, and where each value comes from.") +
         "\n";
  std::string_view group;
  for (const auto& s : settings) {
    if (s.group != group) {
      if (!group.empty())
        out += ".El\n";
      group = s.group;
      out += ".Ss " + argument(group) + "\n.Bl -tag -width Ds\n";
    }
    out += ".It " + argument(s.name) + '\n';
    out += running(std::string(s.environment) + (s.is_secret ? ", a secret" : "") + ". " +
                   std::string(s.help) +
                   (s.built_in.empty() ? "" : " [" + std::string(s.built_in) + ']')) +
           ".\n";
  }
  if (!group.empty())
    out += ".El\n";
  out += ".Sh SEE ALSO\n.Xr orderhub 1\n";
  return out;
}

} // namespace orderhub::http_gateway::cli
