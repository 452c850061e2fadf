#pragma once
#include "actors/durable/service.hpp"
#include "actors/durable/wait_board.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "actors/host/call_gate.hpp"
#include "actors/host/due_times.hpp"
#include "actors/host/host_context.hpp"
#include "actors/host/host_services.hpp"
#include "actors/host/intake.hpp"
#include "actors/host/object_event.hpp"
#include "actors/host/operator_desk.hpp"
#include "actors/host/vendor_switch.hpp"
#include "journal/base/random.hpp"
#include "journal/commit_log/commit_log.hpp"
#include "journal/hub_journal.hpp"
#include "journal/record.hpp"
#include "providers/mock/vendors.hpp"
#include "providers/registry.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/sim_clock.hpp"
#include "tests/support/simulated_log.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace orderhub::testing {

/// Settings of orders that suit the mock vendors: mail, and Slack with channel ids.
handlers::order_settings mock_order_settings();

/// So few places that what one order does at once already queues.
inline host::gate_limits narrow_gate() {
  host::gate_limits limits;
  limits.effects = limits.reads = limits.lookups = 1;
  return limits;
}

/// What can go wrong in a run, and what else is chosen for it. Always: messages of different
/// senders overtake each other, and commits, slices of checkpoints, timers and the moments at which
/// objects leave memory come whenever they may.
struct world_settings {
  std::uint64_t seed = 1;

  // ── Faults ──
  /// The machine loses power at these points, counted from 1 over the whole run (`points`).
  std::set<std::size_t> crash_at = {};
  /// The journal has a commit log, and a loss of power keeps what it likes of what was not synced.
  bool commit_log = false;
  /// Whoever was without power for a moment is another boot; else the process was killed.
  bool reboots = false;
  /// Somebody sets the wall clock between the first loss of power and the restart.
  std::int64_t wall_step_at_restart_ms = 0;
  /// What the configuration says from the first restart on; none: the same.
  std::optional<handlers::order_settings> orders_after_restart = {};
  /// How long a request may take to its vendor after the machine that sent it lost power.
  std::int64_t orphan_delay_max_ms = 2'000;
  /// Chance in a thousand that a call finds no route.
  std::uint64_t not_sent_per_mille = 0;
  /// Chance in a thousand that a commit fails; it is then made again.
  std::uint64_t failed_commits_per_mille = 0;
  /// The vendors', with their faults: refusals, lost answers, late work, outages.
  providers::mock::options mock = {};
  /// Vendors whose calls' arrivals are kept.
  std::set<std::string, std::less<>> watched = {};
  /// So few places that what one order does at once already queues.
  host::gate_limits places = narrow_gate();
  /// The vendors' limits by class; none: as at a mock.
  host::call_limits rates = {};
  /// Objects leave memory as soon as they may; else at moments that are drawn.
  bool leaves_at_once = false;
  /// Keys change with every send: tests show with it that the checks can fail.
  bool unstable_keys = false;

  /// What is done in doubt, by operation; else each its own.
  std::map<std::string, providers::doubt_choice, std::less<>> doubt = {};

  // ── The rest ──
  /// They say which vendors are configured, too.
  handlers::order_settings orders = mock_order_settings();
  /// Small, so that checkpoints come in many slices while one order is on its way.
  journal::journal_options journal = {.checkpoint_bytes = 1'500,
                                      .checkpoint_interval_ms = 2'000,
                                      .slice_rows = 2,
                                      .slice_ms = 0,
                                      .part_records = 2};
  /// Overrides every operation's absence time where not negative.
  std::int64_t absence_after_ms = -1;
  /// More steps than any sound run takes.
  std::size_t steps_max = 50'000;
};

/// Whose vendors begin with these faults, a control document's.
world_settings with_faults(std::string_view control);

