#pragma once
#include "journal/base/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::shippo {

/// An offer to carry the parcel; bought within 7 days by its id.
struct rate {
  std::string id;
  std::string amount;   ///< Decimal text in `currency`, `8.35`.
  std::string currency; ///< `USD`
  std::string provider; ///< `USPS`
  std::string service;  ///< Service level token, or its name where there is no token.
  /// "Estimated transit time in days", "an average value as given by the provider"; -1: not said.
  std::int64_t days = -1;
  bool is_fastest = false; ///< Shippo calls it so (`attributes`).

  friend bool operator==(const rate&, const rate&) = default;
};

/// How a rate is chosen: `cheapest`, `fastest`, or the token of a service level (`usps_priority`,
/// docs.goshippo.com/docs/carriers/servicelevels). In lower case, since tokens are. Fails with
/// `invalid` where it can be none: 2 to 80 letters, digits, `_` and `-`.
result<std::string> rate_choice_of(std::string_view written);

/// Among all rates, `fastest` is one of the fewest days, or that Shippo calls so where nobody says
/// days; a token only its own. Of these the cheapest, and the first of equals: amounts are compared
/// as decimals, in the currency of the first readable one; unreadable or negative amounts do not
/// count. Fails with `rejected`, naming what was offered.
result<rate> choose_rate(const std::vector<rate>& rates, std::string_view choice);

/// The rate's carrier as Shippo's tracking names it (`carriers.txt`): with which its service
/// level's token begins, `dhl_express` of `dhl_express_worldwide`; else by its name. Empty where it
/// is none of these.
std::string carrier_of(const rate& offer);
bool is_carrier(std::string_view token);

} // namespace orderhub::providers::shippo
