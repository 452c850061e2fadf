#include "actors/runtime/provider.hpp"

#include "actors/runtime/guard.hpp"
#include "actors/runtime/vendor_line.hpp"

#include <memory>

namespace orderhub::runtime {

caf::behavior provider_actor(caf::event_based_actor* self, vendor_line* line) {
  watch(self, "provider");
  return {
      [=](const new_credentials& m) {
        return guarded("provider", "credentials", [&] { line->set(*m.them); });
      },
  };
}

provider spawn_provider(caf::actor_system& system, hub_context& hub,
                        const providers::endpoint& endpoint) {
  provider p;
  p.line = std::make_shared<vendor_line>(hub, endpoint);
  p.actor = system.spawn(provider_actor, p.line.get());
  return p;
}

} // namespace orderhub::runtime
