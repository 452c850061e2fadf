#pragma once
#include "providers/operation.hpp"
#include "providers/step_ref.hpp"
#include "providers/webhooks/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::stripe {

/// The most that Stripe gives on one page.
inline constexpr std::int64_t events_per_page = 100;
/// Stripe keeps events for 30 days (docs.stripe.com/api/events).
inline constexpr std::int64_t events_kept_ms = std::int64_t{30} * 24 * 3'600'000;

struct events_request {
  step_ref ref;
  std::int64_t from_s = 0;  ///< Created then or later: seconds of Stripe's clock.
  std::int64_t until_s = 0; ///< Created then or before.
  std::string after;        ///< Id of the last event of the page before; empty: the first page.
};

struct events_page {
  /// Those that mean something for an order, read as from a webhook, newest first.
  std::vector<webhooks::event> events;
  std::string last_id;       ///< Of the last one listed, whatever it means; `after` of the next.
  std::int64_t newest_s = 0; ///< When the newest one listed was created; 0: none was.
  bool has_more = false;
  bool is_lost = false; ///< The event that `after` names is gone: from the first page again.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<events_page> decode(std::string_view json);
};

/// What happened in a window of time, a page of it, newest first: `GET /v1/events` with `created`,
/// `types` and `starting_after` (stripe/openapi GetEvents). Of the types only those whose news no
/// other one brings: a charge that succeeds is told by its PaymentIntent. Only reads; given up
/// after ten minutes.
///
/// `invalid`: this key may not read events, or there is no such list. That is no fault of other
/// calls, so only a 401 is `misconfigured`.
operation<events_page> list_events(const events_request& request);

} // namespace orderhub::providers::stripe
