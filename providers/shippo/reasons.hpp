#pragma once
#include "providers/http_message.hpp"

#include <string>
#include <string_view>

namespace orderhub::providers::shippo::wire {

/// Why Shippo refused a request, `400: address_to.zip: invalid, parcels.1.weight: required`: the
/// paths at which its answer has texts, by the names that Shippo's requests have, and what kind of
/// fault each first text speaks of. Of a list the index is told where it has several entries;
/// errors of a whole object (`__all__`, `non_field_errors`) are told at its path; a name that no
/// request has is `another field`. `{"detail": …}` is told by its kind of fault alone. The status
/// alone where the answer says nothing of this, or is larger than any refusal, 64 KiB.
std::string refusal_reason(const http_response& response);

/// A carrier's sentence as it can be shown and kept: words of `message_words.txt` and carriers'
/// names; what else stands there may be what was sent, and becomes `[…]`. At most 300 bytes.
std::string readable(std::string_view text);

} // namespace orderhub::providers::shippo::wire
