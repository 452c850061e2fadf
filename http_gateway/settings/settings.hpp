#pragma once
#include "journal/base/result.hpp"
#include "journal/base/secret.hpp"
#include "providers/custom/provider.hpp"
#include "providers/policy/circuit_breaker.hpp"
#include "providers/policy/doubt.hpp"
#include "providers/vendor.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// Where to listen.
struct listen_address {
  std::string host; ///< An IPv4 or IPv6 address without brackets, or `localhost`.
  std::uint16_t port = 0;

  friend bool operator==(const listen_address&, const listen_address&) = default;
};

/// The whole configuration. Flags win over the environment, the environment over the TOML file,
/// and that over these defaults. `SETTINGS.md` lists the names; `setting_table` has them all.
struct settings {
  std::string config_path; ///< Of the TOML file; empty for none.
  std::string data_dir = "./data";
  listen_address listen{"127.0.0.1", 8080};
  listen_address admin_listen{"127.0.0.1", 9070};
  secret api_token;
  secret admin_token;           ///< Its holder is admin, named `env`.
  std::string admin_tokens;     ///< A file of named tokens (`read_admin_tokens`); empty: none.
  std::string admin_public_url; ///< Where people reach the admin port; empty: at its address.
  /// Where the admin API has a Unix socket; empty: `admin.sock` in `data_dir`; `off`: nowhere.
  std::string admin_socket;
  std::string admin_socket_role = "operate"; ///< Of the group at it: `read`, `operate`, `admin`.
  /// Where an operator has backups made, each in a folder of its own; empty: nowhere.
  std::string backup_dir;
  std::string log_level = "info"; ///< `debug`, `info`, `warn`, `error`, `off`.
  std::uint32_t workers = 0;      ///< Scheduler threads of the actors; 0: by the machine.
  std::uint32_t http_threads = 1;
  std::uint32_t connections_max = 8'192;
  std::uint32_t in_flight_max = 12'288;
  std::uint32_t waits_max = 6'144;
  std::uint32_t vendor_calls_max = 4'096;      ///< Calls with an effect on the wire to one vendor.
  std::int64_t sending_max = 64 * 1024 * 1024; ///< Bytes.
  std::int64_t receiving_max = 64 * 1024 * 1024; ///< Bytes.
  std::int64_t body_max = 1024 * 1024;           ///< Bytes of a request body.
  std::int64_t request_timeout_ms = 60'000;
  std::int64_t attach_timeout_ms = 280'000; ///< Of `/attach`; below 300 s, where Node's fetch ends.
  std::int64_t drain_timeout_ms = 20'000;

  bool sync_commit = true;                         ///< Setting `sync`: `commit` or `off`.
  std::int64_t checkpoint_bytes = 8 * 1024 * 1024; ///< Log written since the last checkpoint.
  std::int64_t checkpoint_interval_ms = 10'000;
  std::int64_t journal_retention_ms = 30LL * 86'400'000;
  std::int64_t idempotency_retention_ms = 86'400'000;

  std::int64_t label_timeout_ms = 10'000; ///< How long ProcessOrder waits for the label.
  std::int64_t notification_timeout_ms = 2'000;
  /// How long a fulfilment awaits that its goods are packed, and that they are picked up.
  std::int64_t packed_timeout_ms = 72LL * 3'600'000;
  std::int64_t pickup_timeout_ms = 72LL * 3'600'000;
  bool compensate_on_label_failure = false; ///< `on_label_failure`: `retry` or `compensate`.
  std::int64_t absence_after_ms = -1;       ///< For all operations; negative: each its own.
  std::int64_t call_after_ms = 0;           ///< For all causes of waiting; 0: each its own.
  std::vector<std::string> disabled;        ///< Vendors to be skipped.
  providers::breaker_settings breaker;      ///< Of each vendor.

  /// By operation, where it is not its own.
  std::map<std::string, providers::doubt_choice, std::less<>> doubt;

  bool mock_mode = false;
  std::uint64_t mock_seed = 1;
  std::int64_t mock_latency_ms = 0;       ///< Added to each answer of a built-in mock vendor.
  bool mock_webhooks = true;              ///< The mock vendors tell the hub what happens.
  std::int64_t mock_transit_ms = 15'000;  ///< From a label to the parcel's way; 0: it never moves.
  std::int64_t mock_delivery_ms = 15'000; ///< From there to the door; 0: it never arrives.
  std::string mock_control_path;          ///< A control document for the mock vendors at start.

  /// Providers that the TOML file describes, by name.
  std::vector<providers::custom::provider> custom;
  /// Second providers: `custom/<name>`; empty: none.
  std::string fallback_mail, fallback_sms;
  providers::vendor_values vendors; ///< As the rows of the vendors' folders say.

  std::string mail_from;      ///< Empty: the sample default.
  std::string mail_templates; ///< A directory; empty: the built-in ones alone.
  std::string ship_from;      ///< JSON object text; empty: the sample default.
  std::string parcel =
      R"({"length":"10","width":"10","height":"5","distance_unit":"in","weight":"1","mass_unit":"lb"})";
  std::string customs; ///< JSON object text, `customs_from`; empty: none, or a sample's.
  std::string public_url;
  secret custom_webhooks; ///< JSON, `providers::webhooks::read_custom_sources`; has their secrets.
  std::vector<std::string> slack_operators; ///< Slack's ids of those who may press buttons.
  std::int64_t mail_event_wait_ms = 120'000;
  /// How often Stripe is asked for its events; 0: never; negative: by whether its webhooks are on.
  std::int64_t webhook_sweep_ms = -1;
  std::int64_t webhook_sweep_back_ms = 72LL * 3'600'000; ///< How far the first time looks back.
  std::int64_t parcel_sweep_ms = 12LL * 3'600'000; ///< From a label to the first question; 0: none.
  std::int64_t parcel_sweep_every_ms = 12LL * 3'600'000;
  std::int64_t parcel_sweep_for_ms = 30LL * 86'400'000;
  secret proxy; ///< May hold a password.
  /// Authorities that vendors' certificates are verified against; empty: the system's.
  std::string ca_file;
  std::string ca_file_given_as = "ORDERHUB_CA_FILE"; ///< Or `SSL_CERT_FILE`; for its errors.
  bool http2 = true; ///< Calls that may share a vendor's connection do.

  /// Somebody needs a token at the admin port.
  [[nodiscard]] bool has_admin_tokens() const {
    return !admin_token.empty() || !admin_tokens.empty() || !api_token.empty();
  }
  [[nodiscard]] std::string mail_from_or_sample() const;
  [[nodiscard]] std::string ship_from_or_sample() const;
  /// What that vendor's functions are asked with; it refers to this. `mock_base` is needed for its
  /// endpoints only.
  [[nodiscard]] providers::vendor_configuration
  configuration_of(const providers::vendor& v, std::string_view mock_base = {}) const;

  friend bool operator==(const settings&, const settings&) = default;
};

} // namespace orderhub::http_gateway
