#pragma once
#include "journal/base/ids.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::durable {

/// Which call of which effect of which object.
struct call_ref {
  invocation_id invocation;
  std::uint32_t index = 0;    ///< Command index of the effect.
  std::uint32_t sequence = 0; ///< Tells its calls apart.
};

/// Who asks for a place on the wire, and for what.
struct place_request {
  object_id object;
  call_ref who; ///< `sequence` does not count here.
  std::string_view vendor;
  std::string_view call_class;
  bool lookup = false;             ///< Look-ups have places of their own.
  bool compensates = false;        ///< It undoes: it has a share of its own.
  std::string_view limit_key = {}; ///< `raw_operation::limit_key`.
  /// A look-up that has read a part of what it needs, which it would lose: before those that begin.
  bool goes_on = false;
  /// A person wants it to leave now: where the vendor is held, but not by a person, it is the
  /// probe, before all others.
  bool forces_probe = false;
  bool gives_way = false; ///< `raw_operation::gives_way`: told as soon as the vendor is held.
};

enum class place_verdict : std::uint8_t {
  granted, ///< One call may leave with this turn. The host takes the place back at its end.
  queued,  ///< Not now. The object is told (`on_place`) when it should ask again; asking again
           ///< before that changes nothing.
  full,    ///< The queue has reached its bound: ask again after some time.
};
struct place_answer {
  place_verdict verdict = place_verdict::granted;
  /// Of `queued` and `full`, for people: "160 calls to stripe are on the wire", "stripe refuses our
  /// credential: 401".
  std::string why;
  /// Of `queued` and `full`: nothing leaves for the vendor, since its breaker is open, it refuses
  /// our credential, or a person holds it. Another vendor may do it.
  bool down = false;
};

/// What a call showed about the way to its vendor, whatever it said of the order.
enum class vendor_finding : std::uint8_t {
  reached,       ///< The vendor answered, and took our credential.
  unreachable,   ///< No answer, or a server error.
  misconfigured, ///< It refuses our credential, scope or path: one probe a minute from now on.
  limited,       ///< It refuses for its limit (429): that class of calls waits.
};

/// One call's outcome, for the gate.
struct call_report {
  std::string_view vendor;
  std::string_view call_class;
  bool lookup = false;
  std::string_view limit_key = {};
  vendor_finding finding = vendor_finding::reached;
  std::string_view why = {};       ///< Without secrets or personal data.
  std::int64_t left_at = 0;        ///< Steady: when its place was granted.
  std::int64_t retry_after_ms = 0; ///< How long the vendor asked to wait; 0: it did not say.
};

/// Places on the wire, a vendor and class of call. A place is granted before an intent is written,
/// so nothing waits in a queue behind an intent: what waits can be cancelled, its object can leave
/// memory, and deadlines count from the intent. Thread-safe; the host owns it.
class call_gate {
public:
  virtual ~call_gate() = default;
  virtual place_answer ask(const place_request& request) = 0;
  /// The effect does not want a place any more; one that was offered and not taken goes to the
  /// next.
  virtual void withdraw(const place_request& request) = 0;
  /// Told of every outcome before the place is free again. True: calls of its class are held back
  /// here for as long as the vendor wants; who asks again waits in the queue, and need not by
  /// itself.
  virtual bool learned(const call_report& report) = 0;
};

} // namespace orderhub::durable
