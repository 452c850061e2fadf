// One action on many orders: planned, looked at, started by its count.
#include "http_gateway/cli/bulk_commands.hpp"

#include "http_gateway/cli/answer.hpp"
#include "http_gateway/cli/deadline.hpp"
#include "http_gateway/cli/order_list.hpp"
#include "http_gateway/cli/shown.hpp"
#include "http_gateway/cli/table_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t keys_max = 1'000, page_max = 500;

/// What the command line says; kept by the commands' work.
struct given {
  std::string action, id, reason, outcome, type;
  std::vector<std::string> keys; ///< One may be `-`.
  order_list_options filter;
  std::int64_t count = -1, rate = 0, timeout_ms = 600'000;
  std::size_t limit = 200;
  bool accepts_repeat = false, is_dry_run = false, is_sure = false, waits = false;
};
using given_ptr = std::shared_ptr<given>;
using input_of = std::function<std::istream&()>;

int refuse(std::ostream& err, const std::string& why) {
  err << "orderhub: " << why << '\n';
  return wrong_use;
}

/// A POST that may be asked again: under one key it is one action.
std::variant<std::string, int> post_once(const client& hub, const std::string& path,
                                         const json& body, std::ostream& err) {
  const auto key = new_action_key();
  const auto text = body.dump(-1, ' ', false, json::error_handler_t::replace);
  auto answer = hub.post(path, text, key);
  if (!answer)
    answer = hub.post(path, text, key);
  return body_of(answer, err, &option_of_field);
}

std::string path_of(const given& g, const char* rest = "") {
  return "/admin/bulk/" + percent_encoded(g.id) + rest;
}

// ── Plan ─────────────────────────────────────────────────────────────────────────────────────

/// False: there are too many.
bool take_keys(const given& g, std::istream& in, std::vector<std::string>& keys) {
  for (const auto& key : g.keys) {
    if (key != "-") {
      keys.push_back(key);
      continue;
    }
    for (std::string line; keys.size() <= keys_max && std::getline(in, line);)
      if (!line.empty())
        keys.push_back(line);
  }
  return keys.size() <= keys_max;
}

json filter_of(const given& g) {
  json filter = json::object();
  for (const auto& [name, value] : parameters_of(g.filter))
    filter[name] = value;
  for (const auto& [name, value] :
       {std::pair("email", &g.filter.email), std::pair("phone", &g.filter.phone),
        std::pair("type", &g.type)})
    if (!value->empty())
      filter[name] = *value;
  return filter;
}

int plan(const client& hub, const given& g, bool wants_json, std::istream& in, std::ostream& out,
         std::ostream& err) {
  json body{{"action", g.action}};
  std::vector<std::string> keys;
  if (!take_keys(g, in, keys))
    return refuse(err, "at most 1000 keys at once; a filter may mean more");
  auto filter = filter_of(g);
  // A replay without a filter means all dead letters.
  if (keys.empty() && filter.empty() && g.action != "replay")
    return refuse(err, "say which orders: by keys, or by a filter such as --in-doubt");
  if (!keys.empty() && !filter.empty())
    return refuse(err, "say keys or a filter, not both");
  if (keys.empty())
    body["filter"] = std::move(filter);
  else
    body["keys"] = std::move(keys);
  if (!g.reason.empty())
    body["reason"] = g.reason;
  else if (g.action != "retry")
    return refuse(err, "say why: --reason");
  if (g.rate > 0)
    body["rate_per_s"] = g.rate;
  if (g.accepts_repeat)
    body["accept_repeat"] = true;
  const auto path = std::string("/admin/bulk") + (g.is_dry_run ? "?dry_run=true" : "");
  return print(post_once(hub, path, body, err), wants_json, &shown_bulk_action, out);
}

// ── Start ────────────────────────────────────────────────────────────────────────────────────

