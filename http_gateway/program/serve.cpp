#include "actors/durable/core_metrics.hpp"
#include "actors/durable/wait_board.hpp"
#include "actors/handlers/objects.hpp"
#include "actors/handlers/orders/order_list.hpp"
#include "actors/handlers/orders/order_listing.hpp"
#include "actors/handlers/orders/order_request.hpp"
#include "actors/handlers/services.hpp"
#include "actors/handlers/webhooks/webhook_list.hpp"
#include "actors/handlers/webhooks/webhook_sweeper.hpp"
#include "actors/host/ingress.hpp"
#include "actors/host/operator.hpp"
#include "actors/runtime/hub.hpp"
#include "http_gateway/admin/admin_api.hpp"
#include "http_gateway/admin/program_control.hpp"
#include "http_gateway/ingress/ingress_api.hpp"
#include "http_gateway/mock/mock_server.hpp"
#include "http_gateway/monitoring/families.hpp"
#include "http_gateway/monitoring/order_gauges.hpp"
#include "http_gateway/program/admin_rules.hpp"
#include "http_gateway/program/check_config.hpp"
#include "http_gateway/program/commands.hpp"
#include "http_gateway/program/file_limit.hpp"
#include "http_gateway/program/journal_keeper.hpp"
#include "http_gateway/program/mock_control.hpp"
#include "http_gateway/program/mock_webhook_keys.hpp"
#include "http_gateway/program/reload.hpp"
#include "http_gateway/program/stop_signals.hpp"
#include "http_gateway/program/webhook_keys.hpp"
#include "http_gateway/program/wire_places.hpp"
#include "http_gateway/server/local_socket.hpp"
#include "http_gateway/server/server.hpp"
#include "http_gateway/settings/order_settings_from.hpp"
#include "http_gateway/settings/startup_checks.hpp"
#include "http_gateway/settings/vendor_registry.hpp"
#include "http_gateway/webhooks/webhook_desk.hpp"
#include "http_gateway/webhooks/webhook_door.hpp"
#include "journal/base/log.hpp"
#include "journal/base/log_metrics.hpp"
#include "journal/base/text.hpp"
#include "journal/change_feed.hpp"
#include "journal/commit_log/commit_log.hpp"
#include "journal/commit_log/file_log_directory.hpp"
#include "journal/copied_effects.hpp"
#include "journal/data_directory.hpp"
#include "journal/hub_journal.hpp"
#include "journal/lmdb_store.hpp"
#include "journal/session_key.hpp"
#include "providers/transport/curl_transport.hpp"
#include "providers/transport/token_transport.hpp"
#include "providers/vendors.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

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

