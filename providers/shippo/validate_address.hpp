#pragma once
#include "providers/shippo/address.hpp"
#include "providers/shippo/wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers::shippo {

struct validate_request {
  step_ref ref;
  address to;
};

enum class address_verdict : std::uint8_t {
  valid = 1,
  invalid = 2,
  unknown = 3, ///< Shippo has not checked it: a country that it cannot check.
};

struct address_outcome {
  address_verdict verdict = address_verdict::unknown;
  std::string why; ///< Of an invalid one, Shippo's messages made safe to show; may be empty.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<address_outcome> decode(std::string_view json);
  friend bool operator==(const address_outcome&, const address_outcome&) = default;
};

/// Asks whether Shippo knows an address: `POST /addresses` with `validate: true`, whose answer has
/// `validation_results` (shippo-javascript-sdk docs/models/components/addresscreaterequest.md,
/// addressvalidationresults.md). It stores an address object there, which costs nothing and which
/// nothing refers to, so it may be repeated. Gives up after 10 s: somebody waits for it.
///
/// `invalid`: Shippo does not take the request as one. `unavailable`: every passing failure.
operation<address_outcome> validate_address(const validate_request& request);

} // namespace orderhub::providers::shippo
