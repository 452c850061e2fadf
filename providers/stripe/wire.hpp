#pragma once
#include "providers/codec/form.hpp"
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orderhub::providers::stripe {

/// Pins the shapes of requests and answers; that of Stripe's SDK 23.1.0.
inline constexpr std::string_view api_version = "2026-10-28.endive";
inline constexpr std::string_view idempotency_header = "Idempotency-Key";
/// Stripe keeps keys at least 24 h; 20 h leaves room for clocks and queues.
inline constexpr std::int64_t key_life_ms = std::int64_t{20} * 3'600'000;
/// How long a request may still run at Stripe after its last byte left. Its own SDKs give up after
/// 80 s, its servers sooner.
inline constexpr std::int64_t absence_after_ms = 60'000;
/// Card networks answer within seconds; 30 s is a network's slow day. Past it the same key asks
/// again, so a longer wait would gain nothing.
inline constexpr std::int64_t deadline_ms = 30'000;

/// So many further effects of one attempt are told at most.
inline constexpr std::size_t extra_max = 20;

/// The numbers reach the journal's text by name, see `name_of`.
enum class payment_status : std::uint8_t {
  succeeded = 1,
  requires_action = 2,
  processing = 3,
  requires_payment_method = 4,
  requires_capture = 5,
  requires_confirmation = 6,
  canceled = 7,
};

/// Stripe's own word for a status.
const char* name_of(payment_status status);
std::optional<payment_status> payment_status_of(std::string_view name);

/// Shared by the calls of this folder.
namespace wire {

http_request post(std::string target, std::string body);
http_request get(std::string target);

/// `metadata[hub]`, `[order_id]`, `[step]`, `[attempt]`, and `[generation]`, the key's, from 1.
void add_metadata(form& body, const step_ref& ref);
/// The same request with another generation in its metadata.
http_request regenerate(const http_request& request, std::uint32_t generation);
/// How a call reads its responses and is looked up; see `raw_operation`.
struct readers {
  result<std::string> (*parse)(const http_response&) = nullptr;
  http_request (*lookup)(const sent_request&) = nullptr;
  lookup_finding (*read_lookup)(const sent_request&, const http_response&) = nullptr;
};
/// A POST with an idempotency key: the times and policies that all such calls share. Doubt is
/// resolved with the same key for as long as Stripe surely keeps it, past that by the look-up.
raw_operation keyed_write(std::string_view name, const step_ref& ref, http_request request,
                          const readers& read);

/// Where one payment intent is.
inline constexpr std::string_view intents_path = "/v1/payment_intents/";
/// Whether a path below `intents_path` names that intent.
bool names_intent(std::string_view target, std::string_view intent_id);

/// What `add_metadata` wrote into a request; empty texts where it did not.
step_ref ref_in(const http_request& request);
/// Whether an object whose metadata says `seen` was made by the step `wanted`: hub, order, step and
/// attempt are the same, whatever the key's generation. `is_proven`: the vendor has proven that
/// something was done under our key; then an object counts too that was made before requests named
/// their hub.
bool is_made_by(const step_ref& wanted, const step_ref& seen, bool is_proven);

/// Stripe's error body; fields are empty where the answer does not say them. Never the message: it
/// may quote card data.
struct error_body {
  std::string type;
  std::string code;
  std::string decline_code;
  std::string param; ///< `amount`, `metadata[step]`
  /// "Refund amount ($42.00) is greater than unrefunded amount on charge ($32.00)".
  bool is_above_unrefunded = false;
  /// "… is greater than charge amount ($32.00)": more than was ever paid.
  bool is_above_charge = false;
};
error_body read_error(const http_response& response);

/// The table of README.md, "What a refusal means", for a POST with a key. Never success.
error classify_write(const http_response& response, std::string_view where);
/// The same for a GET, which can be asked again at will.
error classify_read(const http_response& response, std::string_view where);

/// Whether a GET or POST of one object says that there is no such object. (A path that does not
/// exist is 404 too, and has no code.)
bool is_missing(const http_response& response);

/// The text of a decline: codes only, they are constants of Stripe's.
std::string decline_text(std::string_view code, std::string_view decline_code);

} // namespace wire

} // namespace orderhub::providers::stripe
