#pragma once
#include "journal/base/result.hpp"
#include "journal/base/secret.hpp"
#include "providers/live_read.hpp"
#include "providers/policy/doubt.hpp"
#include "providers/policy/rate_limiter.hpp"
#include "providers/registry.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers {

/// How the text of a vendor's setting is checked before it becomes a value.
enum class setting_kind : std::uint8_t {
  text,       ///< UTF-8 without control characters.
  key,        ///< A secret that goes into a header: printable ASCII without spaces.
  base_url,   ///< Origin and maybe a path; `own_path` and slashes at its end are taken off.
  secret_url, ///< Origin and a path, all of it a secret.
  rate,       ///< `25/s`, `10/m`, or `none`.
  flag,       ///< `true` or `false`; 1 and 0, yes and no, on and off become these.
};

/// One setting of a vendor.
struct vendor_setting {
  std::string_view name;        ///< In the TOML file, with its section: `stripe.api_key`.
  std::string_view environment; ///< `STRIPE_API_KEY`
  std::string_view help;
  std::string_view fallback; ///< What counts where it is not set, for people.
  setting_kind kind = setting_kind::text;
  std::string_view own_path = {}; ///< Of a `base_url`: the path that operations bring.

  [[nodiscard]] bool is_secret() const {
    return kind == setting_kind::key || kind == setting_kind::secret_url;
  }
};

/// The vendors' settings that were given, checked, by `vendor_setting::name`.
class vendor_values {
public:
  /// An empty value is one that was not given.
  void set(std::string_view name, std::string value);
  void forget(std::string_view name);
  /// Empty where it was not given.
  [[nodiscard]] const secret& secret_of(std::string_view name) const;
  /// Of a setting that is no secret.
  [[nodiscard]] const std::string& text_of(std::string_view name) const {
    return secret_of(name).reveal();
  }
  [[nodiscard]] bool has(std::string_view name) const { return !secret_of(name).empty(); }

  friend bool operator==(const vendor_values&, const vendor_values&) = default;

private:
  std::map<std::string, secret, std::less<>> values_;
};

/// What a vendor makes its endpoints of. The values outlive it.
struct vendor_configuration {
  const vendor_values& values;
  bool mock_mode = false;       ///< Vendors without a base are the built-in mock.
  bool is_disabled = false;     ///< This vendor.
  std::string_view mock_base{}; ///< `http://127.0.0.1:4242`; of `endpoints` in mock mode only.
  std::int64_t absence_after_ms = -1; ///< As in `endpoint`.

  /// In mock mode a vendor whose base is not set is the built-in mock, whatever its key.
  [[nodiscard]] bool is_built_in_mock(std::string_view base_setting) const {
    return mock_mode && !values.has(base_setting);
  }
};

/// What an order needs of a vendor.
enum class vendor_role : std::uint8_t {
  payment,
  shipping,
  mail,
  announcement,
  sms,
  deployment,
  stock,
  picking,
  pickup
};

/// What the person who starts the hub should know.
struct vendor_finding {
  std::string_view event; ///< Constant name for the log.
  std::string_view setting;
  std::string_view message;
};

/// An endpoint that a vendor may have, and which settings decide where its calls go:
/// `MOCK_MODE, STRIPE_API_BASE and STRIPE_API_KEY`.
struct endpoint_name {
  std::string_view name;
  std::string_view configured_by;
};

/// A vendor as its folder describes it, in `endpoint.cpp`: plain data, and pure functions.
struct vendor {
  std::string_view name;  ///< Its folder, its TOML section, and its name in `disable`.
  std::string_view title; ///< For people: `Stripe`.
  vendor_role role = vendor_role::payment;
  bool is_required = false;   ///< It is never skipped: it cannot be disabled, and needs its key.
  std::string_view duty = {}; ///< Of a required one, for people: `payment`.
  std::string_view key;       ///< The setting that configures it: `stripe.api_key`.
  std::string_view base;      ///< Its base URL's setting: `stripe.api_base`.
  /// What it means that it is not configured; empty: nothing that anybody need be told.
  std::string_view skipped = {};
  std::vector<vendor_setting> settings;
  std::vector<operation_row> operations; ///< All that act; not those that only read.
  /// A key says itself whether it is a live one, wherever it is shown.
  bool has_live_keys = false;
  std::vector<endpoint_name> endpoints;
  /// `mock`, `test` or `live`; empty where the vendor is skipped.
  std::string_view (*mode_of)(const vendor_configuration&) = nullptr;
  /// Its endpoints, none where it is skipped. Fails with `invalid` naming the environment variable.
  result<std::vector<endpoint>> (*endpoints_of)(const vendor& self,
                                                const vendor_configuration&) = nullptr;
  /// How its endpoints can be tried, those of which a harmless read is known; may be null.
  std::vector<live_read> (*live_reads_of)(const vendor_configuration&) = nullptr;
  /// What else should be known of its configuration; may be null.
  std::vector<vendor_finding> (*findings_of)(const vendor_configuration&) = nullptr;
  /// The version of its API that calls ask for; empty: none is named.
  std::string_view api_version = {};

  /// Null where it has none of that name.
  [[nodiscard]] const vendor_setting* find(std::string_view setting) const;
};

/// How a vendor with one key is reached.
struct key_endpoint {
  std::string_view own_base; ///< Where no base is set: `https://api.stripe.com`.
  std::string_view prefix;   ///< Of the Authorization header, before the key: `Bearer `.
  /// Shown to a mock instead of a key: a real one is never shown to the built-in mock.
  std::string_view mock_key;
};
/// A documented limit of one class of calls, and the setting that overrides it.
struct documented_limit {
  std::string_view call_class; ///< As in `call_limit`.
  std::string_view setting;
  rate_limit live, test; ///< Of no calls: the vendor publishes none.
  bool per_key = false;
};
/// Adds to the endpoint what holds for it: what the setting says, else the vendor's own limit at
/// the vendor's own host, else (a mock, another host) none.
void add_limits(endpoint& to, const key_endpoint& how, const vendor_configuration& configured,
                const std::vector<documented_limit>& limits);
/// The endpoint `of.name`, with its key in the Authorization header and `of`'s mode.
endpoint endpoint_with_key(const vendor& of, const key_endpoint& how,
                           const vendor_configuration& configured);

} // namespace orderhub::providers
