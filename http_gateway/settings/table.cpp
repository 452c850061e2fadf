#include "http_gateway/settings/table.hpp"

#include "http_gateway/settings/values.hpp"
#include "providers/vendors.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <utility>

namespace orderhub::http_gateway {
namespace {

using rows = std::vector<setting_row>;
using text_view = std::string_view;

constexpr std::int64_t gib = 1024LL * 1024 * 1024;
/// With what stands around it, a body must fit into one record (16 MiB).
constexpr std::int64_t body_max_max = 8LL * 1024 * 1024;

rows server_rows() {
  return {
      {{"data_dir", "ORDERHUB_DATA_DIR", "directory of the journal", "./data", ""},
       [](settings& s, text_view t) { return set_text(s.data_dir, t); }},
      {{"listen", "ORDERHUB_LISTEN",
        "public port: H:P, [v6]:P or P; off loopback it needs ORDERHUB_API_TOKEN", "127.0.0.1:8080",
        ""},
       [](settings& s, text_view t) { return set_listen(s.listen, t); }},
      {{"admin_listen", "ORDERHUB_ADMIN_LISTEN",
        "health and metrics: H:P; off loopback it needs a token", "127.0.0.1:9070", ""},
       [](settings& s, text_view t) { return set_listen(s.admin_listen, t); }},
      {{"api_token", "ORDERHUB_API_TOKEN", "bearer token of the public port", "", "none", true},
       [](settings& s, text_view t) { return set_secret(s.api_token, t); }},
      {{"admin_token", "ORDERHUB_ADMIN_TOKEN", "bearer token of the admin port: role admin", "",
        "none", true},
       [](settings& s, text_view t) { return set_secret(s.admin_token, t); }},
      {{"admin_tokens", "ORDERHUB_ADMIN_TOKENS",
        "file of named tokens of the admin port, as `orderhub token new` writes it; read again on "
        "SIGHUP",
        "", "none"},
       [](settings& s, text_view t) { return set_text(s.admin_tokens, t); }},
      {{"admin_public_url", "ORDERHUB_ADMIN_PUBLIC_URL",
        "where people reach the admin port, such as https://hub.example.com: this web origin may "
        "act there, and where it is https sessions are for https alone",
        "", "its own address"},
       [](settings& s, text_view t) { return set_text(s.admin_public_url, t); }},
      {{"admin_socket", "ORDERHUB_ADMIN_SOCKET",
        "Unix socket of the admin API, mode 0660, such as /run/orderhub/admin.sock; or off", "",
        "admin.sock in the data directory"},
       [](settings& s, text_view t) { return set_text(s.admin_socket, t); }},
      {{"admin_socket_role", "ORDERHUB_ADMIN_SOCKET_ROLE",
        "role of the hub's group at that socket: read, operate or admin; root and the hub's user "
        "are "
        "admin",
        "operate", ""},
       [](settings& s, text_view t) { return set_admin_role(s.admin_socket_role, t); }},
      {{"log_level", "ORDERHUB_LOG_LEVEL", "debug, info, warn, error or off", "info", ""},
       [](settings& s, text_view t) { return set_log_level(s.log_level, t); }},
      {{"workers", "ORDERHUB_WORKERS",
        "scheduler threads of the actors, 0 to 256; 0: half the cores, at least one", "0", ""},
       [](settings& s, text_view t) { return set_number(s.workers, t, 0u, 256u); }},
      {{"http_threads", "ORDERHUB_HTTP_THREADS", "io threads of the public port, 1 to 64", "1", ""},
       [](settings& s, text_view t) { return set_number(s.http_threads, t, 1u, 64u); }},
      {{"connections_max", "ORDERHUB_CONNECTIONS_MAX", "open connections of the public port",
        "8192", ""},
       [](settings& s, text_view t) { return set_number(s.connections_max, t, 1u, 1'000'000u); }},
      {{"in_flight_max", "ORDERHUB_IN_FLIGHT_MAX", "requests that are not answered yet", "12288",
        ""},
       [](settings& s, text_view t) { return set_number(s.in_flight_max, t, 1u, 1'000'000u); }},
      {{"waits_max", "ORDERHUB_WAITS_MAX", "of these, attaches and calls that take longer than 5 s",
        "6144", ""},
       [](settings& s, text_view t) { return set_number(s.waits_max, t, 1u, 1'000'000u); }},
      {{"vendor_calls_max", "ORDERHUB_VENDOR_CALLS_MAX",
        "calls on the wire to one vendor; reads and look-ups have a quarter of that each, besides",
        "4096", ""},
       [](settings& s, text_view t) { return set_number(s.vendor_calls_max, t, 1u, 100'000u); }},
      {{"sending_max", "ORDERHUB_SENDING_MAX",
        "unsent responses of all connections, bytes or with KiB, MiB; beyond it reads get 503",
        "64MiB", ""},
       [](settings& s, text_view t) { return set_size(s.sending_max, t, 1 << 20, 1 << 30); }},
      {{"receiving_max", "ORDERHUB_RECEIVING_MAX",
        "request bodies above 16 KiB of all connections, bytes or with KiB, MiB; beyond it they "
        "wait, then 503",
        "64MiB", ""},
       [](settings& s, text_view t) {
         return set_size(s.receiving_max, t, body_max_max, 1 << 30);
       }},
      {{"body_max", "ORDERHUB_BODY_MAX",
        "largest request body, 1 KiB to 8 MiB, in bytes or with KiB, MiB", "1MiB", ""},
       [](settings& s, text_view t) { return set_size(s.body_max, t, 1024, body_max_max); }},
      {{"request_timeout", "ORDERHUB_REQUEST_TIMEOUT", "a caller's longest wait, then 504", "60s",
        ""},
       [](settings& s, text_view t) { return set_duration(s.request_timeout_ms, t, 1'000); }},
      {{"attach_timeout", "ORDERHUB_ATTACH_TIMEOUT", "an attached caller's longest wait", "280s",
        ""},
       [](settings& s, text_view t) { return set_duration(s.attach_timeout_ms, t, 1'000); }},
      {{"drain_timeout", "ORDERHUB_DRAIN_TIMEOUT", "longest wait for running work at SIGTERM",
        "20s", ""},
       [](settings& s, text_view t) { return set_duration(s.drain_timeout_ms, t, 0); }},
  };
}

rows journal_rows() {
  return {
      {{"sync", "ORDERHUB_SYNC", "commit syncs before it acknowledges; off does not", "commit", ""},
       [](settings& s, text_view t) { return set_choice(s.sync_commit, t, "commit", "off"); }},
      {{"checkpoint_bytes", "ORDERHUB_CHECKPOINT_BYTES", "log between checkpoints", "8MiB", ""},
       [](settings& s, text_view t) {
         return set_size(s.checkpoint_bytes, t, 64 * 1024, 64 * gib);
       }},
      {{"checkpoint_interval", "ORDERHUB_CHECKPOINT_INTERVAL", "time between checkpoints", "10s",
        ""},
       [](settings& s, text_view t) { return set_duration(s.checkpoint_interval_ms, t, 100); }},
      {{"backup_dir", "ORDERHUB_BACKUP_DIR",
        "directory below which POST /admin/journal/backup makes copies, each in a folder named by "
        "its time",
        "", "none: it is refused"},
       [](settings& s, text_view t) { return set_text(s.backup_dir, t); }},
      {{"journal_retention", "ORDERHUB_JOURNAL_RETENTION",
        "how long finished invocations are kept; orders stay", "30d", ""},
       [](settings& s, text_view t) { return set_duration(s.journal_retention_ms, t, 1'000); }},
      {{"idempotency_retention", "ORDERHUB_IDEMPOTENCY_RETENTION",
        "how long idempotency keys are kept", "24h", ""},
       [](settings& s, text_view t) { return set_duration(s.idempotency_retention_ms, t, 1'000); }},
  };
}

rows order_rows() {
  return {
      {{"label_timeout", "ORDERHUB_LABEL_TIMEOUT", "how long ProcessOrder waits for the label",
        "10s", ""},
       [](settings& s, text_view t) { return set_duration(s.label_timeout_ms, t, 0); }},
      {{"notification_timeout", "ORDERHUB_NOTIFICATION_TIMEOUT",
        "how long it waits for the notices", "2s", ""},
       [](settings& s, text_view t) { return set_duration(s.notification_timeout_ms, t, 0); }},
      {{"packed_timeout", "ORDERHUB_PACKED_TIMEOUT",
        "how long a fulfilment waits until the warehouse has packed; then it is undone", "72h", ""},
       [](settings& s, text_view t) { return set_duration(s.packed_timeout_ms, t, 1'000); }},
      {{"pickup_timeout", "ORDERHUB_PICKUP_TIMEOUT",
        "how long it waits until the carrier has picked up; then it is undone", "72h", ""},
       [](settings& s, text_view t) { return set_duration(s.pickup_timeout_ms, t, 1'000); }},
      {{"on_label_failure", "ORDERHUB_ON_LABEL_FAILURE",
        "a refused label: retry keeps the order and tries again; compensate undoes it, also where "
        "the refusal comes after the answer",
        "retry", ""},
       [](settings& s, text_view t) {
         return set_choice(s.compensate_on_label_failure, t, "compensate", "retry");
       }},
      {{"mail_from", "ORDERHUB_MAIL_FROM",
        "sender of mails; the sample is refused with a live payment key", "", "orders@example.com"},
       [](settings& s, text_view t) { return set_mail_from(s.mail_from, t); }},
      {{"mail_templates", "ORDERHUB_MAIL_TEMPLATES",
        "directory with templates of mails, each in the place of a built-in one: OPERATING.md, The "
        "texts of mails",
        "", "the built-in ones"},
       [](settings& s, text_view t) { return set_text(s.mail_templates, t); }},
      {{"ship_from", "ORDERHUB_SHIP_FROM",
        "sender's address, JSON with name, street1, city, zip and country, maybe street2, company, "
        "state (needed in US, CA and AU), phone and email; the sample is refused with a live "
        "payment "
        "key",
        "", "a sample address"},
       [](settings& s, text_view t) {
         return set_json_object(s.ship_from, t, {"name", "street1", "city", "zip", "country"});
       }},
      {{"parcel", "ORDERHUB_PARCEL",
        "parcel of an order that names none, JSON with length, width, height, distance_unit, "
        "weight and mass_unit",
        "", "10×10×5 in, 1 lb"},
       [](settings& s, text_view t) {
         return set_json_object(
             s.parcel, t, {"length", "width", "height", "distance_unit", "weight", "mass_unit"});
       }},
      {{"customs", "ORDERHUB_CUSTOMS",
        "what is declared of parcels that cross a customs border, JSON with certify_signer, maybe "
        "contents_type (MERCHANDISE), contents_explanation, non_delivery_option (RETURN), incoterm "
        "(DDU), eel_pfc (by destination, from the US only), aes_itn, and item_description, "
        "item_hs_code, item_origin_country of items that say nothing of customs; where it is not "
        "set and the Shippo or Stripe key is live, such orders are refused",
        "", "a sample's, for test labels"},
       [](settings& s, text_view t) { return set_json_object(s.customs, t, {"certify_signer"}); }},
  };
}

rows calls_rows() {
  return {
      {{"mock_mode", "MOCK_MODE",
        "starts built-in mock vendors and points every base URL that is not set at them", "false",
        ""},
       [](settings& s, text_view t) { return set_flag(s.mock_mode, t); }},
      {{"absence_after", "ORDERHUB_ABSENCE_AFTER",
        "when an empty look-up proves absence, for all operations", "", "each operation's own"},
       [](settings& s, text_view t) { return set_duration(s.absence_after_ms, t, 0); }},
      {{"call_after", "ORDERHUB_CALL_AFTER",
        "how long a step may wait before a person is called, whatever it waits for", "",
        "each cause's own: OPERATING.md, When a person is called"},
       [](settings& s, text_view t) { return set_duration(s.call_after_ms, t, 1'000); }},
      {{"disable", "ORDERHUB_DISABLE",
        "vendors to skip, comma-separated; never those of payment and shipping", "", "none"},
       [](settings& s, text_view t) { return set_disabled(s.disabled, t); }},
      {{"public_url", "ORDERHUB_PUBLIC_URL",
        "where vendors reach this hub: Twilio is told to report there what becomes of an SMS", "",
        "none"},
       [](settings& s, text_view t) { return set_base(s.public_url, t, ""); }},
      {{"proxy", "ORDERHUB_PROXY", "proxy for the vendors; no other proxy variable counts", "",
        "none", true},
       [](settings& s, text_view t) { return set_secret(s.proxy, t); }},
      {{"ca_file", "ORDERHUB_CA_FILE",
        "PEM file of the certificate authorities that count for the vendors, instead of the "
        "system's",
        "", "`SSL_CERT_FILE`, else the system's"},
       [](settings& s, text_view t) { return set_text(s.ca_file, t); }},
      {{"http2", "ORDERHUB_HTTP2",
        "calls that are repeated under their key, and reads, share connections where a vendor "
        "speaks HTTP/2; labels, mails and messages never do",
        "true", ""},
       [](settings& s, text_view t) { return set_flag(s.http2, t); }},
  };
}

rows webhook_rows() {
  return {
      {{"webhooks.custom", "ORDERHUB_WEBHOOKS_CUSTOM",
        "other senders, at /webhooks/custom/{name}: in the file a section [webhooks.custom.{name}] "
        "each, here a JSON list; API.md, Webhooks of your own",
        "", "none", true},
       [](settings& s, text_view t) { return set_custom_webhooks(s.custom_webhooks, t); }},
      {{"slack_operators", "SLACK_OPERATORS",
        "Slack's ids (U012AB3CD), comma-separated, of those whose buttons retry_label and "
        "cancel_order count",
        "", "nobody"},
       [](settings& s, text_view t) { return set_list(s.slack_operators, t); }},
      {{"mail_event_wait", "ORDERHUB_MAIL_EVENT_WAIT",
        "how long a mail in doubt waits for SendGrid's event before it is sent again, at least as "
        "long as the hub was away, 10s to 1h",
        "120s", ""},
       [](settings& s, text_view t) { return set_duration(s.mail_event_wait_ms, t, 10'000); }},
      {{"webhook_sweep", "ORDERHUB_WEBHOOK_SWEEP",
        "how often Stripe is asked for events that no webhook brought, from 1s; or off", "",
        "5m where STRIPE_WEBHOOK_SECRET is set, else off"},
       [](settings& s, text_view t) { return set_duration_or_off(s.webhook_sweep_ms, t, 1'000); }},
      {{"webhook_sweep_back", "ORDERHUB_WEBHOOK_SWEEP_BACK",
        "how far back a hub asks that has never asked; Stripe keeps events for 30 days", "72h", ""},
       [](settings& s, text_view t) { return set_duration(s.webhook_sweep_back_ms, t, 0); }},
      {{"parcel_sweep", "ORDERHUB_PARCEL_SWEEP",
        "how old a label is when Shippo is first asked where its parcel is, from 1s; or off", "12h",
        ""},
       [](settings& s, text_view t) { return set_duration_or_off(s.parcel_sweep_ms, t, 1'000); }},
      {{"parcel_sweep_every", "ORDERHUB_PARCEL_SWEEP_EVERY",
        "how long after that, and after each answer, it is asked again, from 1s", "12h", ""},
       [](settings& s, text_view t) { return set_duration(s.parcel_sweep_every_ms, t, 1'000); }},
      {{"parcel_sweep_for", "ORDERHUB_PARCEL_SWEEP_FOR",
        "how long after its label a parcel that has not come is asked for no more", "30d", ""},
       [](settings& s, text_view t) { return set_duration(s.parcel_sweep_for_ms, t, 1'000); }},
  };
}

rows breaker_rows() {
  return {
      {{"breaker.window", "ORDERHUB_BREAKER_WINDOW",
        "over how long the outcomes of a vendor's calls are judged", "60s", ""},
       [](settings& s, text_view t) { return set_duration(s.breaker.window_ms, t, 1'000); }},
      {{"breaker.volume", "ORDERHUB_BREAKER_VOLUME",
        "fewer outcomes than this in the window open none, 1 to 1000000", "20", ""},
       [](settings& s, text_view t) {
         return set_number<std::int64_t>(s.breaker.volume_min, t, 1, 1'000'000);
       }},
      {{"breaker.failures", "ORDERHUB_BREAKER_FAILURES",
        "from how many failures in a hundred it opens, 1 to 100", "50", ""},
       [](settings& s, text_view t) {
         return set_number<std::int64_t>(s.breaker.failure_percent, t, 1, 100);
       }},
      {{"breaker.failing", "ORDERHUB_BREAKER_FAILING",
        "how long they must have gone on; 0: at once", "5s", ""},
       [](settings& s, text_view t) { return set_duration(s.breaker.failing_ms, t, 0); }},
      {{"breaker.open", "ORDERHUB_BREAKER_OPEN",
        "from its opening to the first probe; each further one waits twice as long", "1s", ""},
       [](settings& s, text_view t) { return set_duration(s.breaker.open_ms, t, 10); }},
      {{"breaker.open_max", "ORDERHUB_BREAKER_OPEN_MAX", "up to so long", "15s", ""},
       [](settings& s, text_view t) { return set_duration(s.breaker.open_max_ms, t, 10); }},
      {{"breaker.probes", "ORDERHUB_BREAKER_PROBES",
        "so many probes that are answered, one after the other, close it, 1 to 100", "1", ""},
       [](settings& s, text_view t) {
         return set_number<std::int64_t>(s.breaker.probes, t, 1, 100);
       }},
  };
}

/// Whether its default could be written down as its value.
bool is_value(const providers::vendor_setting& s) {
  return s.kind == providers::setting_kind::base_url && s.fallback.starts_with("https://");
}

rows fallback_rows() {
  return {
      {{"fallback.mail", "ORDERHUB_FALLBACK_MAIL",
        "a second provider of mails, `custom/backup_mail`: a page of the TOML file that sends what "
        "SendGrid definitely has not",
        "", "none"},
       [](settings& s, text_view t) { return set_custom_name(s.fallback_mail, t); }},
      {{"fallback.sms", "ORDERHUB_FALLBACK_SMS", "the same of SMS, beside Twilio", "", "none"},
       [](settings& s, text_view t) { return set_custom_name(s.fallback_sms, t); }},
  };
}

rows rows_of(const providers::vendor& v) {
  rows out;
  for (const auto& of : v.settings)
    out.push_back({{of.name, of.environment, of.help, is_value(of) ? of.fallback : "",
                    is_value(of) ? "" : of.fallback, of.is_secret()},
                   [&of](settings& s, text_view t) { return set_vendor_value(s.vendors, of, t); }});
  return out;
}

/// Of every operation that acts, whose names stand nowhere else.
struct doubt_name {
  std::string name, environment, help, own;
};

std::vector<doubt_name> doubt_names() {
  std::vector<doubt_name> all;
  for (const auto& of : providers::all_operations()) {
    std::string variable = "ORDERHUB_DOUBT_";
    for (const char c : of.name)
      variable += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    std::string may_be;
    for (const auto policy : providers::allowed_policies(of))
      may_be.append(may_be.empty() ? "" : ", ").append(name_of(policy));
    all.push_back({"doubt." + std::string(of.name), std::move(variable),
                   std::string(of.help) + "; may be " + may_be, shown(providers::own_doubt(of))});
  }
  return all;
}

rows doubt_rows() {
  static const auto names = doubt_names();
  rows out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out.push_back({{names[i].name, names[i].environment, names[i].help, names[i].own, ""},
                   [&of = providers::all_operations()[i]](settings& s, text_view t) {
                     return set_doubt(s.doubt, of, t);
                   }});
  return out;
}

rows mock_rows() {
  return {
      {{"mock.seed", "ORDERHUB_MOCK_SEED",
        "seed of the built-in mock vendors; while it is 1, their ids differ with every start", "1",
        ""},
       [](settings& s, text_view t) {
         return set_number<std::uint64_t>(s.mock_seed, t, 0,
                                          std::numeric_limits<std::uint64_t>::max());
       }},
      {{"mock.latency", "ORDERHUB_MOCK_LATENCY", "added to each of their answers", "0", ""},
       [](settings& s, text_view t) { return set_duration(s.mock_latency_ms, t, 0); }},
      {{"mock.webhooks", "ORDERHUB_MOCK_WEBHOOKS",
        "on or off: they tell the hub by signed webhooks what happens", "on", ""},
       [](settings& s, text_view t) { return set_choice(s.mock_webhooks, t, "on", "off"); }},
      {{"mock.transit", "ORDERHUB_MOCK_TRANSIT",
        "from a label to the parcel being in transit, which a webhook tells; 0: it never moves",
        "15s", ""},
       [](settings& s, text_view t) { return set_duration(s.mock_transit_ms, t, 0); }},
      {{"mock.delivery", "ORDERHUB_MOCK_DELIVERY",
        "from there to its delivery; 0: it is never delivered", "15s", ""},
       [](settings& s, text_view t) { return set_duration(s.mock_delivery_ms, t, 0); }},
      {{"mock.control", "ORDERHUB_MOCK_CONTROL",
        "file with a control document for them: faults from the first request on", "", "none"},
       [](settings& s, text_view t) { return set_text(s.mock_control_path, t); }},
  };
}

rows whole_table() {
  rows all;
  const auto add = [&all](std::string_view group, rows more) {
    for (auto& r : more) {
      r.id.group = group;
      all.push_back(std::move(r));
    }
  };
  add("The program", server_rows());
  add("The journal", journal_rows());
  add("Orders", order_rows());
  add("Calls to vendors", calls_rows());
  add("Webhooks", webhook_rows());
  add("The vendors' breakers", breaker_rows());
  add(fallback_group, fallback_rows());
  add(doubt_group, doubt_rows());
  for (const auto& v : providers::all_vendors())
    add(v.title, rows_of(v));
  add("Built-in mock vendors", mock_rows());
  return all;
}

} // namespace

const std::vector<setting_row>& setting_table() {
  static const rows all = whole_table();
  return all;
}

const setting_row* find_setting(std::string_view name) {
  for (const auto& r : setting_table())
    if (r.id.name == name)
      return &r;
  return nullptr;
}

std::vector<setting_name> setting_names() {
  std::vector<setting_name> names;
  names.reserve(setting_table().size());
  for (const auto& r : setting_table())
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

} // namespace orderhub::http_gateway
