#pragma once
#include "journal/base/result.hpp"
#include "journal/base/secret.hpp"
#include "providers/step_ref.hpp"
#include "providers/webhooks/event.hpp"
#include "providers/webhooks/signature.hpp"
#include "providers/webhooks/vendors.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::providers::webhooks {

/// How a sender of `/webhooks/custom/{name}` signs.
enum class custom_scheme : std::uint8_t {
  /// Standard Webhooks 1.0.0: HMAC under a key of `whsec_` and base64, ed25519 under a public key
  /// of
  /// `whpk_` and base64. Without a prefix it is an HMAC key.
  standard,
  standard_v1a, ///< The same, where a key without a prefix is a public one.
  hmac,         ///< HMAC of the body, in one header.
};
enum class text_encoding : std::uint8_t { hex, base64 };

/// Where the parts of an event are: JSON pointers (RFC 6901) into the body. Empty: nowhere.
struct custom_pointers {
  std::string id;                ///< The event's id; Standard Webhooks have it in `webhook-id`.
  std::string type = "/type";    ///< By which `custom_source::events` is asked.
  std::string order;             ///< The order's key.
  std::string reference;         ///< Awakeable's id, or tracking number.
  std::string data;              ///< What an awakeable is resolved with.
  std::string at = "/timestamp"; ///< Unix seconds, or ISO 8601.
};

/// One sender that the operator has configured.
struct custom_source {
  std::string name; ///< Last part of the path: 1 to 64 of `a-z 0-9 - _`.
  custom_scheme scheme = custom_scheme::standard;
  std::vector<secret> secrets; ///< Any may match. None: every call is refused.
  // Of `hmac` only.
  std::string header; ///< `X-Signature`
  std::string prefix; ///< What stands before the digest: `sha256=`; may be empty.
  hash_algorithm algorithm = hash_algorithm::sha256;
  text_encoding encoding = text_encoding::hex;

  custom_pointers at;
  /// What a type means, `*` any other. A type that is not here is `skipped`.
  std::vector<std::pair<std::string, event_kind>> events;
  std::int64_t retry_window_ms = 0; ///< As in `source`: 4 days (Standard Webhooks: 75.5 hours).
};

inline constexpr std::size_t custom_sources_max = 100;
/// Longest JSON that an awakeable is resolved with, in bytes.
inline constexpr std::size_t custom_data_size_max = std::size_t{16} * 1'024;

/// The senders of a setting, as JSON:
/// `[{"name":"erp","scheme":"standard"|"standard_v1a"|"hmac","secret":"whsec_…,whsec_…",
///    "header":"X-Signature","prefix":"sha256=","algorithm":"sha1"|"sha256"|"sha512",
///    "encoding":"hex"|"base64","id":"/id","type":"/type","order":"/data/order_id",
///    "reference":"/data/awakeable","data":"/data","at":"/time",
///    "events":{"parcel.packed":"packed","parcel.gone":"picked_up","*":"awakeable"}}]`
/// `secret` may be a comma-separated list. An `awakeable` needs `reference`, and is resolved with
/// what is at `data`, or null. `hmac` needs `header` and `id`. An empty text has no sender. Fails
/// with `invalid` naming the sender and the field, never a value.
result<std::vector<custom_source>> read_custom_sources(std::string_view json);

/// Whether the delivery is of that sender, by its scheme; the timestamp of Standard Webhooks must
/// be within 300 s of the clock.
verification verify_custom(const custom_source& from, const delivery& received);

/// Reads a delivery that `verify_custom` has taken: one element. Its order is one of ours, since
/// the secret is: `about` has our hub, and no step.
reading read_custom(const custom_source& from, const delivery& received, const step_ref& ours);

} // namespace orderhub::providers::webhooks
