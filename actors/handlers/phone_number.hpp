#pragma once
#include "journal/base/result.hpp"

#include <string>
#include <string_view>

namespace orderhub::handlers {

/// A phone number as people write it, in E.164: `+12175550100`. Without a country's code it belongs
/// to `country` (ISO 3166-1 alpha-2). Fails with `invalid` and a message that completes "the field
/// …": no number, one that has not as many digits as numbers there have, or one with an extension,
/// which neither E.164 nor the carriers' forms have. Whether somebody has the number is not asked:
/// libphonenumber's tables of assigned ranges are older than the youngest numbers.
result<std::string> e164_of(std::string_view written, std::string_view country);

/// A number of that country as an example, E.164; the US one where the library knows none.
std::string example_phone(std::string_view country);

} // namespace orderhub::handlers
