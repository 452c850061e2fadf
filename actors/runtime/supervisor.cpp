#include "actors/runtime/supervisor.hpp"

#include "actors/host/pace.hpp"
#include "actors/runtime/guard.hpp"
#include "actors/runtime/shard.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace orderhub::runtime {

caf::behavior supervisor_actor(caf::event_based_actor* self, hub_context* hub,
                               std::shared_ptr<std::vector<object_id>> objects) {
  watch(self, "supervisor");
  const host::resume_pace pace(hub->resume_per_second);
  auto next = std::make_shared<std::size_t>(0);
  self->send(self, resume_atom::value);
  return {
      [=](resume_atom) {
        if (hub->shared.admission.draining()) {
          self->quit();
          return;
        }
        guarded("supervisor", "resume", [&] {
          const auto end = std::min(*next + pace.at_once, objects->size());
          for (; *next < end; ++*next)
            route(*hub, {(*objects)[*next], make_event(host::wake{})});
        });
        if (*next < objects->size())
          self->delayed_send(self, pace.pause, resume_atom::value);
        else
          self->quit();
      },
  };
}

} // namespace orderhub::runtime
