#include "actors/runtime/vendor_line.hpp"

#include "actors/runtime/guard.hpp"
#include "journal/base/journal_clock.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace orderhub::runtime {

namespace {

/// One call from its arrival to the end of its outcome. Made before a byte leaves, so that the end
/// needs little memory. It holds nothing of the hub, whose end it may outlive.
struct outgoing {
  durable::call_ref ref;
  call_asker asker;
  host::place_lease place;
  std::shared_ptr<host::vendor_call_counts> counts;
  std::size_t call_class = 0;
  std::chrono::steady_clock::time_point left_at = {}; ///< The epoch: it did not.
  unix_ms left_time = 0;                              ///< The same moment by the journal's clock.

  void left(unix_ms now) {
    left_at = std::chrono::steady_clock::now();
    left_time = now;
    counts->left(call_class);
  }

  void count(providers::transport_outcome& outcome) {
    using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::milliseconds;
    if (left_at == decltype(left_at)())
      return;
    const auto took = std::chrono::steady_clock::now() - left_at;
    outcome.took_ms = duration_cast<milliseconds>(took).count();
    counts->ended(call_class, outcome, duration_cast<microseconds>(took).count(), ref.invocation,
                  left_time + outcome.took_ms);
    left_at = {};
  }

  void end(providers::transport_outcome outcome) {
    place.answered(outcome);
    count(outcome);
    if (asker.done)
      asker.done(std::move(outcome));
    else // What is under way goes before what is new.
      caf::anon_send<caf::message_priority::high>(
          asker.shard,
          event_message{make_event(host::vendor_outcome{ref, asker.incarnation, std::move(outcome),
                                                        std::move(place)}),
                        asker.incarnation});
    asker = {};
    place.release();
  }
};

/// A transport that throws has not taken the call.
void put_on_wire(hub_context& hub, const providers::endpoint& endpoint, durable::vendor_call& c,
                 const std::shared_ptr<outgoing>& out) {
  providers::wire_request wire;
  wire.method = std::move(c.request.method);
  wire.url = secret(endpoint.base + endpoint.path.reveal() + c.request.target);
  wire.headers = std::move(c.request.headers);
  wire.secret_headers = endpoint.secret_headers;
  wire.body = std::move(c.request.body);
  wire.token = endpoint.token;
  wire.deadline_ms = c.deadline_ms;
  wire.fresh_connection = c.fresh;
  // Without a body there is nothing whose second leaving libcurl could be kept from.
  wire.may_multiplex = c.may_multiplex && (wire.method == "GET" || !wire.body.empty());
  out->left(hub.shared.env.time.now());
  hub.transport.send(std::move(wire), [out](providers::transport_outcome outcome) {
    guarded("provider", "outcome", [&] { out->end(std::move(outcome)); });
  });
}

} // namespace

vendor_line::vendor_line(hub_context& hub, const providers::endpoint& endpoint)
    : hub_(hub), endpoint_(std::make_shared<const providers::endpoint>(endpoint)) {}

void vendor_line::send(durable::vendor_call call, call_asker asker) {
  send(std::move(call), std::nullopt, std::move(asker));
}

void vendor_line::send(durable::vendor_call call, std::optional<host::place_lease> place,
                       call_asker asker) {
  auto out = std::make_shared<outgoing>();
  out->ref = call.ref;
  out->asker = std::move(asker);
  out->counts = counts_;
  out->call_class = host::call_class_index(call.call_class);
  guarded_or(
      "provider",
      [&] {
        out->place = place ? std::move(*place)
                           : hub_.shared.gate->leave(call.vendor, call.ref,
                                                     host::kind_of(call.call_class, call.lookup));
        out->place.carries(call);
        put_on_wire(hub_, *endpoint(), call, out);
      },
      [&](std::string_view why) {
        ++hub_.shared.failures;
        log::error("actor_failed", {{"actor", "provider"}, {"event", "call"}, {"reason", why}});
        out->end({providers::outcome_kind::not_sent, {}, "the hub failed"});
      });
}

std::shared_ptr<const providers::endpoint> vendor_line::endpoint() const {
  const std::lock_guard lock(mutex_);
  return endpoint_;
}

void vendor_line::set(credentials them) {
  {
    const std::lock_guard lock(mutex_);
    auto changed = std::make_shared<providers::endpoint>(*endpoint_);
    changed->secret_headers = std::move(them.headers);
    changed->path = std::move(them.path);
    changed->token = std::move(them.token);
    endpoint_ = std::move(changed);
  }
  hub_.shared.gate->probe_now(endpoint()->vendor);
}

} // namespace orderhub::runtime
