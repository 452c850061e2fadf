#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace orderhub::host {

/// One call of a handler as the HTTP gateway hands it over. Path segments are percent-decoded,
/// UTF-8 and free of control characters; the key has at most 255 bytes.
struct call_request {
  std::string service;
  std::string key;
  std::string handler;
  std::string body;            ///< Raw bytes as received; may be empty.
  std::string idempotency_key; ///< Header value, empty where absent; at most 255 bytes.
  bool one_way = false;        ///< `/send`: answered as soon as the input is durable.
  std::int64_t delay_ms = 0;   ///< `/send?delay=`; relative, not negative.
  /// How long `idempotency_key` is to be known, where that is longer than the hub's own time.
  std::int64_t key_kept_ms = 0;
  /// Let go when its input is on disk, or will never be: what a large body holds meanwhile.
  std::shared_ptr<void> held = nullptr;
};

/// What the caller gets. `body` is JSON text, an error's `{"code","message"}` included; may be
/// empty.
struct call_response {
  std::uint16_t status = 200;
  std::string body;
  std::string invocation_id;      ///< Sent as `x-restate-id`; empty where there is none.
  std::int64_t retry_after_s = 0; ///< Sent as `Retry-After` where positive.
};

/// Where the answer goes. The runtime calls `finished` exactly once for each accepted call, from
/// any thread; never from inside the ingress function that was given the responder.
class responder {
public:
  virtual ~responder() = default;
  /// The invocation exists and this is its id; for the 504 of a caller whose time ran out.
  virtual void accepted(std::string_view invocation_id) = 0;
  virtual void finished(call_response reply) = 0;
  /// Nobody waits behind it any more: an answer would be dropped.
  [[nodiscard]] virtual bool gone() const { return false; }
};
using responder_ptr = std::shared_ptr<responder>;

/// Which invocation someone asks about.
struct by_invocation_id {
  std::string id; ///< `inv_…`
};
struct by_request_key {
  std::string service, key, handler, idempotency_key;
};
struct by_workflow {
  std::string name, key;
};
using invocation_target = std::variant<by_invocation_id, by_request_key, by_workflow>;

/// What the health answer and the start-up log say.
struct health_report {
  bool accepting = true; ///< False while the journal takes no writes or the hub drains.
  std::string reason;    ///< Why not, one sentence.
  std::string sync_mode; ///< `commit` or `off`.
};

/// All that the HTTP gateway sees of the hub. Thread-safe; returns at once.
class ingress {
public:
  virtual ~ingress() = default;
  virtual void call(call_request request, responder_ptr to) = 0;
  /// The same for the program itself, which speaks for a verified event: reaches internal handlers.
  virtual void record(call_request request, responder_ptr to) = 0;
  /// `wait`: answer when the invocation ends (`attach`); else at once, 470 while not ready
  /// (`output`).
  virtual void attach(invocation_target target, bool wait, responder_ptr to) = 0;
  /// `resolve` with `payload` (JSON bytes, may be empty) or reject with it as the reason text.
  virtual void complete_awakeable(std::string id, bool resolve, std::string payload,
                                  responder_ptr to) = 0;
  /// A caller of this invocation has gone: what was kept for it is let go.
  virtual void forget_gone(std::string_view invocation) = 0;
  [[nodiscard]] virtual health_report health() const = 0;
};

} // namespace orderhub::host
