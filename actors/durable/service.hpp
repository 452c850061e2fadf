#pragma once
#include "actors/durable/context.hpp"
#include "journal/object_state.hpp"
#include "providers/operation.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::durable {

/// How a handler runs beside others of its object.
enum class handler_mode : std::uint8_t {
  exclusive, ///< One at a time, in arrival order; may change state.
  shared,    ///< Journaled, beside the exclusive ones; changes no state.
  read,      ///< A pure function of the object as of its last commit; nothing is journaled.
  /// Something from outside has happened: merged into the state the moment it arrives, beside
  /// whatever runs, and told to whoever waits for it. Pure; waits for nothing.
  event,
};

/// What an event does to its object, all in one turn.
struct event_outcome {
  std::string name; ///< `payment_disputed`; what `context::next_event` gives.
  /// State entries and what is merged into them by the service's merge function.
  std::vector<std::pair<std::string, std::string>> merges;
  std::vector<std::string> clears; ///< State entries that go.
  std::vector<step_evidence> evidence;
  /// Awakeables of this object that it resolves, and their values.
  std::vector<std::pair<awakeable_id, std::string>> resolves;
  /// The exclusive invocation that runs is asked to stop, as `context::cancel_running` does.
  bool cancels_running = false;
  /// Handlers that are begun because of it.
  struct send {
    object_id target;
    std::string handler;
    std::string body;
    std::int64_t delay_ms = 0;
    /// State entry of this object that gets the text of the invocation's id; empty: none. How that
    /// one ends can be read by it, so that it needs not tell.
    std::string noted_as = {};
  };
  std::vector<send> sends;
  /// What a person does to this object by it: on record in the same turn, as `on_operator` has it,
  /// about the first of `sends` where there is one, else about all of the object.
  std::optional<journal::operator_payload> acts = {};
  std::string response = "null"; ///< JSON.
};

/// What a read handler sees: its object, and others, each as of its last commit.
struct read_view {
  const journal::object_state& state;
  const std::function<result<journal::object_state>(const object_id&)>& load;
  unix_ms now = 0; ///< Journal time.
  /// How an invocation of any object has ended; nothing where it has not, or is not known.
  std::function<std::optional<result<std::string>>(const invocation_id&)> ended = {};
};

/// Something that an answer shows and no journal may hold (a client secret): fetched when the
/// answer leaves. Where that fails the answer leaves without it.
struct response_enricher {
  providers::raw_operation operation; ///< A read; sent once.
  std::function<std::string(std::string answer, const providers::http_response&)> add;
};

/// One handler of a service.
struct handler_definition {
  handler_mode mode = handler_mode::exclusive;
  bool internal = false;   ///< Not reachable from outside: other handlers call it.
  bool cancellable = true; ///< False: it undoes or records, and is never asked to stop.
  /// The object's state is not worth more than its invocations: it goes when the retention of the
  /// last one ends.
  bool ephemeral = false;
  /// An object has it once, as Restate's workflows have their `run`: a further request is 409 and
  /// names the first one. It leaves its invocation's id in the entry `run` (`workflow.hpp`) as its
  /// first step.
  bool once = false;
  /// An operator's pause holds neither it nor what it calls and waits for, nor, while it runs, what
  /// others of its object undo. What it sends to others is held as everything is.
  bool passes_pause = false;
  /// It does no more than look, again and again, what becomes of what was done: an object that has
  /// nothing else to do is finished. A purge ends it and an erase leaves it, so nothing that it
  /// brings, asks or hears is a customer's. By its body: the step that it has on the board; empty:
  /// none. Null: it is work like any other.
  std::function<std::string(std::string_view body)> follows = {};
  std::string revision = "1"; ///< Changes when the order of its steps does.
  /// Exclusive and shared: makes the coroutine. Not itself a coroutine.
  std::function<handler_task(context, std::string body)> run;
  /// Event: what it does to the object as it is now. A failure changes nothing and is the answer.
  std::function<result<event_outcome>(const journal::object_state&, std::string_view body)> event;
  /// Read: a pure function of what it sees.
  std::function<result<std::string>(const read_view&, std::string_view body)> read;
  /// What this answer (a success) lacks; null: no answer of this handler lacks anything.
  std::function<std::optional<response_enricher>(std::string_view response)> enrich;
  /// Checks a request from outside before anything is stored: the body to store, or `invalid` with
  /// a message that names the field. Null: every body is taken as it is.
  std::function<result<std::string>(std::string_view key, std::string_view body)> validate;
  /// What of a body that was checked makes one request of two with one `idempotency-key`; pure. It
  /// says by which form of its own it does, so that another program's answer never equals by
  /// chance. Null: the body as it came.
  std::function<std::string(std::string_view body)> content;
  /// Whether a request from outside may wait for its turn, by the object as it is now; pure. A
  /// failure is its answer, and nothing of it is stored. Null: every request may. Not asked of one
  /// that is to begin later.
  std::function<result<void>(const journal::object_state&, std::string_view body)> admit;
};

/// A service: its handlers, and how its facts merge.
struct service_definition {
  std::map<std::string, handler_definition, std::less<>> handlers;
  /// Commutative and idempotent; `current` is null where the entry is not there.
  std::function<std::string(std::string_view entry, const std::string* current,
                            std::string_view delta)>
      merge;
  /// What its state's entries become where a person has the customer's data erased: those that
  /// change, without value those that go. What of it that is not the customer's (facts, money,
  /// vendors' ids) stays. Null: nothing changes.
  std::function<std::vector<journal::state_payload>(const journal::object_state&)> erase = {};
};

/// All services of the program. Filled by `main`; immutable after.
struct service_registry {
  std::map<std::string, service_definition, std::less<>> services;

  [[nodiscard]] const service_definition* find(std::string_view service) const {
    auto it = services.find(service);
    return it == services.end() ? nullptr : &it->second;
  }
  [[nodiscard]] const handler_definition* find(std::string_view service,
                                               std::string_view handler) const {
    const auto* s = find(service);
    if (s == nullptr)
      return nullptr;
    auto it = s->handlers.find(handler);
    return it == s->handlers.end() ? nullptr : &it->second;
  }
  /// Nothing is to be done on it any more; something may look what becomes of what was done
  /// (`handler_definition::follows`).
  [[nodiscard]] bool is_finished(const journal::object_state& state) const {
    return std::all_of(state.live.begin(), state.live.end(), [&](const auto& i) {
      const auto* handler = find(state.id.service, i.input.handler);
      return handler != nullptr && handler->follows;
    });
  }
};

} // namespace orderhub::durable
