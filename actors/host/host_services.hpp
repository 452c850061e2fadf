#pragma once
#include "actors/durable/object_machine.hpp"
#include "actors/host/call_gate.hpp"
#include "actors/host/host_context.hpp"
#include "actors/host/object_event.hpp"
#include "actors/host/pending_output.hpp"
#include "journal/hub_journal.hpp"
#include "providers/policy/answer.hpp"
#include "providers/transport.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a host provides. The rules of hosting (`intake`, `hosted_object`, `release`) ask for these
/// things and for nothing else; the runtime on CAF, the simulator and a plain test implement them,
/// and so would an endpoint of a Restate cluster. There are four interfaces because they are asked
/// from four sides: by an active object, on that object's thread; by what a durable turn lets go,
/// on any thread; by the door; by a response that lacks a part as it leaves.
///
/// What Restate asks of a host, and where it is:
///
///   appends entries, says when they are durable   object_host::append, then pending_output
///   delivers notifications                        hosted_object::handle, one `object_event` each
///   gives state                                   host_context::journal, `load`
///   makes the strings of ids                      door_host::new_invocation
///   may say "leave now"                           hosted_object::leave: any await but a running
///                                                 effect drops its frame (`may_leave`)
///   an effect is two entries: the intent with     the intent's turn is appended, and
///   its bytes, durable before the call, the run   outlet::call_vendor comes after it is durable
///   every attempt is entries, timers included     object_host::wake_at; the deadline of a call is
///                                                 in `vendor_call`, and waits that outlive a frame
///                                                 are records
///   a new attempt joins one that still runs       vendor_outcome::incarnation tells them apart; an
///                                                 endpoint whose leader changed keeps the running
///                                                 call and gives its outcome to the new one
///   calls and sends to other objects              object_host::deliver; does nothing where a
///                                                 cluster finds them in the turn's records
///   results, acknowledgements                     outlet::finish, outlet::acknowledge: a cluster
///                                                 answers its callers itself
///
/// No log sequence number, commit or transaction is in any of it.
namespace orderhub::host {

/// An activation that ended because handling an event threw.
struct failed_activation {
  activation who;
  std::string event; ///< Kind of it.
  std::string why;
  /// Objects that its appended turns tell something and that were not told: to be woken when those
  /// turns are durable, the journal has the rest.
  std::vector<object_id> untold;
};

/// What one active object asks for, on its own thread, from inside `hosted_object::handle`.
/// What a call of these throws fails the activation.
class object_host {
public:
  virtual ~object_host() = default;

  /// Takes the turn, which may be empty, into the one order of the log, and returns. When it and
  /// every turn given before it is durable, by whichever object, calls `release(then)` once, on any
  /// thread; turns of one object in their order. Never, where the process ends before that.
  virtual void append(journal::turn turn, std::shared_ptr<pending_output> then) = 0;
  /// Nothing of this waits for the disk: calls `release` for it before returning.
  virtual void release_now(pending_output& what) = 0;
  /// Gives a message to another object, activating it if need be; the messages of one object to
  /// another keep their order. What `source` refers to was appended before, so whatever the target
  /// appends comes after it in the log. Losing the message is sound only with the process: the
  /// record has it.
  virtual void deliver(object_id target, durable::object_message message, turn_ref source) = 0;
  /// The object wants a `tick` at that time, steady milliseconds; nothing: at none. Said after
  /// each event; the last word counts. A tick too early, or one too many, changes nothing.
  virtual void wake_at(std::optional<std::int64_t> at) = 0;
  /// A long answer of a vendor: `reader` reads it where no other object waits for that, and the
  /// object is given `outcome` again with its `reading`; `activation_failed` where reading throws.
  virtual void read_apart(providers::answer_reader reader, vendor_outcome outcome) = 0;
  /// The activation has ended, its object left memory. It may be built anew when everything
  /// appended so far is durable.
  virtual void failed(failed_activation what) = 0;
};

/// Where what a durable turn caused goes, for one activation. Any thread, also after the activation
/// has ended. Made where `release` is called; holds what it needs of the host.
class outlet {
public:
  explicit outlet(host_context& shared) : shared_(shared) {}
  virtual ~outlet() = default;
  outlet(const outlet&) = delete;
  outlet& operator=(const outlet&) = delete;

  /// The call leaves: takes its place from the gate (`vendor_gate::leave`), adds what is secret,
  /// gives back a `vendor_outcome` with this activation's incarnation, at its deadline at the
  /// latest. What it throws says that nothing left.
  virtual void call_vendor(durable::vendor_call call) = 0;
  /// A call did not leave: the object is told `activation_failed`.
  virtual void build_anew(std::string_view why) = 0;
  /// The object is told `turn_durable`.
  virtual void tell_durable() = 0;
  /// An input is durable: whoever waited for that alone is answered.
  virtual void acknowledge(const invocation_id& input);
  /// An invocation has ended, durably: whoever waits for its result is answered.
  virtual void finish(const durable::finished_call& call);
  /// A response that waited in the host's table leaves.
  virtual void respond(std::uint64_t number);

protected:
  host_context& shared_;
};

/// What the door asks for.
class door_host {
public:
  virtual ~door_host() = default;
  /// An id that no invocation has had: the time and random bytes, or what the host's server says.
  virtual invocation_id new_invocation() = 0;
  /// Gives the event to the object, activating it if need be.
  virtual void route(object_id object, object_event event) = 0;
};

/// Calls for what a response lacks as it leaves (`response_enricher`). Thread-safe.
class part_fetcher {
public:
  using callback = providers::transport::callback;
  virtual ~part_fetcher() = default;
  /// Sends once. `done` is called exactly once, on any thread; the place is free after that.
  virtual void fetch(durable::vendor_call call, place_lease place, callback done) = 0;
};

} // namespace orderhub::host
