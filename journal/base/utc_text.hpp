#pragma once
#include "journal/base/time.hpp"

#include <string>

namespace orderhub {

/// `2026-11-25T09:35:06.123Z`, so that texts compare as times do. Not before 1970.
std::string utc_text(unix_ms at);

} // namespace orderhub
