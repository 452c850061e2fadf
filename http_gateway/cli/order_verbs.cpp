#include "http_gateway/cli/order_verbs.hpp"

#include "http_gateway/cli/answer.hpp"
#include "http_gateway/cli/deadline.hpp"
#include "http_gateway/cli/shown.hpp"
#include "http_gateway/cli/table_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t keys_max = 1'000;

constexpr std::array verbs = {
    order_verb_kind{.name = "retry",
                    .help = "its steps' own next move, now: the same bytes and key, or a look-up",
                    .takes_step = true,
                    .may_repeat = true,
                    .needs_reason = false},
    order_verb_kind{.name = "pause",
                    .help = "nothing more leaves for it; what is out is settled",
                    .can_end = true},
    order_verb_kind{.name = "resume", .help = "ends a pause"},
    order_verb_kind{.name = "cancel",
                    .help = "stops what is done for it, and undoes what was done",
                    .is_destructive = true},
    order_verb_kind{.name = "settle",
                    .help = "says whether a step in doubt happened; the vendor is asked first",
                    .takes_step = true,
                    .needs_step = true,
                    .settles = true},
    order_verb_kind{.name = "ack",
                    .help = "somebody has it: kept beside the call for a person",
                    .takes_step = true,
                    .needs_step = true},
    order_verb_kind{.name = "reveal",
                    .help = "shows its customer and bodies, once, and says in the audit to whom",
                    .reveals = true},
    order_verb_kind{.name = "erase",
                    .help = "takes a finished order's customer out of the journal (role admin)",
                    .is_destructive = true},
    order_verb_kind{.name = "purge",
                    .help = "takes a finished order out of the journal (role admin)",
                    .is_destructive = true},
};

/// What became of one order.
struct outcome {
  exit_status status = done;
  std::string body; ///< The hub's answer.
};

class orders_of_verb {
public:
  orders_of_verb(const order_verb& verb, const client& hub, bool as_json, streams io)
      : verb_(verb), hub_(hub), as_json_(as_json), io_(io) {}

  int run() {
    if (auto wrong = wrong_arguments(); !wrong.empty())
      return refuse(wrong);
    if (!take_keys())
      return refuse("at most 1000 keys at once");
    if (verb_.is_dry_run) {
      for (const auto& key : keys_)
        note(key, ask(key, true, 0, {}));
      return end();
    }
    std::vector<std::pair<std::string, std::uint64_t>> planned;
    for (const auto& key : keys_) {
      auto plan = ask(key, true, 0, {});
      const auto j = json::parse(plan.body, nullptr, false);
      if (plan.status != done || !j.is_object() || !j.contains("version") ||
          !j["version"].is_number_unsigned()) {
        note(key, std::move(plan));
        continue;
      }
      if (!verb_.is_sure)
        io_.err << safe_text(key) << '\n' << shown_plan(plan.body);
      planned.emplace_back(key, j["version"].get<std::uint64_t>());
    }
    if (!planned.empty() && !verb_.is_sure && !is_wanted(planned))
      return refuse("nothing was done");
    for (const auto& [key, version] : planned)
      act(key, version);
    return end();
  }

private:
  [[nodiscard]] std::string wrong_arguments() const {
    if (verb_.kind->needs_reason && verb_.reason.empty() && !verb_.is_dry_run)
      return "say why: --reason";
    if (verb_.kind->settles && verb_.has_happened == verb_.has_not_happened)
      return "say --happened or --did-not-happen";
    for (const auto& value : verb_.values)
      if (value.find('=') == std::string::npos || value.front() == '=')
        return "--value must be NAME=VALUE";
    const bool reads = std::find(verb_.keys.begin(), verb_.keys.end(), "-") != verb_.keys.end();
    if (reads && !verb_.is_sure && !verb_.is_dry_run)
      return "keys from standard input need --yes or --dry-run: nobody can be asked";
    return {};
  }

  int refuse(const std::string& why) const {
    io_.err << "orderhub: " << why << '\n';
    return wrong_use;
  }

  bool take_keys() {
    for (const auto& key : verb_.keys) {
      if (key != "-") {
        keys_.push_back(key);
        continue;
      }
      for (std::string line; keys_.size() <= keys_max && std::getline(io_.in, line);)
        if (!line.empty())
          keys_.push_back(line);
    }
    // The same key twice is one order.
    std::vector<std::string> once;
    for (auto& key : keys_)
      if (std::find(once.begin(), once.end(), key) == once.end())
        once.push_back(std::move(key));
    keys_ = std::move(once);
    return keys_.size() <= keys_max;
  }

  [[nodiscard]] std::string path_of(const std::string& key) const {
    auto path = "/admin/orders/" + percent_encoded(key);
    const std::string_view name = verb_.kind->name;
    if (name == "ack")
      return path.append("/attention/").append(percent_encoded(verb_.step)).append("/ack");
    if (!verb_.step.empty())
      path.append("/steps/").append(percent_encoded(verb_.step));
    return path.append("/").append(verb_.kind->settles ? "resolve" : name);
  }

