#include "http_gateway/cli/order_list.hpp"

#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/answer.hpp"
#include "http_gateway/cli/command_tree.hpp"
#include "http_gateway/cli/deadline.hpp"
#include "http_gateway/cli/events.hpp"
#include "http_gateway/cli/member_text.hpp"
#include "http_gateway/cli/shown.hpp"
#include "http_gateway/cli/table_text.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

namespace {

using json = nlohmann::ordered_json;
using row = std::vector<std::string>;

constexpr std::size_t page_max = 500;

/// What its longest wait is.
std::string waits_for(const json& order) {
  const auto& open = list(order, "open");
  if (open.empty())
    return "-";
  std::string out = text(open[0], "step") + ": " + text(open[0], "waits_for");
  if (const auto vendor = text(open[0], "vendor"); vendor != "-")
    out += ", " + vendor;
  if (open.size() > 1)
    out += " (+" + std::to_string(open.size() - 1) + ")";
  return out;
}

std::string next_at(const json& order) {
  std::string next = "-";
  for (const auto& step : list(order, "open"))
    if (const auto at = text(step, "next_at"); at != "-" && (next == "-" || at < next))
      next = at;
  return next;
}

/// Since when, or, where nothing is open, since when it is there: UTC texts of one form.
std::string since(const json& order) {
  const auto open = text(order, "open_since");
  return open != "-" ? open : text(order, "created_at");
}

std::string flags(const json& order) {
  std::string all;
  const auto add = [&](bool has, const char* flag) {
    if (has)
      all.append(all.empty() ? "" : ",").append(flag);
  };
  add(order.value("in_doubt", 0) > 0, "doubt");
  add(!list(order, "attention").empty(), "attention");
  add(order.value("paused", false), "paused");
  add(order.value("stuck", false), "stuck");
  return all.empty() ? "-" : all;
}

std::string last(const json& order) {
  const auto& open = list(order, "open");
  return open.empty() ? "-" : text(open[0], "last");
}

struct column {
  std::string_view name, title;
  std::string (*shown)(const json&);
};
constexpr std::array columns = {
    column{"key", "KEY", [](const json& o) { return text(o, "key"); }},
    column{"status", "STATUS", [](const json& o) { return text(o, "status"); }},
    column{"total", "TOTAL", [](const json& o) { return text(o, "total_text"); }},
    column{"waits_for", "WAITS-FOR", &waits_for},
    column{"next", "NEXT", &next_at},
    column{"since", "SINCE", &since},
    column{"flags", "FLAGS", &flags},
    column{"created", "CREATED", [](const json& o) { return text(o, "created_at"); }},
    column{"updated", "UPDATED", [](const json& o) { return text(o, "updated_at"); }},
    column{"customer", "CUSTOMER", [](const json& o) { return text(o, "customer"); }},
    column{"version", "VERSION", [](const json& o) { return text(o, "version"); }},
    column{"last", "LAST", &last},
};
constexpr std::string_view usual = "key,status,total,waits_for,next,since,flags";
constexpr std::string_view wide =
    "key,status,total,customer,waits_for,last,next,since,created,updated,version,flags";

/// Nothing where one of the names is none.
std::vector<const column*> columns_of(std::string_view names) {
  std::vector<const column*> out;
  for (bool more = true; more;) {
    const auto end = names.find(',');
    more = end != std::string_view::npos;
    const auto name = names.substr(0, end);
    const auto known =
        std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.name == name; });
    if (known == columns.end())
      return {};
    out.push_back(&*known);
    names.remove_prefix(more ? end + 1 : names.size());
  }
  return out;
}

constexpr std::array<std::string_view, 13> statuses = {
    "pending",    "requires_action", "out_of_stock", "payment_failed", "paid",
    "confirmed",  "in_transit",      "delivered",    "returned",       "refunded",
    "cancelling", "cancelled",       "disputed"};
