#include "http_gateway/settings/settings.hpp"

#include "journal/base/duration.hpp"
#include "journal/base/loopback.hpp"
#include "journal/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>

#include <nlohmann/json.hpp>
#include <toml++/toml.h>

namespace orderhub::http_gateway {
namespace {

constexpr auto where = "settings";

constexpr std::string_view sample_mail_from = "orders@example.com";
constexpr std::string_view sample_ship_from =
    R"({"name":"Sample Sender","street1":"215 Clayton St.",)"
    R"("city":"San Francisco","state":"CA","zip":"94117","country":"US",)"
    R"("phone":"+1 555 341 9393","email":"orders@example.com"})";

/// Vendors that may be skipped, those of later versions included.
constexpr std::array skippable = {"slack",     "sendgrid",  "twilio", "github",
                                  "inventory", "warehouse", "carrier"};

tl::unexpected<error> refuse(std::string message) {
  return fail({error_kind::invalid, where, std::move(message)});
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto begin = text.find_first_not_of(blank);
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

template <class Int>
result<void> set_number(Int& to, std::string_view text, Int min, Int max) {
  Int n{};
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (ec != std::errc() || end != text.data() + text.size() || n < min || n > max)
    return refuse("must be a whole number from " + std::to_string(min) + " to " +
                  std::to_string(max));
  to = n;
  return {};
}

result<void> set_duration(std::int64_t& to, std::string_view text, std::int64_t min_ms) {
  const auto ms = text == "0" ? std::optional<std::int64_t>(0) : parse_duration_ms(text);
  if (!ms || *ms < min_ms)
    return refuse("must be a duration with its unit, such as 500ms, 10s, 2m, 1h or 30d" +
                  (min_ms > 0 ? ", of at least " + std::to_string(min_ms) + "ms" : std::string()));
  to = *ms;
  return {};
}

result<void> set_size(std::int64_t& to, std::string_view text, std::int64_t min, std::int64_t max) {
  std::int64_t n = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  std::int64_t factor = 0;
  if (unit.empty())
    factor = 1;
  else if (unit == "KiB")
    factor = 1024;
  else if (unit == "MiB")
    factor = 1024 * 1024;
  else if (unit == "GiB")
    factor = 1024 * 1024 * 1024;
  if (ec != std::errc() || factor == 0 || n < 0 || n > max / factor || n * factor < min)
    return refuse("must be a size in bytes, or with KiB, MiB or GiB, from " + std::to_string(min) +
                  " to " + std::to_string(max) + " bytes");
  to = n * factor;
  return {};
}

result<void> set_flag(bool& to, std::string_view text) {
  if (text == "true" || text == "1" || text == "yes" || text == "on")
    to = true;
  else if (text == "false" || text == "0" || text == "no" || text == "off")
    to = false;
  else
    return refuse("must be true or false");
  return {};
}

/// One of two words.
result<void> set_choice(bool& to, std::string_view text, std::string_view on,
                        std::string_view off) {
  if (text != on && text != off)
    return refuse("must be " + std::string(on) + " or " + std::string(off));
  to = text == on;
  return {};
}

result<void> set_text(std::string& to, std::string_view text) {
  if (!is_utf8(text) || has_control_character(text))
    return refuse("must be UTF-8 text without control characters");
  to = text;
  return {};
}

/// Goes into a header, so it may hold nothing that ends one.
result<void> set_secret(secret& to, std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) > 0x7e)
      return refuse("must be printable ASCII without spaces");
  to = secret(std::string(text));
  return {};
}

/// Scheme, host and port, and a path or nothing. Reasons name no part of the URL: it may be secret.
struct url_parts {
  std::string_view origin; ///< `https://host:port`
  std::string_view path;   ///< Empty, or begins with `/`.
};
result<url_parts> split_url(std::string_view url) {
  const bool tls = url.starts_with("https://");
  if (!tls && !url.starts_with("http://"))
    return refuse("must begin with https:// (or http:// for a loopback host)");
  for (const char c : url)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) > 0x7e)
      return refuse("must be a URL of printable ASCII characters");
  const std::size_t host_at = tls ? 8 : 7;
  const auto path_at = std::min(url.find_first_of("/?#", host_at), url.size());
  const auto host = url.substr(host_at, path_at - host_at);
  const auto path = url.substr(path_at);
  if (host.empty())
    return refuse("must have a host");
  if (host.find('@') != std::string_view::npos)
    return refuse("must not hold a user name or password");
  if (path.find_first_of("?#") != std::string_view::npos)
    return refuse("must not have a query or fragment");
  if (!tls && !is_loopback_host(host))
    return refuse("must be https:// for a host that is not loopback");
  return url_parts{url.substr(0, path_at), path};
}

