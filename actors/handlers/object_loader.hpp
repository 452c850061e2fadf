#pragma once
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/object_state.hpp"

#include <functional>

namespace orderhub::handlers {

/// An object as of the last commit; a blank one where there is none. From any thread.
using object_loader = std::function<result<journal::object_state>(const object_id&)>;

} // namespace orderhub::handlers
