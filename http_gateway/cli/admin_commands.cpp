#include "http_gateway/cli/admin_commands.hpp"

#include "http_gateway/cli/answer.hpp"
#include "http_gateway/cli/bulk_commands.hpp"
#include "http_gateway/cli/client.hpp"
#include "http_gateway/cli/contexts.hpp"
#include "http_gateway/cli/deadline.hpp"
#include "http_gateway/cli/hook_commands.hpp"
#include "http_gateway/cli/journal_tail.hpp"
#include "http_gateway/cli/member_text.hpp"
#include "http_gateway/cli/order_list.hpp"
#include "http_gateway/cli/order_verbs.hpp"
#include "http_gateway/cli/shown.hpp"
#include "http_gateway/cli/table_text.hpp"
#include "http_gateway/cli/top.hpp"

#include <algorithm>
#include <sstream>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

using json = nlohmann::ordered_json;

exit_status exit_status_of(std::uint16_t http) {
  switch (http) {
  case 401:
  case 403:
  case 429:
    return not_allowed;
  case 404:
    return not_found;
  case 409:
    return conflict;
  default:
    return http >= 500 ? not_in_order : wrong_use;
  }
}

/// A hub that takes longer to say how it stands is none that takes orders.
constexpr std::int64_t status_within_ms = 5'000;

struct admin_commands::parts {

  std::string url, token_file, output = "table";
  std::string key, vendor, id;
  std::string format = "text";
  std::string invocation, kinds;
  bool is_newest_first = false, is_raw = false, is_quiet = false, is_strict = false,
       uses_none = false;
  environment_reader environment; ///< Of the command that runs.
  std::size_t limit = 200;
  order_verb verb;
  std::string who, action, target, since;
  std::string until = "done";
  std::int64_t timeout_ms = 0;
  std::istream* input = nullptr;
  order_list_options listed;
  std::function<int(const parts&, const client&, std::ostream&, std::ostream&)> meant;
  /// What asks no hub.
  std::function<int(const environment_reader&, std::ostream&, std::ostream&)> meant_here;

  [[nodiscard]] bool wants_json() const { return output == "json" || output == "jsonl"; }

  CLI::App* add(CLI::App& to, const char* name, const char* help,
                int (parts::*does)(const client&, std::ostream&, std::ostream&) const,
                const std::vector<std::string>& outputs = {"table", "json"}) {
    return add(
        to, name, help,
        [this, does](const client& hub, bool, std::ostream& out, std::ostream& err) {
          return (this->*does)(hub, out, err);
        },
        outputs);
  }

  CLI::App* add(CLI::App& to, const char* name, const char* help, command_work does,
                const std::vector<std::string>& outputs = {"table", "json"}) {
    auto* command = to.add_subcommand(name, help);
    command
        ->add_option("--url,--server", url,
                     "the hub's admin listener, or unix:PATH (ORDERHUB_ADMIN; else the context)")
        ->type_name("URL");
    command
        ->add_option("--token-file", token_file,
                     "file with the admin token (or ORDERHUB_ADMIN_TOKEN, "
                     "ORDERHUB_ADMIN_TOKEN_FILE)")
        ->type_name("FILE");
    command->add_option("--output,-o", output, "table, or json for programs")
        ->check(CLI::IsMember(outputs))
        ->capture_default_str();
    command->add_flag_callback("--json", [this] { output = "json"; }, "the same as --output json");
    command->callback([this, does = std::move(does)] {
      meant = [does](const parts& p, const client& hub, std::ostream& out, std::ostream& err) {
        return does(hub, p.wants_json(), out, err);
      };
    });
    return command;
  }

