#include "providers/slack/endpoint.hpp"

#include "providers/slack/account_read.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace orderhub::providers::slack {

namespace {

constexpr std::string_view key = "slack.bot_token";
constexpr std::string_view base = "slack.api_base";
constexpr std::string_view webhook = "slack.webhook_url";
constexpr std::string_view channel_limit = "slack.channel_limit";
constexpr std::string_view list_limit = "slack.list_limit";
constexpr std::string_view webhook_limit = "slack.webhook_limit";
constexpr std::string_view own_base = "https://slack.com";
constexpr std::string_view own_webhook_base = "https://hooks.slack.com";
constexpr std::int64_t second_ms = 1'000;

/// docs.slack.dev/apis/web-api/rate-limits: about one message a second for each channel;
/// `conversations.history` is tier 3, 50 and more a minute; an incoming webhook one a second.
const std::vector<documented_limit>& limits() {
  static const std::vector<documented_limit> all = {
      {"write", channel_limit, {1, second_ms}, {1, second_ms}, true},
      {"list", list_limit, {50, 60 * second_ms}, {50, 60 * second_ms}}};
  return all;
}
const std::vector<documented_limit>& webhook_limits() {
  static const std::vector<documented_limit> all = {
      {"write", webhook_limit, {1, second_ms}, {1, second_ms}}};
  return all;
}

/// With only a webhook configured, the built-in mock of the Web API stays out of it.
bool has_bot(const vendor_configuration& c) {
  return !c.is_disabled && (c.values.has(key) || (c.mock_mode && !c.values.has(webhook)));
}

/// Of the bot, or of the webhook where there is only that.
std::string_view mode_of(const vendor_configuration& c) {
  if (!has_bot(c))
    return !c.is_disabled && c.values.has(webhook) ? "live" : std::string_view();
  if (c.is_built_in_mock(base))
    return "mock";
  return c.values.has(key) ? "live" : "test";
}

/// The path of the URL is the secret: the base, which intents record, ends before it.
endpoint webhook_endpoint(const vendor_configuration& c) {
  const auto& url = c.values.secret_of(webhook).reveal();
  const auto host_at = url.find("://");
  const auto path_at =
      std::min(url.find('/', host_at == std::string::npos ? 0 : host_at + 3), url.size());
  endpoint e;
  e.vendor = "slack_webhook";
  e.base = url.substr(0, path_at);
  e.mode = "live";
  e.absence_after_ms = c.absence_after_ms;
  e.path = secret(url.substr(path_at));
  add_limits(e, {own_webhook_base, {}, {}}, c, webhook_limits());
  return e;
}

result<std::vector<endpoint>> endpoints_of(const vendor& self, const vendor_configuration& c) {
  std::vector<endpoint> out;
  if (!c.is_disabled && c.values.has(webhook))
    out.push_back(webhook_endpoint(c));
  if (has_bot(c)) {
    const key_endpoint how{own_base, "Bearer ", "xoxb-orderhub-mock"};
    out.push_back(endpoint_with_key(self, how, c));
    add_limits(out.back(), how, c, limits());
  }
  return out;
}

/// Ids are upper-case letters and digits that begin with C, G or D; names begin with # or are
/// lower case.
bool is_channel_name(std::string_view channel) {
  if (channel.size() < 9 || (channel[0] != 'C' && channel[0] != 'G' && channel[0] != 'D'))
    return true;
  return channel.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") !=
         std::string_view::npos;
}

/// The settings that may name an announcement's channel, the first that is set counts.
struct channel_row {
  std::string_view own, other;
};
constexpr std::array<channel_row, announcement_count> channel_rows = {{
    {"slack.channel_new", {}},
    {"slack.channel_failed", {}},
    {"slack.channel_confirmed", {}},
    {"slack.channel_cancelled", "slack.channel_failed"},
    {"slack.channel_refunded", "slack.channel_failed"},
    {"slack.channel_delivered", "slack.channel_confirmed"},
    {"slack.channel_deployment", {}},
}};
constexpr std::string_view common_channel = "slack.channel";

std::vector<vendor_finding> findings_of(const vendor_configuration& c) {
  if (c.is_disabled)
    return {};
  const bool names_channels =
      c.values.has(common_channel) ||
      std::any_of(channel_rows.begin(), channel_rows.end(),
                  [&](const channel_row& row) { return c.values.has(row.own); });
  if (!has_bot(c) && c.values.has(webhook) && names_channels)
    return {{"slack_channels_unused", "SLACK_CHANNEL",
             "An incoming webhook posts to the channel that it was made for; channels are chosen "
             "with SLACK_BOT_TOKEN alone."}};
  if (!c.mock_mode && !c.values.has(key))
    return {};
  for (std::size_t what = 0; what < announcement_count; ++what)
    if (is_channel_name(channel_of(c, static_cast<announcement>(what))))
      return {{"slack_channel_by_name", "SLACK_CHANNEL",
               "Without a channel id a message cannot be looked up, and may repeat after a "
               "crash."}};
  return {};
}

} // namespace

