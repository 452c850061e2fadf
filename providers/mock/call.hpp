#pragma once
#include "journal/base/time.hpp"
#include "providers/mock/faults.hpp"
#include "providers/mock/ids.hpp"
#include "providers/mock/ledger.hpp"
#include "providers/mock/text.hpp"
#include "providers/mock/vendors.hpp"
#include "providers/mock/webhooks/notices.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::providers::mock {

/// One request on its way through a vendor. Internal to the mock.
struct call {
  const mock_request& request;
  call_id what;
  std::string_view path;  ///< Behind the vendor's prefix: `/v1/refunds`.
  std::string_view query; ///< Without `?`.
  unix_ms now;
  std::uint64_t request_number;
  /// `stored_500`, `stored_500_done`, `refuse`, `queued`, or `none`.
  const fault* hit;
  std::int64_t delay_ms; ///< When the answer leaves.
  http_response& reply;

  [[nodiscard]] fault_effect mode() const { return hit ? hit->effect : fault_effect::none; }
  [[nodiscard]] const std::string* header(std::string_view name) const {
    for (const auto& [n, v] : request.headers)
      if (n == name)
        return &v;
    return nullptr;
  }
  /// Stripe's idempotency key; empty where there is none.
  [[nodiscard]] std::string_view key() const {
    const auto* value = header("idempotency-key");
    return value ? std::string_view(*value) : std::string_view();
  }
  void json_header() { reply.headers.emplace_back("content-type", "application/json"); }
};

/// What the vendors share. Internal to the mock.
struct shared_state {
  const options& settings;
  ids names;
  ledger effects;
  std::array<list_manner, vendor_count> lists = settings.lists;
  std::array<std::uint64_t, call_count> requests{};
  std::array<std::uint64_t, call_count> replays{};
  notices told{settings.tells};
  fields query = {};  ///< Scratch of the request at hand.
  fields params = {}; ///< Scratch of the request at hand: its body.
};

/// `text` as a logical attempt, or -1.
inline std::int64_t attempt_of(std::string_view text) {
  std::int64_t attempt = -1;
  return read_integer(text, attempt) && attempt >= 0 ? attempt : -1;
}

} // namespace orderhub::providers::mock
