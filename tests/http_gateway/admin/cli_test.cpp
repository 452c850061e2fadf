#include "actors/handlers/orders/order_listing.hpp"
#include "actors/handlers/orders/order_row.hpp"
#include "http_gateway/admin/orders_filter.hpp"
#include "http_gateway/cli/admin_commands.hpp"
#include "http_gateway/cli/client.hpp"
#include "http_gateway/cli/events.hpp"
#include "http_gateway/cli/order_list.hpp"
#include "http_gateway/cli/table_text.hpp"
#include "http_gateway/server/local_socket.hpp"
#include "tests/http_gateway/admin/admin_hub.hpp"
#include "tests/support/order_check.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

// The commands against a hub, over the wire.
namespace orderhub::testing {

using namespace http_gateway;

namespace {

struct ran {
  int status = 0;
  std::string out, err;
};

ran run(const std::vector<std::string>& arguments,
        const std::map<std::string, std::string>& environment, const std::string& typed = {}) {
  CLI::App app("orderhub");
  const cli::admin_commands commands(app);
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(std::move(reversed));
  } catch (const CLI::ParseError&) {
    return {cli::wrong_use, {}, {}};
  }
  REQUIRE(commands.is_meant());
  std::ostringstream out, err;
  std::istringstream in(typed);
  const auto status = commands.run(
      [&](const char* name) -> const char* {
        const auto it = environment.find(name);
        return it == environment.end() ? nullptr : it->second.c_str();
      },
      out, err, in);
  return {status, out.str(), err.str()};
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("the command line shows an order, explains it and lists its records", "[admin][cli]") {
  admin_hub hub;
  const std::string key = "a/b ü";
  hub.hub.call(order_object(key), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const std::map<std::string, std::string> environment{{"ORDERHUB_ADMIN_URL", hub.url() + "/"}};

  const auto shown = run({"orders", "show", key}, environment);
  INFO(shown.err);
  CHECK(shown.status == 0);
  CHECK(has(shown.out, "status    confirmed\n"));
  CHECK(has(shown.out, "charged   42.50 USD\n"));
  CHECK(has(shown.out, "customer  A… L… <a…@example.com>\n"));
  const auto as_json = run({"orders", "show", key, "--output", "json"}, environment);
  CHECK(nlohmann::json::parse(as_json.out)["key"] == key);

  const auto explained = run({"orders", "explain", key}, environment);
  CHECK(explained.status == 0);
  CHECK(has(explained.out, "The card was charged 42.50 USD once"));
  CHECK(has(run({"orders", "explain", key, "--format", "markdown"}, environment).out, "**a/b ü"));

  const auto records =
      run({"orders", "journal", key, "--kinds", "effect", "-o", "json"}, environment);
  CHECK(records.status == 0);
  CHECK_FALSE(nlohmann::json::parse(records.out)["records"].empty());
  const auto raw =
      run({"orders", "journal", key, "--kinds", "effect", "--raw", "--json"}, environment);
  CHECK(raw.status == 0);
  const auto raw_records = nlohmann::json::parse(raw.out)["records"];
  CHECK(raw_records.size() == nlohmann::json::parse(records.out)["records"].size());
  for (const auto& r : raw_records)
    CHECK(r["base64url"].is_string());
  CHECK(run({"orders", "journal", key, "--raw"}, environment).status == cli::wrong_use);
  const auto found = run({"orders", "find", key}, environment);
  CHECK(found.status == 0);
  CHECK(has(found.out, "order"));
  CHECK(run({"orders", "find", "nobody"}, environment).status == cli::not_found);

  CHECK(has(run({"vendors", "list"}, environment).out, "stripe"));
  CHECK(has(run({"vendors", "show", "stripe"}, environment).out, "breaker     closed\n"));
  const auto status = run({"status"}, environment);
  CHECK(status.status == 0);
  CHECK(has(status.out, "accepting      true\n"));
  CHECK(has(status.out, "last backup    none is known of\n"));
  hub.door.set_health({false, "The disk is full.", "commit"});
  const auto full = run({"status"}, environment);
  CHECK(full.status == cli::not_in_order);
  CHECK(has(full.out, "The disk is full."));
  CHECK(run({"status", "--quiet"}, environment).out.empty());
}

TEST_CASE("every filter of a list of orders has an option that asks for it", "[admin][cli]") {
  const std::map<std::string, std::pair<std::vector<std::string>, std::string>> options = {
      {"status", {{"--status", "paid,pending"}, "paid,pending"}},
      {"open", {{"--open"}, "true"}},
      {"attention", {{"--needs-person"}, "true"}},
      {"called", {{"--called=false"}, "false"}},
      {"acked", {{"--acked=false"}, "false"}},
      {"in_doubt", {{"--in-doubt"}, "true"}},
      {"paused", {{"--paused=false"}, "false"}},
      {"stuck", {{"--stuck"}, "true"}},
      {"vendor", {{"--vendor", "stripe"}, "stripe"}},
      {"waits_for", {{"--waits-for", "absence"}, "absence"}},
      {"reason", {{"--reason", "stripe.503"}, "stripe.503"}},
      {"older_than", {{"--older-than", "15m"}, "15m"}},
      {"since", {{"--since", "2026-11-24"}, "2026-11-24"}},
      {"until", {{"--until", "2026-11-25"}, "2026-11-25"}},
      {"updated_since", {{"--updated-since", "2026-11-24"}, "2026-11-24"}},
      {"currency", {{"--currency", "usd,eur"}, "usd,eur"}},
      {"min_total", {{"--min-total", "4200"}, "4200"}},
      {"max_total", {{"--max-total", "9900"}, "9900"}},
      {"key_prefix", {{"--prefix", "order-"}, "order-"}},
      {"key_contains", {{"--contains", "rder"}, "rder"}},
      {"q", {{"--find", "order-001"}, "order-001"}},
      {"sort", {{"--sort", "waiting"}, "waiting"}}};
  const admin_hub hub;
  const std::map<std::string, std::string> environment{{"ORDERHUB_ADMIN_URL", hub.url()}};
  for (const auto& parameter : order_list_parameters) {
    if (parameter.name == "limit" || parameter.name == "cursor")
      continue; // Of pages, which `--limit` and `--all` are about.
    CAPTURE(parameter.name);
    const auto known = options.find(std::string(parameter.name));
    REQUIRE(known != options.end());
    const auto& [words, value] = known->second;
    CLI::App app;
    cli::order_list_options asked;
    cli::add_options(app, asked);
    REQUIRE_NOTHROW(app.parse(std::vector<std::string>(words.rbegin(), words.rend())));
    CHECK(cli::parameters_of(asked) ==
          std::vector<std::pair<std::string, std::string>>{{known->first, value}});
    std::vector<std::string> line = {"orders", "list"};
    line.insert(line.end(), words.begin(), words.end());
    const auto ran_so = run(line, environment);
    INFO(ran_so.err);
    CHECK(ran_so.status == 0);
  }
  CHECK(run({"orders", "list", "--acked=perhaps"}, environment).status == cli::wrong_use);
  CHECK(run({"orders", "list", "--min-total", "4.2"}, environment).status == cli::wrong_use);
}

TEST_CASE("the words that options complete to are the hub's", "[admin][cli]") {
  CHECK(std::ranges::equal(cli::known_statuses(), handlers::order_statuses()));
  CHECK(std::ranges::equal(cli::known_waits(), handlers::wait_words()));
}

TEST_CASE("events are read however their bytes come apart", "[admin][cli]") {
  const std::string text = ": \nid: 3\n\nretry: 2000\nevent: begin\r\nid: 4\ndata: {}\n\nid: 9\n\n"
                           "event: change\nid: 12\ndata: one\ndata: two\n\nid: 13\nevent: chan";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    cli::event_reader reader;
    std::string told;
    for (std::size_t at = 0; at < text.size(); at += piece)
      CHECK(reader.take(text.substr(at, piece), [&](const cli::hub_event& e) {
        told += e.name + '@' + e.id + '=' + e.data + ' ';
        return true;
      }));
    CHECK(told == "begin@4={} change@12=one\ntwo ");
    CHECK(reader.id() == "12"); // What is not whole was not told.
  }
  cli::event_reader reader;
  CHECK_FALSE(reader.take(text, [](const cli::hub_event&) { return false; }));
  CHECK(reader.id() == "4");
}

TEST_CASE("the command line acts on vendors, and says what that comes to", "[admin][cli]") {
  admin_hub hub;
  const std::map<std::string, std::string> environment{{"ORDERHUB_ADMIN_URL", hub.url()}};
  const auto state = [&] { return run({"vendors", "show", "stripe"}, environment).out; };
  const auto act = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--reason", "stripe moves"});
    return run(words, environment);
  };
  CHECK(run({"vendors", "pause", "stripe"}, environment).status == cli::wrong_use); // No reason.
  const auto tried = act({"vendors", "pause", "stripe", "--dry-run"});
  CHECK(tried.status == 0);
  CHECK(has(tried.out, "becomes       paused_by_operator\n"));
  CHECK(has(state(), "state       closed\n"));
  CHECK(act({"vendors", "pause", "stripe", "--for", "30m"}).status == 0);
  CHECK(has(state(), "state       paused_by_operator\n"));
  CHECK(has(state(), ": stripe moves\n"));
  CHECK(has(act({"vendors", "resume", "stripe"}).out, "effect        accepted\n"));
  CHECK(act({"vendors", "open", "stripe"}).status == 0);
  CHECK(has(state(), "state       opened_by_operator\n"));
  CHECK(act({"vendors", "close", "stripe", "--for", "1h"}).status == 0);
  CHECK(has(state(), "held        closed by loopback until "));
  CHECK(act({"vendors", "auto", "stripe"}).status == 0);
  CHECK(has(act({"vendors", "probe", "stripe"}).out, "effect        nothing_to_do\n"));
  CHECK(act({"vendors", "pause", "nobody"}).status == cli::not_found);
  CHECK(act({"vendors", "pause", "stripe", "--for", "soon"}).status == cli::wrong_use);

