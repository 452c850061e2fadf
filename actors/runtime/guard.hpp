#pragma once
#include "actors/host/guard.hpp"
#include "journal/base/log.hpp"

#include <exception>
#include <string_view>

#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>

namespace orderhub::runtime {

using host::guarded;
using host::guarded_or;

/// For what is thrown outside of every guarded handler: the actor ends, which CAF does without a
/// word.
inline void watch(caf::scheduled_actor* self, std::string_view actor) {
  self->set_exception_handler([actor](std::exception_ptr&) -> caf::error {
    log::error("actor_ended", {{"actor", actor}});
    return caf::sec::runtime_error;
  });
}

} // namespace orderhub::runtime