  CLI::App* add_list(CLI::App& to, const char* name, const char* help, const list_kind& kind,
                     list_work does) {
    const auto style = std::make_shared<list_style>();
    auto* command = add(to, name, help,
                        [this, style, &kind, does = std::move(does)](
                            const client& hub, bool, std::ostream& out, std::ostream& err) -> int {
                          if (const auto wrong = wrong_columns(kind, *style); !wrong.empty()) {
                            err << "orderhub: " << wrong << '\n';
                            return wrong_use;
                          }
                          style->output = output;
                          const auto answer = does(hub, err);
                          if (const auto* status = std::get_if<int>(&answer))
                            return *status;
                          print_list(kind, *style, std::get<std::string>(answer), out);
                          return done;
                        },
                        {"table", "wide", "json", "jsonl", "tsv"});
    add_list_options(*command, kind, *style);
    return command;
  }

  void add_contexts(CLI::App& app) {
    auto* context = app.add_subcommand("context", "which hub the commands ask, by a name");
    context->require_subcommand(1);
    auto* list = context->add_subcommand("list", "those of ~/.config/orderhub/cli.toml");
    list->add_flag_callback("--json", [this] { output = "json"; }, "one document, for programs");
    list->callback([this] {
      meant_here = [this](const auto& env, auto& out, auto& err) {
        return list_contexts(env, wants_json(), out, err);
      };
    });
    auto* use = context->add_subcommand("use", "ask that one from now on");
    auto* name = use->add_option("NAME", id, "a context of that file");
    auto* none = use->add_flag("--none", uses_none, "use none of them: the hub of this machine");
    name->excludes(none);
    use->callback([this, name, none] {
      if (name->count() + none->count() == 0)
        throw CLI::RequiredError("NAME or --none");
      meant_here = [this](const auto& env, auto& out, auto& err) {
        return choose_context(env, id, out, err);
      };
    });
  }

  void add_tail(CLI::App& app) {
    const auto there = app.get_subcommands([](CLI::App* c) { return c->get_name() == "journal"; });
    auto* journal =
        there.empty() ? app.add_subcommand("journal", "look at a journal") : there.front();
    const auto t = std::make_shared<tail_options>();
    auto* command =
        add(*journal, "tail", "the records of a running hub's orders, as they are written",
            [t](const client& hub, bool as_lines, std::ostream& out, std::ostream& err) {
              return tail_journal(*t, as_lines, hub, out, err);
            },
            {"table", "jsonl"});
    command->add_option("KEY", t->key, "only of this order, the last ones first");
    command->add_option("--lines,-n", t->lines, "so many of those that are there")
        ->check(CLI::Range(0, 1'000'000))
        ->capture_default_str();
    command->add_option("--kinds", t->kinds, "only these, with commas between: effect,completion");
    command->add_option("--for", t->lasts, "end after so long: 30s, 2h");
  }

  // ── What the commands do ──

  int print(const client& hub, const std::string& path, show shown, std::ostream& out,
            std::ostream& err) const {
    return cli::print(hub.get(path), wants_json(), shown, out, err);
  }

  [[nodiscard]] std::string order_path(std::string_view rest = {}) const {
    return ("/admin/orders/" + percent_encoded(key)).append(rest);
  }

  int list_orders(const client& hub, std::ostream& out, std::ostream& err) const {
    return cli::list_orders(listed, output, hub, out, err);
  }

  int watch_order(const client& hub, std::ostream& out, std::ostream& err) const {
    return cli::watch_order(key, until, timeout_ms, output, hub, out, err);
  }

  int show_order(const client& hub, std::ostream& out, std::ostream& err) const {
    return print(hub, order_path(), &shown_order, out, err);
  }

  int explain_order(const client& hub, std::ostream& out, std::ostream& err) const {
    const auto wanted = wants_json() ? "json" : format;
    auto answer = body_of(hub.get(order_path("/explain?format=" + wanted)), err);
    if (const auto* status = std::get_if<int>(&answer))
      return *status;
    const auto& body = std::get<std::string>(answer);
    out << (wants_json() ? body + '\n' : safe_text(body));
    return done;
  }

