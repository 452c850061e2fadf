#include "actors/runtime/provider.hpp"

#include "actors/runtime/guard.hpp"

#include <memory>
#include <utility>

namespace orderhub::runtime {

namespace {

/// One call from its arrival to the end of its outcome. Made before a byte leaves, so that the end
/// needs little memory.
struct outgoing {
  durable::call_ref ref;
  std::uint64_t incarnation = 0;
  caf::actor to;
  providers::transport::callback done;
  std::shared_ptr<host::place_lease> live_place;
  host::place_lease place;

  void end(providers::transport_outcome outcome) {
    place.answered();
    if (live_place)
      live_place->answered();
    if (done)
      done(std::move(outcome));
    else
      caf::anon_send(to, make_event(host::vendor_outcome{ref, incarnation, std::move(outcome),
                                                         std::move(place)},
                                    false));
    to = nullptr;
    place.release();
    live_place.reset();
  }
};

std::shared_ptr<outgoing> taken(hub_context& hub, provider_call& call) {
  auto& c = *call.call;
  auto out = std::make_shared<outgoing>();
  out->ref = c.ref;
  out->incarnation = call.incarnation;
  out->to = std::move(call.respond_to);
  out->done = std::move(call.done);
  if (call.place)
    out->live_place = std::move(call.place);
  else
    out->place = hub.shared.gate->leave(c.vendor, c.ref, host::kind_of(c.call_class, c.lookup));
  return out;
}

/// A transport that throws has not taken the call.
void send(hub_context& hub, const providers::endpoint& endpoint, durable::vendor_call& c,
          const std::shared_ptr<outgoing>& out) {
  providers::wire_request wire;
  wire.method = std::move(c.request.method);
  wire.url = secret(endpoint.base + endpoint.path.reveal() + c.request.target);
  wire.headers = std::move(c.request.headers);
  wire.secret_headers = endpoint.secret_headers;
  wire.body = std::move(c.request.body);
  wire.deadline_ms = c.deadline_ms;
  wire.fresh_connection = c.fresh;
  hub.vendor_calls.fetch_add(1, std::memory_order_relaxed);
  hub.transport.send(std::move(wire), [out](providers::transport_outcome outcome) {
    guarded("provider", "outcome", [&] { out->end(std::move(outcome)); });
  });
}

} // namespace

caf::behavior provider_actor(caf::event_based_actor* self, hub_context* hub,
                             const providers::endpoint* endpoint) {
  watch(self, "provider");
  auto own = std::make_shared<providers::endpoint>(*endpoint);
  return {
      [=](provider_call& call) {
        std::shared_ptr<outgoing> out;
        guarded_or(
            "provider",
            [&] {
              out = taken(*hub, call);
              send(*hub, *own, *call.call, out);
            },
            [&](std::string_view why) {
              ++hub->shared.failures;
              log::error("actor_failed",
                         {{"actor", "provider"}, {"event", "call"}, {"reason", why}});
              providers::transport_outcome failed{
                  providers::outcome_kind::not_sent, {}, "the hub failed"};
              if (out)
                out->end(std::move(failed));
              else if (call.done)
                call.done(std::move(failed));
              else
                caf::anon_send(call.respond_to, make_event(host::vendor_outcome{call.call->ref,
                                                                                call.incarnation,
                                                                                std::move(failed),
                                                                                {}},
                                                           false));
            });
      },
      [=](const new_credentials& m) {
        const bool done = guarded("provider", "credentials", [&] {
          auto headers = m.them->headers;
          auto path = m.them->path;
          own->secret_headers = std::move(headers);
          own->path = std::move(path);
        });
        if (done)
          hub->shared.gate->probe_now(own->vendor);
      },
  };
}

} // namespace orderhub::runtime
