#include "actors/runtime/provider.hpp"

#include <atomic>
#include <deque>
#include <memory>
#include <utility>

namespace orderhub::runtime {

namespace {

/// Counted by the transport's thread too, so that the end of a call is told to the actor only
/// where another one waits for its place.
struct call_counts {
  std::atomic<std::size_t> in_flight{0};
  std::atomic<std::size_t> waiting{0};
};

struct provider_state {
  std::deque<provider_call> waiting;
  std::shared_ptr<call_counts> counts = std::make_shared<call_counts>();
};

void start(caf::event_based_actor* self, hub_context* hub, const providers::endpoint& endpoint,
           provider_state& state, provider_call call) {
  ++state.counts->in_flight;
  hub->vendor_calls.fetch_add(1, std::memory_order_relaxed);
  auto& c = *call.call;
  providers::wire_request wire;
  wire.method = std::move(c.request.method);
  wire.url = secret(endpoint.base + endpoint.path.reveal() + c.request.target);
  wire.headers = std::move(c.request.headers);
  wire.secret_headers = endpoint.secret_headers;
  wire.body = std::move(c.request.body);
  wire.deadline_ms = c.deadline_ms;
  hub->transport.send(
      std::move(wire), [me = caf::actor_cast<caf::actor>(self), to = std::move(call.reply_to),
                        done = std::move(call.done), ref = c.ref,
                        counts = state.counts](providers::transport_outcome outcome) {
        if (done)
          done(std::move(outcome));
        else
          caf::anon_send(to, make_event(vendor_answer{ref, std::move(outcome)}, false));
        --counts->in_flight;
        if (counts->waiting > 0)
          caf::anon_send(me, call_ended{});
      });
}

/// Fills free places in order of arrival. A place that frees itself between the two counters is
/// seen here or told by `call_ended`: both are sequentially consistent.
void fill(caf::event_based_actor* self, hub_context* hub, const providers::endpoint& endpoint,
          provider_state& state) {
  while (!state.waiting.empty() && state.counts->in_flight < hub->calls_in_flight_max) {
    auto next = std::move(state.waiting.front());
    state.waiting.pop_front();
    --state.counts->waiting;
    start(self, hub, endpoint, state, std::move(next));
  }
}

} // namespace

caf::behavior provider_actor(caf::event_based_actor* self, hub_context* hub,
                             const providers::endpoint* endpoint) {
  auto state = std::make_shared<provider_state>();
  return {
      [=](provider_call& call) {
        if (state->waiting.empty() && state->counts->in_flight < hub->calls_in_flight_max) {
          start(self, hub, *endpoint, *state, std::move(call));
          return;
        }
        state->waiting.push_back(std::move(call));
        ++state->counts->waiting;
        fill(self, hub, *endpoint, *state);
      },
      [=](call_ended) { fill(self, hub, *endpoint, *state); },
  };
}

} // namespace orderhub::runtime