  [[nodiscard]] std::string body_of(std::uint64_t version) const {
    json body = json::object();
    if (!verb_.reason.empty())
      body["reason"] = verb_.reason;
    else if (verb_.kind->needs_reason)
      body["reason"] = "a dry run";
    if (version > 0)
      body["expect_version"] = version;
    if (!verb_.until.empty())
      body["until"] = verb_.until;
    if (!verb_.lasts.empty())
      body["for"] = verb_.lasts;
    if (verb_.accept_repeat)
      body["accept_repeat"] = true;
    if (verb_.force_probe)
      body["force_probe"] = true;
    if (verb_.is_unverified)
      body["unverified"] = true;
    if (verb_.kind->settles) {
      body["outcome"] = verb_.has_happened ? "happened" : "did_not_happen";
      for (const auto& value : verb_.values) {
        const auto equals = value.find('=');
        body["value"][value.substr(0, equals)] = value.substr(equals + 1);
      }
      if (!verb_.evidence.empty())
        body["evidence"] = {{"note", verb_.evidence}};
    }
    return body.dump(-1, ' ', false, json::error_handler_t::replace);
  }

  outcome ask(const std::string& key, bool dry, std::uint64_t version,
              const std::string& idempotency_key) {
    const auto hub = verb_.waits ? hub_.within(verb_.timeout_ms) : hub_;
    const auto answer =
        hub.post(path_of(key) + (dry ? "?dry_run=true" : ""), body_of(version), idempotency_key);
    if (!answer)
      return {not_reached, "the hub is not reached: " + answer.error().message};
    if (answer->status != 200 && answer->status != 202)
      return {exit_status_of(answer->status), answer->body};
    return {done, answer->body};
  }

  /// The hub's mode stands in every question.
  bool is_wanted(const std::vector<std::pair<std::string, std::uint64_t>>& planned) {
    const auto what =
        planned.size() == 1 ? planned.front().first : std::to_string(planned.size()) + " orders";
    const auto wanted = !verb_.kind->is_destructive ? std::string("y")
                        : planned.size() == 1       ? planned.front().first
                                                    : std::to_string(planned.size());
    io_.err << (mode_of(hub_) == "live" ? "LIVE: " : "") << verb_.kind->name << ' '
            << safe_text(what)
            << (verb_.kind->is_destructive
                    ? (planned.size() == 1 ? "? Type its key to go on: " : "? Type their count: ")
                    : "? [y/N] ")
            << std::flush;
    std::string line;
    return std::getline(io_.in, line) && (line == wanted || (wanted == "y" && line == "yes"));
  }

  void act(const std::string& key, std::uint64_t version) {
    const auto id = new_action_key();
    auto became = ask(key, false, version, id);
    if (became.status == not_reached) // It may have been taken: the same key asks for the same.
      became = ask(key, false, version, id);
    if (became.status == done && verb_.waits && !is_settled(key))
      became.status = not_yet;
    note(key, std::move(became));
  }

  /// Nothing of it is in doubt, and no call is out.
  bool is_settled(const std::string& key) {
    const deadline end(verb_.timeout_ms);
    constexpr std::chrono::milliseconds between(250);
    while (true) {
      const auto answer = end.within(hub_).get("/admin/orders/" + percent_encoded(key));
      const auto j =
          answer && answer->status == 200 ? json::parse(answer->body, nullptr, false) : json();
      if (j.is_object() && j.contains("in_doubt") && j["in_doubt"].empty() && j.contains("open") &&
          std::none_of(j["open"].begin(), j["open"].end(), [](const json& step) {
            return step.value("state", "") == "out" || step.value("state", "") == "in_doubt";
          }))
        return true;
      if (end.is_over())
        return false;
      std::this_thread::sleep_for(between);
    }
  }

  void note(const std::string& key, outcome became) {
    const auto j = json::parse(became.body, nullptr, false);
    if (became.status != done && became.status != not_yet) {
      ++refused_;
      worst_ = became.status;
      io_.err << "orderhub: " << safe_text(key) << ": "
              << (j.is_object() ? shown_problem(became.body, &option_of_field)
                                : safe_text(became.body))
              << '\n';
      return;
    }
    if (became.status == not_yet) {
      ++late_;
      io_.err << "orderhub: " << safe_text(key) << ": it was accepted, and is not settled yet\n";
    }
    if (as_json_) {
      json row{{"key", key}};
      for (const auto& [name, value] : j.items())
        row[name] = value;
      list_.push_back(std::move(row));
      return;
    }
    if (verb_.is_dry_run) {
      io_.out << safe_text(key) << '\n' << shown_plan(became.body);
      return;
    }
    const auto text = [&](const char* name) {
      return j.is_object() && j.contains(name) && j[name].is_string() ? j[name].get<std::string>()
                                                                      : std::string("-");
    };
    if (verb_.kind->reveals) {
      io_.out << safe_text(key) << '\n' << shown_revealed(became.body);
      return;
    }
    io_.out << safe_text(key) << "  " << text("effect") << "  " << text("audit_id") << '\n';
  }

  int end() {
    if (as_json_)
      io_.out << list_.dump(-1, ' ', false, json::error_handler_t::replace) << '\n';
    if (refused_ > 0)
      return keys_.size() == 1 ? worst_ : not_in_order;
    return late_ > 0 ? not_yet : done;
  }

  const order_verb& verb_;
  const client& hub_;
  const bool as_json_;
  streams io_;
  std::vector<std::string> keys_;
  json list_ = json::array();
  std::size_t refused_ = 0, late_ = 0;
  exit_status worst_ = done;
};

} // namespace

std::span<const order_verb_kind> order_verbs() {
  return verbs;
}

int act_on_orders(const order_verb& verb, const client& hub, bool as_json, streams io) {
  return orders_of_verb(verb, hub, as_json, io).run();
}

} // namespace orderhub::http_gateway::cli
