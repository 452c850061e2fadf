#include "http_gateway/program/commands.hpp"
#include "http_gateway/settings/settings_doc.hpp"
#include "http_gateway/settings/sources.hpp"
#include "http_gateway/settings/startup_checks.hpp"
#include "http_gateway/settings/table.hpp"
#include "http_gateway/settings/values.hpp"
#include "journal/base/duration.hpp"

#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

namespace {

using namespace orderhub;
using namespace orderhub::http_gateway;

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

  [[nodiscard]] result<settings> load() const {
    flag_values given;
    if (!config_.empty())
      given.emplace_back("config", config_);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (options_[i]->count() == 0)
        continue;
      given.push_back(values_[i]);
      if (values_[i].first == "mock_mode")
        given.back().second = mock_ ? "true" : "false";
    }
    return load_settings(given, [](const char* name) -> const char* { return std::getenv(name); });
  }

private:
  std::string config_;
  bool mock_ = false;
  flag_values values_;
  std::vector<CLI::Option*> options_;
};

int refused(const error& e) {
  std::cerr << "orderhub: " << e.message << '\n';
  return 2;
}

} // namespace

int main(int argc, char** argv) {
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
  journal_verb("backup", "copy a journal, a running one too", journal_command::verb::backup)
      ->add_option("destination", journal.destination, "an empty or new directory")
      ->required();

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

  CLI11_PARSE(app, argc, argv);

  if (serve_app->parsed()) {
    const auto loaded = flags.load();
    if (!loaded)
      return refused(loaded.error());
    if (auto checked = check_for_serve(*loaded); !checked)
      return refused(checked.error());
    return serve(*loaded, [&flags]() -> result<settings> {
      auto again = flags.load();
      if (again)
        if (auto checked = check_for_serve(*again); !checked)
          return checked.failure();
      return again;
    });
  }
  if (settings_app->parsed()) {
    std::cout << settings_markdown();
    return 0;
  }
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
    return run_mock(mock);
  }
  if (data_dir.empty()) {
    const auto* from_environment = std::getenv("ORDERHUB_DATA_DIR");
    data_dir = from_environment && *from_environment ? from_environment : settings{}.data_dir;
  }
  journal.data_dir = data_dir;
  return journal_tool(journal);
}