std::string channel_of(const vendor_configuration& configured, announcement what) {
  const auto& row = channel_rows[static_cast<std::size_t>(what)];
  for (const auto setting : {row.own, row.other, common_channel})
    if (!setting.empty() && configured.values.has(setting))
      return configured.values.text_of(setting);
  return configured.is_built_in_mock(base) ? "C0ORDERHUB" : "#orders";
}

vendor describe() {
  vendor v;
  v.name = "slack";
  v.title = "Slack";
  v.role = vendor_role::announcement;
  v.key = key;
  v.base = base;
  v.skipped = "Orders are not announced.";
  v.settings = {
      {key, "SLACK_BOT_TOKEN", "xoxb-…; used before the webhook where both are set", "none",
       setting_kind::key},
      {"slack.signing_secret", "SLACK_SIGNING_SECRET",
       "of the app, for /webhooks/slack; several with commas between", "none: no webhooks",
       setting_kind::key},
      {webhook, "SLACK_WEBHOOK_URL", "an incoming webhook, for announcements without a bot", "none",
       setting_kind::secret_url},
      {base, "SLACK_API_BASE", "what stands before /api", own_base, setting_kind::base_url, "/api"},
      {"slack.channel", "SLACK_CHANNEL",
       "channel id; with a name messages may repeat, and start-up says so", "#orders"},
      {"slack.channel_new", "SLACK_CHANNEL_NEW", "channel for new orders", "slack.channel"},
      {"slack.channel_failed", "SLACK_CHANNEL_FAILED",
       "channel for failed payments and orders out of stock", "slack.channel"},
      {"slack.channel_confirmed", "SLACK_CHANNEL_CONFIRMED", "channel for confirmed orders",
       "slack.channel"},
      {"slack.channel_cancelled", "SLACK_CHANNEL_CANCELLED", "channel for cancelled orders",
       "slack.channel_failed, else slack.channel"},
      {"slack.channel_refunded", "SLACK_CHANNEL_REFUNDED",
       "channel for refunds that were made or have failed",
       "slack.channel_failed, else slack.channel"},
      {"slack.channel_delivered", "SLACK_CHANNEL_DELIVERED",
       "channel for parcels that are on their way, delivered, or come back",
       "slack.channel_confirmed, else slack.channel"},
      {"slack.channel_deployment", "SLACK_CHANNEL_DEPLOYMENT", "channel for how deployments ended",
       "slack.channel"},
      {channel_limit, "SLACK_CHANNEL_LIMIT",
       "messages to one channel: calls a second (1/s), minute (m) or hour (h), or none",
       "at Slack's own host 1/s; else none", setting_kind::rate},
      {list_limit, "SLACK_LIST_LIMIT", "look-ups in channels' histories, likewise",
       "at Slack's own host 50/m; else none", setting_kind::rate},
      {webhook_limit, "SLACK_WEBHOOK_LIMIT", "messages to the incoming webhook, likewise",
       "at Slack's own host 1/s; else none", setting_kind::rate},
  };
  v.operations = {{"slack.post_message",
                   "posts to a channel; to one that is given by its name always may_repeat",
                   stake::none, doubt_policy::lookup, true, 0, 0, 5'000},
                  {"slack.post_webhook", "posts to the incoming webhook", stake::none,
                   doubt_policy::may_repeat}};
  v.endpoints = {
      {"slack", "MOCK_MODE, ORDERHUB_DISABLE, SLACK_API_BASE and SLACK_BOT_TOKEN"},
      {"slack_webhook", "ORDERHUB_DISABLE and SLACK_WEBHOOK_URL"},
  };
  v.mode_of = mode_of;
  v.endpoints_of = endpoints_of;
  v.live_reads_of = account_reads;
  v.findings_of = findings_of;
  return v;
}

} // namespace orderhub::providers::slack