/// The words for several causes first, and each cause.
constexpr std::array<std::string_view, 29> waits = {
    "vendor",     "retry",    "absence",  "webhook",    "timer",    "call",    "operator", "answer",
    "connection", "dns",      "tls",      "credential", "breaker",  "limiter", "place",    "doubt",
    "running",    "tracking", "bank",     "refund",     "customer", "refusal", "earlier",  "time",
    "hub",        "person",   "delivery", "packing",    "pickup"};

/// What says which orders has names of its own on the line.
std::string option_of_filter(std::string_view field) {
  for (const auto& [name, option] :
       {std::pair("attention", "--needs-person"), std::pair("key_prefix", "--prefix"),
        std::pair("key_contains", "--contains"), std::pair("q", "--find")})
    if (field == name)
      return option;
  return option_of_field(field);
}

class listing {
public:
  listing(const order_list_options& options, std::string_view output, const client& hub,
          std::ostream& out, std::ostream& err)
      : options_(options), output_(output), hub_(hub), out_(out), err_(err) {}

  int run() {
    if (options_.watches && output_ == "json")
      return refuse("--watch prints lines: -o table, wide, tsv or jsonl");
    if (options_.watches &&
        !(options_.email.empty() && options_.phone.empty() && options_.query.empty()))
      return refuse("--watch does not go with --email, --phone and --find: a change has no names");
    columns_ = columns_of(!options_.columns.empty() ? std::string_view(options_.columns)
                          : output_ == "wide"       ? wide
                                                    : usual);
    if (columns_.empty()) {
      err_ << "orderhub: --columns takes " << column_names() << '\n';
      return wrong_use;
    }
    const auto status = print_pages();
    return status == done && options_.watches ? watch() : status;
  }

private:
  int refuse(std::string_view why) const {
    err_ << "orderhub: " << why << '\n';
    return wrong_use;
  }

  int print_pages() {
    place_.clear();
    auto left = options_.wants_all ? std::string::npos : options_.limit;
    for (std::string cursor; left > 0;) {
      auto page = next_page(std::min(left, page_max), cursor);
      if (const auto* status = std::get_if<int>(&page))
        return *status;
      auto& j = std::get<json>(page);
      if (place_.empty()) // The list is at least as new.
        place_ = text(j, "as_of_lsn");
      left -= std::min(left, j["orders"].size());
      cursor = j["next"].is_string() ? j["next"].get<std::string>() : std::string();
      take(std::move(j));
      if (cursor.empty())
        break;
    }
    finish();
    return done;
  }

  int watch() {
    std::string path = "/admin/stream?topics=orders";
    for (const auto& [name, value] : parameters_of(options_))
      if (name != "sort")
        path.append("&").append(name).append("=").append(percent_encoded(value));
    out_ << std::flush;
    for (;;) {
      bool is_behind = false;
      const auto status = follow(hub_, path, place_, 0, err_, [&](const hub_event& event) {
        is_behind = event.name == "reset";
        if (event.name == "change")
          print_change(event.data);
        return !is_behind && out_.good();
      });
      if (status != done || !is_behind)
        return status;
      err_ << "orderhub: too much has changed meanwhile; the list again\n";
      rows_.clear();
      if (const auto again = print_pages(); again != done)
        return again;
      out_ << std::flush;
    }
  }

  void print_change(const std::string& data) {
    const auto change = json::parse(data, nullptr, false);
    std::vector<row> rows;
    for (const auto& order : list(change, "orders")) {
      if (options_.only_keys)
        out_ << safe_text(text(order, "key")) << '\n';
      else if (output_ == "jsonl")
        out_ << order.dump() << '\n';
      else if (output_ == "tsv")
        print_fields(order);
      else
        rows.push_back(row_of(order));
    }
    if (!rows.empty())
      out_ << without_titles(table_text(titles(), rows));
    for (const auto& key : list(change, "gone"))
      if (key.is_string() && !options_.only_keys && (output_ == "table" || output_ == "wide"))
        out_ << safe_text(key.get<std::string>()) << "  (not in this list any more)\n";
      else if (key.is_string() && output_ == "jsonl" && !options_.only_keys)
        out_ << json{{"key", key}, {"gone", true}}.dump() << '\n';
    out_ << std::flush;
  }

