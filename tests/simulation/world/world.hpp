#pragma once
#include "actors/durable/object_machine.hpp"
#include "actors/durable/service.hpp"
#include "actors/handlers/orders/order_settings.hpp"
#include "actors/host/call_gate.hpp"
#include "actors/host/due_times.hpp"
#include "journal/base/random.hpp"
#include "journal/hub_journal.hpp"
#include "journal/record.hpp"
#include "providers/mock/vendors.hpp"
#include "providers/registry.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/sim_clock.hpp"

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

struct world_settings {
  std::uint64_t seed = 1;
  /// They say which vendors are configured, too.
  handlers::order_settings orders = mock_order_settings();
  /// What the configuration says from the first restart on; none: the same.
  std::optional<handlers::order_settings> orders_after_restart = {};
  providers::mock::options mock = {};
  /// Small, so that checkpoints come in many slices while one order is on its way.
  journal::journal_options journal = {
      .checkpoint_bytes = 1'500, .checkpoint_interval_ms = 2'000, .slice_rows = 2, .slice_ms = 0};
  host::gate_limits places = narrow_gate();
  /// Overrides every operation's absence time where not negative.
  std::int64_t absence_after_ms = -1;
  bool unstable_keys = false;
  /// The machine loses power at these points, counted from 1 over the whole run.
  std::set<std::size_t> crash_at = {};
  /// Chance in a thousand that a call finds no route.
  std::uint64_t not_sent_per_mille = 0;
  /// Chance in a thousand that a commit fails; it is then made again.
  std::uint64_t failed_commits_per_mille = 0;
  /// How long a request may take to its vendor after the machine that sent it lost power.
  std::int64_t orphan_delay_max_ms = 2'000;
  /// Whoever was without power for a moment is another boot; else the process was killed.
  bool reboots = false;
  /// Somebody sets the wall clock between the first loss of power and the restart.
  std::int64_t wall_step_at_restart_ms = 0;
  /// Objects leave memory as soon as they may; else at moments that are drawn.
  bool leaves_at_once = false;
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
/// It follows actors/runtime: calls, answers and acknowledgements leave when their turn is durable,
/// messages to other objects when it is queued.
class world {
public:
  explicit world(world_settings settings = {});
  ~world();
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  struct answer {
    int status = 0;
    std::string body;
  };
  /// What a client asked and heard. It asks again, with the same `idempotency-key`, whenever the
  /// hub lost power before it was answered.
  struct client {
    object_id object;
    std::string handler;
    std::string body;
    bool one_way = false;  ///< `/send`: 202 as soon as the input is durable.
    bool internal = false; ///< Speaks for another object of the hub: internal handlers too.
    std::string request_key;
    invocation_id invocation; ///< The newest one that this client began.
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
  [[nodiscard]] const client& of(std::size_t number) const { return clients_.at(number); }
  /// Runs until that client is answered. Aborts where it never is.
  answer wait_for(std::size_t number);
  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  /// Asks and runs until the answer is there. Aborts where none comes.
  answer call(const object_id& object, const std::string& handler, const std::string& body);

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
  /// The configuration from the next restart on.
  void configure(const handlers::order_settings& orders) { next_orders_ = orders; }

  /// GetOrder's answer as of the last commit.
  [[nodiscard]] answer order(const std::string& key) const;
  /// What an answer lacks is fetched, as the gateway does.
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
  /// How the vendors' places stand.
  [[nodiscard]] std::vector<host::vendor_places> places() const { return gate_->snapshot(); }

  manual_clock time;
  providers::mock::vendors mock;
  memory_store store;

private:
  struct power_cut {};

