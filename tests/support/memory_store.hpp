#pragma once
#include "journal/store.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace orderhub::testing {

/// `journal::store` in memory, with what a disk can do to it: forget what was not synced, refuse,
/// break. What it holds outlives the journal on top of it, so a test can "restart" that as often as
/// it likes. Not to be used while one of its transactions is open on the same thread.
class memory_store final : public journal::store {
public:
  memory_store();
  ~memory_store() override;

  result<std::unique_ptr<journal::write_transaction>> begin_write(bool sync) override;
  [[nodiscard]] result<std::unique_ptr<journal::reader>> read() const override;

  /// The machine loses power: back to the last synced commit.
  void power_loss();
  /// The process dies: what was committed stays; an open write transaction is gone and each use of
  /// it fails. Injected failures are forgotten.
  void crash();

  /// The `nth` commit from now (1: the next) fails with that kind and changes nothing.
  void fail_commit(std::uint64_t nth, error_kind kind);
  /// The `nth` put or append from now fails with that kind, as a full map does.
  void fail_put(std::uint64_t nth, error_kind kind);
  /// Called at each commit, before (`done` false) and after (true) it takes effect, with the number
  /// of commits made before it. It may throw to end a simulated process there.
  using commit_hook = std::function<void(std::uint64_t commits, bool done)>;
  void on_commit(commit_hook hook);

  [[nodiscard]] std::uint64_t commits() const;
  [[nodiscard]] std::uint64_t synced_commits() const;

  using rows = std::map<std::string, std::string, std::less<>>;
  /// Changes a row behind everyone's back, as a failing disk does.
  void overwrite(journal::table t, const std::string& key, std::optional<std::string> value);
  /// A copy of a table as of now.
  [[nodiscard]] rows contents(journal::table t) const;

private:
  friend class memory_transaction;
  friend class memory_snapshot;
  /// A row as it was before a commit that was not synced.
  struct undo {
    journal::table t{};
    std::string key;
    std::optional<std::string> value;
  };
  struct failure {
    std::uint64_t nth = 0;
    error_kind kind{};
  };
  using tables = std::array<std::shared_ptr<rows>, journal::table_count>;

  [[nodiscard]] rows& writable(journal::table t);
  void set(journal::table t, const std::string& key, const std::optional<std::string>& value);

  mutable std::mutex mutex_;
  tables tables_;
  std::vector<undo> unsynced_;
  std::optional<failure> commit_failure_;
  std::optional<failure> put_failure_;
  commit_hook hook_;
  std::uint64_t commits_ = 0;
  std::uint64_t synced_commits_ = 0;
  std::uint64_t life_ = 0; ///< Counts crashes; transactions of an earlier life are dead.
  bool writing_ = false;
};

} // namespace orderhub::testing