/// A vendor's base; the vendor's own path at its end is taken off, since operations bring it.
result<void> set_base(std::string& to, std::string_view url, std::string_view own_path) {
  auto parts = split_url(url);
  if (!parts)
    return parts.failure();
  while (url.ends_with('/'))
    url.remove_suffix(1);
  if (!own_path.empty() && parts->path.size() >= own_path.size() && url.ends_with(own_path))
    url.remove_suffix(own_path.size());
  while (url.ends_with('/'))
    url.remove_suffix(1);
  to = url;
  return {};
}

result<void> set_json_object(std::string& to, std::string_view text,
                             std::initializer_list<const char*> required) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return refuse("must be a JSON object");
  for (const auto* name : required) {
    const auto it = json.find(name);
    if (it == json.end() || !it->is_string() || it->get_ref<const std::string&>().empty())
      return refuse("must have the field " + std::string(name) + " as text");
  }
  for (const auto& [name, value] : json.items())
    if (!value.is_string() && !value.is_boolean())
      return refuse("must have text in each field");
  to = json.dump();
  return {};
}

result<void> set_disabled(std::vector<std::string>& to, std::string_view text) {
  to.clear();
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const auto name = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (name.empty())
      continue;
    if (name == "stripe" || name == "shippo")
      return refuse("cannot list " + std::string(name) +
                    ": payment and shipping are never skipped");
    if (std::find(skippable.begin(), skippable.end(), name) == skippable.end())
      return refuse("lists an unknown vendor; known are slack, sendgrid, twilio, github, "
                    "inventory, warehouse, carrier");
    to.emplace_back(name);
  }
  return {};
}

result<void> set_mail_from(std::string& to, std::string_view text) {
  const auto at = text.find('@');
  if (at == 0 || at == std::string_view::npos || at + 1 == text.size() ||
      text.find_first_of(" <>\",;") != std::string_view::npos ||
      text.find('@', at + 1) != std::string_view::npos)
    return refuse("must be a plain e-mail address");
  return set_text(to, text);
}

result<void> set_log_level(std::string& to, std::string_view text) {
  for (const std::string_view level : {"debug", "info", "warn", "error", "off"})
    if (text == level) {
      to = text;
      return {};
    }
  return refuse("must be debug, info, warn, error or off");
}

result<void> set_listen(listen_address& to, std::string_view text) {
  auto parsed = parse_listen(text);
  if (!parsed)
    return parsed.failure();
  to = std::move(*parsed);
  return {};
}

using text_view = std::string_view;
struct row {
  setting_name id;
  result<void> (*set)(settings&, text_view);
};

constexpr std::int64_t gib = 1024LL * 1024 * 1024;
/// With what stands around it, a body must fit into one record (16 MiB).
constexpr std::int64_t body_max_max = 8LL * 1024 * 1024;

