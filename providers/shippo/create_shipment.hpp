#pragma once
#include "providers/shippo/customs.hpp"
#include "providers/shippo/wire.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::shippo {

/// Empty fields are left out of the request. Buying needs name, street1, city, zip where the
/// country has postal codes, for US, CA and AU the state, and of some carriers' senders phone and
/// email.
struct address {
  std::string name;
  std::string street1;
  std::string street2;
  std::string city;
  std::string state;
  std::string zip;
  std::string country; ///< ISO 3166, `US`. The only field Shippo always wants.
  std::string phone;
  std::string email;
  std::string company = {};
};

/// Shippo takes measures as decimal text.
struct parcel {
  std::string length;
  std::string width;
  std::string height;
  std::string distance_unit; ///< `cm in ft m mm yd`
  std::string weight;
  std::string mass_unit; ///< `g kg lb oz`
};

struct shipment_request {
  step_ref ref;
  address from;
  address to;
  shippo::parcel parcel;
  customs_declaration customs = {}; ///< Without items: none is sent.
};

/// An offer to carry the parcel; bought within 7 days by its id.
struct rate {
  std::string id;
  std::string amount;   ///< Decimal text in `currency`, `8.35`.
  std::string currency; ///< `USD`
  std::string provider; ///< `USPS`
  std::string service;  ///< Service level token, or its name where there is no token.

  friend bool operator==(const rate&, const rate&) = default;
};

struct shipment_outcome {
  std::string shipment_id;
  std::vector<rate> rates; ///< Never empty when it comes from an answer.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<shipment_outcome> decode(std::string_view json);
  friend bool operator==(const shipment_outcome&, const shipment_outcome&) = default;
};

/// Asks for rates. Costs nothing, so it may be repeated; the rate id that counts is the journaled
/// one. `rejected` where no carrier offers a rate, with Shippo's messages made safe to show;
/// `unavailable` where there is none because a carrier did not answer.
operation<shipment_outcome> create_shipment(const shipment_request& request);

/// The cheapest offer, the first of equals, or null. Amounts are compared as decimals, among offers
/// in the currency of the first readable one; unreadable or negative amounts do not count.
const rate* cheapest(const std::vector<rate>& rates);

} // namespace orderhub::providers::shippo
