#include "http_gateway/program/webhook_keys.hpp"
#include "http_gateway/settings/order_settings_from.hpp"
#include "http_gateway/settings/settings.hpp"
#include "http_gateway/settings/sources.hpp"
#include "http_gateway/settings/startup_checks.hpp"
#include "http_gateway/settings/table.hpp"
#include "http_gateway/settings/values.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "providers/slack/endpoint.hpp"
#include "providers/vendors.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string_view>
#include <tuple>
#include <utility>

#include <unistd.h>

using namespace orderhub;
using namespace orderhub::http_gateway;

namespace {

using variables = std::map<std::string, std::string>;

result<settings> load(const variables& env, const flag_values& flags = {}) {
  return load_settings(flags, [&env](const char* name) -> const char* {
    const auto it = env.find(name);
    return it == env.end() ? nullptr : it->second.c_str();
  });
}

settings loaded(const variables& env, const flag_values& flags = {}) {
  auto s = load(env, flags);
  if (!s)
    FAIL(s.error().message);
  return *s;
}

std::string refusal(const variables& env, const flag_values& flags = {}) {
  const auto s = load(env, flags);
  REQUIRE_FALSE(s);
  CHECK(s.error().kind == error_kind::invalid);
  return s.error().message;
}

const variables real = {{"STRIPE_API_KEY", "sk_test_abc"}, {"SHIPPO_API_KEY", "shippo_test_abc"}};

variables with(variables base, const variables& more) {
  for (const auto& [name, value] : more)
    base[name] = value;
  return base;
}

std::string authorization(const providers::registry& r, std::string_view vendor) {
  const auto* e = r.find(vendor);
  REQUIRE(e);
  REQUIRE(e->secret_headers.size() == 1);
  CHECK(e->secret_headers[0].first == "Authorization");
  return e->secret_headers[0].second.reveal();
}

std::string channel_of(const settings& s, providers::slack::announcement what) {
  return providers::slack::channel_of(
      s.configuration_of(providers::vendor_for(providers::vendor_role::announcement)), what);
}

bool mentions(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("the defaults are those of the documents", "[gateway][settings]") {
  const auto s = loaded({});
  CHECK(s.data_dir == "./data");
  CHECK(s.listen.host == "127.0.0.1");
  CHECK(s.listen.port == 8080);
  CHECK(s.admin_listen.port == 9070);
  CHECK(s.body_max == 1 << 20);
  CHECK(s.request_timeout_ms == 60'000);
  CHECK(s.attach_timeout_ms == 280'000);
  CHECK(s.drain_timeout_ms == 20'000);
  CHECK(s.label_timeout_ms == 10'000);
  CHECK(s.notification_timeout_ms == 2'000);
  CHECK(s.journal_retention_ms == 30LL * 24 * 3'600'000);
  CHECK(s.idempotency_retention_ms == 24 * 3'600'000);
  CHECK(s.sync_commit);
  CHECK_FALSE(s.compensate_on_label_failure);
  CHECK(s.mail_from_or_sample() == "orders@example.com");
  CHECK(channel_of(s, providers::slack::announcement::failed) == "#orders");
}

TEST_CASE("the environment wins over the file, and flags over both", "[gateway][settings]") {
  settings s;
  REQUIRE(apply_toml(
      s, "listen = \"127.0.0.1:1\"\nlabel_timeout = \"3s\"\n[stripe]\napi_key = \"sk_test_f\"",
      "f.toml"));
  CHECK(s.listen.port == 1);
  CHECK(s.label_timeout_ms == 3'000);
  CHECK(s.vendors.secret_of("stripe.api_key").reveal() == "sk_test_f");

  const auto both = loaded({{"ORDERHUB_LISTEN", "127.0.0.1:2"}, {"ORDERHUB_LABEL_TIMEOUT", "4s"}},
                           {{"listen", "127.0.0.1:3"}});
  CHECK(both.listen.port == 3);
  CHECK(both.label_timeout_ms == 4'000);
  // An empty variable is one that is not set.
  CHECK(loaded({{"ORDERHUB_LISTEN", ""}}).listen.port == 8080);
}

TEST_CASE("the file knows lists, tables, numbers and sections", "[gateway][settings]") {
  settings s;
  const auto done = apply_toml(s, R"(
workers = 3
mock_mode = true
disable = ["slack", "twilio"]
body_max = "2MiB"
ship_from = { name = "A", street1 = "B", city = "C", zip = "1", country = "US" }
[slack]
channel = "C0123456789"
[mock]
seed = 7
latency = "20ms"
)",
                               "f.toml");
  if (!done)
    FAIL(done.error().message);
  CHECK(s.workers == 3);
  CHECK(s.mock_mode);
  CHECK(s.disabled == std::vector<std::string>{"slack", "twilio"});
  CHECK(s.body_max == 2 << 20);
  CHECK(mentions(s.ship_from, R"("street1":"B")"));
  CHECK(s.vendors.text_of("slack.channel") == "C0123456789");
  CHECK(s.mock_seed == 7);
  CHECK(s.mock_latency_ms == 20);
}

TEST_CASE("errors name the setting as it was given", "[gateway][settings]") {
  CHECK(mentions(refusal({{"ORDERHUB_LISTEN", "nowhere"}}), "ORDERHUB_LISTEN must"));
  CHECK(mentions(refusal({}, {{"listen", "1.2.3.4:99999"}}), "--listen must"));
  CHECK(mentions(refusal({{"ORDERHUB_LABEL_TIMEOUT", "10"}}),
                 "ORDERHUB_LABEL_TIMEOUT must be a duration"));
  CHECK(
      mentions(refusal({{"ORDERHUB_WORKERS", "many"}}), "ORDERHUB_WORKERS must be a whole number"));
  CHECK(mentions(refusal({{"ORDERHUB_BODY_MAX", "1GB"}}), "ORDERHUB_BODY_MAX must be a size"));
  CHECK(mentions(refusal({{"ORDERHUB_SYNC", "sometimes"}}), "commit or off"));
  CHECK(mentions(refusal({{"MOCK_MODE", "maybe"}}), "MOCK_MODE must be true or false"));
  CHECK(mentions(refusal({{"ORDERHUB_DISABLE", "slack,stripe"}}), "never skipped"));
  CHECK(mentions(refusal({{"ORDERHUB_DISABLE", "slak"}}), "unknown vendor"));
  CHECK(
      mentions(refusal({{"ORDERHUB_SHIP_FROM", "{"}}), "ORDERHUB_SHIP_FROM must be a JSON object"));
  CHECK(mentions(refusal({{"ORDERHUB_SHIP_FROM", R"({"name":"A"})"}}), "street1"));
  CHECK(mentions(refusal({{"ORDERHUB_MAIL_FROM", "nobody"}}), "e-mail"));
  CHECK(mentions(refusal({{"ORDERHUB_CONFIG", "/does/not/exist.toml"}}), "/does/not/exist.toml"));

  settings s;
  const auto unknown = apply_toml(s, "[stripe]\nkey = \"x\"", "f.toml");
  REQUIRE_FALSE(unknown);
  CHECK(mentions(unknown.error().message, "stripe.key in f.toml is not a setting"));
  const auto broken = apply_toml(s, "a = 1\nb = = 2", "f.toml");
  REQUIRE_FALSE(broken);
  CHECK(mentions(broken.error().message, "f.toml line 2"));
}

TEST_CASE("all that is wrong is gathered, and where the rest is from", "[gateway][settings]") {
  const variables env = {{"ORDERHUB_WORKERS", "many"},
                         {"ORDERHUB_LABEL_TIMEOUT", "4s"},
                         {"STRIPE_API_KEY", "sk_test_hush"}};
  const auto read = read_all_settings({{"listen", "nowhere"}, {"drain_timeout", "9s"}},
                                      [&env](const char* name) -> const char* {
                                        const auto it = env.find(name);
                                        return it == env.end() ? nullptr : it->second.c_str();
                                      });
  REQUIRE(read.faults.size() == 2);
  CHECK(mentions(read.faults[0], "ORDERHUB_WORKERS must"));
  CHECK(mentions(read.faults[1], "--listen must"));
  CHECK(read.values.label_timeout_ms == 4'000);
  REQUIRE(read.sources.contains("label_timeout"));
  CHECK(read.sources.at("label_timeout").from == setting_origin::env_variable);
  CHECK(read.sources.at("label_timeout").text == "4s");
  CHECK(read.sources.at("drain_timeout").from == setting_origin::flag);
  CHECK(mentions(read.sources.at("stripe.api_key").text, "set (sha256 "));
  CHECK_FALSE(mentions(read.sources.at("stripe.api_key").text, "hush"));
  CHECK_FALSE(read.sources.contains("listen")); // What is wrong has not been taken.
}

TEST_CASE("a name that is not known is told the nearest one", "[gateway][settings]") {
  settings s;
  const auto unknown = apply_toml(s, "label_timeuot = \"3s\"", "f.toml");
  REQUIRE_FALSE(unknown);
  CHECK(mentions(unknown.error().message, "is not a setting; did you mean label_timeout?"));
  const auto far = apply_toml(s, "colour = \"blue\"", "f.toml");
  REQUIRE_FALSE(far);
  CHECK(mentions(far.error().message, "colour in f.toml is not a setting."));
}

TEST_CASE("errors never show a secret", "[gateway][settings]") {
  const auto message = refusal({{"STRIPE_API_KEY", "sk_live_hush hush"}});
  CHECK(mentions(message, "STRIPE_API_KEY"));
  CHECK_FALSE(mentions(message, "hush"));
  CHECK_FALSE(
      mentions(refusal({{"SLACK_WEBHOOK_URL", "http://hooks.slack.com/services/hush"}}), "hush"));
  settings s;
  const auto broken = apply_toml(s, "api_token = \"hush", "f.toml");
  REQUIRE_FALSE(broken);
  CHECK_FALSE(mentions(broken.error().message, "hush"));
}

TEST_CASE("a secret has no flag, every other setting has one", "[gateway][settings]") {
  std::set<std::string> flags, names, variables_seen;
  for (const auto& name : setting_names()) {
    CAPTURE(name.name);
    CHECK(flag_of(name).empty() == name.is_secret);
    CHECK(names.insert(std::string(name.name)).second);
    CHECK(variables_seen.insert(std::string(name.environment)).second);
    if (!name.is_secret)
      CHECK(flags.insert(flag_of(name)).second);
  }
  CHECK(flags.count("--data-dir") == 1);
  CHECK(flags.count("--mock") == 1);
  CHECK(flags.count("--stripe-api-base") == 1);
}

TEST_CASE("a vendor's own path at the end of a base is taken off", "[gateway][settings]") {
  const std::pair<const char*, const char*> cases[] = {
      {"https://api.stripe.com/v1/", "https://api.stripe.com"},
      {"https://api.stripe.com", "https://api.stripe.com"},
      {"http://127.0.0.1:9/stripe//", "http://127.0.0.1:9/stripe"},
      {"http://[::1]:9/stripe/v1", "http://[::1]:9/stripe"}};
  for (const auto& [given, base] : cases)
    CHECK(loaded({{"STRIPE_API_BASE", given}}).vendors.text_of("stripe.api_base") == base);
  CHECK(loaded({{"SLACK_API_BASE", "https://slack.com/api/"}}).vendors.text_of("slack.api_base") ==
        "https://slack.com");
  CHECK(loaded({{"SENDGRID_API_BASE", "https://api.eu.sendgrid.com/v3"}})
            .vendors.text_of("sendgrid.api_base") == "https://api.eu.sendgrid.com");
  for (const auto* bad :
       {"api.stripe.com", "http://api.stripe.com", "http://127.0.0.1.nip.io/stripe",
        "ftp://localhost", "https://", "https://user:pw@host", "https://h/?q", "https://h/#f",
        "https://h/a b"}) {
    CAPTURE(bad);
    CHECK(mentions(refusal({{"STRIPE_API_BASE", bad}}), "STRIPE_API_BASE must"));
  }
}

TEST_CASE("payment and shipping are never skipped", "[gateway][settings]") {
  const auto none = make_registry(loaded({}), "");
  REQUIRE_FALSE(none);
  CHECK(mentions(none.error().message, "STRIPE_API_KEY"));
  const auto no_shipping = make_registry(loaded({{"STRIPE_API_KEY", "sk_test_a"}}), "");
  REQUIRE_FALSE(no_shipping);
  CHECK(mentions(no_shipping.error().message, "SHIPPO_API_KEY"));
  const auto odd = make_registry(loaded(with(real, {{"STRIPE_API_KEY", "pk_test_a"}})), "");
  REQUIRE_FALSE(odd);
  CHECK(mentions(odd.error().message, "sk_test_"));
}

TEST_CASE("a vendor's documented limits hold at its own host, and elsewhere where they are set",
          "[gateway][settings]") {
  using providers::rate_limit;
  const auto limit_of = [](const result<providers::registry>& r, const char* vendor,
                           std::string_view call_class) {
    for (const auto& l : r->find(vendor)->limits)
      if (l.call_class == call_class)
        return l.limit;
    return rate_limit{};
  };
  const auto test = make_registry(loaded(real), "");
  REQUIRE(test);
  CHECK(limit_of(test, "shippo", "list") == rate_limit{10, 60'000});
  CHECK(limit_of(test, "shippo", "read") == rate_limit{400, 60'000});
  CHECK(limit_of(test, "shippo", "write") == rate_limit{50, 60'000});
  CHECK(limit_of(test, "stripe", "list") == rate_limit{25, 1'000});
  CHECK(limit_of(test, "stripe", "write") == rate_limit{25, 1'000});
  CHECK(limit_of(test, "stripe", "search") == rate_limit{20, 1'000});
  CHECK(limit_of(test, "stripe", "all") == rate_limit{25, 1'000});
  const auto live = make_registry(loaded(with(real, {{"SHIPPO_API_KEY", "shippo_live_a"}})), "");
  REQUIRE(live);
  CHECK(limit_of(live, "shippo", "list") == rate_limit{50, 60'000});
  CHECK(limit_of(live, "shippo", "write") == rate_limit{500, 60'000});
  const auto money = make_registry(loaded(with(real, {{"STRIPE_API_KEY", "sk_live_a"}})), "");
  REQUIRE(money);
  CHECK(limit_of(money, "stripe", "all") == rate_limit{100, 1'000});
  const auto other = make_registry(
      loaded(with(real, {{"SHIPPO_API_BASE", "http://127.0.0.1:9"}, {"SHIPPO_READ_LIMIT", "7/s"}})),
      "");
  REQUIRE(other);
  CHECK(limit_of(other, "shippo", "list") == rate_limit{});
  CHECK(limit_of(other, "shippo", "read") == rate_limit{7, 1'000});
  const auto none = make_registry(loaded(with(real, {{"SHIPPO_LIST_LIMIT", "none"}})), "");
  REQUIRE(none);
  CHECK(limit_of(none, "shippo", "list") == rate_limit{});
}

TEST_CASE("each channel of Slack has its limit, and its webhook has one", "[gateway][settings]") {
  using providers::call_limit;
  const auto own = make_registry(
      loaded(with(real, {{"SLACK_BOT_TOKEN", "xoxb-abc"},
                         {"SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T/B/x"}})),
      "");
  REQUIRE(own);
  CHECK(own->find("slack")->limits ==
        std::vector<call_limit>{{"write", {1, 1'000}, true}, {"list", {50, 60'000}, false}});
  CHECK(own->find("slack_webhook")->limits ==
        std::vector<call_limit>{{"write", {1, 1'000}, false}});
  const auto other =
      make_registry(loaded(with(real, {{"SLACK_BOT_TOKEN", "xoxb-abc"},
                                       {"SLACK_API_BASE", "http://127.0.0.1:9"},
                                       {"SLACK_WEBHOOK_URL", "http://127.0.0.1:9/services/T/B/x"},
                                       {"SLACK_CHANNEL_LIMIT", "3/2s"},
                                       {"SENDGRID_API_KEY", "SG.abc"},
                                       {"SENDGRID_WRITE_LIMIT", "600/h"}})),
                    "");
  REQUIRE(other);
  CHECK(other->find("slack")->limits == std::vector<call_limit>{{"write", {3, 2'000}, true}});
  CHECK(other->find("slack_webhook")->limits.empty());
  CHECK(other->find("sendgrid")->limits ==
        std::vector<call_limit>{{"write", {600, 3'600'000}, false}});
}

TEST_CASE("a breaker's numbers are set, and what is wrong is refused by its name",
          "[gateway][settings]") {
  const auto s = loaded(with(real, {{"ORDERHUB_BREAKER_WINDOW", "30s"},
                                    {"ORDERHUB_BREAKER_VOLUME", "10"},
                                    {"ORDERHUB_BREAKER_FAILURES", "80"},
                                    {"ORDERHUB_BREAKER_FAILING", "0"},
                                    {"ORDERHUB_BREAKER_OPEN", "500ms"},
                                    {"ORDERHUB_BREAKER_OPEN_MAX", "1m"},
                                    {"ORDERHUB_BREAKER_PROBES", "3"}}));
  CHECK(s.breaker == providers::breaker_settings{30'000, 10, 80, 0, 500, 60'000, 3});
  for (const auto& [name, value] :
       {std::pair("ORDERHUB_BREAKER_WINDOW", "10ms"), std::pair("ORDERHUB_BREAKER_VOLUME", "0"),
        std::pair("ORDERHUB_BREAKER_FAILURES", "101"), std::pair("ORDERHUB_BREAKER_FAILING", "5"),
        std::pair("ORDERHUB_BREAKER_OPEN", "-1s"), std::pair("ORDERHUB_BREAKER_OPEN_MAX", "soon"),
        std::pair("ORDERHUB_BREAKER_PROBES", "many"), std::pair("STRIPE_WRITE_LIMIT", "25"),
        std::pair("STRIPE_ACCOUNT_LIMIT", "0/s"), std::pair("SHIPPO_WRITE_LIMIT", "ten/m"),
        std::pair("SLACK_CHANNEL_LIMIT", "1/d"), std::pair("SENDGRID_WRITE_LIMIT", "1/0s")}) {
    CAPTURE(name);
    CHECK(mentions(refusal(with(real, {{name, value}})), name));
  }
}

TEST_CASE("real vendors get their own hosts, keys and modes", "[gateway][settings]") {
  const auto s = loaded(with(real, {{"STRIPE_API_KEY", "rk_live_abc"},
                                    {"SENDGRID_API_KEY", "SG.abc"},
                                    {"SLACK_BOT_TOKEN", "xoxb-abc"},
                                    {"ORDERHUB_ABSENCE_AFTER", "2s"}}));
  const auto r = make_registry(s, "");
  REQUIRE(r);
  CHECK(r->find("stripe")->base == "https://api.stripe.com");
  CHECK(r->find("stripe")->mode == "live");
  CHECK(r->find("stripe")->absence_after_ms == 2'000);
  CHECK(authorization(*r, "stripe") == "Bearer rk_live_abc");
  CHECK(r->find("shippo")->base == "https://api.goshippo.com");
  CHECK(r->find("shippo")->mode == "test");
  CHECK(authorization(*r, "shippo") == "ShippoToken shippo_test_abc");
  CHECK(r->find("sendgrid")->base == "https://api.sendgrid.com");
  CHECK(authorization(*r, "sendgrid") == "Bearer SG.abc");
  CHECK(r->find("slack")->base == "https://slack.com");
  CHECK(authorization(*r, "slack") == "Bearer xoxb-abc");

  const auto oauth = make_registry(loaded(with(real, {{"SHIPPO_API_KEY", "oauth.abc"}})), "");
  REQUIRE(oauth);
  CHECK(authorization(*oauth, "shippo") == "Bearer oauth.abc");
  CHECK(oauth->find("shippo")->mode == "live");
}

TEST_CASE("every vendor's settings have a name, also where it is not configured",
          "[gateway][settings]") {
  const auto r = make_registry(loaded(real), "");
  REQUIRE(r);
  for (const auto& [vendor, setting] :
       {std::pair("stripe", "STRIPE_API_BASE and STRIPE_API_KEY"),
        std::pair("shippo", "SHIPPO_API_BASE and SHIPPO_API_KEY"),
        std::pair("sendgrid", "SENDGRID_API_BASE and SENDGRID_API_KEY"),
        std::pair("slack", "SLACK_API_BASE and SLACK_BOT_TOKEN"),
        std::pair("slack_webhook", "SLACK_WEBHOOK_URL"),
        std::pair("twilio", "TWILIO_API_BASE, TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN"),
        std::pair("github", "GITHUB_API_BASE, GITHUB_TOKEN and GITHUB_REPOSITORY")}) {
    CAPTURE(vendor);
    CHECK(mentions(r->settings_of(vendor), setting));
  }
}

TEST_CASE(
    "a shop's own service is used where its base URL is set, and mocked where no order asks it",
    "[gateway][settings]") {
  constexpr std::pair<const char*, const char*> services[] = {
      {"inventory", "INVENTORY"}, {"warehouse", "WAREHOUSE"}, {"carrier", "CARRIER"}};
  for (const auto& [name, variable] : services) {
    CAPTURE(name);
    const auto base = std::string(variable) + "_API_BASE";
    const auto key = std::string(variable) + "_API_KEY";
    const auto none = make_registry(loaded(with(real, {{key, "token-1"}})), {});
    REQUIRE(none);
    CHECK(none->find(name) == nullptr);
    const auto mock = make_registry(loaded({{"MOCK_MODE", "true"}}), "http://127.0.0.1:4242");
    REQUIRE(mock);
    const bool is_mocked = std::string_view(name) != "inventory";
    REQUIRE((mock->find(name) != nullptr) == is_mocked);
    if (is_mocked) {
      CHECK(mock->find(name)->base == std::string("http://127.0.0.1:4242/") + name);
      CHECK(mock->find(name)->mode == "mock");
      CHECK(mock->find(name)->identity == "built-in");
      CHECK(mock->find(name)->secret_headers.empty()); // A real key is shown to no mock.
      const auto keyed =
          make_registry(loaded({{"MOCK_MODE", "true"}, {key, "token-1"}}), "http://127.0.0.1:4242");
      REQUIRE(keyed);
      CHECK(keyed->find(name)->secret_headers.empty());
    }

    const auto s = loaded(with(real, {{base, "https://shop.example.com/v1/"}, {key, "token-1"}}));
    const auto used = make_registry(s, {});
    REQUIRE(used);
    REQUIRE(used->find(name) != nullptr);
    CHECK(used->find(name)->base == "https://shop.example.com");
    CHECK(used->find(name)->mode == "live");
    CHECK(authorization(*used, name) == "Bearer token-1");
    const auto orders = order_settings_from(s, *used);
    REQUIRE(orders);
    CHECK(orders->stock == (std::string_view(name) == "inventory"));
    CHECK(orders->warehouse == (std::string_view(name) == "warehouse"));
    CHECK(orders->carrier == (std::string_view(name) == "carrier"));

    const auto open = make_registry(loaded(with(real, {{base, "http://127.0.0.1:9/x"}})), {});
    REQUIRE(open);
    REQUIRE(open->find(name) != nullptr);
    CHECK(open->find(name)->secret_headers.empty());

    const auto disabled = make_registry(
        loaded(with(real, {{base, "https://shop.example.com"}, {"ORDERHUB_DISABLE", name}})), {});
    REQUIRE(disabled);
    CHECK(disabled->find(name) == nullptr);
    CHECK_FALSE(refusal(with(real, {{base, "http://shop.example.com"}})).empty());
  }
}

TEST_CASE("vendors that are not configured or disabled are absent", "[gateway][settings]") {
  const auto bare = make_registry(loaded(real), "");
  REQUIRE(bare);
  CHECK_FALSE(bare->find("sendgrid"));
  CHECK_FALSE(bare->find("slack"));
  const auto disabled =
      make_registry(loaded({{"MOCK_MODE", "true"}, {"ORDERHUB_DISABLE", "slack, sendgrid"}}),
                    "http://127.0.0.1:4");
  REQUIRE(disabled);
  CHECK(disabled->endpoints.size() == 6);
}

TEST_CASE("Twilio is its account, with a token or a key, and who sends", "[gateway][settings]") {
  const std::string account = "AC0123456789abcdef0123456789ABCDEF";
  const std::string api_key = "SK0123456789abcdef0123456789abcdef";
  const std::map<std::string, std::string> twilio = {{"TWILIO_ACCOUNT_SID", account},
                                                     {"TWILIO_AUTH_TOKEN", "token"},
                                                     {"TWILIO_FROM", "+15551234567"}};
  const auto made = [&](std::map<std::string, std::string> more) {
    auto all = with(real, twilio);
    for (auto& [name, value] : more)
      all[name] = value;
    return make_registry(loaded(all), "");
  };
  const auto live = made({});
  REQUIRE(live);
  CHECK(live->find("twilio")->base == "https://api.twilio.com/2010-04-01/Accounts/" + account);
  CHECK(live->find("twilio")->mode == "live");
  CHECK(live->find("twilio")->limits.empty());
  // base64 of the account, a colon and the token
  CHECK(authorization(*live, "twilio") ==
        "Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OUFCQ0RFRjp0b2tlbg==");
  const auto key = made({{"TWILIO_API_KEY_SID", api_key}, {"TWILIO_API_KEY_SECRET", "s"}});
  REQUIRE(key);
  CHECK(authorization(*key, "twilio") == "Basic U0swMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjpz");
  // Only test credentials can send from these.
  CHECK(made({{"TWILIO_FROM", "+15005550006"}})->find("twilio")->mode == "test");
  const auto other = made({{"TWILIO_API_BASE", "http://127.0.0.1:9/twilio/2010-04-01/"},
                           {"TWILIO_WRITE_LIMIT", "1/s"}});
  REQUIRE(other);
  CHECK(other->find("twilio")->base == "http://127.0.0.1:9/twilio/2010-04-01/Accounts/" + account);
  REQUIRE(other->find("twilio")->limits.size() == 1);
  CHECK(other->find("twilio")->limits[0].limit == providers::rate_limit{1, 1'000});
  CHECK(made({{"TWILIO_FROM", "MG0123456789abcdef0123456789abcdef"}}));
  CHECK(made({{"TWILIO_FROM", "My Shop"}}));

  const std::pair<std::map<std::string, std::string>, const char*> wrong[] = {
      {{{"TWILIO_ACCOUNT_SID", ""}}, "TWILIO_ACCOUNT_SID must"},
      {{{"TWILIO_ACCOUNT_SID", api_key}}, "TWILIO_ACCOUNT_SID must"},
      {{{"TWILIO_AUTH_TOKEN", ""}}, "TWILIO_AUTH_TOKEN is missing"},
      {{{"TWILIO_API_KEY_SID", api_key}}, "belong together"},
      {{{"TWILIO_FROM", ""}}, "TWILIO_FROM is missing"},
      {{{"TWILIO_FROM", "+1 555"}}, "TWILIO_FROM must"},
      {{{"TWILIO_FROM", "MG12"}}, "TWILIO_FROM must"},
      {{{"TWILIO_FROM", "5551234567"}}, "TWILIO_FROM must"},
      {{{"TWILIO_FROM", "A much too long name"}}, "TWILIO_FROM must"},
  };
  for (const auto& [settings, text] : wrong) {
    CAPTURE(text);
    const auto r = made(settings);
    REQUIRE_FALSE(r);
    CHECK(mentions(r.error().message, text));
    CHECK_FALSE(mentions(r.error().message, "token "));
  }
  CHECK_FALSE(make_registry(loaded(real), "")->find("twilio"));
}

TEST_CASE("GitHub is a token and a repository", "[gateway][settings]") {
  const variables both = {{"GITHUB_TOKEN", "ghp_secret"}, {"GITHUB_REPOSITORY", "owner/shop"}};
  const auto r = make_registry(loaded(with(real, both)), "");
  REQUIRE(r);
  CHECK(r->find("github")->base == "https://api.github.com");
  CHECK(r->find("github")->mode == "live");
  CHECK(authorization(*r, "github") == "Bearer ghp_secret");
  REQUIRE(r->find("github")->limits.size() == 1);
  CHECK(r->find("github")->limits[0].limit == providers::rate_limit{80, 60'000});
  // A token stands in many an environment; without a repository it means nothing to the hub.
  const auto alone = loaded(with(real, {{"GITHUB_TOKEN", "ghp_secret"}}));
  CHECK_FALSE(make_registry(alone, "")->find("github"));
  const auto found = findings_of(alone);
  CHECK(std::any_of(found.begin(), found.end(),
                    [](const finding& f) { return f.setting == "GITHUB_REPOSITORY"; }));
  for (const char* bad : {"shop", "owner/", "/shop", "owner/shop/x", "owner/..", "o w/shop"}) {
    CAPTURE(bad);
    const auto wrong =
        make_registry(loaded(with(real, with(both, {{"GITHUB_REPOSITORY", bad}}))), "");
    REQUIRE_FALSE(wrong);
    CHECK(mentions(wrong.error().message, "GITHUB_REPOSITORY must"));
    CHECK_FALSE(mentions(wrong.error().message, "ghp_secret"));
  }
}

TEST_CASE("mock mode needs no keys and shows none to the mocks", "[gateway][settings]") {
  const auto s = loaded({{"MOCK_MODE", "true"}, {"STRIPE_API_KEY", "sk_live_real"}});
  REQUIRE(check_for_serve(s));
  const auto r = make_registry(s, "http://127.0.0.1:4242");
  REQUIRE(r);
  for (const auto* vendor : {"stripe", "shippo", "sendgrid", "slack", "github"}) {
    const auto* e = r->find(vendor);
    REQUIRE(e);
    CHECK(e->base == "http://127.0.0.1:4242/" + std::string(vendor));
    CHECK(e->mode == "mock");
    CHECK(e->absence_after_ms == 200);
    CHECK_FALSE(mentions(authorization(*r, vendor), "real"));
  }
  CHECK(r->find("twilio")->base == "http://127.0.0.1:4242/twilio/2010-04-01/Accounts/"
                                   "AC00000000000000000000000000000000");
  CHECK(r->find("twilio")->mode == "mock");
  CHECK(r->find("twilio")->absence_after_ms == 200);
  CHECK(channel_of(s, providers::slack::announcement::new_order) == "C0ORDERHUB");

  // A base that is set is used with its key, in the key's mode.
  const auto mixed = make_registry(loaded({{"MOCK_MODE", "true"},
                                           {"STRIPE_API_BASE", "http://127.0.0.1:1/stripe"},
                                           {"STRIPE_API_KEY", "sk_test_mine"},
                                           {"ORDERHUB_ABSENCE_AFTER", "0"}}),
                                   "http://127.0.0.1:4242");
  REQUIRE(mixed);
  CHECK(mixed->find("stripe")->base == "http://127.0.0.1:1/stripe");
  CHECK(mixed->find("stripe")->mode == "test");
  CHECK(authorization(*mixed, "stripe") == "Bearer sk_test_mine");
  CHECK(mixed->find("shippo")->absence_after_ms == 0);
}

TEST_CASE("an incoming webhook's path stays out of what is recorded", "[gateway][settings]") {
  const auto s =
      loaded(with(real, {{"SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T1/B1/hush"}}));
  const auto r = make_registry(s, "");
  REQUIRE(r);
  CHECK_FALSE(r->find("slack"));
  const auto* e = r->find("slack_webhook");
  REQUIRE(e);
  CHECK(e->base == "https://hooks.slack.com");
  CHECK_FALSE(mentions(e->fingerprint(), "hush"));
  CHECK(e->secret_headers.empty());
  CHECK(e->path.reveal() == "/services/T1/B1/hush");
}

TEST_CASE("a live key refuses the sample sender", "[gateway][settings]") {
  const auto live = with(real, {{"STRIPE_API_KEY", "sk_live_a"}, {"SENDGRID_API_KEY", "SG.a"}});
  const auto no_address = check_for_serve(loaded(live));
  REQUIRE_FALSE(no_address);
  CHECK(mentions(no_address.error().message, "ORDERHUB_SHIP_FROM"));
  const auto address = with(
      live, {{"ORDERHUB_SHIP_FROM",
              R"({"name":"A","street1":"B","city":"C","state":"CA","zip":"1","country":"US"})"}});
  const auto no_sender = check_for_serve(loaded(address));
  REQUIRE_FALSE(no_sender);
  CHECK(mentions(no_sender.error().message, "ORDERHUB_MAIL_FROM"));
  CHECK(check_for_serve(loaded(with(address, {{"ORDERHUB_MAIL_FROM", "shop@example.org"}}))));
  // With a test key they are only mentioned.
  CHECK(check_for_serve(loaded(real)));
  const auto findings = findings_of(loaded(real));
  CHECK(std::count_if(findings.begin(), findings.end(),
                      [](const finding& f) { return f.setting == "ORDERHUB_SHIP_FROM"; }) == 1);
}

TEST_CASE("a foreign listener needs a token", "[gateway][settings]") {
  const auto open = check_for_serve(loaded({{"ORDERHUB_LISTEN", "0.0.0.0:8080"}}));
  REQUIRE_FALSE(open);
  CHECK(mentions(open.error().message, "ORDERHUB_API_TOKEN"));
  const auto admin = check_for_serve(loaded({{"ORDERHUB_ADMIN_LISTEN", "[::]:9070"}}));
  REQUIRE_FALSE(admin);
  CHECK(mentions(admin.error().message, "ORDERHUB_ADMIN_TOKEN"));
  CHECK(check_for_serve(loaded({{"ORDERHUB_LISTEN", "0.0.0.0:8080"},
                                {"ORDERHUB_ADMIN_LISTEN", "[::]:9070"},
                                {"ORDERHUB_API_TOKEN", "t"}})));
  CHECK(check_for_serve(loaded({{"ORDERHUB_LISTEN", "[::1]:8080"}})));
  CHECK(check_for_serve(loaded({{"ORDERHUB_LISTEN", "localhost:8080"}})));
  CHECK_FALSE(check_for_serve(
      loaded({{"ORDERHUB_LISTEN", "0.0.0.0:8080"}, {"ORDERHUB_ADMIN_TOKEN", "admins"}})));
}

TEST_CASE("addresses are read strictly", "[gateway][settings]") {
  CHECK(parse_listen("8081")->port == 8081);
  CHECK(parse_listen("8081")->host == "127.0.0.1");
  CHECK(parse_listen("[::1]:0")->host == "::1");
  for (const auto* bad : {"", ":80", "1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "::1:80", "[::1]",
                          "[::1]80", "evil.com:80", "127.0.0.1:80x", "127.0.0.1:-1"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_listen(bad));
  }
}

TEST_CASE("channels by name are said to repeat", "[gateway][settings]") {
  const auto has = [](const settings& s) {
    const auto findings = findings_of(s);
    return std::any_of(findings.begin(), findings.end(), [](const finding& f) {
      return f.event == std::string_view("slack_channel_by_name");
    });
  };
  CHECK(has(loaded({{"SLACK_BOT_TOKEN", "xoxb-1"}})));
  CHECK_FALSE(has(loaded({{"SLACK_BOT_TOKEN", "xoxb-1"}, {"SLACK_CHANNEL", "C0123456789"}})));
  CHECK(has(loaded({{"SLACK_BOT_TOKEN", "xoxb-1"},
                    {"SLACK_CHANNEL", "C0123456789"},
                    {"SLACK_CHANNEL_FAILED", "#alerts"}})));
  CHECK_FALSE(has(loaded({{"MOCK_MODE", "true"}})));
}

TEST_CASE("what is declared to customs is read from its setting, and what is wrong is named",
          "[gateway][settings][customs]") {
  const auto orders_of = [](const variables& more) {
    const auto s = loaded(with(real, more));
    const auto vendors = make_registry(s, "");
    REQUIRE(vendors);
    return order_settings_from(s, *vendors);
  };
  const auto customs_of = [&](const char* json) { return orders_of({{"ORDERHUB_CUSTOMS", json}}); };
  const auto o = customs_of(
      R"({"certify":true,"certify_signer":"Ada","incoterm":"DDP","item_description":"Books","item_origin_country":"uk"})");
  REQUIRE(o);
  const auto& c = o->rules.delivery.customs;
  CHECK(c.certify_signer == "Ada");
  CHECK(c.contents_type == "MERCHANDISE");
  CHECK(c.non_delivery_option == "RETURN");
  CHECK(c.incoterm == "DDP");
  CHECK(c.item.origin_country == "GB");
  for (const auto& [json, why] : std::map<std::string, std::string>{
           {R"({"certify_signer":"A","contents_type":"TOYS"})", "contents_type must be one of DOC"},
           {R"({"certify_signer":"A","contents_type":"OTHER"})", "contents_explanation"},
           {R"({"certify_signer":"A","non_delivery_option":"KEEP"})", "must be one of ABANDON"},
           {R"({"certify_signer":"A","incoterm":"XXX"})", "incoterm must be one of DDP"},
           {R"({"certify_signer":"A","eel_pfc":"AES_ITN"})", "aes_itn"},
           {R"({"certify_signer":"A","certify":false})", "certify must be true"},
           {R"({"certify_signer":"A","item_description":"Books"})", "item_origin_country"},
           {R"({"certify_signer":"A","item_description":"B","item_origin_country":"ZZ"})", "ISO"},
           {R"({"certify_signer":"A","incoterms":"DDP"})", "unknown field incoterms"}}) {
    CAPTURE(json);
    const auto bad = customs_of(json.c_str());
    REQUIRE_FALSE(bad);
    CHECK(bad.error().message.starts_with("ORDERHUB_CUSTOMS "));
    CHECK(bad.error().message.find(why) != std::string::npos);
  }
  CHECK(refusal({{"ORDERHUB_CUSTOMS", "{}"}}).find("certify_signer") != std::string::npos);
  // Not set: a sample's on test labels, none where anything is real.
  CHECK(orders_of({})->rules.delivery.customs.item.description == "Sample merchandise");
  CHECK(orders_of({{"SHIPPO_API_KEY", "shippo_live_abc"}})
            ->rules.delivery.customs.certify_signer.empty());
  CHECK(orders_of({{"STRIPE_API_KEY", "sk_live_abc"}})
            ->rules.delivery.customs.certify_signer.empty());
}

TEST_CASE("the sender's address and parcel are what Shippo takes", "[gateway][settings]") {
  const auto orders_of = [](const char* name, const char* json) {
    const auto s = loaded(with(real, {{name, json}}));
    const auto vendors = make_registry(s, "");
    REQUIRE(vendors);
    return order_settings_from(s, *vendors);
  };
  const auto berlin = orders_of(
      "ORDERHUB_SHIP_FROM",
      R"({"name":"A","street1":"B 1","street2":"Hof","company":"C","city":"Berlin","zip":"10117","country":"de"})");
  REQUIRE(berlin);
  CHECK(berlin->ship_from.country == "DE");
  CHECK(berlin->ship_from.street2 == "Hof");
  CHECK(berlin->ship_from.company == "C");
  CHECK(berlin->rules.delivery.from.zip == "10117");
  for (const auto* bad : {R"({"name":"A","street1":"B","city":"C","zip":"1","country":"US"})",
                          R"({"name":"A","street1":"B","city":"C","zip":"1","country":"ZZ"})"}) {
    const auto refused = orders_of("ORDERHUB_SHIP_FROM", bad);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.starts_with("ORDERHUB_SHIP_FROM "));
  }
  const auto light = orders_of(
      "ORDERHUB_PARCEL",
      R"({"length":"10","width":"10","height":"5","distance_unit":"in","weight":"0.00001","mass_unit":"lb"})");
  REQUIRE_FALSE(light);
  CHECK(light.error().message.starts_with("ORDERHUB_PARCEL weight is 0"));
}

namespace {

/// A file of its own with that content; gone with it.
class text_file {
public:
  explicit text_file(const std::string& content) {
    const int fd = ::mkstemp(path_.data());
    REQUIRE(fd >= 0);
    ::close(fd);
    std::ofstream(path_) << content;
  }
  ~text_file() { ::unlink(path_.c_str()); }
  text_file(const text_file&) = delete;
  text_file& operator=(const text_file&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

private:
  std::string path_ = "/tmp/orderhub-settings-XXXXXX";
};

/// Self-signed, EC P-256, no name of anybody's: `openssl req -x509 -newkey ec …`.
const std::string certificate = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBhjCCAS2gAwIBAgIUWSDX2jgYz57WG/PQQsllYXB1ZFwwCgYIKoZIzj0EAwIw\n"
                                "GDEWMBQGA1UEAwwNb3JkZXJodWIgdGVzdDAgFw0yNjExMjgxODA2MzZaGA8yMTI2\n"
                                "MTEwNDE4MDYzNlowGDEWMBQGA1UEAwwNb3JkZXJodWIgdGVzdDBZMBMGByqGSM49\n"
                                "AgEGCCqGSM49AwEHA0IABC8GpyGiD16Loq4GBne3rxzuSLSketnzJoBlBQCN+2hL\n"
                                "gDyDVYY/O0n+r7EUl0ULnsEsIsvbdkjaBE684MqHsyijUzBRMB0GA1UdDgQWBBSD\n"
                                "CoGjoyQRR9IJs5mT3baiO8edCjAfBgNVHSMEGDAWgBSDCoGjoyQRR9IJs5mT3bai\n"
                                "O8edCjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIBgmoAbRTKXJ\n"
                                "QxQLPs6Db0OU6WNVhyfFi5ZL0SWDEStNAiA1RkApteW7HLCBqXD6j5IwGSPRQhSi\n"
                                "0l58EN1t6KE9vg==\n"
                                "-----END CERTIFICATE-----\n";

} // namespace

TEST_CASE("a file of certificate authorities must be one, and the refusal names its setting",
          "[settings]") {
  const text_file good("# ours\n" + certificate + certificate), empty(""),
      words("not a certificate"), cut(certificate + certificate.substr(0, certificate.size() / 2)),
      damaged(certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  for (const auto* name : {"ORDERHUB_CA_FILE", "SSL_CERT_FILE"}) {
    CAPTURE(name);
    const auto refused = [&](const std::string& path) {
      const auto checked = check_for_serve(loaded(with(real, {{name, path}})));
      REQUIRE_FALSE(checked);
      CHECK(checked.error().message.starts_with(std::string(name) + ": "));
      return checked.error().message;
    };
    CHECK(check_for_serve(loaded(with(real, {{name, good.path()}}))));
    CHECK(refused("/nowhere/ca.pem").find("cannot be read: No such file") != std::string::npos);
    CHECK(refused("/tmp").find("is a directory") != std::string::npos);
    CHECK(refused(empty.path()).find("holds no certificate") != std::string::npos);
    CHECK(refused(words.path()).find("holds no certificate") != std::string::npos);
    CHECK(refused(cut.path()).find("damaged, after 1 ") != std::string::npos);
    CHECK(refused(damaged.path()).find("damaged, after 1 ") != std::string::npos);
  }
  // The hub's own setting counts before the usual variable, and the flag before both.
  const auto both = loaded({{"ORDERHUB_CA_FILE", "/ours"}, {"SSL_CERT_FILE", "/usual"}});
  CHECK(both.ca_file == "/ours");
  CHECK(loaded({{"SSL_CERT_FILE", "/usual"}}, {{"ca_file", "/flag"}}).ca_file == "/flag");
  CHECK(loaded({{"SSL_CERT_FILE", "/usual"}}).ca_file == "/usual");
}

TEST_CASE("what is done in doubt is set by operation", "[gateway][settings][doubt]") {
  using providers::doubt_policy;
  const std::string path = "/tmp/orderhub_doubt_" + std::to_string(getpid()) + ".toml";
  std::ofstream(path) << "[doubt]\nstripe.charge = \"replay_key 12h\"\n"
                         "\"twilio.send_sms\" = \"may_repeat\"\n";
  const auto s =
      loaded(with(real, {{"ORDERHUB_DOUBT_SHIPPO_BUY_LABEL", "await_event 10m then look_up 2m"},
                         {"ORDERHUB_DOUBT_STRIPE_REFUND", "replay_key 20h then look_up 60s"}}),
             {{"config", path}});
  std::remove(path.c_str());
  // Its own policy is no choice.
  CHECK(s.doubt.size() == 3);
  CHECK(s.doubt.at("stripe.charge").key_life_ms == 12 * 3'600'000);
  CHECK(s.doubt.at("twilio.send_sms").policy == doubt_policy::may_repeat);
  const auto r = make_registry(s, "");
  REQUIRE(r);
  CHECK(r->find("shippo")->doubt.at("shippo.buy_label").event_wait_ms == 600'000);
  CHECK(r->find("stripe")->doubt.size() == 1);
  CHECK(check_for_serve(s));
}

TEST_CASE("a policy that may lose or double something is refused by its setting",
          "[gateway][settings][doubt]") {
  for (const auto& [name, value, why] :
       {std::tuple("ORDERHUB_DOUBT_STRIPE_CHARGE", "may_repeat", "moves money"),
        std::tuple("ORDERHUB_DOUBT_STRIPE_REFUND", "await_event 1m then may_repeat", "moves money"),
        std::tuple("ORDERHUB_DOUBT_SHIPPO_BUY_LABEL", "may_repeat", "label"),
        std::tuple("ORDERHUB_DOUBT_SHIPPO_VOID_LABEL", "may_repeat", "label"),
        std::tuple("ORDERHUB_DOUBT_INVENTORY_RESERVE", "may_repeat", "stock"),
        std::tuple("ORDERHUB_DOUBT_SENDGRID_SEND_MAIL", "look_up", "cannot be looked up"),
        std::tuple("ORDERHUB_DOUBT_SHIPPO_BUY_LABEL", "replay_key", "no idempotency key"),
        std::tuple("ORDERHUB_DOUBT_STRIPE_CHARGE", "replay_key 25h", "24h"),
        std::tuple("ORDERHUB_DOUBT_STRIPE_CHARGE", "perhaps", "must be replay_key")}) {
    CAPTURE(name, value);
    const auto refused = refusal(with(real, {{name, value}}));
    CHECK(mentions(refused, name));
    CHECK(mentions(refused, why));
  }
}

TEST_CASE("with a live key nothing is called absent too soon", "[gateway][settings][doubt]") {
  const auto live = with(real, {{"STRIPE_API_KEY", "sk_live_abc"},
                                {"ORDERHUB_SHIP_FROM", R"({"name":"A","street1":"B","city":"C",)"
                                                       R"("zip":"10115","country":"DE"})"},
                                {"ORDERHUB_DISABLE", "sendgrid,slack"}});
  REQUIRE(check_for_serve(loaded(live)));
  for (const auto& [name, value] :
       {std::pair("ORDERHUB_ABSENCE_AFTER", "59s"),
        std::pair("ORDERHUB_DOUBT_STRIPE_CHARGE", "look_up 30s"),
        std::pair("ORDERHUB_DOUBT_STRIPE_REFUND", "replay_key 1h then look_up 30s")}) {
    CAPTURE(name);
    const auto refused = check_for_serve(loaded(with(live, {{name, value}})));
    REQUIRE_FALSE(refused);
    CHECK(mentions(refused.error().message, name));
    CHECK(mentions(refused.error().message, "60s"));
    CHECK(check_for_serve(loaded(with(real, {{name, value}}))));
    // A live key at a stub is a live key.
    CHECK_FALSE(check_for_serve(
        loaded(with(live, {{name, value}, {"STRIPE_API_BASE", "http://127.0.0.1:1"}}))));
  }
  CHECK(check_for_serve(loaded(with(live, {{"ORDERHUB_ABSENCE_AFTER", "60s"}}))));
  CHECK(check_for_serve(loaded(with(live, {{"ORDERHUB_DOUBT_STRIPE_CHARGE", "look_up 90s"},
                                           {"ORDERHUB_ABSENCE_AFTER", "60s"}}))));
}

TEST_CASE("webhooks' secrets and senders come from variables and the file", "[gateway][settings]") {
  const auto none = webhook_keys_of(settings());
  REQUIRE(none);
  CHECK(none->vendors.size() == 6);
  for (const auto& [vendor, of] : none->vendors) {
    INFO(vendor);
    CHECK(of.secrets.empty());
    CHECK_FALSE(of.setting.empty()); // What to set is known.
  }
  auto s = loaded({{"STRIPE_WEBHOOK_SECRET", "whsec_one,whsec_two"},
                   {"TWILIO_AUTH_TOKEN", "token"},
                   {"ORDERHUB_PUBLIC_URL", "https://hub.example:8443"},
                   {"SLACK_OPERATORS", " U012AB3CD , U2 "}});
  CHECK(s.slack_operators == std::vector<std::string>{"U012AB3CD", "U2"});
  REQUIRE(apply_toml(s, R"(
[webhooks.custom.erp]
scheme = "hmac"
secret = ["long-and-random", "another"]
header = "X-Signature"
id = "/id"
type = "/type"
reference = "/data/awakeable"
[webhooks.custom.erp.events]
"job.done" = "awakeable"
)",
                     "orderhub.toml"));
  const auto keys = webhook_keys_of(s);
  REQUIRE(keys);
  CHECK(keys->vendors.at("stripe").secrets.size() == 2);
  CHECK(keys->vendors.at("twilio").secrets.size() == 1);
  CHECK(keys->public_url == "https://hub.example:8443");
  REQUIRE(keys->custom.size() == 1);
  CHECK(keys->custom[0].name == "erp");
  CHECK(keys->custom[0].secrets.size() == 2);

  const auto wrong = apply_toml(s, "[webhooks.custom.erp]\nscheme = \"rot13\"\nsecret = \"hush\"",
                                "orderhub.toml");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message.find("scheme") != std::string::npos);
  CHECK(wrong.error().message.find("hush") == std::string::npos);
}
