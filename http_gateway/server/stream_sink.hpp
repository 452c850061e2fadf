#pragma once
#include "http_gateway/server/exchange.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

namespace orderhub::http_gateway {

/// The body of an answer that comes by and by (`http_exchange::stream`). From any thread, never
/// blocking; may outlive connection and server. Copies are of the same body.
///
/// What the caller has not taken yet is at most `unsent_max` bytes. Who takes less is reset, and
/// begins anew: a stream costs no more memory than that, however slow its reader. Whoever opens
/// streams bounds how many there are: they take no place of a request in flight and know no
/// time-out but that of a write.
class stream_sink {
public:
  static constexpr std::size_t unsent_max = 256 * 1024;

  /// Adds bytes, which leave at once. False, and nothing is added, where it has ended; a write that
  /// finds no room ends it.
  bool write(std::string_view bytes);
  /// Nothing more comes: what was written leaves, and the connection ends in order.
  void end();
  /// By `end`, because its caller has gone or fell behind, or because the server stops. The first
  /// is seen as soon as the kernel says so.
  [[nodiscard]] bool ended() const;
  /// Written and not taken by the kernel yet, with its framing.
  [[nodiscard]] std::size_t unsent() const;

private:
  friend class http_exchange;
  explicit stream_sink(http_exchange_ptr exchange) : exchange_(std::move(exchange)) {}
  http_exchange_ptr exchange_; ///< Has a `stream_`, or was answered otherwise.
  bool is_open_ = false;       ///< The former.
};

} // namespace orderhub::http_gateway
