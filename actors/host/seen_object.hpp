#pragma once
#include "journal/base/ids.hpp"

namespace orderhub::host {

/// An object as somebody saw it who acts upon that.
struct seen_object {
  object_id object;
  log_sequence version = 0; ///< Of its last record; 0: it had none.
};

} // namespace orderhub::host