  // ── What is on its way ──
  struct from_client {
    std::size_t number = 0;
    invocation_id invocation;
  };
  struct to_vendor {
    durable::vendor_call call;
    object_id from;
    bool orphan = false; ///< Whoever sent it is gone.
    std::uint64_t incarnation = 0;
    unix_ms left_at = 0;
    host::place_lease place = {};
  };
  struct vendor_outcome {
    durable::call_ref ref;
    providers::transport_outcome outcome;
    host::place_lease place; ///< Held until the outcome has been handled.
  };
  struct wake {}; ///< Activates, and lets what is due happen.
  using object_event =
      std::variant<from_client, durable::object_message, vendor_outcome, host::place_offer, wake>;
  struct to_object {
    object_id object;
    object_event event;
    std::uint64_t source = 0; ///< Number of the turn that a message came of.
  };
  struct parcel {
    unix_ms at = 0;
    std::variant<to_object, to_vendor> content;
  };

  /// What waits for a turn to be durable.
  struct pending_output {
    object_id object;
    std::vector<durable::vendor_call> calls;
    std::vector<durable::finished_call> finished;
    std::vector<std::size_t> accepted; ///< One-way clients.
    [[nodiscard]] bool empty() const {
      return calls.empty() && finished.empty() && accepted.empty();
    }
  };
  struct job {
    journal::turn turn;
    pending_output after;
  };
  struct active_object {
    std::unique_ptr<durable::object_machine> machine;
    std::uint64_t submitted = 0; ///< Number of its newest turn.
    std::uint64_t source = 0;    ///< Newest turn of others that is in its memory.
    /// As planned after its last event. The machine itself names no time that has come.
    std::optional<unix_ms> due = {};
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
  void restart();
  void act();
  [[nodiscard]] std::size_t ready_channels(unix_ms now) const;
  void set_due(const object_id& id, active_object& object, std::optional<unix_ms> due);
  void leave_memory();
  void note_durable();
  void ask_again(std::size_t number);
  void put(const std::string& channel, unix_ms at, std::variant<to_object, to_vendor> what);
  void deliver(std::string channel);
  void arrive(to_vendor request);
  void handle(to_object event);
  void on_client(durable::object_machine& machine, pending_output& now, const from_client& in);
  void flush(const object_id& id, pending_output now);
  void commit();
  void slice();
  void release(pending_output after);
  void hear(std::size_t number, answer a);
  void passivate(const object_id& id);
  [[nodiscard]] std::optional<object_id> idle_object();
  [[nodiscard]] std::optional<unix_ms> next_time();
  [[nodiscard]] std::int64_t latency() { return 1 + static_cast<std::int64_t>(dice_.below(20)); }

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

  // In the machine's memory.
  std::map<object_id, active_object> objects_;
  std::set<std::pair<unix_ms, object_id>> due_; ///< Of these.
  std::set<object_id> touched_;                 ///< Those that may leave memory by now.
  std::deque<job> queue_;
  std::uint64_t submitted_ = 0; ///< Turns given to the writer; their numbers.
  std::uint64_t durable_ = 0;   ///< Turns up to this number are on disk.
  bool slice_wanted_ = false;
  host::due_times timers_; ///< Of objects that are not active.
  std::multimap<invocation_id, std::size_t> waiters_;

  // Outside of it.
  std::map<std::string, std::deque<parcel>> channels_;
  std::set<std::pair<unix_ms, std::string>> fronts_; ///< When each channel's first one is there.
  std::uint64_t numbers_ = 0;                        ///< Of channels used once.
  std::deque<client> clients_;
  std::vector<std::pair<std::function<bool(world&)>, std::function<void(world&)>>> watches_;
  std::map<std::size_t, std::vector<std::function<void(world&)>>> at_points_;
  std::vector<std::string_view> points_;
  std::vector<std::string> requests_;
  std::vector<logged> log_, in_commit_;
  unix_ms newest_in_commit_ = 0, newest_time_ = 0;
  std::size_t times_went_back_ = 0;
  std::size_t active_max_ = 0;
  std::size_t crashes_ = 0;
  std::uint64_t incarnation_ = 0;
  bool ran_away_ = false;
};

} // namespace orderhub::testing
