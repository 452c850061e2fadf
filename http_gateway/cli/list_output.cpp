#include "http_gateway/cli/list_output.hpp"

#include "http_gateway/cli/member_text.hpp"
#include "http_gateway/cli/table_text.hpp"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

using json = nlohmann::ordered_json;

namespace {

struct column {
  const char* title;
  const char* member;
  std::string (*shown)(const json&) = nullptr; ///< Null: the member's text.
  bool is_usual = true;                        ///< Else only of `wide`, or asked for.

  /// How it is asked for: `skew_ms` for `SKEW-MS`.
  [[nodiscard]] std::string name() const {
    std::string lower;
    for (const char c : std::string_view(title))
      lower += c == '-' ? '_' : static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    return lower;
  }
  [[nodiscard]] std::string text_of(const json& item) const {
    return shown != nullptr ? shown(item) : text(item, member);
  }
};

std::string last_error(const json& vendor) {
  const auto& errors = list(vendor, "last_errors");
  return errors.empty() ? "-" : text(errors.back(), "reason");
}

std::string answer_of(const json& call) {
  const auto status = text(call, "status");
  return status == "-" ? text(call, "outcome") : status;
}

} // namespace

struct list_kind {
  const char* member;
  const char* key; ///< The member that names an item; empty: nothing does.
  std::vector<column> columns;
};

const list_kind& webhook_list() {
  static const list_kind kind{"webhooks",
                              "id",
                              {{"RECEIVED", "received_at"},
                               {"ID", "id"},
                               {"VENDOR", "vendor", nullptr, false},
                               {"TYPE", "type"},
                               {"VERDICT", "verdict"},
                               {"ORDER", "order"},
                               {"BY", "matched_by"},
                               {"HAPPENED", "happened_at", nullptr, false},
                               {"SWEPT", "swept", nullptr, false},
                               {"REPLAYS", "replays", nullptr, false},
                               {"TEXT", "text"}}};
  return kind;
}

const list_kind& refused_list() {
  static const list_kind kind{"refused",
                              "",
                              {{"AT", "at"},
                               {"VENDOR", "vendor"},
                               {"REASON", "reason"},
                               {"SKEW-MS", "skew_ms"},
                               {"SECRETS", "secrets_tried"},
                               {"BYTES", "body_bytes"},
                               {"PEER", "peer"},
                               {"SHA256", "sha256", nullptr, false},
                               {"CONTENT-TYPE", "content_type", nullptr, false},
                               {"HINT", "hint"}}};
  return kind;
}

const list_kind& vendor_list() {
  static const list_kind kind{
      "vendors",
      "name",
      {{"VENDOR", "name"},
       {"STATE", "state"},
       {"CAUSE", "cause", nullptr, false},
       {"SINCE", "since", nullptr, false},
       {"QUEUED", "queued", [](const json& v) { return sum_of(v, "queued"); }},
       {"OUT", "in_flight", [](const json& v) { return sum_of(v, "in_flight"); }},
       {"CALLS-5M", "calls_5m", nullptr, false},
       {"FAILED-PERCENT", "failed_percent_5m", nullptr, false},
       {"P50-MS", "p50_ms"},
       {"P99-MS", "p99_ms"},
       {"NEXT-PROBE", "next_probe_at"},
       {"LAST", "last_errors", &last_error}}};
  return kind;
}

const list_kind& vendor_call_list() {
  static const list_kind kind{"calls",
                              "",
                              {{"AT", "at"},
                               {"MS", "took_ms"},
                               {"CLASS", "class"},
                               {"CALL", "call"},
                               {"ANSWER", "status", &answer_of},
                               {"OBJECT", "object"},
                               {"VENDOR-ID", "vendor_request_id"}}};
  return kind;
}

const list_kind& audit_list() {
  static const list_kind kind{"actions",
                              "",
                              {{"AT", "at"},
                               {"WHO", "who"},
                               {"ROLE", "role"},
                               {"VIA", "via"},
                               {"ACTION", "action"},
                               {"TARGET", "target"},
                               {"STEP", "step"},
                               {"OUTCOME", "outcome"},
                               {"REASON", "reason"},
                               {"ID", "id", nullptr, false},
                               {"EVIDENCE", "evidence", nullptr, false}}};
  return kind;
}

