#pragma once
#include "journal/base/result.hpp"
#include "journal/journal_options.hpp"
#include "journal/listing.hpp"
#include "journal/listing_index.hpp"
#include "journal/overlay.hpp"
#include "journal/past_invocations.hpp"
#include "journal/queries.hpp"
#include "journal/set_aside.hpp"
#include "journal/store.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace orderhub::journal {

/// So many objects that are not in rows yet are looked at, and so many of one service: a storm of
/// some hides none of the others. The rest are listed as their rows say.
inline constexpr std::size_t recent_listed_max = 8'000, recent_of_service_max = 4'000;

/// And so many of them when a vendor's id of a call is looked for,
inline constexpr std::size_t recent_answered_max = 20'000;
/// among so many rows of the index.
inline constexpr std::size_t answer_rows_max = 50'000;

/// Lists as of the last commit: of rows, and of what is not folded yet, whose listings are worked
/// out at the first read and kept until there is a newer record. `hub_journal` says what each
/// function means. Any thread; one at a time.
class listed_objects {
public:
  /// None of these is owned; all outlive it.
  listed_objects(const store& tables, const journal_options& options, const overlay& recent,
                 const queries& stored, const aside_objects& aside, listing_index& index)
      : tables_(tables), options_(options), recent_(recent), stored_(stored), aside_(aside),
        index_(index) {}

  [[nodiscard]] result<listed_page>
  newest(const std::optional<listing_place>& behind, std::size_t rows, std::size_t most,
         const std::function<bool(const listed_object&)>& take) const;
  [[nodiscard]] result<marked_page> marked(std::span<const std::string> marks,
                                           const std::optional<listing_place>& behind,
                                           std::size_t most) const;
  [[nodiscard]] result<marked_page> newest_marked(std::string_view mark,
                                                  const std::optional<listing_place>& behind,
                                                  std::size_t most) const;
  [[nodiscard]] result<std::vector<listed_object>> bearing(std::string_view text,
                                                           std::size_t most) const;
  [[nodiscard]] result<std::optional<listed_object>> now(const object_id& id) const;
  [[nodiscard]] result<listing_counts> counts() const;
  [[nodiscard]] result<std::optional<double>> share() const;
  [[nodiscard]] result<std::optional<past_invocations>> past_of(std::span<const object_id> objects,
                                                                std::size_t most) const;
  [[nodiscard]] result<answered_invocations> answered_as(std::string_view id,
                                                         std::size_t most) const;

private:
  /// An object of which the rows do not know all.
  struct recent_object {
    object_id id;
    std::string digest;
    log_sequence last = 0;         ///< Its last record,
    log_sequence base = 0;         ///< and the last that its row contains; 0: it has none.
    std::optional<listing> now;    ///< With that record,
    std::optional<listing> before; ///< and as its row says.
  };
  using recent_objects = std::map<std::string, recent_object, std::less<>>; ///< By key in `ob`.

  enum class mark_order : std::uint8_t { oldest_first, newest_first };
  [[nodiscard]] result<marked_page> marked_in(mark_order order, std::span<const std::string> marks,
                                              const std::optional<listing_place>& behind,
                                              std::size_t most) const;
  /// Among what is in no row yet.
  [[nodiscard]] std::set<invocation_id> answered_recently(std::string_view id, std::size_t most,
                                                          bool& is_whole) const;
  /// Brings `known_` up to the last commit. The rows begin after that was read.
  [[nodiscard]] result<std::unique_ptr<reader>> refresh() const;
  [[nodiscard]] result<void> work_out(recent_object& object, const std::string& key,
                                      const overlay_view* records, const reader& rows) const;
  [[nodiscard]] bool is_listed(std::string_view key) const;
  /// How far the lists of these rules are; those of others are about to go.
  [[nodiscard]] result<std::optional<listing_state>> state_of_lists(const reader& rows) const;

  const store& tables_;
  const journal_options& options_;
  const overlay& recent_;
  const queries& stored_;
  const aside_objects& aside_;
  listing_index& index_;

  mutable std::mutex mutex_;
  mutable recent_objects known_;
  mutable bool is_whole_ = true; ///< Of `known_`.
};

} // namespace orderhub::journal
