#pragma once
#include "providers/shippo/wire.hpp"

#include <string>
#include <string_view>

namespace orderhub::providers::shippo {

struct tracking_request {
  step_ref ref;
  std::string carrier; ///< `usps`, of `carriers.txt`.
  std::string tracking_number;
};

struct tracking_outcome {
  /// Where the parcel is: `UNKNOWN`, `PRE_TRANSIT`, `TRANSIT`, `DELIVERED`, `RETURNED`, `FAILURE`;
  /// empty where Shippo does not say it yet.
  std::string status;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<tracking_outcome> decode(std::string_view json);
  friend bool operator==(const tracking_outcome&, const tracking_outcome&) = default;
};

/// Has Shippo follow a parcel and send `track_updated` about it: `POST /tracks`
/// (shippo-javascript-sdk docs/sdks/trackingstatus, docs/models/components/tracksrequest.md).
/// "Buying a label registers tracking for it automatically" (docs.goshippo.com/docs/tracking), so
/// it is for whoever wants to be sure. The same number registered twice is one registration, so it
/// may be repeated; nothing is looked up, since `GET /tracks` answers for numbers that nobody has
/// registered. Given up after six hours, as `missed`.
///
/// `invalid`: Shippo does not know the carrier or takes no such number; with a test token it takes
/// only the carrier `shippo`.
operation<tracking_outcome> register_tracking(const tracking_request& request);

} // namespace orderhub::providers::shippo
