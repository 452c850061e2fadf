#pragma once
#include "actors/durable/object_machine.hpp"
#include "actors/durable/service.hpp"
#include "journal/base/journal_clock.hpp"
#include "journal/base/random.hpp"
#include "journal/hub_journal.hpp"
#include "providers/registry.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/sim_clock.hpp"
#include "tests/support/sim_operations.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::testing {

/// A hub taken to pieces for tests of the durable core: every step is made by hand, every turn is
/// committed at once, every vendor call waits in `calls` until the test answers it.
///
/// One service, `S`, with the handlers that the test adds; the vendor `shop` is configured.
class sim_harness {
public:
  sim_harness();

  // Settings; before the first use.
  durable::handler_definition& handler(const std::string& name, durable::handler_mode mode,
                                       durable::handler_task (*run)(durable::context, std::string));
  durable::handler_definition&
  exclusive(const std::string& name, durable::handler_task (*run)(durable::context, std::string)) {
    return handler(name, durable::handler_mode::exclusive, run);
  }
  durable::handler_definition& shared(const std::string& name,
                                      durable::handler_task (*run)(durable::context, std::string)) {
    return handler(name, durable::handler_mode::shared, run);
  }

  /// An input from outside; REQUIREs that it was accepted.
  invocation_id send(const std::string& key, const std::string& handler, std::string body = {},
                     std::int64_t delay_ms = 0);
  durable::input_verdict input(const std::string& key, const std::string& handler, std::string body,
                               std::optional<journal::request_key> request = std::nullopt);
  void cancel(const std::string& key, const invocation_id& id);
  durable::awakeable_verdict complete(const std::string& awakeable, result<std::string> value);
  /// Answers the oldest open call, or the one given.
  void answer(const providers::transport_outcome& outcome);
  void answer(const durable::vendor_call& call, const providers::transport_outcome& outcome);
  /// Time passes; whatever is due in between happens at its time.
  void advance(std::int64_t ms);

  /// The process dies with everything in memory and is started again with what `services` holds.
  void restart();
  /// The object's actor and frames are dropped, and built again from the journal.
  void reactivate(const std::string& key);
  /// They are dropped until something comes for the object.
  void passivate(const std::string& key);

  [[nodiscard]] static object_id object(const std::string& key) { return {"S", key}; }
  durable::object_machine& machine(const std::string& key) { return at(object(key)); }
  [[nodiscard]] bool active(const std::string& key) const { return objects_.contains(object(key)); }
  /// How it ended; nothing while it has not.
  [[nodiscard]] std::optional<result<std::string>> outcome(const invocation_id& id) const;
  /// Its journal as of the last commit, finished or not; input not included.
  [[nodiscard]] std::vector<journal::entry> entries(const invocation_id& id) const;
  /// Kinds of its journal in order: `effect completion output`. The output is not an entry.
  [[nodiscard]] std::string kinds(const invocation_id& id) const;
  /// Notes of its effects in order: `doubt resend`.
  [[nodiscard]] std::string notes(const invocation_id& id) const;
  /// Why it is paused; empty where it is not.
  [[nodiscard]] std::string paused(const invocation_id& id) const;
  [[nodiscard]] std::string value(const std::string& key, const std::string& name) const;

  /// A person acts on the object or one of its invocations.
  bool operate(const std::string& key, const invocation_id& invocation,
               const journal::operator_payload& action);
  /// The gate has a place.
  void place(const std::string& key, const durable::call_ref& ref);

  manual_clock time;
  seeded_random random{1};
  providers::registry vendors;
  durable::service_registry services;
  memory_store store;
  std::unique_ptr<journal::hub_journal> journal;
  std::optional<journal_clock> journal_time;
  std::optional<durable::environment> env;
  durable::call_gate* gate = nullptr;       ///< Before `open` or a restart; null: always a place.
  durable::wait_board* board = nullptr;     ///< Before a restart; null: nobody looks.
  durable::core_metrics* metrics = nullptr; ///< Likewise; null: nobody counts.
  providers::vendor_clocks vendor_clocks;
  std::deque<durable::vendor_call> calls; ///< Sent and not answered.
  std::size_t sent = 0;                   ///< Calls so far.
  bool unstable_keys = false;
  bool went_back = false; ///< The next restart is a reboot with a wall clock behind the journal.

private:
  void open();
  durable::object_machine& at(const object_id& id);
  void release(const object_id& id);

  std::map<object_id, std::unique_ptr<durable::object_machine>> objects_;
  unix_ms committed_at_ = 0; ///< The newest commit, by a right clock.
};

/// `idempotency-key` header of a call; empty where it has none.
std::string key_of(const durable::vendor_call& call);

} // namespace orderhub::testing
