#pragma once
#include "journal/base/labelled.hpp"
#include "journal/base/time.hpp"
#include "providers/webhooks/event.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::http_gateway {

/// A delivery that was not believed. Nothing of its body, and no header's value but its type's.
struct refused_delivery {
  unix_ms at = 0;
  std::string vendor;
  providers::webhooks::refusal why = providers::webhooks::refusal::none;
  std::string hint; ///< For a person: `matches the test-mode secret`; may be empty.
  std::size_t body_size = 0;
  std::string sha256 = {};                            ///< Of the body, in hex.
  std::string content_type = {};                      ///< At most 100 bytes.
  std::string peer = {};                              ///< Its address, without the port.
  std::vector<std::string> headers = {};              ///< Their names, at most `names_max`.
  std::size_t secrets_tried = 0;                      ///< Believed ones.
  std::optional<std::int64_t> skew_ms = std::nullopt; ///< Our clock less the signed time.

  std::uint64_t number = 0; ///< In the order in which they came.

  static constexpr std::size_t names_max = 40, name_size_max = 64, type_size_max = 100;
};

/// What came through the webhooks' door since the start, by vendor. Thread-safe.
class webhook_metrics {
public:
  /// Refused deliveries of a vendor that are kept for people; the newest ones.
  static constexpr std::size_t refused_kept = 200;

  /// What was counted of one vendor.
  struct counts {
    static constexpr std::size_t reasons = 7;
    std::uint64_t received = 0, unfit = 0, verified = 0, fresh = 0, known = 0, unreadable = 0;
    std::array<std::uint64_t, reasons> refused{}; ///< By `refusal`.
    unix_ms last_received_at = 0;
  };

  void received(std::string_view vendor, unix_ms now);
  /// It was not of a type that the vendor sends, or encoded.
  void unfit(std::string_view vendor);
  void verified(std::string_view vendor);
  void refused(refused_delivery what);
  /// Of a verified delivery: events that are new, that were known, and elements that were none.
  void taken(std::string_view vendor, std::uint64_t fresh, std::uint64_t known);
  void unreadable(std::string_view vendor, std::uint64_t elements);
  /// Newest first; of one vendor where one is named.
  [[nodiscard]] std::vector<refused_delivery> refusals(std::string_view vendor = {}) const;
  /// A verified delivery was answered, so long after it had come.
  void answered(std::string_view vendor, std::int64_t took_us) { took_.add({vendor}, took_us); }
  [[nodiscard]] std::map<std::string, counts, std::less<>> values() const;
  /// From a delivery to its answer, by vendor.
  [[nodiscard]] labelled_histograms<1>::values_type took() const { return took_.values(); }

private:
  counts& of(std::string_view vendor);

  mutable std::mutex mutex_;
  std::map<std::string, counts, std::less<>> counts_;
  std::map<std::string, std::deque<refused_delivery>, std::less<>> refused_;
  std::uint64_t refusals_ = 0;
  labelled_histograms<1> took_{buckets::request};
};

} // namespace orderhub::http_gateway
