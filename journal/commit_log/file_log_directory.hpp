#pragma once
#include "journal/commit_log/log_directory.hpp"
#include "journal/data_directory.hpp"

#include <memory>
#include <string>
#include <vector>

namespace orderhub::journal {

/// The commit log's directory, `log` in the data directory (mode 0700, files 0600), and in it
/// `hold`: whoever copies the journal keeps a shared `flock` on that, and meanwhile no segment is
/// used again.
class file_log_directory final : public log_directory {
public:
  /// Makes it where it is absent. For the one process that has the data directory's lock.
  static result<std::unique_ptr<file_log_directory>> make(const std::string& data_directory);
  /// To read beside a hub; changes nothing. One that is absent has no files.
  explicit file_log_directory(const std::string& data_directory);

  [[nodiscard]] result<std::vector<std::string>> names() const override;
  [[nodiscard]] result<std::unique_ptr<log_file>> create(const std::string& name) override;
  [[nodiscard]] result<std::unique_ptr<log_file>> open(const std::string& name) override;
  [[nodiscard]] result<void> rename(const std::string& from, const std::string& to) override;
  [[nodiscard]] result<void> remove(const std::string& name) override;
  [[nodiscard]] result<void> sync() override;
  [[nodiscard]] bool may_reuse() const override;

  /// As long as it lives no segment is used again. Waits for nothing. A file that is not there
  /// (nor then a log) is no failure.
  [[nodiscard]] result<file> hold() const;

private:
  [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + "/" + name; }

  const std::string path_;
  file hold_file_; ///< Of the process that writes.
};

} // namespace orderhub::journal