  /// All pages up to the limit, as one list.
  int show_journal(const client& hub, std::ostream& out, std::ostream& err) const {
    if (is_raw && !wants_json()) {
      err << "orderhub: --raw goes with --json: a table has no payloads\n";
      return wrong_use;
    }
    constexpr std::size_t page_max = 500;
    json all;
    std::string cursor;
    for (auto left = limit == 0 ? std::string::npos : limit; left > 0;) {
      auto path = order_path("/journal?limit=" + std::to_string(std::min(left, page_max)));
      const auto add = [&](const char* name, std::string_view value) {
        if (!value.empty())
          path.append("&").append(name).append("=").append(percent_encoded(value));
      };
      add("invocation", invocation);
      add("kinds", kinds);
      add("sort", is_newest_first ? "newest" : "oldest");
      add("raw", is_raw ? "1" : "");
      add("cursor", cursor);
      auto answer = body_of(hub.get(path), err);
      if (const auto* status = std::get_if<int>(&answer))
        return *status;
      auto page = json::parse(std::get<std::string>(answer), nullptr, false);
      if (!page.is_object() || !page.contains("records") || !page["records"].is_array()) {
        err << "orderhub: the hub's answer cannot be read\n";
        return not_in_order;
      }
      left -= std::min(left, page["records"].size());
      cursor = page.contains("next") && page["next"].is_string() ? page["next"].get<std::string>()
                                                                 : std::string();
      if (all.is_null()) {
        all = std::move(page);
      } else {
        for (auto& r : page["records"])
          all["records"].push_back(std::move(r));
        all["next"] = page["next"];
      }
      if (cursor.empty() || all["records"].empty())
        break;
    }
    const auto body = all.dump();
    out << (wants_json() ? body + '\n' : shown_records(body));
    return done;
  }

  int find_order(const client& hub, std::ostream& out, std::ostream& err) const {
    auto answer = body_of(hub.get("/admin/lookup?q=" + percent_encoded(id)), err);
    if (const auto* status = std::get_if<int>(&answer))
      return *status;
    const auto& body = std::get<std::string>(answer);
    const auto found = json::parse(body, nullptr, false);
    const bool is_found =
        found.is_object() && found.contains("matches") && !found["matches"].empty();
    if (!is_found && !wants_json())
      err << "orderhub: nothing here bears that id\n";
    else
      out << (wants_json() ? body + '\n' : shown_matches(body));
    return is_found ? done : not_found;
  }

  int show_status(const client& hub, std::ostream& out, std::ostream& said) const {
    std::ostringstream nobody;
    auto& err = is_quiet ? static_cast<std::ostream&>(nobody) : said;
    const auto soon = hub.within(status_within_ms);
    auto answer = body_of(soon.get("/admin/status"), err);
    if (const auto* status = std::get_if<int>(&answer))
      return *status;
    const auto& body = std::get<std::string>(answer);
    if (!is_quiet)
      out << (wants_json() ? body + '\n' : shown_status(body));
    const auto j = json::parse(body, nullptr, false);
    const bool takes_orders =
        j.is_object() && j.contains("accepting") && j["accepting"] == json(true);
    if (!takes_orders || !is_strict)
      return takes_orders ? done : not_in_order;
    const auto called = body_of(soon.get("/admin/orders?attention=true&limit=1"), err);
    if (const auto* status = std::get_if<int>(&called))
      return *status;
    const auto inbox = json::parse(std::get<std::string>(called), nullptr, false);
    if (list(inbox, "orders").empty())
      return done;
    err << "orderhub: orders wait for a person: orderhub orders list --needs-person\n";
    return not_in_order;
  }

  int act(const client& hub, std::ostream& out, std::ostream& err) const {
    return act_on_orders(verb, hub, wants_json(), {*input, out, err});
  }

