#pragma once
#include "providers/mock/text.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace orderhub::providers::mock {

// What Shippo refuses of a shipment, on every request and without a fault: README.md names the fact
// behind each rule. Internal to the mock.

struct field_refusal {
  std::string_view field; ///< Of the request's top level.
  std::string text;
};

/// At the creation, with 400: a country that is none, a measure or unit that is none, a customs
/// declaration that lacks something.
std::optional<field_refusal> refused_shipment(const fields& body);

/// At the purchase, as a transaction with status ERROR: an address that lacks what a label needs,
/// or no customs declaration where the parcel crosses a border. Empty: it can be bought.
std::string refused_purchase(const fields& body);

} // namespace orderhub::providers::mock