  [[nodiscard]] row titles() const {
    row all;
    for (const auto* c : columns_)
      all.emplace_back(c->title);
    return all;
  }

  static std::string without_titles(std::string table) {
    return table.erase(0, table.find('\n') + 1);
  }

  std::variant<json, int> next_page(std::size_t limit, const std::string& cursor) {
    const auto body = body_of(asked(limit, cursor), err_, &option_of_filter);
    if (const auto* status = std::get_if<int>(&body))
      return *status;
    auto page = json::parse(std::get<std::string>(body), nullptr, false);
    if (!page.is_object() || !page.contains("orders") || !page["orders"].is_array()) {
      err_ << "orderhub: the hub's answer cannot be read\n";
      return not_in_order;
    }
    return page;
  }

  result<client_answer> asked(std::size_t limit, const std::string& cursor) const {
    auto parameters = parameters_of(options_);
    parameters.emplace_back("limit", std::to_string(limit));
    if (!cursor.empty())
      parameters.emplace_back("cursor", cursor);
    if (!options_.email.empty() || !options_.phone.empty()) {
      json body = json::object();
      for (const auto& [name, value] : parameters)
        body[name] = value;
      body[options_.email.empty() ? "phone" : "email"] =
          options_.email.empty() ? options_.phone : options_.email;
      return hub_.post("/admin/orders/search", body.dump(), {});
    }
    std::string path = "/admin/orders";
    for (const auto& [name, value] : parameters)
      path.append(path.find('?') == std::string::npos ? "?" : "&")
          .append(name)
          .append("=")
          .append(percent_encoded(value));
    return hub_.get(path);
  }

  void take(json page) {
    if (options_.only_keys) {
      for (const auto& order : page["orders"])
        out_ << safe_text(text(order, "key")) << '\n';
    } else if (output_ == "jsonl") {
      for (const auto& order : page["orders"])
        out_ << order.dump() << '\n';
    } else if (output_ == "tsv") {
      print_header();
      for (const auto& order : page["orders"])
        print_fields(order);
    } else {
      for (const auto& order : page["orders"])
        rows_.push_back(row_of(order));
    }
    if (output_ != "json" || options_.only_keys) {
      page["orders"] = json::array();
      all_ = std::move(page);
    } else if (all_.is_null()) {
      all_ = std::move(page);
    } else {
      for (auto& order : page["orders"])
        all_["orders"].push_back(std::move(order));
      for (const auto* name : {"next", "as_of_lsn", "complete", "indexing"})
        all_[name] = page[name];
      all_["scanned"] = all_["scanned"].get<std::size_t>() + page["scanned"].get<std::size_t>();
    }
  }

  row row_of(const json& order) const {
    row cells;
    for (const auto* c : columns_)
      cells.push_back(c->shown(order));
    return cells;
  }

  /// A tab or line end within a field would make two of it.
  void print_fields(const json& order) {
    bool is_first = true;
    for (auto cell : row_of(order)) {
      std::replace_if(cell.begin(), cell.end(), [](char c) { return c == '\t' || c == '\n'; }, ' ');
      out_ << (std::exchange(is_first, false) ? "" : "\t") << safe_text(cell);
    }
    out_ << '\n';
  }

  void print_header() {
    if (options_.has_no_header || std::exchange(has_header_, true))
      return;
    bool is_first = true;
    for (const auto* c : columns_)
      out_ << (std::exchange(is_first, false) ? "" : "\t") << c->name;
    out_ << '\n';
  }

  void finish() {
    if (options_.only_keys || output_ == "jsonl" || output_ == "tsv")
      return warn();
    if (output_ == "json") {
      out_ << all_.dump() << '\n';
      return;
    }
    auto table = table_text(titles(), rows_);
    out_ << (options_.has_no_header ? without_titles(std::move(table)) : table);
    warn();
  }

