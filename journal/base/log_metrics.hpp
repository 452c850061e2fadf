#pragma once
#include "journal/base/labelled.hpp"

namespace orderhub::log {

/// How often each event of level `error` was written since the start.
labelled_counts<1>::values_type errors_by_event();

} // namespace orderhub::log
