#pragma once
#include "journal/base/secret.hpp"
#include "providers/step_ref.hpp"
#include "providers/webhooks/event.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::webhooks {

/// Whether a delivery is the vendor's.
struct verification {
  refusal why = refusal::no_secret;
  /// For a person, of a refusal only; empty where there is nothing to say. A constant text without
  /// secrets: `matches the test-mode secret`.
  std::string hint;
  /// By how much the receiver's clock is ahead of the signed time; nothing where none was read.
  std::optional<std::int64_t> skew_s = std::nullopt;
};

/// What a vendor's webhooks are: plain data and pure functions.
struct source {
  std::string_view vendor; ///< The last part of `/webhooks/{vendor}`: `stripe`.
  /// The setting with the secret, or a comma-separated list of them: `stripe.webhook_secret`.
  std::string_view secret_setting;
  /// Whether one of the secrets makes the signature of these bytes, by the vendor's own rule, in
  /// constant time. `secrets` is what `split_secrets` gives; an entry `test:…` is recognised and
  /// never believed. `public_url` is what stands before the target where the vendor signs the URL
  /// (`https://hub.example.com`, a path may follow); the other vendors ignore it.
  verification (*verify)(const delivery& received, const std::vector<secret>& secrets,
                         std::string_view public_url) = nullptr;
  /// Reads a delivery that `verify` has taken. Of `ours` only the hub counts.
  reading (*read)(const delivery& received, const step_ref& ours) = nullptr;
  /// For how long the vendor sends a delivery again that was not answered 2xx (by hand too). An
  /// event's id is to be known for longer.
  std::int64_t retry_window_ms = 0;
  /// Of the vendor's JSON, a member that is a secret wherever it stands: its text is not kept with
  /// the body. Empty: there is none.
  std::string_view secret_member = {};
};

/// stripe, sendgrid, shippo, slack, twilio, github.
const std::vector<source>& sources();
/// Null where there is none of that name.
const source* find_source(std::string_view vendor);

/// The entries of a comma-separated list, without spaces around them; empty ones are left out.
std::vector<secret> split_secrets(const secret& list);

} // namespace orderhub::providers::webhooks
