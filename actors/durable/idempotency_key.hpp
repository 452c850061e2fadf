#pragma once
#include "journal/base/ids.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::durable {

/// The idempotency key of a step's first generation: `oh_` and 40 hexadecimal characters of a hash
/// of hub id, service, key, step and attempt. The same for ever, whatever process asks.
std::string idempotency_key(const hub_id& hub, const object_id& object, std::string_view step,
                            std::string_view attempt);

/// The key of a later generation; the first one is `first` itself.
std::string key_of_generation(const std::string& first, std::uint32_t generation);

} // namespace orderhub::durable
