#pragma once
#include "journal/base/time.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// Copies of a journal that are kept in one directory, each in a folder of its own that is named by
/// when it was begun: `orderhub-20261130T084738.123Z`.
namespace orderhub::journal {

std::string copy_folder_name(unix_ms begun_at);
bool is_copy_folder_name(std::string_view name);

struct copy_folders {
  static constexpr std::size_t looked_at_max = 10'000; ///< Entries of the directory.
  std::vector<std::string> names;                      ///< The newest first; whole or not.
  bool is_cut = false;                                 ///< There are more entries.
};
/// None where the directory cannot be read.
copy_folders copy_folders_in(const std::string& directory);

/// Takes away what a backup makes in its folder, and then that; what else is in it stays, and with
/// it the folder.
void remove_copy(const std::string& folder);

} // namespace orderhub::journal