  /// What a table does not say.
  void warn() {
    if (all_.contains("indexing") && all_["indexing"].is_number())
      err_ << "orderhub: the lists are still being made (" << all_["indexing"].dump()
           << " of 1): orders are missing\n";
    if (all_.contains("complete") && all_["complete"] == json(false))
      err_ << "orderhub: not all orders were looked at; --all goes on\n";
  }

  const order_list_options& options_;
  const std::string_view output_;
  const client& hub_;
  std::ostream& out_;
  std::ostream& err_;
  std::vector<const column*> columns_;
  std::vector<row> rows_;
  json all_;
  std::string place_; ///< In the log, where the list was read.
  bool has_header_ = false;
};

} // namespace

std::span<const std::string_view> known_statuses() {
  return statuses;
}

std::span<const std::string_view> known_waits() {
  return waits;
}

std::string column_names() {
  std::string all;
  for (const auto& c : columns)
    all.append(all.empty() ? "" : ", ").append(c.name);
  return all;
}

std::vector<std::pair<std::string, std::string>> parameters_of(const order_list_options& o) {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [name, value] : {std::pair("open", &o.open),
                                    std::pair("attention", &o.needs_person),
                                    std::pair("called", &o.called),
                                    std::pair("acked", &o.acked),
                                    std::pair("in_doubt", &o.in_doubt),
                                    std::pair("stuck", &o.stuck),
                                    std::pair("paused", &o.paused),
                                    std::pair("status", &o.status),
                                    std::pair("vendor", &o.vendor),
                                    std::pair("waits_for", &o.waits_for),
                                    std::pair("reason", &o.reason),
                                    std::pair("older_than", &o.older_than),
                                    std::pair("since", &o.since),
                                    std::pair("until", &o.until),
                                    std::pair("updated_since", &o.updated_since),
                                    std::pair("currency", &o.currency),
                                    std::pair("min_total", &o.min_total),
                                    std::pair("max_total", &o.max_total),
                                    std::pair("sort", &o.sort),
                                    std::pair("key_prefix", &o.key_prefix),
                                    std::pair("key_contains", &o.key_contains),
                                    std::pair("q", &o.query)})
    if (!value->empty())
      all.emplace_back(name, *value);
  return all;
}

