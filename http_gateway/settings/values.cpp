#include "http_gateway/settings/values.hpp"

#include "http_gateway/settings/admin_tokens.hpp"
#include "journal/base/duration.hpp"
#include "journal/base/loopback.hpp"
#include "journal/base/text.hpp"
#include "providers/vendors.hpp"
#include "providers/webhooks/custom.hpp"

#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

namespace orderhub::http_gateway {
namespace {

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

bool is_required(std::string_view vendor) {
  const auto& all = providers::all_vendors();
  return std::any_of(all.begin(), all.end(), [vendor](const providers::vendor& v) {
    return v.is_required && v.name == vendor;
  });
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const auto name : names)
    text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

result<void> set_secret_url(secret& to, std::string_view url) {
  auto parts = split_url(url);
  if (!parts)
    return parts.failure();
  if (parts->path.size() < 2)
    return refuse("must have the webhook's path");
  to = secret(std::string(url));
  return {};
}

} // namespace

tl::unexpected<error> refuse(std::string message) {
  return fail({error_kind::invalid, "settings", std::move(message)});
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto begin = text.find_first_not_of(blank);
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(blank) - begin + 1);
}

result<void> set_duration(std::int64_t& to, std::string_view text, std::int64_t min_ms) {
  const auto ms = text == "0" ? std::optional<std::int64_t>(0) : parse_duration_ms(text);
  if (!ms || *ms < min_ms)
    return refuse("must be a duration with its unit, such as 500ms, 10s, 2m, 1h or 30d" +
                  (min_ms > 0 ? ", of at least " + std::to_string(min_ms) + "ms" : std::string()));
  to = *ms;
  return {};
}

result<void> set_duration_or_off(std::int64_t& to, std::string_view text, std::int64_t min_ms) {
  if (text != "off")
    return set_duration(to, text, min_ms);
  to = 0;
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

result<void> set_secret(secret& to, std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) > 0x7e)
      return refuse("must be printable ASCII without spaces");
  to = secret(std::string(text));
  return {};
}

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
  const auto skippable = providers::skippable_vendors();
  to.clear();
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const auto name = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (name.empty())
      continue;
    if (is_required(name))
      return refuse("cannot list " + std::string(name) +
                    ": payment and shipping are never skipped");
    if (std::find(skippable.begin(), skippable.end(), name) == skippable.end())
      return refuse("lists an unknown vendor; known are " + joined(skippable));
    to.emplace_back(name);
  }
  return {};
}

result<void> set_list(std::vector<std::string>& to, std::string_view text) {
  to.clear();
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const auto entry = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!is_utf8(entry) || has_control_character(entry))
      return refuse("must be texts with commas between");
    if (!entry.empty())
      to.emplace_back(entry);
  }
  return {};
}

result<void> set_custom_name(std::string& to, std::string_view text) {
  constexpr std::string_view begin = "custom/";
  const auto name = text.substr(std::min(begin.size(), text.size()));
  if (!text.starts_with(begin) || name.empty() ||
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string_view::npos)
    return refuse("must be custom/<name>, of a page [custom.<name>] of the configuration file");
  to = text;
  return {};
}

result<void> set_custom_webhooks(secret& to, std::string_view text) {
  if (auto sources = providers::webhooks::read_custom_sources(text); !sources)
    return refuse("must be a list of senders: " + sources.error().message);
  to = secret(std::string(text));
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

result<void> set_admin_role(std::string& to, std::string_view text) {
  if (!is_admin_role(text))
    return refuse("must be read, operate or admin");
  to = text;
  return {};
}

result<void> set_listen(listen_address& to, std::string_view text) {
  auto parsed = parse_listen(text);
  if (!parsed)
    return parsed.failure();
  to = std::move(*parsed);
  return {};
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

result<void> set_rate(std::string& to, std::string_view text) {
  if (text != "none")
    if (auto limit = providers::parse_rate_limit(text); !limit)
      return refuse(limit.error().message + ", or none");
  to = std::string(text);
  return {};
}

result<void> set_doubt(std::map<std::string, providers::doubt_choice, std::less<>>& to,
                       const providers::operation_row& of, std::string_view text) {
  auto choice = providers::parse_doubt(text);
  if (!choice)
    return choice.failure();
  if (auto allowed = providers::check_doubt(of, *choice); !allowed)
    return allowed;
  to.erase(std::string(of.name));
  if (*choice != providers::own_doubt(of))
    to.emplace(of.name, *choice);
  return {};
}

namespace {

result<void> set_flag_text(std::string& to, std::string_view text) {
  bool flag = false;
  auto done = set_flag(flag, text);
  if (done)
    to = flag ? "true" : "false";
  return done;
}

} // namespace

result<void> set_vendor_value(providers::vendor_values& to, const providers::vendor_setting& of,
                              std::string_view text) {
  using providers::setting_kind;
  std::string plain;
  secret hidden;
  auto done = of.kind == setting_kind::text       ? set_text(plain, text)
              : of.kind == setting_kind::base_url ? set_base(plain, text, of.own_path)
              : of.kind == setting_kind::rate     ? set_rate(plain, text)
              : of.kind == setting_kind::flag     ? set_flag_text(plain, text)
              : of.kind == setting_kind::key      ? set_secret(hidden, text)
                                                  : set_secret_url(hidden, text);
  if (done)
    to.set(of.name, of.is_secret() ? hidden.reveal() : plain);
  return done;
}

} // namespace orderhub::http_gateway
