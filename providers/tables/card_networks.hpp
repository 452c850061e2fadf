#pragma once
#include <string_view>

namespace orderhub::tables {

/// Whether some network has cards whose numbers begin and are as long as this one
/// (`card_networks.tsv`). The check digit is not looked at.
/// `digits` are ASCII digits only.
bool is_card_range(std::string_view digits);

} // namespace orderhub::tables
