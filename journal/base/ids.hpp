#pragma once
#include "journal/base/random.hpp"
#include "journal/base/time.hpp"

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub {

/// A keyed virtual object: `OrderOrchestrator/order-001`. Each part has 1 to 255 bytes.
struct object_id {
  std::string service;
  std::string key;

  friend bool operator==(const object_id&, const object_id&) = default;
  friend auto operator<=>(const object_id&, const object_id&) = default;
  [[nodiscard]] std::string text() const { return service + '/' + key; }
};

/// One call of a handler. 6 bytes of time (Unix milliseconds, so that ids sort by age) and 16
/// random bytes; a child's follow from its caller's id and the command index.
struct invocation_id {
  std::array<std::uint8_t, 22> bytes{};

  friend bool operator==(const invocation_id&, const invocation_id&) = default;
  friend auto operator<=>(const invocation_id&, const invocation_id&) = default;

  static invocation_id make(unix_ms now, random_source& random);
  /// The id of what command `index` of this invocation calls.
  [[nodiscard]] invocation_id child(std::uint32_t index) const;
  /// `inv_` and 30 characters of URL-safe base64.
  [[nodiscard]] std::string text() const;
  static std::optional<invocation_id> parse(std::string_view text);
  [[nodiscard]] bool empty() const { return *this == invocation_id{}; }
};

/// A durable promise: the invocation and the completion id it waits on.
struct awakeable_id {
  invocation_id invocation;
  std::uint32_t completion = 0;

  friend bool operator==(const awakeable_id&, const awakeable_id&) = default;
  /// `sign_1` and 35 characters of URL-safe base64.
  [[nodiscard]] std::string text() const;
  static std::optional<awakeable_id> parse(std::string_view text);
};

/// 128 random bits made with the data directory: part of every idempotency key.
using hub_id = std::array<std::uint8_t, 16>;

/// Place in the log, ascending from 1.
using log_sequence = std::uint64_t;

} // namespace orderhub

template <>
struct std::hash<orderhub::object_id> {
  std::size_t operator()(const orderhub::object_id& id) const noexcept {
    const std::size_t h = std::hash<std::string>{}(id.key);
    return h ^ (std::hash<std::string>{}(id.service) + 0x9e3779b97f4a7c15ULL + (h << 6U));
  }
};
template <>
struct std::hash<orderhub::invocation_id> {
  std::size_t operator()(const orderhub::invocation_id& id) const noexcept {
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()});
  }
};
