#pragma once
#include "http_gateway/admin/action_lane.hpp"
#include "http_gateway/admin/journal_control.hpp"
#include "journal/base/time.hpp"
#include "journal/hub_journal.hpp"
#include "journal/lmdb_store.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace orderhub::http_gateway {

/// The journal's files of a running hub, for its operators.
///
/// Copies are made by `orderhub journal backup` of this very program, as a child: LMDB forbids a
/// second environment of one file in one process, and whatever ends a copying process ends no
/// order. It copies beside the hub as that command does by hand, and writes `last_backup` itself.
/// The journal compacts itself (journal/compaction.hpp), and not while a copy is made.
/// Directories that may lie on a slow disk are looked at on a thread of their own.
class journal_keeper final : public journal_control {
public:
  struct options {
    std::string data_dir;
    std::string backup_dir;                    ///< Empty: nothing is copied.
    std::string program = "/proc/self/exe";    ///< Also where a package has replaced the file.
    std::int64_t longest_ms = 6LL * 3'600'000; ///< Of a copy; then it is ended.
  };
  /// What is referred to outlives it.
  journal_keeper(options how, const journal::lmdb_store& tables, journal::hub_journal& journal,
                 const clock& time);
  /// As `stop`.
  ~journal_keeper() override;
  journal_keeper(const journal_keeper&) = delete;
  journal_keeper& operator=(const journal_keeper&) = delete;

  [[nodiscard]] files look() const override;
  void back_up(bool is_dry_run, std::function<void(backup_plan)> done) override;
  [[nodiscard]] compact_plan compact(bool is_dry_run) override;
  /// A copy that runs is ended and taken away; nothing begins any more. Waits for that.
  void stop();

private:
  backup_plan begin(bool is_dry_run);
  void make_copy(const backup_run& begun);
  [[nodiscard]] std::string try_copy(const std::string& to) const;
  [[nodiscard]] bool is_compacting() const;
  void look_again() const;
  void look_at_copies() const;

  const options options_;
  const journal::lmdb_store& tables_;
  journal::hub_journal& journal_;
  const clock& time_;
  std::atomic<bool> stopping_{false};
  mutable std::atomic<bool> looks_again_{false}; ///< A look at the copies waits for its turn.
  mutable std::mutex mutex_;                     ///< Guards the next three.
  mutable found_copies copies_;
  std::optional<backup_run> running_, last_;
  std::jthread copying_;              ///< Begun on the lane alone.
  std::unique_ptr<action_lane> lane_; ///< Ends before the rest.
};

} // namespace orderhub::http_gateway
