#pragma once
#include "actors/host/call_gate.hpp"
#include "actors/host/ingress.hpp"
#include "actors/host/vendor_status.hpp"
#include "journal/base/ids.hpp"
#include "journal/hub_journal.hpp"
#include "journal/record.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::host {

/// What a person may do to a vendor.
enum class vendor_verb : std::uint8_t {
  pause,  ///< No call leaves for it, look-ups included; what waits keeps its place in the queue,
          ///< but for what another vendor may do.
  resume, ///< Ends a pause. What waited goes on by and by (`gate_limits::ramp_ms`).
  open,   ///< Its breaker is held open: nothing leaves, no probe, and another vendor may do it.
  close,  ///< Ends that, and closes a breaker that opened by itself; with `until` it stays closed.
  automatic, ///< Ends both: the hub goes by what it sees.
};
/// `pause`, …
std::string_view name_of(vendor_verb verb);

/// Who does it, and why. No personal data but the operator's own name.
struct operator_note {
  std::string who;    ///< 1 to 100 bytes.
  std::string via;    ///< `token`, `loopback`, `slack`.
  std::string reason; ///< At most 500 bytes.
  unix_ms until = 0;  ///< Of `pause`, `open` and `close`: it ends by itself then; 0: it does not.
  std::string role{}; ///< `operate`; at most 20 bytes.
  std::string request{}; ///< The HTTP request's id; at most 64 bytes.
  std::string id{};      ///< `operator_payload::id`, and the next.
  std::string on_behalf{};
  std::string before{}, after{}; ///< How the vendor stands, for the audit; at most 40 bytes each.
};

/// The vendors as whoever watches over the hub sees and handles them. Thread-safe; returns at once.
class vendor_control {
public:
  virtual ~vendor_control() = default;
  /// How each configured vendor stands, by name.
  [[nodiscard]] virtual std::vector<vendor_places> vendors() const = 0;
  /// 202 when it is durable, and holds from then on, over restarts too. 400: the note is not as it
  /// should be; 404: no such vendor is configured; 503: the journal takes no writes.
  virtual void operate_vendor(std::string vendor, vendor_verb verb, operator_note by,
                              responder_ptr to) = 0;
  /// Where it is held by its breaker or for its credential: one call may try now. False: it is not,
  /// or an operator holds it.
  virtual bool probe_vendor(std::string_view vendor) = 0;
  /// Its calls that have ended since the start, newest first.
  [[nodiscard]] virtual std::vector<seen_call> calls_of(std::string_view vendor) const = 0;
  [[nodiscard]] virtual std::vector<call_record::point> series_of(std::string_view vendor,
                                                                  std::int64_t range_ms) const = 0;
};

// ── How it is kept ───────────────────────────────────────────────────────────────────────────
//
// As what people do to any object is: each of a vendor's switches is an object of the journal,
// `VendorCalls/stripe` and `VendorBreaker/stripe`, that an operator pauses (switched on) and
// resumes (off). Its records say who did it and why, its row that it holds, and it has no handlers.
// The `evidence` of a pause is empty, or `closed`, or `until=` with the Unix time in milliseconds,
// or both with a space between, `value` how the vendor stood and stands (`closed -> …`); one whose
// time is over holds no more, and nothing is written for that. The gate follows when the record is
// durable, and is set from the rows at the start.

object_id object_of(vendor_switch which, std::string_view vendor);

struct switch_record {
  vendor_switch which = vendor_switch::calls;
  switch_setting decided;
  object_id object;
  journal::operator_payload action;
};
/// Fails with `invalid`: the note is empty where it must not be, or too long.
result<switch_record> record_of(std::string_view vendor, vendor_verb verb, operator_note by);
/// What such an object says.
switch_setting setting_of(const journal::object_state& state);

/// Switches the gate when the record is durable (202), then answers.
responder_ptr switching(std::shared_ptr<vendor_gate> gate, std::string vendor,
                        const switch_record& what, responder_ptr to);

/// As the last process left it. One that cannot be read is off, and in the log as an error.
void restore_switches(vendor_gate& gate, const journal::hub_journal& journal);

} // namespace orderhub::host
