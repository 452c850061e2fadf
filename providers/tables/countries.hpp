#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::tables {

/// Whether a part of an address has to be there.
enum class presence : std::uint8_t {
  none,     ///< The country's addresses have no such part.
  optional, ///< They may have it.
  required,
};

/// What an address in a country consists of: a line of `countries.tsv`, whose head names its
/// sources.
struct country {
  std::string_view code; ///< ISO 3166-1 alpha-2, upper case.
  std::string name;      ///< In English, of iso-codes.
  presence zip = presence::none;
  std::vector<std::string_view> zip_shapes; ///< Of a required postal code; empty: none is checked.
  std::string_view zip_example;             ///< Empty where there are no postal codes.
  presence state = presence::none;
  std::string_view city; ///< What stands for it where the country is a city; else empty.
};

/// Every country of ISO 3166-1 (Debian's iso-codes), in the order of the codes.
const std::vector<country>& countries();

/// By a code in any case: alpha-2, or one of the few customary others that have one meaning (`UK`,
/// `EL`, `XI`, `IC`, `EA`, `AC`, `TA`). Null where it is none.
const country* find_country(std::string_view code);

/// A postal code as it is written on a label: ASCII letters in upper case, and the US form
/// `99999-9999` where nine digits were given. Nothing where the country requires one of another
/// shape: spaces, hyphens and dots do not count, nor does a country's code in front (`D-10117`).
std::optional<std::string> postal_code(const country& in, std::string_view given);

} // namespace orderhub::tables
