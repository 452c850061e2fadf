#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

// NOLINTBEGIN(readability-identifier-naming): CLI11's own names.
namespace CLI {
class App;
class Option;
} // namespace CLI
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
  bool takes_list = false; ///< Of its choices, with commas between.
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

/// Of words behind the program's name: the first that is no command or option there, and which was
/// perhaps meant. Empty: all are known, or nothing is near.
struct misspelling {
  std::string word, meant;
};
misspelling perhaps_meant(const described_command& program, std::span<const std::string> words);

/// What an option takes words of, with commas between; another one is the hub's to refuse.
CLI::Option* takes_words(CLI::Option* option, std::span<const std::string_view> words);

/// Gives commands that are there their examples; each of them does what it says against a hub with
/// mock vendors that has an order `order-001`, an `order-002` whose label is in doubt and an
/// `order-003` whose label was refused and an `order-004` whose card was declined, in the folder of
/// its `data`, with a context `live`.
void add_examples(CLI::App& app);

} // namespace orderhub::http_gateway::cli
