#include "actors/durable/wait_board.hpp"
#include "actors/handlers/orders/order_listing.hpp"
#include "actors/handlers/orders/order_request.hpp"
#include "actors/handlers/services.hpp"
#include "actors/handlers/webhooks/webhook_list.hpp"
#include "actors/handlers/webhooks/webhook_sweeper.hpp"
#include "actors/host/ingress.hpp"
#include "actors/host/operator.hpp"
#include "actors/runtime/hub.hpp"
#include "http_gateway/admin/admin_api.hpp"
#include "http_gateway/ingress/ingress_api.hpp"
#include "http_gateway/mock/mock_server.hpp"
#include "http_gateway/program/admin_rules.hpp"
#include "http_gateway/program/commands.hpp"
#include "http_gateway/program/file_limit.hpp"
#include "http_gateway/program/mock_control.hpp"
#include "http_gateway/program/mock_webhook_keys.hpp"
#include "http_gateway/program/reload.hpp"
#include "http_gateway/program/stop_signals.hpp"
#include "http_gateway/program/webhook_keys.hpp"
#include "http_gateway/program/wire_places.hpp"
#include "http_gateway/server/server.hpp"
#include "http_gateway/settings/order_settings_from.hpp"
#include "http_gateway/settings/startup_checks.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "http_gateway/webhooks/webhook_desk.hpp"
#include "http_gateway/webhooks/webhook_door.hpp"
#include "journal/base/log.hpp"
#include "journal/base/metrics.hpp"
#include "journal/base/text.hpp"
#include "journal/commit_log/commit_log.hpp"
#include "journal/commit_log/file_log_directory.hpp"
#include "journal/copied_effects.hpp"
#include "journal/hub_journal.hpp"
#include "journal/lmdb_store.hpp"
#include "providers/transport/curl_transport.hpp"
#include "providers/transport/token_transport.hpp"
#include "providers/vendors.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace orderhub::http_gateway {

