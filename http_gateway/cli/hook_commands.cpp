#include "http_gateway/cli/hook_commands.hpp"

#include "http_gateway/cli/answer.hpp"
#include "http_gateway/cli/send_webhook.hpp"
#include "http_gateway/cli/shown.hpp"
#include "http_gateway/cli/webhook_listen.hpp"
#include "journal/base/random.hpp"
#include "journal/base/text.hpp"
#include "journal/base/time.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace orderhub::http_gateway::cli {

namespace {

using json = nlohmann::ordered_json;

/// What the command line says; kept by the commands' work.
struct given {
  std::string vendor, id, order, reason, until, lasts;
  std::string verdict, type, since, to;
  std::size_t limit = 50;
  bool only_failed = false, is_dry_run = false, only_dead = false, only_swept = false;
};
using given_ptr = std::shared_ptr<given>;

class query {
public:
  query& add(const char* name, std::string_view value) {
    if (!value.empty())
      text_.append(text_.empty() ? "?" : "&")
          .append(name)
          .append("=")
          .append(percent_encoded(value));
    return *this;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

private:
  std::string text_;
};

std::string vendor_path(const given& g, const char* rest) {
  return "/admin/vendors/" + percent_encoded(g.vendor) + rest;
}
std::string webhook_path(const given& g, const char* rest) {
  return "/admin/webhooks/" + percent_encoded(g.id) + rest;
}

// ── Actions ─────────────────────────────────────────────────────────────────────────────────

int act(const client& hub, const given& g, std::string path, json body, bool wants_json, show shown,
        std::ostream& out, std::ostream& err) {
  body["reason"] = g.reason;
  if (g.is_dry_run)
    path += "?dry_run=true";
  return print(hub.post(path, body.dump(), {}), wants_json, shown, out, err);
}

void add_action_options(CLI::App* command, const given_ptr& g) {
  command->add_option("--reason", g->reason, "why, for whoever asks later: 5 to 500 bytes")
      ->required();
  command->add_flag("--dry-run", g->is_dry_run, "only say what it would do");
}

void add_end_options(CLI::App* command, const given_ptr& g) {
  auto* until = command->add_option("--until", g->until, "it ends then: 2026-11-24T11:00:00Z");
  command->add_option("--for", g->lasts, "it ends after so long: 30m, 2h")->excludes(until);
}

json with_end(const given& g, json body = json::object()) {
  if (!g.until.empty())
    body["until"] = g.until;
  if (!g.lasts.empty())
    body["for"] = g.lasts;
  return body;
}

void add_vendor_actions(CLI::App& vendors, const command_adder& add) {
  struct row {
    const char* name;
    const char* help;
    const char* path;
    const char* state; ///< Of the breaker; null: it is none of its.
    bool can_end;
  };
  static constexpr row rows[] = {
      {"pause", "no call leaves any more, look-ups included; what waits keeps its place", "/pause",
       nullptr, true},
      {"resume", "ends a pause: by and by, all of it after two minutes", "/resume", nullptr, false},
      {"open", "stop calls: its breaker is held open, another vendor may do it", "/breaker", "open",
       true},
      {"close", "let calls through: its breaker closes, and with an end stays closed", "/breaker",
       "closed", true},
      {"auto", "leave its breaker to itself again", "/breaker", "auto", false},
      {"probe", "where it is held by itself: let one call try now", "/probe", nullptr, false},
  };
  for (const auto& r : rows) {
    const auto g = std::make_shared<given>();
    auto* command = add(vendors, r.name, r.help,
                        [g, &r](const client& hub, bool wants_json, auto& out, auto& err) {
                          auto body = with_end(*g);
                          if (r.state != nullptr)
                            body["state"] = r.state;
                          return act(hub, *g, vendor_path(*g, r.path), std::move(body), wants_json,
                                     &shown_vendor_action, out, err);
                        });
    command->add_option("NAME", g->vendor, "stripe, shippo, …")->required();
    add_action_options(command, g);
    if (r.can_end)
      add_end_options(command, g);
  }
}

// ── Sending one ─────────────────────────────────────────────────────────────────────────────

std::string public_url(const given& g, const environment_reader& environment) {
  if (!g.to.empty())
    return g.to;
  const auto* listens = environment("ORDERHUB_LISTEN");
  return listens != nullptr && *listens != '\0' ? "http://" + std::string(listens)
                                                : std::string("http://127.0.0.1:8080");
}

/// The payment that it is about, as the hub shows the order.
std::variant<sent_event, int> event_of(const client& hub, const given& g, std::ostream& err) {
  std::array<std::uint8_t, 8> bytes{};
  system_random().fill(bytes);
  sent_event e{"evt_" + hex_of({reinterpret_cast<const char*>(bytes.data()), bytes.size()}),
               g.type,
               g.id,
               {},
               4'200,
               "usd"};
  if (g.order.empty())
    return e;
  const auto body = body_of(hub.get("/admin/orders/" + percent_encoded(g.order)), err);
  if (const auto* status = std::get_if<int>(&body))
    return *status;
  const auto order = json::parse(std::get<std::string>(body), nullptr, false);
  const auto money = order.is_object() ? order.value("money", json::object()) : json::object();
  for (const auto& id : money.value("ids", json::array())) {
    const auto text = id.is_string() ? id.get<std::string>() : std::string();
    if (text.starts_with("pi_") && e.intent_id.empty())
      e.intent_id = text;
    else if (text.starts_with("ch_") && e.charge_id.empty())
      e.charge_id = text;
  }
  e.amount = money.contains("total") && money["total"].is_number_integer()
                 ? money["total"].get<std::int64_t>()
                 : e.amount;
  if (money.contains("currency") && money["currency"].is_string())
    e.currency = money["currency"].get<std::string>();
  return e;
}

int send_event(const client& hub, const given& g, const environment_reader& environment,
               std::ostream& out, std::ostream& err) {
  const auto refuse = [&](std::string_view why) {
    err << "orderhub: " << why << '\n';
    return wrong_use;
  };
  const auto about = body_of(hub.get("/admin"), err);
  if (const auto* status = std::get_if<int>(&about))
    return *status;
  const auto root = json::parse(std::get<std::string>(about), nullptr, false);
  const auto mode = root.is_object() ? root.value("mode", "") : std::string();
  if (mode != "mock" && mode != "test")
    return refuse("this hub is live: no event is made up for it");
  const auto made = event_of(hub, g, err);
  if (const auto* status = std::get_if<int>(&made))
    return *status;
  const auto& event = std::get<sent_event>(made);
  if (event.intent_id.empty())
    return refuse("that order has no payment yet: say --intent");
  const auto now = system_clock().wall_ms();
  const auto body = event_body(event, now);
  const auto* given_secrets = environment("STRIPE_WEBHOOK_SECRET");
  const auto signature =
      signature_of(body, secret(given_secrets != nullptr ? given_secrets : ""), now);
  if (!signature)
    return refuse(signature.error().message);
  const client door(public_url(g, environment), {}); // Not with the admin's token.
  const auto answer = door.deliver("/webhooks/stripe", body, "Stripe-Signature: " + *signature);
  const auto taken = body_of(answer, err);
  if (const auto* status = std::get_if<int>(&taken))
    return *status;
  out << "stripe:" << event.id << '\n';
  return done;
}

// ── Webhooks ────────────────────────────────────────────────────────────────────────────────

/// All pages up to the limit, as one list.
std::variant<std::string, int> list_webhooks(const client& hub, const given& g, std::ostream& err) {
  constexpr std::size_t page_max = 500;
  json all;
  std::string cursor;
  for (auto left = g.limit == 0 ? std::string::npos : g.limit; left > 0;) {
    const auto path =
        "/admin/webhooks" + query()
                                .add("vendor", g.vendor)
                                .add("verdict", g.only_dead ? "unmatched" : g.verdict)
                                .add("type", g.type)
                                .add("order", g.order)
                                .add("since", g.since)
                                .add("until", g.until)
                                .add("swept", g.only_swept ? "true" : "")
                                .add("limit", std::to_string(std::min(left, page_max)))
                                .add("cursor", cursor)
                                .text();
    const auto body = body_of(hub.get(path), err, &option_of_field);
    if (const auto* status = std::get_if<int>(&body))
      return *status;
    auto page = json::parse(std::get<std::string>(body), nullptr, false);
    if (!page.is_object() || !page.contains("webhooks") || !page["webhooks"].is_array()) {
      err << "orderhub: the hub's answer cannot be read\n";
      return not_in_order;
    }
    left -= std::min(left, page["webhooks"].size());
    cursor = page.contains("next") && page["next"].is_string() ? page["next"].get<std::string>()
                                                               : std::string();
    if (all.is_null()) {
      all = std::move(page);
    } else {
      for (auto& w : page["webhooks"])
        all["webhooks"].push_back(std::move(w));
      all["next"] = page["next"];
      all["complete"] = page["complete"];
    }
    if (cursor.empty())
      break;
  }
  return all.dump();
}

void add_listen(CLI::App& webhooks, const command_adder& add_lines) {
  const auto l = std::make_shared<listen_options>();
  auto* listen =
      add_lines(webhooks, "listen", "what comes, as it comes; misses nothing while the hub is away",
                [l](const client& hub, bool wants_json, auto& out, auto& err) {
                  return listen_to_webhooks(*l, wants_json, hub, out, err);
                });
  listen->add_option("--vendor", l->vendor, "only its: stripe, custom/erp");
  listen->add_option("--since", l->since, "first those stored since: 1h, or 2026-11-24T11:00:00Z");
  listen->add_option("--forward-to", l->forward_to, "post each there, unsigned (role operate)")
      ->type_name("URL");
  listen->add_option("--for", l->lasts, "end after so long: 30s, 2h");
}

} // namespace

void add_hook_commands(CLI::App& app, CLI::App& vendors, const command_adder& add,
                       const command_adder& add_lines, const list_adder& add_list,
                       const environment_reader& environment) {
  add_vendor_actions(vendors, add);
  {
    const auto g = std::make_shared<given>();
    auto* calls = add_list(vendors, "calls", "its newest calls that have ended, newest first",
                           vendor_call_list(), [g](const client& hub, std::ostream& err) {
                             const auto wanted = query()
                                                     .add("limit", std::to_string(g->limit))
                                                     .add("failed", g->only_failed ? "true" : "")
                                                     .text();
                             return body_of(hub.get(vendor_path(*g, "/calls") + wanted), err);
                           });
    calls->add_option("NAME", g->vendor, "stripe, shippo, …")->required();
    calls->add_flag("--failed", g->only_failed, "only those without an answer or with a 5xx");
    calls->add_option("--limit", g->limit, "at most so many")
        ->check(CLI::Range(1, 200))
        ->capture_default_str();
  }

  auto* webhooks = app.add_subcommand("webhooks", "what came by webhook, and what was refused");
  webhooks->require_subcommand(1);
  const auto listed = std::make_shared<given>();
  auto* list = add_list(
      *webhooks, "list", "events, the newest first", webhook_list(),
      [g = listed](const client& hub, std::ostream& err) { return list_webhooks(hub, *g, err); });
  list->add_option("--vendor", listed->vendor, "only its: stripe, custom/erp");
  auto* verdict = list->add_option("--verdict", listed->verdict,
                                   "applied, unchanged, contradicts, unmatched, skipped, …");
  list->add_flag("--dead", listed->only_dead, "only those that match nothing")->excludes(verdict);
  list->add_option("--type", listed->type, "only of it: payment_intent.succeeded");
  list->add_option("--order", listed->order, "only of that order");
  list->add_option("--since", listed->since, "received then or later: 2026-11-24T11:00:00Z");
  list->add_option("--until", listed->until, "received before that");
  list->add_flag("--swept", listed->only_swept, "only those that the vendor was asked for");
  listed->limit = 200;
  list->add_option("--limit", listed->limit, "at most so many; 0: all")->capture_default_str();

  const auto one = [&](const char* name, const char* help, auto work) {
    const auto g = std::make_shared<given>();
    auto* command = add(*webhooks, name, help,
                        [g, work](const client& hub, bool wants_json, auto& out, auto& err) {
                          return work(hub, *g, wants_json, out, err);
                        });
    command->add_option("ID", g->id, "as the list shows it: stripe:evt_1")->required();
    return std::pair(command, g);
  };
  one("show", "one, with its verdict and whose it is",
      [](const client& hub, const given& g, bool wants_json, std::ostream& out, std::ostream& err) {
        return print(hub.get(webhook_path(g, "")), wants_json, &shown_webhook, out, err);
      });
  const auto [replay, replayed] = one(
      "replay", "have it applied again; what is known changes nothing",
      [](const client& hub, const given& g, bool wants_json, std::ostream& out, std::ostream& err) {
        return act(hub, g, webhook_path(g, "/replay"), json::object(), wants_json,
                   &shown_webhook_action, out, err);
      });
  add_action_options(replay, replayed);
  const auto [assign, assigned] = one(
      "assign", "tie it to an order, whatever it says of itself",
      [](const client& hub, const given& g, bool wants_json, std::ostream& out, std::ostream& err) {
        return act(hub, g, webhook_path(g, "/assign"), json{{"order", g.order}}, wants_json,
                   &shown_webhook_action, out, err);
      });
  assign->add_option("ORDER", assigned->order, "the order's key")->required();
  add_action_options(assign, assigned);

  const auto s = std::make_shared<given>();
  auto* send = add(*webhooks, "send", "send a signed event to a hub that has no live key",
                   [s, environment](const client& hub, bool, auto& out, auto& err) {
                     return send_event(hub, *s, environment, out, err);
                   });
  send->add_option("VENDOR", s->vendor, "stripe; signed with STRIPE_WEBHOOK_SECRET")
      ->required()
      ->check(CLI::IsMember({"stripe"}));
  send->add_option("TYPE", s->type, "payment_intent.succeeded, charge.refunded, …")
      ->required()
      ->check(CLI::IsMember(sent_types()));
  auto* order = send->add_option("--order", s->order, "about the payment of that order");
  send->add_option("--intent", s->id, "or about that one: pi_…")->excludes(order);
  send->add_option("--to", s->to, "the hub's public listener (ORDERHUB_LISTEN)")->type_name("URL");

  const auto r = std::make_shared<given>();
  auto* refused =
      add_list(*webhooks, "refused", "deliveries that were not believed, with a hint",
               refused_list(), [r](const client& hub, std::ostream& err) {
                 const auto wanted =
                     query().add("vendor", r->vendor).add("limit", std::to_string(r->limit)).text();
                 return body_of(hub.get("/admin/webhooks/refused" + wanted), err);
               });
  refused->add_option("--vendor", r->vendor, "only its");
  refused->add_option("--limit", r->limit, "at most so many")
      ->check(CLI::Range(1, 500))
      ->capture_default_str();
  add_listen(*webhooks, add_lines);
}

} // namespace orderhub::http_gateway::cli
