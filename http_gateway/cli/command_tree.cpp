#include "http_gateway/cli/command_tree.hpp"

#include "journal/base/spelling.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include <CLI/CLI.hpp>

namespace orderhub::http_gateway::cli {

namespace {

constexpr std::string_view examples_title = "Examples:";
constexpr std::string_view list_mark = ",…";

/// CLI11 says a type and what is allowed as one text: `TEXT:{table,json}`.
void read_type(described_option& to, const std::string& type) {
  const auto end = type.find_first_of(":{");
  to.value = type.substr(0, end);
  const auto open = type.find('{');
  const auto close = type.find('}', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos)
    return;
  std::istringstream list(type.substr(open + 1, close - open - 1));
  for (std::string one; std::getline(list, one, ',');)
    to.choices.push_back(one);
  to.takes_list = type.substr(close + 1) == list_mark;
}

described_option described(const CLI::Option& o) {
  described_option to;
  to.is_positional = !o.nonpositional();
  if (to.is_positional) {
    to.names.push_back(o.get_name(true));
  } else {
    for (const auto& name : o.get_snames())
      to.names.push_back("-" + name);
    for (const auto& name : o.get_lnames())
      to.names.push_back("--" + name);
  }
  if (o.get_items_expected_max() > 0)
    read_type(to, o.get_type_name());
  to.help = o.get_description();
  to.built_in = o.get_default_str();
  to.is_required = o.get_required();
  to.takes_many = o.get_items_expected_max() > 1;
  return to;
}

void read_footer(described_command& to, const std::string& footer) {
  std::istringstream lines(footer);
  bool are_examples = false;
  for (std::string line; std::getline(lines, line);) {
    if (line == examples_title)
      are_examples = true;
    else if (are_examples && line.starts_with("  "))
      to.examples.push_back(line.substr(2));
    else if (!line.empty())
      to.footer.append(to.footer.empty() ? "" : "\n").append(line);
  }
}

described_command described(const CLI::App& app, const std::string& above) {
  described_command to;
  to.name = app.get_name();
  to.path = above.empty() ? to.name : above + ' ' + to.name;
  to.help = app.get_description();
  read_footer(to, app.get_footer());
  for (const auto* o : app.get_options([&app](const CLI::Option* o) {
         return o != app.get_help_ptr() && !o->get_group().empty();
       }))
    to.options.push_back(described(*o));
  for (const auto* c : app.get_subcommands(
           [](const CLI::App* c) { return !c->get_name().empty() && !c->get_group().empty(); }))
    to.commands.push_back(described(*c, to.path));
  return to;
}

CLI::App* find_command(CLI::App& below, std::string_view name) {
  const auto found = below.get_subcommands([name](CLI::App* c) { return c->get_name() == name; });
  return found.empty() ? nullptr : found.front();
}

/// Nothing is near where half of the letters are others.
std::string nearest(std::string_view word, std::span<const std::string> known) {
  constexpr std::size_t near = 3;
  std::string meant;
  auto least = std::min(near, word.size() / 2) + 1;
  for (const auto& name : known)
    if (const auto d = letters_apart(word, name); d < least) {
      least = d;
      meant = name;
    }
  return meant;
}

struct examples_of {
  std::vector<const char*> path;
  std::vector<const char*> lines;
};

} // namespace

described_command described(const CLI::App& app) {
  return described(app, "");
}

misspelling perhaps_meant(const described_command& program, std::span<const std::string> words) {
  const auto* in = &program;
  const described_option* wants = nullptr;
  for (const auto& word : words) {
    if (std::exchange(wants, nullptr) != nullptr)
      continue;
    if (word == "--")
      return {};
    if (word.size() > 1 && word[0] == '-') {
      const auto name = word.substr(0, word.find('='));
      std::vector<std::string> known = {"--help"};
      const described_option* found = nullptr;
      for (const auto& o : in->options) {
        if (o.is_positional)
          continue;
        known.insert(known.end(), o.names.begin(), o.names.end());
        if (std::find(o.names.begin(), o.names.end(), name) != o.names.end())
          found = &o;
      }
      if (found != nullptr && !found->value.empty() && name == word)
        wants = found;
      if (found == nullptr && name.starts_with("--") && name != "--help")
        return {name, nearest(name, known)};
      continue;
    }
    const auto below = std::find_if(in->commands.begin(), in->commands.end(),
                                    [&](const auto& c) { return c.name == word; });
    if (below != in->commands.end()) {
      in = &*below;
    } else if (!in->commands.empty()) {
      std::vector<std::string> known;
      for (const auto& c : in->commands)
        known.push_back(c.name);
      return {word, nearest(word, known)};
    }
  }
  return {};
}

CLI::Option* takes_words(CLI::Option* option, std::span<const std::string_view> words) {
  std::string all = "{";
  for (const auto word : words)
    all.append(all.size() == 1 ? "" : ",").append(word);
  return option->check(CLI::Validator([](std::string&) { return std::string(); },
                                      all + '}' + std::string(list_mark)));
}

void add_examples(CLI::App& app) {
  const std::array all = {
      examples_of{{"status"},
                  {"orderhub status", "orderhub status --json", "orderhub status --quiet",
                   "orderhub status --strict || orderhub orders list --needs-person"}},
      examples_of{{"top"}, {"orderhub top"}},
      examples_of{{"orders", "list"},
                  {"orderhub orders list --open",
                   "orderhub orders list --status confirmed --limit 20",
                   "orderhub orders list --needs-person --older-than 10m --quiet",
                   "orderhub orders list --acked=false --sort waiting",
                   "orderhub orders list --called --quiet",
                   "orderhub orders list --waits-for absence --sort waiting",
                   "orderhub orders list --currency usd,eur --min-total 4200 --max-total 9900",
                   "orderhub orders list --contains rder-0 --updated-since 2026-11-24"}},
      examples_of{{"orders", "show"},
                  {"orderhub orders show order-001", "orderhub orders show order-001 --json"}},
      examples_of{{"orders", "explain"},
                  {"orderhub orders explain order-001",
                   "orderhub orders explain order-001 --format markdown"}},
      examples_of{{"orders", "journal"},
                  {"orderhub orders journal order-001 --newest --limit 20",
                   "orderhub orders journal order-001 --kinds effect,completion",
                   "orderhub orders journal order-001 --raw --json --limit 5"}},
      examples_of{{"orders", "watch"},
                  {"orderhub orders watch order-001 --until settled --timeout 5m",
                   "orderhub orders watch order-001 --until settled --json"}},
      examples_of{
          {"orders", "cancel"},
          {"orderhub orders cancel order-001 --dry-run",
           "orderhub orders list --status pending -q | orderhub orders cancel - --dry-run"}},
      examples_of{{"orders", "settle"},
                  {"orderhub orders settle order-002 --step label --happened --value "
                   "label_id=3005 --dry-run",
                   "orderhub orders settle order-002 --step label --did-not-happen --dry-run"}},
      examples_of{{"orders", "ack"},
                  {"orderhub orders ack order-003 --step label --yes --reason 'Ada has it'"}},
      examples_of{{"orders", "reveal"},
                  {"orderhub orders reveal order-001 --yes --reason 'the customer calls'"}},
      examples_of{{"orders", "erase"}, {"orderhub orders erase order-004 --dry-run"}},
      examples_of{{"orders", "purge"}, {"orderhub orders purge order-004 --dry-run"}},
      examples_of{{"orders", "find"}, {"orderhub orders find order-001"}},
      examples_of{{"orders", "retry"},
                  {"orderhub orders retry order-001 --dry-run",
                   "orderhub orders list --in-doubt --older-than 10m -q | orderhub orders retry - "
                   "--yes --reason 'shippo is back'"}},
      examples_of{{"orders", "pause"},
                  {"orderhub orders pause order-001 --yes --reason 'the customer asked to wait'"}},
      examples_of{{"orders", "resume"},
                  {"orderhub orders resume order-001 --yes --reason 'the customer has decided'"}},
      examples_of{{"audit"}, {"orderhub audit --limit 20", "orderhub audit --target order-001"}},
      examples_of{{"vendors", "list"},
                  {"orderhub vendors list", "orderhub vendors list --columns vendor,state,last"}},
      examples_of{{"vendors", "show"}, {"orderhub vendors show stripe"}},
      examples_of{{"vendors", "calls"}, {"orderhub vendors calls shippo --failed"}},
      examples_of{{"vendors", "pause"},
                  {"orderhub vendors pause shippo --for 2h --reason 'incident at Shippo'"}},
      examples_of{{"vendors", "open"},
                  {"orderhub vendors open sendgrid --for 30m --reason 'mails come twice'"}},
      examples_of{{"vendors", "close"},
                  {"orderhub vendors close sendgrid --for 10m --reason 'it works by hand'"}},
      examples_of{{"vendors", "auto"},
                  {"orderhub vendors auto sendgrid --reason 'the incident is over'"}},
      examples_of{{"vendors", "probe"},
                  {"orderhub vendors probe shippo --reason 'their status page is green'"}},
      examples_of{{"vendors", "resume"},
                  {"orderhub vendors resume shippo --reason 'their status page is green'"}},
      examples_of{
          {"webhooks", "list"},
          {"orderhub webhooks list --vendor stripe --limit 20", "orderhub webhooks list --dead"}},
      examples_of{{"webhooks", "show"},
                  {"orderhub webhooks show \"$(orderhub webhooks list -q --limit 1)\""}},
      examples_of{{"webhooks", "replay"},
                  {"orderhub webhooks replay \"$(orderhub webhooks list -q --limit 1)\" --reason "
                   "'its handler was mended' --dry-run"}},
      examples_of{{"webhooks", "assign"},
                  {"orderhub webhooks assign \"$(orderhub webhooks list -q --limit 1)\" order-001 "
                   "--reason 'case 8812' --dry-run"}},
      examples_of{{"webhooks", "send"},
                  {"orderhub webhooks send stripe payment_intent.succeeded --order order-001"}},
      examples_of{{"bulk", "plan"},
                  {"orderhub bulk plan retry --in-doubt --reason 'shippo is back'",
                   "orderhub orders list --in-doubt -q | orderhub bulk plan retry - --dry-run"}},
      examples_of{{"bulk", "start"},
                  {"orderhub bulk start \"$(orderhub bulk list -q --limit 1)\" --count 1 --wait"}},
      examples_of{
          {"bulk", "pause"},
          {"orderhub bulk pause \"$(orderhub bulk list -q --limit 1)\" --reason 'too fast'"}},
      examples_of{
          {"bulk", "cancel"},
          {"orderhub bulk cancel \"$(orderhub bulk list -q --limit 1)\" --reason 'wrong list'"}},
      examples_of{{"bulk", "list"}, {"orderhub bulk list", "orderhub bulk list -q --limit 1"}},
      examples_of{{"bulk", "show"}, {"orderhub bulk show \"$(orderhub bulk list -q --limit 1)\""}},
      examples_of{{"bulk", "items"},
                  {"orderhub bulk items \"$(orderhub bulk list -q --limit 1)\" --outcome failed"}},
      examples_of{{"webhooks", "refused"}, {"orderhub webhooks refused"}},
      examples_of{{"webhooks", "listen"},
                  {"orderhub webhooks listen --since 1h --for 1s",
                   "orderhub webhooks listen --vendor stripe --output jsonl --for 1s",
                   "orderhub webhooks listen --forward-to http://127.0.0.1:3000/hooks --for 1s"}},
      examples_of{{"context", "list"},
                  {"orderhub context list", "orderhub context list && orderhub status",
                   "orderhub context list --json"}},
      examples_of{{"context", "use"},
                  {"orderhub context use live", "orderhub context use live && orderhub status",
                   "orderhub context use --none"}},
      examples_of{{"journal", "tail"},
                  {"orderhub journal tail --for 1s",
                   "orderhub journal tail order-001 --lines 5 --for 1s",
                   "orderhub journal tail --kinds effect,completion --output jsonl --for 1s"}},
      examples_of{{"journal", "verify"}, {"orderhub journal verify"}},
      examples_of{{"journal", "dump"},
                  {"orderhub journal dump --object OrderOrchestrator/order-001"}},
      examples_of{{"journal", "stats"}, {"orderhub journal stats"}},
      examples_of{
          {"journal", "backup"},
          {"orderhub journal backup another", "orderhub journal backup --verify --keep 7 daily"}},
      examples_of{{"journal", "compact"},
                  {"orderhub journal compact --reason 'make room on the disk'"}},
      examples_of{
          {"serve"},
          {"orderhub serve --mock --data-dir try", "orderhub serve --config orderhub.toml"}},
      examples_of{{"mock"}, {"orderhub mock --listen 127.0.0.1:0 --latency 20ms"}},
      examples_of{{"settings"}, {"orderhub settings --markdown >SETTINGS.md"}},
      examples_of{{"contract", "check"},
                  {"orderhub contract check http://127.0.0.1:8090/inventory --only inventory "
                   "--product sku-1 --token none"}},
      examples_of{{"token", "new"},
                  {"orderhub token new --name ada --role operate --file tokens.toml"}},
      examples_of{{"token", "list"}, {"orderhub token list --file tokens.toml"}},
      examples_of{{"journal", "restore"},
                  {"orderhub journal backup copy && orderhub journal restore copy new --dry-run",
                   "orderhub journal restore copy new",
                   "orderhub journal stats --data-dir new | grep copied_at"}},
      examples_of{{"check-config"},
                  {"orderhub check-config --config orderhub.toml",
                   "orderhub check-config --config orderhub.toml --quiet",
                   "orderhub check-config --config orderhub.toml --live",
                   "orderhub check-config --config orderhub.toml --json"}},
      examples_of{{"completion"},
                  {"orderhub completion bash >~/.local/share/bash-completion/completions/orderhub",
                   "orderhub completion zsh >~/.zfunc/_orderhub",
                   "orderhub completion fish >~/.config/fish/completions/orderhub.fish"}},
      examples_of{{"man"}, {"orderhub man >orderhub.1", "orderhub man 5 >orderhub.toml.5"}}};
  for (const auto& one : all) {
    auto* command = &app;
    for (const auto* name : one.path)
      command = command == nullptr ? nullptr : find_command(*command, name);
    if (command == nullptr)
      continue; // Of a program that has not all of them.
    std::string text = command->get_footer();
    text.append(text.empty() ? "" : "\n\n").append(examples_title);
    for (const auto* line : one.lines)
      text.append("\n  ").append(line);
    command->footer(text);
  }
}

} // namespace orderhub::http_gateway::cli