const list_kind& bulk_list() {
  static const list_kind kind{"bulks",
                              "id",
                              {{"ID", "id"},
                               {"ACTION", "action"},
                               {"STATE", "state"},
                               {"COUNT", "count"},
                               {"DONE", "done"},
                               {"SKIPPED", "skipped"},
                               {"FAILED", "failed"},
                               {"LEFT", "left"},
                               {"PLANNED", "planned_at"},
                               {"BY", "planned_by"},
                               {"STARTED", "started_at", nullptr, false},
                               {"ENDED", "ended_at", nullptr, false},
                               {"REASON", "reason", nullptr, false}}};
  return kind;
}

const list_kind& bulk_item_list() {
  static const list_kind kind{"items",
                              "key",
                              {{"N", "n"},
                               {"KEY", "key"},
                               {"OUTCOME", "outcome"},
                               {"REASON", "reason"},
                               {"AT", "at"},
                               {"MESSAGE", "message"}}};
  return kind;
}

namespace {

const column* column_named(const list_kind& kind, std::string_view name) {
  const auto it = std::find_if(kind.columns.begin(), kind.columns.end(),
                               [name](const auto& c) { return c.name() == name; });
  return it == kind.columns.end() ? nullptr : &*it;
}

std::string names_of(const list_kind& kind) {
  std::string all;
  for (const auto& c : kind.columns)
    all.append(all.empty() ? "" : ", ").append(c.name());
  return all;
}

/// Those that are no column are left out: `wrong_columns` has said so.
std::vector<const column*> columns_of(const list_kind& kind, const list_style& style) {
  std::vector<const column*> all;
  if (style.columns.empty()) {
    for (const auto& c : kind.columns)
      if (c.is_usual || style.output == "wide")
        all.push_back(&c);
    return all;
  }
  std::string_view names = style.columns;
  for (bool more = true; more;) {
    const auto end = names.find(',');
    more = end != std::string_view::npos;
    if (const auto* c = column_named(kind, names.substr(0, end)))
      all.push_back(c);
    names.remove_prefix(more ? end + 1 : names.size());
  }
  return all;
}

/// A tab or line end within a field would make two of it.
std::string field(std::string text) {
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n'; }, ' ');
  return safe_text(text);
}

template <class Items, class Text>
void print_fields(const Items& items, Text text_of, std::ostream& out) {
  bool is_first = true;
  for (const auto& item : items)
    out << (std::exchange(is_first, false) ? "" : "\t") << text_of(item);
  out << '\n';
}

} // namespace

void add_list_options(CLI::App& command, const list_kind& kind, list_style& style) {
  if (*kind.key != '\0')
    command.add_flag("--quiet,-q", style.only_keys, "only what names each");
  command.add_flag("--no-header", style.has_no_header, "without the line of titles");
  command.add_option("--columns", style.columns, "with commas: " + names_of(kind));
}

std::string wrong_columns(const list_kind& kind, const list_style& style) {
  const auto wanted =
      static_cast<std::size_t>(std::count(style.columns.begin(), style.columns.end(), ',') + 1);
  return style.columns.empty() || columns_of(kind, style).size() == wanted
             ? std::string()
             : "--columns takes " + names_of(kind);
}

void print_list(const list_kind& kind, const list_style& style, std::string_view answer,
                std::ostream& out) {
  const auto j = json::parse(answer, nullptr, false);
  const auto& items = list(j, kind.member);
  const auto columns = columns_of(kind, style);
  if (style.only_keys) {
    for (const auto& item : items)
      out << safe_text(text(item, kind.key)) << '\n';
  } else if (style.output == "json") {
    out << answer << '\n';
  } else if (style.output == "jsonl") {
    for (const auto& item : items)
      out << item.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
  } else if (style.output == "tsv") {
    if (!style.has_no_header)
      print_fields(columns, [](const column* c) { return c->name(); }, out);
    for (const auto& item : items)
      print_fields(columns, [&item](const column* c) { return field(c->text_of(item)); }, out);
  } else {
    std::vector<std::string> titles;
    for (const auto* c : columns)
      titles.emplace_back(c->title);
    std::vector<std::vector<std::string>> rows;
    for (const auto& item : items) {
      rows.emplace_back();
      for (const auto* c : columns)
        rows.back().push_back(c->text_of(item));
    }
    const auto table = table_text(titles, rows);
    out << (style.has_no_header ? table.substr(table.find('\n') + 1) : table);
  }
}

std::string list_table(const list_kind& kind, std::string_view answer) {
  std::ostringstream table;
  print_list(kind, {}, answer, table);
  return std::move(table).str();
}

} // namespace orderhub::http_gateway::cli
