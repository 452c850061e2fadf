#pragma once
#include "providers/webhooks/vendors.hpp"

#include <optional>
#include <string_view>

namespace orderhub::providers::shippo {

/// One of two proofs (docs.goshippo.com/docs/tracking/webhooksecurity):
/// - `Shippo-Auth-Signature: t=<unix>,v1=<hex>`, HMAC-SHA256 of `<t>.<body>`, which Shippo sets up
/// on
///   request. It names no tolerance: 300 s, both ways.
/// - `?token=…` in the address. A secret in a URL proves the sender and not the body.
/// A secret counts for both: whoever can write it into a URL has it.
///
/// Events `{"event":"track_updated","test":false,"data":{…}}` have no id: a tracking's is its
/// carrier, number and status object; a transaction's its id, status and time.
webhooks::source webhook_source();

/// An object that was read, as Shippo's webhook `name` (`track_updated`) would tell of it, but of
/// nobody's order; nothing where that webhook could not be read. `data`: the object, in JSON.
std::optional<webhooks::event> event_of_answer(std::string_view name, std::string_view data);

} // namespace orderhub::providers::shippo
