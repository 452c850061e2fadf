#pragma once
#include <iosfwd>
#include <string>
#include <string_view>

// NOLINTBEGIN(readability-identifier-naming): CLI11's own names.
namespace CLI {
class App;
}
// NOLINTEND(readability-identifier-naming)

/// How the lists beside that of orders are printed: all of them in the same five forms.
namespace orderhub::http_gateway::cli {

/// One of the lists: its member of the answer, its columns, and what names an item.
struct list_kind;
const list_kind& webhook_list();
const list_kind& refused_list();
const list_kind& vendor_list();
const list_kind& vendor_call_list();
const list_kind& audit_list();
const list_kind& bulk_list();
const list_kind& bulk_item_list();

struct list_style {
  std::string output = "table"; ///< `table`, `wide`, `json`, `jsonl` or `tsv`.
  std::string columns;          ///< With commas; empty: those of the form.
  bool only_keys = false, has_no_header = false;
};

/// `--quiet`, where its items have names, `--no-header` and `--columns`.
void add_list_options(CLI::App& command, const list_kind& kind, list_style& style);

/// What is wrong with the columns; empty: nothing.
std::string wrong_columns(const list_kind& kind, const list_style& style);

/// Prints an answer that has the list: `json` as it came, `jsonl` an item a line, `tsv` a line of
/// fields each.
void print_list(const list_kind& kind, const list_style& style, std::string_view answer,
                std::ostream& out);
/// As a table with the usual columns.
std::string list_table(const list_kind& kind, std::string_view answer);

} // namespace orderhub::http_gateway::cli
