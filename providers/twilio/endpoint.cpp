#include "providers/twilio/endpoint.hpp"

#include "providers/codec/base64.hpp"
#include "providers/twilio/account_read.hpp"
#include "providers/webhooks/vendors.hpp"

#include <algorithm>
#include <utility>

namespace orderhub::providers::twilio {

namespace {

constexpr std::string_view account = "twilio.account_sid";
constexpr std::string_view token = "twilio.auth_token";
constexpr std::string_view api_key = "twilio.api_key_sid";
constexpr std::string_view api_secret = "twilio.api_key_secret";
constexpr std::string_view sender = "twilio.from";
constexpr std::string_view base = "twilio.api_base";
constexpr std::string_view write_limit = "twilio.write_limit";
constexpr std::string_view own_base = "https://api.twilio.com";
/// Shown to a mock instead of a key; of the shape that Twilio's description wants.
constexpr std::string_view mock_account = "AC00000000000000000000000000000000";
constexpr std::string_view mock_token = "orderhub_mock";
/// From which Twilio's test credentials can send.
constexpr std::string_view mock_sender = "+15005550006";

/// Numbers that only test credentials can send from. They have the shape of live ones, and what
/// says which they are is the sender.
constexpr std::string_view test_senders = "+1500555";

bool has_key(const vendor_configuration& c) {
  return c.values.has(token) || c.values.has(api_secret);
}

/// Nobody's account: in mock mode, where no account is set.
bool is_mock_account(const vendor_configuration& c) {
  return c.is_built_in_mock(base) || (c.mock_mode && !c.values.has(account));
}

/// Something is set that only says anything of an account.
bool is_wanted(const vendor_configuration& c) {
  return c.values.has(account) || has_key(c) || c.values.has(api_key);
}

std::string_view mode_of(const vendor_configuration& c) {
  if (c.is_disabled || (!c.mock_mode && !is_wanted(c)))
    return {};
  if (c.is_built_in_mock(base))
    return "mock";
  return is_mock_account(c) || sender_of(c).starts_with(test_senders) ? "test" : "live";
}

bool is_sid(std::string_view text, std::string_view prefix) {
  return text.size() == 34 && text.starts_with(prefix) &&
         text.find_first_not_of("0123456789abcdefABCDEF", 2) == std::string_view::npos;
}

/// What many countries show instead of a number; one without a letter would be a number.
bool is_sender_name(std::string_view text) {
  constexpr std::size_t size_max = 11;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return text.size() <= size_max && std::any_of(text.begin(), text.end(), is_letter) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == ' '; });
}

tl::unexpected<error> wrong(std::string message) {
  return fail({error_kind::invalid, "settings", std::move(message)});
}

/// What is wrong with the settings of an account that is not the mock's.
result<void> check(const vendor_configuration& c) {
  if (!is_sid(c.values.text_of(account), "AC"))
    return wrong("TWILIO_ACCOUNT_SID must be AC and 32 hexadecimal digits");
  if (c.values.has(api_key) != c.values.has(api_secret))
    return wrong("TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET belong together");
  if (c.values.has(api_key) && !is_sid(c.values.text_of(api_key), "SK"))
    return wrong("TWILIO_API_KEY_SID must be SK and 32 hexadecimal digits");
  if (!has_key(c))
    return wrong("TWILIO_AUTH_TOKEN is missing, or TWILIO_API_KEY_SID and TWILIO_API_KEY_SECRET");
  const auto from = sender_of(c);
  if (from.empty())
    return wrong("TWILIO_FROM is missing: who sends, +15551234567 or a messaging service MG…");
  if (from.starts_with("MG") && !is_sid(from, "MG"))
    return wrong(
        "TWILIO_FROM must be MG and 32 hexadecimal digits where it is a messaging service");
  if (from.front() != '+' && !from.starts_with("MG") && !is_sender_name(from))
    return wrong("TWILIO_FROM must be at most 11 letters, digits and spaces where it is a name");
  if (from.front() == '+' && (from.size() < 8 || from.size() > 16 ||
                              from.find_first_not_of("0123456789", 1) != std::string::npos))
    return wrong("TWILIO_FROM must be a number in E.164, like +15551234567");
  return {};
}

