#pragma once
#include "journal/base/result.hpp"
#include "journal/base/secret.hpp"
#include "journal/base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway::cli {

/// An event as Stripe would send it, for trying a hub that has no live key.
struct sent_event {
  std::string id; ///< `evt_…`
  std::string type;
  std::string intent_id, charge_id; ///< Of the payment; `charge_id` may be empty.
  std::int64_t amount = 0;          ///< Minor units.
  std::string currency;             ///< Lower case.
};
/// What can be sent: `payment_intent.succeeded`, …
const std::vector<std::string>& sent_types();
std::string event_body(const sent_event& event, unix_ms now);
/// The header `Stripe-Signature` of it, by the first secret of the list that is believed. Fails
/// with `invalid`: there is none.
result<std::string> signature_of(std::string_view body, const secret& secrets, unix_ms now);

} // namespace orderhub::http_gateway::cli
