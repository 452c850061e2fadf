#pragma once
#include "http_gateway/settings/settings.hpp"

#include <charconv>
#include <initializer_list>
#include <string>
#include <string_view>

/// A setting's text becomes a value: each function checks and assigns, or fails with `invalid` and
/// a reason that begins with `must` and stands behind the setting's name. No reason shows the text:
/// it may be a secret. `to` is unchanged then.
namespace orderhub::http_gateway {

tl::unexpected<error> refuse(std::string message);

/// Without white space around it.
std::string_view trimmed(std::string_view text);

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

/// `25/s`, `10/m`, `none`.
result<void> set_rate(std::string& to, std::string_view text);
/// `0`, or a duration with its unit; milliseconds.
result<void> set_duration(std::int64_t& to, std::string_view text, std::int64_t min_ms);
/// `off`, which is 0, or the same from `min_ms` on.
result<void> set_duration_or_off(std::int64_t& to, std::string_view text, std::int64_t min_ms);
/// Bytes, or KiB, MiB, GiB.
result<void> set_size(std::int64_t& to, std::string_view text, std::int64_t min, std::int64_t max);
result<void> set_flag(bool& to, std::string_view text);
/// One of two words.
result<void> set_choice(bool& to, std::string_view text, std::string_view on, std::string_view off);
result<void> set_text(std::string& to, std::string_view text);
/// Goes into a header, so it may hold nothing that ends one.
result<void> set_secret(secret& to, std::string_view text);
/// A base URL; the vendor's own path at its end is taken off, since operations bring it.
result<void> set_base(std::string& to, std::string_view url, std::string_view own_path);
/// An object of texts; stored as JSON text.
result<void> set_json_object(std::string& to, std::string_view text,
                             std::initializer_list<const char*> required);
/// Vendors to skip, comma-separated.
result<void> set_disabled(std::vector<std::string>& to, std::string_view text);
/// Texts, comma-separated, without spaces around them.
result<void> set_list(std::vector<std::string>& to, std::string_view text);
/// `custom/<name>`.
result<void> set_custom_name(std::string& to, std::string_view text);
/// JSON, `providers::webhooks::read_custom_sources`.
result<void> set_custom_webhooks(secret& to, std::string_view text);
result<void> set_mail_from(std::string& to, std::string_view text);
result<void> set_log_level(std::string& to, std::string_view text);
result<void> set_admin_role(std::string& to, std::string_view text);
result<void> set_listen(listen_address& to, std::string_view text);
/// As the kind of the vendor's setting says.
result<void> set_vendor_value(providers::vendor_values& to, const providers::vendor_setting& of,
                              std::string_view text);

/// What that operation does in doubt; its own policy takes it out again.
result<void> set_doubt(std::map<std::string, providers::doubt_choice, std::less<>>& to,
                       const providers::operation_row& of, std::string_view text);

/// `H:P`, `[v6]:P`, or `P`.
result<listen_address> parse_listen(std::string_view text);

} // namespace orderhub::http_gateway
