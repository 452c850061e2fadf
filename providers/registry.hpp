#pragma once
#include "journal/base/secret.hpp"
#include "providers/policy/doubt.hpp"
#include "providers/policy/rate_limiter.hpp"
#include "providers/token_client.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::providers {

/// Where a vendor is reached and what is added to each request. Filled by `main`; immutable after.
struct endpoint {
  std::string vendor; ///< `stripe`
  /// What stands before the vendor's own path, without a trailing slash: `https://api.stripe.com`.
  std::string base;
  std::string mode; ///< `mock`, `test` or `live`; part of every intent.
  std::vector<std::pair<std::string, secret>> secret_headers; ///< Authorization.
  /// Overrides each operation's absence time where not negative, milliseconds.
  std::int64_t absence_after_ms = -1;
  /// Stands between base and path and is the vendor's secret (Slack's incoming webhooks): it is in
  /// no intent.
  secret path = {};
  /// Stands for `base` in intents where that changes with every start (the built-in mock's port).
  std::string identity = {};
  /// The vendor's limits that calls keep to, by class; a class that is not named has none.
  std::vector<call_limit> limits = {};
  /// By operation, what the configuration says that it does in doubt; else each its own.
  std::map<std::string, doubt_choice, std::less<>> doubt = {};
  /// A token of an OAuth 2 provider is shown to it, which this says where to get; null: none is.
  std::shared_ptr<const token_client> token = {};

  /// What an intent records of its target; a changed one pauses the order instead of asking a
  /// vendor account that never saw the request.
  [[nodiscard]] std::string fingerprint() const {
    return (identity.empty() ? base : identity) + '|' + mode;
  }
};

/// Configured vendors by name. A vendor that is absent is skipped, and the order says so.
struct registry {
  std::map<std::string, endpoint, std::less<>> endpoints;
  /// By vendor, configured or not: the settings that configure it, for messages to people:
  /// `STRIPE_API_BASE and STRIPE_API_KEY`.
  std::map<std::string, std::string, std::less<>> settings = {};

  [[nodiscard]] std::string settings_of(std::string_view vendor) const {
    auto it = settings.find(vendor);
    return it == settings.end() ? "the settings of " + std::string(vendor) : it->second;
  }

  [[nodiscard]] const endpoint* find(std::string_view vendor) const {
    auto it = endpoints.find(vendor);
    return it == endpoints.end() ? nullptr : &it->second;
  }
};

} // namespace orderhub::providers