/// The admin API's Unix socket; nothing where there is to be none. Where only its usual place takes
/// none (no room, a path too long), the hub runs without it.
result<std::optional<local_socket>> open_admin_socket(const settings& s) {
  using maybe = std::optional<local_socket>;
  if (s.admin_socket == "off")
    return maybe();
  auto made =
      local_socket::listen(s.admin_socket.empty() ? s.data_dir + "/admin.sock" : s.admin_socket);
  if (made)
    return maybe(std::move(*made));
  if (!s.admin_socket.empty() || made.error().kind == error_kind::unavailable)
    return made.failure();
  log::warn("admin_socket_not_made",
            {{"setting", "ORDERHUB_ADMIN_SOCKET"}, {"message", made.error().message}});
  return maybe();
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

/// Free on the disk of `directory`, for whoever runs this.
std::uint64_t free_bytes(const std::string& directory) {
  std::error_code ec;
  const auto space = std::filesystem::space(directory, ec);
  return ec ? 0 : space.available;
}

/// What a scrape shows, in the order in which nothing is left out that an alert needs.
struct metrics_sources {
  const std::string& data_dir;
  const std::uint64_t checkpoint_bytes;
  const process_facts process;
  const clock& time;
  const journal::hub_journal& journal;
  const journal::lmdb_store& tables;
  const runtime::hub& hub;
  const durable::core_metrics& core;
  const durable::wait_board& board;
  const handlers::order_settings& orders;
  const webhook_door& door;
  /// Of both listeners, which are opened later.
  std::function<std::vector<std::pair<std::string_view, server_metrics>>()> http;

  const std::int64_t call_after_ms;

  [[nodiscard]] handlers::list_reader lists() const {
    return {[this](const auto& behind, std::size_t rows, std::size_t most, const auto& take) {
              return journal.listed(behind, rows, most, take);
            },
            [this](auto marks, const auto& behind, std::size_t most) {
              return journal.marked(marks, behind, most);
            },
            [this](std::string_view text, std::size_t most) { return journal.bearing(text, most); },
            [this](std::string_view service, std::string_view prefix, std::size_t most) {
              return journal.keys_of(service, prefix, {}, most);
            },
            [this](const object_id& id) { return journal.load(id); }};
  }

  void operator()(metrics_page& page) const {
    orders.refused_notices->write_due(time.wall_ms());
    orders.dead_webhooks->write_due(time.wall_ms());
    const auto h = hub.metrics();
    const auto waiting = board.snapshot();
    const auto gauges =
        order_gauges_of(journal.counts(), lists(), waiting, time.wall_ms(), call_after_ms);
    add_process(page, process);
    add_journal(page, {.journal = journal.metrics(),
                       .accepting = hub.health().accepting,
                       .checkpoint_bytes = checkpoint_bytes,
                       .file_bytes = tables.used_bytes(),
                       .free_bytes = free_bytes(data_dir),
                       .oldest_reader_ms = tables.oldest_reader_ms(time.steady_ms()),
                       .last_backup_at = journal::last_backup_of(data_dir)});
    add_hub(page, {.active_objects = h.active_objects,
                   .paused_objects = h.paused_objects,
                   .waiting_callers = h.waiting_callers,
                   .turns_queued = h.turns_queued,
                   .timers_due = h.timers_due,
                   .failures = h.actor_failures,
                   .errors = log::errors_by_event(),
                   .operator_actions = h.operator_actions});
    add_orders(page, {.gauges = gauges,
                      .core = core,
                      .attention = orders.attention_by_step->values(),
                      .called = *orders.attention_count + board.called(),
                      .now = time.wall_ms(),
                      .second_sends = orders.second_sends->values()});
    add_webhooks(
        page, {.door = door.metrics(), .events = *orders.webhooks, .dead = gauges.dead_webhooks});
    add_http(page, http());
    add_vendors(page, {.places = h.vendors, .calls = h.calls, .waiting = waiting});
  }
};

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
void reload(const settings& started_with, providers::registry& running, read_settings& in_force,
            const std::string& mock_base, const std::function<result<read_settings>()>& read_again,
            const handlers::order_settings& orders, const std::function<void()>& begin_sweeping,
            runtime::hub& hub, ingress_api& api, admin_api& admin, webhook_door& door) {
  const auto after = read_again();
  auto again =
      after ? made_again(started_with, running, after->values, mock_base) : after.failure();
  if (!again) {
    log::error("settings_not_read_again", {{"message", again.error().message}});
    return;
  }
  in_force = in_force_after(std::move(in_force), running, *after, *again);
  const auto& changes = again->changes;
  for (const auto* endpoint : changes.credentials) {
    hub.set_credentials(endpoint->vendor, endpoint->secret_headers, endpoint->path,
                        endpoint->token);
    auto& known = running.endpoints.at(endpoint->vendor);
    known.secret_headers = endpoint->secret_headers;
    known.path = endpoint->path;
    known.token = endpoint->token;
    log::info("credentials_replaced", {{"vendor", endpoint->vendor}});
  }
  log_webhooks_off(again->webhooks);
  door.set_keys(std::move(again->webhooks));
  if (take_listening(orders, again->listening))
    begin_sweeping();
  api.set_token(again->values.api_token);
  admin.set_access(std::move(again->access));
  log::set_level(level_of(again->values.log_level));
  if (changes.restart_needed)
    log::warn("restart_needed",
              {{"message", "settings other than keys, tokens and the log level have changed; they "
                           "count from the next start"}});
  log::info("settings_read_again", {{"credentials", changes.credentials.size()}});
}

/// The settings of a running hub. SIGHUP and an operator have them read again.
class settings_desk final : public program_control {
public:
  settings_desk(const settings& started_with, read_settings given,
                const providers::registry& vendors, const std::string& mock_base,
                std::function<result<read_settings>()> read_again)
      : running(vendors), in_force(std::move(given)), started_with_(started_with),
        mock_base_(mock_base), read_again_(std::move(read_again)) {}

  [[nodiscard]] settings_in_force shown_settings() const override {
    const std::lock_guard lock(mutex);
    return {in_force.values.config_path, settings_of(in_force, true)};
  }

  [[nodiscard]] found_settings look_at_settings() const override {
    found_settings found;
    const std::lock_guard lock(mutex);
    const auto after = read_again_();
    const auto again =
        after ? made_again(started_with_, running, after->values, mock_base_) : after.failure();
    if (!again) {
      found.refused = again.error().message;
      return found;
    }
    found.restart_needed = again->changes.restart_needed;
    for (const auto* endpoint : again->changes.credentials)
      found.credentials.push_back(endpoint->vendor);
    return found;
  }
  void read_settings_again() override { ::kill(::getpid(), SIGHUP); }

  mutable std::mutex mutex;    ///< Guards what follows.
  providers::registry running; ///< With the credentials as replaced since the start.
  read_settings in_force;      ///< Its sources: likewise.

private:
  const settings& started_with_;
  const std::string& mock_base_;
  const std::function<result<read_settings>()> read_again_;
};

} // namespace