/// A whole hub in one thread, for the order services: clients, objects as actors, the journal's
/// writer with its group commits and checkpoint slices, timers, and the mock vendors behind a
/// network that takes time, with the program's own gate before it. What happens next, of all that
/// could, is drawn from the seed; messages from one sender to one receiver keep their order, as
/// CAF's do. The same settings make the same run.
///
/// The rules are those of actors/host, which this drives as the runtime does: it is their host,
/// with a network, a disk and a machine that can fail. Its files: clients, objects, writer,
/// network, power, scheduler; here and in world.cpp, what a test sees.
class world final : private host::door_host, private host::part_fetcher {
public:
  explicit world(world_settings settings = {});
  ~world() override;
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  struct answer {
    int status = 0;
    std::string body; ///< Of an error, only its message.
  };
  /// What a client asked and heard: the response as it is stored, see `enriched`. It asks again,
  /// with the same `idempotency-key`, whenever the hub lost power before it was answered.
  struct client {
    object_id object;
    std::string handler;
    std::string body;
    bool one_way = false;  ///< `/send`: 202 as soon as the input is durable.
    bool internal = false; ///< Speaks for the hub itself: internal handlers too.
    std::string request_key;
    std::optional<host::operator_request> action = {}; ///< Of a person, instead of a call.
    invocation_id invocation; ///< The one that it was told it waits for, or began.
    std::optional<answer> heard;
    unix_ms heard_at = 0;
    int asked = 0;
  };
  /// Asks by `/send`; the number of the client.
  std::size_t submit(const object_id& object, const std::string& handler, std::string body);
  /// Asks and waits for the answer.
  std::size_t ask(const object_id& object, const std::string& handler, std::string body);
  /// Asks a handler that is not reachable from outside: what an event says.
  std::size_t tell(const object_id& object, const std::string& handler, std::string body);
  /// The same, and waits.
  answer inform(const object_id& object, const std::string& handler, const std::string& body);
  /// The same by `/send`, under a request key of the caller's own.
  std::size_t record(const object_id& object, const std::string& handler, std::string body,
                     std::string request_key);
  [[nodiscard]] const client& of(std::size_t number) const { return clients_.at(number); }
  /// Runs until that client is answered. Aborts where it never is.
  answer wait_for(std::size_t number);
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  /// Asks and runs until the answer is there. Aborts where none comes.
  answer call(const object_id& object, const std::string& handler, const std::string& body);

  /// A person acts on an object; asked again, with the same id, whenever the hub lost power before
  /// it was answered.
  std::size_t operate(host::operator_request request);
  /// A person acts on a vendor; `to` hears of it when that is durable, unless power is lost before.
  void operate_vendor(const std::string& vendor, host::vendor_verb verb, host::operator_note by,
                      host::responder_ptr to = nullptr);
  [[nodiscard]] host::vendor_gate& gate() { return *gate_; }

  /// Somebody resolves an awakeable, or rejects it; false where there is none that waits.
  bool resolve(std::string_view awakeable, result<std::string> value);

  /// Does something once, as soon as a condition holds. Survives crashes: it stands outside.
  void when(std::function<bool(world&)> condition, std::function<void(world&)> action);
  /// Does something at that point, counted from 1, before a crash that falls there.
  void at_point(std::size_t number, std::function<void(world&)> action);

  /// The next thing that could happen happens. False: nothing is left.
  bool step();
  /// Until nothing is left, or `for_ms` of simulated time are over. True: nothing is left.
  bool run(std::int64_t for_ms = 3LL * 24 * 3'600'000);
  /// Until the condition holds; false where nothing is left before.
  bool run_until(const std::function<bool(world&)>& condition);
  /// The machine loses power now.
  void lose_power();
  /// Everything that is committed is in rows.
  void fold();
  /// The configuration from the next restart on.
  void configure(const handlers::order_settings& orders) { next_orders_ = orders; }
  /// The one that it runs with.
  [[nodiscard]] const handlers::order_settings& orders() const { return orders_; }

  /// What is stored. Until the next loss of power.
  [[nodiscard]] const journal::hub_journal& stored() const { return *journal_; }
  [[nodiscard]] const durable::service_registry& services() const { return services_; }
  /// The hub's id, as its metadata has it.
  [[nodiscard]] std::string hub_text() const;
  /// GetOrder's answer as of the last commit.
  [[nodiscard]] answer order(const std::string& key) const;
  /// The same of any handler that reads.
  [[nodiscard]] answer read(const object_id& id, const std::string& handler) const;
  /// What an answer lacks is fetched, as for one that leaves.
  [[nodiscard]] answer enriched(const object_id& object, const std::string& handler, answer a);

