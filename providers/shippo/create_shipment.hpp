#pragma once
#include "providers/shippo/address.hpp"
#include "providers/shippo/customs.hpp"
#include "providers/shippo/rates.hpp"
#include "providers/shippo/wire.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::shippo {

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

} // namespace orderhub::providers::shippo
