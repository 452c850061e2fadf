#pragma once
#include "journal/base/result.hpp"
#include "journal/base/secret.hpp"
#include "providers/registry.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {

/// Where to listen.
struct listen_address {
  std::string host; ///< An IPv4 or IPv6 address without brackets, or `localhost`.
  std::uint16_t port = 0;

  friend bool operator==(const listen_address&, const listen_address&) = default;
};

/// One vendor as configured; what is empty was not set.
struct vendor_settings {
  std::string api_base; ///< Checked, without the vendor's own path and trailing slashes.
  secret api_key;       ///< Slack: the bot token.

  friend bool operator==(const vendor_settings&, const vendor_settings&) = default;
};

/// The whole configuration. Flags win over the environment, the environment over the TOML file,
/// and that over these defaults. `README.md` lists the names; `setting_names` has them all.
struct settings {
  std::string config_path; ///< Of the TOML file; empty for none.
  std::string data_dir = "./data";
  listen_address listen{"127.0.0.1", 8080};
  listen_address admin_listen{"127.0.0.1", 9070};
  secret api_token;
  secret admin_token;             ///< Where empty, `api_token` counts.
  std::string log_level = "info"; ///< `debug`, `info`, `warn`, `error`, `off`.
  std::uint32_t workers = 0;      ///< Scheduler threads of the actors; 0: by the machine.
  std::uint32_t http_threads = 1;
  std::uint32_t connections_max = 2'048;
  std::uint32_t in_flight_max = 4'096;
  std::uint32_t waits_max = 2'048;
  std::int64_t sending_max = 64 * 1024 * 1024;   ///< Bytes.
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
  bool compensate_on_label_failure = false; ///< `on_label_failure`: `retry` or `compensate`.
  std::int64_t absence_after_ms = -1;       ///< For all operations; negative: each its own.
  std::vector<std::string> disabled;        ///< Vendors to be skipped.

  bool mock_mode = false;
  std::uint64_t mock_seed = 1;
  std::int64_t mock_latency_ms = 0; ///< Added to each answer of a built-in mock vendor.
  std::string mock_control_path;    ///< A control document for the mock vendors at start.

  vendor_settings stripe, shippo, sendgrid, slack;
  secret slack_webhook_url;
  std::string slack_channel; ///< Empty: `#orders`, against the built-in mock `C0ORDERHUB`.
  std::string slack_channel_new, slack_channel_failed,
      slack_channel_confirmed; ///< Empty: as above.

  std::string mail_from; ///< Empty: the sample default.
  std::string ship_from; ///< JSON object text; empty: the sample default.
  std::string parcel =
      R"({"length":"10","width":"10","height":"5","distance_unit":"in","weight":"1","mass_unit":"lb"})";
  std::string public_url;
  secret proxy; ///< May hold a password.

  [[nodiscard]] const secret& token_of_admin() const {
    return admin_token.empty() ? api_token : admin_token;
  }
  [[nodiscard]] std::string mail_from_or_sample() const;
  [[nodiscard]] std::string ship_from_or_sample() const;
  enum class announcement : std::uint8_t { new_order, failed, confirmed };
  [[nodiscard]] std::string slack_channel_of(announcement what) const;

  friend bool operator==(const settings&, const settings&) = default;
};

/// What the person who starts the hub should know.
struct finding {
  std::string_view event; ///< Constant name for the log.
  std::string setting;
  std::string message;
};

struct setting_name {
  std::string_view name;        ///< In the TOML file, a dot for its section: `stripe.api_key`.
  std::string_view environment; ///< `STRIPE_API_KEY`
  std::string_view help;
  bool is_secret = false; ///< Never taken from a flag: a command line is public on its machine.
};
/// Every setting there is, in the order of the documents.
std::vector<setting_name> setting_names();

/// The flag of a setting, `--stripe-api-base`; empty where it has none.
std::string flag_of(const setting_name& name);

using environment = std::function<const char*(const char* name)>;
/// (setting name, text) as given on the command line.
using flag_values = std::vector<std::pair<std::string, std::string>>;

/// Reads and checks all sources. Empty environment variables count as not set. Fails with `invalid`
/// and a message that names the setting as it was given, never the value of a secret.
result<settings> load_settings(const flag_values& flags, const environment& env);

/// The same for text already read; `origin` stands for the file in messages.
result<void> apply_toml(settings& to, std::string_view text, std::string_view origin);

/// What `serve` requires beyond single values: a token for a foreign listener, real addresses with
/// a live Stripe key.
result<void> check_for_serve(const settings& s);

/// The vendors this hub talks to. `mock_base` is where the built-in mocks listen,
/// `http://127.0.0.1:4242`; used in mock mode only. Fails with `invalid` naming the setting where
/// payment or shipping would be skipped.
result<providers::registry> make_registry(const settings& s, std::string_view mock_base);

/// Sample defaults in use, skipped vendors, channels by name, sync off.
std::vector<finding> findings_of(const settings& s);

/// `H:P`, `[v6]:P`, or `P`. Nothing where it is none of them.
result<listen_address> parse_listen(std::string_view text);

} // namespace orderhub::http_gateway