  /// Effects of that order at the vendors. Late work counts when it is done.
  [[nodiscard]] std::size_t effects(const std::string& order, providers::mock::effect_kind kind,
                                    std::string_view step = {}) const;
  [[nodiscard]] bool calling(std::string_view vendor, std::string_view path_part) const;

  /// Moments at which a crash could fall, so far, by name.
  [[nodiscard]] const std::vector<std::string_view>& points() const { return points_; }
  [[nodiscard]] std::size_t crashes() const { return crashes_; }
  /// Invocations that cannot go on, with the reason.
  [[nodiscard]] std::vector<std::string> paused() const;
  /// Live invocations as of the last commit: `OrderOrchestrator/1 ProcessOrder`.
  [[nodiscard]] std::vector<std::string> live() const;
  /// How it ended; `unavailable` while it has not, `not_found` where it is unknown.
  [[nodiscard]] result<std::string> outcome(const invocation_id& id) const;
  [[nodiscard]] bool knows(const invocation_id& id) const;
  /// Requests that left, in order: `POST /stripe/v1/payment_intents key`.
  [[nodiscard]] const std::vector<std::string>& requests() const { return requests_; }
  /// Their bodies.
  [[nodiscard]] const std::vector<std::string>& bodies() const { return bodies_; }
  /// When calls reached that vendor, where it is `watched`.
  [[nodiscard]] const std::vector<unix_ms>& arrivals(const std::string& vendor) {
    return arrivals_[vendor];
  }
  /// No state is read twice without change for so long: something spins.
  [[nodiscard]] bool ran_away() const { return ran_away_; }
  /// A record that is on disk, in the log's order; `name` is what a command names: the handler of
  /// an input, call or send, the step of an effect, the name of an event.
  struct logged {
    object_id object;
    journal::record_kind kind{};
    std::string name;
  };
  [[nodiscard]] const std::vector<logged>& log() const { return log_; }
  /// Records whose time was before that of one in front of them: none, ever.
  [[nodiscard]] std::size_t times_went_back() const { return times_went_back_; }
  [[nodiscard]] std::size_t active_objects() const { return objects_.size(); }
  [[nodiscard]] std::size_t active_objects_max() const { return active_max_; }
  /// Who waits for what, as the metrics show it.
  [[nodiscard]] std::vector<durable::waiting_count> waiting() const { return board_->snapshot(); }
  [[nodiscard]] std::uint64_t called() const { return board_->called(); }
  /// How the vendors' places stand.
  [[nodiscard]] std::vector<host::vendor_places> places() const { return gate_->snapshot(); }

  manual_clock time;
  providers::mock::vendors mock;
  memory_store store;

private:
  struct power_cut {};
  struct active_object;
  class client_responder;
  class released; ///< The outlet.

  // ── What is on its way ──
  struct from_client {
    std::size_t number = 0;
    invocation_id invocation;
  };
  struct to_vendor {
    durable::vendor_call call;
    host::activation from;
    bool orphan = false; ///< Whoever sent it is gone.
    unix_ms left_at = 0;
    host::place_lease place = {};
  };
  struct to_object {
    object_id object;
    std::variant<from_client, host::object_event> event;
    host::turn_ref source = {};
  };
  struct parcel {
    unix_ms at = 0;
    std::variant<to_object, to_vendor> content;
  };

  /// A turn that the writer has.
  struct job {
    journal::turn turn;
    std::shared_ptr<host::pending_output> then;
    host::activation from;
  };

  /// The boot clock of the machine: goes on with the time, and begins anew with each boot.
  class machine_boot final : public boot_clock {
  public:
    explicit machine_boot(const manual_clock& time) : time_(time) {}
    [[nodiscard]] std::int64_t boottime_ms() const override {
      return 10'000 + time_.steady_ms() - since_;
    }
    [[nodiscard]] std::string boot_id() const override { return "boot-" + std::to_string(boots_); }
    void reboot() {
      ++boots_;
      since_ = time_.steady_ms();
    }

  private:
    const manual_clock& time_;
    std::int64_t since_ = 0;
    int boots_ = 1;
  };

