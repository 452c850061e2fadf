#pragma once
#include "actors/durable/service.hpp"
#include "actors/host/call_gate.hpp"
#include "actors/host/host_context.hpp"
#include "actors/host/host_services.hpp"
#include "actors/host/hosted_object.hpp"
#include "actors/host/intake.hpp"
#include "actors/host/vendor_switch.hpp"
#include "journal/base/journal_clock.hpp"
#include "journal/base/random.hpp"
#include "journal/hub_journal.hpp"
#include "providers/registry.hpp"
#include "tests/support/memory_store.hpp"
#include "tests/support/sim_clock.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::testing {

/// What a caller was told.
class kept_responder final : public host::responder {
public:
  void accepted(std::string_view invocation_id) override { id = invocation_id; }
  void finished(host::call_response r) override { responses.push_back(std::move(r)); }

  /// 0 while there is no response, 1 where there were several.
  [[nodiscard]] int status() const {
    return responses.empty() ? 0 : responses.size() > 1 ? 1 : responses.front().status;
  }
  [[nodiscard]] std::string body() const {
    return responses.empty() ? std::string() : responses.front().body;
  }

  std::string id;
  std::vector<host::call_response> responses;
};

/// The least that can host handlers: one thread, a journal in memory, a clock moved by hand. Turns
/// wait in `turns` until the test makes them durable, calls in `calls` until it answers them.
///
/// One service, `Shop`, whose handlers the test adds, and one vendor, `shop`.
class one_thread_host final : private host::door_host, private host::part_fetcher {
public:
  one_thread_host();
  ~one_thread_host() override;
  one_thread_host(const one_thread_host&) = delete;
  one_thread_host& operator=(const one_thread_host&) = delete;

  durable::handler_definition& handler(const std::string& name) {
    return services.services["Shop"].handlers[name];
  }
  using caller = std::shared_ptr<kept_responder>;
  caller call(const std::string& key, const std::string& handler, const std::string& body,
              const std::string& request_key = {}, bool one_way = false);
  caller attach(const std::string& invocation, bool wait);
  std::shared_ptr<void> held; ///< By the input of the next call.
  /// To the run of the workflow `Shop`.
  caller attach_workflow(const std::string& key, bool wait);
  caller complete_awakeable(const std::string& id, const std::string& value);

  /// A person acts on an object, as it was seen.
  caller operate(const std::string& key, const std::string& id,
                 std::vector<host::seen_object> unchanged);
  /// An object as of the last commit.
  [[nodiscard]] host::seen_object seen(const std::string& key) const;
  /// A person acts on the vendor.
  caller operate_vendor(host::vendor_verb verb, host::operator_note by = {"ada", "cli", "why"});
  /// How the vendor stands.
  [[nodiscard]] host::vendor_places vendor();

  /// The oldest turn becomes durable, and what it caused leaves.
  void commit_one();
  /// The same until no turn is left.
  void commit();
  /// The oldest call ends.
  void answer(providers::transport_outcome outcome);
  /// Time passes, and whoever is due by then gets a tick.
  void pass(std::int64_t ms);
  /// "Leave now", to each object that may. How many left.
  std::size_t leave_memory();
  /// Handling an event of that object throws.
  void break_down(const std::string& key);
  /// The process dies and starts again: what is not durable is gone.
  void restart();
  /// The value of an entry as of the last commit.
  [[nodiscard]] std::string value(const std::string& key, const std::string& entry) const;

  struct queued_turn {
    journal::turn turn;
    std::shared_ptr<host::pending_output> then;
    host::activation from;
  };
  struct open_call {
    durable::vendor_call call;
    host::activation from;
    host::place_lease place;
  };

  struct open_reading {
    providers::answer_reader reader;
    host::vendor_outcome outcome;
    object_id object;
  };
  /// The oldest long answer is read.
  void read_one();

  manual_clock time;
  host::gate_limits places; ///< From the next start on.
  host::call_limits rates;  ///< The same.
  durable::service_registry services;
  std::deque<queued_turn> turns;
  std::deque<open_call> calls;
  std::deque<open_reading> read_apart;
  std::size_t activations = 0;
  std::size_t failures = 0; ///< Activations that failed.
  [[nodiscard]] std::size_t in_memory() const { return objects_.size(); }
  [[nodiscard]] host::admission& admission() { return shared_->admission; }
  [[nodiscard]] std::size_t places_taken() const;

private:
  struct active_object;
  class calls_out;

  void open();
  void close();
  void give(const object_id& id, host::object_event event, host::turn_ref source = {});
  void deliver_all();
  invocation_id new_invocation() override;
  void route(object_id object, host::object_event event) override;
  void fetch(durable::vendor_call call, host::place_lease place, callback done) override;

  struct message {
    object_id to;
    durable::object_message what;
    host::turn_ref source;
  };
  memory_store store_;
  seeded_random random_{1};
  providers::registry vendors_;
  std::unique_ptr<journal::hub_journal> journal_;
  std::optional<journal_clock> clock_;
  std::optional<durable::environment> env_;
  std::unique_ptr<host::host_context> shared_;
  std::unique_ptr<host::intake> intake_;
  std::map<object_id, std::unique_ptr<active_object>> objects_;
  std::map<object_id, std::int64_t> due_; ///< Also of those that have left.
  std::deque<message> messages_;
  std::deque<host::place_offer> offers_; ///< Not told yet.
};

} // namespace orderhub::testing
