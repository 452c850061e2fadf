// Settings of what is told: templates of mails, Slack's channels, wishes for labels.
#include "http_gateway/settings/mail_templates_from.hpp"
#include "http_gateway/settings/order_settings_from.hpp"
#include "http_gateway/settings/settings.hpp"
#include "http_gateway/settings/sources.hpp"
#include "http_gateway/settings/startup_checks.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "tests/support/catch2.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

using namespace orderhub;
using namespace orderhub::http_gateway;

namespace {

namespace fs = std::filesystem;
using variables = std::map<std::string, std::string>;

result<settings> load(variables env) {
  env.emplace("STRIPE_API_KEY", "sk_test_abc");
  env.emplace("SHIPPO_API_KEY", "shippo_test_abc");
  return load_settings({}, [&env](const char* name) -> const char* {
    const auto it = env.find(name);
    return it == env.end() ? nullptr : it->second.c_str();
  });
}

result<handlers::order_settings> orders_of(const variables& env) {
  const auto s = load(env);
  REQUIRE(s);
  const auto vendors = make_registry(*s, "http://127.0.0.1:1");
  REQUIRE(vendors);
  return order_settings_from(*s, *vendors);
}

std::string problem_of(const variables& env) {
  const auto orders = orders_of(env);
  return orders ? std::string() : orders.error().message;
}

/// A folder that goes with it.
struct folder {
  folder() {
    std::string name = (fs::temp_directory_path() / "orderhub-mails-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  void put(const std::string& name, const std::string& bytes) const {
    std::ofstream(path + '/' + name, std::ios::binary) << bytes;
  }
  std::string path;
};

std::string text_of(const handlers::order_settings& o, handlers::mail_kind kind) {
  return o.mails->render(kind, {{"orderId", "1"}, {"name", "Ada"}, {"total", "1"}}).text;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a directory's templates take the place of built-in ones", "[gateway][settings][mails]") {
  const folder mails;
  mails.put("confirmation.txt", "Dear {{name}}");
  mails.put("README.md", "{{nothing}}");
  mails.put(".confirmation.txt.swp", "\xff");
  fs::create_directory(mails.path + "/old");
  const auto orders = orders_of({{"ORDERHUB_MAIL_TEMPLATES", mails.path}});
  REQUIRE(orders);
  CHECK(text_of(*orders, handlers::mail_kind::confirmation) == "Dear Ada");
  CHECK(has(text_of(*orders, handlers::mail_kind::delivered), "Hello Ada,"));
  const auto built_in = orders_of({});
  REQUIRE(built_in);
  CHECK(has(text_of(*built_in, handlers::mail_kind::confirmation), "Hello Ada,"));
}

TEST_CASE("a broken template stops the start, and is named", "[gateway][settings][mails]") {
  const folder mails;
  const auto problem = [&] { return problem_of({{"ORDERHUB_MAIL_TEMPLATES", mails.path}}); };
  mails.put("confirmation.html", "{{#name}}");
  CHECK(problem() == "ORDERHUB_MAIL_TEMPLATES: in " + mails.path +
                         ", confirmation.html is no template: Unclosed section \"name\" at 0.");
  mails.put("confirmation.html", "{{name}}");
  CHECK(problem().empty());
  mails.put("shipped.subject", "{{nmae}}");
  CHECK(has(problem(), ", shipped.subject uses {{nmae}}, which is not known; known are "));
  mails.put("shipped.subject", "x");
  mails.put("shiped.txt", "x");
  CHECK(has(problem(), ", shiped.txt is no template's name: "));
  fs::remove(mails.path + "/shiped.txt");
  mails.put("refund.txt", std::string(handlers::template_size_max + 10'000'000, 'x'));
  CHECK(has(problem(), ", refund.txt is larger than 65536 bytes."));
  mails.put("refund.txt", "\xc3");
  CHECK(has(problem(), ", refund.txt is not UTF-8."));
  fs::remove(mails.path + "/refund.txt");
  fs::create_directory(mails.path + "/refund.txt");
  CHECK(problem() == "ORDERHUB_MAIL_TEMPLATES: " + mails.path + "/refund.txt cannot be read.");
  fs::remove(mails.path + "/refund.txt");
  fs::create_symlink("nowhere", mails.path + "/refund.html");
  CHECK(problem() == "ORDERHUB_MAIL_TEMPLATES: " + mails.path + "/refund.html cannot be read.");
  fs::remove(mails.path + "/refund.html");
  CHECK(problem().empty());
  CHECK(problem_of({{"ORDERHUB_MAIL_TEMPLATES", mails.path + "/none"}}) ==
        "ORDERHUB_MAIL_TEMPLATES: the directory " + mails.path + "/none cannot be read.");
}

TEST_CASE("each event has its channel, and those without one follow another",
          "[gateway][settings][slack]") {
  const auto channels = [](const variables& env) {
    const auto o = orders_of(env);
    REQUIRE(o);
    return o->channel_new + ' ' + o->channel_failed + ' ' + o->channel_confirmed + ' ' +
           o->channel_cancelled + ' ' + o->channel_refunded + ' ' + o->channel_delivered + ' ' +
           o->channel_deployment;
  };
  CHECK(channels({}) == "#orders #orders #orders #orders #orders #orders #orders");
  CHECK(channels({{"SLACK_CHANNEL", "A"}, {"SLACK_CHANNEL_FAILED", "F"}}) == "A F A F F A A");
  CHECK(channels({{"SLACK_CHANNEL", "A"}, {"SLACK_CHANNEL_CONFIRMED", "C"}}) == "A A C A A C A");
  CHECK(channels({{"SLACK_CHANNEL_NEW", "1"},
                  {"SLACK_CHANNEL_FAILED", "2"},
                  {"SLACK_CHANNEL_CONFIRMED", "3"},
                  {"SLACK_CHANNEL_CANCELLED", "4"},
                  {"SLACK_CHANNEL_REFUNDED", "5"},
                  {"SLACK_CHANNEL_DELIVERED", "6"},
                  {"SLACK_CHANNEL_DEPLOYMENT", "7"}}) == "1 2 3 4 5 6 7");
}

TEST_CASE("a webhook with channels beside it is told of", "[gateway][settings][slack]") {
  const auto finds = [](const variables& env, std::string_view event) {
    const auto s = load(env);
    REQUIRE(s);
    const auto found = findings_of(*s);
    return std::any_of(found.begin(), found.end(), [&](const auto& f) { return f.event == event; });
  };
  const std::string hook = "https://hooks.slack.com/services/T0/B0/x";
  CHECK_FALSE(finds({{"SLACK_WEBHOOK_URL", hook}}, "slack_channels_unused"));
  CHECK(finds({{"SLACK_WEBHOOK_URL", hook}, {"SLACK_CHANNEL_FAILED", "C0123456789"}},
              "slack_channels_unused"));
  CHECK_FALSE(finds({{"SLACK_WEBHOOK_URL", hook},
                     {"SLACK_BOT_TOKEN", "xoxb-1"},
                     {"SLACK_CHANNEL", "C0123456789"}},
                    "slack_channels_unused"));
  CHECK(finds({{"SLACK_BOT_TOKEN", "xoxb-1"},
               {"SLACK_CHANNEL", "C0123456789"},
               {"SLACK_CHANNEL_DELIVERED", "#parcels"}},
              "slack_channel_by_name"));
}

TEST_CASE("wishes for labels are read, and what is wrong is named", "[gateway][settings][shippo]") {
  const auto wished = orders_of({{"SHIPPO_RATE", "UPS_Ground"},
                                 {"SHIPPO_VALIDATE_ADDRESS", "yes"},
                                 {"SHIPPO_REGISTER_TRACKING", "1"}});
  REQUIRE(wished);
  CHECK(wished->label_rate == "ups_ground");
  CHECK(wished->validates_address);
  CHECK(wished->registers_tracking);
  const auto usual = orders_of({});
  REQUIRE(usual);
  CHECK(usual->label_rate == "cheapest");
  CHECK_FALSE(usual->validates_address);
  CHECK_FALSE(usual->registers_tracking);
  CHECK(problem_of({{"SHIPPO_RATE", "next day"}}) ==
        "SHIPPO_RATE must be cheapest, fastest, or the token of a service level, such as "
        "usps_priority.");
  const auto wrong = load({{"SHIPPO_VALIDATE_ADDRESS", "maybe"}});
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message == "SHIPPO_VALIDATE_ADDRESS must be true or false.");
}

TEST_CASE("Stripe is swept where its webhooks are on, or where it is wished",
          "[gateway][settings]") {
  struct row {
    variables env;
    std::int64_t every_ms;
    bool ids_are_kept;
  };
  const std::vector<row> rows = {
      {{}, 0, false},
      {{{"STRIPE_WEBHOOK_SECRET", "whsec_1"}}, 300'000, true},
      {{{"STRIPE_WEBHOOK_SECRET", "whsec_1"}, {"ORDERHUB_WEBHOOK_SWEEP", "off"}}, 0, true},
      {{{"STRIPE_WEBHOOK_SECRET", "whsec_1"}, {"ORDERHUB_WEBHOOK_SWEEP", "90s"}}, 90'000, true},
      {{{"ORDERHUB_WEBHOOK_SWEEP", "1h"}}, 3'600'000, true},
  };
  for (const auto& [env, every_ms, ids_are_kept] : rows) {
    const auto orders = orders_of(env);
    REQUIRE(orders);
    CHECK(orders->webhook_sweep_ms == every_ms);
    CHECK(orders->payment_events == ids_are_kept);
  }
  CHECK_FALSE(load({{"ORDERHUB_WEBHOOK_SWEEP", "never"}}));
  CHECK_FALSE(load({{"ORDERHUB_WEBHOOK_SWEEP", "10ms"}}));
}

TEST_CASE("parcels are asked for by age, unless that is off", "[gateway][settings]") {
  const auto usual = orders_of({});
  REQUIRE(usual);
  CHECK(usual->parcel_sweep_after_ms == 12 * 3'600'000);
  CHECK(usual->parcel_sweep_every_ms == 12 * 3'600'000);
  CHECK(usual->parcel_sweep_for_ms == 30LL * 86'400'000);
  const auto off = orders_of({{"ORDERHUB_PARCEL_SWEEP", "off"}});
  REQUIRE(off);
  CHECK(off->parcel_sweep_after_ms == 0);
  const auto other = orders_of({{"ORDERHUB_PARCEL_SWEEP", "2h"},
                                {"ORDERHUB_PARCEL_SWEEP_EVERY", "30m"},
                                {"ORDERHUB_PARCEL_SWEEP_FOR", "5d"}});
  REQUIRE(other);
  CHECK(other->parcel_sweep_after_ms == 2 * 3'600'000);
  CHECK(other->parcel_sweep_every_ms == 1'800'000);
  CHECK(other->parcel_sweep_for_ms == 5LL * 86'400'000);
}
