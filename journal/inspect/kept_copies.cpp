#include "journal/inspect/kept_copies.hpp"

#include "journal/base/utc_text.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

namespace orderhub::journal {

namespace fs = std::filesystem;

std::string copy_folder_name(unix_ms begun_at) {
  std::string name = "orderhub-";
  for (const char c : utc_text(begun_at))
    if (c != '-' && c != ':')
      name += c;
  return name;
}

bool is_copy_folder_name(std::string_view name) {
  constexpr std::string_view form = "orderhub-00000000T000000.000Z";
  return std::equal(name.begin(), name.end(), form.begin(), form.end(),
                    [](char c, char f) { return f == '0' ? c >= '0' && c <= '9' : c == f; });
}

copy_folders copy_folders_in(const std::string& directory) {
  copy_folders found;
  std::error_code failed;
  auto left = copy_folders::looked_at_max;
  for (fs::directory_iterator it(directory, failed), end; !failed && it != end;
       it.increment(failed)) {
    if (left-- == 0) {
      found.is_cut = true;
      break;
    }
    if (auto name = it->path().filename().string(); is_copy_folder_name(name))
      found.names.push_back(std::move(name));
  }
  std::sort(found.names.begin(), found.names.end(), std::greater<>());
  return found;
}

void remove_copy(const std::string& folder) {
  std::error_code ignored;
  for (const auto* name : {"/data.mdb.partial", "/data.mdb", "/lock.mdb"})
    fs::remove(folder + name, ignored);
  fs::remove(folder, ignored);
}

} // namespace orderhub::journal
