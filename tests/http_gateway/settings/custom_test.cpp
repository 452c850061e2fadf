#include "http_gateway/settings/custom_from.hpp"
#include "http_gateway/settings/order_settings_from.hpp"
#include "http_gateway/settings/sources.hpp"
#include "http_gateway/settings/startup_checks.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "tests/support/catch2.hpp"

#include <cstdio>
#include <fstream>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <unistd.h>

using namespace orderhub;
using namespace orderhub::http_gateway;
namespace custom = orderhub::providers::custom;

namespace {

using variables = std::map<std::string, std::string>;

const variables real = {{"STRIPE_API_KEY", "sk_test_abc"},
                        {"SHIPPO_API_KEY", "shippo_test_abc"},
                        {"CRM_TOKEN", "tell-nobody"}};

result<settings> load(std::string_view page, const variables& env = real) {
  const std::string path = "/tmp/orderhub_custom_" + std::to_string(getpid()) + ".toml";
  std::ofstream(path) << page;
  auto s = load_settings({{"config", path}}, [&env](const char* name) -> const char* {
    const auto it = env.find(name);
    return it == env.end() ? nullptr : it->second.c_str();
  });
  std::remove(path.c_str());
  return s;
}

/// The page of a provider that is right, with one line more or another one.
std::string page_with(std::string_view setting, std::string_view line) {
  std::string page = "[custom.crm]\n";
  bool is_there = false;
  for (const auto& [name, text] :
       {std::pair<std::string_view, std::string_view>("url", "url = \"https://crm.example.com\""),
        {"after", "after = \"confirmed\""},
        {"path", "path = \"/orders/{{order_id}}\""},
        {"doubt", "doubt = \"may_miss\""}}) {
    is_there = is_there || name == setting;
    page += std::string(name == setting ? line : text) + '\n';
  }
  return is_there ? page : page + std::string(line) + '\n';
}

bool mentions(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a page describes a provider", "[gateway][settings][custom]") {
  const auto s = load(R"(
[custom.crm]
url = "https://crm.example.com/api/"
after = ["confirmed", "cancelled"]
method = "PUT"
path = "/v2/orders/{{reference}}"
headers = { X-Shop = "orderhub" }
secret_env = "CRM_TOKEN"
success = "200-201"
terminal = "422"
retryable = "503"
show = "/id"
proof = "/id"
reason = "/error/code"
key_header = "Idempotency-Key"
doubt = "replay_key 12h then look_up 30s"
deadline = "5s"
give_up_after = "1h"
limit = "10/s"
body = { order = "{{order_id}}", total = "{{total_minor}}", of = [ "{{event}}", 1, true ] }

[custom.crm.look_up]
path = "/v2/orders/{{reference}}?key={{key}}"
found = "/reference"
equals = "{{reference}}"
absent = "404"

[custom.erp]
url = "http://127.0.0.1:9"
after = "shipped"
path = "/in"
doubt = "may_repeat"
body = '''["{{order_id}}"]'''

[custom.erp.oauth]
token_url = "https://id.example.com/token"
client_id = "shop"
client_secret_env = "CRM_TOKEN"
scope = "orders"
)");
  if (!s)
    FAIL(s.error().message);
  REQUIRE(s->custom.size() == 2);
  const auto& crm = *s->custom[0].what;
  CHECK(crm.vendor == "custom_crm");
  CHECK(crm.is_called_after(custom::hook::confirmed));
  CHECK(crm.is_called_after(custom::hook::cancelled));
  CHECK_FALSE(crm.is_called_after(custom::hook::paid));
  CHECK(crm.method == "PUT");
  CHECK(crm.deadline_ms == 5'000);
  CHECK(crm.give_up_after_ms == 3'600'000);
  CHECK(crm.doubt.policy == providers::doubt_policy::replay_key);
  REQUIRE(crm.look_up);
  CHECK(crm.look_up->pointer == "/reference");
  CHECK(crm.body.filled({{"order_id", "o"}, {"total_minor", "7"}, {"event", "confirmed"}}) ==
        R"({"of":["confirmed",1,true],"order":"o","total":7})");

  const auto r = make_registry(*s, "");
  REQUIRE(r);
  const auto* endpoint = r->find("custom_crm");
  REQUIRE(endpoint);
  CHECK(endpoint->base == "https://crm.example.com/api");
  CHECK(endpoint->secret_headers[0].second.reveal() == "Bearer tell-nobody");
  REQUIRE(endpoint->limits.size() == 1);
  CHECK(endpoint->limits[0].limit.count == 10);
  CHECK(r->settings_of("custom_crm") == "[custom.crm] of the configuration file");
  REQUIRE(r->find("custom_erp")->token);
  CHECK(r->find("custom_erp")->token->client_secret.reveal() == "tell-nobody");
  CHECK(r->find("custom_erp")->secret_headers.empty());
  const auto orders = order_settings_from(*s, *r);
  REQUIRE(orders);
  CHECK(orders->custom.size() == 2);
  // No secret is in what is compared and could be shown.
  CHECK_FALSE(mentions(s->custom[0].source, "tell-nobody"));
}

TEST_CASE("a secret may stand on the page itself, and nowhere else",
          "[gateway][settings][custom]") {
  const auto s = load(page_with("secret", "secret = \"tell-nobody\"") + R"(
[custom.erp]
url = "http://127.0.0.1:9"
after = "shipped"
path = "/in"
doubt = "may_repeat"
oauth = { token_url = "https://id.example.com/token", client_id = "shop", client_secret = "nor-this" }
)");
  if (!s)
    FAIL(s.error().message);
  const auto r = make_registry(*s, "");
  REQUIRE(r);
  CHECK(r->find("custom_crm")->secret_headers[0].second.reveal() == "Bearer tell-nobody");
  CHECK(r->find("custom_erp")->token->client_secret.reveal() == "nor-this");
  for (const auto& provider : s->custom) {
    CHECK_FALSE(mentions(provider.source, "tell-nobody"));
    CHECK_FALSE(mentions(provider.source, "nor-this"));
  }
}

TEST_CASE("what is wrong on a page is named", "[gateway][settings][custom]") {
  REQUIRE(load(page_with("", "")));
  for (const auto& [setting, line, why] :
       std::initializer_list<std::tuple<const char*, const char*, const char*>>{
           {"url", "url = \"crm.example.com\"", "must begin with https://"},
           {"url", "url = \"http://crm.example.com\"", "must be https:// for a host"},
           {"url", "url = \"https://me:pw@crm.example.com\"", "must not hold a user"},
           {"url", "url = \"https://crm.example.com/?a=1\"", "must not have a query"},
           {"url", "url = 7", "must be text"},
           {"after", "", "must be set"},
           {"after", "after = \"refunded\"", "must be confirmed, paid, shipped or cancelled"},
           {"after", "after = [\"paid\", 7]", "must be confirmed"},
           {"path", "", "must be set"},
           {"path", "path = \"orders\"", "must begin with one /"},
           {"path", "path = \"//evil.example.com/x\"", "must begin with one /"},
           {"path", "path = \"/a/{{order}}\"", "must name values of an order"},
           {"path", "path = \"/a/{{order_id\"", "must close"},
           {"path", "path = \"/a b\"", "must have no spaces"},
           {"path", "path = \"/a#b\"", "must begin with one /"},
           {"method", "method = \"GET\"", "must be POST"},
           {"headers", "headers = { Host = \"evil\" }", "not the hub's own"},
           {"headers", "headers = { \"a b\" = \"c\" }", "not the hub's own"},
           {"headers", "headers = { authorization = \"Bearer tell-nobody\" }", "no credentials"},
           {"headers", "headers = { X-A = \"a\\nb\" }", "printable"},
           {"body", "body = \"{\"", "must be JSON"},
           {"body", "body = { a = \"{{secret}}\" }", "must name values of an order"},
           {"secret_env", "secret_env = \"NO_SUCH_TOKEN\"", "NO_SUCH_TOKEN, which is not set"},
           {"secret_env", "secret_env = \"a b\"", "environment variable"},
           {"secret", "secret = \"tell nobody\"", "must be printable ASCII"},
           {"secret", "secret = \"\"", "must not be empty"},
           {"secret", "secret = \"tell-nobody\"\nsecret_env = \"CRM_TOKEN\"",
            "must not be set beside secret_env"},
           {"oauth", "secret = \"tell-nobody\"\noauth = { client_id = \"a\" }",
            "must not be set beside a secret"},
           {"oauth.client_secret",
            "oauth = { client_id = \"a\", client_secret = \"tell-nobody\", "
            "client_secret_env = \"CRM_TOKEN\" }",
            "must not be set beside client_secret_env"},
           {"auth_header", "auth_header = \"Content-Type\"", "not the hub's own"},
           {"success", "success = \"\"", "must have a status"},
           {"success", "success = \"ok\"", "must be statuses"},
           {"terminal", "terminal = \"200\"", "must have no status"},
           {"retryable", "retryable = \"201-299\"", "must have no status"},
           {"proof", "proof = \"id\"", "JSON pointer"},
           {"show", "show = \"/a~2\"", "JSON pointer"},
           {"doubt", "", "must be set where there is no look_up"},
           {"doubt", "doubt = \"look_up\"", "cannot be looked up"},
           {"doubt", "doubt = \"replay_key 24h\"", "no idempotency key"},
           {"doubt", "doubt = \"sometimes\"", "must be replay_key"},
           {"key_header", "key_header = \"bad header\"", "must be the name of a header"},
           {"deadline", "deadline = \"5\"", "must be a duration"},
           {"deadline", "deadline = \"10m\"", "must be at most"},
           {"limit", "limit = \"many\"", "must"},
           {"on_refusal", "on_refusal = \"shrug\"", "must be note or cancel_order"},
           {"look_up", "look_up = \"yes\"", "must be a table"},
           {"look_up.path", "look_up = { path = \"/all\", found = \"/id\" }", "must ask for"},
           {"look_up.path", "look_up = { path = \"/all?k={{key}}\", found = \"/id\" }",
            "no key_header"},
           {"look_up.found", "look_up = { path = \"/all/{{reference}}\" }", "must be set"},
           {"look_up.absent",
            "look_up = { path = \"/all/{{reference}}\", found = \"/id\", absent = \"200\" }",
            "must not have 200"},
           {"look_up.fuond", "look_up = { fuond = \"/id\" }", "is not a setting"},
           {"oauth.client_id", "oauth = { token_url = \"https://id.example.com/t\" }",
            "must be set"},
           {"oauth.token_url",
            "oauth = { token_url = \"http://id.example.com/t\", client_id = \"a\", "
            "client_secret_env = \"CRM_TOKEN\" }",
            "must be https://"},
           {"oauth.client_secret_env",
            "oauth = { token_url = \"https://id.example.com/t\", client_id = \"a\", "
            "client_secret_env = \"NOT_THERE\" }",
            "NOT_THERE, which is not set"},
           {"oauth.client_auth",
            "oauth = { token_url = \"https://id.example.com/t\", client_id = \"a\", "
            "client_secret_env = \"CRM_TOKEN\", client_auth = \"magic\" }",
            "must be basic or body"},
           {"colour", "colour = \"blue\"", "is not a setting"}}) {
    CAPTURE(setting, line);
    const auto refused = load(page_with(setting, line));
    REQUIRE_FALSE(refused);
    INFO(refused.error().message);
    CHECK(refused.error().kind == error_kind::invalid);
    CHECK(mentions(refused.error().message, std::string("custom.crm.") + setting));
    CHECK(mentions(refused.error().message, why));
    CHECK_FALSE(mentions(refused.error().message, "tell-nobody"));
  }
  for (const auto* page :
       {"custom = 7\n", "[custom]\ncrm = 7\n", "[custom.CRM]\nafter = \"paid\"\n",
        "[custom.crm]\nafter = 2026-01-01\n"}) {
    CAPTURE(page);
    const auto refused = load(page);
    REQUIRE_FALSE(refused);
    CHECK(mentions(refused.error().message, "custom"));
  }
  const auto both = load(page_with("doubt", "doubt = \"replay_key\"\nkey_header = \"K\""));
  REQUIRE_FALSE(both);
  CHECK(mentions(both.error().message, "how long the provider knows a key"));
  const auto nothing_to_cancel =
      load(page_with("after", "after = \"cancelled\"\non_refusal = \"cancel_order\""));
  REQUIRE_FALSE(nothing_to_cancel);
  CHECK(mentions(nothing_to_cancel.error().message, "custom.crm.on_refusal"));
}

TEST_CASE("a provider without a URL is the mock's, and only in mock mode",
          "[gateway][settings][custom]") {
  const auto page = page_with("url", "");
  const auto s = load(page);
  REQUIRE(s);
  const auto r = make_registry(*s, "");
  REQUIRE_FALSE(r);
  CHECK(mentions(r.error().message, "custom.crm.url must be set"));
  auto with_mock = real;
  with_mock["MOCK_MODE"] = "true";
  const auto mocked = make_registry(*load(page, with_mock), "http://127.0.0.1:4242");
  REQUIRE(mocked);
  CHECK(mocked->find("custom_crm")->base == "http://127.0.0.1:4242/custom");
  CHECK(mocked->find("custom_crm")->absence_after_ms == 200);
}

TEST_CASE("a live provider is called absent no sooner than its page says",
          "[gateway][settings][custom][doubt]") {
  const std::string look_up =
      "[custom.crm.look_up]\npath = \"/find/{{reference}}\"\nfound = \"/id\"\n";
  const auto checked = [&](const std::string& url, const std::string& doubt, const char* absence) {
    auto env = real;
    if (absence != nullptr)
      env["ORDERHUB_ABSENCE_AFTER"] = absence;
    const auto s = load("[custom.crm]\nurl = \"" + url + "\"\nafter = \"paid\"\npath = \"/in\"\n" +
                            doubt + '\n' + look_up,
                        env);
    REQUIRE(s);
    return check_for_serve(*s);
  };
  CHECK(checked("https://crm.example.com", "", nullptr));
  CHECK(checked("https://crm.example.com", "", "60s"));
  CHECK(checked("http://127.0.0.1:9", "", "5s"));
  CHECK(checked("https://crm.example.com", "doubt = \"look_up 5s\"", "5s"));
  const auto refused = checked("https://crm.example.com", "", "5s");
  REQUIRE_FALSE(refused);
  CHECK(mentions(refused.error().message, "custom.crm.doubt"));
  CHECK(mentions(refused.error().message, "ORDERHUB_ABSENCE_AFTER"));
}

namespace {

/// Two pages that send in another's place.
std::string backups(std::string_view fallback) {
  return std::string(fallback) + R"(
[custom.backup_mail]
url = "https://mail.example.com"
path = "/send"
doubt = "may_miss"
body = { to = "{{email}}", about = "{{subject}}", html = "{{html}}" }

[custom.backup_sms]
url = "https://sms.example.com"
path = "/send"
doubt = "may_miss"
body = { to = "{{phone}}", text = "{{text}}" }
)";
}

constexpr std::string_view both_named =
    "[fallback]\nmail = \"custom/backup_mail\"\nsms = \"custom/backup_sms\"\n";

variables with_first_ones() {
  auto env = real;
  env["SENDGRID_API_KEY"] = "SG.abc";
  env["TWILIO_ACCOUNT_SID"] = "AC00000000000000000000000000000001";
  env["TWILIO_AUTH_TOKEN"] = "tell-nobody";
  env["TWILIO_FROM"] = "+15005550006";
  return env;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

} // namespace

TEST_CASE("a second provider of mails and of SMS is named by a setting",
          "[gateway][settings][custom][fallback]") {
  auto env = with_first_ones();
  const bool by_file = GENERATE(true, false);
  if (!by_file) {
    env["ORDERHUB_FALLBACK_MAIL"] = "custom/backup_mail";
    env["ORDERHUB_FALLBACK_SMS"] = "custom/backup_sms";
  }
  const auto s = load(backups(by_file ? both_named : ""), env);
  if (!s)
    FAIL(s.error().message);
  REQUIRE(s->custom.size() == 2);
  CHECK(s->custom[0].what->instead_of == "sendgrid.send_mail");
  CHECK(s->custom[1].what->instead_of == "twilio.send_sms");
  CHECK(check_for_serve(*s));
}

TEST_CASE("what is wrong with a second provider is an error at start that names the setting",
          "[gateway][settings][custom][fallback]") {
  const auto good = backups(both_named);
  REQUIRE(load(good));
  for (const auto& [what, by, setting, why] :
       std::initializer_list<std::tuple<const char*, const char*, const char*, const char*>>{
           {"custom/backup_mail", "backup_mail", "fallback.mail", "must be custom/<name>"},
           {"custom/backup_mail", "custom/", "fallback.mail", "must be custom/<name>"},
           {"custom/backup_mail", "custom/lost", "fallback.mail (ORDERHUB_FALLBACK_MAIL)",
            "has no page [custom.lost]"},
           {"custom/backup_sms", "custom/backup_mail", "fallback.sms (ORDERHUB_FALLBACK_SMS)",
            "which does sendgrid.send_mail and not twilio.send_sms"},
           {"mail = \"custom/backup_mail\"", "", "custom.backup_mail.after", "must be set"},
           {"to = \"{{email}}\"", "to = \"{{name}}\"", "custom.backup_mail.body",
            "must hold {{email}}"},
           {"about = \"{{subject}}\"", "about = \"a mail\"", "custom.backup_mail.body",
            "must hold {{subject}}"},
           {"html = \"{{html}}\"", "html = \"a mail\"", "custom.backup_mail.body",
            "must hold {{text}} or {{html}}"},
           {"to = \"{{phone}}\"", "to = \"{{email}}\"", "custom.backup_sms.body",
            "must hold {{phone}}"},
           {"path = \"/send\"", "after = \"paid\"\npath = \"/send\"",
            "fallback.mail (ORDERHUB_FALLBACK_MAIL)", "custom.backup_mail.after must not be set"},
           {"path = \"/send\"", "on_refusal = \"note\"\npath = \"/send\"",
            "custom.backup_mail.on_refusal", "must not be set without after"}}) {
    CAPTURE(what, by);
    const auto refused = load(replaced(good, what, by));
    REQUIRE_FALSE(refused);
    INFO(refused.error().message);
    CHECK(mentions(refused.error().message, setting));
    CHECK(mentions(refused.error().message, why));
  }
  const auto two = load(replaced(good, "url = \"https://sms.example.com\"",
                                 "url = \"https://sms.example.com\"\ninstead_of = "
                                 "\"sendgrid.send_mail\""));
  REQUIRE_FALSE(two);
  CHECK(mentions(two.error().message, "custom.backup_sms.instead_of must not be"));
}

TEST_CASE("a second provider without a first one is refused by serve",
          "[gateway][settings][custom][fallback]") {
  for (const auto& [vendor, setting] :
       {std::pair("sendgrid", "fallback.mail"), std::pair("twilio", "fallback.sms")}) {
    auto env = with_first_ones();
    env["ORDERHUB_DISABLE"] = vendor;
    const auto s = load(backups(both_named), env);
    REQUIRE(s);
    const auto refused = check_for_serve(*s);
    REQUIRE_FALSE(refused);
    CHECK(mentions(refused.error().message, setting));
  }
}
