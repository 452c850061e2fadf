#pragma once
#include "actors/durable/service.hpp"
#include "actors/host/call_gate.hpp"
#include "actors/host/ingress.hpp"
#include "journal/base/random.hpp"
#include "journal/hub_journal.hpp"
#include "providers/registry.hpp"
#include "providers/transport.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/sim_clock.hpp"
#include "tests/support/sim_operations.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::testing {

/// Keeps what a caller is told.
class recording_responder final : public host::responder {
public:
  void accepted(std::string_view invocation_id) override { accepted_id = invocation_id; }
  void finished(host::call_response reply) override { replies.push_back(std::move(reply)); }

  [[nodiscard]] bool answered() const { return !replies.empty(); }
  /// 0 while not answered, 1 where answered more than once.
  [[nodiscard]] int status() const {
    return replies.empty() ? 0 : replies.size() > 1 ? 1 : replies.front().status;
  }
  [[nodiscard]] std::string body() const { return replies.empty() ? "" : replies.front().body; }
  [[nodiscard]] std::string id() const {
    return replies.empty() ? accepted_id : replies.front().invocation_id;
  }

  std::string accepted_id;
  std::vector<host::call_response> replies;
};
using caller = std::shared_ptr<recording_responder>;

/// What a call may carry beside object, handler and body.
struct call_options {
  std::string idempotency_key = {};
  bool one_way = false;
  std::int64_t delay_ms = 0;
};

struct wire_call {
  providers::wire_request request;
  providers::transport::callback done;
};

/// The hub's actors under CAF's test coordinator: one thread, time moved by hand. Vendor calls wait
/// in `wire` until the test answers them. Turns are committed as soon as no message is left, or,
/// with `held`, when the test says so.
///
/// One service, `S`, and one vendor, `shop`. Handlers that every test may use:
///   work     effect with the body, then `v` = body; yields the vendor's answer
///   beside   the same effect in a shared handler, without `v`
///   count    `n` + 1 with an effect between reading and writing
///   sleep    sleeps for body milliseconds, then `v` = "woke"; yields "woke"
///   naps     two sleeps of 20 ms; yields "rested"
///   promise  `v` = id of an awakeable; yields its value, or `!kind: reason`
///   ask      calls `work` of the object in the body and yields its answer
///   tell     sends `work` with body "told" to `<key>:<delay ms>`; yields "sent"
///   peek     reads `v` as of the last commit; "nothing" where there is none
class runtime_harness {
public:
  runtime_harness();
  ~runtime_harness();
  runtime_harness(const runtime_harness&) = delete;
  runtime_harness& operator=(const runtime_harness&) = delete;

  durable::handler_definition& handler(const std::string& name) {
    return services.services["S"].handlers[name];
  }
  [[nodiscard]] static object_id object(const std::string& key) { return {"S", key}; }

  // The first of these starts the actors. All but `post` go on until nothing moves.
  caller call(const std::string& key, const std::string& handler, const std::string& body = {},
              const call_options& options = {});
  caller call(host::call_request request);
  caller attach(host::invocation_target target, bool wait = true);
  caller output(const std::string& id) { return attach(host::by_invocation_id{id}, false); }
  caller complete_awakeable(const std::string& id, bool resolve, const std::string& payload);
  void answer(const providers::transport_outcome& outcome);
  /// The open call with that request body.
  void answer(const std::string& request_body, const providers::transport_outcome& outcome);
  /// Makes the next `count` queued turns durable with one commit, and tells their objects.
  void commit(std::size_t count = SIZE_MAX);
  /// The same for all of them, without giving any actor a message: from inside a hook.
  void commit_without_running();
  void run_until_idle();
  /// Time passes millisecond by millisecond; CAF's clock goes with it.
  void advance(std::int64_t ms);

  // Schedules of the test's choice.
  caller post(const std::string& key, const std::string& handler, const std::string& body = {},
              const call_options& options = {});
  /// One message, or else one commit of one turn; false where there is neither.
  bool step();
  /// One message to an actor chosen by `choose`, a commit or the answer of a call.
  bool step(random_source& choose);

  /// The process dies: what is not committed is gone. Then it starts again and resumes.
  void restart();
  /// Everything committed goes to rows.
  void checkpoint();

  [[nodiscard]] std::int64_t active_objects() const;
  /// Actors there are, the hub's own included.
  [[nodiscard]] std::size_t actors() const;
  [[nodiscard]] std::size_t queued_turns() const;
  [[nodiscard]] std::size_t waiting_callers() const;
  [[nodiscard]] host::vendor_gate& gate() const;
  /// Places of `shop` that are taken, by kind.
  [[nodiscard]] std::size_t places_taken(host::place_kind kind = host::place_kind::effect) const;
  [[nodiscard]] std::uint64_t timer_ticks() const;
  [[nodiscard]] std::uint64_t failures() const;
  [[nodiscard]] std::size_t paused_objects() const;
  /// Gives no actor a message.
  void set_credentials(const std::string& authorization);
  caller unpause(const std::string& key);
  caller operate(const std::string& key, journal::operator_payload action);
  /// Handling an event throws in the object's n-th activation of all.
  void break_down(const std::string& key, std::uint64_t incarnation);
  void set_accepting(bool accepting);
  /// Value of an object's entry as of the last commit.
  [[nodiscard]] std::string value(const std::string& key, const std::string& name = "v") const;
  [[nodiscard]] std::vector<std::string> wire_bodies() const;

  manual_clock time;
  seeded_random random{1};
  providers::registry vendors;
  durable::service_registry services;
  memory_store store;
  std::deque<wire_call> wire; ///< Sent and not answered.
  std::size_t sent = 0;       ///< Calls so far.
  bool held = false;
  /// Called once, after the journal was asked for an invocation and before the asker has the row.
  std::function<void()> within_find_invocation;
  /// Called whenever an object is loaded from the journal.
  std::function<void(const object_id&)> on_load;
  /// Called before a call goes to the transport.
  std::function<void()> on_send;

  /// Called before a turn goes to the writer.
  std::function<void()> on_submit;

  // Before the start.
  std::size_t shards = 1;
  std::size_t waiting_inputs_max = 1'000;
  host::gate_limits limits;

private:
  struct world;
  world& running();

  std::unique_ptr<world> world_;
};

/// The handlers above, for tests with a hub of their own.
void add_handlers(durable::service_registry& services);

} // namespace orderhub::testing
