#pragma once
#include "actors/durable/call_gate.hpp"
#include "journal/base/histogram.hpp"
#include "journal/base/time.hpp"
#include "providers/policy/circuit_breaker.hpp"
#include "providers/policy/class_limiter.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::host {

/// What a place is for. Each kind has places and a queue of its own at each vendor, so that a kind
/// that hangs takes none of another's.
enum class place_kind : std::uint8_t {
  effect, ///< Acts at the vendor, or prepares an act.
  read,   ///< A call of class `read`, and parts that an answer fetches as it leaves.
  lookup, ///< Resolves a doubt.
};
constexpr std::size_t place_kinds = 3;

place_kind kind_of(std::string_view call_class, bool lookup);
/// `effect`, `read`, `lookup`.
std::string_view name_of(place_kind kind);

/// What a person may decide about a vendor. Both survive a restart (`vendor_switch.hpp`).
enum class vendor_switch : std::uint8_t {
  calls,   ///< Paused: no call leaves at all, look-ups included, and what waits keeps waiting.
  breaker, ///< Held open: nothing leaves, no probe, and another vendor may do it; or held closed.
};
constexpr std::size_t vendor_switches = 2;

enum class switch_position : std::uint8_t {
  off,    ///< Nobody has decided anything: the hub goes by what it sees.
  on,     ///< Paused; held open.
  closed, ///< Of `breaker`: it does not open by itself.
};

/// What a person decided.
struct switch_setting {
  switch_position position = switch_position::off;
  unix_ms since = 0;       ///< When it was decided; 0: now.
  unix_ms until = 0;       ///< It is `off` from then on; 0: until somebody says so.
  std::string by = {};     ///< The operator's own name.
  std::string reason = {}; ///< At most 500 bytes.
};

/// Why calls do not leave for a vendor as they come, the strongest reason first.
enum class vendor_hold : std::uint8_t {
  none,
  opened_by_operator,
  paused_by_operator,
  credential, ///< It refuses our credential: one probe a minute.
  breaker,    ///< It is not reached: the breaker is open, or half open.
};
/// `none`, `opened_by_operator`, …
std::string_view name_of(vendor_hold hold);

/// One limit of a vendor.
struct limit_status {
  std::string call_class;             ///< `all`: of all classes together.
  std::string key;                    ///< Of a limit for each channel or sender; else empty.
  std::string limit;                  ///< `25 a second`, `12.5 a second for now`, `none`.
  std::optional<std::int64_t> tokens; ///< There now; nothing: without a limit.
  std::int64_t held_ms = 0;           ///< For so long none leaves: the vendor said so.
};

/// Who waits for a place or a token for one class of calls.
struct class_queue {
  std::string_view call_class;
  std::size_t queued = 0;
  histogram_values waited; ///< From asking to the place, also where one was free.
};

/// A failure of late.
struct vendor_error {
  std::int64_t ago_ms = 0;
  durable::vendor_finding finding = durable::vendor_finding::unreachable;
  std::string why; ///< At most 200 bytes, without secrets or personal data.
};

/// How one vendor stands. All of it is a copy.
struct vendor_places {
  std::string vendor;
  std::array<std::size_t, place_kinds> limit{};
  std::array<std::size_t, place_kinds> in_flight{}; ///< Granted or offered places included.
  std::array<std::size_t, place_kinds> queued{};
  bool held = false; ///< For whatever reason.
  vendor_hold hold = vendor_hold::none;
  std::int64_t held_ms = 0; ///< How long it has been.
  std::string why;          ///< Of the hold.
  std::uint64_t holds = 0;  ///< So far; not by operators.
  std::uint64_t unreachable = 0;
  std::uint64_t misconfigured = 0;
  std::uint64_t limited = 0;

  providers::breaker_state breaker = providers::breaker_state::closed;
  std::string breaker_cause; ///< Of its last opening; empty: it never did.
  std::uint64_t breaker_openings = 0;
  std::array<std::uint64_t, 3> breaker_entered{}; ///< How often, by `breaker_state`.
  std::optional<std::int64_t> probe_in_ms;        ///< While it is held: when the next call tries.

  std::array<switch_setting, vendor_switches> switches; ///< By `vendor_switch`.
  /// After an operator's hold: the share of its places that may be used, in percent.
  std::optional<int> ramp_percent;
  /// Calls that ended in the last five minutes, and those of them without an answer or with a
  /// server error.
  std::uint64_t calls_late = 0, failed_late = 0;

  std::vector<class_queue> queues;            ///< Of the classes that were ever asked for.
  std::vector<limit_status> limits;           ///< Of the classes that have one, or were refused.
  std::vector<vendor_error> last_errors;      ///< Newest last, at most `errors_max`.
  std::optional<std::int64_t> p50_ms, p99_ms; ///< From leaving to the answer, of 5 to 10 minutes.

  static constexpr std::size_t errors_max = 8;
};

} // namespace orderhub::host
