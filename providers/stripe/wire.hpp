#pragma once
#include "providers/form.hpp"
#include "providers/operation.hpp"

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
inline constexpr std::int64_t settle_ms = 60'000;
/// Card networks answer within seconds; 30 s is a network's slow day. Past it the same key asks
/// again, so a longer wait would gain nothing.
inline constexpr std::int64_t deadline_ms = 30'000;

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

/// Which logical step of which order a call belongs to; sent as metadata, read by look-ups.
struct step_ref {
  std::string order_id; ///< At most 255 bytes.
  std::string step;     ///< `charge`, `refund`.
  std::string attempt;  ///< Logical attempt, `1`, `2`, …: a look-up of one never adopts another's.

  friend bool operator==(const step_ref&, const step_ref&) = default;
};

/// Shared by the calls of this folder.
namespace wire {

http_request post(std::string target, std::string body);
http_request get(std::string target);

void add_metadata(form& body, const step_ref& ref);
/// What `add_metadata` wrote into a request.
step_ref ref_in(const http_request& request);

/// Stripe's error body; fields are empty where the answer does not say them.
struct error_body {
  std::string type;
  std::string code;
  std::string decline_code;
};
error_body read_error(const http_response& response);

/// What an answer other than 200 to a POST with a key means. Never success.
error classify_write(const http_response& response, std::string_view where);
/// The same for a GET, which can be asked again at will.
error classify_read(const http_response& response, std::string_view where);

/// A look-up answer that says nothing, with what it said instead.
look_up_answer unknown(const http_response& response, std::string_view where);

/// The text where it is one of Stripe's codes (a `snake_case` word), else empty: anything else
/// could be an echo of what we sent.
std::string code_or_empty(std::string text);

/// The text of a decline: codes only, they are constants of Stripe's.
std::string decline_text(std::string_view code, std::string_view decline_code);

} // namespace wire

} // namespace orderhub::providers::stripe