namespace {

constexpr std::size_t admin_connections_max = 128;
/// Listeners, journal, log, timers, what libraries open; and connections that are being refused.
constexpr std::uint64_t files_besides = 128 + 2 * 128;

int refused(const error& why) {
  std::cerr << "orderhub serve: " << why.message << '\n';
  return 1;
}

log::level level_of(const std::string& name) {
  if (name == "debug")
    return log::level::debug;
  if (name == "warn")
    return log::level::warn;
  if (name == "error")
    return log::level::error;
  return name == "off" ? log::level::off : log::level::info;
}

std::string address_text(const listen_address& a, std::uint16_t port) {
  const bool v6 = a.host.find(':') != std::string::npos;
  return (v6 ? '[' + a.host + ']' : a.host) + ':' + std::to_string(port);
}

/// The built-in mock vendors, where they are wanted.
result<std::unique_ptr<mock_server>> start_mock(const settings& s, std::string& base) {
  if (!s.mock_mode)
    return std::unique_ptr<mock_server>();
  providers::mock::options options;
  options.seed = s.mock_seed;
  options.latency_ms.fill(s.mock_latency_ms);
  options.tells = s.mock_webhooks;
  options.transit_ms = s.mock_transit_ms;
  options.delivery_ms = s.mock_delivery_ms;
  // Its memory ends with the program, the journal does not: other ids at every start, unless a seed
  // was asked for.
  if (s.mock_seed == settings().mock_seed)
    options.seed += static_cast<std::uint64_t>(system_clock().wall_ms());
  auto mock = std::make_unique<mock_server>(options);
  if (auto done = apply_control_file(*mock, s.mock_control_path); !done)
    return done.failure();
  auto port = mock->start();
  if (!port)
    return port.failure();
  base = "http://127.0.0.1:" + std::to_string(*port);
  return mock;
}

/// The mock vendors' webhooks, to the hub's own port: they are signed and verified in mock mode
/// too.
void send_mock_webhooks(mock_server& mock, const settings& s, std::uint16_t port,
                        providers::mock::webhook_keys keys, providers::transport& out) {
  const bool is_v6 = s.listen.host == "::1" || s.listen.host == "::";
  webhook_sender_options how{.to = (is_v6 ? "http://[::1]:" : "http://127.0.0.1:") +
                                   std::to_string(port),
                             .manner = {},
                             .keys = std::move(keys),
                             .log_path = {}};
  mock.send_webhooks(std::move(how), out);
}

void add_vendors(metrics_writer& out, const std::vector<host::vendor_places>& vendors) {
  using enum metric_kind;
  using places = host::vendor_places;
  const auto by_kind = [&](std::string_view name, auto numbers) {
    out.family(name, gauge);
    for (const auto& v : vendors)
      for (std::size_t k = 0; k < host::place_kinds; ++k)
        out.sample({{"vendor", v.vendor}, {"kind", name_of(static_cast<host::place_kind>(k))}},
                   (v.*numbers)[k]);
  };
  const auto by_vendor = [&](std::string_view name, metric_kind kind, auto number) {
    out.family(name, kind);
    for (const auto& v : vendors)
      out.sample({{"vendor", v.vendor}}, v.*number);
  };
  by_kind("orderhub_vendor_places", &places::limit);
  by_kind("orderhub_vendor_calls_in_flight", &places::in_flight);
  by_kind("orderhub_vendor_calls_queued", &places::queued);
  by_vendor("orderhub_vendor_held", gauge, &places::held);
  by_vendor("orderhub_vendor_holds_total", counter, &places::holds);
  by_vendor("orderhub_vendor_unreachable_total", counter, &places::unreachable);
  by_vendor("orderhub_vendor_misconfigured_total", counter, &places::misconfigured);
  by_vendor("orderhub_vendor_limited_total", counter, &places::limited);
  out.family("orderhub_vendor_hold", gauge, "Why calls wait: 1 at the reason.");
  for (const auto& v : vendors)
    out.sample({{"vendor", v.vendor}, {"why", name_of(v.hold)}}, 1);
  out.family("orderhub_vendor_latency_ms", gauge, "Of calls in the last 5 to 10 minutes.");
  for (const auto& v : vendors)
    for (const auto& [quantile, ms] : {std::pair("0.5", v.p50_ms), std::pair("0.99", v.p99_ms)})
      if (ms)
        out.sample({{"vendor", v.vendor}, {"quantile", quantile}}, *ms);
}

void add_waiting(metrics_writer& out, const durable::wait_board& board) {
  const auto waiting = board.snapshot();
  out.family("orderhub_waiting", metric_kind::gauge, "Steps that wait, by vendor and cause.");
  for (const auto& w : waiting)
    out.sample({{"vendor", w.vendor}, {"cause", name_of(w.cause)}}, w.count);
}

std::string hub_metrics_text(const journal::journal_metrics& j, const runtime::hub_metrics& h,
                             std::uint64_t attention_count, const durable::wait_board& board) {
  using enum metric_kind;
  metrics_writer out;
  out.one("orderhub_journal_commits_total", counter, j.commits);
  out.one("orderhub_journal_records_total", counter, j.records);
  out.one("orderhub_journal_slices_total", counter, j.slices);
  out.one("orderhub_journal_overlay_bytes", gauge, j.overlay_bytes);
  out.one("orderhub_journal_log_first", gauge, j.first_lsn);
  out.one("orderhub_journal_log_last", gauge, j.last_lsn);
  out.one("orderhub_journal_longest_commit_us", gauge, j.longest_commit_us);
  out.one("orderhub_journal_longest_slice_us", gauge, j.longest_slice_us);
  out.one("orderhub_journal_objects_set_aside", gauge, j.objects_set_aside);
  out.one("orderhub_journal_log_bytes", gauge, j.log_bytes,
          "Of batches in the commit log that are not in synced tables.");
  out.one("orderhub_journal_log_segments", gauge, j.log_segments);
  out.one("orderhub_journal_log_segment_waits_total", counter, j.log_segment_waits,
          "Commits for which a segment had to be made first.");
  out.one("orderhub_journal_log_batches_rewritten_total", counter, j.log_batches_rewritten,
          "Batches written again because a write or sync of the commit log had failed.");
  out.one("orderhub_objects_active", gauge, h.active_objects);
  out.one("orderhub_callers_waiting", gauge, h.waiting_callers);
  out.one("orderhub_vendor_calls_total", counter, h.vendor_calls);
  out.one("orderhub_orders_attention_total", counter, attention_count);
  out.one("orderhub_log_errors_total", counter, log::error_count());
  out.one("orderhub_actor_failures_total", counter, h.actor_failures);
  out.one("orderhub_objects_paused", gauge, h.paused_objects);
  add_vendors(out, h.vendors);
  add_waiting(out, board);
  return out.take();
}

std::string ended_webhooks_text(const handlers::webhook_counts& counts) {
  metrics_writer out;
  out.family("orderhub_webhook_events_ended_total", metric_kind::counter,
             "Verified events by what became of them.");
  for (std::size_t i = 0; i < counts.ended.size(); ++i)
    out.sample({{"verdict", name_of(static_cast<handlers::event_verdict>(i))}},
               counts.ended.at(i).load());
  out.one("orderhub_webhook_events_waited_total", metric_kind::counter, counts.waited.load());
  out.family("orderhub_webhook_events_swept_total", metric_kind::counter,
             "News that no webhook had brought and the vendor was asked for.");
  for (std::size_t i = 0; i < counts.swept.size(); ++i)
    out.sample({{"vendor", counts.swept_vendors.at(i)}}, counts.swept.at(i).load());
  return out.take();
}

/// The first sweep; with what comes after it the hub goes on by itself. Also where they are off now
/// and were on: it ends them.
void begin_sweeps(runtime::hub& hub, const journal::hub_journal& journal, bool is_on) {
  struct told final : host::responder {
    void accepted(std::string_view) override {}
    void finished(host::call_response reply) override {
      if (reply.status >= 400)
        log::warn("webhook_sweep_not_begun", {{"status", reply.status}});
    }
  };
  const auto sweeper = handlers::stripe_sweeper_object();
  const auto known = journal.load(sweeper);
  if (!is_on && known && known->blank())
    return;
  host::call_request call;
  call.service = sweeper.service;
  call.key = sweeper.key;
  call.handler = "Sweep";
  call.body = handlers::sweep_at_start;
  call.one_way = true;
  hub.record(std::move(call), std::make_shared<told>());
}

/// `live`, `test` or `mock`, as the vendor of payments is reached; `none` where there is none.
std::string mode_of_payments(const providers::registry& vendors) {
  const auto* stripe = vendors.find(providers::vendor_for(providers::vendor_role::payment).name);
  return stripe != nullptr ? stripe->mode : "none";
}

/// What a call is where there are more of them than can be served.
request_class class_of_call(const durable::service_registry& services, std::string_view service,
                            std::string_view handler) {
  if (service == "WebhookProcessor")
    return request_class::webhook;
  const auto* known = services.find(service, handler);
  // What is not known is refused at once.
  return known == nullptr || known->mode == durable::handler_mode::read ? request_class::read
                                                                        : request_class::order;
}

/// SIGHUP: secrets of vendors count from the next call on, the ports' tokens from the next request
/// on, the log's level at once, all else from the next start. Settings that cannot be read change
/// nothing.
void reload(const settings& started_with, providers::registry& running,
            const std::string& mock_base, const std::function<result<settings>()>& read_again,
            const handlers::order_settings& orders, const std::function<void()>& begin_sweeping,
            runtime::hub& hub, ingress_api& api, admin_api& admin, webhook_door& door) {
  const auto refuse = [](const error& why) {
    log::error("settings_not_read_again", {{"message", why.message}});
  };
  const auto after = read_again();
  if (!after)
    return refuse(after.error());
  const auto fresh = make_registry(*after, mock_base);
  if (!fresh)
    return refuse(fresh.error());
  auto keys = webhook_keys_of(*after);
  if (!keys)
    return refuse(keys.error());
  const auto listening = listening_with(started_with, *after, running);
  if (!listening)
    return refuse(listening.error());
  auto access = admin_rules_of(*after, mode_of_payments(running));
  if (!access)
    return refuse(access.error());
  const auto changes = changes_of(started_with, running, *after, *fresh);
  for (const auto* endpoint : changes.credentials) {
    hub.set_credentials(endpoint->vendor, endpoint->secret_headers, endpoint->path,
                        endpoint->token);
    auto& known = running.endpoints.at(endpoint->vendor);
    known.secret_headers = endpoint->secret_headers;
    known.path = endpoint->path;
    known.token = endpoint->token;
    log::info("credentials_replaced", {{"vendor", endpoint->vendor}});
  }
  log_webhooks_off(*keys);
  door.set_keys(std::move(*keys));
  if (take_listening(orders, *listening))
    begin_sweeping();
  api.set_token(after->api_token);
  admin.set_access(std::move(*access));
  log::set_level(level_of(after->log_level));
  if (changes.restart_needed)
    log::warn("restart_needed",
              {{"message", "settings other than keys, tokens and the log level have changed; they "
                           "count from the next start"}});
  log::info("settings_read_again", {{"credentials", changes.credentials.size()}});
}

} // namespace

