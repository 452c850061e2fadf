#pragma once
#include <string_view>

namespace orderhub::tables {

/// Where a parcel comes from or goes to, as far as its customs territory follows from it.
struct customs_place {
  std::string_view country; ///< ISO 3166-1 alpha-2, upper case.
  std::string_view state;   ///< Any case; may be empty.
  std::string_view zip;     ///< As written; may be empty.
};

/// The name in `customs_territories.tsv`, whose head names its sources; the country's code where
/// the table has no line for it.
std::string_view customs_territory(const customs_place& of);

/// Whether a parcel between the two needs a customs declaration: their territories differ, or there
/// is a border inside of the one they share. In doubt there is one.
bool is_customs_border(const customs_place& from, const customs_place& to);

} // namespace orderhub::tables
