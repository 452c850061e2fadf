#pragma once
#include "journal/base/result.hpp"
#include "journal/commit_log/read_log.hpp"
#include "journal/lmdb_store.hpp"
#include "journal/store.hpp"

#include <memory>
#include <optional>
#include <string>

namespace orderhub::journal {

/// A journal as of one moment: its tables, and in `lg`, behind the rows that are there, the batches
/// of the commit log as rows. Reads only, and beside a running hub.
class whole_journal {
public:
  /// Fails like `lmdb_store::open`. A commit log that cannot be read is no failure: `log_problem`.
  static result<std::unique_ptr<whole_journal>> open(const std::string& directory);
  ~whole_journal();

  [[nodiscard]] const reader& rows() const;
  [[nodiscard]] const lmdb_store& tables() const { return *tables_; }
  /// Why the rows are without the commit log.
  [[nodiscard]] const std::optional<error>& log_problem() const { return problem_; }
  [[nodiscard]] const found_log& log() const { return log_; }

private:
  class combined_rows;
  whole_journal();

  std::unique_ptr<lmdb_store> tables_;
  std::unique_ptr<reader> table_rows_;
  found_log log_;
  std::optional<error> problem_;
  std::unique_ptr<combined_rows> rows_;
};

/// Copies the journal into `to`, as `lmdb_store::copy_to` does, with what the commit log has behind
/// its tables as rows of `lg`: everything that was acknowledged when this began. Marks it as a copy
/// that was made `now`.
result<void> copy_journal(const std::string& directory, const std::string& to, unix_ms now);

} // namespace orderhub::journal
