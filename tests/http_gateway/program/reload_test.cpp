#include "http_gateway/program/file_limit.hpp"
#include "http_gateway/program/reload.hpp"
#include "http_gateway/program/stop_signals.hpp"
#include "http_gateway/settings/custom_from.hpp"
#include "http_gateway/settings/order_settings_from.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "tests/support/catch2.hpp"

#include <string>

#include <sys/resource.h>
#include <unistd.h>

using namespace orderhub;
using namespace orderhub::http_gateway;

namespace {

settings configured() {
  settings s;
  s.vendors.set("stripe.api_key", "sk_test_1");
  s.vendors.set("shippo.api_key", "shippo_test_1");
  s.vendors.set("slack.webhook_url", "https://hooks.slack.com/services/T/B/one");
  return s;
}

/// The vendors whose credentials are replaced, and whether a restart is asked for.
std::string changes(const settings& before, const settings& after) {
  const auto running = make_registry(before, {});
  const auto fresh = make_registry(after, {});
  REQUIRE(running);
  REQUIRE(fresh);
  const auto c = changes_of(before, *running, after, *fresh);
  std::string text;
  for (const auto* endpoint : c.credentials)
    text += endpoint->vendor + ' ';
  return text + (c.restart_needed ? "restart" : "");
}

} // namespace

TEST_CASE("settings that did not change change nothing", "[reload]") {
  CHECK(changes(configured(), configured()).empty());
}

TEST_CASE("a vendor's changed key or secret path is taken, and asks for no restart", "[reload]") {
  auto after = configured();
  after.vendors.set("stripe.api_key", "sk_test_2");
  CHECK(changes(configured(), after) == "stripe ");
  after.vendors.set("slack.webhook_url", "https://hooks.slack.com/services/T/B/two");
  CHECK(changes(configured(), after) == "slack_webhook stripe ");
}

TEST_CASE("what else changed counts from the next start, with the keys taken", "[reload]") {
  auto after = configured();
  after.vendors.set("shippo.api_key", "shippo_test_2");
  after.request_timeout_ms = 1;
  CHECK(changes(configured(), after) == "shippo restart");
}

TEST_CASE("a key of another mode or host, and a vendor more or less, ask for a restart",
          "[reload]") {
  auto after = configured();
  SECTION("live instead of test") {
    after.vendors.set("shippo.api_key", "shippo_live_1");
  }
  SECTION("another host") {
    after.vendors.set("slack.webhook_url", "https://hooks.example.com/services/T/B/one");
  }
  SECTION("one more") {
    after.vendors.set("sendgrid.api_key", "SG.1");
  }
  SECTION("one less") {
    after.vendors.forget("slack.webhook_url");
  }
  CHECK(changes(configured(), after) == "restart");
}

TEST_CASE("another log level or token of a port is taken at once", "[reload]") {
  auto after = configured();
  after.log_level = "debug";
  after.api_token = secret("another");
  after.admin_token = secret("and another");
  CHECK(changes(configured(), after).empty());
}

TEST_CASE("a first secret of webhooks counts at once, and its last for what comes then",
          "[reload]") {
  const auto before = configured();
  const auto running = make_registry(before, {});
  REQUIRE(running);
  const auto at_start = order_settings_from(before, *running);
  REQUIRE(at_start);
  const auto orders = *at_start; // As its services have it.
  REQUIRE_FALSE(orders.payment_events);
  auto after = before;
  for (const char* secret : {"stripe.webhook_secret", "shippo.webhook_secret",
                             "sendgrid.webhook_public_key", "twilio.auth_token"})
    after.vendors.set(secret, "one");
  const auto with = listening_with(before, after, *running);
  REQUIRE(with);
  CHECK(take_listening(*at_start, *with)); // Sweeps are on where Stripe's webhooks are.
  CHECK(orders.payment_events);
  CHECK(orders.label_events);
  CHECK(orders.mail_events);
  CHECK(orders.sms_events);
  CHECK(orders.webhook_sweep_ms > 0);
  CHECK_FALSE(take_listening(*at_start, *with));

  const auto without = listening_with(before, before, *running);
  REQUIRE(without);
  CHECK_FALSE(take_listening(*at_start, *without));
  CHECK_FALSE(orders.mail_events);
  CHECK(orders.webhook_sweep_ms == 0);
}

TEST_CASE("another secret of a provider of one's own is taken, and asks for no restart",
          "[reload][custom]") {
  const auto with = [](const std::string& credentials, const std::string& path) {
    auto s = configured();
    auto provider =
        custom_from("crm", R"({"url":"https://crm.example.com","after":"paid","path":")" + path +
                               R"(","doubt":"may_repeat",)" + credentials + "}");
    REQUIRE(provider);
    s.custom.push_back(std::move(*provider));
    return s;
  };
  SECTION("its own") {
    const auto before = with(R"("secret":"one")", "/in");
    CHECK(changes(before, with(R"("secret":"two")", "/in")) == "custom_crm ");
    CHECK(changes(before, with(R"("secret":"two")", "/other")) == "custom_crm restart");
  }
  SECTION("that of its OAuth client") {
    const auto client = [&](const std::string& of) {
      return with(R"("oauth":{"token_url":"https://id.example.com","client_id":"shop",)"
                  R"("client_secret":")" +
                      of + "\"}",
                  "/in");
    };
    CHECK(changes(client("one"), client("one")).empty());
    CHECK(changes(client("one"), client("two")) == "custom_crm ");
  }
}

TEST_CASE("SIGHUP ends nothing and SIGTERM behind it is seen", "[reload]") {
  const stop_signals signals;
  REQUIRE(::kill(::getpid(), SIGHUP) == 0);
  CHECK(signals.wait() == stop_signals::kind::reload);
  REQUIRE(::kill(::getpid(), SIGHUP) == 0); // Nobody asks any more, as in a drain.
  REQUIRE(::kill(::getpid(), SIGTERM) == 0);
  while (signals.wait() == stop_signals::kind::reload) {
  }
}

TEST_CASE("the limit of open files is raised as far as it may be, and never lowered", "[reload]") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit low = before;
  low.rlim_cur = 256;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
  CHECK(raise_file_limit(300) == 300);
  CHECK(raise_file_limit(100) == 300);
  CHECK(raise_file_limit(before.rlim_max) == before.rlim_max);
  if (before.rlim_max < RLIM_INFINITY)
    CHECK(raise_file_limit(before.rlim_max + 1) == before.rlim_max);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
}
