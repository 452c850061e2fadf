#pragma once
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"
#include "providers/webhooks/event.hpp"

#include <string>
#include <string_view>

namespace orderhub::providers::shippo {

struct track_request {
  step_ref ref;
  std::string carrier; ///< `usps`, of `carriers.txt`.
  std::string tracking_number;
};

/// Where a parcel is, as the webhook `track_updated` about the same would say it: with the same
/// id, so that what is asked for and what is told is one event. Whose parcel it is whoever asks
/// knows: `about` is empty.
struct track_state {
  webhooks::event what;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<track_state> decode(std::string_view json);
};

/// `GET /tracks/{carrier}/{number}` (shippo-javascript-sdk docs/sdks/trackingstatus); answered for
/// numbers that nobody has registered, too. Of a limit of its own: 500 a minute live, 50 with a
/// test key. Only reads; given up after ten minutes.
///
/// `rejected`: Shippo does not know the parcel. `invalid`: or takes no such carrier (with a test
/// key it takes only `shippo`), or this key may not track. Only a 401 is `misconfigured`: what else
/// forbids this forbids no other call.
operation<track_state> read_track(const track_request& request);

} // namespace orderhub::providers::shippo
