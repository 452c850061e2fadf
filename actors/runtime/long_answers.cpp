#include "actors/runtime/long_answers.hpp"

#include "actors/runtime/guard.hpp"
#include "journal/base/nice_thread.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace orderhub::runtime {

caf::behavior long_answer_actor(caf::event_based_actor* self, hub_context* hub) {
  watch(self, "long_answer");
  return {
      [hub, own = nice_thread()](long_answer& m) mutable {
        own.enter();
        auto& outcome = std::get<host::vendor_outcome>(*m.event);
        const auto incarnation = outcome.incarnation; // The event is its object's, once sent.
        guarded_or(
            "long_answer",
            [&] {
              outcome.reading = m.reader->read(outcome.outcome.response);
              caf::anon_send<caf::message_priority::high>(
                  m.shard, event_message{std::move(m.event), incarnation});
            },
            [&](std::string_view why) {
              ++hub->shared.failures;
              auto failed = make_event(host::activation_failed{incarnation, std::string(why)});
              caf::anon_send(m.shard, event_message{std::move(failed), incarnation});
            });
      },
  };
}

} // namespace orderhub::runtime
