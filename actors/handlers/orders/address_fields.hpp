#pragma once
#include "actors/handlers/known_fields.hpp"

#include <span>
#include <string_view>

namespace orderhub::handlers {

// The names under which shops send the parts of an address. API.md lists them.

/// Meanings: `name first_name last_name company phone email`.
std::span<const field_alias> person_fields();
/// These, and `street street2 street3 city state zip country`.
std::span<const field_alias> address_fields();

/// Of a folded name: whether it means a line of a street.
bool is_street(std::string_view folded);
/// Whether a folded name that is not known looks like a part of an address: `apartment`,
/// `housenumber`, `careof`. Other unknown fields (`notes`, `method`) are nobody's address.
bool is_part_of_address(std::string_view folded);

} // namespace orderhub::handlers