/// The one table: documents, flags, environment and file all follow it.
const std::vector<row>& table() {
  static const std::vector<row> rows = {
      {{"data_dir", "ORDERHUB_DATA_DIR", "directory of the journal"},
       [](settings& s, text_view t) { return set_text(s.data_dir, t); }},
      {{"listen", "ORDERHUB_LISTEN", "address of the public port, H:P"},
       [](settings& s, text_view t) { return set_listen(s.listen, t); }},
      {{"admin_listen", "ORDERHUB_ADMIN_LISTEN", "address of the admin port, H:P"},
       [](settings& s, text_view t) { return set_listen(s.admin_listen, t); }},
      {{"mock_mode", "MOCK_MODE", "run built-in mock vendors"},
       [](settings& s, text_view t) { return set_flag(s.mock_mode, t); }},
      {{"api_token", "ORDERHUB_API_TOKEN", "bearer token of the public port", true},
       [](settings& s, text_view t) { return set_secret(s.api_token, t); }},
      {{"admin_token", "ORDERHUB_ADMIN_TOKEN", "bearer token of the admin port", true},
       [](settings& s, text_view t) { return set_secret(s.admin_token, t); }},
      {{"log_level", "ORDERHUB_LOG_LEVEL", "debug, info, warn, error or off"},
       [](settings& s, text_view t) { return set_log_level(s.log_level, t); }},
      {{"workers", "ORDERHUB_WORKERS", "scheduler threads of the actors, 0: by the machine"},
       [](settings& s, text_view t) { return set_number(s.workers, t, 0u, 256u); }},
      {{"http_threads", "ORDERHUB_HTTP_THREADS", "io threads of the public port"},
       [](settings& s, text_view t) { return set_number(s.http_threads, t, 1u, 64u); }},
      {{"connections_max", "ORDERHUB_CONNECTIONS_MAX", "open connections of the public port"},
       [](settings& s, text_view t) { return set_number(s.connections_max, t, 1u, 1'000'000u); }},
      {{"in_flight_max", "ORDERHUB_IN_FLIGHT_MAX", "requests not answered yet"},
       [](settings& s, text_view t) { return set_number(s.in_flight_max, t, 1u, 1'000'000u); }},
      {{"waits_max", "ORDERHUB_WAITS_MAX", "of these, attaches and slow calls"},
       [](settings& s, text_view t) { return set_number(s.waits_max, t, 1u, 1'000'000u); }},
      {{"sending_max", "ORDERHUB_SENDING_MAX",
        "unsent responses of all connections, bytes or KiB, MiB"},
       [](settings& s, text_view t) { return set_size(s.sending_max, t, 1 << 20, 1 << 30); }},
      {{"receiving_max", "ORDERHUB_RECEIVING_MAX",
        "larger request bodies of all connections, bytes or KiB, MiB"},
       [](settings& s, text_view t) {
         return set_size(s.receiving_max, t, body_max_max, 1 << 30);
       }},
      {{"body_max", "ORDERHUB_BODY_MAX", "largest request body, bytes or KiB, MiB"},
       [](settings& s, text_view t) { return set_size(s.body_max, t, 1024, body_max_max); }},
      {{"request_timeout", "ORDERHUB_REQUEST_TIMEOUT", "a caller's longest wait"},
       [](settings& s, text_view t) { return set_duration(s.request_timeout_ms, t, 1'000); }},
      {{"attach_timeout", "ORDERHUB_ATTACH_TIMEOUT", "an attached caller's longest wait"},
       [](settings& s, text_view t) { return set_duration(s.attach_timeout_ms, t, 1'000); }},
      {{"drain_timeout", "ORDERHUB_DRAIN_TIMEOUT", "longest wait for running work on SIGTERM"},
       [](settings& s, text_view t) { return set_duration(s.drain_timeout_ms, t, 0); }},
      {{"sync", "ORDERHUB_SYNC", "commit (default) or off"},
       [](settings& s, text_view t) { return set_choice(s.sync_commit, t, "commit", "off"); }},
      {{"checkpoint_bytes", "ORDERHUB_CHECKPOINT_BYTES", "log between checkpoints"},
       [](settings& s, text_view t) {
         return set_size(s.checkpoint_bytes, t, 64 * 1024, 64 * gib);
       }},
      {{"checkpoint_interval", "ORDERHUB_CHECKPOINT_INTERVAL", "time between checkpoints"},
       [](settings& s, text_view t) { return set_duration(s.checkpoint_interval_ms, t, 100); }},
      {{"journal_retention", "ORDERHUB_JOURNAL_RETENTION", "how long finished calls are kept"},
       [](settings& s, text_view t) { return set_duration(s.journal_retention_ms, t, 1'000); }},
      {{"idempotency_retention", "ORDERHUB_IDEMPOTENCY_RETENTION",
        "how long idempotency keys are kept"},
       [](settings& s, text_view t) { return set_duration(s.idempotency_retention_ms, t, 1'000); }},
      {{"label_timeout", "ORDERHUB_LABEL_TIMEOUT", "how long ProcessOrder waits for the label"},
       [](settings& s, text_view t) { return set_duration(s.label_timeout_ms, t, 0); }},
      {{"notification_timeout", "ORDERHUB_NOTIFICATION_TIMEOUT",
        "how long it waits for the notices"},
       [](settings& s, text_view t) { return set_duration(s.notification_timeout_ms, t, 0); }},
      {{"on_label_failure", "ORDERHUB_ON_LABEL_FAILURE", "retry (default) or compensate"},
       [](settings& s, text_view t) {
         return set_choice(s.compensate_on_label_failure, t, "compensate", "retry");
       }},
      {{"absence_after", "ORDERHUB_ABSENCE_AFTER",
        "when an empty look-up proves absence, for all operations"},
       [](settings& s, text_view t) { return set_duration(s.absence_after_ms, t, 0); }},
      {{"disable", "ORDERHUB_DISABLE", "vendors to skip, comma-separated"},
       [](settings& s, text_view t) { return set_disabled(s.disabled, t); }},
      {{"mail_from", "ORDERHUB_MAIL_FROM", "sender of mails"},
       [](settings& s, text_view t) { return set_mail_from(s.mail_from, t); }},
      {{"ship_from", "ORDERHUB_SHIP_FROM", "sender's address, JSON as Shippo's address"},
       [](settings& s, text_view t) {
         return set_json_object(s.ship_from, t, {"name", "street1", "city", "zip", "country"});
       }},
      {{"parcel", "ORDERHUB_PARCEL", "parcel of an order that names none, JSON as Shippo's parcel"},
       [](settings& s, text_view t) {
         return set_json_object(
             s.parcel, t, {"length", "width", "height", "distance_unit", "weight", "mass_unit"});
       }},
      {{"public_url", "ORDERHUB_PUBLIC_URL", "where vendors reach this hub"},
       [](settings& s, text_view t) { return set_base(s.public_url, t, ""); }},
      {{"proxy", "ORDERHUB_PROXY", "proxy for the vendors; no other proxy variable counts", true},
       [](settings& s, text_view t) { return set_secret(s.proxy, t); }},
      {{"stripe.api_key", "STRIPE_API_KEY", "sk_test_…, sk_live_… or rk_…", true},
       [](settings& s, text_view t) { return set_secret(s.stripe.api_key, t); }},
      {{"stripe.api_base", "STRIPE_API_BASE", "what stands before /v1"},
       [](settings& s, text_view t) { return set_base(s.stripe.api_base, t, "/v1"); }},
      {{"shippo.api_key", "SHIPPO_API_KEY", "shippo_test_… or shippo_live_…", true},
       [](settings& s, text_view t) { return set_secret(s.shippo.api_key, t); }},
      {{"shippo.api_base", "SHIPPO_API_BASE", "what stands before /shipments"},
       [](settings& s, text_view t) { return set_base(s.shippo.api_base, t, ""); }},
      {{"sendgrid.api_key", "SENDGRID_API_KEY", "SG.…", true},
       [](settings& s, text_view t) { return set_secret(s.sendgrid.api_key, t); }},
      {{"sendgrid.api_base", "SENDGRID_API_BASE", "what stands before /v3"},
       [](settings& s, text_view t) { return set_base(s.sendgrid.api_base, t, "/v3"); }},
      {{"slack.bot_token", "SLACK_BOT_TOKEN", "xoxb-…", true},
       [](settings& s, text_view t) { return set_secret(s.slack.api_key, t); }},
      {{"slack.webhook_url", "SLACK_WEBHOOK_URL", "an incoming webhook", true},
       [](settings& s, text_view t) -> result<void> {
         auto parts = split_url(t);
         if (!parts)
           return parts.failure();
         if (parts->path.size() < 2)
           return refuse("must have the webhook's path");
         s.slack_webhook_url = secret(std::string(t));
         return {};
       }},
      {{"slack.api_base", "SLACK_API_BASE", "what stands before /api"},
       [](settings& s, text_view t) { return set_base(s.slack.api_base, t, "/api"); }},
      {{"slack.channel", "SLACK_CHANNEL", "channel id (or name, then messages may repeat)"},
       [](settings& s, text_view t) { return set_text(s.slack_channel, t); }},
      {{"slack.channel_new", "SLACK_CHANNEL_NEW", "channel for new orders"},
       [](settings& s, text_view t) { return set_text(s.slack_channel_new, t); }},
      {{"slack.channel_failed", "SLACK_CHANNEL_FAILED", "channel for failed payments"},
       [](settings& s, text_view t) { return set_text(s.slack_channel_failed, t); }},
      {{"slack.channel_confirmed", "SLACK_CHANNEL_CONFIRMED", "channel for confirmed orders"},
       [](settings& s, text_view t) { return set_text(s.slack_channel_confirmed, t); }},
      {{"mock.seed", "ORDERHUB_MOCK_SEED", "seed of the built-in mock vendors"},
       [](settings& s, text_view t) {
         return set_number<std::uint64_t>(s.mock_seed, t, 0,
                                          std::numeric_limits<std::uint64_t>::max());
       }},
      {{"mock.latency", "ORDERHUB_MOCK_LATENCY", "added to each answer of a mock vendor"},
       [](settings& s, text_view t) { return set_duration(s.mock_latency_ms, t, 0); }},
      {{"mock.control", "ORDERHUB_MOCK_CONTROL", "file with a control document for the mocks"},
       [](settings& s, text_view t) { return set_text(s.mock_control_path, t); }},
  };
  return rows;
}

const row* find_row(std::string_view name) {
  for (const auto& r : table())
    if (r.id.name == name)
      return &r;
  return nullptr;
}

/// `given_as` names the setting the way the person wrote it.
result<void> apply(settings& to, const row& r, std::string_view text, const std::string& given_as) {
  auto done = r.set(to, trimmed(text));
  if (!done)
    return refuse(given_as + " " + done.error().message + ".");
  return done;
}

/// A TOML value as the text that a flag would have.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* s = node.as_string())
    return s->get();
  if (const auto* b = node.as_boolean())
    return b->get() ? "true" : "false";
  if (const auto* i = node.as_integer())
    return std::to_string(i->get());
  if (const auto* a = node.as_array()) {
    std::string joined;
    for (const auto& element : *a) {
      const auto* s = element.as_string();
      if (!s)
        return std::nullopt;
      joined += s->get();
      joined += ',';
    }
    return joined;
  }
  return std::nullopt;
}

result<void> apply_table(settings& to, const toml::table& values, const std::string& prefix,
                         const std::string& origin) {
  for (const auto& [key, node] : values) {
    const auto name = prefix + std::string(key.str());
    const auto given_as = name + " in " + origin;
    const auto* r = find_row(name);
    if (const auto* section = node.as_table(); section && !r && prefix.empty()) {
      auto done = apply_table(to, *section, name + ".", origin);
      if (!done)
        return done;
      continue;
    }
    if (!r)
      return refuse(given_as + " is not a setting.");
    std::optional<std::string> text;
    // An address or a parcel may be written as a table of texts.
    if (const auto* object = node.as_table()) {
      auto json = nlohmann::json::object();
      for (const auto& [field, value] : *object) {
        const auto* s = value.as_string();
        if (!s)
          return refuse(given_as + " must have text in each field.");
        json[std::string(field.str())] = s->get();
      }
      // Bytes that are not UTF-8 cannot be here: TOML itself refuses them.
      text = json.dump();
    } else {
      text = text_of(node);
    }
    if (!text)
      return refuse(given_as + " must be text, a whole number, true or false, or a list of texts.");
    auto done = apply(to, *r, *text, given_as);
    if (!done)
      return done;
  }
  return {};
}

/// `mock`, `test` or `live` from the key's prefix, or nothing.
std::optional<std::string> mode_of_stripe_key(const secret& key) {
  for (const std::string_view kind : {"sk_", "rk_"}) {
    if (key.reveal().starts_with(std::string(kind) + "test_"))
      return "test";
    if (key.reveal().starts_with(std::string(kind) + "live_"))
      return "live";
  }
  return std::nullopt;
}

bool is_disabled(const settings& s, std::string_view vendor) {
  return std::find(s.disabled.begin(), s.disabled.end(), vendor) != s.disabled.end();
}

/// In mock mode a vendor whose base is not set is the built-in mock, whatever its key.
bool is_built_in_mock(const settings& s, const vendor_settings& v) {
  return s.mock_mode && v.api_base.empty();
}

bool is_live_stripe(const settings& s) {
  return !is_built_in_mock(s, s.stripe) && mode_of_stripe_key(s.stripe.api_key) == "live";
}

bool mails(const settings& s) {
  return !is_disabled(s, "sendgrid") && (s.mock_mode || !s.sendgrid.api_key.empty());
}

bool is_channel_name(std::string_view channel) {
  // Ids are upper-case letters and digits that begin with C, G or D; names begin with # or are
  // lower case.
  if (channel.size() < 9 || (channel[0] != 'C' && channel[0] != 'G' && channel[0] != 'D'))
    return true;
  return channel.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") !=
         std::string_view::npos;
}

bool is_loopback(const listen_address& a) {
  return is_loopback_host(a.host.find(':') == std::string::npos ? a.host : "[" + a.host + "]");
}

} // namespace

std::string settings::mail_from_or_sample() const {
  return mail_from.empty() ? std::string(sample_mail_from) : mail_from;
}

std::string settings::ship_from_or_sample() const {
  return ship_from.empty() ? std::string(sample_ship_from) : ship_from;
}

std::string settings::slack_channel_of(announcement what) const {
  const auto& own = what == announcement::new_order ? slack_channel_new
                    : what == announcement::failed  ? slack_channel_failed
                                                    : slack_channel_confirmed;
  if (!own.empty())
    return own;
  if (!slack_channel.empty())
    return slack_channel;
  return is_built_in_mock(*this, slack) ? "C0ORDERHUB" : "#orders";
}

std::vector<setting_name> setting_names() {
  std::vector<setting_name> names;
  names.reserve(table().size());
  for (const auto& r : table())
    names.push_back(r.id);
  return names;
}

std::string flag_of(const setting_name& name) {
  if (name.is_secret)
    return {};
  if (name.name == "mock_mode")
    return "--mock";
  std::string flag = "--";
  for (const char c : name.name)
    flag += c == '_' || c == '.' ? '-' : c;
  return flag;
}

result<listen_address> parse_listen(std::string_view text) {
  listen_address a;
  std::string_view port = text;
  a.host = "127.0.0.1";
  if (text.starts_with('[')) {
    const auto end = text.find("]:");
    if (end == std::string_view::npos)
      return refuse("must be an address and a port, such as 127.0.0.1:8080 or [::1]:8080");
    a.host = text.substr(1, end - 1);
    port = text.substr(end + 2);
  } else if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
    a.host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (a.host.find(':') != std::string::npos)
      return refuse("must have brackets around an IPv6 address, such as [::1]:8080");
  }
  if (a.host.empty() ||
      a.host.find_first_not_of("0123456789abcdefABCDEF.:localhost") != std::string::npos)
    return refuse("must have an IP address or localhost before the port");
  if (auto set = set_number<std::uint16_t>(a.port, port, 0, 65535); !set)
    return refuse("must end in a port from 0 to 65535");
  return a;
}

result<void> apply_toml(settings& to, std::string_view text, std::string_view origin) {
  // The one place where toml++ may throw.
  try {
    const auto parsed = toml::parse(text);
    return apply_table(to, parsed, "", std::string(origin));
  } catch (const toml::parse_error& e) {
    // Its description names tokens, not values; the line is what helps.
    return refuse(std::string(origin) + " line " + std::to_string(e.source().begin.line) +
                  ": is not valid TOML.");
  }
}

result<settings> load_settings(const flag_values& flags, const environment& env) {
  settings s;
  const auto variable = [&](const char* name) -> std::optional<std::string> {
    const char* value = env(name);
    if (!value || !*value)
      return std::nullopt;
    return value;
  };
  for (const auto& [name, value] : flags)
    if (name == "config")
      s.config_path = value;
  if (s.config_path.empty())
    s.config_path = variable("ORDERHUB_CONFIG").value_or("");

  if (!s.config_path.empty()) {
    std::ifstream file(s.config_path, std::ios::binary);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf()))
      return refuse("the configuration file " + s.config_path + " cannot be read.");
    if (auto done = apply_toml(s, text.str(), s.config_path); !done)
      return done.failure();
  }
  for (const auto& r : table())
    if (const auto value = variable(std::string(r.id.environment).c_str()))
      if (auto done = apply(s, r, *value, std::string(r.id.environment)); !done)
        return done.failure();
  for (const auto& [name, value] : flags) {
    if (name == "config")
      continue;
    const auto* r = find_row(name);
    if (!r)
      return refuse(name + " is not a setting.");
    if (auto done = apply(s, *r, value, flag_of(r->id)); !done)
      return done.failure();
  }
  return s;
}

result<void> check_for_serve(const settings& s) {
  if (!is_loopback(s.listen) && s.api_token.empty())
    return refuse("listen (ORDERHUB_LISTEN) is not a loopback address: set ORDERHUB_API_TOKEN, or "
                  "listen on 127.0.0.1.");
  if (!is_loopback(s.admin_listen) && s.token_of_admin().empty())
    return refuse("admin_listen (ORDERHUB_ADMIN_LISTEN) is not a loopback address: set "
                  "ORDERHUB_ADMIN_TOKEN, or listen on 127.0.0.1.");
  if (is_live_stripe(s) && s.ship_from.empty())
    return refuse("ORDERHUB_SHIP_FROM is not set: with a live Stripe key the sample address is "
                  "refused.");
  if (is_live_stripe(s) && mails(s) && s.mail_from.empty())
    return refuse("ORDERHUB_MAIL_FROM is not set: with a live Stripe key the sample sender is "
                  "refused.");
  return {};
}

result<providers::registry> make_registry(const settings& s, std::string_view mock_base) {
  providers::registry out;
  // All that decides where a vendor's calls go.
  out.settings = {
      {"stripe", "MOCK_MODE, STRIPE_API_BASE and STRIPE_API_KEY"},
      {"shippo", "MOCK_MODE, SHIPPO_API_BASE and SHIPPO_API_KEY"},
      {"sendgrid", "MOCK_MODE, ORDERHUB_DISABLE, SENDGRID_API_BASE and SENDGRID_API_KEY"},
      {"slack", "MOCK_MODE, ORDERHUB_DISABLE, SLACK_API_BASE and SLACK_BOT_TOKEN"},
      {"slack_webhook", "ORDERHUB_DISABLE and SLACK_WEBHOOK_URL"},
  };
  const auto add = [&](std::string vendor, const vendor_settings& v, std::string_view own_base,
                       std::string_view authorization_prefix, std::string_view mock_key,
                       std::string mode) {
    providers::endpoint e;
    e.absence_after_ms = s.absence_after_ms;
    e.vendor = std::move(vendor);
    const bool built_in = is_built_in_mock(s, v);
    if (built_in) {
      e.base = std::string(mock_base) + "/" + e.vendor;
      e.mode = "mock";
      e.identity = "built-in";
      if (e.absence_after_ms < 0)
        e.absence_after_ms = 200;
    } else {
      e.base = v.api_base.empty() ? std::string(own_base) : v.api_base;
      e.mode = std::move(mode);
    }
    // A real key is never shown to a built-in mock.
    const auto key = built_in || v.api_key.empty() ? std::string(mock_key) : v.api_key.reveal();
    e.secret_headers.emplace_back("Authorization", secret(std::string(authorization_prefix) + key));
    out.endpoints.insert_or_assign(e.vendor, std::move(e));
  };

  if (!s.mock_mode && s.stripe.api_key.empty())
    return refuse("STRIPE_API_KEY is not set: payment is never skipped (MOCK_MODE=true or --mock "
                  "runs without real vendors).");
  if (!s.mock_mode && s.shippo.api_key.empty())
    return refuse("SHIPPO_API_KEY is not set: shipping is never skipped (MOCK_MODE=true or --mock "
                  "runs without real vendors).");

  auto stripe_mode = mode_of_stripe_key(s.stripe.api_key);
  if (!is_built_in_mock(s, s.stripe) && !s.stripe.api_key.empty() && !stripe_mode)
    return refuse("STRIPE_API_KEY must begin with sk_test_, sk_live_, rk_test_ or rk_live_.");
  add("stripe", s.stripe, "https://api.stripe.com", "Bearer ", "sk_test_orderhub_mock",
      stripe_mode.value_or("test"));

  const auto& shippo_key = s.shippo.api_key.reveal();
  const bool shippo_oauth = shippo_key.starts_with("oauth.");
  // Older tokens have no prefix; what does not say that it is a test is taken for live.
  const bool shippo_test = shippo_key.empty() || shippo_key.starts_with("shippo_test_");
  add("shippo", s.shippo, "https://api.goshippo.com",
      shippo_oauth && !is_built_in_mock(s, s.shippo) ? "Bearer " : "ShippoToken ",
      "shippo_test_orderhub_mock", shippo_test ? "test" : "live");

  if (mails(s))
    add("sendgrid", s.sendgrid, "https://api.sendgrid.com", "Bearer ", "SG.orderhub_mock",
        s.sendgrid.api_key.empty() ? "test" : "live");

  if (!is_disabled(s, "slack")) {
    if (!s.slack_webhook_url.empty()) {
      // The path of the URL is the secret: the base, which intents record, ends before it.
      const auto parts = split_url(s.slack_webhook_url.reveal());
      if (!parts)
        return refuse("SLACK_WEBHOOK_URL " + parts.error().message + ".");
      providers::endpoint e;
      e.vendor = "slack_webhook";
      e.base = parts->origin;
      e.mode = "live";
      e.absence_after_ms = s.absence_after_ms;
      e.path = secret(std::string(parts->path));
      out.endpoints.insert_or_assign(e.vendor, std::move(e));
    }
    // With only a webhook configured, the built-in mock of the Web API stays out of it.
    if (!s.slack.api_key.empty() || (s.mock_mode && s.slack_webhook_url.empty()))
      add("slack", s.slack, "https://slack.com", "Bearer ", "xoxb-orderhub-mock",
          s.slack.api_key.empty() ? "test" : "live");
  }
  return out;
}

std::vector<finding> findings_of(const settings& s) {
  std::vector<finding> out;
  if (s.ship_from.empty())
    out.push_back({"sample_setting", "ORDERHUB_SHIP_FROM",
                   "Labels carry a sample sender address until this is set."});
  if (mails(s) && s.mail_from.empty())
    out.push_back({"sample_setting", "ORDERHUB_MAIL_FROM",
                   "Mails come from orders@example.com until this is set."});
  if (!mails(s))
    out.push_back({"vendor_skipped", "SENDGRID_API_KEY", "Customers get no mail."});
  const bool slack = !is_disabled(s, "slack") &&
                     (s.mock_mode || !s.slack.api_key.empty() || !s.slack_webhook_url.empty());
  if (!slack) {
    out.push_back({"vendor_skipped", "SLACK_BOT_TOKEN", "Orders are not announced."});
  } else if (s.mock_mode || !s.slack.api_key.empty()) {
    for (const auto what : {settings::announcement::new_order, settings::announcement::failed,
                            settings::announcement::confirmed})
      if (is_channel_name(s.slack_channel_of(what))) {
        out.push_back({"slack_channel_by_name", "SLACK_CHANNEL",
                       "Without a channel id a message cannot be looked up, and may repeat after a "
                       "crash."});
        break;
      }
  }
  if (is_live_stripe(s) && !is_built_in_mock(s, s.shippo) &&
      s.shippo.api_key.reveal().starts_with("shippo_test_"))
    out.push_back({"mixed_modes", "SHIPPO_API_KEY",
                   "Real money is charged and only test labels are bought."});
  if (is_live_stripe(s) && is_built_in_mock(s, s.shippo))
    out.push_back({"mixed_modes", "MOCK_MODE",
                   "Real money is charged and the built-in mock sells the labels."});
  if (!s.sync_commit)
    out.push_back({"sync_off", "ORDERHUB_SYNC",
                   "A crash of the machine may lose orders that were acknowledged."});
  return out;
}

} // namespace orderhub::http_gateway
