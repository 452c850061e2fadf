#include "http_gateway/program/mock_webhook_keys.hpp"

#include "providers/webhooks/vendors.hpp"

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace orderhub::http_gateway {

namespace {

struct place {
  const char* environment;
  std::string_view setting;
};
constexpr std::array<place, 6> places = {{
    {"STRIPE_WEBHOOK_SECRET", "stripe.webhook_secret"},
    {"SENDGRID_WEBHOOK_PUBLIC_KEY", "sendgrid.webhook_public_key"},
    {"SHIPPO_WEBHOOK_SECRET", "shippo.webhook_secret"},
    {"SLACK_SIGNING_SECRET", "slack.signing_secret"},
    {"TWILIO_AUTH_TOKEN", "twilio.auth_token"},
    {"GITHUB_WEBHOOK_SECRET", "github.webhook_secret"},
}};

std::string from_environment(const char* name) {
  const char* text = std::getenv(name);
  const auto all = providers::webhooks::split_secrets(secret(text ? text : ""));
  return all.empty() ? std::string() : all.front().reveal();
}

} // namespace

providers::mock::webhook_keys mock_webhook_keys(random_source& random) {
  auto keys = providers::mock::webhook_keys::make(random);
  for (const auto& [name, key] : {std::pair("STRIPE_WEBHOOK_SECRET", &keys.stripe),
                                  std::pair("SHIPPO_WEBHOOK_SECRET", &keys.shippo),
                                  std::pair("SLACK_SIGNING_SECRET", &keys.slack),
                                  std::pair("TWILIO_AUTH_TOKEN", &keys.twilio),
                                  std::pair("GITHUB_WEBHOOK_SECRET", &keys.github)})
    if (auto given = from_environment(name); !given.empty())
      *key = std::move(given);
  return keys;
}

settings with_mock_secrets(settings s, const providers::mock::webhook_keys& keys) {
  // An account of Twilio's own has its token for calls too, and calls nobody back here.
  const bool has_account = s.vendors.has("twilio.account_sid");
  for (const auto& source : providers::webhooks::sources()) {
    if (!s.mock_mode || !s.mock_webhooks || (source.vendor == "twilio" && has_account))
      continue;
    std::string list = s.vendors.secret_of(source.secret_setting).reveal();
    list.append(list.empty() ? "" : ",").append(keys.text_for(source.secret_setting));
    s.vendors.set(source.secret_setting, std::move(list));
  }
  return s;
}

result<void> write_webhook_secrets(const providers::mock::webhook_keys& keys,
                                   const std::string& path) {
  if (path.empty())
    return {};
  std::string text;
  for (const auto& [name, setting] : places)
    text.append(name).append("=").append(keys.text_for(setting)).append("\n");
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool is_written =
      file >= 0 && ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (file >= 0)
    ::close(file);
  if (!is_written)
    return fail({error_kind::invalid, "mock", "the secrets cannot be written into " + path + "."});
  return {};
}

} // namespace orderhub::http_gateway
