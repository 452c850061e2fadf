#pragma once
#include "actors/durable/core_metrics.hpp"
#include "actors/durable/service.hpp"
#include "actors/durable/wait_board.hpp"
#include "actors/host/call_counts.hpp"
#include "actors/host/call_gate.hpp"
#include "actors/host/ingress.hpp"
#include "actors/host/operator_desk.hpp"
#include "actors/host/vendor_switch.hpp"
#include "journal/base/journal_clock.hpp"
#include "journal/base/labelled.hpp"
#include "journal/base/secret.hpp"
#include "journal/hub_journal.hpp"
#include "providers/registry.hpp"
#include "providers/transport.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::runtime {

struct hub_options {
  std::size_t workers = 2; ///< CAF scheduler threads.
  std::string sync_mode = "commit";
  std::int64_t request_retention_ms = 24LL * 3600 * 1000;
  std::int64_t sweep_ms = 250; ///< How often active objects are looked at.
  /// How long an object that only waits stays in memory, where not too many are.
  std::int64_t rest_ms = 5'000;
  /// After a restart objects are resumed at most this many a second, so that vendors are not hit by
  /// all of them at once.
  std::size_t resume_per_second = 5'000;
  /// Places on the wire. `resume_at_once` follows from `resume_per_second`.
  host::gate_limits places = {};
  /// Told of every step that waits; outlives the hub. Null: nobody looks.
  durable::wait_board* board = nullptr;
  /// Counts what the objects do; outlives the hub. Null: nobody counts.
  durable::core_metrics* core = nullptr;
  /// What came of people's actions, by action and result.
  std::shared_ptr<labelled_counts<2>> operator_actions = std::make_shared<labelled_counts<2>>();
  /// What is known of the last run's end; nothing: the wall clock tells how long ago it was.
  std::optional<clock_start> last_run = std::nullopt;
  bool unstable_keys_for_test = false;
  bool journal_off_for_bench = false;
};

struct hub_metrics {
  std::int64_t active_objects = 0;
  std::size_t waiting_callers = 0;
  std::uint64_t vendor_calls = 0; ///< That have left.
  std::vector<host::vendor_calls> calls = {};
  std::size_t resumed = 0;
  std::uint64_t actor_failures = 0; ///< Handlers of actors that threw.
  std::size_t paused_objects = 0;   ///< That failed again and again, and wait for a person.
  std::vector<host::vendor_places> vendors;
  std::size_t timers_due = 0;   ///< Within the next two minutes, and overdue.
  std::size_t turns_queued = 0; ///< That wait for the journal's next commit.
  /// What people did, by action and by what the hub said: `accepted`, `nothing_to_do`, `refused`.
  labelled_counts<2>::values_type operator_actions = {};
};

/// A running hub: the actor system with its shards of objects, providers, timers, gateway actors
/// and journal writer. Everything passed in is owned by `main` and outlives it. Made and destroyed
/// by the same thread: CAF's actor system asks for that.
class hub final : public host::ingress, public host::vendor_control, public host::operator_desk {
public:
  hub(journal::hub_journal& journal, const durable::service_registry& services,
      const providers::registry& vendors, providers::transport& transport, const clock& time,
      hub_options options);
  ~hub() override;
  hub(const hub&) = delete;
  hub& operator=(const hub&) = delete;

  /// Resumes everything accepted before the last end, staggered, and then calls `then`. Call once,
  /// after the listener is known to open. Where the journal is not settled, for want of room on
  /// disk, that is done when it is, on another thread; until then reads are answered and nothing
  /// new is taken. `corrupt` where the journal cannot say what there is to resume.
  result<void> resume(std::function<void()> then = {});
  /// Takes no new work; returns when nothing runs any more or the time is over: true in the first
  /// case. Then `stop`.
  bool drain(std::int64_t timeout_ms);
  /// Ends the actors, then the writer after what is queued is on disk. Idempotent.
  void stop();

  void call(host::call_request request, host::responder_ptr to) override;
  void record(host::call_request request, host::responder_ptr to) override;
  void attach(host::invocation_target target, bool wait, host::responder_ptr to) override;
  void complete_awakeable(std::string id, bool resolve, std::string payload,
                          host::responder_ptr to) override;
  /// A person acts on an object, or on one of its invocations (zeros: all). 202 when it is durable;
  /// 404: nothing is open there that it could be about.
  void operate(const object_id& object, const invocation_id& invocation,
               journal::operator_payload action, host::responder_ptr to);
  void act(host::operator_request request, host::responder_ptr to) override;
  [[nodiscard]] std::vector<host::vendor_places> vendors() const override;
  void operate_vendor(std::string vendor, host::vendor_verb verb, host::operator_note by,
                      host::responder_ptr to) override;
  bool probe_vendor(std::string_view vendor) override;
  [[nodiscard]] std::vector<host::seen_call> calls_of(std::string_view vendor) const override;
  [[nodiscard]] std::vector<host::call_record::point>
  series_of(std::string_view vendor, std::int64_t range_ms) const override;
  void forget_gone(std::string_view invocation) override;

  /// What is added to each request of the vendor from now on; nothing where it is not configured.
  /// The next calls use it, and where the vendor refused the one before, one of them goes at once.
  /// Calls that wait keep waiting for that one's answer.
  void set_credentials(std::string_view vendor, std::vector<std::pair<std::string, secret>> headers,
                       secret path, std::shared_ptr<const providers::token_client> token = {});
  /// Tries an object again that was paused because handling its events threw. 202, or 404 where it
  /// is not paused.
  void unpause(object_id object, host::responder_ptr to);
  [[nodiscard]] host::health_report health() const override;
  [[nodiscard]] hub_metrics metrics() const;

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace orderhub::runtime
