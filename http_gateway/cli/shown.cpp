#include "http_gateway/cli/shown.hpp"

#include "http_gateway/cli/member_text.hpp"
#include "http_gateway/cli/table_text.hpp"
#include "providers/tables/currencies.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

namespace {

using json = nlohmann::ordered_json;
using row = std::vector<std::string>;

json parsed(std::string_view answer) {
  return json::parse(answer, nullptr, false);
}

std::string joined(const json& texts) {
  std::string all;
  for (const auto& t : texts)
    all.append(all.empty() ? "" : ", ").append(t.is_string() ? t.get<std::string>() : t.dump());
  return all.empty() ? "-" : all;
}

void add_table(std::string& out, std::string_view title, const row& titles,
               const std::vector<row>& rows) {
  if (!rows.empty())
    out.append("\n").append(title).append("\n").append(table_text(titles, rows));
}

std::vector<row> rows_of(const json& items, std::initializer_list<const char*> names) {
  std::vector<row> rows;
  for (const auto& item : items) {
    rows.emplace_back();
    for (const auto* name : names)
      rows.back().push_back(text(item, name));
  }
  return rows;
}

/// `42.00 USD` of an item's minor units; `-` where there are none.
std::string amount_text(const json& item) {
  const auto amount = item.is_object() ? item.find("amount") : item.end();
  if (amount == item.end() || !amount->is_number_integer())
    return "-";
  return tables::shown({amount->get<std::int64_t>(), text(item, "currency", "")});
}

/// What a record is about: its name, then why.
std::string about(const json& record) {
  std::string all;
  const auto add = [&](const char* name, std::string_view before) {
    if (auto t = text(record, name); t != "-")
      all.append(all.empty() ? "" : " ").append(before).append(t);
  };
  add("name", "");
  add("action", "");
  add("who", "by ");
  add("operation", "");
  add("to", "to ");
  add("note", "");
  add("failure", "failed: ");
  add("reason", "");
  add("note_at", "at ");
  add("due_at", "due ");
  add("damaged", "damaged: ");
  return all.empty() ? "-" : all;
}

/// Until when, by whom and why; `-` where nobody has decided anything.
std::string shown_switch(const json& vendor, const char* name) {
  const auto it = vendor.is_object() ? vendor.find(name) : vendor.end();
  if (it == vendor.end() || !it->is_object())
    return "-";
  const auto until = text(*it, "until");
  return text(*it, "position") + " by " + text(*it, "by") +
         (until == "-" ? "" : " until " + until) + ": " + text(*it, "reason");
}

} // namespace

std::string shown_order(std::string_view answer) {
  const auto j = parsed(answer);
  const auto& money = j.is_object() && j.contains("money") ? j["money"] : j;
  std::string out = pairs_text({{"order", text(j, "key")},
                                {"status", text(j, "status")},
                                {"state", text(j, "state")},
                                {"created", text(j, "created_at")},
                                {"updated", text(j, "updated_at")},
                                {"version", text(j, "version")},
                                {"total", text(money, "total_text")},
                                {"charged", text(money, "charged_text")},
                                {"refunded", text(money, "refunded_text")},
                                {"customer", text(j, "customer")},
                                {"ids", joined(list(money, "ids"))},
                                {"label", text(j, "label_id")},
                                {"tracking", text(j, "tracking_number")},
                                {"in doubt", joined(list(j, "in_doubt"))}});
  add_table(out, "Needs a person", {"STEP", "REASON"},
            rows_of(list(j, "attention"), {"step", "reason"}));
  add_table(out, "Open", {"STEP", "VENDOR", "STATE", "WAITS-FOR", "SINCE", "NEXT", "LAST"},
            rows_of(list(j, "open"),
                    {"step", "vendor", "state", "waits_for", "since", "next_at", "last"}));
  add_table(out, "Invocations", {"ID", "OBJECT", "HANDLER", "STATE", "ACCEPTED", "ENDED"},
            rows_of(list(j, "invocations"),
                    {"id", "object", "handler", "state", "accepted_at", "ended_at"}));
  std::vector<row> aside;
  for (const auto& o : list(j, "objects"))
    if (text(o, "set_aside") != "-")
      aside.push_back({text(o, "object"), text(o, "set_aside")});
  add_table(out, "Set aside", {"OBJECT", "REASON"}, aside);
  return out;
}

