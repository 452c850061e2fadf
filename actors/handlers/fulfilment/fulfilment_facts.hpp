#pragma once
#include "actors/handlers/orders/stock_fact.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::handlers {

/// How the goods of a fulfilment stand. The numbers are on disk: appended, never reused. Within a
/// round it grows in this order only.
enum class goods_state : std::uint8_t {
  none = 0,
  skipped = 1, ///< No inventory is configured.
  asked = 2,   ///< On record before the inventory is asked: it may hold something from here on.
  refused = 3, ///< There is less than wanted, or it was refused for good.
  ordered = 4, ///< The order's own, which were sold to it: its cancel or refund frees them.
  held = 5,    ///< Kept for the fulfilment.
  sold = 6,    ///< Out of the stock, for the fulfilment.
  lost = 7,    ///< Went elsewhere before they were sold.
  released = 8,
};

/// How a pick ticket or a pickup stands; as above.
enum class job_stand : std::uint8_t {
  none = 0,
  skipped = 1, ///< No such service is configured.
  asked = 2,   ///< On record before the service is asked: there may be one from here on.
  refused = 3, ///< Definitely none was made.
  open = 4,
  done = 5,   ///< Packed, or picked up.
  failed = 6, ///< The service does not do it any more.
  cancelled = 7,
};

struct job_fact {
  job_stand stand = job_stand::none;
  std::string reason;    ///< Of `refused` and `failed`; no more than 200 bytes.
  std::string awakeable; ///< Whose resolution says that it is done.

  friend bool operator==(const job_fact&, const job_fact&) = default;

  /// The service has one, or may.
  [[nodiscard]] bool may_stand() const {
    return stand == job_stand::asked || stand == job_stand::open || stand == job_stand::done ||
           stand == job_stand::failed;
  }
  [[nodiscard]] bool is_decided() const { return stand >= job_stand::done; }
};

/// What a fulfilment knows. Only grows; merging is commutative, associative and idempotent. A try
/// is a round, with idempotency keys of its own; the last round counts.
struct fulfilment_facts {
  unix_ms created_at = 0; ///< The earliest one counts.
  /// Notices by name: `sent`, or why not. Of all rounds.
  std::map<std::string, std::string, std::less<>> notices;
  /// By step: what a person must resolve, or had to. Of all rounds.
  std::map<std::string, std::string, std::less<>> attention;

  std::uint32_t round = 0; ///< 0: nothing was begun.
  goods_state goods = goods_state::none;
  std::vector<short_item> missing; ///< Of `refused` and `lost`.
  job_fact ticket, pickup;
  std::string tracking_number, tracking_url;
  /// How the round ends: `shipped`, `packed` (there is no carrier), `skipped` (nor a warehouse), or
  /// why it is undone: `refused` by its order, `out_of_stock`, `failed`, `timed_out`. Empty: it
  /// goes on.
  std::string ending;
  std::string reason;        ///< Of `refused`, `failed` and `timed_out`: a sentence's end.
  std::uint32_t undoing = 0; ///< How often it was begun to undo it.
  bool ended = false;        ///< Nothing is done any more; what was to be undone is.
  bool cancelling = false;   ///< Somebody wants it undone.
  bool cancelled = false;    ///< And it is.

  friend bool operator==(const fulfilment_facts&, const fulfilment_facts&) = default;

  [[nodiscard]] bool known() const { return created_at != 0; }
  /// The parcel is the carrier's: nothing is undone any more.
  [[nodiscard]] bool has_left() const { return pickup.stand == job_stand::done; }
  /// It ended without effect, and nobody has cancelled it: another try may be made.
  [[nodiscard]] bool is_over() const {
    return ended && !cancelling && !has_left() && ending != "packed";
  }
  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<fulfilment_facts> decode(std::string_view bytes);
};

fulfilment_facts merge(const fulfilment_facts& a, const fulfilment_facts& b);
/// The service's merge function, on the bytes of the state entry `facts`.
std::string merge_fulfilment(std::string_view entry, const std::string* current,
                             std::string_view delta);

/// The one table from facts to status: `reserving`, `picking`, `packed`, `awaiting_pickup`,
/// `shipped`, `cancelling`, and how it ended.
std::string_view status_of(const fulfilment_facts& facts);

/// The inventory has taken goods out for it, or may have.
bool keeps_goods(const fulfilment_facts& facts);

/// A step that undoes something of it, in the order in which they are done.
struct undo_step {
  std::string_view step, vendor;
};
/// Of a parcel that has left none.
std::vector<undo_step> undo_steps_of(const fulfilment_facts& facts);
/// A service has something for it, or may, and the parcel has not left.
bool has_open_undo(const fulfilment_facts& facts);

} // namespace orderhub::handlers
