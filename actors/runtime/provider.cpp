#include "actors/runtime/provider.hpp"

#include <deque>
#include <memory>
#include <utility>

namespace orderhub::runtime {

namespace {

struct provider_state {
  std::deque<provider_call> waiting;
  std::size_t in_flight = 0;
};

void start(caf::event_based_actor* self, hub_context* hub, const providers::endpoint& endpoint,
           provider_state& state, provider_call call) {
  ++state.in_flight;
  hub->vendor_calls.fetch_add(1, std::memory_order_relaxed);
  auto& c = *call.call;
  providers::wire_request wire;
  wire.method = std::move(c.request.method);
  wire.url = secret(endpoint.base + c.request.target);
  wire.headers = std::move(c.request.headers);
  wire.secret_headers = endpoint.secret_headers;
  wire.body = std::move(c.request.body);
  wire.deadline_ms = c.deadline_ms;
  hub->transport.send(std::move(wire), [me = caf::actor_cast<caf::actor>(self),
                                        to = std::move(call.reply_to),
                                        ref = c.ref](providers::transport_outcome outcome) {
    caf::anon_send(to, make_event(vendor_answer{ref, std::move(outcome)}, false));
    caf::anon_send(me, call_ended{});
  });
}

} // namespace

caf::behavior provider_actor(caf::event_based_actor* self, hub_context* hub,
                             const providers::endpoint* endpoint) {
  auto state = std::make_shared<provider_state>();
  return {
      [=](provider_call& call) {
        if (state->in_flight >= hub->calls_in_flight_max)
          state->waiting.push_back(std::move(call));
        else
          start(self, hub, *endpoint, *state, std::move(call));
      },
      [=](call_ended) {
        --state->in_flight;
        if (!state->waiting.empty()) {
          auto next = std::move(state->waiting.front());
          state->waiting.pop_front();
          start(self, hub, *endpoint, *state, std::move(next));
        }
      },
  };
}

} // namespace orderhub::runtime
