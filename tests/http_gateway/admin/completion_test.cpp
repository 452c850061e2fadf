#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/command_tree.hpp"
#include "http_gateway/cli/completion.hpp"
#include "http_gateway/cli/man_page.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

// What is made of the tree of commands: completion, and the manual pages.
using namespace orderhub;
using namespace orderhub::http_gateway::cli;

namespace {

struct program {
  CLI::App app{"takes orders", "orderhub"};
  admin_commands commands{app};
  described_command tree = described(app);
};

std::vector<std::string> texts(const std::vector<candidate>& all) {
  std::vector<std::string> out;
  for (const auto& c : all)
    out.push_back(c.text);
  return out;
}

using words = std::vector<std::string>;

words completed_to(const words& given, const asks_hub& hub = {}) {
  const program p;
  return texts(completed(p.tree, given, hub));
}

bool has(const words& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

} // namespace

TEST_CASE("a word becomes a command, an option, or what that takes", "[admin][cli]") {
  CHECK(completed_to({"ord"}) == words{"orders"});
  CHECK(has(completed_to({"orders", ""}), "explain"));
  CHECK(completed_to({"orders", "list", "--colu"}) == words{"--columns"});
  CHECK(completed_to({"orders", "list", "--output", "js"}) == words{"json", "jsonl"});
  CHECK(completed_to({"orders", "list", "--output=ts"}) == words{"--output=tsv"});
  CHECK(completed_to({"orders", "list", "--limit", ""}).empty()); // Any number.
  CHECK(completed_to({"orders", "list", "--limit", "5", "--out"}) == words{"--output"});
  CHECK_FALSE(completed_to({"no-such-command", ""}).empty()); // Nothing is known of it.
  CHECK(completed_to({}).empty());
}

TEST_CASE("the hub is asked for a positional, and only for it", "[admin][cli]") {
  words asked;
  const asks_hub hub = [&](std::string_view path, std::string_view positional,
                           std::string_view begin) {
    asked.push_back(std::string(path) + ' ' + std::string(positional) + ' ' + std::string(begin));
    return std::vector<candidate>{{"order-1", "confirmed"}};
  };
  CHECK(completed_to({"orders", "show", "ord"}, hub) == words{"order-1"});
  CHECK(completed_to({"orders", "show", "order-1", "x"}, hub).empty()); // It takes one key.
  CHECK_FALSE(completed_to({"orders", "retry", "order-1", "ord"}, hub).empty()); // It takes many.
  completed_to({"orders", "show", "--output", ""}, hub);
  CHECK(asked == words{"orderhub orders show KEY ord", "orderhub orders retry KEY ord"});
}

TEST_CASE("what a caller named an order ends no line of completion", "[admin][cli]") {
  CHECK(completion_lines({{"a\nb\x1b", "x\ty"}, {"c", ""}}) == "a b?\tx?y\nc\t\n");
}

TEST_CASE("every command stands in the manual, and its text is no request of roff's",
          "[admin][cli]") {
  described_command of{"orderhub", "orderhub", "it takes\n.orders \\ 'all'", "", {}, {}, {}};
  of.commands.push_back({"orderhub list",
                         "list",
                         "those that are there",
                         "",
                         {"orderhub list \"a b\""},
                         {{{"-o", "--output"}, "TEXT", {"table", "json"}, "how", "table"}},
                         {}});
  const auto page = man_page(of, 1'795'000'000'000);
  for (const auto* part :
       {".Dd November 18, 2026\n", "\\&.orders \\e 'all'", ".Ss \"orderhub list\"",
        ".It \"\\-o, \\-\\-output TEXT\"", "how (one of table, json) [table].",
        ".Dl \"orderhub list \\(dqa b\\(dq\""}) {
    INFO(part << " in\n" << page);
    CHECK(page.find(part) != std::string::npos);
  }
}
