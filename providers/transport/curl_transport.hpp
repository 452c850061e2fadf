#pragma once
#include "providers/transport.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace orderhub::providers {

struct curl_transport_options {
  /// Calls on the wire at once. What is over waits in its order of arrival: a guard only, since
  /// whoever calls keeps below it (`host::vendor_gate`).
  std::size_t in_flight_max = 16'384;
  /// Calls waiting for a place. One more ends as `not_sent`, "queue full".
  std::size_t queue_max = 20'000;
  /// Headers and body of one answer together, bytes. One more ends as `lost`, "answer too large".
  std::size_t answer_size_max = std::size_t{4} * 1024 * 1024;
  /// Answers above `large_size` that are received at once; the others are not read until one of
  /// these calls has ended, so that thousands of calls have a bound in memory. Their deadlines go
  /// on. On a shared connection one that is not read would hold up the others (libcurl 7.88 stops
  /// the whole connection): it is `lost`, "too many large answers at once".
  std::size_t large_answers_max = 64;
  std::size_t large_size = std::size_t{64} * 1024; ///< Bytes.
  /// Idle connections are kept for as many calls as were on the wire at once in this window or the
  /// one before, a quarter more, and a few: after a burst, what it opened is given back.
  std::int64_t peak_window_ms = 5'000;
  /// Proxy for `https://` URLs; empty: none. The proxy variables of the environment are not read.
  secret proxy = {};
  /// PEM file of the authorities that certificates are verified against, in place of the system's;
  /// empty: the system's. See `check_ca_file`.
  std::string ca_file = {};
  std::string user_agent = "orderhub";
  /// Writes head and body in one piece: a third less CPU a call (measured: 15 instead of 22 µs).
  /// What then keeps libcurl from sending twice is the refused second start alone (tested with both
  /// settings); off, the body that cannot be rewound is a second guard.
  bool body_with_head = true;
  /// Calls that `may_multiplex` go by HTTP/2 where the server has it (ALPN, so `https://` alone).
  bool multiplexes = true;
  /// Calls on one connection of HTTP/2 at once; the server may want fewer. What comes when all are
  /// taken opens another one.
  std::size_t streams_max = 64;
  /// A host that let a call on a shared connection run into its deadline gets calls on connections
  /// of their own for so long (`host_protocols.hpp`): longer than the suspect one is kept idle.
  std::int64_t suspect_ms = 90'000;
};

/// The transport over libcurl: one thread and one multi handle with HTTP/1.1 over reused
/// connections, and, from the first call that may multiplex, the same once more with HTTP/2. No
/// connection is shared between the two, so that what may not multiplex never does.
///
/// - TLS certificates are always verified; `http://` is accepted for loopback hosts only
/// (127.0.0.0/8,
///   `::1`, `localhost`), anything else ends as `not_sent`. Redirects are answers, not followed.
/// - Nothing is ever sent twice. libcurl by itself resends a request whose reused connection died
///   before the first answer byte; here a second start of one call is refused before a byte leaves,
///   and bodies cannot be rewound (GETs may be resent, which changes nothing). Such a call is
///   `lost`.
/// - `not_sent` is said only where libcurl never reached the point of writing the request; whatever
///   ends later without a whole answer is `lost`: time-out, reset, a body shorter than its
///   Content-Length or without its last chunk. An answer that has neither length nor chunks ends
///   with its connection, so a clean early close of one cannot be told from its end.
/// - After an answer of 300 and up its connection is not used again, but for GETs: a refusal
///   that is said twice would be taken for the answer of the next call.
/// - The deadline counts from `send`, the wait in the queue included.
/// - HTTP/2: a stream that the server refuses, or that its GOAWAY leaves out, is `lost` as well and
///   not resent by libcurl, whatever the protocol promises: servers refuse after doing the work. A
///   call with `fresh_connection` never multiplexes. A connection whose peer has gone silent is
///   dropped after 20 s by TCP; one whose streams are not answered while TCP is, by `suspect_ms`.
///
/// Callbacks run on the transport's threads, must not block, and must not throw.
class curl_transport final : public transport {
public:
  explicit curl_transport(curl_transport_options options = {});
  /// Ends what is left (queued: `not_sent`; on the wire: `lost`), each with its callback, and joins
  /// the thread. No `send` may run at the same time; never call it from a callback.
  ~curl_transport() override;
  curl_transport(const curl_transport&) = delete;
  curl_transport& operator=(const curl_transport&) = delete;

  void send(wire_request request, callback done) override;

private:
  class loop;
  struct sharing;

  [[nodiscard]] bool multiplexes(const wire_request& request);

  const curl_transport_options options_;
  std::unique_ptr<sharing> sharing_; ///< Null: nothing multiplexes.
  std::unique_ptr<loop> loop_;
};

} // namespace orderhub::providers
