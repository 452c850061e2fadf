#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/command_tree.hpp"
#include "http_gateway/cli/completion.hpp"
#include "http_gateway/cli/man_page.hpp"
#include "http_gateway/cli/written_output.hpp"
#include "http_gateway/program/check_config.hpp"
#include "http_gateway/program/commands.hpp"
#include "http_gateway/program/live_check.hpp"
#include "http_gateway/settings/settings_doc.hpp"
#include "http_gateway/settings/sources.hpp"
#include "http_gateway/settings/startup_checks.hpp"
#include "http_gateway/settings/table.hpp"
#include "http_gateway/settings/values.hpp"
#include "journal/base/duration.hpp"
#include "journal/base/time.hpp"
#include "providers/transport/curl_transport.hpp"

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

namespace {

using namespace orderhub;
using namespace orderhub::http_gateway;

const char* variable(const char* name) {
  return std::getenv(name);
}

/// One flag for each setting that is no secret.
class setting_flags {
public:
  explicit setting_flags(CLI::App& app) {
    app.add_option("--config", config_, "TOML file with settings (ORDERHUB_CONFIG)")
        ->type_name("FILE");
    const auto names = setting_names();
    values_.reserve(names.size()); // CLI11 keeps pointers into it.
    for (const auto& name : names) {
      const auto flag = flag_of(name);
      if (flag.empty())
        continue;
      auto& slot = values_.emplace_back(std::string(name.name), std::string());
      const auto help = std::string(name.help) + " (" + std::string(name.environment) + ")";
      if (name.name == "mock_mode")
        options_.push_back(app.add_flag(flag, mock_, help));
      else
        options_.push_back(app.add_option(flag, slot.second, help)->type_name("TEXT"));
    }
  }

  /// What the command line has of them.
  [[nodiscard]] flag_values given() const {
    flag_values all;
    if (!config_.empty())
      all.emplace_back("config", config_);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (options_[i]->count() == 0)
        continue;
      all.push_back(values_[i]);
      if (values_[i].first == "mock_mode")
        all.back().second = mock_ ? "true" : "false";
    }
    return all;
  }
  [[nodiscard]] result<read_settings> load() const {
    return load_settings_with_sources(given(), &variable);
  }

private:
  std::string config_;
  bool mock_ = false;
  flag_values values_;
  std::vector<CLI::Option*> options_;
};

/// A duration as it was given, and where it goes.
struct given_duration {
  std::string flag, text;
  std::int64_t* to = nullptr;
};

/// What the mock vendors tell the hub, and how badly.
std::shared_ptr<std::vector<given_duration>> add_webhook_flags(CLI::App& app, mock_command& mock) {
  auto times = std::make_shared<std::vector<given_duration>>();
  times->reserve(8); // CLI11 keeps pointers into it.
  const auto add_time = [&](const char* flag, const char* text, const char* help,
                            std::int64_t& to) {
    auto& one = times->emplace_back(given_duration{flag, text, &to});
    app.add_option(flag, one.text, help)->capture_default_str();
  };
  app.add_option("--webhooks-to", mock.webhooks_to,
                 "tell this hub by signed webhooks what happens: http://127.0.0.1:8080");
  app.add_option("--webhook-secrets", mock.webhook_secrets_path,
                 "file that gets their secrets, for the hub's environment")
      ->type_name("FILE");
  app.add_option("--webhook-log", mock.webhook_log_path,
                 "file that gets a line of JSON for each webhook that was sent, with its body")
      ->type_name("FILE");
  add_time("--transit", "15s", "from a label to the parcel being in transit; 0: it never moves",
           mock.transit_ms);
  add_time("--delivery", "15s", "from there to its delivery; 0: never", mock.delivery_ms);
  add_time("--webhook-delay", "50ms", "of each webhook at least", mock.webhooks.delay_ms);
  add_time("--webhook-jitter", "50ms", "up to so much more at random: later ones overtake",
           mock.webhooks.jitter_ms);
  add_time("--webhook-storm", "0", "what is due within so long goes out at once at its end",
           mock.webhooks.storm_ms);
  app.add_option("--webhook-copies", mock.webhooks.copies_max, "each once to so many times")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  app.add_option("--webhook-forged", mock.webhooks.forged,
                 "beside each, with this probability, one that nobody signed")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_option("--webhook-lost", mock.webhooks.lost, "never sent, with this probability")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  return times;
}

