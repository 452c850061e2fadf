#pragma once
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"
#include "providers/webhooks/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::handlers {

/// One verified event as it was received: what `Webhook/{vendor}:{event id}` is told by `Receive`,
/// and so what the journal holds of it.
struct receipt {
  std::string vendor; ///< The last part of its path: `stripe`, `custom/erp`.
  providers::webhooks::event what;
  bool is_foreign = false; ///< It speaks of another hub.
  bool is_swept = false;   ///< The vendor was asked for it.
  unix_ms received_at = 0;
  /// Those of the delivery, without any that holds a secret or a signature.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body; ///< Raw; of an event of a batch empty, the batch may be large.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<receipt> decode(std::string_view bytes);
  /// Without headers and body. Fails likewise.
  static result<receipt> decode_event(std::string_view bytes);
};

/// What became of an event. The numbers are on disk: appended, never reused.
enum class event_verdict : std::uint8_t {
  routed = 0,      ///< Given to what it speaks of, which says what became of it.
  skipped = 1,     ///< A type that the hub has no use for.
  foreign = 2,     ///< Another hub's.
  applied = 3,     ///< It changed something, or settled a doubt.
  unchanged = 4,   ///< What it says was known.
  contradicts = 5, ///< It and the order say two things of one: for a person, nothing was changed.
  unmatched = 6,   ///< Nothing is known that it could be about: a dead letter.
  refused = 7,     ///< Whoever caused it may not.
};
std::string_view name_of(event_verdict verdict);

struct concluded {
  event_verdict verdict = event_verdict::routed;
  std::string text; ///< What it changed, or why it did not; one sentence at most, for people.

  [[nodiscard]] std::string encode() const;
  static result<concluded> decode(std::string_view bytes);
  /// The same as an answer, `{"verdict":"applied","text":"…"}`. What is no such answer is `routed`.
  [[nodiscard]] std::string answer() const;
  static concluded from_answer(std::string_view json);
};

/// Whose an event is that does not say so itself.
struct webhook_match {
  std::string order_id;
  /// By whom: an operator's name, 1 to 100 bytes; empty: by one of the vendor's ids.
  std::string who;
  std::string reason; ///< An operator's; at most 500 bytes.
  unix_ms at = 0;     ///< Of an operator's word; else 0.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<webhook_match> decode(std::string_view bytes);
};

/// The event as that order is to have it: what it says of itself goes, and where an operator says
/// so, his name stands as the actor's.
receipt as_matched(receipt received, const webhook_match& whose);

/// An event on its way to the object that it is about.
struct routed_event {
  std::string webhook; ///< Key of its `Webhook`.
  std::string vendor;
  providers::webhooks::event what;
  bool concludes = true; ///< False: another object, which is told too, says what became of it.

  [[nodiscard]] std::string encode() const;
  static result<routed_event> decode(std::string_view bytes);
};

/// Key of the object of an event, or of a vendor's id: `stripe:evt_1`. What would be too long, or
/// is no plain text, is its hash.
std::string vendor_key(std::string_view vendor, std::string_view id);

} // namespace orderhub::handlers