/// Until nothing is left of it: 0 where no item failed.
int wait_for_end(const client& hub, const given& g, bool wants_json, std::ostream& out,
                 std::ostream& err) {
  constexpr std::chrono::milliseconds between(250);
  const deadline end(g.timeout_ms);
  while (true) {
    const auto asked = end.within(hub).get(path_of(g));
    if (!asked && end.is_over()) {
      err << "orderhub: it has begun, and the hub does not answer any more\n";
      return not_yet;
    }
    const auto answer = body_of(asked, err);
    if (const auto* status = std::get_if<int>(&answer))
      return *status;
    const auto& text = std::get<std::string>(answer);
    const auto j = json::parse(text, nullptr, false);
    const auto state = j.is_object() ? j.value("state", "") : std::string();
    const bool goes_on = state == "running" || state == "planned";
    if (!goes_on || end.is_over()) {
      out << (wants_json ? text + '\n' : shown_bulk(text));
      if (goes_on)
        err << "orderhub: it goes on, and is not finished yet\n";
      return goes_on                                            ? not_yet
             : state == "finished" && j.value("failed", 1) == 0 ? done
                                                                : not_in_order;
    }
    std::this_thread::sleep_for(between);
  }
}

/// The hub's mode stands in every question.
bool is_wanted(const client& hub, const json& bulk, std::istream& in, std::ostream& err) {
  const auto count = std::to_string(bulk.value("count", std::int64_t{0}));
  err << (mode_of(hub) == "live" ? "LIVE: " : "") << safe_text(bulk.value("action", "")) << " of "
      << count << "? Type their count: " << std::flush;
  std::string line;
  return std::getline(in, line) && line == count;
}

int start(const client& hub, const given& g, bool wants_json, std::istream& in, std::ostream& out,
          std::ostream& err) {
  auto count = g.count;
  if (count < 0) {
    const auto answer = body_of(hub.get(path_of(g)), err);
    if (const auto* status = std::get_if<int>(&answer))
      return *status;
    const auto& text = std::get<std::string>(answer);
    const auto j = json::parse(text, nullptr, false);
    if (!j.is_object())
      return refuse(err, "the hub's answer cannot be read");
    err << shown_bulk(text);
    if (!is_wanted(hub, j, in, err))
      return refuse(err, "nothing was done");
    count = j.value("count", std::int64_t{0});
  }
  json body{{"count", count}};
  if (!g.reason.empty())
    body["reason"] = g.reason;
  const auto answer = post_once(hub, path_of(g, "/start"), body, err);
  if (g.waits && std::holds_alternative<std::string>(answer))
    return wait_for_end(hub, g, wants_json, out, err);
  return print(answer, wants_json, &shown_bulk_action, out);
}

int turn(const client& hub, const given& g, const char* rest, bool wants_json, std::ostream& out,
         std::ostream& err) {
  return print(post_once(hub, path_of(g, rest), json{{"reason", g.reason}}, err), wants_json,
               &shown_bulk_action, out);
}

// ── Looking at it ────────────────────────────────────────────────────────────────────────────

/// All pages up to the limit, as one list.
std::variant<std::string, int> items(const client& hub, const given& g, std::ostream& err) {
  json all;
  std::string cursor;
  for (auto left = g.limit; left > 0;) {
    auto path = path_of(g, "/items?limit=") + std::to_string(std::min(left, page_max));
    if (!g.outcome.empty())
      path += "&outcome=" + percent_encoded(g.outcome);
    if (!cursor.empty())
      path += "&cursor=" + percent_encoded(cursor);
    const auto answer = body_of(hub.get(path), err);
    if (const auto* status = std::get_if<int>(&answer))
      return *status;
    auto page = json::parse(std::get<std::string>(answer), nullptr, false);
    if (!page.is_object() || !page.contains("items") || !page["items"].is_array())
      return refuse(err, "the hub's answer cannot be read");
    left -= std::min(left, page["items"].size());
    cursor = page.contains("next") && page["next"].is_string() ? page["next"].get<std::string>()
                                                               : std::string();
    if (all.is_null()) {
      all = std::move(page);
    } else {
      for (auto& item : page["items"])
        all["items"].push_back(std::move(item));
      for (const auto* name : {"next", "complete"})
        all[name] = page[name];
    }
    if (cursor.empty())
      break;
  }
  return all.dump();
}