void add_filter_options(CLI::App& command, order_list_options& o, const char* met) {
  const auto says = [&](const char* name, std::string& to, const char* what) {
    command.add_flag(name, to, what)
        ->check(CLI::Validator(
            [](const std::string& value) {
              return std::string(value == "true" || value == "false" ? "" : "is true or false");
            },
            "")); // Help has no type of a flag.
  };
  says("--open", o.open, "of which something has not ended; --open=false and so on: the others");
  says("--needs-person", o.needs_person, "for which a person is called, by the hub or by time");
  says("--called", o.called, "for which the hub called one, not time alone");
  says("--acked", o.acked,
       "likewise, and somebody has taken over all calls; --acked=false: not all");
  says("--in-doubt", o.in_doubt, "of which a step may have taken effect");
  says("--stuck", o.stuck, "that nothing will wake: there should be none");
  says("--paused", o.paused, "that are stopped until a person acts");
  takes_words(command.add_option("--status", o.status, "with commas: pending,paid"), statuses);
  command.add_option("--vendor", o.vendor, "of an open step");
  takes_words(command.add_option("--waits-for", o.waits_for, "with commas: absence,operator"),
              waits);
  command.add_option(met, o.reason, "what an open step met last: shippo.503");
  command.add_option("--older-than", o.older_than, "that waits longer: 15m");
  command.add_option("--since", o.since, "created since")->type_name("TIME");
  command.add_option("--until", o.until, "created before")->type_name("TIME");
  command.add_option("--updated-since", o.updated_since, "changed since")->type_name("TIME");
  command.add_option("--currency", o.currency, "with commas: usd,eur");
  const auto amount = CLI::Range(std::int64_t{0}, std::int64_t{999'999'999'999});
  command.add_option("--min-total", o.min_total, "in minor units: 4200")->check(amount);
  command.add_option("--max-total", o.max_total, "likewise")->check(amount);
  command.add_option("--prefix", o.key_prefix, "how the key begins");
  command.add_option("--contains", o.key_contains, "a part of the key; looks at all of them");
  command.add_option("--find", o.query, "a key, how keys begin, or an id of a vendor");
  auto* email = command.add_option("--email", o.email, "a customer's; is in no URL");
  command.add_option("--phone", o.phone, "likewise")->excludes(email);
}

void add_options(CLI::App& command, order_list_options& o) {
  add_filter_options(command, o, "--reason");
  command.add_option("--sort", o.sort, "created (newest first), or waiting (longest first)")
      ->check(CLI::IsMember({"created", "waiting"}));
  command.add_option("--limit", o.limit, "at most so many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command.add_flag("--all", o.wants_all, "all of them");
  command.add_flag("--watch,-w", o.watches, "and then what changes, as it changes");
  command.add_flag("--quiet,-q", o.only_keys, "only the keys");
  command.add_flag("--no-header", o.has_no_header, "without the line of titles");
  command.add_option("--columns", o.columns, "with commas: " + column_names());
}

int watch_order(const std::string& key, std::string_view until, std::int64_t timeout_ms,
                std::string_view output, const client& hub, std::ostream& out, std::ostream& err) {
  const auto is_there = [&](const json& order) {
    const auto& open = list(order, "open");
    if (until == "done")
      return text(order, "open_since") == "-";
    return std::none_of(open.begin(), open.end(), [](const json& step) {
      return text(step, "state") == "out" || text(step, "state") == "in_doubt";
    });
  };
  const auto shown = columns_of("key,status,waits_for,next,flags");
  const auto print = [&](const json& order) {
    if (output == "json") {
      out << order.dump() << '\n' << std::flush;
      return;
    }
    row cells;
    for (const auto* c : shown)
      cells.push_back(c->shown(order));
    const auto table = table_text(row(cells.size()), {cells});
    out << table.substr(table.find('\n') + 1) << std::flush;
  };
  const deadline end(timeout_ms);
  const auto read = [&](std::string& place) -> std::variant<json, int> {
    const auto answer = end.within(hub).get("/admin/orders?limit=1&q=" + percent_encoded(key));
    if (!answer && end.is_over())
      return not_yet;
    const auto body = body_of(answer, err);
    if (const auto* status = std::get_if<int>(&body))
      return *status;
    const auto page = json::parse(std::get<std::string>(body), nullptr, false);
    const auto& found = list(page, "orders");
    if (found.empty() || text(found[0], "key") != key) {
      err << "orderhub: there is no order " << safe_text(key) << '\n';
      return not_found;
    }
    place = text(page, "as_of_lsn");
    return found[0];
  };
  const auto path = "/admin/stream?topics=orders&key_prefix=" + percent_encoded(key);
  for (;;) {
    std::string place;
    auto order = read(place);
    if (const auto* status = std::get_if<int>(&order))
      return *status;
    print(std::get<json>(order));
    if (is_there(std::get<json>(order)))
      return done;
    bool is_behind = false;
    const auto status = follow(hub, path, place, end.left_ms(), err, [&](const hub_event& event) {
      is_behind = event.name == "reset";
      const auto change = json::parse(event.data, nullptr, false);
      for (const auto& changed : list(change, "orders"))
        if (text(changed, "key") == key) {
          print(changed);
          if (is_there(changed))
            return false;
        }
      return !is_behind && out.good();
    });
    if (status != done || !is_behind)
      return status;
  }
}

int list_orders(const order_list_options& options, std::string_view output, const client& hub,
                std::ostream& out, std::ostream& err) {
  return listing(options, output, hub, out, err).run();
}

} // namespace orderhub::http_gateway::cli