  void point(std::string_view name);
  void open();
  [[nodiscard]] std::shared_ptr<host::part_fetcher> parts();

  // clients.cpp
  void ask_again(std::size_t number);
  void take_in(const from_client& in);
  void hear(std::size_t number, answer a);
  invocation_id new_invocation() override { return asked_as_; }
  void route(object_id object, host::object_event event) override;

  // objects.cpp
  void handle(const object_id& id, host::object_event event, host::turn_ref source = {});
  void set_due(active_object& object, std::optional<unix_ms> due);
  void passivate(const object_id& id);
  void leave_memory();
  [[nodiscard]] std::optional<object_id> idle_object();

  // writer.cpp
  void commit();
  void note_durable();
  void slice();

  // network.cpp
  void put(const std::string& channel, unix_ms at, std::variant<to_object, to_vendor> what);
  void deliver(std::string channel);
  void send(durable::vendor_call call, const host::activation& from);
  void arrive(to_vendor request);
  void fetch(durable::vendor_call call, host::place_lease place, callback done) override;
  [[nodiscard]] std::int64_t latency() { return 1 + static_cast<std::int64_t>(dice_.below(20)); }

  // power.cpp
  void restart();
  void disk_changed();
  void forget_memory();
  void orphan_calls();

  // scheduler.cpp
  void act();
  [[nodiscard]] std::size_t ready_channels(unix_ms now) const;
  [[nodiscard]] std::optional<unix_ms> next_time();

  world_settings settings_;
  seeded_random dice_;   ///< What happens next.
  seeded_random random_; ///< The hub's own: ids, jitter.
  providers::registry vendors_;
  durable::service_registry services_;
  machine_boot boot_{time};
  std::unique_ptr<journal::hub_journal> journal_;
  std::optional<journal_clock> clock_;
  providers::vendor_clocks vendor_clocks_;
  std::shared_ptr<host::vendor_gate> gate_;
  std::optional<durable::environment> env_;
  std::optional<handlers::order_settings> next_orders_;
  handlers::order_settings orders_;
  std::shared_ptr<durable::wait_board> board_; ///< In the machine's memory.

  // In the machine's memory.
  std::unique_ptr<host::host_context> shared_;
  std::unique_ptr<host::intake> intake_;
  std::map<object_id, std::unique_ptr<active_object>> objects_;
  std::set<std::pair<unix_ms, object_id>> due_; ///< Of these.
  std::set<object_id> touched_;                 ///< Those that may leave memory by now.
  std::deque<job> queue_;
  bool slice_wanted_ = false;
  host::due_times timers_;         ///< Of objects that are not active.
  std::uint64_t incarnations_ = 0; ///< Never the same twice in all of the run.

  // Outside of it.
  std::map<std::string, std::deque<parcel>> channels_;
  std::set<std::pair<unix_ms, std::string>> fronts_; ///< When each channel's first one is there.
  std::uint64_t numbers_ = 0;                        ///< Of channels used once.
  std::deque<client> clients_;
  std::vector<std::pair<std::function<bool(world&)>, std::function<void(world&)>>> watches_;
  std::map<std::size_t, std::vector<std::function<void(world&)>>> at_points_;
  std::vector<std::string_view> points_;
  std::vector<std::string> requests_, bodies_;
  std::map<std::string, std::vector<unix_ms>, std::less<>> arrivals_;
  std::vector<logged> log_, in_commit_;
  std::unique_ptr<simulated_log> disk_; ///< Of the commit log, where there is one.
  std::unique_ptr<journal::commit_log> commits_;
  bool committing_ = false;
  /// Vendors whose kept connection was reset after an answer: the next call that takes it is lost.
  std::set<std::string> dead_connections_;
  unix_ms newest_in_commit_ = 0, newest_time_ = 0;
  std::size_t times_went_back_ = 0;
  std::size_t active_max_ = 0;
  std::size_t crashes_ = 0;
  /// Power is lost: whatever the process still does on its way out is done by nobody.
  bool power_off_ = false;
  invocation_id asked_as_;     ///< The id that goes with the request being taken in.
  bool fetches_parts_ = false; ///< Else responses leave without.
  bool ran_away_ = false;
};

} // namespace orderhub::testing