std::string shown_records(std::string_view answer) {
  const auto j = parsed(answer);
  std::vector<row> rows;
  for (const auto& r : list(j, "records"))
    rows.push_back(
        {text(r, "at"), text(r, "kind"), text(r, "object"), text(r, "handler"), about(r)});
  return table_text({"AT", "KIND", "OBJECT", "HANDLER", "WHAT"}, rows);
}

std::string shown_matches(std::string_view answer) {
  return table_text({"KIND", "KEY", "VENDOR", "MATCHED"},
                    rows_of(list(parsed(answer), "matches"), {"kind", "key", "vendor", "matched"}));
}

namespace {

std::string last_backup(const json& j) {
  constexpr std::int64_t minute_ms = 60'000;
  const auto& b = j.is_object() && j.contains("backup") ? j["backup"] : j;
  if (!b.is_object() || !b.contains("age_ms") || !b["age_ms"].is_number_integer())
    return "none is known of";
  return text(b, "last_success_at") + ", " +
         std::to_string(b["age_ms"].get<std::int64_t>() / minute_ms) + " min ago";
}

/// Its two largest units: `2d 3h`, `3m 45s`.
std::string uptime(const json& j) {
  if (!j.is_object() || !j.contains("uptime_ms") || !j["uptime_ms"].is_number_integer())
    return "-";
  auto left = j["uptime_ms"].get<std::int64_t>() / 1'000;
  std::string out;
  int shown = 0;
  for (const auto& [unit, seconds] :
       {std::pair('d', 86'400), std::pair('h', 3'600), std::pair('m', 60), std::pair('s', 1)}) {
    const auto count = left / seconds;
    left -= count * seconds;
    if (shown == 2 || (count == 0 && shown == 0 && unit != 's'))
      continue;
    out.append(shown == 0 ? "" : " ").append(std::to_string(count)).append(1, unit);
    ++shown;
  }
  return out;
}

} // namespace

std::string shown_status(std::string_view answer) {
  const auto j = parsed(answer);
  const auto& journal = j.is_object() && j.contains("journal") ? j["journal"] : j;
  std::string out =
      pairs_text({{"accepting", text(j, "accepting")},
                  {"reason", text(j, "reason")},
                  {"mode", text(j, "mode")},
                  {"version", text(j, "version")},
                  {"hub", text(j, "hub")},
                  {"up", uptime(j)},
                  {"journal", "sync " + text(j, "sync") + ", LSN " + text(journal, "last_lsn") +
                                  ", checkpoint " + text(journal, "checkpoint_lsn")},
                  {"last backup", last_backup(j)},
                  {"set aside", text(journal, "objects_set_aside")},
                  {"waiting steps", text(j, "waiting_steps")}});
  add_table(out, "Vendors", {"VENDOR", "STATE"}, rows_of(list(j, "vendors"), {"name", "state"}));
  add_table(out, "Waiting", {"VENDOR", "CAUSE", "COUNT", "SINCE"},
            rows_of(list(j, "waiting"), {"vendor", "cause", "count", "since"}));
  std::vector<row> warnings;
  for (const auto& w : list(j, "warnings"))
    warnings.push_back({w.is_string() ? w.get<std::string>() : w.dump()});
  add_table(out, "Warnings", {"WHAT"}, warnings);
  return out;
}

