#include "actors/runtime/gateway.hpp"

#include "actors/host/intake.hpp"
#include "actors/runtime/guard.hpp"
#include "actors/runtime/large_room.hpp"
#include "actors/runtime/shard.hpp"
#include "actors/runtime/vendor_line.hpp"
#include "journal/base/nice_thread.hpp"
#include "journal/base/random.hpp"

#include <chrono>
#include <memory>
#include <thread>
#include <utility>

namespace orderhub::runtime {

namespace {

class caf_fetcher final : public host::part_fetcher {
public:
  explicit caf_fetcher(hub_context& hub) : hub_(hub) {}

  void fetch(durable::vendor_call call, host::place_lease place, callback done) override {
    const auto provider = hub_.providers.find(call.vendor);
    if (provider == hub_.providers.end()) {
      done({providers::outcome_kind::not_sent, {}, "no provider"});
      return;
    }
    provider->second.line->send(std::move(call), std::move(place), {nullptr, 0, std::move(done)});
  }

private:
  hub_context& hub_;
};

class gateway final : public host::door_host {
public:
  explicit gateway(hub_context& hub)
      : intake(hub.shared, *this, std::make_shared<caf_fetcher>(hub)), hub_(hub) {}

  invocation_id new_invocation() override {
    return invocation_id::make(hub_.shared.env.time.now(), random_);
  }
  void route(object_id object, host::object_event event) override {
    runtime::route(hub_, {std::move(object), make_event(std::move(event))});
  }

  host::intake intake;

private:
  hub_context& hub_;
  system_random random_;
};

host::origin origin_of(const gateway_call& call) {
  return call.is_inside ? host::origin::inside : host::origin::outside;
}

} // namespace

caf::behavior gateway_actor(caf::event_based_actor* self, hub_context* hub) {
  watch(self, "gateway");
  auto state = std::make_shared<gateway>(*hub);
  return {
      [state, hub](gateway_call& m) {
        if (m.from)
          hub->lanes.left(*m.from);
        state->intake.call(*m.request, m.to, origin_of(m));
      },
      [state](gateway_attach& m) { state->intake.attach(*m.target, m.wait, m.to); },
      [state](gateway_awakeable& m) { state->intake.complete_awakeable(m.id, *m.input); },
  };
}

caf::behavior large_body_actor(caf::event_based_actor* self, hub_context* hub) {
  watch(self, "large_body");
  auto state = std::make_shared<gateway>(*hub);
  large_room room([hub] { return hub->shared.journal.has_room(); },
                  [] { std::this_thread::sleep_for(std::chrono::milliseconds(1)); });
  return {
      [state, room = std::move(room), own = nice_thread()](gateway_call& m) mutable {
        own.enter();
        m.request->held = room.enter(m.request->body.size());
        state->intake.call(*m.request, m.to, origin_of(m));
      },
  };
}

} // namespace orderhub::runtime
