#pragma once
#include "journal/base/random.hpp"
#include "journal/base/result.hpp"
#include "journal/base/secret.hpp"
#include "journal/store.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// The key under which the hub that has this directory signs what it hands out and has to know
/// again after a restart: the sessions of its admin port.
namespace orderhub::journal {

namespace meta_key {
constexpr std::string_view session = "session";
} // namespace meta_key

using session_key = std::array<std::uint8_t, 32>;
/// `mt` session: u8 version | 32 B key | u32 crc
std::string encode(const session_key& key);
result<session_key> decode_session_key(std::string_view bytes);

/// The key's 32 bytes; drawn and written, durably, where there is none yet. At a start, before
/// anything else writes. Fails as the store does, or with `corrupt`, and then nothing is changed.
result<secret> session_key_of(store& tables, random_source& random);

} // namespace orderhub::journal