/// Of a list (its webhooks are believed under each while the account changes its token) the first.
std::string current_token(const vendor_configuration& c) {
  const auto all = webhooks::split_secrets(c.values.secret_of(token));
  return all.empty() ? std::string() : all.front().reveal();
}

/// Basic, with the API key where there is one: it can be revoked alone.
secret credential_of(const vendor_configuration& c) {
  std::string pair;
  if (is_mock_account(c))
    pair = std::string(mock_account) + ':' + std::string(mock_token);
  else if (c.values.has(api_key))
    pair = c.values.text_of(api_key) + ':' + c.values.secret_of(api_secret).reveal();
  else
    pair = c.values.text_of(account) + ':' + current_token(c);
  return secret("Basic " + base64_encode(pair));
}

/// The account is part of the base: an intent names it, so that another account is never asked for
/// what this one sent.
result<std::vector<endpoint>> endpoints_of(const vendor& self, const vendor_configuration& c) {
  if (mode_of(c).empty())
    return std::vector<endpoint>();
  if (!is_mock_account(c))
    if (auto sound = check(c); !sound)
      return sound.failure();
  const key_endpoint how{own_base, "", ""};
  endpoint e = endpoint_with_key(self, how, c);
  // Of each sender. Excess messages wait in Twilio's own queue; no limit of calls is documented.
  add_limits(e, how, c, {{"write", write_limit, {}, {}, true}});
  e.base += "/2010-04-01/Accounts/" +
            (is_mock_account(c) ? std::string(mock_account) : c.values.text_of(account));
  e.secret_headers = {{"Authorization", credential_of(c)}};
  return std::vector{std::move(e)};
}

} // namespace

std::string sender_of(const vendor_configuration& c) {
  if (c.values.has(sender))
    return c.values.text_of(sender);
  return is_mock_account(c) ? std::string(mock_sender) : std::string();
}

vendor describe() {
  vendor v;
  v.name = "twilio";
  v.title = "Twilio";
  v.role = vendor_role::sms;
  v.key = account;
  v.base = base;
  v.skipped = "Customers get no SMS.";
  v.settings = {
      {account, "TWILIO_ACCOUNT_SID", "AC…", "none: no SMS"},
      {token, "TWILIO_AUTH_TOKEN", "the account's token; it also verifies /webhooks/twilio", "none",
       setting_kind::key},
      {api_key, "TWILIO_API_KEY_SID", "SK…, used instead of the token", "none"},
      {api_secret, "TWILIO_API_KEY_SECRET", "the secret of that key", "none", setting_kind::key},
      {write_limit, "TWILIO_WRITE_LIMIT",
       "messages of a sender a second (1/s), minute or hour, or none", "none", setting_kind::rate},
      {sender, "TWILIO_FROM", "who sends: +15551234567, a name, or a messaging service MG…",
       "none"},
      {base, "TWILIO_API_BASE", "what stands before /2010-04-01", own_base, setting_kind::base_url,
       "/2010-04-01"},
  };
  v.operations = {
      {"twilio.send_sms", "sends an SMS", stake::none, doubt_policy::lookup, true, 0, 0, 10'000}};
  v.endpoints = {{"twilio", "MOCK_MODE, ORDERHUB_DISABLE, TWILIO_API_BASE, TWILIO_ACCOUNT_SID and "
                            "TWILIO_AUTH_TOKEN"}};
  v.mode_of = mode_of;
  v.endpoints_of = endpoints_of;
  v.live_reads_of = account_reads;
  return v;
}

} // namespace orderhub::providers::twilio