int serve(const settings& given, const std::function<result<settings>()>& given_again) {
  const stop_signals signals;
  // Webhooks are verified in mock mode as well: the mock vendors sign with these.
  system_random random_of_mock;
  const auto mock_keys = providers::mock::webhook_keys::make(random_of_mock);
  const settings s = with_mock_secrets(given, mock_keys);
  const auto read_again = [&]() -> result<settings> {
    auto again = given_again();
    if (!again)
      return again;
    return with_mock_secrets(std::move(*again), mock_keys);
  };
  log::set_level(level_of(s.log_level));
  if (auto checked = check_for_serve(s); !checked)
    return refused(checked.error());

  std::string mock_base;
  auto mock = start_mock(s, mock_base);
  if (!mock)
    return refused(mock.error());
  auto vendors = make_registry(s, mock_base);
  if (!vendors)
    return refused(vendors.error());
  auto orders = order_settings_from(s, *vendors);
  if (!orders)
    return refused(orders.error());
  auto keys = webhook_keys_of(s);
  if (!keys)
    return refused(keys.error());
  auto access = admin_rules_of(s, mode_of_payments(*vendors));
  if (!access)
    return refused(access.error());
  log_webhooks_off(*keys);
  for (const auto& f : findings_of(s))
    log::warn(f.event, {{"setting", f.setting}, {"message", f.message}});

  auto tables = journal::lmdb_store::open(s.data_dir);
  if (!tables)
    return refused(tables.error());
  const system_clock machine;
  journal::journal_options journal_options;
  journal_options.checkpoint_bytes = static_cast<std::uint64_t>(s.checkpoint_bytes);
  journal_options.checkpoint_interval_ms = s.checkpoint_interval_ms;
  journal_options.journal_retention_ms = s.journal_retention_ms;
  journal_options.sync = s.sync_commit;
  journal_options.boot = &machine;
  journal_options.lists = &handlers::order_lists();
  system_random random;
  auto log_files = journal::file_log_directory::make(s.data_dir);
  if (!log_files)
    return refused(log_files.error());
  journal::commit_log commits(**log_files);
  auto journal = journal::hub_journal::open(**tables, journal_options, random, &commits);
  if (!journal)
    return refused(journal.error());
  auto restored = journal::start_on(**tables, **journal, machine.wall_ms());
  if (!restored)
    return refused(restored.error());
  for (const auto& r : *restored) {
    orders->copies_made_at.push_back(r.copy.made_at);
    log::info("restored_from_copy",
              {{"copied_at", r.copy.made_at},
               {"first_start_at", r.started_at},
               {"message", "orders that were shipped in between are not known "
                           "here; labels are sought before they are bought"}});
  }

  providers::curl_transport_options transport_options;
  transport_options.proxy = s.proxy;
  transport_options.ca_file = s.ca_file;
  host::gate_limits places;
  places.breaker = s.breaker;
  places = places_for(places, s.vendor_calls_max);
  const file_use use{vendors->endpoints.size(), s.mock_mode ? 2U : 1U,
                     s.connections_max + admin_connections_max + files_besides};
  if (const auto wanted = files_wanted(places, use), files = raise_file_limit(wanted);
      files < wanted) {
    places = places_within(places, use, files);
    log::warn("few_open_files",
              {{"setting", "RLIMIT_NOFILE"},
               {"limit", files},
               {"wanted", wanted},
               {"calls_a_vendor", places.effects},
               {"message", "Fewer calls to a vendor at once than vendor_calls_max: raise the hard "
                           "limit (ulimit -Hn, LimitNOFILE=) if vendors are slow."}});
  }
  // Above the places of all vendors together: nothing waits behind a vendor that hangs.
  transport_options.in_flight_max = vendors->endpoints.size() * places.a_vendor() + 32;
  providers::curl_transport curl(transport_options);
  providers::token_transport transport(curl, machine);
  const auto board = std::make_shared<durable::wait_board>(s.call_after_ms);
  orders->board = board;
  orders->knows_webhook = [&journal](const std::string& key) {
    return handlers::knows_webhook(**journal, key);
  };
  handlers::load_order_tables(orders->rules);
  const auto services =
      handlers::all_services(std::make_shared<const handlers::order_settings>(*orders),
                             [&journal](const object_id& id) { return (*journal)->load(id); });
  runtime::hub_options hub_options;
  hub_options.places = places;
  hub_options.board = board.get();
  // Half the cores: curl, HTTP, the journal and the kernel have work too. Measured on two cores:
  // one worker takes 560 us of CPU an order at 64 connections, two take 640, at the same rate.
  hub_options.workers =
      s.workers != 0 ? s.workers : std::max(std::thread::hardware_concurrency() / 2, 1U);
  hub_options.last_run = clock_start_of((*journal)->last_stamp(), machine.wall_ms(),
                                        machine.boottime_ms(), machine.boot_id());
  hub_options.sync_mode = s.sync_commit ? "commit" : "off";
  hub_options.request_retention_ms = s.idempotency_retention_ms;
  // For scripts/chaos.sh, which must be able to go red. Named so that nobody sets it by accident.
  const char* broken = std::getenv("ORDERHUB_TEST_UNSTABLE_KEYS");
  hub_options.unstable_keys_for_test = broken != nullptr && std::string(broken) == "1";
  if (hub_options.unstable_keys_for_test)
    log::error("test_mode_unstable_keys", {{"message", "idempotency keys are broken on purpose"}});
  const char* off = std::getenv("ORDERHUB_TEST_JOURNAL_OFF");
  hub_options.journal_off_for_bench = off != nullptr && std::string(off) == "1";
  if (hub_options.journal_off_for_bench)
    log::error("test_mode_journal_off", {{"message", "nothing is written; a restart loses all"}});
  runtime::hub hub(**journal, services, *vendors, transport, machine, hub_options);

  webhook_door door(hub, hex_of((*journal)->hub()), machine, std::move(*keys));
  ingress_api api(
      hub, s.api_token, s.attach_timeout_ms,
      [&services](std::string_view service, std::string_view handler) {
        return class_of_call(services, service, handler);
      },
      &door);
  server_options options;
  options.host = s.listen.host;
  options.port = s.listen.port;
  options.threads = s.http_threads;
  options.body_size_max = static_cast<std::size_t>(s.body_max);
  options.connections_max = s.connections_max;
  options.in_flight_max = s.in_flight_max;
  options.waits_max = s.waits_max;
  options.sending_size_max = static_cast<std::size_t>(s.sending_max);
  options.receiving_size_max = static_cast<std::size_t>(s.receiving_max);
  options.request_timeout_ms = s.request_timeout_ms;
  auto listener = server::start(options, api);
  if (!listener)
    return refused(listener.error());
  const webhook_desk desk(**journal, hub, door.metrics());
  admin_api admin(
      hub, std::move(*access), machine, [&] { return (*listener)->metrics(); },
      [&] {
        orders->refused_notices->write_due(machine.wall_ms());
        orders->dead_webhooks->write_due(machine.wall_ms());
        door.write_warnings(false);
        return hub_metrics_text((*journal)->metrics(), hub.metrics(),
                                *orders->attention_count + board->called(), *board) +
               door.metrics().text() + ended_webhooks_text(*orders->webhooks);
      },
      admin_api::shown_hub{host::operator_view({.journal = **journal,
                                                .tables = **tables,
                                                .time = machine,
                                                .vendors = [&] { return hub.vendors(); },
                                                .waiting = [&] { return board->snapshot(); },
                                                .health = [&] { return hub.health(); }}),
                           {.version = ORDERHUB_VERSION,
                            .mode = mode_of_payments(*vendors),
                            .started_at = machine.wall_ms(),
                            .call_after_ms = s.call_after_ms},
                           &hub,
                           &hub,
                           &desk});
  server_options admin_options;
  admin_options.host = s.admin_listen.host;
  admin_options.port = s.admin_listen.port;
  admin_options.connections_max = admin_connections_max;
  auto admin_listener = server::start(admin_options, admin);
  if (!admin_listener)
    return refused(admin_listener.error());

  if (auto resumed =
          hub.resume([&] { begin_sweeps(hub, **journal, orders->webhook_sweep_ms > 0); });
      !resumed)
    return refused(resumed.error());
  providers::curl_transport mock_transport; // None of the hub's places.
  if (*mock && s.mock_webhooks)
    send_mock_webhooks(**mock, s, (*listener)->port(), mock_keys, mock_transport);
  const auto public_address = address_text(s.listen, (*listener)->port());
  log::info("serving", {{"listen", public_address},
                        {"admin", address_text(s.admin_listen, (*admin_listener)->port())},
                        {"data_dir", s.data_dir},
                        {"sync", hub_options.sync_mode},
                        {"mock", s.mock_mode}});
  // Scripts wait for this line to learn the port.
  std::cout << "orderhub on http://" << public_address << std::endl;
  if (s.mock_mode)
    std::cout << "mock vendors on " << mock_base << std::endl;

  auto credentials_now = *vendors; // As replaced since the start.
  while (signals.wait() == stop_signals::kind::reload)
    reload(
        s, credentials_now, mock_base, read_again, *orders,
        [&] { begin_sweeps(hub, **journal, true); }, hub, api, admin, door);
  log::info("draining", {{"at_most_ms", s.drain_timeout_ms}});
  (*listener)->drain();
  const bool drained = hub.drain(s.drain_timeout_ms);
  orders->refused_notices->write_rest(machine.wall_ms());
  orders->dead_webhooks->write_rest(machine.wall_ms());
  door.write_warnings(true);
  (*listener)->stop(drained ? 1'000 : 0);
  (*admin_listener)->stop(0);
  door.stop(); // What it was given goes to the hub, or comes again.
  hub.stop();
  if (*mock)
    (*mock)->stop(); // Before what it sends with.
  log::info("stopped", {{"drained", drained}});
  return 0;
}

} // namespace orderhub::http_gateway