  hub.hub.call(order_object("1"), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const auto calls = run({"vendors", "calls", "stripe"}, environment);
  CHECK(calls.status == 0);
  CHECK(has(calls.out, "POST /v1/payment_intents  200     OrderOrchestrator/1"));
}

TEST_CASE("the command line lists orders as tables, lines and documents", "[admin][cli]") {
  admin_hub hub;
  for (const auto* key : {"o-1", "o-2", "o-3"}) {
    hub.hub.call(order_object(key), "ProcessOrder", order_body());
    hub.hub.run(1'000);
  }
  const std::map<std::string, std::string> environment{{"ORDERHUB_ADMIN_URL", hub.url()}};
  const auto list = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"orders", "list"});
    return run(more, environment);
  };
  const auto table = list({});
  INFO(table.err);
  CHECK(table.status == 0);
  CHECK(table.out.starts_with("KEY  STATUS"));
  CHECK(has(table.out, "o-3  confirmed  42.50 USD"));
  CHECK(list({"-q"}).out == "o-3\no-2\no-1\n");
  CHECK(list({"-q", "--limit", "2"}).out == "o-3\no-2\n");
  CHECK(list({"-q", "--stuck"}).out.empty());
  CHECK(list({"-q", "--email", "ada@example.com", "--prefix", "o-2"}).out == "o-2\n");
  CHECK(list({"-o", "tsv", "--columns", "key,total", "--limit", "1"}).out ==
        "key\ttotal\no-3\t42.50 USD\n");
  CHECK(list({"-o", "tsv", "--columns", "key", "--no-header"}).out == "o-3\no-2\no-1\n");
  CHECK(has(list({"-o", "wide"}).out, "A… L… <a…@example.com>"));
  const auto document = nlohmann::json::parse(list({"-o", "json", "--all"}).out);
  CHECK(document["orders"].size() == 3);
  std::istringstream lines(list({"-o", "jsonl"}).out);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count)
    CHECK(nlohmann::json::parse(line)["status"] == "confirmed");
  CHECK(count == 3);
  CHECK(list({"--columns", "nothing"}).status == cli::wrong_use);
  const auto refused = list({"--status", "nothing"});
  CHECK(refused.status == cli::wrong_use);
  CHECK(has(refused.err, "status must be a list"));
}