std::string shown_vendor(std::string_view answer) {
  const auto v = parsed(answer);
  std::string out = pairs_text({{"vendor", text(v, "name")},
                                {"state", text(v, "state")},
                                {"cause", text(v, "cause")},
                                {"since", text(v, "since")},
                                {"paused", shown_switch(v, "paused")},
                                {"held", shown_switch(v, "breaker_held")},
                                {"ramp", text(v, "ramp_percent") + " %"},
                                {"next probe", text(v, "next_probe_at")},
                                {"breaker", text(v, "breaker")},
                                {"opened", text(v, "breaker_openings") + " times"},
                                {"queued", sum_of(v, "queued")},
                                {"out", sum_of(v, "in_flight")},
                                {"p50", text(v, "p50_ms") + " ms"},
                                {"p99", text(v, "p99_ms") + " ms"}});
  add_table(out, "Limits", {"CLASS", "KEY", "LIMIT", "TOKENS", "HELD-MS"},
            rows_of(list(v, "limits"), {"class", "key", "limit", "tokens", "held_ms"}));
  add_table(out, "Last errors", {"AT", "FINDING", "REASON"},
            rows_of(list(v, "last_errors"), {"at", "finding", "reason"}));
  return out;
}

std::string shown_plan(std::string_view answer) {
  const auto j = parsed(answer);
  std::string out;
  if (text(j, "effect") == "nothing_to_do")
    out += "  nothing to do\n";
  for (const auto& item : list(j, "plan")) {
    out += "  " + text(item, "what");
    for (const auto& value :
         {text(item, "step"), text(item, "vendor"), text(item, "call"), amount_text(item)})
      if (value != "-" && value != text(item, "what"))
        out += ' ' + value;
    if (item.contains("safe") && item["safe"] == json(false))
      out += " (may be done twice)";
    out += '\n';
    for (const auto& why : list(item, "because"))
      out += "    " + (why.is_string() ? why.get<std::string>() : why.dump()) + '\n';
  }
  for (const auto& place : list(j, "places"))
    out += "  " + text(place, "place") + ' ' + text(place, "object") + ": " + text(place, "count") +
           " (" + text(place, "bytes") + " bytes)\n";
  for (const auto& left : list(j, "left"))
    out += "  stays: " + text(left, "text") +
           (text(left, "at") == "-" ? std::string() : " (" + text(left, "at") + ')') + '\n';
  return safe_text(out);
}

std::string shown_revealed(std::string_view answer) {
  const auto j = parsed(answer);
  std::string out;
  const auto add = [&](const json& of, const std::string& before) {
    for (const auto& [name, value] : of.items())
      if (value.is_string())
        out += "  " + before + name + ": " + value.get<std::string>() + '\n';
  };
  if (j.is_object() && j.contains("customer") && j["customer"].is_object()) {
    add(j["customer"], "");
    if (j["customer"].contains("shipping"))
      add(j["customer"]["shipping"], "shipping ");
  }
  for (const auto& body : list(j, "bodies"))
    out += "  " + text(body, "what") + ' ' + text(body, "object") + ' ' + text(body, "step") + ' ' +
           text(body, "at") + ' ' + text(body, "body_bytes") + " bytes\n" +
           (text(body, "text") == "-" ? std::string() : "    " + text(body, "text") + '\n');
  if (j.is_object() && j.contains("complete") && j["complete"] == json(false))
    out += "  There is more than is shown.\n";
  return safe_text(out);
}

std::string shown_vendor_action(std::string_view answer) {
  const auto j = parsed(answer);
  const auto& plan = j.is_object() && j.contains("plan") ? j["plan"] : j;
  return pairs_text({{"effect", text(j, "effect")},
                     {"vendor", text(plan, "vendor")},
                     {"was", text(plan, "state")},
                     {"becomes", text(plan, "becomes")},
                     {"until", text(plan, "until")},
                     {"steps held", text(plan, "steps_held")},
                     {"calls queued", text(plan, "calls_queued")},
                     {"calls out", text(plan, "calls_out")}});
}

