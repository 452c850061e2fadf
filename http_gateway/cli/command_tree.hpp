#pragma once
#include <string>
#include <string_view>
#include <vector>

// NOLINTBEGIN(readability-identifier-naming): CLI11's own names.
namespace CLI {
class App;
}
// NOLINTEND(readability-identifier-naming)

/// The command line as plain values: what completion and the manual pages are made of.
namespace orderhub::http_gateway::cli {

struct described_option {
  std::vector<std::string> names; ///< `-o`, `--output`; of a positional its name, `KEY`.
  std::string value;              ///< `TEXT`, `FILE`; empty: a flag.
  std::vector<std::string> choices;
  std::string help, built_in;
  bool is_positional = false;
  bool is_required = false;
  bool takes_many = false;
};

struct described_command {
  std::string path; ///< `orderhub orders list`
  std::string name, help;
  std::string footer;                    ///< What stands below its options but its examples.
  std::vector<std::string> examples;     ///< Whole lines, `orderhub orders list --open`.
  std::vector<described_option> options; ///< Without `--help`; positionals in their order.
  std::vector<described_command> commands;
};

/// The program and all of its commands, hidden ones left out.
described_command described(const CLI::App& app);

/// Gives commands that are there their examples; each of them does what it says against a hub with
/// mock vendors that has an order `order-001`, in the folder of its `data`, with a context `live`.
void add_examples(CLI::App& app);

} // namespace orderhub::http_gateway::cli
