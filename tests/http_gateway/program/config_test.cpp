#include "http_gateway/program/check_config.hpp"
#include "http_gateway/program/reload.hpp"
#include "http_gateway/settings/table.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace orderhub::http_gateway {

namespace {

using variables = std::map<std::string, std::string>;

read_settings read(const variables& env, const flag_values& flags = {}) {
  auto out = read_all_settings(flags, [&](const char* name) {
    const auto it = env.find(name);
    return it == env.end() ? nullptr : it->second.c_str();
  });
  CHECK(out.faults == std::vector<std::string>());
  return out;
}

/// Every secret that there is, each with a value of its own that its setting takes.
variables all_secrets() {
  variables env;
  for (const auto& row : setting_table())
    if (row.id.is_secret) {
      const auto word = "hidden" + std::to_string(env.size());
      const std::string name(row.id.name);
      const bool is_url = row.id.name.find("url") != std::string_view::npos;
      env[std::string(row.id.environment)] =
          name == "webhooks.custom"
              ? R"([{"name":"erp","scheme":"hmac","secret":")" + word +
                    R"(","header":"x-sign","id":"/id","type":"/kind","order":"/order","events":{"a":"packed"}}])"
          : name == "proxy" ? "http://user:" + word + "@proxy.example.com"
          : is_url          ? "https://hooks.example.com/" + word
                            : word;
    }
  return env;
}

std::string value_of(const read_settings& read, std::string_view name) {
  const auto all = settings_of(read, true);
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.name == name; });
  REQUIRE(it != all.end());
  return it->value + " from " + std::string(it->from);
}

read_settings reloaded(const read_settings& before, const read_settings& after) {
  const auto running = make_registry(before.values, {});
  REQUIRE(running);
  const auto again = made_again(before.values, *running, after.values, {});
  REQUIRE(again);
  return in_force_after(before, *running, after, *again);
}

const variables usual = {{"STRIPE_API_KEY", "sk_test_1"}, {"SHIPPO_API_KEY", "shippo_test_1"}};

} // namespace

TEST_CASE("no secret is in the settings that are shown, whichever is set", "[config]") {
  const auto env = all_secrets();
  REQUIRE(env.size() > 10);
  const auto given = read(env);
  std::size_t shown = 0;
  for (const auto& s : settings_of(given, true)) {
    CAPTURE(s.name, s.value);
    CHECK(s.value.find("hidden") == std::string::npos);
    shown += s.value.starts_with("set (sha256 ") ? 1 : 0;
  }
  CHECK(shown == env.size());
}

TEST_CASE("each setting is shown with where it comes from", "[config]") {
  const auto given = read({{"ORDERHUB_WORKERS", "3"}}, {{"label_timeout", "7s"}});
  CHECK(value_of(given, "workers") == "3 from environment");
  CHECK(value_of(given, "label_timeout") == "7s from flag");
  CHECK(value_of(given, "listen") == "127.0.0.1:8080 from default");
}

TEST_CASE("after a reload what was taken is shown, and nothing else that has changed",
          "[config][reload]") {
  auto changed = usual;
  changed["STRIPE_API_KEY"] = "sk_test_2";
  changed["ORDERHUB_LOG_LEVEL"] = "debug";
  changed["ORDERHUB_WORKERS"] = "7";
  changed["STRIPE_WEBHOOK_SECRET"] = "whsec_1";
  const auto before = read(usual), after = read(changed);
  const auto now = reloaded(before, after);
  CHECK(value_of(now, "stripe.api_key") == value_of(after, "stripe.api_key"));
  CHECK(value_of(now, "stripe.webhook_secret") == value_of(after, "stripe.webhook_secret"));
  CHECK(value_of(now, "log_level") == "debug from environment");
  CHECK(value_of(now, "workers") == "0 from default");
  CHECK(value_of(now, "shippo.api_key") == value_of(before, "shippo.api_key"));
  // And back: what is not given any more is not shown any more.
  CHECK(value_of(reloaded(now, before), "log_level") == value_of(before, "log_level"));
}

TEST_CASE("a key of another mode is not the one that counts", "[config][reload]") {
  auto changed = usual;
  changed["STRIPE_API_KEY"] = "sk_live_1";
  changed["STRIPE_WEBHOOK_SECRET"] = "whsec_1";
  const auto before = read(usual), after = read(changed);
  const auto now = reloaded(before, after);
  CHECK(value_of(now, "stripe.api_key") == value_of(before, "stripe.api_key"));
  CHECK(value_of(now, "stripe.webhook_secret") == value_of(after, "stripe.webhook_secret"));
}

} // namespace orderhub::http_gateway
