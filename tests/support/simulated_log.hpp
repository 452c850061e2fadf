#pragma once
#include "journal/commit_log/log_directory.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace orderhub::testing {

/// A directory of the commit log in memory, with what a disk can do to it. What was written and not
/// synced is kept apart, so that a power cut can keep any sectors of it and lose the others. What a
/// journal calls may come from several threads, what a test calls from one, while they are still.
class simulated_log final : public journal::log_directory {
public:
  simulated_log() = default;

  result<std::vector<std::string>> names() const override;
  result<std::unique_ptr<journal::log_file>> create(const std::string& name) override;
  result<std::unique_ptr<journal::log_file>> open(const std::string& name) override;
  result<void> rename(const std::string& from, const std::string& to) override;
  result<void> remove(const std::string& name) override;
  result<void> sync() override;
  bool may_reuse() const override { return !held_; }

  /// As a power cut leaves it. `keeps` is asked for each sector of 512 bytes that was written and
  /// not synced, numbered in the order of the writes; and last, with the number behind theirs,
  /// whether changes of names count that were not synced.
  [[nodiscard]] std::unique_ptr<simulated_log>
  after_power_cut(const std::function<bool(std::size_t sector)>& keeps) const;
  /// As the end of the process leaves it: with everything, and still not synced.
  [[nodiscard]] std::unique_ptr<simulated_log> after_kill() const;
  /// Sectors that were written and not synced.
  [[nodiscard]] std::size_t sectors_not_synced() const;

  /// The `nth` write from now (1: the next) fails; a part of it was done.
  void fail_write(std::uint64_t nth, error_kind kind) { write_failure_ = {nth, kind}; }
  /// The `nth` sync of a file from now fails. What it was to sync may be on disk or not, and no
  /// later sync changes that; readers see it as if it were, as Linux has it.
  void fail_sync(std::uint64_t nth, error_kind kind) { sync_failure_ = {nth, kind}; }
  /// `create` fails so until told otherwise.
  void refuse_create(std::optional<error_kind> kind) { create_failure_ = kind; }
  /// Files larger than this find no room; nothing: all do. From any thread.
  void room_for(std::optional<std::uint64_t> bytes) {
    room_ = bytes.value_or(std::numeric_limits<std::uint64_t>::max());
  }
  /// A backup reads.
  void hold(bool on) { held_ = on; }
  /// Called after every change, and within a write before and after it.
  void on_change(std::function<void()> hook) { hook_ = std::move(hook); }
  /// The last change was that a file was synced.
  [[nodiscard]] bool just_synced() const { return just_synced_; }
  /// Changes bytes behind everyone's back, as a failing disk does.
  void overwrite(const std::string& name, std::size_t at, std::string_view bytes);
  [[nodiscard]] std::string contents(const std::string& name) const;

  [[nodiscard]] std::size_t syncs() const { return syncs_; }
  [[nodiscard]] std::size_t writes() const { return writes_; }
  [[nodiscard]] std::size_t created() const { return created_; }

private:
  friend class simulated_file;
  struct write {
    std::size_t at = 0;
    std::string bytes;
    bool lost_to_sync = false; ///< A sync of it failed: no later one saves it.
  };
  struct inode {
    std::string synced;
    std::vector<write> waiting;
    [[nodiscard]] std::string seen() const;
  };
  using entries = std::map<std::string, std::shared_ptr<inode>>;
  struct failure {
    std::uint64_t nth = 0;
    error_kind kind{};
  };
  void changed(bool synced = false) {
    just_synced_ = synced;
    if (hook_)
      hook_();
  }

  mutable std::recursive_mutex mutex_; ///< Of what a journal calls; a hook may call back.
  entries now_;
  entries synced_;
  std::optional<failure> write_failure_;
  std::optional<failure> sync_failure_;
  std::optional<error_kind> create_failure_;
  std::atomic<std::uint64_t> room_{std::numeric_limits<std::uint64_t>::max()};
  bool held_ = false;
  bool just_synced_ = false;
  std::function<void()> hook_;
  std::size_t syncs_ = 0;
  std::size_t writes_ = 0;
  std::size_t created_ = 0;
};

} // namespace orderhub::testing
