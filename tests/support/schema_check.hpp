#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::testing {

/// What of a JSON text is not as a schema of an OpenAPI document says, each with its place; empty:
/// all of it is. `schema`: its name under `components/schemas`. Knows what our documents use: type
/// (also a list of them), enum, properties, required, additionalProperties, items, anyOf, $ref,
/// minimum, maximum, minLength, maxLength, format date-time. Another word in a schema is a problem
/// too, so that nothing goes unchecked.
std::vector<std::string> schema_problems(std::string_view document, std::string_view schema,
                                         std::string_view answer);

} // namespace orderhub::testing
