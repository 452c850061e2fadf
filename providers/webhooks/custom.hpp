#pragma once
#include "journal/base/result.hpp"
#include "journal/base/secret.hpp"
#include "providers/step_ref.hpp"
#include "providers/webhooks/event.hpp"
#include "providers/webhooks/signature.hpp"
#include "providers/webhooks/vendors.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::providers::webhooks {

/// How a sender of `/webhooks/custom/{name}` signs.
enum class custom_scheme : std::uint8_t {
  standard_v1,  ///< Standard Webhooks, HMAC: keys `whsec_` and base64. A `whpk_` key is taken as v1a.
  standard_v1a, ///< Standard Webhooks, ed25519: public keys `whpk_` and base64.
  hmac,         ///< HMAC of the body, in one header.
};
enum class text_encoding : std::uint8_t { hex, base64 };

/// One sender that the operator has configured. Immutable after `read_custom_sources`.
struct custom_source {
  std::string name; ///< Last part of the path: 1 to 64 of `a-z 0-9 - _`.
  custom_scheme scheme = custom_scheme::standard_v1;
  std::vector<secret> secrets; ///< Any may match. None: every call is refused.
  // Of `hmac` only.
  std::string header; ///< `X-Signature`
  std::string prefix; ///< What stands before the digest: `sha256=`; may be empty.
  hash_algorithm algorithm = hash_algorithm::sha256;
  text_encoding encoding = text_encoding::hex;
  // JSON pointers (RFC 6901) into the body; empty: there is no such member.
  std::string id;         ///< The event's id. Standard Webhooks have it in a header: empty there.
  std::string type = "/type";
  std::string order;      ///< The order's key.
  std::string reference;  ///< Awakeable's id or tracking number.
  std::string data;       ///< What an awakeable is resolved with; empty: with the whole body.
  std::string at;         ///< Unix seconds or ISO 8601; empty: Standard Webhooks' `/timestamp`.
  /// What a type means, `*` any other. A type that is not here is `skipped`.
  std::vector<std::pair<std::string, event_kind>> events;
  std::int64_t retry_window_ms = 0; ///< As in `source`: 4 days (Standard Webhooks: 75.5 hours).
};

/// Longest JSON an awakeable is resolved with, in bytes.
inline constexpr std::size_t custom_data_size_max = 16 * 1024;

/// The senders of a setting, at most 100, as JSON:
/// `[{"name":"erp","scheme":"standard"|"standard_v1a"|"hmac","secret":"whsec_…,whsec_…",
///   "header":"X-Signature","prefix":"sha256=","algorithm":"sha1"|"sha256"|"sha512",
///   "encoding":"hex"|"base64","id":"/id","type":"/type","order":"/data/order_id",
///   "reference":"/data/awakeable","data":"/data","at":"/time",
///   "events":{"parcel.packed":"packed","parcel.gone":"picked_up","*":"awakeable"}}]`
/// An empty text has none. Fails with `invalid` naming the sender and the field, never a value.
result<std::vector<custom_source>> read_custom_sources(std::string_view json);

/// Whether the delivery is of that sender, by its scheme; the timestamp of Standard Webhooks must
/// be within 300 s of the clock.
verification verify_custom(const custom_source& from, const delivery& received);

/// Reads a delivery that `verify_custom` has taken: one element. Its order is one of ours, since
/// the secret is: `about` has our hub and no step.
reading read_custom(const custom_source& from, const delivery& received, const step_ref& ours);

} // namespace orderhub::providers::webhooks