int serve(const read_settings& given, const std::function<result<read_settings>()>& given_again) {
  const stop_signals signals;
  // Webhooks are verified in mock mode as well: the mock vendors sign with these.
  system_random random_of_mock;
  const auto mock_keys = providers::mock::webhook_keys::make(random_of_mock);
  const settings s = with_mock_secrets(given.values, mock_keys);
  const auto read_again = [&]() -> result<read_settings> {
    auto again = given_again();
    if (again)
      again->values = with_mock_secrets(std::move(again->values), mock_keys);
    return again;
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
  journal::change_feed changes;
  journal_options.changes = &changes;
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

  // Orders need none of it: without the key nobody logs in, and all else goes on.
  auto session_key = journal::session_key_of(**tables, random);
  if (!session_key)
    log::warn("sessions_off", {{"message", session_key.error().message}});

  providers::curl_transport_options transport_options;
  transport_options.proxy = s.proxy;
  transport_options.ca_file = s.ca_file;
  transport_options.multiplexes = s.http2;
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
  const auto services = handlers::all_services(
      std::make_shared<const handlers::order_settings>(*orders),
      [&journal](const object_id& id) { return (*journal)->load(id); }, machine.wall_ms());
  runtime::hub_options hub_options;
  hub_options.places = places;
  hub_options.board = board.get();
  durable::core_metrics core(std::string(handlers::order_service_name), "ProcessOrder");
  hub_options.core = &core;
  hub_options.operator_actions = orders->operator_actions;
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
  counted_handlers counted;
  for (const auto& [name, service] : services.services)
    for (const auto& [handler, definition] : service.handlers)
      if (!definition.internal)
        counted.add(name, handler);
  ingress_api api(
      hub, s.api_token, s.attach_timeout_ms,
      [&services](std::string_view service, std::string_view handler) {
        return class_of_call(services, service, handler);
      },
      &door, counted);
  server_options options;
  options.handlers = counted.names();
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
  std::unique_ptr<server> listener; // Opened last: whoever is answered there finds the admin port.
  const webhook_desk desk(**journal, hub, door.metrics());
  std::atomic<const server*> public_server = nullptr;
  std::atomic<const server*> admin_server = nullptr;
  const auto listening_metrics = [&] {
    std::vector<std::pair<std::string_view, server_metrics>> all;
    if (const auto* opened = public_server.load())
      all.emplace_back("public", opened->metrics());
    if (const auto* opened = admin_server.load())
      all.emplace_back("admin", opened->metrics());
    return all;
  };
  const metrics_sources metrics{.data_dir = s.data_dir,
                                .checkpoint_bytes = static_cast<std::uint64_t>(s.checkpoint_bytes),
                                .process = {ORDERHUB_VERSION, mode_of_payments(*vendors)},
                                .time = machine,
                                .journal = **journal,
                                .tables = **tables,
                                .hub = hub,
                                .core = core,
                                .board = *board,
                                .orders = *orders,
                                .door = door,
                                .http = listening_metrics,
                                .call_after_ms = s.call_after_ms};
  settings_desk on_settings(s, given, *vendors, mock_base, read_again);
  journal_keeper keeper({.data_dir = s.data_dir, .backup_dir = s.backup_dir}, **tables, **journal,
                        machine);
  admin_api admin(
      hub, std::move(*access), machine,
      [&](metrics_page& page) {
        door.write_warnings(false);
        metrics(page);
      },
      admin_api::shown_hub{host::operator_view({.journal = **journal,
                                                .tables = **tables,
                                                .time = machine,
                                                .services = services,
                                                .vendors = [&] { return hub.vendors(); },
                                                .waiting = [&] { return board->snapshot(); },
                                                .health = [&] { return hub.health(); }}),
                           {.version = ORDERHUB_VERSION,
                            .mode = mode_of_payments(*vendors),
                            .started_at = machine.wall_ms(),
                            .call_after_ms = s.call_after_ms,
                            .directory = s.data_dir,
                            .order_plan = handlers::plan_of(*orders),
                            .admin_url = admin_url_of(s)},
                           &hub,
                           &hub,
                           &desk,
                           &hub,
                           &on_settings,
                           &changes,
                           {},
                           &keeper,
                           std::move(session_key).value_or(secret())});
  server_options admin_options;
  admin_options.host = s.admin_listen.host;
  admin_options.port = s.admin_listen.port;
  admin_options.connections_max = admin_connections_max;
  admin_options.yields = true;
  admin_options.handlers = admin_api::counted_handlers();
  auto admin_socket = open_admin_socket(s);
  if (!admin_socket)
    return refused(admin_socket.error());
  if (*admin_socket)
    admin_options.local_listener = (*admin_socket)->fd();
  auto admin_listener = server::start(admin_options, admin);
  if (!admin_listener)
    return refused(admin_listener.error());
  admin_server = admin_listener->get();
  auto opened = server::start(options, api);
  if (!opened)
    return refused(opened.error());
  listener = std::move(*opened);
  public_server = listener.get();

  if (auto resumed =
          hub.resume([&] { begin_sweeps(hub, **journal, orders->webhook_sweep_ms > 0); });
      !resumed)
    return refused(resumed.error());
  providers::curl_transport mock_transport; // None of the hub's places.
  if (*mock && s.mock_webhooks)
    send_mock_webhooks(**mock, s, listener->port(), mock_keys, mock_transport);
  const auto public_address = address_text(s.listen, listener->port());
  log::info("serving", {{"listen", public_address},
                        {"admin", address_text(s.admin_listen, (*admin_listener)->port())},
                        {"admin_socket", *admin_socket ? (*admin_socket)->path() : "off"},
                        {"data_dir", s.data_dir},
                        {"sync", hub_options.sync_mode},
                        {"mock", s.mock_mode}});
  // Scripts wait for this line to learn the port.
  std::cout << "orderhub on http://" << public_address << std::endl;
  if (s.mock_mode)
    std::cout << "mock vendors on " << mock_base << std::endl;

  while (signals.wait() == stop_signals::kind::reload) {
    const std::lock_guard lock(on_settings.mutex);
    reload(
        s, on_settings.running, on_settings.in_force, mock_base, read_again, *orders,
        [&] { begin_sweeps(hub, **journal, true); }, hub, api, admin, door);
  }
  log::info("draining", {{"at_most_ms", s.drain_timeout_ms}});
  keeper.stop();
  listener->drain();
  const bool drained = hub.drain(s.drain_timeout_ms);
  orders->refused_notices->write_rest(machine.wall_ms());
  orders->dead_webhooks->write_rest(machine.wall_ms());
  door.write_warnings(true);
  listener->stop(drained ? 1'000 : 0);
  admin_socket->reset(); // Nobody connects to what is not accepted any more.
  (*admin_listener)->stop(0);
  door.stop(); // What it was given goes to the hub, or comes again.
  hub.stop();
  if (*mock)
    (*mock)->stop(); // Before what it sends with.
  log::info("stopped", {{"drained", drained}});
  return 0;
}

} // namespace orderhub::http_gateway
