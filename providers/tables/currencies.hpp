#pragma once
#include "journal/base/money.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace orderhub::tables {

/// How Stripe counts one currency: a row of `currencies.tsv`, which names its source.
struct currency {
  std::string_view code;             ///< ISO 4217, lower case.
  int decimals = 2;                  ///< 0, 2 or 3: 1,000 minor units of kwd are 1 dinar.
  std::int64_t step = 1;             ///< What an amount must be a multiple of.
  std::optional<std::int64_t> least; ///< Smallest charge in minor units, where one is documented.
  std::int64_t most = 99'999'999;    ///< Greatest charge in minor units.
};

/// By code, ascending.
std::span<const currency> currencies();

/// Null where Stripe does not charge it. The code is in lower case.
const currency* find_currency(std::string_view code);

// Amounts for people. Decimals are the table's, never those of a library, which has them for
// display and changes them with its version. A currency that is not in the table has two.

/// `42.00`, `42.000`, `5`, `-3.50`: without the currency.
std::string decimal_text(const money& amount);

/// `42.00 USD`, `42.000 KWD`, `5 JPY`: says the same in every language and country.
std::string shown(const money& amount);

/// The same with the currency's sign behind it where it has one of its own: `42.00 EUR (€42.00)`.
std::string shown_with_sign(const money& amount);

} // namespace orderhub::tables
