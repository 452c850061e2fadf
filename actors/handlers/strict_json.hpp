#pragma once
#include "journal/base/result.hpp"

#include <string_view>

namespace orderhub::handlers {

/// Whether JSON from outside may be parsed: valid UTF-8, at most 32 levels deep, no key twice in
/// one object. Fails with `invalid` and a message that says what is wrong and where.
result<void> check_json(std::string_view text);

} // namespace orderhub::handlers
