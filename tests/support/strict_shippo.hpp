#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::testing {

/// What a strict Shippo has against the body of `POST /shipments` and against buying a label of it;
/// empty: it takes it. Written by hand from tests/golden/specs/shippo.json and what its
/// descriptions say, and from nothing of the program's: its own lists, its own borders.
std::vector<std::string> strict_shippo(std::string_view body);

} // namespace orderhub::testing
