#pragma once
#include "journal/base/ids.hpp"
#include "journal/turn.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace orderhub::journal {

/// Which objects changed, and up to where in the log: the newest 65,536 changes, or as many as have
/// room for their keys (4 MiB, about 64 bytes each), so that whoever looks on need not ask for all
/// that there is. In memory alone. What is said here is committed, and seen by every read.
///
/// The thread that commits adds once a commit: the keys are copied into room that was taken at the
/// start, so that nothing is allocated, under a lock that a reader holds for a copy of at most
/// `read_max` keys (some tens of microseconds), and for nothing else. Readers are few and come some
/// times a second. Thread-safe.
class change_feed {
public:
  static constexpr std::size_t entries_max = 65'536;
  static constexpr std::size_t bytes_max = std::size_t{4} << 20U;
  static constexpr std::size_t read_max = 4'096;

  /// Smaller ones are for tests; a key has at most 512 bytes, so `bytes` is at least that.
  explicit change_feed(std::size_t entries = entries_max, std::size_t bytes = bytes_max);
  change_feed(const change_feed&) = delete;
  change_feed& operator=(const change_feed&) = delete;

  /// Where a run begins. `known`: objects that changed behind `from`, each with its last record, in
  /// that order; none that did is missing. `newest`: the last record there is.
  void start(log_sequence from, log_sequence newest,
             const std::vector<std::pair<log_sequence, std::string_view>>& known);
  /// These turns are committed; `before` is the last record ahead of them. Turns that were not
  /// prepared have no records.
  void add(log_sequence before, const std::vector<turn>& turns) noexcept;

  struct change {
    log_sequence lsn = 0; ///< Of a record that changed it.
    object_id object;
  };
  struct changes {
    std::vector<change> found; ///< In the log's order; an object as often as it changed, about.
    log_sequence upto = 0;     ///< All changes up to here are in `found`, or came before.
    /// Some of those behind `after` are gone, or it is no place of this log: `found` is empty, and
    /// `upto` is the newest.
    bool is_lost = false;
  };
  /// What changed behind `after`, at most about `most` (and `read_max`) changes of it.
  [[nodiscard]] changes read(log_sequence after, std::size_t most = read_max) const;
  /// The last record that was committed.
  [[nodiscard]] log_sequence newest() const;

private:
  struct entry {
    log_sequence lsn = 0;
    std::uint64_t at = 0; ///< Of its key, counted from the first byte that ever was.
    std::uint32_t size = 0;
  };
  void push(log_sequence lsn, std::string_view key);
  void drop_oldest();
  [[nodiscard]] const entry& entry_at(std::size_t n) const {
    return entries_[(first_ + n) % entries_.size()];
  }

  mutable std::mutex mutex_;   ///< Guards the rest.
  std::vector<entry> entries_; ///< A ring.
  std::size_t first_ = 0, count_ = 0;
  const std::size_t bytes_size_;
  std::unique_ptr<char[]> bytes_; ///< A ring as well; a key lies in one piece.
  std::uint64_t end_ = 0;         ///< Behind the newest key, counted likewise.
  log_sequence since_ = 0;        ///< Nothing behind it is missing.
  log_sequence newest_ = 0;
};

} // namespace orderhub::journal
