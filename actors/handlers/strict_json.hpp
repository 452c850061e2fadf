#pragma once
#include "journal/base/result.hpp"

#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace orderhub::handlers {

/// Parses JSON from outside: valid UTF-8, at most 32 levels deep, no key twice in one object. Fails
/// with `invalid` and a message that says what is wrong and where.
result<nlohmann::json> parse_strict(std::string_view text);

} // namespace orderhub::handlers