void add_plan(CLI::App& bulk, const command_adder& add, const input_of& input) {
  const auto g = std::make_shared<given>();
  auto* command = add(bulk, "plan", "freezes which orders are meant; nothing is done yet",
                      [g, input](const client& hub, bool wants_json, auto& out, auto& err) {
                        return plan(hub, *g, wants_json, input(), out, err);
                      });
  command->add_option("ACTION", g->action, "retry, pause, resume, cancel, replay (dead webhooks)")
      ->required()
      ->check(CLI::IsMember({"retry", "pause", "resume", "cancel", "replay"}));
  command->add_option("KEY", g->keys,
                      "which, instead of a filter; - reads them from standard input");
  add_filter_options(*command, g->filter, "--met");
  command->add_option("--type", g->type, "of a replay: only events of that type");
  command->add_option("--reason", g->reason, "why, for the audit: 5 to 500 characters");
  command->add_option("--rate", g->rate, "items a second, at most; 20 where it is not said")
      ->check(CLI::Range(1, 200));
  command->add_flag("--accept-repeat", g->accepts_repeat, "of a retry: it may be done twice");
  command->add_flag("--dry-run", g->is_dry_run, "only what it would be; nothing is kept");
}

} // namespace

void add_bulk_commands(CLI::App& app, const command_adder& add, const list_adder& add_list,
                       const input_of& input) {
  auto* bulk = app.add_subcommand("bulk", "one action on many orders, at a pace");
  bulk->require_subcommand(1);
  add_plan(*bulk, add, input);
  const auto id_of = [](CLI::App* command, const given_ptr& g) {
    command->add_option("ID", g->id, "as the plan says it")->required();
    return command;
  };

  const auto s = std::make_shared<given>();
  auto* started = id_of(add(*bulk, "start", "its items are done, one after the other",
                            [s, input](const client& hub, bool wants_json, auto& out, auto& err) {
                              return start(hub, *s, wants_json, input(), out, err);
                            }),
                        s);
  started->add_option("--count", s->count, "how many they are; asked for where it is not said")
      ->check(CLI::Range(0, 100'000));
  started->add_option("--reason", s->reason, "why, where that is not the plan's");
  started->add_flag("--wait", s->waits, "until nothing of it is left");
  add_duration(*started, "--timeout", s->timeout_ms, "how long --wait waits: 5m, or seconds");

  for (const auto& [name, rest, help] :
       {std::array{"pause", "/pause", "it stops between two items, and can be started again"},
        std::array{"cancel", "/cancel", "it stops for good; what is done stays done"}}) {
    const auto g = std::make_shared<given>();
    id_of(add(*bulk, name, help,
              [g, to = rest](const client& hub, bool wants_json, auto& out, auto& err) {
                return turn(hub, *g, to, wants_json, out, err);
              }),
          g)
        ->add_option("--reason", g->reason, "why, for the audit: 5 to 500 characters")
        ->required();
  }

  const auto l = std::make_shared<given>();
  add_list(*bulk, "list", "all of them, the newest first", bulk_list(),
           [l](const client& hub, std::ostream& err) {
             return body_of(hub.get("/admin/bulk?limit=" + std::to_string(l->limit)), err);
           })
      ->add_option("--limit", l->limit, "at most so many")
      ->check(CLI::Range(1, 500))
      ->capture_default_str();

  const auto one = std::make_shared<given>();
  id_of(add(*bulk, "show", "how far it is, and who did what to it",
            [one](const client& hub, bool wants_json, auto& out, auto& err) {
              return print(hub.get(path_of(*one)), wants_json, &shown_bulk, out, err);
            }),
        one);

  const auto i = std::make_shared<given>();
  auto* listed =
      id_of(add_list(*bulk, "items", "what became of each", bulk_item_list(),
                     [i](const client& hub, std::ostream& err) { return items(hub, *i, err); }),
            i);
  listed->add_option("--outcome", i->outcome, "only with it")
      ->check(CLI::IsMember({"waiting", "done", "skipped", "failed", "dropped"}));
  listed->add_option("--limit", i->limit, "at most so many")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
}

} // namespace orderhub::http_gateway::cli
