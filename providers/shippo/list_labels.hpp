#pragma once
#include "providers/shippo/buy_label.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::providers::shippo {

/// The most that Shippo gives on one page.
inline constexpr int labels_per_page = 100;

/// How a listed transaction speaks of the purchase it came from.
enum class label_standing : std::uint8_t {
  none = 1,    ///< No label came of it, or it was given back.
  unclear = 2, ///< Its state is not readable.
  running = 3, ///< It may become a label.
  bought = 4,  ///< There is a label.
};

/// A transaction of the list that some hub has made: its metadata begins with a digest.
struct listed_label {
  std::string digest; ///< `oh:…`, see `label_digest`.
  /// When it was made by Shippo's clock, UTC, to the second: `2026-11-25T09:35:06`. Empty where
  /// that cannot be read.
  std::string created;
  label_standing standing = label_standing::unclear;
  label_outcome label; ///< Of `none` and `running` the transaction's id at most.

  friend bool operator==(const listed_label&, const listed_label&) = default;
};

struct label_page {
  std::vector<listed_label> labels; ///< Those of hubs, as listed.
  /// When the oldest transaction of the page was made, whoever made it, as `created`. Empty where
  /// the page is empty, or does not go from newest to oldest: then nothing follows from it for the
  /// pages behind.
  std::string oldest;
  bool is_last = false; ///< There are no pages behind it.

  [[nodiscard]] std::string encode() const;
  /// Fails with `corrupt`.
  static result<label_page> decode(std::string_view json);
  friend bool operator==(const label_page&, const label_page&) = default;
};

/// What a purchase of that step and attempt leaves in the metadata of its transaction.
std::string label_digest(const step_ref& ref);

/// A time as `created` has it, so that texts compare as times do. Negative times are 1970.
std::string created_text(unix_ms time);

/// One page of all transactions of the account, newest first, from 1. Only reads.
operation<label_page> list_labels(const step_ref& ref, int page);

/// One transaction by its id. Only reads. `unavailable` while it is not decided (QUEUED, WAITING);
/// `rejected` where no label came of it, it was given back, or there is no such transaction.
operation<label_outcome> read_label(const step_ref& ref, std::string_view transaction_id);

} // namespace orderhub::providers::shippo