TEST_CASE("the command line's exit status says what went wrong", "[admin][cli]") {
  const admin_hub hub({}, "a-token");
  const std::map<std::string, std::string> without{{"ORDERHUB_ADMIN_URL", hub.url()}};
  auto with = without;
  with["ORDERHUB_ADMIN_TOKEN"] = "a-token";
  CHECK(run({"orders", "show", "1"}, without).status == cli::not_allowed);
  const auto absent = run({"orders", "show", "1"}, with);
  CHECK(absent.status == cli::not_found);
  CHECK(absent.err == "orderhub: There is no order 1.\n");
  CHECK(run({"vendors", "show", "nobody"}, with).status == cli::not_found);
  CHECK(run({"orders", "journal", "1", "--kinds", "x"}, with).status == cli::not_found);
  CHECK(run({"status", "--url", "http://127.0.0.1:1"}, {}).status == cli::not_reached);
  CHECK(run({"orders", "show"}, with).status == cli::wrong_use);
  CHECK(run({"orders", "show", "1", "--output", "xml"}, with).status == cli::wrong_use);

  const auto file = std::filesystem::temp_directory_path() /
                    ("orderhub-token-" + std::to_string(hub.url().size()) + hub.url().substr(17));
  std::ofstream(file) << "a-token\n";
  CHECK(run({"status", "--token-file", file.string()}, without).status == 0);
  auto by_file = without;
  by_file["ORDERHUB_ADMIN_TOKEN_FILE"] = file.string();
  CHECK(run({"status"}, by_file).status == 0);
  std::filesystem::remove(file);
  const auto gone = run({"status", "--token-file", file.string()}, without);
  CHECK(gone.status == cli::wrong_use);
  CHECK(has(gone.err, "cannot be read"));

  // A list says the same as the rest, also of an address that guessed too often.
  auto guessed = without;
  guessed["ORDERHUB_ADMIN_TOKEN"] = "no-token";
  for (int i = 0; i < 10; ++i)
    CHECK(run({"orders", "list"}, guessed).status == cli::not_allowed);
  CHECK(run({"orders", "list"}, with).status == cli::not_allowed);
}