int refused(const error& e) {
  std::cerr << "orderhub: " << e.message << '\n';
  return 2;
}

/// What the last of the words after `__complete` may become; the shells' scripts ask for it.
int complete(const CLI::App& app, int argc, char** argv) {
  const std::vector<std::string> words(argv + 2, argv + argc);
  std::cout << cli::completion_lines(
      cli::completed(cli::described(app), words, cli::asks_running_hub(words, &variable)));
  return 0;
}

std::string man_page(const CLI::App& app, const std::string& section) {
  const auto today = system_clock().wall_ms();
  if (section == "1")
    return cli::man_page(cli::described(app), today);
  std::vector<cli::described_setting> all;
  const auto names = setting_names();
  all.reserve(names.size());
  for (const auto& s : names)
    all.push_back({s.name, s.environment, s.help, s.fallback.empty() ? s.fallback_note : s.fallback,
                   s.group, s.is_secret});
  return cli::config_man_page(all, today);
}

struct config_check {
  bool is_quiet = false, as_json = false, every_setting = false, asks_vendors = false;
};

int run_config_check(const config_check& how, const flag_values& given) {
  const auto report = check_config(given, &variable);
  const bool is_sound = report.faults.empty();
  std::vector<live_finding> live;
  if (is_sound && how.asks_vendors) {
    providers::curl_transport_options options;
    options.proxy = report.read.values.proxy;
    options.ca_file = report.read.values.ca_file;
    providers::curl_transport net(options);
    live = check_live(report.read.values, net);
  }
  if (!how.is_quiet && how.as_json)
    std::cout << config_json(report, how.every_setting, how.asks_vendors ? &live : nullptr);
  else if (!how.is_quiet)
    std::cout << shown_config(report, how.every_setting)
              << (live.empty() ? std::string() : '\n' + shown_live(live));
  return is_sound ? status_of(live) : cli::wrong_use;
}

/// A daemon's output is its log: its end has a status of its own.
bool is_daemon(int argc, char** argv) {
  const std::string_view command = argc > 1 ? argv[1] : "";
  return command == "serve" || command == "mock";
}