  [[nodiscard]] std::variant<std::string, int> audit(const client& hub, std::ostream& err) const {
    std::string path = "/admin/audit?limit=" + std::to_string(limit);
    for (const auto& [name, value] : {std::pair("who", &who), std::pair("action", &action),
                                      std::pair("target", &target), std::pair("since", &since)})
      if (!value->empty())
        path.append("&").append(name).append("=").append(percent_encoded(*value));
    return body_of(hub.get(path), err, &option_of_field);
  }

  int show_vendor(const client& hub, std::ostream& out, std::ostream& err) const {
    return print(hub, "/admin/vendors/" + percent_encoded(vendor), &shown_vendor, out, err);
  }
};

admin_commands::admin_commands(CLI::App& app) : parts_(std::make_unique<parts>()) {
  auto& p = *parts_;
  auto* orders =
      app.add_subcommand("orders", "look into the orders of a running hub, and act on them");
  orders->require_subcommand(1);
  const auto key_of = [&p](CLI::App* command) {
    command->add_option("KEY", p.key, "the order's key")->required();
    return command;
  };
  add_options(*p.add(*orders, "list", "which there are, the newest first", &parts::list_orders,
                     {"table", "wide", "json", "jsonl", "tsv"}),
              p.listed);
  auto* watched =
      key_of(p.add(*orders, "watch", "a line whenever an order changes", &parts::watch_order));
  watched->add_option("--until", p.until, "done: nothing is open; settled: nothing is in doubt")
      ->check(CLI::IsMember({"done", "settled"}))
      ->capture_default_str();
  add_duration(*watched, "--timeout", p.timeout_ms, "5m, or seconds: then exit status 7; 0: none",
               true);
  key_of(p.add(*orders, "show", "how an order stands", &parts::show_order));
  key_of(p.add(*orders, "explain", "why it stands so, and what comes next", &parts::explain_order))
      ->add_option("--format", p.format, "text, or markdown for a channel")
      ->check(CLI::IsMember({"text", "markdown"}))
      ->capture_default_str();
  auto* records =
      key_of(p.add(*orders, "journal", "its records, oldest first", &parts::show_journal));
  records->add_option("--invocation", p.invocation, "only this one")->type_name("INV");
  records->add_option("--kinds", p.kinds, "only these, with commas between: effect,completion");
  records->add_flag("--newest", p.is_newest_first, "newest first");
  records->add_flag("--raw", p.is_raw, "payloads too, with --json; they hold addresses");
  records->add_option("--limit", p.limit, "at most so many; 0: all")->capture_default_str();
  p.add(*orders, "find", "whose an id is: pi_…, evt_…, inv_…, a tracking number",
        &parts::find_order)
      ->add_option("ID", p.id, "as it stands on the ticket; no e-mail address")
      ->required();

  for (const auto& kind : order_verbs()) {
    auto* command = p.add(*orders, kind.name, kind.help, &parts::act);
    command->add_option("KEY", p.verb.keys, "the orders' keys; - reads them from standard input")
        ->required();
    command->add_option("--reason", p.verb.reason, "why, for the audit: 5 to 500 characters");
    command->add_flag("--dry-run", p.verb.is_dry_run, "only the plan");
    command->add_flag("--yes,-y", p.verb.is_sure, "asks nothing");
    command->add_flag("--wait", p.verb.waits, "until nothing of it is in doubt or on its way");
    add_duration(*command, "--timeout", p.verb.timeout_ms, "how long --wait waits: 5m, or seconds");
    if (kind.takes_step) {
      auto* step = command->add_option("--step", p.verb.step, "its name or ref");
      if (kind.needs_step)
        step->required();
    }
    if (kind.settles) {
      auto* happened = command->add_flag("--happened", p.verb.has_happened, "it took effect");
      auto* absent = command->add_flag("--did-not-happen", p.verb.has_not_happened, "it did not");
      happened->excludes(absent);
      command->add_option("--value", p.verb.values, "what the vendor's page says")
          ->type_name("NAME=VALUE");
      command->add_option("--evidence", p.verb.evidence, "a note: a case number");
      command->add_flag("--unverified", p.verb.is_unverified,
                        "believed without asking the vendor (role admin)");
    }
    if (kind.can_end) {
      command->add_option("--until", p.verb.until, "end at this time, in UTC")->type_name("TIME");
      command->add_option("--for", p.verb.lasts, "end after so long: 30m, 2h")->excludes("--until");
    }
    if (kind.may_repeat) {
      command->add_flag("--accept-repeat", p.verb.accept_repeat, "it may be done twice");
      command->add_flag("--force-probe", p.verb.force_probe,
                        "where its vendor is held it leaves as the next probe");
    }
    command->callback([&p, wanted = &kind] {
      p.verb.kind = wanted;
      p.meant = [](const parts& all, const client& hub, std::ostream& out, std::ostream& err) {
        return all.act(hub, out, err);
      };
    });
  }

  const list_adder add_list = [&p](CLI::App& to, const char* name, const char* help,
                                   const list_kind& kind, list_work does) {
    return p.add_list(to, name, help, kind, std::move(does));
  };
  auto* audit = add_list(app, "audit", "what people did, newest first", audit_list(),
                         [&p](const client& hub, std::ostream& err) { return p.audit(hub, err); });
  audit->add_option("--who", p.who, "only this name");
  audit->add_option("--action", p.action, "only this action");
  audit->add_option("--target", p.target, "only on this order");
  audit->add_option("--since", p.since, "not before this time")->type_name("TIME");
  audit->add_option("--limit", p.limit, "at most so many")
      ->check(CLI::Range(1, 500))
      ->capture_default_str();

  auto* vendors = app.add_subcommand("vendors", "how the vendors stand");
  vendors->require_subcommand(1);
  add_list(
      *vendors, "list", "all of them", vendor_list(),
      [](const client& hub, std::ostream& err) { return body_of(hub.get("/admin/vendors"), err); });
  p.add(*vendors, "show", "one, with its limits and last errors", &parts::show_vendor)
      ->add_option("NAME", p.vendor, "stripe, shippo, …")
      ->required();

  const command_adder add_lines = [&p](CLI::App& to, const char* name, const char* help,
                                       command_work does) {
    return p.add(to, name, help, std::move(does), {"table", "jsonl"});
  };
  add_hook_commands(
      app, *vendors,
      [&p](CLI::App& to, const char* name, const char* help, command_work does) {
        return p.add(to, name, help, std::move(does));
      },
      add_lines, add_list, [&p](const char* name) { return p.environment(name); });

  p.add(
      app, "top", "vendors and what waits longest, on the whole terminal",
      [](const client& hub, bool, std::ostream&, std::ostream& err) { return show_top(hub, err); });
  add_bulk_commands(
      app,
      [&p](CLI::App& to, const char* name, const char* help, command_work does) {
        return p.add(to, name, help, std::move(does));
      },
      add_list, [&p]() -> std::istream& { return *p.input; });

  auto* status = p.add(app, "status", "whether a hub takes orders: exit status 0, else 1",
                       &parts::show_status);
  status->add_flag("--quiet,-q", p.is_quiet, "only the exit status");
  status->add_flag("--strict", p.is_strict, "1 also where an order waits for a person");
  p.add_contexts(app);
  p.add_tail(app);
}

admin_commands::~admin_commands() = default;

bool admin_commands::is_meant() const {
  return parts_->meant || parts_->meant_here;
}

int admin_commands::run(const environment_reader& environment, std::ostream& out, std::ostream& err,
                        std::istream& in) const {
  if (parts_->meant_here)
    return parts_->meant_here(environment, out, err);
  const auto address = admin_address_of(parts_->url, parts_->token_file, environment);
  if (!address) {
    err << "orderhub: " << address.error().message << '\n';
    return wrong_use;
  }
  parts_->input = &in;
  parts_->environment = environment;
  return parts_->meant(*parts_, client(address->url, address->token, address->socket), out, err);
}

} // namespace orderhub::http_gateway::cli