TEST_CASE("the command line acts when it is told to, once, and says what became of it",
          "[admin][cli][actions]") {
  admin_hub hub;
  for (const char* key : {"1", "2"})
    hub.hub.call(order_object(key), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const std::map<std::string, std::string> environment{{"ORDERHUB_ADMIN_URL", hub.url()}};
  const auto act = [&](std::vector<std::string> arguments, const std::string& typed = {}) {
    arguments.insert(arguments.begin(), "orders");
    return run(arguments, environment, typed);
  };
  const auto planned = act({"cancel", "1", "--dry-run"});
  INFO(planned.err);
  CHECK(planned.status == cli::done);
  CHECK(has(planned.out, "  refund stripe pi_"));
  CHECK(has(planned.out, " 42.50 USD\n"));
  CHECK(has(planned.out, "  mail mail_cancelled sendgrid\n"));
  CHECK(act({"cancel", "1", "--yes"}).status == cli::wrong_use); // Why?
  const std::vector<std::string> cancel = {"cancel", "1", "--reason", "a test"};
  CHECK(act(cancel, "y\n").status == cli::wrong_use); // Its key is asked for.
  CHECK(run({"audit"}, environment).out.find("cancel") == std::string::npos);
  const auto done = act(cancel, "1\n");
  INFO(done.err);
  CHECK(done.status == cli::done);
  CHECK(has(done.err, "cancel 1? Type its key"));
  CHECK(has(done.out, "1  accepted  act_"));
  REQUIRE(hub.hub.run());
  CHECK(field(hub.hub.order("1").body, "status") == "cancelled");

  const auto paused = act({"pause", "-", "--reason", "a test", "--yes"}, "1\n2\n2\n");
  CHECK(paused.status == cli::done);
  CHECK(has(paused.out, "2  accepted"));
  CHECK(act({"pause", "-", "--reason", "a test"}, "1\n").status == cli::wrong_use);
  CHECK(act({"resume", "1", "2", "3", "--reason", "a test", "-y"}).status == cli::not_in_order);
  CHECK(act({"resume", "3", "--reason", "a test", "-y"}).status == cli::not_found);
  CHECK(act({"settle", "1", "--step", "label", "--reason", "a test", "-y"}).status ==
        cli::wrong_use);
  CHECK(act({"settle", "1", "--step", "label", "--happened", "--reason", "a test", "-y"}).status ==
        cli::not_found);
  const auto list = run({"audit", "--action", "cancel"}, environment);
  CHECK(list.status == cli::done);
  CHECK(has(list.out, "a test"));
  CHECK_FALSE(has(list.out, "pause"));
}

TEST_CASE("the command line plans a bulk, starts it by its count, and shows its items",
          "[admin][cli][bulk]") {
  admin_hub hub;
  for (const char* key : {"1", "2"})
    hub.hub.call(order_object(key), "ProcessOrder", order_body());
  REQUIRE(hub.hub.run());
  const std::map<std::string, std::string> environment{{"ORDERHUB_ADMIN_URL", hub.url()}};
  const auto bulk = [&](std::vector<std::string> arguments, const std::string& typed = {}) {
    arguments.insert(arguments.begin(), "bulk");
    return run(arguments, environment, typed);
  };
  CHECK(bulk({"plan", "erase", "1", "--reason", "a test"}).status == cli::wrong_use);
  CHECK(bulk({"plan", "cancel", "1"}).status == cli::wrong_use);                  // Why?
  CHECK(bulk({"plan", "cancel", "--reason", "a test"}).status == cli::wrong_use); // Which?
  CHECK(bulk({"plan", "cancel", "1", "--open", "--reason", "a test"}).status == cli::wrong_use);
  CHECK(has(bulk({"plan", "cancel", "1", "--reason", "a test", "--dry-run"}).out, "(dry run)"));
  CHECK_FALSE(has(bulk({"list"}).out, "bulk_"));
  const auto planned =
      bulk({"plan", "cancel", "-", "--reason", "a recall", "-o", "json"}, "1\n2\n3\n");
  INFO(planned.err);
  REQUIRE(planned.status == cli::done);
  const auto plan = nlohmann::json::parse(planned.out)["bulk"];
  CHECK(plan["excluded"][0]["keys"][0] == "3");
  const auto id = plan["id"].get<std::string>();
  CHECK(bulk({"start", id}, "y\n").status == cli::wrong_use); // Its count is asked for.
  CHECK(bulk({"start", id, "--count", "3"}).status == cli::conflict);
  const auto started = bulk({"start", id}, "2\n");
  CHECK(started.status == cli::done);
  CHECK(has(started.err, "cancel of 2? Type their count: "));
  REQUIRE(hub.hub.run());
  CHECK(field(hub.hub.order("2").body, "status") == "cancelled");
  CHECK(has(bulk({"show", id}).out, "finished"));
  CHECK(has(bulk({"list"}).out, id));
  CHECK(has(bulk({"items", id, "--outcome", "done"}).out, "done"));
  CHECK(bulk({"start", id, "--count", "2", "--wait"}).status == cli::conflict);
  CHECK(bulk({"cancel", id, "--reason", "too late"}).status == cli::conflict);
  CHECK(bulk({"show", "bulk_0"}).status == cli::not_found);
}

TEST_CASE("a token goes over no network in the clear", "[admin][cli]") {
  const auto nothing = [](const char*) -> const char* { return nullptr; };
  for (const char* url : {"http://hub.example.com", "http://10.0.0.1:9070", "ftp://127.0.0.1",
                          "http://user@127.0.0.1", "127.0.0.1:9070", "http://127.0.0.1.evil.com"}) {
    CAPTURE(url);
    CHECK_FALSE(cli::admin_address_of(url, {}, nothing));
  }
  for (const char* url :
       {"http://127.0.0.1:9070", "https://hub.example.com/ops", "http://[::1]:1"}) {
    CAPTURE(url);
    CHECK(cli::admin_address_of(url, {}, nothing));
  }
  CHECK(cli::admin_address_of({}, {}, nothing)->url == "http://127.0.0.1:9070");
  const auto listens = [](const char* name) -> const char* {
    return std::string_view(name) == "ORDERHUB_ADMIN_LISTEN" ? "0.0.0.0:9099" : nullptr;
  };
  CHECK(cli::admin_address_of({}, {}, listens)->url == "http://127.0.0.1:9099");
}

TEST_CASE("the hub's socket is taken where one listens, and neither URL nor token is given",
          "[admin][cli]") {
  std::map<std::string, std::string> set;
  const auto environment = [&](const char* name) -> const char* {
    const auto it = set.find(name);
    return it == set.end() ? nullptr : it->second.c_str();
  };
  const auto where = [&](const std::string& url = {}) {
    const auto address = cli::admin_address_of(url, {}, environment);
    return address ? address->url + ' ' + address->socket : address.error().message;
  };
  CHECK(where("unix:/run/hub.sock") == "http://localhost /run/hub.sock");
  CHECK_FALSE(cli::admin_address_of("unix:", {}, environment));
  std::string folder = (std::filesystem::temp_directory_path() / "orderhub-XXXXXX").string();
  REQUIRE(::mkdtemp(folder.data()) != nullptr);
  set["ORDERHUB_ADMIN_LISTEN"] = "127.0.0.1:9099";
  set["ORDERHUB_DATA_DIR"] = folder;
  CHECK(where() == "http://127.0.0.1:9099 "); // Nobody listens there.
  {
    const auto socket = local_socket::listen(folder + "/admin.sock");
    REQUIRE(socket);
    CHECK(where() == "http://localhost " + folder + "/admin.sock");
    CHECK(where("http://127.0.0.1:1") == "http://127.0.0.1:1 ");
    set["ORDERHUB_ADMIN_TOKEN"] = "a-token";
    CHECK(where() == "http://127.0.0.1:9099 ");
    set.erase("ORDERHUB_ADMIN_TOKEN");
    set["ORDERHUB_ADMIN_SOCKET"] = "off";
    CHECK(where() == "http://127.0.0.1:9099 ");
  }
  std::filesystem::remove_all(folder);
}

TEST_CASE("a table is aligned, and steers no terminal", "[admin][cli]") {
  CHECK(cli::table_text({"KEY", "WHAT"}, {{"ü", "a"}, {"longer", "\x1b[31mred\n\xc2\x9b"}}) ==
        "KEY     WHAT\n"
        "ü       a\n"
        "longer  ?[31mred??\n");
  CHECK(cli::safe_text("a\nb\x1b]0;x\x07\xe2\x80\xae") == "a\nb?]0;x??");
  CHECK(cli::percent_encoded("a/b ü..") == "a%2Fb%20%C3%BC..");
  CHECK(cli::percent_encoded("..") == "%2E%2E");
}

} // namespace orderhub::testing
