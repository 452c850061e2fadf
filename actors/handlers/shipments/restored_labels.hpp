#pragma once
#include "actors/durable/service.hpp"
#include "journal/base/ids.hpp"
#include "journal/base/result.hpp"
#include "journal/base/time.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace orderhub::handlers {

// A hub that was restored from a copy has forgotten which labels were bought after the copy was
// made. Shippo has no key that would keep it from buying them again, and a new shipment has new
// rates, so a look-up by rate shows nothing. But every label says in its metadata which hub, order,
// step and attempt it was bought for: the list of all transactions is read once for all orders, as
// far back as the copy, and each order asks what it says of its label before it buys one.

/// At most so many pages of the list, of 100 transactions each.
inline constexpr int restored_pages_max = 20;
/// Between two pages, so that the list's limit (10 a minute with a test key) leaves look-ups some.
inline constexpr std::int64_t restored_page_pause_ms = 7'500;
/// The list is read so much further back than the copy, for clocks that differ.
inline constexpr std::int64_t restored_margin_ms = 15 * 60'000;
/// A label of so many attempts of an order's purchase is recognised: an hour after the first
/// refusal they are an hour apart.
inline constexpr int restored_attempts_max = 64;

/// What the list says of an order's label.
struct forgotten_label {
  enum class kind : std::uint8_t {
    none = 1,    ///< No label was bought for it.
    listed = 2,  ///< There is one, or it may become one; `text`: the transaction's id.
    unknown = 3, ///< The list does not say; `text`: why, for a person.
  };
  kind what = kind::unknown;
  std::string text;

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<forgotten_label> decode(std::string_view bytes);
  friend bool operator==(const forgotten_label&, const forgotten_label&) = default;
};

inline constexpr const char* restored_labels_name = "RestoredLabels";

/// One object a restore; its key is the copy's time.
inline object_id restored_labels_object(unix_ms copied_at) {
  return {restored_labels_name, std::to_string(copied_at)};
}

/// The internal service `RestoredLabels`: `Find`, exclusive, is asked with an order's id and
/// answers an encoded `forgotten_label`. The first to ask makes it read the list; who asks
/// meanwhile waits for that. Where reading fails for good it says `unknown`, and the next one who
/// asks makes it try again; where the list is too long it says so for ever. Its state: `scanned`
/// (how it ended, and the digests found), and an entry for each of these.
durable::service_definition restored_labels_service();

} // namespace orderhub::handlers
