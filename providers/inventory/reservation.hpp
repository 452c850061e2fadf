#pragma once
#include "journal/base/result.hpp"
#include "providers/contracts/wire.hpp"
#include "providers/operation.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::inventory {

/// How a reservation stands after a call.
enum class stock_status : std::uint8_t {
  held,         ///< Kept for the order; may still lapse.
  committed,    ///< Sold: out of the stock for good.
  released,     ///< Free again. Also where there was nothing to release.
  out_of_stock, ///< Refused for want of stock; `lines` says of what.
  not_held,     ///< Nothing is held that could be committed: it lapsed, or was released.
};

/// A product of which there is less than wanted.
struct short_line {
  std::string product_id;
  std::int64_t wanted = 0;
  std::int64_t available = 0;

  friend bool operator==(const short_line&, const short_line&) = default;
};

/// What became of a reservation. That stock is short is an outcome and no error: the order has to
/// say which lines.
struct stock_outcome {
  stock_status status = stock_status::held;
  std::vector<short_line> lines = {}; ///< Of `out_of_stock`; at most 1,000.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<stock_outcome> decode(std::string_view json);
  friend bool operator==(const stock_outcome&, const stock_outcome&) = default;
};

// Internal to the three calls.
namespace wire {

/// The outcome of an answer whose success says `wanted`, a 404 `unknown_reservation` `unknown`.
result<std::string> parse(const http_response& response, std::string_view where,
                          stock_status wanted, stock_status unknown);
/// Whether a reservation is the one that the request names, in its body or its path.
bool is_about(const sent_request& sent, const http_response& response);
/// `/v1/reservations/oh-…` and the verb.
std::string target_of(const step_ref& ref, std::string_view verb);
/// The body of a request that says nothing but whose step it is.
std::string body_of(const step_ref& ref);

} // namespace wire

} // namespace orderhub::providers::inventory