namespace {

std::string bulk_text(const json& j) {
  const auto by = [&](const char* at, const char* who) {
    const auto when = text(j, at);
    return when == "-" ? when : when + " by " + text(j, who);
  };
  std::string out = pairs_text({{"id", text(j, "id")},
                                {"action", text(j, "action")},
                                {"state", text(j, "state")},
                                {"reason", text(j, "reason")},
                                {"filter", text(j, "filter")},
                                {"rate", text(j, "rate_per_s") + "/s"},
                                {"count", text(j, "count")},
                                {"done", text(j, "done")},
                                {"skipped", text(j, "skipped")},
                                {"failed", text(j, "failed")},
                                {"left", text(j, "left")},
                                {"samples", joined(list(j, "samples"))},
                                {"as of", "LSN " + text(j, "as_of_lsn")},
                                {"planned", by("planned_at", "planned_by")},
                                {"started", by("started_at", "started_by")},
                                {"changed", by("changed_at", "changed_by")},
                                {"ended", text(j, "ended_at")}});
  add_table(out, "Passed over", {"REASON", "COUNT"},
            rows_of(list(j, "skipped_by"), {"reason", "count"}));
  std::vector<row> excluded;
  for (const auto& e : list(j, "excluded"))
    excluded.push_back({text(e, "reason"), text(e, "count"), joined(list(e, "keys"))});
  add_table(out, "Left out of the plan", {"REASON", "COUNT", "SUCH AS"}, excluded);
  return out;
}

} // namespace

std::string shown_bulk(std::string_view answer) {
  return bulk_text(parsed(answer));
}

std::string shown_bulk_action(std::string_view answer) {
  const auto j = parsed(answer);
  const auto dry = j.is_object() && j.contains("dry_run") && j["dry_run"] == json(true);
  return pairs_text({{"effect", text(j, "effect") + (dry ? " (dry run)" : "")}}) +
         bulk_text(j.is_object() && j.contains("bulk") ? j["bulk"] : json());
}

std::string shown_webhook(std::string_view answer) {
  const auto j = parsed(answer);
  std::string assigned = "-";
  if (j.is_object() && j.contains("assigned") && j["assigned"].is_object())
    assigned = "by " + text(j["assigned"], "by") + " at " + text(j["assigned"], "at") + ": " +
               text(j["assigned"], "reason");
  std::string out = pairs_text({{"id", text(j, "id")},
                                {"vendor", text(j, "vendor")},
                                {"type", text(j, "type")},
                                {"kind", text(j, "kind")},
                                {"received", text(j, "received_at")},
                                {"happened", text(j, "happened_at")},
                                {"verdict", text(j, "verdict")},
                                {"text", text(j, "text")},
                                {"order", text(j, "order")},
                                {"matched by", text(j, "matched_by")},
                                {"assigned", assigned},
                                {"vendor ids", joined(list(j, "vendor_ids"))},
                                {"swept", text(j, "swept")},
                                {"replays", text(j, "replays")},
                                {"body", text(j, "body_bytes") + " bytes"}});
  add_table(out, "Headers", {"NAME", "VALUE"}, rows_of(list(j, "headers"), {"name", "value"}));
  return out;
}

std::string shown_webhook_action(std::string_view answer) {
  const auto j = parsed(answer);
  const auto& plan = j.is_object() && j.contains("plan") ? j["plan"] : j;
  std::string out = pairs_text({{"effect", text(j, "effect")},
                                {"webhook", text(plan, "webhook")},
                                {"was", text(plan, "verdict")},
                                {"target", text(plan, "target")},
                                {"becomes", text(plan, "becomes")},
                                {"text", text(plan, "text")}});
  add_table(out, "Facts that change", {"FACT", "BEFORE", "AFTER"},
            rows_of(list(plan, "changes"), {"fact", "before", "after"}));
  return out;
}

std::string shown_problem(std::string_view answer) {
  const auto j = parsed(answer);
  const auto message = text(j, "message");
  return safe_text(message != "-" ? message : std::string(answer.substr(0, 200)));
}

std::string option_of_field(std::string_view field) {
  auto option = "--" + std::string(field);
  std::replace(option.begin(), option.end(), '_', '-');
  return option;
}

std::string shown_problem(std::string_view answer, std::string (*option_of)(std::string_view)) {
  auto shown = shown_problem(answer);
  const auto field = text(parsed(answer), "field");
  if (option_of != nullptr && shown.starts_with(field + ' '))
    shown.replace(0, field.size(), option_of(field));
  return shown;
}

} // namespace orderhub::http_gateway::cli
