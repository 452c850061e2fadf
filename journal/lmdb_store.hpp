#pragma once
#include "journal/store.hpp"

#include <memory>
#include <string>

namespace orderhub::journal {

struct lmdb_options {
  /// Address space reserved for the file, which is sparse and grows as it is written. Halved until
  /// the operating system grants it. Commits that need more fail with `full`.
  std::uint64_t map_size = 1ULL << 40U;
  /// For `orderhub journal`: creates nothing, takes no lock of ours, works beside a running hub.
  bool read_only = false;
};

/// `store` on LMDB: `data.mdb` and `lock.mdb` (mode 0600) in a data directory (created with mode
/// 0700), and `orderhub.lock`, locked for as long as the store is open so that one process at a
/// time writes; it holds that process's id.
class lmdb_store final : public store {
public:
  /// `unavailable`: another process has it (the message names directory and process), or I/O;
  /// `corrupt`: not a journal, damaged, or of a newer format, and then nothing is changed;
  /// `full`: no room to create it; `invalid`: no such directory, or not ours to use.
  static result<std::unique_ptr<lmdb_store>> open(const std::string& directory,
                                                  lmdb_options options = {});
  ~lmdb_store() override;

  result<std::unique_ptr<write_transaction>> begin_write(bool sync) override;
  [[nodiscard]] result<std::unique_ptr<reader>> read() const override;

  /// Copies the tables as of now, without free pages, into `directory`, which must not hold a
  /// journal yet. Does not stop a running hub, but its file cannot reuse pages meanwhile.
  [[nodiscard]] result<void> copy_to(const std::string& directory) const;
  /// Bytes of the data file that are in use by pages, free ones included.
  [[nodiscard]] std::uint64_t used_bytes() const;

private:
  struct impl;
  explicit lmdb_store(std::unique_ptr<impl> p);
  std::unique_ptr<impl> impl_;
};

} // namespace orderhub::journal