int run(int argc, char** argv) {
  CLI::App app("orderhub takes orders over HTTP and carries each through payment, label, mail and "
               "announcement, once, whatever crashes.",
               "orderhub");
  app.require_subcommand(1);
  app.set_version_flag("--version", "orderhub " ORDERHUB_VERSION);

  auto* serve_app = app.add_subcommand("serve", "run the hub");
  setting_flags flags(*serve_app);
  serve_app->footer("Flags win over the environment, the environment over the file. Keys and "
                    "tokens are taken from the environment or the file only.");

  mock_command mock;
  std::string mock_listen = "127.0.0.1:8090", mock_latency = "0";
  auto* mock_app = app.add_subcommand("mock", "run the mock vendors alone");
  mock_app->add_option("--listen", mock_listen, "loopback address, H:P; port 0: any free one")
      ->capture_default_str();
  mock_app->add_option("--seed", mock.seed, "of ids and random faults")->capture_default_str();
  mock_app->add_option("--latency", mock_latency, "added to each answer, e.g. 20ms")
      ->capture_default_str();
  mock_app->add_option("--control", mock.control_path, "file with a control document (faults)")
      ->type_name("FILE");
  mock_app->add_flag("--ledger-counts", mock.ledger_counts,
                     "keep counts by order instead of every effect");
  const auto webhook_times = add_webhook_flags(*mock_app, mock);

  auto* settings_app = app.add_subcommand("settings", "print every setting there is");
  // There is one form now; it is asked for by name so that others may come.
  bool markdown = false;
  settings_app->add_flag("--markdown", markdown, "as http_gateway/SETTINGS.md")->required();

  journal_command journal;
  auto* journal_app = app.add_subcommand("journal", "look at a journal");
  journal_app->require_subcommand(1);
  std::string data_dir;
  const auto journal_verb = [&](const char* name, const char* help, journal_command::verb kind) {
    auto* verb = journal_app->add_subcommand(name, help);
    verb->add_option("--data-dir", data_dir, "directory of the journal (ORDERHUB_DATA_DIR)");
    verb->callback([&journal, kind] { journal.command = kind; });
    return verb;
  };
  journal_verb("verify", "check every record and row", journal_command::verb::verify);
  journal_verb("dump", "print records and rows as text", journal_command::verb::dump)
      ->add_option("--object", journal.object, "only this one")
      ->type_name("SERVICE/KEY");
  journal_verb("stats", "print counts and sizes", journal_command::verb::stats);
  journal_verb("compact", "take free pages and old records out of the files",
               journal_command::verb::compact)
      ->add_option("--reason", journal.reason, "for the audit of the hub that runs there")
      ->type_name("TEXT");
  auto* backup_app =
      journal_verb("backup", "copy a journal, a running one too", journal_command::verb::backup);
  backup_app->add_option("destination", journal.destination, "an empty or new directory")
      ->required();
  backup_app->add_flag("--verify", journal.verify, "walk the copy, as verify does");
  backup_app
      ->add_option("--keep", journal.keep,
                   "make a folder named by the time in destination, and keep the newest so many")
      ->check(CLI::Range(1, 1'000));

  auto* restore_app = journal_app->add_subcommand(
      "restore", "begin a data directory with a backup, which is verified before");
  restore_app->add_option("FROM", journal.source, "the backup; it stays as it is")->required();
  restore_app->add_option("DIRECTORY", journal.destination, "an empty or new directory")
      ->required();
  restore_app->add_flag("--dry-run", journal.only_looks, "verify, and copy nothing");
  restore_app->callback([&journal] { journal.command = journal_command::verb::restore; });

  contract_command contract;
  auto* contract_app = app.add_subcommand("contract", "the contract of a shop's own services");
  contract_app->require_subcommand(1);
  auto* check_app = contract_app->add_subcommand(
      "check",
      "hold a server against it; it really reserves, and puts back: give it a test server");
  check_app->add_option("url", contract.url, "what stands before /v1")->required();
  check_app->add_option("--token", contract.token, "its bearer token")->type_name("TEXT");
  check_app->add_option("--only", contract.only, "one service instead of all")
      ->check(CLI::IsMember({"inventory", "warehouse", "carrier"}));
  check_app->add_option("--product", contract.product, "one of which ten pieces are free, or more")
      ->capture_default_str();

  token_command token;
  auto* token_app = app.add_subcommand("token", "named tokens of the admin port");
  token_app->require_subcommand(1);
  const auto token_verb = [&](const char* name, const char* help, bool is_new) {
    auto* verb = token_app->add_subcommand(name, help);
    verb->add_option("--file", token.path, "the setting admin_tokens")
        ->envname("ORDERHUB_ADMIN_TOKENS")
        ->type_name("FILE");
    verb->callback([&token, is_new] { token.is_new = is_new; });
    return verb;
  };
  auto* new_token_app = token_verb("new", "make one: prints it once, keeps its digest", true);
  new_token_app->add_option("--name", token.name, "whose it is, as the audit says")->required();
  new_token_app->add_option("--role", token.role, "read, operate or admin")
      ->check(CLI::IsMember({"read", "operate", "admin"}))
      ->capture_default_str();
  new_token_app->add_option("--days", token.days, "until it expires; 0: never")
      ->check(CLI::Range(0, 36'500))
      ->capture_default_str();
  new_token_app->add_flag("--on-behalf", token.on_behalf,
                          "may name whom it acts for (x-orderhub-actor)");
  token_verb("list", "who has one, until when", false);
  const cli::admin_commands asks_hub(app);

  auto* config_app = app.add_subcommand(
      "check-config",
      "say whether serve would start: all that is wrong, and where settings are from");
  const setting_flags checked_flags(*config_app);
  config_check config;
  config_app->add_flag("--quiet,-q", config.is_quiet,
                       "only the exit status: 0, or 2 where it is wrong");
  config_app->add_flag("--json", config.as_json, "one JSON document, for programs");
  config_app->add_flag("--all", config.every_setting, "also the settings that nobody has given");
  config_app->add_flag(
      "--live", config.asks_vendors,
      "and ask each vendor once, harmlessly, whether it knows its key: 6 where one "
      "is not reached");

  std::string shell, section = "1";
  auto* completion_app = app.add_subcommand("completion", "print what has a shell complete words");
  completion_app->add_option("SHELL", shell, "whose")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  auto* man_app = app.add_subcommand("man", "print a manual page, for man -l -");
  man_app->add_option("SECTION", section, "1: this program; 5: its configuration file")
      ->check(CLI::IsMember({"1", "5"}))
      ->capture_default_str();
  cli::add_examples(app);

  if (argc > 1 && std::string_view(argv[1]) == "__complete")
    return complete(app, argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (app.exit(e) == 0)
      return cli::done;
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (const auto wrong = cli::perhaps_meant(cli::described(app), words); !wrong.meant.empty())
      std::cerr << "There is no " << wrong.word << " here; did you mean " << wrong.meant << "?\n";
    return cli::wrong_use;
  }

  if (asks_hub.is_meant())
    return asks_hub.run(&variable, std::cout, std::cerr);
  if (config_app->parsed())
    return run_config_check(config, checked_flags.given());
  if (completion_app->parsed()) {
    std::cout << *cli::completion_script(shell);
    return cli::done;
  }
  if (man_app->parsed()) {
    std::cout << man_page(app, section);
    return cli::done;
  }

  if (serve_app->parsed()) {
    const auto loaded = flags.load();
    if (!loaded)
      return refused(loaded.error());
    if (auto checked = check_for_serve(loaded->values); !checked)
      return refused(checked.error());
    return serve(*loaded, [&flags]() -> result<read_settings> {
      auto again = flags.load();
      if (again)
        if (auto checked = check_for_serve(again->values); !checked)
          return checked.failure();
      return again;
    });
  }
  if (settings_app->parsed()) {
    std::cout << settings_markdown();
    return 0;
  }
  if (token_app->parsed())
    return run_token(token);
  if (check_app->parsed())
    return run_contract_check(contract);
  if (mock_app->parsed()) {
    auto listen = parse_listen(mock_listen);
    if (!listen)
      return refused({error_kind::invalid, "main", "--listen " + listen.error().message + "."});
    mock.listen = *listen;
    const auto latency = mock_latency == "0" ? 0 : parse_duration_ms(mock_latency).value_or(-1);
    if (latency < 0)
      return refused({error_kind::invalid, "main", "--latency must be a duration such as 20ms."});
    mock.latency_ms = latency;
    for (const auto& [flag, text, to] : *webhook_times) {
      *to = text == "0" ? 0 : parse_duration_ms(text).value_or(-1);
      if (*to < 0)
        return refused({error_kind::invalid, "main", flag + " must be a duration such as 20ms."});
    }
    return run_mock(mock);
  }
  if (data_dir.empty()) {
    const auto* from_environment = std::getenv("ORDERHUB_DATA_DIR");
    data_dir = from_environment && *from_environment ? from_environment : settings{}.data_dir;
  }
  journal.data_dir = data_dir;
  return journal_tool(journal);
}

} // namespace

int main(int argc, char** argv) {
  if (is_daemon(argc, argv))
    return run(argc, argv);
  cli::written_output out(std::cout, STDOUT_FILENO);
  const auto status = run(argc, argv);
  return out.end(status, std::cerr);
}
